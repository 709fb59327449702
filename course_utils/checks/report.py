"""What a check found: a state, the named mistake, the first failing trial, points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course_utils.checks.core import Mistake

NOT_ATTEMPTED, WRONG, RIGHT = "not attempted", "wrong", "right"
ARGUMENTS = "arguments"
"""Stands for an output's name in the trial that asks whether the arguments were left alone."""


@dataclass(frozen=True)
class Trial:
    """One thing that was tried: a case and an output, whether it held, and what to say if not."""

    case: str
    output: str
    passed: bool
    message: str
    weight: float


class Report:
    """The outcome of a check; a notebook shows it as a box, a terminal as lines of text.

    state      "not attempted", "wrong" or "right"
    message    what to say, in plain sentences
    mistake    the `Mistake` that was recognised, or None
    diagnosis  what the pattern of wrong outputs hints at, where no mistake was recognised
    """

    def __init__(
        self,
        title: str,
        trials: Sequence[Trial] = (),
        mistake: Mistake | None = None,
        remarks: Sequence[str] = (),
        diagnosis: str = "",
    ) -> None:
        self.title, self.trials = title, tuple(trials)
        self.mistake, self.remarks = mistake, tuple(remarks)
        self.diagnosis = diagnosis
        if not self.trials:
            self.state = NOT_ATTEMPTED
        else:
            self.state = RIGHT if all(trial.passed for trial in self.trials) else WRONG

    @property
    def failed(self) -> Trial | None:
        """The first trial that did not hold."""
        return next((trial for trial in self.trials if not trial.passed), None)

    @property
    def message(self) -> str:
        """The report in sentences, without the hint."""
        if self.state == NOT_ATTEMPTED:
            return "Not attempted yet: write your code, run the cell, then run this check again."
        if self.failed is None:
            return "Every trial gives the expected result."
        cause = self.mistake.says if self.mistake else self.diagnosis
        sentences = [cause, self.failed.message] if cause else [self.failed.message]
        # An argument changed in place is often the cause of what is wrong with the values.
        changed = [t.message for t in self.trials if t.output == ARGUMENTS and t != self.failed]
        return " ".join([*sentences, *changed])

    @property
    def hint(self) -> str:
        """Where to look next; empty where the mistake has no name."""
        return self.mistake.hint if self.mistake else ""

    def require(self) -> None:
        """Raise an AssertionError with the report's words unless everything is right."""
        if self.state != RIGHT:
            raise AssertionError(str(self))

    def fraction(self) -> float:
        """Return the share of the trials that is right, from 0 to 1.

        The first case decides: an output that is wrong there earns nothing in any other case, so
        that a function which is right only where nothing happens (T = 0) gains nothing by it.
        """
        if not self.trials:
            return 0.0
        first = self.trials[0].case
        lost = {t.output for t in self.trials if t.case == first and not t.passed}
        whole = sum(trial.weight for trial in self.trials)
        gone = "" in lost  # it raised: nothing came back at all
        earned = [t for t in self.trials if t.passed and t.output not in lost and not gone]
        return sum(trial.weight for trial in earned) / whole

    def points(self, out_of: float) -> float:
        """Return the points earned out of `out_of`, rounded to halves, full only when all holds."""
        earned = round(2 * out_of * self.fraction()) / 2
        return float(out_of if self.state == RIGHT else min(earned, max(out_of - 0.5, 0)))

    def __repr__(self) -> str:
        mark = {RIGHT: "✓", WRONG: "✗", NOT_ATTEMPTED: "○"}[self.state]
        lines = [f"{mark} {self.title}: {self.state}. {self.message}"]
        if self.failed is not None:
            lines.append(f"  Tried with: {self.failed.case}.")
        if self.hint:
            lines.append(f"  Hint: {self.hint}")
        lines.extend(f"  Remark: {remark}" for remark in self.remarks)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        mark, colour = {
            RIGHT: ("✓", "#0a7d4f"),
            WRONG: ("✗", "#b3450f"),
            NOT_ATTEMPTED: ("○", "#6b7280"),
        }[self.state]
        parts = [
            f"<p style='margin:0'><strong><span aria-hidden='true' style='color:{colour}'>{mark}"
            f"</span> {escape(self.title)}: {self.state}.</strong> {inline(self.message)}</p>"
        ]
        if self.failed is not None:
            parts.append(f"<p style='margin:.4em 0 0'>Tried with: {inline(self.failed.case)}.</p>")
        if self.hint:
            parts.append(
                "<details style='margin-top:.4em'><summary>A hint</summary>"
                f"<p style='margin:.3em 0 0'>{inline(self.hint)}</p></details>"
            )
        parts.extend(
            f"<p style='margin:.4em 0 0'>Remark: {inline(remark)}</p>" for remark in self.remarks
        )
        return (
            f"<div role='status' style='border-left:4px solid {colour};padding:.5em .9em;"
            f"max-width:46em;line-height:1.45'>{''.join(parts)}</div>"
        )


def inline(text: str) -> str:
    """Escape `text` for HTML, keep its lines, and set what stands between backticks as code."""
    pieces = escape(text).replace("\n", "<br>").split("`")
    if len(pieces) % 2 == 0:  # an unpaired backtick: leave the text as it is
        return "`".join(pieces)
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))
