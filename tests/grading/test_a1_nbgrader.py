"""A1 through nbgrader: what is released, a class graded, what students read."""

from __future__ import annotations

import pytest
from a1_submissions import CLASS, FULL, HIDDEN, PARTS, POINTS, VISIBLE
from classroom import EXPLANATION, find, points_in, solution, validate, words

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


def test_the_release_holds_no_solution_and_no_hidden_test(source, release):
    text = "\n".join(cell.source for cell in release.cells)
    for forbidden in ("course_tools", "a1.grade", "BEGIN", "### END"):
        assert forbidden not in text
    for part in PARTS:
        lines = [line.strip() for line in solution(source, part).split("\n")]
        given = find(release, part).source
        code = [line for line in lines if len(line) > 12 and line not in given]
        assert len(code) >= 2
        assert not [line for line in code if line in text]
    assert "Gabriel" in text
    assert "tells them apart" in find(source, "explanation").source
    assert "tells them apart" not in text


def test_points_add_up_to_one_hundred(source):
    expected = {f"{part}_visible": VISIBLE[part] for part in PARTS}
    expected |= {f"{part}_hidden": HIDDEN[part] for part in PARTS}
    assert points_in(source) == {**expected, "explanation": EXPLANATION}
    assert sum(points_in(source).values()) == 100


def test_every_hidden_test_is_one_line_that_asks_for_its_own_points(source):
    for part in PARTS:
        lines = find(source, f"{part}_hidden").source.split("\n")
        assert [line for line in lines if line and not line.startswith("#")] == [
            "from course_tools.assignments import a1",
            f'a1.grade("{part}", globals(), points={HIDDEN[part]})',
        ]


def test_validate_passes_the_reference_and_fails_the_stub(workbook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Success" in validate(workbook().solve(), tmp_path / "reference")
    said = validate(workbook(), tmp_path / "stub")
    assert "Success" not in said
    assert "NotImplementedError" in said


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
