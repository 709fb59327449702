"""Clipping of A4, wrong: each known mistake by its name."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a4_reference import clip_gradients, trained
from course_utils.checks import Mistake
from course_utils.checks.core import variants


def _norm(rows):
    return np.sqrt(sum(np.sum(g.astype(np.float64) ** 2) for g in rows))


def _clipping(size=_norm, scale=lambda norm, most: min(1.0, most / norm), told=None):
    """A right clipping with the size that is compared, the scale or the told norm replaced."""

    def wrong(grads, max_norm):
        rows = trained(grads)
        size_ = size(list(rows.values()))
        factor = scale(size_, max_norm)
        clipped = {name: (g * factor).astype(g.dtype) for name, g in rows.items()}
        norm = size_ if told is None else told(_norm(list(rows.values())), clipped)
        return {**grads, **clipped}, norm

    return wrong


def _each(change):
    """Every array is changed by itself; the norm told is that of all."""

    def wrong(grads, max_norm):
        right = clip_gradients(grads, max_norm)
        return {n: None if g is None else change(g, max_norm) for n, g in grads.items()}, right[1]

    return wrong


def _per_tensor(g, max_norm):
    norm = np.linalg.norm(g)
    return g * min(1.0, max_norm / norm) if norm else g


def _without(names):
    """Some arrays are left out of the norm and of the scaling."""

    def wrong(grads, max_norm):
        rest = {name: g for name, g in grads.items() if name not in names}
        clipped, norm = clip_gradients(rest, max_norm)
        return {name: clipped.get(name, grads[name]) for name in grads}, norm

    return wrong


def _after(change):
    def wrong(grads, max_norm):
        clipped, norm = clip_gradients(grads, max_norm)
        return change(clipped), norm

    return wrong


def _in_place(grads, max_norm):
    clipped, norm = clip_gradients(grads, max_norm)
    for name, g in trained(grads).items():
        g[...] = clipped[name]
    return grads, norm


def _careless(grads, max_norm):
    """What one writes first: right on ordinary numbers."""
    rows = trained(grads)
    norm = np.sqrt(sum(np.sum(g**2) for g in rows.values()))
    scale = max_norm / norm if norm > max_norm else 1.0
    return {n: None if g is None else g * g.dtype.type(scale) for n, g in grads.items()}, norm


def _divides_by_zero(grads, max_norm):
    if all((g == 0).all() for g in trained(grads).values()):
        return {n: None if g is None else g + np.nan for n, g in grads.items()}, 0.0
    return clip_gradients(grads, max_norm)


def _stepped(grads, max_norm):
    """Numbers that are not finite come through; else right."""
    clipped, norm = clip_gradients(grads, max_norm)
    return _careless(grads, max_norm) if not np.isfinite(norm) else (clipped, norm)


def _overflowing(grads, max_norm):
    """Entries so large that their squares are infinite: no step is taken, or the norm is inf."""
    norm = _careless(grads, max_norm)[1]
    if np.isfinite(norm):
        return clip_gradients(grads, max_norm)
    return {n: None if g is None else np.zeros_like(g) for n, g in grads.items()}, np.inf


def _summed(rows):
    return sum(np.sum(g.astype(np.float64) ** 2) for g in rows)


_GLOBAL = "One number for all: the root of the sum of the squares of all entries of all arrays."

CLIP_MISTAKES = (
    Mistake(
        "per tensor",
        "Every array is clipped by its own norm; the global norm is that of all together.",
        f"{_GLOBAL} Each array alone is scaled otherwise, and the direction changes.",
        _each(_per_tensor),
    ),
    Mistake(
        "element-wise",
        "Every entry is clipped to the range from -max_norm to max_norm, which changes the "
        "direction.",
        f"{_GLOBAL} All arrays are multiplied by the same factor.",
        _each(lambda g, most: np.clip(g, -most, most)),
    ),
    Mistake(
        "always rescaled",
        "The gradients are always scaled to `max_norm`; smaller ones should stay as they are.",
        "The factor is at most 1: `min(1, max_norm / norm)`.",
        _clipping(scale=lambda norm, most: most / norm),
    ),
    Mistake(
        "norm without the square root",
        "The squared norm is taken for the norm.",
        "`np.sqrt` of the sum of squares.",
        _clipping(size=_summed),
    ),
    Mistake(
        "threshold on the squared norm",
        "The squared norm is compared with `max_norm`, so that some small gradients are enlarged "
        "or large ones are not clipped.",
        "Compare the norm: `norm > max_norm`.",
        _clipping(scale=lambda norm, most: most / norm if norm**2 > most else 1.0),
    ),
    Mistake(
        "scaled by the squared norm",
        "The gradients are divided by the squared norm.",
        "The factor is `max_norm / norm`.",
        _clipping(scale=lambda norm, most: min(1.0, most / norm**2)),
    ),
    Mistake(
        "norm told without the square root",
        "Clipped rightly, but the number returned is the squared norm.",
        "Return the norm that you compared with `max_norm`.",
        _clipping(told=lambda norm, clipped: norm**2),
    ),
    Mistake(
        "norm of the norms added",
        "The norms of the arrays are added up: squares add, norms do not.",
        _GLOBAL,
        _clipping(size=lambda rows: sum(np.linalg.norm(g) for g in rows)),
    ),
    Mistake(
        "largest norm of an array",
        "The largest norm of a single array is taken for the norm of all.",
        _GLOBAL,
        _clipping(size=lambda rows: max(np.linalg.norm(g) for g in rows)),
    ),
    *variants(
        "another norm",
        "This is another norm; the global norm is the root of the sum of squares.",
        _GLOBAL,
        _clipping(size=lambda rows: sum(np.abs(g).sum() for g in rows)),
        _clipping(size=lambda rows: max(np.abs(g).max() for g in rows)),
        _clipping(size=lambda rows: np.sqrt(_summed(rows) / sum(g.size for g in rows))),
    ),
    Mistake(
        "never clipped",
        "Nothing is clipped.",
        "Where norm > max_norm, multiply every array by max_norm / norm.",
        _clipping(scale=lambda norm, most: 1.0),
    ),
    Mistake(
        "condition inverted",
        "Small gradients are enlarged and large ones left alone: the condition is the wrong way "
        "round.",
        "Scale where norm > max_norm.",
        _clipping(scale=lambda norm, most: max(1.0, most / norm)),
    ),
    Mistake(
        "factor inverted",
        "The factor is upside down: norm / max_norm enlarges.",
        "max_norm / norm, which is below 1 where the norm is too large.",
        _clipping(scale=lambda norm, most: norm / most if norm > most else 1.0),
    ),
    Mistake(
        "divided by the norm only",
        "The gradients are scaled to length 1, not to `max_norm`.",
        "The factor is `max_norm / norm`.",
        _clipping(scale=lambda norm, most: 1 / norm if norm > most else 1.0),
    ),
    Mistake(
        "norm after clipping",
        "The norm returned is the one after clipping; asked for is the one before.",
        "Who trains wants to see how large the gradients were. Compute it first.",
        _clipping(told=lambda norm, clipped: _norm(list(clipped.values()))),
    ),
    Mistake(
        "factor returned",
        "The second value is the factor; asked for is the norm.",
        "`return clipped, norm`.",
        lambda grads, most: (
            (right := clip_gradients(grads, most))[0],
            min(1.0, most / (right[1] or 1.0)),
        ),
    ),
    Mistake(
        "biases and leak left out",
        "Only the matrices are clipped; biases and leak belong to the gradient too.",
        _GLOBAL,
        _without(("b_h", "b_y", "leak")),
    ),
    Mistake(
        "leak left out",
        "The leak's gradient is left out; it is a parameter like the others.",
        _GLOBAL,
        _without(("leak",)),
    ),
    Mistake(
        "clipped in place",
        "The caller's gradients were overwritten.",
        "`g *= scale` writes into the caller's array. Build new ones: `g * scale`.",
        _in_place,
    ),
    *variants(
        "None not kept",
        "What is not trained should stay None: its entry is there, and holds nothing.",
        "An optimiser with momentum moves a parameter whose gradient is zero, and leaves one alone "
        "that has none.",
        _after(lambda clipped: {n: np.zeros(1) if g is None else g for n, g in clipped.items()}),
        _after(lambda clipped: {n: g for n, g in clipped.items() if g is not None}),
    ),
    Mistake(
        "squares overflow, nan and zero come through",
        "Right on ordinary numbers only: huge entries, nan and infinity come through.",
        "Divide by the largest absolute entry before you square, and look whether it is finite.",
        _careless,
    ),
    Mistake(
        "squares overflow",
        "The squares of huge entries overflow, and the norm becomes infinite.",
        "Divide by the largest absolute entry before you square; multiply the root by it.",
        _overflowing,
    ),
    Mistake(
        "not finite, and a step is taken",
        "With nan or infinity among the gradients no step may be taken: all arrays are zero then.",
        "Ask `np.isfinite` before you scale: inf times 0 is nan.",
        _stepped,
    ),
    Mistake(
        "zero divided by zero",
        "Where all gradients are zero they come back as nan.",
        "Divide only where the norm is larger than `max_norm`.",
        _divides_by_zero,
    ),
)
