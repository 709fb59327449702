"""The Markov baseline, wrong."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a1_reference import (
    before,
    counts,
    day_probabilities,
    fit_markov,
    markov,
    mean_nats,
    normalise,
    runs,
)
from course_utils.checks import Mistake
from course_utils.checks.core import variants


def _across(states, station, S, order):
    return counts(states, np.zeros_like(station), S, order)


def _yesterday_alone(states, station, S, order):
    """Only today and yesterday must share a station: with order 2 the first day may not."""
    seen = np.zeros((S,) * (order + 1))
    for t in range(order, len(states)):
        if station[t - min(order, 1)] == station[t]:
            seen[tuple(states[t - order : t + 1])] += 1
    return seen


def _some(which):
    """Counts without some runs of each station."""

    def seen(states, station, S, order):
        rows = [list(range(a + order, b))[which] for a, b in runs(station)]
        table = np.zeros((S,) * (order + 1))
        for t in (t for part in rows for t in part):
            table[tuple(states[t - order : t + 1])] += 1
        return table

    return seen


def _once(states, station, S, order):
    """`P[i, j, k] += 1` with arrays i, j, k adds once, however often an entry is named."""
    return np.minimum(counts(states, station, S, order), 1)


def _lower(states, station, S, order):
    """The older day is left out of account: order one, repeated."""
    if order < 2:
        return counts(states, station, S, order)
    return np.broadcast_to(counts(states, station, S, 1), (S, S, S))


def _gap(states, station, S, order):
    """The day between is left out of account: i and k only."""
    if order < 2:
        return counts(states, station, S, order)
    seen = counts(states, station, S, order).sum(axis=1)
    return np.broadcast_to(seen[:, None], (S, S, S))


def _axes_turned(*arguments):
    P = fit_markov(*arguments)
    return P.transpose() if P.ndim > 1 else P


def _older_days_swapped(*arguments):
    P = fit_markov(*arguments)
    return P.swapaxes(0, 1) if P.ndim == 3 else P


def _by_axis(axis):
    return lambda seen, alpha: (seen + alpha) / (seen + alpha).sum(axis=axis, keepdims=True)


def _safe(seen):
    whole = seen.sum(axis=-1, keepdims=True)
    return seen / np.where(whole == 0, 1, whole)


def _smoothed_afterwards(seen, alpha):
    P = _safe(seen) + alpha
    return P / P.sum(axis=-1, keepdims=True)


def _without_S(seen, alpha):
    return (seen + alpha) / (seen.sum(axis=-1, keepdims=True) + alpha)


def _numerator_only(seen, alpha):
    whole = seen.sum(axis=-1, keepdims=True)
    return (seen + alpha) / np.where(whole == 0, 1, whole)


FIT_MISTAKES = (
    Mistake(
        "stations crossed",
        "Days of two stations are counted as if one followed the other.",
        "Count a run of days only where the first and the last belong to the same station.",
        markov(counts=_across),
    ),
    Mistake(
        "first of three days in another station",
        "Only yesterday's station is looked at; of three days, the first may lie in another one.",
        "Count a run of days only where the first and the last belong to the same station.",
        markov(counts=_yesterday_alone),
    ),
    Mistake(
        "axes turned round",
        "The axes run backward: the last one should be the day that is predicted.",
        "`P[i, j, k]`: i came first, then j, then k.",
        _axes_turned,
    ),
    Mistake(
        "older days swapped",
        "The two days before have changed places.",
        "`P[i, j, k]`: i lies two days back, j is yesterday.",
        _older_days_swapped,
    ),
    Mistake(
        "normalised over the first axis",
        "The sums run over the first axis: P is not a distribution of the next day.",
        "For every past the S probabilities add up to 1: sum over the last axis.",
        markov(normalise=_by_axis(0)),
    ),
    Mistake(
        "normalised over everything",
        "All entries together add up to 1; they should do so for every past.",
        "Sum over the last axis, and keep it: `keepdims=True`.",
        markov(normalise=_by_axis(None)),
    ),
    Mistake(
        "never normalised",
        "These are counts; asked for are probabilities.",
        "Divide by the sum over the last axis.",
        markov(normalise=lambda seen, alpha: seen + alpha),
    ),
    Mistake(
        "not smoothed",
        "`alpha` is not used: what was never seen gets the probability 0.",
        "Add `alpha` to every count before you divide.",
        markov(normalise=lambda seen, alpha: _safe(seen)),
    ),
    *variants(
        "smoothed after normalising",
        "`alpha` is added to the probabilities; it belongs to the counts.",
        "First add `alpha` to every count, then divide by the sum.",
        markov(normalise=_smoothed_afterwards),
        markov(normalise=lambda seen, alpha: _safe(seen) + alpha),
    ),
    *variants(
        "denominator without alpha S",
        "The denominator does not hold all that was added, so that the sums are not 1.",
        "`alpha` is added S times in a row of counts: the row's sum grows by `alpha * S`.",
        markov(normalise=_without_S),
        markov(normalise=_numerator_only),
    ),
    Mistake(
        "alpha shared out",
        "Each count gets `alpha / S`; it should get `alpha`.",
        "`alpha` is what every single count starts from.",
        markov(normalise=lambda seen, alpha: normalise(seen, alpha / seen.shape[-1])),
    ),
    Mistake(
        "add one whatever alpha",
        "1 is added to every count, whatever `alpha` is.",
        "Start every count from `alpha`.",
        markov(normalise=lambda seen, alpha: normalise(seen, 1)),
    ),
    Mistake(
        "order one used",
        "The older of the two days makes no difference: this is order one.",
        "Count runs of three days: `states[t - 2]`, `states[t - 1]`, `states[t]`.",
        markov(counts=_lower),
    ),
    Mistake(
        "yesterday left out",
        "Yesterday makes no difference: only the day before it does.",
        "Count runs of three days: `states[t - 2]`, `states[t - 1]`, `states[t]`.",
        markov(counts=_gap),
    ),
    Mistake(
        "each run counted once",
        "A run of days counts once, however often it came.",
        "`P[i, j, k] += 1` with arrays adds once for each entry named. Loop, or use `np.add.at`.",
        markov(counts=_once),
    ),
    Mistake(
        "every other run",
        "The runs do not overlap: some are left out.",
        "Every day with enough days before it ends a run.",
        markov(counts=_some(slice(None, None, 2))),
    ),
    Mistake(
        "last run lost",
        "The last run of each station is not counted.",
        "The last day ends a run too; `range` and slices stop one before their end.",
        markov(counts=_some(slice(None, -1))),
    ),
    Mistake(
        "first run lost",
        "The first run of each station is not counted.",
        "The first day that ends a run is day `order`, counted from 0.",
        markov(counts=_some(slice(1, None))),
    ),
)


def _two_before(station):
    return np.full(len(station), 2)


def _second_forgotten(station):
    """A station's second day counts as its third, except in the table's first station."""
    back = before(station)
    return np.where((back == 1) & (np.arange(len(station)) > 1), 2, back)


def _only(allowed):
    """The mean over the days with as many days before them as `allowed` says."""

    def wrong(states, station, P0, P1, P2):
        losses = -np.log(day_probabilities(states, station, P0, P1, P2))
        chosen = losses[allowed(before(station))]
        return chosen.sum() / np.float64(len(chosen))  # nan where there is no such day

    return wrong


def _days(states, station, P0, P1, P2, before=before):
    return -np.log(day_probabilities(states, station, P0, P1, P2, before))


def _with(before):
    return lambda *a: _days(*a, before=before).mean()


def _turned(states, station, P0, P1, P2):
    return mean_nats(states, station, P0, P1.T, P2.T)


def _mean_of_stations(states, station, P0, P1, P2):
    losses = _days(states, station, P0, P1, P2)
    return np.mean([losses[a:b].mean() for a, b in runs(station)])


LOSS_MISTAKES = (
    Mistake(
        "bits",
        "The logarithm has base 2, so that the loss is in bits.",
        "Nats: `np.log` or `math.log`.",
        lambda *a: mean_nats(*a) / np.log(2),
    ),
    Mistake(
        "base ten",
        "The logarithm has base 10.",
        "Nats: `np.log` or `math.log`.",
        lambda *a: mean_nats(*a) / np.log(10),
    ),
    Mistake(
        "sum instead of mean",
        "The losses are added up; asked for is their mean.",
        "Divide by the number of days.",
        lambda *a: _days(*a).sum(),
    ),
    Mistake(
        "perplexity",
        "This is the exponential of the loss, the perplexity.",
        "Return the mean itself.",
        lambda *a: np.exp(mean_nats(*a)),
    ),
    Mistake(
        "wrong sign",
        "The minus sign is missing.",
        "The logarithm of a probability is negative; the loss is positive.",
        lambda *a: -mean_nats(*a),
    ),
    Mistake(
        "logarithm of the mean",
        "The probabilities are averaged and the logarithm is taken afterwards.",
        "Each day has its own loss: first the logarithm, then the mean.",
        lambda *a: -np.log(np.exp(-_days(*a)).mean()),
    ),
    Mistake(
        "first two days left out",
        "The first two days of a station are left out.",
        "The first is judged by `P0`, the second by `P1`.",
        _only(lambda back: back == 2),
    ),
    Mistake(
        "first day left out",
        "The first day of a station is left out.",
        "It is judged by `P0`.",
        _only(lambda back: back > 0),
    ),
    Mistake(
        "first days counted but not judged",
        "The first two days of a station lose nothing and are still counted.",
        "The first is judged by `P0`, the second by `P1`.",
        lambda states, station, *P: (
            (_days(states, station, *P) * (before(station) == 2)).sum() / len(states)
        ),
    ),
    Mistake(
        "stations crossed",
        "The first days of a station are judged by the last ones of the station before it.",
        "Every station starts anew: `P0` for its first day, `P1` for its second.",
        lambda states, station, *P: mean_nats(states, np.zeros_like(station), *P),
    ),
    Mistake(
        "last days before the first",
        "The first days are judged by days that do not come before them: index -1 is the end.",
        "A station's first day has no yesterday: judge it by `P0`, and the second by `P1`.",
        _with(_two_before),
    ),
    Mistake(
        "P2 for a station's second day",
        "A station's second day is judged by `P2`, with a day of the station before it.",
        "`P2` needs two days before it in the same station; with one it is the turn of `P1`.",
        _with(_second_forgotten),
    ),
    Mistake(
        "P0 for the second day too",
        "The second day of a station is judged by `P0`; its yesterday is known.",
        "One day before it is known: `P1[yesterday, today]`.",
        _with(lambda station: np.where(before(station) == 1, 0, before(station))),
    ),
    Mistake(
        "order one used",
        "`P1` judges all days; from a station's third day on, `P2` does.",
        "Two days before it are known: `P2[two days ago, yesterday, today]`.",
        _with(lambda station: np.minimum(before(station), 1)),
    ),
    Mistake(
        "order zero used",
        "`P0` judges all days.",
        "Use what is known: `P1` on a station's second day, `P2` from the third on.",
        _with(lambda station: 0 * before(station)),
    ),
    Mistake(
        "tables read backward",
        "The tables are read backward: today first, the oldest day last.",
        "`P2[i, j, k]`: i came first, then j, then k.",
        _turned,
    ),
    Mistake(
        "older days swapped",
        "In `P2` the two days before have changed places.",
        "`P2[i, j, k]`: i lies two days back, j is yesterday.",
        lambda states, station, P0, P1, P2: mean_nats(states, station, P0, P1, P2.swapaxes(0, 1)),
    ),
    Mistake(
        "mean of the stations' means",
        "The stations' means are averaged: a day of a short station weighs more.",
        "Every day weighs the same: the mean over all days.",
        _mean_of_stations,
    ),
)
