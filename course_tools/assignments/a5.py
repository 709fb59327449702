"""The hidden tests of A5: a coupled LSTM with peepholes and a GRU that resets first, both ways.

A notebook's hidden cell says `a5.grade("lstm", globals(), points=12)` and nothing else, since
nbgrader prints it on the feedback page. The judged functions are called by name with plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from course_tools.assignments import a5_cases, judge
from course_tools.assignments.a3_reading import flat
from course_tools.assignments.a5_mistakes import (
    GRU_BACK_MISTAKES,
    GRU_MISTAKES,
    LSTM_BACK_MISTAKES,
    LSTM_MISTAKES,
    SEQUENCE_MISTAKES,
    loop_mistakes,
)
from course_tools.assignments.a5_reference import (
    GRU_NAMES,
    LSTM_NAMES,
    lstm_step,
    lstm_step_backward,
    there_and_back,
)
from course_tools.assignments.carried import Earlier, answers, as_function, judge_carried
from course_tools.assignments.gated import (
    gru_step_gradients,
    gru_step_oracle,
    lstm_gradients,
    lstm_oracle,
    lstm_step_gradients,
    lstm_step_oracle,
)
from course_tools.assignments.judge import Parts, judging
from course_utils.checks import Check, Output, Report
from course_utils.checks.compare import as_array
from course_utils.checks.gated.formulas import blocks
from course_utils.checks.rooms import LocalRoom

BLOCKED = {"W_xh": "(D, H)", "W_hh": "(H, H)", "b": "(H,)"}
"""The arrays whose gates stand side by side, and the shape of one gate's block."""


def _grads(names: Sequence[str], gates: str) -> list[Output]:
    """The gradients of a cell's parameters, gate by gate: a slip in one gate costs its blocks."""
    outputs = []
    for name in names:
        if name in BLOCKED:
            outputs += [Output(f'grads["{name}"] ({gate})', BLOCKED[name]) for gate in gates]
        else:
            outputs.append(Output(f'grads["{name}"]', "(H,)"))
    return outputs


def _by_gate(names: Sequence[str], grads: Sequence[Any], like: dict[str, Any]) -> Iterator[Any]:
    """Yield the gradients with those of several gates cut into blocks; None stays None."""
    for name, value in zip(names, grads, strict=True):
        if name not in BLOCKED:
            yield value
        elif value is None:
            yield from (None, None, None)
        else:
            array, shape = as_array(value), like[name].shape
            if array is None or array.shape != shape:
                came = "nothing of the kind" if array is None else f"shape {array.shape}"
                raise ValueError(f'grads["{name}"] should have shape {shape}; yours has {came}')
            yield from blocks(array, 3)


def _read(arrays: Sequence[str], names: Sequence[str]) -> Callable[[dict, Any], tuple]:
    def read(known: dict[str, Any], value: Any) -> tuple:
        values, split = flat(arrays, value, names), len(arrays)
        return *values[:split], *_by_gate(names, values[split:], known["params"])

    return read


def _flattened(oracle: Callable[..., tuple], names: Sequence[str]) -> Callable[..., tuple]:
    def flattened(**given: Any) -> tuple:
        *arrays, grads = oracle(**given)
        return *arrays, *_by_gate(names, [grads[name] for name in names], given["params"])

    return flattened


# --- the checks -------------------------------------------------------------------------------

LSTM_STEP = Check(
    "Part 1, one step of the LSTM",
    [Output("h_t", "(B, H)"), Output("c_t", "(B, H)")],
    a5_cases.lstm_steps,
    lstm_step_oracle,
    LSTM_MISTAKES,
)
LSTM_BACK = Check(
    "Part 2, one step of the LSTM backward",
    [
        Output("dx_t", "(B, D)"),
        Output("dh_prev", "(B, H)"),
        Output("dc_prev", "(B, H)"),
        *_grads(LSTM_NAMES, "fgo"),
    ],
    a5_cases.lstm_back_steps,
    _flattened(lstm_step_gradients, LSTM_NAMES),
    LSTM_BACK_MISTAKES,
    read=_read(("dx_t", "dh_prev", "dc_prev"), LSTM_NAMES),
)
WHOLE = ("h", "c", "dx", "dh0", "dc0")


def _there_and_back(dh, dc, x, h0, c0, params) -> tuple:
    return *lstm_oracle(x, h0, c0, params), *lstm_gradients(dh, dc, x, h0, c0, params)


SEQUENCE = Check(
    "Part 3, the LSTM there and back",
    [
        *(Output(name, "(B, T, H)") for name in ("h", "c")),
        Output("dx", "(B, T, D)"),
        *(Output(name, "(B, H)") for name in ("dh0", "dc0")),
        *_grads(LSTM_NAMES, "fgo"),
    ],
    a5_cases.sequences,
    _flattened(_there_and_back, LSTM_NAMES),
    SEQUENCE_MISTAKES,
    read=_read(WHOLE, LSTM_NAMES),
)
GRU_STEP = Check(
    "Part 4, one step of the GRU",
    [Output("h_t", "(B, H)")],
    a5_cases.gru_steps,
    gru_step_oracle,
    GRU_MISTAKES,
)
GRU_BACK = Check(
    "Part 4, one step of the GRU backward",
    [Output("dx_t", "(B, D)"), Output("dh_prev", "(B, H)"), *_grads(GRU_NAMES, "rzn")],
    a5_cases.gru_back_steps,
    _flattened(gru_step_gradients, GRU_NAMES),
    GRU_BACK_MISTAKES,
    read=_read(("dx_t", "dh_prev"), GRU_NAMES),
)


# --- the parts --------------------------------------------------------------------------------

BACK = (0, 1, 2)
"""What goes back to x, h and c: each has to depend on each gradient that arrives."""


def judge_sequence(room: LocalRoom, seed: int | None) -> Report:
    """Judge `lstm_there_and_back` by the oracle, or else by a loop over their own two steps."""
    names = ("x_t", "h_prev", "c_prev", "params")
    function, back_function = room.function("lstm_step"), room.function("lstm_step_backward")

    def two(given: dict[str, Any]) -> tuple:
        return given["h_prev"], given["c_prev"]

    def four(given: dict[str, Any]) -> tuple:
        return tuple(given[name] for name in names)

    step = as_function(function, names, two)
    back = as_function(back_function, ("dh_t", "dc_t", *names), four)

    def step_answers() -> bool:
        moves = {"x_t": (), "h_prev": (), "c_prev": ()}
        return answers(step, LSTM_STEP.draw(seed)[0].arguments, moves)

    def back_answers() -> bool:
        moves = {"dh_t": BACK, "dc_t": BACK, "x_t": (), "h_prev": (), "c_prev": ()}
        return answers(back, LSTM_BACK.draw(seed)[0].arguments, moves)

    def by(step: Callable, back: Callable) -> Check:
        whole = there_and_back(step, back)
        oracle = _flattened(lambda **given: whole(**given), LSTM_NAMES)
        return replace(SEQUENCE, oracle=oracle, mistakes=loop_mistakes(step, back))

    earlier = (
        Earlier("`lstm_step_backward`", back_answers, by(lstm_step, back)),
        Earlier("`lstm_step`", step_answers, by(step, lstm_step_backward)),
        Earlier(
            "`lstm_step` and `lstm_step_backward`",
            lambda: step_answers() and back_answers(),
            by(step, back),
        ),
    )
    return judge_carried(SEQUENCE, room.function("lstm_there_and_back"), seed, earlier)


PARTS: Parts = {
    "lstm": judging(LSTM_STEP, "lstm_step"),
    "lstm_back": judging(LSTM_BACK, "lstm_step_backward"),
    "sequence": judge_sequence,
    "gru": judging(GRU_STEP, "gru_step"),
    "gru_back": judging(GRU_BACK, "gru_step_backward"),
}


def grade(part: str, namespace: dict[str, Any], points: float) -> float:
    """Judge one part of A5; see `judge.grade`."""
    return judge.grade(PARTS, part, namespace, points)
