"""The inputs of the checks of backpropagation through time: the ones that decide come first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.bptt import reference
from course_utils.checks.core import Case
from course_utils.checks.rnn import draw_rnn

SIZES = (3, 5, 4, 6)
"""B, T, D, H of the case that decides: no two alike, T above 2."""


def draw(rng: np.random.Generator, B: int, T: int, D: int, H: int, dtype=np.float64) -> dict:
    """Return x, h0, W_xh, W_hh, b_h and dh (B, T, H), a gradient that arrives at every step.

    dh has a spread of 10, so that a clipped gradient shows.
    """
    given = draw_rnn(rng, B, T, D, H, dtype)
    return {**given, "dh": (10 * rng.normal(size=(B, T, H))).astype(dtype)}


def draw_long(rng: np.random.Generator) -> dict:
    """Return 30 steps with gradients in the hundreds: wide clipping and late cuts show."""
    drawn = draw(rng, 2, 30, 3, 5)
    return {**drawn, "dh": 100 * drawn["dh"]}


def sequence(name: str, drawn: dict[str, Any], weight: float = 1.0, **more: Any) -> Case:
    """Return a case of the backward pass: dh, x, h0, h, W_xh, W_hh; the oracle also knows b_h."""
    names = ("x", "h0", "W_xh", "W_hh", "b_h")
    h = reference.forward(*(drawn[name] for name in names))
    arguments = {"dh": drawn["dh"], "x": drawn["x"], "h0": drawn["h0"], "h": h}
    arguments |= {"W_xh": drawn["W_xh"], "W_hh": drawn["W_hh"], **more}
    return Case(name, arguments, weight, aside={"b_h": drawn["b_h"]})


TRIED = (
    ("B=3, T=5, D=4, H=6, a non-zero h0, a gradient at every step", SIZES, 6.0),
    ("B=4, T=4, D=3, H=5 (as many rows as steps)", (4, 4, 3, 5), 1.0),
    ("D=H=4 (square weights)", (2, 3, 4, 4), 1.0),
    ("one step (T=1)", (2, 1, 3, 4), 1.0),
    ("no step at all (T=0): zeros, and dx of shape (B, 0, D)", (2, 0, 3, 4), 0.5),
    ("one sequence (B=1)", (1, 4, 3, 5), 1.0),
)
LONG = "30 steps, gradients in the hundreds"


def pair_cases(rng: np.random.Generator) -> Iterable[Case]:
    for name, sizes, weight in TRIED:
        yield Case(name, draw(rng, *sizes), weight)
    yield Case("float32", draw(rng, *SIZES, np.float32))
    yield Case(LONG, draw_long(rng))


def sequence_cases(rng: np.random.Generator) -> Iterable[Case]:
    for case in pair_cases(rng):
        yield sequence(case.name, case.arguments, case.weight)


def step_cases(rng: np.random.Generator) -> Iterable[Case]:
    def step(name: str, B: int, D: int, H: int, weight=1.0, dtype=np.float64) -> Case:
        drawn = draw(rng, B, 1, D, H, dtype)
        case = sequence(name, drawn, weight)
        dh, x, h0, h, W_xh, W_hh = case.arguments.values()
        arguments = {"dh_t": dh[:, 0], "x_t": x[:, 0], "h_prev": h0, "h_t": h[:, 0]}
        return Case(name, {**arguments, "W_xh": W_xh, "W_hh": W_hh}, weight, aside=case.aside)

    yield step("B=3, D=4, H=6", 3, 4, 6, weight=6)
    yield step("D=H=4 (square weights)", 3, 4, 4)
    yield step("one row (B=1)", 1, 4, 6)
    yield step("one input, one unit (D=H=1)", 3, 1, 1)
    yield step("float32", 3, 4, 6, dtype=np.float32)


def truncated_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield sequence("T=7 in chunks of k=3 (3, 3 and 1 steps)", draw(rng, 3, 7, 4, 6), 6.0, k=3)
    yield sequence("T=6, k=2", draw(rng, 2, 6, 4, 4), k=2)
    yield sequence("T=4, k=1: every step on its own", draw(rng, 3, 4, 3, 5), k=1)
    yield sequence("T=5, k=5: nothing is cut", draw(rng, 3, 5, 3, 5), k=5)
    yield sequence("T=4, k=9: a chunk longer than the sequence", draw(rng, 3, 4, 3, 5), k=9)
    yield sequence("no step at all (T=0)", draw(rng, 2, 0, 3, 4), 0.5, k=3)
    yield sequence("float32, T=7, k=3", draw(rng, 3, 7, 4, 6, np.float32), k=3)
