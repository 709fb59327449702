"""The hidden tests of A4: what becomes of gradients in the long run.

A notebook's hidden cell says `a4.grade("jacobian", globals(), points=16)` and nothing else, since
nbgrader prints it on the feedback page. The judged functions are called by name with plain data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course_tools.assignments import a4_alive, a4_cases, judge
from course_tools.assignments.a4_mistakes import (
    CLIP_MISTAKES,
    CURVE_MISTAKES,
    INITIALISE_MISTAKES,
    JACOBIAN_MISTAKES,
    NORMS_MISTAKES,
    PRODUCTS_MISTAKES,
    curve_mistakes,
)
from course_tools.assignments.a4_oracle import (
    clip_oracle,
    curve_oracle,
    jacobian_oracle,
    norms_oracle,
    products_oracle,
)
from course_tools.assignments.a4_reference import (
    NAMES,
    Jacobian,
    Norms,
    curve,
    leaky_jacobian,
    log_norms,
)
from course_tools.assignments.carried import Earlier, answers, as_function, judge_carried
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import WRONG, Check, Output, Report
from course_utils.checks.compare import agree, describe
from course_utils.checks.report import Trial
from course_utils.checks.rooms import LocalRoom

SHAPES = {"W_xh": "(D, H)", "W_hh": "(H, H)", "W_yh": "(O, H)", "b_h": "(H,)"}
SHAPES |= {"leak": "(H,)", "W_hy": "(H, O)", "b_y": "(O,)"}


# --- clipping: read and told ------------------------------------------------------------------


def _read_clipped(known: dict[str, Any], value: Any) -> tuple:
    """Turn (clipped, norm) into the norm and the arrays by name; None is an array of nothing."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError("return two things, `clipped` and `norm`")
    clipped, norm = value
    if isinstance(norm, dict):
        raise ValueError("`clipped` comes first, then `norm`")
    if not isinstance(clipped, dict):
        raise ValueError(f"`clipped` should be a dict like `grads`, not {type(clipped).__name__}")
    for name, g in known["grads"].items():
        if name not in clipped:
            raise ValueError(f"`clipped` has no entry for {name}")
        if (g is None) != (clipped[name] is None):
            raise ValueError(f'clipped["{name}"] should be None where grads["{name}"] is, only')
    return norm, *(np.zeros(0) if clipped[n] is None else clipped[n] for n in NAMES)


def _clipped(grads, max_norm) -> tuple:
    clipped, norm = clip_oracle(grads, max_norm)
    return norm, *(np.zeros(0) if clipped[n] is None else clipped[n] for n in NAMES)


def _explain_clipped(known: dict[str, Any], got: Any, right: Any) -> str:
    """Say which array is wrong; where no step may be taken, say so."""
    expected = _clipped(**{name: known[name] for name in ("grads", "max_norm")})
    if not np.isfinite(expected[0]):
        return (
            "With nan or infinity among the gradients, every array of `clipped` should be zero and "
            "`norm` infinite."
        )
    if np.ndim(right) == 0:
        return describe("norm", "()", got, right)
    name = next(n for n, value in zip(NAMES, expected[1:], strict=True) if agree(value, right))
    return describe(f'clipped["{name}"]', SHAPES[name], got, right)


# --- the checks -------------------------------------------------------------------------------

JACOBIAN = Check(
    "Part 1, one Jacobian",
    [Output(way, "(B, H, H)") for way in ("kept", "recurrent", "fed_back")],
    a4_cases.jacobians,
    jacobian_oracle,
    JACOBIAN_MISTAKES,
)
PRODUCTS = Check(
    "Part 2, products of Jacobians",
    [Output("P", "(B, N, H, H)")],
    a4_cases.products,
    products_oracle,
    PRODUCTS_MISTAKES,
)
NORMS = Check(
    "Part 2, norms in the long run",
    [Output("L", "(B, N)")],
    a4_cases.norms,
    norms_oracle,
    NORMS_MISTAKES,
)
CURVE = Check(
    "Part 3, along a sequence",
    [Output("L", "(B, T)")],
    a4_cases.curves,
    curve_oracle,
    CURVE_MISTAKES,
)
CLIP = Check(
    "Part 4, clipping",
    [Output("norm", "()"), *(Output(f'clipped["{n}"]', shape) for n, shape in SHAPES.items())],
    a4_cases.clippings,
    _clipped,
    CLIP_MISTAKES,
    read=_read_clipped,
    explain=_explain_clipped,
)
ASKED = (*(f"{k} steps" for k in a4_alive.LAGS), "in and out", "feedback", "seed")
INITIALISE = Check(
    "Part 5, an initialisation",
    [Output(name, "()") for name in ASKED],
    a4_alive.cases,
    lambda **_: (a4_alive.FINE,) * len(ASKED),
    read=a4_alive.read,
    explain=lambda known, got, right: got,
    keeps_dtype=False,
)


# --- the parts --------------------------------------------------------------------------------


def judge_curve(room: LocalRoom, seed: int | None) -> Report:
    """Judge `gradient_curve` by the oracle, or else by what it makes of their own two functions."""

    def three(given: dict[str, Any]) -> tuple[np.ndarray, ...]:
        B, H = given["h_prev"].shape
        return (np.empty((B, H, H)),) * 3

    names = ("x_t", "h_prev", "params")
    theirs = as_function(room.function("leaky_jacobian"), names, three)
    walk = as_function(
        room.function("log_norms"),
        ("dh", "J"),
        lambda given: np.empty((len(given["dh"]), given["J"].shape[1] + 1)),
    )

    def jacobian_answers() -> bool:
        return answers(theirs, JACOBIAN.draw(seed)[0].arguments, {"x_t": (), "h_prev": ()})

    def norms_answer() -> bool:
        return answers(walk, NORMS.draw(seed)[0].arguments, {"dh": (), "J": ()})

    def by(jacobian: Jacobian, norms: Norms) -> Check:
        mistakes = curve_mistakes(jacobian, norms)
        return replace(CURVE, oracle=_by_name(curve(jacobian, norms)), mistakes=mistakes)

    earlier = (
        Earlier("`leaky_jacobian`", jacobian_answers, by(theirs, log_norms)),
        Earlier("`log_norms`", norms_answer, by(leaky_jacobian, walk)),
        Earlier(
            "`leaky_jacobian` and `log_norms`",
            lambda: jacobian_answers() and norms_answer(),
            by(theirs, walk),
        ),
    )
    return judge_carried(CURVE, room.function("gradient_curve"), seed, earlier)


def _by_name(function: Callable) -> Callable:
    return lambda **given: function(**given)


def judge_initialise(room: LocalRoom, seed: int | None) -> Report:
    """Judge `initialise` by what its parameters do; a cause that is found names the mistake."""
    asked = a4_alive.Asked(room.function("initialise"))
    report = INITIALISE(asked, seed=seed)
    if a4_alive.deceived():
        says = "This notebook has replaced functions of NumPy, so that nothing can be measured."
        return Report(report.title, [Trial("a start without recurrence", "", False, says, 1.0)])
    if report.state != WRONG:
        return report
    case = next(c for c in INITIALISE.draw(seed) if c.name == report.failed.case)
    reply = asked.call(case.arguments)
    if reply.failure is not None:
        return report
    name = a4_alive.cause(case.known, reply.value)
    mistake = next((m for m in INITIALISE_MISTAKES if m.name == name), None)
    return Report(report.title, report.trials, mistake, report.remarks, report.diagnosis)


PARTS: Parts = {
    "jacobian": judging(JACOBIAN, "leaky_jacobian"),
    "products": judging(PRODUCTS, "jacobian_products"),
    "norms": judging(NORMS, "log_norms"),
    "curve": judge_curve,
    "clip": judging(CLIP, "clip_gradients"),
    "initialise": judge_initialise,
}


def grade(part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of A4; see `judge.grade`."""
    return judge.grade(PARTS, part, namespace, points)
