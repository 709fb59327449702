"""A check of the numeric gradient itself: central differences, in float64, the array left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants

# --- inputs and oracle ---------------------------------------------------------------------------


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
    yield case("integers", rng.integers(-1, 2, (2, 3)), 1e-4, 0.5)


def _oracle(f, array, eps) -> np.ndarray:
    import torch

    leaf = torch.tensor(np.asarray(array, np.float64), requires_grad=True)
    return torch.autograd.grad(f(leaf), leaf)[0].numpy()


# --- the reference and its mistakes --------------------------------------------------------------


def _central(up: float, down: float, here: float, eps: float) -> float:
    return (up - down) / (2 * eps)


def numeric(f, array, eps, *, quotient=_central, dtype=np.float64):
    """Return the numeric gradient; `quotient` makes a slope of f(+eps), f(-eps), f, and eps."""
    point = np.array(array, dtype)  # a copy: the caller's array is not touched
    gradient = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        old = point[index]
        point[index] = old + eps
        up = f(point)
        point[index] = old - eps
        down = f(point)
        point[index] = old
        gradient[index] = quotient(up, down, f(point), eps)
    return gradient


def _in_place(f, array, eps, residue=False):
    """Works on the caller's array; with `residue` it never goes back to the old value."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        array[index] += eps
        up = f(array)
        array[index] -= 2 * eps
        gradient[index] = (up - f(array)) / (2 * eps)
        array[index] += 0 if residue else eps
    return gradient


def _one_pass(f, array, eps):
    """Adds eps and subtracts it once: f(+eps) - f(0), over 2 eps."""
    return numeric(f, array, eps, quotient=lambda up, down, here, e: (up - here) / (2 * e))


def _aliased(f, array, eps):
    """`plus = array; minus = array`: both names mean one array, so both hold the same numbers."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        plus = minus = np.array(array, np.float64)
        plus[index] += eps
        minus[index] -= eps
        gradient[index] = (f(plus) - f(minus)) / (2 * eps)
    return gradient


def _all_at_once(f, array, eps):
    point = np.array(array, np.float64)
    return np.full(point.shape, (f(point + eps) - f(point - eps)) / (2 * eps))


def _flat(f, array, eps):
    """`ravel` of an array stored by columns is a copy: what is pushed is not what f sees."""
    point = np.array(array, np.float64)
    flat, gradient = point.ravel(), np.zeros(point.shape)
    for i in range(flat.size):
        old = flat[i]
        flat[i] = old + eps
        up = f(point)
        flat[i] = old - eps
        gradient.flat[i] = (up - f(point)) / (2 * eps)
        flat[i] = old
    return gradient


NUMERIC_MISTAKES = (
    *variants(
        "one-sided difference",
        "The difference is one-sided: f(a + ε) - f(a) over ε has an error of the order of ε.",
        "Push the entry both ways: `(f(+ε) - f(-ε)) / (2 ε)` has an error of the order of ε².",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (up - here) / e),
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (here - down) / e),
    ),
    Mistake(
        "divided by eps, not by 2 eps",
        "Everything is twice too large: the two points lie 2ε apart, and you divide by ε.",
        "`(f(+ε) - f(-ε)) / (2 * eps)`.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (up - down) / e),
    ),
    Mistake(
        "the division by 2 and eps without brackets",
        "`/ 2 * eps` divides by 2 and then multiplies by ε.",
        "Write the brackets: `/ (2 * eps)`.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (up - down) / 2 * e),
    ),
    Mistake(
        "half of a one-sided difference",
        "Only one side is pushed, but the division is by 2ε.",
        "After `f(+ε)`, take 2ε away (not ε): then the entry stands at -ε.",
        _one_pass,
    ),
    Mistake(
        "not divided",
        "The difference of the two values is returned; it was not divided by 2ε.",
        "A slope is rise over run, and the run is 2ε.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: up - down),
    ),
    Mistake(
        "sign reversed",
        "Every sign is reversed.",
        "The value on the right, f(a + ε), comes first: `f(+ε) - f(-ε)`.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (down - up) / (2 * e)),
    ),
    *variants(
        "float32 gradient check with eps 1e-5",
        "The differences are taken in float32. Near 1 the next float32 is 1.2e-7 away: with "
        "ε = 1e-5 the two values differ by a few such steps only, and right code looks wrong.",
        "Make a float64 copy first, whatever came in: `np.array(array, dtype=np.float64)`.",
        lambda f, array, eps: numeric(f, array, eps, dtype=array.dtype),
        lambda f, array, eps: numeric(f, array, eps, dtype=np.float32),
    ),
    Mistake(
        "array changed in place",
        "The entries of the caller's array were pushed and pulled back: +ε, -2ε, +ε leaves "
        "rounding errors behind.",
        "Work on a float64 copy, and put the *old number* back: `point[i] = old`.",
        _in_place,
    ),
    Mistake(
        "entry not put back",
        "An entry is not put back before the next one is pushed, so the pushes add up.",
        "Keep the old number, and after the two calls of f: `point[i] = old`.",
        lambda f, array, eps: _in_place(f, array, eps, residue=True),
    ),
    Mistake(
        "one array under two names",
        "All slopes are zero: `plus` and `minus` are one array under two names.",
        "`plus = array` does not copy. Use `array.copy()` for each.",
        _aliased,
    ),
    Mistake(
        "all entries pushed at once",
        "All entries are pushed at the same time: this is the sum of all slopes.",
        "One entry at a time: push one, call f twice, put it back, go on.",
        _all_at_once,
    ),
    Mistake(
        "a flattened copy",
        "Where the array is stored by columns, the flat array is a copy: pushing its entries does "
        "not change what f sees.",
        "Go over the entries by index: `for index in np.ndindex(array.shape)`. "
        "(`ravel` and `reshape` may return a view or a copy.)",
        _flat,
    ),
)

numeric_gradient = Check(
    "the numeric gradient",
    [Output("gradient", "as the array")],
    _cases,
    _oracle,
    NUMERIC_MISTAKES,
    keeps_dtype=False,
)
"""Judges `numeric_gradient(f, array, eps)`: central differences in float64."""
