"""Checks of the way back: one step, a whole sequence, and a sequence cut into chunks."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_utils.checks.bptt import cases, oracle
from course_utils.checks.bptt.chunk_mistakes import CHUNK_MISTAKES
from course_utils.checks.bptt.loop_mistakes import LOOP_MISTAKES
from course_utils.checks.bptt.patterns import diagnose
from course_utils.checks.bptt.step_mistakes import STEP_MISTAKES
from course_utils.checks.core import Check, Convention, Output

GRADIENTS = [
    Output("dx", "(B, T, D)"),
    Output("dh0", "(B, H)"),
    Output("dW_xh", "(D, H)"),
    Output("dW_hh", "(H, H)"),
    Output("db_h", "(H,)"),
]


def _batch_first(yes: bool) -> Convention:
    if yes:
        return Convention()

    def turn(given: dict[str, Any]) -> dict[str, Any]:
        swapped = {name: given[name].swapaxes(0, 1).copy() for name in ("dh", "x", "h")}
        return {**given, **swapped}

    def back(value: Any) -> tuple:
        dx, *rest = value
        return np.moveaxis(np.asarray(dx), 0, 1), *rest

    return Convention(turn, back)


def _weights(layout: str) -> Convention:
    if layout not in ("in_out", "out_in"):
        raise TypeError(f"weights is 'in_out' or 'out_in', not {layout!r}")
    if layout == "in_out":
        return Convention()

    def back(value: Any) -> tuple:
        dx, dh, dW_xh, dW_hh, db_h = value
        return dx, dh, np.transpose(dW_xh), np.transpose(dW_hh), db_h

    return Convention(
        lambda given: {**given, "W_xh": given["W_xh"].T.copy(), "W_hh": given["W_hh"].T.copy()},
        back,
    )


rnn_step_backward = Check(
    "one RNN step, backward",
    [Output("dx_t", "(B, D)"), Output("dh_prev", "(B, H)"), *GRADIENTS[2:]],
    cases.step_cases,
    oracle.one_step,
    STEP_MISTAKES,
    {"weights": _weights},
    diagnose=diagnose,
)
"""Judges `rnn_step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh)`; may declare weights."""

rnn_backward = Check(
    "backward through time",
    GRADIENTS,
    cases.sequence_cases,
    oracle.through_time,
    LOOP_MISTAKES,
    {"batch_first": _batch_first, "weights": _weights},
    diagnose=diagnose,
)
"""Judges `rnn_backward(dh, x, h0, h, W_xh, W_hh)`; may declare batch_first, weights."""

truncated_backward = Check(
    "backward through time, truncated",
    GRADIENTS,
    cases.truncated_cases,
    oracle.through_time,
    CHUNK_MISTAKES,
    diagnose=diagnose,
)
"""Judges `truncated_backward(dh, x, h0, h, W_xh, W_hh, k)`: chunks of k steps, state carried."""
