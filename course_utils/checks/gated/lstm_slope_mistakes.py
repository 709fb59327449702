"""What learners take for the slopes of the LSTM's gates on the way back, or where they forget them.

All are formulas of `lstm_reference.BACKWARD` exchanged.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import sigmoid
from course_utils.checks.gated.lstm_reference import step_back

ARRIVING: dict[str, Callable] = {
    "i": lambda s: s.dc_all * s.g,
    "f": lambda s: s.dc_all * s.c_prev,
    "g": lambda s: s.dc_all * s.i,
    "o": lambda s: s.dh * s.tanh_c,
}
"""What arrives at each gate, before its own slope."""


def slopes(letters: str, wrong: Callable[[np.ndarray], np.ndarray]) -> dict[str, Callable]:
    """Return the patch in which the slope of some gates is `wrong(activation)`."""
    return {
        f"da_{letter}": lambda s, letter=letter: ARRIVING[letter](s) * wrong(getattr(s, letter))
        for letter in letters
    }


def inverse_sigmoid(gate: np.ndarray) -> np.ndarray:
    """Return the sum that the sigmoid made this gate of."""
    return np.log(gate / (1 - gate))


def sigmoid_slope(gate: np.ndarray) -> np.ndarray:
    return gate * (1 - gate)


def tanh_slope(value: np.ndarray) -> np.ndarray:
    return 1 - value**2


SIGMOID = "σ'(a) = σ(a) (1 - σ(a)), and σ(a) is the gate itself, which is given: `i * (1 - i)`."
TANH = "tanh'(a) = 1 - tanh(a)², and tanh(a) is g itself, which is given: `1 - g**2`."

GATE_SLOPES = (
    *variants(
        "σ' of the pre-activation",
        "The slopes of the gates are taken at the sums *inside* σ: a (1 - a).",
        SIGMOID,
        step_back(**slopes("ifo", lambda gate: sigmoid_slope(inverse_sigmoid(gate)))),
        step_back(
            **slopes("ifo", lambda gate: sigmoid_slope(inverse_sigmoid(gate))),
            **slopes("g", lambda g: tanh_slope(np.arctanh(g))),
        ),
    ),
    *variants(
        "σ taken again",
        "The sigmoid is taken of the gates a second time before their slope is made.",
        "`gates` holds the activations, not the sums inside σ. " + SIGMOID,
        step_back(**slopes("ifo", lambda gate: sigmoid_slope(sigmoid(gate)))),
        step_back(
            **slopes("ifo", lambda gate: sigmoid_slope(sigmoid(gate))),
            **slopes("g", lambda g: tanh_slope(np.tanh(g))),
        ),
    ),
    Mistake(
        "tanh' of g's pre-activation",
        "The slope of g is taken at the sum *inside* tanh: 1 - a².",
        TANH,
        step_back(**slopes("g", lambda g: tanh_slope(np.arctanh(g)))),
    ),
    Mistake(
        "tanh of g taken again",
        "The tanh is taken of g a second time before its slope is made.",
        "`gates` holds the activations. " + TANH,
        step_back(**slopes("g", lambda g: tanh_slope(np.tanh(g)))),
    ),
    *variants(
        "σ' omitted",
        "The slope of the sigmoid is missing: da is what arrives at the gate.",
        SIGMOID,
        step_back(**slopes("ifo", np.ones_like)),
        *(step_back(**slopes(gate, np.ones_like)) for gate in "ifo"),
    ),
    Mistake(
        "tanh' of g omitted",
        "The slope of g's tanh is missing.",
        TANH,
        step_back(**slopes("g", np.ones_like)),
    ),
    Mistake(
        "all four slopes omitted",
        "The slopes of all four, σ' and tanh', are missing.",
        SIGMOID + " For g: `1 - g**2`.",
        step_back(**slopes("ifgo", np.ones_like)),
    ),
    Mistake(
        "σ' for g",
        "`g` has the sigmoid's slope, g (1 - g); it went through tanh.",
        TANH,
        step_back(**slopes("g", sigmoid_slope)),
    ),
    *variants(
        "tanh' for a gate",
        "A gate has the slope of tanh, 1 - i²; it went through the sigmoid.",
        SIGMOID,
        *(step_back(**slopes(gates, tanh_slope)) for gates in ("ifo", "i", "f", "o")),
    ),
    Mistake(
        "1 - i for i (1 - i)",
        "The slopes of the gates are 1 - i, 1 - f, 1 - o: the gate itself is missing.",
        SIGMOID,
        step_back(**slopes("ifo", lambda gate: 1 - gate)),
    ),
    Mistake(
        "i for i (1 - i)",
        "The slopes of the gates are i, f, o: the factor 1 - i is missing.",
        SIGMOID,
        step_back(**slopes("ifo", lambda gate: gate)),
    ),
    Mistake(
        "1-g for 1-g²",
        "The slope of g is 1 - g; the square is missing.",
        TANH,
        step_back(**slopes("g", lambda g: 1 - g)),
    ),
)


def _cell(slope: Callable, da_o: Callable | None = None) -> Callable:
    """Return the step with another slope of c's tanh, and another da_o."""
    patch = {"dc_all": lambda s: s.dc + s.dh * s.o * slope(s)}
    return step_back(**patch, **({"da_o": da_o} if da_o else {}))


def _o_with_c(s):
    return s.dh * s.c * s.o * (1 - s.o)


CELL_SLOPES = (
    *variants(
        "c for tanh(c)",
        "`c_t` stands where tanh(c_t) belongs.",
        "h_t = o * tanh(c_t): o meets tanh(c_t), and the slope of that tanh is "
        "`1 - np.tanh(c_t) ** 2`.",
        _cell(lambda s: 1 - s.c**2, _o_with_c),
        _cell(lambda s: 1 - s.c**2),
        step_back(da_o=_o_with_c),
    ),
    Mistake(
        "tanh' of c omitted",
        "What comes through h_t reaches c_t without the slope of tanh.",
        "h_t = o * tanh(c_t), so c_t receives `dh_t * o * (1 - np.tanh(c_t) ** 2)`.",
        _cell(lambda s: 1.0),
    ),
    *variants(
        "tanh' of c at h_t or c_{t-1}",
        "The slope of c_t's tanh is taken at another place than c_t.",
        "`1 - np.tanh(c_t) ** 2`.",
        _cell(lambda s: 1 - (s.o * s.tanh_c) ** 2),
        _cell(lambda s: 1 - np.tanh(s.c_prev) ** 2),
    ),
    *variants(
        "dc through h forgotten",
        "`c_t` receives only what came along the cell: the way through h_t is missing.",
        "h_t = o * tanh(c_t): add `dh_t * o * (1 - np.tanh(c_t) ** 2)` to `dc_later` first.",
        step_back(dc_all=lambda s: s.dc),
    ),
    Mistake(
        "dc_t ignored",
        "`c_t` receives only what came through h_t; `dc_later` is not used.",
        "c_t has two readers, h_t and the next cell. Add what both send back.",
        step_back(dc_all=lambda s: s.dh * s.o * (1 - s.tanh_c**2)),
    ),
    Mistake(
        "o forgotten on the way to c",
        "What comes through h_t reaches c_t without the output gate.",
        "h_t = o * tanh(c_t), so c_t receives `dh_t * o * (1 - np.tanh(c_t) ** 2)`.",
        step_back(dc_all=lambda s: s.dc + s.dh * (1 - s.tanh_c**2)),
    ),
    Mistake(
        "dc_t through the tanh too",
        "`dc_later` is taken through o and tanh as well; it arrives at c_t itself.",
        "`dc_t = dc_later + dh_t * o * (1 - np.tanh(c_t) ** 2)`.",
        step_back(dc_all=lambda s: (s.dc + s.dh) * s.o * (1 - s.tanh_c**2)),
    ),
)

SLOPE_MISTAKES = (*GATE_SLOPES, *CELL_SLOPES)
