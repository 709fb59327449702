"""What a leaky cell must do in a case that the course has taught: for the visible tests of A2."""

from dataclasses import replace

from course_utils.checks.rnn import rnn_step
from course_utils.layers import rnn_step_forward

vanilla_step = replace(
    rnn_step,
    title="leak = 1 and no feedback: the step of lesson 02",
    oracle=rnn_step_forward,  # NumPy's, so that a notebook need not import torch for one step
)
"""Judges `step(x_t, h_prev, W_xh, W_hh, b_h) -> h_t`, a leaky step with its leak set to one."""
