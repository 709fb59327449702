"""The check of reading both ways: two passes, and the state that has read all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from course_utils.checks.batching.turned import drawn, turned, without_padding
from course_utils.checks.core import Case, Check, Mistake, Output, variants

H = 3


def _weights(rng: np.random.Generator, D: int) -> tuple[np.ndarray, ...]:
    return rng.normal(size=(D, H)), rng.normal(size=(H, H)), rng.uniform(0.2, 0.8, H)


def _both_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, T: int, lengths: Sequence[int], weight: float = 1.0) -> Case:
        weights = {"ahead": _weights(rng, 4), "back": _weights(rng, 4)}
        return Case(name, {**drawn(rng, T, lengths), **weights}, weight)

    yield case("T=7, lengths 3, 6, 4, numbers in the padding", 7, (3, 6, 4), 5.0)
    yield case("no padding", 4, (4, 4))
    yield case("lengths 1 and 3", 3, (1, 3))


def _both_oracle(x, lengths, ahead, back) -> tuple[np.ndarray, np.ndarray]:
    """Let torch's own bidirectional layer read the packed sequences, in float64."""
    import torch

    sizes = {"batch_first": True, "bidirectional": True, "dtype": torch.float64}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        rnn = torch.nn.RNN(x.shape[2], H, **sizes)
        for way, weights in (("", ahead), ("_reverse", back)):
            for name, value in zip(("weight_ih", "weight_hh", "bias_ih"), weights, strict=True):
                getattr(rnn, f"{name}_l0{way}").copy_(torch.from_numpy(value.T.copy()))
            getattr(rnn, f"bias_hh_l0{way}").zero_()
        tools = torch.nn.utils.rnn
        packed = tools.pack_padded_sequence(
            torch.from_numpy(x), torch.from_numpy(lengths), batch_first=True, enforce_sorted=False
        )
        h, h_n = rnn(packed)
        h, _ = tools.pad_packed_sequence(h, batch_first=True, total_length=x.shape[1])
    return h.numpy(), torch.cat([h_n[0], h_n[1]], dim=1).numpy()


def run_pass(x: np.ndarray, weights: Sequence[np.ndarray], h: Any = None) -> np.ndarray:
    """Return all states of one pass from left to right, started at `h` or at zeros."""
    W_xh, W_hh, b_h = weights
    states, h = [], np.zeros((len(x), H)) if h is None else h
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states, axis=1)


def last_of(h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the state at the last real step of each row."""
    return h[np.arange(len(h)), lengths - 1]


def _summary(h, lengths):
    return np.concatenate([last_of(h[..., :H], lengths), h[:, 0, H:]], axis=1)


def _both(x, lengths, ahead, back, *, there=turned, again=turned, start=None, summary=_summary):
    """Read both ways; `there` turns the inputs round, `again` the states: right as it stands."""
    forward = run_pass(x, ahead)
    first = start(forward, lengths) if start else None
    backward = again(run_pass(there(x, lengths), back, first), lengths)
    h = np.concatenate([forward, backward], axis=2)
    return h, summary(h, lengths)


def _flipped(x, lengths):
    return x[:, ::-1]


def _as_it_is(x, lengths):
    return x


def _swap(both):
    return np.concatenate([both[..., H:], both[..., :H]], axis=-1)


def _with(**change):
    return lambda *given: _both(*given, **change)


def _sorted(x, lengths, ahead, back):
    order = np.argsort(-lengths, kind="stable")
    return _both(x[order], lengths[order], ahead, back)


bidirectional_forward = Check(
    "both ways, and the state that has read all",
    [Output("h", "(B, T, 2H)"), Output("summary", "(B, 2H)")],
    _both_cases,
    _both_oracle,
    (
        *variants(
            "bi-RNN summary = output[-1]",
            "The summary is read at the last step; there the backward half has read one input.",
            "The backward pass ends at the *first* step: `h[:, 0, H:]`.",
            _with(summary=lambda h, n: h[:, -1]),
            _with(summary=last_of),
        ),
        Mistake(
            "last state at padded positions",
            "The forward half of the summary is read at `h[:, -1]`, after padding.",
            "Read the forward half at each row's own last step, `lengths - 1`.",
            _with(summary=lambda h, n: np.concatenate([h[:, -1, :H], h[:, 0, H:]], axis=1)),
        ),
        Mistake(
            "summary from the first step",
            "The summary is read at the first step; there the forward half has read one input.",
            "The forward half has read all at `lengths - 1`.",
            _with(summary=lambda h, n: h[:, 0]),
        ),
        Mistake(
            "the halves at each other's end",
            "Each half of the summary is read where it began.",
            "Forward ends at `lengths - 1`, backward at 0.",
            _with(summary=lambda h, n: np.concatenate([h[:, 0, :H], last_of(h, n)[:, H:]], axis=1)),
        ),
        *variants(
            "the backward pass starts in the padding",
            "The whole array is turned round, so that the backward cell reads padding first.",
            "Turn each sequence round within its own length.",
            _with(there=_flipped, again=_flipped),
            _with(there=_flipped),
            _with(there=_flipped, again=_as_it_is),
        ),
        Mistake(
            "backward states not turned back",
            "The backward states stand in the order of reading: the last input's comes first.",
            "Turn the states round once more, so that both halves of `h[:, t]` belong to x_t.",
            _with(again=_as_it_is),
        ),
        Mistake(
            "backward states turned back whole",
            "The backward states are turned round as a whole: they land among the padding.",
            "Turn each row round within its own length again.",
            _with(again=_flipped),
        ),
        Mistake(
            "both passes forward",
            "Both halves read from left to right.",
            "The second pass reads each sequence from its end.",
            _with(there=_as_it_is, again=_as_it_is),
        ),
        Mistake(
            "the same weights both ways",
            "Both directions use the forward weights.",
            "The backward cell has weights of its own: `back`.",
            lambda x, n, ahead, back: _both(x, n, ahead, ahead),
        ),
        Mistake(
            "the weights exchanged",
            "The forward pass uses `back`, the backward pass `ahead`.",
            "Look at the order of the arguments.",
            lambda x, n, ahead, back: _both(x, n, back, ahead),
        ),
        Mistake(
            "backward half first",
            "The two halves are exchanged: the backward states come first.",
            "Concatenate forward, then backward.",
            lambda *given: tuple(_swap(part) for part in _both(*given)),
        ),
        Mistake(
            "added, not concatenated",
            "The two states are added; here they stand side by side, 2H numbers.",
            "`np.concatenate([forward, backward], axis=2)`.",
            lambda *given: tuple(part[..., :H] + part[..., H:] for part in _both(*given)),
        ),
        Mistake(
            "the backward pass starts from the forward state",
            "The backward pass starts from the forward pass's last state.",
            "Both start from zeros: they know nothing of one another.",
            _with(start=lambda forward, n: last_of(forward, n)),
        ),
        Mistake(
            "rows sorted by length",
            "All is right, but the rows are sorted by length.",
            "Row b of the result belongs to row b of x.",
            _sorted,
        ),
    ),
    read=without_padding,
)
"""Judges `bidirectional_forward(x, lengths, ahead, back) -> (h, summary)`.

`ahead` and `back` are (W_xh, W_hh, b_h); both passes start from zeros.
"""
