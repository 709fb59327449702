"""The hidden tests of A3: backpropagation through time of A2's cell, sequences of any length.

A notebook's hidden cell says `a3.grade("step", globals(), points=20)` and nothing else, since
nbgrader prints it on the feedback page. The judged functions are called by name with plain data;
the cache that a forward pass returns is handed back as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_tools.assignments import judge
from course_tools.assignments.a3_carried import answers, carried, pass_of, step_of
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
from course_tools.assignments.a3_reference import (
    NAMES,
    Pass,
    Step,
    cut,
    leaky_states,
    loop,
)
from course_tools.assignments.gradients import (
    gradient_oracle,
    relative_error,
    step_gradient_oracle,
)
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import Check, Output, Report
from course_utils.checks.compare import agree, as_array, describe
from course_utils.checks.rooms import Callee, LocalRoom

SHAPES = {"W_xh": "(D, H)", "W_hh": "(H, H)", "W_yh": "(O, H)", "b_h": "(H,)"}
SHAPES |= {"leak": "(H,)", "W_hy": "(H, O)", "b_y": "(O,)"}
GRADS = [Output(f'grads["{name}"]', shape) for name, shape in SHAPES.items()]
SEQUENCE_OUTPUTS = [Output("dx", "(B, T, D)"), Output("dh0", "(B, H)"), Output("dy0", "(B, O)")]


# --- reading what came back -------------------------------------------------------------------


def _flat(names: Sequence[str], value: Any) -> tuple:
    """Turn (a, b, c, grads) into one tuple; an entry that `grads` lacks becomes None."""
    if not isinstance(value, tuple | list) or len(value) != len(names) + 1:
        came = f"{len(value)} values" if isinstance(value, tuple | list) else type(value).__name__
        raise ValueError(f"{came} came back; return {', '.join(names)}, grads")
    *arrays, grads = value
    if not isinstance(grads, dict):
        raise ValueError(
            f"the last thing that you return is a {type(grads).__name__}; "
            "`grads` is a dict, with the keys of `params`"
        )
    if not set(grads) & set(NAMES):
        keys = ", ".join(map(str, grads)) or "none"
        raise ValueError(f"`grads` has the keys {keys}; they should be {', '.join(NAMES)}")
    return *arrays, *(grads.get(name) for name in NAMES)


def _read_step(_: dict[str, Any], value: Any) -> tuple:
    return _flat(("dx_t", "dh_prev", "dy_prev"), value)


def _read_truncated(_: dict[str, Any], value: Any) -> tuple:
    return _flat(("dx", "dh0", "dy0"), value)


def _read_pair(known: dict[str, Any], value: Any) -> tuple:
    """Read the gradients, of a forward pass that gave what `leaky_states` gives."""
    h, y, *rest = value
    right = leaky_states(*(known[name] for name in ("x", "h0", "y0", "params", "lengths")))
    for name, got, expected in zip("hy", (h, y), right, strict=True):
        if not agree(got, expected):
            raise ValueError(
                f"`{name}` of your `leaky_forward` is not that of `leaky_states`, so that nothing "
                "can be said of the way back"
            )
    return _flat(("dx", "dh0", "dy0"), tuple(rest))


def _own_error(known: dict[str, Any], value: Any) -> Any:
    """Count the error as right where it follows rightly from the numeric gradient beside it.

    Wrong differences then cost their half of the points and not the error's as well.
    """
    if not isinstance(value, tuple | list) or len(value) != 2:
        return value
    numeric, claimed = as_array(value[0]), known["claimed"]
    if numeric is None or numeric.shape != claimed.shape or not np.isfinite(numeric).all():
        return value
    if agree(value[1], relative_error(claimed, numeric)):
        return value[0], known["truth"][1]
    return value


def _explain_check(known: dict[str, Any], got: Any, right: Any) -> str:
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
    read=_own_error,
    explain=_explain_check,
    keeps_dtype=False,
)
STEP = Check(
    "Part 2, one step backward",
    [Output("dx_t", "(B, D)"), Output("dh_prev", "(B, H)"), Output("dy_prev", "(B, O)"), *GRADS],
    steps,
    _flattened(step_gradient_oracle),
    STEP_MISTAKES,
    read=_read_step,
    diagnose=diagnose,
)
SEQUENCE = Check(
    "Part 3, the whole sequence backward",
    [*SEQUENCE_OUTPUTS, *GRADS],
    sequences,
    _flattened(gradient_oracle),
    SEQUENCE_MISTAKES,
    read=_read_pair,
    diagnose=diagnose,
)
TRUNCATED = Check(
    "Part 4, truncated",
    [*SEQUENCE_OUTPUTS, *GRADS],
    truncations,
    _flattened(gradient_oracle),
    TRUNCATED_MISTAKES,
    read=_read_truncated,
    diagnose=diagnose,
)


# --- the parts ---------------------------------------------------------------------------------


def _pair_of(room: LocalRoom) -> Callee:
    return pair(room.function("leaky_forward"), room.function("leaky_backward"))


def _step_answers(step: Step, seed: int | None) -> bool:
    return answers(step, STEP.draw(seed)[0].arguments)


def judge_sequence(room: LocalRoom, seed: int | None) -> Report:
    """Judge the pair by the oracle, or else by a loop over their own `leaky_step_backward`."""
    step = step_of(room.function("leaky_step_backward"))
    own = replace(
        SEQUENCE,
        oracle=_flattened(lambda **given: loop(step)(**given)),
        mistakes=loop_mistakes(step),
    )
    others = [("`leaky_step_backward`", lambda: _step_answers(step, seed), own)]
    return carried(SEQUENCE, _pair_of(room), seed, others)


def judge_truncated(room: LocalRoom, seed: int | None) -> Report:
    """Judge by the oracle, or else by cutting up their own pair, or a loop over their own step."""
    step = step_of(room.function("leaky_step_backward"))
    whole = pass_of(_pair_of(room))

    def by(whole: Pass) -> Check:
        oracle = _flattened(lambda **given: cut(whole)(**given))
        return replace(TRUNCATED, oracle=oracle, mistakes=cut_mistakes(whole))

    first = SEQUENCE.draw(seed)[0].arguments
    others = [
        ("`leaky_backward`", lambda: answers(whole, first), by(whole)),
        ("`leaky_step_backward`", lambda: _step_answers(step, seed), by(loop(step))),
    ]
    return carried(TRUNCATED, room.function("leaky_backward_truncated"), seed, others)


PARTS: Parts = {
    "check": judging(CHECK, "gradient_check"),
    "step": judging(STEP, "leaky_step_backward"),
    "sequence": judge_sequence,
    "truncated": judge_truncated,
}


def grade(part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of A3; see `judge.grade`."""
    return judge.grade(PARTS, part, namespace, points)
