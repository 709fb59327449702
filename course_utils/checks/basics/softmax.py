"""Check of lesson 00: a softmax that never overflows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output


def _softmax_cases(rng: np.random.Generator) -> Iterable[Case]:
    logits = rng.normal(size=(3, 4, 6)) * 2
    logits[0, 1] += 1000  # overflows where the largest score is not subtracted
    logits[2, 3] -= 1000  # and 0/0 where one maximum serves all rows
    logits[1, 2, 4] += 1000  # overflows where a mean, a minimum or the first score is subtracted
    yield Case("B=3, T=4, V=6, some scores near 1000", {"logits": logits}, weight=3)
    yield Case("all sizes equal (B=T=V=3)", {"logits": rng.normal(size=(3, 3, 3))})
    yield Case("a single class (V=1)", {"logits": rng.normal(size=(2, 3, 1))})


def _softmax_oracle(logits) -> np.ndarray:
    import torch

    return torch.softmax(torch.from_numpy(logits), dim=-1).numpy()


def _softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _naive_softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def _one_maximum(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


def _mean_subtracted(z):
    e = np.exp(z - z.mean(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


stable_softmax = Check(
    "softmax",
    [Output("p", "(B, T, V)")],
    _softmax_cases,
    _softmax_oracle,
    (
        Mistake(
            "largest score not subtracted",
            "Large scores overflow: exp(1000) is infinite, and infinity over infinity is nan.",
            "Subtract the row's largest score first. The probabilities stay the same.",
            _naive_softmax,
        ),
        Mistake(
            "one maximum for all rows",
            "One maximum is subtracted from all rows: in rows far below it all exponentials are 0.",
            "Each row needs its own: `logits.max(axis=-1, keepdims=True)`.",
            _one_maximum,
        ),
        Mistake(
            "a score that is not the largest subtracted",
            "What is subtracted from each row is not its largest score: where one score stands "
            "out, its exponential still overflows.",
            "Not the mean, the smallest or the first: `logits.max(axis=-1, keepdims=True)`.",
            _mean_subtracted,
        ),
        Mistake(
            "softmax over time",
            "The probabilities sum to 1 over time, not over the classes.",
            "The classes are the last axis: `axis=-1`.",
            lambda z: _softmax(z, axis=1),
        ),
        Mistake(
            "softmax over the batch",
            "The probabilities sum to 1 over the batch, not over the classes.",
            "The classes are the last axis: `axis=-1`.",
            lambda z: _softmax(z, axis=0),
        ),
        Mistake(
            "softmax over everything",
            "All numbers together sum to 1; each step should.",
            "Name the axis in both places, the maximum and the sum: `axis=-1, keepdims=True`.",
            lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
        ),
        Mistake(
            "not divided by the sum",
            "The exponentials are there, but they do not sum to 1.",
            "Divide by their sum over the last axis.",
            lambda z: np.exp(z - z.max(axis=-1, keepdims=True)),
        ),
        Mistake(
            "log of the softmax",
            "These are the logarithms of the probabilities.",
            "Return the probabilities themselves.",
            lambda z: np.log(_softmax(z)),
        ),
        Mistake(
            "exponential forgotten",
            "The scores are divided by their sum, without the exponential.",
            "Scores may be negative; exp makes them positive before they are divided.",
            lambda z: z / z.sum(axis=-1, keepdims=True),
        ),
        Mistake(
            "sigmoid for softmax",
            "Each score passed through a sigmoid on its own; they do not compete.",
            "Softmax divides by the sum over all classes.",
            lambda z: 1 / (1 + np.exp(-z)),
        ),
    ),
)
"""Judges `stable_softmax(logits) -> p (B, T, V)`, over the last axis, at any size of score."""
