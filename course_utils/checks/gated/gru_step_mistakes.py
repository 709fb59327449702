"""What learners get wrong in one step of the GRU, each with the words that name it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import numpy as np

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import blocks, sigmoid
from course_utils.checks.gated.gru_candidate_mistakes import candidate_mistakes
from course_utils.checks.gated.gru_reference import CANDIDATE, step
from course_utils.checks.gated.orders import listed, other_orders
from course_utils.checks.sequence_mistakes import run, sequence_mistakes, stored_as_integers

OUTPUT = "`h_t = (1 - z) * n + z * h_prev`."
SUMS = "r and z: `sigmoid(x_t @ W_x + h_prev @ W_h + b)`, each with its own block."


def _reading(order: tuple[str, ...]) -> dict[str, Callable]:
    """Return the patch that reads the blocks of W_xh, b and W_hh in another order."""
    patch: dict[str, Callable] = {}
    for k, letter in enumerate(order):
        patch[f"u_{letter}"] = lambda s, k=k: blocks(s.u, 3)[k]
        patch[f"W_h{letter}"] = lambda s, k=k: blocks(s.W_hh, 3)[k]
    return patch


def _interleaved() -> dict[str, Callable]:
    patch: dict[str, Callable] = {}
    for k, letter in enumerate("rzn"):
        patch[f"u_{letter}"] = lambda s, k=k: s.u[..., k::3]
        patch[f"W_h{letter}"] = lambda s, k=k: s.W_hh[:, k::3]
    return patch


def _output(reset: str) -> list[Mistake]:
    return [
        Mistake(
            "z convention swapped",
            "`z` and 1 - z are exchanged: here z says how much of the *old* state stays.",
            OUTPUT + ' Some texts write it the other way. If that is meant, declare it: `z="new"`.',
            step(reset, h=lambda s: (1 - s.z) * s.h_prev + s.z * s.n),
        ),
        Mistake(
            "1 - z for both",
            "The old state is multiplied by 1 - z as well.",
            OUTPUT,
            step(reset, h=lambda s: (1 - s.z) * (s.n + s.h_prev)),
        ),
        Mistake(
            "z for both",
            "The candidate is multiplied by z as well; it needs 1 - z.",
            OUTPUT,
            step(reset, h=lambda s: s.z * (s.n + s.h_prev)),
        ),
        Mistake(
            "n added in full",
            "The candidate is added in full: the factor 1 - z is missing.",
            OUTPUT,
            step(reset, h=lambda s: s.n + s.z * s.h_prev),
        ),
        Mistake(
            "old state added in full",
            "The old state is added in full: the factor z is missing.",
            OUTPUT,
            step(reset, h=lambda s: (1 - s.z) * s.n + s.h_prev),
        ),
        Mistake(
            "z does not act",
            "`h_t` is the candidate n: z does not act.",
            OUTPUT,
            step(reset, h=lambda s: s.n),
        ),
        Mistake(
            "old state dropped",
            "The old state does not enter h_t: the term `z * h_prev` is missing.",
            OUTPUT,
            step(reset, h=lambda s: (1 - s.z) * s.n),
        ),
        Mistake(
            "r for z",
            "`r` says how much of the old state stays; that is z's work.",
            OUTPUT,
            step(reset, h=lambda s: (1 - s.r) * s.n + s.r * s.h_prev),
        ),
        Mistake(
            "tanh on the output",
            "The new state goes through tanh once more.",
            "n has been through tanh already. " + OUTPUT,
            step(reset, h=lambda s: np.tanh((1 - s.z) * s.n + s.z * s.h_prev)),
        ),
    ]


def _sums(reset: str) -> list[Mistake]:
    candidate = CANDIDATE[reset]
    return [
        *variants(
            "tanh for a gate",
            "A gate goes through tanh; r and z are sigmoids.",
            "A gate lets through a share between 0 and 1. Only n, the candidate, has a tanh.",
            step(reset, r=lambda s: np.tanh(s.u_r + s.h_prev @ s.W_hr)),
            step(reset, z=lambda s: np.tanh(s.u_z + s.h_prev @ s.W_hz)),
            step(
                reset,
                r=lambda s: np.tanh(s.u_r + s.h_prev @ s.W_hr),
                z=lambda s: np.tanh(s.u_z + s.h_prev @ s.W_hz),
            ),
        ),
        Mistake(
            "bias never added",
            "The bias b is never added.",
            SUMS + " And n has b_n.",
            step(reset, u=lambda s: s.x @ s.W_xh),
        ),
        Mistake(
            "bias added twice",
            "The bias b is added twice.",
            "torch's r and z have two biases each; here b holds their sum. Add it once.",
            step(reset, u=lambda s: s.x @ s.W_xh + 2 * s.b),
        ),
        Mistake(
            "b_hn in the gates",
            "`b_hn` is added to the gates' sums; it belongs to n alone.",
            SUMS,
            step(
                reset,
                r=lambda s: sigmoid(s.u_r + s.h_prev @ s.W_hr + s.b_hn),
                z=lambda s: sigmoid(s.u_z + s.h_prev @ s.W_hz + s.b_hn),
            ),
        ),
        Mistake(
            "gates without the state",
            "`r` and `z` are made of the input alone.",
            SUMS,
            step(reset, r=lambda s: sigmoid(s.u_r), z=lambda s: sigmoid(s.u_z)),
        ),
        Mistake(
            "gates without the input",
            "`r` and `z` are made of the state alone.",
            SUMS,
            step(
                reset,
                r=lambda s: sigmoid(s.h_prev @ s.W_hr),
                z=lambda s: sigmoid(s.h_prev @ s.W_hz),
            ),
        ),
        Mistake(
            "input dropped",
            "The input does not enter: `x_t @ W_xh` is missing.",
            "All three, r, z and n, read x_t.",
            step(reset, u=lambda s: s.x @ (0 * s.W_xh) + s.b),
        ),
        Mistake(
            "recurrent term dropped",
            "The state enters neither the gates nor the candidate: `h_prev @ W_hh` is missing.",
            "All three, r, z and n, read h_prev.",
            step(
                reset,
                r=lambda s: sigmoid(s.u_r),
                z=lambda s: sigmoid(s.u_z),
                n=lambda s: candidate(_stateless(s)),
            ),
        ),
        Mistake(
            "blocks read as every third column",
            "The blocks are read as if the three of a unit stood next to each other.",
            "First H columns of r, then H of z, then H of n: `np.split(..., 3, axis=1)`.",
            step(reset, **_interleaved()),
        ),
    ]


def _stateless(s):
    """Return what stands at hand, with a product of zeros."""
    return SimpleNamespace(**{**vars(s), "W_hn": 0 * s.W_hn})


def _orders(reset: str) -> list[Mistake]:
    return [
        Mistake(
            name,
            f"The blocks are read in the order {listed(order)}.",
            "In `W_xh`, `W_hh` and b they stand in the order r, z, n; n is the one with the tanh.",
            step(reset, **_reading(order)),
        )
        for order, name in other_orders("rzn")
    ]


def _in_place(reset: str) -> Mistake:
    def wrong(x_t, h_prev, *weights):
        h_prev[...] = step(reset)(x_t, h_prev, *weights)
        return h_prev.copy()

    return Mistake(
        "h_prev changed in place",
        "The new state was written into `h_prev` itself.",
        "`h_prev *= z` changes the caller's array. Make a new one: " + OUTPUT,
        wrong,
    )


def step_mistakes(reset: str) -> list[Mistake]:
    """Return the mistakes of one step whose reset acts "after" or "before" the product."""
    made = (_orders, candidate_mistakes, _output, _sums)
    return [*(mistake for make in made for mistake in make(reset)), _in_place(reset)]


def gru_sequence_mistakes(reset: str) -> list[Mistake]:
    """Return the mistakes of a whole sequence: those of its loop, and those of every step."""
    at_every_step = [
        Mistake(m.name, m.says, m.hint, partial(run, m.wrong))
        for m in step_mistakes(reset)
        if m.name != "h_prev changed in place"
    ]
    as_integers = stored_as_integers(partial(run, step(reset)))
    return [*sequence_mistakes(step(reset)), *at_every_step, as_integers]
