"""Checks of what is read off a padded batch: its last real states, the mean over real tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants

# --- the last real state -------------------------------------------------------------------------


def _state_cases(rng: np.random.Generator) -> Iterable[Case]:
    def drawn(T: int, lengths: Sequence[int], dtype: Any = np.float64) -> dict[str, Any]:
        h = rng.normal(size=(len(lengths), T, 5)).astype(dtype)
        return {"h": h, "lengths": np.array(lengths)}

    yield Case("T=6, lengths 3, 5, 2", drawn(6, (3, 5, 2)), 5.0)
    yield Case("no padding at all", drawn(4, (4, 4)))
    yield Case("lengths 1 and 4 (= T)", drawn(4, (1, 4)))
    yield Case("float32", drawn(6, (2, 6, 4), np.float32))


def _state_oracle(h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    import torch

    index = torch.from_numpy(lengths)[:, None, None] - 1
    rows = torch.from_numpy(h)
    return rows.gather(1, index.expand(-1, 1, h.shape[2]))[:, 0].numpy()


def _rows(h):
    return np.arange(len(h))


last_real_state = Check(
    "the last real state",
    [Output("last", "(B, H)")],
    _state_cases,
    _state_oracle,
    (
        Mistake(
            "last state at padded positions",
            "`h[:, -1]` is taken: for the shorter sequences that is a state after padding.",
            "Each row has its own last step: `lengths - 1`.",
            lambda h, lengths: h[:, -1],
        ),
        Mistake(
            "last step of the longest for all",
            "All rows are read at the last step of the longest.",
            "Each row has its own last step: pair `np.arange(B)` with `lengths - 1`.",
            lambda h, lengths: h[:, lengths.max() - 1],
        ),
        *variants(
            "one step too far",
            "Each state is read one step too late, at the first padded step.",
            "Places are counted from 0: after n steps the last is at n - 1.",
            lambda h, lengths: h[_rows(h), lengths % h.shape[1]],
            lambda h, lengths: h[_rows(h), np.minimum(lengths, h.shape[1] - 1)],
            lambda h, lengths: h[_rows(h), lengths],
        ),
        Mistake(
            "every row with every length",
            "`h[:, lengths - 1]` reads every row at every length: (B, B, H).",
            "Give both indices, so that they are paired: `h[np.arange(B), lengths - 1]`.",
            lambda h, lengths: h[:, lengths - 1],
        ),
        Mistake(
            "mean over the real steps",
            "This is the mean of the states over the real steps, not the last of them.",
            "Read one state a row.",
            lambda h, lengths: np.array([row[:n].mean(0) for row, n in zip(h, lengths)]),  # noqa: B905
        ),
        Mistake(
            "first state",
            "This is the first state of each row.",
            "Count from the front: the last real step of row b is at `lengths[b] - 1`.",
            lambda h, lengths: h[:, 0],
        ),
        Mistake(
            "counted from the end",
            "`lengths` is counted from the end of the padded row.",
            "Padding is at the end: count from the front, `lengths - 1`.",
            lambda h, lengths: h[_rows(h), -lengths],
        ),
        Mistake(
            "rows sorted by length",
            "The right states, but sorted by length: row b is no longer sequence b.",
            "Leave the rows in the order in which they came.",
            lambda h, lengths: h[_rows(h), lengths - 1][np.argsort(-lengths, kind="stable")],
        ),
    ),
)
"""Judges `last_real_state(h, lengths) -> (B, H)`."""

# --- the mean over real tokens -------------------------------------------------------------------


def _nats_cases(rng: np.random.Generator) -> Iterable[Case]:
    def drawn(T: int, lengths: Sequence[int]) -> dict[str, Any]:
        nats = rng.uniform(0.1, 3.0, size=(len(lengths), T))
        return {"nats": nats, "lengths": np.array(lengths)}

    yield Case("T=6, lengths 3, 6, 2, numbers in the padding", drawn(6, (3, 6, 2)), 5.0)
    yield Case("no padding", drawn(4, (4, 4)))
    yield Case("one sequence of one token", drawn(5, (1,)))
    spoiled = drawn(5, (2, 4, 5))
    spoiled["nats"][0, 2:] = np.nan
    yield Case("nan in the padding", spoiled)


def _mean_oracle(nats: np.ndarray, lengths: np.ndarray) -> float:
    rows = zip(nats.tolist(), lengths.tolist(), strict=True)
    real = [value for row, n in rows for value in row[:n]]
    return sum(real) / len(real)


def _real(nats, lengths):
    return np.arange(nats.shape[1]) < lengths[:, None]


masked_mean = Check(
    "the mean over real tokens",
    [Output("loss", "()")],
    _nats_cases,
    _mean_oracle,
    (
        Mistake(
            "0 times nan",
            "Multiplied by 0, nan stays nan: what stands in the padding gets in.",
            "Pick the real places, `nats[mask]`, or use `np.where(mask, nats, 0)`.",
            lambda nats, n: (nats * _real(nats, n)).sum() / n.sum(),
        ),
        Mistake(
            "padding in the average",
            "The average runs over all B T places, padding too.",
            "Sum over the real places only, and divide by their number.",
            lambda nats, n: nats.mean(),
        ),
        *variants(
            "divided by all places",
            "The padding adds nothing to the sum, but it is counted: the loss comes out too small.",
            "Divide by the number of real tokens, `lengths.sum()`, not by B T.",
            lambda nats, n: np.where(_real(nats, n), nats, 0).mean(),
            lambda nats, n: (nats * _real(nats, n)).mean(),
        ),
        Mistake(
            "padding in the sum",
            "The number is right, but the sum runs over the padding too.",
            "Sum over the real places only.",
            lambda nats, n: nats.sum() / n.sum(),
        ),
        Mistake(
            "mean of the sequences' means",
            "Each sequence's mean weighs the same, however short it is.",
            "Every *token* weighs the same: one sum over all, one division.",
            lambda nats, n: np.mean([row[:k].mean() for row, k in zip(nats, n, strict=True)]),
        ),
        Mistake(
            "divided by the sequences",
            "The sum is divided by the number of sequences, not of tokens.",
            "Divide by `lengths.sum()`.",
            lambda nats, n: nats[_real(nats, n)].sum() / len(n),
        ),
        Mistake(
            "not divided",
            "This is the sum.",
            "Divide by the number of real tokens.",
            lambda nats, n: nats[_real(nats, n)].sum(),
        ),
        Mistake(
            "mask inverted",
            "This is the mean over the padding.",
            "True means: a real token stands here.",
            lambda nats, n: nats[~_real(nats, n)].mean() if (~_real(nats, n)).any() else 0.0,
        ),
        Mistake(
            "mask one step too long",
            "The first padded place of each row counts too.",
            "Write `np.arange(T) < lengths[:, None]`, with <.",
            lambda nats, n: nats[np.arange(nats.shape[1]) <= n[:, None]].mean(),
        ),
    ),
)
"""Judges `masked_mean(nats, lengths) -> number`, for nats (B, T)."""
