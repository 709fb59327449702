"""A1's reference in NumPy, as one would like to read it, in pieces that the mistakes replace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# --- Part 1 ---------------------------------------------------------------------------------


def angle(dates):
    years = dates.astype("datetime64[Y]")
    begin = years.astype("datetime64[D]")
    end = (years + 1).astype("datetime64[D]")
    # The quotient first: a number of days times 2 pi would be cut to whole days again.
    return 2 * np.pi * ((dates - begin) / (end - begin))


def change(temperature):
    steps = np.diff(temperature, prepend=temperature[:1])
    return np.where(np.isnan(steps), 0, steps)


def longer(count, today):
    """The spell's count after `today` (1 wet, 0 dry, nan missing)."""
    if np.isnan(today):
        return count
    return count + 1 if today == 1 else 0


def spell(wet, longer=longer):
    counts, count = np.zeros(len(wet)), 0
    for t, today in enumerate(wet):
        count = counts[t] = longer(count, today)
    return counts


def features(angle=angle, change=change, spell=spell) -> Callable:
    """Return `make_features(dates, temperature, wet) -> (N, 4)` made of these pieces."""

    def make_features(dates, temperature, wet):
        turn = angle(dates)
        return np.stack([np.sin(turn), np.cos(turn), change(temperature), spell(wet)], axis=1)

    return make_features


make_features = features()

# --- Part 2 ---------------------------------------------------------------------------------


def runs(station):
    """The first row of each station and the row behind its last, as pairs."""
    borders = np.flatnonzero(np.diff(station)) + 1
    return zip([0, *borders], [*borders, len(station)], strict=True)


def todays(station, lags, horizon, stride):
    """The rows on which a forecast is made."""
    found = [range(a + max(lags), b - horizon, stride) for a, b in runs(station)]
    return np.array([t for days in found for t in days], dtype=int)


def oldest_first(lags):
    return np.array(sorted(lags, reverse=True))


def windows(todays=todays, order=oldest_first, goal=lambda today, horizon: today + horizon):
    """Return `make_windows(series, target, station, lags, horizon, stride) -> x, y, index`."""

    def make_windows(series, target, station, lags, horizon, stride):
        today = todays(station, lags, horizon, stride)
        index = goal(today, horizon)
        return series[today[:, None] - order(lags)], target[index], index

    return make_windows


make_windows = windows()

# --- Part 3 ---------------------------------------------------------------------------------


def part_of(day, borders):
    return np.searchsorted(borders, day, side="right")


def assign_parts(day, reach, borders):
    last, first = part_of(day, borders), part_of(day - reach, borders)
    return np.where(first == last, last, -1)


def scaling(known=lambda x, part: x[part == 0], mean=np.nanmean, deviation=np.nanstd) -> Callable:
    """Return `scale(x, part) -> z` with statistics of what `known` chooses."""

    def scale(x, part):
        seen = known(x, part)
        constant = np.nanmin(seen, axis=(0, 1)) == np.nanmax(seen, axis=(0, 1))
        width = np.where(constant, 1, deviation(seen, axis=(0, 1))).astype(x.dtype)
        z = (x - mean(seen, axis=(0, 1))) / width
        return np.where(np.isnan(z), 0, z)

    return scale


scale = scaling()

# --- Part 4 ---------------------------------------------------------------------------------


def counts(states, station, S, order):
    seen = np.zeros((S,) * (order + 1))
    for t in range(order, len(states)):
        if station[t - order] == station[t]:
            seen[tuple(states[t - order : t + 1])] += 1
    return seen


def normalise(seen, alpha):
    return (seen + alpha) / (seen + alpha).sum(axis=-1, keepdims=True)


def markov(counts=counts, normalise=normalise) -> Callable:
    """Return `fit_markov(states, station, S, order, alpha) -> P` made of these pieces."""
    return lambda states, station, S, order, alpha: normalise(
        counts(states, station, S, order), alpha
    )


fit_markov = markov()


def before(station):
    """How many days before each day belong to its station, at most two."""
    return np.array([min(t - a, 2) for a, b in runs(station) for t in range(a, b)])


def day_probabilities(states, station, P0, P1, P2, before=before):
    """The probability that the tables give to each day (N,)."""
    i, j, k = np.roll(states, 2), np.roll(states, 1), states
    return np.choose(before(station), [P0[k], P1[j, k], P2[i, j, k]])


def mean_nats(states, station, P0, P1, P2):
    return -np.log(day_probabilities(states, station, P0, P1, P2)).mean()
