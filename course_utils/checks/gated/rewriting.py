"""Checks of weights rewritten: for z's other convention, and with a forget bias to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants
from course_utils.checks.gated.conventions import negated
from course_utils.checks.gated.formulas import beside, blocks

# --- z the other way round -------------------------------------------------------------------


def _z_cases(rng: np.random.Generator) -> Iterable[Case]:
    for weight, (D, H) in ((3.0, (4, 6)), (1.0, (5, 5)), (1.0, (2, 1))):
        shapes = {"W_xh": (D, 3 * H), "W_hh": (H, 3 * H), "b": (3 * H,)}
        arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        yield Case(f"D={D}, H={H}", arrays, weight)


def _by_signs(W_xh, W_hh, b):
    """1 - σ(a) = σ(-a): a matrix product with signs on the diagonal."""
    H = len(W_hh)
    signs = np.diag(np.repeat([1.0, -1.0, 1.0], H))
    return W_xh @ signs, W_hh @ signs, b @ signs


def _each(*changes: Callable) -> Callable:
    return lambda *arrays: tuple(
        change(array) for change, array in zip(changes, arrays, strict=True)
    )


def _in_block(change: Callable, which: int = 1) -> Callable:
    def changed(array):
        parts = blocks(array, 3)
        parts[which] = change(parts[which])
        return beside(*parts)

    return changed


def _same(array: np.ndarray) -> np.ndarray:
    return array


to_other_z = Check(
    "the other convention of z",
    [Output("W_xh", "(D, 3H)"), Output("W_hh", "(H, 3H)"), Output("b", "(3H,)")],
    _z_cases,
    _by_signs,
    (
        Mistake(
            "nothing changed",
            "The weights are as they were.",
            "1 - σ(a) = σ(-a): all that makes a_z changes its sign.",
            _each(_same, _same, _same),
        ),
        Mistake(
            "all blocks negated",
            "All three blocks have changed their sign; only z's may.",
            "The blocks stand in the order r, z, n: z's columns are `H : 2 * H`.",
            _each(*[np.negative] * 3),
        ),
        *variants(
            "another block negated",
            "A block has changed its sign, but not z's.",
            "The blocks stand in the order r, z, n: z's columns are `H : 2 * H`.",
            *(_each(*[_in_block(np.negative, which)] * 3) for which in (0, 2)),
        ),
        Mistake(
            "bias not negated",
            "The weights are right, but b is as it was.",
            "a_z = x W_xz + h W_hz + b_z: all three terms change their sign.",
            _each(negated, negated, _same),
        ),
        Mistake(
            "only the bias negated",
            "Only b has changed; the weights are as they were.",
            "a_z = x W_xz + h W_hz + b_z: all three terms change their sign.",
            _each(_same, _same, negated),
        ),
        *variants(
            "one matrix not negated",
            "One of the two matrices is as it was.",
            "a_z = x W_xz + h W_hz + b_z: all three terms change their sign.",
            _each(negated, _same, negated),
            _each(_same, negated, negated),
            _each(negated, _same, _same),
            _each(_same, negated, _same),
        ),
        Mistake(
            "1 - weights",
            "The weights of z have become 1 - W. It is z itself that becomes 1 - z.",
            "1 - σ(a) = σ(-a): inside σ this is a change of sign.",
            _each(*[_in_block(lambda a: 1 - a)] * 3),
        ),
        Mistake(
            "rows negated",
            "Rows of the matrices have changed their sign; the blocks are columns.",
            "`W[:, H : 2 * H]`, for b `b[H : 2 * H]`.",
            lambda W, U, b: (_rows(W, len(U)), _rows(U, len(U)), negated(b)),
        ),
    ),
)
"""Judges `to_other_z(W_xh, W_hh, b) -> (W_xh, W_hh, b)`: weights for z's other convention."""


def _rows(W: np.ndarray, H: int) -> np.ndarray:
    W = W.copy()
    W[H : 2 * H] *= -1
    return W


# --- the forget gate's bias at the start ------------------------------------------------------


def _bias_cases(rng: np.random.Generator) -> Iterable[Case]:
    for H, value, weight in ((6, 1.0, 3.0), (3, 5.0, 1.0), (4, -2.0, 1.0), (1, 2.0, 1.0)):
        yield Case(
            f"H={H}, value={value:g}",
            {"b": rng.normal(size=4 * H), "value": value},
            weight,
        )


def _with_block(b, value, block=1, keep=False):
    parts = [part.copy() for part in blocks(b, 4)]
    parts[block] = (parts[block] if keep else 0 * parts[block]) + value
    return beside(*parts)


def _mask_where(b, value):
    return np.where(np.arange(len(b)) // (len(b) // 4) == 1, value, b)


def _written_into(b, value):
    b[...] = _with_block(b, value)
    return b


forget_bias = Check(
    "the forget gate's bias at the start",
    [Output("b", "(4H,)")],
    _bias_cases,
    _mask_where,
    (
        *variants(
            "another block set",
            "The value is in another gate's block; the order is i, f, g, o.",
            "The forget gate's biases are `b[H : 2 * H]`.",
            *(lambda b, value, i=i: _with_block(b, value, i) for i in (0, 2, 3)),
        ),
        Mistake(
            "all blocks set",
            "Every bias has the value; it is for the forget gate only.",
            "The forget gate's biases are `b[H : 2 * H]`.",
            lambda b, value: 0 * b + value,
        ),
        Mistake(
            "added to what was there",
            "The value is added to the forget gate's biases; they should be set to it.",
            "`b[H : 2 * H] = value`, on a copy.",
            lambda b, value: _with_block(b, value, keep=True),
        ),
        Mistake(
            "other blocks set to zero",
            "The other gates' biases are gone.",
            "Copy b, and change only `b[H : 2 * H]`.",
            lambda b, value: _with_block(0 * b, value),
        ),
        Mistake(
            "one entry only",
            "Only one entry has the value; each of the H units has a forget gate.",
            "`b[H : 2 * H] = value`.",
            lambda b, value: np.where(np.arange(len(b)) == len(b) // 4, value, b),
        ),
        Mistake(
            "b changed in place",
            "`b` itself was changed.",
            "Start with `b = b.copy()`.",
            _written_into,
        ),
    ),
)
"""Judges `forget_bias(b, value) -> b`: a copy of b (4H,) with the forget gate's biases set."""
