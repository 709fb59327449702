"""A table for a notebook: it inherits the theme's colours, and headers say what a cell means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LINE = "1px solid rgba(128,128,128,.45)"
# JupyterLab fixes the columns' widths, centres tables and sets cells flush right.
TABLE = "border-collapse:collapse;table-layout:auto;margin:.4em 0;color:inherit;font-size:inherit"
CELL = f"text-align:left;padding:.25em .7em;border:0;border-bottom:{LINE};background:none"


@dataclass(frozen=True)
class Cell:
    """What one cell says. A `marked` cell has a frame; `wide` is how many columns it covers."""

    text: str
    marked: bool = False
    code: bool = False
    wide: int = 1

    def html(self) -> str:
        frame = "outline:2px solid currentColor;outline-offset:-2px;" if self.marked else ""
        text = escape(self.text)
        inner = f"<code style='white-space:pre-wrap'>{text}</code>" if self.code else text
        inner = f"<strong>{inner}</strong>" if self.marked else inner
        span = f" colspan='{self.wide}'" if self.wide > 1 else ""
        wrap = "" if self.code else "white-space:nowrap;"
        return f"<td{span} style='{CELL};{wrap}{frame}'>{inner}</td>"


def html_table(
    caption: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]]
) -> str:
    """Return a table; `columns` names every column, each row is its header and its cells."""
    head = "".join(f"<th scope='col' style='{CELL}'>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr style='background:none'><th scope='row' style='{CELL}'>{escape(name)}</th>"
        f"{''.join(cell.html() for cell in cells)}</tr>"
        for name, cells in rows
    )
    return (
        f"<div style='overflow-x:auto'><table style='{TABLE}'>"
        f"<caption style='caption-side:top;text-align:left;padding:.2em 0'>{escape(caption)}"
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
