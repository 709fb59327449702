"""A small training whose gradients explode now and then: the clinic's patient and its check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Trainee:
    """Makes, at each call, the same network anew: (model, optimizer, loss).

    `loss()` reads the next batch and returns the mean squared error of a tanh RNN whose recurrent
    weights are large: it remembers, and its gradients explode in some batches. SGD, float64.
    """

    seed: int
    H: int = 8
    T: int = 12
    lr: float = 0.05
    size: float = 1.5

    def __call__(self) -> tuple[Any, Any, Callable[[], Any]]:
        import torch

        rng = np.random.default_rng(self.seed)
        orthogonal = np.linalg.qr(rng.normal(size=(self.H, self.H)))[0]
        start = {
            "W_xh": 0.1 * rng.normal(size=(2, self.H)),
            "W_hh": self.size * orthogonal,
            "b_h": np.zeros(self.H),
            "W_hy": 3 * rng.normal(size=(self.H, 1)) / np.sqrt(self.H),
        }
        model = torch.nn.Module()
        for name, array in start.items():
            model.register_parameter(name, torch.nn.Parameter(torch.tensor(array)))
        optimizer = torch.optim.SGD(model.parameters(), lr=self.lr)

        def loss():
            x = torch.tensor(rng.normal(size=(4, self.T, 2)))
            h = torch.zeros(4, self.H, dtype=torch.float64)
            for x_t in x.unbind(dim=1):
                h = torch.tanh(x_t @ model.W_xh + h @ model.W_hh + model.b_h)
            return ((h @ model.W_hy)[:, 0] - x[:, 0].sum(dim=1)).square().mean()

        return model, optimizer, loss


def flat(model: Any) -> np.ndarray:
    """Return all weights of a model as one row."""
    return np.concatenate([p.detach().numpy().ravel() for p in model.parameters()])


def by_hand(make: Trainee, max_norm: float, n: int) -> np.ndarray:
    """Return all weights after n clipped updates, without torch's optimizer or its clipping."""
    import torch

    model, _, loss = make()
    weights = list(model.parameters())
    for _ in range(n):
        grads = torch.autograd.grad(loss(), weights)
        norm = np.sqrt(sum(float((g**2).sum()) for g in grads))
        factor = min(1.0, max_norm / norm)
        with torch.no_grad():
            for weight, grad in zip(weights, grads, strict=True):
                weight.sub_(make.lr * factor * grad)
    return flat(model)


def trained(
    make: Trainee, max_norm: float, n: int, order: Iterable[str], clip: Callable | None = None
) -> np.ndarray:
    """Return all weights after n updates that each do the acts of `order`, one after the other.

    Acts: "zero", "backward", "clip", "step". `clip(parameters, max_norm)` replaces torch's.
    """
    import torch

    model, optimizer, loss = make()
    clip = clip or torch.nn.utils.clip_grad_norm_
    for _ in range(n):
        for act in order:
            if act == "zero":
                optimizer.zero_grad()
            elif act == "backward":
                loss().backward()
            elif act == "clip":
                clip(list(model.parameters()), max_norm)
            else:
                optimizer.step()
    return flat(model)
