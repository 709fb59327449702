"""Check of lesson 01: a split in time, and a scaler that has not seen the future."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output, variants


def _drifting(rng: np.random.Generator, days: int, D: int) -> np.ndarray:
    """Return a series (days, D) whose mean and spread change, so that no two parts are alike."""
    time = np.linspace(0, 1, days)[:, None]
    return rng.normal(size=(days, D)) * (1 + 2 * time) + 3 * time + 5 * rng.normal(size=D)


def _scale_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, days: int, D: int, n_train: int, weight: float = 1) -> Case:
        return Case(name, {"series": _drifting(rng, days, D), "n_train": n_train}, weight=weight)

    yield case("30 days, 3 features, 20 to train on", 30, 3, 20, weight=3)
    yield case("half and half", 16, 2, 8)
    yield case("one feature", 25, 1, 15)


def _scale_oracle(series: np.ndarray, n_train: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(series[:n_train])
    return scaler.transform(series[:n_train]), scaler.transform(series[n_train:])


def _scaled(parts, fitted, ddof=0, axis=0, square=False):
    mean, deviation = fitted.mean(axis=axis), fitted.std(axis=axis, ddof=ddof)
    return tuple((part - mean) / (deviation**2 if square else deviation) for part in parts)


def _parts(series, n_train):
    return series[:n_train], series[n_train:]


def _each_by_itself(series, n_train):
    train, test = _parts(series, n_train)
    return _scaled([train], train)[0], _scaled([test], test)[0]


def _shuffled(series, n_train):
    order = np.random.default_rng(0).permutation(len(series))
    train, test = _parts(series[order], n_train)
    return _scaled((train, test), train)


def _across_features(series, n_train):
    return tuple(
        (part - part.mean(axis=1, keepdims=True)) / (part.std(axis=1, keepdims=True) + (D == 1))
        for part, D in ((p, p.shape[1]) for p in _parts(series, n_train))
    )


def _half_from_all(series, n_train, mean_of_all):
    train = series[:n_train]
    mean = (series if mean_of_all else train).mean(axis=0)
    deviation = (train if mean_of_all else series).std(axis=0)
    return tuple((part - mean) / deviation for part in _parts(series, n_train))


def _brackets_missing(series, n_train):
    train = series[:n_train]
    return tuple(part - train.mean(axis=0) / train.std(axis=0) for part in _parts(series, n_train))


def _to_zero_and_one(series, n_train):
    low, high = series[:n_train].min(axis=0), series[:n_train].max(axis=0)
    return tuple((part - low) / (high - low) for part in _parts(series, n_train))


def _whole_then_split(series, n_train):
    return _parts(_scaled([series], series)[0], n_train)


split_and_scale = Check(
    "split in time, scaled without a look ahead",
    [Output("train", "(days, D)"), Output("test", "(days, D)")],
    _scale_cases,
    _scale_oracle,
    (
        *variants(
            "scaled by all days",
            "Mean and deviation come from all days, so the training part has heard of the future.",
            "Split first. Take both from the first `n_train` days.",
            _whole_then_split,
        ),
        *variants(
            "one of the two from all days",
            "Of mean and deviation, one comes from the training part and one from all days.",
            "Take both from the first `n_train` days.",
            lambda s, n: _half_from_all(s, n, mean_of_all=True),
            lambda s, n: _half_from_all(s, n, mean_of_all=False),
        ),
        *variants(
            "along the features",
            "Each day was scaled by itself, over its features: `axis=1` goes along a row.",
            "Mean and deviation of each feature are taken along the days: `axis=0`.",
            _across_features,
        ),
        *variants(
            "brackets missing",
            "Division goes before subtraction: `x - mean / deviation` divides the mean alone.",
            "Write `(x - mean) / deviation`.",
            _brackets_missing,
        ),
        *variants(
            "between 0 and 1",
            "You scaled to the range from 0 to 1, by the least and the greatest value.",
            "Subtract the mean, divide by the standard deviation.",
            _to_zero_and_one,
        ),
        *variants(
            "each part by itself",
            "The test part was scaled by its own mean and deviation. On the first day of the "
            "future you do not have these.",
            "Use the training part's mean and deviation for both.",
            _each_by_itself,
        ),
        *variants(
            "test part left as it was",
            "The training part is scaled, the test part is not: the model would meet other units.",
            "Apply the same mean and deviation to both.",
            lambda s, n: (_scaled([s[:n]], s[:n])[0], s[n:].copy()),
        ),
        *variants(
            "neither part scaled",
            "The split is right, and nothing was scaled.",
            "Subtract the training part's mean and divide by its deviation.",
            lambda s, n: (s[:n].copy(), s[n:].copy()),
        ),
        *variants(
            "only centred",
            "The mean is subtracted; dividing by the deviation is missing.",
            "Divide by `train.std(axis=0)`.",
            lambda s, n: (s[:n] - s[:n].mean(axis=0), s[n:] - s[:n].mean(axis=0)),
        ),
        *variants(
            "divided by the variance",
            "You divided by the variance; the deviation is its root.",
            "Use `std`, not `var`.",
            lambda s, n: _scaled(_parts(s, n), s[:n], square=True),
        ),
        *variants(
            "one mean for all features",
            "One mean and one deviation were taken over everything; each feature has its own.",
            "Take both along the days: `axis=0`.",
            lambda s, n: _scaled(_parts(s, n), s[:n], axis=None),
            lambda s, n: _scaled(_parts(s, n), s, axis=None),
        ),
        *variants(
            "n - 1 in the deviation",
            "Nearly: the deviation has n - 1 below its root. NumPy's `std` has n, and so has ours.",
            "Leave out `ddof=1`. (pandas has it by default.)",
            lambda s, n: _scaled(_parts(s, n), s[:n], ddof=1),
        ),
        *variants(
            "the future to train on",
            "The training part is the end of the series: you would train on the future and test "
            "on the past.",
            "The first `n_train` days are for training.",
            lambda s, n: _scaled((s[-n:], s[:-n]), s[-n:]),
        ),
        *variants(
            "parts exchanged",
            "The parts are right and come in the wrong order.",
            "`return train, test`.",
            lambda s, n: _scaled(_parts(s, n), s[:n])[::-1],
        ),
        *variants(
            "scaled by the test part",
            "Mean and deviation come from the test part: that is the future.",
            "Take both from the first `n_train` days.",
            lambda s, n: _scaled(_parts(s, n), s[n:]),
        ),
        *variants(
            "shuffled",
            "The days were shuffled before the split. Every test day then has neighbours in "
            "the training part.",
            "Cut in time: `series[:n_train]` and `series[n_train:]`.",
            _shuffled,
        ),
    ),
)
"""Judges `split_and_scale(series (days, D), n_train) -> (train, test)`, cut in time."""
