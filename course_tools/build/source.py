"""Read one py:percent source and refuse what would make a broken or a leaking notebook."""

import ast
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import jupytext
import yaml
from nbformat import NotebookNode

from course_utils.errors import CourseError

# comment_magics=False keeps a comment such as "# %timeit was slower" the comment that it is.
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
OPTIONS = {"tags", "slideshow", "nbgrader"}
# What jupytext notes down for its own way back to text: of no use to a reader of the notebook.
JUPYTEXT_KEYS = {"cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker", "title"}
REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
MARKER = re.compile(rf"\s*### (BEGIN|END) ({'|'.join(REGIONS)})")
# A line that was probably meant as a marker, misspelt: nbgrader would let what follows through.
NEAR_MARKER = re.compile(
    r"#\s*(BEGIN|END)\b|(?i:\b(begin|end)\s+(solution|hidden\s+test|mark\s+scheme)s?\b)"
)
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Source:
    """A source file as a notebook; `lines[i]` is where cell `i` starts in `path`, from 1."""

    path: str
    notebook: NotebookNode
    lines: list[int]

    @property
    def course(self) -> dict:
        """The `course` block of the header."""
        return self.notebook.metadata["course"]

    def error(self, message: str, index: int | None = None, offset: int = 0) -> CourseError:
        """The error to raise about this file, or about line `offset` (from 1) of cell `index`."""
        if index is None:
            return CourseError(f"{self.path}: {message}")
        return CourseError(
            f"{self.path}, line {self.lines[index] + offset} (cell {index + 1}): {message}"
        )


def read_source(path: Path, root: Path) -> Source:
    """Read `path`, a py:percent file below `root`; raise CourseError where it is broken."""
    name = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{name}: cannot be read as UTF-8 text ({error})") from error
    if not text.startswith("# ---\n"):
        raise CourseError(f"{name}: line 1 must be `# ---`, the start of the header")
    try:
        notebook = jupytext.reads(text, fmt=FORMAT)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 2}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise CourseError(
            f"{name}{where}: the header cannot be read: {problem}; "
            "put values with a colon or a comma in quotes"
        ) from error
    except Exception as error:  # strange options of a cell end in errors of many kinds
        raise CourseError(f"{name}: jupytext cannot read it: {_first_line(error)}") from error
    if not isinstance(notebook.metadata.get("course"), dict):
        raise CourseError(
            f"{name}: the header has no `course: {{...}}` block under `jupyter:`, "
            "or does not end in `# ---`"
        )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.strip("\n")
    source = Source(name, notebook, _cell_lines(name, text, notebook))
    _check_header(source)
    for index, cell in enumerate(notebook.cells):
        _check_options(source, index, cell)
        _check_markers(source, index, cell)
        if cell.cell_type == "code":
            check_python(source, index, cell.source)
        for key in JUPYTEXT_KEYS:
            cell.metadata.pop(key, None)
    return source


def check_python(source: Source, index: int, text: str) -> None:
    """Raise unless `text`, the code of cell `index`, is plain Python without warnings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # "\s" in a plain string: a warning, later an error
            ast.parse(text)
    except SyntaxError as error:
        lines = text.split("\n")
        line = min(error.lineno or 1, len(lines))
        if lines[line - 1].lstrip().startswith(("%", "!", "?")):
            message = "lessons and assignments are plain Python: write this magic as a call"
        else:
            message = f"this is not Python: {error.msg}"
        raise source.error(message, index, line) from error


def _cell_lines(name: str, text: str, notebook: NotebookNode) -> list[int]:
    """The line of each cell's `# %%`, from 1: code is verbatim, so its own lines are skipped."""
    lines = text.split("\n")
    number = lines.index("# ---", 1) + 1
    found = []
    for cell in notebook.cells:
        while number < len(lines) and not re.match(r"#\s*%%", lines[number]):
            if not found and lines[number].strip():
                raise CourseError(
                    f"{name}, line {number + 1}: the first cell must start with `# %%`"
                )
            number += 1
        found.append(number + 1)
        number += 1
        if cell.cell_type == "code":
            while number < len(lines) and not lines[number]:
                number += 1
            # Blank lines before the code are dropped from the cell: count from its first line.
            found[-1] = number
            number += len(cell.source.splitlines())
    if not found:
        raise CourseError(f"{name}: there is no cell; a cell starts with `# %%`")
    return found


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n")[0]


def _check_header(source: Source) -> None:
    """Refuse what a notebook cannot hold: YAML reads 2025-01-31 as a date."""
    try:
        json.dumps(source.course)
    except TypeError as error:
        raise source.error("put dates in the header in quotes") from error


def _check_options(source: Source, index: int, cell: NotebookNode) -> None:
    """Refuse misspelt options and tags: a cell that should be hidden would be shown."""
    unreadable = cell.metadata.get("incorrectly_encoded_metadata", "")
    title = cell.metadata.get("title", "")
    if unreadable or re.search(r'[={}\[\]"]', title):
        message = f"the options of this cell cannot be read: {unreadable or title}"
        raise source.error(message, index)
    for key in cell.metadata.keys() - OPTIONS - JUPYTEXT_KEYS:
        raise source.error(f"option {key!r} is none of {', '.join(sorted(OPTIONS))}", index)
    if not isinstance(cell.metadata.get("nbgrader", {}), dict):
        raise source.error("nbgrader's options must stand in braces", index)
    for tag in cell.metadata.get("tags", []):
        if tag != "solution" and tag.lower().startswith("solu"):
            raise source.error(f"tag {tag!r}: did you mean 'solution'?", index)


def _check_markers(source: Source, index: int, cell: NotebookNode) -> None:
    """Refuse misspelt, nested or unbalanced markers: each would show what should be hidden."""
    inside = None
    for number, line in enumerate(cell.source.split("\n"), start=1):
        found = MARKER.fullmatch(line)
        if not found:
            if NEAR_MARKER.search(line):
                message = (
                    f"{line.strip()!r} looks like a marker and is none: write `### BEGIN ...` or "
                    f"`### END ...` with {', '.join(REGIONS)}, alone on its line"
                )
                raise source.error(message, index, number)
            continue
        edge, kind = found.groups()
        if edge == "BEGIN" and inside:
            raise source.error(f"BEGIN {kind} inside {inside}: end that first", index, number)
        if edge == "END" and inside != kind:
            raise source.error(f"END {kind} without its BEGIN", index, number)
        inside = kind if edge == "BEGIN" else None
    if inside:
        raise source.error(f"BEGIN {inside} without its END", index)
