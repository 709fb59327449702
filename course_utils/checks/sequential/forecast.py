"""Check of lesson 01: a forecast some days ahead, from a transition matrix."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output, variants


def _ahead_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, K: int, today: int, k: int, weight: float = 1) -> Case:
        P = rng.dirichlet(np.ones(K), size=K)
        return Case(name, {"P": P, "today": today, "k": k}, weight=weight)

    yield case("4 states, 3 days ahead", 4, 1, 3, weight=3)
    yield case("tomorrow", 3, 2, 1)
    yield case("wet and dry, 10 days ahead", 2, 1, 10)
    yield case("today itself, k = 0", 3, 1, 0)


def _ahead_oracle(P: np.ndarray, today: int, k: int) -> np.ndarray:
    """Go back from the future: the chance of state j in k days, asked of every state today."""
    chance = np.eye(len(P))
    for _ in range(k):
        chance = np.array(
            [[sum(P[i] * chance[:, j]) for j in range(len(P))] for i in range(len(P))]
        )
    return chance[today]


def _power(P: np.ndarray, k: int) -> np.ndarray:
    return np.linalg.matrix_power(P, k)


def _most_likely_path(P: np.ndarray, today: int, k: int) -> np.ndarray:
    """Follows only the likeliest state from day to day."""
    row = np.eye(len(P))[today]
    for _ in range(k):
        row = P[int(row.argmax())]
    return row


in_k_days = Check(
    "weather in k days",
    [Output("p", "(state,)")],
    _ahead_cases,
    _ahead_oracle,
    (
        *variants(
            "entry by entry",
            "Every entry was raised to the power k by itself. `P**k` is no matrix product.",
            "Use `@` k times, or `np.linalg.matrix_power(P, k)`.",
            lambda P, today, k: (P**k)[today],
            lambda P, today, k: (P**k)[today] / (P**k)[today].sum(),
        ),
        *variants(
            "a column",
            "That is column `today`: how likely the state of today is in k days, from each state.",
            "Row `today` of the power: `P_k[today]`.",
            lambda P, today, k: _power(P, k)[:, today],
        ),
        *variants(
            "one day too many",
            "That is the forecast for k + 1 days.",
            "For k = 1 the answer is the row `P[today]` itself, for k = 0 today is certain.",
            lambda P, today, k: _power(P, k + 1)[today],
        ),
        *variants(
            "one day too few",
            "That is the forecast for k - 1 days.",
            "For k = 1 the answer is the row `P[today]` itself.",
            lambda P, today, k: _power(P, max(k - 1, 0))[today],
        ),
        *variants(
            "only tomorrow",
            "That is the forecast for tomorrow, whatever k.",
            "Tomorrow is uncertain too: the day after is an average over the rows of P.",
            lambda P, today, k: P[today],
        ),
        *variants(
            "k = 0 forgotten",
            "Right for every k from 1 on. For k = 0 the day asked about is today itself, and "
            "today is certain; yours gives tomorrow.",
            "Start from a row with a single 1, at `today`, and multiply k times.",
            lambda P, today, k: P[today] @ _power(P, max(k - 1, 0)),
        ),
        *variants(
            "squared again and again",
            "Each round multiplies the result by itself, so the days double: 1, 2, 4, 8.",
            "Multiply by P itself in every round: `M = M @ P`.",
            lambda P, today, k: _power(P, 2 ** max(k - 1, 0))[today],
            lambda P, today, k: _power(P, 2**k)[today],
        ),
        *variants(
            "k times the same",
            "The row was multiplied by k. Probabilities add up to 1, after any number of days.",
            "Multiply the row by the matrix, k times.",
            lambda P, today, k: k * P[today],
        ),
        *variants(
            "only the likeliest way",
            "You followed the likeliest state from day to day. All the other ways count too, each "
            "as much as it is likely.",
            "Carry the whole row along: `row = row @ P`.",
            _most_likely_path,
        ),
        *variants(
            "all states",
            "That is the whole matrix. Today is known: one of its rows is asked for.",
            "Return row `today`.",
            lambda P, today, k: _power(P, k),
        ),
    ),
)
"""Judges `in_k_days(P (K, K), today, k) -> p (K,)`: the chances of each state k days later."""
