"""Ten thousand characters and too many weights: what dropout does, with fresh and kept masks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from course_utils.experiments import characters
from course_utils.experiments.core import Experiment

EVERY = 50  # updates between two looks at the perplexities


class Reader(nn.Module):
    """Characters `(B, T)` to `logits (B, T, V)`, with dropout before and after one GRU.

    masks  "none", "fresh" (a new mask at every step) or "kept" (one for all steps of a sequence)
    """

    def __init__(self, V: int, H: int, masks: str, p_in: float, p_out: float) -> None:
        super().__init__()
        self.embedding, self.readout = nn.Embedding(V, 32), nn.Linear(H, V)
        self.cell = nn.GRU(32, H, batch_first=True)
        self.masks, self.p_in, self.p_out = masks, p_in, p_out

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        h, _ = self.cell(self._drop(self.embedding(ids), self.p_in))
        return self.readout(self._drop(h, self.p_out))

    def _drop(self, x: torch.Tensor, p: float) -> torch.Tensor:
        if self.masks == "none" or not self.training:
            return x
        B, T, H = x.shape
        steps = T if self.masks == "fresh" else 1
        keep = torch.full((B, steps, H), 1 - p, device=x.device)
        return x * torch.bernoulli(keep) / (1 - p)


def run(
    seed: int, *, masks: str, p_in: float = 0.0, p_out: float = 0.0, steps: int = 700
) -> dict[str, Any]:
    """Return both curves, and the test perplexity at the lowest validation and at the end."""
    (train, validation, test), V = characters.manual_parts(10_000, 5_000, 10_000)
    rows = {
        "training": characters.in_rows(train, 10),
        "validation": characters.in_rows(validation, 5),
        "test": characters.in_rows(test, 10),
    }
    model = Reader(V, 128, masks, p_in, p_out)
    curves: dict[str, list[float]] = {name: [] for name in rows}

    def watch(update: int) -> None:
        if update == 1 or update % EVERY == 0:
            for name in rows:
                curves[name].append(characters.perplexity(model, rows[name]))

    characters.train(model, train, steps=steps, seed=seed, B=10, T=50, lr=5e-3, watch=watch)
    best = min(range(len(curves["validation"])), key=curves["validation"].__getitem__)
    return {
        "training curve": curves["training"],
        "validation curve": curves["validation"],
        "best update": max(1, best * EVERY),
        "test at best": curves["test"][best],
        "test at end": curves["test"][-1],
    }


EXPERIMENT = Experiment(
    name="dropout_on_text",
    question="Does dropout keep a net from learning ten thousand characters by heart?",
    run=run,
    settings={
        "none": {"masks": "none"},
        "a new mask each step": {"masks": "fresh", "p_in": 0.2, "p_out": 0.5},
        "one mask a sequence": {"masks": "kept", "p_in": 0.2, "p_out": 0.5},
    },
    seeds=range(3),
    sample=("none", 0),
    tolerance={
        "training curve": 8.0,
        "validation curve": 8.0,
        "best update": 100,
        "test at best": 1.0,
        "test at end": 4.0,
    },
)
