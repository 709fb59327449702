"""The pen of the network diagrams: where nodes and edges sit and what is written there."""

from . import svg
from .graph import INPUT, OUTPUT, STATE, Edge, Node
from .style import MIDTONES

HUES = {INPUT: MIDTONES["green"], STATE: MIDTONES["blue"], OUTPUT: MIDTONES["purple"]}
ACCENT = MIDTONES["orange"]
WIDTHS = {"x": "D", "h": "H", "s": "H", "y": "O"}  # the last axis of what a letter stands for
NAMES = ("x", "h", "s", "y", "W_xh", "W_hh", "W_hy", "W_yh", "W_hs", "W_ss", "W_sy", "W_ys")
MARGIN = 12
SYMBOL, SMALL = 22, 13  # font sizes in pixels, before the page shrinks a wide drawing


class Pen:
    """Draws nodes and edges on a grid of columns (time) and three rows (input, state, output)."""

    def __init__(self, shapes: dict | bool | None, labels: dict, headroom: bool = False):
        for name in labels:
            if name not in NAMES:
                raise ValueError(f"labels: {name!r} is unknown, choose among {', '.join(NAMES)}.")
        self.sizes = {n: n for n in "BDHO"} | (shapes if isinstance(shapes, dict) else {})
        self.shapes = bool(shapes)
        self.labels = labels
        words = [w for v in labels.values() if not isinstance(v, str) for w in v]
        longest = max((len(word) for word in words), default=0)
        inside = max(len(self.shape("B", axis)) for axis in "DHO") if self.shapes else 0
        across = len(self.shape("H", "H")) if self.shapes else 0
        self.width = max(62, 8 * longest + 24, 7.5 * inside + 20)
        self.height = 58 if self.shapes else 46
        self.pitch = self.width + max(68, 7.5 * across + 20)
        self.top = MARGIN + (30 if headroom and self.shapes else 10 if headroom else 0)
        gap = 74 if self.shapes else 66
        rows = (OUTPUT, STATE, INPUT)
        self.rows = {
            role: self.top + self.height / 2 + i * (self.height + gap)
            for i, role in enumerate(rows)
        }

    def size(self, columns: int) -> tuple[float, float]:
        """Return width and height in pixels of a drawing with this many columns."""
        width = 2 * MARGIN + self.width + (columns - 1) * self.pitch + 40  # room for a last label
        return width, self.rows[INPUT] + self.height / 2 + MARGIN

    def at(self, node: Node) -> svg.Point:
        """Return the centre of a node."""
        return MARGIN + self.width / 2 + node.column * self.pitch, self.rows[node.role]

    def letter(self, name: str) -> str:
        """Return the symbol in use for a letter or a weight: the reader's own, or ours."""
        own = self.labels.get(name, name)
        return own if isinstance(own, str) else name

    def shape(self, *axes: str) -> str:
        """Return a shape such as (B, D), with the sizes given in place of letters."""
        return "(" + ", ".join(str(self.sizes[axis]) for axis in axes) + ")"

    def node(self, node: Node) -> str:
        """Draw one node: its box, its symbol or word, its shape."""
        x, y = self.at(node)
        if node.step is None:
            return svg.text(x, y, "· · ·", 24)
        radius = 9 if node.role == STATE else self.height / 2
        drawn = svg.box((x, y), self.width, self.height, HUES[node.role], radius)
        words = self.labels.get(node.letter)
        if isinstance(words, (list, tuple)) and node.step:
            drawn += svg.text(x, y - 9 * self.shapes, words[node.step - 1], 15)
        else:
            symbol = f"{self.letter(node.letter)}_{{{node.step}}}"
            drawn += svg.text(x, y - 9 * self.shapes, symbol, SYMBOL)
        if self.shapes:
            drawn += svg.text(x, y + 15, self.shape("B", WIDTHS[node.letter]), SMALL)
        return drawn

    def edge(self, edge: Edge, marked: bool = False) -> str:
        """Draw one arrow with its weight; a marked one is thick and has the accent's hue."""
        (x0, y0), (x1, y1) = self.at(edge.source), self.at(edge.target)
        look = {"hue": ACCENT, "width": 4} if marked else {}
        if edge.source.role == edge.target.role:  # across, from state to state
            start, end = (x0 + self.width / 2 + 2, y0), (x1 - self.width / 2 - 3, y1)
            return svg.arrow([start, end], **look) + self.weight(
                edge, ((start[0] + end[0]) / 2, y0), across=True
            )
        if x0 == x1:  # up
            start, end = (x0, y0 - self.height / 2 - 2), (x1, y1 + self.height / 2 + 3)
            middle = (start[1] + end[1]) / 2
            return svg.arrow([start, end], **look) + self.weight(edge, (x0 + 9, middle))
        # back: from an output down into the next state
        start = (x0 + self.width / 2 + 2, y0)
        end = (x1 - 0.3 * self.width, y1 - self.height / 2 - 3)
        run, drop = end[0] - start[0], end[1] - start[1]
        curve = [start, (start[0] + 0.75 * run, y0), (end[0], end[1] - 0.75 * drop), end]
        return svg.arrow(curve, **look) + self.weight(
            edge, (start[0] + 0.45 * run, y0 - 2), across=True, below=False
        )

    def loop(self, source: Node, target: Node, weight: str) -> str:
        """Draw a way back into the cell: out of `source`, through a delay, into `target`."""
        (x0, y0), (x1, y1) = self.at(source), self.at(target)
        own = source == target
        side = 1 if own else -1  # the state loops on the right, the output on the left
        lift = 12 if own else 0
        start = (x0 + side * (self.width / 2 + 2), y0 - lift)
        end = (x1 + side * (self.width / 2 + 3), y1 + lift)
        far = start[0] + side * 84
        bend = 40 if own else 0
        curve = [start, (far, start[1] - bend), (far, end[1] + bend), end]
        x = (start[0] + 3 * far + 3 * far + end[0]) / 8  # the curve's middle
        y = (start[1] + end[1]) / 2
        delay = (
            f'<rect x="{svg.num(x - 6)}" y="{svg.num(y - 6)}" width="12" height="12" '
            f'fill="currentColor"/>'
        )
        anchor = "start" if side > 0 else "end"
        words = svg.text(x + side * 14, y - 9 * self.shapes, self.letter(weight), 18, anchor)
        if self.shapes:
            shape = self.shape(WIDTHS[source.letter], WIDTHS[target.letter])
            words += svg.text(x + side * 14, y + 13, shape, SMALL, anchor)
        return svg.arrow(curve) + delay + words

    def weight(self, edge: Edge, at: svg.Point, across=False, below=True) -> str:
        """Write the weight of an edge above it (across) or to its right, and the weight's shape."""
        x, y = at
        name = self.letter(edge.weight)
        shape = self.shape(WIDTHS[edge.source.letter], WIDTHS[edge.target.letter])
        if across:
            words = svg.text(x, y - 19, name, 18)
            if self.shapes:
                words += svg.text(x, y + 15 if below else y - 40, shape, SMALL)
            return words
        words = svg.text(x, y - 9 * self.shapes, name, 18, "start")
        if self.shapes:
            words += svg.text(x, y + 13, shape, SMALL, "start")
        return words

    def group(self, nodes: list[Node], name: str) -> str:
        """Draw a brace under the columns of `nodes`, with a name below it."""
        y = self.rows[INPUT] + self.height / 2 + 12
        left = self.at(nodes[0])[0] - self.width / 2
        right = self.at(nodes[-1])[0] + self.width / 2
        path = f"M{svg.num(left)} {svg.num(y - 6)}v6H{svg.num(right)}v-6"
        return f'<path d="{path}" stroke="currentColor" stroke-width="1.2"/>' + svg.text(
            (left + right) / 2, y + 16, name, 15
        )
