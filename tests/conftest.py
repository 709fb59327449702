"""What every test may use: capabilities by name, and each notebook executed once."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from hypothesis import settings

from course_tools.build.numbers import find_numbers
from course_utils import doctor
from course_utils.lessons import all_lessons, find_lesson, read_notebook
from course_utils.runner import TIMES_BUDGET, Budget, Execution, calibrate, run_notebook

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


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        if not has(mark.args[0]):
            pytest.skip(f"{mark.args[0]} is missing")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI is set nothing may be skipped: a green run has then run everything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter.stats.get("skipped"):
        reporter.write_line("\nCI is set, so no test may be skipped.", red=True)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


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
def scale() -> float:
    """How many times slower than the budgets' machine this one is, at least 1."""
    return calibrate()


@pytest.fixture(scope="session")
def executed(request: pytest.FixtureRequest, scale: float):
    """A function (lesson, folder) -> Execution that runs each notebook once.

    At the first call all notebooks that this test run asks for are started, one for each core and
    at most four at a time: a notebook keeps to one thread, and its budget counts CPU seconds.
    """

    def run(lesson: str, folder: str) -> Execution:
        path = find_lesson(lesson, folder)
        notebook = read_notebook(path)
        expressions = sorted({number.expression for number in find_numbers(notebook)})
        limit = TIMES_BUDGET * scale * Budget.of(notebook, path).cpu_seconds
        return run_notebook(notebook, expressions, timeout=limit)

    asked = (getattr(item, "callspec", None) for item in request.session.items)
    wanted = dict.fromkeys(
        (call.params["lesson"], call.params["folder"])
        for call in asked
        if call is not None and {"lesson", "folder"} <= call.params.keys()
    )
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        runs = {notebook: pool.submit(run, *notebook) for notebook in wanted}
        yield lambda lesson, folder: runs[lesson, folder].result()
        for future in runs.values():
            future.cancel()  # after Ctrl-C, or at the first failure with -x
