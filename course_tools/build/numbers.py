"""Numbers quoted in prose and tied to the notebook's own results by a comment behind them.

`157 <!-- =perplexity ±5% -->` says: the expression `perplexity`, evaluated after the notebook has
run, is within 5% of 157. `±0.01` allows an absolute difference; without a tolerance every digit
shown must be right. `98%` stands for 0.98.
"""

import ast
import math
import re
from dataclasses import dataclass
from decimal import Decimal

from nbformat import NotebookNode

from course_utils.errors import CourseError

COMMENT = re.compile(r"<!--\s*=(?P<body>.*?)-->", re.DOTALL)
# The number that ends right before the comment; marks that close emphasis, code or maths may
# stand between. A minus sign after a digit ("3-5") is a range, not a sign.
NUMBER = re.compile(
    r"""(?<![\w.,^)}])(?P<sign>[-−+])?
        (?P<digits>\d{1,3}(?:[,\u00a0\u2009\u202f]\d{3})+(?:\.\d+)?|(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)
        (?P<power>[eE][-−+]?\d+)?
        \s*(?P<percent>\\?%)?[*_`$\s]*\Z""",
    re.VERBOSE,
)
TOLERANCE = re.compile(r"(?P<size>\d*\.?\d+(?:[eE][-−+]?\d+)?)\s*(?P<percent>%)?")


@dataclass(frozen=True)
class QuotedNumber:
    """A number in the prose of cell `cell_id` and the expression that it must agree with.

    `text` is the number as printed, `shown` its value; `tolerance` is a fraction of `shown` where
    `relative`, else an absolute difference; `exact` where only the rounding to `text` is allowed.
    """

    cell_id: str
    text: str
    shown: float
    expression: str
    tolerance: float
    relative: bool
    exact: bool

    def agrees(self, value: object) -> bool:
        """Whether `value`, a number or an array of one, is what the prose says."""
        number = _as_float(value)
        if number is None or not math.isfinite(number):
            return False
        allowed = self.tolerance * abs(self.shown) if self.relative else self.tolerance
        # The slack is for the difference of two floats, not for the author.
        slack = 1e-12 * max(abs(self.shown), allowed)
        return abs(number - self.shown) <= allowed + slack

    def explain(self, value: object) -> str:
        """One sentence on how the number and `value` compare."""
        where = f"{self.cell_id} says {self.text} for `{self.expression}`"
        number = _as_float(value)
        if number is None:
            return f"{where}, which is no number: {value!r}"
        if self.agrees(value):
            return f"{where}, and it is {number:.6g}"
        if self.exact:
            return f"{where}, which is {number:.6g}: every digit shown must be right"
        if self.relative:
            return f"{where}, which is {number:.6g}: more than {100 * self.tolerance:g}% away"
        return f"{where}, which is {number:.6g}: more than {self.tolerance:g} away"


def find_numbers(notebook: NotebookNode) -> list[QuotedNumber]:
    """Every quoted number of the notebook's markdown cells, in reading order.

    Raises CourseError for a comment that cannot be read: none is skipped in silence.
    """
    return [
        _parse(cell["id"], cell.source[: found.start()], found)
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for found in COMMENT.finditer(cell.source)
    ]


def _parse(cell_id: str, before: str, comment: re.Match) -> QuotedNumber:
    printed = NUMBER.search(before)
    if not printed:
        raise CourseError(f"no number stands right before {comment[0]} in cell {cell_id}")
    expression, sign, allowed = comment["body"].replace("+/-", "±").partition("±")
    expression = " ".join(expression.split())
    try:
        ast.parse(expression, mode="eval")
    except SyntaxError as error:
        raise CourseError(f"{comment[0]} in cell {cell_id} holds no expression") from error
    limit = TOLERANCE.fullmatch(allowed.strip())
    if sign and not limit:
        raise CourseError(
            f"the tolerance of {comment[0]} in cell {cell_id} must look like ±5% or ±0.01"
        )
    value = _decimal(printed)
    if sign:
        tolerance = float(_plain(limit["size"])) / (100 if limit["percent"] else 1)
    else:
        tolerance = float(
            Decimal((0, (1,), value.as_tuple().exponent)) / 2
        )  # half of the last digit
    return QuotedNumber(
        cell_id=cell_id,
        text=printed[0].strip().strip("*_`$ "),
        shown=float(value),
        expression=expression,
        tolerance=tolerance,
        relative=bool(sign and limit["percent"]),
        exact=not sign,
    )


def _decimal(printed: re.Match) -> Decimal:
    """The printed number with its last digit's place kept: 98.0% is 0.980."""
    parts = (printed["sign"] or "", printed["digits"], printed["power"] or "")
    value = Decimal(_plain("".join(parts)))
    return value.scaleb(-2) if printed["percent"] else value


def _plain(text: str) -> str:
    return re.sub(r"[,\u00a0\u2009\u202f]", "", text).replace("−", "-")


def _as_float(value: object) -> float | None:
    if isinstance(value, str | bytes):
        return None  # float("157") would pass a text for a number
    try:
        return float(value)  # type: ignore[arg-type]  # NumPy's and torch's scalars too
    except (TypeError, ValueError):
        return None
