"""Check of lesson 01: windows, split so that no target is known beforehand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.compare import as_array
from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _window_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, weight: float = 1, **sizes: int) -> Case:
        return Case(name, dict(sizes), weight=weight)

    yield case("60 days, windows of 5, 3 days ahead", days=60, length=5, ahead=3, cut=40, weight=3)
    yield case("one day ahead", days=30, length=4, ahead=1, cut=20)
    yield case("windows of one day", days=25, length=1, ahead=2, cut=12)


def split_by_day(days: int, length: int, ahead: int, cut: int) -> tuple[np.ndarray, np.ndarray]:
    """Look at every window day by day."""
    train, test = [], []
    for start in range(days):
        inputs = range(start, start + length)
        target = range(start + length, start + length + ahead)
        if target[-1] >= days:
            continue
        if max(*inputs, *target) < cut:
            train.append(start)
        if all(day >= cut for day in target):
            test.append(start)
    return np.array(train, dtype=int), np.array(test, dtype=int)


def _at_random(days, length, ahead, cut):
    n = days - length - ahead + 1
    order = np.random.default_rng(0).permutation(n)
    held_out = n - max(cut - length - ahead + 1, 0)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def _in_order(known: dict, value: object) -> object:
    """Return starts in ascending order: their order is free. Refuse masks in place of starts."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return value
    parts = []
    for name, part in zip(("train", "test"), value, strict=True):
        if isinstance(part, tuple) and len(part) == 1:  # what `np.where(mask)` returns
            part = part[0]
        array = as_array(part)
        if array is not None and array.dtype.kind == "b":
            raise ValueError(
                f"`{name}` is a mask; return where the windows start: `np.flatnonzero(mask)`"
            )
        parts.append(np.sort(array) if array is not None and array.ndim == 1 else part)
    return tuple(parts)


def _colleagues(days, length, ahead, cut):
    n = days - length - ahead + 1
    test, train = np.split(np.random.default_rng(0).permutation(n), [n // 5])
    return train, test


def _train_end(length: int, ahead: int, cut: int) -> int:
    return cut - length - ahead + 1


def _test_start(length: int, ahead: int, cut: int) -> int:
    return cut - length


def _borders(train_end=_train_end, test_start=_test_start, last: int = 0):
    """Return the split with a border moved, or with `last` windows more at the end."""

    def wrong(days, length, ahead, cut):
        windows = days - length - ahead + 1 + last
        sizes = length, ahead, cut
        return np.arange(train_end(*sizes)), np.arange(test_start(*sizes), windows)

    return wrong


split_windows = Check(
    "windows split in time",
    [Output("train", "(windows,)"), Output("test", "(windows,)")],
    _window_cases,
    split_by_day,
    (
        *variants(
            "at random",
            "The windows are split at random: nearly every test window has neighbours in the "
            "training part, which share most of its days.",
            "Compare days with `cut`; no random number is needed.",
            _at_random,
            _colleagues,
        ),
        *variants(
            "starts compared with the cut",
            "You compared the first day of a window with the cut. The last training windows "
            "then have their targets in the test period.",
            "A window ends, and its target ends, days after it starts.",
            _borders(
                train_end=lambda length, ahead, cut: cut, test_start=lambda length, ahead, cut: cut
            ),
        ),
        *variants(
            "training targets beyond the cut",
            "The windows for training end before the cut, but some of their targets lie beyond it.",
            "The last day of a target is start + length + ahead - 1.",
            _borders(train_end=lambda length, ahead, cut: cut - length + 1),
            _borders(train_end=lambda length, ahead, cut: cut - length - ahead + 2),
        ),
        *variants(
            "windows alone",
            "Only the windows were compared with the cut; a window's target comes after it.",
            "The target's days are start + length to start + length + ahead - 1.",
            _borders(
                train_end=lambda length, ahead, cut: cut - length + 1,
                test_start=lambda length, ahead, cut: cut - length + 1,
            ),
        ),
        *variants(
            "windows missing at both borders",
            "A window is missing on each side of the cut: a training target may end on day "
            "`cut - 1`, a test target may begin on day `cut`.",
            "start + length + ahead <= cut, and start + length >= cut.",
            _borders(
                train_end=lambda length, ahead, cut: cut - length - ahead,
                test_start=lambda length, ahead, cut: cut - length + 1,
            ),
        ),
        *variants(
            "last test window missing",
            "The last test window is missing: its target may end on the last day of the series.",
            "There are days - length - ahead + 1 windows.",
            _borders(last=-1),
        ),
        Mistake(
            "targets in place of windows",
            "These are the days on which the targets start, not the windows.",
            "A window starts `length` days before its target.",
            lambda days, length, ahead, cut: tuple(
                part + length for part in split_by_day(days, length, ahead, cut)
            ),
        ),
        *variants(
            "targets lie across the cut",
            "Some test targets begin before the cut: days of theirs are training days.",
            "All `ahead` days of a test target are at `cut` or later.",
            _borders(test_start=lambda length, ahead, cut: cut - length - ahead + 1),
        ),
        *variants(
            "test windows lost",
            "The test part begins too late. A test window may look back over the cut: on the day "
            "of the forecast these days are known. Only its target must lie beyond.",
            "A test target begins at start + length; compare that with `cut`.",
            _borders(test_start=lambda length, ahead, cut: cut),
        ),
        *variants(
            "last training window missing",
            "The last training window is missing: its target may end on day `cut - 1`.",
            "start + length + ahead <= cut.",
            _borders(train_end=lambda length, ahead, cut: cut - length - ahead),
        ),
        *variants(
            "first test window missing",
            "The first test window is missing: its target may begin on day `cut` itself.",
            "start + length >= cut.",
            _borders(test_start=lambda length, ahead, cut: cut - length + 1),
        ),
        *variants(
            "targets beyond the series",
            "The last test windows have no whole target: the series ends first.",
            "start + length + ahead <= days.",
            _borders(last=1),
        ),
        Mistake(
            "parts exchanged",
            "The parts are right and come in the wrong order.",
            "`return train, test`.",
            lambda days, length, ahead, cut: split_by_day(days, length, ahead, cut)[::-1],
        ),
    ),
    read=_in_order,
)
"""Judges `split_windows(days, length, ahead, cut) -> (train, test)`: where windows start.

Window s holds days s to s + length - 1, its target the `ahead` days that follow. Training windows
and their targets end before day `cut`; all days of a test target are at `cut` or later.
"""
