"""What learners take for the slopes of the GRU's gates, or where they forget them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import sigmoid
from course_utils.checks.gated.gru_reference import step_back
from course_utils.checks.gated.lstm_slope_mistakes import (
    inverse_sigmoid,
    sigmoid_slope,
    tanh_slope,
)
from course_utils.checks.gated.reset_mistakes import ARRIVING_AT_R

SIGMOID = "σ'(a) = σ(a) (1 - σ(a)), and σ(a) is the gate itself, which is given: `z * (1 - z)`."
TANH = "tanh'(a) = 1 - tanh(a)², and tanh(a) is n itself, which is given: `1 - n**2`."


def _slopes(
    reset: str,
    letters: str,
    gate: Callable[[np.ndarray], np.ndarray] = sigmoid_slope,
    tanh: Callable[[np.ndarray], np.ndarray] = tanh_slope,
) -> Callable:
    """Return the way back in which the slopes of `letters` are others."""
    patch = {
        "r": {"da_r": lambda s: ARRIVING_AT_R[reset](s) * gate(s.r)},
        "z": {"da_z": lambda s: s.dh * (s.h_prev - s.n) * gate(s.z)},
        "n": {"da_n": lambda s: s.dh * (1 - s.z) * tanh(s.n)},
    }
    chosen: dict[str, Callable] = {}
    for letter in letters:
        chosen |= patch[letter]
    return step_back(reset, **chosen)


def slope_mistakes(reset: str) -> list[Mistake]:
    """Return the wrong slopes of r, z and n, for either place of the reset."""

    def before_sigma(gate):
        return sigmoid_slope(inverse_sigmoid(gate))

    def before_tanh(n):
        return tanh_slope(np.arctanh(n))

    return [
        *variants(
            "σ' of the pre-activation",
            "The slopes of the gates are taken at the sums *inside* σ: a (1 - a).",
            SIGMOID,
            _slopes(reset, "rz", before_sigma),
            _slopes(reset, "rzn", before_sigma, before_tanh),
        ),
        *variants(
            "σ taken again",
            "The sigmoid is taken of the gates a second time before their slope is made.",
            "`gates` holds the activations, not the sums inside σ. " + SIGMOID,
            _slopes(reset, "rz", lambda gate: sigmoid_slope(sigmoid(gate))),
            _slopes(
                reset,
                "rzn",
                lambda gate: sigmoid_slope(sigmoid(gate)),
                lambda n: tanh_slope(np.tanh(n)),
            ),
        ),
        Mistake(
            "tanh' of n's pre-activation",
            "The slope of n is taken at the sum *inside* tanh: 1 - a².",
            TANH,
            _slopes(reset, "n", tanh=before_tanh),
        ),
        Mistake(
            "tanh of n taken again",
            "The tanh is taken of n a second time before its slope is made.",
            "`gates` holds the activations. " + TANH,
            _slopes(reset, "n", tanh=lambda n: tanh_slope(np.tanh(n))),
        ),
        *variants(
            "σ' omitted",
            "The slope of the sigmoid is missing: da is what arrives at the gate.",
            SIGMOID,
            *(_slopes(reset, gates, np.ones_like) for gates in ("rz", "r", "z")),
        ),
        Mistake(
            "tanh' of n omitted",
            "The slope of n's tanh is missing.",
            TANH,
            _slopes(reset, "n", tanh=np.ones_like),
        ),
        *variants(
            "tanh' for a gate",
            "A gate has the slope of tanh, 1 - z²; it went through the sigmoid.",
            SIGMOID,
            *(_slopes(reset, gates, tanh_slope) for gates in ("rz", "r", "z")),
        ),
        Mistake(
            "σ' for n",
            "`n` has the sigmoid's slope, n (1 - n); it went through tanh.",
            TANH,
            _slopes(reset, "n", tanh=sigmoid_slope),
        ),
        Mistake(
            "1-n for 1-n²",
            "The slope of n is 1 - n; the square is missing.",
            TANH,
            _slopes(reset, "n", tanh=lambda n: 1 - n),
        ),
        Mistake(
            "1 - z for z (1 - z)",
            "The slopes of the gates are 1 - r and 1 - z: the gate itself is missing.",
            SIGMOID,
            _slopes(reset, "rz", lambda gate: 1 - gate),
        ),
    ]
