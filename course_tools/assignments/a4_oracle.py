"""The oracles of A4, each by other means than a student has: a tape, plain loops, decimals.

What the cell computes is in `cell.py`; its switches decide what is differentiated here. The state
is nudged and the output that was read from it moves along: a Jacobian counts both ways.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, localcontext

import numpy as np

from course_tools.assignments import tape
from course_tools.assignments.cell import A2, Cell, as_lists, dot, linear_row, step_row
from course_tools.assignments.tape import Number


def jacobian_oracle(x_t, h_prev, params, cell: Cell = A2) -> tuple[np.ndarray, ...]:
    """Return kept, recurrent and fed_back, each (B, H, H): the derivative of h_t[b, j] with respect
    to h_prev[b, i] past the tanh, through W_hh and through the output.

    A way is what is lost when it is cut: the value stays, and does not move with h_prev.
    """
    numbers = as_lists(params)
    rows = [
        _ways(as_lists(x), as_lists(h), numbers, cell) for x, h in zip(x_t, h_prev, strict=True)
    ]
    return tuple(np.array(way) for way in zip(*rows, strict=True))


def _ways(x: list, h: list, numbers: dict, cell: Cell) -> tuple[np.ndarray, ...]:
    """Return kept, recurrent and fed_back of one sequence, each (H, H)."""
    y = linear_row(h, numbers["W_hy"], numbers["b_y"])
    total = [bias + dot(h, numbers["W_hh"], j) for j, bias in enumerate(numbers["b_h"])]
    still = {**numbers, "W_hh": [[0.0] * len(h)] * len(h), "b_h": total}
    kept = _derivative(lambda row: step_row(x, row, y, still, cell, tape.tanh)[0], h)
    both = _derivative(lambda row: step_row(x, row, y, numbers, cell, tape.tanh)[0], h)
    whole = _derivative(lambda row: _read_and_step(x, row, numbers, cell), h)
    return kept, both - kept, whole - both


def _read_and_step(x, h, numbers, cell: Cell) -> list:
    y = linear_row(h, numbers["W_hy"], numbers["b_y"])
    return step_row(x, h, y, numbers, cell, tape.tanh)[0]


def _derivative(function: Callable[[list], list], at: list[float]) -> np.ndarray:
    """Return the derivative of each entry (column) with respect to each entry of `at` (row)."""
    made: list[Number] = []
    leaves = [Number(value, made) for value in at]
    results = function(leaves)
    columns = []
    for result in results:
        for number in made:
            number.grad = 0.0
        if isinstance(result, Number):  # a plain number depends on nothing
            result.grad = 1.0
        tape.go_back(made)
        columns.append([leaf.grad for leaf in leaves])
    return np.array(columns).T


def products_oracle(J) -> np.ndarray:
    """Return P (B, N + 1, H, H): P[b, k] is the product of the last k of J[b], in order of time."""
    B, N, H, _ = J.shape
    P = np.zeros((B, N + 1, H, H))
    for b in range(B):
        product = [[float(i == j) for j in range(H)] for i in range(H)]
        P[b, 0] = product
        for k in range(1, N + 1):
            first = as_lists(J[b, N - k])
            product = [
                [math.fsum(first[i][m] * product[m][j] for m in range(H)) for j in range(H)]
                for i in range(H)
            ]
            P[b, k] = product
    return P


def norms_oracle(dh, J) -> np.ndarray:
    """Return L (B, N + 1): the logarithm of the norm of dh after the last k Jacobians, backwards.

    Decimals have exponents for which nothing is too small or too large.
    """
    B, N, H, _ = J.shape
    L = np.zeros((B, N + 1))
    with localcontext(Context(prec=25, Emin=-(10**9), Emax=10**9)):
        for b in range(B):
            g = [Decimal(value) for value in as_lists(dh[b])]
            L[b, 0] = _log_norm(g)
            for k in range(1, N + 1):
                rows = [[Decimal(v) for v in row] for row in as_lists(J[b, N - k])]
                g = [sum(g[j] * rows[i][j] for j in range(H)) for i in range(H)]
                L[b, k] = _log_norm(g)
    return L


def _log_norm(row: list[Decimal]) -> float:
    square = sum(value * value for value in row)
    shift = square.adjusted()
    return 0.5 * (math.log(float(square.scaleb(-shift))) + shift * math.log(10))


def curve_oracle(dh, x, h0, y0, params, cell: Cell = A2) -> np.ndarray:
    """Return L (B, T): the logarithm of the norm of the gradient at the state k steps before the
    last one, where `dh` arrives at the last state and nothing anywhere else."""
    (B, T, _), numbers = x.shape, as_lists(params)
    L = np.zeros((B, T))
    for b in range(B):
        made: list[Number] = []
        h, y = ([Number(v, made) for v in as_lists(start[b])] for start in (h0, y0))
        states = []
        for t in range(T):
            h, y = step_row(as_lists(x[b, t]), h, y, numbers, cell, tape.tanh)
            states.append(h)
        for number, arriving in zip(h, as_lists(dh[b]), strict=True):
            number.grad += arriving
        tape.go_back(made)
        for k, state in enumerate(reversed(states)):
            L[b, k] = math.log(math.hypot(*(number.grad for number in state)))
    return L


def clip_oracle(grads, max_norm) -> tuple[dict[str, np.ndarray | None], float]:
    """Return the clipped gradients and their norm before; all zero and inf where no step is taken.

    `math.hypot` takes a root of squares that never overflow.
    """
    entries = [value for g in grads.values() if g is not None for value in np.ravel(g).tolist()]
    norm = math.hypot(*entries) if all(map(math.isfinite, entries)) else math.inf
    scale = 0.0 if math.isinf(norm) else min(1.0, max_norm / norm) if norm else 1.0

    def scaled(g):
        return np.array([v * scale if scale else 0.0 for v in np.ravel(g).tolist()]).reshape(
            g.shape
        )

    return {name: None if g is None else scaled(g) for name, g in grads.items()}, norm
