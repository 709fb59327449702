"""The check of turning each sequence round within its own length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from course_utils.checks.compare import as_array
from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _real(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return (np.arange(x.shape[1]) < lengths[:, None])[..., None]


def without_padding(known: dict[str, Any], value: Any) -> Any:
    """Set padded steps of the first (or only) value to zero: what stands there does not matter."""
    several = isinstance(value, tuple)
    first = as_array(value[0] if several and value else value)
    x, lengths = known["x"], known["lengths"]
    if first is None or first.ndim != 3 or first.shape[:2] != x.shape[:2]:
        return value
    first = np.where(_real(x, lengths), first, 0.0)
    return (first, *value[1:]) if several else first


def drawn(rng: np.random.Generator, T: int, lengths: Sequence[int], D: int = 4) -> dict[str, Any]:
    """Return a padded batch x (B, T, D) with numbers in the padding, and its lengths."""
    return {"x": rng.normal(size=(len(lengths), T, D)), "lengths": np.array(lengths)}


def _reverse_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("T=7, lengths 3, 6, 4, numbers in the padding", drawn(rng, 7, (3, 6, 4)), 5.0)
    yield Case("no padding", drawn(rng, 4, (4, 4)))
    yield Case("lengths 1 and 2", drawn(rng, 3, (1, 2)))


def _reverse_oracle(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    import torch

    rows = torch.zeros(x.shape, dtype=torch.float64)
    for b, n in enumerate(lengths):
        rows[b, :n] = torch.from_numpy(x[b, :n].copy()).flip(0)
    return rows.numpy()


def turned(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return x with each row turned round within its length: right as it stands."""
    n, t = lengths[:, None], np.arange(x.shape[1])
    return np.take_along_axis(x, np.where(t < n, n - 1 - t, t)[..., None], axis=1)


def _from(x, source):
    """Return x with step t of row b taken from `source[b, t]`, which may run out at both ends."""
    return np.take_along_axis(x, (source % x.shape[1])[..., None], axis=1)


reverse_within_lengths = Check(
    "each sequence turned round within its length",
    [Output("turned", "(B, T, D)")],
    _reverse_cases,
    _reverse_oracle,
    (
        Mistake(
            "the padding comes first",
            "The whole array is turned round: the padding now stands before the real steps.",
            "Step t of row b is step `lengths[b] - 1 - t` of the original.",
            lambda x, lengths: x[:, ::-1],
        ),
        Mistake(
            "all by the longest",
            "All rows are turned round by the length of the longest.",
            "Each row has its own length: `lengths[:, None] - 1 - t`.",
            lambda x, lengths: turned(x, np.full_like(lengths, lengths.max())),
        ),
        *variants(
            "off by one",
            "Each row is off by one step.",
            "At t = 0 you need the last real step, which is at `lengths - 1`.",
            lambda x, lengths: _from(x, lengths[:, None] - np.arange(x.shape[1])),
            lambda x, lengths: _from(x, lengths[:, None] - 2 - np.arange(x.shape[1])),
            lambda x, lengths: _from(x, np.maximum(lengths[:, None] - np.arange(x.shape[1]), 0)),
        ),
        Mistake(
            "features turned round",
            "The features are turned round, not the steps.",
            "Time is the second axis.",
            lambda x, lengths: x[:, :, ::-1],
        ),
        Mistake(
            "sequences turned round",
            "The order of the sequences in the batch is turned round, not time.",
            "Time is the second axis.",
            lambda x, lengths: x[::-1],
        ),
        Mistake(
            "nothing turned round",
            "The steps are in their old order.",
            "Did the result of your indexing reach the `return`?",
            lambda x, lengths: x,
        ),
        Mistake(
            "rows sorted by length",
            "Each row is right, but the rows are sorted by length.",
            "Leave the rows in the order in which they came.",
            lambda x, lengths: turned(x, lengths)[np.argsort(-lengths, kind="stable")],
        ),
    ),
    read=without_padding,
)
"""Judges `reverse_within_lengths(x, lengths) -> (B, T, D)`; what stands in padding is free."""
