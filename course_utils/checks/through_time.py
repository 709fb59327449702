"""A backward pass against autograd, in one table: a row for each intermediate, a column for each t.

The rows stand in the order of the backward computation, which runs from t = T to t = 1. The first
wrong cell in that order is marked: what is wrong after it may only follow from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.checks.autograd import autograd_intermediates
from course_utils.checks.compare import agree, as_array, describe
from course_utils.checks.report import inline
from course_utils.checks.table import Cell, html_table

__all__ = ["ORDER", "Row", "Table", "autograd_intermediates", "compare"]

ORDER = ("do", "dh", "da", "dx")
"""The gradients that have a time axis, in the order in which one step makes them."""

WITH_CELL = ("do", "dh", "dc", "da", "dx")
"""The same for an LSTM, whose step makes the memory cell's gradient between `dh` and `da`."""

SHAPES = {
    "do": "(B, T, V)",
    "dh": "(B, T, H)",
    "da": "(B, T, H)",
    "dc": "(B, T, H)",
    "dx": "(B, T, D)",
    "dh0": "(B, H)",
    "dc0": "(B, H)",
    "dW_xh": "(D, H)",
    "dW_hh": "(H, H)",
    "db_h": "(H,)",
    "dW_hy": "(H, V)",
    "db_y": "(V,)",
    "loss": "()",
}
ERROR = re.compile(r"\d+e")
OK, FIRST, UNUSABLE = "✓", "◀ first wrong", ("nan", "inf", "no numbers")


@dataclass(frozen=True)
class Row:
    """One compared array: a text for each cell ("✓" or how far off), or a sentence instead.

    `cells` has one entry for each time step, or a single one where there is no time axis.
    """

    name: str
    cells: tuple[str, ...]
    fault: str = ""

    @property
    def right(self) -> bool:
        return not self.fault and all(cell == OK for cell in self.cells)


@dataclass(frozen=True)
class Table:
    """What `compare` found. A notebook shows it as a table, a terminal as lines of text.

    steps  the rows with a time axis of T steps; `others` those without: parameters, dh0, the loss
    notes  sentences about names that could not be compared
    """

    T: int
    steps: tuple[Row, ...]
    others: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def first_wrong(self) -> tuple[str, int | None] | None:
        """The (name, t) wrong first, t from T down to 1; t is None for a row without time."""
        for t in range(self.T, 0, -1):
            for row in self.steps:
                # A row of the wrong shape has no cells: it is wrong where it begins, at t = T.
                if row.fault or row.cells[t - 1] != OK:
                    return row.name, t
        rows = (*self.steps, *self.others)  # of the steps only what has T = 0 is left
        return next(((row.name, None) for row in rows if not row.right), None)

    @property
    def sentence(self) -> str:
        """What is wrong first, and which line makes it."""
        compared = [row.name for row in (*self.steps, *self.others)]
        if not compared:
            return "Nothing was compared."
        if self.first_wrong is None:
            return f"All agree: {', '.join(compared)}."
        name, t = self.first_wrong
        row = next(row for row in (*self.steps, *self.others) if row.name == name)
        if row.fault:
            return f"First wrong: {row.fault}"
        holds = row.cells[t - 1 if t else 0]
        unusable = f" It holds {holds}." if holds in UNUSABLE else ""
        if t is None:
            right = " Every step is right." if self.steps else ""
            return f"First wrong: `{name}`.{right}{unusable} Look at the line that makes `{name}`."
        return self._of_a_step(name, t) + unusable

    @property
    def _more(self) -> list[str]:
        """Say why other rows than the first wrong one have no cells, and what was left out."""
        first = self.first_wrong
        faults = (row for row in (*self.steps, *self.others) if row.fault)
        return [*(row.fault for row in faults if first and row.name != first[0]), *self.notes]

    def _of_a_step(self, name: str, t: int) -> str:
        """Say what `name` at step t is made from, and that it is right if it was compared."""
        made_from = {
            "do": [],
            "dh": [("do", t), ("da", t + 1)],
            "dc": [("dh", t), ("dc", t + 1)],
            "da": [("dh", t)],
            "dx": [("da", t)],
        }[name]
        compared = {row.name for row in self.steps}
        if name == "da" and "dc" in compared:
            made_from = [*made_from, ("dc", t)]
        made_from = [(source, step) for source, step in made_from if step <= self.T]
        seen = [f"`{source}` at t = {s}" for source, s in made_from if source in compared]
        right = f" ({' and '.join(seen)} {'is' if len(seen) == 1 else 'are'} right)" if seen else ""
        sources = " and ".join(f"`{source}`" for source, _ in made_from)
        line = f"makes `{name}` from {sources}" if sources else f"makes `{name}`"
        index = f"(In code, t = {t} is `{name}[:, {t - 1}]`.)"
        return f"First wrong: `{name}` at t = {t}{right}. Look at the line that {line}. {index}"

    def _cells(self, row: Row) -> list[Cell]:
        """Return the cells of a row as shown, the first wrong one marked."""
        first = self.first_wrong
        if row.fault:
            mark = first is not None and first[0] == row.name
            wide = self.T if row.name in WITH_CELL else 1
            text = "cannot be compared"
            return [Cell(f"{text} {FIRST}" if mark else text, marked=mark, wide=wide)]
        cells = []
        for t, text in enumerate(row.cells, 1):
            mark = first in ((row.name, t), (row.name, None))
            cells.append(Cell(f"{text} {FIRST}" if mark else text, marked=mark))
        return cells

    def __repr__(self) -> str:
        lines = [["", *(f"t = {t}" for t in range(1, self.T + 1))]]
        lines += [[row.name, *(cell.text for cell in self._cells(row))] for row in self.steps]
        widths = [max(len(line[i]) for line in lines if i < len(line)) for i in range(self.T + 1)]
        text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=False)) for line in lines]
        if not self.steps:
            text = []
        if self.others:
            text.append(",  ".join(f"{row.name} {self._cells(row)[0].text}" for row in self.others))
        return "\n".join(line.rstrip() for line in [*text, self.sentence, *self._more])

    def _repr_html_(self) -> str:
        parts, legend = [], []
        if self.steps:
            caption = "Computed from right to left, and down each column."
            columns = ["gradient", *(f"t = {t}" for t in range(1, self.T + 1))]
            rows = [(row.name, self._cells(row)) for row in self.steps]
            parts.append(html_table(caption, columns, rows))
        if self.others:
            columns = ["array", *(row.name for row in self.others)]
            cells = [self._cells(row)[0] for row in self.others]
            parts.append(html_table("Without a time axis.", columns, [("all of it", cells)]))
        if any(ERROR.match(cell) for row in (*self.steps, *self.others) for cell in row.cells):
            legend = ["A number is the largest error there, relative to the largest right entry."]
        for sentence in (self.sentence, *legend, *self._more):
            parts.append(f"<p style='margin:.4em 0 0'>{inline(sentence)}</p>")
        return f"<div role='status' style='line-height:1.45'>{''.join(parts)}</div>"


def compare(mine: Mapping[str, Any], oracle: Mapping[str, Any]) -> Table:
    """Compare a backward pass with the right one; each argument is a dict from names to arrays.

    `do`, `dh`, `dc`, `da` and `dx` (B, T, ...) are compared step by step, whatever else `mine`
    holds (parameters' gradients, `dh0`, `loss`) as a whole. Names that only `oracle` holds are
    left out.
    Raises ValueError if the oracle's own arrays differ in T.
    """
    known = [name for name in mine if name in oracle]
    unknown = [name for name in mine if name not in oracle]
    through = [name for name in WITH_CELL if name in known]
    lengths = {np.shape(oracle[name])[1] for name in through} or {0}
    if len(lengths) > 1:
        raise ValueError(f"the oracle's arrays have different numbers of steps: {sorted(lengths)}")
    T = lengths.pop()
    steps = tuple(_through_time(name, mine[name], _plain(oracle[name])) for name in through)
    others = tuple(
        _whole(name, mine[name], _plain(oracle[name])) for name in known if name not in WITH_CELL
    )
    notes = [f"`{name}` has nothing to be compared with." for name in unknown]
    return Table(T, steps, others, tuple(notes))


def _plain(value: Any) -> Any:
    """Return a torch tensor as an array, everything else as it is."""
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _through_time(name: str, mine: Any, right: np.ndarray) -> Row:
    got = as_array(_plain(mine))
    if got is None or got.shape != right.shape:
        return Row(name, (), describe(name, SHAPES[name], _plain(mine), right))
    return Row(name, tuple(_error(got[:, t], right[:, t]) for t in range(right.shape[1])))


def _whole(name: str, mine: Any, right: np.ndarray) -> Row:
    got = as_array(_plain(mine))
    if got is None or got.shape != np.shape(right):
        return Row(name, (), describe(name, SHAPES.get(name, ""), _plain(mine), right))
    return Row(name, (_error(got, np.asarray(right)),))


def _error(got: np.ndarray, right: np.ndarray) -> str:
    """Return "✓", or the largest error relative to the largest right entry, in one digit."""
    if agree(got, right):
        return OK
    if got.dtype.kind not in "biufc":
        return "no numbers"
    scale = np.max(np.abs(right), initial=0.0) or 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.max(np.abs(got - right)) / scale
    if not np.isfinite(got).all():
        return "nan" if np.isnan(got).any() else "inf"
    if not np.isfinite(error):
        return "over 1e300"
    mantissa, exponent = f"{error:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"
