"""What learners get wrong inside the loop back through time, with the words that name it.

Sums over the steps, gradients from above, states before, and what is carried on. A mistake of
one step is made at every step; `end_mistakes` and `cut_mistakes` hold the rest.
"""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.cut_mistakes import CUT_MISTAKES, WIDE_CUTS
from course_utils.checks.bptt.end_mistakes import END_MISTAKES
from course_utils.checks.bptt.patches import loop, share
from course_utils.checks.bptt.reference import backward
from course_utils.checks.bptt.slope_mistakes import SLOPE_MISTAKES
from course_utils.checks.bptt.step_mistakes import SHARE_MISTAKES, order_mistakes
from course_utils.checks.core import Mistake, variants


def _later_after_tanh(dh_t, from_later, x_t, h_prev, h_t, W_xh, W_hh):
    return dh_t * (1 - h_t**2) + from_later


def _only_at(place):
    """Return an `above` that lets the gradient in at one step only, `place(T)`."""

    def above(dh, t):
        return dh[:, t] if t == place(dh.shape[1]) else np.zeros_like(dh[:, t])

    return above


def _neighbour(shift):
    """Return an `above` that reads the gradient of a neighbouring step; zeros beyond the ends."""

    def above(dh, t):
        return dh[:, t + shift] if 0 <= t + shift < dh.shape[1] else np.zeros_like(dh[:, t])

    return above


def _overwritten(*which):
    """Return an `add` that overwrites where it should add, for the weights' gradients `which`."""

    def wrong(*arguments):
        right = backward(*arguments)
        last = backward(*arguments, add=lambda total, term, t, T: term)
        return tuple(last[i] if i in which else right[i] for i in range(5))

    return wrong


LOOP_ONLY = (
    *variants(
        "dW overwritten in the loop",
        "Where the terms of all steps should add up, only that of t = 0 is left: each turn of the "
        "loop overwrites the turn before.",
        "The same weights are used at every step, so their gradients add up: `dW += ...`, with "
        "`dW = np.zeros_like(W)` before the loop.",
        _overwritten(2, 3, 4),
        _overwritten(2, 3),
        _overwritten(2),
        _overwritten(3),
        _overwritten(4),
    ),
    Mistake(
        "last step kept only",
        "The weights' gradients hold the term of the last step only.",
        "Every step used the weights, so every step has a term; add all of them up.",
        loop(add=lambda total, term, t, T: total + term * (t == T - 1)),
    ),
    Mistake(
        "h0 for every term",
        "Only `dW_hh` is wrong: every step's term is made with `h0`.",
        "`W_hh` met another state at each step: h_{t-1}, which is h0 for the first only.",
        loop(before=lambda h, h0, t: h0),
    ),
    Mistake(
        "the last state for h0",
        "Only `dW_hh` is wrong, and only by the first step's term: at t = 0, `h[:, t - 1]` is "
        "`h[:, -1]`, the *last* state.",
        "The state before the first step is `h0`: `h_prev = h[:, t - 1] if t > 0 else h0`.",
        loop(before=lambda h, h0, t: h[:, t - 1]),
    ),
    Mistake(
        "zeros for h0",
        "Only `dW_hh` is wrong: the first step's term, `h0.T @ da`, is missing.",
        "The state before the first step is `h0`, not zero, and it meets `W_hh` too.",
        loop(before=lambda h, h0, t: h[:, t - 1] if t else 0 * h0),
    ),
    Mistake(
        "carried gradient added after tanh'",
        "What comes from later steps is added after the tanh: it never meets 1 - h_t².",
        "h_t has two readers, the output above and the next step. Add both first, then multiply.",
        loop(inside=_later_after_tanh),
    ),
    *variants(
        "no recurrent gradient",
        "No gradient goes from one step to the step before: each step is treated on its own.",
        "h_t is also read by step t+1. Carry `da_t @ W_hh.T` to the next turn of the loop.",
        loop(carry=lambda later, dh_prev, t, T: 0 * dh_prev),
        loop(carry=lambda later, dh_prev, t, T: dh_prev if t == 0 else 0 * dh_prev),
    ),
    Mistake(
        "per-step upstream gradients ignored",
        "What arrives from above is used at the last step only; the other steps' `dh` is ignored.",
        "A gradient arrives at *every* h_t. Inside the loop: `dh[:, t] + from_later`.",
        loop(above=_only_at(lambda T: T - 1)),
    ),
    *variants(
        "one step's upstream gradient at every step",
        "The same slice of `dh` is used at every step.",
        "The index of `dh` moves with the loop: `dh[:, t]`.",
        loop(above=lambda dh, t: dh[:, -1]),
        loop(above=lambda dh, t: dh[:, 0]),
        loop(above=lambda dh, t: dh.sum(axis=1)),
    ),
    *variants(
        "upstream gradients one step off",
        "Step t receives the gradient that belongs to a neighbouring step.",
        "h[:, t] and dh[:, t] belong together.",
        loop(above=_neighbour(-1)),
        loop(above=_neighbour(1)),
        loop(above=lambda dh, t: dh[:, t - 1]),
    ),
    Mistake(
        "upstream gradients in reversed order",
        "The gradients from above are read in reversed order.",
        "The loop runs from T-1 to 0, but h[:, t] and dh[:, t] still belong together.",
        loop(above=lambda dh, t: dh[:, dh.shape[1] - 1 - t]),
    ),
    Mistake(
        "loop runs forward",
        "The loop runs from the first step to the last; the way back begins at the last.",
        "da_t needs what step t+1 gives: `for t in reversed(range(T))`.",
        loop(steps=range),
    ),
    Mistake(
        "carried gradient accumulates",
        "The carried gradient is added to instead of replaced: it holds all later steps at once.",
        "What step t hands back replaces what it received: `from_later = da @ W_hh.T`, with no "
        "`+=`. (Only the weights' gradients add up.)",
        loop(carry=lambda later, dh_prev, t, T: later + dh_prev),
    ),
    Mistake(
        "dh_t handed on beside the step",
        "What arrived at h_t is handed on as it is, beside what went through the step.",
        "There is no other way back than through tanh and `W_hh.T`: `from_later = da @ W_hh.T`.",
        loop(**share(dh_prev=lambda s: s.da @ s.W_hh.T + s.dh)),
    ),
)

AT_EVERY_STEP = tuple(
    Mistake(m.name, m.says, m.hint, loop(**m.wrong.keywords))
    for m in (*SLOPE_MISTAKES, *SHARE_MISTAKES)
)

CATALOGUE = (
    *LOOP_ONLY,
    *CUT_MISTAKES,
    *END_MISTAKES,
    *AT_EVERY_STEP,
    *order_mistakes(backward, "dx, dh0, dW_xh, dW_hh, db_h"),
)
"""The wrong ways back that a good test must tell from the right one."""

LOOP_MISTAKES = (*CATALOGUE, *WIDE_CUTS)
