"""A3 through nbgrader: a class graded, what students read."""

from __future__ import annotations

import pytest
from a3_submissions import CLASS, FULL, HIDDEN, PARTS
from classroom import words

from course_tools.assignments import a3_mistakes
from course_tools.grading.seeds import make_seed

ASSIGNMENT = "A3"
SCORES = {
    "s001": FULL,
    "s002": 0,
    # The error is right although the differences are not; of the step's ten gradients three are;
    # over that step the loop is right at full lengths; over both, of the chunks dh0 and dy0 are.
    "s003": 6 + 0.3 * HIDDEN["step"] + 12.5 + 2.5,
}
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_the_marks_deserved(graded, student):
    assert graded.problems[student] == ""
    assert graded.scores[student] == SCORES[student]
    assert float(graded.exported[student]["score"]) == SCORES[student]
    assert float(graded.exported[student]["max_score"]) == 100


NAMED = [
    ("s003", a3_mistakes.CHECK_MISTAKES, "one-sided difference"),
    ("s003", a3_mistakes.STEP_MISTAKES, "tanh' at h_t"),
    ("s003", a3_mistakes.SEQUENCE_MISTAKES, "lengths ignored"),
    ("s003", a3_mistakes.TRUNCATED_MISTAKES, "state reset at each chunk"),
]
MADE = {m.says for _, mistakes, name in NAMED for m in mistakes if m.name == name}


@pytest.mark.parametrize(("student", "mistakes", "name"), NAMED)
def test_feedback_names_the_mistake(graded, student, mistakes, name):
    page = words(graded.feedback(student))
    mistake = next(m for m in mistakes if m.name == name)
    assert mistake.says.replace("`", "") in page
    assert mistake.hint.replace("`", "") in page
    # Two parts may know one and the same mistake by the same words.
    others = {m.says.replace("`", "") for m in mistakes} - {m.replace("`", "") for m in MADE}
    assert not [says for says in others if says in page]


def test_feedback_says_that_the_error_was_carried_forward(graded):
    assert words(graded.feedback("s003")).count("carried forward here") == 2
    assert "carried forward here" not in words(graded.feedback("s001"))


def test_feedback_shows_seed_and_no_hidden_source_beyond_the_one_line(graded):
    page = words(graded.feedback("s001"))
    seed = make_seed("a salt for the tests", "A3", "s001")
    assert page.count(f"drawn from seed {seed}") == len(PARTS)
    assert page.count("from course_tools.assignments import a3") == len(PARTS)
    assert "_oracle" not in page


def test_the_students_own_gradient_check_speaks_on_the_page(graded):
    """The ungraded cells print the errors of a right notebook and stop nothing in an empty one."""
    page = words(graded.feedback("s001"))
    for name in ("W_xh", "leak", "b_y"):
        assert page.count(f"{name} ") >= 2
    assert graded.scores["s002"] == 0
