"""The staff's verbs of the command `course`; each imports what it needs when it runs."""

import argparse
import importlib.util
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.lessons import root


def add(subparsers: argparse._SubParsersAction) -> None:
    """Register the staff's verbs on the command line of `course`."""
    build = subparsers.add_parser(
        "build", help="make notebooks, solutions and assignments from their sources"
    )
    build.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a generated file is stale"
    )
    build.set_defaults(func=_build)
    autograde = subparsers.add_parser(
        "autograde", help="grade what students handed in; a broken notebook stops only itself"
    )
    autograde.add_argument("assignment", help="such as A2")
    autograde.add_argument("student", nargs="*", default=[], help="only these (default: everybody)")
    autograde.add_argument("--force", action="store_true", help="grade again what was graded")
    autograde.add_argument(
        "--course", metavar="FOLDER", help="the course folder (default: assignments/)"
    )
    autograde.set_defaults(func=_autograde)


def _build(args: argparse.Namespace) -> int:
    if importlib.util.find_spec("jupytext") is None:
        raise CourseError("jupytext is missing: `python3 course.py build` installs it.")
    from course_tools.build.command import run

    return run(root(), check=args.check)


def _autograde(args: argparse.Namespace) -> int:
    from course_tools.grading.autograde import autograde, report

    course = Path(args.course).resolve() if args.course else root() / "assignments"
    return report(autograde(course, args.assignment, args.student, force=args.force))
