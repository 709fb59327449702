"""Checks of products of Jacobians through time, and of how their norms depend on the lag."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output
from course_utils.checks.flow.jacobian_mistakes import LAG_MISTAKES, PRODUCT_MISTAKES


def _case(rng: np.random.Generator, name: str, T: int, H: int, weight=1.0, dtype=np.float64):
    """Return a case of h (T, H) and W_hh; aside lies what made the states: a_t less h W_hh, h0."""
    drive, h0 = 0.4 * rng.normal(size=(T, H)), rng.normal(size=H)
    W_hh = (1.2 * rng.normal(size=(H, H)) / np.sqrt(H)).astype(dtype)
    h, states = h0, []
    for a in drive:
        h = np.tanh(a + h @ W_hh)
        states.append(h)
    arguments = {"h": np.array(states, dtype).reshape(T, H), "W_hh": W_hh}
    return Case(name, arguments, weight, aside={"drive": drive, "h0": h0})


def _by_autograd(h, W_hh, drive, h0, start: int = 0) -> np.ndarray:
    """Return ∂h_T/∂h_start in our layout, by autograd through the steps start + 1 to T."""
    import torch

    W = torch.tensor(np.asarray(W_hh, np.float64))

    def run(state):
        for a in torch.tensor(drive[start:]):
            state = torch.tanh(a + state @ W)
        return state

    begin = torch.tensor(np.asarray(h[start - 1] if start else h0, np.float64))
    return torch.autograd.functional.jacobian(run, begin).numpy().T


def _norms(h, W_hh, drive, h0) -> np.ndarray:
    products = (_by_autograd(h, W_hh, drive, h0, start) for start in range(len(h))[::-1])
    return np.array([np.linalg.svd(product, compute_uv=False)[0] for product in products])


def _product_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield _case(rng, "T=4 steps, H=5 units", 4, 5, 4.0)
    yield _case(rng, "one step (T=1)", 1, 4)
    yield _case(rng, "T=30 steps", 30, 6)
    yield _case(rng, "one unit (H=1): a plain product of numbers", 6, 1)
    yield _case(rng, "no step (T=0): h_0 with respect to itself", 0, 3, 0.5)
    yield _case(rng, "float32", 4, 5, dtype=np.float32)


def _lag_cases(rng: np.random.Generator) -> Iterable[Case]:
    yield _case(rng, "T=5 steps, H=6 units", 5, 6, 4.0)
    yield _case(rng, "one step (T=1)", 1, 4)
    yield _case(rng, "T=20 steps", 20, 5)
    yield _case(rng, "one unit (H=1)", 6, 1)
    yield _case(rng, "float32", 5, 6, dtype=np.float32)


state_jacobian = Check(
    "a product of Jacobians through time",
    [Output("dhT_dh0", "(H, H)")],
    _product_cases,
    _by_autograd,
    PRODUCT_MISTAKES,
)
"""Judges `state_jacobian(h, W_hh)`: ∂h_T/∂h_0 (H, H) from the states h_1 ... h_T, h (T, H)."""

norm_by_lag = Check(
    "the norm against the lag",
    [Output("norms", "(T)")],
    _lag_cases,
    _norms,
    LAG_MISTAKES,
)
"""Judges `norm_by_lag(h, W_hh)`: the spectral norms (T,) of ∂h_T/∂h_{T-k} for k = 1 ... T."""
