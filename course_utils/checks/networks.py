"""Checks around whole networks: counting parameters, weights from torch, generating."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output

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


def _miscount(name: str, says: str, hint: str, **switch: Any) -> Mistake:
    return Mistake(name, says, hint, lambda *a: _count(*a, **switch))


count_parameters = Check(
    "counting parameters",
    [Output("count", "()")],
    lambda rng: [
        Case("V=50, E=11, hidden=(5, 3, 8), O=2", _sizes(50, 11, (5, 3, 8), 2), weight=3),
        Case("V=10000, E=32, hidden=(32,), O=1", _sizes(10000, 32, (32,), 1)),
        Case("random sizes", _sizes(*(int(n) for n in rng.integers(2, 90, 2)), (9, 8), 6)),
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
    ),
)
"""Judges `from_torch(weight_ih, weight_hh, bias_ih, bias_hh) -> (W_xh, W_hh, b_h)`."""


# --- one-to-many: the output fed back as the next input --------------------------------------


def _generate(
    h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y, *, feed=None, advance=True, emit_first=False, late=False
):
    h, y, outputs = h0, y0, []
    for _ in range(T):
        if emit_first:
            outputs.append(y)
        x = y if feed is None else feed(y0, h, y)
        h_new = np.tanh(x @ W_xh + h @ W_hh + b_h)
        y = (h if late else h_new) @ W_hy + b_y
        if not emit_first:
            outputs.append(y)
        h = h_new if advance else h
    return np.stack(outputs, axis=1) if outputs else np.zeros((h0.shape[0], 0, b_y.shape[0]))


def _generate_oracle(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y):
    """Generate with torch's own cell and linear layer, in float64."""
    import torch

    B, (O, H) = h0.shape[0], W_xh.shape
    cell = torch.nn.utils.skip_init(torch.nn.RNNCell, O, H).double()
    readout = torch.nn.utils.skip_init(torch.nn.Linear, H, O).double()
    with torch.no_grad():
        cell.weight_ih.copy_(torch.from_numpy(W_xh.T.copy()))
        cell.weight_hh.copy_(torch.from_numpy(W_hh.T.copy()))
        cell.bias_ih.copy_(torch.from_numpy(b_h))
        cell.bias_hh.zero_()
        readout.weight.copy_(torch.from_numpy(W_hy.T.copy()))
        readout.bias.copy_(torch.from_numpy(b_y))
        h, y, outputs = torch.from_numpy(h0), torch.from_numpy(y0), []
        for _ in range(T):
            h = cell(y, h)
            y = readout(h)
            outputs.append(y.numpy())
    return np.stack(outputs, axis=1) if outputs else np.zeros((B, 0, O))


def _generate_cases(rng: np.random.Generator) -> Iterable[Case]:
    def drawn(B: int, T: int, H: int, O: int) -> dict[str, Any]:
        return {
            "h0": rng.normal(size=(B, H)),
            "y0": rng.normal(size=(B, O)),
            "T": T,
            "W_xh": rng.normal(size=(O, H)) / np.sqrt(O),
            "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
            "b_h": rng.uniform(0.2, 0.8, H),
            "W_hy": rng.normal(size=(H, O)) / np.sqrt(H),
            "b_y": rng.uniform(0.2, 0.8, O),
        }

    yield Case("B=3, T=5, H=6, O=4", drawn(3, 5, 6, 4), weight=4)
    yield Case("as wide as long (O = H = 4)", drawn(2, 3, 4, 4))
    yield Case("one step (T=1)", drawn(2, 1, 3, 2))
    yield Case("no step at all (T=0): y is an array of shape (B, 0, O)", drawn(2, 0, 3, 2))


generate = Check(
    "one-to-many, the output fed back",
    [Output("y", "(B, T, O)")],
    _generate_cases,
    _generate_oracle,
    (
        Mistake(
            "y never fed back",
            "Every step is fed `y0`; the new output never comes back in.",
            "At the end of a step, what was put out becomes the next input.",
            lambda *a: _generate(*a, feed=lambda y0, h, y: y0),
        ),
        Mistake(
            "no input at all",
            "Nothing is fed in: the state runs alone.",
            "The input of step t is the output of step t-1 (`y0` for the first).",
            lambda *a: _generate(*a, feed=lambda y0, h, y: np.zeros_like(y)),
        ),
        Mistake(
            "h never advanced",
            "The output is fed back, but the state stays at `h0`.",
            "Two things are carried to the next step here: h and y.",
            lambda *a: _generate(*a, advance=False),
        ),
        Mistake(
            "y0 emitted (off by one)",
            "The first entry is `y0` itself, so all is one step late.",
            "Append the output after computing it; `y0` is an input, not an output.",
            lambda *a: _generate(*a, emit_first=True),
        ),
        Mistake(
            "y read before h is updated",
            "Each output is read from the state of the step before.",
            "First the new state, then the output from the new state.",
            lambda *a: _generate(*a, late=True),
        ),
        Mistake(
            "output bias forgotten",
            "The output bias `b_y` is missing.",
            "`y = h @ W_hy + b_y`.",
            lambda *a: _generate(*a[:-1], np.zeros_like(a[-1])),
        ),
    ),
)
"""Judges `generate(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y) -> y`."""
