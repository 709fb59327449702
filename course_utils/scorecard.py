"""The scorecard of the course: what a model of sequences must do, and which models do it.

Each requirement is a rule that can be applied to any model, and every row is judged by the same
four. Lesson 01 applies them by a cell to the models that it has met; a later lesson adds the row
of its own model and names the cells behind it. `show(upto="01")` gives the table as it stands
after that lesson. "Reach" is the stretch of the input that can change an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

REQUIREMENTS = {
    "any length": "reads 3 items and 300 with the same weights",
    "order": "two items of its reach exchanged can change the answer",
    "long reach": "the first of 300 items can change the last answer",
    "shared weights": "an item meets the same weights wherever in the reach it stands; "
    "partly: only if its whole surroundings move along",
}
MARKS = {"yes": "✓", "partly": "◐", "no": "✗"}
UNKNOWN = "?"


@dataclass(frozen=True)
class Verdict:
    """One entry: "yes", "partly" (under the condition named) or "no", and the reason in short."""

    answer: str
    reason: str

    def __post_init__(self) -> None:
        if self.answer not in MARKS:
            raise ValueError(f"A verdict is one of {', '.join(MARKS)}; not {self.answer!r}.")

    def __str__(self) -> str:
        return f"{MARKS[self.answer]} {self.answer}: {self.reason}"


@dataclass(frozen=True)
class Model:
    """A row: a model, the lesson whose cells show its verdicts, one verdict a requirement."""

    name: str
    lesson: str
    verdicts: tuple[Verdict, ...]

    def __post_init__(self) -> None:
        if len(self.verdicts) != len(REQUIREMENTS):
            raise ValueError(f"{self.name}: give {len(REQUIREMENTS)} verdicts, one a requirement.")


def _model(name: str, lesson: str, *verdicts: tuple[str, str]) -> Model:
    return Model(name, lesson, tuple(Verdict(*verdict) for verdict in verdicts))


MODELS = (
    _model(
        "feedforward net on today alone",
        "01",
        ("yes", "one item, whatever came before"),
        ("no", "its reach is a single item"),
        ("no", "yesterday is not an input"),
        ("yes", "the same net for every item"),
    ),
    _model(
        "feedforward net on the whole sequence",
        "01",
        ("no", "one item more is one more set of weights"),
        ("yes", "each place has weights of its own"),
        ("yes", "every item is an input"),
        ("no", "an item moved meets other weights"),
    ),
    _model(
        "feedforward net on a window that slides",
        "01",
        ("yes", "slides along"),
        ("yes", "each place of the window has weights of its own"),
        ("no", "ends with the window"),
        ("partly", "the same window at every step, other weights at each of its places"),
    ),
    _model(
        "bag of words",
        "01",
        ("yes", "counts are counts"),
        ("no", "both orders make the same bag"),
        ("yes", "a word counts from any distance"),
        ("yes", "one weight a word, wherever it stands"),
    ),
    _model(
        "table of n-grams",
        "01",
        ("yes", "slides along"),
        ("yes", "a row for each order of its n items"),
        ("no", "ends after n items; for long n its rows stay empty"),
        ("partly", "the same table at every step, another row if an item moves"),
    ),
    _model(
        "one convolution in time",
        "01",
        ("yes", "slides along"),
        ("yes", "the filter's weights differ"),
        ("no", "ends with the filter"),
        ("partly", "the same filter at every step, other weights at each of its places"),
    ),
    _model(
        "vanilla RNN",
        "02",
        ("yes", "a loop; T is not in the weights"),
        ("yes", "learns the order-only reviews"),
        ("partly", "a bit for ever by weights set by hand; by training: lessons 03 and 04"),
        ("yes", "every item meets W_xh, what is left of it W_hh, at every step"),
    ),
    _model(
        "bidirectional net",
        "07",
        ("yes", "two loops; no answer before the end is known"),
        ("yes", "tags digits by the word before and the unit behind"),
        ("partly", "as long as the memory of its cell, to both sides"),
        ("yes", "two cells, each the same at every step"),
    ),
)


class Scorecard:
    """The table, as HTML with headers a screen reader can follow, and as plain text."""

    def __init__(self, models: tuple[Model, ...], waiting: tuple[Model, ...], upto: str):
        self.models, self.waiting, self.upto = models, waiting, upto

    def __str__(self) -> str:
        lines = [self.caption]
        for model in self.models:
            lines.append(f"{model.name} (lesson {model.lesson})")
            lines += [
                f"  {name}: {verdict}"
                for name, verdict in zip(REQUIREMENTS, model.verdicts, strict=True)
            ]
        lines += [f"{model.name}: not yet known, lesson {model.lesson}" for model in self.waiting]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def caption(self) -> str:
        return f"Four requirements, and what the models up to lesson {self.upto} make of them."

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/html": self.html(), "text/plain": str(self)}

    def html(self) -> str:
        """Return the table; answers are words and signs, colour is only added to them."""
        head = "".join(
            f'<th scope="col" style="{_CELL}">{escape(name)}<br>'
            f'<span style="font-weight:normal">{escape(meaning)}</span></th>'
            for name, meaning in REQUIREMENTS.items()
        )
        rows = [_row(model, [_entry(v) for v in model.verdicts]) for model in self.models]
        unknown = [f'<td style="{_CELL}">{UNKNOWN}</td>'] * len(REQUIREMENTS)
        rows += [_row(model, unknown) for model in self.waiting]
        return (
            f'<table class="course-scorecard" style="border-collapse:collapse">'
            f'<caption style="text-align:left;padding-bottom:.4em">{escape(self.caption)}</caption>'
            f'<thead><tr><th scope="col" style="{_CELL}">model</th>{head}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>"
        )


_CELL = "text-align:left;vertical-align:top;padding:.35em .6em;border:1px solid #8888"
_WASH = {"yes": "#00906830", "partly": "#cc840030", "no": "#b23a0a24"}


def _entry(verdict: Verdict) -> str:
    return (
        f'<td style="{_CELL};background:{_WASH[verdict.answer]}">'
        f'<span aria-hidden="true">{MARKS[verdict.answer]}</span> <strong>{verdict.answer}</strong>'
        f"<br>{escape(verdict.reason)}</td>"
    )


def _row(model: Model, entries: list[str]) -> str:
    return (
        f'<tr><th scope="row" style="{_CELL}">{escape(model.name)}<br>'
        f'<span style="font-weight:normal">lesson {model.lesson}</span></th>{"".join(entries)}</tr>'
    )


def show(upto: str) -> Scorecard:
    """Return the scorecard after lesson `upto`, such as "01"; models of later lessons wait.

    Raises ValueError where no model has been scored by then.
    """
    models = tuple(model for model in MODELS if model.lesson <= upto)
    if not models:
        raise ValueError(f"No model is scored up to lesson {upto!r}; the first are in lesson 01.")
    return Scorecard(models, tuple(m for m in MODELS if m.lesson > upto), upto)
