"""Checks of lesson 00, second part: sequence data on their way to (samples, time, features).

Each oracle takes another road than the mistakes do: strided views, torch's own padding and
flattening, einsum, where the mistakes are loops and reshapes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.compare import as_array
from course_utils.checks.core import Case, Check, Mistake, Output

# --- a series, cut into windows --------------------------------------------------------------


def _window_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("11 days, 2 features, windows of 4", _series(rng, 11, 2, 4), weight=3)
    yield Case("windows of one day", _series(rng, 5, 3, 1))
    yield Case("room for one window only", _series(rng, 6, 2, 5))


def _series(rng: np.random.Generator, days: int, D: int, length: int) -> dict:
    return {"series": rng.normal(size=(days, D)), "length": length}


def _window_oracle(series, length):
    x = np.lib.stride_tricks.sliding_window_view(series[:-1], length, axis=0)
    return np.moveaxis(x, -1, 1), series[length:]


def _windows(series, length, starts, ahead=0):
    x = np.array([series[s : s + length] for s in starts])
    return x, np.array([series[s + length + ahead] for s in starts])


cut_windows = Check(
    "windows of a series",
    [Output("x", "(samples, time, features)"), Output("y", "(samples, features)")],
    _window_cases,
    _window_oracle,
    (
        Mistake(
            "windows side by side",
            "The windows lie side by side; each should start one day after the one before.",
            "Start at 0, 1, 2, ... and not at 0, length, 2 length, ...",
            lambda s, n: _windows(s, n, range(0, len(s) - n, n)),
        ),
        Mistake(
            "target inside the window",
            "The target is the last day of the window itself: the answer is among the inputs.",
            "Window i holds days i to i + length - 1; the next day is i + length.",
            lambda s, n: _windows(s, n, range(len(s) - n), ahead=-1),
        ),
        Mistake(
            "target a day too late",
            "The target lies two days after the window, not one.",
            "Window i holds days i to i + length - 1; the next day is i + length.",
            lambda s, n: _windows(s, n, range(len(s) - n - 1), ahead=1),
        ),
        Mistake(
            "last window missing",
            "The last window is missing.",
            "The last target is the last day: there are len(series) - length windows.",
            lambda s, n: _windows(s, n, range(len(s) - n - 1)),
        ),
        Mistake(
            "one window too many",
            "x holds one window too many: the last one has no day after it.",
            "There are len(series) - length windows, as many as targets.",
            lambda s, n: (
                np.array([s[i : i + n] for i in range(len(s) - n + 1)]),
                s[n:].copy(),
            ),
        ),
        Mistake(
            "time last",
            "The windows are right, but time stands last: (samples, features, time).",
            "`sliding_window_view` puts its new axis last; move it between the other two.",
            lambda s, n: (
                np.moveaxis(_windows(s, n, range(len(s) - n))[0], 1, -1),
                _windows(s, n, range(len(s) - n))[1],
            ),
        ),
        Mistake(
            "time first",
            "The windows are right, but time stands first: (time, samples, features).",
            "Samples first: stack the windows along axis 0.",
            lambda s, n: (
                np.moveaxis(_windows(s, n, range(len(s) - n))[0], 0, 1),
                _windows(s, n, range(len(s) - n))[1],
            ),
        ),
        Mistake(
            "windows backwards",
            "Inside each window time runs backwards.",
            "The oldest day comes first: `series[i : i + length]`.",
            lambda s, n: (
                _windows(s, n, range(len(s) - n))[0][:, ::-1],
                _windows(s, n, range(len(s) - n))[1],
            ),
        ),
    ),
)
"""Judges `cut_windows(series, length) -> (x, y)`: all windows and the day after each."""


# --- texts of different lengths --------------------------------------------------------------


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


# --- frames of a video -----------------------------------------------------------------------


def _clip_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("B=2, T=3, H=4, W=5, C=6", {"clips": rng.normal(size=(2, 3, 4, 5, 6))}, weight=3)
    yield Case("square and grey (H=W=4, C=1)", {"clips": rng.normal(size=(3, 2, 4, 4, 1))})
    yield Case("one clip of one frame", {"clips": rng.normal(size=(1, 1, 2, 3, 1))})


def _clip_oracle(clips: np.ndarray) -> np.ndarray:
    import torch

    return torch.from_numpy(clips).flatten(start_dim=2).numpy()


def _time_last(clips: np.ndarray) -> np.ndarray:
    """Asks for the right shape, but first moves time behind the pixels: frames are mixed."""
    B, T = clips.shape[:2]
    return np.moveaxis(clips, 1, -1).reshape(B, T, -1)


frames_to_features = Check(
    "frames to features",
    [Output("x", "(B, T, features)")],
    _clip_cases,
    _clip_oracle,
    (
        Mistake(
            "time flattened too",
            "Time is gone: all frames of a clip became one long row.",
            "Keep the first two axes, flatten the other three.",
            lambda clips: clips.reshape(len(clips), -1),
        ),
        Mistake(
            "clips run together",
            "Batch and time became one axis: where one clip ends and the next begins is lost.",
            "Keep the first two axes, flatten the other three.",
            lambda clips: clips.reshape(-1, int(np.prod(clips.shape[2:]))),
        ),
        Mistake(
            "frames mixed",
            "The shape is right, but a row mixes pixels of different frames.",
            "Flatten without moving an axis: `reshape` leaves the numbers in their order.",
            _time_last,
        ),
        Mistake(
            "time first",
            "Clips and time are exchanged: (T, B, features).",
            "The first two axes stay where they are.",
            lambda clips: np.swapaxes(clips, 0, 1).reshape(*clips.shape[1::-1], -1),
        ),
        Mistake(
            "colours first",
            "The colours were moved before the pixels; here each pixel keeps its colours together.",
            "No transpose is needed: flatten H, W, C as they stand.",
            lambda clips: np.moveaxis(clips, -1, 2).reshape(*clips.shape[:2], -1),
        ),
        Mistake(
            "column by column",
            "The pixels are read column by column; here they are read row by row.",
            "No transpose is needed: H comes before W already.",
            lambda clips: np.swapaxes(clips, 2, 3).reshape(*clips.shape[:2], -1),
        ),
        Mistake(
            "averaged over the frame",
            "Each frame became the mean of its pixels.",
            "Keep every pixel as a feature of its own: H W C features.",
            lambda clips: clips.mean(axis=(2, 3)),
        ),
    ),
)
"""Judges `frames_to_features(clips) -> x (B, T, H W C)` for clips (B, T, H, W, C)."""


# --- the debugging clinic --------------------------------------------------------------------


def _axes_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("T=5, B=3, D=4", {"x": rng.normal(size=(5, 3, 4))}, weight=3)
    yield Case("as many steps as sequences (T=B=4)", {"x": rng.normal(size=(4, 4, 2))})
    yield Case("one feature", {"x": rng.normal(size=(6, 2, 1))})


def _permuted(*axes: int):
    return lambda x: np.transpose(x, axes)


def their_batch_first(x: np.ndarray) -> np.ndarray:
    """Return the (B, T, D) array that the clinic's reader has to diagnose, from x (T, B, D)."""
    T, B, D = x.shape
    return x.reshape(B, T, D)


def _axes_oracle(x: np.ndarray) -> np.ndarray:
    return np.einsum("tbd->btd", x)


_AXES_MISTAKES = (
    Mistake(
        "reshaped",
        "The shape is right and the numbers are shuffled: `reshape` cut the array anew.",
        "`reshape` cuts one long row of numbers anew. To move an axis, use `swapaxes`.",
        their_batch_first,
    ),
    Mistake(
        "unchanged",
        "The array came back as it was: time still stands first.",
        "Exchange axes 0 and 1.",
        lambda x: x.copy(),
    ),
    Mistake(
        "all axes reversed",
        "All three axes are reversed, as `.T` does; the features should stay last.",
        "Exchange axes 0 and 1 only.",
        _permuted(2, 1, 0),
    ),
    Mistake(
        "features first",
        "The features stand first; they should stay last.",
        "Exchange axes 0 and 1 only.",
        _permuted(2, 0, 1),
    ),
    Mistake(
        "features moved",
        "The features no longer stand last.",
        "Exchange axes 0 and 1 only.",
        _permuted(0, 2, 1),
    ),
    Mistake(
        "batch first, features second",
        "The batch is first, but time and features are exchanged.",
        "Exchange axes 0 and 1 only.",
        _permuted(1, 2, 0),
    ),
)

to_batch_first = Check(
    "time-major to batch first",
    [Output("x", "(B, T, D)")],
    _axes_cases,
    _axes_oracle,
    _AXES_MISTAKES,
)
"""Judges `to_batch_first(x) -> (B, T, D)` for x (T, B, D)."""
