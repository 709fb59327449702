"""Checks of lessons 05 and 06: the LSTM and the GRU, forward and backward."""

from course_utils.checks.gated.gru_checks import gru, gru_pair, gru_step, gru_step_backward
from course_utils.checks.gated.lstm_checks import lstm, lstm_pair, lstm_step, lstm_step_backward

__all__ = [
    "gru",
    "gru_pair",
    "gru_step",
    "gru_step_backward",
    "lstm",
    "lstm_pair",
    "lstm_step",
    "lstm_step_backward",
]
