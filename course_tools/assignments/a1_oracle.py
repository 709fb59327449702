"""The right answers of A1, by loops over single numbers in plain Python, and what may vary.

No NumPy computes here: hence no broadcasting, no fancy index and no axis, where the mistakes live.
A later term draws other rules; the oracles follow them.
"""

from __future__ import annotations

import calendar
import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Rules:
    """The switches.

    missing       what a missing day does to a wet spell: it "keeps" the count or "ends" the spell
    newest_first  whether a window begins with its newest day
    unit          what the log-loss is measured in
    """

    missing: Literal["keeps", "ends"] = "keeps"
    newest_first: bool = False
    unit: Literal["nats", "bits"] = "nats"


A1 = Rules()
"""The rules of this term."""


def features_oracle(dates, temperature, wet, rules: Rules = A1) -> np.ndarray:
    """Return (N, 4): sine and cosine of the day of the year, change of temperature, wet spell."""
    rows, spell = [], 0
    heat, rain = temperature.tolist(), wet.tolist()
    for t, day in enumerate(dates.tolist()):
        year = datetime.date(day.year, 1, 1)
        angle = math.tau * (day - year).days / (366 if calendar.isleap(day.year) else 365)
        known = t > 0 and not math.isnan(heat[t]) and not math.isnan(heat[t - 1])
        if math.isnan(rain[t]):
            spell = spell if rules.missing == "keeps" else 0
        else:
            spell = spell + 1 if rain[t] == 1 else 0
        change = heat[t] - heat[t - 1] if known else 0.0
        rows.append([math.sin(angle), math.cos(angle), change, float(spell)])
    return np.array(rows)


def windows_oracle(
    series, target, station, lags, horizon, stride, rules: Rules = A1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x (n, L, D), y (n,) and index (n,): the row of each window's target."""
    where, rows = station.tolist(), series.tolist()
    order = sorted(lags, reverse=not rules.newest_first)
    x, y, index = [], [], []
    since = 0  # days since the last window of this station
    for today in range(len(where)):
        first, goal = today - max(lags), today + horizon
        here = where[today]
        if first < 0 or goal >= len(where) or where[first] != here or where[goal] != here:
            since = 0
            continue
        if since % stride == 0:
            x.append([rows[today - lag] for lag in order])
            y.append(target.tolist()[goal])
            index.append(goal)
        since += 1
    shape = (len(x), len(lags), series.shape[1])
    return np.array(x, dtype=np.float64).reshape(shape), np.array(y), np.array(index, dtype=int)


def parts_oracle(day, reach, borders) -> np.ndarray:
    """Return (n,): the number of the part that holds all days of a window, -1 where none does."""

    def part_of(number: int) -> int:
        return sum(number >= border for border in borders)

    found = []
    for last in day.tolist():
        parts = {part_of(number) for number in range(last - reach, last + 1)}
        found.append(parts.pop() if len(parts) == 1 else -1)
    return np.array(found)


def scale_oracle(x, part) -> np.ndarray:
    """Return x (n, L, D) by the mean and deviation of part 0; a missing number becomes 0."""
    z = np.zeros(x.shape)
    for d in range(x.shape[2]):
        known = [
            v
            for row, p in zip(x[:, :, d].tolist(), part.tolist(), strict=True)
            for v in row
            if p == 0 and not math.isnan(v)
        ]
        mean = math.fsum(known) / len(known)
        square = math.fsum((v - mean) ** 2 for v in known) / len(known)
        deviation = 1.0 if min(known) == max(known) else math.sqrt(square)
        for i, row in enumerate(x[:, :, d].tolist()):
            for j, v in enumerate(row):
                z[i, j, d] = 0.0 if math.isnan(v) else (v - mean) / deviation
    return z


def markov_oracle(states, station, S, order, alpha) -> np.ndarray:
    """Return P, (S,) * (order + 1): the smoothed probability of a state after `order` others."""
    seen: dict[tuple[int, ...], int] = {}
    walk, where = states.tolist(), station.tolist()
    for t in range(order, len(walk)):
        if len(set(where[t - order : t + 1])) == 1:
            key = tuple(walk[t - order : t + 1])
            seen[key] = seen.get(key, 0) + 1
    P = np.zeros((S,) * (order + 1))
    for key in np.ndindex(*P.shape):
        after = [seen.get((*key[:-1], k), 0) for k in range(S)]
        P[key] = (seen.get(key, 0) + alpha) / (sum(after) + alpha * S)
    return P


def loss_oracle(states, station, P0, P1, P2, rules: Rules = A1) -> float:
    """Return the mean loss of all days; a station's first two days are judged by lower orders."""
    walk, where = states.tolist(), station.tolist()
    tables: Sequence[Any] = (P0.tolist(), P1.tolist(), P2.tolist())
    losses = []
    for t in range(len(walk)):
        back = 0  # how many days before t belong to the same station, at most two
        while back < 2 and t > back and where[t - back - 1] == where[t]:
            back += 1
        p = tables[back]
        for state in walk[t - back : t + 1]:
            p = p[state]
        losses.append(-math.log(p))
    return math.fsum(losses) / len(losses) / (math.log(2) if rules.unit == "bits" else 1)
