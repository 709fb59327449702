"""Check of an honest table: mean and spread over seeds, and which differences exceed the spread."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants

Table = tuple[np.ndarray, np.ndarray]


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    # The mean of row 0 is above all of row 1, but not row 0's lowest; rows 2 and 3 meet in a point;
    # row 3 has a lucky seed; row 4 is far above row 1; row 5 is above row 1 seed by seed alone.
    decides = np.array(
        [
            [0.70, 0.93, 0.88, 0.91, 0.90],
            [0.71, 0.80, 0.78, 0.75, 0.79],
            [0.50, 0.55, 0.52, 0.58, 0.60],
            [0.60, 0.66, 0.94, 0.61, 0.62],
            [0.99, 0.98, 0.92, 0.97, 0.96],
            [0.73, 0.82, 0.80, 0.77, 0.81],
        ]
    )
    yield Case("six models, five seeds", {"scores": decides}, weight=4.0)
    yield Case("ten seeds", {"scores": rng.normal(rng.normal(size=(4, 1)), 0.3, size=(4, 10))})
    yield Case("one seed has no spread", {"scores": np.array([[0.9], [0.5]])})
    yield Case("two models, alike", {"scores": np.full((2, 3), 0.75)}, weight=0.5)


def _by_sorting(scores: np.ndarray) -> Table:
    """Return the right table from sorted rows, pair by pair."""
    rows = np.sort(scores, axis=1)
    table = np.stack([scores.sum(axis=1) / scores.shape[1], rows[:, 0], rows[:, -1]], axis=1)
    beyond = [[len(a) > 1 and a[0] > b[-1] for b in rows] for a in rows]
    return table, np.array(beyond)


def _wrong(
    middle: Callable = lambda s: s.mean(axis=1),
    low: Callable = lambda s: s.min(axis=1),
    high: Callable = lambda s: s.max(axis=1),
    beyond: Callable = lambda s: s.min(axis=1)[:, None] > s.max(axis=1),
    one_seed: bool = True,
) -> Callable[[np.ndarray], Table]:
    """Return an implementation with one of its parts changed."""

    def honest_table(scores):
        verdict = beyond(scores)
        if one_seed and scores.shape[1] < 2:
            verdict = np.zeros_like(verdict)
        return np.stack([middle(scores), low(scores), high(scores)], axis=1), verdict

    return honest_table


def _off(s: np.ndarray) -> np.ndarray:
    return s.std(axis=1)


honest_table = Check(
    "an honest table",
    [Output("table", "(models, 3)"), Output("beyond", "(models, models)")],
    _cases,
    _by_sorting,
    (
        Mistake(
            "means compared",
            "This compares means. Means always differ; the question is by more than the spread.",
            "Ask whether the lowest of one is above the highest of the other.",
            _wrong(beyond=lambda s: s.mean(axis=1)[:, None] > s.mean(axis=1)),
        ),
        *variants(
            "a mean against a range",
            "This compares the mean of one with the range of the other.",
            "The lowest of one against the highest of the other.",
            _wrong(beyond=lambda s: s.mean(axis=1)[:, None] > s.max(axis=1)),
            _wrong(beyond=lambda s: s.min(axis=1)[:, None] > s.mean(axis=1)),
        ),
        Mistake(
            "best seeds compared",
            "This compares the best seed of each: luck, and more of it the more seeds there are.",
            "The lowest of one against the highest of the other.",
            _wrong(beyond=lambda s: s.max(axis=1)[:, None] > s.max(axis=1)),
        ),
        Mistake(
            "seed by seed",
            "This compares seed 0 with seed 0, and so on. Seeds of two models are no pairs: "
            "nothing joins them but a number.",
            "Every seed of one against every seed of the other.",
            _wrong(beyond=lambda s: (s[:, None] > s).all(axis=2)),
        ),
        Mistake(
            "a tie counts",
            "Where the lowest of one equals the highest of the other, the ranges touch.",
            "`>`, not `>=`.",
            _wrong(beyond=lambda s: s.min(axis=1)[:, None] >= s.max(axis=1)),
        ),
        *variants(
            "rows and columns exchanged",
            "`beyond` is transposed: row i, column j asks whether i is above j.",
            "`lowest[:, None] > highest` compares every row with every column.",
            _wrong(beyond=lambda s: s.max(axis=1)[:, None] < s.min(axis=1)),
            _wrong(beyond=lambda s: s.min(axis=1) > s.max(axis=1)[:, None]),
        ),
        Mistake(
            "both ways",
            "`beyond` is symmetric: it says that two models differ, not which of them is above.",
            "Only `lowest[i] > highest[j]`.",
            _wrong(
                beyond=lambda s: (
                    (s.min(axis=1)[:, None] > s.max(axis=1))
                    | (s.max(axis=1)[:, None] < s.min(axis=1))
                )
            ),
        ),
        Mistake(
            "one seed trusted",
            "With one seed every difference looks beyond the spread, for there is no spread.",
            "With fewer than two seeds nothing is beyond: return False everywhere.",
            _wrong(one_seed=False),
        ),
        *variants(
            "deviation for range",
            "This is mean minus and plus a standard deviation; asked for are the lowest and the "
            "highest seed.",
            "`scores.min(axis=1)` and `scores.max(axis=1)`.",
            _wrong(low=lambda s: s.mean(axis=1) - _off(s), high=lambda s: s.mean(axis=1) + _off(s)),
            _wrong(low=_off, high=_off),
        ),
        Mistake(
            "median for mean",
            "This is the median; asked for is the mean.",
            "`scores.mean(axis=1)`.",
            _wrong(middle=lambda s: np.median(s, axis=1)),
        ),
        Mistake(
            "lowest and highest exchanged",
            "The columns of the table are mean, lowest, highest.",
            "`np.stack([mean, lowest, highest], axis=1)`.",
            _wrong(low=lambda s: s.max(axis=1), high=lambda s: s.min(axis=1)),
        ),
    ),
    keeps_dtype=False,
)
"""Judges `honest_table(scores) -> (table, beyond)`: scores (models, seeds).

table is mean, lowest, highest of each model; beyond[i, j] tells whether every seed of i is above
every seed of j, with two seeds or more.
"""
