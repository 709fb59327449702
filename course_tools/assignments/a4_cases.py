"""The inputs of A4's hidden tests: unit-scale weights, distinct leaks, nothing zero."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_tools.assignments.cell import draw_inputs, draw_params
from course_utils.checks import Case


def jacobians(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, B, sizes, weight=1.0, dtype=np.float64, size=1.0) -> Case:
        D, H, O = sizes
        params = draw_params(rng, D, H, O, dtype=dtype)
        given = draw_inputs(rng, B, 1, D, H, O, dtype=dtype)
        x_t, h_prev = size * given["x"][:, 0], size * given["h0"]
        return Case(name, {"x_t": x_t, "h_prev": h_prev, "params": params}, weight)

    yield case("B=3, D=4, H=6, O=2", 3, (4, 6, 2), weight=8)
    yield case("square (B=D=H=O=4)", 4, (4, 4, 4))
    # A single unit that is saturated has a slope of which float32 holds no digit.
    yield case("one sequence, one unit (B=1, H=1)", 1, (2, 1, 2), size=0.3)
    yield case("float32", 3, (4, 6, 2), dtype=np.float32)


def _drawn(rng, B, N, H, dtype=np.float64, scale=1.0) -> np.ndarray:
    J = scale * rng.normal(size=(B, N, H, H)) / np.sqrt(H)
    return J.astype(dtype)


def products(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, B, N, H, weight=1.0, dtype=np.float64) -> Case:
        return Case(name, {"J": _drawn(rng, B, N, H, dtype)}, weight)

    yield case("B=3, N=5, H=4", 3, 5, 4, weight=8)
    yield case("as many steps as units (B=N=H=3)", 3, 3, 3)
    yield case("one step (N=1)", 2, 1, 4)
    yield case("no step at all (N=0)", 2, 0, 4)
    yield case("one sequence, one unit (B=1, H=1)", 1, 4, 1)
    yield case("float32", 3, 5, 4, dtype=np.float32)


def norms(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, B, N, H, weight=1.0, dtype=np.float64, scale=1.0) -> Case:
        dh = rng.normal(size=(B, H)).astype(dtype)
        return Case(name, {"dh": dh, "J": _drawn(rng, B, N, H, dtype, scale)}, weight)

    yield case("B=3, N=5, H=4", 3, 5, 4, weight=8)
    yield case("400 steps that shrink: norms near 1e-400", 1, 400, 3, 4, scale=0.13)
    yield case("300 steps that grow: norms near 1e400", 1, 300, 3, 2, scale=30.0)
    yield case("no step at all (N=0)", 2, 0, 4)
    yield case("one sequence, one unit (B=1, H=1)", 1, 4, 1)
    yield case("float32", 3, 5, 4, dtype=np.float32)


def curves(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, B, T, sizes, weight=1.0, dtype=np.float64) -> Case:
        D, H, O = sizes
        params = draw_params(rng, D, H, O, dtype=dtype)
        given = draw_inputs(rng, B, T, D, H, O, dtype=dtype)
        dh = rng.normal(size=(B, H)).astype(dtype)
        return Case(name, {"dh": dh, **given, "params": params}, weight)

    yield case("B=3, T=6, D=4, H=5, O=2", 3, 6, (4, 5, 2), weight=8)
    yield case("as many steps as rows (B=T=D=H=O=4)", 4, 4, (4, 4, 4))
    yield case("two steps (T=2)", 2, 2, (3, 4, 2))
    yield case("one step (T=1)", 2, 1, (3, 4, 2))
    yield case("one sequence, one unit (B=1, H=1)", 1, 4, (2, 1, 2))
    yield case("float32", 3, 5, (4, 5, 2), dtype=np.float32)


def clippings(rng: np.random.Generator) -> Iterable[Case]:
    def drawn(norm: float, dtype: Any = np.float64, frozen=()) -> dict[str, np.ndarray | None]:
        """Gradients with this norm all together, their arrays of different norms."""
        params = draw_params(rng, 4, 6, 2)
        sizes = dict(zip(params, rng.permutation(np.linspace(0.3, 2, len(params))), strict=True))
        grads = {n: sizes[n] * rng.normal(size=np.shape(value)) for n, value in params.items()}
        rest = [g for n, g in grads.items() if n not in frozen]
        factor = norm / np.sqrt(sum(np.sum(g**2) for g in rest))
        return {n: None if n in frozen else (factor * g).astype(dtype) for n, g in grads.items()}

    def case(name, grads, max_norm, weight=1.0) -> Case:
        return Case(name, {"grads": grads, "max_norm": max_norm}, weight)

    # The largest array's norm lies between a half and the whole, the threshold below it.
    yield case("norm 7, max_norm 1.5", drawn(7.0), 1.5, weight=8)
    yield case("norm 0.8, max_norm 1.5: nothing to do", drawn(0.8), 1.5, weight=3)
    yield case("norm 2, max_norm 3: nothing to do", drawn(2.0), 3.0, weight=2)
    yield case("norm 0.7, max_norm 0.5", drawn(0.7), 0.5, weight=2)
    yield case("leak and b_y not trained: None", drawn(5.0, frozen=("leak", "b_y")), 2.0, 4)
    yield case("entries near 1e200", drawn(1e201), 2.0, weight=3)
    for what in (np.inf, np.nan):
        grads = drawn(3.0)
        grads["W_hh"][1, 2] = what
        yield case(f"one entry {what}", grads, 2.0, weight=2)
    yield case("all gradients zero", {n: 0 * g for n, g in drawn(1.0).items()}, 2.0)
    yield case("float32", drawn(7.0, np.float32), 1.5)
