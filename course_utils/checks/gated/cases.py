"""The inputs of the checks of gated cells: the ones that decide come first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case
from course_utils.checks.gated import gru_reference, lstm_reference

SIZES = (3, 5, 4, 6)
"""B, T, D, H of the case that decides: no two alike, T above 2."""

Draw = Callable[..., dict[str, np.ndarray]]
"""(rng, B, T, D, H, dtype) -> all arrays of a forward and a backward pass, by name."""

FORWARD = {
    "lstm": ("x", "h0", "c0", "W_xh", "W_hh", "b"),
    "gru": ("x", "h0", "W_xh", "W_hh", "b", "b_hn"),
}
UPSTREAM = {"lstm": ("dh", "dc_T"), "gru": ("dh",)}


def draw(
    cell: str, rng: np.random.Generator, B: int, T: int, D: int, H: int, dtype: type = np.float64
) -> dict[str, np.ndarray]:
    """Return x, h0 and (LSTM) c0, W_xh, W_hh, b and (GRU) b_hn, dh (B, T, H) and (LSTM) dc_T.

    All non-zero, weights of unit scale, biases that stay away from zero, a gradient at every step.
    """
    n = {"lstm": 4, "gru": 3}[cell]

    def bias(size: int) -> np.ndarray:
        return rng.uniform(0.2, 0.8, size) * rng.choice([-1, 1], size)

    made = {
        "x": rng.normal(size=(B, T, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "W_xh": rng.normal(size=(D, n * H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, n * H)) / np.sqrt(H),
        "b": bias(n * H),
        "b_hn": bias(H),
        "dh": 10 * rng.normal(size=(B, T, H)),
        "dc_T": 10 * rng.normal(size=(B, H)),
    }
    return {name: made[name].astype(dtype) for name in (*FORWARD[cell], *UPSTREAM[cell])}


STATES = {"lstm": "non-zero h0 and c0", "gru": "a non-zero h0"}


def _sequences(cell: str, rng: np.random.Generator, deciding: str = "") -> Iterable[Case]:
    for name, sizes, weight in (
        (f"B=3, T=5, D=4, H=6, {STATES[cell]}{deciding}", SIZES, 6.0),
        ("B=4, T=4, D=3, H=5 (as many rows as steps)", (4, 4, 3, 5), 1.0),
        ("D=H=4 (as many inputs as units)", (2, 3, 4, 4), 1.0),
        ("one step (T=1)", (2, 1, 3, 4), 1.0),
        ("no step at all (T=0): arrays of shape (B, 0, ...)", (2, 0, 3, 4), 0.5),
        ("one sequence (B=1), one unit (H=1)", (1, 4, 2, 1), 1.0),
    ):
        yield Case(name, draw(cell, rng, *sizes), weight)
    yield Case("float32", draw(cell, rng, *SIZES, np.float32))


def pair_cases(cell: str, rng: np.random.Generator) -> Iterable[Case]:
    """Yield forward arguments and upstream gradients."""
    yield from _sequences(cell, rng, ", a gradient at every step")


def sequence_cases(cell: str, rng: np.random.Generator) -> Iterable[Case]:
    """Yield the arguments of the forward pass."""

    def forward(drawn: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: drawn[name] for name in FORWARD[cell]}

    for case in _sequences(cell, rng):
        yield Case(case.name, forward(case.arguments), case.weight)
    drawn = forward(draw(cell, rng, 2, 6, 1, 3))
    drawn["x"] = rng.integers(0, 2, size=(2, 6, 1))
    yield Case("bits, stored as integers", drawn, weight=0.5)


def _steps(cell: str, rng: np.random.Generator) -> Iterable[Case]:
    """Yield one step's arrays, each under its name for a single step."""
    for name, B, D, H, weight, dtype in (
        ("B=3, D=4, H=6", 3, 4, 6, 6.0, np.float64),
        ("D=H=4 (as many inputs as units)", 3, 4, 4, 1.0, np.float64),
        ("one row (B=1)", 1, 4, 6, 1.0, np.float64),
        ("one input, one unit (D=H=1)", 3, 1, 1, 1.0, np.float64),
        ("float32", 3, 4, 6, 1.0, np.float32),
    ):
        drawn = draw(cell, rng, B, 1, D, H, dtype)
        drawn["x_t"], drawn["dh_t"] = drawn.pop("x")[:, 0], drawn.pop("dh")[:, 0]
        drawn["h_prev"] = drawn.pop("h0")
        if cell == "lstm":
            drawn["c_prev"], drawn["dc_t"] = drawn.pop("c0"), drawn.pop("dc_T")
        yield Case(name, drawn, weight)


def _chosen(case: Case, names: str, aside: str = "", **more: Any) -> Case:
    known = case.arguments | more
    arguments = {name: known[name] for name in names.split()}
    return Case(case.name, arguments, case.weight, {name: known[name] for name in aside.split()})


def lstm_step_cases(rng: np.random.Generator) -> Iterable[Case]:
    for case in _steps("lstm", rng):
        yield _chosen(case, "x_t h_prev c_prev W_xh W_hh b")


def gru_step_cases(rng: np.random.Generator) -> Iterable[Case]:
    for case in _steps("gru", rng):
        yield _chosen(case, "x_t h_prev W_xh W_hh b b_hn")


def lstm_back_cases(rng: np.random.Generator) -> Iterable[Case]:
    forward = lstm_reference.step()
    for case in _steps("lstm", rng):
        x_t, h_prev, c_prev, *weights = (
            case.arguments[name] for name in ("x_t", "h_prev", "c_prev", "W_xh", "W_hh", "b")
        )
        gates = lstm_reference.gates_of(x_t, h_prev, *weights)
        c_t = forward(x_t, h_prev, c_prev, *weights)[1]
        names = "dh_t dc_t x_t h_prev c_prev gates c_t W_xh W_hh"
        yield _chosen(case, names, "b", gates=gates, c_t=c_t)


def gru_back_cases(rng: np.random.Generator, reset: str) -> Iterable[Case]:
    for case in _steps("gru", rng):
        given = (case.arguments[n] for n in ("x_t", "h_prev", "W_xh", "W_hh", "b", "b_hn"))
        gates = gru_reference.gates_of(*given, reset)
        yield _chosen(case, "dh_t x_t h_prev gates W_xh W_hh b_hn", "b", gates=gates)
