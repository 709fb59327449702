"""The check of a padded batch and its mask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.compare import as_array
from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _sequence_cases(rng: np.random.Generator) -> Iterable[Case]:
    def drawn(*lengths: int) -> list[np.ndarray]:
        return [rng.normal(size=(n, 4)) for n in lengths]

    first = drawn(3, 5, 2)
    first[1][2] = 0  # a real step that happens to be all zeros, as silence is
    yield Case("3, 5 and 2 steps, one of them all zeros", {"sequences": first}, 5.0)
    yield Case("three of the same length", {"sequences": drawn(4, 4, 4)})
    yield Case("a single sequence of one step", {"sequences": drawn(1)})


def _pad_oracle(sequences: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    import torch

    rows = [torch.from_numpy(row) for row in sequences]
    ones = [torch.ones(len(row), dtype=torch.bool) for row in rows]
    pad = torch.nn.utils.rnn.pad_sequence
    return pad(rows, batch_first=True).numpy(), pad(ones, batch_first=True).numpy()


def _pad(sequences, T=None, left=False, fill=0.0):
    T = max(map(len, sequences)) if T is None else T
    x, mask = np.full((len(sequences), T, 4), fill), np.zeros((len(sequences), T), dtype=bool)
    for row, real, sequence in zip(x, mask, sequences, strict=True):
        n = min(len(sequence), T)
        place = slice(T - n, T) if left else slice(0, n)
        row[place], real[place] = sequence[:n], True
    return x, mask


def _by_length(sequences):
    return sorted(sequences, key=len, reverse=True)


def _real_mask(known: dict[str, Any], value: Any) -> Any:
    """Return `value` as it is; refuse a mask that is no mask of true and false."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        mask = as_array(value[1])
        if mask is not None and mask.dtype.kind != "b":
            raise ValueError(
                f"`mask` holds {mask.dtype}; make it of true and false, with `dtype=bool`, so that "
                "`x[mask]` picks places"
            )
    return value


pad_and_mask = Check(
    "a padded batch and its mask",
    [Output("x", "(B, T, D)"), Output("mask", "(B, T)")],
    _sequence_cases,
    _pad_oracle,
    (
        Mistake(
            "padding on the left",
            "The zeros stand before the sequence; here they follow it.",
            "Fill `x[b, :n]`, and leave the rest zero.",
            lambda s: _pad(s, left=True),
        ),
        Mistake(
            "rows sorted by length",
            "The rows come back sorted by length, not in the order in which they were given.",
            "Row b belongs to sequence b: its label stands at place b elsewhere.",
            lambda s: _pad(_by_length(s)),
        ),
        Mistake(
            "cut to the shortest",
            "The longer sequences are cut to the length of the shortest.",
            "T is the *largest* length; nothing real may be lost.",
            lambda s: _pad(s, T=min(map(len, s))),
        ),
        *variants(
            "mask read off the numbers",
            "A real step of zeros is taken for padding: the mask is read off the numbers in x.",
            "Zeros can be real: silence, a dark row. Make the mask from the lengths.",
            lambda s: (_pad(s)[0], _pad(s)[0].any(axis=-1)),
            lambda s: (_pad(s)[0], _pad(s)[0].sum(axis=-1) != 0),
        ),
        Mistake(
            "mask inverted",
            "The mask is the wrong way round: true where there is padding.",
            "True means: a real step stands here. (torch's attention masks are the other way.)",
            lambda s: (_pad(s)[0], ~_pad(s)[1]),
        ),
        Mistake(
            "mask all true",
            "The mask is true everywhere: padding would count.",
            "Row b is true at its first n places only: `np.arange(T) < n`.",
            lambda s: (_pad(s)[0], np.ones_like(_pad(s)[1])),
        ),
        Mistake(
            "mask one step too long",
            "The mask is true at the first padded step of each row too.",
            "Places are counted from 0: the last real one is n - 1. Write `np.arange(T) < n`.",
            lambda s: (
                _pad(s)[0],
                np.arange(max(map(len, s))) <= np.array([[len(row)] for row in s]),
            ),
        ),
        Mistake(
            "filled with nan",
            "The empty places hold nan; here they hold zero.",
            "Start from `np.zeros`. nan would spread through every product.",
            lambda s: _pad(s, fill=np.nan),
        ),
        Mistake(
            "mask of every number",
            "The mask has an entry for every number of x; it needs one for every step: (B, T).",
            "A step is real or padding as a whole.",
            lambda s: (_pad(s)[0], np.repeat(_pad(s)[1][..., None], 4, axis=-1)),
        ),
    ),
    read=_real_mask,
)
"""Judges `pad_and_mask(sequences) -> (x, mask)`: sequences are arrays (n, D), T the largest n."""
