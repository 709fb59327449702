"""Checks of lesson 00, second part: sequence data on their way to (samples, time, features).

Each oracle takes another road than the mistakes do: strided views, torch's own padding and
flattening, einsum, where the mistakes are loops and reshapes.
"""

from course_utils.checks.sequence_data.axes import (
    frames_to_features,
    their_batch_first,
    to_batch_first,
)
from course_utils.checks.sequence_data.padding import pad_and_mask
from course_utils.checks.sequence_data.windows import cut_windows

__all__ = [
    "cut_windows",
    "frames_to_features",
    "pad_and_mask",
    "their_batch_first",
    "to_batch_first",
]
