"""What a GRU must keep for T steps while its state is dropped: with fresh masks, or one for all.

A symbol of eight can be repaired at every step, for there are eight right values only. A number
cannot: every value is a possible one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.experiments.core import Experiment
from course_utils.training import steps as steps_to_take

SYMBOLS = 8
DISTANCES = (1, 5, 10, 20, 30)


class Keeper(nn.Module):
    """A GRU in a loop, `x (B, T, D)` to `answers (B, K)` from the last state.

    Units of the state are dropped with probability p. What is multiplied by a mask is the new
    state itself, hence what is carried on: h_t = m * GRU(x_t, h_{t-1}).

    masks  "none"; "fresh": m is new at every step; "kept": one m for all steps of a sequence; both
           hold 0 and 1/(1-p). "read": kept, but what is carried is multiplied by 0 or 1 alone,
           and the 1/(1-p) stands where the state is read: in the products and the readout
    """

    def __init__(self, D: int, H: int, K: int, masks: str, p: float) -> None:
        super().__init__()
        self.from_x, self.from_h = nn.Linear(D, 3 * H), nn.Linear(H, 3 * H)
        self.readout = nn.Linear(H, K)
        self.masks, self.p = masks, p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x.new_zeros(len(x), self.from_h.in_features)
        dropping = self.training and self.masks != "none"
        at_reading = 1 / (1 - self.p) if dropping and self.masks == "read" else 1.0
        mask = self._mask(h) if dropping else torch.ones_like(h)
        for a in self.from_x(x).unbind(dim=1):
            if dropping and self.masks == "fresh":
                mask = self._mask(h)
            r, z, n = a.chunk(3, dim=1)
            h_r, h_z, h_n = self.from_h(h * at_reading).chunk(3, dim=1)
            z = torch.sigmoid(z + h_z)
            n = torch.tanh(n + torch.sigmoid(r + h_r) * h_n)
            h = ((1 - z) * n + z * h) * mask
        return self.readout(h * at_reading)

    def _mask(self, h: torch.Tensor) -> torch.Tensor:
        kept = torch.bernoulli(torch.full_like(h, 1 - self.p))
        return kept if self.masks == "read" else kept / (1 - self.p)


def sequences(
    task: str, B: int, T: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x `(B, T + 1, 9)` and what is to be kept, `(B,)`: it comes first, then T blanks.

    A "symbol" is one of eight inputs, a "number" from -1 to 1 stands in the first of them. The
    9th input is noise during the blanks.
    """
    x = np.zeros((B, T + 1, SYMBOLS + 1), dtype=np.float32)
    x[:, 1:, SYMBOLS] = rng.normal(size=(B, T))
    if task == "symbol":
        kept = rng.integers(SYMBOLS, size=B)
        x[np.arange(B), 0, kept] = 1
    else:
        kept = rng.uniform(-1, 1, size=B).astype(np.float32)
        x[:, 0, 0] = kept
    return torch.from_numpy(x), torch.from_numpy(kept)


def run(seed: int, *, task: str, masks: str, p: float = 0.0, steps: int = 600) -> dict[str, Any]:
    """Train on 1 to 30 blanks and return the error at each distance, dropout off and on.

    The error is the share of wrong symbols, or the root of the mean square of a number's error.
    """
    rng = np.random.default_rng(seed)
    model = Keeper(SYMBOLS + 1, 48, SYMBOLS if task == "symbol" else 1, masks, p)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    steps = steps_to_take(steps)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        x, kept = sequences(task, 64, int(rng.integers(1, 31)), rng)
        optimizer.zero_grad()
        _loss(model(x), kept).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    errors: dict[str, list[float]] = {"dropout off": [], "dropout on": []}
    for distance in DISTANCES:
        x, kept = sequences(task, 1000, distance, np.random.default_rng(1000 + distance))
        with torch.no_grad():
            for name, training in (("dropout off", False), ("dropout on", True)):
                errors[name].append(_error(model.train(training)(x), kept))
    return errors


def _loss(answers: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    if kept.is_floating_point():
        return nn.functional.mse_loss(answers[:, 0], kept)
    return nn.functional.cross_entropy(answers, kept)


def _error(answers: torch.Tensor, kept: torch.Tensor) -> float:
    if kept.is_floating_point():
        return float((answers[:, 0] - kept).square().mean().sqrt())
    return float((answers.argmax(dim=1) != kept).float().mean())


EXPERIMENT = Experiment(
    name="dropout_on_memory",
    question="Which dropout on the state leaves a net its memory, of a symbol and of a number?",
    run=run,
    settings={
        "symbol, no dropout": {"task": "symbol", "masks": "none"},
        "symbol, a new mask each step": {"task": "symbol", "masks": "fresh", "p": 0.25},
        "number, no dropout": {"task": "number", "masks": "none"},
        "number, a new mask each step": {"task": "number", "masks": "fresh", "p": 0.25},
        "number, one mask": {"task": "number", "masks": "kept", "p": 0.25},
        "number, one mask, scaled where read": {"task": "number", "masks": "read", "p": 0.25},
    },
    seeds=range(3),
    sample=("symbol, no dropout", 0),
    tolerance={"dropout off": 0.05, "dropout on": 0.05},
)
