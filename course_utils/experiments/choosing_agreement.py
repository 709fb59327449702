"""The same comparison on the agreement grammar, up to 61 tokens from the noun to its verb."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.data import AgreementGrammar
from course_utils.experiments.agreement import MAX_PHRASES, NextWord, examine, next_word_loss
from course_utils.experiments.choosing import BATCH, CELLS, Task, train
from course_utils.experiments.core import Experiment
from course_utils.models import recurrent

D = 64  # the embedding's size, for every width of the layer


@cache
def _grammar() -> AgreementGrammar:
    return AgreementGrammar(MAX_PHRASES)


def _loss(net: nn.Module, rng: np.random.Generator) -> Tensor:
    grammar = _grammar()
    ids = torch.from_numpy(grammar.encode(grammar.sample(BATCH, rng))[0])
    return next_word_loss(net(ids[:, :-1]), ids[:, 1:])


TASK = Task(
    net=lambda make, H: NextWord(len(_grammar().vocab), D, H, make(D, H)),
    loss=_loss,
    score=lambda net: examine(net, _grammar(), MAX_PHRASES)[0],  # the farthest distance alone
    passed=lambda share: share >= 0.99,
    updates=2000,
    lr=5e-3,
)


def run(seed: int, *, cell: str, H: int) -> dict[str, float]:
    """Train one cell on the grammar; returns what `choosing.train` does."""
    torch.manual_seed(seed)
    return train(TASK, TASK.net(lambda D, H: recurrent(cell, D, H), H), seed)


# The narrow ones have as many parameters, without the embedding, as the RNN of 64 units.
WIDTHS = {name: (cell, 64) for name, cell in CELLS.items()} | {
    "narrow GRU": ("gru", 33),
    "narrow LSTM": ("lstm", 27),
}

EXPERIMENT = Experiment(
    name="choosing_agreement",
    question="Which cell finds the subject behind twenty phrases, and after how many updates?",
    run=run,
    settings={name: {"cell": cell, "H": H} for name, (cell, H) in WIDTHS.items()},
    seeds=range(3),
    sample=("IRNN", 0),
    tolerance={"score": 0.05, "passed": 0.0, "updates": 150.0, "parameters": 0.0},
)
