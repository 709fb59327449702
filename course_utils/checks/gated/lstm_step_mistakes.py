"""What learners get wrong in one step of the LSTM, each with the words that name it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import blocks, sigmoid
from course_utils.checks.gated.lstm_cell_mistakes import THE_CELL, THE_STATE
from course_utils.checks.gated.lstm_reference import step
from course_utils.checks.gated.orders import listed, other_orders


def _reading(order: tuple[str, ...]) -> dict[str, Callable]:
    """Return the patch that reads the blocks of a in another order."""
    return {f"a_{letter}": lambda s, k=k: blocks(s.a, 4)[k] for k, letter in enumerate(order)}


def _interleaved(k: int) -> Callable:
    return lambda s: s.a[..., k::4]


ORDERS = tuple(
    Mistake(
        name,
        f"The blocks are read in the order {listed(order)}.",
        "In `W_xh`, `W_hh` and b they stand in the order i, f, g, o: "
        "`i, f, g, o = np.split(a, 4, axis=1)`, and g is the one with the tanh.",
        step(**_reading(order)),
    )
    for order, name in other_orders("ifgo")
)

SQUASHED = (
    Mistake(
        "sigmoid for g",
        "`g` goes through the sigmoid; it is the candidate, and goes through tanh.",
        "A gate is between 0 and 1; what is written into c may be negative: `g = np.tanh(a_g)`.",
        step(g=lambda s: sigmoid(s.a_g)),
    ),
    Mistake(
        "no tanh on g",
        "`g` is the sum itself; it should go through tanh.",
        "`g = np.tanh(a_g)`.",
        step(g=lambda s: s.a_g),
    ),
    *variants(
        "tanh for a gate",
        "One of the gates i, f, o goes through tanh; a gate is a sigmoid.",
        "A gate lets through a share between 0 and 1. Only g, the candidate, has a tanh.",
        *(step(**{gate: lambda s, a=f"a_{gate}": np.tanh(getattr(s, a))}) for gate in "ifo"),
    ),
    Mistake(
        "tanh for all gates",
        "All of i, f and o go through tanh; a gate is a sigmoid.",
        "A gate lets through a share between 0 and 1. Only g, the candidate, has a tanh.",
        step(i=lambda s: np.tanh(s.a_i), f=lambda s: np.tanh(s.a_f), o=lambda s: np.tanh(s.a_o)),
    ),
)

THE_SUMS = (
    Mistake(
        "forget bias added in the forward pass",
        "Something is added to the forget gate's sum at every step: 1, it seems.",
        "The forget bias of 1 is a *start* for b's second block. Set it once, before training; "
        "the step adds b and no more.",
        step(f=lambda s: sigmoid(s.a_f + 1)),
    ),
    Mistake(
        "bias never added",
        "The bias b is never added.",
        "`a = x_t @ W_xh + h_prev @ W_hh + b`.",
        step(a=lambda s: s.x @ s.W_xh + s.h_prev @ s.W_hh),
    ),
    Mistake(
        "bias added twice",
        "The bias b is added twice.",
        "torch has two biases; here there is one, their sum. Add b once.",
        step(a=lambda s: s.x @ s.W_xh + s.h_prev @ s.W_hh + 2 * s.b),
    ),
    *variants(
        "one block's bias for all gates",
        "The same block of b is added to all four sums.",
        "b is (4H,): every gate has biases of its own.",
        *(
            step(a=lambda s, k=k: s.x @ s.W_xh + s.h_prev @ s.W_hh + np.tile(blocks(s.b, 4)[k], 4))
            for k in range(4)
        ),
    ),
    Mistake(
        "recurrent term dropped",
        "The state before does not enter the gates: the term `h_prev @ W_hh` is missing.",
        "`a = x_t @ W_xh + h_prev @ W_hh + b`.",
        step(a=lambda s: s.x @ s.W_xh + s.b),
    ),
    Mistake(
        "input dropped",
        "The input does not enter the gates: the term `x_t @ W_xh` is missing.",
        "`a = x_t @ W_xh + h_prev @ W_hh + b`.",
        step(a=lambda s: s.h_prev @ s.W_hh + s.b),
    ),
    Mistake(
        "blocks read as every fourth column",
        "The blocks are read as if the four gates of a unit stood next to each other.",
        "First H columns of i, then H of f, of g, of o: `np.split(a, 4, axis=1)`.",
        step(**{f"a_{letter}": _interleaved(k) for k, letter in enumerate("ifgo")}),
    ),
)


def _forgetting_in_place(x_t, h_prev, c_prev, W_xh, W_hh, b):
    """`c_prev *= f; c_prev += i * g`: right numbers, in the caller's array."""
    h_t, c_t = step()(x_t, h_prev, c_prev, W_xh, W_hh, b)
    c_prev[...] = c_t
    return h_t, c_t


def _exchanged(*arguments):
    h_t, c_t = step()(*arguments)
    return c_t, h_t


STEP_MISTAKES = (
    *ORDERS,
    *SQUASHED,
    *THE_CELL,
    *THE_STATE,
    *THE_SUMS,
    Mistake(
        "c returned before h",
        "The two results are right, but exchanged: c_t comes first.",
        "`return h_t, c_t`.",
        _exchanged,
    ),
    Mistake(
        "in-place c *= f",
        "The new cell was written into `c_prev` itself.",
        "`c_prev *= f` changes the caller's array, and the way back needs it. Make a new one: "
        "`c_t = f * c_prev + i * g`.",
        _forgetting_in_place,
    ),
)
