"""What the tests of every assignment share: a notebook in a student's hands, and a class graded."""

from __future__ import annotations

import copy
import csv
import html
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

EXPLANATION = 15
"""Points of the written part, which a person reads."""


class Workbook:
    """A released notebook in the hands of a student."""

    def __init__(self, source: NotebookNode, release: NotebookNode) -> None:
        self._source = source
        self.notebook = copy.deepcopy(release)
        self.name = release.metadata.course["assignment"]

    def cell(self, grade_id: str) -> NotebookNode:
        return find(self.notebook, grade_id)

    def index(self, grade_id: str) -> int:
        return self.notebook.cells.index(self.cell(grade_id))

    def write(self, part: str, text: str) -> Workbook:
        self.cell(part).source = text
        return self

    def solve(self, *parts: str) -> Workbook:
        """Write the reference's solution of `parts`, or of all, and some explanation."""
        for part in parts or parts_of(self._source):
            self.write(part, solution(self._source, part))
        return self.write("explanation", "A slow unit remembers, and answers late.")

    def insert(self, before: str, text: str) -> Workbook:
        self.notebook.cells.insert(self.index(before), new_code_cell(text))
        return self

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        nbformat.write(self.notebook, folder / f"{self.name}.ipynb")


HandIn = Callable[[Workbook, Path], None]


def write_all(sources: dict[str, str]) -> HandIn:
    """Hand in the reference's solution with the parts in `sources` written otherwise."""

    def hand_in(book: Workbook, folder: Path) -> None:
        book.solve()
        for part, text in sources.items():
            book.write(part, text.strip())
        book.save(folder)

    return hand_in


def untouched(book: Workbook, folder: Path) -> None:
    book.save(folder)


def find(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def parts_of(notebook: NotebookNode) -> list[str]:
    """The grade ids of the cells in which a student writes code."""
    marked = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    return [meta["grade_id"] for meta in marked if meta.get("solution") and not meta["grade"]]


def solution(source: NotebookNode, part: str) -> str:
    lines = find(source, part).source.split("\n")
    return "\n".join(line for line in lines if not line.strip().startswith("### "))


def points_in(notebook: NotebookNode) -> dict[str, float]:
    """The points of each cell that earns some, by grade id."""
    marked = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    return {meta["grade_id"]: meta["points"] for meta in marked if meta.get("grade")}


def run_visible(release: NotebookNode, namespace: dict, part: str, setup: str = "setup") -> float:
    """Run a part's visible test over `namespace` and return its points; what it raises goes on."""
    space: dict = {}
    exec(find(release, setup).source, space)
    space.update(namespace)
    body = find(release, f"{part}_visible").source.split("\n")
    exec("\n".join(body[:-1]), space)
    return eval(body[-1], space)


def nbgrader(folder: Path, *arguments: str, ok: bool = True) -> str:
    """Run nbgrader's own command line in `folder` and return all that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        timeout=200,
    )
    told = done.stdout + done.stderr
    assert (done.returncode == 0) is ok, told[-3000:]
    return told


def validate(book: Workbook, folder: Path) -> str:
    """Do what the toolbar's *Validate* does, and return what it says."""
    from io import StringIO

    from nbgrader.validator import Validator

    book.save(folder)
    validator, said = Validator(), StringIO()
    validator.stream = said
    validator.validate_and_print(str(folder / f"{book.name}.ipynb"))
    return said.getvalue()


def words(page: str) -> str:
    """The text of a page, without tags and with single spaces."""
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())


@dataclass(frozen=True)
class Graded:
    """What came out: scores and problems by student, the exported table, feedback as text."""

    name: str
    scores: dict[str, float | None]
    problems: dict[str, str]
    exported: dict[str, dict[str, str]]
    course: Path

    def feedback(self, student: str) -> str:
        page = self.course / "feedback" / student / self.name / f"{self.name}.html"
        return page.read_text(encoding="utf-8")


def grade_class(
    course: Path, name: str, students: dict[str, HandIn], workbook: Callable[[], Workbook]
) -> Graded:
    """Hand in for all students, grade by `course autograde`, make the feedback and the table."""
    from course_tools.grading.autograde import autograde

    for student, hand_in in students.items():
        hand_in(workbook(), course / "submitted" / student / name)
    outcomes = list(autograde(course, name))
    nbgrader(course, "generate_feedback", name)
    nbgrader(course, "export", "--to=grades.csv")
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        exported = {row["student_id"]: row for row in csv.DictReader(file)}
    return Graded(
        name,
        {outcome.student: outcome.score for outcome in outcomes},
        {outcome.student: outcome.problem for outcome in outcomes},
        exported,
        course,
    )
