"""What students receive: every assignment's release, and the source that it is made of."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace

import a1_submissions
import a2_submissions
import a3_submissions
import a4_submissions
import a5_submissions
import nbformat
import pytest
from classroom import EXPLANATION, Workbook, find, points_in, solution, validate

ASSIGNMENTS: dict[str, tuple[ModuleType, str, str]] = {
    # name: its parts and points; words of the model answer; a given function that the text says
    # to call, so that a line of the solution with that call may stand in the text
    "A1": (a1_submissions, "tells them apart", ""),
    "A2": (a2_submissions, "teacher forcing", ""),
    "A3": (a3_submissions, "no later reader", "leaky_states("),
    "A4": (a4_submissions, "drowns what is near", "leaky_states("),
    "A5": (a5_submissions, "it does not erase", ""),
}


@pytest.fixture(params=ASSIGNMENTS)
def handed_out(request, built) -> SimpleNamespace:
    """One assignment: name, parts, answer, given, and its two notebooks."""
    name = request.param
    parts, answer, given = ASSIGNMENTS[name]
    notebooks = {
        kind: nbformat.reads(built[f"assignments/{kind}/{name}/{name}.ipynb"], as_version=4)
        for kind in ("source", "release")
    }
    return SimpleNamespace(name=name, parts=parts, answer=answer, given=given, **notebooks)


def test_the_release_holds_no_solution_and_no_hidden_test(handed_out):
    source, release, given = handed_out.source, handed_out.release, handed_out.given
    text = "\n".join(cell.source for cell in release.cells)
    for forbidden in ("course_tools", f"{handed_out.name.lower()}.grade", "BEGIN", "### END"):
        assert forbidden not in text
    for part in handed_out.parts.PARTS:
        shown = find(release, part).source + find(release, "setup").source
        lines = [line.strip() for line in solution(source, part).split("\n")]
        code = [line for line in lines if len(line) > 12 and line not in shown]
        code = [line for line in code if not given or given not in line]
        assert len(code) >= 2
        assert not [line for line in code if line in text]
    assert handed_out.answer in find(source, "explanation").source
    assert handed_out.answer not in text


def test_the_folders_hold_the_notebook_and_nothing_else(handed_out, built):
    name = handed_out.name
    assert {path for path in built if f"/{name}/" in path} == {
        f"assignments/source/{name}/{name}.ipynb",
        f"assignments/release/{name}/{name}.ipynb",
    }


def test_points_add_up_to_one_hundred(handed_out):
    points, parts = points_in(handed_out.source), handed_out.parts
    expected = {f"{part}_visible": parts.VISIBLE[part] for part in parts.PARTS}
    expected |= {f"{part}_hidden": parts.HIDDEN[part] for part in parts.PARTS}
    assert points == {**expected, "explanation": EXPLANATION}
    assert sum(points.values()) == 100


def test_every_hidden_test_is_one_line_that_asks_for_its_own_points(handed_out):
    judge, parts = handed_out.name.lower(), handed_out.parts
    for part in parts.PARTS:
        lines = find(handed_out.source, f"{part}_hidden").source.split("\n")
        assert [line for line in lines if line and not line.startswith("#")] == [
            f"from course_tools.assignments import {judge}",
            f'{judge}.grade("{part}", globals(), points={parts.HIDDEN[part]})',
        ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["reference", "stub"])
def test_validate_passes_the_reference_and_fails_the_stub(kind, handed_out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = Workbook(handed_out.source, handed_out.release)
    said = validate(book.solve() if kind == "reference" else book, tmp_path / "handed out")
    assert ("Success" in said) is (kind == "reference"), said
    if kind == "stub":
        assert "NotImplementedError" in said
