"""Check of lesson 00: the slope of a loss by the chain rule."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output


def _slope_cases(rng: np.random.Generator) -> Iterable[Case]:
    def numbers(n: int) -> dict[str, np.ndarray]:
        names = ("w", "x", "b", "target")
        return {name: rng.normal(size=n) for name in names}

    yield Case("eight random points", numbers(8), weight=3)
    yield Case("one point", numbers(1))
    yield Case("x = 0: w has no effect", {**numbers(3), "x": np.zeros(3)})


def _slope_oracle(w, x, b, target) -> np.ndarray:
    import torch

    w, x, b, target = (torch.tensor(a, dtype=torch.float64) for a in (w, x, b, target))
    w.requires_grad_()
    ((torch.tanh(w * x + b) - target) ** 2).sum().backward()
    return w.grad.numpy()


def _slope(w, x, b, target, outer=2, squash=lambda h, z: 1 - h**2, inner=True, sign=1):
    """Return the slope, or what it becomes where one link of the chain is another."""
    z = w * x + b
    h = np.tanh(z)
    return outer * sign * (h - target) * squash(h, z) * (x if inner else 1)


loss_slope = Check(
    "the chain rule",
    [Output("slope", "(n)")],
    _slope_cases,
    _slope_oracle,
    (
        Mistake(
            "inner derivative forgotten",
            "The last factor is missing: z = w x + b changes by x when w changes by 1.",
            "Three links in the chain: loss to h, h to z, z to w.",
            lambda *a: _slope(*a, inner=False),
        ),
        Mistake(
            "slope with respect to x",
            "The last factor is w: this is the slope with respect to x.",
            "z = w x + b changes by x when w changes by 1.",
            lambda w, x, b, target: _slope(w, x, b, target, inner=False) * w,
        ),
        Mistake(
            "tanh forgotten",
            "The tanh is missing: this is the slope of (w x + b - target)².",
            "First forward, to get h = tanh(w x + b); then back.",
            lambda w, x, b, target: 2 * (w * x + b - target) * x,
        ),
        Mistake(
            "error before the tanh",
            "The error is taken before the tanh: z - target where h - target is asked for.",
            "The loss holds h = tanh(z).",
            lambda w, x, b, target: 2 * (w * x + b - target) * (1 - np.tanh(w * x + b) ** 2) * x,
        ),
        Mistake(
            "bias forgotten",
            "The bias is missing in h, so the slopes are taken at another place.",
            "A constant vanishes when you differentiate, but h itself still holds b.",
            lambda w, x, b, target: _slope(w, x, np.zeros_like(b), target),
        ),
        Mistake(
            "slope of tanh forgotten",
            "The slope of tanh is missing.",
            "Between h and z stands the factor 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: 1),
        ),
        Mistake(
            "slope of tanh before the tanh",
            "The slope of tanh is taken as 1 - z², at the value before the tanh.",
            "tanh'(z) = 1 - tanh(z)² = 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: 1 - z**2),
        ),
        Mistake(
            "1 - h",
            "The slope of tanh is taken as 1 - h; the square is missing.",
            "tanh'(z) = 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: 1 - h),
        ),
        Mistake(
            "slope of the sigmoid",
            "h (1 - h) is the slope of the sigmoid; here stands a tanh.",
            "tanh'(z) = 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: h * (1 - h)),
        ),
        Mistake(
            "two of the square forgotten",
            "The factor 2 of the square is missing.",
            "The slope of e² with respect to e is 2 e.",
            lambda *a: _slope(*a, outer=1),
        ),
        Mistake(
            "sign reversed",
            "The sign is reversed.",
            "The loss holds (h - target)², so the outer slope is 2 (h - target).",
            lambda *a: _slope(*a, sign=-1),
        ),
        Mistake(
            "the loss itself",
            "This is the loss, not its slope.",
            "Asked for is how fast the loss changes with w.",
            lambda w, x, b, target: (np.tanh(w * x + b) - target) ** 2,
        ),
    ),
)
"""Judges `loss_slope(w, x, b, target) -> d/dw (tanh(w x + b) - target)²`, all of shape (n,)."""
