"""Checks of the ways back through the memory cell: the direct path, and all paths together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.checks.core import Case, Check, Convention, Mistake, Output, variants
from course_utils.checks.gated import loop, lstm_reference, oracle
from course_utils.checks.gated.cases import draw
from course_utils.checks.gated.conventions import batch_first
from course_utils.checks.gated.formulas import blocks

# --- the direct path -------------------------------------------------------------------------


def _gates(rng: np.random.Generator) -> Iterable[Case]:
    for name, (B, T, H), weight in (
        ("B=3, T=5, H=6", (3, 5, 6), 4.0),
        ("B=T=H=4", (4, 4, 4), 1.0),
        ("one step (T=1)", (2, 1, 3), 1.0),
        ("no step at all (T=0): ones, of shape (B, 1, H)", (2, 0, 3), 0.5),
    ):
        yield Case(name, {"f": rng.uniform(0.2, 0.98, size=(B, T, H))}, weight)


def _term_by_term(f: np.ndarray) -> np.ndarray:
    """Each product on its own: the last k gates."""
    T = f.shape[1]
    return np.stack([f[:, T - k :].prod(axis=1) for k in range(T + 1)], axis=1)


def _from_the_end(f: np.ndarray) -> np.ndarray:
    ones = np.ones_like(f[:, :0].sum(axis=1, keepdims=True))
    return np.concatenate([ones, np.cumprod(f[:, ::-1], axis=1)], axis=1)


def _f_major(yes: bool) -> Convention:
    swap = batch_first(yes).value

    def turned(given: dict[str, Any]) -> dict[str, Any]:
        return {"f": np.ascontiguousarray(swap(given["f"]))}

    return Convention(turned, swap)


def _mean_over_time(f: np.ndarray) -> np.ndarray:
    return f.sum(axis=1, keepdims=True) / max(f.shape[1], 1)


direct_path = Check(
    "the direct path through the cell",
    [Output("path", "(B, K, H)")],
    _gates,
    _term_by_term,
    (
        Mistake(
            "counted from the first step",
            "The products begin at the first step; lag k means the *last* k gates.",
            "∂c_T/∂c_{T-k} goes through f_T first, then f_{T-1}: turn time round before "
            "`np.cumprod`.",
            lambda f: _from_the_end(f[:, ::-1]),
        ),
        Mistake(
            "in order of time, not of lag",
            "The products are right, but they stand in the order of time: index k is the lag.",
            "`path[:, 0]` is 1, `path[:, 1]` is the last gate alone.",
            lambda f: _from_the_end(f)[:, ::-1],
        ),
        *variants(
            "lag 0 missing",
            "There are T entries; lag 0 is missing, where nothing is multiplied yet.",
            "∂c_T/∂c_T is 1: put ones before the products.",
            lambda f: _from_the_end(f)[:, 1:],
            lambda f: _from_the_end(f[:, ::-1])[:, 1:],
            lambda f: _from_the_end(f)[:, ::-1][:, :-1],
        ),
        Mistake(
            "first gate left out",
            "There are T entries, and the longest product misses a gate.",
            "From c_T back to c_0 there are T gates, so lag goes from 0 to T.",
            lambda f: _from_the_end(f)[:, :-1],
        ),
        Mistake(
            "sum for product",
            "The gates are added up; along a path, slopes multiply.",
            "∂c_t/∂c_{t-1} = f_t, so the chain rule gives f_T f_{T-1} ....",
            lambda f: _cumulated(f, np.cumsum),
        ),
        Mistake(
            "a power of one gate",
            "This is the last gate's power; every step has a gate of its own.",
            "Lag k is the product of the last k gates.",
            lambda f: f[:, -1:] ** np.arange(f.shape[1] + 1)[:, None],
        ),
        Mistake(
            "product of the mean gate",
            "The gates are averaged over time first; their product is another number.",
            "Multiply the gates as they are; average afterwards, if at all.",
            lambda f: (
                (f.sum(axis=1, keepdims=True) / max(f.shape[1], 1))
                ** np.arange(f.shape[1] + 1)[:, None]
            ),
        ),
        Mistake(
            "only the whole product",
            "Only the product of all T gates is returned; one for every lag is asked for.",
            "`np.cumprod` keeps the products on the way.",
            lambda f: f.prod(axis=1),
        ),
        *variants(
            "product over another axis",
            "The product runs over another axis than time.",
            "Time is axis 1 of f (B, T, H): `np.cumprod(..., axis=1)`.",
            lambda f: np.cumprod(f, axis=0),
            lambda f: np.cumprod(f, axis=2),
            lambda f: np.cumprod(f[::-1], axis=0),
        ),
        Mistake(
            "averaged over batch and units",
            "There is one number a lag; each unit of each sequence has a path of its own.",
            "Return (B, T+1, H): whoever draws it can average.",
            lambda f: _from_the_end(f).mean(axis=(0, 2)),
        ),
    ),
    {"batch_first": _f_major},
)
"""Judges `direct_path(f) -> path`: f (B, T, H) to (B, K, H), K = T + 1.

`path[:, k]` is the product of the last k gates. May declare batch_first=False: time comes first in
f and in path.
"""


def _cumulated(f: np.ndarray, cumulate: Callable) -> np.ndarray:
    ones = np.ones_like(f[:, :0].sum(axis=1, keepdims=True))
    return np.concatenate([ones, cumulate(f[:, ::-1], axis=1)], axis=1)


# --- all paths -------------------------------------------------------------------------------


def _total_cases(rng: np.random.Generator) -> Iterable[Case]:
    for name, sizes, weight in (
        ("B=3, T=5, D=4, H=6", (3, 5, 4, 6), 4.0),
        ("D=H=4", (2, 3, 4, 4), 1.0),
        ("one step (T=1)", (2, 1, 3, 4), 1.0),
    ):
        drawn = draw("lstm", rng, *sizes)
        del drawn["dh"]
        yield Case(name, {"dc_T": drawn.pop("dc_T"), **drawn}, weight)


def _total(dc_T, x, h0, c0, W_xh, W_hh, b, *, carry=None, note=None):
    """Return what arrives at every cell, by lag.

    carry  what goes on to the step before, from what it gives to h_{t-1} and to c_{t-1}
    note   what is noted of a cell, from all that arrives at it and what came along c alone
    """
    _, _, (_, _, (h, c), gates, weights) = loop.lstm_forward(x, h0, c0, W_xh, W_hh, b)
    back, noted = lstm_reference.step_back(), []
    dh, dc = 0 * dc_T, dc_T
    for t in reversed(range(x.shape[1])):
        o = blocks(gates[:, t], 4)[3]
        everything = dc + dh * o * (1 - np.tanh(c[:, t]) ** 2)
        noted.append(note(everything, dc) if note else everything)
        before = (h[:, t - 1], c[:, t - 1]) if t else (h0, c0)
        _, dh, dc, *_ = back(dh, dc, x[:, t], *before, gates[:, t], c[:, t], *weights)
        if carry:
            dh, dc = carry(dh, dc)
    return np.stack([*noted, dc], axis=1)


total_path = Check(
    "all paths through the cell",
    [Output("dc", "(B, K, H)")],
    _total_cases,
    oracle.lstm_total,
    (
        Mistake(
            "direct path only",
            "This is dc_T times the product of the forget gates: the way through h is missing.",
            "c_{t-1} also makes h_{t-1}, and h_{t-1} enters all four gates of step t. Carry dh "
            "back beside dc.",
            lambda *a: _total(*a, carry=lambda dh, dc: (0 * dh, dc)),
        ),
        Mistake(
            "way through c dropped",
            "Only the way through h is carried back; what goes along the cell itself is missing.",
            "Two things go back from each step: dh_prev and dc_prev.",
            lambda *a: _total(*a, carry=lambda dh, dc: (dh, 0 * dc)),
        ),
        Mistake(
            "what comes through h_t not added",
            "What is noted of c_t came along c alone: what arrives at h_t reaches c_t too.",
            "`dc + dh * o * (1 - np.tanh(c) ** 2)`: h_t = o * tanh(c_t).",
            lambda *a: _total(*a, note=lambda everything, dc: dc),
        ),
        Mistake(
            "in order of time, not of lag",
            "The numbers are right, but they stand in the order of time: index k is the lag.",
            "`dc[:, 0]` is dc_T, `dc[:, T]` arrives at c0.",
            lambda *a: _total(*a)[:, ::-1],
        ),
        *variants(
            "one lag missing",
            "There are T entries; from lag 0 to lag T there are T + 1.",
            "`dc[:, 0]` is dc_T, `dc[:, T]` arrives at c0.",
            lambda *a: _total(*a)[:, 1:],
            lambda *a: _total(*a)[:, :-1],
        ),
    ),
)
"""Judges `total_path(dc_T, x, h0, c0, W_xh, W_hh, b) -> dc`, (B, K, H) with K = T + 1.

`dc[:, k]` is the gradient of Σ dc_T · c_T with respect to c_{T-k}, through c and through h.
"""
