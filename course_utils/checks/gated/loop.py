"""The way back through a sequence of any gated cell, in the same pieces as `bptt.reference`.

What travels back in time is a list: h's gradient for the GRU, those of h and c for the LSTM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from course_utils.checks.gated import gru_reference, lstm_reference
from course_utils.checks.gated.formulas import blocks


def backward(
    step: Callable,
    d: Sequence[np.ndarray],
    x: np.ndarray,
    starts: Sequence[np.ndarray],
    states: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
    *,
    steps=lambda T: reversed(range(T)),
    above=lambda dh, t: dh[:, t],
    before=lambda h, h0, t: h[:, t - 1] if t else h0,
    add=lambda total, term, t, T: total + term,
    carry=lambda from_later, d_prev, t, T: d_prev,
) -> tuple[np.ndarray, ...]:
    """Return dx, the gradients of `starts`, and those of W_xh, W_hh, b and any further weight.

    `weights` holds all of them but b. d is dh (B, T, H) and what arrives at the last of each
    further state. `step(d_now, t, x_t, befores)` returns dx_t, the gradients of the states before,
    and the weights' terms. The other pieces are those of `bptt.reference.backward`; `carry` is
    used for each state's gradient, or holds one for each.
    """
    carries = carry if isinstance(carry, tuple) else (carry,) * len(starts)
    T = x.shape[1]
    dx = np.zeros_like(x)
    later = [np.zeros_like(starts[0]), *d[1:]]
    W_xh, W_hh, *more = weights
    sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, W_hh[0], *more)]
    for t in steps(T):
        befores = [before(h, h0, t) for h, h0 in zip(states, starts, strict=True)]
        arriving = [above(d[0], t) + later[0], *later[1:]]
        dx[:, t], *rest = step(arriving, t, x[:, t], befores)
        d_prev, terms = rest[: len(starts)], rest[len(starts) :]
        sums = [add(total, term, t, T) for total, term in zip(sums, terms, strict=True)]
        later = [
            hand_on(old, new, t, T)
            for hand_on, old, new in zip(carries, later, d_prev, strict=True)
        ]
    return dx, *later, *sums


def _empty(x, h0, *weights, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return room for two states (B, T, H) and for the gates (B, T, number * H)."""
    (B, T, _), H = x.shape, h0.shape[1]
    dtype = np.result_type(x, h0, *weights)
    return *np.zeros((2, B, T, H), dtype), np.zeros((B, T, number * H), dtype)


def lstm_forward(x, h0, c0, W_xh, W_hh, b):
    """Return h (B, T, H), c_T (B, H) and the cache that `lstm_backward` takes."""
    h, c, gates = _empty(x, h0, W_xh, W_hh, b, number=4)
    h_t, c_t = h0, c0
    for t in range(x.shape[1]):
        gates[:, t] = lstm_reference.gates_of(x[:, t], h_t, W_xh, W_hh, b)
        i, f, g, o = blocks(gates[:, t], 4)
        c_t = c[:, t] = f * c_t + i * g
        h_t = h[:, t] = o * np.tanh(c_t)
    return h, c_t.copy(), (x, (h0, c0), (h.copy(), c), gates, (W_xh, W_hh))


def lstm_backward(dh, dc_T, cache, *, step=None, **pieces):
    """Return dx, dh0, dc0, dW_xh, dW_hh, db; `pieces` of the loop may be exchanged."""
    x, starts, states, gates, weights = cache
    step_back = step or lstm_reference.step_back()

    def at(arriving, t, x_t, befores):
        return step_back(*arriving, x_t, *befores, gates[:, t], states[1][:, t], *weights)

    return backward(at, (dh, dc_T), x, starts, states, weights, **pieces)


def gru_forward(x, h0, W_xh, W_hh, b, b_hn, *, reset="after"):
    """Return h (B, T, H) and the cache that `gru_backward` takes."""
    h, _, gates = _empty(x, h0, W_xh, W_hh, b, number=3)
    h_t = h0
    for t in range(x.shape[1]):
        gates[:, t] = gru_reference.gates_of(x[:, t], h_t, W_xh, W_hh, b, b_hn, reset)
        _, z, n = blocks(gates[:, t], 3)
        h_t = h[:, t] = (1 - z) * n + z * h_t
    return h, (x, (h0,), (h.copy(),), gates, (W_xh, W_hh, b_hn))


def gru_backward(dh, cache, *, reset="after", step=None, **pieces):
    """Return dx, dh0, dW_xh, dW_hh, db, db_hn; `pieces` of the loop may be exchanged."""
    x, starts, states, gates, weights = cache
    step_back = step or gru_reference.step_back(reset)

    def at(arriving, t, x_t, befores):
        return step_back(*arriving, x_t, *befores, gates[:, t], *weights)

    return backward(at, (dh,), x, starts, states, weights, **pieces)
