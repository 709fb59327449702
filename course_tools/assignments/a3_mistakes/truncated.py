"""Truncated backpropagation of A3, wrong over any pass through a chunk."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a3_mistakes.sequence import NOT_IN_A_LOOP
from course_tools.assignments.a3_mistakes.step import STEP_MISTAKES
from course_tools.assignments.a3_reference import (
    Pass,
    add_up,
    backward,
    before,
    chunks,
    cut,
    leaky_states,
    loop,
)
from course_utils.checks import Mistake


def _from_the_end(T, k):
    """Whole chunks at the end, a short one at the start."""
    ends = list(range(T, 0, -k))[::-1]
    return [(max(last - k, 0), last) for last in ends]


def _sized(change):
    return lambda whole: cut(whole, chunks=lambda T, k: chunks(T, max(change(T, k), 1)))


def _whole_chunks_only(T, k):
    return [(first, last) for first, last in chunks(T, k) if last - first == k]


def _reset(t, seen, starts):
    return tuple(np.zeros_like(a) for a in starts) if t else starts


def _replaced(t, grads, more):
    grads.update(more)


def _state_anew(whole):
    """Every chunk starts from h0 and y0, forward and backward."""
    return cut(whole, before=lambda t, seen, starts: starts)


def _one_step_late(t, seen, starts):
    """The chunk's own first state instead of the one before it."""
    return tuple(a[:, t] for a in seen) if t else starts


def _output_anew(t, seen, starts):
    return before(t, seen, starts)[0], starts[1]


def _averaged(whole):
    def wrong(dh, dy, x, h0, y0, params, lengths, k):
        *rest, grads = cut(whole)(dh, dy, x, h0, y0, params, lengths, k)
        number = max(len(chunks(x.shape[1], k)), 1)
        return *rest, {name: value / number for name, value in grads.items()}

    return wrong


def _last_chunk(whole):
    """Only the last chunk is gone back through."""

    def wrong(dh, dy, x, h0, y0, params, lengths, k):
        first = max(x.shape[1] - k, 0)
        dh, dy = (np.concatenate([0 * a[:, :first], a[:, first:]], axis=1) for a in (dh, dy))
        return cut(whole, chunks=lambda T, k: _from_the_end(T, k))(
            dh, dy, x, h0, y0, params, lengths, k
        )

    return wrong


def _cut_in_loop(which):
    """Cut h's or y's gradient alone, in a loop over all steps."""

    def wrong(dh, dy, x, h0, y0, params, lengths, k):
        def hand(t, arriving, leaving):
            inside = t == 0 or t % k
            return tuple(g if inside or i not in which else 0 * g for i, g in enumerate(leaving))

        return loop(hand_back=hand)(dh, dy, x, h0, y0, params, lengths)

    return wrong


def _cut_everywhere(dh, dy, x, h0, y0, params, lengths, k):
    """`t % k == 0` also holds at t = 0: what reaches h0 and y0 is cut too."""
    dx, dh0, dy0, grads = cut()(dh, dy, x, h0, y0, params, lengths, k)
    return dx, 0 * dh0, 0 * dy0, grads


def _each_goes_back(dh, dy, x, h0, y0, params, lengths, k):
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


def _zero_starts(whole):
    def wrong(*given):
        dx, dh0, dy0, grads = cut(whole)(*given)
        return dx, 0 * dh0, 0 * dy0, grads

    return wrong


def _dh_changed(whole):
    def wrong(dh, dy, *given):
        result = cut(whole)(dh, dy, *given)
        dh[:, :-1] += 1
        return result

    return wrong


def _chunk_by_chunk(left):
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


def _not_shifted(lengths, first, last):
    return np.minimum(lengths, last - first)


def _all_of_it(lengths, first, last):
    return np.full_like(lengths, last - first)


_LENGTHS = (
    "Sequence b takes `lengths[b] - first` steps of the chunk, at least 0, at most all of it."
)

_CUTS = (
    (
        "not cut",
        "This is the full gradient: it is not cut anywhere.",
        "Treat each chunk as a sequence of its own, whose start is given.",
        lambda whole: lambda *given: whole(*given[:-1]),
    ),
    (
        "chunks one step too long",
        "The chunks are one step too long.",
        "With k = 2 the chunks are the steps 0 and 1, 2 and 3, and so on: `range(0, T, k)`.",
        _sized(lambda T, k: k + 1),
    ),
    (
        "chunks one step too short",
        "The chunks are one step too short.",
        "With k = 2 the chunks are the steps 0 and 1, 2 and 3, and so on: `range(0, T, k)`.",
        _sized(lambda T, k: k - 1),
    ),
    (
        "k chunks instead of chunks of k steps",
        "`k` is taken as the number of chunks; it is the number of steps in each.",
        "`range(0, T, k)` gives the first step of each chunk.",
        _sized(lambda T, k: -(-T // k)),
    ),
    (
        "chunks counted from the end",
        "The chunks are counted from the end, so that the first is the short one.",
        "The chunks begin at the steps 0, k, 2k, ...; the last one may be short.",
        lambda whole: cut(whole, chunks=_from_the_end),
    ),
    (
        "last short chunk dropped",
        "The last chunk is left out where it is shorter than k.",
        "`x[:, first:first + k]` stops at the end by itself.",
        lambda whole: cut(whole, chunks=_whole_chunks_only),
    ),
    (
        "last chunk only",
        "Only the last k steps are gone back through.",
        "Every chunk has its own way back; the gradients of the parameters add up.",
        _last_chunk,
    ),
    (
        "state reset at each chunk",
        "The state is set to zero at each chunk; it is carried on, and only the gradient is cut.",
        "A chunk starts from the state and the output after the last step of the chunk before it.",
        lambda whole: cut(whole, before=_reset),
    ),
    (
        "state of the first chunk for all",
        "Every chunk starts from `h0` and `y0`; the state is carried on.",
        "A chunk starts from the state and the output after the last step of the chunk before it.",
        _state_anew,
    ),
    (
        "start of a chunk one step late",
        "A chunk is given its own first state as its start.",
        "The chunk that begins at step `first` starts from `h[:, first - 1]`.",
        lambda whole: cut(whole, before=_one_step_late),
    ),
    (
        "state carried, output not",
        "The state is carried from chunk to chunk, the output is not: each starts from `y0`.",
        "The cell has two memories: h and, through the feedback, y. Carry both.",
        lambda whole: cut(whole, before=_output_anew),
    ),
    (
        "gradients overwritten by each chunk",
        "The gradients of the parameters are those of the last chunk only.",
        "All chunks used the same weights: their gradients add up.",
        lambda whole: cut(whole, add_up=_replaced),
    ),
    (
        "averaged over the chunks",
        "The gradients of the parameters are averaged over the chunks; they are sums.",
        "Whether the loss is an average, the loss decides.",
        _averaged,
    ),
    (
        "dh0 of the last chunk",
        "`dh0` and `dy0` are what reaches the start of the last chunk; h0 starts the first one.",
        "Keep what the first chunk gives for its start; what the others give is cut.",
        lambda whole: cut(whole, first_only=False),
    ),
    (
        "dh0 and dy0 zero",
        "`dh0` and `dy0` are zero; the first chunk does reach h0 and y0.",
        "The chain is cut between chunks. Nothing lies between h0 and the first chunk; "
        "if you cut where `t % k == 0`, leave out t = 0.",
        _zero_starts,
    ),
    (
        "lengths not shifted",
        "Each chunk is given `lengths` as they are, counted from the start of the sequence.",
        _LENGTHS,
        lambda whole: cut(whole, left=_not_shifted),
        _chunk_by_chunk(_not_shifted),
    ),
    (
        "lengths ignored",
        "The padding contributes: lengths are not used.",
        _LENGTHS,
        lambda whole: cut(whole, left=_all_of_it),
        _chunk_by_chunk(_all_of_it),
    ),
    (
        "dh changed in place",
        "`dh` was overwritten: it belongs to the caller.",
        "A slice `dh[:, first:last]` is a view: `+=` into it changes the caller's array.",
        _dh_changed,
    ),
)

_CUT_WRONGLY = (
    Mistake(
        "state's gradient cut, output's not",
        "At the borders the gradient of the state is cut, that of the output is not.",
        "The feedback is a way back in time as well: cut both `dh_prev` and `dy_prev`.",
        _cut_in_loop((0,)),
    ),
    Mistake(
        "output's gradient cut, state's not",
        "At the borders the gradient of the output is cut, that of the state is not.",
        "The state is a way back in time as well: cut both `dh_prev` and `dy_prev`.",
        _cut_in_loop((1,)),
    ),
    Mistake(
        "every step goes back k steps",
        "What arrives at each step goes back through k steps, wherever they lie; asked for are "
        "chunks with fixed borders.",
        "The chain is cut before the steps k, 2k, 3k, ..., for everything that comes by.",
        _each_goes_back,
    ),
)


def cut_mistakes(whole: Pass = backward) -> tuple[Mistake, ...]:
    """Return the mistakes of truncation over `whole`, which need not be the right pass."""
    return tuple(
        Mistake(name, says, hint, wrong(whole))
        for name, says, hint, *ways in _CUTS
        for wrong in ways
    )


TRUNCATED_MISTAKES = (
    *cut_mistakes(),
    *_CUT_WRONGLY,
    *(
        Mistake(m.name, m.says, m.hint, cut(loop(m.wrong)))
        for m in STEP_MISTAKES
        if m.name not in NOT_IN_A_LOOP
    ),
)
"""A wrong way of cutting, or the right one over a wrong step."""
