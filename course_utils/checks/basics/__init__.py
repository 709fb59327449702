"""Checks of lesson 00, first part: a first check, reading a formula, and four things to know.

Each oracle takes another road than the mistakes do: torch's autograd, torch's own layers or
einsum, where the mistakes are lines of NumPy.
"""

from course_utils.checks.basics.chain_rule import loss_slope
from course_utils.checks.basics.gradients import layer_jacobian, sum_of_outer_products
from course_utils.checks.basics.notation import mean_over_time, slide_step
from course_utils.checks.basics.softmax import stable_softmax

__all__ = [
    "layer_jacobian",
    "loss_slope",
    "mean_over_time",
    "slide_step",
    "stable_softmax",
    "sum_of_outer_products",
]
