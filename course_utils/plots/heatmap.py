"""Heat maps through time: a row for each unit, a column for each step."""

from collections.abc import Sequence

import numpy as np

from .figure import Figure, show
from .style import rc_settings

# Blue for negative, orange for positive. The lightness (CIE L*) falls in even steps from white on
# both sides, so that equal distances from zero look equally strong, in colour and in grey.
NEGATIVE = ("#FFFFFF", "#CFE0EF", "#9DC1DF", "#6BA1CE", "#3A80B8", "#125F9C", "#003F73")
POSITIVE = ("#FFFFFF", "#F6D9C2", "#EBB38A", "#DC8C54", "#C5661F", "#A04600", "#722B00")


def diverging_map():
    """Return the course's colour map for signed values: blue below zero, white, orange above."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("course", [*NEGATIVE[::-1], *POSITIVE[1:]], N=255)


def heatmap_through_time(
    values,
    *,
    alt: str,
    caption: str,
    row_labels: Sequence[str] | None = None,
    t_labels: Sequence[str] | None = None,
    rows: str = "unit",
    value_label: str = "",
    units_first: bool = False,
    symmetric: bool = True,
    annotate: bool | None = None,
) -> Figure:
    """Draw `values` (T, H), such as `h[0]`, with units as rows and steps 1..T as columns.

    With `units_first` the array is (H, T). `symmetric` puts white at zero, blue below and orange
    above; where there is room, negative cells carry a minus sign so that grey print keeps the
    sign; otherwise a map from dark (low) to light (high) is used. `annotate` writes the numbers
    (by itself when they fit). NaN is drawn as an empty hatched cell.
    Raises ValueError when `values` is not two-dimensional or the labels do not fit.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(
            f"values has shape {values.shape}: give one sequence, (T, H), such as h[0]."
        )
    cells = values if units_first else values.T
    units, T = cells.shape
    row_labels = _labels(row_labels, units, "row_labels")
    t_labels = _labels(t_labels, T, "t_labels")
    if annotate is None:
        annotate = T <= 12 and units <= 12

    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(rc_settings()):
        width = min(10.0, max(4.0, 1.6 + T * (0.62 if annotate else 0.34)))
        height = min(8.0, max(1.7, 1.1 + units * (0.42 if annotate else 0.3)))
        fig = Canvas(figsize=(width, height))
        axes = fig.subplots()
        axes.grid(False)
        finite = cells[np.isfinite(cells)]
        top = float(np.abs(finite).max(initial=0)) or 1.0
        image = axes.imshow(
            cells,
            aspect="auto",
            interpolation="nearest",
            cmap=diverging_map() if symmetric else "cividis",
            vmin=-top if symmetric else None,
            vmax=top if symmetric else None,
        )
        _write_cells(axes, image, cells, annotate, symmetric)
        _ticks(axes.xaxis, t_labels, "step t", most=25)
        _ticks(axes.yaxis, row_labels, rows, most=24)
        axes.spines[:].set_visible(False)
        bar = fig.colorbar(image, ax=axes, pad=0.02, aspect=max(10, 6 * height))
        bar.outline.set_visible(False)
        bar.set_label(value_label)
        return show(fig, alt=alt, caption=caption)


def _write_cells(axes, image, cells: np.ndarray, annotate: bool, symmetric: bool) -> None:
    """Write numbers, or a minus sign into negative cells, and hatch what is not a number."""
    from matplotlib.patches import Rectangle

    for row, column in np.argwhere(~np.isfinite(cells)):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", ec="#999", lw=0))
    signs = symmetric and cells.size <= 800  # beyond, the signs would be specks
    written = np.isfinite(cells) & (annotate | (signs & (cells < 0)))
    for row, column in np.argwhere(written):
        value = cells[row, column]
        ink = _ink_on(image.cmap(image.norm(value))[:3])
        if annotate:
            axes.text(column, row, _cell(value), ha="center", va="center", color=ink, fontsize=10)
        else:
            axes.plot(column, row, marker="_", color=ink, markersize=5, markeredgecolor=ink)


def _cell(value: float) -> str:
    """Return a number of about three digits; adding 0 turns -0.00 into 0.00."""
    return (f"{round(value, 2) + 0:.2f}" if abs(value) < 10 else f"{value:.3g}").replace("-", "−")


def _ink_on(rgb: Sequence[float]) -> str:
    """Return black or white, whichever contrasts more (WCAG 2.2: always at least 4.5 to 1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#FFFFFF"


def _labels(labels: Sequence[str] | None, count: int, name: str) -> list[str]:
    labels = [str(i) for i in range(1, count + 1)] if labels is None else [str(w) for w in labels]
    if len(labels) != count:
        raise ValueError(f"{name} has {len(labels)} entries for {count} in values.")
    return labels


def _ticks(axis, labels: list[str], title: str, most: int) -> None:
    """Label every cell, or every second, fifth, tenth ... when there are too many."""
    count = len(labels)
    stride = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, count) if count <= s * most)
    places = list(range(0, count, stride))
    if stride > 2:  # 1, 5, 10, 15 ... reads better than 1, 6, 11, 16 ...
        places = [0, *range(stride - 1, count, stride)]
    axis.set_ticks(places, [labels[i] for i in places])
    axis.set_tick_params(length=0)
    axis.set_label_text(title)
