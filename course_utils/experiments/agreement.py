"""Who went? Nets that predict the next word of the agreement grammar, tested distance by distance.

The grammar's verb agrees with a noun that stands up to 61 tokens before it. A model that has lost
the noun's number pays only ln 2 a sentence, so the loss hardly shows it: `accuracy` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.data import AgreementGrammar
from course_utils.training import steps as steps_to_take

MAX_PHRASES = 20


class NextWord(nn.Module):
    """An embedding, a recurrent layer and a readout: `ids (B, T)` to `logits (B, T, V)`.

    `cell` maps `(B, T, D)` to all its states `(B, T, H)` and the last state, as models.recurrent
    does.
    """

    def __init__(self, V: int, D: int, H: int, cell: nn.Module) -> None:
        super().__init__()
        self.embedding, self.cell, self.readout = nn.Embedding(V, D), cell, nn.Linear(H, V)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.readout(self.cell(self.embedding(ids))[0])


def train_agreement(
    make_cell: Callable[[int, int], nn.Module],
    seed: int,
    *,
    steps: int = 800,
    lr: float = 5e-3,
    clip: float | None = 1.0,
    H: int = 64,
    batch: int = 64,
    max_phrases: int = MAX_PHRASES,
    distances: Sequence[int] | None = None,
    per_distance: int = 200,
    watch: Callable[[int, nn.Module], None] | None = None,
) -> dict[str, Any]:
    """Train one net on sentences with 0 to `max_phrases` phrases and test it at each distance.

    `make_cell(D, H)` makes the recurrent layer; D = H. Adam, sentences drawn afresh for each
    update, gradients clipped to the global norm `clip` where it is given. `watch(step, model)` is
    called after each backward pass, before the clipping. With COURSE_SMOKE=1 two updates.

    Returns `accuracy`, the share of right verbs at each of `distances` (numbers of phrases, by
    default all from 0 to `max_phrases`); `excess`, nats a token above the grammar's entropy, on
    the mixture of all numbers of phrases; and for each update `loss`, in nats a token, and
    `norm`, of all gradients together, before clipping.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    grammar = AgreementGrammar(max_phrases)
    model = NextWord(len(grammar.vocab), H, H, make_cell(H, H))
    optimizer = torch.optim.Adam(model.parameters(), lr)

    losses, norms = [], []
    for step in range(steps_to_take(steps)):
        ids = torch.from_numpy(grammar.encode(grammar.sample(batch, rng))[0])
        loss = next_word_loss(model(ids[:, :-1]), ids[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        if watch is not None:
            watch(step, model)
        norm = nn.utils.clip_grad_norm_(model.parameters(), np.inf if clip is None else clip)
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm.item())

    if distances is None:
        distances = range(max_phrases + 1)
    accuracy = [examine(model, grammar, n, per_distance)[0] for n in distances]
    return {
        "accuracy": accuracy,
        "excess": excess_loss(model, grammar, per_distance),
        "loss": losses,
        "norm": norms,
    }


def next_word_loss(
    logits: torch.Tensor, targets: torch.Tensor, reduction: str = "mean"
) -> torch.Tensor:
    """Return the nats of all tokens of `targets (B, T)` that are not padding: mean or sum."""
    flat = logits.reshape(-1, logits.shape[-1])
    return nn.functional.cross_entropy(
        flat, targets.reshape(-1), ignore_index=0, reduction=reduction
    )


@torch.no_grad()
def examine(
    model: nn.Module, grammar: AgreementGrammar, phrases: int, n_sentences: int = 200
) -> tuple[float, float, int]:
    """Test on `n_sentences`, always the same, with exactly `phrases` phrases.

    Returns the accuracy of the verb's number, and nats and tokens of all sentences together.
    """
    sentences = grammar.sample(n_sentences, np.random.default_rng(10_000 + phrases), phrases)
    ids = torch.from_numpy(grammar.encode(sentences)[0])
    logits = model(ids[:, :-1])
    nats = next_word_loss(logits, ids[:, 1:], "sum").item()
    accuracy = grammar.agreement(logits.numpy(), sentences).mean()
    return float(accuracy), nats, int((ids[:, 1:] > 0).sum())


def excess_loss(model: nn.Module, grammar: AgreementGrammar, per_distance: int = 200) -> float:
    """Return by how many nats a token the model misses the grammar's entropy.

    Each number of phrases comes equally often, as in the grammar. So the sample's only luck is in
    the words, and the best model's excess is zero whatever they are.
    """
    tested = [examine(model, grammar, n, per_distance) for n in range(grammar.max_phrases + 1)]
    nats, tokens = (sum(column) for column in list(zip(*tested, strict=True))[1:])
    return nats / tokens - grammar.entropy()[1]
