"""RNN, IRNN, GRU, LSTM: which of them solves a task, after how many updates, with how many weights?

Every cell meets a task under one protocol: the same updates, the same test, and training ends as
soon as the test is passed. Each task's learning rate is one at which the gated cells learn; it was
not chosen for each cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.data import adding_problem, copy_task, digit_rows
from course_utils.experiments.core import Experiment
from course_utils.models import recurrent
from course_utils.training import steps

BATCH, EVERY = 64, 50  # sequences in an update; updates between two tests
K, LAG, SYMBOLS = 3, 20, 8  # of the copy task
Cell = Callable[[int, int], nn.Module]  # D and H to a layer that returns (h, state)


@dataclass(frozen=True)
class Task:
    """A task, and what passing it means.

    `loss(net, rng)` is that of a fresh batch, `score(net)` is taken on fixed test data, and
    `passed(score)` ends the training, which takes `updates` at most.
    """

    net: Callable[[Cell, int], nn.Module]
    loss: Callable[[nn.Module, np.random.Generator], Tensor]
    score: Callable[[nn.Module], float]
    passed: Callable[[float], bool]
    updates: int
    lr: float


class Reader(nn.Module):
    """A recurrent layer and a linear readout: x `(B, T, D)` to the answers of all steps."""

    def __init__(self, make: Cell, D: int, H: int, n_answers: int) -> None:
        super().__init__()
        self.cell, self.readout = make(D, H), nn.Linear(H, n_answers)

    def forward(self, x: Tensor) -> Tensor:
        return self.readout(self.cell(x)[0])


def _adding(B: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    x, y = adding_problem(B, 50, rng)
    return torch.from_numpy(x).float(), torch.from_numpy(y).float()


def _squared_error(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return ((net(x)[:, -1, 0] - y) ** 2).mean()


def _copying(B: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    ids, targets = copy_task(B, K, LAG, SYMBOLS, rng)
    return torch.eye(SYMBOLS + 2)[torch.from_numpy(ids)], torch.from_numpy(targets)


def _recalled(net: nn.Module) -> float:
    """Return the share of the symbols to be said again that are right."""
    x, targets = _copying(1000, np.random.default_rng(10_000))
    return (net(x).argmax(-1) == targets)[:, -K:].float().mean().item()


@cache
def _digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    train, test = digit_rows()
    return tuple(map(torch.from_numpy, train)), tuple(map(torch.from_numpy, test))


def _some_digits(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    x, y = _digits()[0]
    rows = torch.from_numpy(rng.choice(len(y), BATCH, replace=False))
    return x[rows], y[rows]


def _read_digits(net: nn.Module) -> float:
    x, y = _digits()[1]
    return (net(x)[:, -1].argmax(-1) == y).float().mean().item()


def _nats(net: nn.Module, x: Tensor, targets: Tensor, last: bool = False) -> Tensor:
    logits = net(x)[:, -1] if last else net(x).transpose(1, 2)
    return nn.functional.cross_entropy(logits, targets)


TASKS = {
    "adding": Task(
        net=lambda make, H: Reader(make, 2, H, 1),
        loss=lambda net, rng: _squared_error(net, *_adding(BATCH, rng)),
        score=lambda net: _squared_error(net, *_adding(1000, np.random.default_rng(10_000))).item(),
        passed=lambda error: error < 0.01,
        updates=2000,
        lr=3e-3,
    ),
    "copy": Task(
        net=lambda make, H: Reader(make, SYMBOLS + 2, H, SYMBOLS + 1),
        loss=lambda net, rng: _nats(net, *_copying(BATCH, rng)),
        score=_recalled,
        passed=lambda share: share >= 0.99,
        updates=3000,
        lr=1e-2,
    ),
    "digits": Task(
        net=lambda make, H: Reader(make, 8, H, 10),
        loss=lambda net, rng: _nats(net, *_some_digits(rng), last=True),
        score=_read_digits,
        passed=lambda share: False,
        updates=1000,
        lr=3e-3,
    ),
}


def train(task: Task, net: nn.Module, seed: int) -> dict[str, float]:
    """Train until the test is passed.

    Returns `score`, that of the last test; `passed`, 1 or 0; `updates` taken; `parameters`, as
    torch counts them. With COURSE_SMOKE=1 two updates.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.Adam(net.parameters(), task.lr)
    last, score = steps(task.updates), float("nan")
    for update in range(1, last + 1):
        optimizer.zero_grad()
        task.loss(net, rng).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if update % EVERY == 0 or update == last:
            with torch.no_grad():
                score = task.score(net)
            if task.passed(score):
                break
    return {
        "score": score,
        "passed": float(task.passed(score)),
        "updates": float(update),
        "parameters": float(sum(p.numel() for p in net.parameters())),
    }


def run(seed: int, *, task: str, cell: str, H: int, lr: float | None = None) -> dict[str, float]:
    """Train one cell on one task, at its own learning rate or `lr`; returns what `train` does."""
    torch.manual_seed(seed)
    chosen = TASKS[task] if lr is None else replace(TASKS[task], lr=lr)
    return train(chosen, chosen.net(lambda D, H: recurrent(cell, D, H), H), seed)


CELLS = {"RNN": "rnn", "IRNN": "irnn", "GRU": "gru", "LSTM": "lstm"}
# As many parameters as the RNN of 64 units has with its readout, within 3%.
NARROW = {"adding": (36, 31), "copy": (36, 30), "digits": (36, 31)}
WIDTHS = {
    task: {name: (CELLS[name], 64) for name in CELLS}
    | {"narrow GRU": ("gru", gru), "narrow LSTM": ("lstm", lstm)}
    for task, (gru, lstm) in NARROW.items()
}

EXPERIMENT = Experiment(
    name="choosing",
    question="Which cell solves which task, and after how many updates?",
    run=run,
    settings={
        f"{task}: {name}": {"task": task, "cell": cell, "H": H}
        for task, widths in WIDTHS.items()
        for name, (cell, H) in widths.items()
    }
    | {
        f"adding at 0.01: {name}": {"task": "adding", "cell": CELLS[name], "H": 64, "lr": 0.01}
        for name in CELLS
    }
    | {"adding at 0.001: RNN": {"task": "adding", "cell": "rnn", "H": 64, "lr": 0.001}},
    seeds=range(5),
    sample=("digits: narrow LSTM", 0),
    tolerance={"score": 0.05, "passed": 0.0, "updates": 0.0, "parameters": 0.0},
)
