"""Padded sequences: the last real step and the way back, against plain loops over the rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.layers.lengths import last_real_state, reverse_within_lengths

LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=5)


def padded(lengths, extra=2):
    shape = (len(lengths), max(lengths) + extra, 3)
    return np.random.default_rng(0).normal(size=shape), np.array(lengths)


@given(LENGTHS)
def test_last_real_state_is_that_of_the_row_alone(lengths):
    h, n = padded(lengths)
    rows = [row[:k][-1] for row, k in zip(h, lengths, strict=True)]
    np.testing.assert_array_equal(last_real_state(h, n), rows)


@given(LENGTHS)
def test_each_row_is_turned_round_and_its_padding_left(lengths):
    x, n = padded(lengths)
    back = reverse_within_lengths(x, n)
    for row, turned, k in zip(x, back, lengths, strict=True):
        np.testing.assert_array_equal(turned, [*row[:k][::-1], *row[k:]])
    np.testing.assert_array_equal(reverse_within_lengths(back, n), x)


@pytest.mark.parametrize("function", [last_real_state, reverse_within_lengths])
@pytest.mark.parametrize(
    ("lengths", "says"),
    [([0, 2], "holds 0"), ([2, 9], "holds 9"), ([2], "expected \\(2,\\)"), ([1.0, 2.0], "float64")],
)
def test_lengths_that_do_not_fit_are_refused(function, lengths, says):
    with pytest.raises(ValueError, match=says):
        function(np.zeros((2, 4, 3)), np.array(lengths))


def test_a_single_sequence_without_a_batch_axis_is_refused():
    with pytest.raises(ValueError, match="three axes"):
        last_real_state(np.zeros((4, 3)), np.array([4]))
