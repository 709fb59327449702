"""What learners get wrong in the LSTM over a sequence: in its loop, or at every step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import beside, blocks
from course_utils.checks.gated.lstm_reference import step
from course_utils.checks.gated.lstm_step_mistakes import STEP_MISTAKES
from course_utils.checks.sequence_mistakes import run, sequence_mistakes, stored_as_integers


def _joined(one_step: Callable) -> Callable:
    """Return a step of h and c as one state, side by side, for loops that know one state."""
    return lambda x_t, both, *weights: beside(*one_step(x_t, *blocks(both, 2), *weights))


def _apart(loop: Callable) -> Callable:
    """Return such a loop as a function of h0 and c0 that returns h and c."""
    return lambda x, h0, c0, *weights: tuple(blocks(loop(x, beside(h0, c0), *weights), 2))


def _loop(carry: Callable | None = None, one_step: Callable | None = None) -> Callable:
    """Return the loop; `carry(t, (h, c) after, (h, c) before, (h0, c0))` is handed on."""
    joined = _joined(one_step or step())

    def handed_on(t, new, old, first):
        return beside(*carry(t, blocks(new, 2), blocks(old, 2), blocks(first, 2)))

    keywords = {"carry": handed_on} if carry else {}
    return _apart(lambda x, both, *weights: run(joined, x, both, *weights, **keywords))


def _changed(names: str, change: Callable = lambda h, c: (h, c)) -> Callable:
    """Return the loop that writes its last state into h0, c0 or both, its results changed."""

    def wrong(x, h0, c0, *weights):
        h, c = _loop()(x, h0, c0, *weights)
        if x.shape[1]:
            for name, start, states in (("h0", h0, h), ("c0", c0, c)):
                if name in names:
                    start[...] = states[:, -1]
        return change(h, c)

    return wrong


def _result(change: Callable) -> Callable:
    return lambda *arguments: change(*_loop()(*arguments))


def _one_cell(h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every step shows the last cell, for one array was stored T times."""
    return h, np.repeat(c[:, -1:], c.shape[1], axis=1)


def _last(states: np.ndarray) -> np.ndarray:
    return states[:, -1]


TWO_STATES = (
    *variants(
        "c not carried",
        "The cell is not carried from step to step; only h is.",
        "Two states go into the next step: `h, c = lstm_step(x[:, t], h, c, ...)`.",
        _loop(lambda t, new, old, first: (new[0], first[1])),
        _loop(lambda t, new, old, first: (new[0], 0 * first[1])),
    ),
    *variants(
        "h not carried",
        "The state h is not carried from step to step; only the cell is.",
        "Two states go into the next step: `h, c = lstm_step(x[:, t], h, c, ...)`.",
        _loop(lambda t, new, old, first: (first[0], new[1])),
        _loop(lambda t, new, old, first: (0 * first[0], new[1])),
    ),
    Mistake(
        "carried as tanh(c)",
        "The cell that is handed on has been through tanh. Only h's copy of it is squashed.",
        "Hand on `c_t = f * c_prev + i * g` as it is; `h_t = o * np.tanh(c_t)`.",
        _loop(lambda t, new, old, first: (new[0], np.tanh(new[1]))),
    ),
    Mistake(
        "h and c exchanged between steps",
        "The state goes into the next step as c, and the cell as h.",
        "The step returns h_t first, then c_t.",
        _loop(lambda t, new, old, first: (new[1], new[0])),
    ),
    Mistake(
        "h for both states",
        "The state h goes into the next step twice: as h and as c.",
        "Two states go into the next step: `h, c = lstm_step(x[:, t], h, c, ...)`.",
        _loop(lambda t, new, old, first: (new[0], new[0])),
    ),
    Mistake(
        "c0 ignored",
        "The first cell `c0` is ignored: the run starts from a cell of zeros.",
        "The cell before the first step is `c0`.",
        lambda x, h0, c0, *w: _loop()(x, h0, 0 * c0, *w),
    ),
    Mistake(
        "h0 ignored",
        "The first state `h0` is ignored: the run starts from a state of zeros.",
        "The state before the first step is `h0`.",
        lambda x, h0, c0, *w: _loop()(x, 0 * h0, c0, *w),
    ),
    Mistake(
        "h0 and c0 exchanged",
        "The run starts with `h0` as the cell and `c0` as the state.",
        "The order is `x, h0, c0`.",
        lambda x, h0, c0, *w: _loop()(x, c0, h0, *w),
    ),
    Mistake(
        "last cell only",
        "`c` is the last cell alone; the cells of all steps are asked for.",
        "Keep every cell, as you keep every state: c is (B, T, H).",
        _result(lambda h, c: (h, _last(c))),
    ),
    Mistake(
        "c returned before h",
        "The two results are right, but exchanged: c comes first.",
        "`return h, c`.",
        _result(lambda h, c: (c, h)),
    ),
    *variants(
        "in-place c *= f",
        "The cell is changed in place: one array, overwritten at each step.",
        "`c *= f` writes into the array that `c0` names, and that every stored cell names. Make a "
        "new one: `c = f * c + i * g`.",
        _changed("c0"),
        _changed("c0", _one_cell),
    ),
    Mistake(
        "one cell for all steps",
        "Every step shows the last cell: one array was stored T times and overwritten each time.",
        "A list of the same array holds views, not copies: `c = f * c + i * g` makes a new one.",
        _result(_one_cell),
    ),
    *variants(
        "h0 changed in place",
        "The initial state `h0` was overwritten while running.",
        "`h = h0` does not copy. Let each step make a new array.",
        _changed("h0"),
        _changed("h0 c0"),
    ),
    Mistake(
        "h0 and c0 ignored",
        "The initial states are ignored: the run starts from zeros.",
        "The states before the first step are `h0` and `c0`.",
        lambda x, h0, c0, *w: _loop()(x, 0 * h0, 0 * c0, *w),
    ),
)

_OWN = {"h0 ignored", "h0 changed in place"}

SEQUENCE_MISTAKES = (
    *TWO_STATES,
    *(
        Mistake(m.name, m.says, m.hint, _apart(m.wrong))
        for m in sequence_mistakes(_joined(step()))
        if m.name not in _OWN
    ),
    *(
        Mistake(m.name, m.says, m.hint, _loop(one_step=m.wrong))
        for m in STEP_MISTAKES
        if m.name not in ("in-place c *= f", "c returned before h")
    ),
    stored_as_integers(_loop()),
)
