"""What an unrolled network is made of: nodes on a grid, edges between them, paths through them."""

from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral

KINDS = ("one-to-one", "one-to-many", "many-to-one", "many-to-many", "encoder-decoder")
FEEDBACK = (None, "output", "both")
INPUT, STATE, OUTPUT = "input", "state", "output"


@dataclass(frozen=True)
class Node:
    """One quantity at one step: its role (the row), its letter, its step, its column."""

    role: str
    letter: str
    step: int | None  # None: dots in place of the steps left out
    column: int


@dataclass(frozen=True)
class Edge:
    """An arrow and the weight matrix on it; `weight` is None where dots hide the arrow."""

    source: Node
    target: Node
    weight: str | None


def unrolled(T: int, kind: str, T_out: int, feedback: str | None) -> list[Edge]:
    """Return the edges of a network of `kind` over T steps, in drawing order.

    With kind "encoder-decoder" the T encoder states h are followed by T_out decoder states s.
    Raises ValueError, in one sentence, for a network that does not exist.
    """
    _check(T, kind, T_out, feedback)
    states = _states(T, kind, T_out)
    writer = "s" if kind == "encoder-decoder" else "h"
    last = states[-1]

    edges = []
    outputs = {}  # state -> the output above it
    for state in states:
        if state.step == 0:
            continue
        reads = kind != "one-to-many" or state.step == 1
        if reads and state.letter == "h":
            x = Node(INPUT, "x", state.step, state.column)
            edges.append(Edge(x, state, "W_xh" if state.step else None))
        if state.letter == writer and (kind != "many-to-one" or state is last):
            y = outputs[state] = Node(OUTPUT, "y", state.step, state.column)
            edges.append(Edge(state, y, f"W_{writer}y" if state.step else None))

    for before, after in pairwise(states):
        written = feedback and after in outputs  # does an output come back into this state?
        same_net = before.letter == after.letter
        if not (feedback == "output" and written and same_net):
            edges.append(Edge(before, after, f"W_{before.letter}{after.letter}"))
        if written:
            y = outputs.get(before) or Node(OUTPUT, "y", 0, before.column)
            edges.append(Edge(y, after, f"W_y{after.letter}"))
    return edges


def _states(T: int, kind: str, T_out: int) -> list[Node]:
    """Return the row of states from left to right: h_0, the encoder's, the decoder's."""
    if kind == "one-to-one":
        return [Node(STATE, "h", 1, 0)]
    paired = kind == "encoder-decoder"
    steps = [("h", step) for step in [0, *shown_steps(T, 4 if paired else 7)]]
    if paired:
        steps += [("s", step) for step in shown_steps(T_out, 4)]
    return [Node(STATE, letter, step, column) for column, (letter, step) in enumerate(steps)]


def shown_steps(T: int, most: int) -> list[int | None]:
    """Return the steps to draw: 1..T, or the first and the last with None for the gap between."""
    if most >= T:
        return list(range(1, T + 1))
    return [*range(1, most - 2), None, *range(T - 1, T + 1)]


def on_paths(edges: list[Edge], source: Node, target: Node) -> set[Edge]:
    """Return the edges that lie on some path from `source` to `target`."""

    def reach(start: Node, forward: bool) -> set[Node]:
        seen, queue = {start}, [start]
        while queue:
            node = queue.pop()
            for edge in edges:
                here, there = (edge.source, edge.target) if forward else (edge.target, edge.source)
                if here == node and there not in seen:
                    seen.add(there)
                    queue.append(there)
        return seen

    between = reach(source, True) & reach(target, False)
    return {edge for edge in edges if edge.source in between and edge.target in between}


def _check(T: int, kind: str, T_out: int, feedback: str | None) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is unknown: choose one of {', '.join(KINDS)}.")
    for name, steps in (("T", T), ("T_out", T_out)):
        if not isinstance(steps, Integral) or steps < 1:
            raise ValueError(f"{name}={steps!r} is not a number of steps: give 1 or more.")
    check_feedback(feedback)
    if feedback and kind in ("one-to-one", "many-to-one"):
        raise ValueError(f"A {kind} network writes one output, so none can be fed back.")


def check_feedback(feedback: str | None) -> None:
    """Raise ValueError unless `feedback` is None, "output" or "both"."""
    if feedback not in FEEDBACK:
        raise ValueError(f"feedback={feedback!r} is unknown: choose None, 'output' or 'both'.")
