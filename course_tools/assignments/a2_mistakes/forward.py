"""The loop of A2, wrong over any step: a wrong loop over a wrong step is still recognised."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a2_mistakes.step import STEP_MISTAKES
from course_tools.assignments.a2_reference import Step, leaky_step, run
from course_utils.checks import Mistake


def _off_by_one(step, x, h0, y0, p):
    h, y = run(x, h0, y0, p, step)
    T = x.shape[1]
    return (
        np.concatenate([h0[:, None], h], axis=1)[:, :T],
        np.concatenate([y0[:, None], y], axis=1)[:, :T],
    )


def _one_buffer(step, x, h0, y0, p):
    h, y = run(x, h0, y0, p, step)
    return tuple(np.repeat(a[:, -1:], x.shape[1], axis=1) if x.shape[1] else a for a in (h, y))


def _feedback_delayed(step, x, h0, y0, p):
    """The step at t is fed y_{t-2} (and y0 twice at the start)."""
    h, y, y_old, states, outputs = h0, y0, y0, [], []
    for t in range(x.shape[1]):
        h, (y, y_old) = (new := step(x[:, t], h, y_old, p))[0], (new[1], y)
        states.append(h)
        outputs.append(y)
    return _stacked(states, h0), _stacked(outputs, y0)


def _time_major(step, x, h0, y0, p):
    """Axis 0 is read as time; runs only where B equals T."""
    h, y, states, outputs = h0, y0, [], []
    for x_t in x:
        h, y = step(x_t, h, y, p)
        states.append(h)
        outputs.append(y)
    return np.stack(states), np.stack(outputs)


def _starts_changed(step, x, h0, y0, p):
    h, y = run(x, h0.copy(), y0.copy(), p, step)
    if x.shape[1]:
        h0[...], y0[...] = h[:, -1], y[:, -1]
    return h, y


def _without(t, step, x, h0, y0, p):
    """Step `t` (0 or -1) is never computed: zeros stay in its place, the state passes it by."""
    h, y = np.zeros((*x.shape[:2], h0.shape[1])), np.zeros((*x.shape[:2], y0.shape[1]))
    rest = slice(1, None) if t == 0 else slice(0, -1)
    h[:, rest], y[:, rest] = run(x[:, rest], h0, y0, p, step)
    return h, y


def _backwards(step, x, h0, y0, p):
    return tuple(a[:, ::-1] for a in run(x[:, ::-1], h0, y0, p, step))


def _stacked(rows, start):
    return np.stack(rows, axis=1) if rows else np.zeros((len(start), 0, start.shape[1]))


def _carrying(carry):
    return lambda step, *arguments: run(*arguments, step, carry)


_LOOPS = (
    (
        "h never advanced",
        "The state never advances: every step starts from `h0`.",
        "Inside the loop, the state that a step returns must be the `h_prev` of the next.",
        _carrying(lambda t, new, old, start: (start[0], new[1])),
    ),
    (
        "nothing advanced",
        "Neither state nor output advances: every step starts from `h0` and `y0`.",
        "Inside the loop, hand both results of a step to the next one.",
        _carrying(lambda t, new, old, start: start),
    ),
    (
        "y never advanced",
        "The feedback never advances: every step is fed `y0`.",
        "Inside the loop, the output of a step must be the `y_prev` of the next.",
        _carrying(lambda t, new, old, start: (new[0], start[1])),
    ),
    (
        "h reset each step",
        "The state is set back to zero before each step (only the first sees `h0`).",
        "Set the state once, before the loop; inside the loop only replace it.",
        _carrying(lambda t, new, old, start: (0 * new[0], new[1])),
    ),
    (
        "feedback reset each step",
        "The feedback is zero from the second step on.",
        "Keep `y_t` and hand it to the next step as `y_prev`.",
        _carrying(lambda t, new, old, start: (new[0], 0 * new[1])),
    ),
    (
        "feedback delayed twice",
        "The feedback comes one step too late: step t is fed y_{t-2}.",
        "Replace `y_prev` at the end of every turn of the loop, together with `h_prev`.",
        _feedback_delayed,
    ),
    (
        "h0 ignored",
        "The initial state `h0` is ignored: the run starts from zeros.",
        "Start with `h0`. Zeros are a common choice, but the caller chooses.",
        lambda step, x, h0, y0, p: run(x, 0 * h0, y0, p, step),
    ),
    (
        "y0 ignored",
        "The initial output `y0` is ignored: the first step is fed zeros.",
        "The first step's `y_prev` is `y0`.",
        lambda step, x, h0, y0, p: run(x, h0, 0 * y0, p, step),
    ),
    (
        "h0 and y0 ignored",
        "Both `h0` and `y0` are ignored: the run starts from zeros.",
        "The first step starts from `h0` and `y0`, whatever the caller puts there.",
        lambda step, x, h0, y0, p: run(x, 0 * h0, 0 * y0, p, step),
    ),
    (
        "h_{t-1} emitted (off by one)",
        "All is one step late: entry t holds what was there *before* step t.",
        "Store after the step: `h[:, t]` is the state that has seen `x[:, t]`.",
        _off_by_one,
    ),
    (
        "last step kept only",
        "Only the last step is returned; the states and outputs of all steps are asked for.",
        "Fill `h[:, t]` and `y[:, t]`, or append to lists and `np.stack(..., axis=1)`.",
        lambda *arguments: tuple(a[:, -1] for a in _run_over(*arguments)),
    ),
    (
        "one buffer for all steps",
        "Every step shows the last one: one array was stored T times and overwritten.",
        "A list of the same array holds views, not copies. Store a new array (or `.copy()`).",
        _one_buffer,
    ),
    (
        "(B, T, D) read as (T, B, D)",
        "Axis 0 is read as time. Here it is the batch: `x` is (B, T, D).",
        "Step t of every sequence is `x[:, t]`.",
        _time_major,
    ),
    (
        "stacked time-major",
        "The values are right but stacked as (T, B, ...); asked for is (B, T, ...).",
        "Stack along axis 1, or fill arrays of shape (B, T, H) and (B, T, O).",
        lambda *arguments: tuple(np.moveaxis(a, 1, 0) for a in _run_over(*arguments)),
    ),
    (
        "loop runs backward",
        "The loop runs from the last step to the first.",
        "A state depends on the past only: t goes 0, 1, ..., T-1.",
        _backwards,
    ),
    (
        "last step skipped",
        "The last step is never computed.",
        "`range(T - 1)` stops one early: `range(T)` gives 0 to T-1.",
        lambda *arguments: _without(-1, *arguments),
    ),
    (
        "first step skipped",
        "The first step is never computed: the loop starts at 1.",
        "`x[:, 0]` is an input too; what comes before it is `h0` and `y0`.",
        lambda *arguments: _without(0, *arguments),
    ),
    (
        "states and outputs swapped",
        "Outputs and states are the wrong way round: `(y, h, cache)`.",
        "Return the states first: `return h, y, cache`.",
        lambda *arguments: _run_over(*arguments)[::-1],
    ),
    (
        "h0 and y0 changed in place",
        "`h0` or `y0` was overwritten while running.",
        "`h = h0` does not copy. Let each step make new arrays.",
        _starts_changed,
    ),
)


def _run_over(step, x, h0, y0, p):
    return run(x, h0, y0, p, step)


def loop_mistakes(step: Step = leaky_step) -> tuple[Mistake, ...]:
    """Return the mistakes of a loop over `step`, which need not be the right one."""
    return tuple(
        Mistake(name, says, hint, lambda *arguments, wrong=wrong: wrong(step, *arguments))
        for name, says, hint, wrong in _LOOPS
    )


FORWARD_MISTAKES = (
    *loop_mistakes(),
    *(
        Mistake(m.name, m.says, m.hint, lambda *a, step=m.wrong: run(*a, step))
        for m in STEP_MISTAKES
        if m.name != "results in the wrong order"
    ),
)
"""A wrong loop over the right step, or the right loop over a wrong step."""
