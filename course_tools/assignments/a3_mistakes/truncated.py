"""Truncated backpropagation of A3, wrong over any pass through a chunk: each mistake by name."""

from __future__ import annotations

from course_tools.assignments.a3_mistakes.cuts import (
    all_of_it,
    averaged,
    chunk_by_chunk,
    cut_in_loop,
    dh_changed,
    each_goes_back,
    from_the_end,
    last_chunk,
    not_shifted,
    one_step_late,
    output_anew,
    replaced,
    reset,
    sized,
    state_anew,
    whole_chunks_only,
    zero_starts,
)
from course_tools.assignments.a3_mistakes.sequence import NOT_IN_A_LOOP
from course_tools.assignments.a3_mistakes.step import STEP_MISTAKES
from course_tools.assignments.a3_reference import Pass, backward, cut, loop
from course_utils.checks import Mistake

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
        sized(lambda T, k: k + 1),
    ),
    (
        "chunks one step too short",
        "The chunks are one step too short.",
        "With k = 2 the chunks are the steps 0 and 1, 2 and 3, and so on: `range(0, T, k)`.",
        sized(lambda T, k: k - 1),
    ),
    (
        "k chunks instead of chunks of k steps",
        "`k` is taken as the number of chunks; it is the number of steps in each.",
        "`range(0, T, k)` gives the first step of each chunk.",
        sized(lambda T, k: -(-T // k)),
    ),
    (
        "chunks counted from the end",
        "The chunks are counted from the end, so that the first is the short one.",
        "The chunks begin at the steps 0, k, 2k, ...; the last one may be short.",
        lambda whole: cut(whole, chunks=from_the_end),
    ),
    (
        "last short chunk dropped",
        "The last chunk is left out where it is shorter than k.",
        "`x[:, first:first + k]` stops at the end by itself.",
        lambda whole: cut(whole, chunks=whole_chunks_only),
    ),
    (
        "last chunk only",
        "Only the last k steps are gone back through.",
        "Every chunk has its own way back; the gradients of the parameters add up.",
        last_chunk,
    ),
    (
        "state reset at each chunk",
        "The state is set to zero at each chunk; it is carried on, and only the gradient is cut.",
        "A chunk starts from the state and the output after the last step of the chunk before it.",
        lambda whole: cut(whole, before=reset),
    ),
    (
        "state of the first chunk for all",
        "Every chunk starts from `h0` and `y0`; the state is carried on.",
        "A chunk starts from the state and the output after the last step of the chunk before it.",
        state_anew,
    ),
    (
        "start of a chunk one step late",
        "A chunk is given its own first state as its start.",
        "The chunk that begins at step `first` starts from `h[:, first - 1]`.",
        lambda whole: cut(whole, before=one_step_late),
    ),
    (
        "state carried, output not",
        "The state is carried from chunk to chunk, the output is not: each starts from `y0`.",
        "The cell has two memories: h and, through the feedback, y. Carry both.",
        lambda whole: cut(whole, before=output_anew),
    ),
    (
        "gradients overwritten by each chunk",
        "The gradients of the parameters are those of the last chunk only.",
        "All chunks used the same weights: their gradients add up.",
        lambda whole: cut(whole, add_up=replaced),
    ),
    (
        "averaged over the chunks",
        "The gradients of the parameters are averaged over the chunks; they are sums.",
        "Whether the loss is an average, the loss decides.",
        averaged,
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
        zero_starts,
    ),
    (
        "lengths not shifted",
        "Each chunk is given `lengths` as they are, counted from the start of the sequence.",
        _LENGTHS,
        lambda whole: cut(whole, left=not_shifted),
        chunk_by_chunk(not_shifted),
    ),
    (
        "lengths ignored",
        "The padding contributes: lengths are not used.",
        _LENGTHS,
        lambda whole: cut(whole, left=all_of_it),
        chunk_by_chunk(all_of_it),
    ),
    (
        "dh changed in place",
        "`dh` was overwritten: it belongs to the caller.",
        "A slice `dh[:, first:last]` is a view: `+=` into it changes the caller's array.",
        dh_changed,
    ),
)

_CUT_WRONGLY = (
    Mistake(
        "state's gradient cut, output's not",
        "At the borders the gradient of the state is cut, that of the output is not.",
        "The feedback is a way back in time as well: cut both `dh_prev` and `dy_prev`.",
        cut_in_loop((0,)),
    ),
    Mistake(
        "output's gradient cut, state's not",
        "At the borders the gradient of the output is cut, that of the state is not.",
        "The state is a way back in time as well: cut both `dh_prev` and `dy_prev`.",
        cut_in_loop((1,)),
    ),
    Mistake(
        "every step goes back k steps",
        "What arrives at each step goes back through k steps, wherever they lie; asked for are "
        "chunks with fixed borders.",
        "The chain is cut before the steps k, 2k, 3k, ..., for everything that comes by.",
        each_goes_back,
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
