"""What learners get wrong when the way back is cut into chunks of k steps."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.chunks import (
    all_starts,
    averaged,
    carried_on,
    chunk_walked,
    cut_where,
    dh0,
    first_chunk,
    last_chunk,
    last_start,
    last_steps_only,
    only,
    started,
    weights_of,
    whole_chunks,
    windows,
)
from course_utils.checks.bptt.end_mistakes import END_MISTAKES
from course_utils.checks.bptt.loop_mistakes import AT_EVERY_STEP, LOOP_ONLY
from course_utils.checks.bptt.reference import backward, truncated
from course_utils.checks.bptt.step_mistakes import order_mistakes
from course_utils.checks.core import Mistake, variants

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
        started(np.zeros_like),
    ),
    Mistake(
        "every chunk starts from h0",
        "Every chunk starts from `h0`.",
        "The state before a chunk that begins at t is `h[:, t - 1]`; `h0` is for the first only.",
        started(lambda h0: h0),
    ),
    Mistake(
        "incomplete chunk dropped",
        "The steps that do not fill a whole chunk are left out.",
        "T = 7 with k = 3 makes chunks of 3, 3 and 1: `for a in range(0, T, k)`.",
        only(whole_chunks),
    ),
    Mistake(
        "chunks counted from the end",
        "The chunks are counted from the end of the sequence; they begin at t = 0.",
        "The gradient is cut between t - 1 and t where `t % k == 0`.",
        cut_where(lambda t, T, k: (T - t) % k == 0),
    ),
    *variants(
        "cut one step off",
        "The gradient is cut one step beside the border of the chunks.",
        "After step t its gradient is handed to step t - 1. It is not where `t % k == 0`: there a "
        "chunk begins.",
        cut_where(lambda t, T, k: (t + 1) % k == 0),
        cut_where(lambda t, T, k: t > 1 and (t - 1) % k == 0),
        cut_where(lambda t, T, k: (t - 1) % k == 0),
    ),
    *variants(
        "carried on into the next chunk",
        "What a chunk hands back at its start enters the last step of the *next* chunk.",
        "Set what is carried back to zero inside the loop over the chunks, before each, not once "
        "before all.",
        carried_on(lambda first, last: first),
        carried_on(lambda first, last: last),
    ),
    Mistake(
        "first step of each chunk skipped",
        "The first step of each chunk is never visited.",
        "`range(end - 1, start, -1)` stops before `start`. `reversed(range(start, end))` does not.",
        chunk_walked(lambda n: reversed(range(1, n))),
    ),
    Mistake(
        "last k steps only",
        "Only the last k steps of the sequence are visited.",
        "All losses count. After the last chunk come the others, each with a way back of its own.",
        last_steps_only,
    ),
    Mistake(
        "windows, not chunks",
        "Each step's gradient goes back k steps, wherever it starts. That is another truncation "
        "(and costs k times as much); asked for are chunks.",
        "Within a chunk all goes back to the chunk's first step, and no further.",
        windows,
    ),
    *variants(
        "one chunk's weights only",
        "The weights' gradients hold one chunk's terms only.",
        "The gradients of all chunks add up: `dW += ...`.",
        weights_of(last_chunk),
        weights_of(first_chunk),
    ),
    *variants(
        "only one chunk visited",
        "Only one chunk has a gradient.",
        "Look at how far `return` is indented: all chunks are visited.",
        only(last_chunk),
        only(first_chunk),
    ),
    Mistake(
        "averaged over chunks",
        "The weights' gradients are divided by the number of chunks.",
        "They add up, as they would without the cuts.",
        averaged,
    ),
    Mistake(
        "dh0 of the last chunk",
        "Only `dh0` is wrong: it is what reaches the start of the *last* chunk.",
        "`dh0` is what reaches h0 itself, so it comes from the first chunk.",
        dh0(last_start),
    ),
    Mistake(
        "dh0 summed over the chunks",
        "Only `dh0` is wrong: what leaves every chunk at its start is added up.",
        "The other chunks do not start from h0: only the first one reaches it.",
        dh0(all_starts),
    ),
    Mistake(
        "dh0 zero",
        "Only `dh0` is wrong: zeros are returned.",
        "The first chunk starts from h0, and nothing is cut within it.",
        dh0(lambda right, *a: 0 * right[1]),
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
    *(_in_chunks(m) for m in (*LOOP_ONLY, *AT_EVERY_STEP)),
    *order_mistakes(truncated, "dx, dh0, dW_xh, dW_hh, db_h"),
)
