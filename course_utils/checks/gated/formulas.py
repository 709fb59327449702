"""A cell as a list of formulas: a known mistake is the list with one formula exchanged."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

Formulas = dict[str, Callable[[SimpleNamespace], Any]]
"""By name, in the order in which they are computed; each may use what is given and those before."""


def evaluate(formulas: Formulas, given: dict[str, Any]) -> SimpleNamespace:
    """Return all that the formulas make of what is given, by name."""
    here = SimpleNamespace(**given)
    for name, formula in formulas.items():
        setattr(here, name, formula(here))
    return here


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-a), in a form that never overflows."""
    return (1 + np.tanh(a / 2)) / 2


def blocks(array: np.ndarray, number: int) -> list[np.ndarray]:
    """Return `number` blocks of equal width that stand side by side on the last axis.

    These are views, as those of `np.split`, which takes ten times as long.
    """
    width = array.shape[-1] // number
    return [array[..., k * width : (k + 1) * width] for k in range(number)]


def beside(*arrays: np.ndarray) -> np.ndarray:
    """Set arrays side by side on the last axis: the opposite of `blocks`."""
    return np.concatenate(arrays, axis=-1)
