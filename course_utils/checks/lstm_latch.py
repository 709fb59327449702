"""A latch made of one LSTM cell with weights set by hand, judged by what it does.

The check runs the cell on many strings of set and reset, so every set of weights that works is
right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants
from course_utils.layers import lstm_step_forward


def _strings(rng: np.random.Generator, B: int, T: int, share: float) -> np.ndarray:
    """Return x (B, T, 2): at most one of set and reset is 1 at a step."""
    draw = rng.random((B, T))
    return np.stack([draw < share, draw > 1 - share], axis=2).astype(float)


def _latch_cases(rng: np.random.Generator) -> Iterable[Case]:
    """Strings that the judged function never sees: it takes no argument at all."""
    yield Case("200 strings of length 12", {}, 3, aside={"x": _strings(rng, 200, 12, 0.2)})
    yield Case("20 strings of length 300", {}, 1, aside={"x": _strings(rng, 20, 300, 0.01)})


def _on(x: np.ndarray) -> np.ndarray:
    """Return (B, T): 1 where the last of set and reset was a set, else -1."""
    on, now = np.empty(x.shape[:2], int), np.full(len(x), -1)
    for t in range(x.shape[1]):
        now = np.where(x[:, t, 0] > 0, 1, np.where(x[:, t, 1] > 0, -1, now))
        on[:, t] = now
    return on


def _read_latch(given: dict, value: Any) -> np.ndarray:
    shapes = {"W_xh": (2, 4), "W_hh": (1, 4), "b": (4,)}
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        raise ValueError("return 3 arrays: W_xh, W_hh, b")
    weights = [np.asarray(entry, dtype=float) for entry in value]
    for array, (name, shape) in zip(weights, shapes.items(), strict=True):
        if array.shape != shape:
            raise ValueError(f"{name} should have shape {shape}, yours has {array.shape}")
    x = given["x"]
    h = c = np.zeros((len(x), 1))
    found = []
    for t in range(x.shape[1]):
        h, c = lstm_step_forward(x[:, t], h, c, *weights)
        found.append(np.select([h[:, 0] > 0.5, h[:, 0] < -0.1, h[:, 0] < 0.1], [1, 2, -1], 0))
    return np.stack(found, axis=1)


def _explain_latch(given: dict, got: np.ndarray, expected: np.ndarray) -> str:
    """Show the first string that fails, twelve steps of it, with right and given answers below."""
    row = int(np.flatnonzero((got != expected).any(axis=1))[0])
    at = int(np.flatnonzero(got[row] != expected[row])[0])
    steps = range(max(0, at - 11), min(max(0, at - 11) + 12, got.shape[1]))
    events = [".SR"[int(given["x"][row, t] @ [1, 2])] for t in steps]
    lines = {
        "input": events,
        "right": ["-?+"[expected[row, t] + 1] for t in steps],
        "yours": ["-?+n"[got[row, t] + 1] for t in steps],
    }
    shown = [f"`{name} {' '.join(signs)}`" for name, signs in lines.items()]
    head = f"First wrong at t={at} of this string (steps {steps[0]} to {steps[-1]}):"
    key = "(`S` set, `R` reset; `+` is on, `-` off, `?` between, `n` below -0.1.)"
    return "\n".join([head, *shown, key])


def _latch(i=(20, 0, -10), f=(0, -20, 10), g=(0, 0, 5), o=(0, 0, 10), order="ifgo"):
    """Return a function that returns weights; each block is (from set, from reset, bias)."""
    blocks = dict(zip("ifgo", (i, f, g, o), strict=True))
    columns = np.array([blocks[letter] for letter in order], float).T
    return lambda: (columns[:2], np.zeros((1, 4)), columns[2])


latch_weights = Check(
    "an LSTM that latches, with hand-set weights",
    [Output("on (1), off (-1), between (0) or negative (2)", "(B, T)")],
    _latch_cases,
    _on,
    (
        *variants(
            "never on",
            "The cell stays off whatever comes in.",
            "At a set, i, g and o must all be well above 0: i and o near 1, g near 1.",
            _latch(i=(0, 0, -10)),
            _latch(g=(0, 0, 0)),
            _latch(o=(0, 0, -10)),
        ),
        Mistake(
            "negative",
            "A set brings the output below zero: the candidate has the wrong sign.",
            "g is written. For a positive memory g must be positive.",
            _latch(g=(0, 0, -5)),
        ),
        Mistake(
            "never forgets",
            "A reset changes nothing: what was written stays.",
            "At a reset the forget gate must close: a large negative weight from reset to f.",
            _latch(f=(0, 0, 10)),
        ),
        *variants(
            "no memory",
            "The output follows the set of the moment and is gone at the next step.",
            "Between set and reset f must be near 1.",
            _latch(f=(0, -20, -10)),
            _latch(f=(0, 0, -10)),
            _latch(f=(0, -20, 0)),
            _latch(f=(0, 0, 0)),
        ),
        *variants(
            "fades",
            "What was written fades: the forget gate is not near enough to 1.",
            "After k steps f^k is left. With a bias of 5, f is 0.9933, and 0.9933^300 is 0.13.",
            _latch(f=(0, -20, 5)),
            _latch(f=(0, -20, 4)),
            _latch(f=(0, -20, 3)),
            _latch(f=(0, -20, 2)),
        ),
        *variants(
            "writes all the time",
            "The cell is on before any set has come: the write gate is never closed.",
            "Without a set, i must be near 0: a large negative bias.",
            _latch(i=(0, 0, 10)),
            _latch(i=(20, 0, 0)),
            _latch(i=(0, 0, 0)),
        ),
        Mistake(
            "writes at a reset too",
            "At a reset the old content goes, but a new one is written in the same step.",
            "The write gate must hear set alone.",
            _latch(i=(20, 20, -10)),
        ),
        Mistake(
            "reset subtracts",
            "A reset takes away 1. After two sets in a row that is not enough.",
            "Let the forget gate erase, whatever the cell holds.",
            _latch(i=(20, 20, -10), f=(0, 0, 10), g=(5, -5, 0)),
        ),
        Mistake(
            "half read",
            "The output never passes 0.5: the read gate is only half open.",
            "σ(0) is 0.5. Give o a large bias.",
            _latch(o=(0, 0, 0)),
        ),
        Mistake(
            "i and f exchanged",
            "These weights work if the first two columns are read as f, i.",
            "The order of the course, and of torch, is i, f, g, o.",
            _latch(order="figo"),
        ),
    ),
    read=_read_latch,
    explain=_explain_latch,
)
"""Judges `latch_weights() -> (W_xh, W_hh, b)`: one cell, inputs (set, reset), from h = c = 0.

After a set, until the next reset, h must be above 0.5; else within 0.1 of 0.
"""
