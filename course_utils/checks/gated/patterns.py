"""What the pattern of wrong numbers hints at, where no known mistake of a gated cell fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.bptt.patterns import Arrays, listed, say_factor, say_limit
from course_utils.checks.compare import agree
from course_utils.checks.gated.formulas import blocks

FROM_DA = ("dW_xh", "db")
"""Made of da at every step, and of nothing that one may mix up: they tell whether da is right."""


def diagnose_states(known: dict[str, Any], got: Arrays, expected: Arrays) -> str:
    """Return what it means that h is wrong and c is right; empty where both are wrong."""
    (h, c), wrong = tuple(expected), _wrong(got, expected)
    if wrong == [h]:
        return f"`{c}` is right and `{h}` is not: look at `o * np.tanh(c_t)`."
    if wrong == [c]:
        return f"`{h}` is right and `{c}` is not: what is returned for it is not what made h."
    return ""


def diagnose_gradients(letters: str) -> Callable[[dict[str, Any], Arrays, Arrays], str]:
    """Return the diagnosis of a way back whose weights have blocks called `letters`, "ifgo"."""

    def diagnose(known: dict[str, Any], got: Arrays, expected: Arrays) -> str:
        got = {name: np.asarray(value, np.float64) for name, value in got.items()}
        wrong = _wrong(got, expected)
        states = {"h", "c_T"} & set(wrong)
        if not wrong or states or not all(np.isfinite(got[name]).all() for name in wrong):
            return ""
        said = say_factor(known, got, expected, wrong) or say_limit(got, expected, wrong)
        return said or _blocks(letters, got, expected) or _which(got, expected, wrong)

    return diagnose


def _wrong(got: Arrays, expected: Arrays) -> list[str]:
    return [name for name in expected if not agree(got[name], expected[name])]


def _blocks(letters: str, got: Arrays, expected: Arrays) -> str:
    """Say which blocks of da are wrong, read off dW_xh and db, if some are and some are not."""
    ill = []
    for k, letter in enumerate(letters):
        mine = {name: blocks(got[name], len(letters))[k] for name in FROM_DA}
        right = {name: blocks(expected[name], len(letters))[k] for name in FROM_DA}
        if _wrong(mine, right):
            ill.append(letter)
    if not ill or len(ill) == len(letters):
        return ""
    well = [letter for letter in letters if letter not in ill]
    block, verb = ("blocks", "are") if len(ill) > 1 else ("block", "is")
    return (
        f"In `dW_xh` and `db` the {block} of {_and(ill)} {verb} wrong, the rest ({_and(well)}) "
        f"right: look at {_and([f'da_{letter}' for letter in ill])}."
    )


def _which(got: Arrays, expected: Arrays, wrong: list[str]) -> str:
    """Say where to look, from which gradients are right."""
    if not set(FROM_DA) & set(wrong):
        ill = f"{listed(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong"
        return (
            f"Only {ill}. `dW_xh` and `db` are right, so every da is: look at what is made of it."
        )
    dx = next(name for name in expected if name.startswith("dx"))
    if dx == "dx" and expected[dx].shape[1] > 1:
        return _from_which_step(got[dx], expected[dx])
    return ""


def _from_which_step(dx: np.ndarray, right: np.ndarray) -> str:
    """Say where the way back first goes wrong, read off dx (B, T, D)."""
    scale = np.max(np.abs(right))
    wrong = ~np.isclose(dx, right, rtol=1e-5, atol=1e-5 * scale).all(axis=(0, 2))
    if not wrong.any():
        return ""
    last = int(np.flatnonzero(wrong)[-1])
    if last == len(wrong) - 1:
        return (
            "Wrong already at the last step, where nothing comes from later: look at a single "
            "step first."
        )
    return (
        f"On the way back `dx[:, {last + 1}]` is right and `dx[:, {last}]` is the first wrong "
        f"slice: look at what t = {last + 1} hands to t = {last}."
    )


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
