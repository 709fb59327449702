"""Checks of lesson 07: padding and masks, both ways, h_n, dropout's mask, events, a torch stack."""

from course_utils.checks.batching.both_ways import bidirectional_forward
from course_utils.checks.batching.clinic import healthy_tagger, their_illness, their_tagger
from course_utils.checks.batching.events import count_events
from course_utils.checks.batching.final_states import summary_from_h_n
from course_utils.checks.batching.once_dropped import drop_once
from course_utils.checks.batching.own_test import padding_test
from course_utils.checks.batching.padded import pad_and_mask
from course_utils.checks.batching.real_steps import last_real_state, masked_mean
from course_utils.checks.batching.stack import stacked_tagger
from course_utils.checks.batching.turned import reverse_within_lengths

__all__ = [
    "bidirectional_forward",
    "count_events",
    "drop_once",
    "healthy_tagger",
    "last_real_state",
    "masked_mean",
    "pad_and_mask",
    "padding_test",
    "reverse_within_lengths",
    "stacked_tagger",
    "summary_from_h_n",
    "their_illness",
    "their_tagger",
]
