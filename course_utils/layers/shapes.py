"""One check for all layers: do the arrays have the shapes that the formula needs?"""

import re
from functools import cache

import numpy as np


def check_shapes(pattern: str, **arrays: np.ndarray) -> tuple[int, ...]:
    """Return the size of every letter of the pattern, or say which argument does not fit.

    `B, T, D, H = check_shapes("BTD, BH, DH", x=x, h0=h0, W_xh=W_xh)` reads as the shapes in a
    formula do: one letter an axis, and a letter has one size throughout, the first that it
    meets. A leading `*` stands for any axes, `(...)`, and has no size to return. `4H` is one axis
    of four blocks of H, once H is settled, and has no size of its own to return either.

    Raises ValueError, one sentence: the argument, its shape, the shape expected.
    """
    sizes: dict[str, int | tuple[int, ...]] = {}
    for letters, (name, array) in zip(_read(pattern), arrays.items(), strict=True):
        for letter in letters:
            if len(letter) > 1:
                sizes[letter] = int(letter[0]) * sizes[letter[1]]
        axes = shape = tuple(np.shape(array))
        if letters[0] == "*":
            split = len(shape) - len(letters) + 1
            axes = (shape[:split], *shape[split:])
        known = dict(sizes)
        fits = len(axes) == len(letters)
        for letter, size in zip(letters, axes):  # noqa: B905 (the lengths may differ: told below)
            fits = sizes.setdefault(letter, size) == size and fits
        if not fits:
            raise ValueError(f"{name} has the shape {shape}; expected {_expected(letters, known)}.")
    return tuple(size for letter, size in sizes.items() if letter.isalpha())


@cache  # a training asks for the same few patterns thousands of times
def _read(pattern: str) -> list[list[str]]:
    """Return the letters of each formula: "BT, T4H" is [["B", "T"], ["T", "4H"]]."""
    return [re.findall(r"\d?\D", formula) for formula in pattern.split(", ")]


def float_type(**arrays: np.ndarray) -> np.dtype:
    """Return the floating type in which a layer computes: the widest of its arguments.

    Some arguments may hold whole numbers, such as bits for x. Raises ValueError, one sentence,
    where all do: states are fractions and cannot be stored so.
    """
    dtype = np.result_type(*arrays.values())
    if dtype.kind != "f":
        *first, last = arrays
        names = f"{', '.join(first)} and {last}"
        raise ValueError(f"{names} all have the dtype {dtype}; expected floats for the weights.")
    return dtype


def _expected(letters: list[str], known: dict[str, int | tuple[int, ...]]) -> str:
    """Write a shape as readers know it: `(D, H) = (4, H)` when only D is settled so far."""
    names: list = ["..." if letter == "*" else letter for letter in letters]
    sizes: list = []
    for letter, name in zip(letters, names, strict=True):
        size = known.get(letter, name)
        sizes.extend(size if isinstance(size, tuple) else [size])
    return _write(names) if sizes == names else f"{_write(names)} = {_write(sizes)}"


def _write(axes: list) -> str:
    comma = "," if len(axes) == 1 and axes != ["..."] else ""
    return f"({', '.join(map(str, axes))}{comma})"
