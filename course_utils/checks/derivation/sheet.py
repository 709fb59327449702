"""A derivation typed line by line: each line is computed on random arrays and compared.

A line is computed with the *true* values of the lines that it uses, so that one error stays one.
"""

from __future__ import annotations

import ast
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from course_utils.checks.compare import agree, describe
from course_utils.checks.derivation.language import (
    LONGEST,
    MOST,
    Refused,
    evaluate,
    left_side,
    parse,
    split_lines,
)
from course_utils.checks.derivation.report import (
    MISSING,
    OWN,
    RIGHT,
    UNJUDGED,
    WRONG,
    Outcome,
    SheetReport,
)
from course_utils.checks.report import Report, Trial
from course_utils.checks.rooms import Callee, Handle, as_callee

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Slip:
    """A known wrong right-hand side of one line, with the words that name it."""

    expression: str
    says: str
    hint: str = ""


@dataclass(frozen=True)
class Line:
    """One line that is asked for: its name, its shape in letters, a right answer, known slips."""

    name: str
    shape: str
    answer: str
    slips: Sequence[Slip] = ()


@dataclass(frozen=True)
class Derivation:
    """A judge of a function that returns a derivation as text. Call it with that function.

    draw   makes (given, truth) from a generator: the arrays whose names the reader may use, and
           the value of every line by torch's autograd, all in float64
    tried  says for people what the random arrays are
    """

    title: str
    lines: Sequence[Line]
    draw: Callable[[np.random.Generator], tuple[Arrays, Arrays]]
    tried: str

    def __call__(self, function: Callable | Callee, *, seed: int | None = None) -> Report:
        """Judge the text that `function()` returns; `seed` draws other random arrays."""
        reply = as_callee(function).call({})
        if reply.failure is not None and reply.failure.kind == "NotImplementedError":
            return SheetReport(self.title)
        if reply.failure is not None:
            return self._unusable(f"Your function raised {reply.failure}.")
        if not isinstance(reply.value, str):
            value = reply.value
            plain = value is not None and not isinstance(value, Handle)
            gave = f"a {type(value).__name__}" if plain else repr(value)
            return self._unusable(
                f"Return the lines as one text in triple quotes; your function gave {gave}."
            )
        return self.judge(reply.value, seed=seed)

    def judge(self, text: str, *, seed: int | None = None) -> Report:
        """Judge the lines in `text`; never raises, whatever stands there."""
        if len(text) > LONGEST * MOST:
            return self._unusable(f"The text has more than {LONGEST * MOST:,} characters.")
        # Half a character (a lone surrogate) could not even be printed back.
        lines = split_lines(text.encode("utf-8", "replace").decode("utf-8"))
        if len(lines) > MOST:
            return self._unusable(f"There are more than {MOST} lines.")
        if not lines:
            return SheetReport(self.title)
        fixed = zlib.crc32(self.title.encode("utf-8"))
        given, truth = self.draw(np.random.default_rng(fixed if seed is None else seed))
        reading = _Reading(self, given, truth, {left_side(line) for line in lines})
        with np.errstate(all="ignore"):  # an overflow is judged by its result, not by a warning
            outcomes = [reading.take(number, line) for number, line in enumerate(lines, 1)]
        return SheetReport(self.title, [*outcomes, *reading.missing()], self.tried)

    def solution(self) -> str:
        """Return a right derivation as text."""
        return "\n".join(f"{line.name} = {line.answer}" for line in self.lines)

    def _unusable(self, message: str) -> Report:
        return Report(self.title, [Trial("one call without arguments", "", False, message, 1.0)])


class _Dangling(Refused):
    """A line uses a name of the reader's own whose line is the one at fault."""


@dataclass
class _Reading:
    """What is known while a text is read from top to bottom; `typed` are all names in it."""

    asked: Derivation
    given: Arrays
    truth: Arrays
    typed: set[str]
    own: dict[str, np.ndarray | None] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def take(self, number: int, text: str) -> Outcome:
        """Judge one line, and from then on know its name."""
        name = left_side(text)
        try:
            self._may_define(name)
        except Refused as refusal:
            return Outcome(number, name, text, WRONG, str(refusal), asked=False)
        asked = name in self.truth
        try:
            expression = parse(text)
            value = evaluate(expression, self._known(name, expression))
        except Refused as refusal:
            value, finding = None, str(refusal)
            verdict = UNJUDGED if isinstance(refusal, _Dangling) else WRONG
        if name:
            self.seen[name] = number
        if name and not asked:
            self.own[name] = value
        if value is None:
            return Outcome(number, name, text, verdict, finding, asked=asked)
        if not asked:
            return Outcome(number, name, text, OWN, asked=False)
        return self._compare(number, name, text, value)

    def missing(self) -> list[Outcome]:
        """Return an outcome for each line that is asked for and was not typed."""
        lines = (line for line in self.asked.lines if line.name not in self.seen)
        return [
            Outcome(None, line.name, "", MISSING, f"`{line.name}` is missing.") for line in lines
        ]

    def _may_define(self, name: str) -> None:
        if name in self.given:
            raise Refused(f"`{name}` is given: choose another name for what you compute.")
        if name in self.seen:
            raise Refused(f"`{name}` stands in line {self.seen[name]} already: one line for each.")

    def _known(self, name: str, expression: ast.expr) -> Mapping[str, np.ndarray]:
        """Return the values that this line may use, the true ones where there is a truth."""
        for used in (node.id for node in ast.walk(expression) if isinstance(node, ast.Name)):
            if used == name:
                raise Refused(f"`{name}` is made from itself.")
            if used in self.truth and used in self.typed - self.seen.keys():
                raise Refused(f"It uses `{used}`, which has no line above this one.")
            if used in self.own and self.own[used] is None:
                raise _Dangling(f"It uses `{used}`, which line {self.seen[used]} does not compute.")
        # A line that is missing altogether is told as missing; what uses it can still be right.
        above = {n: v for n, v in self.truth.items() if n in self.seen or n not in self.typed}
        own = {n: value for n, value in self.own.items() if value is not None}
        return {**self.given, **above, **own}

    def _compare(self, number: int, name: str, text: str, value: np.ndarray) -> Outcome:
        right = self.truth[name]
        if agree(value, right):
            return Outcome(number, name, text, RIGHT)
        line = next(line for line in self.asked.lines if line.name == name)
        found = _difference(line, value, right)
        slip = self._slip(line, value)
        return Outcome(number, name, text, WRONG, found, slip.says, slip.hint)

    def _slip(self, line: Line, value: np.ndarray) -> Slip:
        """Return the known slip that gives `value`, or what can be said of any line."""
        everything, right = {**self.given, **self.truth}, self.truth[line.name]
        for slip in line.slips:
            if agree(value, evaluate(parse(f"it = {slip.expression}"), everything)):
                return slip
        if agree(value, -right):
            return Slip("", "The sign is turned.")
        if agree(value, right.T):
            return Slip("", "This is the transpose of what is asked for.")
        for name, other in everything.items():
            if agree(value, other):
                return Slip("", f"This is `{name}`, not `{line.name}`.")
        if value.shape == right.shape:
            factor = float(np.vdot(right, value) / np.vdot(right, right))
            if agree(value, factor * right) and factor != 0:
                return Slip("", f"Every entry is {factor:.3g} times what it should be.")
        return Slip("", "")


def _difference(line: Line, value: np.ndarray, right: np.ndarray) -> str:
    """Say in a sentence how two arrays differ; an entry of a row has one index, not two."""
    if value.shape == right.shape and right.shape[0] == 1:
        return describe(line.name, line.shape.replace("1, ", ""), value[0], right[0])
    return describe(line.name, line.shape, value, right)
