"""Checks of weights set by hand: a latch and an echo, judged by what they do.

The check runs the network on many bit strings, so that every set of weights that works is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output


def _run(x, h0, W_xh, W_hh, b_h):
    """Return all states (B, T, H) of a tanh RNN, step by step."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states, axis=1)


def _matrices(value: Any, names: Sequence[str], ndims: Sequence[int]) -> list[np.ndarray]:
    """Return the arrays of `value`; one sentence where their number or dimensions are wrong."""
    if not isinstance(value, (tuple, list)) or len(value) != len(names):
        raise ValueError(f"return {len(names)} arrays: {', '.join(names)}")
    arrays = [np.asarray(entry, dtype=float) for entry in value]
    for name, array, ndim in zip(names, arrays, ndims, strict=True):
        if array.ndim != ndim:
            raise ValueError(f"{name} should have {ndim} axes, it has shape {array.shape}")
    return arrays


def _bits(rng: np.random.Generator, B: int, T: int, share: float) -> np.ndarray:
    return (rng.random((B, T, 1)) < share).astype(float)


def _bit_cases(rng: np.random.Generator) -> Iterable[Case]:
    """Bit strings that the judged function never sees: it takes no argument at all."""
    short, long = _bits(rng, 200, 12, 0.2), _bits(rng, 20, 300, 0.02)
    yield Case("200 random bit strings of length 12", {}, 3, aside={"x": short})
    yield Case("20 bit strings of length 300, few ones", {}, 1, aside={"x": long})


# --- a latch: has a 1 been seen? -------------------------------------------------------------


def _read_latch(given: dict, value: Any) -> np.ndarray:
    names = ("W_xh", "W_hh", "b_h", "h0")
    W_xh, W_hh, b_h, h0 = _matrices(value, names, (2, 2, 1, 2))
    x = given["x"]
    h = _run(x, np.repeat(h0, x.shape[0], axis=0), W_xh, W_hh, b_h)
    return np.where(h[:, :, 0] > 0.5, 1, np.where(h[:, :, 0] < -0.5, -1, 0))


def _latch(a: float, w: float, b: float, h0: float):
    """A mistake for the latch: one unit with input weight a, recurrent weight w, bias b."""
    return lambda: (np.array([[a]]), np.array([[w]]), np.array([b]), np.array([[h0]]))


latch_weights = Check(
    "a latch with hand-set weights",
    [Output("on (1), off (-1) or undecided (0)", "(B, T)")],
    _bit_cases,
    lambda x: np.where(np.cumsum(x[:, :, 0], axis=1) > 0, 1, -1),
    (
        Mistake(
            "never on",
            "The unit stays off whatever comes in: the input is too weak.",
            "Off with input 1: the sum inside the tanh is W_xh - W_hh + b_h. It must be well above "
            "zero.",
            _latch(1, 3, 0, -1),
        ),
        Mistake(
            "input only balances",
            "A 1 brings an off unit to zero, halfway, and leaves it there undecided.",
            "Off with input 1: W_xh and W_hh cancel. The input must win clearly.",
            _latch(3, 3, 0, -1),
        ),
        Mistake(
            "always on",
            "The unit is on from the start, before any 1 has come.",
            "With h = -1 and x = 0 the sum inside the tanh must stay well below zero.",
            _latch(6, 3, 5, -1),
        ),
        Mistake(
            "no memory",
            "The unit follows the input of the moment and forgets it at the next step.",
            "Once on, with x = 0, only W_hh can keep the sum positive. How large must it be?",
            _latch(6, 0, -3, -1),
        ),
        Mistake(
            "h0 between the two states",
            "The unit starts at 0, halfway between off and on.",
            "Off is a state too: start from h0 = -1.",
            _latch(6, 3, 0, 0),
        ),
        *(
            Mistake(
                "a fading memory",
                "The state fades: without input it drifts towards 0, where it is undecided.",
                "h = tanh(w h) has a lasting answer other than 0 only for w above 1, and a clear "
                "one only well above 1.",
                _latch(a, w, 0, -1),
            )
            for w in (1.0, 0.5, 0.1)
            for a in (1, 2, 3, 6, 10)
        ),
        Mistake(
            "toggles",
            "Each 1 turns the unit over: a second 1 switches it off again.",
            "On and x = 1 must stay on: do the two contributions to the sum have equal signs?",
            _latch(-6, -3, 0, -1),
        ),
    ),
    read=_read_latch,
)
"""Judges `latch_weights() -> (W_xh, W_hh, b_h, h0)`: below -0.5 before a 1, above 0.5 after."""


# --- an echo: what came two steps ago --------------------------------------------------------


def _read_echo(given: dict, value: Any) -> np.ndarray:
    names = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
    W_xh, W_hh, b_h, W_hy, b_y = _matrices(value, names, (2, 2, 1, 2, 1))
    x = given["x"]
    h = _run(x, np.zeros((x.shape[0], b_h.shape[0])), W_xh, W_hh, b_h)
    return (h @ W_hy + b_y)[:, 2:, 0] > 0.5


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
)
"""Judges `echo_weights() -> (W_xh, W_hh, b_h, W_hy, b_y)`: y_t > 0.5 if and only if x_{t-2} = 1."""
