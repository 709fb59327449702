"""The check of dropout with one mask for all steps: judged by what its masks have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.checks.compare import as_array
from course_utils.checks.core import Case, Check, Mistake, Output, variants
from course_utils.checks.report import Report

PROPERTIES = (
    "share of numbers kept",
    "factor of what is kept",
    "same mask at all steps",
    "another mask for each sequence",
    "another choice for each unit",
    "follows rng",
)


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, p: float, weight: float = 1.0) -> Case:
        h = rng.uniform(0.5, 1.5, size=(48, 6, 40)) * rng.choice([-1, 1], size=(48, 6, 40))
        return Case(name, {"h": h, "p": p, "seed": int(rng.integers(1 << 30))}, weight)

    yield case("p=0.3", 0.3, 4.0)
    yield case("p=0.5", 0.5)
    yield case("p=0: nothing is dropped", 0.0)


def _both_draws(drop: Callable) -> Callable[..., tuple[Any, Any]]:
    """Return the results under two random generators."""
    return lambda h, p, seed: (
        drop(h, p, np.random.default_rng(seed)),
        drop(h.copy(), p, np.random.default_rng(seed + 1)),
    )


def _read(known: dict[str, Any], value: Any) -> np.ndarray:
    """Return the properties of the masks, as numbers in the order of `PROPERTIES`."""
    first, second = (as_array(part) for part in value)
    h = known["h"]
    for got in (first, second):
        if got is None:
            raise ValueError("no array came back (is a `return` missing?)")
        if got.shape != h.shape:
            raise ValueError(f"its shape is {got.shape}, but h has {h.shape}")
        if not np.isfinite(got).all():
            raise ValueError("it holds nan or infinity")
    ratio = first / h
    kept = ratio != 0
    factors = ratio[kept]
    if not kept.any() or np.ptp(factors) > 1e-6:
        raise ValueError("what is kept should be h times one and the same factor")
    if known["p"] == 0:
        return np.array([kept.mean(), factors[0], 1, 1, 1, 1])
    return np.array(
        [
            round(float(kept.mean()), 1),
            factors[0],
            (kept == kept[:, :1]).all(),
            (kept != kept[:1]).any(),
            (kept != kept[:, :, :1]).any(),
            (first != second).any(),
        ],
        dtype=float,
    )


def _explain(known: dict[str, Any], got: Any, expected: np.ndarray) -> str:
    """Say which property fails, in the order of the list."""
    for name, mine, right in zip(PROPERTIES, got, expected, strict=True):
        if abs(mine - right) > 1e-6:
            if right == 1 and name not in PROPERTIES[:2]:
                return f"It should hold: {name}. It does not."
            return f"The {name} should be {right:.3g}; yours is {mine:.3g}."
    return ""


def _mask(shape, p, rng, scale=None):
    kept = rng.random(shape) >= p
    return kept * ((1 / (1 - p)) if scale is None else scale)


def _shaped(axes: str, **change):
    """Return dropout whose mask has the axes named, of "BTH", and one entry along the others."""

    def wrong(h, p, rng):
        shape = [size if letter in axes else 1 for letter, size in zip("BTH", h.shape, strict=True)]
        return h * _mask(shape, change.get("chance", lambda p: p)(p), rng, change.get("scale"))

    return wrong


def _scaled(scale: Callable[[float], float], chance: Callable[[float], float] = lambda p: p):
    return lambda h, p, rng: h * (rng.random((len(h), 1, h.shape[2])) >= chance(p)) * scale(p)


_CHECK = Check(
    "dropout with one mask for all steps",
    [Output("properties", "(6,)")],
    _cases,
    lambda h, p, seed: np.array([1 - p, 1 / (1 - p), 1, 1, 1, 1]),
    tuple(
        Mistake(mistake.name, mistake.says, mistake.hint, _both_draws(mistake.wrong))
        for mistake in (
            Mistake(
                "a new mask each step",
                "Every step gets a new mask: that is ordinary dropout, not one mask for all steps.",
                "Draw the mask with shape (B, 1, H): it is then used at every step.",
                _shaped("BTH"),
            ),
            Mistake(
                "one mask for the whole batch",
                "All sequences share one mask.",
                "Each sequence gets its own: shape (B, 1, H).",
                _shaped("H"),
            ),
            Mistake(
                "one mask a step, for all sequences",
                "The mask changes from step to step, and all sequences share it.",
                "Each *sequence* gets a mask, used at all its steps: shape (B, 1, H).",
                _shaped("TH"),
            ),
            Mistake(
                "whole steps dropped",
                "Whole steps are dropped: all units of a step share their fate.",
                "Each unit is dropped or kept by itself: shape (B, 1, H).",
                _shaped("BT"),
            ),
            Mistake(
                "whole sequences dropped",
                "Whole sequences are dropped.",
                "Each unit is dropped or kept by itself: shape (B, 1, H).",
                _shaped("B"),
            ),
            Mistake(
                "not scaled",
                "What is kept is not scaled: on average the state is too small by a factor 1 - p.",
                "Divide what is kept by 1 - p.",
                _scaled(lambda p: 1.0),
            ),
            Mistake(
                "multiplied by 1 - p",
                "What is kept is multiplied by 1 - p; it should be divided by it.",
                "A share 1 - p is kept, so each kept number has to make up for those dropped.",
                _scaled(lambda p: 1 - p),
            ),
            Mistake(
                "divided by p",
                "What is kept is divided by p; it should be divided by 1 - p.",
                "A share 1 - p is kept.",
                _scaled(lambda p: 1 / p if p else 1.0),
            ),
            *variants(
                "p read as the share kept",
                "p is taken for the share that is kept; it is the share that is dropped.",
                "Keep where `rng.random(...) >= p`.",
                _scaled(lambda p: 1 / (1 - p), lambda p: 1 - p),
                _scaled(lambda p: 1 / p if p else 1.0, lambda p: 1 - p),
                _scaled(lambda p: 1.0, lambda p: 1 - p),
            ),
            Mistake(
                "the same mask at every call",
                "Every call gives the same mask: the generator that was given is not used.",
                "Draw from `rng`.",
                lambda h, p, rng: _shaped("BH")(h, p, np.random.default_rng(0)),
            ),
            Mistake(
                "nothing dropped",
                "Nothing is dropped.",
                "Multiply h by the mask, and return the product.",
                lambda h, p, rng: h,
            ),
        )
    ),
    read=_read,
    explain=_explain,
)


def drop_once(drop: Callable, *, seed: int | None = None) -> Report:
    """Judge `drop_once(h, p, rng) -> (B, T, H)`: one mask (B, 1, H), what is kept over 1 - p."""
    return _CHECK(_both_draws(drop), seed=seed)
