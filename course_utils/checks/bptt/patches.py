"""Exchange one piece of the reference: the language in which the mistakes are written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from course_utils.checks.bptt import reference

NAMES = ("dx", "dh_prev", "dW_xh", "dW_hh", "db")


@dataclass(frozen=True)
class Here:
    """What stands at hand at step t: da (B, H), all of dh that arrived at h_t, and the rest."""

    da: Any
    dh: np.ndarray
    x: np.ndarray
    h_prev: np.ndarray
    h: np.ndarray
    W_xh: np.ndarray
    W_hh: np.ndarray


def slope(wrong: Callable[[Here], np.ndarray]) -> dict[str, Callable]:
    """Return the patch that takes `wrong` for the slope of tanh, 1 - h_t²."""

    def inside(dh_t, from_later, *rest):
        dh = dh_t + from_later
        return dh * wrong(Here(None, dh, *rest))

    return {"inside": inside}


def share(**wrong: Callable[[Here], np.ndarray]) -> dict[str, Callable]:
    """Return the patch that exchanges some of dx, dh_prev, dW_xh, dW_hh, db of one step."""

    def shares(da, dh, *rest):
        right = reference.shares(da, dh, *rest)
        here = Here(da, dh, *rest)
        return tuple(
            wrong[name](here) if name in wrong else value
            for name, value in zip(NAMES, right, strict=True)
        )

    return {"shares": shares}


def step(**pieces: Callable) -> partial:
    """Return the step backward with `pieces` exchanged."""
    return partial(reference.step_backward, **pieces)


def loop(**pieces: Callable) -> partial:
    """Return the way back through a sequence with `pieces` exchanged."""
    return partial(reference.backward, **pieces)


def after(change: Callable, function: Callable = reference.backward) -> Callable:
    """Return `function` with its outputs changed: `change(outputs, dh, x, h0, h, W_xh, W_hh)`."""

    def wrong(*arguments):
        return tuple(change(function(*arguments), *arguments))

    return wrong


def ordered(order: Sequence[int], function: Callable) -> Callable:
    """Return `function` with its outputs in another order."""
    return after(lambda outputs, *arguments: [outputs[i] for i in order], function)


def inner(
    dh, x, h0, h, W_xh, W_hh, *, inside=reference.inside, **pieces: Callable
) -> tuple[np.ndarray, np.ndarray]:
    """Return what arrived at every h_t in all, and da, both (B, T, H); `pieces` as exchanged."""
    arrived, da = np.zeros_like(h), np.zeros_like(h)
    steps = reversed(range(h.shape[1]))

    def noting(dh_t, from_later, *here):
        t = next(steps)
        arrived[:, t] = dh_t + from_later
        da[:, t] = inside(dh_t, from_later, *here)
        return da[:, t]

    reference.backward(dh, x, h0, h, W_xh, W_hh, inside=noting, **pieces)
    return arrived, da


def instead(place: int, value: Callable) -> Callable:
    """Return the way back with one output exchanged: `value(right outputs, all arguments)`."""

    def change(outputs, *arguments):
        changed = list(outputs)
        changed[place] = value(outputs, arguments)
        return changed

    return after(change)
