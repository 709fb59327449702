"""Splitting in time and scaling, wrong."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a1_reference import assign_parts, part_of, scale, scaling
from course_utils.checks import Mistake
from course_utils.checks.core import variants


def _border_too_late(day, reach, borders):
    return assign_parts(day, reach, [border + 1 for border in borders])


def _border_day(also_second):
    """A target on the border's own day still counts as one of the part before it."""

    def wrong(day, reach, borders):
        part = assign_parts(day, reach, borders)
        part[day == borders[0]] = 0
        if also_second:
            part[(day == borders[1]) & (day - reach >= borders[0])] = 1
        return part

    return wrong


def _both_sides(day, reach, borders):
    """`reach` days are left out before each border as well as behind it."""
    part = assign_parts(day, reach, borders)
    near = np.abs(day[:, None] - np.array(borders)) <= reach
    return np.where(near.any(axis=1), -1, part)


def _share(day, reach, borders):
    """The borders are taken for places in the list of windows, not for days."""
    return assign_parts(np.arange(len(day)), reach, borders)


def _dropped(day, reach, borders):
    part = assign_parts(day, reach, borders)
    return part[part >= 0]


PARTS_MISTAKES = (
    Mistake(
        "no purge",
        "Only the target's day decides: windows across a border reach into the part before it.",
        "A window covers the days from `day - reach` to `day`. All of them must lie in one part.",
        lambda day, reach, borders: part_of(day, borders),
    ),
    Mistake(
        "oldest day decides",
        "Only the oldest day decides: windows across a border have their target in the next part.",
        "A window covers the days from `day - reach` to `day`. All of them must lie in one part.",
        lambda day, reach, borders: part_of(day - reach, borders),
    ),
    Mistake(
        "border day in the part before",
        "The day of the border belongs to the part before it here.",
        "Part 1 begins with the day `borders[0]` itself: compare with `<`, not with `<=`.",
        _border_too_late,
    ),
    *variants(
        "target on the border's day",
        "A target on the border's own day counts as one of the part before it.",
        "Part 0 ends before `borders[0]`: compare with `<`, not with `<=`.",
        _border_day(False),
        _border_day(True),
    ),
    Mistake(
        "reach one too short",
        "One window too many at each border: its oldest day still lies in the part before.",
        "The oldest day is `day - reach`, and it must not lie before the border.",
        lambda day, reach, borders: assign_parts(day, reach - 1, borders),
    ),
    Mistake(
        "reach one too long",
        "One window too few at each border: its oldest day is the border's, which is in the part.",
        "The oldest day is `day - reach`; if it is the border's own day, the window is whole.",
        lambda day, reach, borders: assign_parts(day, reach + 1, borders),
    ),
    Mistake(
        "purged on both sides",
        "Windows are left out on both sides of a border; those before it see nothing beyond it.",
        "A window looks back only: what ends before the border lies in the earlier part.",
        _both_sides,
    ),
    Mistake(
        "borders read as positions",
        "The borders are taken for positions in the list of windows; they are days.",
        "Compare the borders with `day`, whatever order the windows stand in.",
        _share,
    ),
    Mistake(
        "parts counted from 1",
        "The parts are numbered from 1; training is part 0.",
        "0, 1 and 2 for training, validation and test; -1 for none.",
        lambda *a: np.where(assign_parts(*a) < 0, -1, assign_parts(*a) + 1),
    ),
    Mistake(
        "purged windows removed",
        "The purged windows are missing; each window keeps its place and gets a -1.",
        "The result has one number for each window: shape (n,).",
        _dropped,
    ),
    Mistake(
        "purged windows in part 0",
        "The purged windows count as training; they belong to no part.",
        "Start from an array full of -1.",
        lambda *a: np.maximum(assign_parts(*a), 0),
    ),
)


def _all(x, part):
    return x


def _over(axis):
    """Statistics over other axes than windows and days together."""

    def wrong(x, part):
        seen = x[part == 0]
        constant = np.nanmin(seen, axis=axis) == np.nanmax(seen, axis=axis)
        width = np.where(constant, 1, np.nanstd(seen, axis=axis))
        return np.nan_to_num((x - np.nanmean(seen, axis=axis)) / width)

    return wrong


def _each_part_by_its_own(x, part):
    z = np.zeros_like(x)
    for number in np.unique(part):
        z[part == number] = scale(x[part == number], np.zeros((part == number).sum()))
    return z


def _divided_by_nothing(x, part):
    seen = x[part == 0]
    width = np.nanstd(seen, axis=(0, 1))
    z = (x - np.nanmean(seen, axis=(0, 1))) / width
    return np.where(np.isnan(x), 0, z)


def _guarded_by_zero(x, part):
    """The deviation is compared with 0, which rounding makes 1e-17."""
    seen = x[part == 0]
    width = np.nanstd(seen, axis=(0, 1))
    z = (x - np.nanmean(seen, axis=(0, 1))) / np.where(width == 0, 1, width)
    return np.where(np.isnan(z), 0, z)


def _nan_spreads(x, part):
    seen = x[part == 0]
    constant = seen.min(axis=(0, 1)) == seen.max(axis=(0, 1))
    width = np.where(constant, 1, seen.std(axis=(0, 1)))
    return np.nan_to_num((x - seen.mean(axis=(0, 1))) / width)


def _nan_kept(x, part):
    return np.where(np.isnan(x), np.nan, scale(x, part))


def _filled_before(x, part):
    """A missing value becomes 0 first, and then is scaled like one."""
    seen = x[part == 0]
    constant = np.nanmin(seen, axis=(0, 1)) == np.nanmax(seen, axis=(0, 1))
    width = np.where(constant, 1, np.nanstd(seen, axis=(0, 1)))
    return (np.nan_to_num(x) - np.nanmean(seen, axis=(0, 1))) / width


def _constant_dropped(x, part):
    """A constant feature becomes 0 everywhere, also where it differs outside of training."""
    seen = x[part == 0]
    constant = np.nanmin(seen, axis=(0, 1)) == np.nanmax(seen, axis=(0, 1))
    return np.where(constant, 0, scale(x, part))


def _constant_left(x, part):
    seen = x[part == 0]
    constant = np.nanmin(seen, axis=(0, 1)) == np.nanmax(seen, axis=(0, 1))
    return np.where(constant, np.nan_to_num(x), scale(x, part))


def _range(x, part):
    seen = x[part == 0]
    low, high = np.nanmin(seen, axis=(0, 1)), np.nanmax(seen, axis=(0, 1))
    return np.nan_to_num((x - low) / np.where(low == high, 1, high - low))


def _in_place(x, part):
    x[...] = scale(x, part)
    return x


SCALE_MISTAKES = (
    Mistake(
        "statistics of all windows",
        "Mean and deviation come from all windows: the test's future leaks into the training.",
        "Take the statistics from the windows with `part == 0` alone, and apply them to all.",
        scaling(known=_all),
    ),
    Mistake(
        "statistics without the test",
        "Mean and deviation come from training and validation together.",
        "Validation is held out too: take the statistics from the windows with `part == 0` alone.",
        scaling(known=lambda x, part: x[(part == 0) | (part == 1)]),
    ),
    Mistake(
        "statistics with the purged windows",
        "The purged windows (-1) take part in mean and deviation.",
        "`part < 1` and `part <= 0` let -1 in. Ask for `part == 0`.",
        scaling(known=lambda x, part: x[part <= 0]),
    ),
    Mistake(
        "each part by its own statistics",
        "Each part is scaled by its own statistics; the training's hold for all.",
        "What the model has learned about a 1.5 must stay true in the test.",
        _each_part_by_its_own,
    ),
    Mistake(
        "ddof=1",
        "The deviation divides by the number of values minus one.",
        "Divide by their number, as `np.std` does by itself.",
        scaling(deviation=lambda a, axis: np.nanstd(a, axis=axis, ddof=1)),
    ),
    Mistake(
        "variance for deviation",
        "The division is by the variance; asked for is its root.",
        "`np.nanstd`, not `np.nanvar`.",
        scaling(deviation=np.nanvar),
    ),
    Mistake(
        "mean not subtracted",
        "The mean is not subtracted.",
        "First subtract the mean, then divide by the deviation.",
        scaling(mean=lambda a, axis: 0 * np.nanmean(a, axis=axis)),
    ),
    Mistake(
        "statistics for each lag",
        "Every lag has its own mean and deviation; one feature needs one pair.",
        "Average over windows and days together: `axis=(0, 1)`.",
        _over(0),
    ),
    Mistake(
        "one pair for all features",
        "All features share one mean and one deviation.",
        "Average over windows and days, but not over features: `axis=(0, 1)`.",
        _over(None),
    ),
    Mistake(
        "range instead of deviation",
        "The values are brought between 0 and 1; asked for are mean 0 and deviation 1.",
        "Subtract the mean and divide by the deviation.",
        _range,
    ),
    Mistake(
        "constant feature divided by 0",
        "A feature that is constant in the training is divided by 0, or by next to nothing.",
        "Only centre it: divide by 1 where the smallest and the largest training value are equal.",
        _divided_by_nothing,
    ),
    Mistake(
        "rounding makes a constant vary",
        "A constant feature is divided by a deviation that is rounding alone, such as 1e-17.",
        "The deviation of many 0.1 is not exactly 0. Compare the smallest and the largest value.",
        _guarded_by_zero,
    ),
    Mistake(
        "constant feature set to 0",
        "A feature that is constant in the training becomes 0 everywhere, its changes lost.",
        "Centre it: outside of the training it may differ.",
        _constant_dropped,
    ),
    Mistake(
        "constant feature left alone",
        "A feature that is constant in the training is left as it is.",
        "Subtract its mean as of all others; only the division is by 1.",
        _constant_left,
    ),
    Mistake(
        "nan spreads",
        "One missing number makes the whole feature's statistics nan.",
        "`np.nanmean` and `np.nanstd` pass over what is missing.",
        _nan_spreads,
    ),
    Mistake(
        "nan kept",
        "What was missing is still nan.",
        "After scaling a missing number becomes 0, the training's mean.",
        _nan_kept,
    ),
    Mistake(
        "missing read as zero",
        "A missing number is taken for 0 before the statistics are computed.",
        "Leave it out of the statistics, and put the 0 in after scaling.",
        lambda x, part: scale(np.nan_to_num(x), part),
    ),
    Mistake(
        "filled before scaling",
        "A missing number becomes 0 before the scaling, which then moves it.",
        "Scale first; put the 0 in afterwards, where it is the training's mean.",
        _filled_before,
    ),
    Mistake(
        "x changed in place",
        "The scaled values were written into `x` itself.",
        "`x -= mean` changes the caller's array; `x = x - mean` makes a new one.",
        _in_place,
    ),
)
