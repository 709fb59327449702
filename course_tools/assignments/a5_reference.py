"""A5's reference in NumPy: two cells, forward and backward, as lists of formulas.

A known mistake is a list with one formula exchanged. The loop takes the two steps that it repeats;
where a step starts from, what it hands back and how gradients add up are pieces too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.gated.formulas import beside, blocks, evaluate, sigmoid

LSTM_NAMES = ("W_xh", "W_hh", "b", "p_f", "p_o")
GRU_NAMES = ("W_xh", "W_hh", "b")

# --- the LSTM, one step -----------------------------------------------------------------------

FORWARD = {
    "a": lambda v: v.x_t @ v.W_xh + v.h_prev @ v.W_hh + v.b,
    "a_f": lambda v: blocks(v.a, 3)[0] + v.p_f * v.c_prev,
    "a_g": lambda v: blocks(v.a, 3)[1],
    "f": lambda v: sigmoid(v.a_f),
    "i": lambda v: 1 - v.f,
    "g": lambda v: np.tanh(v.a_g),
    "c_t": lambda v: v.f * v.c_prev + v.i * v.g,
    "a_o": lambda v: blocks(v.a, 3)[2] + v.p_o * v.c_t,
    "o": lambda v: sigmoid(v.a_o),
    "h_t": lambda v: v.o * np.tanh(v.c_t),
}


def lstm_stepper(**other: Callable) -> Callable[..., tuple]:
    """Return `lstm_step` by these formulas, with `other` in place of some."""
    formulas = {**FORWARD, **other}

    def lstm_step(x_t, h_prev, c_prev, params):
        given = {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, **params}
        v = evaluate(formulas, given)
        return v.h_t, v.c_t

    return lstm_step


lstm_step = lstm_stepper()

BACKWARD = {
    **FORWARD,
    "tanh_c": lambda v: np.tanh(v.c_t),
    "da_o": lambda v: v.dh_t * v.tanh_c * v.o * (1 - v.o),
    "dc": lambda v: v.dc_t + v.dh_t * v.o * (1 - v.tanh_c**2) + v.da_o * v.p_o,
    "df": lambda v: v.dc * (v.c_prev - v.g),
    "da_f": lambda v: v.df * v.f * (1 - v.f),
    "da_g": lambda v: v.dc * v.i * (1 - v.g**2),
    "da": lambda v: beside(v.da_f, v.da_g, v.da_o),
    "dx_t": lambda v: v.da @ v.W_xh.T,
    "dh_prev": lambda v: v.da @ v.W_hh.T,
    "dc_prev": lambda v: v.dc * v.f + v.da_f * v.p_f,
    "dW_xh": lambda v: v.x_t.T @ v.da,
    "dW_hh": lambda v: v.h_prev.T @ v.da,
    "db": lambda v: v.da.sum(axis=0),
    "dp_f": lambda v: (v.da_f * v.c_prev).sum(axis=0),
    "dp_o": lambda v: (v.da_o * v.c_t).sum(axis=0),
}


def lstm_back(**other: Callable) -> Callable[..., tuple]:
    """Return `lstm_step_backward` by these formulas, with `other` in place of some."""
    formulas = {**BACKWARD, **other}

    def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params):
        given = {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, **params}
        v = evaluate(formulas, {"dh_t": dh_t, "dc_t": dc_t, **given})
        return v.dx_t, v.dh_prev, v.dc_prev, {name: getattr(v, f"d{name}") for name in LSTM_NAMES}

    return lstm_step_backward


lstm_step_backward = lstm_back()

# --- the LSTM, a sequence ---------------------------------------------------------------------


def advance(t, new, old, start):
    """The h and c that the next step starts from."""
    return new


def before(t, seen, starts):
    """The h and c that step t started from; `seen` holds those of all steps."""
    return tuple(a[:, t - 1] for a in seen) if t else starts


def add_up(t, grads, more):
    for name in grads:
        grads[name] = grads[name] + more[name]


def hand_back(t, arriving, leaving):
    """The gradients of h and c that step t hands to the step before it."""
    return leaving


def there_and_back(
    step: Callable = lstm_step,
    back: Callable = lstm_step_backward,
    advance=advance,
    before=before,
    add_up=add_up,
    hand_back=hand_back,
    order=reversed,
) -> Callable[..., tuple]:
    """Return `lstm_there_and_back`, made of these pieces."""

    def lstm_there_and_back(dh, dc, x, h0, c0, params):
        (B, T, _), H, start = x.shape, h0.shape[1], (h0, c0)
        h, c = (np.zeros((B, T, H), dtype=h0.dtype) for _ in range(2))
        old = start
        for t in range(T):
            new = step(x[:, t], *old, params)
            h[:, t], c[:, t] = new
            old = advance(t, new, old, start)
        dx, later = np.zeros_like(x), (np.zeros_like(h0), np.zeros_like(c0))
        grads: dict[str, Any] = {name: np.zeros_like(value) for name, value in params.items()}
        for t in order(range(T)):
            arriving = dh[:, t] + later[0], dc[:, t] + later[1]
            given = x[:, t], *before(t, (h, c), start), params
            dx[:, t], *leaving, more = back(*arriving, *given)
            add_up(t, grads, more)
            later = hand_back(t, arriving, tuple(leaving))
        return h, c, dx, *later, grads

    return lstm_there_and_back


lstm_there_and_back = there_and_back()

# --- the GRU that resets first ----------------------------------------------------------------

GRU_FORWARD = {
    "u": lambda v: v.x_t @ v.W_xh + v.b,
    "W_r": lambda v: blocks(v.W_hh, 3)[0],
    "W_z": lambda v: blocks(v.W_hh, 3)[1],
    "W_n": lambda v: blocks(v.W_hh, 3)[2],
    "r": lambda v: sigmoid(blocks(v.u, 3)[0] + v.h_prev @ v.W_r),
    "s": lambda v: v.r * v.h_prev,
    "a_z": lambda v: blocks(v.u, 3)[1] + v.s @ v.W_z,
    "a_n": lambda v: blocks(v.u, 3)[2] + v.s @ v.W_n,
    "z": lambda v: sigmoid(v.a_z),
    "n": lambda v: np.tanh(v.a_n),
    "h_t": lambda v: (1 - v.z) * v.h_prev + v.z * v.n,
}


def gru_stepper(**other: Callable) -> Callable[..., np.ndarray]:
    """Return `gru_step` by these formulas, with `other` in place of some."""
    formulas = {**GRU_FORWARD, **other}

    def gru_step(x_t, h_prev, params):
        return evaluate(formulas, {"x_t": x_t, "h_prev": h_prev, **params}).h_t

    return gru_step


gru_step = gru_stepper()

GRU_BACKWARD = {
    **GRU_FORWARD,
    "da_z": lambda v: v.dh_t * (v.n - v.h_prev) * v.z * (1 - v.z),
    "da_n": lambda v: v.dh_t * v.z * (1 - v.n**2),
    "ds": lambda v: v.da_z @ v.W_z.T + v.da_n @ v.W_n.T,
    "da_r": lambda v: v.ds * v.h_prev * v.r * (1 - v.r),
    "da": lambda v: beside(v.da_r, v.da_z, v.da_n),
    "dx_t": lambda v: v.da @ v.W_xh.T,
    "dh_prev": lambda v: v.dh_t * (1 - v.z) + v.ds * v.r + v.da_r @ v.W_r.T,
    "dW_xh": lambda v: v.x_t.T @ v.da,
    "dW_hh": lambda v: beside(v.h_prev.T @ v.da_r, v.s.T @ v.da_z, v.s.T @ v.da_n),
    "db": lambda v: v.da.sum(axis=0),
}


def gru_back(**other: Callable) -> Callable[..., tuple]:
    """Return `gru_step_backward` by these formulas, with `other` in place of some."""
    formulas = {**GRU_BACKWARD, **other}

    def gru_step_backward(dh_t, x_t, h_prev, params):
        v = evaluate(formulas, {"dh_t": dh_t, "x_t": x_t, "h_prev": h_prev, **params})
        return v.dx_t, v.dh_prev, {name: getattr(v, f"d{name}") for name in GRU_NAMES}

    return gru_step_backward


gru_step_backward = gru_back()
