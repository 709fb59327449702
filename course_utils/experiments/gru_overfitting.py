"""Do GRUs overfit less than LSTMs? Too little to learn from, and the loss on both sides."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.data import digit_rows
from course_utils.experiments.characters import in_rows, manual_parts, random_windows
from course_utils.experiments.core import Experiment
from course_utils.models import recurrent
from course_utils.training import steps

UPDATES, EVERY = 600, 25
IMAGES = 100  # of the 1,437 that there are to learn from

Pair = tuple[Tensor, Tensor]


class Model(nn.Module):
    """What comes in, a recurrent layer, scores: of every step, or of the last one alone."""

    def __init__(self, enter: nn.Module, D: int, cell: str, H: int, n_scores: int, last: bool):
        super().__init__()
        self.enter, self.cell, self.readout = enter, recurrent(cell, D, H), nn.Linear(H, n_scores)
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.cell(self.enter(x))
        return self.readout(h[:, -1] if self.last else h)


@cache
def _text() -> tuple[list[np.ndarray], int]:
    return manual_parts(10_000, 10_000)


@cache
def _digits() -> tuple[Pair, Pair]:
    (x, y), held_out = digit_rows()
    return tuple(torch.from_numpy(a[:IMAGES]) for a in (x, y)), tuple(
        map(torch.from_numpy, held_out)
    )


def nats(net: nn.Module, pair: Pair) -> Tensor:
    """Return the mean nats of all answers."""
    logits = net(pair[0])
    return nn.functional.cross_entropy(logits.flatten(0, -2), pair[1].flatten())


def run(seed: int, *, task: str, cell: str, H: int) -> dict[str, list[float] | float]:
    """Train for 600 updates; nats on both parts every 25, and the number of parameters.

    "text" reads 10,000 characters of Python's manual and is tested on the next 10,000; "digits"
    has 100 images, row by row. With COURSE_SMOKE=1 two updates.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    if task == "text":
        (ids, later), V = _text()
        net = Model(nn.Embedding(V, 32), 32, cell, H, V, last=False)
        parts = [(rows[:, :-1], rows[:, 1:]) for rows in (in_rows(ids, 10), in_rows(later, 10))]

        def batch() -> Pair:
            stretch = random_windows(ids, 10, 50, rng)
            return stretch[:, :-1], stretch[:, 1:]
    else:
        parts = list(_digits())
        net = Model(nn.Identity(), 8, cell, H, 10, last=True)

        def batch() -> Pair:
            chosen = torch.from_numpy(rng.choice(IMAGES, 50, replace=False))
            return parts[0][0][chosen], parts[0][1][chosen]

    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    curves: dict[str, list[float]] = {"training": [], "held out": []}
    for update in range(1, steps(UPDATES) + 1):
        optimizer.zero_grad()
        nats(net, batch()).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if update % EVERY == 0:
            with torch.no_grad():
                for curve, part in zip(curves.values(), parts, strict=True):
                    curve.append(nats(net, part).item())
    return {**curves, "parameters": float(sum(p.numel() for p in net.parameters()))}


# The wide GRU has as many parameters as the LSTM, within 1%.
WIDTHS = {
    "text": {"LSTM": ("lstm", 128), "GRU": ("gru", 128), "wide GRU": ("gru", 149)},
    "digits": {"LSTM": ("lstm", 64), "GRU": ("gru", 64), "wide GRU": ("gru", 75)},
}

EXPERIMENT = Experiment(
    name="gru_overfitting",
    question="Do GRUs overfit less than LSTMs?",
    run=run,
    settings={
        f"{task}: {name}": {"task": task, "cell": cell, "H": H}
        for task, widths in WIDTHS.items()
        for name, (cell, H) in widths.items()
    },
    seeds=range(5),
    sample=("digits: LSTM", 0),
    tolerance={"training": 0.1, "held out": 0.3, "parameters": 0.0},
)
