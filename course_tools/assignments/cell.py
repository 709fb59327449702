"""The recurrent cell of assignments A2 and A3, described by switches, and its oracle.

    h_t = keep * h_{t-1} + gain * tanh(x_t W_xh + h_{t-1} W_hh + y_{t-1} W_yh + b_h)
    y_t = h_t W_hy + b_y

With `leak` the leak rate, keep = 1 - leak and gain = leak (Jaeger, Lukosevicius, Popovici and
Siewert 2007, Optimization and applications of echo state networks with leaky-integrator neurons).
The feedback of the output is Jordan's (1986, Serial order). A later term draws other switches.

The oracle loops over single numbers in plain Python: no NumPy, no matrix product, hence no
broadcasting, no transpose and no shared buffer, where the mistakes live. It costs milliseconds at
the sizes of a test and spares each graded notebook the second that importing torch takes. It runs
on any kind of number: hand it torch scalars and `torch.tanh`, and autograd goes through.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Cell:
    """The switches.

    leak      "unit": a rate for each unit, (H,); "shared": one rate, (); "none": no leak at all
    feedback  whether the previous output enters through W_yh
    coupled   gain = leak; otherwise gain = 1: the state leaks, the new value enters in full
    """

    leak: Literal["unit", "shared", "none"] = "unit"
    feedback: bool = True
    coupled: bool = True


A2 = Cell()
"""The cell of this term."""


def draw_params(
    rng: np.random.Generator, D: int, H: int, O: int, cell: Cell = A2, dtype: Any = np.float64
) -> dict[str, np.ndarray]:
    """Return the parameters of `cell`: weights of unit scale, distinct non-zero biases and leaks.

    Matrices are (in, out). Nothing is zero, symmetric or small: each of these hides mistakes.
    """

    def matrix(rows: int, columns: int) -> np.ndarray:
        return rng.normal(size=(rows, columns)) / np.sqrt(rows)

    def bias(size: int) -> np.ndarray:
        return rng.uniform(0.2, 0.8, size=size) * rng.choice([-1, 1], size=size)

    params = {"W_xh": matrix(D, H), "W_hh": matrix(H, H)}
    if cell.feedback:
        params["W_yh"] = matrix(O, H)
    params["b_h"] = bias(H)
    if cell.leak != "none":
        # Evenly spaced and shuffled: the units' rates stay apart, their mean stays off 1/2.
        rates = rng.permutation(np.linspace(0.15, 0.7, H)) if H > 1 else np.array([0.3])
        params["leak"] = rates if cell.leak == "unit" else np.array(rates.mean())
    params |= {"W_hy": matrix(H, O), "b_y": bias(O)}
    return {name: value.astype(dtype) for name, value in params.items()}


def draw_inputs(
    rng: np.random.Generator, B: int, T: int, D: int, H: int, O: int, dtype: Any = np.float64
) -> dict[str, np.ndarray]:
    """Return x (B, T, D), h0 (B, H) and y0 (B, O), none of them zero."""
    sizes = {"x": (B, T, D), "h0": (B, H), "y0": (B, O)}
    return {name: rng.normal(size=size).astype(dtype) for name, size in sizes.items()}


def count(D: int, H: int, O: int, C: int, cell: Cell = A2) -> int:
    """Return how many numbers are learned: the cell's, and a classifier of H into C classes."""
    leaks = {"unit": H, "shared": 1, "none": 0}[cell.leak]
    feedback = O * H if cell.feedback else 0
    return D * H + H * H + feedback + H + leaks + H * O + O + H * C + C


# --- the oracle: rows are lists of numbers --------------------------------------------------


def step_row(x, h, y, params, cell: Cell = A2, tanh: Callable = math.tanh) -> tuple[list, list]:
    """Return (h_t, y_t) of one sequence: x (D), h (H), y (O) and `params` as nested lists."""
    new = []
    for j in range(len(h)):
        total = params["b_h"][j] + dot(x, params["W_xh"], j) + dot(h, params["W_hh"], j)
        if cell.feedback:
            total = total + dot(y, params["W_yh"], j)
        keep, gain = 0.0, 1.0
        if cell.leak != "none":
            rate = params["leak"][j] if cell.leak == "unit" else params["leak"]
            keep, gain = 1.0 - rate, (rate if cell.coupled else 1.0)
        new.append(keep * h[j] + gain * tanh(total))
    return new, linear_row(new, params["W_hy"], params["b_y"])


def linear_row(h, W, b) -> list:
    """Return h W + b for one row."""
    return [b[k] + dot(h, W, k) for k in range(len(b))]


def dot(row, W, column: int):
    return sum(row[i] * W[i][column] for i in range(len(row)))


def forward_oracle(x, h0, y0, params, cell: Cell = A2) -> tuple[np.ndarray, np.ndarray]:
    """Return h (B, T, H) and y (B, T, O), both float64."""
    (B, T, _), H, O = x.shape, h0.shape[1], y0.shape[1]
    numbers = as_lists(params)
    h_all, y_all = np.zeros((B, T, H)), np.zeros((B, T, O))
    for b in range(B):
        h, y = as_lists(h0[b]), as_lists(y0[b])
        for t in range(T):
            h, y = step_row(as_lists(x[b, t]), h, y, numbers, cell)
            h_all[b, t], y_all[b, t] = h, y
    return h_all, y_all


def step_oracle(x_t, h_prev, y_prev, params, cell: Cell = A2) -> tuple[np.ndarray, np.ndarray]:
    """Return h_t (B, H) and y_t (B, O), both float64."""
    h, y = forward_oracle(x_t[:, None], h_prev, y_prev, params, cell)
    return h[:, 0], y[:, 0]


def classify_oracle(h, h0, lengths, W_hc, b_c) -> np.ndarray:
    """Return p (B, C): the softmax of the logits of each sequence's last valid state."""
    rows = []
    for b, length in enumerate(lengths.tolist()):
        state = as_lists(h0[b] if length == 0 else h[b, length - 1])
        logits = linear_row(state, as_lists(W_hc), as_lists(b_c))
        top = max(logits)
        weights = [math.exp(logit - top) for logit in logits]
        rows.append([weight / math.fsum(weights) for weight in weights])
    return np.array(rows)


def as_lists(value: Any) -> Any:
    """Return an array, or a dict of arrays, as nested lists of Python numbers."""
    if isinstance(value, dict):
        return {name: as_lists(entry) for name, entry in value.items()}
    return np.asarray(value, dtype=np.float64).tolist()
