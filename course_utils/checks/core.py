"""What a check is: inputs from a seed, an independent oracle, known mistakes, and a message.

The same `Check` serves three readers. In a lesson, `check(function)` shows a report. In a test,
`check(function).require()` raises an AssertionError with the report's words. When graded,
`check(function, seed=...).points(20)` gives points out of points for what is right.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils.checks.compare import agree, as_array, describe
from course_utils.checks.report import Report, Trial
from course_utils.checks.rooms import Callee, Failure, Handle, LocalCallee, Reply, as_callee

UNUSABLE = "unusable"


@dataclass(frozen=True)
class Case:
    """One call: what is tried (a name for people) and the arguments, in the order of the call.

    The first case of a check decides: its inputs leave no known mistake alive, and an output that
    is wrong there earns nothing elsewhere. `weight` is the case's share of the points. `aside`
    holds what only the oracle and `read` are told: the test strings for weights set by hand.
    """

    name: str
    arguments: dict[str, Any]
    weight: float = 1.0
    aside: dict[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Any]:
        """All that the oracle may use: the arguments and what is kept aside."""
        return {**self.arguments, **self.aside}


@dataclass(frozen=True)
class Mistake:
    """A known wrong implementation with the words that name it."""

    name: str
    says: str
    hint: str
    wrong: Callable


@dataclass(frozen=True)
class Output:
    """One thing that the function returns: its name and the letters of its shape."""

    name: str
    shape: str


@dataclass(frozen=True)
class Convention:
    """How a declared variant of the call differs from the house's own: both ways of translating."""

    arguments: Callable[[dict[str, Any]], dict[str, Any]] = lambda arguments: arguments
    value: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Check:
    """A judge of one function. Call it with the function; it returns a `Report`.

    outputs      what the function returns, in order
    cases        draws the inputs from a generator; the first case decides
    oracle       the right answer by independent means: takes all that a case knows, by name
    mistakes     known wrong implementations, tried in order when the function is wrong
    conventions  by keyword: the variants that a caller may declare (`batch_first=False`)
    read         turns (what the case knows, returned value) into what is compared, for answers
                 that are right by what they do, such as weights that compute parity; it raises
                 ValueError with a sentence where the value cannot be used
    """

    title: str
    outputs: Sequence[Output]
    cases: Callable[[np.random.Generator], Iterable[Case]]
    oracle: Callable[..., Any]
    mistakes: Sequence[Mistake] = ()
    conventions: dict[str, Callable[[Any], Convention]] = field(default_factory=dict)
    read: Callable[[dict[str, Any], Any], Any] | None = None

    def __call__(
        self, function: Callable | Callee, *, seed: int | None = None, **declared: Any
    ) -> Report:
        """Judge `function`; `seed` draws other inputs, `declared` states its conventions.

        Raises TypeError for a convention that this check does not know.
        """
        conventions = [self._convention(name, value) for name, value in declared.items()]
        cases = self.draw(seed)
        callee = as_callee(function)
        replies = [self._ask(callee, case, conventions) for case in cases]
        first = replies[0].failure
        if first is not None and first.kind == "NotImplementedError":
            return Report(self.title)
        expected = [self._outputs(self.oracle(**case.known)) for case in cases]
        trials = [
            trial
            for case, reply, right in zip(cases, replies, expected, strict=True)
            for trial in self._judge(case, reply, right)
        ]
        trials.extend(_judge_arguments(cases, replies))
        mistake = None
        if not all(trial.passed for trial in trials):
            mistake = self._name_mistake(cases, replies)
        return Report(self.title, trials, mistake, _remarks(cases, replies))

    def draw(self, seed: int | None = None) -> list[Case]:
        """Return the cases for `seed`; without one, always the same (from the title)."""
        fixed = zlib.crc32(self.title.encode("utf-8"))
        return list(self.cases(np.random.default_rng(fixed if seed is None else seed)))

    def _convention(self, name: str, value: Any) -> Convention:
        if name not in self.conventions:
            known = ", ".join(sorted(self.conventions)) or "none"
            raise TypeError(f"'{self.title}' knows no convention '{name}' (known: {known})")
        return self.conventions[name](value)

    def _ask(self, callee: Callee, case: Case, conventions: Sequence[Convention] = ()) -> Reply:
        arguments = case.arguments
        for convention in conventions:
            arguments = convention.arguments(arguments)
        reply = callee.call(arguments)
        if reply.failure is not None:
            return reply
        value = reply.value
        try:
            for convention in reversed(conventions):
                value = convention.value(value)
            if self.read is not None:
                value = self.read(case.known, value)
            elif isinstance(value, tuple) and len(value) > len(self.outputs) > 1:
                names = ", ".join(output.name for output in self.outputs)
                raise ValueError(f"it holds {len(value)} values; return {names} only")
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            return Reply(failure=Failure(UNUSABLE, str(error)), changed=reply.changed)
        return Reply(value=value, changed=reply.changed)

    def _outputs(self, value: Any) -> list[Any]:
        """Split a returned value into one entry for each output; missing ones become None."""
        if len(self.outputs) == 1 and not (isinstance(value, tuple) and len(value) == 1):
            return [value]
        if not isinstance(value, (tuple, list)):
            value = (value,)
        entries = list(value[: len(self.outputs)])
        return entries + [None] * (len(self.outputs) - len(entries))

    def _judge(self, case: Case, reply: Reply, expected: list[Any]) -> Iterable[Trial]:
        share = case.weight / len(self.outputs)
        if reply.failure is not None:
            message = f"Your function raised {reply.failure}."
            if reply.failure.kind == UNUSABLE:
                message = f"What your function returned cannot be used: {reply.failure.message}."
            yield Trial(case.name, "", False, message, case.weight)
            return
        for output, got, right in zip(
            self.outputs, self._outputs(reply.value), expected, strict=True
        ):
            if isinstance(got, Handle):
                message = f"`{output.name}` should be an array, but it is {got!r}."
                yield Trial(case.name, output.name, False, message, share)
            else:
                passed = agree(got, right)
                message = "" if passed else describe(output.name, output.shape, got, right)
                yield Trial(case.name, output.name, passed, message, share)

    def _name_mistake(self, cases: list[Case], replies: list[Reply]) -> Mistake | None:
        """Return the first mistake that behaves like the judged function, if there is one.

        Agreement on every case (failures by their type) is surer than agreement on the case that
        decides, so all mistakes are compared in full before the second, looser look. An exception
        alone never names a mistake: too many roads lead to the same one.
        """
        answers = [
            [self._ask(LocalCallee(mistake.wrong), case) for case in cases]
            for mistake in self.mistakes
        ]
        for depth in (len(cases), 1):
            for mistake, theirs in zip(self.mistakes, answers, strict=True):
                pairs = list(zip(replies[:depth], theirs[:depth], strict=True))
                some_value = any(mine.failure is None for mine, _ in pairs)
                if some_value and all(self._same(mine, other) for mine, other in pairs):
                    return mistake
        return None

    def _same(self, mine: Reply, other: Reply) -> bool:
        if mine.failure is not None or other.failure is not None:
            kinds = [reply.failure.kind for reply in (mine, other) if reply.failure is not None]
            return len(kinds) == 2 and kinds[0] == kinds[1]
        if mine.changed != other.changed:
            return False
        pairs = zip(self._outputs(mine.value), self._outputs(other.value), strict=True)
        return all(_alike(a, b) for a, b in pairs)


def _judge_arguments(cases: list[Case], replies: list[Reply]) -> Iterable[Trial]:
    """Fail one trial if any call changed its arguments; the values are judged apart from that."""
    for case, reply in zip(cases, replies, strict=True):
        if reply.changed:
            names = " and ".join(f"`{name}`" for name in reply.changed)
            message = (
                f"Your function changed {names} in place. Whoever called it still needs the old "
                "values: work on a copy, or build a new array (`a = a + b`, not `a += b`)."
            )
            yield Trial(case.name, "arguments", False, message, case.weight / 4)
            return


def _alike(a: Any, b: Any) -> bool:
    first, second = as_array(a), as_array(b)
    if first is None or second is None:
        return type(a) is type(b)
    if first.shape == second.shape and first.dtype.kind == second.dtype.kind == "f":
        # A mistake may give nan or infinity: then the same entries must.
        if not np.array_equal(np.isfinite(first), np.isfinite(second)):
            return False
        first, second = np.nan_to_num(first), np.nan_to_num(second)
    return agree(first, second)


def _remarks(cases: list[Case], replies: list[Reply]) -> tuple[str, ...]:
    """Say what is not wrong but worth knowing: the precision that comes back."""
    for case, reply in zip(cases, replies, strict=True):
        given = {a.dtype for a in case.arguments.values() if isinstance(a, np.ndarray)}
        floats = {dtype for dtype in given if dtype.kind == "f"}
        values = reply.value if isinstance(reply.value, (tuple, list)) else [reply.value]
        got = {v.dtype for v in values if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
        if len(floats) == 1 and got and got != floats:
            return (
                f"{next(iter(floats))} went in and {next(iter(got - floats))} came out. That costs "
                "memory and speed: make new arrays with `dtype=x.dtype`.",
            )
    return ()
