"""Check of lesson 01: a transition matrix from a series."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output, variants


def _series(rng: np.random.Generator, days: int, K: int) -> np.ndarray:
    """Return states (days,) in which each is left at least once, some more often than others."""
    shares = np.arange(1, K + 1) / np.arange(1, K + 1).sum()
    tail = rng.choice(K, size=days - 2 * K, p=shares)
    return np.concatenate([np.repeat(np.arange(K), 2), tail])


def _count_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("40 days, 3 states", {"states": _series(rng, 40, 3), "K": 3}, weight=3)
    yield Case("wet and dry, 300 days", {"states": _series(rng, 300, 2), "K": 2})
    yield Case("5 states", {"states": _series(rng, 60, 5), "K": 5})


def _count_oracle(states: np.ndarray, K: int) -> np.ndarray:
    """Ask for every day in state i what came after it."""
    states = np.asarray(states)
    rows = [states[np.flatnonzero(states[:-1] == i) + 1] for i in range(K)]
    return np.array([[float(np.mean(row == j)) for j in range(K)] for row in rows])


def _counts(states: np.ndarray, K: int, step: int = 1) -> np.ndarray:
    counts = np.zeros((K, K))
    np.add.at(counts, (states[:-step], states[step:]), 1)
    return counts


def _by_row(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=1, keepdims=True)


def _by_column(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=0, keepdims=True)


def _around(states: np.ndarray, K: int) -> np.ndarray:
    return _by_row(_counts(np.append(states, states[0]), K))


def _per_day(states: np.ndarray, K: int) -> np.ndarray:
    """Divides by the number of all days in a state, the last day included."""
    return _counts(states, K) / np.bincount(states, minlength=K)[:, None]


transition_matrix = Check(
    "transition matrix",
    [Output("P", "(K, K)")],
    _count_cases,
    _count_oracle,
    (
        *variants(
            "transposed",
            "The matrix is transposed: rows and columns are exchanged.",
            "Row i is today, column j is tomorrow: `P[i, j]`, and each row adds up to 1.",
            lambda s, K: _by_row(_counts(s, K)).T,
        ),
        *variants(
            "columns add up to 1",
            "Each column adds up to 1; here each row does. Yours answers another question: given "
            "tomorrow, what was today?",
            "Divide by the sum over axis 1, with `keepdims=True`.",
            lambda s, K: _by_column(_counts(s, K)),
        ),
        *variants(
            "divided along the wrong axis",
            "The right counts, divided by the sums of other rows: (K, K) by (K,) divides column j "
            "by the sum of row j.",
            "Keep the axis: `counts.sum(axis=1, keepdims=True)`.",
            lambda s, K: _counts(s, K) / _counts(s, K).sum(axis=1),
        ),
        *variants(
            "counts",
            "These are the counts. A probability is a share of the days in state i.",
            "Divide every row by its sum.",
            _counts,
        ),
        *variants(
            "shares of all pairs",
            "All entries together add up to 1. That is how often each pair comes, not how likely "
            "tomorrow is *given* today.",
            "Divide every row by its own sum, not by the sum of everything.",
            lambda s, K: _counts(s, K) / _counts(s, K).sum(),
        ),
        *variants(
            "backwards",
            "The series was read backwards: from tomorrow to today.",
            "Pairs are (states[t], states[t + 1]).",
            lambda s, K: _by_row(_counts(s, K).T),
        ),
        *variants(
            "the last day counted",
            "The rows nearly add up to 1. You divided by the number of days in state i, and the "
            "last day of the series has no tomorrow.",
            "Divide by the number of pairs that start in i, which is the sum of the row.",
            _per_day,
        ),
        *variants(
            "end joined to beginning",
            "One pair too many: the last day, followed by the first. `np.roll` does that.",
            "There are len(states) - 1 pairs: `states[:-1]` and `states[1:]`.",
            _around,
        ),
        *variants(
            "two days ahead",
            "These are pairs of days with one day between them.",
            "Pairs are (states[t], states[t + 1]).",
            lambda s, K: _by_row(_counts(s, K, step=2)),
        ),
        *variants(
            "smoothed",
            "One was added to every count. That is a sensible thing to do with few data, but not "
            "what was asked: the shares as they are.",
            "Start from zeros.",
            lambda s, K: _by_row(_counts(s, K) + 1),
        ),
        *variants(
            "a pair missing",
            "One pair is missing, at the beginning or at the end. n days make n - 1 pairs.",
            "Loop over `range(len(states) - 1)`, or take `states[:-1]` and `states[1:]`.",
            lambda s, K: _by_row(_counts(s[:-1], K)),
            lambda s, K: _by_row(_counts(s[1:], K)),
        ),
        *variants(
            "divided by all days",
            "Every count was divided by the length of the series. Asked is: of the days in state "
            "i, what share was followed by j?",
            "Divide every row by its own sum.",
            lambda s, K: _counts(s, K) / len(s),
        ),
        *variants(
            "whole numbers",
            "The shares were rounded down to whole numbers: `//` does that, and so does an array "
            "of whole numbers that shares are written into.",
            "Use `/`, and `np.zeros((K, K))`, which holds fractions.",
            lambda s, K: _by_row(_counts(s, K)).astype(int),
        ),
        *variants(
            "repeated pairs counted once",
            "Every pair that occurs was counted once. `counts[a, b] += 1` with arrays a, b adds 1 "
            "to each place once, however often it is named.",
            "Loop over the pairs, or use `np.add.at(counts, (a, b), 1)`.",
            lambda s, K: _by_row((_counts(s, K) > 0).astype(float)),
        ),
    ),
)
"""Judges `transition_matrix(states (days,), K) -> P (K, K)`, each row adding up to 1."""
