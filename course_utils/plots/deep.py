"""Recurrent networks of several layers, read one way or both ways, unrolled over a few steps."""

from .figure import Figure, show
from .style import COLORS, INK, rc_settings

AHEAD, BACK = COLORS[0], COLORS[2]
PITCH, RISE, APART = 2.7, 1.6, 0.85  # columns, layers, the two directions of a layer
ASIDE = 0.55  # how far the two directions stand left and right of their column
HALF_WIDTH, HALF_HEIGHT = 0.47, 0.33  # of a box
MOST_STEPS, MOST_LAYERS = 6, 3


def deep_diagram(
    T: int = 4, layers: int = 1, bidirectional: bool = False, *, alt: str, caption: str
) -> Figure:
    """Draw the network unrolled: inputs at the bottom, layer upon layer of states, outputs on top.

    Forward arrows are solid; with `bidirectional` each layer has a second row, whose dashed arrows
    run back in time, and every layer reads both rows of the one below.
    Raises ValueError unless T is from 1 to 6 and there are one to three layers.
    """
    if not (1 <= T <= MOST_STEPS and 1 <= layers <= MOST_LAYERS):
        raise ValueError(
            f"T is {T} and layers is {layers}: draw 1 to {MOST_STEPS} steps and 1 to "
            f"{MOST_LAYERS} layers."
        )

    import matplotlib
    from matplotlib.figure import Figure as Canvas

    ways = 2 if bidirectional else 1
    rows = _rows(layers, ways)
    top = rows[-1][-1] + RISE
    with matplotlib.rc_context(rc_settings()):
        fig = Canvas(figsize=(0.8 + 1.9 * T, 0.8 + 0.75 * top))
        axes = fig.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-1.2, (T - 1) * PITCH + 1.2), ylim=(-0.6, top + 0.6))
        sides = [(0.0,), (-ASIDE, ASIDE)][ways - 1]
        for t in range(T):
            x = t * PITCH
            below = [(x, 0.0)]
            _box(axes, x, 0.0, f"$x_{t + 1}$", INK)
            for layer, heights in enumerate(rows):
                boxes = [(x + side, y) for side, y in zip(sides, heights, strict=True)]
                for way, (left, y) in enumerate(boxes):
                    hue = (AHEAD, BACK)[way]
                    _box(axes, left, y, _name(layer, layers, way, ways, t + 1), hue)
                    for source in below:
                        _up(axes, source, (left, y))
                    if t:
                        _along(axes, (left - PITCH, y), (left, y), hue, back=way == 1)
                below = boxes
            _box(axes, x, top, f"$y_{t + 1}$", INK)
            for source in below:
                _up(axes, source, (x, top))
        return show(fig, alt=alt, caption=caption)


def _rows(layers: int, ways: int) -> list[list[float]]:
    """Return the heights of the rows of each layer, from the bottom."""
    heights, y = [], RISE
    for _ in range(layers):
        heights.append([y + way * APART for way in range(ways)])
        y = heights[-1][-1] + RISE
    return heights


def _name(layer: int, layers: int, way: int, ways: int, t: int) -> str:
    above = rf"^{{\;({layer + 1})}}" if layers > 1 else ""
    if ways == 1:
        return f"$h_{t}{above}$"
    return (rf"$\overrightarrow{{h}}_{t}{above}$", rf"$\overleftarrow{{h}}_{t}{above}$")[way]


def _box(axes, x: float, y: float, words: str, hue: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    look = {"boxstyle": "round,pad=0.05", "fc": "#F4F4F4", "ec": hue, "lw": 1.6, "zorder": 3}
    axes.add_patch(FancyBboxPatch((x - 0.42, y - 0.28), 0.84, 0.56, **look))
    axes.text(x, y, words, ha="center", va="center", fontsize=14, zorder=4)


def _up(axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow from the top of one box to the bottom of another."""
    below, above = (start[0], start[1] + HALF_HEIGHT), (end[0], end[1] - HALF_HEIGHT)
    _arrow(axes, below, above, "#555555", "-")


def _along(axes, left: tuple, right: tuple, hue: str, back: bool) -> None:
    """Draw the arrow of the state between two steps, to the right or, dashed, to the left."""
    ends = (left[0] + HALF_WIDTH, left[1]), (right[0] - HALF_WIDTH, right[1])
    _arrow(axes, *(ends[::-1] if back else ends), hue, "--" if back else "-")


def _arrow(axes, start: tuple, end: tuple, hue: str, style: str) -> None:
    look = {"arrowstyle": "-|>", "color": hue, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=look | {"linestyle": style}, zorder=2)
