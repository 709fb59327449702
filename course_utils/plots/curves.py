"""Curves and points with their spread over seeds, next to honest baselines."""

from collections.abc import Mapping

import numpy as np

from .figure import Figure, show
from .style import COLORS, LINESTYLES, MARKERS, rc_settings

BASELINE = {"color": "#666666", "lw": 1.3, "ls": (0, (7, 3)), "marker": ""}


def curves(
    x,
    series: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    alt: str,
    caption: str,
    baseline: Mapping[str, float] | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
) -> Figure:
    """Draw one line per name with its name at its end: (n,), or (seeds, n) as mean and range.

    `x` is (n,). The band spans the lowest to the highest seed; it is a range, not a confidence
    interval. `baseline` draws horizontal lines. Scales are "linear" or "log".
    Raises ValueError when a series does not fit x, a log scale has nothing above 0 to show, or
    there are more than six series.
    """
    x = np.asarray(x, dtype=float)
    table = {name: np.atleast_2d(np.asarray(y, dtype=float)) for name, y in series.items()}
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"x has shape {x.shape}: give one point or more, in one dimension.")
    if not 1 <= len(table) <= len(COLORS):
        raise ValueError(f"series has {len(table)} entries: draw 1 to {len(COLORS)} in a figure.")
    for name, y in table.items():
        if y.shape[1:] != x.shape:
            raise ValueError(f"series {name!r} has shape {y.shape} but x has shape {x.shape}.")
    if xscale == "log" and not np.any(x > 0):
        raise ValueError("xscale='log' needs a value above 0: no value of x is.")
    if yscale == "log" and not any(np.any(y > 0) for y in table.values()):
        raise ValueError("yscale='log' needs a value above 0: no series has one.")
    for name, level in (baseline or {}).items():
        if yscale == "log" and level <= 0:
            raise ValueError(f"baseline {name!r} is {level:g}, which a log scale cannot show.")

    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(rc_settings()):
        fig = Canvas()
        axes = fig.subplots()
        axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
        if xscale == "linear" and np.array_equal(x, np.round(x)):  # days and epochs come whole
            axes.xaxis.get_major_locator().set_params(integer=True)
        ends = []  # (name, height, colour) of every line, to be written at its end
        for i, (name, y) in enumerate(table.items()):
            mean = y.mean(axis=0)
            if len(y) > 1:
                axes.fill_between(
                    x, y.min(axis=0), y.max(axis=0), color=COLORS[i], alpha=0.18, lw=0
                )
            every = max(1, len(x) // 8)
            axes.plot(
                x, mean, color=COLORS[i], ls=LINESTYLES[i], marker=MARKERS[i], markevery=every
            )
            known = np.flatnonzero(np.isfinite(mean) & ((mean > 0) | (yscale == "linear")))
            if known.size:
                ends.append((name, mean[known[-1]], COLORS[i]))
        for name, level in (baseline or {}).items():
            axes.axhline(level, **BASELINE)
            ends.append((name, level, BASELINE["color"]))
        axes.set_xlim(right=x.max())  # the lines end where their names begin
        axes.set_ylim(axes.get_ylim())  # from here on the limits stay
        for axis, scale in ((axes.xaxis, xscale), (axes.yaxis, yscale)):
            if scale == "log":
                _plain_numbers(axis)
        _label_ends(axes, ends)
        return show(fig, alt=alt, caption=caption)


def bars_with_spread(
    groups: Mapping[str, np.ndarray],
    *,
    value_label: str,
    alt: str,
    caption: str,
    baseline: Mapping[str, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw one row per name: a dot for each seed, a bar at the mean, its value beside it.

    `groups` maps a name to (seeds,) values; `baseline` draws vertical lines, labelled on top.
    Raises ValueError for an empty group.
    """
    table = {name: np.atleast_1d(np.asarray(v, dtype=float)) for name, v in groups.items()}
    if not table or any(v.size == 0 for v in table.values()):
        raise ValueError("Each group needs at least one value.")

    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(rc_settings()):
        fig = Canvas(figsize=(8.0, 1.4 + 0.55 * len(table)))
        axes = fig.subplots()
        axes.grid(False, axis="y")
        axes.spines["left"].set_visible(False)
        for row, v in enumerate(table.values()):
            color = COLORS[row % len(COLORS)]
            axes.plot([v.min(), v.max()], [row, row], color=color, lw=1.5, ls="-", marker="")
            axes.plot(v, np.full(v.size, row), ls="", marker="o", color=color, alpha=0.75)
            axes.plot(v.mean(), row, ls="", marker="|", ms=20, mew=3, mec=color)
            mean, place = v.mean(), (v.max(), row)
            axes.annotate(
                f"{mean:#.3g}" if abs(mean) < 100 else f"{mean:,.0f}",
                place,
                xytext=(12, 0),
                textcoords="offset points",
                va="center",
            )
        ordered = sorted((baseline or {}).items(), key=lambda item: item[1])
        for i, (name, level) in enumerate(ordered):
            axes.axvline(level, **BASELINE)
            axes.annotate(
                name,
                (level, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 4 + 17 * (i % 2)),  # neighbours' names on two levels
                textcoords="offset points",
                ha="center",
                fontsize=12,
            )
        axes.set_yticks(range(len(table)), list(table))
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel=value_label, xlim=limits, ylim=(len(table) - 0.5, -0.5))
        return show(fig, alt=alt, caption=caption)


def _plain_numbers(axis, decades: float = 2.5) -> None:
    """Write 5, 10, 20 on a log axis that spans less than that many decades, not powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axis.get_view_interval()
    if low <= 0 or np.log10(high / low) >= decades:
        return
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def _label_ends(axes, ends: list[tuple[str, float, str]], gap: float = 0.068) -> None:
    """Write each name where its line ends, pushed apart where names would overlap."""
    to_axes = axes.transData + axes.transAxes.inverted()
    left = axes.get_xlim()[0]
    placed = sorted((to_axes.transform((left, y))[1], name, color) for name, y, color in ends)
    heights = spread([wanted for wanted, _, _ in placed], gap)
    for (wanted, name, color), height in zip(placed, heights, strict=True):
        look = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([1.005, 1.03], [wanted, height], color=color, lw=1.2, ls="-", marker="", **look)
        axes.text(1.037, height, name, va="center", fontsize=12, **look)


def spread(heights: list[float], gap: float) -> list[float]:
    """Return sorted heights moved as little as possible so that neighbours are `gap` apart.

    Neighbours that are too close form a block, which is centred on the mean of what they wanted.
    """
    blocks: list[list[float]] = []  # each block holds, for its members, wanted - index * gap
    for i, height in enumerate(heights):
        blocks.append([height - i * gap])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    offsets = [float(np.mean(block)) for block in blocks for _ in block]
    return [offset + i * gap for i, offset in enumerate(offsets)]
