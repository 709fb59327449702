"""Checks: each judges one function, and names the mistake when it recognises it."""

from course_utils.checks.core import Case, Check, Convention, Mistake, Output
from course_utils.checks.report import NOT_ATTEMPTED, RIGHT, WRONG, Report

__all__ = [
    "NOT_ATTEMPTED",
    "RIGHT",
    "WRONG",
    "Case",
    "Check",
    "Convention",
    "Mistake",
    "Output",
    "Report",
]
