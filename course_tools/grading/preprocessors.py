"""What nbgrader does to a submission, mended by configuration (assignments/nbgrader_config.py).

nbgrader 0.9 gives full points to a test that never ran and to scores such as -1, nan or text; it
takes all points for a warning, and stops the whole class at one broken notebook. Each class here
replaces one stage of its lists. The rule that the last one enforces is simple: a test cell earns
the number that its last expression gives, and where there is no such number it earns nothing and
says why.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode, from_dict
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    DeduplicateIds,
    Execute,
    NbGraderPreprocessor,
    OverwriteCells,
)
from traitlets import Integer, List, Unicode

from course_tools.grading.seeds import HOME_SALT, SEED_VARIABLE, make_seed
from course_utils.checks.imports import ALLOWED, explain, foreign_imports

Converted = tuple[NotebookNode, dict[str, Any]]


class SubmissionError(Exception):
    """A submission that cannot be graded; the message is the sentence for the instructor."""


class SafeDeduplicate(DeduplicateIds):
    """Let a copy of a cell be an ordinary cell; nbgrader leaves metadata that stop the class."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, cell_index: int) -> Converted:
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
        return cell, resources


class RestoreCells(OverwriteCells):
    """Put back every test and every locked cell that a student removed, in its old place.

    nbgrader restores tests only, and fails where the cell before the test is missing too.
    """

    def add_missing_grade_cells(self, nb: NotebookNode, resources: dict) -> Converted:
        notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        answers = {cell.name for cell in notebook.solution_cells}
        place = 0
        for source in notebook.source_cells:
            ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
            if source.name in ids:
                place = ids.index(source.name) + 1
            elif source.name in points or source.locked:
                self.log.warning("Cell %s was removed and is put back", source.name)
                cell = from_dict(
                    self.missing_cell_transform(
                        source, points.get(source.name, 0), is_solution=source.name in answers
                    )
                )
                if source.name not in points:
                    cell.metadata.nbgrader["grade"] = False
                    del cell.metadata.nbgrader["points"]
                if (nb.nbformat, nb.nbformat_minor) >= (4, 5):  # the first version with cell ids
                    cell["id"] = source.name
                nb.cells.insert(place, cell)
                place += 1
        return nb, resources


class CheckMetadata(CheckCellMetadata):
    """Refuse one submission where nbgrader, on a foreign schema version, would stop them all."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> Converted:
        try:
            return super().preprocess(nb, resources)
        except (SchemaTooNewError, SchemaTooOldError) as error:
            raise SubmissionError(
                f"a cell says that it has nbgrader's metadata version {error.actual_version}, "
                f"and this is version {error.expected_version}: ask for the notebook again, "
                "made from the released one"
            ) from error


class RunSubmission(Execute):
    """Run a notebook's cells; what stops the run stops this notebook only, and is written down.

    The kernel is given the student's seed and never the salt. A cell of the student's own that
    imports a module outside `allowed_imports` is not run, and says so.
    """

    salt = Unicode(HOME_SALT, help="The instructor's secret, of which seeds are made").tag(
        config=True
    )
    allowed_imports = List(Unicode(), list(ALLOWED), help="Modules a student may import").tag(
        config=True
    )
    whole = Integer(120, help="Seconds after which no further cell is started").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict, km: Any = None) -> Converted:
        who = resources["nbgrader"]
        self._stopped = ""
        self._ends = time.monotonic() + self.whole
        with _environment(make_seed(self.salt, who["assignment"], who["student"])):
            return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> Converted:
        if cell.cell_type != "code":
            return cell, resources
        if not self._stopped and time.monotonic() > self._ends:
            self._stopped = f"The notebook took more than {self.whole} seconds before this cell."
        foreign = [] if utils.is_locked(cell) else self._foreign(cell)
        if self._stopped or foreign:
            reason = self._stopped or explain(foreign, self.allowed_imports)
            cell.outputs = [_error("NotRun", reason)]
            return cell, resources
        try:
            return super().preprocess_cell(cell, resources, index)
        except (DeadKernelError, CellTimeoutError) as error:
            dead = isinstance(error, DeadKernelError)
            what = "ended the Python process" if dead else "did not stop when interrupted"
            cell.outputs.append(_error("Stopped", f"This cell {what}."))
            self._stopped = f"An earlier cell {what}, so that this one could not be run."
            return cell, resources

    def _foreign(self, cell: NotebookNode) -> list[str]:
        return foreign_imports(cell.source, self.allowed_imports)


class FailClosed(NbGraderPreprocessor):
    """Leave nbgrader one reading of each test cell: one number from 0 to its points, or an error.

    Warnings on stderr become ordinary text. Errors go first, since nbgrader stops at the first
    output that it understands.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> Converted:
        if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
            return cell, resources
        for output in cell.outputs:
            if output.output_type == "stream":
                output.name = "stdout"
        if reason := _why_no_score(cell):
            self.log.warning("%s: %s", cell.metadata.nbgrader["grade_id"], reason)
            cell.outputs.append(_error("NoScore", reason))
        cell.outputs.sort(key=lambda output: output.output_type != "error")  # keeps their order
        return cell, resources


def _why_no_score(cell: NotebookNode) -> str:
    """Return why a test cell earns nothing although no error shows; empty where all is well."""
    if any(output.output_type == "error" for output in cell.outputs):
        return ""
    if cell.execution_count is None:
        return "This test never ran, so that it earns nothing."
    most = float(cell.metadata.nbgrader["points"])
    results = [output.data.get("text/plain", "") for output in _results(cell)]
    if len(results) != 1:
        return f"This test gave {len(results)} scores where one is expected: it earns nothing."
    if not re.fullmatch(r"\d+(\.\d+)?", results[0]) or float(results[0]) > most:
        return f"The score {results[0][:40]!r} is not a number from 0 to {most:g}: no points."
    return ""


def _results(cell: NotebookNode) -> list[NotebookNode]:
    return [output for output in cell.outputs if output.output_type == "execute_result"]


def _error(name: str, sentence: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=sentence, traceback=[f"{name}: {sentence}"])


@contextmanager
def _environment(seed: int) -> Iterator[None]:
    """Set the student's seed, and hide the salt, while a kernel is started and used."""
    before = dict(os.environ)
    os.environ[SEED_VARIABLE] = str(seed)
    os.environ.pop("COURSE_SALT", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
