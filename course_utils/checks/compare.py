"""Compare what came back with what was expected, and say in words where the two part."""

from __future__ import annotations

from typing import Any

import numpy as np

RTOL = {"float64": 1e-5, "float32": 1e-3}
"""Relative tolerance by precision; a result of lower precision is compared at its own."""


def tolerance(*arrays: np.ndarray) -> float:
    """Return the relative tolerance for the least precise floating dtype among `arrays`."""
    low = any(array.dtype in (np.float32, np.float16) for array in arrays)
    return RTOL["float32" if low else "float64"]


def agree(got: Any, expected: Any) -> bool:
    """Return whether `got` is an array (or number) of `expected`'s shape and values.

    The tolerance is relative to the largest expected entry, so that an entry near zero is not
    held to more digits than its neighbours.
    """
    got, expected = as_array(got), np.asarray(expected)
    if got is None or got.shape != expected.shape or _is_text(got) != _is_text(expected):
        return False
    if got.size == 0:
        return True
    if expected.dtype.kind in "biuUS":
        return bool(np.array_equal(got, expected))
    rtol = tolerance(got, expected)
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0) or 1.0
    if not np.isfinite(expected).all():
        return bool(np.allclose(got, expected, rtol=rtol, atol=rtol * scale, equal_nan=False))
    # np.allclose does the same in ten times the time, and a report asks a thousand times.
    with np.errstate(all="ignore"):
        return bool((np.abs(got - expected) <= rtol * (scale + np.abs(expected))).all())


def as_array(value: Any) -> np.ndarray | None:
    """Return `value` as an array of numbers or strings, or None where it is nothing of the kind."""
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        return None
    return None if array.dtype.hasobject else array


def _is_text(array: np.ndarray) -> bool:
    return array.dtype.kind in "US"


def describe(name: str, letters: str, got: Any, expected: Any) -> str:
    """Say in a sentence or two how `got` differs from `expected`.

    `letters` names the axes, such as "(B, T, H)". A wrong shape is told first; then the first
    wrong entry in small numbers; then the pattern (which steps, rows or units are wrong).
    """
    array, expected = as_array(got), np.asarray(expected)
    if array is None:
        kind = "None (is a `return` missing?)" if got is None else f"a {type(got).__name__}"
        shape = _letters(letters) if _fits(letters, expected) else expected.shape
        wanted = f"an array of shape {shape}" if expected.ndim else "a single number"
        return f"`{name}` should be {wanted}, but your function gave {kind}."
    if _is_text(array) != _is_text(expected):
        kinds = ("text", "numbers") if _is_text(expected) else ("numbers", "text")
        return f"`{name}` should hold {kinds[0]}, but yours holds {kinds[1]}."
    if array.shape != expected.shape:
        return _describe_shape(name, letters, array, expected)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return f"`{name}` holds nan or infinity where every expected entry is finite."
    if expected.dtype.kind == "f":
        rtol = tolerance(array, expected)
        scale = np.max(np.abs(expected), initial=0.0) or 1.0
        wrong = ~np.isclose(array, expected, rtol=rtol, atol=rtol * scale)
    else:
        wrong = np.asarray(array != expected)
    if not wrong.any():
        return f"`{name}` has the right values."
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    axes = _axes(letters, expected.ndim)
    index = ", ".join(f"{axis}={i}" for axis, i in zip(axes, first, strict=True))
    where = f"{name}[{index}]" if first else name
    wanted, found = _apart(expected[first], array[first])
    sentence = f"First wrong entry: `{where}` should be {wanted}, yours is {found}."
    return f"{sentence} {_pattern(wrong, axes)}".strip()


def _describe_shape(name: str, letters: str, got: np.ndarray, expected: np.ndarray) -> str:
    if expected.ndim == 0:
        return f"`{name}` should be a single number; yours is an array of shape {got.shape}."
    wanted = f"{expected.shape}"
    if _fits(letters, expected):
        wanted = f"{_letters(letters)} = {wanted}"
    sentence = f"`{name}` should have shape {wanted}; yours has {got.shape}."
    if sorted(got.shape) == sorted(expected.shape) and got.ndim > 1:
        sentence += " The sizes are right but the axes stand in another order."
    elif expected.ndim == got.ndim + 1 and "T" in letters:
        sentence += " One axis is missing: is the result of every time step kept?"
    return sentence


def _fits(letters: str, expected: np.ndarray) -> bool:
    return len(_names(letters)) == expected.ndim


def _names(letters: str) -> list[str]:
    return [part.strip() for part in letters.strip("()").split(",") if part.strip()]


def _letters(letters: str) -> str:
    """Write a shape's letters as Python writes a shape: one axis is "(n,)"."""
    names = _names(letters)
    return f"({names[0]},)" if len(names) == 1 else letters


def _axes(letters: str, ndim: int) -> list[str]:
    """Name an index for each axis: the axis's own small letter, i and j where two axes share it.

    An axis of blocks, 4H, goes by its letter.
    """
    names = [name.lower().lstrip("0123456789") for name in _names(letters)]
    if len(names) != ndim:
        return [f"axis{i}" for i in range(ndim)]
    others = iter("ijkl")
    return [next(others) if names.count(name) > 1 else name for name in names]


def _pattern(wrong: np.ndarray, axes: list[str]) -> str:
    """Name the axis along which right and wrong part, if there is one; time comes first."""
    for axis in sorted(range(wrong.ndim), key=lambda i: axes[i] != "t"):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        bad = wrong.any(axis=others)
        if wrong.shape[axis] > 1 and not bad.all():
            right, broken = np.flatnonzero(~bad), np.flatnonzero(bad)
            return (
                f"Right at {axes[axis]} = {_runs(right)}; wrong at {axes[axis]} = {_runs(broken)}."
            )
    if wrong.ndim < 2 or not wrong.all():
        return ""
    steps = ", not only some steps or sequences" if {"b", "t"} <= set(axes) else ""
    return f"All positions are affected{steps}."


def _runs(indices: np.ndarray) -> str:
    if len(indices) > 2 and indices[-1] - indices[0] == len(indices) - 1:
        return f"{indices[0]} to {indices[-1]}"
    return ", ".join(str(i) for i in indices[:8]) + (", ..." if len(indices) > 8 else "")


def _apart(wanted: Any, found: Any) -> tuple[str, str]:
    """Write two numbers with as many digits as it takes to tell them apart, four at least."""
    for digits in (4, 8, 16):
        pair = _short(wanted, digits), _short(found, digits)
        if pair[0] != pair[1]:
            break
    return pair


def _short(number: Any, digits: int) -> str:
    if isinstance(number, (np.floating, float)):
        return f"{float(number):.{digits}g}"
    return repr(number.item() if isinstance(number, np.generic) else number)
