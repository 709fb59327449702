"""A1 through nbgrader: a class graded, what students read."""

from __future__ import annotations

import pytest
from a1_submissions import CLASS, FULL, PARTS, POINTS, VISIBLE
from classroom import words

from course_tools.assignments import a1_mistakes
from course_tools.grading.seeds import make_seed

ASSIGNMENT = "A1"
SCORES = {
    "s001": FULL,
    "s002": 0,
    "s003": FULL,
    # Right for one station, and that is half of the hidden points of Part 2.
    "s004": FULL - VISIBLE["windows"] - 9.5 - POINTS["scale"] - POINTS["fit"],
}
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_the_marks_deserved(graded, student):
    assert graded.problems[student] == ""
    assert graded.scores[student] == SCORES[student]
    assert float(graded.exported[student]["score"]) == SCORES[student]
    assert float(graded.exported[student]["max_score"]) == 100


@pytest.mark.parametrize(
    ("mistakes", "name"),
    [
        (a1_mistakes.WINDOWS_MISTAKES, "stations crossed"),
        (a1_mistakes.SCALE_MISTAKES, "statistics of all windows"),
        (a1_mistakes.FIT_MISTAKES, "smoothed after normalising"),
    ],
)
def test_feedback_names_each_mistake_of_a_notebook_with_three(graded, mistakes, name):
    page = words(graded.feedback("s004"))
    mistake = next(m for m in mistakes if m.name == name)
    assert mistake.says.replace("`", "") in page
    assert mistake.hint.replace("`", "") in page
    others = [m.says.replace("`", "") for m in mistakes if m.name != name]
    assert not [says for says in others if says in page]


def test_feedback_shows_seed_and_no_hidden_source_beyond_the_one_line(graded):
    page = words(graded.feedback("s001"))
    seed = make_seed("a salt for the tests", "A1", "s001")
    assert page.count(f"drawn from seed {seed}") == len(PARTS)
    assert page.count("from course_tools.assignments import a1") == len(PARTS)
    assert "_oracle" not in page


def test_seattle_is_shown_and_nothing_stops_where_a_part_is_missing(graded):
    page = words(graded.feedback("s001"))
    # The rubric in docs/instructors/a1.md quotes these.
    assert "order 1 gains 0.069 on order 0, standard error 0.030" in page
    assert "order 2 gains 0.005 on order 1, standard error 0.011" in page
    assert graded.scores["s002"] == 0
