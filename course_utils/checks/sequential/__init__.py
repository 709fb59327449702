"""Checks of lesson 01: baselines for series, honest splits, windows and words.

Each oracle takes another road than the mistakes do: string searches where they count in loops,
torch's modules where they add up products, a scaler of scikit-learn where they use means.
"""

from course_utils.checks.sequential.bags import bag_of_words
from course_utils.checks.sequential.clinic import their_score
from course_utils.checks.sequential.costs import window_parameters
from course_utils.checks.sequential.forecast import in_k_days
from course_utils.checks.sequential.markov import transition_matrix
from course_utils.checks.sequential.ngrams import unseen_share
from course_utils.checks.sequential.splitting import split_and_scale
from course_utils.checks.sequential.windows import split_windows

__all__ = [
    "bag_of_words",
    "in_k_days",
    "split_and_scale",
    "split_windows",
    "their_score",
    "transition_matrix",
    "unseen_share",
    "window_parameters",
]
