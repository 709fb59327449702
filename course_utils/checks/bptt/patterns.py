"""What the pattern of wrong gradients hints at, where no known mistake gives these numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_utils.checks.compare import agree

Arrays = dict[str, np.ndarray]
GRADIENTS = ("dx", "dh0", "dW_xh", "dW_hh", "db_h")

ALONE = {
    "dx": "So da_t is right at every step: look at `da_t @ W_xh.T`, and at where it is stored.",
    "dx_t": "So da_t is right: look at `da_t @ W_xh.T`.",
    "dh0": "So the loop is right: look at what is left over at its end, `da @ W_hh.T` of t = 0.",
    "dh_prev": "So da_t is right: look at `da_t @ W_hh.T`.",
    "dW_xh": "So da_t is right: look at `x_t.T @ da_t`, and at its sum over the steps.",
    "dW_hh": "So da_t is right: which state does it meet? It should be h_{t-1}, and `h0` at the "
    "first step; not h_t, and not `h0` throughout.",
    "db_h": "So da_t is right: look at its sum over batch and time.",
}


def diagnose(known: dict[str, Any], got: Arrays, expected: Arrays) -> str:
    """Return a sentence or two on which gradients are wrong and by how much; empty for none.

    `known` holds dh and x (B, T, ...); for a single step, dh_t and x_t.
    """
    got = {name: np.asarray(value, np.float64) for name, value in got.items()}
    wrong = [name for name in expected if not agree(got[name], expected[name])]
    if not wrong or "h" in wrong or not all(np.isfinite(got[name]).all() for name in wrong):
        return ""
    zero = [name for name in wrong if not got[name].any()]
    if zero:
        return f"{listed(zero)} {'is' if len(zero) == 1 else 'are'} zero throughout."
    said = say_factor(known, got, expected, wrong) or say_limit(got, expected, wrong)
    return said or _which(got, expected, wrong)


def say_factor(known: dict[str, Any], got: Arrays, expected: Arrays, wrong: list[str]) -> str:
    """Say that all that is wrong is the right gradient times one number, and which number."""
    factors = []
    for name in wrong:
        right = expected[name]
        if not right.any():
            return ""
        factors.append(float(np.sum(got[name] * right) / np.sum(right**2)))
        if not agree(got[name], factors[-1] * right):
            return ""
    factor = factors[0]
    if not np.allclose(factors, factor, rtol=1e-4):
        return f"{listed(wrong)} have the right direction but a wrong size, each its own."
    if np.isclose(factor, -1, rtol=1e-4):
        return f"{listed(wrong)}: right but for the sign, which is reversed."
    said = f"{listed(wrong)}: the right direction, but {factor:.4g} times the right size."
    arrived = known["dh"] if "dh" in known else known["dh_t"]
    B, T = arrived.shape[0], arrived.shape[1] if arrived.ndim == 3 else 1
    for number, words in ((B, "the batch size B"), (T, "the number of steps T"), (B * T, "B T")):
        if number > 1 and np.isclose(factor, 1 / number, rtol=1e-4):
            return f"{said} That is 1 over {words}: an average where a sum belongs."
        if number > 1 and np.isclose(factor, number, rtol=1e-4):
            return f"{said} That is {words}: something is added up once too often."
    if len(wrong) == len(GRADIENTS) and factor < 1:
        norm = np.sqrt(sum(np.sum(got[name] ** 2) for name in wrong))
        if np.isclose(norm, round(norm, 2), rtol=1e-6):
            return f"{said} Together they have the norm {norm:.3g}: is the gradient clipped?"
    return said


def say_limit(got: Arrays, expected: Arrays, wrong: list[str]) -> str:
    """Say that the wrong entries all stand at one limit."""
    limit = max(np.max(np.abs(got[name])) for name in wrong)
    if all(agree(got[name], np.clip(expected[name], -limit, limit)) for name in wrong):
        return (
            f"No entry is beyond ±{limit:.4g}, and all within are right: the gradient is clipped."
        )
    return ""


def _which(got: Arrays, expected: Arrays, wrong: list[str]) -> str:
    if len(wrong) == 1:
        return f"Only `{wrong[0]}` is wrong. {ALONE[wrong[0]]}"
    first = next(name for name in expected if name.startswith("dx"))
    if first not in wrong:
        weights = [name for name in wrong if name in GRADIENTS[2:]]
        if weights == wrong:
            return (
                f"{listed(wrong)} are wrong and `{first}` is right, so da_t is right: look at "
                "the products of da_t, and at how their sum over the steps is made."
            )
        return (
            f"{listed(wrong)} are wrong; `{first}` is right, so da_t is right too: look at each "
            "line that uses da_t."
        )
    steps, at_the_end = _from_which_step(got[first], expected[first])
    return f"{steps} {_size(got, expected, wrong, at_the_end)}".strip()


def _from_which_step(dx: np.ndarray, right: np.ndarray) -> tuple[str, bool]:
    """Say where the way back first goes wrong, read off dx (B, T, D), and whether at once."""
    if dx.ndim < 3 or dx.shape[1] < 2:
        return "The first line, da_t, is wrong: is it (what arrives at h_t) * (1 - h_t²)?", True
    T = dx.shape[1]
    scale = np.max(np.abs(right))
    wrong = ~np.isclose(dx, right, rtol=1e-5, atol=1e-5 * scale).all(axis=(0, 2))
    visited = int(np.flatnonzero(dx.any(axis=(0, 2)))[-1]) + 1
    if visited < T:
        return (
            f"`dx[:, {visited}:]` is zero: the last steps are never visited. The number of steps "
            "is `x.shape[1]`, and the loop begins at the last: `for t in reversed(range(T))`.",
            False,
        )
    last = int(np.flatnonzero(wrong)[-1])
    if last == T - 1:
        return (
            "Wrong already at the last step, where nothing comes from later: look at a single "
            "step first, da_t = (what arrives at h_t) * (1 - h_t²).",
            True,
        )
    return (
        f"On the way back `dx[:, {last + 1}]` is right and `dx[:, {last}]` is the first wrong "
        f"slice: look at what t = {last + 1} hands to t = {last}.",
        False,
    )


def _size(got: Arrays, expected: Arrays, wrong: list[str], at_the_end: bool) -> str:
    """Say that all that is wrong is much too large or too small.

    The slope is to blame only where the last step is wrong too, `at_the_end`.
    """
    if not all(expected[name].any() for name in wrong):
        return ""
    sizes = [np.linalg.norm(got[name]) / np.linalg.norm(expected[name]) for name in wrong]
    if at_the_end and min(sizes) >= 20:
        return (
            f"All that is wrong is more than {int(min(sizes))} times too large: 1 - h_t² "
            "is missing, or is made of something else than h_t."
        )
    if max(sizes) <= 0.6:
        return (
            "All that is wrong is too small: something is left out, such as what comes from later "
            "steps, or what arrives from above at some of them."
        )
    return ""


def listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
