"""A map of network families, drawn as small networks, with the place of recurrence marked."""

from dataclasses import dataclass

from . import svg
from .figure import Figure
from .style import MIDTONES

BLUE, ORANGE = MIDTONES["blue"], MIDTONES["orange"]
GREEN, PURPLE = MIDTONES["green"], MIDTONES["purple"]
RADIUS = 11
PANEL_WIDTH, PANEL_HEIGHT, DRAWN = 222, 196, 128  # of a panel, and of the network in it
SIDE = 96  # room on the left for the name of a row
GAP_X = 32  # between layers
GAPS_Y = {1: 0, 2: 14, 3: 14, 4: 10, 5: 6}  # between the units of a layer, by their number

INPUT, HIDDEN, OUTPUT = "input", "hidden", "output"
BELL, RECURRENT, MEMORY, GATED = "bell", "recurrent", "memory", "gated"
RANDOM, NOISY, RESTING = "random", "noisy", "resting"
HUES = {INPUT: GREEN, NOISY: GREEN, OUTPUT: PURPLE}  # all other units are blue
ACROSS_TIME = (RECURRENT, MEMORY, GATED)

KEY = (
    (INPUT, "input"),
    (HIDDEN, "hidden unit"),
    (OUTPUT, "output"),
    (BELL, "radial unit (a centre)"),
    (RECURRENT, "recurrent unit"),
    (MEMORY, "… with a memory cell"),
    (GATED, "… with gates, no extra cell"),
    (RANDOM, "drawn at random"),
    (NOISY, "input with noise"),
    (RESTING, "unit kept silent"),
)


@dataclass(frozen=True)
class Family:
    """One member of the map: its name, a remark, and its layers as lists of kinds of units."""

    name: str
    remark: str
    layers: tuple[tuple[str, ...], ...]


def _net(*layers: tuple[str, int] | tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return layers; ("hidden", 3) stands for three units of one kind."""
    return tuple((p[0],) * p[1] if isinstance(p[1], int) else tuple(p) for p in layers)


_SPARSE = (HIDDEN, RESTING, RESTING, HIDDEN, RESTING)
ROWS = (
    (
        "one way,\nno time",
        (
            Family("perceptron", "one layer of weights", _net((INPUT, 2), (OUTPUT, 1))),
            Family("feedforward", "one hidden layer", _net((INPUT, 3), (HIDDEN, 4), (OUTPUT, 2))),
            Family("RBF", "hidden units with centres", _net((INPUT, 3), (BELL, 4), (OUTPUT, 2))),
            Family(
                "deep feedforward",
                "several hidden layers",
                _net((INPUT, 3), (HIDDEN, 4), (HIDDEN, 4), (OUTPUT, 2)),
            ),
        ),
    ),
    (
        "recurrent:\na way back\nin time",
        (
            Family("RNN", "lesson 02", _net((INPUT, 3), (RECURRENT, 3), (OUTPUT, 3))),
            Family("LSTM", "lesson 05", _net((INPUT, 3), (MEMORY, 3), (OUTPUT, 3))),
            Family("GRU", "lesson 06", _net((INPUT, 3), (GATED, 3), (OUTPUT, 3))),
        ),
    ),
    (
        "autoencoders:\ninput (or its\nclean copy)\nis the target",
        (
            Family("autoencoder", "a narrow middle", _net((INPUT, 4), (HIDDEN, 2), (OUTPUT, 4))),
            Family("variational", "a random middle", _net((INPUT, 4), (RANDOM, 2), (OUTPUT, 4))),
            Family("denoising", "noise put in", _net((NOISY, 4), (HIDDEN, 2), (OUTPUT, 4))),
            Family("sparse", "few units speak", _net((INPUT, 3), _SPARSE, (OUTPUT, 3))),
        ),
    ),
)
FAMILIES = tuple(family for _, families in ROWS for family in families)

ALT = (
    "Eleven small networks in three rows. First row, arrows forward only: perceptron, feedforward "
    "net, RBF net with bell-shaped hidden units, deep feedforward net. Second row: RNN, LSTM and "
    "GRU, each with thick loops from its hidden units back to themselves; the LSTM's units hold a "
    "square memory cell, the GRU's a triangle. Third row: autoencoder with a narrow middle, "
    "variational autoencoder with a random middle, denoising autoencoder with noisy inputs, sparse "
    "autoencoder with most hidden units silent. Only the second row has loops."
)
CAPTION = (
    "Families of networks. What sets the middle row apart is one kind of arrow: from the hidden "
    "units back to the hidden units, one step later (orange; drawn as one loop a unit, though each "
    "unit reaches all of its layer). All others map one input to one output and keep nothing for "
    "the next. The rows can be combined: an autoencoder may be recurrent too."
)


def zoo(*, alt: str = ALT, caption: str = CAPTION) -> Figure:
    """Return the map of network families as one drawing, three rows and a key."""
    body = []
    for row, (name, families) in enumerate(ROWS):
        top = row * PANEL_HEIGHT
        for i, line in enumerate(name.split("\n")):
            body.append(svg.text(4, top + 62 + 18 * i, line, 14, "start"))
        if row:
            body.append(_rule(top - 6))
        for column, family in enumerate(families):
            body.append(_family(family, SIDE + column * PANEL_WIDTH, top))
    width = SIDE + 4 * PANEL_WIDTH
    top = len(ROWS) * PANEL_HEIGHT
    body.append(_rule(top - 6))
    body.append(_key(top + 14))
    return Figure(svg.document(width, top + 136, body, alt), alt=alt, caption=caption)


def _rule(y: float) -> str:
    right = SIDE + 4 * PANEL_WIDTH
    return f'<path d="M0 {svg.num(y)}H{right}" stroke="currentColor" stroke-opacity=".3"/>'


def _family(family: Family, left: float, top: float) -> str:
    """Draw one network in its panel, with its name and a remark below."""
    centre = left + PANEL_WIDTH / 2 - 8
    step = 2 * RADIUS + GAP_X
    start = centre - step * (len(family.layers) - 1) / 2
    places = []
    for i, layer in enumerate(family.layers):
        gap = 2 * RADIUS + GAPS_Y[len(layer)] + (6 if layer[0] in ACROSS_TIME else 0)
        first = top + 8 + DRAWN / 2 - gap * (len(layer) - 1) / 2
        places.append([(start + i * step, first + gap * j) for j in range(len(layer))])
    drawn = ""
    for before, kinds, after, next_kinds in zip(
        places, family.layers, places[1:], family.layers[1:], strict=False
    ):
        for (x0, y0), kind in zip(before, kinds, strict=True):
            for (x1, y1), next_kind in zip(after, next_kinds, strict=True):
                faint = RESTING in (kind, next_kind)
                drawn += _line(x0 + RADIUS, y0, x1 - RADIUS, y1, ".18" if faint else ".6")
    for layer, kinds in zip(places, family.layers, strict=True):
        drawn += "".join(_unit(at, kind) for at, kind in zip(layer, kinds, strict=True))
    words = svg.text(centre, top + DRAWN + 26, family.name, 16)
    return drawn + words + svg.text(centre, top + DRAWN + 46, family.remark, 12.5)


def _line(x0: float, y0: float, x1: float, y1: float, opacity: str) -> str:
    ends = " ".join(svg.num(v) for v in (x0, y0)) + "L" + " ".join(svg.num(v) for v in (x1, y1))
    return f'<path d="M{ends}" stroke="currentColor" stroke-opacity="{opacity}"/>'


def _unit(at: svg.Point, kind: str) -> str:
    """Draw one unit: a disc, and in it the sign of its kind, so that hue is never needed."""
    x, y = at
    hue, r = HUES.get(kind, BLUE), RADIUS
    dash = ' stroke-dasharray="3 2.5"' if kind == RESTING else ""
    wash = {OUTPUT: ".55", RESTING: "0"}.get(kind, ".18")
    drawn = (
        f'<circle cx="{svg.num(x)}" cy="{svg.num(y)}" r="{r}" fill="{hue}" fill-opacity="{wash}" '
        f'stroke="{hue}" stroke-width="2"{dash}/>'
    )
    if kind == INPUT:
        drawn += f'<circle cx="{svg.num(x)}" cy="{svg.num(y)}" r="3" fill="{hue}"/>'
    elif kind == NOISY:
        drawn += _path(x, y, "M-6 1l2.5-4 3 6 3-7 3.5 5", "currentColor")
    elif kind == BELL:
        drawn += _path(x, y, "M-7 4.5c5 0 4-9.5 7-9.5s2 9.5 7 9.5", "currentColor")
    elif kind == RANDOM:
        drawn += svg.text(x, y, "σ", 14)
    elif kind == MEMORY:
        drawn += _path(x, y, "M-4-4h8v8h-8z", BLUE, fill=True)
    elif kind == GATED:
        drawn += _path(x, y, "M0-5l5.2 8.6h-10.4z", BLUE, fill=True)
    if kind in ACROSS_TIME:
        loop = [(x - 7, y - r + 1), (x - 19, y - r - 16), (x + 19, y - r - 16), (x + 7, y - r + 1)]
        drawn += svg.arrow(loop, ORANGE, 1.6)
    return drawn


def _path(x: float, y: float, moves: str, ink: str, fill: bool = False) -> str:
    look = f'fill="{ink}"' if fill else f'stroke="{ink}" stroke-width="1.6"'
    return f'<path transform="translate({svg.num(x)} {svg.num(y)})" d="{moves}" {look}/>'


def _key(top: float) -> str:
    """Draw every kind of unit with its meaning, in rows of four."""
    drawn = ""
    for i, (kind, meaning) in enumerate(KEY):
        x, y = 22 + 246 * (i % 4), top + 14 + 44 * (i // 4)
        drawn += _unit((x, y), kind) + svg.text(x + 20, y, meaning, 12.5, "start")
    return drawn
