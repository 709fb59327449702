"""Check of lesson 01: how many parameters a window of words costs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output, variants


def _cost_cases(rng: np.random.Generator) -> Iterable[Case]:
    for name, V, n, H, weight in (
        ("V=11, n=3, H=6", 11, 3, 6, 3),  # no two mistakes give the same number
        ("one word, n=1", 7, 1, 4, 1),
        ("V=30, n=12, H=8", 30, 12, 8, 1),
    ):
        yield Case(name, {"V": V, "n": n, "H": H}, weight=weight)


def _cost_oracle(V: int, n: int, H: int) -> int:
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(n * V, H), torch.nn.Tanh(), torch.nn.Linear(H, V))
    return sum(p.numel() for p in net.parameters())


window_parameters = Check(
    "parameters of a window of words",
    [Output("count", "()")],
    _cost_cases,
    _cost_oracle,
    (
        *variants(
            "no biases",
            "The biases are missing: one a hidden unit, one a word of the output.",
            "Add H + V.",
            lambda V, n, H: n * V * H + H * V,
        ),
        *variants(
            "one layer's biases",
            "The biases of one layer are missing.",
            "H for the hidden layer and V for the output.",
            lambda V, n, H: n * V * H + H + H * V,
            lambda V, n, H: n * V * H + H * V + V,
        ),
        *variants(
            "one word only",
            "That is a window of one word: n does not occur.",
            "The input has n V numbers: one one-hot row for each word of the window.",
            lambda V, n, H: V * H + H + H * V + V,
        ),
        *variants(
            "ids as inputs",
            "You counted n inputs, one a word. One-hot, each word is V numbers.",
            "The input has n V numbers.",
            lambda V, n, H: n * H + H + H * V + V,
        ),
        *variants(
            "inputs added",
            "You counted n + V inputs. n one-hot rows of V numbers each are n times V.",
            "The input has n V numbers.",
            lambda V, n, H: (n + V) * H + H + H * V + V,
        ),
        *variants(
            "output layer missing",
            "The output layer is missing: from H hidden units to V scores.",
            "Add H V + V.",
            lambda V, n, H: n * V * H + H,
        ),
        *variants(
            "a whole output for every word of the window",
            "You multiplied the output layer by n too. There is one output: the next word.",
            "Only the first layer grows with n.",
            lambda V, n, H: n * (V * H + H + H * V + V),
            lambda V, n, H: n * V * H + H + n * H * V + V,
            lambda V, n, H: n * V * H + H + n * (H * V + V),
        ),
        *variants(
            "one output number",
            "You counted a single output. The next word is one of V: V scores.",
            "The output layer has H V weights and V biases.",
            lambda V, n, H: n * V * H + H + H + 1,
        ),
        *variants(
            "scores for the hidden units",
            "Your output layer has H scores; the next word is one of V.",
            "The output layer has H V weights and V biases.",
            lambda V, n, H: (n * V + 1) * H + (H + 1) * H,
        ),
        *variants(
            "a bias too many",
            "There is a bias for every input, or one set of them for every word of the window. A "
            "layer has one bias for each unit that it computes.",
            "H biases in the hidden layer, V in the output layer.",
            lambda V, n, H: n * (V + 1) * H + H * V + V,
            lambda V, n, H: n * V * H + n * V + H * V + V,
            lambda V, n, H: n * V + n * V * H + H + H * V + V,
        ),
        *variants(
            "V to the power n",
            "You counted one input for every possible window: that is a table, not a network.",
            "The input has n V numbers.",
            lambda V, n, H: V**n * H + H + H * V + V,
        ),
    ),
)
"""Judges `window_parameters(V, n, H) -> count`: n one-hot words to H units to V scores."""
