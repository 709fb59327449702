"""The check of one-to-many: the output fed back as the next input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output


def _generate(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y, *, squash=np.tanh, fed=None, carried=None):
    """Return y (B, T, O); `fed` and `carried` pick what enters a step from (first, last)."""
    h, y, outputs = h0, y0, []
    for _ in range(T):
        x = fed(y0, y) if fed else y
        h_prev = carried(h0, h) if carried else h
        h = squash(x @ W_xh + h_prev @ W_hh + b_h)
        y = h @ W_hy + b_y
        outputs.append(y)
    return np.stack(outputs, axis=1) if outputs else np.zeros((h0.shape[0], 0, b_y.shape[0]))


def _from_old_state(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y):
    """Reads each output before the state is updated."""
    h, y, outputs = h0, y0, np.zeros((h0.shape[0], T, b_y.shape[0]))
    for t in range(T):
        h, y = np.tanh(y @ W_xh + h @ W_hh + b_h), h @ W_hy + b_y
        outputs[:, t] = y
    return outputs


def _tanh_on_output(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y):
    h, y, outputs = h0, y0, np.zeros((h0.shape[0], T, b_y.shape[0]))
    for t in range(T):
        h = np.tanh(y @ W_xh + h @ W_hh + b_h)
        y = outputs[:, t] = np.tanh(h @ W_hy + b_y)
    return outputs


def _with_y0(h0, y0, *rest):
    return np.concatenate([y0[:, None], _generate(h0, y0, *rest)], axis=1)


def _zero(first, last):
    return np.zeros_like(first)


def _first(first, last):
    return first


def _changed(name, change):
    """Return `_generate` run with one of its arguments put through `change`."""
    names = ("h0", "y0", "T", "W_xh", "W_hh", "b_h", "W_hy", "b_y")
    place = names.index(name)
    return lambda *a: _generate(*a[:place], change(a[place]), *a[place + 1 :])


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
            lambda *a: _generate(*a, fed=_first),
        ),
        Mistake(
            "no input at all",
            "Nothing is fed in: the state runs alone.",
            "The input of step t is the output of step t-1 (`y0` for the first).",
            lambda *a: _generate(*a, fed=_zero),
        ),
        Mistake(
            "h never advanced",
            "The output is fed back, but the state stays at `h0`.",
            "Two things are carried to the next step here: h and y.",
            lambda *a: _generate(*a, carried=_first),
        ),
        Mistake(
            "h zeroed each step",
            "The state is set back to zero before each step; only the output is carried on.",
            "Two things are carried to the next step here: h and y.",
            lambda *a: _generate(*a, carried=_zero),
        ),
        Mistake(
            "nothing carried on",
            "Neither the state nor the output is carried on: every step starts from `h0` and `y0`.",
            "Two things are carried to the next step here: h and y. Replace both inside the loop.",
            lambda *a: _generate(*a, fed=_first, carried=_first),
        ),
        Mistake(
            "h0 ignored",
            "The initial state `h0` is ignored: the run starts from zeros.",
            "Before the loop: `h, y = h0, y0`.",
            _changed("h0", np.zeros_like),
        ),
        Mistake(
            "y0 ignored",
            "The first input `y0` is ignored: the first step is fed zeros.",
            "Before the loop: `h, y = h0, y0`.",
            _changed("y0", np.zeros_like),
        ),
        Mistake(
            "y0 emitted (off by one)",
            "The first entry is `y0` itself, so all is one step late.",
            "Append the output after computing it; `y0` is an input, not an output.",
            lambda *a: _with_y0(*a)[:, : a[2]],
        ),
        Mistake(
            "T + 1 outputs",
            "`y0` is returned as well: there are T + 1 outputs where T are asked for.",
            "`y0` is an input, not an output: leave it out.",
            _with_y0,
        ),
        Mistake(
            "y read before h is updated",
            "Each output is read from the state of the step before.",
            "First the new state, then the output from the new state.",
            _from_old_state,
        ),
        Mistake(
            "outputs stacked time-major",
            "The outputs are right but stacked as (T, B, O); asked for is (B, T, O).",
            "Stack along axis 1, or fill a (B, T, O) array.",
            lambda *a: np.moveaxis(_generate(*a), 1, 0),
        ),
        Mistake(
            "tanh omitted",
            "The tanh is missing: the state is the bare sum.",
            "Each step is the cell that you know: `np.tanh(...)` around the three terms.",
            lambda *a: _generate(*a, squash=lambda sums: sums),
        ),
        Mistake(
            "tanh on the output",
            "The output passes through a tanh.",
            "The readout is linear: `y = h @ W_hy + b_y`.",
            _tanh_on_output,
        ),
        Mistake(
            "W_hh transposed",
            "`W_hh` is transposed.",
            "Our weights are (in, out) and states are rows: `h @ W_hh`, with no `.T`.",
            _changed("W_hh", np.transpose),
        ),
        Mistake(
            "recurrent bias forgotten",
            "The state's bias `b_h` is missing.",
            "Three terms stand inside the tanh: input, recurrence, bias.",
            _changed("b_h", np.zeros_like),
        ),
        Mistake(
            "output bias forgotten",
            "The output bias `b_y` is missing.",
            "`y = h @ W_hy + b_y`.",
            _changed("b_y", np.zeros_like),
        ),
    ),
)
"""Judges `generate(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y) -> y`."""
