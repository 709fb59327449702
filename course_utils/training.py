"""Training torch models with progress, early stopping and clipping, and repeating it over seeds.

Two environment variables steer every training: COURSE_THREADS (1 by default: small recurrent nets
run slower on more) and COURSE_SMOKE=1, which takes one batch an epoch, and two updates in a loop
that asks `steps`, to see that all runs.
"""

import copy
import itertools
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from course_utils.data.batching import batches
from course_utils.threads import threads

if TYPE_CHECKING:
    import torch


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's global and, where it is loaded, torch's random numbers."""
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def set_threads(n: int | None = None) -> int:
    """Let torch use n threads and return n; by default COURSE_THREADS, else 1.

    The choice is kept in COURSE_THREADS, so that later trainings and processes follow it.
    """
    import torch

    n = threads(n)
    os.environ["COURSE_THREADS"] = str(n)
    torch.set_num_threads(n)
    return n


def steps(n: int) -> int:
    """Return n, the updates that a loop written out in a lesson takes; with COURSE_SMOKE=1 two."""
    return min(n, 2) if _smoke() else n


def clip_by_global_norm(
    grads: Sequence[np.ndarray], max_norm: float
) -> tuple[list[np.ndarray], float]:
    """Return scaled copies of the gradients and the norm that they had all together.

    Where the norm of all entries as one vector exceeds `max_norm`, all are multiplied by the same
    number, so that the direction stays (Pascanu et al., 2013). Integers become float64. Under an
    infinite norm finite entries become 0 and infinite ones NaN; under a norm that is NaN all
    entries stay as they are: look at the norm before taking a step.
    """
    grads = [g if np.issubdtype(g.dtype, np.floating) else g.astype(np.float64) for g in grads]
    norm = float(np.sqrt(sum(np.sum(np.square(grad, dtype=np.float64)) for grad in grads)))
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return [grad * grad.dtype.type(scale) for grad in grads], norm


@dataclass
class History:
    """What a training recorded, one number an epoch; losses are means over samples."""

    train_loss: list[float] = field(default_factory=list)  # while the weights were changing
    val_loss: list[float] = field(default_factory=list)  # empty without validation data
    val_metric: list[float] = field(default_factory=list)  # empty without a metric
    best_epoch: int | None = None  # the epoch (from 0) of the lowest validation loss
    steps: int = 0  # updates of the weights
    seconds: float = 0.0  # wall time, validation included


Data = tuple | Callable[[], Iterable[tuple]]


def fit(
    model: "torch.nn.Module",
    loss_fn: Callable,
    train: Data,
    *,
    optimizer: "torch.optim.Optimizer",
    epochs: int,
    batch_size: int = 128,
    seed: int = 0,
    clip_norm: float | None = None,
    validation: Data | None = None,
    metric: Callable | None = None,
    patience: int | None = None,
    progress: bool = True,
) -> History:
    """Train `model` in place, on the device of its weights, and return its history.

    Afterwards the model is ready to predict: in evaluation mode, without dropout.

    `train` and `validation` are tuples `(*inputs, targets)` of arrays or tensors whose first axis
    counts samples, served in minibatches (shuffled by `seed` for training); or functions that
    return the batches of one epoch, each such a tuple. A batch costs
    `loss_fn(model(*inputs), targets)`, a mean over samples; `metric` takes the same arguments and
    judges the validation data. Gradients are clipped to the global norm `clip_norm`. After
    `patience` epochs without a lower validation loss the training stops; whenever `patience` is
    given, the weights of the best epoch are restored.

    Raises ValueError for `patience` without validation data and for an epoch without a batch.
    """
    from tqdm import tqdm

    if patience is not None and validation is None:
        raise ValueError("Early stopping watches the validation loss: give validation data too.")
    set_threads()
    rng = np.random.default_rng(seed)
    history, best_weights, best_loss, waited = History(), None, math.inf, 0
    started = time.perf_counter()

    with tqdm(
        total=_number_of_steps(train, batch_size, epochs),
        unit="step",
        file=sys.stdout,
        leave=False,
        disable=not progress,
    ) as bar:
        for epoch in range(epochs):
            bar.set_description(f"epoch {epoch + 1}/{epochs}")
            served = _batches_on_device(model, train, batch_size, rng)
            loss, steps = _train_epoch(model, loss_fn, served, optimizer, clip_norm, bar)
            history.train_loss.append(loss)
            history.steps += steps
            if validation is None:
                continue

            served = _batches_on_device(model, validation, batch_size, rng=None)
            val_loss, val_metric = _evaluate(model, loss_fn, served, metric)
            history.val_loss.append(val_loss)
            if metric is not None:
                history.val_metric.append(val_metric)
            waited += 1
            if val_loss < best_loss:
                best_loss, history.best_epoch, waited = val_loss, epoch, 0
                if patience is not None:
                    best_weights = copy.deepcopy(model.state_dict())
            if patience is not None and waited >= patience:
                break

    if best_weights is not None:
        model.load_state_dict(best_weights)
    model.eval()
    history.seconds = time.perf_counter() - started
    return history


def _smoke() -> bool:
    return os.environ.get("COURSE_SMOKE") == "1"


def _number_of_steps(data: Data, batch_size: int, epochs: int) -> int | None:
    """Return how many batches the training will see; None where a function serves them."""
    if callable(data):
        return None
    return epochs * (1 if _smoke() else math.ceil(len(data[0]) / batch_size))


def _batches_on_device(
    model: "torch.nn.Module", data: Data, batch_size: int, rng: np.random.Generator | None
) -> Iterator[list]:
    """Yield one epoch's batches as tensors where the model is, real numbers in its precision."""
    import torch

    weight = next(model.parameters())
    served = data() if callable(data) else batches(*data, batch_size=batch_size, rng=rng)
    if _smoke():
        served = itertools.islice(served, 1)
    for batch in served:
        tensors = [torch.as_tensor(array, device=weight.device) for array in batch]
        yield [t.to(weight.dtype) if t.is_floating_point() else t for t in tensors]


def _train_epoch(model, loss_fn, served, optimizer, clip_norm, bar) -> tuple[float, int]:
    """Take one step a batch and return the mean loss over samples and the number of steps."""
    import torch

    model.train()
    total, samples, steps = 0.0, 0, 0
    for *inputs, targets in served:
        optimizer.zero_grad()
        loss = loss_fn(model(*inputs), targets)
        loss.backward()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        optimizer.step()
        total += loss.item() * len(targets)
        samples += len(targets)
        steps += 1
        bar.set_postfix(loss=f"{total / samples:.3f}", refresh=False)
        bar.update()
    return total / _some(samples), steps


def _evaluate(model, loss_fn, served, metric) -> tuple[float, float | None]:
    """Return the mean loss and the mean metric over samples, in evaluation mode."""
    import torch

    model.eval()
    total, score, samples = 0.0, 0.0, 0
    with torch.no_grad():
        for *inputs, targets in served:
            outputs = model(*inputs)
            total += float(loss_fn(outputs, targets)) * len(targets)
            score += float(metric(outputs, targets)) * len(targets) if metric else 0.0
            samples += len(targets)
    return total / _some(samples), score / samples if metric else None


def _some(samples: int) -> int:
    if samples == 0:
        raise ValueError(
            "An epoch had no batch: give some data, and where it is a function, "
            "let each call return fresh batches."
        )
    return samples


@dataclass(frozen=True)
class Spread:
    """One result under several seeds; prints as mean (lowest to highest), `f"{spread:.3f}"` too."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def min(self) -> float:
        return min(self.values)

    @property
    def max(self) -> float:
        return max(self.values)

    def __format__(self, spec: str) -> str:
        spec = spec or ".2f"
        return f"{self.mean:{spec}} ({self.min:{spec}} to {self.max:{spec}})"

    def __str__(self) -> str:
        return format(self)


def over_seeds(
    run: Callable[[int], float | dict[str, float]], seeds: Iterable[int], progress: bool = True
) -> Spread | dict[str, Spread]:
    """Call `run(seed)` for every seed, everything seeded with it, and return the spread.

    Where `run` returns a dict of named numbers, so does this: one spread a name. A `fit` inside
    `run` is best called with `progress=False`: two bars get in each other's way.
    """
    import torch  # noqa: F401  (loaded now, so that the first seed reaches it too)
    from tqdm import tqdm

    seeds = list(seeds)
    if not seeds:
        raise ValueError("A spread needs at least one seed.")
    results = []
    for seed in tqdm(seeds, unit="seed", file=sys.stdout, leave=False, disable=not progress):
        seed_everything(seed)
        results.append(run(seed))
    if isinstance(results[0], dict):
        return {name: Spread(tuple(float(r[name]) for r in results)) for name in results[0]}
    return Spread(tuple(float(result) for result in results))
