"""A trigger among other sounds: what a frame alone, a GRU, and a GRU both ways make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.data import event_precision, event_recall, event_starts, trigger_audio
from course_utils.data.audio import TriggerClips
from course_utils.experiments.core import Experiment
from course_utils.models import Tagger
from course_utils.training import fit

TOLERANCE = 8
"""Frames (of 16 ms) by which a detector may speak too early or too late."""


class OneFrame(nn.Module):
    """The baseline that remembers nothing: `x (B, T, D)` to logits `(B, T, 1)`, frame by frame."""

    def __init__(self, D: int, H: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(D, H), nn.Tanh(), nn.Linear(H, H), nn.Tanh())
        self.readout = nn.Linear(H, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.readout(self.net(x))


def parts(train: int = 1500, test: int = 400) -> tuple[TriggerClips, TriggerClips]:
    """Return clips to train on and clips to test on, their spectrograms standardised alike."""
    clips, others = trigger_audio(train, seed=0), trigger_audio(test, seed=1)
    mean = clips.spectrograms.mean(axis=(0, 1))
    deviation = clips.spectrograms.std(axis=(0, 1))
    for part in (clips, others):
        part.spectrograms[:] = (part.spectrograms - mean) / deviation
    return clips, others


def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean over all frames: yes or no at every one, logits `(B, T, 1)`."""
    return nn.functional.binary_cross_entropy_with_logits(logits[..., 0], labels.float())


def train(model: nn.Module, clips: TriggerClips, seed: int, epochs: int = 6) -> None:
    """Train in place: Adam with clipped gradients, batches of 32 clips."""
    fit(
        model,
        loss,
        (clips.spectrograms, clips.labels),
        optimizer=torch.optim.Adam(model.parameters(), lr=4e-3),
        epochs=epochs,
        batch_size=32,
        seed=seed,
        clip_norm=1.0,
        progress=False,
    )


def scores(model: nn.Module, clips: TriggerClips) -> dict[str, float]:
    """Return the accuracy of frames, precision and recall of events, and how many were found.

    The precision is nan where no event was found.
    """
    with torch.no_grad():
        active = model(torch.from_numpy(clips.spectrograms))[..., 0].numpy() > 0
    found = event_starts(active, hold=TOLERANCE)
    return {
        "frame accuracy": float(np.mean(active == (clips.labels == 1))),
        "found": len(found),
        "precision": event_precision(found, clips.triggers, TOLERANCE),
        "recall": event_recall(found, clips.triggers, TOLERANCE),
    }


def run(seed: int, *, reader: str, H: int = 48, epochs: int = 6) -> dict[str, Any]:
    """Train one detector and return its scores on clips that it has not heard."""
    clips, others = parts()
    D = clips.spectrograms.shape[-1]
    if reader == "one frame":
        model: nn.Module = OneFrame(D, H)
    else:
        model = Tagger(D, H, 1, bidirectional=reader == "both ways")
    train(model, clips, seed, epochs)
    found = scores(model, others)
    return {**found, "precision": float(np.nan_to_num(found["precision"]))}  # JSON has no nan


EXPERIMENT = Experiment(
    name="trigger",
    question="Who hears the trigger: a frame alone, a GRU, a GRU that reads both ways?",
    run=run,
    settings={
        "one frame at a time": {"reader": "one frame"},
        "GRU 48": {"reader": "one way"},
        "GRU 34 + 34, both ways": {"reader": "both ways", "H": 34},
    },
    seeds=range(3),
    sample=("one frame at a time", 0),
    tolerance={"frame accuracy": 0.01, "found": 5, "precision": 1.0, "recall": 0.02},
)
