"""The hidden tests of A3: backpropagation through time of A2's cell, sequences of any length.

A notebook's hidden cell says `a3.grade("step", globals(), points=20)` and nothing else, since
nbgrader prints it on the feedback page. The judged functions are called by name with plain data;
the cache that a forward pass returns is handed back as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from course_tools.assignments import judge
from course_tools.assignments.a3_cases import checks, sequences, steps, truncations
from course_tools.assignments.a3_mistakes import (
    CHECK_MISTAKES,
    SEQUENCE_MISTAKES,
    STEP_MISTAKES,
    TRUNCATED_MISTAKES,
    cut_mistakes,
    loop_mistakes,
    pair,
)
from course_tools.assignments.a3_mistakes.patterns import diagnose
from course_tools.assignments.a3_reading import (
    explain_check,
    own_error,
    read_pair,
    read_step,
    read_truncated,
)
from course_tools.assignments.a3_reference import NAMES, Pass, Step, cut, loop
from course_tools.assignments.carried import Earlier, answers, as_function, judge_carried
from course_tools.assignments.gradients import gradient_oracle, step_gradient_oracle
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import Check, Output, Report
from course_utils.checks.rooms import Callee, LocalRoom

SHAPES = {"W_xh": "(D, H)", "W_hh": "(H, H)", "W_yh": "(O, H)", "b_h": "(H,)"}
SHAPES |= {"leak": "(H,)", "W_hy": "(H, O)", "b_y": "(O,)"}
GRADS = [Output(f'grads["{name}"]', shape) for name, shape in SHAPES.items()]
SEQUENCE_OUTPUTS = [Output("dx", "(B, T, D)"), Output("dh0", "(B, H)"), Output("dy0", "(B, O)")]


# --- the checks -------------------------------------------------------------------------------


def _flattened(oracle: Callable[..., tuple]) -> Callable[..., tuple]:
    def flat(**given: Any) -> tuple:
        *arrays, grads = oracle(**given)
        return *arrays, *(grads[name] for name in NAMES)

    return flat


CHECK = Check(
    "Part 1, the gradient check",
    [Output("numeric", "(i, j)"), Output("error", "()")],
    checks,
    lambda truth, **_: truth,
    CHECK_MISTAKES,
    read=own_error,
    explain=explain_check,
    keeps_dtype=False,
)
STEP = Check(
    "Part 2, one step backward",
    [Output("dx_t", "(B, D)"), Output("dh_prev", "(B, H)"), Output("dy_prev", "(B, O)"), *GRADS],
    steps,
    _flattened(step_gradient_oracle),
    STEP_MISTAKES,
    read=read_step,
    diagnose=diagnose,
)
SEQUENCE = Check(
    "Part 3, the whole sequence backward",
    [*SEQUENCE_OUTPUTS, *GRADS],
    sequences,
    _flattened(gradient_oracle),
    SEQUENCE_MISTAKES,
    read=read_pair,
    diagnose=diagnose,
)
TRUNCATED = Check(
    "Part 4, truncated",
    [*SEQUENCE_OUTPUTS, *GRADS],
    truncations,
    _flattened(gradient_oracle),
    TRUNCATED_MISTAKES,
    read=read_truncated,
    diagnose=diagnose,
)


# --- the parts ---------------------------------------------------------------------------------


def _pair_of(room: LocalRoom) -> Callee:
    return pair(room.function("leaky_forward"), room.function("leaky_backward"))


def step_of(callee: Callee, finite: bool = True) -> Step:
    """Return the student's `leaky_step_backward` as a function of the judge's own."""
    names = ("dh_t", "dy_t", "x_t", "h_prev", "y_prev", "h_t", "params")
    like = ("x_t", "h_prev", "y_prev", "params")
    return as_function(callee, names, lambda given: tuple(given[n] for n in like), finite)


def pass_of(callee: Callee, finite: bool = True) -> Pass:
    """Return the student's forward and backward pass as one function of the judge's own."""
    names = ("dh", "dy", "x", "h0", "y0", "params", "lengths")
    like = ("dh", "dy", "x", "h0", "y0", "params")  # h and y come first, of the shapes of dh and dy
    both = as_function(callee, names, lambda given: tuple(given[n] for n in like), finite)
    return lambda *values: both(*values)[2:]


BACK = (0, 1, 2)
"""What goes back to x, h and y: each has to depend on each gradient that arrives."""


def step_answers(step: Step, seed: int | None) -> bool:
    """Return whether a step's results depend on all that it is given."""
    moves = {"dh_t": BACK, "dy_t": BACK, "x_t": (), "h_prev": (), "y_prev": ()}
    return answers(step, STEP.draw(seed)[0].arguments, moves)


def _pass_answers(whole: Pass, seed: int | None) -> bool:
    moves = {"dh": BACK, "dy": BACK, "x": (), "h0": (), "y0": ()}
    return answers(whole, SEQUENCE.draw(seed)[0].arguments, moves)


def judge_sequence(room: LocalRoom, seed: int | None) -> Report:
    """Judge the pair by the oracle, or else by a loop over their own `leaky_step_backward`."""
    function = room.function("leaky_step_backward")
    step = step_of(function)
    own = replace(
        SEQUENCE,
        oracle=_flattened(lambda **given: loop(step)(**given)),
        mistakes=loop_mistakes(step_of(function, finite=False)),
    )
    earlier = Earlier("`leaky_step_backward`", lambda: step_answers(step, seed), own)
    return judge_carried(SEQUENCE, _pair_of(room), seed, [earlier])


def judge_truncated(room: LocalRoom, seed: int | None) -> Report:
    """Judge by the oracle, or else by cutting up their own pair, or a loop over their own step."""
    function, both = room.function("leaky_step_backward"), _pair_of(room)
    step, whole = step_of(function), pass_of(both)

    def by(whole: Pass, loose: Pass) -> Check:
        oracle = _flattened(lambda **given: cut(whole)(**given))
        return replace(TRUNCATED, oracle=oracle, mistakes=cut_mistakes(loose))

    by_pair = by(whole, pass_of(both, finite=False))
    by_step = by(loop(step), loop(step_of(function, finite=False)))
    earlier = (
        Earlier("`leaky_backward`", lambda: _pass_answers(whole, seed), by_pair),
        Earlier("`leaky_step_backward`", lambda: step_answers(step, seed), by_step),
    )
    return judge_carried(TRUNCATED, room.function("leaky_backward_truncated"), seed, earlier)


PARTS: Parts = {
    "check": judging(CHECK, "gradient_check"),
    "step": judging(STEP, "leaky_step_backward"),
    "sequence": judge_sequence,
    "truncated": judge_truncated,
}


def grade(part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of A3; see `judge.grade`."""
    return judge.grade(PARTS, part, namespace, points)
