"""The oracle of A3: gradients of the cell of `cell.py`, automatic and numeric.

A sequence of length n takes n steps; from step n on its states and outputs are zero, whatever
stands in x there, and what arrives there in dh and dy goes nowhere. So nothing behind an end is
ever read here: it may hold nan.

The loss of which gradients are taken is the sum of dh * h and dy * y over the steps that count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_tools.assignments import tape
from course_tools.assignments.cell import A2, Cell, as_lists, step_row
from course_tools.assignments.tape import Number

Gradients = tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]


def gradient_oracle(
    dh, dy, x, h0, y0, params, lengths, k: int | None = None, cell: Cell = A2
) -> Gradients:
    """Return dx, dh0, dy0 and the gradients of `params` by name, all float64.

    With `k`, the chain is cut before steps k, 2k, ...: there state and output are plain values.
    """
    made: list[Number] = []
    given = {"x": np.where(_counts(x, lengths), x, 0), "h0": h0, "y0": y0}
    leaves = {name: leaves_of(value, made) for name, value in given.items()}
    weights = {name: leaves_of(value, made) for name, value in params.items()}
    for b, n in enumerate(lengths):
        h, y = leaves["h0"][b], leaves["y0"][b]
        for t in range(n):
            if k and t and t % k == 0:
                h, y = ([Number(entry.value, made) for entry in row] for row in (h, y))
            h, y = step_row(leaves["x"][b][t], h, y, weights, cell, tape.tanh)
            for row, arriving in ((h, dh[b, t]), (y, dy[b, t])):
                for entry, gradient in zip(row, arriving.tolist(), strict=True):
                    entry.grad += gradient
    tape.go_back(made)
    grads = {name: collect(weights[name], value) for name, value in params.items()}
    return (*(collect(leaves[name], value) for name, value in given.items()), grads)


def step_gradient_oracle(
    dh_t, dy_t, x_t, h_prev, y_prev, h_t, params, cell: Cell = A2
) -> Gradients:
    """Return dx_t, dh_prev, dy_prev and the gradients of `params`; `h_t` follows from the rest."""
    once = np.ones(len(x_t), dtype=int)
    expanded = (a[:, None] for a in (dh_t, dy_t, x_t))
    dx, *rest = gradient_oracle(*expanded, h_prev, y_prev, params, once, cell=cell)
    return dx[:, 0], *rest


def difference_oracle(
    name, claimed, dh, dy, x, h0, y0, params, lengths, eps
) -> tuple[np.ndarray, float]:
    """Return the central differences (L(p + eps) - L(p - eps)) / (2 eps), one for each entry of
    x, h0, y0 or a parameter, and how far `claimed` is from them: the largest absolute difference
    over the largest absolute entry of the two, 0 where all are zero.
    """
    given = {"x": x, "h0": h0, "y0": y0, **params}
    numeric = np.zeros(given[name].shape)
    for index in np.ndindex(numeric.shape):
        losses = []
        for step in (eps, -eps):
            moved = given[name].astype(np.float64)
            moved[index] += step
            losses.append(_loss(dh, dy, {**given, name: moved}, lengths))
        numeric[index] = (losses[0] - losses[1]) / (2 * eps)
    return numeric, relative_error(claimed, numeric)


def relative_error(claimed: np.ndarray, numeric: np.ndarray) -> float:
    """Return the largest absolute difference over the largest absolute entry of both, or 0."""
    largest = max(np.abs(claimed).max(initial=0), np.abs(numeric).max(initial=0))
    return float(np.abs(claimed - numeric).max(initial=0) / largest) if largest else 0.0


def _loss(dh, dy, given: dict[str, np.ndarray], lengths) -> float:
    total = 0.0
    for b, t, h, y in _steps(given, lengths):
        pairs = (*zip(h, dh[b, t].tolist(), strict=True), *zip(y, dy[b, t].tolist(), strict=True))
        total += sum(value * weight for value, weight in pairs)
    return total


def _steps(given: dict[str, np.ndarray], lengths) -> Iterator[tuple[int, int, list, list]]:
    numbers = as_lists(given)
    for b, n in enumerate(lengths):
        h, y = numbers["h0"][b], numbers["y0"][b]
        for t in range(n):
            h, y = step_row(numbers["x"][b][t], h, y, numbers)
            yield b, t, h, y


def _counts(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return (np.arange(x.shape[1]) < np.asarray(lengths)[:, None])[:, :, None]


def leaves_of(value: Any, made: list[Number]) -> Any:
    """Return an array as nested lists of numbers on the tape."""
    numbers = as_lists(value) if isinstance(value, np.ndarray) else value
    if isinstance(numbers, list):
        return [leaves_of(entry, made) for entry in numbers]
    return Number(numbers, made)


def collect(leaves: Any, like: np.ndarray) -> np.ndarray:
    """Return the gradients of nested lists of numbers as an array of the shape of `like`."""

    def grads(entry: Any) -> Any:
        return [grads(e) for e in entry] if isinstance(entry, list) else entry.grad

    return np.array(grads(leaves), dtype=np.float64).reshape(np.shape(like))
