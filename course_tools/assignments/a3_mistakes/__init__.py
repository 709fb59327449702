"""What goes wrong in A3: each known mistake as a small patch of the reference, with its name."""

from course_tools.assignments.a3_mistakes.check import CHECK_MISTAKES
from course_tools.assignments.a3_mistakes.sequence import SEQUENCE_MISTAKES, loop_mistakes, pair
from course_tools.assignments.a3_mistakes.step import STEP_MISTAKES
from course_tools.assignments.a3_mistakes.truncated import TRUNCATED_MISTAKES, cut_mistakes

__all__ = [
    "CHECK_MISTAKES",
    "SEQUENCE_MISTAKES",
    "STEP_MISTAKES",
    "TRUNCATED_MISTAKES",
    "cut_mistakes",
    "loop_mistakes",
    "pair",
]
