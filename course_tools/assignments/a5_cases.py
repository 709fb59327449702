"""The inputs of A5's hidden tests: unit-scale weights, distinct biases, nothing zero."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_tools.assignments.gated import GRU, LSTM, draw_gated
from course_utils.checks import Case

ARRAYS = {"dh_t": "H", "dc_t": "H", "x_t": "D", "h_prev": "H", "c_prev": "H"}


def steps(cell, *names: str):
    """Return what draws the cases of one step of `cell`, with the arrays in `names`."""

    def cases(rng: np.random.Generator) -> Iterable[Case]:
        def case(name: str, B: int, D: int, H: int, weight=1.0, dtype: Any = np.float64) -> Case:
            sizes = {"D": D, "H": H}
            drawn = {n: rng.normal(size=(B, sizes[ARRAYS[n]])).astype(dtype) for n in names}
            return Case(name, {**drawn, "params": draw_gated(rng, D, H, cell, dtype)}, weight)

        yield case("B=3, D=4, H=6", 3, 4, 6, weight=8)
        yield case("square (B=D=H=4)", 4, 4, 4)
        yield case("one sequence, one unit (B=1, H=1)", 1, 2, 1)
        yield case("float32", 3, 4, 6, dtype=np.float32)

    return cases


lstm_steps = steps(LSTM, "x_t", "h_prev", "c_prev")
lstm_back_steps = steps(LSTM, "dh_t", "dc_t", "x_t", "h_prev", "c_prev")
gru_steps = steps(GRU, "x_t", "h_prev")
gru_back_steps = steps(GRU, "dh_t", "x_t", "h_prev")


def sequences(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, B: int, T: int, D: int, H: int, weight=1.0, dtype: Any = np.float64):
        sizes = {"dh": (B, T, H), "dc": (B, T, H), "x": (B, T, D), "h0": (B, H), "c0": (B, H)}
        drawn = {n: rng.normal(size=size).astype(dtype) for n, size in sizes.items()}
        return Case(name, {**drawn, "params": draw_gated(rng, D, H, LSTM, dtype)}, weight)

    yield case("B=3, T=5, D=4, H=5", 3, 5, 4, 5, weight=8)
    yield case("as many rows as steps (B=T=D=H=4)", 4, 4, 4, 4)
    yield case("two steps (T=2)", 2, 2, 3, 4)
    yield case("one step (T=1)", 2, 1, 3, 4)
    yield case("no step at all (T=0)", 2, 0, 3, 4)
    yield case("one sequence, one unit (B=1, H=1)", 1, 4, 2, 1)
    yield case("float32", 3, 4, 4, 5, dtype=np.float32)
