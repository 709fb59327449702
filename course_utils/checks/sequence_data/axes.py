"""Checks of lesson 00: the frames of a video, and the clinic of swapped axes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output

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
