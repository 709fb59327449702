"""Lessons: one source becomes the learner's notebook and the solved one."""

import ast
import copy
import re
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

from course_tools.build.notebook import assign_ids, to_text
from course_tools.build.numbers import find_numbers
from course_tools.build.source import MARKER, Source, check_python, read_source
from course_utils.errors import CourseError

STUB = 'raise NotImplementedError("your turn")  # replace this line'
FILE_NAME = re.compile(r"(\d\d)_[a-z0-9_]+\.py")
QUESTIONS = ("quiz.choice(", "quiz.numeric(", "quiz.predict(", "quiz.reveal(")
HEADER = {"lesson": str, "title": str, "minutes": int, "cpu_seconds": int, "peak_mib": int}


def build_lessons(root: Path) -> dict[str, str]:
    """Map the path of each notebook, relative to `root`, to its text."""
    files: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in sorted((root / "lessons").glob("*.py")):
        source = read_lesson(path, root)
        number = source.course["lesson"]
        if number in seen:
            raise source.error(f"lesson {number} is already {seen[number]}; choose another number")
        seen[number] = source.path
        files[f"notebooks/{path.stem}.ipynb"] = to_text(learners(source), source.path)
        files[f"solutions/{path.stem}.ipynb"] = to_text(solved(source), source.path)
    return files


def read_lesson(path: Path, root: Path) -> Source:
    """Read a lesson's source and check what the course asks of every lesson."""
    source = read_source(path, root)
    name = FILE_NAME.fullmatch(path.name)
    if not name:
        raise source.error("a lesson's file is named like 02_vanilla_rnn.py")
    for key, kind in HEADER.items():
        value = source.course.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            wanted = "text in quotes" if kind is str else "a whole number"
            raise source.error(f"`course` in the header needs `{key}`, {wanted}")
    if source.course["lesson"] != name[1]:
        raise source.error(f'`lesson` in the header must be "{name[1]}", as in the file name')
    for index, cell in enumerate(source.notebook.cells):
        if "nbgrader" in cell.metadata:
            raise source.error("nbgrader's options belong to assignments", index)
        for number, line in enumerate(cell.source.split("\n"), start=1):
            found = MARKER.fullmatch(line)
            if found and (found[2] != "SOLUTION" or cell.cell_type != "code"):
                raise source.error(
                    "a lesson marks solutions only, and only in code cells", index, number
                )
        if cell.source.startswith(QUESTIONS):  # its code tells the answer: shown folded
            cell.metadata["jupyter"] = {"source_hidden": True}
    assign_ids(source.notebook, source.course["lesson"])
    _check_stubs(source)
    try:
        find_numbers(source.notebook)
    except CourseError as error:
        raise source.error(str(error)) from error
    return source


def learners(source: Source) -> NotebookNode:
    """The notebook to work in: solution regions are stubs, cells tagged `solution` are gone."""
    notebook = _cleared(source.notebook)
    notebook.cells = [c for c in notebook.cells if "solution" not in c.metadata.get("tags", [])]
    return notebook


def solved(source: Source) -> NotebookNode:
    """The notebook with its solutions in place and without their markers."""
    notebook = copy.deepcopy(source.notebook)
    for cell in notebook.cells:
        lines = cell.source.split("\n")
        cell.source = "\n".join(line for line in lines if not MARKER.fullmatch(line))
    return notebook


def _cleared(notebook: NotebookNode) -> NotebookNode:
    clear = ClearSolutions(enforce_metadata=False, code_stub={"python": STUB})
    notebook, _ = clear.preprocess(copy.deepcopy(notebook), {})
    return notebook


def _check_stubs(source: Source) -> None:
    """Refuse a stub outside a function: it would stop "Run all" where the learner has not been."""
    for index, cell in enumerate(_cleared(source.notebook).cells):
        if cell.cell_type != "code" or STUB not in cell.source:
            continue
        check_python(source, index, cell.source)
        tree = ast.parse(cell.source)
        bodies = [
            n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        inside = {line for n in bodies for line in range(n.lineno, n.end_lineno + 1)}
        for number, line in enumerate(cell.source.split("\n"), start=1):
            if line.strip() == STUB and number not in inside:
                raise source.error(
                    f"the exercise {cell.id} is not inside a function, so its stub would stop "
                    '"Run all": make it a function',
                    index,
                )
