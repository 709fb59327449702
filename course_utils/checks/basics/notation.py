"""Checks of lesson 00: the first one, and reading another text's formula."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output

# --- the first check that a reader meets -----------------------------------------------------


def _series_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("B=3, T=5, D=4", {"x": rng.normal(size=(3, 5, 4))}, weight=3)
    yield Case("as many sequences as steps (B=T=4)", {"x": rng.normal(size=(4, 4, 2))})
    yield Case("one step (T=1)", {"x": rng.normal(size=(2, 1, 3))})


mean_over_time = Check(
    "the mean over time",
    [Output("mean", "(B, D)")],
    _series_cases,
    lambda x: np.einsum("btd->bd", x) / x.shape[1],
    (
        Mistake(
            "mean over the batch",
            "This is the mean over axis 0, the batch: it mixes different sequences.",
            "x is (B, T, D): time is axis 1.",
            lambda x: x.mean(axis=0),
        ),
        Mistake(
            "mean over the features",
            "This is the mean over axis 2, the features.",
            "x is (B, T, D): time is axis 1.",
            lambda x: x.mean(axis=2),
        ),
        Mistake(
            "sum for mean",
            "This is the sum over time, not the mean.",
            "Divide by the number of steps, or use `.mean`.",
            lambda x: x.sum(axis=1),
        ),
        Mistake(
            "mean of everything",
            "This is the mean of all numbers, one for the whole array.",
            "Name the axis: `x.mean(axis=...)`.",
            lambda x: x.mean(),
        ),
    ),
)
"""Judges `mean_over_time(x) -> (B, D)`."""


# --- reading another text's formula ----------------------------------------------------------


def _slide_cases(rng: np.random.Generator) -> Iterable[Case]:
    def slide(B: int, D: int, H: int) -> dict[str, np.ndarray]:
        return {
            "x_t": rng.normal(size=(B, D)),
            "s_prev": rng.normal(size=(B, H)),
            "W": rng.normal(size=(H, D)) / np.sqrt(D),
            "U": rng.normal(size=(H, H)) / np.sqrt(H),
            "b": rng.uniform(0.2, 0.8, size=H) * rng.choice([-1, 1], size=H),
        }

    yield Case("B=3, D=4, H=6", slide(3, 4, 6), weight=3)
    yield Case("B=D=H=4: no shape complains", slide(4, 4, 4))
    yield Case("one sequence (B=1)", slide(1, 2, 5))


def _slide_oracle(x_t, s_prev, W, U, b) -> np.ndarray:
    """torch.nn.RNNCell keeps its weights as the slide does, (out, in)."""
    import torch

    # skip_init: a check leaves torch's random numbers as they are
    cell = torch.nn.utils.skip_init(torch.nn.RNNCell, W.shape[1], W.shape[0]).double()
    with torch.no_grad():
        cell.weight_ih.copy_(torch.from_numpy(W))
        cell.weight_hh.copy_(torch.from_numpy(U))
        cell.bias_ih.copy_(torch.from_numpy(b))
        cell.bias_hh.zero_()
        return cell(torch.from_numpy(x_t), torch.from_numpy(s_prev)).numpy()


slide_step = Check(
    "a slide's step for rows",
    [Output("s_t", "(B, H)")],
    _slide_cases,
    _slide_oracle,
    (
        Mistake(
            "U not transposed",
            "`U` is not transposed. It is square, so no shape complains.",
            "The slide's U s with a column s is our s @ U.T with a row s. W has its .T already.",
            lambda x, s, W, U, b: np.tanh(x @ W.T + s @ U + b),
        ),
        Mistake(
            "W not transposed",
            "`W` is not transposed.",
            "The slide's W x with a column x is our x @ W.T with a row x. U has its .T already.",
            lambda x, s, W, U, b: np.tanh(x @ W + s @ U.T + b),
        ),
        Mistake(
            "multiplied from the left",
            "You multiplied from the left, as for columns; here each example is a row.",
            "The slide's W x with a column x is our x @ W.T with a row x.",
            lambda x, s, W, U, b: np.tanh(W @ x + U @ s + b),
        ),
        Mistake(
            "nothing transposed",
            "Neither `W` nor `U` is transposed.",
            "The slide's matrices are (out, in); a row times a matrix needs (in, out).",
            lambda x, s, W, U, b: np.tanh(x @ W + s @ U + b),
        ),
        Mistake(
            "W and U exchanged",
            "`W` and `U` are exchanged: on this slide W belongs to the input.",
            "Letters change from text to text. Read what each matrix stands in front of.",
            lambda x, s, W, U, b: np.tanh(x @ U.T + s @ W.T + b),
        ),
        Mistake(
            "columns returned",
            "The numbers are right, but they stand in columns, (H, B); asked for are rows, (B, H).",
            "Either transpose at the end, or translate to x @ W.T and stay with rows.",
            lambda x, s, W, U, b: np.tanh(W @ x.T + U @ s.T + b[:, None]),
        ),
        Mistake(
            "tanh omitted",
            "The tanh is missing: this is the sum inside it.",
            "Wrap the whole sum: `np.tanh(...)`.",
            lambda x, s, W, U, b: x @ W.T + s @ U.T + b,
        ),
        Mistake(
            "bias never added",
            "The bias `b` is never added.",
            "Three terms stand inside the tanh.",
            lambda x, s, W, U, b: np.tanh(x @ W.T + s @ U.T),
        ),
    ),
)
"""Judges `slide_step(x_t, s_prev, W, U, b) -> s_t (B, H)` for s_t = tanh(W x_t + U s_{t-1} + b)."""
