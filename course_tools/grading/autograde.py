"""`course autograde A2`: nbgrader's autograde, one converter for each student.

What breaks on one submission stays with it: it is reported in a sentence and the rest go on. The
stock command `nbgrader autograde A2` gives the same grades by the same configuration; it reports a
broken submission by a traceback.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from nbformat.reader import NotJSONError
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course_tools.grading.preprocessors import SubmissionError
from course_tools.grading.seeds import HOME_SALT
from course_tools.nbgrader_config import load_config
from course_utils.errors import CourseError


@dataclass(frozen=True)
class Outcome:
    """What became of one submission: its score so far, or why it has none."""

    student: str
    score: float | None = None
    problem: str = ""


class OneSubmission(Autograde):
    """nbgrader's converter, which remembers what stopped it instead of only logging it."""

    problem: BaseException | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        try:
            super().convert_single_notebook(notebook_filename)
        except Exception as error:
            self.problem = error
            raise


def autograde(
    course: Path, assignment: str, students: Sequence[str] = (), *, force: bool = False
) -> Iterator[Outcome]:
    """Autograde `assignment` in the course folder `course`, for all students or those named.

    Each outcome is given as soon as it is there.

    The gradebook is made, and told of the assignment's tests as they are in source/, first.
    Without `force`, a submission that was graded before is graded again only if it is newer.
    Raises CourseError, before anything is written, where there is nothing to grade.
    """
    config = load_config(course)
    directory = CourseDirectory(config=config)
    expected = _expected(Path(directory.root) / "source", assignment)
    here = Path(directory.format_path(directory.submitted_directory, ".", ".")).resolve()
    found = sorted(folder.parent.name for folder in here.glob(f"*/{assignment}"))
    if unknown := sorted(set(students) - set(found)):
        raise CourseError(f"No submission of {assignment} by {', '.join(unknown)} in {here}.")
    if not found:
        raise CourseError(f"No submission of {assignment} in {here}: collect them first.")
    if config.RunSubmission.salt == HOME_SALT:
        print(
            "No salt is set: students can work out the inputs; see docs/instructors/a2.md.",
            file=sys.stderr,
        )
    config.CourseDirectory.assignment_id = assignment
    _register(config, Path(directory.root), assignment)
    for student in students or found:
        yield _one(config, here / student / assignment, student, expected, force)


def _one(config: Config, folder: Path, student: str, expected: set[str], force: bool) -> Outcome:
    paths = [folder.parent, folder, *folder.rglob("*")]
    if links := [path.name for path in paths if path.is_symlink()]:
        return Outcome(student, problem=f"it is or holds a link to something else ({links[0]})")
    if not any((folder / f"{name}.ipynb").is_file() for name in expected):
        return Outcome(student, problem=f"there is no {' or '.join(sorted(expected))}.ipynb")
    log = logging.Logger("autograde", logging.CRITICAL)
    warnings.filterwarnings("ignore", category=sqlalchemy.exc.SAWarning)  # nbgrader's own
    directory = CourseDirectory(config=config, student_id=student, log=log)
    converter = OneSubmission(coursedir=directory, config=config, log=log, force=force)
    try:
        converter.start()
    except Exception as error:  # whatever it is, the next student is graded
        return Outcome(student, problem=_sentence(converter.problem or error))
    with Gradebook(directory.db_url, directory.course_id) as book:
        return Outcome(student, book.find_submission(directory.assignment_id, student).score)


def _sentence(error: BaseException) -> str:
    if isinstance(error, SubmissionError):
        return str(error)
    if isinstance(error, (NotJSONError, UnicodeDecodeError)):
        return "the notebook cannot be read (half an upload?): ask for it again"
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"


def _expected(source: Path, assignment: str) -> set[str]:
    """Return the names of the assignment's notebooks in source/."""
    # Compared as names: "A2/" and, on some systems, "a2" are paths to A2 too.
    names = {path.stem for path in source.glob("*/*.ipynb") if path.parent.name == assignment}
    if not names:
        raise CourseError(
            f"There is no assignment {assignment} in {source}: run `course build`, "
            "or look at the name."
        )
    return names


def _register(config: Config, root: Path, assignment: str) -> None:
    """Bring the gradebook up to date with source/.

    nbgrader does so while it makes a release. That release goes to a folder that is thrown away:
    the one in the course folder is the build's.
    """
    config, log = deepcopy(config), logging.Logger("generate", logging.CRITICAL)
    with tempfile.TemporaryDirectory() as aside:
        config.CourseDirectory.release_directory = aside
        directory = CourseDirectory(config=config, log=log)
        try:
            GenerateAssignment(coursedir=directory, config=config, log=log).start()
        except Exception as error:
            raise CourseError(
                f"nbgrader cannot take {assignment} into the gradebook: run "
                f"`nbgrader generate_assignment {assignment} --force` in {root} to see why."
            ) from error


def report(outcomes: Iterable[Outcome]) -> int:
    """Print each outcome as it comes, then how many; return 1 if one was not graded, else 0."""
    graded = broken = 0
    for outcome in outcomes:
        told = f"not graded: {outcome.problem}" if outcome.problem else f"{outcome.score:g}"
        print(f"{outcome.student}  {told}", flush=True)
        broken += bool(outcome.problem)
        graded += not outcome.problem
    print(f"{graded} graded, {broken} not.")
    return 1 if broken else 0
