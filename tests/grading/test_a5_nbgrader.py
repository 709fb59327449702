"""A5 through nbgrader: a class graded, what students read. Variants are judged in process."""

from __future__ import annotations

import pytest
from a5_submissions import CLASS, FULL, PARTS
from classroom import words

from course_tools.assignments import a5_mistakes
from course_tools.grading.seeds import make_seed

ASSIGNMENT = "A5"
SCORES = {
    "s001": FULL,
    "s002": 0,
    # The cell state of Part 1; half of the gradients; over both steps h and c of the sequence;
    # nothing of the GRU's step; on its way back what does not come through s.
    "s003": 6 + 9 + 2 + 8.5,
}
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_the_marks_deserved(graded, student):
    assert graded.problems[student] == ""
    assert graded.scores[student] == SCORES[student]
    assert float(graded.exported[student]["score"]) == SCORES[student]
    assert float(graded.exported[student]["max_score"]) == 100


NAMED = [
    (a5_mistakes.LSTM_MISTAKES, "output gate sees the old cell state"),
    (a5_mistakes.LSTM_BACK_MISTAKES, "coupling forgotten on the way back"),
    (a5_mistakes.SEQUENCE_MISTAKES, "cell state's gradient not handed back"),
    (a5_mistakes.GRU_MISTAKES, "z sees h_prev"),
    (a5_mistakes.GRU_BACK_MISTAKES, "way from z to s forgotten"),
]
MADE = {m.says.replace("`", "") for found, name in NAMED for m in found if m.name == name}


@pytest.mark.parametrize(("mistakes", "name"), NAMED)
def test_feedback_names_each_mistake_of_a_notebook_with_five(graded, mistakes, name):
    page = words(graded.feedback("s003"))
    mistake = next(m for m in mistakes if m.name == name)
    assert mistake.says.replace("`", "") in page
    assert mistake.hint.replace("`", "") in page
    others = {m.says.replace("`", "") for m in mistakes} - MADE
    assert not [says for says in others if says in page]


def test_feedback_says_that_the_error_was_carried_forward(graded):
    assert words(graded.feedback("s003")).count("carried forward here") == 1
    assert "carried forward here" not in words(graded.feedback("s001"))


def test_feedback_shows_seed_and_no_hidden_source_beyond_the_one_line(graded):
    page = words(graded.feedback("s001"))
    seed = make_seed("a salt for the tests", "A5", "s001")
    assert page.count(f"drawn from seed {seed}") == len(PARTS)
    assert page.count("from course_tools.assignments import a5") == len(PARTS)
    assert "_oracle" not in page


def test_the_students_own_differences_speak_on_the_page(graded):
    """The ungraded cells print the errors of a right notebook and stop nothing in an empty one."""
    page = words(graded.feedback("s001"))
    assert page.count("dh_prev ") >= 2
    assert 'grads["p_o"] ' in page
    assert graded.scores["s002"] == 0
