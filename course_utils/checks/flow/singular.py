"""A check of power iteration: the largest singular value of a matrix, by products with a row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _matrix(rng: np.random.Generator, m: int, n: int, largest: float) -> np.ndarray:
    """Return a matrix (m, n) whose singular values fall from `largest` by a third each."""
    values = largest * 0.67 ** np.arange(min(m, n))
    u, v = (np.linalg.qr(rng.normal(size=(size, size)))[0] for size in (m, n))
    return (u[:, : len(values)] * values) @ v[: len(values)]


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, W: np.ndarray, n: int, weight: float = 1.0) -> Case:
        v = rng.normal(size=len(W)).astype(W.dtype)
        return Case(name, {"W": W, "v": v, "n": n}, weight)

    yield case("W (6, 6), largest singular value 1.7, 60 rounds", _matrix(rng, 6, 6, 1.7), 60, 4.0)
    yield case("W (4, 7), not square", _matrix(rng, 4, 7, 0.9), 60)
    yield case("largest singular value 50, 400 rounds", _matrix(rng, 5, 5, 50.0), 400)
    yield case("largest singular value 0.02, 400 rounds", _matrix(rng, 5, 5, 0.02), 400)
    yield case("one unit: W (1, 1) and negative", -_matrix(rng, 1, 1, 3.0), 5)
    yield case("float32", _matrix(rng, 6, 6, 1.7).astype(np.float32), 60)


def power_iteration(W, v, n, *, back=lambda u, W: u @ W.T, scale=np.linalg.norm):
    """Return (the last row, of length 1; W): n rounds of v -> v W W^T."""
    for _ in range(n):
        v = back(v @ W, W)
        v = v / scale(v)
    return v


def _plain(W, v, n):
    for _ in range(n):
        v = v @ W @ W.T
    return np.linalg.norm(v @ W) / np.linalg.norm(v)


def _once_at_the_end(W, v, n):
    for _ in range(n):
        v = v @ W @ W.T
    return np.linalg.norm(v / np.linalg.norm(v) @ W)


def _columns(W, v, n):
    """v is taken for a column: it cannot meet a W that is not square."""
    for _ in range(n):
        v = W.T @ (W @ v)
        v = v / np.linalg.norm(v)
    return np.linalg.norm(v @ W)


def _mixed(W, v, n):
    """W W^T from the left, which is the same; then a last W as if v were a column."""
    return np.linalg.norm(W @ power_iteration(W, v, n))


def _one_way(W, v, n):
    """v -> v W only: settles on an eigenvector, if it settles at all."""
    for _ in range(n):
        v = v @ W / np.linalg.norm(v @ W)
    return np.linalg.norm(v @ W)


MISTAKES = (
    Mistake(
        "squared",
        "This is the square of the largest singular value.",
        "One round is a product with `W W^T`, which stretches by σ². Take the root, or return "
        "`np.linalg.norm(v @ W)` for a row v of length 1.",
        lambda W, v, n: np.linalg.norm(power_iteration(W, v, n) @ W @ W.T),
    ),
    *variants(
        "W alone",
        "The row is multiplied by `W` only. That turns it towards an eigenvector: its stretching "
        "tends to the spectral radius, if it tends to anything.",
        "There and back in each round: `v @ W @ W.T`.",
        _one_way,
        lambda W, v, n: float(np.abs(np.linalg.eigvals(W)).max()),
    ),
    *variants(
        "never normalised",
        "The row is not brought back to length 1 in each round: after many rounds it is infinite, "
        "or zero.",
        "Divide by the row's length in each round: only its direction is wanted.",
        _plain,
        _once_at_the_end,
    ),
    *variants(
        "v as a column",
        "At one place `v` is multiplied as a column, from the right of `W`. Here it is a row.",
        "`v @ W @ W.T` in each round, and `v @ W` at the end.",
        _mixed,
        _columns,
    ),
    Mistake(
        "Frobenius norm",
        "This is the Frobenius norm, the root of the sum of *all* squared singular values.",
        "`np.linalg.norm(v @ W)`, for the row v that the rounds lead to.",
        lambda W, v, n: np.linalg.norm(W),
    ),
    Mistake(
        "the start's stretching",
        "This is how much `W` stretches the row that you were given: the rounds changed nothing.",
        "Assign the new row to `v` in each round.",
        lambda W, v, n: np.linalg.norm(v @ W) / np.linalg.norm(v),
    ),
    Mistake(
        "the row's length",
        "The length of the row is returned, which you have just made 1.",
        "Return how much `W` stretches that row: `np.linalg.norm(v @ W)`.",
        lambda W, v, n: np.linalg.norm(power_iteration(W, v, n)),
    ),
    Mistake(
        "an average over entries",
        "The length is taken as a mean of squares, not their sum: too small by the root of the "
        "number of entries.",
        "`np.linalg.norm(v @ W)` is the root of the *sum* of squares.",
        lambda W, v, n: np.sqrt(np.mean((power_iteration(W, v, n) @ W) ** 2)),
    ),
)

largest_singular_value = Check(
    "power iteration",
    [Output("sigma_max", "")],
    _cases,
    lambda W, v, n: np.linalg.svd(np.asarray(W, np.float64), compute_uv=False)[0],
    MISTAKES,
)
"""Judges `largest_singular_value(W, v, n)`: n rounds of power iteration from the row v."""
