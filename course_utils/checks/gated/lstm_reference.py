"""The LSTM as it should be, in formulas that a mistake may exchange: one step, and its way back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.gated.formulas import Formulas, beside, blocks, evaluate, sigmoid

FORWARD: Formulas = {
    "a": lambda s: s.x @ s.W_xh + s.h_prev @ s.W_hh + s.b,
    "a_i": lambda s: blocks(s.a, 4)[0],
    "a_f": lambda s: blocks(s.a, 4)[1],
    "a_g": lambda s: blocks(s.a, 4)[2],
    "a_o": lambda s: blocks(s.a, 4)[3],
    "i": lambda s: sigmoid(s.a_i),
    "f": lambda s: sigmoid(s.a_f),
    "g": lambda s: np.tanh(s.a_g),
    "o": lambda s: sigmoid(s.a_o),
    "c": lambda s: s.f * s.c_prev + s.i * s.g,
    "h": lambda s: s.o * np.tanh(s.c),
    "handed_on": lambda s: s.c,
}

BACKWARD: Formulas = {
    "i": lambda s: blocks(s.gates, 4)[0],
    "f": lambda s: blocks(s.gates, 4)[1],
    "g": lambda s: blocks(s.gates, 4)[2],
    "o": lambda s: blocks(s.gates, 4)[3],
    "tanh_c": lambda s: np.tanh(s.c),
    "dc_all": lambda s: s.dc + s.dh * s.o * (1 - s.tanh_c**2),
    "da_i": lambda s: s.dc_all * s.g * s.i * (1 - s.i),
    "da_f": lambda s: s.dc_all * s.c_prev * s.f * (1 - s.f),
    "da_g": lambda s: s.dc_all * s.i * (1 - s.g**2),
    "da_o": lambda s: s.dh * s.tanh_c * s.o * (1 - s.o),
    "da": lambda s: beside(s.da_i, s.da_f, s.da_g, s.da_o),
    "dx": lambda s: s.da @ s.W_xh.T,
    "dh_prev": lambda s: s.da @ s.W_hh.T,
    "dc_prev": lambda s: s.dc_all * s.f,
    "dW_xh": lambda s: s.x.T @ s.da,
    "dW_hh": lambda s: s.h_prev.T @ s.da,
    "db": lambda s: s.da.sum(axis=0),
}


def step(**other: Callable) -> Callable:
    """Return the step forward with `other` in place of some formulas."""
    formulas = FORWARD | other

    def lstm_step_forward(x_t, h_prev, c_prev, W_xh, W_hh, b):
        given = {"x": x_t, "h_prev": h_prev, "c_prev": c_prev, "W_xh": W_xh, "W_hh": W_hh, "b": b}
        s = evaluate(formulas, given)
        return s.h, s.handed_on

    return lstm_step_forward


def step_back(**other: Callable) -> Callable:
    """Return the step backward with `other` in place of some formulas."""
    formulas = BACKWARD | other

    def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, gates, c_t, W_xh, W_hh):
        given = {"dh": dh_t, "dc": dc_t, "x": x_t, "h_prev": h_prev, "c_prev": c_prev}
        given |= {"gates": gates, "c": c_t, "W_xh": W_xh, "W_hh": W_hh}
        s = evaluate(formulas, given)
        return s.dx, s.dh_prev, s.dc_prev, s.dW_xh, s.dW_hh, s.db

    return lstm_step_backward


def gates_of(x_t, h_prev, W_xh, W_hh, b) -> np.ndarray:
    """Return the activations i, f, g, o (B, 4H) of one step."""
    i, f, g, o = blocks(x_t @ W_xh + h_prev @ W_hh + b, 4)
    return beside(sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o))
