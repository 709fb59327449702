"""Norms along the way back in A4, wrong: each known mistake by its name."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a4_reference import back, log_norms
from course_utils.checks import Mistake
from course_utils.checks.core import variants


def _walk(dh, J, step=back, times=None, size=None, log=np.log):
    """The plain way: the row itself is carried, and its norm taken at the end."""
    g, L = dh, []
    size = size or (lambda g: np.linalg.norm(g, axis=1))
    for n in [None, *(times or reversed)(range(J.shape[1]))]:
        g = g if n is None else step(g, J[:, n])
        L.append(log(size(g)))
    return np.stack(L, axis=1)


def _bound(order):
    def wrong(dh, J):
        if order == "fro":
            sizes = np.linalg.norm(J, axis=(2, 3))
        else:
            sizes = np.linalg.svd(J, compute_uv=False)[..., 0]
        first = np.log(np.linalg.norm(dh, axis=1, keepdims=True))
        return np.concatenate([first, first + np.cumsum(np.log(sizes[:, ::-1]), axis=1)], axis=1)

    return wrong


def _lost(dh, J):
    """Set to length one after each step, the lengths before forgotten."""
    L = log_norms(dh, J)
    return np.concatenate([L[:, :1], np.diff(L, axis=1)], axis=1)


def _multiplied(dh, J):
    """Set to length one after each step, the lengths multiplied where logarithms add."""
    length = np.linalg.norm(dh, axis=1, keepdims=True)
    g, lengths = dh / length, [length]
    for n in reversed(range(J.shape[1])):
        g = back(g, J[:, n])
        length = np.linalg.norm(g, axis=1, keepdims=True)
        g, lengths = g / length, [*lengths, lengths[-1] * length]
    return np.log(np.concatenate(lengths, axis=1))


def _whole_batch(dh, J):
    L = log_norms(dh, J)
    top = L.max(axis=0)
    return np.broadcast_to(top + 0.5 * np.log(np.exp(2 * (L - top)).sum(axis=0)), L.shape).copy()


def _into_dh(dh, J):
    L = log_norms(dh, J)
    dh /= 2
    return L


NORMS_MISTAKES = (
    Mistake(
        "J not transposed",
        "The gradient is multiplied by J itself; on the way back it is J transposed.",
        "J[i, j] leads from i to j, the gradient from j to i: g_i sums g_j J[i, j] over j.",
        lambda dh, J: log_norms(dh, np.swapaxes(J, 2, 3)),
    ),
    Mistake(
        "from the start",
        "The walk begins at the first Jacobian; the gradient arrives at the end and goes back.",
        "The last Jacobian, `J[:, -1]`, comes first.",
        lambda dh, J: log_norms(dh, J[:, ::-1]),
    ),
    Mistake(
        "from the start, not transposed",
        "This pushes `dh` forward, from the first Jacobian on; a gradient goes back.",
        "The last Jacobian comes first, and each is transposed.",
        lambda dh, J: log_norms(dh, np.swapaxes(J[:, ::-1], 2, 3)),
    ),
    Mistake(
        "square root forgotten",
        "These are logarithms of squared norms: twice what is asked for.",
        "The norm is the root of the sum of squares; half the logarithm does it too.",
        lambda dh, J: 2 * log_norms(dh, J),
    ),
    Mistake(
        "no logarithm",
        "These are the norms themselves; asked for are their logarithms.",
        "`np.log`. Norms of 1e-400 do not exist in float64, their logarithms do.",
        lambda dh, J: _walk(dh, J, log=lambda v: v),
    ),
    *variants(
        "another base",
        "The logarithm has another base; asked for is the natural one.",
        "`np.log`; `np.log10` and `np.log2` differ by a factor.",
        lambda dh, J: log_norms(dh, J) / np.log(10),
        lambda dh, J: log_norms(dh, J) / np.log(2),
    ),
    Mistake(
        "underflow",
        "Right over a few steps; over many the gradient becomes 0 or infinite before its logarithm "
        "is taken.",
        "Divide the row by its norm after every step, and add up the logarithms of these norms.",
        lambda dh, J: _walk(dh, J),
    ),
    Mistake(
        "lengths multiplied",
        "The row is divided by its norm, but these norms are multiplied: over many steps the "
        "product is 0 or infinite.",
        "Add up their logarithms, and keep the product nowhere.",
        _multiplied,
    ),
    Mistake(
        "something added inside the logarithm",
        "A small number is added before the logarithm: it hides every gradient that is smaller.",
        "Where nothing underflows, nothing has to be added.",
        lambda dh, J: _walk(dh, J, log=lambda v: np.log(v + 1e-12)),
    ),
    Mistake(
        "norms multiplied, not matrices",
        "The norms of the Jacobians are multiplied: that is a bound, the gradient itself is "
        "smaller.",
        "Carry the row `g` through each matrix, and take its norm.",
        _bound(2),
    ),
    Mistake(
        "Frobenius norms multiplied",
        "The Frobenius norms of the Jacobians are multiplied: a bound, and a loose one.",
        "Carry the row `g` through each matrix, and take its norm.",
        _bound("fro"),
    ),
    Mistake(
        "norm of the whole batch",
        "One norm is taken for the whole batch; every sequence has its own.",
        "`np.linalg.norm(g, axis=1)`.",
        _whole_batch,
    ),
    Mistake(
        "earlier lengths lost",
        "Each entry tells of its own step only: what was divided out before is lost.",
        "Add the logarithm of each step's norm to the sum of those before.",
        _lost,
    ),
    *variants(
        "another norm",
        "This is another norm; asked for is the root of the sum of squares.",
        "`np.linalg.norm(g, axis=1)` of a matrix of rows.",
        lambda dh, J: _walk(dh, J, size=lambda g: np.abs(g).sum(axis=1)),
        lambda dh, J: _walk(dh, J, size=lambda g: np.abs(g).max(axis=1)),
    ),
    Mistake(
        "lag 0 left out",
        "Lag 0 is missing: the norm of `dh` itself comes first.",
        "L is (B, N + 1).",
        lambda dh, J: log_norms(dh, J)[:, 1:],
    ),
    Mistake(
        "indexed by time",
        "The numbers are right but stand in the order of time; asked for is the order of the lag.",
        "L[:, 0] belongs to `dh` itself, L[:, N] to the state N steps before.",
        lambda dh, J: log_norms(dh, J)[:, ::-1],
    ),
    Mistake(
        "relative to dh",
        "These are relative to the norm of `dh`: the first entry is 0.",
        "L[:, 0] is the logarithm of the norm of `dh`.",
        lambda dh, J: log_norms(dh, J) - log_norms(dh, J)[:, :1],
    ),
    Mistake(
        "dh changed in place",
        "`dh` was overwritten; it belongs to the caller.",
        "`g = dh` does not copy, and `g /= ...` writes into it. Write `g = g / ...`.",
        _into_dh,
    ),
)
