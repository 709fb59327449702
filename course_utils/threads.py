"""How many threads the course computes with."""

from __future__ import annotations

import os

from course_utils.errors import CourseError


def threads(wanted: int | None = None) -> int:
    """Return `wanted`, by default COURSE_THREADS, else 1; CourseError if it is no such number."""
    text = os.environ.get("COURSE_THREADS", "1") if wanted is None else str(wanted)
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise CourseError(f"COURSE_THREADS is {text!r}: set it to a number of threads, 1 or more.")
    return int(text)
