"""Checks of lesson 00, first part: a first check, reading a formula, and four things to know.

Each oracle takes another road than the mistakes do: torch's autograd, torch's own layers or
einsum, where the mistakes are lines of NumPy.
"""

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


# --- chain rule ------------------------------------------------------------------------------


def _slope_cases(rng: np.random.Generator) -> Iterable[Case]:
    def numbers(n: int) -> dict[str, np.ndarray]:
        names = ("w", "x", "b", "target")
        return {name: rng.normal(size=n) for name in names}

    yield Case("eight random points", numbers(8), weight=3)
    yield Case("one point", numbers(1))
    yield Case("x = 0: w has no effect", {**numbers(3), "x": np.zeros(3)})


def _slope_oracle(w, x, b, target) -> np.ndarray:
    import torch

    w, x, b, target = (torch.tensor(a, dtype=torch.float64) for a in (w, x, b, target))
    w.requires_grad_()
    ((torch.tanh(w * x + b) - target) ** 2).sum().backward()
    return w.grad.numpy()


def _slope(w, x, b, target, outer=2, squash=lambda h, z: 1 - h**2, inner=True, sign=1):
    """Return the slope, or what it becomes where one link of the chain is another."""
    z = w * x + b
    h = np.tanh(z)
    return outer * sign * (h - target) * squash(h, z) * (x if inner else 1)


loss_slope = Check(
    "the chain rule",
    [Output("slope", "(n)")],
    _slope_cases,
    _slope_oracle,
    (
        Mistake(
            "inner derivative forgotten",
            "The last factor is missing: z = w x + b changes by x when w changes by 1.",
            "Three links in the chain: loss to h, h to z, z to w.",
            lambda *a: _slope(*a, inner=False),
        ),
        Mistake(
            "slope with respect to x",
            "The last factor is w: this is the slope with respect to x.",
            "z = w x + b changes by x when w changes by 1.",
            lambda w, x, b, target: _slope(w, x, b, target, inner=False) * w,
        ),
        Mistake(
            "tanh forgotten",
            "The tanh is missing: this is the slope of (w x + b - target)².",
            "First forward, to get h = tanh(w x + b); then back.",
            lambda w, x, b, target: 2 * (w * x + b - target) * x,
        ),
        Mistake(
            "error before the tanh",
            "The error is taken before the tanh: z - target where h - target is asked for.",
            "The loss holds h = tanh(z).",
            lambda w, x, b, target: 2 * (w * x + b - target) * (1 - np.tanh(w * x + b) ** 2) * x,
        ),
        Mistake(
            "bias forgotten",
            "The bias is missing in h, so the slopes are taken at another place.",
            "A constant vanishes when you differentiate, but h itself still holds b.",
            lambda w, x, b, target: _slope(w, x, np.zeros_like(b), target),
        ),
        Mistake(
            "slope of tanh forgotten",
            "The slope of tanh is missing.",
            "Between h and z stands the factor 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: 1),
        ),
        Mistake(
            "slope of tanh before the tanh",
            "The slope of tanh is taken as 1 - z², at the value before the tanh.",
            "tanh'(z) = 1 - tanh(z)² = 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: 1 - z**2),
        ),
        Mistake(
            "1 - h",
            "The slope of tanh is taken as 1 - h; the square is missing.",
            "tanh'(z) = 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: 1 - h),
        ),
        Mistake(
            "slope of the sigmoid",
            "h (1 - h) is the slope of the sigmoid; here stands a tanh.",
            "tanh'(z) = 1 - h².",
            lambda *a: _slope(*a, squash=lambda h, z: h * (1 - h)),
        ),
        Mistake(
            "two of the square forgotten",
            "The factor 2 of the square is missing.",
            "The slope of e² with respect to e is 2 e.",
            lambda *a: _slope(*a, outer=1),
        ),
        Mistake(
            "sign reversed",
            "The sign is reversed.",
            "The loss holds (h - target)², so the outer slope is 2 (h - target).",
            lambda *a: _slope(*a, sign=-1),
        ),
        Mistake(
            "the loss itself",
            "This is the loss, not its slope.",
            "Asked for is how fast the loss changes with w.",
            lambda w, x, b, target: (np.tanh(w * x + b) - target) ** 2,
        ),
    ),
)
"""Judges `loss_slope(w, x, b, target) -> d/dw (tanh(w x + b) - target)²`, all of shape (n,)."""


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


# --- softmax ---------------------------------------------------------------------------------


def _softmax_cases(rng: np.random.Generator) -> Iterable[Case]:
    logits = rng.normal(size=(3, 4, 6)) * 2
    logits[0, 1] += 1000  # overflows where the largest score is not subtracted
    logits[2, 3] -= 1000  # and 0/0 where one maximum serves all rows
    logits[1, 2, 4] += 1000  # overflows where a mean, a minimum or the first score is subtracted
    yield Case("B=3, T=4, V=6, some scores near 1000", {"logits": logits}, weight=3)
    yield Case("all sizes equal (B=T=V=3)", {"logits": rng.normal(size=(3, 3, 3))})
    yield Case("a single class (V=1)", {"logits": rng.normal(size=(2, 3, 1))})


def _softmax_oracle(logits) -> np.ndarray:
    import torch

    return torch.softmax(torch.from_numpy(logits), dim=-1).numpy()


def _softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _naive_softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def _one_maximum(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


def _mean_subtracted(z):
    e = np.exp(z - z.mean(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


stable_softmax = Check(
    "softmax",
    [Output("p", "(B, T, V)")],
    _softmax_cases,
    _softmax_oracle,
    (
        Mistake(
            "largest score not subtracted",
            "Large scores overflow: exp(1000) is infinite, and infinity over infinity is nan.",
            "Subtract the row's largest score first. The probabilities stay the same.",
            _naive_softmax,
        ),
        Mistake(
            "one maximum for all rows",
            "One maximum is subtracted from all rows: in rows far below it all exponentials are 0.",
            "Each row needs its own: `logits.max(axis=-1, keepdims=True)`.",
            _one_maximum,
        ),
        Mistake(
            "a score that is not the largest subtracted",
            "What is subtracted from each row is not its largest score: where one score stands "
            "out, its exponential still overflows.",
            "Not the mean, the smallest or the first: `logits.max(axis=-1, keepdims=True)`.",
            _mean_subtracted,
        ),
        Mistake(
            "softmax over time",
            "The probabilities sum to 1 over time, not over the classes.",
            "The classes are the last axis: `axis=-1`.",
            lambda z: _softmax(z, axis=1),
        ),
        Mistake(
            "softmax over the batch",
            "The probabilities sum to 1 over the batch, not over the classes.",
            "The classes are the last axis: `axis=-1`.",
            lambda z: _softmax(z, axis=0),
        ),
        Mistake(
            "softmax over everything",
            "All numbers together sum to 1; each step should.",
            "Name the axis in both places, the maximum and the sum: `axis=-1, keepdims=True`.",
            lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
        ),
        Mistake(
            "not divided by the sum",
            "The exponentials are there, but they do not sum to 1.",
            "Divide by their sum over the last axis.",
            lambda z: np.exp(z - z.max(axis=-1, keepdims=True)),
        ),
        Mistake(
            "log of the softmax",
            "These are the logarithms of the probabilities.",
            "Return the probabilities themselves.",
            lambda z: np.log(_softmax(z)),
        ),
        Mistake(
            "exponential forgotten",
            "The scores are divided by their sum, without the exponential.",
            "Scores may be negative; exp makes them positive before they are divided.",
            lambda z: z / z.sum(axis=-1, keepdims=True),
        ),
        Mistake(
            "sigmoid for softmax",
            "Each score passed through a sigmoid on its own; they do not compete.",
            "Softmax divides by the sum over all classes.",
            lambda z: 1 / (1 + np.exp(-z)),
        ),
    ),
)
"""Judges `stable_softmax(logits) -> p (B, T, V)`, over the last axis, at any size of score."""
