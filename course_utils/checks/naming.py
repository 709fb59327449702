"""How much a judged function behaves like a known mistake, from what both gave back."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_utils.checks.compare import agree, as_array
from course_utils.checks.rooms import Reply

ALIKE = 4
"""The highest likeness: agreement on every case."""


def split(value: Any, number: int) -> list[Any]:
    """Split a returned value into `number` outputs; missing ones become None, more are left out."""
    if number == 1 and not (isinstance(value, tuple) and len(value) == 1):
        return [value]
    if not isinstance(value, (tuple, list)):
        value = (value,)
    entries = list(value[:number])
    return entries + [None] * (number - len(entries))


def surplus(value: Any, number: int) -> bool:
    """Whether more than `number` outputs came back: nobody knows which of them are meant."""
    return number > 1 and isinstance(value, (tuple, list)) and len(value) > number


def likeness(mine: list[Reply], theirs: list[Reply], outputs: int, wrong_at_first: bool) -> int:
    """Return how surely `mine` are the answers of a mistake that gave `theirs`; 0 is not at all.

    4  agreement on every case, failures by their type
    3  agreement on the case that decides, where `mine` is wrong or changed its arguments
    2  the same, but `mine` also changed arguments that the mistake leaves alone
    1  both fail on the case that decides, and agree wherever both give an answer

    An exception alone never names a mistake: too many roads lead to the same one.
    """
    pairs = list(zip(mine, theirs, strict=True))
    answered = [(a, b) for a, b in pairs if a.failure is None and b.failure is None]
    if not answered:
        return 0
    if all(same(a, b, outputs) for a, b in pairs):
        return ALIKE
    first, other = pairs[0]
    if first.failure is not None:
        alike = same(first, other, outputs) and all(same(a, b, outputs) for a, b in answered)
        return 1 if alike else 0
    if same(first, other, outputs):
        return 3 if wrong_at_first or first.changed else 0
    more = wrong_at_first and set(other.changed) < set(first.changed)
    return 2 if more and same(first, other, outputs, changes=False) else 0


def same(mine: Reply, other: Reply, outputs: int, *, changes: bool = True) -> bool:
    """Return whether two replies agree: in failure, in value, in the arguments changed in place.

    With `changes=False` it does not matter which arguments were changed.
    """
    if mine.failure is not None or other.failure is not None:
        kinds = [reply.failure.kind for reply in (mine, other) if reply.failure is not None]
        return len(kinds) == 2 and kinds[0] == kinds[1]
    if changes and mine.changed != other.changed:
        return False
    if surplus(mine.value, outputs) != surplus(other.value, outputs):
        return False
    pairs = zip(split(mine.value, outputs), split(other.value, outputs), strict=True)
    return all(_alike(a, b) for a, b in pairs)


def _alike(a: Any, b: Any) -> bool:
    first, second = as_array(a), as_array(b)
    if first is None or second is None:
        return type(a) is type(b)
    if first.shape == second.shape and first.dtype.kind == second.dtype.kind == "f":
        # A mistake may give nan or infinity: then the same entries must.
        finite = np.isfinite(first)
        if not np.array_equal(finite, np.isfinite(second)):
            return False
        if not finite.all():
            first, second = np.nan_to_num(first), np.nan_to_num(second)
    return agree(first, second)
