"""Two recipes for a word language model: how long until ours is as good as the plain one?

    python benchmarks/language_model.py                     the whole corpus: about half an hour
    python benchmarks/language_model.py --tokens 60000      a trial on a small part of it

The plain recipe is that of PyTorch's word-level example: two LSTM layers of 200, dropout 0.2, a
softmax over all words, plain gradient steps of 20 clipped to 0.25, T = 35, B = 20. It reads the
corpus once. Ours, a small `models.AdaptiveWordModel`, reads a share of the same tokens, with the
same 20,000 words; each share is a training of its own with a schedule of its own, under three
seeds. (How they were tuned is told in README.md.) Both are judged by one function on the
same test text: a log-softmax over all words, so that the probabilities of both add up to one, and
the mean over all tokens.

The clock counts CPU seconds of one thread, of training alone. After each part of the plain
recipe's epoch one of our trainings runs, so that a busy machine slows both alike. Beside them
stand counted n-grams, which need no training at all.
"""
# ruff: noqa: E402 (thread pools read these variables when NumPy and torch are imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import math
import platform
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.data import Vocab, docstrings, end_marked
from course_utils.language import kneser_ney
from course_utils.models import AdaptiveWordModel, detach, log_frequencies, parameters
from course_utils.training import Spread

V = 20_000
PLAIN_B, PLAIN_T = 20, 35
OUR_B, OUR_T = 64, 20
E, H, CUTOFFS = 96, 128, (400, 1600, 6000)  # small and quick: much text tells more than width
PEAK = 1.2e-2  # learning rate
SHARES = (0.2, 0.4, 0.7, 1.0)  # of the training tokens, read by ours
SEEDS = range(3)


class PlainModel(nn.Module):
    """The model of PyTorch's word-level example, with its start."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.2)
        self.embedding = nn.Embedding(V, 200)
        self.lstm = nn.LSTM(200, 200, 2, dropout=0.2, batch_first=True)
        self.output = nn.Linear(200, V)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.uniform_(self.output.weight, -0.1, 0.1)
        nn.init.zeros_(self.output.bias)

    def forward(self, ids: Tensor, state: tuple | None = None) -> tuple[Tensor, tuple]:
        h, state = self.lstm(self.dropout(self.embedding(ids)), state)
        return self.output(self.dropout(h)), state


def corpus(tokens: int | None) -> tuple[Tensor, Tensor]:
    """Return ids to train on and to test on: all, or about so many from all over the corpus."""
    text = docstrings()
    vocab = Vocab.from_counts(Counter(end_marked(text.train)), V)

    def ids(paragraphs: tuple[str, ...]) -> Tensor:
        words = end_marked(paragraphs)
        if tokens is not None:
            words = end_marked(paragraphs[:: max(1, len(words) // tokens)])
        return torch.tensor(vocab.encode(words))

    train, test = ids(text.train), ids(text.test)
    unknown = [(part == 1).double().mean().item() for part in (train, test)]
    print(text.note)
    print(f"{len(train):,} tokens to train on, {len(test):,} to test on, {len(vocab):,} words;")
    print(f"unknown: {unknown[0]:.1%} and {unknown[1]:.1%}.\n")
    return train, test


def windows(ids: Tensor, B: int, T: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Cut a text into B rows and yield them T tokens at a time, with the tokens that follow."""
    rows = ids[: len(ids) // B * B].view(B, -1)
    for start in range(0, rows.shape[1] - 1, T):
        piece = rows[:, start : start + T + 1]
        yield piece[:, :-1], piece[:, 1:]


def mean_loss(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction=reduction)


def plain_epoch(ids: Tensor, parts: int) -> Iterator[tuple[nn.Module, float]]:
    """Train the plain recipe for one epoch; after each part yield the model and the CPU seconds."""
    torch.manual_seed(0)
    model, state, used = PlainModel(), None, 0.0
    batches = list(windows(ids, PLAIN_B, PLAIN_T))
    for part in np.array_split(np.arange(len(batches)), parts):
        start = time.process_time()
        for k in part:
            inputs, targets = batches[k]
            model.zero_grad()
            logits, state = model(inputs, state)
            state = detach(state)
            mean_loss(logits, targets).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            with torch.no_grad():
                for p in model.parameters():
                    p.add_(p.grad, alpha=-20)
        used += time.process_time() - start
        yield model, used


def ours(ids: Tensor, share: float, seed: int) -> tuple[nn.Module, float]:
    """Train our recipe on the first `share` of every row; return the model and CPU seconds."""
    torch.manual_seed(seed)
    batches = list(windows(ids, OUR_B, OUR_T))
    batches = batches[: math.ceil(share * len(batches))]
    start = time.process_time()
    model = AdaptiveWordModel(log_frequencies(ids.numpy(), V), V, E, H, CUTOFFS)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01, fused=True)
    state = None
    for k, (inputs, targets) in enumerate(batches):
        done = k / len(batches)
        for group in optimizer.param_groups:
            group["lr"] = PEAK * min(
                20 * (k + 1) / len(batches), (1 + math.cos(math.pi * done)) / 2
            )
        optimizer.zero_grad()
        loss, state = model.loss(inputs, targets, state)
        state = detach(state)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model, time.process_time() - start


@torch.no_grad()
def perplexity(model: nn.Module, ids: Tensor) -> float:
    """Return e to the mean nats of the tokens of a text, read in ten rows, states carried."""
    model.eval()
    state, nats, tokens = None, 0.0, 0
    for inputs, targets in windows(ids, B=10, T=35):
        scores, state = model(inputs, state)
        nats += mean_loss(scores, targets, "sum").item()  # takes the log-softmax over all words
        tokens += targets.numel()
    return math.exp(nats / tokens)


def counted(train: np.ndarray, test: np.ndarray, order: int) -> tuple[float, float]:
    """Return the test perplexity of Kneser-Ney n-grams and the CPU seconds of counting."""
    start = time.process_time()
    model = kneser_ney(train, V, order)
    used = time.process_time() - start
    return math.exp(-np.log(model.probabilities(test)).mean()), used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=int, help="try with about so many training tokens")
    torch.set_num_threads(1)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__}")
    train, test = corpus(parser.parse_args().tokens)

    wanted = [(share, seed) for seed in SEEDS for share in SHARES]
    found: dict[float, list[tuple[float, float]]] = {share: [] for share in SHARES}
    plain_parts = plain_epoch(train, len(wanted))
    for share, seed in wanted:
        plain, plain_seconds = next(plain_parts)
        model, seconds = ours(train, share, seed)
        found[share].append((perplexity(model, test), seconds))
    target = perplexity(plain, test)

    print("| model | parameters | tokens read | CPU seconds | test perplexity | plain / ours |")
    print(f"|{'---|' * 6}")
    for n, name in enumerate(("unigram", "bigram", "trigram"), start=1):
        value, seconds = counted(train.numpy(), test.numpy(), n)
        print(f"| Kneser-Ney {name} | | {len(train):,} | {seconds:.1f} | {value:.1f} | |")
    row = f"| {parameters(plain):,} | {len(train):,} | {plain_seconds:.1f} | {target:.1f} | |"
    print(f"| the plain recipe {row}")
    for share, runs in found.items():
        values, seconds = zip(*runs, strict=True)
        cells = [f"ours, {share:.0%}", f"{parameters(model):,}", f"{share * len(train):,.0f}"]
        cells += [f"{np.mean(seconds):.1f}", f"{Spread(values):.1f}"]
        mark = "**" if max(values) <= target else ""  # every seed is as good as the plain recipe
        print(f"| {' | '.join(cells)} | {mark}{plain_seconds / np.mean(seconds):.1f}{mark} |")
    print("\nBold: every seed of ours is at least as good as the plain recipe after its epoch.")


if __name__ == "__main__":
    main()
