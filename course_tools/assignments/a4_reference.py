"""A4's reference in NumPy, as one would like to read it, in pieces that the mistakes replace.

A Jacobian is a list of formulas, each of what is given and of those before it; `jacobian(...)`
builds one with some replaced. The curve takes the Jacobian and the norms that it is built on.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from course_tools.assignments.a2_reference import run

Jacobian = Callable[..., tuple]
"""(x_t, h_prev, params) -> kept, recurrent, fed_back, each (B, H, H): their sum is J"""
Norms = Callable[..., np.ndarray]
"""(dh, J) -> L (B, N + 1)"""

NAMES = ("W_xh", "W_hh", "W_yh", "b_h", "leak", "W_hy", "b_y")


# --- one Jacobian -----------------------------------------------------------------------------

FORMULAS = {
    "y_prev": lambda v: v.h_prev @ v.W_hy + v.b_y,
    "total": lambda v: v.x_t @ v.W_xh + v.h_prev @ v.W_hh + v.y_prev @ v.W_yh + v.b_h,
    "new": lambda v: np.tanh(v.total),
    "slope": lambda v: 1 - v.new**2,
    "gate": lambda v: (v.leak * v.slope)[:, None, :],
    "kept": lambda v: np.diag(1 - v.leak),
    "recurrent": lambda v: v.W_hh * v.gate,
    "fed_back": lambda v: (v.W_hy @ v.W_yh) * v.gate,
}


def jacobian(**other: Callable) -> Jacobian:
    """Return `leaky_jacobian` by these formulas, with `other` in place of some."""
    formulas = {**FORMULAS, **other}

    def leaky_jacobian(x_t, h_prev, params):
        v = SimpleNamespace(**params)
        v.x_t, v.h_prev = x_t, h_prev
        for name, formula in formulas.items():
            setattr(v, name, formula(v))
        return np.broadcast_to(v.kept, v.recurrent.shape), v.recurrent, v.fed_back

    return leaky_jacobian


leaky_jacobian = jacobian()


# --- products and norms -----------------------------------------------------------------------


def jacobian_products(J):
    """Return P (B, N + 1, H, H): P[:, k] is the product of the last k Jacobians."""
    B, N, H, _ = J.shape
    P = np.zeros((B, N + 1, H, H), dtype=J.dtype)
    P[:, 0] = np.eye(H)
    for k in range(1, N + 1):
        P[:, k] = J[:, N - k] @ P[:, k - 1]
    return P


def back(g, J_n):
    """One gradient row per sequence, one step back."""
    return np.einsum("bj,bij->bi", g, J_n)


def log_norms(dh, J):
    """Return L (B, N + 1): the row is set to length one after every step, its length kept as a
    logarithm, so that nothing is ever too small or too large."""
    length = np.linalg.norm(dh, axis=1, keepdims=True)
    g, L = dh / length, [np.log(length)]
    for n in reversed(range(J.shape[1])):
        g = back(g, J[:, n])
        length = np.linalg.norm(g, axis=1, keepdims=True)
        g, L = g / length, [*L, L[-1] + np.log(length)]
    return np.concatenate(L, axis=1)


# --- the whole sequence -----------------------------------------------------------------------


def given_to(x, h0, h):
    """The input and the state that each Jacobian belongs to: steps 1 to T - 1."""
    return [(x[:, t], h[:, t - 1]) for t in range(1, x.shape[1])]


def curve(jacobian: Jacobian = leaky_jacobian, norms: Norms = log_norms, given_to=given_to):
    """Return `gradient_curve`, made of these pieces."""

    def gradient_curve(dh, x, h0, y0, params):
        h, _ = run(x, h0, y0, params)
        H = h0.shape[1]
        J = np.zeros((len(x), 0, H, H), dtype=h0.dtype)
        if pairs := given_to(x, h0, h):
            J = np.stack([sum(jacobian(*pair, params)) for pair in pairs], axis=1)
        return norms(dh, J)

    return gradient_curve


gradient_curve = curve()


# --- clipping ---------------------------------------------------------------------------------


def trained(grads):
    return {name: g for name, g in grads.items() if g is not None}


def clip_gradients(grads, max_norm):
    """Return the clipped gradients and the norm of all of them before."""
    rows = trained(grads)
    largest = np.max([np.abs(g).max() for g in rows.values()])
    if not np.isfinite(largest):
        return {**grads, **{name: np.zeros_like(g) for name, g in rows.items()}}, np.inf
    if largest == 0:
        return {name: None if g is None else g.copy() for name, g in grads.items()}, 0.0
    shares = [np.sum((g.astype(np.float64) / largest) ** 2) for g in rows.values()]
    norm = float(largest) * float(np.sqrt(sum(shares)))
    scale = min(1.0, max_norm / norm)
    return {**grads, **{name: (g * scale).astype(g.dtype) for name, g in rows.items()}}, norm


# --- an initialisation ------------------------------------------------------------------------


def initialise(D, H, O, leak, seed):
    """Return parameters of which every Jacobian is near the identity: small inputs, so that the
    tanh stays steep, and a W_hh that takes the feedback's way into account."""
    rng = np.random.default_rng(seed)
    W_hy = rng.normal(size=(H, O)) / np.sqrt(H)
    W_yh = 0.1 * rng.normal(size=(O, H)) / np.sqrt(O)
    return {
        "W_xh": 0.05 * rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": np.eye(H) - W_hy @ W_yh,
        "W_yh": W_yh,
        "b_h": np.zeros(H),
        "leak": leak.copy(),
        "W_hy": W_hy,
        "b_y": np.zeros(O),
    }
