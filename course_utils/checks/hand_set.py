"""Checks of weights set by hand: a latch and an echo, judged by what they do.

The check runs the network on many bit strings, so that every set of weights that works is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output
from course_utils.checks.latch_mistakes import LATCH_MISTAKES
from course_utils.layers import rnn_forward


def _matrices(value: Any, shapes: dict[str, tuple]) -> list[np.ndarray]:
    """Return the arrays of `value`; one sentence where their number or a shape is wrong.

    An "H" in a shape stands for the number of entries in `b_h`.
    """
    if not isinstance(value, (tuple, list)) or len(value) != len(shapes):
        raise ValueError(f"return {len(shapes)} arrays: {', '.join(shapes)}")
    arrays = [np.asarray(entry, dtype=float) for entry in value]
    H = arrays[list(shapes).index("b_h")].size
    for array, (name, shape) in zip(arrays, shapes.items(), strict=True):
        asked = tuple(H if size == "H" else size for size in shape)
        if array.shape != asked:
            raise ValueError(f"{name} should have shape {asked}, yours has {array.shape}")
    return arrays


def _bits(rng: np.random.Generator, B: int, T: int, share: float) -> np.ndarray:
    return (rng.random((B, T, 1)) < share).astype(float)


def _bit_cases(rng: np.random.Generator) -> Iterable[Case]:
    """Bit strings that the judged function never sees: it takes no argument at all."""
    short, long = _bits(rng, 200, 12, 0.2), _bits(rng, 20, 300, 0.02)
    yield Case("200 random bit strings of length 12", {}, 3, aside={"x": short})
    yield Case("20 bit strings of length 300, few ones", {}, 1, aside={"x": long})


def _show(x: np.ndarray, right: np.ndarray, yours: np.ndarray, since: int = 0) -> str:
    """Show the first string that fails, twelve steps of it, with the right signs and yours below.

    x (B, T, 1) holds bits; `right` and `yours` (B, T - since) one sign for each step from `since`.
    """
    row = int(np.flatnonzero((right != yours).any(axis=1))[0])
    wrong_at = int(np.flatnonzero(right[row] != yours[row])[0]) + since
    start = max(0, wrong_at - 11)
    steps = range(start, min(start + 12, x.shape[1]))
    lines = {
        "input": [str(int(x[row, t, 0])) for t in steps],
        "right": [str(right[row, t - since]) if t >= since else "." for t in steps],
        "yours": [str(yours[row, t - since]) if t >= since else "." for t in steps],
    }
    shown = [f"`{name} {' '.join(signs)}`" for name, signs in lines.items()]
    head = f"First wrong at t={wrong_at} of this string (steps {steps[0]} to {steps[-1]}):"
    return "\n".join([head, *shown])


# --- a latch: has a 1 been seen? -------------------------------------------------------------


def _read_latch(given: dict, value: Any) -> np.ndarray:
    shapes = {"W_xh": (1, 1), "W_hh": (1, 1), "b_h": (1,), "h0": (1, 1)}
    W_xh, W_hh, b_h, h0 = _matrices(value, shapes)
    x = given["x"]
    h, _ = rnn_forward(x, np.repeat(h0, x.shape[0], axis=0), W_xh, W_hh, b_h)
    return np.where(h[:, :, 0] > 0.5, 1, np.where(h[:, :, 0] < -0.5, -1, 0))


def _explain_latch(given: dict, got: np.ndarray, expected: np.ndarray) -> str:
    signs = np.array(["-", "?", "+"])
    shown = _show(given["x"], signs[expected + 1], signs[got + 1])
    return f"{shown}\n(`+` is on, `-` off, `?` undecided: between -0.5 and 0.5.)"


latch_weights = Check(
    "a latch with hand-set weights",
    [Output("on (1), off (-1) or undecided (0)", "(B, T)")],
    _bit_cases,
    lambda x: np.where(np.cumsum(x[:, :, 0], axis=1) > 0, 1, -1),
    LATCH_MISTAKES,
    read=_read_latch,
    explain=_explain_latch,
)
"""Judges `latch_weights() -> (W_xh, W_hh, b_h, h0)`: below -0.5 before a 1, above 0.5 after."""


# --- an echo: what came two steps ago --------------------------------------------------------


def _read_echo(given: dict, value: Any) -> np.ndarray:
    shapes = {"W_xh": (1, "H"), "W_hh": ("H", "H"), "b_h": ("H",), "W_hy": ("H", 1), "b_y": (1,)}
    W_xh, W_hh, b_h, W_hy, b_y = _matrices(value, shapes)
    x = given["x"]
    h, _ = rnn_forward(x, np.zeros((x.shape[0], b_h.shape[0])), W_xh, W_hh, b_h)
    return (h @ W_hy + b_y)[:, 2:, 0] > 0.5


def _explain_echo(given: dict, got: np.ndarray, expected: np.ndarray) -> str:
    shown = _show(given["x"], expected.astype(int), got.astype(int), since=2)
    return f"{shown}\n(`1` is y above 0.5, `0` is not; what stands at `.` is not looked at.)"


def _echo(lag: int, gain: float = 3.0, last: float = 0.5):
    """A shift register of lag + 1 units; right for lag 2."""

    def weights():
        H = lag + 1
        W_xh, W_hh, b_h = np.zeros((1, H)), np.diag([gain] * lag, k=1), np.zeros(H)
        W_xh[0, 0], b_h[0] = 2 * gain, -gain
        W_hy = np.zeros((H, 1))
        W_hy[-1, 0] = last
        return W_xh, W_hh, b_h, W_hy, np.array([0.5])

    return weights


def _echo_transposed():
    W_xh, W_hh, b_h, W_hy, b_y = _echo(2)()
    return W_xh, W_hh.T, b_h, W_hy, b_y


echo_weights = Check(
    "an echo with hand-set weights",
    [Output("y > 0.5", "(B, T-2)")],
    lambda rng: [
        Case("100 random bit strings of length 12", {}, 3, aside={"x": _bits(rng, 100, 12, 0.5)}),
        Case("10 random bit strings of length 300", {}, 1, aside={"x": _bits(rng, 10, 300, 0.5)}),
    ],
    lambda x: x[:, :-2, 0] > 0.5,
    (
        Mistake(
            "lag 0",
            "The output repeats the input of the same step.",
            "The bit must be handed on twice, from unit to unit, before it is read out.",
            _echo(0),
        ),
        Mistake(
            "lag 1",
            "The output is one step late; two are asked for.",
            "One more unit in the chain.",
            _echo(1),
        ),
        Mistake(
            "lag 3",
            "The output is three steps late; two are asked for.",
            "Count: the first unit already holds the bit at its own step. One unit less.",
            _echo(3),
        ),
        Mistake(
            "inverted",
            "Ones and zeros are exchanged.",
            "Follow the signs along the chain; the readout has one too.",
            _echo(2, last=-0.5),
        ),
        Mistake(
            "never above 0.5",
            "y is never above 0.5.",
            "Either the readout is too low (see `W_hy` and `b_y`), or the bit never reaches the "
            "unit that you read: a chain 0 -> 1 -> 2 sits above the diagonal of `W_hh`.",
            _echo_transposed,
        ),
    ),
    read=_read_echo,
    explain=_explain_echo,
)
"""Judges `echo_weights() -> (W_xh, W_hh, b_h, W_hy, b_y)`: y_t > 0.5 if and only if x_{t-2} = 1."""
