"""The check of an honest table: it accepts a right one, and names what is wrong with others."""

import numpy as np
import pytest

from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG
from course_utils.checks.spread import honest_table


def by_loops(scores):
    table = np.array([[np.mean(row), min(row), max(row)] for row in scores])
    beyond = [[len(a) > 1 and all(p > q for p in a for q in b) for b in scores] for a in scores]
    return table, np.array(beyond)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_right_table_passes(seed):
    assert honest_table(by_loops, seed=seed).state == RIGHT


def test_an_untouched_stub_is_not_attempted():
    def stub(scores):
        raise NotImplementedError("your turn")

    assert honest_table(stub).state == NOT_ATTEMPTED


@pytest.mark.parametrize("mistake", honest_table.mistakes, ids=lambda mistake: mistake.name)
def test_every_known_mistake_is_named(mistake):
    report = honest_table(mistake.wrong)
    assert report.state == WRONG and report.mistake.name == mistake.name
