"""The variants of a gated cell's call that a caller may declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.core import Convention


def batch_first(yes: bool) -> Convention:
    """Return the convention of x and of all states returned: (B, T, ...), or (T, B, ...)."""
    if yes:
        return Convention()

    def swap(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(swap(entry) for entry in value)
        return np.moveaxis(np.asarray(value), 0, 1)

    return Convention(
        lambda given: {**given, "x": np.ascontiguousarray(swap(given["x"]))},
        swap,
    )


def z_multiplies(places: tuple[int, ...] = ()) -> Callable[[str], Convention]:
    """Return the convention of what z multiplies: the "old" state (ours) or the "new" candidate.

    h = (1 - z) * n + z * h_prev and h = (1 - z) * h_prev + z * n are one family of functions:
    1 - σ(a) = σ(-a), so what goes into z changes its sign. `places` tells which of the returned
    values have blocks r, z, n: the gradients of weights and bias.
    """

    def declared(which: str) -> Convention:
        if which not in ("old", "new"):
            raise TypeError(f"z is 'old' or 'new' (what it multiplies), not {which!r}")
        if which == "old":
            return Convention()

        def arguments(given: dict[str, Any]) -> dict[str, Any]:
            turned = {name: negated(given[name]) for name in ("W_xh", "W_hh", "b") if name in given}
            if "gates" in given:
                r, z, n = np.split(given["gates"], 3, axis=1)
                turned["gates"] = np.concatenate([r, 1 - z, n], axis=1)
            return {**given, **turned}

        def value(returned: Any) -> Any:
            if not places:
                return returned
            return tuple(
                negated(np.asarray(entry)) if i in places else entry
                for i, entry in enumerate(returned)
            )

        return Convention(arguments, value)

    return declared


def negated(array: np.ndarray) -> np.ndarray:
    """Return an array of blocks r, z, n with the middle one's sign changed."""
    r, z, n = np.split(array, 3, axis=-1)
    return np.concatenate([r, -z, n], axis=-1)
