"""A check of the reader's own test inputs: do they let a wrong way back pass?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.checks.bptt.loop_mistakes import CATALOGUE
from course_utils.checks.bptt.patches import inner
from course_utils.checks.bptt.reference import forward
from course_utils.checks.bptt.survivors import states, survivors
from course_utils.checks.core import Case, Check, Output
from course_utils.checks.report import Report

SHAPES = {"x": "BTD", "h0": "BH", "W_xh": "DH", "W_hh": "HH", "b_h": "H", "dh": "BTH"}
LARGEST = {"B": 16, "T": 32, "D": 32, "H": 32}


def _weak_points(given: dict[str, np.ndarray], alive: list[str]) -> list[str]:
    """Return what makes these inputs weak, in sentences: what accounts for one of `alive`."""
    x, h0, W_xh, W_hh, b_h, dh = (given[name] for name in SHAPES)
    B, T, _ = x.shape
    if T < 2:
        return [f"With T = {T} there is no later step: nothing is carried back, nothing summed."]
    arrived, _ = inner(dh, x, h0, forward(*states(given)), W_xh, W_hh)
    small = max(np.abs(W_xh).max(), np.abs(W_hh).max()) < 0.1
    weak = (
        (T < 5, "truncation", f"With T = {T}, a gradient cut after {T} steps is not cut at all."),
        (B == 1, "averaged", "With B = 1 nobody can tell a mean over the batch from a sum."),
        (not h0.any(), "h0", "With h0 = 0 the first step's term of `dW_hh` is zero in any case."),
        (
            not dh[:, :-1].any(),
            "upstream",
            "A gradient arrives at the last step only: nobody can tell whether the others' counts.",
        ),
        (np.allclose(dh, dh[:, :1]), "upstream", "The same gradient arrives at every step."),
        (
            np.allclose(W_hh, W_hh.T),
            "W_hh",
            "`W_hh` is symmetric: nobody can tell whether it is transposed.",
        ),
        (not W_hh.any(), "", "With W_hh = 0 nothing goes back in time."),
        (not W_xh.any(), "dx", "With W_xh = 0 dx is zero in any case."),
        (not b_h.any(), "bias", "With b_h = 0 nobody can tell whether the bias counts."),
        (small, "tanh", "The weights are so small that tanh is a straight line."),
        (
            np.abs(arrived - dh).max() < 1,
            "clipping",
            "What goes back in time is never beyond ±1, so code that clips it there is right.",
        ),
    )
    return [says for holds, key, says in weak if holds and any(key in name for name in alive)]


def _usable(given: Any) -> dict[str, np.ndarray]:
    """Return the arrays, or raise ValueError with a sentence on what is missing or does not fit."""
    if not isinstance(given, dict):
        raise ValueError(f"a dict is asked for, with the arrays {', '.join(SHAPES)}")
    if missing := [name for name in SHAPES if name not in given]:
        raise ValueError(f"the dict lacks {', '.join(missing)}")
    sizes: dict[str, int] = {}
    for name, letters in SHAPES.items():
        array = given[name]
        if not isinstance(array, np.ndarray) or array.dtype != np.float64:
            kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise ValueError(f"{name} should be an array of float64, not {kind}")
        if array.ndim != len(letters):
            shape = f"({', '.join(letters)})" if len(letters) > 1 else f"({letters},)"
            raise ValueError(f"{name} should have the shape {shape}; yours has {array.shape}")
        for letter, size in zip(letters, array.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ValueError(f"{letter} is {sizes[letter]} elsewhere, but {size} in {name}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds nan or infinity")
    for letter, size in sizes.items():
        if size > LARGEST[letter]:
            most = LARGEST[letter]
            raise ValueError(f"{letter} = {size} makes a slow test; at most {most} is allowed")
        if size == 0 and letter != "T":
            raise ValueError(f"{letter} is 0; at least 1 is needed")
    return {name: given[name] for name in SHAPES}


def _read(known: dict[str, Any], given: Any) -> np.ndarray:
    """Return sentences on who survives and why; none where nobody does."""
    usable = _usable(given)
    alive = survivors(lambda rng: usable)
    if not alive:
        return np.array([], dtype=str)
    shown = "; ".join(alive[:6]) + ("; and others" if len(alive) > 6 else "")
    number = len({mistake.name for mistake in CATALOGUE})
    verb = "passes" if len(alive) == 1 else "pass"
    counted = f"Of {number} wrong backward passes, {len(alive)} still {verb}: {shown}."
    weak = _weak_points(usable, alive)
    if not weak:
        first = next(mistake for mistake in CATALOGUE if mistake.name == alive[0])
        weak = [f"What is wrong in the first of them: {first.says} Which inputs would show it?"]
    return np.array([counted, *weak])


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    for name in ("drawn once", "drawn a second time"):
        yield Case(name, {"seed": int(rng.integers(1 << 30))})


_CHECK = Check(
    "inputs that decide",
    [Output("survivors", "(n,)")],
    _cases,
    lambda seed: np.array([], dtype=str),
    read=_read,
    explain=lambda known, got, expected: " ".join(got),
)


def inputs_that_decide(
    draw: Callable[[np.random.Generator], dict[str, np.ndarray]], *, seed: int | None = None
) -> Report:
    """Judge `draw(rng)`, which makes the inputs of a test: x, h0, W_xh, W_hh, b_h and dh.

    Right where no wrong way back of the catalogue gives the right gradients for them; the
    report names those that do, and what makes the inputs weak.
    """
    return _CHECK(lambda seed: draw(np.random.default_rng(seed)), seed=seed)
