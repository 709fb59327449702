"""How near does a language model come to the entropy of a language, and how fast?

    python benchmarks/entropy.py             after 10, 20 and 40 seconds
    python benchmarks/entropy.py 20          after 20 seconds only

The language is the agreement grammar, whose entropy is known exactly, so that a model's distance
from the best possible one can be read off: its loss minus the entropy, in nats a token. Each row
is a training of its own, with a learning rate that falls to zero at the end of its time; three
seeds. The clock counts CPU seconds of one thread, which a busy machine stretches less than wall
time. Every batch is drawn afresh; the drawing is not counted, nor is the test at the end.
"""
# ruff: noqa: E402 (thread pools read these variables when NumPy and torch are imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import math
import platform
import sys
import time

import numpy as np
import torch
from torch import nn

from course_utils.data import AgreementGrammar
from course_utils.models import TokenModel, parameters
from course_utils.training import Spread

GRAMMAR = AgreementGrammar()
SECONDS = (10.0, 20.0, 40.0)
SEEDS = range(3)
E, H, B = 32, 64, 64
PEAK = 1e-2  # learning rate, reached after a twentieth of the time, then falling as a cosine
TESTED = 500  # sentences for each number of phrases


def nats(model: nn.Module, ids: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
    """Return the loss of all tokens after the first; id 0 is padding."""
    logits, _ = model(ids[:, :-1])
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=0, reduction=reduction
    )


def train(cell: str, seconds: float, seed: int) -> tuple[nn.Module, int]:
    """Train a model for some CPU seconds and return it with the number of its updates."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = TokenModel(len(GRAMMAR.vocab), E, H, cell)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    used, updates = 0.0, 0
    while used < seconds:
        ids = torch.from_numpy(GRAMMAR.encode(GRAMMAR.sample(B, rng))[0])
        start = time.process_time()  # what follows is counted
        share = used / seconds
        for group in optimizer.param_groups:
            group["lr"] = PEAK * min(20 * share, (1 + math.cos(math.pi * share)) / 2)
        optimizer.zero_grad()
        nats(model, ids).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        updates += 1
        used += time.process_time() - start
    return model, updates


@torch.no_grad()
def examine(model: nn.Module) -> tuple[float, float]:
    """Return nats a token above the entropy, and the share of right verbs after most phrases.

    Each number of phrases comes equally often, as in the grammar, and all sentences with one
    number of phrases are equally probable. So the best model's loss on this sample is the
    entropy itself, without luck.
    """
    total, tokens = 0.0, 0
    for phrases in range(GRAMMAR.max_phrases + 1):
        rng = np.random.default_rng([2**31, phrases])
        sentences = GRAMMAR.sample(TESTED, rng, phrases)
        ids = torch.from_numpy(GRAMMAR.encode(sentences)[0])
        total += nats(model, ids, "sum").item()
        tokens += ids[:, 1:].numel()
    logits, _ = model(ids[:, :-1])
    return total / tokens - GRAMMAR.entropy()[1], GRAMMAR.agreement(
        logits.numpy(), sentences
    ).mean()


def main() -> None:
    torch.set_num_threads(1)
    sentence, token = GRAMMAR.entropy()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__}")
    print(f"Entropy: {token:.4f} nats a token. Never knowing the verb's number would cost")
    print(f"{math.log(2) * token / sentence:.4f} more. Mean (lowest to highest) of 3 seeds:\n")
    columns = ["cell", "parameters", "CPU seconds", "sentences read", "nats a token above entropy"]
    columns += [f"right verbs after {GRAMMAR.max_phrases} phrases"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for seconds in map(float, sys.argv[1:] or SECONDS):
        for cell in ("lstm", "gru"):
            runs = [train(cell, seconds, seed) for seed in SEEDS]
            excess, verbs = zip(*(examine(model) for model, _ in runs), strict=True)
            read = B * np.mean([updates for _, updates in runs])
            cells = [cell.upper(), f"{parameters(runs[0][0]):,}", f"{seconds:g}", f"{read:,.0f}"]
            cells += [f"**{Spread(excess):.5f}**", f"{Spread(verbs):.3f}"]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
