"""A language model that reads both ways has already read what it is asked to predict."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from course_utils.experiments import characters
from course_utils.experiments.core import Experiment

T = 32


class TwoWayReader(nn.Module):
    """Characters `(B, T)` to `logits (B, T, V)` for the next one, read one way or both ways."""

    def __init__(self, V: int, H: int, bidirectional: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, 32)
        self.cell = nn.GRU(32, H, batch_first=True, bidirectional=bidirectional)
        self.readout = nn.Linear(2 * H if bidirectional else H, V)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.readout(self.cell(self.embedding(ids))[0])


def trained(seed: int, bidirectional: bool, steps: int = 300) -> tuple[TwoWayReader, torch.Tensor]:
    """Return a trained model and held-out rows `(B, T + 1)`; one way and both ways cost alike."""
    (text, held_out), V = characters.manual_parts(200_000, 40_000)
    model = TwoWayReader(V, 64 if bidirectional else 96, bidirectional)
    characters.train(model, text, steps=steps, seed=seed, B=32, T=T, lr=1e-2)
    return model, characters.in_rows(held_out, len(held_out) // (T + 1))


def by_position(model: nn.Module, rows: torch.Tensor) -> torch.Tensor:
    """Return the mean nats at each of the T positions, for rows `(B, T + 1)`."""
    with torch.no_grad():
        return characters.nats(model(rows[:, :-1]), rows[:, 1:]).mean(dim=0)


def run(seed: int, *, bidirectional: bool) -> dict[str, Any]:
    """Return the held-out perplexity of the whole, and that of each position in the window."""
    nats = by_position(*trained(seed, bidirectional))
    return {
        "perplexity": float(nats.mean().exp()),
        "perplexity by position": nats.exp().tolist(),
    }


EXPERIMENT = Experiment(
    name="leak",
    question="What perplexity does a bidirectional language model report, and where?",
    run=run,
    settings={
        "one way": {"bidirectional": False},
        "both ways": {"bidirectional": True},
    },
    seeds=range(3),
    sample=("both ways", 0),
    tolerance={"perplexity": 0.1, "perplexity by position": 2.0},
)
