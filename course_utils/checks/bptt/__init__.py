"""Checks of lesson 03: perplexity, backpropagation through time, and the gradient check."""

from course_utils.checks.bptt.backward import (
    rnn_backward,
    rnn_step_backward,
    truncated_backward,
)
from course_utils.checks.bptt.clinic import their_backward, their_illness
from course_utils.checks.bptt.deciding import inputs_that_decide
from course_utils.checks.bptt.language_model import logits_gradient, perplexity
from course_utils.checks.bptt.loop_mistakes import CATALOGUE
from course_utils.checks.bptt.numeric import numeric_gradient
from course_utils.checks.bptt.pair import forward_and_backward
from course_utils.checks.bptt.survivors import survivors

__all__ = [
    "CATALOGUE",
    "forward_and_backward",
    "inputs_that_decide",
    "logits_gradient",
    "numeric_gradient",
    "perplexity",
    "rnn_backward",
    "rnn_step_backward",
    "survivors",
    "their_backward",
    "their_illness",
    "truncated_backward",
]
