"""The gated cells of assignment A5, described by switches, and their oracles.

A peephole LSTM whose input gate may be coupled to the forget gate (Gers and Schmidhuber 2000,
Recurrent nets that time and count; Greff et al. 2017, LSTM: a search space odyssey):

    f = σ(x W_xf + h W_hf + p_f * c + b_f)        i = 1 - f, or a gate of its own
    g = tanh(x W_xg + h W_hg + b_g)
    c' = f * c + i * g
    o = σ(x W_xo + h W_ho + p_o * c' + b_o)       h' = o * tanh(c')

A GRU (Cho et al. 2014) of which the reset may come first (z and n both see r * h), before the
product with W_hn alone, or after it. `share` says what z is: the share let in, or the one kept.

The oracles loop over single numbers, as in `cell.py`. A later term draws other switches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from course_tools.assignments import tape
from course_tools.assignments.cell import as_lists, dot
from course_tools.assignments.gradients import collect, leaves_of
from course_tools.assignments.tape import Number


@dataclass(frozen=True)
class Lstm:
    """The switches of the LSTM. Its blocks stand in the order f, g, o or i, f, g, o."""

    coupled: bool = True
    peepholes: bool = True


@dataclass(frozen=True)
class Gru:
    """The switches of the GRU. Its blocks stand in the order r, z, n."""

    reset: Literal["first", "before", "after"] = "first"
    share: Literal["in", "kept"] = "in"


LSTM, GRU = Lstm(), Gru()
"""The cells of this term."""


# --- drawing ----------------------------------------------------------------------------------


def draw_gated(
    rng: np.random.Generator, D: int, H: int, cell: Lstm | Gru, dtype: Any = np.float64
) -> dict[str, np.ndarray]:
    """Return the parameters of `cell`: weights of unit scale, distinct non-zero biases."""
    blocks = 3 if isinstance(cell, Gru) or cell.coupled else 4

    def away_from_zero(size: int) -> np.ndarray:
        return rng.uniform(0.3, 0.9, size=size) * rng.choice([-1, 1], size=size)

    params = {
        "W_xh": rng.normal(size=(D, blocks * H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, blocks * H)) / np.sqrt(H),
        "b": away_from_zero(blocks * H),
    }
    if isinstance(cell, Lstm) and cell.peepholes:
        names = ("p_f", "p_o") if cell.coupled else ("p_i", "p_f", "p_o")
        params |= {name: away_from_zero(H) for name in names}
    return {name: value.astype(dtype) for name, value in params.items()}


# --- one step of one sequence, on any kind of number -------------------------------------------


def sigmoid(a: Any, tanh: Callable) -> Any:
    return 0.5 + 0.5 * tanh(0.5 * a)


def lstm_row(x, h, c, p, cell: Lstm = LSTM, tanh: Callable = math.tanh) -> tuple[list, list]:
    """Return (h_t, c_t) of one sequence: x (D), h (H), c (H) and the parameters as lists."""
    H, names = len(h), ("f", "g", "o") if cell.coupled else ("i", "f", "g", "o")
    hs, cs = [], []
    for j in range(H):
        a = {
            gate: p["b"][k * H + j] + dot(x, p["W_xh"], k * H + j) + dot(h, p["W_hh"], k * H + j)
            for k, gate in enumerate(names)
        }
        if cell.peepholes:
            for gate in set(names) & {"i", "f"}:
                a[gate] = a[gate] + p[f"p_{gate}"][j] * c[j]
        f, g = sigmoid(a["f"], tanh), tanh(a["g"])
        i = 1.0 - f if cell.coupled else sigmoid(a["i"], tanh)
        new = f * c[j] + i * g
        o = sigmoid(a["o"] + p["p_o"][j] * new if cell.peepholes else a["o"], tanh)
        cs.append(new)
        hs.append(o * tanh(new))
    return hs, cs


def gru_row(x, h, p, cell: Gru = GRU, tanh: Callable = math.tanh) -> list:
    """Return h_t of one sequence: x (D), h (H) and the parameters as lists."""
    H = len(h)

    def from_input(k: int, j: int) -> Any:
        return p["b"][k * H + j] + dot(x, p["W_xh"], k * H + j)

    def from_state(state: list, k: int, j: int) -> Any:
        return dot(state, p["W_hh"], k * H + j)

    r = [sigmoid(from_input(0, j) + from_state(h, 0, j), tanh) for j in range(H)]
    seen = [r[j] * h[j] for j in range(H)]
    new = []
    for j in range(H):
        z = from_input(1, j) + from_state(seen if cell.reset == "first" else h, 1, j)
        if cell.reset == "after":
            inside = from_input(2, j) + r[j] * from_state(h, 2, j)
        else:
            inside = from_input(2, j) + from_state(seen, 2, j)
        n, z = tanh(inside), sigmoid(z, tanh)
        let_in = z if cell.share == "in" else 1.0 - z
        new.append((1.0 - let_in) * h[j] + let_in * n)
    return new


# --- the oracles ------------------------------------------------------------------------------


def lstm_oracle(x, h0, c0, params, cell: Lstm = LSTM) -> tuple[np.ndarray, np.ndarray]:
    """Return h (B, T, H) and c (B, T, H)."""
    (B, T, _), H = x.shape, h0.shape[1]
    numbers, h_all, c_all = as_lists(params), np.zeros((B, T, H)), np.zeros((B, T, H))
    for b in range(B):
        h, c = as_lists(h0[b]), as_lists(c0[b])
        for t in range(T):
            h, c = lstm_row(as_lists(x[b, t]), h, c, numbers, cell)
            h_all[b, t], c_all[b, t] = h, c
    return h_all, c_all


def lstm_step_oracle(x_t, h_prev, c_prev, params) -> tuple[np.ndarray, np.ndarray]:
    """Return h_t (B, H) and c_t (B, H)."""
    h, c = lstm_oracle(x_t[:, None], h_prev, c_prev, params)
    return h[:, 0], c[:, 0]


def lstm_gradients(dh, dc, x, h0, c0, params, cell: Lstm = LSTM) -> tuple:
    """Return dx, dh0, dc0 and the gradients of `params` of the sum of dh * h and dc * c."""

    def run(x_row, starts, weights):
        h, c = starts
        for x_t in x_row:
            h, c = lstm_row(x_t, h, c, weights, cell, tape.tanh)
            yield h, c

    return _gradients(run, (dh, dc), x, (h0, c0), params)


def lstm_step_gradients(dh_t, dc_t, x_t, h_prev, c_prev, params) -> tuple:
    """Return dx_t, dh_prev, dc_prev and the gradients of `params`."""
    expanded = (a[:, None] for a in (dh_t, dc_t, x_t))
    dx, *rest = lstm_gradients(*expanded, h_prev, c_prev, params)
    return dx[:, 0], *rest


def gru_step_oracle(x_t, h_prev, params, cell: Gru = GRU) -> np.ndarray:
    """Return h_t (B, H)."""
    numbers = as_lists(params)
    rows = zip(as_lists(x_t), as_lists(h_prev), strict=True)
    return np.array([gru_row(x, h, numbers, cell) for x, h in rows])


def gru_step_gradients(dh_t, x_t, h_prev, params, cell: Gru = GRU) -> tuple:
    """Return dx_t, dh_prev and the gradients of `params`."""

    def run(x_row, starts, weights):
        yield (gru_row(x_row[0], starts[0], weights, cell, tape.tanh),)

    dx, dh, grads = _gradients(run, (dh_t[:, None],), x_t[:, None], (h_prev,), params)
    return dx[:, 0], dh, grads


def _gradients(run: Callable, arriving: Sequence, x, starts: Sequence, params: dict) -> tuple:
    """Return the gradients of x, of the starts and of the parameters, by the tape."""
    made: list[Number] = []
    x_leaves, start_leaves = leaves_of(x, made), [leaves_of(start, made) for start in starts]
    weights = {name: leaves_of(value, made) for name, value in params.items()}
    for b in range(len(x)):
        for t, values in enumerate(run(x_leaves[b], [s[b] for s in start_leaves], weights)):
            for row, gradient in zip(values, arriving, strict=True):
                for entry, number in zip(row, gradient[b, t].tolist(), strict=True):
                    entry.grad += number
    tape.go_back(made)
    grads = {name: collect(weights[name], value) for name, value in params.items()}
    back = (collect(leaf, start) for leaf, start in zip(start_leaves, starts, strict=True))
    return collect(x_leaves, x), *back, grads
