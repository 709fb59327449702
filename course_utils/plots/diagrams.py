"""Folded and unrolled recurrent networks, drawn as inline SVG for any number of steps and type."""

from collections.abc import Sequence

from . import svg
from .figure import Figure
from .graph import INPUT, OUTPUT, STATE, Edge, Node, check_feedback, on_paths, unrolled
from .pen import Pen
from .words import folded_words, unrolled_words

Labels = dict[str, str | Sequence[str]]


def unrolled_diagram(
    T: int = 4,
    kind: str = "many-to-many",
    *,
    T_out: int = 3,
    feedback: str | None = None,
    shapes: dict | bool | None = None,
    labels: Labels | None = None,
    highlight: tuple[int, int] | None = None,
    caption: str | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw a recurrent network unrolled over T steps, time running from left to right.

    `kind` is one-to-one (a single step, whatever T), one-to-many, many-to-one, many-to-many or
    encoder-decoder (T inputs, then T_out outputs). `feedback` None is an Elman network;
    "output" feeds y_{t-1} back in place of h_{t-1} (Jordan); "both" feeds back the two.
    `shapes` writes shapes into nodes and beside weights: True for letters, or a dict with sizes
    for B, D, H, O. `labels` renames letters and weights ({"h": "s", "W_xh": "U"}) or names every
    step of x or y ({"x": ["the", "cat", "sat"]}). `highlight=(i, j)` marks each path from x_i
    to y_j. Long networks are drawn with dots in the middle.
    Raises ValueError, in one sentence, for a network that does not exist.
    """
    edges = unrolled(T, kind, T_out, feedback)
    nodes = list(dict.fromkeys(node for edge in edges for node in (edge.source, edge.target)))
    marked = _paths(edges, nodes, highlight) if highlight else set()
    pen = Pen(shapes, _checked(labels, nodes), headroom=feedback is not None)

    body = [pen.edge(edge, edge in marked) for edge in edges if edge.weight is not None]
    body += [pen.node(node) for node in nodes]
    width, height = pen.size(1 + max(node.column for node in nodes))
    if kind == "encoder-decoder":
        states = sorted((n for n in nodes if n.role == STATE), key=lambda node: node.column)
        body.append(pen.group([n for n in states if n.letter == "h" and n.step != 0], "encoder"))
        body.append(pen.group([n for n in states if n.letter == "s"], "decoder"))
        height += 34
    words = unrolled_words(T, kind, T_out, feedback, highlight, pen)
    alt, caption = alt or words[0], caption or words[1]
    return Figure(svg.document(width, height, body, alt), alt=alt, caption=caption)


def folded_diagram(
    *,
    feedback: str | None = None,
    shapes: dict | bool | None = None,
    labels: Labels | None = None,
    caption: str | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw the recurrent network as one cell with a loop; arguments as in `unrolled_diagram`.

    The small square on a loop is a delay: what enters it at step t leaves it at step t + 1.
    """
    check_feedback(feedback)
    x, h, y = (
        Node(role, letter, "t", 1)
        for role, letter in zip((INPUT, STATE, OUTPUT), "xhy", strict=True)
    )
    pen = Pen(shapes, labels or {})
    body = [pen.edge(Edge(x, h, "W_xh")), pen.edge(Edge(h, y, "W_hy"))]
    if feedback != "output":
        body.append(pen.loop(h, h, "W_hh"))
    if feedback:
        body.append(pen.loop(y, h, "W_yh"))
    body += [pen.node(node) for node in (x, h, y)]
    width, height = pen.size(3)
    words = folded_words(feedback, pen)
    alt, caption = alt or words[0], caption or words[1]
    return Figure(svg.document(width, height, body, alt), alt=alt, caption=caption)


def _paths(edges: list[Edge], nodes: list[Node], highlight: tuple[int, int]) -> set[Edge]:
    """Return the edges on paths from x_i to y_j; raise ValueError if one of them is not drawn."""
    i, j = highlight
    ends = []
    for role, step in ((INPUT, i), (OUTPUT, j)):
        found = [node for node in nodes if node.role == role and node.step == step]
        if not found:
            raise ValueError(f"highlight={highlight}: there is no {role} drawn at step {step}.")
        ends.append(found[0])
    paths = on_paths(edges, *ends)
    if not paths:
        raise ValueError(
            f"highlight={highlight}: step {i} comes after step {j}, so no path exists."
        )
    return paths


def _checked(labels: Labels | None, nodes: list[Node]) -> Labels:
    """Return `labels`; raise ValueError when a list of words is too short for its nodes."""
    for letter, words in (labels or {}).items():
        need = max((n.step or 0 for n in nodes if n.letter == letter), default=0)
        if not isinstance(words, str) and len(words) < need:
            raise ValueError(f"labels[{letter!r}] has {len(words)} words for {need} steps.")
    return labels or {}
