"""The hidden tests of A3: backpropagation through time of A2's cell, sequences of any length.

A notebook's hidden cell says `a3.grade("step", globals(), points=20)` and nothing else, since
nbgrader prints it on the feedback page. The judged functions are called by name with plain data;
the cache that a forward pass returns is handed back as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_tools.assignments import judge
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
from course_tools.assignments.cell import draw_inputs, draw_params, step_oracle
from course_tools.assignments.gradients import (
    difference_oracle,
    gradient_oracle,
    relative_error,
    step_gradient_oracle,
)
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import WRONG, Case, Check, Output, Report
from course_utils.checks.compare import agree, as_array, describe
from course_utils.checks.rooms import Callee, LocalRoom

SHAPES = {"W_xh": "(D, H)", "W_hh": "(H, H)", "W_yh": "(O, H)", "b_h": "(H,)"}
SHAPES |= {"leak": "(H,)", "W_hy": "(H, O)", "b_y": "(O,)"}
GRADS = [Output(f'grads["{name}"]', shape) for name, shape in SHAPES.items()]
SEQUENCE_OUTPUTS = [Output("dx", "(B, T, D)"), Output("dh0", "(B, H)"), Output("dy0", "(B, O)")]


# --- inputs -----------------------------------------------------------------------------------


def _drawn(
    rng: np.random.Generator, T: int, lengths: Sequence[int], sizes: Sequence[int], dtype: Any
) -> dict[str, Any]:
    """Return dh, dy, x, h0, y0, params and lengths; something arrives at every h and y."""
    D, H, O = sizes
    B = len(lengths)
    params = draw_params(rng, D, H, O, dtype=dtype)
    given = draw_inputs(rng, B, T, D, H, O, dtype=dtype)
    dh, dy = (rng.normal(size=(B, T, size)).astype(dtype) for size in (H, O))
    lengths = np.array(lengths, dtype=int)
    return {"dh": dh, "dy": dy, **given, "params": params, "lengths": lengths}


def _sequences(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, T, lengths, sizes=(4, 6, 2), weight=1.0, dtype=np.float64) -> Case:
        return Case(name, _drawn(rng, T, lengths, sizes, dtype), weight)

    yield case("all of full length (B=3, T=5, D=4, H=6, O=2)", 5, [5, 5, 5], weight=6)
    mixed = rng.permutation([4, 2, 1, 3])
    yield case(f"lengths {mixed.tolist()} of T=5", 5, mixed, weight=5)
    yield case("one sequence of length 0, one of full length", 4, [2, 0, 4], weight=1)
    yield _with_nan(case("nan in the padding", 4, [4, 1, 3], (3, 5, 2)))
    yield case("one step (T=1)", 1, [1, 1], (3, 4, 2))
    yield case("no step at all (T=0)", 0, [0, 0], (3, 4, 2))
    yield case("one sequence, one unit (B=1, H=1)", 4, [4], (2, 1, 2))
    yield case("float32", 5, [5, 3, 4], dtype=np.float32)


def _with_nan(case: Case) -> Case:
    """Put nan where no step is taken."""
    given = dict(case.arguments)
    padded = np.arange(given["x"].shape[1]) >= given["lengths"][:, None]
    for name in ("dh", "dy", "x"):
        given[name] = np.where(padded[:, :, None], np.nan, given[name])
    return replace(case, arguments=given)


def _steps(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, B, sizes, weight=1.0, dtype=np.float64) -> Case:
        drawn = _drawn(rng, 1, [1] * B, sizes, dtype)
        x_t, h_prev, y_prev = drawn["x"][:, 0], drawn["h0"], drawn["y0"]
        h_t = step_oracle(x_t, h_prev, y_prev, drawn["params"])[0].astype(dtype)
        arguments = {"dh_t": drawn["dh"][:, 0], "dy_t": drawn["dy"][:, 0], "x_t": x_t}
        arguments |= {"h_prev": h_prev, "y_prev": y_prev, "h_t": h_t, "params": drawn["params"]}
        return Case(name, arguments, weight)

    yield case("B=3, D=4, H=6, O=2", 3, (4, 6, 2), weight=8)
    yield case("square weights (B=D=H=O=4)", 4, (4, 4, 4))
    yield case("one sequence, one unit (B=1, H=1)", 1, (2, 1, 2))
    yield case("float32", 3, (4, 6, 2), dtype=np.float32)


def _truncations(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, T, lengths, k, sizes=(3, 5, 2), weight=1.0, dtype=np.float64) -> Case:
        return Case(name, {**_drawn(rng, T, lengths, sizes, dtype), "k": k}, weight)

    yield case("T=8, k=3, all of full length", 8, [8, 8], 3, weight=6)
    mixed = rng.permutation([6, 2, 4, 7])
    yield case(f"T=7, k=3, lengths {mixed.tolist()}", 7, mixed, 3, weight=4)
    yield case("T=6, k=2: whole chunks, one sequence of length 0", 6, [6, 0, 3], 2)
    yield case("k=1", 4, [4, 2], 1)
    yield case("k larger than T", 4, [4, 3], 9)
    yield case("no step at all (T=0)", 0, [0, 0], 2)
    yield case("float32", 5, [5, 4], 2, dtype=np.float32)


def _checks(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, label, eps, weight=1.0, scale=1.0, dtype=np.float64) -> Case:
        drawn = _drawn(rng, 3, [3, 2], (2, 3, 2), dtype)
        if not scale:
            drawn["dh"], drawn["dy"] = 0 * drawn["dh"], 0 * drawn["dy"]
        right = {**drawn, **drawn["params"]}[name]
        # Far from right, so that each way to measure an error gives its own number.
        claimed = scale * rng.normal(size=right.shape)
        arguments = {"name": name, "claimed": claimed, **drawn, "eps": eps}
        truth = {"truth": difference_oracle(**arguments)}
        return Case(f"{label}, eps={eps:g}", arguments, weight, aside=truth)

    yield case("W_hh", '"W_hh"', 0.1, weight=6, scale=0.2)
    yield case("leak", '"leak"', 1e-3, weight=2, scale=50.0)
    for name in ("W_yh", "b_y", "x", "h0"):
        yield case(name, f'"{name}"', 1e-4)
    yield case("b_h", '"b_h", float32 data', 1e-5, weight=2, dtype=np.float32)
    yield case("W_xh", '"W_xh", nothing arrives', 1e-3, scale=0.0)


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
            "The data are float32 here, and so is your loss: the difference of two losses that "
            "agree in five digits has only two digits left. Turn all that goes in into float64 "
            "first, `params` too."
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
    _checks,
    lambda truth, **_: truth,
    CHECK_MISTAKES,
    read=_own_error,
    explain=_explain_check,
    keeps_dtype=False,
)
STEP = Check(
    "Part 2, one step backward",
    [Output("dx_t", "(B, D)"), Output("dh_prev", "(B, H)"), Output("dy_prev", "(B, O)"), *GRADS],
    _steps,
    _flattened(step_gradient_oracle),
    STEP_MISTAKES,
    read=_read_step,
    diagnose=diagnose,
)
SEQUENCE = Check(
    "Part 3, the whole sequence backward",
    [*SEQUENCE_OUTPUTS, *GRADS],
    _sequences,
    _flattened(gradient_oracle),
    SEQUENCE_MISTAKES,
    read=_read_pair,
    diagnose=diagnose,
)
TRUNCATED = Check(
    "Part 4, truncated",
    [*SEQUENCE_OUTPUTS, *GRADS],
    _truncations,
    _flattened(gradient_oracle),
    TRUNCATED_MISTAKES,
    read=_read_truncated,
    diagnose=diagnose,
)


# --- errors carried forward -------------------------------------------------------------------


class PassFailed(Exception):
    """A function of the student's gave no gradients where the judge's own loop needed some."""


def _through(callee: Callee, shapes_of: Callable[[dict], tuple], names: Sequence[str]) -> Callable:
    """Return the student's function as one of the judge's own, every call through the room.

    What comes back is (three arrays, grads), all finite and of the right shapes, or PassFailed.
    """

    def function(*values):
        given = dict(zip(names, values, strict=True))
        reply = callee.call(given)
        value = reply.value
        if reply.failure is not None or not isinstance(value, tuple | list) or len(value) < 4:
            raise PassFailed
        *arrays, grads = value[-4:]
        likes = (*shapes_of(given), *given["params"].values())
        if not isinstance(grads, dict) or not set(NAMES) <= set(grads):
            raise PassFailed
        for value, like in zip((*arrays, *(grads[n] for n in given["params"])), likes, strict=True):
            if not isinstance(value, np.ndarray) or value.shape != like.shape:
                raise PassFailed
            if value.dtype.kind != "f" or not np.isfinite(value).all():
                raise PassFailed
        return *arrays, {name: grads[name] for name in NAMES}

    return function


def step_of(callee: Callee) -> Step:
    """Return the student's `leaky_step_backward`."""
    names = ("dh_t", "dy_t", "x_t", "h_prev", "y_prev", "h_t", "params")
    return _through(callee, lambda g: (g["x_t"], g["h_prev"], g["y_prev"]), names)


def pass_of(callee: Callee) -> Pass:
    """Return the student's forward and backward pass as one."""
    names = ("dh", "dy", "x", "h0", "y0", "params", "lengths")
    return _through(callee, lambda g: (g["x"], g["h0"], g["y0"]), names)


def answers(function: Callable, given: dict[str, Any]) -> bool:
    """Return whether all three arrays that go back change with each gradient that arrives, and
    anything at all with each input: over a function that ignores one of them, any loop would do.

    Of a sequence, the last step's gradient is changed and the first step's input: the way is long.
    """
    arrays = [name for name, value in given.items() if _is_float(value) and name != "h_t"]
    try:
        before = function(*given.values())
        for name in arrays:
            arriving = name in arrays[:2]
            changed = given[name].copy()
            changed[:, -1 if arriving and changed.ndim == 3 else 0] += 0.5
            after = function(*{**given, name: changed}.values())
            same = [_alike(a, b) for a, b in zip(before, after, strict=True)]
            if all(same) or (arriving and any(same[:3])):
                return False
    except PassFailed:
        return False
    return True


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return all(_alike(a[name], b[name]) for name in a)
    return bool(np.allclose(a, b))


def carried(check: Check, callee: Callee, seed: int | None, others: Iterable[tuple]) -> Report:
    """Judge by the oracle, or else by what the student's own earlier function makes of it.

    Each of `others` is (the function's name, whether it can be used, the check by it). An error in
    an earlier part must not cost points twice: the judge then builds on that function itself.
    """
    report = check(callee, seed=seed)
    if report.state != WRONG:
        return report
    best = report
    for name, usable, own in others:
        if not usable():
            continue
        try:
            found = own(callee, seed=seed)
        except PassFailed:
            continue
        if found.fraction() > best.fraction():
            note = (
                f"Judged by your own {name}: its error costs points in its own part only, and is "
                "carried forward here."
            )
            remarks = (note, *found.remarks)
            best = Report(found.title, found.trials, found.mistake, remarks, found.diagnosis)
    return best


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
