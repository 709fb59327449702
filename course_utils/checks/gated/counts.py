"""Checks of counting: how many numbers an LSTM layer and a GRU layer learn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _by_torch(kind: str, too_many: int, D: int, H: int) -> int:
    """Count torch's layer, without allocating it; `too_many` biases of size H are torch's alone."""
    import torch

    with torch.device("meta"):
        layer = getattr(torch.nn, kind)(D, H)
    return sum(parameter.numel() for parameter in layer.parameters()) - too_many * H


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    # No two mistakes give the same number for the first sizes; a test watches over that.
    yield Case("D=17, H=7", {"D": 17, "H": 7}, weight=3)
    yield Case("D=200, H=256", {"D": 200, "H": 256})
    D, H = (int(n) for n in rng.integers(2, 90, 2))
    yield Case("random sizes", {"D": D, "H": H})
    yield Case("D=1, H=1", {"D": 1, "H": 1})


def _count(blocks: int, more: Callable[[int, int], int] = lambda D, H: 0) -> Callable:
    """Return the count of as many blocks, each with W_xh, W_hh and a bias, and of `more`."""
    return lambda D, H: blocks * (D * H + H * H + H) + more(D, H)


def _mistakes(n: int, cell: str, right_extra: int, two_biases: int, states: int) -> list[Mistake]:
    """Return the miscounts that both cells invite; n blocks and `right_extra` biases more.

    `two_biases` is how many times H torch's second biases add, `states` how many h0 and c0 are.
    """
    biases = "the bias is (4H,)" if n == 4 else "b is (3H,), and b_hn (H,) stands beside it"
    whole = f"{n} blocks, each with (D, H) + (H, H) weights; {biases}."
    right = partial(_count, n)

    def counted(change: Callable[[int, int], int]) -> Callable:
        return right(lambda D, H: right_extra * H + change(D, H))

    return [
        Mistake(
            "two biases",
            "This counts two biases for every block, as torch stores them.",
            "Two biases added to the same sum are one.",
            counted(lambda D, H: two_biases * H),
        ),
        Mistake(
            "biases forgotten",
            "The biases are missing.",
            f"Every unit of every block has a bias: {biases}.",
            counted(lambda D, H: -(n + right_extra) * H),
        ),
        *variants(
            "one bias for all blocks",
            "The biases of one block only are counted.",
            f"Every block has biases of its own: {biases}.",
            counted(lambda D, H: -(n - 1 + right_extra) * H),
            counted(lambda D, H: -(n - 1) * H),
        ),
        Mistake(
            "one block only",
            "This is the count of a vanilla RNN.",
            f"The {cell} has {n} such blocks.",
            _count(1),
        ),
        Mistake(
            "W_hh forgotten",
            "The recurrent weights `W_hh` are missing.",
            f"Every block hears every unit of the step before: {n} times H times H.",
            counted(lambda D, H: -n * H * H),
        ),
        Mistake(
            "W_hh counted once",
            "`W_hh` is counted for one block only.",
            f"`W_hh` is (H, {n}H): each block has recurrent weights of its own.",
            counted(lambda D, H: -(n - 1) * H * H),
        ),
        Mistake(
            "W_xh counted once",
            "`W_xh` is counted for one block only.",
            f"`W_xh` is (D, {n}H): each block has input weights of its own.",
            counted(lambda D, H: -(n - 1) * D * H),
        ),
        Mistake(
            "input as wide as the state",
            "The input is counted as if it had H numbers; it has D.",
            whole,
            counted(lambda D, H: n * (H - D) * H),
        ),
        *variants(
            "states counted",
            "The initial states are counted too. They are no parameters: nobody learns them here.",
            whole,
            *(counted(lambda D, H, k=k: k * H) for k in range(1, states + 1)),
        ),
    ]


lstm_parameters = Check(
    "parameters of an LSTM layer",
    [Output("count", "()")],
    _cases,
    partial(_by_torch, "LSTM", 4),
    (
        *_mistakes(4, "LSTM", 0, two_biases=4, states=2),
        Mistake(
            "three blocks",
            "Three blocks are counted; the LSTM has four: i, f and o, and the candidate g.",
            "The candidate g is no gate, but it has weights of its own too.",
            _count(3),
        ),
        Mistake(
            "peepholes counted",
            "Three H more than there are: these are the weights of peepholes.",
            "In this cell the gates do not look at c.",
            _count(4, lambda D, H: 3 * H),
        ),
    ),
)
"""Judges `lstm_parameters(D, H) -> int`: one bias of 4H."""

gru_parameters = Check(
    "parameters of a GRU layer",
    [Output("count", "()")],
    _cases,
    partial(_by_torch, "GRU", 2),
    (
        *_mistakes(3, "GRU", 1, two_biases=2, states=1),
        Mistake(
            "b_hn forgotten",
            "`b_hn` is missing: H biases stand apart, inside the product with r.",
            "b is (3H,), b_hn is (H,). So the GRU has a little more than 3/4 of the LSTM's count.",
            _count(3),
        ),
        *variants(
            "four blocks",
            "Four blocks are counted, as in an LSTM; the GRU has three: r, z and n.",
            "There is no output gate, and z does the work of i and f.",
            _count(4),
            _count(4, lambda D, H: H),
        ),
        *variants(
            "two blocks",
            "Two blocks are counted; the GRU has three: r and z, and the candidate n.",
            "The candidate n is no gate, but it has weights of its own too.",
            _count(2),
            _count(2, lambda D, H: H),
        ),
    ),
)
"""Judges `gru_parameters(D, H) -> int`: b of 3H and b_hn of H."""
