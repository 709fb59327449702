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
from course_tools.assignments.a2_reference import run
from course_tools.assignments.carried import Earlier, answers, as_function, judge_carried
from course_tools.assignments.cell import (
    classify_oracle,
    count,
    draw_inputs,
    draw_params,
    forward_oracle,
    step_oracle,
)
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import Case, Check, Output, Report
from course_utils.checks.compare import agree, as_array
from course_utils.checks.rooms import LocalRoom


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
    """Judge `leaky_forward` by the oracle, or else by a loop over their own `leaky_step`.

    The step must answer to each of its three inputs, or any loop over it would do.
    """
    step = as_function(
        room.function("leaky_step"),
        ("x_t", "h_prev", "y_prev", "params"),
        lambda given: (given["h_prev"], given["y_prev"]),
    )
    moves = {"x_t": (), "h_prev": (), "y_prev": ()}
    own = replace(
        FORWARD,
        oracle=lambda **given: run(**given, step=step),
        mistakes=loop_mistakes(step),
    )
    earlier = Earlier(
        "`leaky_step`", lambda: answers(step, STEP.draw(seed)[0].arguments, moves), own
    )
    return judge_carried(FORWARD, room.function("leaky_forward"), seed, [earlier])


PARTS: Parts = {
    "step": judging(STEP, "leaky_step"),
    "forward": judge_forward,
    "many_to_one": judging(MANY_TO_ONE, "many_to_one"),
    "count": judging(COUNT, "count_parameters"),
}


def grade(part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of A2; see `judge.grade`."""
    return judge.grade(PARTS, part, namespace, points)
