"""What an assignment's hidden cell calls: judge one part, show why, return the points.

Each assignment gives a table of its parts: a name and what judges it, a function of the student's
room and a seed. The judged functions are called by name with plain data, and no other way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from course_tools.grading.seeds import seed_of_this_run
from course_utils.checks import NOT_ATTEMPTED, Check, Report
from course_utils.checks.compare import agree
from course_utils.checks.rooms import LocalRoom

Part = Callable[[LocalRoom, int | None], Report]
Parts = Mapping[str, Part]


def judging(check: Check, name: str) -> Part:
    """Return the part in which `check` judges the student's function called `name`."""
    return lambda room, seed: check(room.function(name), seed=seed)


def grade(parts: Parts, part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of the notebook whose `globals()` are given, show why, return the points."""
    if _fooled():
        print(
            "This notebook has replaced functions of NumPy, so that nothing can be compared. "
            f"0 of {points:g} points."
        )
        return 0.0
    seed = seed_of_this_run()
    # What the student's functions print, at every one of our calls, is nothing to read.
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        report = parts[part](LocalRoom(namespace), seed)
    earned = report.points(points)
    told = f"{earned:g} of {points:g} points."
    if report.state == NOT_ATTEMPTED:
        print(f"{report.title}: not attempted. {told}")
        return earned
    _show_open(report)
    print(f"{told} Inputs drawn from seed {seed} (for your teacher).")
    return earned


def _fooled() -> bool:
    """Whether unequal numbers pass for equal: somebody wrote, say, `np.allclose = ...`."""
    zeros, ones = np.zeros(2), np.ones(2)
    compare = (agree, np.allclose, np.array_equal, lambda a, b: np.all(np.isclose(a, b)))
    return any(same(zeros, ones) for same in compare)


def _show_open(report: Report) -> None:
    """Show the report with its hint unfolded: a graded page is read, not worked through."""
    from IPython.display import display

    page = report._repr_html_().replace("<details ", "<details open ")
    display({"text/html": page, "text/plain": repr(report)}, raw=True)
