"""One step of A5's GRU, wrong: each known mistake exchanges a formula of the reference."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from course_tools.assignments.a5_reference import gru_step, gru_stepper
from course_utils.checks import Mistake
from course_utils.checks.core import variants
from course_utils.checks.gated.formulas import beside, blocks, sigmoid

GATES = "rzn"


def reordered(order: str, array: np.ndarray) -> np.ndarray:
    """The blocks of `array`, taken as if they stood in another order than r, z, n."""
    return beside(*(blocks(array, 3)[order.index(gate)] for gate in GATES))


def _in_order(order: str):
    names = ("W_xh", "W_hh", "b")
    return lambda x_t, h_prev, params: gru_step(
        x_t, h_prev, {name: reordered(order, params[name]) for name in names}
    )


def _into_h(x_t, h_prev, params):
    h_t = gru_step(x_t, h_prev, params)
    h_prev[...] = h_t
    return h_t


def _into_params(x_t, h_prev, params):
    h_t = gru_step(x_t, h_prev, params)
    params["b"] *= 2
    return h_t


GRU_MISTAKES = (
    *(
        Mistake(
            f"blocks in the order {', '.join(order)}",
            f"The blocks are taken in the order {', '.join(order)}; here they stand as r, z, n.",
            "`np.split(W_xh, 3, axis=1)` gives the reset gate, the share z, the candidate.",
            _in_order("".join(order)),
        )
        for order in permutations(GATES)
        if order != tuple(GATES)
    ),
    # --- the reset
    Mistake(
        "z sees h_prev",
        "The gate z sees the whole old state; here it sees the reset one, as the candidate does.",
        "Reset first: s = r * h_prev. Then z and n are both made of x_t and s.",
        gru_stepper(a_z=lambda v: blocks(v.u, 3)[1] + v.h_prev @ v.W_z),
    ),
    Mistake(
        "reset after the product",
        "The reset multiplies the product with `W_hn`; here it multiplies the state before it.",
        "s = r * h_prev, then s @ W_hh for both z and n.",
        gru_stepper(
            a_z=lambda v: blocks(v.u, 3)[1] + v.h_prev @ v.W_z,
            a_n=lambda v: blocks(v.u, 3)[2] + v.r * (v.h_prev @ v.W_n),
        ),
    ),
    Mistake(
        "reset after the candidate's product",
        "z sees the reset state, but in the candidate the reset multiplies the product.",
        "s = r * h_prev, then s @ W_hh for both z and n.",
        gru_stepper(a_n=lambda v: blocks(v.u, 3)[2] + v.r * (v.h_prev @ v.W_n)),
    ),
    Mistake(
        "reset after both products",
        "The reset multiplies the products; it multiplies the state before them.",
        "s = r * h_prev, then s @ W_hh for both z and n.",
        gru_stepper(
            a_z=lambda v: blocks(v.u, 3)[1] + v.r * (v.h_prev @ v.W_z),
            a_n=lambda v: blocks(v.u, 3)[2] + v.r * (v.h_prev @ v.W_n),
        ),
    ),
    Mistake(
        "no reset",
        "Nothing is reset: z and n see the whole old state.",
        "s = r * h_prev, then s @ W_hh for both z and n.",
        gru_stepper(s=lambda v: v.h_prev),
    ),
    Mistake(
        "candidate not reset",
        "The candidate sees the whole old state; it sees the reset one.",
        "s = r * h_prev, then s @ W_hh for both z and n.",
        gru_stepper(a_n=lambda v: blocks(v.u, 3)[2] + v.h_prev @ v.W_n),
    ),
    Mistake(
        "reset by 1 - r",
        "The state is multiplied by 1 - r; it is multiplied by r.",
        "r near 0 resets.",
        gru_stepper(s=lambda v: (1 - v.r) * v.h_prev),
    ),
    Mistake(
        "reset on the input",
        "The reset multiplies the input; it multiplies the old state.",
        "s = r * h_prev.",
        gru_stepper(
            s=lambda v: v.h_prev,
            a_n=lambda v: v.r * blocks(v.u, 3)[2] + v.h_prev @ v.W_n,
        ),
    ),
    Mistake(
        "reset in the mixture too",
        "What is kept is a share of the reset state; it is one of the old state itself.",
        "h_t = (1 - z) * h_prev + z * n.",
        gru_stepper(h_t=lambda v: (1 - v.z) * v.s + v.z * v.n),
    ),
    # --- the mixture
    Mistake(
        "z the wrong way round",
        "z keeps the old state; here z is the share that is let in.",
        "h_t = (1 - z) * h_prev + z * n. Lesson 06 has it the other way round.",
        gru_stepper(h_t=lambda v: v.z * v.h_prev + (1 - v.z) * v.n),
    ),
    Mistake(
        "candidate not scaled",
        "The candidate enters in full; it is multiplied by z.",
        "h_t = (1 - z) * h_prev + z * n.",
        gru_stepper(h_t=lambda v: (1 - v.z) * v.h_prev + v.n),
    ),
    Mistake(
        "old state in full",
        "The old state is kept in full; it is multiplied by 1 - z.",
        "h_t = (1 - z) * h_prev + z * n.",
        gru_stepper(h_t=lambda v: v.h_prev + v.z * v.n),
    ),
    # --- the squashing, the sums
    Mistake(
        "sigmoid for the candidate",
        "The candidate goes through a sigmoid; it goes through a tanh.",
        "Gates lie between 0 and 1, the candidate between -1 and 1.",
        gru_stepper(n=lambda v: sigmoid(v.a_n)),
    ),
    Mistake(
        "tanh for the gate z",
        "The gate z goes through a tanh; it goes through a sigmoid.",
        "Gates lie between 0 and 1, the candidate between -1 and 1.",
        gru_stepper(z=lambda v: np.tanh(v.a_z)),
    ),
    Mistake(
        "bias never added",
        "The bias `b` is missing.",
        "x_t W_xh + b, then what comes from the state.",
        gru_stepper(u=lambda v: v.x_t @ v.W_xh),
    ),
    Mistake(
        "recurrent term of r dropped",
        "The reset gate does not see the old state.",
        "r = sigmoid(x_t W_xr + h_prev W_hr + b_r).",
        gru_stepper(r=lambda v: sigmoid(blocks(v.u, 3)[0])),
    ),
    *variants(
        "arguments changed in place",
        "Something that was given has been overwritten.",
        "`h_prev *= r` writes into the caller's array. Write `s = r * h_prev`.",
        _into_h,
        _into_params,
    ),
)
