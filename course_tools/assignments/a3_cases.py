"""The inputs of A3's hidden tests: something arrives at every state and output, nothing is zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_tools.assignments.cell import draw_inputs, draw_params, step_oracle
from course_tools.assignments.gradients import difference_oracle
from course_utils.checks import Case


def _drawn(
    rng: np.random.Generator, T: int, lengths: Sequence[int], sizes: Sequence[int], dtype: Any
) -> dict[str, Any]:
    """Return dh, dy, x, h0, y0, params and lengths; something arrives at every h and y."""
    D, H, O = sizes
    B = len(lengths)
    params = draw_params(rng, D, H, O, dtype=dtype)
    given = draw_inputs(rng, B, T, D, H, O, dtype=dtype)
    dh, dy = (rng.normal(size=(B, T, size)).astype(dtype) for size in (H, O))
    lengths = np.array(lengths, dtype=int)
    return {"dh": dh, "dy": dy, **given, "params": params, "lengths": lengths}


def sequences(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, T, lengths, sizes=(4, 6, 2), weight=1.0, dtype=np.float64) -> Case:
        return Case(name, _drawn(rng, T, lengths, sizes, dtype), weight)

    yield case("all of full length (B=3, T=5, D=4, H=6, O=2)", 5, [5, 5, 5], weight=6)
    mixed = rng.permutation([4, 2, 1, 3])
    yield case(f"lengths {mixed.tolist()} of T=5", 5, mixed, weight=5)
    yield case("one sequence of length 0, one of full length", 4, [2, 0, 4], weight=1)
    yield _with_nan(case("nan in the padding", 4, [4, 1, 3], (3, 5, 2)))
    yield case("one step (T=1)", 1, [1, 1], (3, 4, 2))
    yield case("no step at all (T=0)", 0, [0, 0], (3, 4, 2))
    yield case("one sequence, one unit (B=1, H=1)", 4, [4], (2, 1, 2))
    yield case("float32", 5, [5, 3, 4], dtype=np.float32)


def _with_nan(case: Case) -> Case:
    """Put nan where no step is taken."""
    given = dict(case.arguments)
    padded = np.arange(given["x"].shape[1]) >= given["lengths"][:, None]
    for name in ("dh", "dy", "x"):
        given[name] = np.where(padded[:, :, None], np.nan, given[name])
    return replace(case, arguments=given)


def steps(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, B, sizes, weight=1.0, dtype=np.float64) -> Case:
        drawn = _drawn(rng, 1, [1] * B, sizes, dtype)
        x_t, h_prev, y_prev = drawn["x"][:, 0], drawn["h0"], drawn["y0"]
        h_t = step_oracle(x_t, h_prev, y_prev, drawn["params"])[0].astype(dtype)
        arguments = {"dh_t": drawn["dh"][:, 0], "dy_t": drawn["dy"][:, 0], "x_t": x_t}
        arguments |= {"h_prev": h_prev, "y_prev": y_prev, "h_t": h_t, "params": drawn["params"]}
        return Case(name, arguments, weight)

    yield case("B=3, D=4, H=6, O=2", 3, (4, 6, 2), weight=8)
    yield case("square weights (B=D=H=O=4)", 4, (4, 4, 4))
    yield case("one sequence, one unit (B=1, H=1)", 1, (2, 1, 2))
    yield case("float32", 3, (4, 6, 2), dtype=np.float32)


def truncations(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, T, lengths, k, sizes=(3, 5, 2), weight=1.0, dtype=np.float64) -> Case:
        return Case(name, {**_drawn(rng, T, lengths, sizes, dtype), "k": k}, weight)

    yield case("T=8, k=3, all of full length", 8, [8, 8], 3, weight=6)
    mixed = rng.permutation([6, 2, 4, 7])
    yield case(f"T=7, k=3, lengths {mixed.tolist()}", 7, mixed, 3, weight=4)
    yield case("T=6, k=2: whole chunks, one sequence of length 0", 6, [6, 0, 3], 2)
    yield case("k=1", 4, [4, 2], 1)
    yield case("k larger than T", 4, [4, 3], 9)
    yield case("no step at all (T=0)", 0, [0, 0], 2)
    yield case("float32", 5, [5, 4], 2, dtype=np.float32)


def checks(rng: np.random.Generator) -> Iterable[Case]:
    def case(name, label, eps, weight=1.0, scale=1.0, dtype=np.float64) -> Case:
        drawn = _drawn(rng, 3, [3, 2], (2, 3, 2), dtype)
        if not scale:
            drawn["dh"], drawn["dy"] = 0 * drawn["dh"], 0 * drawn["dy"]
        right = {**drawn, **drawn["params"]}[name]
        # Far from right, so that each way to measure an error gives its own number.
        claimed = scale * rng.normal(size=right.shape)
        arguments = {"name": name, "claimed": claimed, **drawn, "eps": eps}
        truth = {"truth": difference_oracle(**arguments)}
        return Case(f"{label}, eps={eps:g}", arguments, weight, aside=truth)

    yield case("W_hh", '"W_hh"', 0.1, weight=6, scale=0.2)
    yield case("leak", '"leak"', 1e-3, weight=2, scale=50.0)
    for name in ("W_yh", "b_y", "x", "h0"):
        yield case(name, f'"{name}"', 1e-4)
    yield case("b_h", '"b_h", float32 data', 1e-5, weight=2, dtype=np.float32)
    yield case("W_xh", '"W_xh", nothing arrives', 1e-3, scale=0.0)
