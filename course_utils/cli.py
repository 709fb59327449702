"""The command line of the course: the learner's verbs here, the staff's by entry point."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import NoReturn

from course_utils import doctor, lab, run, testing
from course_utils.errors import CourseError
from course_utils.experiments import verb as experiments

VERBS = (lab, run, experiments, doctor, testing)


class Parser(argparse.ArgumentParser):
    """A parser that answers a mistake with one sentence instead of a page."""

    def error(self, message: str) -> NoReturn:
        raise CourseError(f"{message[:1].upper()}{message[1:]}; see `{self.prog} --help`.")


def parser() -> argparse.ArgumentParser:
    """Return the parser with every verb that is installed."""
    top = Parser(prog="course", description="Open, run, test and build the course.")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    for module in VERBS:
        module.add(verbs)
    for entry in entry_points(group="course.verbs"):
        entry.load()(verbs)
    return top


def verbs_of(top: argparse.ArgumentParser) -> list[str]:
    """Return the verbs that the parser `top` knows, in its order."""
    actions = (a for a in top._actions if isinstance(a, argparse._SubParsersAction))
    return list(next(actions).choices)


def check_verb(words: Sequence[str], known: Sequence[str]) -> None:
    """Raise CourseError if the first word is neither a verb nor an option."""
    if words and not words[0].startswith("-") and words[0] not in known:
        close = difflib.get_close_matches(words[0], known, n=1)
        advice = f" (did you mean '{close[0]}'?)" if close else ""
        raise CourseError(
            f"There is no verb '{words[0]}'{advice}: choose one of {', '.join(known)}."
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return 0 if all is well, 1 if what was asked for failed, 2 if misused."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows a ?
    try:
        top = parser()
        check_verb(words, verbs_of(top))
        args = top.parse_args(words)
        if args.verb is None:
            top.print_help()
            return 2
        return args.func(args)
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncourse: stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
