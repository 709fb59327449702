"""A4 through nbgrader: a class graded, what students read. Variants are judged in process."""

from __future__ import annotations

import re

import pytest
from a4_submissions import CLASS, FULL, PARTS
from classroom import words

from course_tools.assignments import a4_mistakes
from course_tools.grading.seeds import make_seed

ASSIGNMENT = "A4"
SCORES = {
    "s001": FULL,
    "s002": 0,
    # Two of three ways through the cell; norms, but not in the long run; of clipping the norm
    # alone; a start under which gradients die. Products and curve are wrong throughout.
    "s003": 10.5 + 6.5 + 1.5 + 6.5,
}
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_the_marks_deserved(graded, student):
    assert graded.problems[student] == ""
    assert graded.scores[student] == SCORES[student]
    assert float(graded.exported[student]["score"]) == SCORES[student]
    assert float(graded.exported[student]["max_score"]) == 100


NAMED = [
    (a4_mistakes.JACOBIAN_MISTAKES, "feedback path forgotten"),
    (a4_mistakes.PRODUCTS_MISTAKES, "order reversed"),
    (a4_mistakes.NORMS_MISTAKES, "underflow"),
    (a4_mistakes.CURVE_MISTAKES, "own state as the old one"),
    (a4_mistakes.CLIP_MISTAKES, "per tensor"),
    (a4_mistakes.INITIALISE_MISTAKES, "recurrence too weak"),
]
MADE = {m.says.replace("`", "") for found, name in NAMED for m in found if m.name == name}


@pytest.mark.parametrize(("mistakes", "name"), NAMED)
def test_feedback_names_each_mistake_of_a_notebook_with_six(graded, mistakes, name):
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
    seed = make_seed("a salt for the tests", "A4", "s001")
    assert page.count(f"drawn from seed {seed}") == len(PARTS)
    assert page.count("from course_tools.assignments import a4") == len(PARTS)
    assert "_oracle" not in page


def test_the_experiment_prints_what_the_model_answer_and_the_rubric_quote(graded):
    page = words(graded.feedback("s001"))
    for name, left, slope in (
        ("your own", "6.5e-01", "0.97"),
        ("strong inputs", "7.5e-03", "0.56"),
        ("half of W_hh", "1.1e-03", "1.00"),
        ("the usual", "2.7e-05", "0.94"),
    ):
        assert re.search(rf"{name}( \S+){{2}} {re.escape(left)} {slope} ", page), name
    assert re.search(r"0 steps back norm 1\.6e\+01, clipped \S+e-0[5-8] ", page)
