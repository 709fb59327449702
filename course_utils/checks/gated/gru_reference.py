"""The GRU as it should be, in formulas that a mistake may exchange, with either place of the reset.

With reset="before" the bias b_hn has no place of its own and is not used; its gradient is zero.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.gated.formulas import Formulas, beside, blocks, evaluate, sigmoid

FORWARD: Formulas = {
    "u": lambda s: s.x @ s.W_xh + s.b,
    "u_r": lambda s: blocks(s.u, 3)[0],
    "u_z": lambda s: blocks(s.u, 3)[1],
    "u_n": lambda s: blocks(s.u, 3)[2],
    "W_hr": lambda s: blocks(s.W_hh, 3)[0],
    "W_hz": lambda s: blocks(s.W_hh, 3)[1],
    "W_hn": lambda s: blocks(s.W_hh, 3)[2],
    "r": lambda s: sigmoid(s.u_r + s.h_prev @ s.W_hr),
    "z": lambda s: sigmoid(s.u_z + s.h_prev @ s.W_hz),
}
CANDIDATE: dict[str, Callable] = {
    "after": lambda s: np.tanh(s.u_n + s.r * (s.h_prev @ s.W_hn + s.b_hn)),
    "before": lambda s: np.tanh(s.u_n + (s.r * s.h_prev) @ s.W_hn),
}
LAST: Formulas = {"h": lambda s: (1 - s.z) * s.n + s.z * s.h_prev}

GATES: Formulas = {
    "r": lambda s: blocks(s.gates, 3)[0],
    "z": lambda s: blocks(s.gates, 3)[1],
    "n": lambda s: blocks(s.gates, 3)[2],
    "W_hr": lambda s: blocks(s.W_hh, 3)[0],
    "W_hz": lambda s: blocks(s.W_hh, 3)[1],
    "W_hn": lambda s: blocks(s.W_hh, 3)[2],
    "da_n": lambda s: s.dh * (1 - s.z) * (1 - s.n**2),
    "da_z": lambda s: s.dh * (s.h_prev - s.n) * s.z * (1 - s.z),
}
RESET: dict[str, Formulas] = {
    "after": {
        "product": lambda s: s.h_prev @ s.W_hn + s.b_hn,
        "dp_n": lambda s: s.da_n * s.r,
        "da_r": lambda s: s.da_n * s.product * s.r * (1 - s.r),
        "through_n": lambda s: s.dp_n @ s.W_hn.T,
        "dW_hn": lambda s: s.h_prev.T @ s.dp_n,
        "db_hn": lambda s: s.dp_n.sum(axis=0),
    },
    "before": {
        "ds": lambda s: s.da_n @ s.W_hn.T,
        "da_r": lambda s: s.ds * s.h_prev * s.r * (1 - s.r),
        "through_n": lambda s: s.ds * s.r,
        "dW_hn": lambda s: (s.r * s.h_prev).T @ s.da_n,
        "db_hn": lambda s: 0 * s.b_hn,
    },
}
SHARES: Formulas = {
    "da": lambda s: beside(s.da_r, s.da_z, s.da_n),
    "dx": lambda s: s.da @ s.W_xh.T,
    "dh_prev": lambda s: s.dh * s.z + s.da_r @ s.W_hr.T + s.da_z @ s.W_hz.T + s.through_n,
    "dW_xh": lambda s: s.x.T @ s.da,
    "dW_hh": lambda s: beside(s.h_prev.T @ s.da_r, s.h_prev.T @ s.da_z, s.dW_hn),
    "db": lambda s: s.da.sum(axis=0),
}


def step(reset: str = "after", **other: Callable) -> Callable:
    """Return the step forward with `other` in place of some formulas."""
    formulas = FORWARD | {"n": CANDIDATE[reset]} | LAST | other

    def gru_step_forward(x_t, h_prev, W_xh, W_hh, b, b_hn):
        given = {"x": x_t, "h_prev": h_prev, "W_xh": W_xh, "W_hh": W_hh, "b": b, "b_hn": b_hn}
        return evaluate(formulas, given).h

    return gru_step_forward


def step_back(reset: str = "after", **other: Callable) -> Callable:
    """Return the step backward with `other` in place of some formulas."""
    formulas = GATES | RESET[reset] | SHARES | other

    def gru_step_backward(dh_t, x_t, h_prev, gates, W_xh, W_hh, b_hn):
        given = {"dh": dh_t, "x": x_t, "h_prev": h_prev, "gates": gates}
        given |= {"W_xh": W_xh, "W_hh": W_hh, "b_hn": b_hn}
        s = evaluate(formulas, given)
        return s.dx, s.dh_prev, s.dW_xh, s.dW_hh, s.db, s.db_hn

    return gru_step_backward


def gates_of(x_t, h_prev, W_xh, W_hh, b, b_hn, reset: str = "after") -> np.ndarray:
    """Return the activations r, z, n (B, 3H) of one step."""
    formulas = FORWARD | {"n": CANDIDATE[reset]}
    given = {"x": x_t, "h_prev": h_prev, "W_xh": W_xh, "W_hh": W_hh, "b": b, "b_hn": b_hn}
    s = evaluate(formulas, given)
    return beside(s.r, s.z, s.n)
