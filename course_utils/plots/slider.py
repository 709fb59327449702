"""A figure with a slider that needs no kernel: every position is computed beforehand.

The page holds an inline SVG, a range input and one small script. Without the script the figure
still shows its first position. Nothing has an id, so that several fit on a page.
"""

import json
from collections.abc import Mapping
from html import escape

import numpy as np

from . import axes, svg
from .figure import Figure, texts
from .style import MIDTONES

WIDTH, HEIGHT = 720, 360
BOX = (82, 14, 704, 308)  # the axes: left, top, right, bottom, in pixels
HUES = (MIDTONES["blue"], MIDTONES["orange"], MIDTONES["green"], MIDTONES["purple"])
DASHES = ("none", "9 5", "2 4", "12 4 2 4")

# Each figure is set up once, wherever the page put it; heights of null leave a gap in the line.
SCRIPT = """
document.querySelectorAll("[data-course-slider]").forEach(function (root) {
  if (root.courseReady) return;
  root.courseReady = true;
  var data = JSON.parse(root.dataset.courseSlider);
  var input = root.querySelector("input"), output = root.querySelector("output");
  var curves = root.querySelectorAll("path.curve");
  input.addEventListener("input", function () {
    data.y[input.value].forEach(function (heights, i) {
      var pen = "M";
      curves[i].setAttribute("d", heights.map(function (y, k) {
        if (y === null) { pen = "M"; return ""; }
        var point = pen + data.x[k] + " " + y;
        pen = "L";
        return point;
      }).join(""));
    });
    output.textContent = data.label[input.value];
    input.setAttribute("aria-valuetext", data.text[input.value]);
  });
});
""".strip()


def slider_curves(
    x,
    frames: Mapping[float, Mapping[str, np.ndarray]],
    *,
    slider_label: str,
    xlabel: str,
    ylabel: str,
    alt: str,
    caption: str,
    start: float | None = None,
    yscale: str = "linear",
    ylim: tuple[float, float] | None = None,
) -> Figure:
    """Draw curves over `x` (n,) that change with a slider: `frames[value][name]` is (n,).

    Every frame has the same names, four at most, and the same axes. `start` is the value shown
    first (else the first frame's). `yscale` is "linear" or "log". A line has a gap where a value
    is not finite, lies outside `ylim`, or is not positive on a log scale. The arrow keys move the
    slider; a screen reader hears its value with the last value of every curve.
    Raises ValueError, in one sentence, when the frames do not fit together.
    """
    alt, caption = texts(alt, caption)
    x = np.asarray(x, dtype=float)
    table = {
        value: {name: np.asarray(y, dtype=float) for name, y in curves.items()}
        for value, curves in frames.items()
    }
    _check(x, table, yscale, ylim)
    values = list(table)
    start = values[0] if start is None else start
    if start not in table:
        raise ValueError(f"start={start!r} is not one of the slider's values.")

    left, top, right, bottom = BOX
    low, high = ylim or _limits(table, yscale)
    across = axes.scale(x.min(), x.max(), left, right)
    up = axes.scale(low, high, bottom, top, yscale)

    def pixels(y: np.ndarray) -> list[float | None]:
        return [round(up(v), 1) + 0 if low <= v <= high else None for v in y.tolist()]

    said = [_spoken(slider_label, value, xlabel, x[-1], table[value]) for value in values]
    data = {
        "x": [round(across(v), 1) for v in x.tolist()],
        "y": [[pixels(y) for y in table[value].values()] for value in values],
        "label": [f"{value:g}" for value in values],
        "text": said,
    }
    at = values.index(start)
    body = axes.draw(
        BOX,
        [(across(v), label) for v, label in axes.ticks(x.min(), x.max())],
        [(up(v), label) for v, label in axes.ticks(low, high, yscale)],
        xlabel,
        ylabel,
    )
    body += [
        f'<path class="curve" d="{_path(data["x"], heights)}" {_line(i)}/>'
        for i, heights in enumerate(data["y"][at])
    ]
    html = (
        f'<div data-course-slider="{escape(json.dumps(data, separators=(",", ":")))}" '
        f'style="max-width:{WIDTH}px">{_legend(list(table[start]))}'
        f"{svg.document(WIDTH, HEIGHT, body, alt)}"
        f'<label style="display:flex;gap:.8em;align-items:center;margin:.3em 0">'
        f"<span>{escape(slider_label)}</span>"
        f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{at}" '
        f'data-lm-suppress-shortcuts="true" aria-valuetext="{escape(said[at])}" '
        f'style="flex:1;min-width:8em;accent-color:{HUES[0]}">'
        f'<output aria-hidden="true" style="min-width:3em">{data["label"][at]}</output></label>'
        f"<noscript>The slider needs JavaScript: this is the figure at {data['label'][at]}."
        f"</noscript></div><script>{SCRIPT}</script>"
    )
    return Figure(html, alt=alt, caption=caption)


def _check(x: np.ndarray, table: dict, yscale: str, ylim: tuple | None) -> None:
    if x.ndim != 1 or x.size < 2:
        raise ValueError(f"x has shape {x.shape}: give two points or more, in one dimension.")
    if not np.all(np.diff(x) > 0):
        raise ValueError("x must increase from point to point.")
    if not table:
        raise ValueError("frames is empty: give at least one value of the slider.")
    names = list(next(iter(table.values())))
    if not 1 <= len(names) <= len(HUES):
        raise ValueError(f"A frame has {len(names)} curves: draw 1 to {len(HUES)}.")
    for value, curves in table.items():
        if list(curves) != names:
            raise ValueError(f"The frame at {value:g} has curves {list(curves)}, not {names}.")
        for name, y in curves.items():
            if y.shape != x.shape:
                raise ValueError(f"{name!r} at {value:g} has shape {y.shape}, x has {x.shape}.")
    if yscale not in ("linear", "log"):
        raise ValueError(f"yscale={yscale!r} is unknown: choose 'linear' or 'log'.")
    if ylim is not None and not (np.all(np.isfinite(ylim)) and ylim[0] < ylim[1]):
        raise ValueError(f"ylim={ylim} is no range: give two numbers, the lower one first.")
    if ylim is not None and yscale == "log" and ylim[0] <= 0:
        raise ValueError(f"ylim={ylim} begins at 0 or below, which a log scale cannot show.")


def _limits(table: dict, yscale: str) -> tuple[float, float]:
    """Return limits that hold every frame: whole decades, or the range and a twentieth more."""
    y = np.concatenate([curve for curves in table.values() for curve in curves.values()])
    y = y[np.isfinite(y) & ((y > 0) | (yscale == "linear"))]
    if y.size == 0:
        raise ValueError("No value of any frame can be drawn: all are infinite, NaN or negative.")
    low, high = float(y.min()), float(y.max())
    if yscale == "log":
        low, high = np.floor(np.log10(low)), np.ceil(np.log10(high))
        return 10.0**low, 10.0 ** max(high, low + 1)
    margin = (high - low) / 20 or 1.0
    return low - margin, high + margin


def _path(x: list[float], heights: list[float | None]) -> str:
    """Return the SVG path through the points, as the script will draw it."""
    d, pen = "", "M"
    for across, up in zip(x, heights, strict=True):
        if up is None:
            pen = "M"
            continue
        d += f"{pen}{across:g} {up:g}"
        pen = "L"
    return d


def _line(i: int) -> str:
    return f'stroke="{HUES[i]}" stroke-width="2.6" stroke-dasharray="{DASHES[i]}"'


def _legend(names: list[str]) -> str:
    """Return the names, each behind a piece of its line."""
    keys = "".join(
        f'<span style="white-space:nowrap"><svg width="34" height="10" aria-hidden="true" '
        f'style="margin-right:.4em"><path d="M0 5H34" {_line(i)}/></svg>{escape(name)}</span>'
        for i, name in enumerate(names)
    )
    style = f"display:flex;flex-wrap:wrap;gap:.2em 1.4em;margin-left:{BOX[0]}px"
    return f'<div style="{style}">{keys}</div>'


def _spoken(slider_label: str, value: float, xlabel: str, last: float, curves: dict) -> str:
    """Return what a screen reader says at this position: `rho 0.9; at lag 50: RNN 0.0052`."""
    ends = ", ".join(f"{name} {y[-1]:.2g}" for name, y in curves.items())
    return f"{slider_label} {value:g}; at {xlabel} {last:g}: {ends}"
