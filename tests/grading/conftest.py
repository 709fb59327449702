"""A small class that hands in A2 in a course folder of its own, graded once for all tests."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the tests share `submissions`
from submissions import CLASS, Workbook, nbgrader

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built() -> dict[str, str]:
    """Every assignment's source and release notebook as the build makes them, by path."""
    from course_tools.build.assignments import build_assignments

    return build_assignments(ROOT)


@pytest.fixture(scope="session")
def source(built) -> nbformat.NotebookNode:
    return nbformat.reads(built["assignments/source/A2/A2.ipynb"], as_version=4)


@pytest.fixture(scope="session")
def release(built) -> nbformat.NotebookNode:
    return nbformat.reads(built["assignments/release/A2/A2.ipynb"], as_version=4)


@pytest.fixture(scope="session")
def workbook(source, release) -> Callable[[], Workbook]:
    """Make a released notebook, untouched, in which solutions can be written."""
    return lambda: Workbook(source, release)


@pytest.fixture(scope="session")
def course(tmp_path_factory, built) -> Path:
    """A course folder as the repository's: our configuration and what the build made of A2."""
    folder = tmp_path_factory.mktemp("course folder")
    shutil.copy(ROOT / "assignments" / "nbgrader_config.py", folder)
    (folder / "salt.txt").write_text("a salt for the tests\n", encoding="utf-8")
    for path, text in built.items():
        notebook = folder / Path(path).relative_to("assignments")
        notebook.parent.mkdir(parents=True)
        notebook.write_text(text, encoding="utf-8", newline="\n")
    return folder


@dataclass(frozen=True)
class Graded:
    """What came out: scores and problems by student, the exported table, feedback as text."""

    scores: dict[str, float | None]
    problems: dict[str, str]
    exported: dict[str, dict[str, str]]
    course: Path

    def feedback(self, student: str) -> str:
        return (self.course / "feedback" / student / "A2" / "A2.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def graded(course, workbook) -> Graded:
    """The whole class, autograded by `course autograde`, with feedback and the exported table."""
    from course_tools.grading.autograde import autograde

    for student, hand_in in CLASS.items():
        hand_in(workbook(), course / "submitted" / student / "A2")
    outcomes = list(autograde(course, "A2"))
    nbgrader(course, "generate_feedback", "A2")
    nbgrader(course, "export", "--to=grades.csv")
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        exported = {row["student_id"]: row for row in csv.DictReader(file)}
    return Graded(
        {outcome.student: outcome.score for outcome in outcomes},
        {outcome.student: outcome.problem for outcome in outcomes},
        exported,
        course,
    )
