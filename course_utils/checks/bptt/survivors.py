"""Which wrong ways back look right: a test's inputs judged by the mistakes that survive them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.checks.bptt import oracle, reference
from course_utils.checks.bptt.cases import draw as draw_that_decides
from course_utils.checks.bptt.loop_mistakes import CATALOGUE
from course_utils.checks.core import Mistake
from course_utils.checks.naming import split
from course_utils.checks.rooms import LocalCallee, Reply

WEIGHTS = ("W_xh", "W_hh", "b_h")
Draw = Callable[[np.random.Generator], dict[str, np.ndarray]]


def survivors(
    draw: Draw, rtol: float = 1e-5, atol: float = 0.0, *, shapes_only: bool = False, seed: int = 0
) -> list[str]:
    """Return the names of the wrong ways back that the inputs of `draw` do not tell from right.

    `draw(rng)` returns x `(B, T, D)`, h0 `(B, H)`, W_xh, W_hh, b_h and dh `(B, T, H)`, by name. A
    wrong result is told where an entry is off by more than atol + rtol times the largest entry
    of the right result, or where an argument was changed; with `shapes_only`, where a shape is
    off. A wrong way back that raises an error is told by that: see `crashing`. Some mistakes can
    be made in several ways: a name survives if one of them does.
    """
    given = draw(np.random.default_rng(seed))
    right = oracle.through_time(given["dh"], *states(given))
    alive: dict[str, None] = {}  # a dict keeps the order in which the names come
    for mistake, reply in _replies(given):
        if reply.failure is not None or (reply.changed and not shapes_only):
            continue
        pairs = zip(split(reply.value, len(right)), right, strict=True)
        if all(_passes(got, wanted, rtol, atol, shapes_only) for got, wanted in pairs):
            alive[mistake.name] = None
    return list(alive)


def crashing(draw: Draw, seed: int = 0) -> list[str]:
    """Return the names of the wrong ways back that raise an error on the inputs of `draw`.

    A name is in the list only if each way to make that mistake raises. (Shapes that do not fit
    together raise; which these are depends on the sizes B, T, D and H.)
    """
    given = draw(np.random.default_rng(seed))
    raised: dict[str, bool] = {}
    for mistake, reply in _replies(given):
        raised[mistake.name] = raised.get(mistake.name, True) and reply.failure is not None
    return [name for name, always in raised.items() if always]


def _replies(given: dict[str, np.ndarray]) -> Iterator[tuple[Mistake, Reply]]:
    """Run each wrong way back on the inputs."""
    arguments = {"dh": given["dh"], "x": given["x"], "h0": given["h0"]}
    arguments |= {
        "h": reference.forward(*states(given)),
        "W_xh": given["W_xh"],
        "W_hh": given["W_hh"],
    }
    for mistake in CATALOGUE:
        yield mistake, LocalCallee(mistake.wrong).call(arguments)


def states(given: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the arguments of the forward pass."""
    return [given[name] for name in ("x", "h0", *WEIGHTS)]


def _passes(got: Any, wanted: np.ndarray, rtol: float, atol: float, shapes_only: bool) -> bool:
    if np.shape(got) != wanted.shape:
        return False
    if shapes_only:
        return True
    scale = np.max(np.abs(wanted), initial=0.0)
    return bool(np.allclose(got, wanted, rtol=rtol, atol=atol + rtol * scale))


@dataclass(frozen=True)
class InputSet:
    """A way to test a backward pass: inputs, and how its results are compared."""

    draw: Draw
    rtol: float = 1e-5
    atol: float = 0.0
    shapes_only: bool = False

    def survivors(self, seed: int = 0) -> list[str]:
        """Return the names of the wrong ways back that this test lets pass."""
        return survivors(self.draw, self.rtol, self.atol, shapes_only=self.shapes_only, seed=seed)


def _changed(sizes: tuple[int, int, int, int] = (3, 5, 4, 6), **change: Callable) -> Draw:
    """Return the draw that decides, with other sizes or some of its arrays changed."""

    def draw(rng: np.random.Generator) -> dict[str, np.ndarray]:
        given = draw_that_decides(rng, *sizes)
        given["dh"] /= 10  # an ordinary loss
        return {name: change.get(name, lambda a: a)(array) for name, array in given.items()}

    return draw


def _last_only(dh: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(dh[:, :-1]), dh[:, -1:]], axis=1)


def _small(array: np.ndarray) -> np.ndarray:
    return array * 0.01


input_sets: dict[str, InputSet] = {
    "shapes only": InputSet(_changed(), shapes_only=True),
    "T=1, h0=0": InputSet(_changed((3, 1, 4, 6), h0=np.zeros_like)),
    "B=1": InputSet(_changed((1, 5, 4, 6))),
    "loss at the last step only": InputSet(_changed(dh=_last_only)),
    "symmetric W_hh": InputSet(_changed(W_hh=lambda W: (W + W.T) / 2)),
    "identity W_hh": InputSet(_changed(W_hh=lambda W: np.eye(len(W)))),
    "weights of scale 0.01, atol 1e-2": InputSet(
        _changed(**dict.fromkeys(WEIGHTS, _small)), atol=1e-2
    ),
    "all-zero weights": InputSet(_changed(**dict.fromkeys(WEIGHTS, np.zeros_like))),
    "the inputs that decide": InputSet(_changed()),
}
"""Ways to test, by name; the last one leaves no mistake of the catalogue alive."""
