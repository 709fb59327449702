"""One step of A5's LSTM, wrong: each known mistake exchanges a formula of the reference."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from course_tools.assignments.a5_reference import lstm_step, lstm_stepper
from course_utils.checks import Mistake
from course_utils.checks.core import variants
from course_utils.checks.gated.formulas import beside, blocks, sigmoid

GATES = "fgo"


def ordered(order: str, gates: str):
    """The sum inside, its blocks taken as if they stood in another order."""
    where = [order.index(gate) for gate in gates]

    def a(v):
        parts = blocks(v.x_t @ v.W_xh + v.h_prev @ v.W_hh + v.b, len(gates))
        return beside(*(parts[k] for k in where))

    return a


def _into_c(x_t, h_prev, c_prev, params):
    result = lstm_step(x_t, h_prev, c_prev, params)
    c_prev *= 0.5
    return result


def _into_params(x_t, h_prev, c_prev, params):
    result = lstm_step(x_t, h_prev, c_prev, params)
    params["b"] += 1
    return result


def _returned(change):
    return lambda *given: change(*lstm_step(*given))


LSTM_MISTAKES = (
    # --- the blocks
    *(
        Mistake(
            f"blocks in the order {', '.join(order)}",
            f"The blocks are taken in the order {', '.join(order)}; here they stand as f, g, o.",
            "`np.split(a, 3, axis=1)` gives the forget gate, the candidate, the output gate.",
            lstm_stepper(a=ordered("".join(order), GATES)),
        )
        for order in permutations(GATES)
        if order != tuple(GATES)
    ),
    # --- the coupling
    Mistake(
        "f and 1 - f swapped",
        "The forget gate lets in the new; it keeps the old, and 1 - f lets in.",
        "c_t = f * c_prev + (1 - f) * g.",
        lstm_stepper(c_t=lambda v: v.i * v.c_prev + v.f * v.g),
    ),
    Mistake(
        "not coupled",
        "The candidate enters in full; it is multiplied by 1 - f.",
        "What is forgotten makes room for what comes in: the two shares add up to one.",
        lstm_stepper(i=lambda v: 1),
    ),
    Mistake(
        "forget gate for the input gate",
        "Old and new are both multiplied by f; the new enters with 1 - f.",
        "What is forgotten makes room for what comes in: the two shares add up to one.",
        lstm_stepper(i=lambda v: v.f),
    ),
    Mistake(
        "forget gate dropped",
        "The old cell state is kept in full; it is multiplied by f.",
        "c_t = f * c_prev + (1 - f) * g.",
        lstm_stepper(c_t=lambda v: v.c_prev + v.i * v.g),
    ),
    Mistake(
        "c_prev forgotten",
        "The old cell state does not enter.",
        "c_t = f * c_prev + (1 - f) * g.",
        lstm_stepper(c_t=lambda v: v.i * v.g),
    ),
    # --- the peepholes
    Mistake(
        "no peepholes",
        "Neither gate sees the cell state: both peepholes are missing.",
        "p_f * c_prev stands in the forget gate, p_o * c_t in the output gate.",
        lstm_stepper(a_f=lambda v: blocks(v.a, 3)[0], a_o=lambda v: blocks(v.a, 3)[2]),
    ),
    Mistake(
        "forget gate without its peephole",
        "The forget gate does not see the cell state: `p_f * c_prev` is missing.",
        "It stands inside the sigmoid, with the three other terms.",
        lstm_stepper(a_f=lambda v: blocks(v.a, 3)[0]),
    ),
    Mistake(
        "output gate without its peephole",
        "The output gate does not see the cell state: `p_o * c_t` is missing.",
        "It stands inside the sigmoid, with the three other terms.",
        lstm_stepper(a_o=lambda v: blocks(v.a, 3)[2]),
    ),
    Mistake(
        "output gate sees the old cell state",
        "The output gate sees `c_prev`; it sees the new cell state, `c_t`.",
        "Compute c_t first, the output gate afterwards.",
        lstm_stepper(a_o=lambda v: blocks(v.a, 3)[2] + v.p_o * v.c_prev),
    ),
    Mistake(
        "peepholes swapped",
        "`p_f` and `p_o` are swapped.",
        "The forget gate has p_f, the output gate p_o.",
        lstm_stepper(
            a_f=lambda v: blocks(v.a, 3)[0] + v.p_o * v.c_prev,
            a_o=lambda v: blocks(v.a, 3)[2] + v.p_f * v.c_t,
        ),
    ),
    Mistake(
        "peephole through the tanh",
        "The output gate sees tanh(c_t); it sees the cell state itself.",
        "`p_o * c_t`.",
        lstm_stepper(a_o=lambda v: blocks(v.a, 3)[2] + v.p_o * np.tanh(v.c_t)),
    ),
    *variants(
        "peepholes on h_prev",
        "The peepholes look at `h_prev`; they look at the cell state.",
        "p_f * c_prev and p_o * c_t.",
        lstm_stepper(
            a_f=lambda v: blocks(v.a, 3)[0] + v.p_f * v.h_prev,
            a_o=lambda v: blocks(v.a, 3)[2] + v.p_o * v.h_prev,
        ),
        lstm_stepper(a_f=lambda v: blocks(v.a, 3)[0] + v.p_f * v.h_prev),
        lstm_stepper(a_o=lambda v: blocks(v.a, 3)[2] + v.p_o * v.h_prev),
    ),
    Mistake(
        "peephole outside the sigmoid",
        "The forget gate's peephole is added outside the sigmoid.",
        "Look at where the bracket closes.",
        lstm_stepper(f=lambda v: sigmoid(blocks(v.a, 3)[0]) + v.p_f * v.c_prev),
    ),
    Mistake(
        "candidate with a peephole",
        "The candidate sees the cell state as well; only the two gates do.",
        "g = tanh(x_t W_xg + h_prev W_hg + b_g).",
        lstm_stepper(a_g=lambda v: blocks(v.a, 3)[1] + v.p_f * v.c_prev),
    ),
    # --- the squashing
    Mistake(
        "sigmoid for the candidate",
        "The candidate goes through a sigmoid; it goes through a tanh.",
        "Gates lie between 0 and 1, the candidate between -1 and 1.",
        lstm_stepper(g=lambda v: sigmoid(v.a_g)),
    ),
    Mistake(
        "tanh for the forget gate",
        "The forget gate goes through a tanh; it goes through a sigmoid.",
        "Gates lie between 0 and 1, the candidate between -1 and 1.",
        lstm_stepper(f=lambda v: np.tanh(v.a_f)),
    ),
    Mistake(
        "no tanh on the output",
        "h_t is o * c_t; the cell state goes through a tanh first.",
        "h_t = o * tanh(c_t).",
        lstm_stepper(h_t=lambda v: v.o * v.c_t),
    ),
    Mistake(
        "h_t from c_prev",
        "h_t is read from the old cell state.",
        "h_t = o * tanh(c_t), with the new one.",
        lstm_stepper(h_t=lambda v: v.o * np.tanh(v.c_prev)),
    ),
    Mistake(
        "cell state squashed",
        "The cell state is returned through a tanh; only h_t is squashed.",
        "c_t itself is carried on: nothing in it saturates.",
        _returned(lambda h, c: (h, np.tanh(c))),
    ),
    # --- the sums
    Mistake(
        "bias never added",
        "The bias `b` is missing.",
        "x_t W_xh + h_prev W_hh + b, then the peepholes.",
        lstm_stepper(a=lambda v: v.x_t @ v.W_xh + v.h_prev @ v.W_hh),
    ),
    Mistake(
        "bias added twice",
        "The bias `b` is added twice.",
        "This cell has one bias.",
        lstm_stepper(a=lambda v: v.x_t @ v.W_xh + v.h_prev @ v.W_hh + 2 * v.b),
    ),
    Mistake(
        "forget bias added in the forward pass",
        "1 is added to the forget gate; a forget bias is a start for `b`, not a part of the cell.",
        "x_t W_xh + h_prev W_hh + b, then the peepholes, and nothing else.",
        lstm_stepper(a_f=lambda v: blocks(v.a, 3)[0] + v.p_f * v.c_prev + 1),
    ),
    Mistake(
        "recurrent term dropped",
        "The term `h_prev @ W_hh` is missing.",
        "x_t W_xh + h_prev W_hh + b, then the peepholes.",
        lstm_stepper(a=lambda v: v.x_t @ v.W_xh + v.b),
    ),
    Mistake(
        "input dropped",
        "The term `x_t @ W_xh` is missing.",
        "x_t W_xh + h_prev W_hh + b, then the peepholes.",
        lstm_stepper(a=lambda v: v.h_prev @ v.W_hh + v.b),
    ),
    # --- what is returned
    Mistake(
        "results in the wrong order",
        "The results are the wrong way round: `(c_t, h_t)`.",
        "`return h_t, c_t`.",
        _returned(lambda h, c: (c, h)),
    ),
    *variants(
        "arguments changed in place",
        "Something that was given has been overwritten.",
        "`c_prev *= f` writes into the caller's array. Write `c_t = f * c_prev + ...`.",
        _into_c,
        _into_params,
    ),
)
