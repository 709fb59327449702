"""Axes for inline SVG: scales, ticks, grid lines; the little that a slider figure needs."""

import math
from collections.abc import Callable, Sequence

from . import svg

Scale = Callable[[float], float]
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def scale(low: float, high: float, first: float, last: float, kind: str = "linear") -> Scale:
    """Return the map from values low..high to pixels first..last; `kind` is linear or log."""
    warp = math.log10 if kind == "log" else float
    a, b = warp(low), warp(high)
    return lambda value: first + (warp(value) - a) / (b - a) * (last - first)


def ticks(low: float, high: float, kind: str = "linear", most: int = 7) -> list[tuple[float, str]]:
    """Return at most `most` round values between low and high, each with its label."""
    if kind == "log":
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        stride = max(1, math.ceil((last - first + 1) / most))
        powers = [p for p in range(first, last + 1) if p % stride == 0]  # 1 is among them
        return [(10.0**p, "10" + str(p).translate(SUPERSCRIPTS)) for p in powers]
    rough = (high - low) / (most - 1)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [(i * step, f"{i * step + 0:.6g}".replace("-", "−")) for i in range(first, last + 1)]


def draw(
    box: tuple[float, float, float, float],
    x_ticks: Sequence[tuple[float, str]],
    y_ticks: Sequence[tuple[float, str]],
    xlabel: str,
    ylabel: str,
) -> list[str]:
    """Draw grid, ticks and labels in a box (left, top, right, bottom); ticks are in pixels."""
    left, top, right, bottom = box
    grid = "".join(f"M{svg.num(x)} {svg.num(bottom)}V{svg.num(top)}" for x, _ in x_ticks)
    grid += "".join(f"M{svg.num(left)} {svg.num(y)}H{svg.num(right)}" for y, _ in y_ticks)
    frame = f"M{svg.num(left)} {svg.num(top)}V{svg.num(bottom)}H{svg.num(right)}"
    return [
        f'<path d="{grid}" stroke="currentColor" stroke-opacity=".15"/>',
        f'<path d="{frame}" stroke="currentColor"/>',
        *(svg.text(x, bottom + 16, label, 15) for x, label in x_ticks),
        *(svg.text(left - 8, y, label, 15, "end") for y, label in y_ticks),
        svg.text((left + right) / 2, bottom + 40, xlabel, 16),
        f'<g transform="translate(16 {svg.num((top + bottom) / 2)}) rotate(-90)">'
        f"{svg.text(0, 0, ylabel, 16)}</g>",
    ]
