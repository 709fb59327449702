"""The hidden tests of A2: a leaky RNN with output feedback, forward.

A notebook's hidden cell says `a2.grade("step", globals(), points=20)` and nothing else, since
nbgrader prints it on the feedback page. The judged functions are called by name with plain data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from course_tools.assignments import judge
from course_tools.assignments.a2_mistakes import (
    COUNT_MISTAKES,
    FORWARD_MISTAKES,
    MANY_TO_ONE_MISTAKES,
    STEP_MISTAKES,
    loop_mistakes,
)
from course_tools.assignments.a2_reference import Step, run
from course_tools.assignments.cell import (
    classify_oracle,
    count,
    draw_inputs,
    draw_params,
    forward_oracle,
    step_oracle,
)
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import WRONG, Case, Check, Output, Report
from course_utils.checks.compare import agree, as_array
from course_utils.checks.rooms import Callee, LocalRoom


def _sequences(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, *sizes: int, weight: float = 1, dtype: Any = np.float64) -> Case:
        B, T, D, H, O = sizes
        params = draw_params(rng, D, H, O, dtype=dtype)
        return Case(
            name, {**draw_inputs(rng, B, T, D, H, O, dtype=dtype), "params": params}, weight
        )

    yield case("B=3, T=5, D=4, H=6, O=2", 3, 5, 4, 6, 2, weight=8)
    yield case("as many rows as steps (B=T=4)", 4, 4, 3, 5, 2)
    yield case("square weights (D=H=O=4)", 2, 3, 4, 4, 4)
    yield case("one step (T=1)", 2, 1, 3, 4, 2)
    yield case("no step at all (T=0)", 2, 0, 3, 4, 2)
    yield case("one sequence, one unit (B=1, H=1)", 1, 4, 2, 1, 2)
    yield case("float32", 3, 5, 4, 6, 2, dtype=np.float32)


def _steps(rng: np.random.Generator) -> Iterable[Case]:
    for case in _sequences(rng):
        given = case.arguments
        if given["x"].shape[1] == 0:
            continue
        arguments = {
            "x_t": given["x"][:, 0],
            "h_prev": given["h0"],
            "y_prev": given["y0"],
            "params": given["params"],
        }
        yield replace(case, name=case.name.replace(", T=5", ""), arguments=arguments)


def _classified(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, T, lengths, weight=1.0, H=6, C=3, level=0.0, dtype=np.float64) -> Case:
        B = len(lengths)
        arguments = {
            "h": rng.uniform(-1, 1, size=(B, T, H)),
            "h0": rng.uniform(-1, 1, size=(B, H)),
            "lengths": np.array(lengths),
            "W_hc": rng.normal(size=(H, C)),
            "b_c": level + rng.uniform(0.2, 0.8, size=C) * rng.choice([-1, 1], size=C),
        }
        floats = {k: v.astype(dtype) for k, v in arguments.items() if k != "lengths"}
        return Case(name, {**arguments, **floats}, weight)

    # No length equals T in the first case, so that an index of `lengths` still has an answer.
    yield case("lengths from 1 to 4 of T=5, in any order", 5, rng.permutation([1, 2, 3, 4, 4]), 8)
    yield case("some sequences of full length (T=4)", 4, [4, 2, 4, 1])
    yield case("one sequence of length 0", 4, [2, 0, 3], weight=2)
    yield case("logits near 3000", 3, [2, 1, 3], weight=2, level=3000.0)
    yield case("logits near -3000", 3, [1, 3, 2], level=-3000.0)
    yield case("no step at all (T=0)", 0, [0, 0])
    yield case("one sequence (B=1)", 3, [2])
    yield case("float32", 4, [1, 3, 2, 4], dtype=np.float32)


def _sizes(rng: np.random.Generator) -> Iterable[Case]:
    # Four sizes far apart, so that two ways of counting never meet by chance.
    for weight in (2, 1, 1):
        D, H, O, C = (int(rng.integers(low, low + 8)) for low in (30, 60, 11, 21))
        sizes = {"D": D, "H": H, "O": O, "C": C}
        yield Case(f"D={D}, H={H}, O={O}, C={C}", sizes, weight)
    yield Case("D=H=O=C=1", {"D": 1, "H": 1, "O": 1, "C": 1})


def _without_cache(_: dict[str, Any], value: Any) -> Any:
    """The cache is the student's own: no test looks into it, nor asks whether it is there."""
    return tuple(value[:2]) if isinstance(value, (tuple, list)) else value


def _own_read_out(known: dict[str, Any], value: Any) -> Any:
    """Count y_t as right where it is read rightly from the state returned beside it.

    A wrong state then costs the state's half of the points and not the output's as well.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return value
    params, h_t = known["params"], as_array(value[0])
    if h_t is None or h_t.shape != known["h_prev"].shape or h_t.dtype.kind != "f":
        return value
    if agree(value[1], h_t @ params["W_hy"] + params["b_y"]):
        return value[0], step_oracle(**known)[1].astype(h_t.dtype)
    return value


STEP = Check(
    "Part 1, one leaky step",
    [Output("h_t", "(B, H)"), Output("y_t", "(B, O)")],
    _steps,
    step_oracle,
    STEP_MISTAKES,
    read=_own_read_out,
)
FORWARD = Check(
    "Part 2, the whole sequence",
    [Output("h", "(B, T, H)"), Output("y", "(B, T, O)")],
    _sequences,
    forward_oracle,
    FORWARD_MISTAKES,
    read=_without_cache,
)
MANY_TO_ONE = Check(
    "Part 3, many to one",
    [Output("p", "(B, C)")],
    _classified,
    classify_oracle,
    MANY_TO_ONE_MISTAKES,
)
COUNT = Check("Part 4, counting", [Output("count", "()")], _sizes, count, COUNT_MISTAKES)


def judge_forward(room: LocalRoom, seed: int | None) -> Report:
    """Judge `leaky_forward` against the oracle, or else against a loop over their own step.

    An error in Part 1 must not cost points twice. So where the oracle disagrees, the judge runs
    the loop itself over the student's `leaky_step` and compares with that: the error is carried
    forward. The step must answer to each of its three inputs, or any loop over it would do.
    """
    function = room.function("leaky_forward")
    report = FORWARD(function, seed=seed)
    if report.state != WRONG:
        return report
    theirs = room.function("leaky_step")
    if not answers_to_its_inputs(theirs, seed):
        return report
    step = through(theirs)
    own = replace(
        FORWARD,
        oracle=lambda **given: run(**given, step=step),
        mistakes=loop_mistakes(step),
    )
    try:
        carried = own(function, seed=seed)
    except StepFailed:
        return report
    best = max(report, carried, key=lambda r: (r.fraction(), r.mistake is not None))
    if best is carried and carried.fraction() > report.fraction():
        note = (
            "Judged as a loop over your own `leaky_step`: its error costs points in Part 1 only, "
            "and is carried forward here."
        )
        return Report(carried.title, carried.trials, carried.mistake, (note, *carried.remarks))
    return best


class StepFailed(Exception):
    """The student's step gave no pair of arrays where the judge's loop needed one."""


def through(callee: Callee) -> Step:
    """Return the student's step as a function, every call of which goes through the room."""

    def step(x_t, h_prev, y_prev, params):
        names = ("x_t", "h_prev", "y_prev", "params")
        reply = callee.call(dict(zip(names, (x_t, h_prev, y_prev, params), strict=True)))
        pair = reply.value
        if reply.failure is not None or not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise StepFailed
        for value, like in zip(pair, (h_prev, y_prev), strict=True):
            if not isinstance(value, np.ndarray) or value.shape != like.shape:
                raise StepFailed
            if value.dtype.kind != "f" or not np.isfinite(value).all():
                raise StepFailed
        return tuple(pair)

    return step


def answers_to_its_inputs(callee: Callee, seed: int | None) -> bool:
    """Return whether the step's result changes with each of x_t, h_prev and y_prev."""
    arguments = STEP.draw(seed)[0].arguments
    step = through(callee)
    try:
        before = step(**arguments)
        for name in ("x_t", "h_prev", "y_prev"):
            after = step(**{**arguments, name: arguments[name] + 0.5})
            if all(np.allclose(a, b) for a, b in zip(before, after, strict=True)):
                return False
    except StepFailed:
        return False
    return True


PARTS: Parts = {
    "step": judging(STEP, "leaky_step"),
    "forward": judge_forward,
    "many_to_one": judging(MANY_TO_ONE, "many_to_one"),
    "count": judging(COUNT, "count_parameters"),
}


def grade(part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of A2; see `judge.grade`."""
    return judge.grade(PARTS, part, namespace, points)
