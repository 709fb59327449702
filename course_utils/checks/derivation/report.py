"""The report of a derivation: the usual box, and below it a table of the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_utils.checks.core import Mistake
from course_utils.checks.report import RIGHT as ALL_RIGHT
from course_utils.checks.report import Report, Trial
from course_utils.checks.table import Cell, html_table

RIGHT, WRONG, MISSING, OWN = "✓ right", "✗ wrong", "– missing", "· not judged"
UNJUDGED = "– cannot be judged"
FIRST = "◀ first"


@dataclass(frozen=True)
class Outcome:
    """What came of one line: its number as typed (None if it is missing) and what was found.

    finding  a sentence about what is wrong
    cause    a sentence that names the likely cause, and `hint` where to look; empty if unknown
    asked    whether this is the one line that counts for its name
    """

    number: int | None
    name: str
    typed: str
    verdict: str
    finding: str = ""
    cause: str = ""
    hint: str = ""
    asked: bool = True


class SheetReport(Report):
    """A report with one trial for each line; `outcomes` holds the lines in the order typed."""

    def __init__(self, title: str, outcomes: Sequence[Outcome] = (), tried: str = "") -> None:
        self.outcomes = tuple(outcomes)
        self.first_wrong = next((o for o in outcomes if o.verdict == WRONG), None)
        self.missing = [o.name for o in outcomes if o.verdict == MISSING]
        trials = [self._trial(o, tried) for o in outcomes if o.verdict != OWN]
        super().__init__(title, trials, self._mistake())

    def _trial(self, outcome: Outcome, tried: str) -> Trial:
        message = outcome.finding
        if outcome is self.first_wrong:
            start = "" if outcome.cause else f"{self._where()} "
            message = f"{start}{message}{self._lacking()}"
        elif outcome.verdict == MISSING and self.first_wrong is None:
            message = f"What you typed so far is right.{self._lacking()}"
        passed = outcome.verdict == RIGHT
        name = outcome.name if outcome.asked else f"line {outcome.number}"
        return Trial(tried, name, passed, message, float(outcome.asked))

    def _where(self) -> str:
        wrong = [outcome for outcome in self.outcomes if outcome.verdict == WRONG]
        name = f" (`{wrong[0].name}`)" if wrong[0].name else ""
        rank = "wrong" if len(wrong) == 1 else "the first wrong one"
        return f"Line {wrong[0].number}{name} is {rank}."

    def _lacking(self) -> str:
        if not self.missing:
            return ""
        number = "One line is" if len(self.missing) == 1 else f"{len(self.missing)} lines are"
        return f" {number} still missing: {', '.join(f'`{name}`' for name in self.missing)}."

    def _mistake(self) -> Mistake | None:
        wrong = self.first_wrong
        if wrong is None or not wrong.cause:
            return None
        says = f"{self._where()} {wrong.cause}"
        return Mistake(wrong.name, says, wrong.hint, wrong=lambda: wrong.typed)

    @property
    def message(self) -> str:
        """The report in sentences, without the hint."""
        if self.state == ALL_RIGHT:
            return f"All {len(self.trials)} lines agree with autograd."
        return super().message

    def _verdict(self, outcome: Outcome) -> str:
        return f"{outcome.verdict} {FIRST}" if outcome is self.first_wrong else outcome.verdict

    def __repr__(self) -> str:
        rows = [
            f"  {outcome.number or '':>4}  {self._verdict(outcome):<18}  "
            f"{outcome.typed or outcome.name}"
            for outcome in self.outcomes
        ]
        return "\n".join([super().__repr__(), *rows])

    def _repr_html_(self) -> str:
        if not self.outcomes:
            return super()._repr_html_()
        rows = [
            (
                str(outcome.number or "–"),
                [
                    Cell(outcome.typed or outcome.name, code=True),
                    Cell(self._verdict(outcome), marked=outcome is self.first_wrong),
                ],
            )
            for outcome in self.outcomes
        ]
        caption = "Your lines, each computed with the true values of those above it."
        table = html_table(caption, ["line", "what you typed", "verdict"], rows)
        return f"{super()._repr_html_()}{table}"
