"""The debugging clinic of lesson 07: somebody's stack of GRUs, which is not well."""

from __future__ import annotations

from typing import Any

from course_utils.checks.batching.stack_mistakes import MISTAKES, make_stack

_ILL = next(m for m in MISTAKES if m.name == "modules in a Python list")


def their_tagger(D: int, H: int, K: int, layers: int, p: float) -> Any:
    """Return somebody's torch module, x (B, T, D) to logits (B, T, K), which is not well.

    Its layers are in `.layers`, the readout in `.readout`.
    """
    return _ILL.wrong(D, H, K, layers, p)


def healthy_tagger(D: int, H: int, K: int, layers: int, p: float) -> Any:
    """Return the same module in good health, for comparison."""
    return make_stack()(D, H, K, layers, p)


def their_illness() -> str:
    """Return what is wrong with `their_tagger`: the clinic's answer."""
    return _ILL.says
