"""Check of lesson 00: texts of different lengths, padded, with a mask."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.compare import as_array
from course_utils.checks.core import Case, Check, Mistake, Output


def _pad_cases(rng: np.random.Generator) -> Iterable[Case]:
    def texts(*lengths: int) -> list[list[int]]:
        return [rng.integers(2, 50, size=n).tolist() for n in lengths]

    yield Case("lengths 3, 5, 7, 2, cut or filled to T=5", {"texts": texts(3, 5, 7, 2), "T": 5})
    yield Case("one empty text", {"texts": texts(0, 2, 4), "T": 4})
    yield Case("T longer than all", {"texts": texts(2, 3), "T": 6})


def _pad_oracle(texts, T):
    import torch

    rows = [torch.tensor(text[:T], dtype=torch.int64) for text in texts]
    rows.append(torch.zeros(T, dtype=torch.int64))  # makes torch pad to T, and is dropped
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)[:-1].numpy()
    return ids, np.arange(T) < np.array([[len(row)] for row in rows[:-1]])


def _pad(texts, T, fill=0, right=True, keep_end=False):
    ids, mask = np.full((len(texts), T), fill), np.zeros((len(texts), T), dtype=bool)
    for row, seen, text in zip(ids, mask, texts, strict=True):
        kept = text[max(len(text) - T, 0) :] if keep_end else text[:T]
        place = slice(0, len(kept)) if right else slice(T - len(kept), T)
        row[place], seen[place] = kept, True
    return ids, mask


def _ids_and_mask(known: dict, value: object) -> object:
    """Return `value` as it is; refuse ids that cannot be an index and a mask of numbers."""
    if not isinstance(value, (tuple, list)) or len(value) < 2:
        return value  # the check says what is missing
    if len(value) > 2:
        raise ValueError(f"it holds {len(value)} values; return ids, mask only")
    ids, mask = (as_array(part) for part in value)
    if ids is not None and ids.dtype.kind not in "iu":
        raise ValueError(
            f"`ids` holds {ids.dtype}, but an id is an index into a table, and an index is a whole "
            "number: make the array with `dtype=int`"
        )
    if mask is not None and mask.dtype.kind != "b":
        raise ValueError(
            f"`mask` holds {mask.dtype}, but numbers as an index pick rows, where true and false "
            "pick places: make the array with `dtype=bool`"
        )
    return value


def _pad_longest(texts, T):
    return _pad(texts, max(len(text) for text in texts))


pad_and_mask = Check(
    "padding and its mask",
    [Output("ids", "(B, T)"), Output("mask", "(B, T)")],
    _pad_cases,
    _pad_oracle,
    (
        Mistake(
            "padding on the left",
            "The zeros stand on the left; here they follow the text.",
            "Fill `ids[i, :n]`, and leave the rest zero.",
            lambda texts, T: _pad(texts, T, right=False),
        ),
        Mistake(
            "beginning cut off",
            "A text that is too long loses its beginning; here it loses its end.",
            "Keep `text[:T]`.",
            lambda texts, T: _pad(texts, T, keep_end=True),
        ),
        Mistake(
            "padded and cut on the left",
            "Zeros and cut are both on the left, as Keras does by default; here both are on the "
            "right.",
            "Keep `text[:T]`, fill `ids[i, :n]`, and leave the rest zero.",
            lambda texts, T: _pad(texts, T, right=False, keep_end=True),
        ),
        Mistake(
            "T ignored",
            "The width is that of the longest text, not the T that was asked for.",
            "Make the array first: `np.zeros((len(texts), T), dtype=int)`.",
            _pad_longest,
        ),
        Mistake(
            "mask inverted",
            "The mask is the wrong way round: it is true where there is padding.",
            "True means: here stands a word.",
            lambda texts, T: (_pad(texts, T)[0], ~_pad(texts, T)[1]),
        ),
        Mistake(
            "mask all true",
            "The mask is true everywhere: padding would count as words.",
            "Row i is true at its first `min(len(text), T)` places only.",
            lambda texts, T: (_pad(texts, T)[0], np.ones((len(texts), T), dtype=bool)),
        ),
        Mistake(
            "filled with -1",
            "The empty places hold -1; the id of padding is 0.",
            "Start from `np.zeros`. (-1 as an index means the last row of a table.)",
            lambda texts, T: _pad(texts, T, fill=-1),
        ),
        Mistake(
            "filled with 1",
            "The empty places hold 1, the id of an unknown word; the id of padding is 0.",
            "Start from `np.zeros`.",
            lambda texts, T: _pad(texts, T, fill=1),
        ),
    ),
    read=_ids_and_mask,
)
"""Judges `pad_and_mask(texts, T) -> (ids, mask)`: zeros on the right, mask true at words.

The ids are whole numbers and the mask is of true and false: arrays or nested lists.
"""
