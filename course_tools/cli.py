"""The staff's verbs of the command `course`; each imports what it needs when it runs."""

import argparse


def add(subparsers: argparse._SubParsersAction) -> None:
    """Register the staff's verbs on the command line of `course`."""
    build = subparsers.add_parser(
        "build", help="make notebooks, solutions and assignments from their sources"
    )
    build.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a generated file is stale"
    )
    build.set_defaults(func=_build)


def _build(args: argparse.Namespace) -> int:
    from course_tools.build.command import find_root, run

    return run(find_root(), check=args.check)
