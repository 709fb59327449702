"""Which cure lets a net learn from a noun sixty words back? The agreement grammar, nine ways."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.data import AgreementGrammar
from course_utils.experiments.agreement import MAX_PHRASES, NextWord, examine, train_agreement
from course_utils.experiments.core import Experiment
from course_utils.models import recurrent


def reach(model: NextWord, grammar: AgreementGrammar, n_sentences: int = 64) -> list[float]:
    """Return how strongly the verb's loss pulls at each word before it, in the longest sentences.

    Entry k is the norm of the gradient at the embedding of the word read k steps before the last
    one ahead of the verb: its mean over sentences, divided by that of entry 0. The last entry is
    the subject's, whose number decides.
    """
    sentences = grammar.sample(n_sentences, np.random.default_rng(20_000), grammar.max_phrases)
    ids = torch.from_numpy(grammar.encode(sentences)[0])
    verb = sentences[0].verb
    x = model.embedding(ids[:, :verb]).detach().requires_grad_()
    logits = model.readout(model.cell(x)[0][:, -1])
    loss = nn.functional.cross_entropy(logits, ids[:, verb], reduction="sum")
    norms = torch.autograd.grad(loss, x)[0].norm(dim=2).mean(dim=0)
    return (norms[1:].flip(0) / norms[-1]).tolist()


def make(cell: str, inputs: float | None, D: int, H: int) -> nn.RNNBase:
    """Return a cell of models.recurrent; with `inputs`, its W_xh ~ N(0, inputs²), biases zero."""
    net = recurrent(cell, D, H)
    if inputs is not None:
        nn.init.normal_(net.weight_ih_l0, std=inputs)
        nn.init.zeros_(net.bias_ih_l0)
        nn.init.zeros_(net.bias_hh_l0)
    return net


def run(
    seed: int,
    cell: str,
    clip: float | None,
    inputs: float | None = None,
    phrases: int = MAX_PHRASES,
    steps: int = 2000,
) -> dict[str, Any]:
    """Train the cell that `make` makes; return how well it agrees, and how that came about.

    `accuracy` at 0 to `phrases` phrases and `excess` are train_agreement's; `longest` is the
    accuracy at `phrases` after each twentieth of the training; `reach_before` and `reach_after`
    are what `reach` says of the untrained and the trained net. Of the updates, in a hundred
    pieces: `loss`, the mean, and `norm` and `norm_max`, the median and the largest norm before
    clipping.
    """
    grammar, longest, before, nets = AgreementGrammar(phrases), [], [], []

    def watch(step: int, model: NextWord) -> None:
        if step == 0:
            nets.append(model)
            before.extend(reach(model, grammar))
        elif step % (steps // 20) == 0:
            longest.append(examine(model, grammar, phrases)[0])

    found = train_agreement(
        partial(make, cell, inputs),
        seed,
        steps=steps,
        clip=clip,
        max_phrases=phrases,
        watch=watch,
    )
    pieces = min(100, len(found["loss"]))
    norms = np.array_split(found["norm"], pieces)
    return {
        "accuracy": found["accuracy"],
        "excess": found["excess"],
        "longest": [*longest, found["accuracy"][-1]],
        "reach_before": before,
        "reach_after": reach(nets[0], grammar),
        "loss": [float(piece.mean()) for piece in np.array_split(found["loss"], pieces)],
        "norm": [float(np.median(piece)) for piece in norms],
        "norm_max": [float(piece.max()) for piece in norms],
    }


EXPERIMENT = Experiment(
    name="agreement_cures",
    question="Who learns to make a verb agree with a noun up to sixty words before it?",
    run=run,
    settings={
        "tanh RNN, no clipping": {"cell": "rnn", "clip": None},
        "tanh RNN": {"cell": "rnn", "clip": 1.0},
        "orthogonal": {"cell": "orthogonal", "clip": 1.0},
        "orthogonal, small inputs": {"cell": "orthogonal", "clip": 1.0, "inputs": 0.01},
        "IRNN": {"cell": "irnn", "clip": 1.0},
        "IRNN, no clipping": {"cell": "irnn", "clip": None},
        "LSTM": {"cell": "lstm", "clip": 1.0},
        "tanh RNN, 0 to 6 phrases": {"cell": "rnn", "clip": 1.0, "phrases": 6},
        "tanh RNN, 0 to 3 phrases": {"cell": "rnn", "clip": 1.0, "phrases": 3},
    },
    seeds=(0, 1, 2, 3, 4),
    sample=("IRNN", 0),
    tolerance={"accuracy": 0.1, "excess": 0.005},
)
