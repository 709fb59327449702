"""Checks of torch's weights in our layout: transposed, and two biases that become one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants
from course_utils.checks.gated.formulas import beside, blocks


def _torch_cases(n: int, rng: np.random.Generator) -> Iterable[Case]:
    for weight, (D, H) in ((3.0, (4, 6)), (1.0, (3, 3))):
        arrays = {
            "weight_ih": rng.normal(size=(n * H, D)),
            "weight_hh": rng.normal(size=(n * H, H)),
            "bias_ih": rng.uniform(0.1, 0.3, n * H),
            "bias_hh": rng.uniform(-0.6, -0.4, n * H),
        }
        yield Case(f"D={D}, H={H}", arrays, weight)


def _other_biases(whole: str, *ways: Callable) -> list[Mistake]:
    """Return what can be wrong with a sum of two biases; each way maps `b` of (b, c) to all."""
    texts = (
        ("one bias only", "Only `bias_ih` is used; `bias_hh` adds to the same sums.", (0,)),
        ("the other bias only", "Only `bias_hh` is used; `bias_ih` adds to the same sums.", (1,)),
        ("mean of the biases", "The two biases are averaged; they should be added.", (2,)),
        ("difference of the biases", "One bias is subtracted from the other.", (3, 4)),
    )
    return [
        mistake
        for name, says, which in texts
        for mistake in variants(name, says, whole, *(ways[i] for i in which))
    ]


def _transposes(biases: Callable) -> list[Mistake]:
    """Return what can be wrong with the matrices; `biases(b, c)` are the right biases."""
    return [
        Mistake(
            "nothing transposed",
            "Neither matrix is transposed: torch stores (out, in), we write (in, out).",
            "`weight_ih.T` and `weight_hh.T`.",
            lambda W, U, b, c: (W, U, *biases(b, c)),
        ),
        *variants(
            "one matrix not transposed",
            "One of the two matrices is not transposed: both are stored (out, in).",
            "`weight_ih.T` and `weight_hh.T`.",
            lambda W, U, b, c: (W.T, U, *biases(b, c)),
            lambda W, U, b, c: (W, U.T, *biases(b, c)),
        ),
        *variants(
            "reshape for transpose",
            "`reshape` gives the right shape, but it does not transpose.",
            "`.reshape` reads the numbers off in their old order. `.T` exchanges rows and columns.",
            lambda W, U, b, c: (W.reshape(W.shape[::-1]), U.reshape(U.shape[::-1]), *biases(b, c)),
            lambda W, U, b, c: (W.reshape(W.shape[::-1]), U.T, *biases(b, c)),
            lambda W, U, b, c: (W.T, U.reshape(U.shape[::-1]), *biases(b, c)),
        ),
    ]


def _sums(b: np.ndarray, c: np.ndarray) -> list[np.ndarray]:
    return [b, c, (b + c) / 2, b - c, c - b]


def _lstm_weights(W, U, b, c):
    return W.T, U.T, b + c


def _lstm_biases() -> list[Mistake]:
    ways = [lambda W, U, b, c, i=i: (W.T, U.T, _sums(b, c)[i]) for i in range(5)]
    return _other_biases("Our one bias is the sum of torch's two.", *ways)


def _reordered(order: tuple[int, ...]) -> Callable:
    def wrong(*arguments):
        return tuple(
            beside(*(blocks(array, len(order))[i] for i in order))
            for array in _lstm_weights(*arguments)
        )

    return wrong


lstm_from_torch = Check(
    "torch's LSTM weights in our layout",
    [Output("W_xh", "(D, 4H)"), Output("W_hh", "(H, 4H)"), Output("b", "(4H,)")],
    partial(_torch_cases, 4),
    lambda weight_ih, weight_hh, bias_ih, bias_hh: _lstm_weights(
        weight_ih, weight_hh, bias_ih, bias_hh
    ),
    (
        *_transposes(lambda b, c: (b + c,)),
        *_lstm_biases(),
        Mistake(
            "biases put end to end",
            "The two biases are put end to end; they should be added.",
            "Both are (4H,), and so is our one bias: their sum.",
            lambda W, U, b, c: (W.T, U.T, np.concatenate([b, c])),
        ),
        *variants(
            "blocks reordered",
            "The blocks stand in another order now.",
            "torch's order is ours already: i, f, g, o.",
            *(_reordered(order) for order in ((0, 1, 3, 2), (1, 0, 2, 3), (0, 2, 1, 3))),
        ),
    ),
)
"""Judges `from_torch(weight_ih, weight_hh, bias_ih, bias_hh) -> (W_xh, W_hh, b)` of an LSTM."""


def _gru_biases(b, c):
    b_r, b_z, b_n = blocks(b, 3)
    c_r, c_z, c_n = blocks(c, 3)
    return beside(b_r + c_r, b_z + c_z, b_n), c_n


def _gru_weights(W, U, b, c):
    return W.T, U.T, *_gru_biases(b, c)


def _gru_summed(way: int) -> Callable:
    """Return the biases with r and z made another way; n's are right."""

    def wrong(W, U, b, c):
        right, b_hn = _gru_biases(b, c)
        r, z, _ = blocks(_sums(b, c)[way], 3)
        return W.T, U.T, beside(r, z, blocks(right, 3)[2]), b_hn

    return wrong


gru_from_torch = Check(
    "torch's GRU weights in our layout",
    [
        Output("W_xh", "(D, 3H)"),
        Output("W_hh", "(H, 3H)"),
        Output("b", "(3H,)"),
        Output("b_hn", "(H,)"),
    ],
    partial(_torch_cases, 3),
    lambda weight_ih, weight_hh, bias_ih, bias_hh: _gru_weights(
        weight_ih, weight_hh, bias_ih, bias_hh
    ),
    (
        *_transposes(_gru_biases),
        *_other_biases(
            "For r and z our one bias is the sum of torch's two. For n they stay apart: r stands "
            "between them.",
            *(_gru_summed(way) for way in range(5)),
        ),
        Mistake(
            "b_hn added to b as well",
            "The n block of `bias_hh` is counted twice: in b, and in b_hn.",
            "In the n block, b is `bias_ih` alone; `bias_hh` stands inside the reset product.",
            lambda W, U, b, c: (W.T, U.T, b + c, blocks(c, 3)[2]),
        ),
        Mistake(
            "b_hn added to b, zeros for b_hn",
            "The n block of `bias_hh` is added to b, and b_hn is zero.",
            "r multiplies b_hn and not b_n, so the two cannot be one.",
            lambda W, U, b, c: (W.T, U.T, b + c, 0 * blocks(c, 3)[2]),
        ),
        Mistake(
            "n's biases exchanged",
            "In the n block, `bias_ih` and `bias_hh` have changed places.",
            "`bias_hh` belongs to the product with the state, so b_hn comes from it.",
            lambda W, U, b, c: (
                W.T,
                U.T,
                beside(blocks(b + c, 3)[0], blocks(b + c, 3)[1], blocks(c, 3)[2]),
                blocks(b, 3)[2],
            ),
        ),
        *variants(
            "b_hn from another block",
            "`b_hn` is taken from another block of `bias_hh`: n is the last of r, z, n.",
            "`bias_hh[2 * H:]`.",
            *(
                lambda W, U, b, c, i=i: (W.T, U.T, _gru_biases(b, c)[0], blocks(c, 3)[i])
                for i in (0, 1)
            ),
        ),
    ),
)
"""Judges `from_torch(weight_ih, weight_hh, bias_ih, bias_hh) -> (W_xh, W_hh, b, b_hn)` of a GRU."""
