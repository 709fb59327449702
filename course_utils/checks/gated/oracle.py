"""The right states and gradients by independent means: torch's autograd, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]


def _leaves(*arrays: Any, grad: bool = False) -> list:
    import torch

    return [torch.tensor(np.asarray(a, np.float64), requires_grad=grad) for a in arrays]


def _lstm(x, h, c, W_xh, W_hh, b) -> tuple[list, list]:
    """Return h_t and c_t of every step, as lists of tensors (B, H)."""
    hs, cs = [], []
    for x_t in x.unbind(1):
        i, f, g, o = (x_t @ W_xh + h @ W_hh + b).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        hs.append(h)
        cs.append(c)
    return hs, cs


def _gru(x, h, W_xh, W_hh, b, b_hn, reset) -> list:
    """Return h_t of every step, as a list of tensors (B, H)."""
    H, hs = h.shape[1], []
    W_gates, W_hn = W_hh[:, : 2 * H], W_hh[:, 2 * H :]
    for x_t in x.unbind(1):
        u = x_t @ W_xh + b
        r, z = (u[:, : 2 * H] + h @ W_gates).sigmoid().chunk(2, dim=1)
        inner = (r * h) @ W_hn if reset == "before" else r * (h @ W_hn + b_hn)
        n = (u[:, 2 * H :] + inner).tanh()
        h = n + z * (h - n)
        hs.append(h)
    return hs


def _stacked(states: list, B: int, H: int) -> np.ndarray:
    if not states:
        return np.zeros((B, 0, H))
    return np.stack([state.detach().numpy() for state in states], axis=1)


def _gradients(loss: Any, leaves: list) -> Arrays:
    """Return the gradient of each leaf; zeros where the loss does not depend on it."""
    import torch

    loss = loss + sum(leaf.sum() for leaf in leaves) * 0.0
    return tuple(g.numpy() for g in torch.autograd.grad(loss, leaves))


def _met(upstream: np.ndarray, states: list) -> Any:
    """Return Σ upstream · states, upstream (B, T, H)."""
    arriving = _leaves(upstream)[0].unbind(1)
    return sum((d * state).sum() for d, state in zip(arriving, states, strict=True))


def lstm_states(x, h0, c0, W_xh, W_hh, b) -> Arrays:
    """Return h and c, both (B, T, H)."""
    hs, cs = _lstm(*_leaves(x, h0, c0, W_xh, W_hh, b))
    return _stacked(hs, *h0.shape), _stacked(cs, *h0.shape)


def lstm_last(x, h0, c0, W_xh, W_hh, b) -> Arrays:
    """Return h (B, T, H) and the last cell c_T (B, H)."""
    h, c = lstm_states(x, h0, c0, W_xh, W_hh, b)
    return h, c[:, -1] if c.shape[1] else np.asarray(c0, np.float64)


def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b) -> Arrays:
    """Return h_t and c_t, both (B, H)."""
    h, c = lstm_states(x_t[:, None], h_prev, c_prev, W_xh, W_hh, b)
    return h[:, 0], c[:, 0]


def lstm_back(dh, dc_T, x, h0, c0, W_xh, W_hh, b) -> Arrays:
    """Return dx, dh0, dc0, dW_xh, dW_hh, db of the loss Σ dh · h + Σ dc_T · c_T."""
    leaves = _leaves(x, h0, c0, W_xh, W_hh, b, grad=True)
    hs, cs = _lstm(*leaves)
    last = cs[-1] if cs else leaves[2]
    return _gradients(_met(dh, hs) + (_leaves(dc_T)[0] * last).sum(), leaves)


def lstm_step_back(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b, gates=None, c_t=None) -> Arrays:
    """Return dx_t, dh_prev, dc_prev, dW_xh, dW_hh, db; gates and c_t are made anew."""
    given = (dh_t[:, None], dc_t, x_t[:, None], h_prev, c_prev, W_xh, W_hh, b)
    dx, *rest = lstm_back(*given)
    return dx[:, 0], *rest


def lstm_total(dc_T, x, h0, c0, W_xh, W_hh, b) -> np.ndarray:
    """Return the gradient of Σ dc_T · c_T with respect to c_{T-k}, by the lag k, (B, T + 1, H)."""
    leaves = _leaves(x, h0, c0, W_xh, W_hh, b, grad=True)
    _, cs = _lstm(*leaves)
    cells = [*reversed(cs), leaves[2]]
    return np.stack(_gradients((_leaves(dc_T)[0] * cells[0]).sum(), cells), axis=1)


def lstm_pair(x, h0, c0, W_xh, W_hh, b, dh, dc_T) -> Arrays:
    """Return h, c_T and the six gradients."""
    given = (x, h0, c0, W_xh, W_hh, b)
    return *lstm_last(*given), *lstm_back(dh, dc_T, *given)


def gru_states(x, h0, W_xh, W_hh, b, b_hn, reset="after") -> np.ndarray:
    """Return h (B, T, H)."""
    return _stacked(_gru(*_leaves(x, h0, W_xh, W_hh, b, b_hn), reset), *h0.shape)


def gru_step(x_t, h_prev, W_xh, W_hh, b, b_hn, reset="after") -> np.ndarray:
    """Return h_t (B, H)."""
    return gru_states(x_t[:, None], h_prev, W_xh, W_hh, b, b_hn, reset)[:, 0]


def gru_back(dh, x, h0, W_xh, W_hh, b, b_hn, reset="after") -> Arrays:
    """Return dx, dh0, dW_xh, dW_hh, db, db_hn of the loss Σ dh · h."""
    leaves = _leaves(x, h0, W_xh, W_hh, b, b_hn, grad=True)
    return _gradients(_met(dh, _gru(*leaves, reset)), leaves)


def gru_step_back(dh_t, x_t, h_prev, W_xh, W_hh, b, b_hn, gates=None, reset="after") -> Arrays:
    """Return dx_t, dh_prev, dW_xh, dW_hh, db, db_hn; the gates are made anew."""
    dx, *rest = gru_back(dh_t[:, None], x_t[:, None], h_prev, W_xh, W_hh, b, b_hn, reset)
    return dx[:, 0], *rest


def gru_pair(x, h0, W_xh, W_hh, b, b_hn, dh, reset="after") -> Arrays:
    """Return h and the six gradients."""
    given = (x, h0, W_xh, W_hh, b, b_hn, reset)
    return gru_states(*given), *gru_back(dh, *given)
