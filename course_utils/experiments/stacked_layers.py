"""Does stacking help? One, two and three layers of GRU on characters, with as many parameters.

And what does each layer hold? Linear probes read, from the states of one layer at a time, the
character just read, older ones, and the one to come.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.experiments import characters
from course_utils.experiments.core import Experiment

LAGS = (-1, 0, 1, 2, 4, 8)
"""What the probes look for: the character so many steps ago; -1 is the one to come."""


class Stack(nn.Module):
    """Characters `(B, T)` through `layers` GRUs of H units to `logits (B, T, V)`.

    With `residual` each layer after the first adds its output to what it read.
    """

    def __init__(self, V: int, H: int, layers: int, residual: bool = False) -> None:
        super().__init__()
        sizes = [32] + [H] * layers
        self.embedding, self.readout = nn.Embedding(V, 32), nn.Linear(H, V)
        self.layers = nn.ModuleList(
            nn.GRU(below, above, batch_first=True) for below, above in pairwise(sizes)
        )
        self.residual = residual

    def states(self, ids: torch.Tensor) -> list[torch.Tensor]:
        """Return what each layer hands upwards, `(B, T, H)` each, the lowest first."""
        x, found = self.embedding(ids), []
        for i, layer in enumerate(self.layers):
            h, _ = layer(x)
            x = h + x if self.residual and i else h
            found.append(x)
        return found

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.readout(self.states(ids)[-1])


def run(
    seed: int, *, layers: int, H: int, residual: bool = False, steps: int = 300
) -> dict[str, Any]:
    """Return the held-out perplexity, the parameters, and the probes before and after training."""
    (text, held_out), V = characters.manual_parts(200_000, 40_000)
    model = Stack(V, H, layers, residual)
    rows = characters.in_rows(held_out, 40)
    before = probes(model, rows)
    characters.train(model, text, steps=steps, seed=seed)
    return {
        "perplexity": characters.perplexity(model, rows),
        "parameters": sum(p.numel() for p in model.parameters()),
        "probes": probes(model, rows),
        "probes untrained": before,
    }


def probes(model: Stack, rows: torch.Tensor) -> list[list[float]]:
    """Return the share of characters that a linear probe reads right, `(layers, len(LAGS))`.

    A probe is a ridge regression onto one-hot rows, fitted on half of the rows of text, judged on
    the other half; the first 32 steps of each are left out, for there the past is short.
    """
    with torch.no_grad():
        states = model.states(rows[:, :512])
    last = 512 - 1
    half, accuracies = len(rows) // 2, []
    for h in states:
        H = h[:, 32:last].numpy().astype(float)
        H = np.concatenate([H, np.ones((*H.shape[:2], 1))], axis=-1)
        seen, asked = (part.reshape(-1, H.shape[-1]) for part in (H[:half], H[half:]))
        square = seen.T @ seen + 1e-2 * np.eye(seen.shape[1])
        found = []
        for lag in LAGS:
            targets = rows[:, 32 - lag : last - lag].numpy()
            wanted, truth = targets[:half].ravel(), targets[half:].ravel()
            one_hot = np.eye(int(rows.max()) + 1)[wanted]
            said = asked @ np.linalg.solve(square, seen.T @ one_hot)
            found.append(float((said.argmax(axis=1) == truth).mean()))
        accuracies.append(found)
    return accuracies


EXPERIMENT = Experiment(
    name="stacked_layers",
    question="Do stacked layers predict characters better than one, and what does each hold?",
    run=run,
    settings={
        "1 layer of 160": {"layers": 1, "H": 160},
        "2 layers of 96": {"layers": 2, "H": 96},
        "3 layers of 75": {"layers": 3, "H": 75},
        "3 layers of 75, added": {"layers": 3, "H": 75, "residual": True},
        "2 layers of 160": {"layers": 2, "H": 160},
    },
    seeds=range(3),
    sample=("2 layers of 96", 0),
    tolerance={"perplexity": 0.15, "probes": 0.05, "probes untrained": 0.02},
)
