"""Loops of A3 that are wrong at the ends: starts, lengths, what is returned; by name."""

from __future__ import annotations

from course_tools.assignments.a3_mistakes.loops import (
    Loop,
    dh_changed,
    ends,
    frozen,
    into_params,
    one_buffer,
    padding_seen,
    piece,
    time_major,
    times,
    zero,
)

_END = "Sequence b takes the steps 0 to `lengths[b] - 1`; the rest is padding."

BORDERS: tuple[Loop, ...] = (
    # --- where a step started from
    (
        "h_t for h_prev",
        "Each step is given its own state and output as the ones that it started from.",
        "Step t started from `h[:, t - 1]` and `y[:, t - 1]`, step 0 from `h0` and `y0`.",
        (piece(before=lambda t, seen, starts: tuple(a[:, t] for a in seen)),),
    ),
    (
        "h0 for every step",
        "Each step is given `h0` and `y0` as the state and output that it started from.",
        "Step t started from `h[:, t - 1]` and `y[:, t - 1]`; only step 0 from `h0` and `y0`.",
        (piece(before=lambda t, seen, starts: starts),),
    ),
    (
        "step 0 starts from the end",
        "Step 0 is given the last state: for t = 0, index t - 1 is -1.",
        "Step 0 started from `h0` and `y0`.",
        (piece(before=lambda t, seen, starts: tuple(a[:, t - 1] for a in seen)),),
    ),
    (
        "one buffer in the cache",
        "Every step is given the same state: the cache holds one array many times.",
        "A list of the same array holds views, not copies. Keep a copy of each step's.",
        (piece(before=one_buffer),),
    ),
    # --- h0 and y0
    (
        "dh0 and dy0 zero",
        "`dh0` and `dy0` are zero; h0 and y0 entered step 0.",
        "What step 0 hands back is dh0 and dy0.",
        (ends(lambda arriving, leaving: zero(leaving)),),
    ),
    (
        "dy0 zero",
        "`dy0` is zero; y0 entered step 0.",
        "What step 0 hands back is dh0 and dy0.",
        (ends(lambda arriving, leaving: (leaving[0], 0 * leaving[1])),),
    ),
    (
        "dh0 not through step 0",
        "`dh0` and `dy0` are what arrives after step 0; they have to go through it.",
        "h0 came before step 0: dh0 and dy0 are what that step hands back.",
        (ends(lambda arriving, leaving: arriving),),
    ),
    # --- lengths
    (
        "lengths ignored",
        "The padding contributes: lengths are not used.",
        _END + " Set dh, dy and x to zero there, with `np.where`.",
        (piece(silence=lambda running, *arrays: arrays),),
    ),
    (
        "padding in dh",
        "What stands in `dh` behind a sequence's end contributes.",
        _END + " Set dh to zero there as well.",
        (piece(silence=padding_seen((0,))),),
    ),
    (
        "padding in dy",
        "What stands in `dy` behind a sequence's end contributes.",
        _END + " Set dy to zero there as well.",
        (piece(silence=padding_seen((1,))),),
    ),
    (
        "lengths one too long",
        "Each sequence is taken one step too long.",
        _END,
        (piece(running=lambda t, lengths: t <= lengths),),
    ),
    (
        "lengths one too short",
        "Each sequence is taken one step too short: its last step is treated as padding.",
        _END,
        (piece(running=lambda t, lengths: t < lengths - 1),),
    ),
    (
        "padding handed to the last step",
        "What arrives behind a sequence's end is added to its last step; it goes nowhere.",
        "Behind its end a sequence has no states: h and y are zero there, whatever x holds.",
        (piece(silence=frozen),),
    ),
    (
        "nan times zero",
        "nan in the padding gets through: nan times 0 is nan.",
        "Choose with `np.where(running, a, 0)`; multiplying by a mask keeps nan.",
        (piece(silence=times), piece(silence=padding_seen((2,)))),
    ),
    # --- what is returned
    (
        "(B, T, D) read as (T, B, D)",
        "Axis 0 is read as time. Here it is the batch: `dh` is (B, T, H).",
        "Step t of every sequence is `dh[:, t]`.",
        (time_major,),
    ),
    (
        "dh changed in place",
        "`dh` was overwritten: it belongs to the caller.",
        "`dh[:, t] += ...` changes the caller's array. Add into a variable of your own.",
        (dh_changed,),
    ),
    (
        "gradients added to the parameters",
        "The gradients were added into `params` itself.",
        "`params.copy()` and `dict(params)` copy the dict, not the arrays in it: "
        "begin with `np.zeros_like(value)`.",
        (into_params,),
    ),
)
