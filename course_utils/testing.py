"""The verb `test`: the course's own tests, in three sizes."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys

from course_utils.errors import CourseError
from course_utils.lessons import root
from course_utils.runner import kernel_environment


def add(subparsers: argparse._SubParsersAction) -> None:
    """Register `test`."""
    verb = subparsers.add_parser("test", help="run the course's own tests")
    size = verb.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="units alone, under a minute")
    size.add_argument(
        "--full", action="store_true", help="everything, with no training shortened; half an hour"
    )
    verb.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Run pytest on tests/ and return its exit code."""
    if not (root() / "tests").is_dir():
        raise CourseError(f"There are no tests in {root()}: they come with the whole course.")
    if importlib.util.find_spec("pytest") is None:
        raise CourseError("pytest is missing: `python3 course.py test` installs it.")
    environment = kernel_environment()
    command = [sys.executable, "-m", "pytest", "--color=auto"]
    # A process a core, at most four: a notebook may hold 1.5 GiB. How: see tests/conftest.py.
    command += ["-n", "auto", "--maxprocesses=4", "--dist=loadscope", "--no-loadscope-reorder"]
    if args.quick:
        command += ["tests/unit", "-m", "not slow and not full and not browser"]
    elif args.full:
        environment.pop("COURSE_SMOKE", None)
    else:
        command += ["-m", "not full"]
    if not args.full:
        environment["COURSE_SMOKE"] = "1"  # course_utils.training cuts long trainings short
    pytest = subprocess.Popen(command, cwd=root(), env=environment)
    while True:
        try:
            return pytest.wait()
        except KeyboardInterrupt:
            pass  # pytest got it too: it tells what it has so far, and ends
