"""A3's reference in NumPy, as one would like to read it, in pieces that the mistakes replace.

One step backward is a list of formulas, each of what is given and of those before it; `step(...)`
builds one with some formulas replaced. A loop takes the step that it repeats; what it does with
the padding, where a step starts from, what it hands back in time and how it adds up are pieces too.
Truncation takes the pass that it applies to each chunk.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from course_tools.assignments.a2_reference import leaky_step
from course_tools.assignments.gradients import relative_error

Step = Callable[..., tuple]
"""(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params) -> (dx_t, dh_prev, dy_prev, grads)"""
Pass = Callable[..., tuple]
"""(dh, dy, x, h0, y0, params, lengths) -> (dx, dh0, dy0, grads)"""

NAMES = ("W_xh", "W_hh", "W_yh", "b_h", "leak", "W_hy", "b_y")


# --- forward, as the notebook gives it --------------------------------------------------------


def leaky_states(x, h0, y0, params, lengths):
    """Return h (B, T, H) and y (B, T, O); both are zero from each sequence's end on."""
    B, T, _ = x.shape
    h = np.zeros((B, T, h0.shape[1]), dtype=h0.dtype)
    y = np.zeros((B, T, y0.shape[1]), dtype=y0.dtype)
    h_prev, y_prev = h0, y0
    for t in range(T):
        h_t, y_t = leaky_step(x[:, t], h_prev, y_prev, params)
        running = (t < lengths)[:, None]
        h[:, t], y[:, t] = np.where(running, h_t, 0), np.where(running, y_t, 0)
        h_prev, y_prev = h[:, t], y[:, t]
    return h, y


# --- the numeric gradient ---------------------------------------------------------------------


def weigh(dh, dy, h, y):
    return np.sum(dh * h) + np.sum(dy * y)


def loss_of(dh, dy, x, h0, y0, params, lengths, name, weigh=weigh):
    """Return the loss as a function of the one array called `name`."""

    def loss(value):
        given = {"x": x, "h0": h0, "y0": y0, **params, name: value}
        start = given["x"], given["h0"], given["y0"]
        h, y = leaky_states(*start, {key: given[key] for key in NAMES}, lengths)
        return weigh(dh, dy, h, y)

    return loss


def central(loss, value, eps):
    numeric = np.zeros(value.shape)
    for index in np.ndindex(value.shape):
        up, down = value.copy(), value.copy()
        up[index] += eps
        down[index] -= eps
        numeric[index] = (loss(up) - loss(down)) / (2 * eps)
    return numeric


def in_float64(value):
    if isinstance(value, dict):
        return {key: in_float64(entry) for key, entry in value.items()}
    return value.astype(np.float64) if value.dtype.kind == "f" else value


def checker(numeric=central, weigh=weigh, error=relative_error, precise=in_float64):
    """Return `gradient_check`, made of these pieces."""

    def gradient_check(name, claimed, dh, dy, x, h0, y0, params, lengths, eps):
        value = {"x": x, "h0": h0, "y0": y0, **params}[name]
        given = [precise(entry) for entry in (dh, dy, x, h0, y0, params, lengths)]
        slopes = numeric(loss_of(*given, name, weigh), precise(value), eps)
        return slopes, error(claimed, slopes)

    return gradient_check


gradient_check = checker()


# --- one step backward ------------------------------------------------------------------------

FORMULAS = {
    "new": lambda v: np.tanh(v.x_t @ v.W_xh + v.h_prev @ v.W_hh + v.y_prev @ v.W_yh + v.b_h),
    "dh": lambda v: v.dh_t + v.dy_t @ v.W_hy.T,
    "da": lambda v: v.leak * v.dh * (1 - v.new**2),
    "dx_t": lambda v: v.da @ v.W_xh.T,
    "dh_prev": lambda v: (1 - v.leak) * v.dh + v.da @ v.W_hh.T,
    "dy_prev": lambda v: v.da @ v.W_yh.T,
    "dW_xh": lambda v: v.x_t.T @ v.da,
    "dW_hh": lambda v: v.h_prev.T @ v.da,
    "dW_yh": lambda v: v.y_prev.T @ v.da,
    "db_h": lambda v: v.da.sum(axis=0),
    "dleak": lambda v: (v.dh * (v.new - v.h_prev)).sum(axis=0),
    "dW_hy": lambda v: v.h_t.T @ v.dy_t,
    "db_y": lambda v: v.dy_t.sum(axis=0),
}


def step(**other: Callable) -> Step:
    """Return `leaky_step_backward` by these formulas, with `other` in place of some."""
    formulas = {**FORMULAS, **other}

    def leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
        v = SimpleNamespace(**params)
        v.dh_t, v.dy_t, v.x_t, v.h_prev, v.y_prev, v.h_t = dh_t, dy_t, x_t, h_prev, y_prev, h_t
        for name, formula in formulas.items():
            setattr(v, name, formula(v))
        return v.dx_t, v.dh_prev, v.dy_prev, {name: getattr(v, f"d{name}") for name in NAMES}

    return leaky_step_backward


leaky_step_backward = step()


# --- the whole sequence -----------------------------------------------------------------------


def silence(running, *arrays):
    """Set what stands behind the ends to zero, even nan (which times zero would stay nan)."""
    return tuple(np.where(running[:, :, None], a, 0) for a in arrays)


def before(t, seen, starts):
    """The state and output that step t started from; `seen` holds h and y, `starts` h0 and y0."""
    return tuple(a[:, t - 1] for a in seen) if t else starts


def add_up(t, grads, more):
    """Add the gradients of step t to those of the steps after it."""
    for name in grads:
        grads[name] = grads[name] + more[name]


def hand_back(t, arriving, leaving):
    """The gradients of h and y that step t hands to the step before it."""
    return leaving


def loop(
    step: Step = leaky_step_backward,
    silence=silence,
    before=before,
    add_up=add_up,
    hand_back=hand_back,
    running=lambda t, lengths: t < lengths,
    order=reversed,
) -> Pass:
    """Return the backward pass over a whole sequence, made of these pieces."""

    def backward(dh, dy, x, h0, y0, params, lengths):
        h, y = leaky_states(x, h0, y0, params, lengths)
        T = x.shape[1]
        dh, dy, x = silence(running(np.arange(T), lengths[:, None]), dh, dy, x)
        dx = np.zeros_like(x)
        grads = {name: np.zeros_like(value) for name, value in params.items()}
        later = np.zeros_like(h0), np.zeros_like(y0)
        for t in order(range(T)):
            arriving = dh[:, t] + later[0], dy[:, t] + later[1]
            given = x[:, t], *before(t, (h, y), (h0, y0)), h[:, t], params
            dx[:, t], *leaving, more = step(*arriving, *given)
            add_up(t, grads, more)
            later = hand_back(t, arriving, leaving)
        return dx, *later, grads

    return backward


backward = loop()


def leaky_forward(x, h0, y0, params, lengths):
    """Return (h, y, cache)."""
    h, y = leaky_states(x, h0, y0, params, lengths)
    return h, y, (x, h0, y0, params, lengths)


def leaky_backward(dh, dy, cache):
    return backward(dh, dy, *cache)


# --- truncated --------------------------------------------------------------------------------


def chunks(T, k):
    """The chunks as (first step, step after the last)."""
    return [(first, min(first + k, T)) for first in range(0, T, k)]


def left(lengths, first, last):
    """How many steps of the chunk each sequence still takes."""
    return np.clip(lengths - first, 0, last - first)


def cut(
    whole: Pass = backward,
    chunks=chunks,
    left=left,
    before=before,
    add_up=add_up,
    first_only: bool = True,
) -> Callable[..., tuple]:
    """Return truncated backpropagation: `whole` on each chunk by itself, the state carried on."""

    def truncated(dh, dy, x, h0, y0, params, lengths, k):
        h, y = leaky_states(x, h0, y0, params, lengths)
        dx = np.zeros_like(x)
        grads = {name: np.zeros_like(value) for name, value in params.items()}
        starts = np.zeros_like(h0), np.zeros_like(y0)
        for first, last in chunks(x.shape[1], k):
            part = slice(first, last)
            given = x[:, part], *before(first, (h, y), (h0, y0))
            dx[:, part], *start, more = whole(
                dh[:, part], dy[:, part], *given, params, left(lengths, first, last)
            )
            add_up(first, grads, more)
            if first == 0 or not first_only:
                starts = start
        return dx, *starts, grads

    return truncated


leaky_backward_truncated = cut()
