"""What every test may use: capabilities by name, each notebook executed once, side by side."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import settings

from course_tools.build.numbers import find_numbers
from course_utils import doctor
from course_utils.lessons import all_lessons, find_lesson, read_notebook
from course_utils.runner import TIMES_BUDGET, Budget, Execution, run_notebook

CAPABILITIES = {
    "chromium": lambda: doctor.chromium() is not None,
    "namespaces": doctor.namespaces,
}

# On a busy machine an example may take any time; where CI is set, every run has the same examples.
settings.register_profile("course", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("course")


@cache
def has(capability: str) -> bool:
    """Whether this machine has `capability`, found out once."""
    return CAPABILITIES[capability]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(capability): skipped where the machine lacks it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the notebooks first: where tests run side by side, the longest should not come last."""
    items.sort(key=lambda item: "notebooks" not in item.path.parts)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Where tests run side by side, keep those that share something costly in one process.

    That is a module with its fixtures; for a notebook, what asks for its one executed copy.
    (A group a notebook, by pytest-xdist's own marker, has no effect in version 3.8 with pytest 9.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Shared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module, _, test = nodeid.partition("::")
            notebook = re.search(r"\[\d\d_\w+-(notebooks|solutions)\]$", test)
            return notebook[0] if notebook else module

    return Shared(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        if not has(mark.args[0]):
            pytest.skip(f"{mark.args[0]} is missing")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI is set nothing may be skipped: a green run has then run everything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return  # one of several processes: the first one judges
    if os.environ.get("CI") and reporter.stats.get("skipped"):
        reporter.write_line("\nCI is set, so no test may be skipped.", red=True)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as a "table", whichever process they ran in."""
    for report in terminalreporter.stats.get("passed", []):
        for name, text in report.user_properties:
            if name == "table":
                terminalreporter.write_line(f"\n{text}")


# The command line on another folder, so that the tests leave the learner's work/ alone.
LAUNCH = """
import pathlib, sys
from course_utils import cli, lab, lessons
folder = pathlib.Path(sys.argv.pop(1))
lab.root = lessons.root = lambda: folder
sys.exit(cli.main())
"""


@pytest.fixture
def one_lesson(tmp_path) -> list[str]:
    """The command `course`, on a folder with a space in its name that holds the first lesson."""
    folder = tmp_path / "my course"
    (folder / "notebooks").mkdir(parents=True)
    shutil.copy(all_lessons()[0], folder / "notebooks")
    return [sys.executable, "-c", LAUNCH, str(folder)]


@pytest.fixture(scope="session")
def executed() -> Callable[[str, str], Execution]:
    """A function (lesson, folder) -> Execution that runs each notebook once."""

    @cache
    def run(lesson: str, folder: str) -> Execution:
        path = find_lesson(lesson, folder)
        notebook = read_notebook(path)
        expressions = sorted({number.expression for number in find_numbers(notebook)})
        limit = TIMES_BUDGET * Budget.of(notebook, path).cpu_seconds
        return run_notebook(notebook, expressions, timeout=limit)

    return run
