"""Fixtures for every assignment: a test module names its own as ASSIGNMENT, its class as CLASS."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the tests share `classroom` and submissions
from classroom import Graded, Workbook, grade_class, run_visible

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built() -> dict[str, str]:
    """Every assignment's source and release notebook as the build makes them, by path."""
    from course_tools.build.assignments import build_assignments

    return build_assignments(ROOT)


@pytest.fixture(scope="module")
def source(request, built) -> nbformat.NotebookNode:
    name = request.module.ASSIGNMENT
    return nbformat.reads(built[f"assignments/source/{name}/{name}.ipynb"], as_version=4)


@pytest.fixture(scope="module")
def release(request, built) -> nbformat.NotebookNode:
    name = request.module.ASSIGNMENT
    return nbformat.reads(built[f"assignments/release/{name}/{name}.ipynb"], as_version=4)


@pytest.fixture(scope="module")
def visible(release):
    """Run a part's visible test on a namespace; return the points, 0 if it raises."""

    def run(namespace, part):
        try:
            return run_visible(release, namespace, part)
        except Exception:
            return 0

    return run


@pytest.fixture(scope="module")
def workbook(source, release) -> Callable[[], Workbook]:
    """Make a released notebook, untouched, in which solutions can be written."""
    return lambda: Workbook(source, release)


@pytest.fixture(scope="module")
def course(tmp_path_factory, built) -> Path:
    """A course folder as the repository's: our configuration and what the build made."""
    folder = tmp_path_factory.mktemp("course folder")
    shutil.copy(ROOT / "assignments" / "nbgrader_config.py", folder)
    (folder / "salt.txt").write_text("a salt for the tests\n", encoding="utf-8")
    for path, text in built.items():
        notebook = folder / Path(path).relative_to("assignments")
        notebook.parent.mkdir(parents=True)
        notebook.write_text(text, encoding="utf-8", newline="\n")
    return folder


@pytest.fixture(scope="module")
def graded(request, course, workbook) -> Graded:
    """The module's class, autograded, with feedback and the exported table."""
    return grade_class(course, request.module.ASSIGNMENT, request.module.CLASS, workbook)
