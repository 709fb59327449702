"""Landmarks without a network: models that count which token followed the last few."""

import numpy as np

NAMES = ("uniform", "unigram", "bigram", "trigram")


def n_gram_probabilities(
    train: np.ndarray, test: np.ndarray, V: int, largest: int = 4
) -> dict[str, np.ndarray]:
    """Return for each model, by name, the probability (N,) that it gave to every token of `test`.

    `train` (M,) and `test` (N,) hold ids from 0 to V - 1, each one text in its own order. The
    models are "uniform", "unigram", "bigram", "trigram", "4-gram" and so on up to n = `largest`.
    A model of n tokens looks at the n - 1 before; where the test text has fewer before, and where
    these never occurred in `train`, it says what the next smaller model says. All others are
    smoothed: with n_c the times that token c followed the context, n all times that the context was
    followed, and u how many different tokens did so, P(c) = (n_c + u P'(c)) / (n + u), P' the next
    smaller model (Witten and Bell, 1991, their method C, interpolated).

    Raises ValueError for an empty training text, an id outside 0 to V - 1, or a `largest` for which
    V**largest does not fit into 64 bits.
    """
    train, test = np.asarray(train, dtype=np.int64), np.asarray(test, dtype=np.int64)
    if train.size == 0:
        raise ValueError("The training text is empty: there is nothing to count.")
    if min(train.min(), test.min(initial=0)) < 0 or max(train.max(), test.max(initial=0)) >= V:
        raise ValueError(f"Every id must lie from 0 to V - 1 = {V - 1}.")
    if V**largest >= 2**63:
        raise ValueError(f"V = {V} is too many tokens for n-grams of {largest}: take fewer.")

    p = np.full(len(test), 1 / V)
    by_name = {"uniform": p}
    for n in range(1, largest + 1):
        seen, asked = _contexts(train, n - 1, V), _contexts(test, n - 1, V)
        seen_pairs, asked_pairs = seen * V + train[n - 1 :], asked * V + test[n - 1 :]
        times, together = _how_often(asked, seen), _how_often(asked_pairs, seen_pairs)
        followers = _how_often(asked, np.unique(seen_pairs) // V)
        smaller, p = p[n - 1 :], p.copy()
        known = times > 0
        mixed = (together + followers * smaller) / np.where(known, times + followers, 1)
        p[n - 1 :] = np.where(known, mixed, smaller)
        by_name[NAMES[n] if n < len(NAMES) else f"{n}-gram"] = p
    return by_name


def _contexts(ids: np.ndarray, length: int, V: int) -> np.ndarray:
    """Return the `length` ids before each one that has as many before it, as one number."""
    code = np.zeros(max(0, len(ids) - length), dtype=np.int64)
    for back in range(length, 0, -1):
        code = code * V + ids[length - back :][: len(code)]
    return code


def _how_often(asked: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return for every entry of `asked` how often it occurs in `seen`."""
    values, counts = np.unique(seen, return_counts=True)
    if values.size == 0:
        return np.zeros(len(asked), dtype=np.int64)
    place = np.searchsorted(values, asked).clip(max=len(values) - 1)
    return np.where(values[place] == asked, counts[place], 0)
