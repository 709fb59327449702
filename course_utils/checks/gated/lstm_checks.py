"""Checks of the LSTM: one step, a sequence, one step backward, and the pair of both ways."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from course_utils.checks.bptt.pair import Pair
from course_utils.checks.core import Check, Output
from course_utils.checks.gated import cases, oracle
from course_utils.checks.gated.conventions import batch_first
from course_utils.checks.gated.lstm_back_mistakes import BACK_MISTAKES
from course_utils.checks.gated.lstm_sequence_mistakes import SEQUENCE_MISTAKES
from course_utils.checks.gated.lstm_step_mistakes import STEP_MISTAKES
from course_utils.checks.report import Report
from course_utils.checks.rooms import Callee, as_callee

WEIGHTS = [Output("dW_xh", "(D, 4H)"), Output("dW_hh", "(H, 4H)"), Output("db", "(4H,)")]

lstm_step = Check(
    "one LSTM step",
    [Output("h_t", "(B, H)"), Output("c_t", "(B, H)")],
    cases.lstm_step_cases,
    oracle.lstm_step,
    STEP_MISTAKES,
)
"""Judges `lstm_step_forward(x_t, h_prev, c_prev, W_xh, W_hh, b) -> (h_t, c_t)`."""

lstm = Check(
    "the LSTM over a whole sequence",
    [Output("h", "(B, T, H)"), Output("c", "(B, T, H)")],
    partial(cases.sequence_cases, "lstm"),
    oracle.lstm_states,
    SEQUENCE_MISTAKES,
    {"batch_first": batch_first},
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
)
"""Judges `lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, gates, c_t, W_xh, W_hh)`.

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
)


def lstm_pair(
    forward: Callable | Callee, backward: Callable | Callee, *, seed: int | None = None
) -> Report:
    """Judge `lstm_forward(x, h0, c0, W_xh, W_hh, b) -> (h, c_T, cache)` with
    `lstm_backward(dh, dc_T, cache) -> (dx, dh0, dc0, dW_xh, dW_hh, db)`.
    """
    return LSTM_PAIR(_pair(forward, backward), seed=seed)
