"""Checks around a language model's loss: its perplexity, and the gradient of its logits."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import geometric_mean

import numpy as np

from course_utils.checks.bptt import oracle
from course_utils.checks.bptt.logit_mistakes import LOGIT_MISTAKES
from course_utils.checks.bptt.perplexity_mistakes import PERPLEXITY_MISTAKES
from course_utils.checks.core import Case, Check, Output


def _perplexity_oracle(p_targets, mask) -> float:
    """Return the inverse of the geometric mean of the probabilities that count."""
    return 1 / geometric_mean(p_targets[np.asarray(mask, bool)].tolist())


def _perplexity_cases(rng: np.random.Generator) -> Iterable[Case]:
    def p(N: int, low: float = 0.02) -> np.ndarray:
        return rng.uniform(low, 0.95, N)

    mask = np.ones(12)
    mask[[3, 8, 10, 11]] = 0
    yield Case("N=12, four of them padding", {"p_targets": p(12), "mask": mask}, 5.0)
    yield Case("N=9, no padding", {"p_targets": p(9), "mask": np.ones(9)})
    yield Case("a mask of bools", {"p_targets": p(12), "mask": mask.astype(bool)})
    uniform = {"p_targets": np.full(10, 1 / 50), "mask": mask[:10]}
    yield Case("every token at 1/50 (perplexity 50)", uniform)
    yield Case("one token", {"p_targets": p(1), "mask": np.ones(1)})
    many = {"p_targets": rng.uniform(1e-4, 1e-3, 2000), "mask": rng.integers(0, 2, 2000) * 1.0}
    yield Case("N=2000 small probabilities: their product is too small for a float", many)


perplexity = Check(
    "perplexity",
    [Output("perplexity", "()")],
    _perplexity_cases,
    _perplexity_oracle,
    PERPLEXITY_MISTAKES,
)
"""Judges `perplexity(p_targets, mask) -> number`: exp of the mean nats over what counts."""


def _logit_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, B: int, T: int, V: int, weight=1.0, dtype=np.float64, scale=1.0) -> Case:
        mask = np.ones((B, T))
        for b in range(1, B):
            mask[b, T - b % T :] = 0
        arguments = {
            "logits": (scale * rng.normal(size=(B, T, V))).astype(dtype),
            "targets": rng.integers(0, V, (B, T)),
            "mask": mask.astype(dtype),
        }
        return Case(name, arguments, weight)

    yield case("B=3, T=5, V=7, two of the sequences padded", 3, 5, 7, 5.0)
    yield case("V=4 (as many tokens as steps)", 3, 4, 4)
    yield case("one sequence without padding", 1, 6, 5)
    yield case("one step (T=1), one sequence", 1, 1, 5)
    yield case("logits in the thousands", 3, 5, 7, scale=1000.0)
    yield case("float32", 3, 5, 7, dtype=np.float32)
    bools = case("a mask of bools, with a gap within a sequence", 3, 5, 7)
    mask = bools.arguments["mask"].astype(bool)
    mask[0, 2] = False
    yield Case(bools.name, {**bools.arguments, "mask": mask})


logits_gradient = Check(
    "the gradient of the logits",
    [Output("dlogits", "(B, T, V)")],
    _logit_cases,
    oracle.dlogits,
    LOGIT_MISTAKES,
    keeps_dtype=False,  # a one-hot from np.eye is float64, and precision is not the topic here
)
"""Judges `logits_gradient(logits, targets, mask)` of the mean over the tokens that count."""
