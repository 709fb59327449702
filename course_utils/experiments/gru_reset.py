"""Does it matter where the GRU's reset gate acts, or whether there is one?"""

from __future__ import annotations

import torch
from torch import nn

from course_utils.experiments.choosing import TASKS, train
from course_utils.experiments.core import Experiment
from course_utils.models import GRUVariant

OPEN = 20.0  # σ(20) is 1 in float32, and its slope 0: the gate stays open for ever


def cell(D: int, H: int, reset: str) -> nn.Module:
    """Return a GRU layer with its reset "after" or "before" the product with W_hn, or "none"."""
    net = GRUVariant(D, H, reset="after" if reset == "none" else reset)
    if reset == "none":
        with torch.no_grad():
            net.b[:H] = OPEN
    return net


def run(seed: int, *, task: str, reset: str, H: int = 64) -> dict[str, float]:
    """Train one of the three on one task; returns what `choosing.train` does.

    Seeded alike, all three start from the same numbers in W_xh and W_hh.
    """
    torch.manual_seed(seed)
    chosen = TASKS[task]
    return train(chosen, chosen.net(lambda D, H: cell(D, H, reset), H), seed)


EXPERIMENT = Experiment(
    name="gru_reset",
    question="Does it matter where the GRU's reset gate acts, or whether there is one?",
    run=run,
    settings={
        f"{task}: {reset}": {"task": task, "reset": reset}
        for task in ("adding", "copy")
        for reset in ("after", "before", "none")
    },
    seeds=range(5),
    sample=("copy: after", 0),
    tolerance={"score": 0.01, "passed": 0.0, "updates": 200.0, "parameters": 0.0},
)
