"""Which gradients are wrong -> where to look, for what is no known mistake."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_utils.checks.compare import agree, as_array

WEIGHTS = {f'grads["{name}"]' for name in ("W_xh", "W_hh", "W_yh", "b_h")}
LEAK, OUTPUT = {'grads["leak"]'}, {'grads["W_hy"]', 'grads["b_y"]'}
STARTS = ({"dh_prev"}, {"dh0"}, {"dy_prev"}, {"dy0"}, {"dh_prev", "dy_prev"}, {"dh0", "dy0"})


def diagnose(known: dict[str, Any], got: dict[str, Any], right: dict[str, Any]) -> str:
    """Return what the pattern of wrong gradients hints at; empty where it hints at nothing."""
    wrong = {name for name in right if not agree(got[name], right[name])}
    fine = set(right) - wrong
    if factor := _common_factor(wrong, got, right):
        return (
            f"What is wrong is {factor:.3g} times what it should be: is something averaged, or a "
            "factor too many?"
        )
    if wrong == LEAK:
        return "Only the gradient of `leak` is wrong: the leak stands twice in the equation of h_t."
    if wrong <= OUTPUT:
        return "Only the output layer is wrong: is all that arrives at y_t used there?"
    if wrong in STARTS:
        return (
            f"Only {' and '.join(sorted(wrong))} wrong: look at what goes back to the old values."
        )
    if wrong <= WEIGHTS:
        return "Only weights are wrong: what was each of them multiplied by, and is it added up?"
    if wrong >= WEIGHTS and fine == LEAK | OUTPUT:
        return (
            "All that goes through the tanh is wrong, and nothing else: look at the slope of the "
            "tanh and at the leak in front of it."
        )
    return ""


def _common_factor(names: set[str], got: dict[str, Any], right: dict[str, Any]) -> float | None:
    """Return the factor between got and right, if it is the same for all of `names`."""
    factors = []
    for name in names:
        a, b = as_array(got[name]), np.asarray(right[name])
        if a is None or a.shape != b.shape or a.dtype.kind != "f" or not np.any(b):
            return None
        factor = float(np.vdot(a, b) / np.vdot(b, b))
        if not 1e-6 < abs(factor) < 1e6 or not agree(a / factor, b):
            return None
        factors.append(factor)
    return factors[0] if factors and np.allclose(factors, factors[0]) else None
