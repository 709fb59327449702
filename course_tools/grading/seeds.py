"""The seed of a graded run: from the course's salt, the assignment and the student.

The salt is the instructor's secret; it stays in the grader. Only the seed made of it reaches the
process that runs the student's code, so that nobody can work out which inputs will be drawn.
Grading again with the same salt draws the same inputs.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from course_utils.errors import CourseError

HOME_SALT = "at home"
SEED_VARIABLE = "COURSE_SEED"


def read_salt(folder: Path) -> str:
    """Return the salt: COURSE_SALT, or the file `salt.txt` in `folder`, or the one for home use.

    Raises CourseError for a salt file that is empty or cannot be read.
    """
    if salt := os.environ.get("COURSE_SALT", "").strip():
        return salt
    file = folder / "salt.txt"
    if not file.exists():
        return HOME_SALT
    try:
        salt = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{file} cannot be read: write one line of UTF-8 text there.") from error
    if salt:
        return salt
    raise CourseError(f"{file} is empty: write any secret line into it, or remove it.")


def make_seed(salt: str, assignment: str, student: str) -> int:
    """Return the seed from which this student's inputs in this assignment are drawn."""
    text = "\n".join((salt, assignment, student)).encode("utf-8")
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")


def seed_of_this_run() -> int:
    """Return the seed that the grader set for this process; a fixed one outside of grading."""
    return int(os.environ.get(SEED_VARIABLE) or make_seed(HOME_SALT, "", ""))
