"""Checks around whole networks: counting parameters, weights from torch, generating."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants
from course_utils.checks.generating import generate

__all__ = ["count_parameters", "from_torch", "generate"]

# --- counting --------------------------------------------------------------------------------


def _count_oracle(V: int, E: int, hidden: tuple[int, ...], O: int) -> int:
    """Count by torch's own modules, without allocating them; one bias a layer instead of two."""
    import torch

    with torch.device("meta"):
        modules = [torch.nn.Embedding(V, E)]
        sizes = (E, *hidden)
        modules += [torch.nn.RNN(a, b) for a, b in pairwise(sizes)]
        modules.append(torch.nn.Linear(sizes[-1], O))
        numbers = sum(p.numel() for module in modules for p in module.parameters())
    return numbers - sum(hidden)


def _count(V, E, hidden, O, *, table=1, w_hh=1, bias=1, out_bias=1, chained=True, own=False):
    total, size = table * V * E, E
    for H in hidden:
        total += (H if own else size) * H + w_hh * H * H + bias * H
        size = H if chained else E
    return total + hidden[-1] * O + out_bias * O


def _no_readout(V, E, hidden, O):
    return _count(V, E, hidden, O) - (hidden[-1] + 1) * O


def _readout_from_every_layer(V, E, hidden, O, biases=1):
    return _no_readout(V, E, hidden, O) + (sum(hidden) + biases) * O


def _miscount(name: str, says: str, hint: str, **switch: Any) -> Mistake:
    return Mistake(name, says, hint, lambda *a: _count(*a, **switch))


count_parameters = Check(
    "counting parameters",
    [Output("count", "()")],
    lambda rng: [
        # No two mistakes give the same number for these sizes; a test watches over that.
        Case("V=50, E=11, hidden=(5, 3, 8), O=7", _sizes(50, 11, (5, 3, 8), 7), weight=3),
        Case("V=10000, E=32, hidden=(32,), O=1", _sizes(10000, 32, (32,), 1)),
        Case("random sizes", _sizes(*(int(n) for n in rng.integers(2, 90, 2)), (9, 8), 6)),
        Case("V=9, E=4, hidden=(6, 2, 7, 3, 5), O=3", _sizes(9, 4, (6, 2, 7, 3, 5), 3)),
    ],
    _count_oracle,
    (
        _miscount(
            "two biases",
            "This counts two biases a recurrent layer, as torch stores them.",
            "Two biases added to the same sum are one bias: H numbers a layer, not 2H.",
            bias=2,
        ),
        _miscount(
            "recurrent bias forgotten",
            "The biases of the recurrent layers are missing.",
            "Each unit has a threshold of its own: H more.",
            bias=0,
        ),
        _miscount(
            "W_hh forgotten",
            "The recurrent weights `W_hh` are missing.",
            "Every unit hears every unit of the step before: H times H.",
            w_hh=0,
        ),
        _miscount(
            "embedding forgotten",
            "The embedding's table is missing.",
            "One row of E numbers for each of the V words; no bias.",
            table=0,
        ),
        _miscount(
            "output bias forgotten",
            "The output layer's bias is missing.",
            "A linear layer from H to O has H * O weights and O biases.",
            out_bias=0,
        ),
        _miscount(
            "every layer reads its own size",
            "Every recurrent layer is counted as if its input had the layer's own size.",
            "The input weights of a layer are (size below) times (its own size).",
            own=True,
        ),
        _miscount(
            "every layer reads the embedding",
            "Every recurrent layer is counted as if it read the embedding.",
            "Layer 2 reads the states of layer 1: its D is the H below it.",
            chained=False,
        ),
        Mistake(
            "readout forgotten",
            "The output layer is missing.",
            "A linear layer from the last H to O has H * O weights and O biases.",
            _no_readout,
        ),
        *variants(
            "readout counted from every layer",
            "A readout is counted from every recurrent layer; only the last one has one.",
            "The line for the output layer stands after the loop, not inside it.",
            _readout_from_every_layer,
            lambda *a: _readout_from_every_layer(*a, biases=len(a[2])),
        ),
    ),
)
"""Judges `count_parameters(V, E, hidden, O) -> int`; hidden is a tuple of layer sizes."""


def _sizes(V: int, E: int, hidden: tuple[int, ...], O: int) -> dict[str, Any]:
    return {"V": V, "E": E, "hidden": hidden, "O": O}


# --- weights from torch ----------------------------------------------------------------------


def _torch_cases(rng: np.random.Generator) -> Iterable[Case]:
    for weight, (D, H) in ((3.0, (4, 6)), (1.0, (5, 5))):
        arrays = {
            "weight_ih": rng.normal(size=(H, D)) / 4,
            "weight_hh": rng.normal(size=(H, H)) / 4,
            "bias_ih": rng.uniform(0.1, 0.3, H),
            "bias_hh": rng.uniform(-0.6, -0.4, H),
        }
        yield Case(f"D={D}, H={H}", arrays, weight)


def _probe_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """Read our weights off torch's cell from outside: artanh of its answers to unit inputs."""
    import torch

    H, D = weight_ih.shape
    cell = torch.nn.utils.skip_init(torch.nn.RNNCell, D, H).double()
    with torch.no_grad():
        for name, array in zip(
            ("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
            (weight_ih, weight_hh, bias_ih, bias_hh),
            strict=True,
        ):
            getattr(cell, name).copy_(torch.from_numpy(array))
        zero_x, zero_h = torch.zeros(1, D).double(), torch.zeros(1, H).double()
        b_h = torch.atanh(cell(zero_x, zero_h))[0]
        W_xh = torch.atanh(cell(torch.eye(D).double(), zero_h.expand(D, H))) - b_h
        W_hh = torch.atanh(cell(zero_x.expand(H, D), torch.eye(H).double())) - b_h
    return W_xh.numpy(), W_hh.numpy(), b_h.numpy()


from_torch = Check(
    "torch's weights in our layout",
    [Output("W_xh", "(D, H)"), Output("W_hh", "(H, H)"), Output("b_h", "(H,)")],
    _torch_cases,
    _probe_torch,
    (
        Mistake(
            "nothing transposed",
            "Neither matrix is transposed: torch stores (out, in), we write (in, out).",
            "`weight_ih.T` is (D, H).",
            lambda W, U, b, c: (W, U, b + c),
        ),
        Mistake(
            "W_hh not transposed",
            "`W_hh` is square, so its shape hides the error: it needs the transpose as well.",
            "Both matrices are stored (out, in).",
            lambda W, U, b, c: (W.T, U, b + c),
        ),
        Mistake(
            "one bias only",
            "Only `bias_ih` is used; `bias_hh` adds to the same sum.",
            "Our one bias is the sum of torch's two.",
            lambda W, U, b, c: (W.T, U.T, b),
        ),
        Mistake(
            "the other bias only",
            "Only `bias_hh` is used; `bias_ih` adds to the same sum.",
            "Our one bias is the sum of torch's two.",
            lambda W, U, b, c: (W.T, U.T, c),
        ),
        Mistake(
            "mean of the biases",
            "The two biases are averaged; they should be added.",
            "Both are added inside the tanh, in full: our one bias is their sum.",
            lambda W, U, b, c: (W.T, U.T, (b + c) / 2),
        ),
        *variants(
            "difference of the biases",
            "One bias is subtracted from the other; they should be added.",
            "Our one bias is the sum of torch's two.",
            lambda W, U, b, c: (W.T, U.T, b - c),
            lambda W, U, b, c: (W.T, U.T, c - b),
        ),
        *variants(
            "biases put end to end",
            "The two biases are put end to end, or side by side; they should be added.",
            "Both are (H,), and so is our one bias: their sum.",
            lambda W, U, b, c: (W.T, U.T, np.concatenate([b, c])),
            lambda W, U, b, c: (W.T, U.T, np.stack([b, c])),
        ),
        *variants(
            "reshape for transpose",
            "`reshape` gives the right shape, but it does not transpose.",
            "`.reshape` reads the numbers off in their old order. `.T` exchanges rows and columns.",
            lambda W, U, b, c: (W.reshape(W.shape[::-1]), U.reshape(U.shape), b + c),
            lambda W, U, b, c: (W.reshape(W.shape[::-1]), U.T, b + c),
        ),
        *variants(
            "W_hh not transposed, one bias only",
            "Two things: `W_hh` is not transposed (it is square, so its shape hides it), and only "
            "one of the two biases is used.",
            "Both matrices are stored (out, in). Our one bias is the sum of torch's two.",
            lambda W, U, b, c: (W.T, U, b),
            lambda W, U, b, c: (W.T, U, c),
        ),
        *variants(
            "nothing transposed, one bias only",
            "Two things: neither matrix is transposed, and only one of the two biases is used.",
            "torch stores (out, in), we write (in, out). Our one bias is the sum of torch's two.",
            lambda W, U, b, c: (W, U, b),
            lambda W, U, b, c: (W, U, c),
        ),
    ),
)
"""Judges `from_torch(weight_ih, weight_hh, bias_ih, bias_hh) -> (W_xh, W_hh, b_h)`."""
