"""The check of a latch made of one LSTM cell: any that works is right, slips are named."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG
from course_utils.checks.lstm_latch import _latch, latch_weights


def write_gate_shut_after_a_set():
    """Another latch that works: it reads its own state, and a set erases before it writes."""
    W_xh = [[30.0, -30.0, 0.0, 0.0], [0.0, -30.0, 0.0, 0.0]]
    W_hh = [[-2.0, 3.0, 0.0, 1.0]]
    return W_xh, W_hh, [-15.0, 12.0, 3.0, 6.0]


@pytest.mark.parametrize("weights", [write_gate_shut_after_a_set, _latch(f=(-9, -40, 12))])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_every_latch_that_works_is_right(weights, seed):
    assert latch_weights(weights, seed=seed).state == RIGHT


@pytest.mark.parametrize("mistake", latch_weights.mistakes, ids=lambda mistake: mistake.name)
@pytest.mark.parametrize("seed", [None, 1])
def test_every_known_mistake_is_rejected_and_named(mistake, seed):
    report = latch_weights(mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake.name


def test_a_stub_is_not_attempted():
    def stub():
        raise NotImplementedError("your turn")

    assert latch_weights(stub).state == NOT_ATTEMPTED


@pytest.mark.parametrize("value", [None, 0, "text", [], {}, np.zeros(3), np.zeros((3, 4))])
def test_nonsense_is_wrong_and_said_in_words(value):
    report = latch_weights(lambda: value)
    assert report.state == WRONG and len(report.message) > 20


def test_a_latch_that_nobody_knows_is_shown_where_it_fails():
    weights = ([[20.0, 0, 0, 0], [0, -2.0, 0, 0]], np.zeros((1, 4)), [-10.0, 4.0, 5, 10])
    message = latch_weights(lambda: weights).message
    assert "First wrong at t=" in message and "`right" in message
