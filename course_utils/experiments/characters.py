"""Small models of characters that several experiments train: data, training, perplexity."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from course_utils.data import load_text
from course_utils.training import steps as steps_to_take


def manual_parts(*lengths: int) -> tuple[list[np.ndarray], int]:
    """Return consecutive parts of Python's manual as ids, and the number V of characters.

    The characters are those of the first part; any other one is id 0.
    """
    text, ends = load_text("manual").text, np.cumsum([0, *lengths])
    known = {letter: i for i, letter in enumerate(sorted(set(text[: ends[1]])), start=1)}
    parts = [np.array([known.get(letter, 0) for letter in text[a:b]]) for a, b in pairwise(ends)]
    return parts, 1 + len(known)


def random_windows(ids: np.ndarray, B: int, T: int, rng: np.random.Generator) -> torch.Tensor:
    """Return B stretches of T + 1 characters from random places, `(B, T + 1)`."""
    starts = rng.integers(len(ids) - T, size=B)
    return torch.from_numpy(ids[starts[:, None] + np.arange(T + 1)])


def in_rows(ids: np.ndarray, B: int) -> torch.Tensor:
    """Return a text cut into B contiguous rows, what is left over at the end dropped."""
    T = len(ids) // B
    return torch.from_numpy(ids[: B * T].reshape(B, T))


def nats(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the nats of each target `(B, T)` under logits `(B, T, V)`."""
    return nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")


def perplexity(model: nn.Module, rows: torch.Tensor) -> float:
    """Return the perplexity of all characters of `rows (B, T + 1)` but the first of each."""
    model.eval()
    with torch.no_grad():
        return float(nats(model(rows[:, :-1]), rows[:, 1:]).mean().exp())


def train(
    model: nn.Module,
    ids: np.ndarray,
    *,
    steps: int,
    seed: int,
    B: int = 32,
    T: int = 64,
    lr: float = 4e-3,
    watch: Callable[[int], None] | None = None,
) -> None:
    """Train on random stretches: Adam, a rate that falls to zero as a cosine, gradients clipped.

    `watch(update)` is called after each update, counted from 1. With COURSE_SMOKE=1 two updates.
    """
    rng, steps = np.random.default_rng(seed), steps_to_take(steps)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for update in range(1, steps + 1):
        model.train()
        stretch = random_windows(ids, B, T, rng)
        optimizer.zero_grad()
        nats(model(stretch[:, :-1]), stretch[:, 1:]).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if watch is not None:
            watch(update)
    model.eval()
