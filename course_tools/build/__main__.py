"""`python -m course_tools.build [--check]`: the verb `course build` without the console script."""

import argparse
import sys

from course_tools.cli import add
from course_utils.errors import CourseError


def main() -> int:
    """Run the verb; print what the user can mend as one sentence, exit code 2."""
    parser = argparse.ArgumentParser(prog="course")
    add(parser.add_subparsers(required=True))
    args = parser.parse_args(["build", *sys.argv[1:]])
    try:
        return args.func(args)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
