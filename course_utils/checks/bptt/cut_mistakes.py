"""What learners do to the gradient on its way back that nobody asked for: cut, skip, clip."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.patches import after, loop
from course_utils.checks.core import Mistake, variants


def _cut_every(k, from_the_end):
    """Return the way back with nothing carried over every k-th border between steps."""

    def carry(from_later, dh_prev, t, T):
        border = (T - t) % k == 0 if from_the_end else t % k == 0
        return 0 * dh_prev if border and t else dh_prev

    return loop(carry=carry)


def _stopped_after(k, dh0=True):
    """Return the way back that visits the last k steps only."""

    def keep(outputs, dh, *rest):
        return outputs if dh0 else [outputs[0], 0 * outputs[1], *outputs[2:]]

    stopped = loop(steps=lambda T: list(reversed(range(T)))[:k])
    return after(keep, stopped)


def _norm(arrays):
    return np.sqrt(sum(np.sum(array**2) for array in arrays)) + 1e-300


def _carry_by_value(limit):
    return loop(carry=lambda later, dh_prev, t, T: np.clip(dh_prev, -limit, limit))


def _carry_by_norm(limit):
    return loop(carry=lambda later, dh_prev, t, T: dh_prev * min(1, limit / _norm([dh_prev])))


def _all_by_value(limit, first=0):
    return after(
        lambda out, *rest: [*out[:first], *(np.clip(g, -limit, limit) for g in out[first:])]
    )


def _all_by_norm(limit, first=0):
    def change(outputs, *rest):
        by = min(1, limit / _norm(outputs[first:]))
        return [*outputs[:first], *(gradient * by for gradient in outputs[first:])]

    return after(change)


def _each_by_norm(limit, first=0):
    def change(outputs, *rest):
        clipped = (gradient * min(1, limit / _norm([gradient])) for gradient in outputs[first:])
        return [*outputs[:first], *clipped]

    return after(change)


BY_VALUE = (
    "clipping inside (by value)",
    "The gradient is clipped by value inside the backward pass.",
    "Return the true gradient. Clipping belongs between the backward pass and the update, where "
    "its limit can be chosen and seen.",
)
BY_NORM = (
    "clipping inside (by norm)",
    "The gradient is clipped by its norm inside the backward pass.",
    BY_VALUE[2],
)


def _clipping(limit):
    """Return the ways to clip at `limit`: what is carried, all results, or the weights' only."""
    wholes = [way(limit, first) for way in (_all_by_norm, _each_by_norm) for first in (0, 2)]
    return [
        *variants(*BY_VALUE, _carry_by_value(limit), *(_all_by_value(limit, i) for i in (0, 2))),
        *variants(*BY_NORM, _carry_by_norm(limit), *wholes),
    ]


def _truncation(*lengths):
    """Return the ways to cut the gradient after as many steps."""
    return variants(
        "silent truncation",
        "The gradient does not go all the way back: it is cut after some steps.",
        "The loop runs over all T steps and carries the gradient to each. Truncation is a choice "
        "that a caller makes, by cutting the sequence into chunks.",
        *(_stopped_after(k, dh0) for k in lengths for dh0 in (True, False)),
        *(_cut_every(k, from_the_end) for k in lengths for from_the_end in (False, True)),
    )


CUT_MISTAKES = (
    *_truncation(2, 3, 4),
    *variants(
        "only the last step visited",
        "Only the last step is visited: nothing before it has a gradient.",
        "Look at how far `return` is indented, and at what the loop runs over: "
        "`for t in reversed(range(T))`.",
        _stopped_after(1),
        _stopped_after(1, dh0=False),
    ),
    *variants(
        "first step skipped",
        "The first step is never visited: the loop ends at t = 1.",
        "`range(T - 1, 0, -1)` stops before 0: write `reversed(range(T))`.",
        loop(steps=lambda T: range(T - 1, 0, -1)),
        after(
            lambda out, *rest: [out[0], 0 * out[1], *out[2:]],
            loop(steps=lambda T: range(T - 1, 0, -1)),
        ),
    ),
    Mistake(
        "last step skipped",
        "The last step is never visited: the loop begins at t = T - 2.",
        "The states are h[:, 0] to h[:, T - 1]: write `reversed(range(T))`.",
        loop(steps=lambda T: range(T - 2, -1, -1)),
    ),
    *_clipping(1.0),
)

WIDE_CUTS = (
    *(m for limit in (5.0, 10.0, 100.0) for m in _clipping(limit)),
    *_truncation(5, 10, 20),
)
"""Not all inputs have gradients beyond 5, or more than five steps: a reader's own need not show
these."""
