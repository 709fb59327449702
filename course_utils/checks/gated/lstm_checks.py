"""Checks of the LSTM: one step, a sequence, one step backward, and the pair of both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from course_utils.checks.bptt.pair import Pair, StatesOnly
from course_utils.checks.core import Case, Check, Mistake, Output
from course_utils.checks.gated import cases, oracle
from course_utils.checks.gated.conventions import batch_first
from course_utils.checks.gated.lstm_back_mistakes import BACK_MISTAKES
from course_utils.checks.gated.lstm_sequence_mistakes import SEQUENCE_MISTAKES
from course_utils.checks.gated.lstm_step_mistakes import STEP_MISTAKES
from course_utils.checks.gated.pair_mistakes import lstm_pair_mistakes
from course_utils.checks.gated.patterns import diagnose_gradients, diagnose_states
from course_utils.checks.report import WRONG, Report
from course_utils.checks.rooms import Callee, as_callee

WEIGHTS = [Output("dW_xh", "(D, 4H)"), Output("dW_hh", "(H, 4H)"), Output("db", "(4H,)")]

lstm_step = Check(
    "one LSTM step",
    [Output("h_t", "(B, H)"), Output("c_t", "(B, H)")],
    cases.lstm_step_cases,
    oracle.lstm_step,
    STEP_MISTAKES,
    diagnose=diagnose_states,
)
"""Judges `lstm_step_forward(x_t, h_prev, c_prev, W_xh, W_hh, b) -> (h_t, c_t)`."""

lstm = Check(
    "the LSTM over a whole sequence",
    [Output("h", "(B, T, H)"), Output("c", "(B, T, H)")],
    partial(cases.sequence_cases, "lstm"),
    oracle.lstm_states,
    SEQUENCE_MISTAKES,
    {"batch_first": batch_first},
    diagnose=diagnose_states,
)
"""Judges `lstm_forward(x, h0, c0, W_xh, W_hh, b) -> (h, c)`; may declare batch_first."""

lstm_step_backward = Check(
    "one LSTM step, backward",
    [
        Output("dx_t", "(B, D)"),
        Output("dh_prev", "(B, H)"),
        Output("dc_prev", "(B, H)"),
        *WEIGHTS,
    ],
    cases.lstm_back_cases,
    oracle.lstm_step_back,
    BACK_MISTAKES,
    diagnose=diagnose_gradients("ifgo"),
)
"""Judges `lstm_step_backward(dh_t, dc_later, x_t, h_prev, c_prev, gates, c_t, W_xh, W_hh)`.

It returns (dx_t, dh_prev, dc_prev, dW_xh, dW_hh, db); gates (B, 4H) are the activations i f g o.
"""

GRADIENTS = [Output("dx", "(B, T, D)"), Output("dh0", "(B, H)"), Output("dc0", "(B, H)"), *WEIGHTS]


def _pair(forward: Callable | Callee, backward: Callable | Callee) -> Pair:
    return Pair(
        as_callee(forward),
        as_callee(backward),
        given=cases.FORWARD["lstm"],
        values=("h", "c_T"),
        upstream=cases.UPSTREAM["lstm"],
        returns=[output.name for output in GRADIENTS],
    )


LSTM_PAIR = Check(
    "the LSTM, forward and backward",
    [Output("h", "(B, T, H)"), Output("c_T", "(B, H)"), *GRADIENTS],
    partial(cases.pair_cases, "lstm"),
    oracle.lstm_pair,
    lstm_pair_mistakes(_pair),
    diagnose=diagnose_gradients("ifgo"),
)


def _last_cell(wrong: Callable) -> Callable:
    """Return the loop that returns h and the last cell, of one that returns h and all cells."""

    def forward(x, h0, c0, *weights):
        h, c = wrong(x, h0, c0, *weights)
        if c.ndim < 3:
            return h, c
        return h, c[:, -1] if c.shape[1] else c0

    return forward


def _states_cases(rng: np.random.Generator) -> Iterable[Case]:
    """The pair's inputs for the forward pass alone: it is to blame only if it is wrong on these."""
    for case in cases.pair_cases("lstm", rng):
        given = {name: case.arguments[name] for name in cases.FORWARD["lstm"]}
        yield replace(case, arguments=given)


LSTM_STATES = Check(
    "the states",
    LSTM_PAIR.outputs[:2],
    _states_cases,
    oracle.lstm_last,
    [
        Mistake(m.name, m.says, m.hint, _last_cell(m.wrong))
        for m in SEQUENCE_MISTAKES
        if m.name not in ("last cell only", "one cell for all steps", "c returned before h")
    ],
)


def lstm_pair(
    forward: Callable | Callee, backward: Callable | Callee, *, seed: int | None = None
) -> Report:
    """Judge `lstm_forward(x, h0, c0, W_xh, W_hh, b) -> (h, c_T, cache)` with
    `lstm_backward(dh, dc_T, cache) -> (dx, dh0, dc0, dW_xh, dW_hh, db)`.

    A wrong forward pass is named first: the gradients of a wrong state can only be wrong.
    """
    report = LSTM_PAIR(_pair(forward, backward), seed=seed)
    if report.state != WRONG:
        return report
    states = LSTM_STATES(StatesOnly(as_callee(forward), values=2), seed=seed)
    mistake = states.mistake or report.mistake
    return Report(report.title, report.trials, mistake, diagnosis=report.diagnosis)
