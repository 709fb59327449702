"""Windows, wrong."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a1_reference import make_windows, oldest_first, runs, todays, windows
from course_utils.checks import Mistake


def _one_station(station, *rest):
    return todays(np.zeros_like(station), *rest)


def _rows_from_zero(station, lags, horizon, stride):
    """Every stride-th row of the whole table, instead of each station's own."""
    every = todays(station, lags, horizon, 1)
    return every[every % stride == 0]


def _days_from_zero(station, lags, horizon, stride):
    """Every stride-th day of a station, counted from its first day."""
    found = [
        t for a, b in runs(station) for t in range(a, b - horizon, stride) if t >= a + max(lags)
    ]
    return np.array(found, dtype=int)


def _counted_on(station, lags, horizon, stride):
    """Every stride-th window of all, so that one station's remainder shifts the next."""
    return todays(station, lags, horizon, 1)[::stride]


def _one_lost(which):
    def fewer(station, lags, horizon, stride):
        found = [range(a + max(lags), b - horizon, stride) for a, b in runs(station)]
        return np.array([t for days in found for t in list(days)[which]], dtype=int)

    return fewer


def _begun_too_early(station, lags, horizon, stride):
    """From the first day of each station on, whatever lies before it in the table."""
    found = [range(a, b - horizon, stride) for a, b in runs(station)]
    return np.array([t for days in found for t in days], dtype=int)


def _strided_lags(series, target, station, lags, horizon, stride):
    """The stride stretches the window instead of the steps between windows."""
    return make_windows(series, target, station, [stride * lag for lag in lags], horizon, 1)


def _today_returned(series, target, station, lags, horizon, stride):
    x, y, index = make_windows(series, target, station, lags, horizon, stride)
    return x, y, index - horizon


def _first_row_returned(series, target, station, lags, horizon, stride):
    x, y, index = make_windows(series, target, station, lags, horizon, stride)
    return x, y, index - horizon - max(lags)


def _first_feature(series, target, station, lags, horizon, stride):
    x, _, index = make_windows(series, target, station, lags, horizon, stride)
    return x, series[index, 0], index


def _swapped_axes(*arguments):
    x, y, index = make_windows(*arguments)
    return x.swapaxes(1, 2), y, index


def _flat(*arguments):
    x, y, index = make_windows(*arguments)
    return x.reshape(len(x), x.shape[1] * x.shape[2]), y, index


def _lags_from_target(series, target, station, lags, horizon, stride):
    """The lags are counted back from the target's day: lag 0 is the target's own."""
    _, y, index = make_windows(series, target, station, lags, horizon, stride)
    return series[index[:, None] - oldest_first(lags)], y, index


def _sorted_in_place(series, target, station, lags, horizon, stride):
    result = make_windows(series, target, station, lags, horizon, stride)
    lags.sort(reverse=True)
    return result


def _later(days):
    return lambda *a: make_windows(*a[:4], a[4] + days, a[5])


WINDOWS_MISTAKES = (
    Mistake(
        "horizon one too short",
        "The target is one day early: `horizon - 1` days after today.",
        "With horizon 1 the target is tomorrow, row `today + horizon`.",
        _later(-1),
    ),
    Mistake(
        "horizon one too long",
        "Between window and target lies one day too many.",
        "Lag 0 is today itself. With horizon 1 the target is tomorrow, row `today + horizon`.",
        _later(1),
    ),
    Mistake(
        "lags counted from the target",
        "The lags are counted back from the target's day, so that lag 0 shows the target's row.",
        "Lag 0 is today, and the target lies `horizon` days after today.",
        _lags_from_target,
    ),
    Mistake(
        "newest day first",
        "The window runs backward: the newest day stands first.",
        "Time runs from left to right: the largest lag first.",
        windows(order=lambda lags: np.array(sorted(lags))),
    ),
    Mistake(
        "lags in the order given",
        "The days stand in the order in which the lags were given.",
        "The list may come in any order; the window runs from the oldest day to the newest.",
        windows(order=np.array),
    ),
    Mistake(
        "consecutive days",
        "The window holds consecutive days; asked for are the days that `lags` names.",
        "Row `today - lag` for each lag: there are gaps between them.",
        windows(order=lambda lags: np.arange(len(lags))[::-1]),
    ),
    Mistake(
        "all days between the lags",
        "The window holds every day from the oldest lag to today; asked for are only the lags.",
        "Its length is `len(lags)`, not `max(lags) + 1`.",
        windows(order=lambda lags: np.arange(max(lags) + 1)[::-1]),
    ),
    Mistake(
        "stations crossed",
        "Some windows cross the border between two stations.",
        "A window's oldest day, today and its target must all belong to one station.",
        windows(todays=_one_station),
    ),
    Mistake(
        "begun too early",
        "The first windows reach back beyond the station's first day.",
        "A negative index counts from the end of the table. The first possible today is "
        "`max(lags)` rows after the station's first row.",
        windows(todays=_begun_too_early),
    ),
    Mistake(
        "stride ignored",
        "The stride is ignored: there is a window for every day.",
        "From one window to the next, today moves on by `stride` days.",
        windows(todays=lambda station, lags, h, stride: todays(station, lags, h, 1)),
    ),
    Mistake(
        "stride stretches the window",
        "The stride stretches the window itself; it belongs to the steps between windows.",
        "Inside a window the lags decide; today moves on by `stride` from window to window.",
        _strided_lags,
    ),
    Mistake(
        "stride counted from row 0",
        "Every stride-th row of the table is taken, wherever a station begins.",
        "Each station starts with its first day that has a whole window.",
        windows(todays=_rows_from_zero),
    ),
    Mistake(
        "stride counted from the station's first day",
        "The stride is counted from a station's first day, not from its first whole window.",
        "The first window of a station is the earliest possible: today = first row + max(lags).",
        windows(todays=_days_from_zero),
    ),
    Mistake(
        "stride counted across stations",
        "The stride is counted on from one station to the next.",
        "Each station starts anew with its first possible window.",
        windows(todays=_counted_on),
    ),
    Mistake(
        "last window lost",
        "The last window of each station is missing.",
        "The last possible today is `horizon` rows before a station's last row; `range` and slices "
        "stop one before their end.",
        windows(todays=_one_lost(slice(None, -1))),
    ),
    Mistake(
        "first window lost",
        "The first window of each station is missing.",
        "The first possible today is `max(lags)` rows after a station's first row.",
        windows(todays=_one_lost(slice(1, None))),
    ),
    Mistake(
        "today's row returned as index",
        "`index` names today; asked for is the row of the target.",
        "It is `today + horizon`, so that `y` equals `target[index]`.",
        _today_returned,
    ),
    Mistake(
        "first row returned as index",
        "`index` names the oldest day of the window; asked for is the row of the target.",
        "It is `today + horizon`, so that `y` equals `target[index]`.",
        _first_row_returned,
    ),
    Mistake(
        "target taken from the series",
        "`y` comes from the first column of `series`; it should come from `target`.",
        "`y` equals `target[index]`.",
        _first_feature,
    ),
    Mistake(
        "features before days",
        "The last two axes of `x` have changed places: (n, D, L).",
        "First the day, then the feature: (n, L, D).",
        _swapped_axes,
    ),
    Mistake(
        "windows flattened",
        "Each window is flattened to one row; asked for is (n, L, D).",
        "Leave the days on an axis of their own.",
        _flat,
    ),
    Mistake(
        "lags changed in place",
        "The caller's list `lags` was sorted in place.",
        "`sorted(lags)` makes a new list; `lags.sort()` changes the one you were given.",
        _sorted_in_place,
    ),
)
