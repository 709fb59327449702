"""Checks of the vanilla RNN's forward pass: one step, a sequence, and reading out the last state.

The oracle is torch.nn.RNN in float64; the mistakes stand in `rnn_step_mistakes`
and `rnn_mistakes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Convention, Output
from course_utils.checks.rnn_mistakes import SEQUENCE_MISTAKES
from course_utils.checks.rnn_step_mistakes import STEP_MISTAKES


def draw_rnn(rng: np.random.Generator, B: int, T: int, D: int, H: int, dtype=np.float64) -> dict:
    """Return x (B, T, D), h0 (B, H), W_xh, W_hh, b_h: all non-zero, weights of unit scale.

    Unit-scale weights and a state that is not zero are what lets no known mistake survive; the
    product stays off the flat ends of tanh because inputs are scaled down with their number.
    """
    return {
        "x": rng.normal(size=(B, T, D)).astype(dtype),
        "h0": rng.normal(size=(B, H)).astype(dtype),
        "W_xh": (rng.normal(size=(D, H)) / np.sqrt(D)).astype(dtype),
        "W_hh": (rng.normal(size=(H, H)) / np.sqrt(H)).astype(dtype),
        "b_h": (rng.uniform(0.2, 0.8, size=H) * rng.choice([-1, 1], size=H)).astype(dtype),
    }


def _sequence_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("B=3, T=5, D=4, H=6, a non-zero h0", draw_rnn(rng, 3, 5, 4, 6), weight=6)
    yield Case("B=4, T=4, D=3, H=5 (as many rows as steps)", draw_rnn(rng, 4, 4, 3, 5))
    yield Case("D=H=4 (square weights)", draw_rnn(rng, 2, 3, 4, 4))
    yield Case("one step (T=1)", draw_rnn(rng, 2, 1, 3, 4))
    yield Case(
        "no step at all (T=0): the states are an array of shape (B, 0, H)",
        draw_rnn(rng, 2, 0, 3, 4),
    )
    yield Case("one sequence (B=1), one unit (H=1)", draw_rnn(rng, 1, 4, 2, 1))
    yield Case("float32", draw_rnn(rng, 3, 5, 4, 6, np.float32))
    drawn = draw_rnn(rng, 2, 6, 1, 3)
    drawn["x"] = rng.integers(0, 2, size=(2, 6, 1))
    yield Case("bits, stored as integers", drawn, weight=0.5)


def _step_cases(rng: np.random.Generator) -> Iterable[Case]:
    def step(*sizes: int, dtype=np.float64) -> dict[str, Any]:
        drawn = draw_rnn(rng, sizes[0], 1, *sizes[1:], dtype=dtype)
        rest = {name: drawn[name] for name in ("W_xh", "W_hh", "b_h")}
        return {"x_t": drawn["x"][:, 0], "h_prev": drawn["h0"], **rest}

    yield Case("B=3, D=4, H=6", step(3, 4, 6), weight=6)
    yield Case("D=H=4 (square weights)", step(3, 4, 4))
    yield Case("one row (B=1)", step(1, 4, 6))
    yield Case("one input, one unit (D=H=1)", step(3, 1, 1))
    yield Case("float32", step(3, 4, 6, dtype=np.float32))


def rnn_oracle(x, h0, W_xh, W_hh, b_h) -> np.ndarray:
    """Return h (B, T, H) by torch.nn.RNN in float64."""
    import torch

    (B, T, D), H = x.shape, h0.shape[1]
    if T == 0:
        return np.zeros((B, 0, H))
    # Made empty: random initial weights would use up the notebook's global random numbers.
    rnn = torch.nn.RNN(D, H, batch_first=True, device="meta").to_empty(device="cpu").double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.from_numpy(W_xh.T.astype(np.float64)))
        rnn.weight_hh_l0.copy_(torch.from_numpy(W_hh.T.astype(np.float64)))
        rnn.bias_ih_l0.copy_(torch.from_numpy(b_h.astype(np.float64)))
        rnn.bias_hh_l0.zero_()
        h, _ = rnn(
            torch.from_numpy(x.astype(np.float64)), torch.from_numpy(h0[None] * 1.0).double()
        )
    return h.numpy()


def _step_oracle(x_t, h_prev, W_xh, W_hh, b_h) -> np.ndarray:
    return rnn_oracle(x_t[:, None], h_prev, W_xh, W_hh, b_h)[:, 0]


# --- conventions that a caller may declare --------------------------------------------------


def _batch_first(yes: bool) -> Convention:
    if yes:
        return Convention()

    def swap(array):
        return np.moveaxis(np.asarray(array), 0, 1)

    return Convention(
        arguments=lambda given: {**given, "x": np.ascontiguousarray(swap(given["x"]))},
        value=swap,
    )


def _weights(layout: str) -> Convention:
    if layout not in ("in_out", "out_in"):
        raise TypeError(f"weights is 'in_out' or 'out_in', not {layout!r}")
    if layout == "in_out":
        return Convention()

    def transpose(given):
        turned = {name: given[name].T.copy() for name in ("W_xh", "W_hh")}
        return {**given, **turned}

    return Convention(arguments=transpose)


rnn_step = Check(
    "one RNN step",
    [Output("h_t", "(B, H)")],
    _step_cases,
    _step_oracle,
    STEP_MISTAKES,
    {"weights": _weights},
)
"""Judges `rnn_step(x_t, h_prev, W_xh, W_hh, b_h) -> h_t`; may declare weights="out_in"."""

rnn_forward = Check(
    "the RNN over a whole sequence",
    [Output("h", "(B, T, H)")],
    _sequence_cases,
    rnn_oracle,
    SEQUENCE_MISTAKES,
    {"batch_first": _batch_first, "weights": _weights},
)
"""Judges `rnn_forward(x, h0, W_xh, W_hh, b_h) -> h`; may declare batch_first, weights."""


# --- the debugging clinic of lesson 02 ------------------------------------------------------


def their_forward(x, h0, W_xh, W_hh, b_h) -> np.ndarray:
    """Return the states (B, T, H) of somebody's broken network; the lesson asks what is wrong."""
    ill = next(m for m in SEQUENCE_MISTAKES if m.name == "h reset each step")
    return ill.wrong(x, h0, W_xh, W_hh, b_h)


def their_diagnosis(states: np.ndarray, bits: np.ndarray) -> str:
    """Return what is wrong, read off `states` (1, T, H) for `bits` (1, T, 1): the quiz's answer."""
    after_first = [states[0, 1:][bits[0, 1:, 0] == bit] for bit in (0, 1)]
    if all(np.allclose(group, group[0]) for group in after_first):
        return "the state is set to zero after every step"
    return "W_hh is transposed"
