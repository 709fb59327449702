"""What goes wrong in A2: each known mistake as a small patch of the reference, with its name.

Order matters little: all are compared, and the first that behaves like the judged function on every
case names the mistake.
"""

from course_tools.assignments.a2_mistakes.count import COUNT_MISTAKES
from course_tools.assignments.a2_mistakes.forward import FORWARD_MISTAKES, loop_mistakes
from course_tools.assignments.a2_mistakes.many_to_one import MANY_TO_ONE_MISTAKES
from course_tools.assignments.a2_mistakes.step import STEP_MISTAKES

__all__ = [
    "COUNT_MISTAKES",
    "FORWARD_MISTAKES",
    "MANY_TO_ONE_MISTAKES",
    "STEP_MISTAKES",
    "loop_mistakes",
]
