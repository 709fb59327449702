"""One check for all layers: do the arrays have the shapes that the formula needs?"""

import numpy as np


def check_shapes(pattern: str, **arrays: np.ndarray) -> tuple[int, ...]:
    """Return the size of every letter of the pattern, or say which argument does not fit.

    `B, T, D, H = check_shapes("BTD, BH, DH", x=x, h0=h0, W_xh=W_xh)` reads as the shapes in a
    formula do: one letter an axis, and a letter has one size throughout, the first that it
    meets. A leading `*` stands for any axes, `(...)`, and has no size to return.

    Raises ValueError, one sentence: the argument, its shape, the shape expected.
    """
    sizes: dict[str, int | tuple[int, ...]] = {}
    for letters, (name, array) in zip(pattern.split(", "), arrays.items(), strict=True):
        axes = shape = np.shape(array)
        if letters[0] == "*":
            split = len(shape) - len(letters) + 1
            axes = (shape[:split], *shape[split:])
        known = dict(sizes)
        if len(axes) != len(letters) or any(
            sizes.setdefault(letter, size) != size
            for letter, size in zip(letters, axes, strict=True)
        ):
            raise ValueError(f"{name} has the shape {shape}; expected {_expected(letters, known)}.")
    return tuple(size for letter, size in sizes.items() if letter != "*")


def _expected(letters: str, known: dict[str, int | tuple[int, ...]]) -> str:
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
