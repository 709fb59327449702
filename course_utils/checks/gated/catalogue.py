"""All known mistakes of gated cells, by the check that names them."""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.checks.core import Mistake
from course_utils.checks.gated import gru_checks, lstm_checks

CATALOGUE: dict[str, Sequence[Mistake]] = {
    "lstm_step": lstm_checks.lstm_step.mistakes,
    "lstm": lstm_checks.lstm.mistakes,
    "lstm_step_backward": lstm_checks.lstm_step_backward.mistakes,
    "lstm_pair": lstm_checks.LSTM_PAIR.mistakes,
    "gru_step": gru_checks.gru_step.at("after").mistakes,
    "gru": gru_checks.gru.at("after").mistakes,
    "gru_step_backward": gru_checks.gru_step_backward.at("after").mistakes,
    "gru_pair": gru_checks.GRU_PAIR.at("after").mistakes,
}
"""Wrong implementations, each called as the function that its check judges."""
