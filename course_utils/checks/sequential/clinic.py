"""Lesson 01's clinic: somebody's score, which is too good to be true."""

from __future__ import annotations

import numpy as np

from course_utils.checks.sequential.windows import split_by_day

SPLITS = 6  # random ones are averaged: one alone may be lucky by three points


def their_score(
    features: np.ndarray,
    wet: np.ndarray,
    *,
    split: str = "random",
    scaled_by: str = "all",
    drop_last: int = 0,
    forecast: str = "nearest",
) -> float:
    """Return the accuracy that the clinic's patient reports, or has after one thing was changed.

    From the mean of the last 30 days of `features (days, D)` the nearest neighbour in the training
    windows says whether at least half of the next 14 days will be `wet (days,)`. `split` is
    "random" (a fifth of the windows is held out; mean over `SPLITS` splits) or "time" (the last 365
    days are held out, no training target reaches into them); `scaled_by` is "all" or "train";
    `drop_last` leaves out as many days at the end of each window. The same windows may be given to
    an honest baseline: `forecast="as before"` says what the last 14 days were, "majority" what
    most training targets are.
    """
    from sklearn.neighbors import KNeighborsClassifier

    length, ahead, days = 30, 14, len(wet)
    starts = np.arange(days - length - ahead + 1)
    x = np.array([features[s : s + length - drop_last].mean(axis=0) for s in starts])
    y = np.array([wet[s + length : s + length + ahead].mean() >= 0.5 for s in starts])
    before = np.array([wet[s + length - ahead : s + length].mean() >= 0.5 for s in starts])
    if split == "time":
        splits = [split_by_day(days, length, ahead, days - 365)]
    else:
        orders = [np.random.default_rng(seed).permutation(len(starts)) for seed in range(SPLITS)]
        splits = [np.split(order, [len(starts) // 5])[::-1] for order in orders]
    scores = []
    for train, test in splits:
        if forecast == "as before":
            said = before[test]
        elif forecast == "majority":
            said = y[train].mean() >= 0.5
        else:
            fitted = x if scaled_by == "all" else x[train]
            scaled = (x - fitted.mean(axis=0)) / fitted.std(axis=0)
            model = KNeighborsClassifier(n_neighbors=1).fit(scaled[train], y[train])
            said = model.predict(scaled[test])
        scores.append(np.mean(said == y[test]))
    return float(np.mean(scores))
