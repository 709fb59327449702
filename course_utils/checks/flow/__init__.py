"""Checks of lesson 04: how gradients flow through time, and what keeps them within bounds."""

from course_utils.checks.flow.agreeing import agreement_accuracy
from course_utils.checks.flow.clinic import (
    PATIENT,
    clipped_training,
    their_illness,
    their_training,
)
from course_utils.checks.flow.clipping import clip_by_global_norm, value_clipping_angle
from course_utils.checks.flow.clipping_mistakes import angle as angle_by_value
from course_utils.checks.flow.jacobian_mistakes import by_lag as norms_by_lag
from course_utils.checks.flow.jacobians import norm_by_lag, state_jacobian
from course_utils.checks.flow.singular import largest_singular_value
from course_utils.checks.flow.starts import orthogonal_start

__all__ = [
    "PATIENT",
    "agreement_accuracy",
    "angle_by_value",
    "clip_by_global_norm",
    "clipped_training",
    "largest_singular_value",
    "norm_by_lag",
    "norms_by_lag",
    "orthogonal_start",
    "state_jacobian",
    "their_illness",
    "their_training",
    "value_clipping_angle",
]
