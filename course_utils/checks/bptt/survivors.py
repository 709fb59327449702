"""Which wrong ways back look right: a test's inputs judged by the mistakes that survive them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.bptt import cases, oracle
from course_utils.checks.bptt.loop_mistakes import CATALOGUE
from course_utils.checks.naming import split
from course_utils.checks.rooms import LocalCallee

Draw = Callable[[np.random.Generator], dict[str, np.ndarray]]


def survivors(
    draw: Draw, rtol: float = 1e-5, atol: float = 0.0, *, shapes_only: bool = False, seed: int = 0
) -> list[str]:
    """Return the names of the wrong ways back that the inputs of `draw` do not tell from right.

    `draw(rng)` returns x `(B, T, D)`, h0 `(B, H)`, W_xh, W_hh, b_h and dh `(B, T, H)`, by name. A
    wrong result is told where an entry is off by more than atol + rtol times the largest entry
    of the right result, or where an argument was changed; with `shapes_only`, where a shape is
    off. A wrong way back that raises an error is told by that. Some mistakes can be made in several
    ways: a name survives if one of them does.
    """
    given = draw(np.random.default_rng(seed))
    right = oracle.through_time(given["dh"], *states(given))
    arguments = cases.sequence("the reader's own", given).arguments
    alive: dict[str, None] = {}  # a dict keeps the order in which the names come
    for mistake in CATALOGUE:
        reply = LocalCallee(mistake.wrong).call(arguments)
        if reply.failure is not None or (reply.changed and not shapes_only):
            continue
        pairs = zip(split(reply.value, len(right)), right, strict=True)
        if all(_passes(got, wanted, rtol, atol, shapes_only) for got, wanted in pairs):
            alive[mistake.name] = None
    return list(alive)


def states(given: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the arguments of the forward pass."""
    return [given[name] for name in ("x", "h0", "W_xh", "W_hh", "b_h")]


def _passes(got: Any, wanted: np.ndarray, rtol: float, atol: float, shapes_only: bool) -> bool:
    if np.shape(got) != wanted.shape:
        return False
    if shapes_only:
        return True
    scale = np.max(np.abs(wanted), initial=0.0)
    return bool(np.allclose(got, wanted, rtol=0, atol=atol + rtol * scale))
