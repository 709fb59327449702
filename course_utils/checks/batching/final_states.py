"""The check of reading h_n: (layers * directions, B, H) to one row for each sequence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    """Let torch's own layers read noise; what they give at every step is kept for the oracle."""
    import torch

    def case(layers: int, directions: int, B: int, weight: float = 1.0) -> Case:
        sizes = {"batch_first": True, "bidirectional": directions == 2, "dtype": torch.float64}
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(int(rng.integers(1 << 31)))
            gru = torch.nn.GRU(3, 4, layers, **sizes)
            output, h_n = gru(torch.from_numpy(rng.normal(size=(B, 5, 3))))
        arguments = {"h_n": h_n.numpy(), "layers": layers, "directions": directions}
        name = f"{layers} layers, {directions} directions, B={B}, H=4"
        return Case(name, arguments, weight, aside={"output": output.numpy()})

    yield case(2, 2, 3, 5.0)
    yield case(1, 2, 2)
    yield case(3, 1, 3)
    yield case(2, 2, 4)
    yield case(1, 1, 2)


def _oracle(h_n, layers, directions, output) -> np.ndarray:
    """Read the same states off the top layer's output: forward at the end, backward at step 0."""
    H = h_n.shape[2]
    last = output[:, -1, :H]
    return last if directions == 1 else np.concatenate([last, output[:, 0, H:]], axis=1)


def _top(h_n, directions):
    return h_n[-directions:]


def _flat(states):
    """Return states (n, B, H) as (B, n H), n slow and H fast."""
    return np.moveaxis(states, 0, 1).reshape(states.shape[1], -1)


def _direction_first(h_n, layers, directions):
    _, B, H = h_n.shape
    return _flat(h_n.reshape(directions, layers, B, H)[:, -1])


def _batch_first(h_n, layers, directions) -> Any:
    return h_n[:, -1]


summary_from_h_n = Check(
    "the last states read from h_n",
    [Output("summary", "(B, directions * H)")],
    _cases,
    _oracle,
    (
        *variants(
            "h_n read as batch-first",
            "`h_n` is read as if the batch came first; its axes are (layers * directions, B, H).",
            "`batch_first=True` does not change `h_n`: pick the layer on the first axis.",
            _batch_first,
            lambda h_n, layers, directions: h_n[:, -directions:].reshape(len(h_n), -1),
        ),
        *variants(
            "view for permute",
            "A `reshape` (or `view`) alone cuts the numbers in another order: one row now holds "
            "states of several sequences.",
            "First bring the batch to the front (`np.moveaxis`, in torch `transpose`), then "
            "`reshape`.",
            lambda h_n, layers, directions: _top(h_n, directions).reshape(h_n.shape[1], -1),
            lambda h_n, layers, directions: h_n.reshape(h_n.shape[1], -1),
            lambda h_n, layers, directions: h_n.reshape(h_n.shape[1], -1)[
                :, -directions * h_n.shape[2] :
            ],
        ),
        Mistake(
            "one direction only",
            "`h_n[-1]` is the top layer's backward state alone; the forward one stands before it.",
            "Take `h_n[-directions:]`.",
            lambda h_n, layers, directions: h_n[-1],
        ),
        Mistake(
            "forward direction only",
            "Only the top layer's forward state is there.",
            "Take `h_n[-directions:]`, both of them.",
            lambda h_n, layers, directions: h_n[-directions],
        ),
        Mistake(
            "all layers",
            "The states of all layers are there; asked for is the top one.",
            "The top layer stands last: `h_n[-directions:]`.",
            lambda h_n, layers, directions: _flat(h_n),
        ),
        Mistake(
            "the lowest layer",
            "This is the lowest layer.",
            "Layers are counted upwards: the top one stands last.",
            lambda h_n, layers, directions: _flat(h_n[:directions]),
        ),
        Mistake(
            "directions before layers",
            "The first axis is read as directions, then layers; it is layers, then directions.",
            "Layer 0 forward, layer 0 backward, layer 1 forward, layer 1 backward.",
            _direction_first,
        ),
        Mistake(
            "backward half first",
            "The backward state stands first.",
            "Forward first, as in the output.",
            lambda h_n, layers, directions: _flat(_top(h_n, directions)[::-1]),
        ),
        Mistake(
            "directions interleaved",
            "The numbers of both directions alternate; each direction should stand as a block.",
            "Move the first axis behind the batch, not behind H.",
            lambda h_n, layers, directions: np.moveaxis(_top(h_n, directions), 0, -1).reshape(
                h_n.shape[1], -1
            ),
        ),
        Mistake(
            "directions added",
            "Both directions are added.",
            "They stand side by side: directions * H numbers.",
            lambda h_n, layers, directions: _top(h_n, directions).sum(axis=0),
        ),
        Mistake(
            "not flattened",
            "The axes are in a good order, but the two directions are still an axis of their own.",
            "One `reshape(B, -1)` more.",
            lambda h_n, layers, directions: np.moveaxis(_top(h_n, directions), 0, 1),
        ),
    ),
)
"""Judges `summary_from_h_n(h_n, layers, directions) -> (B, directions * H)`: the top layer."""
