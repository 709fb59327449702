"""Checks of lesson 00: a layer's Jacobian, and a gradient as a sum of outer products."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output

# --- a Jacobian ------------------------------------------------------------------------------


def _jacobian_cases(rng: np.random.Generator) -> Iterable[Case]:
    def layer(D: int, H: int) -> dict[str, np.ndarray]:
        return {
            "x": rng.normal(size=D),
            "W": rng.normal(size=(D, H)) / np.sqrt(D),
            "b": rng.uniform(0.2, 0.8, size=H) * rng.choice([-1, 1], size=H),
        }

    yield Case("D=4, H=6", layer(4, 6), weight=3)
    yield Case("D=H=4: no shape complains", layer(4, 4))
    yield Case("one unit (H=1)", layer(3, 1))


def _jacobian_oracle(x, W, b) -> np.ndarray:
    import torch

    W, b = torch.from_numpy(W), torch.from_numpy(b)
    # torch puts outputs first, (H, D); our layout is the transpose.
    return torch.autograd.functional.jacobian(
        lambda row: torch.tanh(row @ W + b), torch.from_numpy(x)
    ).T.numpy()


def _h(x, W, b):
    return np.tanh(x @ W + b)


layer_jacobian = Check(
    "a Jacobian",
    [Output("J", "(D, H)")],
    _jacobian_cases,
    _jacobian_oracle,
    (
        Mistake(
            "transposed layout",
            "This is the transpose: the layout of other texts, outputs first.",
            "Ours has inputs first: J[i, j] = ∂h[j] / ∂x[i], shape (D, H) like W.",
            lambda x, W, b: (W * (1 - _h(x, W, b) ** 2)).T,
        ),
        Mistake(
            "slope of tanh forgotten",
            "This is W alone: the slope of tanh is missing.",
            "Column j of W is multiplied by 1 - h[j]².",
            lambda x, W, b: W.copy(),
        ),
        Mistake(
            "slope on the wrong side",
            "The slope of tanh multiplies the rows of W; it belongs to the columns.",
            "tanh acts on output j, and output j is column j.",
            lambda x, W, b: np.diag(1 - _h(x, W, b) ** 2) @ W,
        ),
        Mistake(
            "1 - h",
            "The slope of tanh is taken as 1 - h; the square is missing.",
            "tanh'(z) = 1 - h².",
            lambda x, W, b: W * (1 - _h(x, W, b)),
        ),
        Mistake(
            "slope of tanh before the tanh",
            "The slope of tanh is taken as 1 - z², at the value before the tanh.",
            "tanh'(z) = 1 - tanh(z)² = 1 - h².",
            lambda x, W, b: W * (1 - (x @ W + b) ** 2),
        ),
        Mistake(
            "bias forgotten",
            "The bias is missing in h, so the slopes are taken at another place.",
            "A constant vanishes when you differentiate, but h itself still holds b.",
            lambda x, W, b: W * (1 - np.tanh(x @ W) ** 2),
        ),
        Mistake(
            "only the tanh",
            "This is the Jacobian of the tanh alone, from z to h. The step from x to z is missing.",
            "Multiply by the Jacobian of x @ W, which is W.",
            lambda x, W, b: np.diag(1 - _h(x, W, b) ** 2),
        ),
    ),
)
"""Judges `layer_jacobian(x, W, b) -> J (D, H)` of h = tanh(x W + b), J[i, j] = ∂h[j]/∂x[i]."""


# --- matrix shapes ---------------------------------------------------------------------------


def _outer_cases(rng: np.random.Generator) -> Iterable[Case]:
    def pair(B: int, T: int, D: int, H: int) -> dict[str, np.ndarray]:
        return {"x": rng.normal(size=(B, T, D)), "d": rng.normal(size=(B, T, H))}

    yield Case("B=3, T=5, D=4, H=6", pair(3, 5, 4, 6), weight=3)
    yield Case("D=H=4: no shape complains", pair(2, 3, 4, 4))
    yield Case("one sequence of one step", pair(1, 1, 2, 3))


def _outer(x, d):
    return np.einsum("btd,bth->dh", x, d)


sum_of_outer_products = Check(
    "shapes: a sum of outer products",
    [Output("S", "(D, H)")],
    _outer_cases,
    lambda x, d: np.sum(x[..., :, None] * d[..., None, :], axis=(0, 1)),
    (
        Mistake(
            "transposed",
            "This is the transpose: (H, D) was made where (D, H) is asked for.",
            "Row i belongs to x[..., i], column j to d[..., j].",
            lambda x, d: _outer(d, x),
        ),
        Mistake(
            "not summed over the batch",
            "Each sequence has a matrix of its own: the sum over the batch is missing.",
            "B may not be left in the result. Flatten batch and time into one axis first.",
            lambda x, d: np.einsum("btd,bth->bdh", x, d),
        ),
        Mistake(
            "not summed over time",
            "Each step has a matrix of its own: the sum over time is missing.",
            "T may not be left in the result. Flatten batch and time into one axis first.",
            lambda x, d: np.einsum("btd,bth->tdh", x, d),
        ),
        Mistake(
            "averaged over the batch",
            "The result is divided by B: a mean over the batch where a sum is asked for.",
            "Add; do not average.",
            lambda x, d: _outer(x, d) / x.shape[0],
        ),
        Mistake(
            "averaged over time",
            "The result is divided by T: a mean over time where a sum is asked for.",
            "Add; do not average.",
            lambda x, d: _outer(x, d) / x.shape[1],
        ),
        Mistake(
            "averaged over batch and time",
            "The result is divided by B T: a mean where a sum is asked for.",
            "Add; do not average.",
            lambda x, d: _outer(x, d) / (x.shape[0] * x.shape[1]),
        ),
        Mistake(
            "reshaped, not transposed",
            "The shape is right, but `reshape` to (D, B T) shuffles the numbers of x.",
            "Reshape to (B T, D) first, then transpose.",
            lambda x, d: x.reshape(x.shape[-1], -1) @ d.reshape(-1, d.shape[-1]),
        ),
        Mistake(
            "last step only",
            "Only the last step is counted.",
            "Every step of every sequence adds an outer product.",
            lambda x, d: _outer(x[:, -1:], d[:, -1:]),
        ),
        Mistake(
            "first sequence only",
            "Only the first sequence is counted.",
            "Every step of every sequence adds an outer product.",
            lambda x, d: _outer(x[:1], d[:1]),
        ),
        Mistake(
            "summed before multiplying",
            "x and d are summed over steps first and multiplied afterwards.",
            "Multiply at each step, then add: a product of sums is not a sum of products.",
            lambda x, d: np.outer(x.sum(axis=(0, 1)), d.sum(axis=(0, 1))),
        ),
    ),
)
"""Judges `sum_of_outer_products(x, d) -> S (D, H)`, the sum over b, t of outer(x[b,t], d[b,t])."""
