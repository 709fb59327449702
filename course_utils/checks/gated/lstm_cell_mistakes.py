"""What learners get wrong where the LSTM's gates meet: the new cell, and h made of it."""

from __future__ import annotations

import numpy as np

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import sigmoid
from course_utils.checks.gated.lstm_reference import step

CELL = "`c_t = f * c_prev + i * g`."
STATE = "`h_t = o * np.tanh(c_t)`."

THE_CELL = (
    Mistake(
        "forget gate dropped",
        "The old cell is added in full: the forget gate f does not act.",
        CELL,
        step(c=lambda s: s.c_prev + s.i * s.g),
    ),
    Mistake(
        "input gate dropped",
        "The candidate g is added in full: the input gate i does not act.",
        CELL,
        step(c=lambda s: s.f * s.c_prev + s.g),
    ),
    Mistake(
        "both gates dropped",
        "Neither f nor i acts: the cell only adds up candidates.",
        CELL,
        step(c=lambda s: s.c_prev + s.g),
    ),
    *variants(
        "coupled gates",
        "One gate does the work of two: `1 - f` for i, or `1 - i` for f.",
        "This cell has two gates of their own. (Coupled gates are another cell, with fewer "
        "weights.)",
        step(c=lambda s: s.f * s.c_prev + (1 - s.f) * s.g),
        step(c=lambda s: (1 - s.i) * s.c_prev + s.i * s.g),
    ),
    Mistake(
        "1 - f for f",
        "The old cell is multiplied by 1 - f.",
        "f says what *stays*: f = 1 keeps everything. " + CELL,
        step(c=lambda s: (1 - s.f) * s.c_prev + s.i * s.g),
    ),
    *variants(
        "the old cell dropped",
        "The cell before does not enter: c_t is made of i * g alone.",
        CELL,
        step(c=lambda s: s.i * s.g),
        step(c=lambda s: s.f + s.i * s.g),
    ),
    Mistake(
        "h_{t-1} for c_{t-1}",
        "The forget gate multiplies `h_prev`; it belongs to `c_prev`.",
        "Two things are carried: h goes into the sums, c goes through the forget gate. " + CELL,
        step(c=lambda s: s.f * s.h_prev + s.i * s.g),
    ),
    Mistake(
        "c_{t-1} for h_{t-1}",
        "The recurrent sums are made of `c_prev`; they are made of `h_prev`.",
        "`a = x_t @ W_xh + h_prev @ W_hh + b`.",
        step(a=lambda s: s.x @ s.W_xh + s.c_prev @ s.W_hh + s.b),
    ),
    *variants(
        "carried as tanh(c)",
        "The cell that is handed on has been through tanh. Only h's copy of it is squashed.",
        "Hand on `c_t = f * c_prev + i * g` as it is; `h_t = o * np.tanh(c_t)`.",
        step(handed_on=lambda s: np.tanh(s.c)),
        step(c=lambda s: np.tanh(s.f * s.c_prev + s.i * s.g)),
        step(c=lambda s: np.tanh(s.f * s.c_prev + s.i * s.g), h=lambda s: s.o * s.c),
    ),
    Mistake(
        "i + g for i * g",
        "`i` and `g` are added; the gate multiplies.",
        CELL,
        step(c=lambda s: s.f * s.c_prev + s.i + s.g),
    ),
)

THE_STATE = (
    Mistake(
        "no tanh on the output",
        "`h_t` is o * c_t: the tanh is missing.",
        STATE,
        step(h=lambda s: s.o * s.c),
    ),
    Mistake(
        "sigmoid on the output",
        "The cell goes through the sigmoid on its way to h; it goes through tanh.",
        STATE,
        step(h=lambda s: s.o * sigmoid(s.c)),
    ),
    Mistake(
        "h from c_{t-1}",
        "`h_t` is made of the cell *before* the step.",
        "First the new cell, then " + STATE,
        step(h=lambda s: s.o * np.tanh(s.c_prev)),
    ),
    Mistake(
        "output gate dropped",
        "`h_t` is tanh(c_t) in full: the output gate o does not act.",
        STATE,
        step(h=lambda s: np.tanh(s.c)),
    ),
    Mistake(
        "tanh around the output gate too",
        "The tanh is taken of o * c_t; it belongs to c_t alone.",
        STATE,
        step(h=lambda s: np.tanh(s.o * s.c)),
    ),
    *variants(
        "another gate on the output",
        "`h_t` is made with another gate than o.",
        STATE,
        step(h=lambda s: s.i * np.tanh(s.c)),
        step(h=lambda s: s.f * np.tanh(s.c)),
    ),
    Mistake(
        "h from g",
        "`h_t` is made of the candidate g, not of the cell.",
        STATE,
        step(h=lambda s: s.o * s.g),
    ),
)
