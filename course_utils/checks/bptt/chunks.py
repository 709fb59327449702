"""The truncated way back done wrong: chunks that are cut, started, walked or added up otherwise."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.patches import loop
from course_utils.checks.bptt.reference import backward, truncated


def cut_where(border):
    """Return the way back with the gradient cut between t - 1 and t where `border(t, T, k)`."""

    def wrong(dh, x, h0, h, W_xh, W_hh, k):
        def carry(from_later, dh_prev, t, T):
            return 0 * dh_prev if t and border(t, T, k) else dh_prev

        return loop(carry=carry)(dh, x, h0, h, W_xh, W_hh)

    return wrong


def only(which):
    """Return the way back that visits some chunks only: `which(T, k)` says where they start."""

    def wrong(dh, x, h0, h, W_xh, W_hh, k):
        T = x.shape[1]
        visited = np.zeros((1, T, 1), x.dtype)
        for a in which(T, k):
            visited[:, a : a + k] = 1
        return truncated(dh * visited, x, h0, h, W_xh, W_hh, k)

    return wrong


def weights_of(which):
    """Return the way back that keeps the weights' gradients of some chunks only."""
    return lambda *a: (*truncated(*a)[:2], *only(which)(*a)[2:])


def first_chunk(T, k):
    return range(0, T, k)[:1]


def last_chunk(T, k):
    return range(0, T, k)[-1:]


def whole_chunks(T, k):
    return range(0, T // k * k, k)


def started(start):
    """Return the chunks with another state before the first step of each: `start(h0)`."""

    def wrong(dh, x, h0, h, W_xh, W_hh, k):
        first = [True]

        def chunk(dh, x, before, h, W_xh, W_hh):
            before, first[0] = (h0 if first[0] else start(h0)), False
            return backward(dh, x, before, h, W_xh, W_hh)

        return truncated(dh, x, h0, h, W_xh, W_hh, k, chunk=chunk)

    return wrong


def carried_on(whose_dh0):
    """Return the chunks with one `carried` for all: what leaves a chunk enters the next one's end.

    `whose_dh0` picks dh0 from what left the first chunk and what left the last.
    """

    def wrong(dh, x, h0, h, W_xh, W_hh, k):
        left = [np.zeros_like(h0)]

        def chunk(dh, *rest):
            entered = np.concatenate([dh[:, :-1], dh[:, -1:] + left[-1][:, None]], axis=1)
            outputs = backward(entered, *rest)
            left.append(outputs[1])
            return outputs

        dx, dh0, *sums = truncated(dh, x, h0, h, W_xh, W_hh, k, chunk=chunk)
        return dx, whose_dh0(dh0, left[-1]), *sums

    return wrong


def chunk_walked(steps):
    """Return the chunks with their steps visited as `steps(n)` says, n being a chunk's length."""
    return lambda *a: truncated(*a, chunk=lambda *b: backward(*b, steps=steps))


def last_steps_only(*arguments):
    *rest, k = arguments
    return backward(*rest, steps=lambda T: reversed(range(max(0, T - k), T)))


def windows(dh, x, h0, h, W_xh, W_hh, k):
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


def dh0(value):
    def wrong(*arguments):
        right = truncated(*arguments)
        return right[0], value(right, *arguments), *right[2:]

    return wrong


def last_start(right, dh, x, h0, h, W_xh, W_hh, k):
    T = x.shape[1]
    if T == 0:
        return right[1]
    a = (T - 1) // k * k
    now = slice(a, T)
    return backward(dh[:, now], x[:, now], h0, h[:, now], W_xh, W_hh)[1]


def all_starts(right, dh, x, h0, h, W_xh, W_hh, k):
    left = [np.zeros_like(h0)]

    def chunk(*a):
        outputs = backward(*a)
        left.append(outputs[1])
        return outputs

    truncated(dh, x, h0, h, W_xh, W_hh, k, chunk=chunk)
    return sum(left)


def averaged(dh, x, *rest):
    right = truncated(dh, x, *rest)
    number = max(-(-x.shape[1] // rest[-1]), 1)
    return *right[:2], *(gradient / number for gradient in right[2:])
