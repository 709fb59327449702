"""What learners get wrong when the way back is cut into chunks of k steps."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.end_mistakes import END_MISTAKES
from course_utils.checks.bptt.loop_mistakes import LOOP_ONLY
from course_utils.checks.bptt.patches import loop
from course_utils.checks.bptt.reference import backward, truncated
from course_utils.checks.bptt.slope_mistakes import SLOPE_MISTAKES
from course_utils.checks.bptt.step_mistakes import SHARE_MISTAKES, order_mistakes
from course_utils.checks.core import Mistake, variants


def _cut_where(border):
    """Return the way back with the gradient cut between t - 1 and t where `border(t, T, k)`."""

    def wrong(dh, x, h0, h, W_xh, W_hh, k):
        def carry(from_later, dh_prev, t, T):
            return 0 * dh_prev if t and border(t, T, k) else dh_prev

        return loop(carry=carry)(dh, x, h0, h, W_xh, W_hh)

    return wrong


def _only(which):
    """Return the way back that visits some chunks only: `which(T, k)` says where they start."""

    def wrong(dh, x, h0, h, W_xh, W_hh, k):
        T = x.shape[1]
        visited = np.zeros((1, T, 1), x.dtype)
        for a in which(T, k):
            visited[:, a : a + k] = 1
        return truncated(dh * visited, x, h0, h, W_xh, W_hh, k)

    return wrong


def _weights_of(which):
    """Return the way back that keeps the weights' gradients of some chunks only."""
    return lambda *a: (*truncated(*a)[:2], *_only(which)(*a)[2:])


def _first_chunk(T, k):
    return range(0, T, k)[:1]


def _last_chunk(T, k):
    return range(0, T, k)[-1:]


def _whole_chunks(T, k):
    return range(0, T // k * k, k)


def _started(start):
    """Return the chunks with another state before the first step of each: `start(h0)`."""

    def wrong(dh, x, h0, h, W_xh, W_hh, k):
        first = [True]

        def chunk(dh, x, before, h, W_xh, W_hh):
            before, first[0] = (h0 if first[0] else start(h0)), False
            return backward(dh, x, before, h, W_xh, W_hh)

        return truncated(dh, x, h0, h, W_xh, W_hh, k, chunk=chunk)

    return wrong


def _windows(dh, x, h0, h, W_xh, W_hh, k):
    """Each step's gradient goes back k steps, itself counted, whatever the chunk."""
    total = [np.zeros_like(a) for a in (x, h0, W_xh, W_hh, W_hh[0])]
    for t in range(x.shape[1]):
        a = max(0, t + 1 - k)
        now = slice(a, t + 1)
        alone = np.zeros_like(dh[:, now])
        alone[:, -1] = dh[:, t]
        dx, dstart, *terms = backward(
            alone, x[:, now], h[:, a - 1] if a else h0, h[:, now], W_xh, W_hh
        )
        total[0][:, now] += dx
        total[1] += 0 if a else dstart
        total[2:] = [s + term for s, term in zip(total[2:], terms, strict=True)]
    return tuple(total)


def _dh0(value):
    def wrong(*arguments):
        right = truncated(*arguments)
        return right[0], value(right, *arguments), *right[2:]

    return wrong


def _last_start(right, dh, x, h0, h, W_xh, W_hh, k):
    T = x.shape[1]
    if T == 0:
        return right[1]
    a = (T - 1) // k * k
    now = slice(a, T)
    return backward(dh[:, now], x[:, now], h0, h[:, now], W_xh, W_hh)[1]


def _averaged(dh, x, *rest):
    right = truncated(dh, x, *rest)
    number = max(-(-x.shape[1] // rest[-1]), 1)
    return *right[:2], *(gradient / number for gradient in right[2:])


CHUNK_ONLY = (
    Mistake(
        "nothing is cut",
        "This is the full gradient: `k` has no effect.",
        "Between one chunk and the next, what is carried back is set to zero.",
        lambda *a: backward(*a[:-1]),
    ),
    Mistake(
        "state reset at each chunk",
        "A chunk starts from a zero state; only the gradient is cut, the state is carried on.",
        "The state before a chunk that begins at t is `h[:, t - 1]`.",
        _started(np.zeros_like),
    ),
    Mistake(
        "every chunk starts from h0",
        "Every chunk starts from `h0`.",
        "The state before a chunk that begins at t is `h[:, t - 1]`; `h0` is for the first only.",
        _started(lambda h0: h0),
    ),
    Mistake(
        "incomplete chunk dropped",
        "The steps that do not fill a whole chunk are left out.",
        "T = 7 with k = 3 makes chunks of 3, 3 and 1: `for a in range(0, T, k)`.",
        _only(_whole_chunks),
    ),
    Mistake(
        "chunks counted from the end",
        "The chunks are counted from the end of the sequence; they begin at t = 0.",
        "The gradient is cut between t - 1 and t where `t % k == 0`.",
        _cut_where(lambda t, T, k: (T - t) % k == 0),
    ),
    *variants(
        "cut one step off",
        "The gradient is cut one step beside the border of the chunks.",
        "After step t its gradient is handed to step t - 1. It is not where `t % k == 0`: there a "
        "chunk begins.",
        _cut_where(lambda t, T, k: (t + 1) % k == 0),
        _cut_where(lambda t, T, k: t > 1 and (t - 1) % k == 0),
        _cut_where(lambda t, T, k: (t - 1) % k == 0),
    ),
    Mistake(
        "windows, not chunks",
        "Each step's gradient goes back k steps, wherever it starts. That is another truncation "
        "(and costs k times as much); asked for are chunks.",
        "Within a chunk all goes back to the chunk's first step, and no further.",
        _windows,
    ),
    *variants(
        "one chunk's weights only",
        "The weights' gradients hold one chunk's terms only.",
        "The gradients of all chunks add up: `dW += ...`.",
        _weights_of(_last_chunk),
        _weights_of(_first_chunk),
    ),
    *variants(
        "only one chunk visited",
        "Only one chunk has a gradient.",
        "Look at how far `return` is indented: all chunks are visited.",
        _only(_last_chunk),
        _only(_first_chunk),
    ),
    Mistake(
        "averaged over chunks",
        "The weights' gradients are divided by the number of chunks.",
        "They add up, as they would without the cuts.",
        _averaged,
    ),
    Mistake(
        "dh0 of the last chunk",
        "Only `dh0` is wrong: it is what reaches the start of the *last* chunk.",
        "`dh0` is what reaches h0 itself, so it comes from the first chunk.",
        _dh0(_last_start),
    ),
    Mistake(
        "dh0 zero",
        "Only `dh0` is wrong: zeros are returned.",
        "The first chunk starts from h0, and nothing is cut within it.",
        _dh0(lambda right, *a: 0 * right[1]),
    ),
)


def _in_chunks(mistake: Mistake) -> Mistake:
    def wrong(*a):
        return truncated(*a, chunk=mistake.wrong)

    return Mistake(mistake.name, mistake.says, mistake.hint, wrong)


CHUNK_MISTAKES = (
    *CHUNK_ONLY,
    *(
        Mistake(m.name, m.says, m.hint, lambda *a, m=m: m.wrong(*a[:-1]))
        for m in END_MISTAKES
        if m.name == "dout mutated"
    ),
    *(_in_chunks(m) for m in LOOP_ONLY),
    *(
        _in_chunks(Mistake(m.name, m.says, m.hint, loop(**m.wrong.keywords)))
        for m in (*SLOPE_MISTAKES, *SHARE_MISTAKES)
    ),
    *order_mistakes(truncated, "dx, dh0, dW_xh, dW_hh, db_h"),
)
