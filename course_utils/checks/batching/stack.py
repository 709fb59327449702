"""The check of a stack of GRUs in torch: its weights, its direction, its dropout."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.checks.batching.stack_mistakes import MISTAKES
from course_utils.checks.core import Case, Check, Mistake, Output
from course_utils.checks.report import Report

FINDINGS = (
    "number of weights that an optimiser would see",
    "an earlier output stays when a later input changes",
    "a sequence stays when another one of the batch changes",
    "an earlier input reaches the last output",
    "the same answer twice in evaluation mode",
    "share of the top layer's numbers kept in training mode",
    "factor of what is kept",
    "same mask at all steps",
    "another mask for each sequence",
)
NUMBERS = (FINDINGS[0], FINDINGS[5], FINDINGS[6])  # the others hold or do not


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, D: int, H: int, layers: int, p: float, weight: float = 1.0) -> Case:
        given = {"D": D, "H": H, "K": H, "layers": layers, "p": p}
        return Case(name, {**given, "seed": int(rng.integers(1 << 30))}, weight)

    yield case("three layers, D=5, H=K=32, p=0.3", 5, 32, 3, 0.3, 4.0)
    yield case("one layer, p=0.5", 4, 32, 1, 0.5)
    yield case("two layers, D = H, p=0.5", 32, 32, 2, 0.5)


def findings(make: Callable[..., Any]) -> Callable[..., list[float]]:
    """Return a function that builds the module and reads off what `FINDINGS` names."""

    def look(D: int, H: int, K: int, layers: int, p: float, seed: int) -> list[float]:
        import torch

        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            model = make(D, H, K, layers, p)
            x = torch.randn(40, 5, D)
            model.eval()
            first, second = model(x), model(x)
            if tuple(first.shape) != (40, 5, K):
                raise ValueError(f"logits of shape {tuple(first.shape)}; expected {(40, 5, K)}")
            later = x.clone()
            later[:, 3:] += 1
            causal = torch.allclose(model(later)[:, :3], first[:, :3], atol=1e-6)
            other, earlier = x.clone(), x.clone()
            other[0] += 3
            earlier[:, 0] += 3
            apart = torch.allclose(model(other)[1:], first[1:], atol=1e-6)
            remembers = not torch.allclose(model(earlier)[:, -1], first[:, -1], atol=1e-6)
            count = sum(weight.numel() for weight in model.parameters())
            same = torch.equal(first, second)
            return [count, causal, apart, remembers, same, *_mask(model, x)]

    return look


def _mask(model: Any, x: Any) -> tuple[float, ...]:
    """Return share, factor, constancy of the mask on the top layer; -1 where it cannot be seen.

    All weights are set so that every state is (nearly) 1 at every step and the readout hands it
    on: what comes out in training mode is then the mask itself.
    """
    import torch

    recurrent = (torch.nn.GRU, torch.nn.GRUCell)
    if not any(isinstance(module, recurrent) for module in model.modules()):
        return -1, -1, -1, -1
    for module in model.modules():
        for name, weight in module.named_parameters(recurse=False):
            weight.zero_()
            if isinstance(module, recurrent) and name.startswith("bias_ih"):
                H = len(weight) // 3
                weight[H : 2 * H], weight[2 * H :] = -20.0, 20.0  # z = 0, n = 1
            elif isinstance(module, torch.nn.Linear) and name == "weight":
                torch.nn.init.eye_(weight)
    mask = model.train()(x).numpy()
    kept = mask > 1e-6
    factors = mask[kept]
    factor = float(factors.mean()) if kept.any() and np.ptp(factors) < 1e-4 else -1.0
    by_step, by_sequence = (kept == kept[:, :1]).all(), (kept != kept[:1]).any()
    return round(float(kept.mean()), 1), round(factor, 3), bool(by_step), bool(by_sequence)


def _oracle(D: int, H: int, K: int, layers: int, p: float, seed: int) -> np.ndarray:
    count = 3 * H * (D + H + 2) + (layers - 1) * 3 * H * (2 * H + 2) + H * K + K
    return np.array([count, 1, 1, 1, 1, round(1 - p, 1), round(1 / (1 - p), 3), 1, 1])


def _explain(known: dict[str, Any], got: Any, expected: np.ndarray) -> str:
    for name, mine, right in zip(FINDINGS, got, expected, strict=True):
        if abs(mine - right) > 1e-3:
            if name not in NUMBERS:
                return f"It should hold: {name}. It does not."
            return f"The {name} should be {right:g}; yours is {mine:g}."
    return ""


_CHECK = Check(
    "a stack of GRUs with one mask a sequence",
    [Output("findings", "(9,)")],
    _cases,
    _oracle,
    tuple(Mistake(m.name, m.says, m.hint, findings(m.wrong)) for m in MISTAKES),
    read=lambda known, value: np.asarray(value, dtype=float),
    explain=_explain,
)


def stacked_tagger(make: Callable[..., Any], *, seed: int | None = None) -> Report:
    """Judge `make(D, H, K, layers, p) -> torch.nn.Module`, x (B, T, D) to logits (B, T, K).

    GRU layers one upon the other, forward in time; after each, dropout with one mask a sequence;
    a linear readout.
    """
    return _CHECK(findings(make), seed=seed)
