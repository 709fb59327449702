"""A check of forward and backward together: what passes between them is nobody's business.

The pair is called as a training loop would call it: forward, then forward once more on other
numbers (a second layer, or the next batch), then backward with the first call's cache. The cache
is an opaque handle all the while, so any design of it is legitimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_utils.checks import rnn
from course_utils.checks.bptt import cases, oracle
from course_utils.checks.bptt.backward import GRADIENTS
from course_utils.checks.bptt.pair_mistakes import pair_mistakes
from course_utils.checks.bptt.patterns import diagnose
from course_utils.checks.core import Case, Check, Output
from course_utils.checks.report import WRONG, Report
from course_utils.checks.rooms import UNUSABLE, Callee, Failure, Handle, Reply, as_callee

WEIGHTS = ("W_xh", "W_hh", "b_h")
FORWARD = ("x", "h0", *WEIGHTS)


@dataclass(frozen=True)
class Pair:
    """Forward and backward as one `Callee`: what both are given goes in, all they return comes out.

    given     the arguments of the forward pass, by name and in order
    values    what it returns before the cache
    upstream  the arguments of the backward pass before the cache: one gradient for each value
    returns   what the backward pass returns; with it, a wrong number of values is told
    """

    forward: Callee
    backward: Callee
    given: Sequence[str] = FORWARD
    values: Sequence[str] = ("h",)
    upstream: Sequence[str] = ("dh",)
    returns: Sequence[str] = ()

    def call(self, arguments: dict[str, Any], keep: tuple[int, ...] = ()) -> Reply:
        given = {name: arguments[name] for name in self.given}
        last = len(self.values)
        first = self.forward.call(given, keep=(last,))
        if first.failure is not None:
            return first
        if not isinstance(first.value, tuple) or len(first.value) != last + 1:
            says = f"{_returned('forward', self.values)} and a cache for the backward pass"
            return Reply(failure=Failure(UNUSABLE, says), changed=first.changed)
        *values, cache = first.value
        others = {name: _other(value) for name, value in given.items()}
        between = self.forward.call(others, keep=(last,))
        if between.failure is not None:
            return between
        arriving = {name: arguments[name] for name in self.upstream}
        second = self.backward.call({**arriving, "cache": cache})
        changed = first.changed + tuple(name for name in second.changed if name != "cache")
        if second.failure is not None:
            return Reply(failure=second.failure, changed=changed)
        gradients = second.value if isinstance(second.value, tuple | list) else (second.value,)
        if self.returns and len(gradients) != len(self.returns):
            says = f"{_returned('backward', self.returns)}; it returned {_counted(second.value)}"
            return Reply(failure=Failure(UNUSABLE, says), changed=changed)
        return Reply(value=(*values, *gradients), changed=changed)


def _returned(half: str, names: Sequence[str]) -> str:
    return f"the {half} pass should return {', '.join(f'`{name}`' for name in names)}"


def _counted(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{len(value)} values"
    return "None" if value is None else f"a {type(value).__name__}"


def _other(value: Any) -> Any:
    """Return other numbers of the same shape and type, for the call in between."""
    if isinstance(value, dict):
        return {name: _other(entry) for name, entry in value.items()}
    if value.dtype.kind != "f":
        return value  # lengths stay what they are
    return (0.5 * value - 0.25).astype(value.dtype)


@dataclass(frozen=True)
class StatesOnly:
    """The forward half of a pair, without its cache, as the check of forward passes wants it.

    values  how many values the forward pass returns before the cache
    """

    forward: Callee
    values: int = 1

    def call(self, arguments: dict[str, Any], keep: tuple[int, ...] = ()) -> Reply:
        reply = self.forward.call(arguments, keep=(self.values,))
        if isinstance(reply.value, tuple) and len(reply.value) == self.values + 1:
            *states, cache = reply.value
            if isinstance(cache, Handle):
                value = tuple(states) if self.values > 1 else states[0]
                return Reply(value=value, changed=reply.changed)
        return reply


def _pair_oracle(x, h0, W_xh, W_hh, b_h, dh) -> tuple[np.ndarray, ...]:
    h = oracle.states(x, h0, W_xh, W_hh, b_h)
    return h, *oracle.through_time(dh, x, h0, W_xh, W_hh, b_h)


def _pair(forward: Callable, backward: Callable) -> Pair:
    returns = [output.name for output in GRADIENTS]
    return Pair(as_callee(forward), as_callee(backward), returns=returns)


PAIR = Check(
    "forward and backward through time",
    [Output("h", "(B, T, H)"), *GRADIENTS],
    cases.pair_cases,
    _pair_oracle,
    pair_mistakes(_pair),
    diagnose=diagnose,
)


def _states_cases(rng: np.random.Generator) -> Iterable[Case]:
    """The same inputs for the forward pass alone: it is to blame only if it is wrong on these."""
    for case in cases.pair_cases(rng):
        yield replace(case, arguments={name: case.arguments[name] for name in FORWARD})


STATES = Check(
    "the states", [PAIR.outputs[0]], _states_cases, oracle.states, rnn.rnn_forward.mistakes
)


def forward_and_backward(
    forward: Callable | Callee, backward: Callable | Callee, *, seed: int | None = None
) -> Report:
    """Judge `rnn_forward(x, h0, W_xh, W_hh, b_h) -> (h, cache)` with
    `rnn_backward(dh, cache) -> (dx, dh0, dW_xh, dW_hh, db_h)`.

    A wrong forward pass is named first: the gradients of a wrong state can only be wrong.
    """
    report = PAIR(_pair(forward, backward), seed=seed)
    if report.state != WRONG:
        return report
    mistake = STATES(StatesOnly(as_callee(forward)), seed=seed).mistake or report.mistake
    return Report(report.title, report.trials, mistake, diagnosis=report.diagnosis)
