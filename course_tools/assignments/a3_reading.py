"""What came back from a function of A3: made into arrays to compare, or refused in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_tools.assignments.a3_reference import NAMES, leaky_states
from course_tools.assignments.gradients import relative_error
from course_utils.checks.compare import agree, as_array, describe


def flat(names: Sequence[str], value: Any, keys: Sequence[str] = NAMES) -> tuple:
    """Turn (a, b, c, grads) into one tuple; an entry that `grads` lacks becomes None.

    `names` are those of the arrays before `grads`, `keys` those of its entries.
    """
    if not isinstance(value, tuple | list) or len(value) != len(names) + 1:
        came = f"{len(value)} values" if isinstance(value, tuple | list) else type(value).__name__
        raise ValueError(f"{came} came back; return {', '.join(names)}, grads")
    *arrays, grads = value
    if not isinstance(grads, dict):
        raise ValueError(
            f"the last thing that you return is a {type(grads).__name__}; "
            "`grads` is a dict, with the keys of `params`"
        )
    if not set(grads) & set(keys):
        came = ", ".join(map(str, grads)) or "none"
        raise ValueError(f"`grads` has the keys {came}; they should be {', '.join(keys)}")
    return *arrays, *(grads.get(name) for name in keys)


def read_step(_: dict[str, Any], value: Any) -> tuple:
    return flat(("dx_t", "dh_prev", "dy_prev"), value)


def read_truncated(_: dict[str, Any], value: Any) -> tuple:
    return flat(("dx", "dh0", "dy0"), value)


def read_pair(known: dict[str, Any], value: Any) -> tuple:
    """Read the gradients, of a forward pass that gave what `leaky_states` gives."""
    h, y, *rest = value
    right = leaky_states(*(known[name] for name in ("x", "h0", "y0", "params", "lengths")))
    for name, got, expected in zip("hy", (h, y), right, strict=True):
        if not agree(got, expected):
            raise ValueError(
                f"`{name}` of your `leaky_forward` is not that of `leaky_states`, so that nothing "
                "can be said of the way back"
            )
    return flat(("dx", "dh0", "dy0"), tuple(rest))


def own_error(known: dict[str, Any], value: Any) -> Any:
    """Count the error as right where it follows rightly from the numeric gradient beside it.

    Wrong differences then cost their half of the points and not the error's as well. Beside a
    multiple of `claimed` (itself, or zero) the error is a constant, which shows no way to measure.
    """
    if not isinstance(value, tuple | list) or len(value) != 2:
        return value
    numeric, claimed = as_array(value[0]), known["claimed"]
    if numeric is None or numeric.shape != claimed.shape or not np.isfinite(numeric).all():
        return value
    if _is_multiple(numeric, claimed):
        return value
    if agree(value[1], relative_error(claimed, numeric)):
        return value[0], known["truth"][1]
    return value


def _is_multiple(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether `a` is a number times `b`; so are zeros."""
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return norms == 0 or abs(float(np.vdot(a, b))) > (1 - 1e-9) * norms


def explain_check(known: dict[str, Any], got: Any, right: Any) -> str:
    """Name the loss of digits in float32: two such losses never differ by the same noise."""
    array, right = as_array(got), np.asarray(right)
    name, shape = ("numeric", _letters(right)) if right.ndim else ("error", "()")
    noisy = array is not None and array.shape == right.shape and right.ndim
    if noisy and known["x"].dtype == np.float32 and np.abs(array - right).max() < 1:
        return (
            "The data are float32 here, and the difference of two such losses has two digits at "
            "most: turn all that goes in into float64 first, `params` too."
        )
    return describe(name, shape, got, right)


def _letters(array: np.ndarray) -> str:
    return f"({', '.join('ijk'[: array.ndim])})"
