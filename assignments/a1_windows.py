# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {assignment: A1, title: "Sequences and windows", points: 100}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

# %% [markdown]
# # Assignment A1: sequences and windows
#
# Lesson 01 turned one weather record into samples: a few days in a row, and the day after.
# Here the records are less tidy.
# They come from several stations, some days are missing, and a forecast may look back at any days we choose.
# You write what stands between such records and a model:
#
# 1. **features** of a day: the season, the change since yesterday, how long it has been raining;
# 2. **windows** with gaps in them, which never mix two stations;
# 3. **a split in time** whose parts share no day, and a scale that knows only the past;
# 4. **a Markov baseline** that remembers two days instead of one.
#
# At the end your functions run on Seattle's weather.
# There is no network yet, and nothing that lesson 01 has not prepared.
#
# You need lesson 01. Plan four hours.

# %% [markdown]
# ## What is graded, and how
#
# | part | you write | visible | hidden | by hand |
# |---|---|---|---|---|
# | 1 | `make_features` | 4 | 14 | |
# | 2 | `make_windows` | 5 | 20 | |
# | 3a | `assign_parts` | 2 | 8 | |
# | 3b | `scale` | 3 | 9 | |
# | 4a | `fit_markov` | 3 | 9 | |
# | 4b | `mean_nats` | 2 | 6 | |
# | 5 | an explanation | | | 15 |
#
# - **Visible tests** stand below each task. They try special cases whose answer you can know without a solution. The last line of a test is what it earns: run the cell, and if no error appears you have these points.
# - **Hidden tests** run when we grade. They compare your functions with ours on random inputs, other ones for each student, give part of the points where part is right, and name the mistake if they know it.
# - **An error is paid for once.** Each function gets data, never the result of another function of yours.
# - **Imports:** `numpy`, `math` and `course_utils`. A cell of yours that imports anything else is not run when we grade. The last code cell of this notebook tells you.
# - **Arguments stay as they are.** A function that changes its caller's arrays or lists loses points.
# - Both `float64` and `float32` are fine; each is compared at its own precision. Lists are taken as arrays, except in Part 1. Loops over days are fine too: nothing here is large.
# - Locked cells are put back before grading. Cells that you add are kept and run.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

from course_utils.checks.imports import check_imports
from course_utils.data import load_weather, windows


def compare(name, got, right, slips=()):
    """Compare with what was found by hand; `slips` maps a wrong answer to what led to it."""
    got, right = np.asarray(got), np.asarray(right)
    assert got.dtype.kind in "biuf", f"{name} should hold numbers; yours is {got!r}"

    def equal(other):
        same = got.shape == np.shape(other)
        return same and np.allclose(got, other, atol=1e-5, equal_nan=True)

    if not equal(right):
        cause = next((f"{says}\n" for says, slip in dict(slips).items() if equal(slip)), "")
        if got.shape != right.shape:
            wanted = f"{name} should have shape {right.shape}; yours has {got.shape}"
            raise AssertionError(f"{cause}{wanted}")
        shown = f"{np.round(right, 4)}\nyours is\n{np.round(got, 4)}"
        raise AssertionError(f"{cause}{name} should be\n{shown}")


def what_came(returned):
    """Say what a function returned instead of what is asked for."""
    if isinstance(returned, (tuple, list)):
        return f"a {type(returned).__name__} of {len(returned)}"
    return "None" if returned is None else f"one {type(returned).__name__}"


# %% [markdown]
# ## Part 1: features of a day (18 points)
#
# One station reports `N` days in a row, each with a date, a temperature and whether it was wet.
# A day on which nothing was measured still has its row; its temperature, or its wetness, is then `nan`.
#
# Write `make_features`, which turns each day into four numbers:
#
# | column | name | what it is |
# |---|---|---|
# | 0, 1 | circle | sine and cosine of the angle $2 \pi d / n$. Here $d$ is the day of the year, 0 on 1 January, and $n$ the number of days in that year, 365 or 366. |
# | 2 | change | today's temperature minus yesterday's. It is 0 on the first day, and wherever one of the two is missing. |
# | 3 | spell | how many wet days there have been in a row, today included. A dry day sets the count to 0. A missing day leaves it as it was. Before the first day it is 0. |
#
# Why a circle? As plain numbers, 31 December (364) and 1 January (0) are as far apart as two days can be, though the weather hardly knows the difference.
# On the circle they are neighbours.
#
# ### Five days by hand
#
# | date | temperature | wet | $d$ of $n$ | sine, cosine | change | spell |
# |---|---|---|---|---|---|---|
# | 30 December 2020 | 6.0 | 1 | 364 of 366 | -0.0343, 0.9994 | 0 | 1 |
# | 31 December 2020 | 4.5 | 1 | 365 of 366 | -0.0172, 0.9999 | -1.5 | 2 |
# | 1 January 2021 | nan | nan | 0 of 365 | 0, 1 | 0 | 2 |
# | 2 January 2021 | 5.0 | 1 | 1 of 365 | 0.0172, 0.9999 | 0 | 3 |
# | 3 January 2021 | 7.0 | 0 | 2 of 365 | 0.0344, 0.9994 | 2.0 | 0 |
#
# 2020 was a leap year, so its last day is number 365 of 366.
# The change on 2 January is 0 although we know that day's temperature: the day before is missing.
# And the spell runs on over the missing day, from 2 to 3.
#
# ### Dates in NumPy
#
# The cell below shows all that you need: a date can be cut to its year, a year can be moved on by one, a year becomes a day again (its first), and two dates have a difference.
# Mind its last lines. A difference is a *time span*, and NumPy keeps spans in whole days: a span times 2π is rounded down to whole days without a word.
# A span divided by a span is an ordinary number.

# %%
two_days = np.array(["2020-03-01", "2021-03-01"], dtype="datetime64[D]")
this_year = two_days.astype("datetime64[Y]")
print("the years:        ", this_year)
print("the years after:  ", this_year + 1)
print("a year as a day:  ", this_year.astype("datetime64[D]"))
print("days in between:  ", two_days - this_year.astype("datetime64[D]"))
span = np.timedelta64(10, "D")
print("10 days times 2π:", 2 * np.pi * span)
print("10 days / 4 days: ", span / np.timedelta64(4, "D"))


# %% nbgrader={"grade": false, "grade_id": "features", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_features(dates, temperature, wet):
    """Return the features (N, 4): sine, cosine, change, spell.

    dates (N,) datetime64[D], one day after the other; temperature (N,) in °C, nan where missing;
    wet (N,) 1 or 0, nan where missing.
    """
    ### BEGIN SOLUTION
    years = dates.astype("datetime64[Y]")
    begin = years.astype("datetime64[D]")
    end = (years + 1).astype("datetime64[D]")
    angle = 2 * np.pi * ((dates - begin) / (end - begin))
    change = np.diff(temperature, prepend=temperature[:1])
    change = np.where(np.isnan(change), 0, change)
    spell, count = np.zeros(len(wet)), 0
    for t, today in enumerate(wet):
        if today == 1:
            count += 1
        elif today == 0:
            count = 0
        spell[t] = count
    return np.stack([np.sin(angle), np.cos(angle), change, spell], axis=1)
    ### END SOLUTION


# %% [markdown]
# The tests: the example by hand, the day halfway through a leap year, and a property that every honest feature has: it does not know the future.

# %% nbgrader={"grade": true, "grade_id": "features_visible", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand, and what it would give with a slip.
dates = np.datetime64("2020-12-30") + np.arange(5)
temperature = np.array([6.0, 4.5, np.nan, 5.0, 7.0])
wet = np.array([1.0, 1.0, np.nan, 1.0, 0.0])
arguments = dates.copy(), temperature.copy(), wet.copy()
features = make_features(*arguments)
assert isinstance(features, np.ndarray), f"return one array; yours returns {what_came(features)}"
assert features.shape != (4, 5), "days go down, features across: (N, 4), not (4, N)"
assert features.shape == (5, 4), f"the shape should be (N, 4) = (5, 4); yours is {features.shape}"
compare(
    "change",
    features[:, 2],
    [0, -1.5, 0, 0, 2],
    {
        "yesterday minus today: the sign is the other way round": [0, 1.5, 0, 0, -2],
        "each day is compared with the next one": [-1.5, 0, 0, 2, 0],
        "the first day has no yesterday: its change is 0": [6, -1.5, 0, 0, 2],
        "after a gap the change is 0, not that since the last known day": [0, -1.5, 0, 0.5, 2],
        "a missing temperature is not 0 °C": [0, -1.5, -4.5, 5, 2],
        "np.roll compares the first day with the last": [-1, -1.5, 0, 0, 2],
    },
)
compare(
    "spell",
    features[:, 3],
    [1, 2, 2, 3, 0],
    {
        "a missing day leaves the count as it was": [1, 2, 0, 1, 0],
        "a missing day is not a wet one": [1, 2, 3, 4, 0],
        "a dry day sets the count to 0": [1, 2, 2, 3, 3],
        "today counts too": [0, 1, 2, 2, 3],
    },
)
days, lengths = np.array([364, 365, 0, 1, 2]), np.array([366, 366, 365, 365, 365])
right, shares = 2 * np.pi * days / lengths, days / lengths
compare(
    "circle",
    features[:, :2],
    np.stack([np.sin(right), np.cos(right)], axis=1),
    {
        says: np.stack([np.sin(angle), np.cos(angle)], axis=1)
        for says, angle in {
            "2020 has 366 days, not 365": 2 * np.pi * days / 365,
            "2021 has 365 days, not 366": 2 * np.pi * days / 366,
            "a year has 365 or 366 days, not 365.25": 2 * np.pi * days / 365.25,
            "1 January is day 0, not day 1": 2 * np.pi * (days + 1) / lengths,
            "a whole year is 2π, and the factor is missing": shares,
            "a whole year is 2π, not π": np.pi * shares,
            "np.sin takes radians: a whole year is 2π, not 360": 360 * shares,
            "a time span times 2π is cut to whole days": np.floor(2 * np.pi * days) / lengths,
            "sine and cosine have changed places": np.pi / 2 - right,
        }.items()
    },
)
for before, after in zip((dates, temperature, wet), arguments, strict=True):
    assert np.array_equal(before, after, equal_nan=True), "your function changed its arguments"

# 2. Halfway through a leap year, on day 183 of 366, the circle is opposite to 1 January.
half = make_features(np.array(["2020-07-02"], "datetime64[D]"), np.ones(1), np.ones(1))
compare("the circle on 2 July 2020", half[0, :2], [0, -1])

# 3. No feature knows the future: what comes after day 20 changes nothing before it.
dates = np.datetime64("2019-02-10") + np.arange(40)
temperature, wet = np.cos(np.arange(40.0)), (np.arange(40) % 5 > 1).astype(float)
features = make_features(dates, temperature, wet)
other = make_features(
    dates, np.where(np.arange(40) > 20, 50, temperature), np.where(np.arange(40) > 20, 1 - wet, wet)
)
assert np.allclose(features[:21], other[:21]), "days 0 to 20 change when later days do"
assert not np.allclose(features[21], other[21]), "day 21 should change when its weather does"
4  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "features_hidden", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 1 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a1

a1.grade("features", globals(), points=14)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2: windows (25 points)
#
# Now several stations stand in one table, one below the other.
# `series` holds `D` numbers for each row, `target` the number that we want to foretell, and `station` tells whose row it is.
# The rows of a station stand together, day after day.
#
# A forecast is made on some day; call its row `today`.
# Four things say what it sees and what it foretells:
#
# - `lags` says which days it sees, counted back from today: with `[0, 2]` it sees row `today` and row `today - 2`, and not the one between. The list may come in any order. In the window the days run **from the oldest to the newest**.
# - `horizon` says how far ahead the target lies: in row `today + horizon`.
# - A window and its target lie in **one station**, from the row `today - max(lags)` to the row `today + horizon`. Where that is not possible there is no window.
# - `stride` says how far today moves from one window to the next. The first window of each station is the earliest possible; then follows every `stride`-th day, as long as there is room.
#
# Write `make_windows`. It returns `x` `(n, L, D)`, where `L` is the number of lags; `y` `(n,)`, the targets; and `index` `(n,)`, the row in which each target stands, so that `y` is `target[index]`.
# Windows come in the order of the table. If there are none, `n` is 0: the shapes are `(0, L, D)`, `(0,)` and `(0,)`.
#
# ### Eleven rows by hand
#
# Two stations of six and five days, `lags = [0, 2]`, `horizon = 1`, `stride = 2`:
#
# | row | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 |
# |---|---|---|---|---|---|---|---|---|---|---|---|
# | `station` | 4 | 4 | 4 | 4 | 4 | 4 | 1 | 1 | 1 | 1 | 1 |
# | `series` (one feature) | 10 | 11 | 12 | 13 | 14 | 15 | 20 | 21 | 22 | 23 | 24 |
# | `target` | 0 | 5 | 0 | 2 | 0 | 9 | 1 | 0 | 3 | 7 | 0 |
# | first window | x | | x | **y** | | | | | | | |
# | second window | | | x | | x | **y** | | | | | |
# | third window | | | | | | | x | | x | **y** | |
#
# The first possible today is row 2: two rows before it there is row 0.
# Two days on, today is row 4. Two more would be row 6, in the other station.
# There the first possible today is row 8; row 10 has no target any more.
# So the windows are (10, 12), (12, 14), (20, 22); `y` is (2, 9, 7) and `index` (3, 5, 9).


# %% nbgrader={"grade": false, "grade_id": "windows", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_windows(series, target, station, lags, horizon, stride):
    """Return x (n, L, D), y (n,) and index (n,): the windows, their targets, the targets' rows.

    series (N, D); target (N,); station (N,) whole numbers; lags: a list of L different whole
    numbers, at least 0, in any order; horizon and stride: whole numbers, at least 1.
    """
    ### BEGIN SOLUTION
    order = sorted(lags, reverse=True)
    x, index = [], []
    for name in dict.fromkeys(station.tolist()):
        rows = np.flatnonzero(station == name)
        for today in range(rows[0] + order[0], rows[-1] - horizon + 1, stride):
            x.append([series[today - lag] for lag in order])
            index.append(today + horizon)
    index = np.array(index, dtype=int)
    x = np.array(x, dtype=series.dtype).reshape(len(index), len(order), series.shape[1])
    return x, target[index], index
    ### END SOLUTION


# %% [markdown]
# The tests: the example by hand; the windows of lesson 01, which are a special case; and a series in which every row holds its own number, so that a window tells which rows it has seen.

# %% nbgrader={"grade": true, "grade_id": "windows_visible", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand, and what it would give with a slip.
station = np.repeat([4, 1], [6, 5])
series = np.array([10.0, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24])[:, None]
target = np.array([0.0, 5, 0, 2, 0, 9, 1, 0, 3, 7, 0])
lags = [0, 2]
returned = make_windows(series.copy(), target.copy(), station.copy(), lags, 1, 2)
three = isinstance(returned, (tuple, list)) and len(returned) == 3
assert three, f"return three things, x, y and index; yours returns {what_came(returned)}"
x, y, index = (np.asarray(value) for value in returned)
compare(
    "index",
    index,
    [3, 5, 9],
    {
        "index is today's row; asked for is the target's": [2, 4, 8],
        "index is the oldest row; asked for is the target's": [0, 2, 6],
        "the target is one row late: the horizon is 1": [4, 10],
        "one window has its days in two stations": [3, 5, 7, 9],
        "with stride 2, today moves on by two rows": [3, 4, 5, 9, 10],
        "the last possible today is `horizon` rows before a station's end": [3, 9],
        "the first row of a station may not be the first today": [2, 4],
    },
)
assert x.shape != (3, 1, 2), "first the days, then the features: (n, L, D), not (n, D, L)"
compare(
    "x",
    x,
    [[[10], [12]], [[12], [14]], [[20], [22]]],
    {
        "the newest day stands first; the oldest should": [
            [[12], [10]],
            [[14], [12]],
            [[22], [20]],
        ],
        "lag 2 is two rows before today": [[[11], [12]], [[13], [14]], [[21], [22]]],
        "the lags are counted from today, not from the target": [
            [[11], [13]],
            [[13], [15]],
            [[21], [23]],
        ],
    },
)
compare("y", y, [2, 9, 7], {"y comes from `target`, not from `series`": [13, 15, 23]})
assert lags == [0, 2], "your function sorted the caller's list; `sorted(lags)` makes a new one"

# 2. Consecutive days of one station with stride 1 are the windows of lesson 01.
series = np.random.default_rng(1).normal(size=(12, 3))
taught, next_day = windows(series, length=4)
x, y, _ = make_windows(series, series[:, 2], np.zeros(12, dtype=int), [0, 1, 2, 3], 1, 1)
compare(
    "the number of windows", len(x), len(taught), {"the last window is missing": len(taught) - 1}
)
compare("x with lags 0 to 3", x, taught)
compare("y with lags 0 to 3", y, next_day[:, 2])

# 3. Each row holds its own number. The middle station is too short for a window.
station = np.repeat([7, 2, 5], [14, 5, 11])
rows = np.arange(30.0)
x, y, index = make_windows(rows[:, None], -rows, station, [4, 0, 1], 2, 3)
assert np.asarray(x).shape[1:] == (3, 1), f"x should be (n, 3, 1); yours is {np.shape(x)}"
seen = np.asarray(x)[:, :, 0].astype(int)
assert (station[seen] == station[index][:, None]).all(), "a window crosses into another station"
assert (seen < np.asarray(index)[:, None]).all(), "a window sees its own target, or what follows"
assert np.array_equal(seen[:, -1] + 2, index), "the target lies `horizon` rows after today"
assert np.array_equal(seen[:, -1] - 4, seen[:, 0]), "the window begins with the largest lag"
assert not np.isin(station[index], 2).any(), "the station of five days has no room for a window"
assert seen[:, -1].tolist() == [4, 7, 10, 23, 26], (
    "today should be row 4, 7 and 10 of the first station and row 23 and 26 of the last\n"
    f"yours is {seen[:, -1].tolist()}"
)

# 4. No window at all.
try:
    empty = make_windows(np.ones((4, 3)), np.ones(4), np.zeros(4, dtype=int), [0, 4], 1, 1)
except Exception as error:
    raise AssertionError(
        f"four days are too few for lag 4: your function raises\n{error!r}"
    ) from error
shapes = [np.shape(value) for value in empty]
assert shapes == [(0, 2, 3), (0,), (0,)], f"no window: shapes (0, 2, 3), (0,), (0,), not {shapes}"
5  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "windows_hidden", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 2 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a1

a1.grade("windows", globals(), points=20)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3: a split in time, and a scale (22 points)
#
# ### 3a: which part a window belongs to
#
# Days before `borders[0]` are for training, those from `borders[0]` on for validation, and those from `borders[1]` on for the test.
# A day here is a number on a calendar that all stations share, so that no station trains on a day on which another is tested.
#
# A window is more than one day.
# With its target on day `day`, it covers all days from `day - reach` to `day`: `reach` is the largest lag plus the horizon.
# A window **belongs to the part in which all these days lie**.
# A window across a border belongs to no part and is thrown away, or *purged*. Otherwise its inputs would be targets that the model was trained on.
#
# Write `assign_parts`: 0 for training, 1 for validation, 2 for test, -1 for none.
#
# By hand, with `reach = 3` and `borders = [10, 20]`: a target on day 9 covers days 6 to 9, all before 10: part 0.
# On day 12 it covers 9 to 12: day 9 is training, day 12 validation, so -1.
# On day 13 it covers 10 to 13: part 1.


# %% nbgrader={"grade": false, "grade_id": "parts", "locked": false, "schema_version": 3, "solution": true, "task": false}
def assign_parts(day, reach, borders):
    """Return the part (n,) of each window: 0, 1, 2, or -1 where it belongs to none.

    day (n,) whole numbers, in any order: the day of each window's target; reach: the window's
    first day is `day - reach`; borders: the first day of part 1 and the first day of part 2.
    """

    ### BEGIN SOLUTION
    def part_of(number):
        return (number >= borders[0]).astype(int) + (number >= borders[1])

    last, first = part_of(day), part_of(day - reach)
    return np.where(first == last, last, -1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "parts_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 1. Windows around the borders of the example by hand.
day = np.array([3, 9, 10, 11, 12, 13, 19, 20, 22, 23, 40])
compare(
    "part",
    assign_parts(day.copy(), 3, [10, 20]),
    [0, 0, -1, -1, -1, 1, 1, -1, -1, 2, 2],
    {
        "only the target's day is looked at": [0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2],
        "only the oldest day is looked at": [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2],
        "the oldest day is day - reach": [0, 0, -1, -1, 1, 1, 1, -1, 2, 2, 2],
        "the day borders[0] itself belongs to part 1": [0, 0, 0, -1, -1, -1, 1, 1, -1, -1, 2],
        "day 10 is borders[0] and no longer training": [0, 0, 0, -1, -1, 1, 1, -1, -1, 2, 2],
        "day 20 is borders[1] and no longer validation": [0, 0, 0, -1, -1, 1, 1, 1, -1, 2, 2],
        "parts are counted from 0": [1, 1, -1, -1, -1, 2, 2, -1, -1, 3, 3],
    },
)

# 2. The order does not matter, and no two parts share a day.
mixed = np.random.default_rng(2).permutation(np.arange(60))
part = np.asarray(assign_parts(mixed, 5, [25, 42]))
assert part.shape == (60,), f"there should be a number for each window; yours has {part.shape}"
covered = [{d - r for d in mixed[part == k] for r in range(6)} for k in range(3)]
for a, b in ((0, 1), (0, 2), (1, 2)):
    shared = sorted(covered[a] & covered[b])
    assert not shared, f"parts {a} and {b} share the days {shared}"
sizes = [int((part == k).sum()) for k in (0, 1, 2, -1)]
assert sizes == [25, 12, 13, 10], f"parts of 25, 12 and 13 windows and 10 purged, not {sizes}"
2  # both of the above held

# %% nbgrader={"grade": true, "grade_id": "parts_hidden", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 3a run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a1

a1.grade("parts", globals(), points=8)
### END HIDDEN TESTS

# %% [markdown]
# ### 3b: the scale
#
# A network learns best from numbers of similar size, so each feature is brought to mean 0 and deviation 1.
# Write `scale`, with these rules:
#
# - Each feature `d` has one mean and one deviation: over **all windows of part 0 and all their days**. Validation, test and purged windows have no say.
# - The deviation divides by the number of values, as `np.std` does by itself.
# - Missing numbers (`nan`) are left out of mean and deviation.
# - All windows of all parts become `(x - mean) / deviation`.
# - A feature that is constant in part 0 is only centred: its deviation counts as 1.
# - After that, a missing number becomes 0, which now means "as in the training's average".
#
# By hand: one feature, two windows of two days. The window (1, 3) is training, the window (5, nan) is test.
# The mean is 2, the deviation 1. So (1, 3) becomes (-1, 1), and (5, nan) becomes (3, 0).
#
# A warning about constants: the deviation of thirty times 0.1 is not 0 but a few times $10^{-17}$, because of rounding.
# Do not ask whether the deviation is 0. Ask whether the smallest and the largest value are equal.


# %% nbgrader={"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}
def scale(x, part):
    """Return the scaled windows (n, L, D).

    x (n, L, D), nan where missing; part (n,) 0, 1, 2 or -1. Every feature has at least one known
    number in part 0.
    """
    ### BEGIN SOLUTION
    known = x[part == 0]
    mean, deviation = np.nanmean(known, axis=(0, 1)), np.nanstd(known, axis=(0, 1))
    constant = np.nanmin(known, axis=(0, 1)) == np.nanmax(known, axis=(0, 1))
    z = (x - mean) / np.where(constant, 1, deviation).astype(x.dtype)
    return np.where(np.isnan(z), 0, z)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "scale_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand, and what it would give with a slip.
x = np.array([[[1.0], [3.0]], [[5.0], [np.nan]]])
given = x.copy()
compare(
    "z",
    scale(given, np.array([0, 2])),
    [[[-1], [1]], [[3], [0]]],
    {
        "the test has a say in mean and deviation": [[[-1.224745], [0]], [[1.224745], [0]]],
        "the mean is not subtracted": [[[1], [3]], [[5], [0]]],
        "a feature has one mean, not one for each day": [[[0], [0]], [[4], [0]]],
        "the deviation divides by the number of values": [
            [[-0.707107], [0.707107]],
            [[2.121320], [0]],
        ],
        "the missing number is filled before the scaling": [[[-1], [1]], [[3], [-2]]],
        "the missing number is still nan": [[[-1], [1]], [[3], [np.nan]]],
    },
)
assert np.array_equal(x, given, equal_nan=True), "your function changed the caller's x"

# 2. The training has mean 0 and deviation 1, and does not notice what happens elsewhere.
rng = np.random.default_rng(3)
x, part = rng.normal(loc=5, scale=[1, 10], size=(20, 4, 2)), np.repeat([0, -1, 1, 2], 5)
z = np.asarray(scale(x.copy(), part))
assert z.shape == (20, 4, 2), f"z should have shape (20, 4, 2); yours has {z.shape}"
compare("the training's means", z[:5].mean(axis=(0, 1)), [0, 0])
compare("the training's deviations", z[:5].std(axis=(0, 1)), [1, 1])
other = x.copy()
other[5:] += 100
changed = np.asarray(scale(other, part))
assert np.allclose(changed[:5], z[:5]), "windows outside of part 0 should not change the training"
assert np.allclose(changed[5:] - z[5:], 100 / x[:5].std(axis=(0, 1))), "one scale holds for all"

# 3. A feature that is constant in the training is centred, and keeps its size elsewhere.
for level in (4.0, 0.1):
    x = np.full((4, 10, 1), level)
    x[3] += 2
    z = np.asarray(scale(x.copy(), np.array([0, 0, 0, 2])))
    message = f"the feature is {level} in the training and 2 more in the test\nz[:, :, 0]"
    right = np.repeat([[0], [0], [0], [2]], 10, axis=1)
    says = "a constant feature is centred too: only its deviation counts as 1"
    compare(message, z[:, :, 0], right, {says: right + level})
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "scale_hidden", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 3b run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a1

a1.grade("scale", globals(), points=9)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4: a baseline that remembers two days (20 points)
#
# Lesson 01 counted how often one state follows another: a Markov chain of order one.
# Now the past is two days long, and the chain has order two:
#
# $$
# P_2[i, j, k] = \text{the probability of } k \text{ today, after } i \text{ two days ago and } j \text{ yesterday.}
# $$
#
# There are `S` states, numbered from 0. With order 2 there are $S^2$ pasts, and many of them are rare or never seen.
# So each count starts from a small number $\alpha > 0$ instead of 0. This is called *additive smoothing*:
#
# $$
# P_2[i, j, k] = \frac{c_{ijk} + \alpha}{\sum_{k'} \left(c_{ijk'} + \alpha\right)}
# $$
#
# Here $c_{ijk}$ counts how often the states $i, j, k$ came on three days in a row, **all three in one station**.
# Order one counts two days in a row and gives a table $P_1$ of shape `(S, S)`. Order zero counts single days and gives $P_0$ of shape `(S,)`.
#
# ### 4a: the tables
#
# Write `fit_markov` for the orders 0, 1 and 2.
# By hand: one station with the states 0, 1, 1, 0, 1, 1, and another with 1, 1. `S = 2`, `alpha = 0.5`.
#
# - Order 2: the runs of three are 0 1 1, 1 1 0, 1 0 1 and 0 1 1, and the second station is too short for one. After 0, 1 came a 1 twice and a 0 never: $P_2[0, 1, 1] = 2.5 / 3$ and $P_2[0, 1, 0] = 0.5 / 3$. The past 0, 0 was never seen, so that both states have probability one half.
# - Order 1: after a 1 came 1, 0, 1 in the first station and 1 in the second: $P_1[1, 1] = 3.5 / 5$. After a 0 came a 1 twice: $P_1[0, 1] = 2.5 / 3$.
# - Order 0: six days of eight are 1: $P_0[1] = 6.5 / 9$.


# %% nbgrader={"grade": false, "grade_id": "fit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit_markov(states, station, S, order, alpha):
    """Return the table P of shape (S,), (S, S) or (S, S, S) for order 0, 1 or 2.

    states (N,) whole numbers from 0 to S - 1; station (N,) whole numbers, the rows of a station
    stand together; alpha: what each count starts from, above 0.
    """
    ### BEGIN SOLUTION
    counts = np.full((S,) * (order + 1), float(alpha))
    for t in range(order, len(states)):
        if station[t - order] == station[t]:
            counts[tuple(states[t - order : t + 1])] += 1
    return counts / counts.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "fit_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand, and what it would give with a slip.
states, station = np.array([0, 1, 1, 0, 1, 1, 1, 1]), np.repeat([8, 3], [6, 2])
compare(
    "P of order 2",
    fit_markov(states, station, 2, 2, 0.5),
    [[[1 / 2, 1 / 2], [0.5 / 3, 2.5 / 3]], [[0.5 / 2, 1.5 / 2], [1.5 / 2, 0.5 / 2]]],
    {
        "days of two stations do not follow each other": [
            [[1 / 2, 1 / 2], [0.5 / 3, 2.5 / 3]],
            [[0.5 / 2, 1.5 / 2], [1.5 / 4, 2.5 / 4]],
        ],
        "all three days must lie in one station, the first one too": [
            [[1 / 2, 1 / 2], [0.5 / 3, 2.5 / 3]],
            [[0.5 / 2, 1.5 / 2], [1.5 / 3, 1.5 / 3]],
        ],
        "the first axis is the oldest day, the last one today": [
            [[1 / 2, 0.5 / 2], [0.5 / 3, 1.5 / 2]],
            [[1 / 2, 1.5 / 2], [2.5 / 3, 0.5 / 2]],
        ],
        "these are counts; divide by their sum over the last axis": [
            [[0.5, 0.5], [0.5, 2.5]],
            [[0.5, 1.5], [1.5, 0.5]],
        ],
        "each past needs its own sum": np.array([[[1, 1], [1, 5]], [[1, 3], [3, 1]]]) / 16,
        "each run counts as often as it comes: P[i, j, k] += 1 with arrays adds once": [
            [[1 / 2, 1 / 2], [0.5 / 2, 1.5 / 2]],
            [[0.5 / 2, 1.5 / 2], [1.5 / 2, 0.5 / 2]],
        ],
    },
)
compare(
    "P of order 1",
    fit_markov(states, station, 2, 1, 0.5),
    [[0.5 / 3, 2.5 / 3], [1.5 / 5, 3.5 / 5]],
    {"days of two stations do not follow each other": [[0.5 / 3, 2.5 / 3], [1.5 / 6, 4.5 / 6]]},
)
compare("P of order 0", fit_markov(states, station, 2, 0, 0.5), [2.5 / 9, 6.5 / 9])

# 2. Whatever comes in, each past has a distribution of its own.
rng = np.random.default_rng(4)
states, station = rng.integers(0, 4, size=50), np.repeat([1, 2], 25)
for order in (0, 1, 2):
    P = np.asarray(fit_markov(states, station, 4, order, 0.3))
    assert P.shape == (4,) * (order + 1), f"order {order}: the shape should not be {P.shape}"
    assert np.allclose(P.sum(axis=-1), 1), f"order {order}: each past's probabilities add up to 1"

# 3. With a huge alpha the counts drown; with a tiny one a strict rhythm is certain.
drowned = fit_markov(states, station, 4, 2, 1e9)
compare("P with alpha = 1e9", drowned, np.full((4, 4, 4), 0.25))
rhythm = np.tile([0, 0, 1], 10)
certain = np.asarray(fit_markov(rhythm, np.zeros(30, dtype=int), 2, 2, 1e-9))
compare("after 0, 0, in the rhythm 0 0 1 0 0 1", certain[0, 0], [0, 1])
compare("after 1, 0, in the rhythm 0 0 1 0 0 1", certain[1, 0], [1, 0])
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "fit_hidden", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 4a run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a1

a1.grade("fit", globals(), points=9)
### END HIDDEN TESTS

# %% [markdown]
# ### 4b: how good are the forecasts?
#
# Each day the tables gave a probability to what then came.
# The less likely they thought it, the larger the day's loss: minus the natural logarithm of that probability, in *nats*.
#
# A station's first day has no past: $P_0$ judges it. Its second day has only a yesterday: $P_1$ judges it. From the third day on it is $P_2$. Each station starts anew.
#
# Write `mean_nats`: the mean loss over **all** days of all stations. Each day weighs the same.
#
# By hand: a station with the states 0, 1, 1 has the loss $-\frac{1}{3}\left(\ln P_0[0] + \ln P_1[0, 1] + \ln P_2[0, 1, 1]\right)$.
# With the probabilities 0.5, 0.25 and 0.125 that is $(0.6931 + 1.3863 + 2.0794) / 3 = 1.3863$.


# %% nbgrader={"grade": false, "grade_id": "loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_nats(states, station, P0, P1, P2):
    """Return the mean loss in nats, one number.

    states (N,), station (N,) as in 4a, at least one day; P0 (S,), P1 (S, S), P2 (S, S, S).
    """
    ### BEGIN SOLUTION
    loss = 0.0
    for t, today in enumerate(states):
        if t < 1 or station[t - 1] != station[t]:
            p = P0[today]
        elif t < 2 or station[t - 2] != station[t]:
            p = P1[states[t - 1], today]
        else:
            p = P2[states[t - 2], states[t - 1], today]
        loss -= np.log(p)
    return loss / len(states)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "loss_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand. Every other entry is 0.9, so that a slip shows.
P0, P1, P2 = np.array([0.5, 0.9]), np.full((2, 2), 0.9), np.full((2, 2, 2), 0.9)
P1[0, 1], P2[0, 1, 1] = 0.25, 0.125
compare(
    "the loss",
    mean_nats(np.array([0, 1, 1]), np.array([6, 6, 6]), P0, P1, P2),
    1.386294,
    {
        "this is in bits: use the natural logarithm": 2.0,
        "the mean is asked for, not the sum": 4.158883,
        "a logarithm of a probability is negative, a loss is positive": -1.386294,
        "this is the perplexity; leave out the exponential": 4.0,
        "first the logarithm of each day, then the mean": 1.232144,
        "the first two days count too": 2.079442,
        "the first day counts too": 1.732868,
    },
)

# 2. Four states that are all equally likely cost ln 4 a day, however the stations are cut.
P0, P1, P2 = (np.full((4,) * (order + 1), 0.25) for order in (0, 1, 2))
states = np.random.default_rng(5).integers(0, 4, size=12)
for station in (np.zeros(12, dtype=int), np.repeat([3, 1, 2, 9], [5, 1, 2, 4]), np.arange(12)):
    compare("the loss", mean_nats(states, station, P0, P1, P2), np.log(4))

# 3. Two stations of one day each: P0 alone may judge.
sure = np.array([0.5, 0.5]), np.full((2, 2), 0.1), np.full((2, 2, 2), 0.1)
both = mean_nats(np.array([0, 1]), np.array([5, 2]), *sure)
compare("the loss", both, np.log(2), {"a new station has no yesterday": -np.log(0.05) / 2})
2  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "loss_hidden", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 4b run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a1

a1.grade("loss", globals(), points=6)
### END HIDDEN TESTS

# %% [markdown]
# ## Your functions at work
#
# Nothing is graded here. Seattle reported 1,461 days, one station, nothing missing.
# We train on 2012 and 2013, look at 2014, and test on 2015.
#
# First the chain of features, windows, parts and scale. With one station, a row's number is its day.
# A straight line through the windows (least squares, no network) foretells tomorrow's highest temperature.
# The honest baseline is *persistence*: tomorrow is as today.

# %% nbgrader={"grade": false, "grade_id": "seattle", "locked": true, "schema_version": 3, "solution": false, "task": false}
weather = load_weather()
hot, wet = weather.features[:, 1], weather.wet.astype(int)
alone = np.zeros(len(hot), dtype=int)
table = np.column_stack([make_features(weather.dates, hot, wet.astype(float)), hot])
borders = np.searchsorted(weather.dates, np.array(["2014-01-01", "2015-01-01"], "datetime64[D]"))

print("root mean squared error in °C      2014   2015")
for lags in ([0], [0, 1, 2, 7]):
    x, y, index = (np.asarray(value) for value in make_windows(table, hot, alone, lags, 1, 1))
    part = np.asarray(assign_parts(index, max(lags) + 1, borders.tolist()))
    z = np.asarray(scale(x, part)).reshape(len(x), -1)
    z = np.column_stack([np.ones(len(z)), z])
    line = np.linalg.lstsq(z[part == 0], y[part == 0], rcond=None)[0]
    for name, guess in {"persistence": x[:, -1, 4], f"lags {lags}": z @ line}.items():
        errors = [np.sqrt(np.mean((guess - y)[part == k] ** 2)) for k in (1, 2)]
        print(f"{name:33}  {errors[0]:.2f}   {errors[1]:.2f}")

# %% [markdown]
# The two lines of persistence differ a little, since a longer reach purges more days.
# Three more days in the window make hardly a difference either way: with the season and today at hand, a straight line finds little more in the past.
# That is what an honest split often shows.
#
# Then the Markov chain, on wet and dry days.
# The tables are counted on 2012 to 2014 and judged on 2015, month by month. So each month counts as a station of its own, and the spread over twelve months says how far to trust a difference.
# An order below two is judged by the same function: its table is repeated for the days that it does not look at.

# %% nbgrader={"grade": false, "grade_id": "seattle_markov", "locked": true, "schema_version": 3, "solution": false, "task": false}
past = weather.dates < np.datetime64("2015-01-01")
P0, P1, P2 = (np.asarray(fit_markov(wet[past], alone[past], 2, m, 1.0)) for m in (0, 1, 2))
both_ways = {
    0: (P0, np.broadcast_to(P0, (2, 2)), np.broadcast_to(P0, (2, 2, 2))),
    1: (P0, P1, np.broadcast_to(P1, (2, 2, 2))),
    2: (P0, P1, P2),
}
month = weather.dates.astype("datetime64[M]").astype(int)
losses = np.array(
    [
        [mean_nats(wet[month == m], month[month == m], *tables) for m in np.unique(month[~past])]
        for tables in both_ways.values()
    ]
)
for order, months in enumerate(losses):
    print(f"order {order}: {months.mean():.3f} nats a day in 2015 (one half each: {np.log(2):.3f})")
for order in (1, 2):
    gain = losses[order - 1] - losses[order]
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    print(f"order {order} gains {gain.mean():.3f} on order {order - 1}, standard error {error:.3f}")

# %% [markdown]
# ## Part 5: explain (15 points, read by a person)
#
# Answer in the cell below, in 150 to 300 words. Formulas are welcome.
#
# 1. **Leaks.** Somebody makes windows with stride 1, shuffles them, and takes every fifth for the test. Why does the test error come out too low? How many windows does your split purge at one border, with stride 1 and a given `reach`, and why exactly so many? (5 points)
# 2. **The circle.** Why two numbers, sine *and* cosine? Name two days that the sine alone cannot tell apart. (3 points)
# 3. **Order.** How many free parameters has a chain of order $m$ over $S$ states? Give the number for $m = 2$ with two states, and with 10,000 words. What does smoothing say about a past that was never seen? Look at the numbers for Seattle above: does order two beat order one, and does order one beat order zero? (7 points)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explanation", "locked": false, "points": 15, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Leaks.** Windows one day apart share all days but one or two. After shuffling, nearly every test window has such neighbours in the training, among them windows whose target is one of its inputs, or whose inputs hold its target. A model that only recognises days looks good, and in real use there is no such neighbour: the future is not there yet. At one border `reach` windows are purged for each station: those with their target on the days $b, b + 1, \dots, b + \text{reach} - 1$. A target on day $b - 1$ lies before the border with its whole window; one on day $b + \text{reach}$ begins on the border's day itself.
#
# **The circle.** A point on a circle has two coordinates, and each alone is taken on twice a year. In a leap year 1 January and 2 July (days 0 and 183 of 366) both have sine 0, and the cosine tells them apart: 1 and -1. Only the two together name one day.
#
# **Order.** There are $S^m$ pasts with $S - 1$ free numbers each: $S^m (S - 1)$. Order two with two states has 4. With 10,000 words it has $10^8 \cdot 9999$, about $10^{12}$, far more than any text holds. A past that was never seen gets equal probabilities $1/S$, that is, smoothing knows nothing about it. In Seattle order one gains 0.069 nats on order zero with a standard error of 0.030, more than two of them: yesterday helps. Order two gains 0.005 with a standard error of 0.011. That is nothing that one could tell from chance.
# ### END SOLUTION

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart kernel and run all cells*. It stops at the first part that is left out or fails a visible test.
# Then press *Validate* in the toolbar: it names all parts that fail.
# The cell below looks through what you have run for imports that are not allowed.
#
# Hand in this one file, under this name: `A1.ipynb`.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
check_imports(In)

# %% [markdown]
# **Where this comes from.** S. F. Chen and J. Goodman (1999), *An empirical study of smoothing techniques for language modeling*, Computer Speech and Language 13(4): why additive smoothing is only the beginning. M. López de Prado (2018), *Advances in Financial Machine Learning*, chapter 7: purging, where windows and targets overlap. K. R. Gabriel and J. Neumann (1962), *A Markov chain model for daily rainfall occurrence at Tel Aviv*, Quarterly Journal of the Royal Meteorological Society 88: wet and dry days as a chain.
