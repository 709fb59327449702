"""Two language models of 10,000 words: the course's reference, and a faster one."""

import itertools
import math

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.models.cells import recurrent
from course_utils.models.dropout import dropout_module
from course_utils.models.language import run_layers, start_at_frequencies


def log_frequencies(ids: np.ndarray, V: int) -> Tensor:
    """Return `(V,)`: the natural logarithm of each id's share in `ids`, every count plus one."""
    counts = np.bincount(np.ravel(ids), minlength=V) + 1.0
    return torch.tensor(np.log(counts / counts.sum()), dtype=torch.float32)


class ReferenceWordModel(nn.Module):
    """10,000 words, embedding 200, LSTM 256, LSTM 128, a softmax over all words.

    Trained on batches of B = 60 sequences of T = 20 words. It has 3,956,624 parameters: the
    embedding is one half of them, the output a third. Give it `log_frequencies (10000,)` for the
    output's bias: without them its first minutes go into learning how often each word comes.

    Raises ValueError where log_frequencies are not 10,000 numbers.
    """

    V, T, B = 10_000, 20, 60

    def __init__(self, log_frequencies: Tensor | None = None) -> None:
        super().__init__()
        self.embedding = nn.Embedding(self.V, 200)
        self.layers = nn.ModuleList([recurrent("lstm", 200, 256), recurrent("lstm", 256, 128)])
        self.output = nn.Linear(128, self.V)
        if log_frequencies is not None:
            start_at_frequencies(self.output.bias, log_frequencies)

    def forward(self, ids: Tensor, state: tuple | None = None) -> tuple[Tensor, tuple]:
        """Return (logits, state) for ids `(B, T)`: logits `(B, T, 10000)`, two states."""
        h, state = run_layers(self.layers, self.embedding(ids), state, nn.Identity())
        return self.output(h), state


class AdaptiveWordModel(nn.Module):
    """One LSTM, and a softmax that spends little on rare words.

    The ids are sorted by frequency, most frequent first. The first `cutoffs[0]` words are scored
    directly, with one further score for each cluster of rarer words; inside a cluster words are
    scored from H / 2, then H / 4 features, and only where a target lies in it:
        p(w) = p(cluster) p(w | cluster)
    The probabilities of all V words add up to one: a perplexity from them may be compared with
    any other. `log_frequencies (V,)` set the biases of words and clusters, so that an untrained
    model is the unigram model. (Torch's clusters have no bias; here their last layer has one.)
    `dropout`, a probability or a module, acts on embeddings and before the scores.
    Embeddings start as N(0, embedding_std²): after an epoch of 1.4 million tokens, the perplexity
    with 0.2 was an eighth lower than with torch's own 1.

    Raises ValueError where log_frequencies are not V numbers, or ids cannot be sorted by them.
    Source: Grave, Joulin, Cissé, Grangier and Jégou (2017), Efficient softmax approximation for
    GPUs.
    """

    def __init__(
        self,
        log_frequencies: Tensor,
        V: int = 10_000,
        E: int = 128,
        H: int = 256,
        cutoffs: tuple[int, ...] = (1000, 4000),
        dropout: float | nn.Module = 0.0,
        embedding_std: float = 0.2,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        nn.init.normal_(self.embedding.weight, std=embedding_std)
        self.layers = nn.ModuleList([recurrent("lstm", E, H)])
        self.dropout = dropout_module(dropout)
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(
            H, V, list(cutoffs), div_value=2.0, head_bias=True
        )
        for tail in self.softmax.tail:
            tail[1] = nn.Linear(tail[1].in_features, tail[1].out_features)
        self._start_at_frequencies(log_frequencies, V)

    def _start_at_frequencies(self, log_frequencies: Tensor, V: int) -> None:
        """Set the biases: log p(w) and log p(cluster) in the head, log p(w | cluster) in a tail."""
        edges = self.softmax.cutoffs
        log_p = torch.as_tensor(log_frequencies, dtype=torch.float32)
        if log_p.shape != (V,):
            raise ValueError(
                f"log_frequencies has the shape {tuple(log_p.shape)}; expected ({V},)."
            )
        parts = log_p.tensor_split(edges[:-1])
        means = [part.logsumexp(0) - math.log(len(part)) for part in parts]
        if any(rarer > frequent for frequent, rarer in itertools.pairwise(means)):
            raise ValueError("The ids are not sorted by frequency: give the frequent words first.")
        shortlist, *tails = parts
        clusters = [part.logsumexp(0) for part in tails]
        start_at_frequencies(self.softmax.head.bias, torch.cat([shortlist, torch.stack(clusters)]))
        for tail, part, total in zip(self.softmax.tail, tails, clusters, strict=True):
            start_at_frequencies(tail[1].bias, part - total)

    def read(self, ids: Tensor, state: tuple | None = None) -> tuple[Tensor, tuple]:
        """Return (h, state): h `(B, T, H)`, what the LSTM made of ids `(B, T)`."""
        x = self.dropout(self.embedding(ids))
        return run_layers(self.layers, x, state, self.dropout)

    def loss(
        self, ids: Tensor, targets: Tensor, state: tuple | None = None
    ) -> tuple[Tensor, tuple]:
        """Return (mean nats a token, state) for targets `(B, T)`: the quick way, to train with."""
        h, state = self.read(ids, state)
        return self.softmax(h.flatten(0, 1), targets.flatten()).loss, state

    def forward(self, ids: Tensor, state: tuple | None = None) -> tuple[Tensor, tuple]:
        """Return (log-probabilities `(B, T, V)`, state): the slow way, to look at and to sample."""
        h, state = self.read(ids, state)
        return self.softmax.log_prob(h.flatten(0, 1)).unflatten(0, h.shape[:2]), state
