"""What goes wrong in A4: each known mistake as a small patch of the reference, with its name."""

from course_tools.assignments.a4_mistakes.alive import INITIALISE_MISTAKES
from course_tools.assignments.a4_mistakes.clip import CLIP_MISTAKES
from course_tools.assignments.a4_mistakes.curve import CURVE_MISTAKES, curve_mistakes
from course_tools.assignments.a4_mistakes.jacobian import JACOBIAN_MISTAKES
from course_tools.assignments.a4_mistakes.norms import NORMS_MISTAKES
from course_tools.assignments.a4_mistakes.products import PRODUCTS_MISTAKES

__all__ = [
    "CLIP_MISTAKES",
    "CURVE_MISTAKES",
    "INITIALISE_MISTAKES",
    "JACOBIAN_MISTAKES",
    "NORMS_MISTAKES",
    "PRODUCTS_MISTAKES",
    "curve_mistakes",
]
