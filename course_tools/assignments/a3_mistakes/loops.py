"""Loops of A3 backward that are wrong: each over any step, most with one piece replaced."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_tools.assignments.a3_reference import (
    Pass,
    Step,
    add_up,
    hand_back,
    leaky_states,
    loop,
    silence,
    step,
)

Loop = tuple[str, str, str, tuple[Callable[[Step], Pass], ...]]
"""A mistake's name, what it says, its hint, and the ways to make it: each a loop over a step."""


def last_seen():
    """Keep the step that the loop comes to first."""
    return lambda step: loop(
        step, add_up=lambda t, g, more: None if any(v.any() for v in g.values()) else g.update(more)
    )


def overwritten(t, grads, more):
    grads.update(more)


def own_output_only(step):
    """W_hy and b_y learn from what arrives from outside alone, not from the feedback."""

    def backward(dh, dy, x, h0, y0, params, lengths):
        *rest, grads = loop(step)(dh, dy, x, h0, y0, params, lengths)
        (seen,) = silence(np.arange(x.shape[1]) < lengths[:, None], dy)
        h, _ = leaky_states(x, h0, y0, params, lengths)
        grads["W_hy"], grads["b_y"] = np.einsum("bth,bto->ho", h, seen), seen.sum(axis=(0, 1))
        return *rest, grads

    return backward


def output_at_end_only(step):
    """W_hy and b_y learn from the last step alone."""

    def add(t, grads, more):
        fresh = {name: more[name] for name in ("W_hy", "b_y") if not grads[name].any()}
        rest = [name for name in grads if name not in ("W_hy", "b_y")]
        grads.update(fresh, **{name: grads[name] + more[name] for name in rest})

    return loop(step, add_up=add)


def accumulates(step):
    """What is handed back is added to what was handed back before."""
    held = []

    def hand(t, arriving, leaving):
        held[:] = [a + b for a, b in zip(held, leaving, strict=True)] if held else leaving
        return tuple(held)

    def backward(*given):
        held.clear()
        return loop(step, hand_back=hand)(*given)

    return backward


def added_after(dh, dy, *given):
    """What comes from the next step is added behind the slope of the tanh."""
    carried = [0.0]
    late = step(da=lambda v: v.leak * v.dh * (1 - v.new**2) + carried[0])

    def hand(t, arriving, leaving):
        carried[0] = leaving[0]
        return (0 * leaving[0], leaving[1]) if t else leaving

    return loop(late, hand_back=hand)(dh, dy, *given)


def ends(change):
    """A right loop with what reaches h0 and y0 replaced by `change(t, arriving, leaving)`."""
    return lambda step: loop(
        step, hand_back=lambda t, a, b: change(a, b) if t == 0 else hand_back(t, a, b)
    )


def zero(arrays):
    return tuple(np.zeros_like(a) for a in arrays)


def upstream(keep):
    """Of what arrives from outside, keep `keep(dh, dy, last)`; `last` marks the last steps."""

    def wrong(step):
        def backward(dh, dy, x, h0, y0, params, lengths):
            last = np.arange(x.shape[1]) == lengths[:, None] - 1
            return loop(step)(*keep(dh, dy, last[:, :, None]), x, h0, y0, params, lengths)

        return backward

    return wrong


def one_buffer(t, seen, starts):
    return tuple(a[:, -1] for a in seen)


def step_zero_missing(step):
    def backward(dh, dy, x, h0, y0, params, lengths):
        stop = lambda T: list(reversed(T))[:-1]  # noqa: E731
        return loop(step, order=stop)(dh, dy, x, h0, y0, params, lengths)

    return backward


def clipped(step, most):
    def clip(t, arriving, leaving):
        return tuple(np.clip(a, -most, most) for a in leaving)

    return loop(step, hand_back=clip)


def clipped_at_the_end(step, most):
    def backward(*given):
        *rest, grads = loop(step)(*given)
        return *rest, {name: np.clip(value, -most, most) for name, value in grads.items()}

    return backward


def divided(step, by):
    def backward(dh, dy, x, *given):
        *rest, grads = loop(step)(dh, dy, x, *given)
        return *rest, {name: value / by(x, given[-1]) for name, value in grads.items()}

    return backward


def dh_changed(step):
    """`dh[:, t] += ...` in the loop: right, but in the caller's array."""

    def backward(dh, dy, *given):
        result = loop(step)(dh, dy, *given)
        dh[:, :-1] += 1
        return result

    return backward


def into_params(step):
    """`grads = params.copy()` copies the dict, not the arrays."""

    def backward(dh, dy, x, h0, y0, params, lengths):
        *rest, grads = loop(step)(dh, dy, x, h0, y0, params, lengths)
        for name, value in params.items():
            value += grads[name]
        return *rest, dict(params)

    return backward


def times(running, *arrays):
    return tuple(a * running[:, :, None] for a in arrays)


def padding_seen(which):
    """Leave the padding as it is in some of dh, dy and x."""
    return lambda running, *arrays: tuple(
        a if i in which else silence(running, a)[0] for i, a in enumerate(arrays)
    )


def frozen(running, dh, dy, x):
    """What arrives behind an end is added to the last step before it, as if the state were kept."""
    dh, dy, x = (np.array(a) for a in (dh, dy, x))
    for b, n in enumerate(running.sum(axis=1)):
        if 0 < n < dh.shape[1]:
            dh[b, n - 1] += dh[b, n:].sum(axis=0)
            dy[b, n - 1] += dy[b, n:].sum(axis=0)
    return silence(running, dh, dy, x)


def time_major(step):
    """Axis 0 is read as time."""

    def backward(dh, dy, x, h0, y0, params, lengths):
        later = np.zeros_like(h0), np.zeros_like(y0)
        h, y = leaky_states(x, h0, y0, params, lengths)
        grads, dx = {name: np.zeros_like(v) for name, v in params.items()}, np.zeros_like(x)
        for t in reversed(range(x.shape[1])):
            h_prev, y_prev = (h[t - 1], y[t - 1]) if t else (h0, y0)
            arriving = dh[t] + later[0], dy[t] + later[1]
            dx[t], *later, more = step(*arriving, x[t], h_prev, y_prev, h[t], params)
            add_up(t, grads, more)
        return dx, *later, grads

    return backward


def piece(**pieces):
    return lambda step: loop(step, **pieces)


def handing(change):
    """A loop that hands back `change(t, (dh, dy))`, but the right thing to h0 and y0."""
    return piece(hand_back=lambda t, arriving, leaving: change(t, leaving) if t else leaving)
