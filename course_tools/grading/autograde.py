"""`course autograde A2`: nbgrader's autograde, one converter for each student.

What breaks on one submission stays with it: it is reported in a sentence and the rest go on. The
stock command `nbgrader autograde A2` gives the same grades by the same configuration; it reports a
broken submission by a traceback.
"""

from __future__ import annotations

import hashlib
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

DIGEST = "graded.sha256"
"""A file beside each autograded notebook: the digest of what was handed in when it was graded."""


@dataclass(frozen=True)
class Outcome:
    """What became of one submission: its score so far, in words too, or why it has none.

    `kept` says that nothing changed since it was graded, so that it was not graded again.
    """

    student: str
    score: float | None = None
    marks: str = ""
    problem: str = ""
    kept: bool = False


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
    Without `force`, a submission is graded again only if what was handed in has changed.
    Raises CourseError, before anything is written, where there is nothing to grade.
    """
    config = load_config(course)
    directory = CourseDirectory(config=config)
    source = Path(directory.root) / "source"
    expected = _expected(source, assignment)
    others = {path.name for path in source.iterdir()} - {assignment}
    here = Path(directory.format_path(directory.submitted_directory, ".", ".")).resolve()
    folders = [path for path in sorted(here.glob("[!.]*")) if path.is_dir()]
    found = {path.name: path for path in folders if _concerns(path, assignment, others)}
    if unknown := sorted(set(students) - set(found)):
        raise CourseError(f"No submission of {assignment} by {', '.join(unknown)} in {here}.")
    if not found:
        raise CourseError(f"No submission of {assignment} in {here}: collect them first.")
    if config.RunSubmission.salt == HOME_SALT:
        print(
            "No salt is set: students can work out the inputs; see docs/instructors/grading.md.",
            file=sys.stderr,
        )
    config.CourseDirectory.assignment_id = assignment
    _register(config, Path(directory.root), assignment)
    for student in students or found:
        problem = _misplaced(found[student], assignment, expected, others)
        if problem:
            yield Outcome(student, problem=problem)
        else:
            yield _one(config, found[student] / assignment, student, expected, force)


def _concerns(folder: Path, assignment: str, others: set[str]) -> bool:
    """Return whether a student's folder should hold `assignment`: not if it only holds others."""
    names = {path.name for path in folder.glob("[!.]*")}
    return assignment in names or not names or not names <= others


def _misplaced(folder: Path, assignment: str, expected: set[str], others: set[str]) -> str:
    """Return what keeps a student's folder from being graded; empty where all is in its place."""
    inside = [path for path in folder.rglob("*") if path.relative_to(folder).parts[0] not in others]
    if links := [path.name for path in [folder, *inside] if path.is_symlink()]:
        return f"it is or holds a link to something else ({links[0]})"
    wanted = [folder / assignment / f"{name}.ipynb" for name in sorted(expected)]
    if any(path in inside and path.is_file() for path in wanted):
        return ""
    asked = " or ".join(path.relative_to(folder.parent.parent).as_posix() for path in wanted)
    notebooks = [path for path in inside if path.suffix == ".ipynb" and path.is_file()]
    if len(notebooks) == 1 and notebooks[0].parent == folder / assignment:
        return f'expected {asked}; found "{notebooks[0].name}": rename it'
    found = [path.relative_to(folder.parent.parent).as_posix() for path in sorted(notebooks)]
    return f"expected {asked}; found {', '.join(found) or 'no notebook'}"


def _one(config: Config, folder: Path, student: str, expected: set[str], force: bool) -> Outcome:
    log = logging.Logger("autograde", logging.CRITICAL)
    warnings.filterwarnings("ignore", category=sqlalchemy.exc.SAWarning)  # nbgrader's own
    directory = CourseDirectory(config=config, student_id=student, log=log)
    graded = Path(
        directory.format_path(directory.autograded_directory, student, directory.assignment_id)
    )
    record, digest = graded / DIGEST, _digest(folder, expected)
    with Gradebook(directory.db_url, directory.course_id) as book:
        known = student in {
            s.student.id for s in book.assignment_submissions(directory.assignment_id)
        }
    unchanged = record.is_file() and record.read_text(encoding="utf-8").strip() == digest
    kept = known and unchanged and not force
    if not kept:
        # With force, since nbgrader's own test for news looks at a time stamp, not at the content.
        converter = OneSubmission(coursedir=directory, config=config, log=log, force=True)
        try:
            converter.start()
        except Exception as error:  # whatever it is, the next student is graded
            return Outcome(student, problem=_sentence(converter.problem or error))
        record.write_text(f"{digest}\n", encoding="utf-8", newline="\n")
    with Gradebook(directory.db_url, directory.course_id) as book:
        submission = book.find_submission(directory.assignment_id, student)
        marks = f"{submission.score:g} of {submission.max_score:g}"
        if submission.needs_manual_grade:
            marks = f"{submission.code_score:g} of {submission.max_code_score:g}"
            marks += ", written part to be read"
        return Outcome(student, submission.score, marks, kept=kept)


def _digest(folder: Path, expected: set[str]) -> str:
    """Return a digest of the notebooks that were handed in."""
    digest = hashlib.sha256()
    for path in sorted(folder / f"{name}.ipynb" for name in expected):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


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
    graded = kept = broken = 0
    for outcome in outcomes:
        told = f"not graded: {outcome.problem}" if outcome.problem else outcome.marks
        print(f"{outcome.student}  {told}{' (kept)' if outcome.kept else ''}", flush=True)
        broken += bool(outcome.problem)
        kept += outcome.kept
        graded += not outcome.problem and not outcome.kept
    print(f"{graded} graded, {kept} kept, {broken} not graded.")
    return 1 if broken else 0
