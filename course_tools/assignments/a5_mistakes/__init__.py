"""What goes wrong in A5: each known mistake as a small patch of the reference, with its name."""

from course_tools.assignments.a5_mistakes.gru import GRU_MISTAKES
from course_tools.assignments.a5_mistakes.gru_back import GRU_BACK_MISTAKES
from course_tools.assignments.a5_mistakes.lstm import LSTM_MISTAKES
from course_tools.assignments.a5_mistakes.lstm_back import LSTM_BACK_MISTAKES
from course_tools.assignments.a5_mistakes.sequence import SEQUENCE_MISTAKES, loop_mistakes

__all__ = [
    "GRU_BACK_MISTAKES",
    "GRU_MISTAKES",
    "LSTM_BACK_MISTAKES",
    "LSTM_MISTAKES",
    "SEQUENCE_MISTAKES",
    "loop_mistakes",
]
