"""The hidden tests of A1: features, windows, a split in time, a Markov baseline of order two.

A notebook's hidden cell says `a1.grade("windows", globals(), points=20)` and nothing else, since
nbgrader prints it on the feedback page. The judged functions are called by name with plain data.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from course_tools.assignments import judge
from course_tools.assignments.a1_mistakes import (
    FEATURES_MISTAKES,
    FIT_MISTAKES,
    LOSS_MISTAKES,
    PARTS_MISTAKES,
    SCALE_MISTAKES,
    WINDOWS_MISTAKES,
)
from course_tools.assignments.a1_oracle import (
    features_oracle,
    loss_oracle,
    markov_oracle,
    parts_oracle,
    scale_oracle,
    windows_oracle,
)
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import Case, Check, Output
from course_utils.checks.compare import as_array

# Each first case holds what nearly every known mistake stumbles over. What a student may forget
# without having misunderstood the rest (a second station, a stride, a missing day) comes after it.


def _records(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, start, N, missing=0, weight=1.0) -> Case:
        heat = rng.uniform(-8, 30, size=N)
        wet = (rng.random(N) < 0.6).astype(float)
        # Wet, wet, dry, wet: every case has a spell that ends and one that begins.
        wet[:8] = [1, 1, 0, 1, 1, 1, 0, 1]
        for t in rng.choice(np.arange(3, N), size=missing, replace=False):
            heat[t] = np.nan
        if missing:  # inside a spell of wet days
            wet[4] = np.nan
            wet[rng.integers(9, N)] = np.nan
        dates = np.datetime64(start) + np.arange(N)
        return Case(name, {"dates": dates, "temperature": heat, "wet": wet}, weight)

    year = int(rng.integers(0, 6))
    yield case("from a common to a leap year", f"20{11 + 4 * year}-12-20", 30, 0, 8)
    yield case("days are missing", f"20{13 + year}-05-02", 30, 6, 5)
    yield case("the end of a leap year", f"20{12 + 4 * year}-12-22", 20, weight=2)
    yield case("the last days of 1900, which was no leap year", "1900-12-20", 11)


def _columns(_: dict[str, Any], features: Any) -> tuple[np.ndarray, ...]:
    """Part the features into what is asked for one by one: an error in one costs that one."""
    table = as_array(features)
    if table is None or table.ndim != 2 or table.shape[1] != 4:
        came = "it is no array" if table is None else f"it has the shape {table.shape}"
        raise ValueError(f"{came}; days in rows, features in columns: (N, 4)")
    return table[:, :2], table[:, 2], table[:, 3]


def _stations(rng: np.random.Generator, *lengths: int) -> np.ndarray:
    """Return the station of each row: numbers in no order, each station's rows together."""
    names = rng.permutation(np.arange(1, 10))[: len(lengths)]
    return np.repeat(names, lengths)


def _tables(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, lengths, lags, horizon, stride, weight=1.0, D=3, dtype=np.float64) -> Case:
        N = sum(lengths)
        arguments = {
            "series": rng.normal(size=(N, D)).astype(dtype),
            "target": rng.normal(size=N).astype(dtype),
            "station": _stations(rng, *lengths),
            "lags": lags,
            "horizon": horizon,
            "stride": stride,
        }
        return Case(f"{name}lags={lags}, horizon={horizon}, stride={stride}", arguments, weight)

    far = int(rng.integers(5, 8))
    yield case("one station, ", [21], [1, far, 0, 3], 2, 1, 6)
    yield case("three stations, ", [12, 17, 13], [2, 0, far], 2, 1, 4)
    yield case("every third day, ", [21], [0, 3, 1], 1, 3, 3)
    yield case("three stations and a stride, ", [15, 12, 18], [0, 1, 4], 3, 4, 3)
    yield case("today left out, ", [16], [2, 5], 1, 2)
    yield case("a station that is too short, ", [4, 14, 5], [0, 5], 1, 2)
    yield case("no window at all, ", [4], [0, 4], 1, 1)
    yield case("one feature, one lag, ", [9, 7], [0], 1, 1, D=1)
    yield case("float32, ", [10, 9], [0, 3], 1, 2, dtype=np.float32)


def _targets(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, days, reach, borders, weight=1.0) -> Case:
        arguments = {"day": np.array(days), "reach": reach, "borders": list(borders)}
        return Case(f"{name}reach={reach}, borders={list(borders)}", arguments, weight)

    reach = int(rng.integers(3, 6))
    first = 30 + int(rng.integers(0, 8))
    later = first + 4 * reach
    every = np.arange(first - 12, later + 20)
    # Without the days on which it matters whether `<` or `<=` stands in the code.
    edges = [border + edge for border in (first, later) for edge in (-1, 0, reach - 1, reach)]
    yield case("no day at an edge, ", np.setdiff1d(every, edges), reach, [first, later], 5)
    yield case("every day once, ", every, reach, [first, later], 3)
    yield case("two stations, ", [*every, *every[5:]], reach, [first, later], 2)
    yield case("in any order, ", rng.permutation(every), reach, [first, later], 2)
    # All windows that end in part 1 are purged.
    yield case("a part shorter than a window, ", np.arange(20), 6, [8, 12])
    yield case("one window, ", [first + 1], reach, [first, later])


def _scales(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, n, missing=False, constant=None, weight=1.0, dtype=np.float64) -> Case:
        L, D = 3, 4
        part = np.repeat([0, -1, 1, -1, 2], [n, 2, 3, 2, 3])
        x = rng.normal(size=(len(part), L, D)) * [1, 5, 0.3, 20] + [3, -20, 1, 60]
        x += 0.4 * np.arange(L)[:, None] * [1, 5, 0.3, 20]  # lags differ
        x += part[:, None, None] * np.array([1, 5, 0.3, 20])  # and so do parts
        if constant is not None:
            x[part == 0, :, 2] = constant
        if missing:
            gone = rng.random(x.shape) < 0.15
            gone[0, 0], gone[0, 1] = True, False
            x[gone] = np.nan
        return Case(name, {"x": x.astype(dtype), "part": part}, weight)

    yield case("nothing missing, nothing constant", 9, weight=6)
    yield case("missing numbers", 9, missing=True, weight=3)
    yield case("a feature that is 2 throughout the training", 10, constant=2.0, weight=2)
    yield case("a feature that is 0.1 throughout the training", 10, constant=0.1)
    yield case("one training window", 1)
    yield case("float32", 8, dtype=np.float32)


def _walk(rng: np.random.Generator, S: int, *lengths: int) -> dict[str, np.ndarray]:
    """Return states that remember two days, so that order two differs from order one."""
    P = rng.dirichlet(np.full(S, 1.5), size=(S, S))
    walks = []
    for length in lengths:
        states = [int(s) for s in rng.integers(0, S, size=2)]
        while len(states) < length:
            states.append(int(rng.choice(S, p=P[states[-2], states[-1]])))
        walks += states[:length]
    return {"states": np.array(walks), "station": _stations(rng, *lengths)}


def _counted(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, S, lengths, order=2, weight=1.0, drawn=None) -> Case:
        walk = _walk(rng, drawn or S, *lengths)
        alpha = float(rng.uniform(0.2, 0.8))
        return Case(name, {**walk, "S": S, "order": order, "alpha": alpha}, weight)

    yield case("order 2, one station", 3, [90], weight=6)
    yield case("order 2, many stations", 3, [7, 12, 9, 5, 11, 8, 6], weight=4)
    yield case("order 1, three stations", 3, [15, 9, 12], 1)
    yield case("order 0, two stations", 4, [15, 9], 0)
    yield case("order 2, states that never come", 4, [25], drawn=2)
    yield case("order 2, stations of one and two days", 2, [1, 2, 10, 2, 1])


def _forecasts(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, S, lengths, weight=1.0, dtype=np.float64) -> Case:
        tables = [rng.dirichlet(np.full(S, 0.8), size=(S,) * order) for order in range(3)]
        tables = [((P + 0.02) / (1 + 0.02 * S)).astype(dtype) for P in tables]
        named = dict(zip(("P0", "P1", "P2"), tables, strict=True))
        # Any state on any day and each at least once: mistakes hide in walks of few states.
        days = sum(lengths)
        states = np.append(rng.permutation(S), rng.integers(0, S, size=days))[:days]
        walk = {"states": states, "station": _stations(rng, *lengths)}
        return Case(name, {**walk, **named}, weight)

    yield case("one station", 3, [20], weight=5)
    yield case("four stations of unequal length", 3, [5, 11, 3, 7], weight=4)
    yield case("stations of one and two days", 4, [1, 2, 1, 6, 2])
    yield case("a single day", 2, [1])
    yield case("float32", 3, [6, 5], dtype=np.float32)


# The text allows either precision: a result in the other one is nothing to remark on.
_check = partial(Check, keeps_dtype=False)

FEATURES = _check(
    "Part 1, features of a day",
    [Output("circle", "(N, C)"), Output("change", "(N)"), Output("spell", "(N)")],
    _records,
    lambda **given: _columns(given, features_oracle(**given)),
    FEATURES_MISTAKES,
    read=_columns,
)
WINDOWS = _check(
    "Part 2, windows",
    [Output("x", "(n, L, D)"), Output("y", "(n)"), Output("index", "(n)")],
    _tables,
    windows_oracle,
    WINDOWS_MISTAKES,
)
PARTS_IN_TIME = _check(
    "Part 3a, parts in time",
    [Output("part", "(n)")],
    _targets,
    parts_oracle,
    PARTS_MISTAKES,
)
SCALE = _check(
    "Part 3b, scaling", [Output("z", "(n, L, D)")], _scales, scale_oracle, SCALE_MISTAKES
)
FIT = _check(
    "Part 4a, the tables", [Output("P", "(S, S, S)")], _counted, markov_oracle, FIT_MISTAKES
)
LOSS = _check("Part 4b, the loss", [Output("loss", "()")], _forecasts, loss_oracle, LOSS_MISTAKES)

PARTS: Parts = {
    "features": judging(FEATURES, "make_features"),
    "windows": judging(WINDOWS, "make_windows"),
    "parts": judging(PARTS_IN_TIME, "assign_parts"),
    "scale": judging(SCALE, "scale"),
    "fit": judging(FIT, "fit_markov"),
    "loss": judging(LOSS, "mean_nats"),
}


def grade(part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of A1; see `judge.grade`."""
    return judge.grade(PARTS, part, namespace, points)
