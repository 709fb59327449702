"""Checks of lesson 03: perplexity, backpropagation through time, and the gradient check."""

from course_utils.checks.bptt.backward import (
    rnn_backward,
    rnn_step_backward,
    truncated_backward,
)
from course_utils.checks.bptt.language_model import logits_gradient, perplexity
from course_utils.checks.bptt.numeric import numeric_gradient
from course_utils.checks.bptt.pair import forward_and_backward

__all__ = [
    "forward_and_backward",
    "logits_gradient",
    "numeric_gradient",
    "perplexity",
    "rnn_backward",
    "rnn_step_backward",
    "truncated_backward",
]
