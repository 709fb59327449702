"""Checks of clipping: by the global norm, and by value with the angle that it costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Output
from course_utils.checks.flow.clipping_mistakes import ANGLE_MISTAKES, NORM_MISTAKES

SHAPES = ((4, 6), (6, 6), (6,))


def _grads(rng: np.random.Generator, length: float, shapes=SHAPES, dtype=np.float64) -> list:
    """Return gradients of such shapes whose global norm is `length`; each tensor another size."""
    drawn = [rng.normal(size=shape) * 3.0**i for i, shape in enumerate(shapes)]
    norm = np.sqrt(sum((g**2).sum() for g in drawn))
    return [(g * length / norm).astype(dtype) for g in drawn]


def _flat(grads: Any, given: Any) -> np.ndarray:
    """Return the clipped gradients as one row; a sentence where a shape is not the one given."""
    if not isinstance(grads, (list, tuple)) or len(grads) != len(given):
        raise ValueError(f"the clipped gradients are a list of {len(given)} arrays, as given")
    rows = []
    for i, (grad, old) in enumerate(zip(grads, given, strict=True)):
        array = np.asarray(grad)
        if array.shape != np.shape(old):
            raise ValueError(f"clipped[{i}] should have shape {np.shape(old)}, not {array.shape}")
        if array.dtype.kind not in "bif":
            raise ValueError(f"clipped[{i}] should hold numbers")
        rows.append(array.ravel())
    return np.concatenate(rows)


def _read(known: dict[str, Any], value: Any) -> tuple:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError("two things are asked for: `return clipped, norm`")
    return _flat(value[0], known["grads"]), value[1]


def _norm_oracle(grads, max_norm) -> tuple[np.ndarray, float]:
    """The same by torch, in float64; its 1e-6 in the denominator is avoided."""
    import torch

    flat = torch.cat([torch.tensor(np.asarray(g, np.float64)).flatten() for g in grads])
    norm = torch.linalg.vector_norm(flat)
    return (flat if norm <= max_norm else flat / norm * max_norm).numpy(), float(norm)


def _norm_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, grads, max_norm, weight=1.0):
        return Case(name, {"grads": grads, "max_norm": max_norm}, weight)

    yield case("three gradients, norm 20, at most 5", _grads(rng, 20.0), 5.0, 4.0)
    yield case("norm 0.5, at most 5: nothing to clip", _grads(rng, 0.5), 5.0, 2.0)
    yield case("norm 7, at most 0.25", _grads(rng, 7.0), 0.25)
    yield case("a single gradient", _grads(rng, 3.0, ((5, 2),)), 1.0)
    yield case("all zero", [np.zeros((2, 3)), np.zeros(3)], 1.0)
    yield case("float32", _grads(rng, 20.0, dtype=np.float32), 5.0)


clip_by_global_norm = Check(
    "clipping by the global norm",
    [Output("clipped", "(n)"), Output("norm", "")],
    _norm_cases,
    _norm_oracle,
    NORM_MISTAKES,
    read=_read,
)
"""Judges `clip_by_global_norm(grads, max_norm) -> (clipped, norm)`: the norm before clipping."""


def _angle_oracle(grads, limit) -> float:
    """The angle from both lengths and the distance: no arccos of a number next to 1."""
    old = np.concatenate([np.asarray(g, np.float64).ravel() for g in grads])
    new = np.minimum(np.maximum(old, -limit), limit)
    a, b = old / np.sqrt((old**2).sum()), new / np.sqrt((new**2).sum())
    half = np.arctan2(np.sqrt(((a - b) ** 2).sum()), np.sqrt(((a + b) ** 2).sum()))
    return float(np.degrees(2 * half))


def _whose_cosine_exceeds_one(rng: np.random.Generator) -> list:
    """Return gradients whose cosine with themselves rounds to more than 1, however one writes it.

    About one draw in ten does it here; on a machine that rounds otherwise, the last draw is taken.
    """
    for _ in range(500):
        grads = _grads(rng, 20.0)
        g = np.concatenate([grad.ravel() for grad in grads])
        length = np.linalg.norm(g)
        ways = (g @ g / length / length, g @ g / (length * length), (g / length) @ (g / length))
        if min(ways) > 1:
            break
    return grads


def _angle_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, grads, limit, weight=1.0):
        return Case(name, {"grads": grads, "limit": limit}, weight)

    yield case("three gradients of unlike size, limit 0.5", _grads(rng, 20.0), 0.5, 4.0)
    yield case("limit 100: nothing is clipped", _whose_cosine_exceeds_one(rng), 100.0)
    yield case("limit 0.001: nearly all is clipped", _grads(rng, 20.0), 1e-3)
    yield case("a single gradient", _grads(rng, 3.0, ((5, 2),)), 0.3)
    yield case("float32", _grads(rng, 20.0, dtype=np.float32), 0.5)


value_clipping_angle = Check(
    "the angle of clipping by value",
    [Output("degrees", "")],
    _angle_cases,
    _angle_oracle,
    ANGLE_MISTAKES,
    keeps_dtype=False,
)
"""Judges `value_clipping_angle(grads, limit)`: degrees between a gradient and itself clipped."""
