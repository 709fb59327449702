"""What came back for a case, judged: a trial for each output, one for the arguments, remarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.checks.compare import agree, as_array, describe
from course_utils.checks.naming import split, surplus
from course_utils.checks.report import ARGUMENTS, Trial
from course_utils.checks.rooms import MISSING, UNUSABLE, Handle, Reply

if TYPE_CHECKING:
    from course_utils.checks.core import Case, Output


def judge(
    case: Case,
    reply: Reply,
    expected: list[Any],
    outputs: Sequence[Output],
    explain: Callable[[dict[str, Any], Any, Any], str] | None,
) -> Iterator[Trial]:
    """Judge each output of a reply; a failure is one trial with the weight of the case.

    `explain` (what the case knows, got, expected) replaces the words on the first wrong entry.
    """
    share = case.weight / len(outputs)
    if reply.failure is not None:
        message = f"Your function raised {reply.failure}."
        if reply.failure.kind == MISSING:
            message = reply.failure.message
        elif reply.failure.kind == UNUSABLE:
            message = f"What your function returned cannot be used: {reply.failure.message}."
        yield Trial(case.name, "", False, message, case.weight)
        return
    miscounted = _miscounted(reply.value, expected, outputs)
    too_many = surplus(reply.value, len(outputs))
    values = split(reply.value, len(outputs))
    for output, got, right in zip(outputs, values, expected, strict=True):
        passed = not too_many and not isinstance(got, Handle) and agree(got, right)
        if passed:
            message = ""
        elif miscounted:
            message = miscounted
        elif isinstance(got, Handle):
            message = f"`{output.name}` should be an array, but your function gave a {got.kind}."
        elif explain is not None:
            message = explain(case.known, got, right)
        else:
            message = describe(output.name, output.shape, got, right)
        yield Trial(case.name, output.name, passed, message, share)


def _miscounted(value: Any, expected: list[Any], outputs: Sequence[Output]) -> str:
    """Say that too few or too many values came back; nothing where the number is right."""
    names = ", ".join(output.name for output in outputs)
    returned = len(value) if isinstance(value, (tuple, list)) else 1
    if len(outputs) == 1:
        array = as_array(value)
        whole = array is not None and array.shape == np.shape(expected[0])
        if not isinstance(value, tuple) or returned < 2 or whole:
            return ""
        return f"Return `{names}` alone; yours returned a tuple of {returned}."
    if value is None or returned == len(outputs):
        return ""
    count = "one value" if returned == 1 else f"{returned} values"
    return f"You returned {count}; {len(outputs)} are asked for: `return {names}`."


def judge_arguments(cases: list[Case], replies: list[Reply]) -> Iterator[Trial]:
    """Fail one trial if any call changed its arguments; the values are judged apart from that."""
    for case, reply in zip(cases, replies, strict=True):
        if reply.changed:
            names = " and ".join(f"`{name}`" for name in reply.changed)
            message = (
                f"Your function changed {names} in place. Whoever called it still needs the old "
                "values: work on a copy, or build a new array (`a = a + b`, not `a += b`)."
            )
            yield Trial(case.name, ARGUMENTS, False, message, case.weight / 4)
            return


def remark_on_precision(cases: list[Case], replies: list[Reply]) -> tuple[str, ...]:
    """Say where another precision came out than went in: not wrong, but worth knowing.

    Beside an error it would look like the cause, so it is for right answers only.
    """
    for case, reply in zip(cases, replies, strict=True):
        given = {a.dtype for a in case.arguments.values() if isinstance(a, np.ndarray)}
        floats = {dtype for dtype in given if dtype.kind == "f"}
        values = reply.value if isinstance(reply.value, (tuple, list)) else [reply.value]
        got = {v.dtype for v in values if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
        if len(floats) == 1 and got and got != floats:
            return (
                f"{next(iter(floats))} went in and {next(iter(got - floats))} came out. That costs "
                "memory and speed: make new arrays with the dtype of the weights, or of the "
                "input where there are none.",
            )
    return ()
