"""An error is paid for once: a later part of A3 judged by what the student's own earlier one gives.

Where the oracle disagrees, the judge builds on the student's step (or pair) itself, correctly, and
compares with that. The earlier function has to answer to what it is given, or anything would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from course_tools.assignments.a3_reference import NAMES, Pass, Step
from course_utils.checks import WRONG, Check, Report
from course_utils.checks.rooms import Callee


class PassFailed(Exception):
    """A function of the student's gave no gradients where the judge's own loop needed some."""


def _through(
    callee: Callee, shapes_of: Callable[[dict], tuple], names: Sequence[str], finite: bool
) -> Callable:
    """Return the student's function as one of the judge's own, every call through the room.

    What comes back is (three arrays, grads), of the right shapes and with `finite` all finite, or
    PassFailed. A known mistake lets nan in: to name it, what it makes of nan has to be seen.
    """

    def function(*values):
        given = dict(zip(names, values, strict=True))
        reply = callee.call(given)
        value = reply.value
        if reply.failure is not None or not isinstance(value, tuple | list) or len(value) < 4:
            raise PassFailed
        *arrays, grads = value[-4:]
        likes = (*shapes_of(given), *given["params"].values())
        if not isinstance(grads, dict) or not set(NAMES) <= set(grads):
            raise PassFailed
        for value, like in zip((*arrays, *(grads[n] for n in given["params"])), likes, strict=True):
            if not isinstance(value, np.ndarray) or value.shape != like.shape:
                raise PassFailed
            if value.dtype.kind != "f" or (finite and not np.isfinite(value).all()):
                raise PassFailed
        return *arrays, {name: grads[name] for name in NAMES}

    return function


def step_of(callee: Callee, finite: bool = True) -> Step:
    """Return the student's `leaky_step_backward`."""
    names = ("dh_t", "dy_t", "x_t", "h_prev", "y_prev", "h_t", "params")
    return _through(callee, lambda g: (g["x_t"], g["h_prev"], g["y_prev"]), names, finite)


def pass_of(callee: Callee, finite: bool = True) -> Pass:
    """Return the student's forward and backward pass as one."""
    names = ("dh", "dy", "x", "h0", "y0", "params", "lengths")
    return _through(callee, lambda g: (g["x"], g["h0"], g["y0"]), names, finite)


def answers(function: Callable, given: dict[str, Any]) -> bool:
    """Return whether all three arrays that go back change with each gradient that arrives, and
    anything at all with each input: over a function that ignores one of them, any loop would do.

    Of a sequence, the last step's gradient is changed and the first step's input: the way is long.
    """
    arrays = [name for name, value in given.items() if _is_float(value) and name != "h_t"]
    try:
        before = function(*given.values())
        for name in arrays:
            arriving = name in arrays[:2]
            changed = given[name].copy()
            changed[:, -1 if arriving and changed.ndim == 3 else 0] += 0.5
            after = function(*{**given, name: changed}.values())
            same = [_alike(a, b) for a, b in zip(before, after, strict=True)]
            if all(same) or (arriving and any(same[:3])):
                return False
    except PassFailed:
        return False
    return True


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return all(_alike(a[name], b[name]) for name in a)
    return bool(np.allclose(a, b))


def carried(check: Check, callee: Callee, seed: int | None, others: Iterable[tuple]) -> Report:
    """Judge by the oracle, or else by what the student's own earlier function makes of it.

    Each of `others` is (the function's name, whether it can be used, the check by it). An error in
    an earlier part must not cost points twice: the judge then builds on that function itself.
    """
    report = check(callee, seed=seed)
    if report.state != WRONG:
        return report
    best = report
    for name, usable, own in others:
        if not usable():
            continue
        try:
            found = own(callee, seed=seed)
        except PassFailed:
            continue
        if found.fraction() > best.fraction():
            note = (
                f"Judged by your own {name}: its error costs points in its own part only, and is "
                "carried forward here."
            )
            remarks = (note, *found.remarks)
            best = Report(found.title, found.trials, found.mistake, remarks, found.diagnosis)
    return best
