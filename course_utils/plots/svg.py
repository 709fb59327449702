"""Small pieces of inline SVG: text with subscripts, boxes, arrows.

Words and lines take `currentColor`, the colour of the page's own text, so that a drawing reads in
a light and in a dark theme; hues are added only where a shape, not a word, carries them.
No element has an id: the same drawing may appear twice on a page.
"""

import math
import re
from html import escape

MATH_FONT = "'STIX Two Text','Latin Modern Roman','Times New Roman','DejaVu Serif',serif"
TEXT_FONT = "system-ui,'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
SYMBOL = re.compile(r"([^\W\d_])(?:_(?:\{([^{}]+)\}|(\w+)))?")  # x, x_t, W_xh, h_{t-1}

Point = tuple[float, float]


def document(width: float, height: float, body: list[str], alt: str) -> str:
    """Return an `<svg>` of the given size in pixels, shrinking with the page, named by `alt`."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {num(width)} {num(height)}" width="{num(width)}" '
        f'style="max-width:100%;height:auto" fill="none">{"".join(body)}</svg>'
    )


def num(value: float) -> str:
    """Return a coordinate to a tenth of a pixel: short, and the same on every machine."""
    return f"{round(value, 1) + 0:g}"  # adding 0 turns -0.0 into 0


def text(x: float, y: float, words: str, size: float = 14, anchor: str = "middle") -> str:
    """Return `words` centred on height `y`; `W_xh` or `h_{t-1}` is set as a symbol, in italics."""
    symbol = SYMBOL.fullmatch(words)
    attributes = (
        f'x="{num(x)}" y="{num(y + 0.35 * size)}" font-size="{num(size)}" '
        f'text-anchor="{anchor}" fill="currentColor"'
    )
    if symbol is None:
        return f'<text {attributes} font-family="{TEXT_FONT}">{escape(words)}</text>'
    base, below = symbol[1], symbol[2] or symbol[3]
    content = f'<tspan font-style="italic">{base}</tspan>'
    if below:
        content += f'<tspan dx="1" dy="{num(0.22 * size)}" font-size="{num(0.72 * size)}">'
        content += "".join(_subscript(part) for part in re.findall(r"[^\W\d_]+|[\W\d_]+", below))
        content += "</tspan>"
    return f'<text {attributes} font-family="{MATH_FONT}">{content}</text>'


def _subscript(part: str) -> str:
    if part.isalpha():
        return f'<tspan font-style="italic">{part}</tspan>'
    return escape(part.replace("-", "−"))  # digits and signs stay upright


def box(centre: Point, width: float, height: float, hue: str, radius: float) -> str:
    """Return a rounded box with an outline in `hue` and the same hue as a light wash inside."""
    x, y = centre[0] - width / 2, centre[1] - height / 2
    return (
        f'<rect x="{num(x)}" y="{num(y)}" width="{num(width)}" height="{num(height)}" '
        f'rx="{num(radius)}" fill="{hue}" fill-opacity=".16" stroke="{hue}" stroke-width="2"/>'
    )


def arrow(points: list[Point], hue: str = "currentColor", width: float = 1.6) -> str:
    """Return an arrow along two points (straight) or four (a cubic Bézier curve).

    The head is drawn as a triangle of its own: a `<marker>` would need an id.
    """
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = math.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    head = 6 + 2 * width
    neck = (x1 - 0.8 * head * ux, y1 - 0.8 * head * uy)  # the line ends inside the head
    line = [*points[:-1], neck]
    command = "L" if len(points) == 2 else "C"
    coordinates = " ".join(f"{num(x)} {num(y)}" for x, y in line[1:])
    wing = 0.42 * head
    back = (x1 - head * ux, y1 - head * uy)
    corners = [
        (x1, y1),
        (back[0] - wing * uy, back[1] + wing * ux),
        (back[0] + wing * uy, back[1] - wing * ux),
    ]
    tip = " ".join(f"{num(x)},{num(y)}" for x, y in corners)
    return (
        f'<path d="M{num(line[0][0])} {num(line[0][1])}{command}{coordinates}" '
        f'stroke="{hue}" stroke-width="{num(width)}"/><polygon points="{tip}" fill="{hue}"/>'
    )
