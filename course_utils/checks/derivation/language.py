"""The small language of a derivation: lines `name = expression`, read with `ast`, never run.

An expression may hold known names, numbers, `+ - * / @ **`, `.T`, parentheses and calls of the
functions in `FUNCTIONS`. Everything else is refused with one sentence. All values are NumPy arrays
in float64; vectors are rows of shape (1, n).
"""

from __future__ import annotations

import ast
import difflib
import operator
import re
import warnings
from collections.abc import Callable, Mapping

import numpy as np

LONGEST, MOST, HIGHEST = 400, 80, 8
"""Characters in one line, lines in one derivation, the largest power."""


INSTEAD = {"²": "**2", "ᵀ": ".T", "·": "*", "×": "*", "⊙": "*", "−": "-", "–": "-"}
"""Signs of mathematics that may be typed, and what Python has in their place."""


class Refused(ValueError):
    """A line cannot be read or computed; the message is one sentence for its writer."""


def split_lines(text: str) -> list[str]:
    """Return the lines of `text` that hold something, without their comments.

    What stands in open parentheses goes on in the next line, unless an assignment begins there.
    """
    found: list[str] = []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        is_open = bool(found) and found[-1].count("(") > found[-1].count(")")
        if line and is_open and not re.match(r"\w+\s*=", line):
            found[-1] += " " + line
        elif line:
            found.append(line)
    return found


def left_side(line: str) -> str:
    """Return the name before the `=`, also of a line that cannot be read; "" if there is none."""
    found = re.match(r"([^\W\d]\w*)\s*=(?!=)", line)
    return found[1] if found else ""


def parse(line: str) -> ast.expr:
    """Return the expression of a line `name = expression`; raises Refused."""
    if len(line) > LONGEST:
        raise Refused(f"It has more than {LONGEST} characters: give its parts lines of their own.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statements = ast.parse(line).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(_unreadable(line, error)) from None
    match statements:
        case [ast.Assign(targets=[ast.Name(id=name)], value=value)] if name == left_side(line):
            return value
    raise Refused("Each line has the form `name = expression`, with one name on the left.")


def _unreadable(line: str, error: Exception) -> str:
    if line.count("(") != line.count(")"):
        return f"Its parentheses do not match: {line.count('(')} opened, {line.count(')')} closed."
    for sign, instead in INSTEAD.items():
        if sign in line:
            return f"`{sign}` is no sign of Python's: write `{instead}`."
    reason = getattr(error, "msg", None) or "it cannot be read"
    return f"It is no expression that Python can read ({str(reason)[:80]})."


def _diag(row: np.ndarray) -> np.ndarray:
    if row.ndim != 2 or row.shape[0] != 1:
        raise Refused(f"`diag` makes a matrix of a row of shape (1, n), not of shape {row.shape}.")
    return np.diag(row[0])


def _outer(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    if any(row.ndim != 2 or row.shape[0] != 1 for row in (left, right)):
        raise Refused(
            f"`outer` takes two rows of shape (1, n), not shapes {left.shape} and {right.shape}."
        )
    return left.T @ right


FUNCTIONS: dict[str, tuple[int, Callable]] = {
    "diag": (1, _diag),
    "exp": (1, np.exp),
    "outer": (2, _outer),
    "tanh": (1, np.tanh),
}
"""The functions that a line may call, with the number of their arguments."""

OPERATORS: dict[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.MatMult: operator.matmul,
    ast.Pow: operator.pow,
}

ALLOWED = (
    "only names, numbers, + - * / @ **, parentheses, .T and the functions "
    f"{', '.join(FUNCTIONS)} may be used"
)


def evaluate(node: ast.expr, known: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the value of an expression over the arrays `known`; raises Refused."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(_value(node, known), dtype=np.float64)
    except RecursionError:
        raise Refused("It is nested too deeply.") from None


def _value(node: ast.expr, known: Mapping[str, np.ndarray]) -> np.ndarray:
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return _number(node.value)
        case ast.Name(id=name):
            return _look_up(name, known)
        case ast.Attribute(value=inner, attr="T"):
            return _value(inner, known).T
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, known)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner, known)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _combine(node, _value(left, known), _value(right, known))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            number, function = FUNCTIONS[name]
            if len(arguments) != number:
                raise Refused(f"`{name}` takes {number} argument{'s'[: number - 1]}.")
            return function(*(_value(argument, known) for argument in arguments))
    raise Refused(_forbidden(node))


def _number(value: float) -> np.ndarray:
    try:
        return np.asarray(float(value))
    except OverflowError:
        raise Refused("It holds a number that is too large.") from None


def _look_up(name: str, known: Mapping[str, np.ndarray]) -> np.ndarray:
    if name in known:
        return known[name]
    near = sorted(k for k in known if k.lower() == name.lower())
    near = near or difflib.get_close_matches(name, known, n=2)
    meant = f"; did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else "."
    raise Refused(f"`{_short(name)}` is no name that is known here{meant}")


def _combine(node: ast.BinOp, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return left op right, or say which two shapes do not go together."""
    if isinstance(node.op, ast.Pow) and not (right.ndim == 0 and abs(right) <= HIGHEST):
        raise Refused(f"In `{_code(node)}` the power should be a number up to {HIGHEST}.")
    if isinstance(node.op, ast.MatMult):
        if not left.ndim or not right.ndim:
            raise Refused(f"In `{_code(node)}` one side of @ is a single number: use * for that.")
        if left.shape[-1] != right.shape[0]:
            fits = right.T.shape[0] == left.shape[-1]
            ask = " Is a .T missing?" if fits or left.shape[0] == right.shape[0] else ""
            raise Refused(
                f"In `{_code(node)}` a {left.shape} array meets a {right.shape} array: the inner "
                f"sizes {left.shape[-1]} and {right.shape[0]} must be equal.{ask}"
            )
    try:
        return OPERATORS[type(node.op)](left, right)
    except ValueError:
        raise Refused(
            f"In `{_code(node)}` the shapes {left.shape} and {right.shape} do not go together."
        ) from None


def _forbidden(node: ast.expr) -> str:
    """Say what is not allowed and, where there is a usual way, what to write."""
    code = _code(node)
    match node:
        case ast.BinOp(op=ast.BitXor()):
            return f"In `{code}` the sign ^ is no power: write **."
        case ast.Call(func=ast.Attribute(attr=name)) if name in FUNCTIONS:
            return f"Write `{name}(...)` alone, without what stands before it in `{code}`."
        case ast.Call(func=ast.Attribute(attr="transpose")):
            return f"Write .T for the transpose, not `{code}`."
        case ast.Call(func=ast.Attribute(attr="dot" | "matmul")):
            return f"Write a @ b for the matrix product, not `{code}`."
    return f"`{code}` is not allowed: {ALLOWED}."


def _code(node: ast.expr) -> str:
    """Return an expression as text for a sentence."""
    try:
        return _short(ast.unparse(node))
    except ValueError:  # Python 3.11 cannot write every f-string that it can read
        return "f'...'"


def _short(code: str) -> str:
    code = " ".join(code.split()).replace("`", "'")
    return code if len(code) <= 60 else code[:57] + "..."
