"""Checks of lessons 05 and 06: the LSTM and the GRU, forward and backward."""

from course_utils.checks.gated.catalogue import CATALOGUE
from course_utils.checks.gated.clinic import (
    their_gru_forward,
    their_illness,
    their_lstm_backward,
    their_lstm_forward,
)
from course_utils.checks.gated.counts import gru_parameters, lstm_parameters
from course_utils.checks.gated.gru_checks import gru, gru_pair, gru_step, gru_step_backward
from course_utils.checks.gated.lstm_checks import lstm, lstm_pair, lstm_step, lstm_step_backward
from course_utils.checks.gated.paths import direct_path, total_path
from course_utils.checks.gated.rewriting import forget_bias, to_other_z
from course_utils.checks.gated.torch_weights import gru_from_torch, lstm_from_torch

__all__ = [
    "CATALOGUE",
    "direct_path",
    "forget_bias",
    "gru",
    "gru_from_torch",
    "gru_pair",
    "gru_parameters",
    "gru_step",
    "gru_step_backward",
    "lstm",
    "lstm_from_torch",
    "lstm_pair",
    "lstm_parameters",
    "lstm_step",
    "lstm_step_backward",
    "their_gru_forward",
    "their_illness",
    "their_lstm_backward",
    "their_lstm_forward",
    "to_other_z",
    "total_path",
]
