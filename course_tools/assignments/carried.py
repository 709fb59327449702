"""An error is paid for once: a later part judged by what the student's own earlier one gives.

Where the oracle disagrees, the judge builds on the student's earlier function itself, correctly,
and compares with that. The earlier function has to answer to what it is given, or anything would
do.

The better of the two verdicts counts. At equal points it is the one that names the mistake: a name
tells a learner what to do, a wrong number only that something is to be done. Where both or neither
have a name it is the oracle's, since its numbers are those of the cell, not of the student's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from course_utils.checks import WRONG, Check, Report
from course_utils.checks.rooms import Callee


class Unusable(Exception):
    """A function of the student's gave nothing to build on where the judge's own code called it."""


class Earlier(NamedTuple):
    """What a later part may be judged by: an earlier function, if it can be used, and the check
    whose oracle builds on it."""

    name: str
    usable: Callable[[], bool]
    check: Check


def as_function(
    callee: Callee,
    names: Sequence[str],
    like: Callable[[dict[str, Any]], Any],
    finite: bool = True,
) -> Callable[..., Any]:
    """Return the student's function as one of the judge's own, every call of it through the room.

    It takes the arguments `names` in this order. What comes back has the form of `like(given)`, an
    array or a tuple of arrays and dicts of arrays: as many, of these shapes, floating and with
    `finite` all finite; or Unusable is raised. Other keys of a dict are left out. A known mistake
    lets nan in: to name it, what it makes of nan has to be seen.
    """

    def function(*values: Any) -> Any:
        given = dict(zip(names, values, strict=True))
        reply = callee.call(given)
        if reply.failure is not None:
            raise Unusable
        return _formed(reply.value, like(given), finite)

    return function


def _formed(value: Any, like: Any, finite: bool) -> Any:
    if isinstance(like, tuple):
        if not isinstance(value, tuple | list) or len(value) != len(like):
            raise Unusable
        return tuple(_formed(a, b, finite) for a, b in zip(value, like, strict=True))
    if isinstance(like, dict):
        if not isinstance(value, dict) or not set(like) <= set(value):
            raise Unusable
        return {name: _formed(value[name], entry, finite) for name, entry in like.items()}
    if not isinstance(value, np.ndarray) or value.shape != like.shape or value.dtype.kind != "f":
        raise Unusable
    if finite and not np.isfinite(value).all():
        raise Unusable
    return value


def answers(
    function: Callable[..., Any], given: Mapping[str, Any], moves: Mapping[str, Sequence[int]]
) -> bool:
    """Return whether the result changes with each argument in `moves`: over a function that ignores
    one of them, any way of handing it on would do.

    `moves` tells which entries of the result have to change, each of them; with none, anything may.
    Of a sequence (B, T, ...) the last step is changed where certain entries have to move, as they
    do for what goes back in time, else the first: the way is long.
    """
    try:
        before = function(*given.values())
        for name, entries in moves.items():
            changed = given[name].copy()
            changed[:, -1 if entries and changed.ndim == 3 else 0] += 0.5
            after = function(*{**given, name: changed}.values())
            same = [_alike(a, b) for a, b in zip(_several(before), _several(after), strict=True)]
            if all(same) or any(same[i] for i in entries):
                return False
    except Unusable:
        return False
    return True


def _several(result: Any) -> tuple:
    return result if isinstance(result, tuple) else (result,)


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return all(_alike(a[name], b[name]) for name in a)
    return bool(np.allclose(a, b))


def judge_carried(
    check: Check, callee: Callee, seed: int | None, earlier: Iterable[Earlier]
) -> Report:
    """Judge by the oracle of `check`, or else by what the student's own earlier functions make."""
    best = check(callee, seed=seed)
    if best.state != WRONG:
        return best
    for name, usable, own in earlier:
        if not usable():
            continue
        try:
            found = own(callee, seed=seed)
        except Unusable:
            continue
        if _rank(found) > _rank(best):
            note = (
                f"Judged by your own {name}: its error costs points in its own part only, and is "
                "carried forward here."
            )
            remarks = (note, *found.remarks)
            best = Report(found.title, found.trials, found.mistake, remarks, found.diagnosis)
    return best


def _rank(report: Report) -> tuple[float, bool]:
    return report.fraction(), report.mistake is not None
