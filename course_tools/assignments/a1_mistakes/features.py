"""The features of a day, wrong."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a1_reference import angle, change, features, make_features, spell
from course_utils.checks import Mistake


def _day(dates):
    """The day of the year, from 0."""
    return (dates - dates.astype("datetime64[Y]")).astype(int)


def _cut(dates):
    """`2 * np.pi * span` is a span again, in whole days."""
    share = angle(dates) / (2 * np.pi)
    year = np.where(share > 0, _day(dates) / np.where(share > 0, share, 1), 365)
    return np.floor(2 * np.pi * _day(dates)) / year


def _rolled(temperature):
    steps = temperature - np.roll(temperature, 1)
    return np.where(np.isnan(steps), 0, steps)


def _tomorrow(temperature):
    return np.append(change(temperature)[1:], 0)


def _first_unchanged(temperature):
    """The first day's own temperature stands where no change is known."""
    steps = change(temperature)
    steps[0] = np.nan_to_num(temperature[0])
    return steps


def _filled(temperature):
    """A missing temperature counts as no degrees at all."""
    return np.diff(np.nan_to_num(temperature), prepend=np.nan_to_num(temperature[:1]))


def _last_known(temperature):
    """The change since the last day that was measured, however long ago."""
    steps, last = np.zeros(len(temperature)), np.nan
    for t, now in enumerate(temperature):
        if not np.isnan(now):
            steps[t] = 0 if np.isnan(last) else now - last
            last = now
    return steps


def _unguarded(temperature):
    steps = np.diff(temperature, prepend=temperature[:1])
    steps[0] = 0
    return steps


def _filled_in_place(dates, temperature, wet):
    result = make_features(dates, temperature, wet)
    temperature[np.isnan(temperature)] = 0
    wet[np.isnan(wet)] = 0
    return result


def _by(longer):
    return lambda wet: spell(wet, longer)


FEATURES_MISTAKES = (
    Mistake(
        "365 days in every year",
        "Every year has 365 days here; a leap year has 366.",
        "Divide by the days of that year: 1 January of the next minus 1 January of this one.",
        features(angle=lambda dates: 2 * np.pi * _day(dates) / 365),
    ),
    Mistake(
        "366 days in every year",
        "Every year has 366 days here; most have 365.",
        "Divide by the days of that year: 1 January of the next minus 1 January of this one.",
        features(angle=lambda dates: 2 * np.pi * _day(dates) / 366),
    ),
    Mistake(
        "365.25 days in every year",
        "The year has 365.25 days on average, but not one year has.",
        "Divide by 365 or 366, as that year has it.",
        features(angle=lambda dates: 2 * np.pi * _day(dates) / 365.25),
    ),
    Mistake(
        "days counted from 1",
        "1 January is counted as day 1; here it is day 0, with the angle 0.",
        "Subtract 1 January from the date and leave it at that.",
        features(angle=lambda d: angle(d) + angle(d.astype("datetime64[Y]").astype(d.dtype) + 1)),
    ),
    Mistake(
        "cut to whole days",
        "2π times a number of days is cut to whole days, since NumPy's time spans are whole.",
        "Divide the spans first: `2 * np.pi * (days / year)`; or turn both into numbers.",
        features(angle=_cut),
    ),
    Mistake(
        "without 2 pi",
        "The share of the year goes into sine and cosine without the factor 2π.",
        "A whole year is a whole turn, and that is 2π.",
        features(angle=lambda dates: angle(dates) / (2 * np.pi)),
    ),
    Mistake(
        "half a turn",
        "A year is half a turn: the factor is π where it should be 2π.",
        "With half a turn, December and January stand at opposite ends.",
        features(angle=lambda dates: angle(dates) / 2),
    ),
    Mistake(
        "degrees",
        "The angle is in degrees; NumPy's sine and cosine take radians.",
        "A whole year is 2π, not 360.",
        features(angle=lambda dates: np.degrees(angle(dates))),
    ),
    Mistake(
        "sine and cosine swapped",
        "Sine and cosine have changed places.",
        "Column 0 is the sine, column 1 the cosine.",
        lambda *a: make_features(*a)[:, [1, 0, 2, 3]],
    ),
    Mistake(
        "change with the wrong sign",
        "The change has the wrong sign: yesterday minus today.",
        "When it gets warmer the change is positive: today minus yesterday.",
        features(change=lambda temperature: -change(temperature)),
    ),
    Mistake(
        "tomorrow's change",
        "The change is that from today to tomorrow: the feature knows the future.",
        "Day t is compared with day t - 1, never with t + 1.",
        features(change=_tomorrow),
    ),
    Mistake(
        "first day compared with the last",
        "The first day is compared with the last one: `np.roll` closes the series to a ring.",
        "The first day has no yesterday: its change is 0.",
        features(change=_rolled),
    ),
    Mistake(
        "first day compared with zero",
        "The first change is the first temperature itself, as if 0 °C had come before it.",
        "The first day has no yesterday: its change is 0.",
        features(change=_first_unchanged),
    ),
    Mistake(
        "missing temperature read as zero",
        "A missing temperature is taken for 0 °C, so that the change jumps there and back.",
        "Where today or yesterday is missing, the change is 0. Subtract first, then replace nan.",
        features(change=_filled),
    ),
    Mistake(
        "change since the last known day",
        "After a gap the change is that since the last known day; it should be 0.",
        "Only yesterday counts: where it is missing, the change is 0.",
        features(change=_last_known),
    ),
    Mistake(
        "nan in the change",
        "The change is nan where a temperature is missing; it should be 0.",
        "Anything minus nan is nan: replace it by 0 afterwards.",
        features(change=_unguarded),
    ),
    Mistake(
        "spell never reset",
        "The spell is never reset: all wet days so far are counted.",
        "A dry day sets the count to 0.",
        features(spell=_by(lambda count, today: count + (today == 1))),
    ),
    Mistake(
        "missing day ends the spell",
        "A missing day sets the spell to 0; here it leaves the count as it was.",
        "Only a day that is known to be dry ends a spell.",
        features(spell=_by(lambda count, today: count + 1 if today == 1 else 0)),
    ),
    Mistake(
        "missing day counted as wet",
        "A missing day makes the spell longer.",
        "nan is neither wet nor dry: the count stays. Note that nan is true and differs from 0.",
        features(spell=_by(lambda count, today: 0 if today == 0 else count + 1)),
    ),
    Mistake(
        "today not counted",
        "The spell ends with yesterday; today counts too.",
        "The first wet day of a spell has the count 1.",
        features(spell=lambda wet: np.append(0, spell(wet)[:-1])),
    ),
    Mistake(
        "dry spell counted",
        "Dry days are counted instead of wet ones.",
        "`wet` is 1 on a wet day.",
        features(spell=lambda wet: spell(1 - wet)),
    ),
    Mistake(
        "arguments filled in place",
        "Missing values were replaced in the caller's own arrays.",
        "`np.where(np.isnan(a), 0, a)` makes a new array.",
        _filled_in_place,
    ),
)
