"""Wrong ways to cut A3's way back into chunks: most over any pass through a chunk."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a3_reference import (
    add_up,
    backward,
    before,
    chunks,
    cut,
    leaky_states,
    loop,
)


def from_the_end(T, k):
    """Whole chunks at the end, a short one at the start."""
    ends = list(range(T, 0, -k))[::-1]
    return [(max(last - k, 0), last) for last in ends]


def sized(change):
    return lambda whole: cut(whole, chunks=lambda T, k: chunks(T, max(change(T, k), 1)))


def whole_chunks_only(T, k):
    return [(first, last) for first, last in chunks(T, k) if last - first == k]


def reset(t, seen, starts):
    return tuple(np.zeros_like(a) for a in starts) if t else starts


def replaced(t, grads, more):
    grads.update(more)


def state_anew(whole):
    """Every chunk starts from h0 and y0, forward and backward."""
    return cut(whole, before=lambda t, seen, starts: starts)


def one_step_late(t, seen, starts):
    """The chunk's own first state instead of the one before it."""
    return tuple(a[:, t] for a in seen) if t else starts


def output_anew(t, seen, starts):
    return before(t, seen, starts)[0], starts[1]


def averaged(whole):
    def wrong(dh, dy, x, h0, y0, params, lengths, k):
        *rest, grads = cut(whole)(dh, dy, x, h0, y0, params, lengths, k)
        number = max(len(chunks(x.shape[1], k)), 1)
        return *rest, {name: value / number for name, value in grads.items()}

    return wrong


def last_chunk(whole):
    """Only the last chunk is gone back through."""

    def wrong(dh, dy, x, h0, y0, params, lengths, k):
        first = max(x.shape[1] - k, 0)
        dh, dy = (np.concatenate([0 * a[:, :first], a[:, first:]], axis=1) for a in (dh, dy))
        return cut(whole, chunks=lambda T, k: from_the_end(T, k))(
            dh, dy, x, h0, y0, params, lengths, k
        )

    return wrong


def cut_in_loop(which):
    """Cut h's or y's gradient alone, in a loop over all steps."""

    def wrong(dh, dy, x, h0, y0, params, lengths, k):
        def hand(t, arriving, leaving):
            inside = t == 0 or t % k
            return tuple(g if inside or i not in which else 0 * g for i, g in enumerate(leaving))

        return loop(hand_back=hand)(dh, dy, x, h0, y0, params, lengths)

    return wrong


def each_goes_back(dh, dy, x, h0, y0, params, lengths, k):
    """What arrives at each step goes back through k steps, wherever these lie."""
    total = None
    for t in range(x.shape[1]):
        here = (np.arange(x.shape[1]) == t)[:, None]
        stop = lambda s, arriving, leaving, t=t: (  # noqa: E731
            leaving if s > t - k + 1 or s == 0 else tuple(0 * g for g in leaving)
        )
        one = loop(hand_back=stop)(dh * here, dy * here, x, h0, y0, params, lengths)
        if total is None:
            total = one
        else:
            grads = dict(total[3])
            add_up(t, grads, one[3])
            total = (*(a + b for a, b in zip(total[:3], one[:3], strict=True)), grads)
    return total or backward(dh, dy, x, h0, y0, params, lengths)


def zero_starts(whole):
    def wrong(*given):
        dx, dh0, dy0, grads = cut(whole)(*given)
        return dx, 0 * dh0, 0 * dy0, grads

    return wrong


def dh_changed(whole):
    def wrong(dh, dy, *given):
        result = cut(whole)(dh, dy, *given)
        dh[:, :-1] += 1
        return result

    return wrong


def chunk_by_chunk(left):
    """Forward in chunks too, each of which is told `left`: a state may run on behind its end."""

    def over(whole):
        def wrong(dh, dy, x, h0, y0, params, lengths, k):
            dx, start, ends = np.zeros_like(x), (h0, y0), (0 * h0, 0 * y0)
            grads = {name: np.zeros_like(value) for name, value in params.items()}
            for first, last in chunks(x.shape[1], k):
                part, n = slice(first, last), left(lengths, first, last)
                given = x[:, part], *start, params, n
                dx[:, part], *reached, more = whole(dh[:, part], dy[:, part], *given)
                add_up(first, grads, more)
                start = tuple(a[:, -1] for a in leaky_states(*given))
                ends = ends if first else reached
            return dx, *ends, grads

        return wrong

    return over


def not_shifted(lengths, first, last):
    return np.minimum(lengths, last - first)


def all_of_it(lengths, first, last):
    return np.full_like(lengths, last - first)
