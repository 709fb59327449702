"""What goes wrong in A1: each known mistake as a small patch of the reference, with its name."""

from course_tools.assignments.a1_mistakes.features import FEATURES_MISTAKES
from course_tools.assignments.a1_mistakes.markov import FIT_MISTAKES, LOSS_MISTAKES
from course_tools.assignments.a1_mistakes.split import PARTS_MISTAKES, SCALE_MISTAKES
from course_tools.assignments.a1_mistakes.windows import WINDOWS_MISTAKES

__all__ = [
    "FEATURES_MISTAKES",
    "FIT_MISTAKES",
    "LOSS_MISTAKES",
    "PARTS_MISTAKES",
    "SCALE_MISTAKES",
    "WINDOWS_MISTAKES",
]
