"""Where the lessons are: from `2`, `02` or `02_vanilla_rnn` to a notebook that can be read."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError

if TYPE_CHECKING:
    from nbformat import NotebookNode


def root() -> Path:
    """Return the folder of the course: the one that holds this package."""
    return Path(__file__).resolve().parent.parent


def all_lessons(folder: str = "notebooks") -> list[Path]:
    """Return the notebooks of `folder` in the order of their numbers; CourseError if none."""
    found = sorted((root() / folder).glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise CourseError(
            f"There are no lessons in {root() / folder}: get the whole course again, "
            "or make them with `course build`."
        )
    return found


def find_lesson(name: str, folder: str = "notebooks") -> Path:
    """Return the notebook that `name` means: its number, or its name with or without .ipynb."""
    lessons = all_lessons(folder)
    wanted = name.removesuffix(".ipynb")
    if re.fullmatch(r"[0-9]{1,2}", wanted):
        matches = [path for path in lessons if path.name.startswith(f"{int(wanted):02d}_")]
    else:
        matches = [path for path in lessons if path.stem == wanted]
    if not matches:
        known = ", ".join(path.stem for path in lessons)
        raise CourseError(f"There is no lesson '{name}': choose one of {known}.")
    return matches[0]


def read_notebook(path: Path) -> NotebookNode:
    """Return the notebook in `path`; CourseError where it is missing or broken."""
    import nbformat
    from nbformat.warnings import MissingIDFieldWarning

    try:
        text = path.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingIDFieldWarning)  # nbformat adds the ids
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
    except FileNotFoundError:
        raise CourseError(f"The notebook {path} is missing: get it again.") from None
    except Exception as error:  # nbformat raises many kinds for broken JSON, version and structure
        reason = str(error).strip().split("\n")[0][:100]
        raise CourseError(
            f"The notebook {path} is broken ({reason}): get it again, or mend it."
        ) from None
    return notebook
