"""Automatic differentiation of single numbers, on one screen: the oracle of A3.

Every result remembers the numbers that it came from and its slope along each of them. Numbers lie
on a tape in the order in which they were made, so that one pass over the tape from its end has
added up all that arrives at a number before that number hands it on (Linnainmaa 1970; Wengert
1964). `cell.py` runs on such numbers as it runs on Python's own.

Why not torch's autograd: importing torch takes longer than grading a whole notebook, and its graph
of single numbers is slower than this one. A test holds both side by side.
"""

from __future__ import annotations

import math


class Number:
    """A number on a tape: its value, what it was made of, and the gradient that arrives at it."""

    __slots__ = ("grad", "parents", "tape", "value")

    def __init__(
        self, value: float, tape: list[Number], parents: tuple[tuple[Number, float], ...] = ()
    ) -> None:
        self.value, self.tape, self.parents, self.grad = value, tape, parents, 0.0
        tape.append(self)

    def __add__(self, other: Number | float) -> Number:
        if isinstance(other, Number):
            parents = ((self, 1.0), (other, 1.0))
            return Number(self.value + other.value, self.tape, parents)
        return Number(self.value + other, self.tape, ((self, 1.0),))

    def __mul__(self, other: Number | float) -> Number:
        if isinstance(other, Number):
            parents = ((self, other.value), (other, self.value))
            return Number(self.value * other.value, self.tape, parents)
        return Number(self.value * other, self.tape, ((self, other),))

    def __rsub__(self, other: float) -> Number:
        return Number(other - self.value, self.tape, ((self, -1.0),))

    __radd__, __rmul__ = __add__, __mul__


def tanh(a: Number) -> Number:
    """Return tanh(a); its slope is 1 - tanh(a)²."""
    value = math.tanh(a.value)
    return Number(value, a.tape, ((a, 1 - value * value),))


def go_back(tape: list[Number]) -> None:
    """Carry every gradient on the tape back to what it came from."""
    for number in reversed(tape):
        for parent, slope in number.parents:
            parent.grad += slope * number.grad
