"""A tag that needs the word before and the word after: read forward, backward and both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.data.phrases import TAGS, VOCAB, quantity_phrases
from course_utils.experiments.core import Experiment
from course_utils.models import Tagger, parameters
from course_utils.models.tagging import reverse
from course_utils.training import steps as steps_to_take

NO_NUMBER = len(TAGS) - 1


def batch(n: int, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Return x `(n, T, V)` one-hot, tags `(n, T)`, lengths `(n,)` and the mask `(n, T)`."""
    ids, tags, lengths = map(torch.from_numpy, quantity_phrases(n, rng))
    x = nn.functional.one_hot(ids, len(VOCAB)).float()
    return x, tags, lengths, ids != 0


def logits_of(model: Tagger, x: torch.Tensor, lengths: torch.Tensor, way: str) -> torch.Tensor:
    """Return logits `(B, T, K)`; read backward, the sequences are turned round and back again."""
    if way != "backward":
        return model(x, lengths)
    return reverse(model(reverse(x, lengths), lengths), lengths)


def run(seed: int, *, way: str, H: int, steps: int = 300) -> dict[str, Any]:
    """Train one tagger and return its accuracy on digits, and the share of padding it met."""
    rng = np.random.default_rng(seed)
    model = Tagger(len(VOCAB), H, len(TAGS), bidirectional=way == "both")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps_to_take(steps)):
        x, tags, lengths, mask = batch(32, rng)
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits_of(model, x, lengths, way)[mask], tags[mask]).backward()
        optimizer.step()
    x, tags, lengths, mask = batch(1000, np.random.default_rng(10_000 + seed))
    asked = mask & (tags != NO_NUMBER)
    with torch.no_grad():
        said = logits_of(model, x, lengths, way).argmax(dim=-1)
    return {
        "accuracy": float((said == tags)[asked].float().mean()),
        "parameters": parameters(model),
    }


EXPERIMENT = Experiment(
    name="both_ways",
    question="How good is a tagger that reads one way where the answer needs both?",
    run=run,
    settings={
        "forward": {"way": "forward", "H": 32},
        "backward": {"way": "backward", "H": 32},
        "both ways": {"way": "both", "H": 16},
    },
    seeds=range(3),
    sample=("forward", 0),
    tolerance={"accuracy": 0.03},
)
