"""The debugging clinics of lessons 05 and 06: somebody's cells, which are not well.

Each shows itself by its numbers only; `their_illness` is the answer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.core import Mistake
from course_utils.checks.gated import loop
from course_utils.checks.gated.gru_step_mistakes import gru_sequence_mistakes
from course_utils.checks.gated.lstm_back_mistakes import BACK_MISTAKES
from course_utils.checks.gated.lstm_sequence_mistakes import SEQUENCE_MISTAKES


def _named(mistakes: list[Mistake] | tuple[Mistake, ...], name: str) -> Mistake:
    return next(mistake for mistake in mistakes if mistake.name == name)


_LSTM = _named(SEQUENCE_MISTAKES, "carried as tanh(c)")
_BACK = _named(BACK_MISTAKES, "dc_next not times f")
_GRU = _named(gru_sequence_mistakes("after"), "b_hn outside r")


def their_lstm_forward(x, h0, c0, W_xh, W_hh, b) -> tuple[np.ndarray, np.ndarray]:
    """Return somebody's h and c, both (B, T, H); the lesson asks what is wrong.

    Right at the first step; afterwards no h is what it should be, and what one step put into the
    cell beyond 1 is gone at the next.
    """
    return _LSTM.wrong(x, h0, c0, W_xh, W_hh, b)


def their_lstm_backward(dh, dc_T, x, h0, c0, W_xh, W_hh, b) -> tuple[np.ndarray, ...]:
    """Return somebody's dx, dh0, dc0, dW_xh, dW_hh, db of a right forward pass.

    At T = 1 only dc0 is wrong; from T = 2 on all six are, and they grow with T.
    """
    *_, cache = loop.lstm_forward(x, h0, c0, W_xh, W_hh, b)
    return loop.lstm_backward(dh, dc_T, cache, step=_BACK.wrong)


def their_gru_forward(x, h0, W_xh, W_hh, b, b_hn) -> np.ndarray:
    """Return somebody's h (B, T, H): right as long as b_hn is zero, as it is before training."""
    return _GRU.wrong(x, h0, W_xh, W_hh, b, b_hn)


_ILL = {their_lstm_forward: _LSTM, their_lstm_backward: _BACK, their_gru_forward: _GRU}


def their_illness(patient: Callable) -> str:
    """Return what is wrong with one of the three, in a sentence or two: the clinic's answer."""
    return _ILL[patient].says
