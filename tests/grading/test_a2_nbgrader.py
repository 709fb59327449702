"""A2 through nbgrader: a class graded, what students and instructors read."""

from __future__ import annotations

import re

import pytest
from a2_submissions import BROKEN, CLASS, EINSUM, PARTS, SCORES
from classroom import nbgrader, words, write_all
from nbgrader.api import Gradebook

from course_tools.assignments import a2_mistakes
from course_tools.grading.seeds import make_seed

ASSIGNMENT = "A2"
pytestmark = pytest.mark.slow


# --- the class ------------------------------------------------------------------------------


@pytest.mark.parametrize("student", SCORES)
def test_everybody_gets_the_marks_deserved(graded, student):
    assert graded.problems[student] == ""
    assert graded.scores[student] == SCORES[student]
    assert float(graded.exported[student]["score"]) == SCORES[student]
    assert float(graded.exported[student]["max_score"]) == 100


@pytest.mark.parametrize("student", BROKEN)
def test_a_broken_submission_is_told_in_one_sentence(graded, student):
    assert graded.scores[student] is None
    assert 10 < len(graded.problems[student]) < 250
    assert "\n" not in graded.problems[student]
    assert "Traceback" not in graded.problems[student]


def test_an_explanation_waits_for_a_person_and_a_missing_one_does_not(graded):
    with Gradebook(f"sqlite:///{graded.course / 'gradebook.db'}", "rnn") as book:
        waiting = {s: book.find_submission("A2", s).needs_manual_grade for s in ("s001", "s002")}
    assert waiting == {"s001": True, "s002": False}


def test_grading_leaves_what_the_build_made_as_it_is(graded, built):
    for path, text in built.items():
        file = graded.course / path.removeprefix("assignments/")
        assert file.read_text(encoding="utf-8") == text


def test_the_class_is_complete(graded):
    assert set(graded.scores) == set(CLASS) == set(SCORES) | set(BROKEN)


@pytest.mark.parametrize(
    ("student", "mistakes", "name"),
    [
        ("s011", a2_mistakes.STEP_MISTAKES, "leak inverted"),
        ("s012", a2_mistakes.FORWARD_MISTAKES, "y never advanced"),
        ("s013", a2_mistakes.MANY_TO_ONE_MISTAKES, "last state at padded positions"),
    ],
)
def test_feedback_names_the_mistake(graded, student, mistakes, name):
    mistake = next(m for m in mistakes if m.name == name)
    page = words(graded.feedback(student))
    assert mistake.says.replace("`", "") in page
    assert mistake.hint.replace("`", "") in page
    others = [m.says.replace("`", "") for m in mistakes if m is not mistake]
    assert not [says for says in others if says in page]


def test_feedback_says_that_the_error_was_carried_forward(graded):
    assert "carried forward" in words(graded.feedback("s011"))
    assert "carried forward" not in words(graded.feedback("s001"))


def test_feedback_shows_no_hidden_source_beyond_the_one_line(graded):
    for student in ("s001", "s012"):
        page = words(graded.feedback(student))
        assert page.count("from course_tools.assignments import a2") == len(PARTS)
        for line in ("def judge_forward", "forward_oracle", "STEP_MISTAKES"):
            assert line not in page


def test_the_seed_is_shown_and_follows_from_salt_assignment_and_student(graded):
    for student in ("s001", "s012"):
        seed = make_seed("a salt for the tests", "A2", student)
        assert words(graded.feedback(student)).count(f"drawn from seed {seed}") == len(PARTS)
    assert "a salt for the tests" not in graded.feedback("s001")


def test_feedback_says_what_was_never_run(graded):
    page = words(graded.feedback("s008"))
    assert "This cell ended the Python process." in page
    assert page.count("could not be run") >= 4


def test_feedback_says_which_import_kept_a_cell_from_running(graded):
    page = words(graded.feedback("s016"))
    assert "NotRun: This assignment may import numpy, math, course_utils; a cell of yours " in page
    assert page.count("imports `matplotlib.pyplot`") == 1  # at the cell; it never came to `In`
    assert "a cell of yours imports" not in words(graded.feedback("s001"))


def test_a_regrade_repeats_the_marks(graded):
    from course_tools.grading.autograde import autograde

    notebook = graded.course / "autograded" / "s012" / "A2" / "A2.ipynb"
    numbers = re.compile(r"should be (\S+), yours is (\S+)\.")
    before = numbers.findall(notebook.read_text(encoding="utf-8"))
    (outcome,) = autograde(graded.course, "A2", ["s012"], force=True)
    assert outcome.score == SCORES["s012"]
    assert numbers.findall(notebook.read_text(encoding="utf-8")) == before != []


def test_the_stock_command_goes_on_too_and_gives_the_same_marks(graded, workbook):
    """`nbgrader autograde A2`, on a class of its own in the same course."""
    hand_ins = {
        "s101": CLASS["s006"],  # another schema version
        "s102": CLASS["s010"],  # a duplicated cell
        "s103": CLASS["s004"],  # half a file
        "s104": CLASS["s008"],  # the process ends
        "s105": write_all(EINSUM),
    }
    for student, hand_in in hand_ins.items():
        hand_in(workbook(), graded.course / "submitted" / student / "A2")
    said = nbgrader(graded.course, "autograde", "A2", "--student=s1*", ok=False)
    assert "ask for the notebook again" in said
    with Gradebook(f"sqlite:///{graded.course / 'gradebook.db'}", "rnn") as book:
        scores = {student: book.find_submission("A2", student).score for student in hand_ins}
    assert scores["s102"] == scores["s105"] == SCORES["s001"]
    assert scores["s104"] == SCORES["s008"]
    assert scores["s101"] == scores["s103"] == 0


# --- the command ----------------------------------------------------------------------------


def run_verb(*arguments):
    import argparse

    from course_tools.cli import add

    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    args = parser.parse_args(["autograde", *map(str, arguments)])
    return args.func(args)


def test_the_verb_tells_each_outcome_and_fails_if_one_was_not_graded(graded, capsys):
    assert run_verb("A2", "s001", "s002", "s004", "s012", "--course", graded.course) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "s001  85 of 85, written part to be read (kept)"
    assert lines[1] == "s002  0 of 100 (kept)"
    assert lines[2].startswith("s004  not graded: the notebook cannot be read")
    assert lines[3] == "s012  55 of 85, written part to be read (kept)"
    assert lines[4] == "0 graded, 3 kept, 1 not graded."


def test_what_was_handed_in_anew_is_graded_anew_and_nothing_else(course, graded, workbook):
    from course_tools.grading.autograde import autograde

    submitted = course / "submitted" / "s201" / "A2"
    CLASS["s002"](workbook(), submitted)
    (first,) = autograde(course, "A2", ["s201"])
    assert (first.score, first.kept) == (0, False)
    (submitted / "A2.ipynb").unlink()
    submitted.rmdir()
    CLASS["s001"](workbook(), submitted)
    for kept in (False, True):
        (again,) = autograde(course, "A2", ["s201"])
        assert (again.score, again.kept) == (SCORES["s001"], kept)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "rnn") as book:
        grade = book.find_grade("explanation", "A2", "A2", "s201")
        grade.manual_score, grade.needs_manual_grade = 14, False
        book.db.commit()
    (read,) = autograde(course, "A2", ["s201"])
    assert (read.marks, read.kept) == ("99 of 100", True)
    nbgrader(course, "generate_feedback", "A2", "--student=s201")
    assert {p.name for p in (course / "feedback" / "s201" / "A2").iterdir()} == {"A2.html"}
    assert "<details open" in (course / "feedback" / "s012" / "A2" / "A2.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["A2", "s999"], "No submission of A2 by s999"),
        (["A9"], "There is no assignment A9"),
    ],
)
def test_the_verb_says_what_is_missing(graded, arguments, sentence):
    from course_utils.errors import CourseError

    with pytest.raises(CourseError, match=sentence):
        run_verb(*arguments, "--course", graded.course)
