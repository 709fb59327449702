"""Blocks in another order than the house's: every permutation is a mistake with a name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations


def other_orders(letters: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every other order of the letters, with what to call it: a swap by its two letters."""
    for order in permutations(letters):
        moved = [letter for letter, own in zip(order, letters, strict=True) if letter != own]
        if len(moved) == 2:
            yield order, f"{moved[1]} and {moved[0]} swapped"
        elif moved:
            yield order, f"blocks in the order {' '.join(order)}"


def listed(letters: str | tuple[str, ...]) -> str:
    """Return the letters as one reads an order: "i, f, g, o"."""
    return ", ".join(letters)
