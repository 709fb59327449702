"""A check of the numeric gradient itself: central differences, in float64, the array left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.checks.bptt.numeric_mistakes import NUMERIC_MISTAKES
from course_utils.checks.core import Case, Check, Output


@dataclass(frozen=True)
class Bent:
    """A function with much curvature in every entry, of arrays and of torch's tensors."""

    seed: int

    def __call__(self, array: Any) -> Any:
        rng = np.random.default_rng(self.seed)
        a, b = rng.uniform(0.5, 1.5, array.shape), rng.uniform(0.8, 1.6, array.shape)
        if isinstance(array, np.ndarray):
            kind = array.dtype if array.dtype.kind == "f" else np.float64
            a, b = a.astype(kind), b.astype(kind)  # float32 in, float32 throughout
            return float(np.sum(a * np.exp(b * array)) ** 2 / array.size)
        import torch

        return (torch.tensor(a) * torch.exp(torch.tensor(b) * array)).sum() ** 2 / array.numel()


@dataclass(frozen=True)
class Cubic:
    """A cubic: its central difference in entry a is the slope plus c ε², c the factor of a³."""

    seed: int

    def factors(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.random.default_rng(self.seed).uniform(0.5, 1.5, shape)

    def __call__(self, array: Any) -> Any:
        c = self.factors(tuple(array.shape))
        if not isinstance(array, np.ndarray):
            import torch

            c = torch.tensor(c)
        return (c * array**3).sum() + array.sum() ** 2


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, array: np.ndarray, eps: float, weight: float = 1.0) -> Case:
        return Case(
            name, {"f": Bent(int(rng.integers(1 << 30))), "array": array, "eps": eps}, weight
        )

    def draw(*shape: int) -> np.ndarray:
        return rng.uniform(-1, 1, shape)

    yield case("an array (3, 4), eps=1e-3", draw(3, 4), 1e-3, 5.0)
    yield case("an array (2, 3, 4), eps=1e-5", draw(2, 3, 4), 1e-5)
    yield case("an array stored by columns (a transposed one)", draw(4, 3).T, 1e-4)
    yield case("a single row (5,)", draw(5), 1e-4)
    yield case("a float32 array, eps=1e-5", draw(3, 4).astype(np.float32), 1e-5)
    cubic, point, eps = Cubic(int(rng.integers(1 << 30))), 3 * draw(2, 3), 0.5
    asked = {"f": cubic, "array": point, "eps": eps}
    error = cubic.factors(point.shape) * eps**2
    yield Case("a cubic with eps=0.5, which shows in the result", asked, aside={"error": error})
    yield case("integers", rng.integers(-1, 2, (2, 3)), 1e-4, 0.5)


def _oracle(f, array, eps, error=0.0) -> np.ndarray:
    """Return the slopes by autograd, plus the error that central differences of this eps make."""
    import torch

    leaf = torch.tensor(np.asarray(array, np.float64), requires_grad=True)
    return torch.autograd.grad(f(leaf), leaf)[0].numpy() + error


numeric_gradient = Check(
    "the numeric gradient",
    [Output("gradient", "")],
    _cases,
    _oracle,
    NUMERIC_MISTAKES,
    keeps_dtype=False,
)
"""Judges `numeric_gradient(f, array, eps)`: central differences in float64."""
