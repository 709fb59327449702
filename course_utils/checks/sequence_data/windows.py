"""Check of lesson 00: a series, cut into windows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output


def _window_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("11 days, 2 features, windows of 4", _series(rng, 11, 2, 4), weight=3)
    yield Case("windows of one day", _series(rng, 5, 3, 1))
    yield Case("room for one window only", _series(rng, 6, 2, 5))


def _series(rng: np.random.Generator, days: int, D: int, length: int) -> dict:
    return {"series": rng.normal(size=(days, D)), "length": length}


def _window_oracle(series, length):
    x = np.lib.stride_tricks.sliding_window_view(series[:-1], length, axis=0)
    return np.moveaxis(x, -1, 1), series[length:]


def _windows(series, length, starts, ahead=0):
    x = np.array([series[s : s + length] for s in starts])
    return x, np.array([series[s + length + ahead] for s in starts])


cut_windows = Check(
    "windows of a series",
    [Output("x", "(samples, time, features)"), Output("y", "(samples, features)")],
    _window_cases,
    _window_oracle,
    (
        Mistake(
            "windows side by side",
            "The windows lie side by side; each should start one day after the one before.",
            "Start at 0, 1, 2, ... and not at 0, length, 2 length, ...",
            lambda s, n: _windows(s, n, range(0, len(s) - n, n)),
        ),
        Mistake(
            "target inside the window",
            "The target is the last day of the window itself: the answer is among the inputs.",
            "Window i holds days i to i + length - 1; the next day is i + length.",
            lambda s, n: _windows(s, n, range(len(s) - n), ahead=-1),
        ),
        Mistake(
            "target a day too late",
            "The target lies two days after the window, not one.",
            "Window i holds days i to i + length - 1; the next day is i + length.",
            lambda s, n: _windows(s, n, range(len(s) - n - 1), ahead=1),
        ),
        Mistake(
            "last window missing",
            "The last window is missing.",
            "The last target is the last day: there are len(series) - length windows.",
            lambda s, n: _windows(s, n, range(len(s) - n - 1)),
        ),
        Mistake(
            "one window too many",
            "x holds one window too many: the last one has no day after it.",
            "There are len(series) - length windows, as many as targets.",
            lambda s, n: (
                np.array([s[i : i + n] for i in range(len(s) - n + 1)]),
                s[n:].copy(),
            ),
        ),
        Mistake(
            "time last",
            "The windows are right, but time stands last: (samples, features, time).",
            "`sliding_window_view` puts its new axis last; move it between the other two.",
            lambda s, n: (
                np.moveaxis(_windows(s, n, range(len(s) - n))[0], 1, -1),
                _windows(s, n, range(len(s) - n))[1],
            ),
        ),
        Mistake(
            "time first",
            "The windows are right, but time stands first: (time, samples, features).",
            "Samples first: stack the windows along axis 0.",
            lambda s, n: (
                np.moveaxis(_windows(s, n, range(len(s) - n))[0], 0, 1),
                _windows(s, n, range(len(s) - n))[1],
            ),
        ),
        Mistake(
            "windows backwards",
            "Inside each window time runs backwards.",
            "The oldest day comes first: `series[i : i + length]`.",
            lambda s, n: (
                _windows(s, n, range(len(s) - n))[0][:, ::-1],
                _windows(s, n, range(len(s) - n))[1],
            ),
        ),
    ),
)
"""Judges `cut_windows(series, length) -> (x, y)`: all windows and the day after each."""
