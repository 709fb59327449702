"""What learners get wrong in the loop over a sequence, whatever the cell that it repeats.

`sequence_mistakes(step)` builds them for `step(x_t, h, *weights) -> h_new`: small patches of one
loop, each with the words that name it (see `checks.core.Mistake`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from course_utils.checks.core import Mistake, variants

Step = Callable[..., np.ndarray]


def run(step: Step, x, h0, *weights, carry=lambda t, h_new, h_old, h0: h_new):
    """Run `step` over time; `carry` says which state the next step starts from."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h_new = step(x[:, t], h, *weights)
        states.append(h_new)
        h = carry(t, h_new, h, h0)
    return _stack(states, h0)


def _stack(states, h0):
    return np.stack(states, axis=1) if states else np.zeros((h0.shape[0], 0, h0.shape[1]))


def _state_reused(step, x, h0, *weights):
    """One buffer is appended again and again: every entry of the list is the last state."""
    states = run(step, x, h0, *weights)
    return np.repeat(states[:, -1:], x.shape[1], axis=1) if x.shape[1] else states


def _off_by_one(step, x, h0, *weights):
    states = run(step, x, h0, *weights)
    return np.concatenate([h0[:, None], states], axis=1)[:, : x.shape[1]]


def _last_step_missing(step, x, h0, *weights):
    states = run(step, x, h0, *weights)
    states[:, -1:] = 0
    return states


def _first_step_missing(step, x, h0, *weights):
    states = np.zeros((x.shape[0], *x.shape[1:2], h0.shape[1]))
    h = h0
    for t in range(1, x.shape[1]):
        h = states[:, t] = step(x[:, t], h, *weights)
    return states


def _h0_for_first_state(step, x, h0, *weights):
    states = run(step, x[:, 1:], h0, *weights)
    return np.concatenate([h0[:, None], states], axis=1)[:, : x.shape[1]]


def _h0_in_place(step, x, h0, *weights):
    states = []
    for t in range(x.shape[1]):
        h0[...] = step(x[:, t], h0, *weights)
        states.append(h0.copy())
    return _stack(states, h0)


def _time_major(step, x, h0, *weights, counted=0, axis=0):
    """Reads `x[t]` as torch does by default; runs only where B equals T, or is 1.

    The steps are counted along axis `counted` of x, the states stacked along `axis`.
    """
    h, states = h0, []
    for t in range(x.shape[counted]):
        h = step(x[t], h, *weights)
        states.append(h)
    return np.stack(states, axis=axis)


def _leaking(step, x, h0, *weights, start=lambda h, h0: h):
    """Runs one sequence after the other; `start` says which state the next one starts from."""
    states, h = np.zeros((*x.shape[:2], h0.shape[1])), h0[0]
    for b in range(x.shape[0]):
        h = start(h, h0)
        for t in range(x.shape[1]):
            h = states[b, t] = step(x[b, t], h, *weights)
    return states


def _first_only(step, *arguments):
    """Fills an array, and leaves the loop after one step."""
    states = run(step, *arguments)
    states[:, 1:] = 0
    return states


def _backwards(step, x, h0, *weights):
    return run(step, x[:, ::-1], h0, *weights)[:, ::-1]


def sequence_mistakes(step: Step) -> list[Mistake]:
    """Return the mistakes of a loop around `step`: functions of (x, h0, *weights)."""

    def of(wrong: Callable, **keywords: object) -> Callable:
        return partial(wrong, step, **keywords)

    return [
        Mistake(
            "h never advanced",
            "The state never advances: every step starts from `h0`.",
            "Inside the loop, the result of one step must become the `h_prev` of the next.",
            of(run, carry=lambda t, new, old, h0: h0),
        ),
        Mistake(
            "h reset each step",
            "The state is set back to zero before each step (only the first sees `h0`).",
            "Create the state once, before the loop; inside the loop only replace it.",
            of(run, carry=lambda t, new, old, h0: np.zeros_like(h0)),
        ),
        Mistake(
            "h0 ignored",
            "The initial state `h0` is ignored: the run starts from zeros.",
            "The state before the first step is `h0`. (If you read it as `h[:, t - 1]`: at t = 0 "
            "that is the *last* column, which still holds zeros.)",
            lambda x, h0, *w: run(step, x, np.zeros_like(h0), *w),
        ),
        Mistake(
            "h_{t-1} emitted (off by one)",
            "Each step emits the state *before* it, h_{t-1}, so that all is one step late.",
            "Store the state after updating it: `h[:, t]` is the state that has seen `x[:, t]`.",
            of(_off_by_one),
        ),
        Mistake(
            "last step kept only",
            "Only the last state is returned; the states of all steps are asked for.",
            "Keep every state: fill `h[:, t]`, or append to a list and `np.stack(..., axis=1)`.",
            lambda *a: run(step, *a)[:, -1],
        ),
        Mistake(
            "one buffer for all steps",
            "Every step shows the last state: one array was stored T times and overwritten each "
            "time.",
            "A list of the same array holds views, not copies. Store a new array (or `.copy()`).",
            of(_state_reused),
        ),
        *variants(
            "(B, T, D) read as (T, B, D)",
            "Axis 0 is read as time. Here it is the batch: `x` is (B, T, D).",
            "Step t of every sequence is `x[:, t]`. If your function is time-major on purpose, "
            "declare it: `batch_first=False`.",
            of(_time_major),
            of(_time_major, axis=1),
            of(_time_major, counted=1),
            of(_time_major, counted=1, axis=1),
        ),
        Mistake(
            "states stacked time-major",
            "The states are right but stacked as (T, B, H); asked for is (B, T, H).",
            "Stack along axis 1, or fill a (B, T, H) array. "
            "If time-major is on purpose, declare it: `batch_first=False`.",
            lambda *a: np.moveaxis(run(step, *a), 1, 0),
        ),
        Mistake(
            "loop runs backward",
            "The loop runs from the last step to the first.",
            "A state may only depend on the past: t goes 0, 1, ..., T-1.",
            of(_backwards),
        ),
        *variants(
            "last step skipped",
            "The last step is never computed.",
            "`range(T - 1)` stops one early: `range(T)` gives 0 to T-1.",
            of(_last_step_missing),
            lambda x, *rest: run(step, x[:, :-1], *rest),
        ),
        *variants(
            "first step skipped",
            "The first step is never computed: the loop starts at 1.",
            "`x[:, 0]` is an input too; the state before it is `h0`.",
            of(_first_step_missing),
            lambda x, *rest: run(step, x[:, 1:], *rest),
        ),
        Mistake(
            "h0 stored as the first state",
            "`h0` is stored in the place of the first state, and `x[:, 0]` is never read.",
            "`h[:, 0]` is the state *after* the first input; `h0` itself is not among the states.",
            of(_h0_for_first_state),
        ),
        Mistake(
            "T + 1 states",
            "`h0` is returned as well: there are T + 1 states where T are asked for.",
            "Leave out the first entry of your list: the states begin after `x[:, 0]`.",
            lambda *a: np.concatenate([a[1][:, None], run(step, *a)], axis=1),
        ),
        *variants(
            "return inside the loop",
            "The function returns after the first step.",
            "Look at how far `return` is indented: it belongs after the loop.",
            lambda *a: run(step, *a)[:, 0],
            lambda *a: run(step, *a)[:, :1],
            of(_first_only),
        ),
        Mistake(
            "state leaks into the next sequence",
            "A sequence starts from the last state of the sequence before it.",
            "Inside the loop over the batch, start anew: `h = h0[b]`. (Or need no such loop: "
            "`x[:, t]` is step t of all sequences.)",
            of(_leaking),
        ),
        Mistake(
            "first row of h0 for all",
            "Every sequence starts from the first row of `h0`.",
            "`h0` is (B, H): sequence b has a row of its own, `h0[b]`.",
            of(_leaking, start=lambda h, h0: h0[0]),
        ),
        Mistake(
            "h0 changed in place",
            "The initial state `h0` was overwritten while running.",
            "`h = h0` does not copy. Let each step make a new array (`h = np.tanh(...)`).",
            of(_h0_in_place),
        ),
    ]


def stored_as_integers(loop: Callable) -> Mistake:
    """Return the mistake of `loop(x, ...)` whose room is made with `dtype=x.dtype`.

    Where x holds integers, every state is cut down to 0.
    """

    def wrong(x, *rest):
        states = loop(x, *rest)
        if isinstance(states, tuple):
            return tuple(array.astype(x.dtype) for array in states)
        return states.astype(x.dtype)

    return Mistake(
        "states stored as integers",
        "The input holds integers, and the states are stored as integers: all become 0.",
        "`dtype=x.dtype` asks for integers here. Make the array with the dtype of the weights: "
        "`np.zeros((B, T, H), dtype=np.result_type(x, W_xh))`.",
        wrong,
    )
