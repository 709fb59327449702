"""Products of Jacobians in A4, wrong: each known mistake by its name."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a4_reference import jacobian_products
from course_utils.checks import Mistake
from course_utils.checks.core import variants


def _growing(J, step):
    """P[:, k + 1] = step(P[:, k], k), from the identity."""
    B, N, H, _ = J.shape
    P = [np.broadcast_to(np.eye(H, dtype=J.dtype), (B, H, H))]
    for k in range(N):
        P.append(step(P[-1], k))
    return np.stack(P, axis=1)


def _mean(J):
    return jacobian_products(np.broadcast_to(J.mean(axis=0), J.shape))


def _into_J(J):
    P = jacobian_products(J)
    for n in reversed(range(J.shape[1] - 1)):
        J[:, n] = J[:, n] @ J[:, n + 1]
    return P


_ORDER = "The earlier Jacobian stands on the left: P_k = J[:, N - k] @ P_{k-1}, for k = 1, 2, ..."

PRODUCTS_MISTAKES = (
    Mistake(
        "order reversed",
        "The factors stand in the reversed order: the latest Jacobian is the first one.",
        _ORDER,
        lambda J: _growing(J, lambda P, k: P @ J[:, J.shape[1] - 1 - k]),
    ),
    Mistake(
        "transposed",
        "Every product is transposed.",
        "No transpose is needed: ∂h_T/∂h_k = J_{k+1} ... J_T.",
        lambda J: np.swapaxes(jacobian_products(J), 2, 3),
    ),
    Mistake(
        "factors transposed",
        "Every Jacobian is transposed before it is multiplied.",
        "No transpose is needed: ∂h_T/∂h_k = J_{k+1} ... J_T. Only a gradient, a row, meets J^T.",
        lambda J: jacobian_products(np.swapaxes(J, 2, 3)),
    ),
    Mistake(
        "from the start",
        "The products grow from the first Jacobian on; asked for are those that end at the last.",
        "P[:, 1] is the last Jacobian, P[:, 2] the last two.",
        lambda J: _growing(J, lambda P, k: P @ J[:, k]),
    ),
    Mistake(
        "from the start, order reversed",
        "The products grow from the first Jacobian on, and in the reversed order.",
        _ORDER,
        lambda J: _growing(J, lambda P, k: J[:, k] @ P),
    ),
    Mistake(
        "indexed by time",
        "The products are right but stand in the order of time; asked for is the order of the lag.",
        "P[:, 0] is the identity, P[:, N] the product of all.",
        lambda J: jacobian_products(J)[:, ::-1],
    ),
    Mistake(
        "element by element",
        "The matrices are multiplied entry by entry.",
        "`@` multiplies matrices, `*` entries.",
        lambda J: _growing(J, lambda P, k: J[:, J.shape[1] - 1 - k] * (P if k else 1 + 0 * P)),
    ),
    Mistake(
        "identity left out",
        "The identity of lag 0 is missing: N + 1 matrices are asked for.",
        "Over no step the state is itself: P[:, 0] is the identity.",
        lambda J: jacobian_products(J)[:, 1:],
    ),
    Mistake(
        "lag 0 is zero",
        "P[:, 0] is zero; over no step the state is itself, which is the identity.",
        "Start from `np.eye(H)`.",
        lambda J: jacobian_products(J) * (np.arange(J.shape[1] + 1) > 0)[:, None, None],
    ),
    *variants(
        "powers of one Jacobian",
        "P[:, k] is a power of one single Jacobian; every step has its own.",
        _ORDER,
        lambda J: _growing(J, lambda P, k: J[:, -1] @ P),
        lambda J: _growing(J, lambda P, k: J[:, 0] @ P),
    ),
    Mistake(
        "added, not multiplied",
        "The Jacobians are added up.",
        "The chain rule multiplies along one chain; it adds over different ones.",
        lambda J: _growing(J, lambda P, k: J[:, J.shape[1] - 1 - k] + (P if k else 0 * P)),
    ),
    Mistake(
        "last product only",
        "Only the product of all Jacobians came back; asked for is one for each lag.",
        "Keep every intermediate product: P is (B, N + 1, H, H).",
        lambda J: jacobian_products(J)[:, -1],
    ),
    Mistake(
        "batch mixed",
        "The sequences of the batch are mixed: all get the same matrices.",
        "Row b has its own Jacobians `J[b]`. `@` keeps the first axes apart.",
        _mean,
    ),
    Mistake(
        "J changed in place",
        "`J` was overwritten; it belongs to the caller.",
        "Write the products into an array of your own.",
        _into_J,
    ),
)
