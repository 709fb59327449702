"""Check of lesson 01's clinic: windows, split so that no target is known beforehand."""

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


def _starts_oracle(days: int, length: int, ahead: int, cut: int) -> tuple[np.ndarray, np.ndarray]:
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


def _starts(days, length, ahead, cut, train_end, test_from, last=0):
    n = days - length - ahead + 1 + last
    return np.arange(train_end), np.arange(test_from, n)


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


def _window_split(name: str, says: str, hint: str, train_end, test_from, last: int = 0) -> Mistake:
    """Return the mistake of a split whose two borders are given by functions of the sizes."""

    def wrong(days, length, ahead, cut):
        borders = train_end(length, ahead, cut), test_from(length, ahead, cut)
        return _starts(days, length, ahead, cut, *borders, last)

    return Mistake(name, says, hint, wrong)


split_windows = Check(
    "windows split in time",
    [Output("train", "(windows,)"), Output("test", "(windows,)")],
    _window_cases,
    _starts_oracle,
    (
        *variants(
            "at random",
            "The windows are split at random: nearly every test window has neighbours in the "
            "training part, which share most of its days.",
            "Compare days with `cut`; no random number is needed.",
            _at_random,
            _colleagues,
        ),
        _window_split(
            "starts compared with the cut",
            "You compared the first day of a window with the cut. The last training windows "
            "then have their targets in the test period.",
            "A window ends, and its target ends, days after it starts.",
            lambda length, ahead, cut: cut,
            lambda length, ahead, cut: cut,
        ),
        _window_split(
            "training targets beyond the cut",
            "The windows for training end before the cut, but some of their targets lie beyond it.",
            "The last day of a target is start + length + ahead - 1.",
            lambda length, ahead, cut: cut - length + 1,
            lambda length, ahead, cut: cut - length,
        ),
        _window_split(
            "training targets beyond the cut",
            "The windows for training end before the cut, but some of their targets lie beyond it.",
            "The last day of a target is start + length + ahead - 1.",
            lambda length, ahead, cut: cut - length - ahead + 2,
            lambda length, ahead, cut: cut - length,
        ),
        _window_split(
            "windows alone",
            "Only the windows were compared with the cut; a window's target comes after it.",
            "The target's days are start + length to start + length + ahead - 1.",
            lambda length, ahead, cut: cut - length + 1,
            lambda length, ahead, cut: cut - length + 1,
        ),
        _window_split(
            "windows missing at both borders",
            "A window is missing on each side of the cut: a training target may end on day "
            "`cut - 1`, a test target may begin on day `cut`.",
            "start + length + ahead <= cut, and start + length >= cut.",
            lambda length, ahead, cut: cut - length - ahead,
            lambda length, ahead, cut: cut - length + 1,
        ),
        _window_split(
            "last test window missing",
            "The last test window is missing: its target may end on the last day of the series.",
            "There are days - length - ahead + 1 windows.",
            lambda length, ahead, cut: cut - length - ahead + 1,
            lambda length, ahead, cut: cut - length,
            last=-1,
        ),
        Mistake(
            "targets in place of windows",
            "These are the days on which the targets start, not the windows.",
            "A window starts `length` days before its target.",
            lambda days, length, ahead, cut: tuple(
                part + length for part in _starts_oracle(days, length, ahead, cut)
            ),
        ),
        _window_split(
            "targets lie across the cut",
            "Some test targets begin before the cut: days of theirs are training days.",
            "All `ahead` days of a test target are at `cut` or later.",
            lambda length, ahead, cut: cut - length - ahead + 1,
            lambda length, ahead, cut: cut - length - ahead + 1,
        ),
        _window_split(
            "test windows lost",
            "The test part begins too late. A test window may look back over the cut: on the day "
            "of the forecast these days are known. Only its target must lie beyond.",
            "A test target begins at start + length; compare that with `cut`.",
            lambda length, ahead, cut: cut - length - ahead + 1,
            lambda length, ahead, cut: cut,
        ),
        _window_split(
            "last training window missing",
            "The last training window is missing: its target may end on day `cut - 1`.",
            "start + length + ahead <= cut.",
            lambda length, ahead, cut: cut - length - ahead,
            lambda length, ahead, cut: cut - length,
        ),
        _window_split(
            "first test window missing",
            "The first test window is missing: its target may begin on day `cut` itself.",
            "start + length >= cut.",
            lambda length, ahead, cut: cut - length - ahead + 1,
            lambda length, ahead, cut: cut - length + 1,
        ),
        _window_split(
            "targets beyond the series",
            "The last test windows have no whole target: the series ends first.",
            "start + length + ahead <= days.",
            lambda length, ahead, cut: cut - length - ahead + 1,
            lambda length, ahead, cut: cut - length,
            last=1,
        ),
        Mistake(
            "parts exchanged",
            "The parts are right and come in the wrong order.",
            "`return train, test`.",
            lambda days, length, ahead, cut: _starts_oracle(days, length, ahead, cut)[::-1],
        ),
    ),
    read=_in_order,
)
"""Judges `split_windows(days, length, ahead, cut) -> (train, test)`: where windows start.

Window s holds days s to s + length - 1, its target the `ahead` days that follow. Training windows
and their targets end before day `cut`; all days of a test target are at `cut` or later.
"""


SPLITS = 6  # random ones are averaged: one alone may be lucky by three points


def their_score(
    features: np.ndarray,
    wet: np.ndarray,
    *,
    split: str = "random",
    scaled_by: str = "all",
    drop_last: int = 0,
    forecast: str = "nearest",
) -> float:
    """Return the accuracy that the clinic's patient reports, or has after one thing was changed.

    From the mean of the last 30 days of `features (days, D)` the nearest neighbour in the training
    windows says whether at least half of the next 14 days will be `wet (days,)`. `split` is
    "random" (a fifth of the windows is held out; mean over `SPLITS` splits) or "time" (the last 365
    days are held out, no training target reaches into them); `scaled_by` is "all" or "train";
    `drop_last` leaves out as many days at the end of each window. The same windows may be given to
    an honest baseline: `forecast="as before"` says what the last 14 days were, "majority" what
    most training targets are.
    """
    from sklearn.neighbors import KNeighborsClassifier

    length, ahead, days = 30, 14, len(wet)
    starts = np.arange(days - length - ahead + 1)
    x = np.array([features[s : s + length - drop_last].mean(axis=0) for s in starts])
    y = np.array([wet[s + length : s + length + ahead].mean() >= 0.5 for s in starts])
    before = np.array([wet[s + length - ahead : s + length].mean() >= 0.5 for s in starts])
    if split == "time":
        splits = [_starts_oracle(days, length, ahead, days - 365)]
    else:
        orders = [np.random.default_rng(seed).permutation(len(starts)) for seed in range(SPLITS)]
        splits = [np.split(order, [len(starts) // 5])[::-1] for order in orders]
    scores = []
    for train, test in splits:
        if forecast == "as before":
            said = before[test]
        elif forecast == "majority":
            said = y[train].mean() >= 0.5
        else:
            fitted = x if scaled_by == "all" else x[train]
            scaled = (x - fitted.mean(axis=0)) / fitted.std(axis=0)
            model = KNeighborsClassifier(n_neighbors=1).fit(scaled[train], y[train])
            said = model.predict(scaled[test])
        scores.append(np.mean(said == y[test]))
    return float(np.mean(scores))
