"""What learners get wrong around the loop back through time: averages, axes, dh0, dx, memory."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.patches import after, inner, instead
from course_utils.checks.bptt.reference import backward
from course_utils.checks.core import Mistake, variants


def _first(array):
    """Return the first step's slice of an array (B, T, ...); zeros where there is no step."""
    return array[:, 0] if array.shape[1] else array.sum(axis=1)


def _scaled(scale, weights_only=False):
    """Return the way back with its results, or the weights' only, times `scale(B, T)`."""

    def change(outputs, dh, *rest):
        by = scale(*dh.shape[:2]) if dh.shape[1] else 1.0
        return [value if weights_only and i < 2 else value * by for i, value in enumerate(outputs)]

    return after(change)


def _adding_in_place(dh, x, h0, h, W_xh, W_hh):
    """The gradients are right, but `dh[:, t] += from_later` wrote into the caller's array."""
    outputs = backward(dh, x, h0, h, W_xh, W_hh)
    for t in reversed(range(dh.shape[1] - 1)):
        dh[:, t] += (dh[:, t + 1] * (1 - h[:, t + 1] ** 2)) @ W_hh.T
    return outputs


def _time_major(steps, out=lambda dx: dx):
    """Return the way back with axis 0 of dh, x and h read as time; it runs only where B = T."""

    def wrong(dh, x, h0, h, W_xh, W_hh):
        T = x.shape[steps]
        dx = np.zeros_like(x)
        sums = [0 * W_xh, 0 * W_hh, 0 * W_hh[0]]
        from_later = np.zeros_like(h0)
        for t in reversed(range(T)):
            da = (dh[t] + from_later) * (1 - h[t] ** 2)
            h_prev = h[t - 1] if t else h0
            dx[t], from_later = da @ W_xh.T, da @ W_hh.T
            terms = x[t].T @ da, h_prev.T @ da, da.sum(axis=0)
            sums = [total + term for total, term in zip(sums, terms, strict=True)]
        return out(dx), from_later, *sums

    return wrong


END_MISTAKES = (
    Mistake(
        "everything averaged over batch",
        "Gradients are divided by the batch size B.",
        "Add up over the batch. If the loss is a mean, its 1/B is in `dh` already.",
        _scaled(lambda B, T: 1 / B),
    ),
    *variants(
        "divided by T",
        "Gradients are divided by the number of steps T.",
        "Add up over time. If the loss is a mean over steps, its 1/T is in `dh` already.",
        _scaled(lambda B, T: 1 / T, weights_only=True),
        _scaled(lambda B, T: 1 / T),
    ),
    *variants(
        "divided by B and T",
        "Gradients are divided by B and by T.",
        "Add up over batch and time. If the loss is a mean, 1/(B T) is in `dh` already.",
        _scaled(lambda B, T: 1 / (B * T), weights_only=True),
        _scaled(lambda B, T: 1 / (B * T)),
    ),
    Mistake(
        "db averaged over batch and time",
        "`db_h` is a mean over batch and time; it is a sum.",
        "The same bias was used B T times, so B T gradients add up.",
        instead(4, lambda right, given: right[4] / max(given[0][..., 0].size, 1)),
    ),
    *variants(
        "dh0 without W_hh^T",
        "Only `dh0` is wrong: the last product with `W_hh.T` is missing.",
        "h0 enters the first step like every other state: dh0 = `da @ W_hh.T`. It is what the "
        "loop would carry to one more step.",
        instead(1, lambda right, given: _first(inner(*given)[1])),
        instead(1, lambda right, given: _first(inner(*given)[0])),
    ),
    Mistake(
        "dh0 through W_hh not transposed",
        "Only `dh0` is wrong: the last product is with `W_hh`; it needs `W_hh.T`.",
        "dh0 is made like every other carried gradient: `da @ W_hh.T`, with da of t = 0.",
        instead(1, lambda right, given: _first(inner(*given)[1]) @ given[5]),
    ),
    Mistake(
        "dh0 zero",
        "Only `dh0` is wrong: zeros are returned.",
        "After the loop, the gradient that is left over is the one of `h0`: return it.",
        instead(1, lambda right, given: 0 * right[1]),
    ),
    Mistake(
        "dh0 is the first slice of dh",
        "Only `dh0` is wrong: it is `dh[:, 0]`.",
        "`dh[:, 0]` arrives at the state *after* the first step. dh0 is what the loop hands on "
        "at its end.",
        instead(1, lambda right, given: _first(given[0])),
    ),
    Mistake(
        "dout mutated",
        "`dh` was overwritten on the way. The gradients are right, but the caller's array is not "
        "what it was.",
        "`dh_t = dh[:, t]` is a view, so `dh_t += from_later` writes into the caller's array. Make "
        "a new one: `dh_t = dh[:, t] + from_later`.",
        _adding_in_place,
    ),
    *variants(
        "(B,T,D) read as (T,B,D)",
        "Axis 0 is read as time. Here it is the batch: `dh`, `x` and `h` are (B, T, ...).",
        "Step t of every sequence is `dh[:, t]`. If your function is time-major on purpose, "
        "declare it: `batch_first=False`.",
        _time_major(0),
        _time_major(1),
        _time_major(0, lambda dx: dx.swapaxes(0, 1)),
        _time_major(1, lambda dx: dx.swapaxes(0, 1)),
    ),
    Mistake(
        "dx in reversed order",
        "`dx` has the right numbers with time reversed: it was collected while going back.",
        "A list filled on the way back begins with the last step. Turn it round before stacking, "
        "or fill `dx[:, t]`.",
        instead(0, lambda right, given: right[0][:, ::-1]),
    ),
    *variants(
        "dx stacked time-major",
        "`dx` is stacked as (T, B, D); asked for is (B, T, D).",
        "`np.stack(..., axis=1)`, or fill an array of x's shape at `dx[:, t]`.",
        instead(0, lambda right, given: right[0].swapaxes(0, 1)),
        instead(0, lambda right, given: right[0].swapaxes(0, 1)[::-1]),
    ),
    *variants(
        "dx of one step only",
        "`dx` holds one step; every input has a gradient.",
        "Make `dx = np.zeros_like(x)` before the loop and fill `dx[:, t]`.",
        instead(0, lambda right, given: _first(right[0])),
        instead(0, lambda right, given: right[0].sum(axis=1)),
    ),
    Mistake(
        "db summed over time only",
        "`db_h` is summed over time, but not over the batch.",
        "Every row of the batch used the same bias: `da.sum(axis=0)` at each step.",
        instead(4, lambda right, given: inner(*given)[1].sum(axis=1)),
    ),
    Mistake(
        "db summed over the batch only",
        "`db_h` is summed over the batch, but not over time: it has a row for each step.",
        "Every step used the same bias: `db += da.sum(axis=0)`.",
        instead(4, lambda right, given: inner(*given)[1].sum(axis=0)),
    ),
)
