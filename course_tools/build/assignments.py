"""Assignments: one source becomes nbgrader's source notebook, and nbgrader makes the release."""

import logging
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course_tools.build.notebook import assign_ids, to_text
from course_tools.build.source import CELL_ID, Source, read_source
from course_tools.nbgrader_config import CONFIG, load_config


def build_assignments(root: Path) -> dict[str, str]:
    """Map the path of each source and release notebook, relative to `root`, to its text."""
    files: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in sorted((root / "assignments").glob("*.py")):
        if path.name == CONFIG:
            continue
        source = read_assignment(path, root)
        name = source.course["assignment"]
        if name in seen:
            raise source.error(f"assignment {name} is already {seen[name]}; choose another name")
        seen[name] = source.path
        text = to_text(source.notebook, source.path)
        files[f"assignments/source/{name}/{name}.ipynb"] = text
        files[f"assignments/release/{name}/{name}.ipynb"] = _release(source, text, root)
    return files


def read_assignment(path: Path, root: Path) -> Source:
    """Read an assignment's source and check its header and its grade ids."""
    source = read_source(path, root)
    name = source.course.get("assignment")
    if not isinstance(name, str) or not CELL_ID.fullmatch(name):
        raise source.error("`course` in the header needs `assignment`, a short name such as A2")
    seen: set[str] = set()
    for index, cell in enumerate(source.notebook.cells):
        if "solution" in cell.metadata.get("tags", []):
            raise source.error("an assignment marks solutions by regions, not by a tag", index)
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id is None:
            continue
        if not isinstance(grade_id, str) or not CELL_ID.fullmatch(grade_id):
            raise source.error(
                f"grade_id {grade_id!r} must be at most 64 letters, digits, - and _", index
            )
        if grade_id in seen:
            raise source.error(f"grade_id {grade_id!r} is used twice", index)
        seen.add(grade_id)
    assign_ids(source.notebook, name)
    if len({cell["id"] for cell in source.notebook.cells}) < len(source.notebook.cells):
        raise source.error(f"a grade_id of the form {name}-001 is kept for cells without one")
    return source


def _release(source: Source, text: str, root: Path) -> str:
    """What nbgrader releases for `text`, made in a course folder of its own, without a gradebook.

    The instructor's configuration counts; the instructor's folders and gradebook stay untouched.
    """
    name = source.course["assignment"]
    config = load_config(root / "assignments")
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder).resolve()
        config["CourseDirectory"] = Config(root=str(course), assignment_id=name)
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        notebook = course / "source" / name / f"{name}.ipynb"
        notebook.parent.mkdir(parents=True)
        notebook.write_text(text, encoding="utf-8", newline="\n")
        problem = _quietly(
            lambda log: GenerateAssignment(
                coursedir=CourseDirectory(config=config, log=log), config=config, log=log
            ).start()
        )
        if problem:
            raise source.error(f"nbgrader does not release it: {problem}")
        release = nbformat.read(course / "release" / name / notebook.name, as_version=4)
    assign_ids(release, name)
    return to_text(release, source.path)


def _quietly(convert: Callable[[logging.Logger], None]) -> str | None:
    """Run nbgrader without its log; return the one line of it that says what was wrong."""
    errors: list[str] = []
    log = logging.Logger("nbgrader", logging.ERROR)
    handler = logging.Handler()
    handler.emit = lambda record: errors.append(record.getMessage())
    log.addHandler(handler)
    try:
        convert(log)
    except Exception as error:  # nbgrader raises its own, nbformat's and traitlets' errors
        lines = [line for message in errors for line in message.strip().split("\n")]
        named = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
        return named[0].split(": ", 1)[-1] if named else f"{type(error).__name__}: {error}"
    return None
