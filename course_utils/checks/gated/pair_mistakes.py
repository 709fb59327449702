"""All that goes wrong in a pair of forward and backward whose forward pass is right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from course_utils.checks.bptt.step_mistakes import order_mistakes
from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated import loop, lstm_reference
from course_utils.checks.gated.between import Pairing, between_mistakes, remembering
from course_utils.checks.gated.gru_back_mistakes import back_mistakes
from course_utils.checks.gated.loop_mistakes import loop_mistakes
from course_utils.checks.gated.lstm_back_mistakes import BACK_MISTAKES

# --- LSTM ------------------------------------------------------------------------------------


def _keep(later, d_prev, t, T):
    return d_prev


def _with_dc(change: Callable) -> Callable:
    return lambda dh, dc_T, cache: loop.lstm_backward(dh, change(dc_T), cache)


def _dc_T_at_every_step(dh, dc_T, cache):
    def carried(later, d_prev, t, T):
        return d_prev + dc_T if t else d_prev

    return loop.lstm_backward(dh, dc_T, cache, carry=(_keep, carried))


def _lstm_loop(**pieces: Callable) -> Callable:
    return partial(loop.lstm_backward, **pieces)


LSTM_ONLY = (
    *variants(
        "dc not carried",
        "No gradient goes along the cell from one step to the step before.",
        "Two things go back from each step: dh_prev and dc_prev. Hand on both.",
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: dc if t == 0 else 0 * dc)),
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: 0 * dc)),
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: dc if t == 0 else later)),
    ),
    *variants(
        "dh not carried",
        "No gradient goes along the state from one step to the step before; only along the cell.",
        "Two things go back from each step: dh_prev and dc_prev. Hand on both.",
        _lstm_loop(carry=(lambda later, dh, t, T: dh if t == 0 else 0 * dh, _keep)),
        _lstm_loop(carry=(lambda later, dh, t, T: 0 * dh, _keep)),
    ),
    *variants(
        "dc accumulates",
        "The gradient of c is added to instead of replaced: it holds all later steps at once.",
        "dc_prev holds all that came from later already: `dc = dc_prev`, with no `+=`.",
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: later + dc)),
        _lstm_loop(step=lstm_reference.step_back(dc_prev=lambda s: s.dc_all + s.dc_all * s.f)),
    ),
    *variants(
        "dh accumulates",
        "The gradient of h from later steps is added to instead of replaced.",
        "What step t hands back replaces what it received: `dh_later = dh_prev`, with no `+=`.",
        _lstm_loop(carry=(lambda later, dh, t, T: later + dh, _keep)),
    ),
    Mistake(
        "dc_T ignored",
        "`dc_T` is not used: the way back begins with zeros for the cell.",
        "What arrives at the last cell starts the loop: `dc = dc_T`.",
        _with_dc(lambda dc_T: 0 * dc_T),
    ),
    Mistake(
        "dc_T at every step",
        "`dc_T` is added at every step; it arrives at the last cell only.",
        "Before the loop `dc = dc_T`; inside it, dc is what the later step hands back.",
        _dc_T_at_every_step,
    ),
    Mistake(
        "dc_T mutated",
        "`dc_T` was overwritten on the way. The gradients are right, but the caller's array is "
        "not what it was.",
        "`dc = dc_T` does not copy, so `dc += ...` and `dc *= f` write into the caller's array. "
        "Begin with `dc = dc_T.copy()`.",
        lambda dh, dc_T, cache: (
            loop.lstm_backward(dh, dc_T.copy(), cache),
            dc_T.__iadd__(1.0),
        )[0],
    ),
)

_OF_A_STEP = (
    "another order",
    "gates: ",
    "dout mutated",
    "everything averaged",
    "dh_prev zero",
    "dc_prev zero",
)
"""Mistakes of a single step that a loop makes in its own way."""


def lstm_pair_mistakes(pair: Pairing) -> list[Mistake]:
    """Return all mistakes of an LSTM pair with a right forward pass."""
    forward = remembering(loop.lstm_forward)
    loops = loop_mistakes(_lstm_loop, ("h0", "c0"), ("W_xh", "W_hh", "b"))
    orders = order_mistakes(
        loop.lstm_backward,
        "dx, dh0, dc0, dW_xh, dW_hh, db",
        (
            ("the cell's gradient before the state's", (0, 2, 1, 3, 4, 5)),
            ("weights first", (3, 4, 5, 0, 1, 2)),
        ),
    )
    every_step = [
        Mistake(m.name, m.says, m.hint, _lstm_loop(step=m.wrong))
        for m in BACK_MISTAKES
        if not m.name.startswith(_OF_A_STEP)
    ]
    own = {mistake.name for mistake in LSTM_ONLY}
    within = [*LSTM_ONLY, *(m for m in loops if m.name not in own), *every_step, *orders]
    return [
        *between_mistakes(pair, forward, loop.lstm_backward, 2),
        *(Mistake(m.name, m.says, m.hint, pair(forward, m.wrong)) for m in within),
    ]


# --- GRU -------------------------------------------------------------------------------------


def gru_pair_mistakes(pair: Pairing, reset: str) -> list[Mistake]:
    """Return all mistakes of a GRU pair with a right forward pass."""
    forward = remembering(partial(loop.gru_forward, reset=reset))

    def gru_loop(**pieces: Callable) -> Callable:
        return partial(loop.gru_backward, reset=reset, **pieces)

    # With the reset before the product, db_hn is zero: nobody can overwrite it.
    weights = ("W_xh", "W_hh", "b", "b_hn") if reset == "after" else ("W_xh", "W_hh", "b")
    loops = loop_mistakes(gru_loop, ("h0",), weights)
    orders = order_mistakes(
        gru_loop(),
        "dx, dh0, dW_xh, dW_hh, db, db_hn",
        (("weights first", (2, 3, 4, 5, 0, 1)), ("db and db_hn exchanged", (0, 1, 2, 3, 5, 4))),
    )
    every_step = [
        Mistake(m.name, m.says, m.hint, gru_loop(step=m.wrong))
        for m in back_mistakes(reset)
        if not m.name.startswith(_OF_A_STEP)
    ]
    return [
        *between_mistakes(pair, forward, gru_loop(), 1),
        *(
            Mistake(m.name, m.says, m.hint, pair(forward, m.wrong))
            for m in (*loops, *every_step, *orders)
        ),
    ]
