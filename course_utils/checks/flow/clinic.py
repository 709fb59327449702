"""The debugging clinic of lesson 04: somebody's training, whose clipping does not help."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants
from course_utils.checks.flow.trainee import Trainee, by_hand, flat, trained

RIGHT_ORDER = ("zero", "backward", "clip", "step")


def _per_tensor(parameters, max_norm):
    import torch

    for parameter in parameters:
        torch.nn.utils.clip_grad_norm_([parameter], max_norm)


def _by_value(parameters, max_norm):
    import torch

    torch.nn.utils.clip_grad_value_(parameters, max_norm)


def _always(parameters, max_norm):
    import torch

    grads = [parameter.grad for parameter in parameters]
    norm = torch.sqrt(sum((grad**2).sum() for grad in grads))
    for grad in grads:
        grad.mul_(max_norm / norm)


def _weights_clipped(parameters, max_norm):
    import torch

    with torch.no_grad():
        norm = torch.sqrt(sum((p**2).sum() for p in parameters))
        for parameter in parameters:
            parameter.mul_(min(1.0, float(max_norm / norm)))


def _in_order(*order, clip=None):
    return lambda make, max_norm, n: trained(make, max_norm, n, order, clip)


def _at_the_end_only(make, max_norm, n):
    return trained(make, max_norm, 1, ("backward", "step") * n)


NO_STEP_SEES = "clipping that no step sees"
PLACE_MISTAKES = (
    *variants(
        NO_STEP_SEES,
        "The updates are those of unclipped gradients. Clipping is called where no step sees it: "
        "after `step`, or before `backward`.",
        "Between `backward`, which makes the gradients, and `step`, which uses them.",
        _in_order("zero", "backward", "step", "clip"),
        _in_order("zero", "clip", "backward", "step"),
    ),
    *variants(
        "no zero_grad",
        "Gradients of earlier batches are still there: `backward` adds to them.",
        "`optimizer.zero_grad()` before each `backward`.",
        _in_order("backward", "clip", "step"),
        _at_the_end_only,
    ),
    *variants(
        "old gradients clipped, new ones not",
        "Gradients of earlier batches are still there, and only they have been clipped when the "
        "step is taken.",
        "In each update: `zero_grad`, `backward`, clip, `step`.",
        _in_order("backward", "step", "clip"),
        _in_order("clip", "backward", "step"),
    ),
    Mistake(
        "gradients thrown away",
        "No weight has moved: the gradients are set to zero between `backward` and `step`, or no "
        "step is taken.",
        "`zero_grad` comes before `backward`.",
        _in_order("backward", "clip", "zero", "step"),
    ),
    Mistake(
        "per tensor",
        "Each gradient is clipped by its own norm, so the direction turns, and the update may be "
        "longer than `lr * max_norm`.",
        "Hand all parameters to one call: `clip_grad_norm_(model.parameters(), max_norm)`.",
        _in_order(*RIGHT_ORDER, clip=_per_tensor),
    ),
    Mistake(
        "element-wise",
        "The entries are cut off one by one: `clip_grad_value_`.",
        "`torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)`.",
        _in_order(*RIGHT_ORDER, clip=_by_value),
    ),
    Mistake(
        "always rescaling",
        "All updates have the same length: short gradients are stretched to `max_norm`.",
        "Rescale only where the norm exceeds `max_norm`.",
        _in_order(*RIGHT_ORDER, clip=_always),
    ),
    Mistake(
        "weights clipped",
        "The weights themselves are scaled down, not their gradients.",
        "`clip_grad_norm_` changes the `.grad` of each parameter.",
        _in_order(*RIGHT_ORDER, clip=_weights_clipped),
    ),
    Mistake(
        "one update only",
        "This is where the weights are after a single update.",
        "All four lines belong into the loop.",
        lambda make, max_norm, n: trained(make, max_norm, 1, RIGHT_ORDER),
    ),
)


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, max_norm: float, n: int, weight: float = 1.0) -> Case:
        make = Trainee(int(rng.integers(1 << 30)))
        return Case(name, {"make": make, "max_norm": max_norm, "n": n}, weight)

    yield case("six updates, gradients of at most 1", 1.0, 6, 4.0)
    yield case("six updates, at most 0.1", 0.1, 6)
    yield case("three updates, at most 1,000,000: nothing to clip", 1e6, 3)


clipped_training = Check(
    "a training that clips", [Output("weights", "(n)")], _cases, by_hand, PLACE_MISTAKES
)
"""Judges `clipped_training(make, max_norm, n)`: all weights, as one row, after n updates."""

PATIENT = Trainee(seed=8, T=30, size=1.6)
"""The network that the clinic's patient trains."""


def their_training(make: Trainee, max_norm: float, n: int) -> list[dict[str, float]]:
    """Train as somebody did, and return for each update what was seen from outside.

    `loss`; `reported`, the norm that the clipping returned; `afterwards`, the norm of all
    gradients at the end of the update; `moved`, the length of the update divided by the rate.
    """
    import torch

    model, optimizer, loss = make()
    log = []
    for _ in range(n):
        before = flat(model)
        optimizer.zero_grad()
        now = loss()
        now.backward()
        optimizer.step()
        reported = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        log.append(
            {
                "loss": now.item(),
                "reported": reported.item(),
                "afterwards": np.sqrt(sum(float((p.grad**2).sum()) for p in model.parameters())),
                "moved": float(np.linalg.norm(flat(model) - before)) / make.lr,
            }
        )
    return log


def their_illness() -> str:
    """Return what is wrong with `their_training`, in a sentence: the clinic's answer."""
    return next(mistake.says for mistake in PLACE_MISTAKES if mistake.name == NO_STEP_SEES)
