"""What the drawings of the gated cells are made of: rails, lines with heads, circles, boxes."""

from .style import COLORS, INK

CELL, STATE, GATE = COLORS[2], COLORS[0], COLORS[4]  # the rail of c, that of h, the gates
SHAPE = {"ha": "center", "va": "center", "fontsize": 11, "color": "#444444"}


def line(axes, points: list, color: str = INK, width: float = 1.6) -> None:
    """Draw a line through the points with a solid head at its end."""
    (x0, y0), (x1, y1) = points[-2:]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    neck = (x1 - 0.12 * (x1 - x0) / length, y1 - 0.12 * (y1 - y0) / length)
    axes.plot(*zip(*points[:-1], neck, strict=True), color=color, lw=width, ls="-", marker="")
    look = {"arrowstyle": "-|>", "color": color, "lw": 0.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", points[-1], neck, arrowprops={**look, "mutation_scale": 13 + 2 * width})


def circle(axes, at: tuple[float, float], sign: str) -> None:
    """Draw a circle with × (multiply entry by entry) or + (add) in it."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle(at, 0.28, fc="white", ec=INK, lw=1.6, zorder=3))
    axes.text(*at, sign, ha="center", va="center_baseline", fontsize=18, zorder=4)


def box(axes, at, size, words: str, color: str, name: str = "") -> None:
    """Draw a box with words, and below them a name in small letters."""
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = at, size
    corner = (x - width / 2, y - height / 2)
    look = {"boxstyle": "round,pad=0,rounding_size=0.12", "fc": "#F6F6F6", "ec": color, "lw": 2}
    axes.add_patch(FancyBboxPatch(corner, width, height, **look))
    axes.text(x, y + 0.15 * bool(name), words, ha="center", va="center", fontsize=15)
    if name:
        axes.text(x, y - 0.25, name, ha="center", va="center", fontsize=11)
