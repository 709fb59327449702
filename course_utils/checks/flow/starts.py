"""A check of an orthogonal start: the factor of a random matrix, its signs fixed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, H: int, rho: float, weight: float = 1.0, dtype=np.float64) -> Case:
        return Case(name, {"A": rng.normal(size=(H, H)).astype(dtype), "rho": rho}, weight)

    yield case("H=6, rho=0.9", 6, 0.9, 4.0)
    yield case("H=5, rho=1", 5, 1.0)
    yield case("H=40, rho=1.5", 40, 1.5)
    yield case("one unit (H=1)", 1, 0.9)
    yield case("float32", 6, 0.9, dtype=np.float32)


def _gram_schmidt(A, rho) -> np.ndarray:
    """Column by column: what is left of each after its share along the earlier ones, twice."""
    A = np.asarray(A, np.float64)
    Q = np.zeros_like(A)
    for j in range(len(A)):
        left = A[:, j]
        for _ in range(2):  # once more against rounding
            left = left - Q[:, :j] @ (Q[:, :j].T @ left)
        Q[:, j] = left / np.sqrt((left**2).sum())
    return rho * Q


def _signed(A):
    """Return Q with its signs fixed, and the signs that were."""
    Q, R = np.linalg.qr(A)
    signs = np.sign(np.diag(R))
    return Q * signs, Q, R, signs


def _polar(A):
    u, _, v = np.linalg.svd(A)
    return u @ v


MISTAKES = (
    Mistake(
        "signs not fixed",
        "The matrix is orthogonal, but its signs are those that the library happened to choose, "
        "which are not random: rotations of some kinds come too often.",
        "`Q * np.sign(np.diag(R))`: turn round the columns where R's diagonal is negative.",
        lambda A, rho: rho * _signed(A)[1],
    ),
    *variants(
        "signs on the rows",
        "The signs are multiplied to rows. `Q R` stays the same only if *columns* of Q are turned, "
        "together with rows of R.",
        "`Q * signs`, without `[:, None]`.",
        lambda A, rho: rho * _signed(A)[1] * _signed(A)[3][:, None],
    ),
    Mistake(
        "signs of the wrong matrix",
        "The signs are taken from the diagonal of Q, not of R.",
        "`np.sign(np.diag(R))`.",
        lambda A, rho: rho * _signed(A)[1] * np.sign(np.diag(_signed(A)[1])),
    ),
    Mistake(
        "not orthogonal: scaled by its norm",
        "The matrix is only divided by its largest singular value. The other singular values stay "
        "below 1: those directions fade.",
        "Take the factor Q of `np.linalg.qr(A)`.",
        lambda A, rho: rho * A / np.linalg.norm(A, 2),
    ),
    Mistake(
        "not orthogonal: scaled by its spectral radius",
        "The largest |eigenvalue| is rho now, but the matrix is not orthogonal: some directions "
        "grow, others fade.",
        "Take the factor Q of `np.linalg.qr(A)`.",
        lambda A, rho: rho * A / np.abs(np.linalg.eigvals(A)).max(),
    ),
    Mistake(
        "columns of length 1",
        "The columns have length rho, but they are not at right angles.",
        "Take the factor Q of `np.linalg.qr(A)`.",
        lambda A, rho: rho * A / np.linalg.norm(A, axis=0),
    ),
    Mistake(
        "rho left out",
        "The matrix is orthogonal, but not multiplied by rho.",
        "`rho * Q`.",
        lambda A, rho: _signed(A)[0],
    ),
    Mistake(
        "R returned",
        "That is R, the triangular factor.",
        "`Q, R = np.linalg.qr(A)`, in this order.",
        lambda A, rho: rho * _signed(A)[2],
    ),
    Mistake(
        "the polar factor",
        "This matrix is orthogonal and as random as it should be: a fine start. It is another one "
        "than the exercise asks for.",
        "Here: the factor Q of `np.linalg.qr(A)`, signs fixed, times rho.",
        lambda A, rho: rho * _polar(A),
    ),
    Mistake(
        "transposed",
        "The matrix is orthogonal, and the transpose of the one asked for.",
        "Return Q itself (a fine start, too, is its transpose).",
        lambda A, rho: rho * _signed(A)[0].T,
    ),
)

orthogonal_start = Check(
    "an orthogonal start", [Output("W_hh", "(H, H)")], _cases, _gram_schmidt, MISTAKES
)
"""Judges `orthogonal_start(A, rho)`: rho times the Q of A (H, H), R's diagonal made positive."""
