"""Checks of the vanilla RNN's forward pass: one step, a sequence, and reading out the last state.

The oracle is torch.nn.RNN in float64. The mistakes are small patches of one readable reference,
so that each shows its error in a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Convention, Mistake, Output


def draw_rnn(rng: np.random.Generator, B: int, T: int, D: int, H: int, dtype=np.float64) -> dict:
    """Return x (B, T, D), h0 (B, H), W_xh, W_hh, b_h: all non-zero, weights of unit scale.

    Unit-scale weights and a state that is not zero are what lets no known mistake survive; the
    product stays off the flat ends of tanh because inputs are scaled down with their number.
    """
    return {
        "x": rng.normal(size=(B, T, D)).astype(dtype),
        "h0": rng.normal(size=(B, H)).astype(dtype),
        "W_xh": (rng.normal(size=(D, H)) / np.sqrt(D)).astype(dtype),
        "W_hh": (rng.normal(size=(H, H)) / np.sqrt(H)).astype(dtype),
        "b_h": rng.uniform(0.2, 0.8, size=H).astype(dtype) * rng.choice([-1, 1], size=H),
    }


def _sequence_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("B=3, T=5, D=4, H=6, a non-zero h0", draw_rnn(rng, 3, 5, 4, 6), weight=6)
    yield Case("B=4, T=4, D=3, H=5 (as many rows as steps)", draw_rnn(rng, 4, 4, 3, 5))
    yield Case("D=H=4 (square weights)", draw_rnn(rng, 2, 3, 4, 4))
    yield Case("one step (T=1)", draw_rnn(rng, 2, 1, 3, 4))
    yield Case("no step at all (T=0)", draw_rnn(rng, 2, 0, 3, 4))
    yield Case("one sequence (B=1), one unit (H=1)", draw_rnn(rng, 1, 4, 2, 1))
    yield Case("float32", draw_rnn(rng, 3, 5, 4, 6, np.float32))


def _step_cases(rng: np.random.Generator) -> Iterable[Case]:
    def step(*sizes: int, dtype=np.float64) -> dict[str, Any]:
        drawn = draw_rnn(rng, sizes[0], 1, *sizes[1:], dtype=dtype)
        rest = {name: drawn[name] for name in ("W_xh", "W_hh", "b_h")}
        return {"x_t": drawn["x"][:, 0], "h_prev": drawn["h0"], **rest}

    yield Case("B=3, D=4, H=6", step(3, 4, 6), weight=6)
    yield Case("D=H=4 (square weights)", step(3, 4, 4))
    yield Case("one row (B=1)", step(1, 4, 6))
    yield Case("one input, one unit (D=H=1)", step(3, 1, 1))
    yield Case("float32", step(3, 4, 6, dtype=np.float32))


def rnn_oracle(x, h0, W_xh, W_hh, b_h) -> np.ndarray:
    """Return h (B, T, H) by torch.nn.RNN in float64."""
    import torch

    (B, T, D), H = x.shape, h0.shape[1]
    if T == 0:
        return np.zeros((B, 0, H))
    rnn = torch.nn.RNN(D, H, batch_first=True).double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.from_numpy(W_xh.T.astype(np.float64)))
        rnn.weight_hh_l0.copy_(torch.from_numpy(W_hh.T.astype(np.float64)))
        rnn.bias_ih_l0.copy_(torch.from_numpy(b_h.astype(np.float64)))
        rnn.bias_hh_l0.zero_()
        h, _ = rnn(
            torch.from_numpy(x.astype(np.float64)), torch.from_numpy(h0[None] * 1.0).double()
        )
    return h.numpy()


def _step_oracle(x_t, h_prev, W_xh, W_hh, b_h) -> np.ndarray:
    return rnn_oracle(x_t[:, None], h_prev, W_xh, W_hh, b_h)[:, 0]


# --- the reference that the mistakes patch --------------------------------------------------


def _step(x_t, h, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h @ W_hh + b_h)


def _run(x, h0, W_xh, W_hh, b_h, step=_step, carry=lambda t, h_new, h_old, h0: h_new):
    """Run `step` over time; `carry` says which state the next step starts from."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h_new = step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h_new)
        h = carry(t, h_new, h, h0)
    return _stack(states, h0)


def _stack(states, h0):
    return np.stack(states, axis=1) if states else np.zeros((h0.shape[0], 0, h0.shape[1]))


STEP_MISTAKES = (
    Mistake(
        "tanh omitted",
        "The tanh is missing: this is the sum inside it.",
        "Squash the whole sum: `np.tanh(...)` around all three terms.",
        lambda x_t, h, W_xh, W_hh, b_h: x_t @ W_xh + h @ W_hh + b_h,
    ),
    Mistake(
        "bias never added",
        "The bias `b_h` is never added.",
        "Three terms stand inside the tanh: input, recurrence, bias.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh),
    ),
    Mistake(
        "bias added twice",
        "The bias `b_h` is added twice.",
        "torch has two biases; here there is one, their sum. Add `b_h` once.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh + 2 * b_h),
    ),
    Mistake(
        "bias outside the tanh",
        "The bias `b_h` is added after the tanh, not inside it.",
        "Look at where the bracket of `np.tanh(` closes.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh) + b_h,
    ),
    Mistake(
        "recurrent term dropped",
        "The previous state does not enter: the term `h_prev @ W_hh` is missing.",
        "Without that term the net has no memory: every step sees its own input only.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + b_h),
    ),
    Mistake(
        "input dropped",
        "The input does not enter: the term `x_t @ W_xh` is missing.",
        "Two matrix products stand inside the tanh, one for the input, one for the state.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(h @ W_hh + b_h),
    ),
    Mistake(
        "W_hh transposed",
        "`W_hh` is transposed.",
        "Our weights are (in, out) and states are rows: `h_prev @ W_hh`, with no `.T`. "
        "(A column-vector text writes W h; that is our `h @ W.T`.)",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh.T + b_h),
    ),
    Mistake(
        "two tanh",
        "The input and the state pass through a tanh each, and are added afterwards.",
        "Add first, squash once: `np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)`.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh) + np.tanh(h @ W_hh + b_h),
    ),
    Mistake(
        "sigmoid for tanh",
        "The squashing function is the sigmoid; this cell uses tanh.",
        "A tanh is -1 to 1 and zero at zero; a sigmoid is 0 to 1. Use `np.tanh`.",
        lambda x_t, h, W_xh, W_hh, b_h: 1 / (1 + np.exp(-(x_t @ W_xh + h @ W_hh + b_h))),
    ),
    Mistake(
        "ReLU for tanh",
        "The squashing function is the ReLU; this cell uses tanh.",
        "Use `np.tanh`. (A ReLU cell is legitimate, but it is another cell: lesson 04.)",
        lambda x_t, h, W_xh, W_hh, b_h: np.maximum(x_t @ W_xh + h @ W_hh + b_h, 0),
    ),
    Mistake(
        "h_prev changed in place",
        "The new state was written into `h_prev` itself.",
        "`h_prev[...] = ` or `h_prev += ` changes the caller's array. Return a new one.",
        lambda x_t, h, W_xh, W_hh, b_h: np.copyto(h, _step(x_t, h, W_xh, W_hh, b_h)) or h,
    ),
)


def _state_reused(x, h0, W_xh, W_hh, b_h):
    """One buffer is appended again and again: every entry of the list is the last state."""
    states = _run(x, h0, W_xh, W_hh, b_h)
    return np.repeat(states[:, -1:], x.shape[1], axis=1) if x.shape[1] else states


def _off_by_one(x, h0, W_xh, W_hh, b_h):
    states = _run(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], states], axis=1)[:, : x.shape[1]]


def _last_step_missing(x, h0, W_xh, W_hh, b_h):
    states = _run(x, h0, W_xh, W_hh, b_h)
    states[:, -1:] = 0
    return states


def _first_step_missing(x, h0, W_xh, W_hh, b_h):
    states = np.zeros((x.shape[0], *x.shape[1:2], h0.shape[1]))
    h = h0
    for t in range(1, x.shape[1]):
        h = states[:, t] = _step(x[:, t], h, W_xh, W_hh, b_h)
    return states


def _h0_in_place(x, h0, W_xh, W_hh, b_h):
    states = []
    for t in range(x.shape[1]):
        h0[...] = _step(x[:, t], h0, W_xh, W_hh, b_h)
        states.append(h0.copy())
    return _stack(states, h0)


def _time_major(x, h0, W_xh, W_hh, b_h):
    """Reads axis 0 as time, as torch does by default; runs only where B equals T."""
    h, states = h0, []
    for t in range(x.shape[0]):
        h = _step(x[t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states)


def _backwards(x, h0, W_xh, W_hh, b_h):
    return _run(x[:, ::-1], h0, W_xh, W_hh, b_h)[:, ::-1]


SEQUENCE_MISTAKES = (
    Mistake(
        "h never advanced",
        "The state never advances: every step starts from `h0`.",
        "Inside the loop, the result of one step must become the `h_prev` of the next.",
        lambda *a: _run(*a, carry=lambda t, new, old, h0: h0),
    ),
    Mistake(
        "h reset each step",
        "The state is set back to zero before each step (only the first sees `h0`).",
        "Create the state once, before the loop; inside the loop only replace it.",
        lambda *a: _run(*a, carry=lambda t, new, old, h0: np.zeros_like(h0)),
    ),
    Mistake(
        "h0 ignored",
        "The initial state `h0` is ignored: the run starts from zeros.",
        "Start with `h = h0`. (Zeros are a common choice of h0, but the caller chooses.)",
        lambda x, h0, *w: _run(x, np.zeros_like(h0), *w),
    ),
    Mistake(
        "h_{t-1} emitted (off by one)",
        "Each step emits the state *before* it, h_{t-1}, so that all is one step late.",
        "Store the state after updating it: `h[:, t]` is the state that has seen `x[:, t]`.",
        _off_by_one,
    ),
    Mistake(
        "last step kept only",
        "Only the last state is returned; the states of all steps are asked for.",
        "Keep every state: fill `h[:, t]`, or append to a list and `np.stack(..., axis=1)`.",
        lambda *a: _run(*a)[:, -1],
    ),
    Mistake(
        "one buffer for all steps",
        "Every step shows the last state: one array was stored T times and overwritten each time.",
        "A list of the same array holds views, not copies. Store a new array (or `.copy()`).",
        _state_reused,
    ),
    Mistake(
        "(B, T, D) read as (T, B, D)",
        "Axis 0 is read as time. Here it is the batch: `x` is (B, T, D).",
        "Step t of every sequence is `x[:, t]`. If your function is time-major on purpose, "
        "declare it: `batch_first=False`.",
        _time_major,
    ),
    Mistake(
        "states stacked time-major",
        "The states are right but stacked as (T, B, H); asked for is (B, T, H).",
        "Stack along axis 1, or fill a (B, T, H) array. "
        "If time-major is on purpose, declare it: `batch_first=False`.",
        lambda *a: np.moveaxis(_run(*a), 1, 0),
    ),
    Mistake(
        "loop runs backward",
        "The loop runs from the last step to the first.",
        "A state may only depend on the past: t goes 0, 1, ..., T-1.",
        _backwards,
    ),
    Mistake(
        "last step skipped",
        "The last step is never computed.",
        "`range(T - 1)` stops one early: `range(T)` gives 0 to T-1.",
        _last_step_missing,
    ),
    Mistake(
        "first step skipped",
        "The first step is never computed: the loop starts at 1.",
        "`x[:, 0]` is an input too; the state before it is `h0`.",
        _first_step_missing,
    ),
    Mistake(
        "h0 changed in place",
        "The initial state `h0` was overwritten while running.",
        "`h = h0` does not copy. Let each step make a new array (`h = np.tanh(...)`).",
        _h0_in_place,
    ),
    *(
        Mistake(m.name, m.says, m.hint, lambda *a, step=m.wrong: _run(*a, step=step))
        for m in STEP_MISTAKES
        if m.name != "h_prev changed in place"
    ),
)


# --- conventions that a caller may declare --------------------------------------------------


def _batch_first(yes: bool) -> Convention:
    if yes:
        return Convention()

    def swap(array):
        return np.moveaxis(np.asarray(array), 0, 1)

    return Convention(
        arguments=lambda given: {**given, "x": np.ascontiguousarray(swap(given["x"]))},
        value=swap,
    )


def _weights(layout: str) -> Convention:
    if layout not in ("in_out", "out_in"):
        raise TypeError(f"weights is 'in_out' or 'out_in', not {layout!r}")
    if layout == "in_out":
        return Convention()

    def transpose(given):
        turned = {name: given[name].T.copy() for name in ("W_xh", "W_hh")}
        return {**given, **turned}

    return Convention(arguments=transpose)


rnn_step = Check(
    "one RNN step",
    [Output("h_t", "(B, H)")],
    _step_cases,
    _step_oracle,
    STEP_MISTAKES,
    {"weights": _weights},
)
"""Judges `rnn_step(x_t, h_prev, W_xh, W_hh, b_h) -> h_t`; may declare weights="out_in"."""

rnn_forward = Check(
    "the RNN over a whole sequence",
    [Output("h", "(B, T, H)")],
    _sequence_cases,
    rnn_oracle,
    SEQUENCE_MISTAKES,
    {"batch_first": _batch_first, "weights": _weights},
)
"""Judges `rnn_forward(x, h0, W_xh, W_hh, b_h) -> h`; may declare batch_first, weights."""
