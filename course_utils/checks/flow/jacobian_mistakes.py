"""What goes wrong when Jacobians are multiplied through time, with the words that name it."""

from __future__ import annotations

import numpy as np

from course_utils.checks.core import Mistake, variants


def slopes(h):
    return 1 - h**2


def jacobians(h, W_hh):
    """Return J_1 ... J_T, each (H, H)."""
    return [W_hh * s for s in slopes(h)]


def product(matrices, H: int) -> np.ndarray:
    result = np.eye(H)
    for matrix in matrices:
        result = result @ matrix
    return result


def _made_of(one):
    """Return a wrong product: `one(s_t, W_hh)` stands for the Jacobian of a step of slopes s_t."""
    return lambda h, W_hh: product([one(s, W_hh) for s in slopes(h)], len(W_hh))


def _of_states(change):
    """Return a product whose slopes are taken from other numbers: `change(h)`, (T, H)."""
    return lambda h, W_hh: product([W_hh * s for s in change(h)], len(W_hh))


def _first_missing(h, W_hh):
    return product(jacobians(h, W_hh)[1:], len(W_hh))


def _last_missing(h, W_hh):
    return product(jacobians(h, W_hh)[:-1], len(W_hh))


def _slopes_of_the_step_before(h, W_hh):
    before = np.concatenate([np.zeros((1, len(W_hh))), h])[: len(h)]
    return product(jacobians(before, W_hh), len(W_hh))


def _turned(h, W_hh):
    return product(jacobians(h, W_hh)[::-1], len(W_hh))


def _transposed(h, W_hh):
    return product(jacobians(h, W_hh), len(W_hh)).T


def _entrywise(h, W_hh):
    result = np.ones_like(W_hh)
    for J in jacobians(h, W_hh):
        result = result * J
    return result


PRODUCT_MISTAKES = (
    Mistake(
        "transposed",
        "The result is transposed: outputs stand down its side.",
        "In our layout `J_t = W_hh diag(1 - h_t²)`, and the product is `J_1 J_2 ... J_T`. "
        "`diag(f') W_hh^T` multiplied from the other side is the layout of other texts.",
        _transposed,
    ),
    Mistake(
        "order turned",
        "The Jacobians stand in the wrong order: the last step comes first.",
        "A change of h_0 passes step 1 first: `product = product @ J_t` for t = 1 ... T. "
        "(It is the transposed matrices that stand last step first.)",
        _turned,
    ),
    Mistake(
        "diagonal on the left",
        "The slopes scale the rows of `W_hh`. They belong to the units that receive: its columns.",
        "`W_hh @ np.diag(1 - h[t] ** 2)`, or `W_hh * (1 - h[t] ** 2)`, without `[:, None]`.",
        _made_of(lambda s, W: s[:, None] * W),
    ),
    *variants(
        "W_hh transposed",
        "`W_hh` is transposed, but the rest is in our layout: this is neither of both.",
        "`J_t[i, j] = ∂h_t[j]/∂h_{t-1}[i]`, and unit i sends to unit j with `W_hh[i, j]`.",
        _made_of(lambda s, W: W.T * s),
        _made_of(lambda s, W: W.T * s[:, None]),
    ),
    Mistake(
        "slopes omitted",
        "This is `W_hh` to a power: the slopes of tanh are missing.",
        "Each step multiplies with `diag(1 - h_t²)` too.",
        _made_of(lambda s, W: W),
    ),
    Mistake(
        "1-h for 1-h²",
        "The slope is `1 - h`, without the square.",
        "tanh' in terms of the state is `1 - h²`.",
        _of_states(lambda h: 1 - h),
    ),
    Mistake(
        "tanh' of the state",
        "The slope is taken as `1 - tanh(h)²`, but `h` is a tanh already.",
        "`1 - h²`.",
        _of_states(lambda h: 1 - np.tanh(h) ** 2),
    ),
    *variants(
        "a step missing",
        "One Jacobian is missing: there are T steps from h_0 to h_T, so T factors.",
        "`h[0]` is h_1, the state after the first step. `for t in range(len(h))` takes them all.",
        _first_missing,
        _last_missing,
    ),
    Mistake(
        "slopes of the state before",
        "The slopes are those of the state before the step, with 0 before the first.",
        "`J_t` has the slope where the step arrives: that of h_t.",
        _slopes_of_the_step_before,
    ),
    *variants(
        "entry by entry",
        "The matrices are multiplied entry by entry.",
        "`@` is the matrix product, `*` is not.",
        _entrywise,
        lambda h, W_hh: np.prod(np.array(jacobians(h, W_hh)), axis=0),
    ),
    Mistake(
        "added up",
        "The Jacobians are added up. Along one path slopes multiply.",
        "`product = product @ J_t`, starting from the identity.",
        lambda h, W_hh: sum(jacobians(h, W_hh), np.zeros_like(W_hh)),
    ),
    Mistake(
        "one step only",
        "This is the Jacobian of the last step alone.",
        "`product = product @ J_t` in each step, and return the product.",
        lambda h, W_hh: (jacobians(h, W_hh) or [np.eye(len(W_hh))])[-1],
    ),
)


def by_lag(h, W_hh, *, norm=lambda M: np.linalg.norm(M, 2), one=lambda s, W: W * s) -> np.ndarray:
    """Return `norm` of J_{T-k+1} ... J_T for k = 1 ... T; right with the defaults, `(T,)`."""
    result, found = np.eye(len(W_hh)), []
    for s in slopes(h)[::-1]:
        result = one(s, W_hh) @ result
        found.append(norm(result))
    return np.array(found)


def _from_the_start(h, W_hh):
    return np.array(
        [np.linalg.norm(product(jacobians(h[:t], W_hh), len(W_hh)), 2) for t in _counts(h)]
    )


def _counts(h):
    return range(1, len(h) + 1)


def _wrong_side(h, W_hh):
    result, found = np.eye(len(W_hh)), []
    for J in jacobians(h, W_hh)[::-1]:
        result = result @ J
        found.append(np.linalg.norm(result, 2))
    return np.array(found)


def _single_norms(h, W_hh):
    return np.array([np.linalg.norm(J, 2) for J in jacobians(h, W_hh)[::-1]])


LAG_MISTAKES = (
    *variants(
        "Frobenius norm",
        "This is the Frobenius norm, the root of the sum of all squares.",
        "`np.linalg.norm(M)` of a matrix is Frobenius'. The spectral norm, the largest singular "
        "value, is `np.linalg.norm(M, 2)`.",
        lambda h, W_hh: by_lag(h, W_hh, norm=np.linalg.norm),
    ),
    Mistake(
        "spectral radius for the norm",
        "This is the largest |eigenvalue| of each product, not its largest singular value.",
        "`np.linalg.norm(M, 2)`. Eigenvalues bound no product: section 3.",
        lambda h, W_hh: by_lag(h, W_hh, norm=lambda M: np.abs(np.linalg.eigvals(M)).max()),
    ),
    Mistake(
        "from the start",
        "These are the norms of ∂h_k/∂h_0: the product grows from the first step.",
        "Lag k looks back from h_T: begin with J_T and put J_{T-1}, J_{T-2}, ... on its left.",
        _from_the_start,
    ),
    Mistake(
        "earlier steps on the right",
        "Earlier Jacobians are put on the right of the product: `J_T J_{T-1} ...`.",
        "The order of time is from left to right: `product = J_t @ product`.",
        _wrong_side,
    ),
    Mistake(
        "product of norms",
        "The norms of the single Jacobians are multiplied. That is a bound: the norm of the "
        "product may be much smaller.",
        "Multiply the matrices first, then take the norm.",
        lambda h, W_hh: np.cumprod(_single_norms(h, W_hh)),
    ),
    Mistake(
        "single steps",
        "These are the norms of single Jacobians: nothing is multiplied.",
        "`product = J_t @ product`, and the norm of `product`.",
        _single_norms,
    ),
    Mistake(
        "lags reversed",
        "The numbers are right and stand in reverse: the largest lag comes first.",
        "Entry 0 belongs to lag 1, from h_{T-1} to h_T.",
        lambda h, W_hh: by_lag(h, W_hh)[::-1],
    ),
    Mistake(
        "begins at lag 0",
        "The first number belongs to lag 0, the identity, and the largest lag is missing.",
        "Multiply first, then take the norm.",
        lambda h, W_hh: np.concatenate([[1.0], by_lag(h, W_hh)[:-1]]),
    ),
    Mistake(
        "slopes omitted",
        "These are the norms of powers of `W_hh`: the slopes of tanh are missing.",
        "Each step multiplies with `diag(1 - h_t²)` too.",
        lambda h, W_hh: by_lag(h, W_hh, one=lambda s, W: W),
    ),
    Mistake(
        "diagonal on the left",
        "The slopes scale the rows of `W_hh`. They belong to the units that receive: its columns.",
        "`W_hh @ np.diag(1 - h[t] ** 2)`, or `W_hh * (1 - h[t] ** 2)`, without `[:, None]`.",
        lambda h, W_hh: by_lag(h, W_hh, one=lambda s, W: s[:, None] * W),
    ),
)
