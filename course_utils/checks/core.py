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

from course_utils.checks.compare import as_array
from course_utils.checks.judging import judge, judge_arguments, remark_on_precision
from course_utils.checks.naming import ALIKE, likeness, same, split
from course_utils.checks.report import Report
from course_utils.checks.rooms import UNUSABLE, Callee, Failure, Reply, as_callee


@dataclass(frozen=True)
class Case:
    """One call: what is tried (a name for people) and the arguments, in the order of the call.

    The first case of a check decides: its inputs leave hardly a known mistake alive, and an output
    that is wrong there earns nothing elsewhere. `weight` is the case's share of the points. `aside`
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
    wrong: Callable | Callee


def variants(name: str, says: str, hint: str, *wrong: Callable | Callee) -> list[Mistake]:
    """Return one mistake for each of several ways to make it; all share their name and words."""
    return [Mistake(name, says, hint, way) for way in wrong]


@dataclass(frozen=True)
class Output:
    """One thing that the function returns: its name and the letters of its shape, "(B, T, H)".

    The letters are "" where the shape is another for every case.
    """

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
    explain      says what is wrong from (what the case knows, got, expected), both as read, where
                 the first wrong entry alone would tell a reader nothing
    diagnose     says what the pattern of wrong outputs hints at where no known mistake fits, from
                 (what the case knows, got, expected), both by the output's name; empty for nothing
    keeps_dtype  whether another precision out than in is worth a remark on a right answer
    """

    title: str
    outputs: Sequence[Output]
    cases: Callable[[np.random.Generator], Iterable[Case]]
    oracle: Callable[..., Any]
    mistakes: Sequence[Mistake] = ()
    conventions: dict[str, Callable[[Any], Convention]] = field(default_factory=dict)
    read: Callable[[dict[str, Any], Any], Any] | None = None
    explain: Callable[[dict[str, Any], Any, Any], str] | None = None
    diagnose: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], str] | None = None
    keeps_dtype: bool = True
    _answers: dict[int, Reply] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What each mistake answers to the case that decides, where no seed is given: kept."""

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
        expected = [split(self.oracle(**case.known), len(self.outputs)) for case in cases]
        trials = [
            trial
            for case, reply, right in zip(cases, replies, expected, strict=True)
            for trial in judge(case, reply, right, self.outputs, self.explain)
        ]
        wrong_at_first = not all(t.passed for t in trials if t.case == cases[0].name)
        trials.extend(judge_arguments(cases, replies))
        if all(trial.passed for trial in trials):
            remarks = remark_on_precision(cases, replies) if self.keeps_dtype else ()
            return Report(self.title, trials, remarks=remarks)
        mistake = self._name_mistake(cases, replies, wrong_at_first, seed)
        diagnosis = ""
        if wrong_at_first and mistake is None:
            diagnosis = self._diagnose(cases[0], replies[0], expected[0])
        return Report(self.title, trials, mistake, diagnosis=diagnosis)

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
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            return Reply(failure=Failure(UNUSABLE, str(error)), changed=reply.changed)
        return Reply(value=value, changed=reply.changed)

    def _diagnose(self, case: Case, reply: Reply, expected: list[Any]) -> str:
        """Return what `diagnose` says of arrays that all have the right shape, else nothing."""
        if self.diagnose is None or reply.failure is not None:
            return ""
        got = [as_array(value) for value in split(reply.value, len(self.outputs))]
        if any(
            a is None or a.shape != np.shape(right) or a.dtype.kind not in "biuf"
            for a, right in zip(got, expected, strict=True)
        ):
            return ""
        names = [output.name for output in self.outputs]
        return self.diagnose(
            case.known,
            dict(zip(names, got, strict=True)),
            dict(zip(names, expected, strict=True)),
        )

    def _name_mistake(
        self, cases: list[Case], replies: list[Reply], wrong_at_first: bool, seed: int | None
    ) -> Mistake | None:
        """Return the mistake that behaves most like the judged function, if one does at all."""
        answers = self._answers if seed is None else {}
        best, best_likeness = None, 0
        for i, mistake in enumerate(self.mistakes):
            callee = as_callee(mistake.wrong)
            if i not in answers:
                answers[i] = self._ask(callee, cases[0])
            theirs = [answers[i]]
            if not same(replies[0], theirs[0], len(self.outputs), changes=False):
                continue  # most mistakes part at once: the other cases need not be run
            theirs += [self._ask(callee, case) for case in cases[1:]]
            found = likeness(replies, theirs, len(self.outputs), wrong_at_first)
            if found > best_likeness:
                best, best_likeness = mistake, found
            if found == ALIKE:
                break  # the first of several that are alike on every input
        return best
