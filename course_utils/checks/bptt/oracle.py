"""The right gradients by independent means: torch's autograd, in float64."""

from __future__ import annotations

import numpy as np


def through_time(
    dh, x, h0, W_xh, W_hh, b_h, h=None, k: int | None = None
) -> tuple[np.ndarray, ...]:
    """Return dx, dh0, dW_xh, dW_hh, db_h of the loss Σ dh · h, by autograd.

    dh `(B, T, H)`, x `(B, T, D)`, h0 `(B, H)`. With `k` the state is detached before every k-th
    step: the gradient is cut there, the number is carried on. `h` is not used: autograd makes
    the states anew.
    """
    import torch

    leaves = [
        torch.tensor(np.asarray(a, np.float64), requires_grad=True)
        for a in (x, h0, W_xh, W_hh, b_h)
    ]
    inputs, state, w_xh, w_hh, bias = leaves
    loss = sum(leaf.sum() for leaf in leaves) * 0.0  # where T = 0, all gradients are zero
    upstream = torch.tensor(np.asarray(dh, np.float64))
    for t in range(inputs.shape[1]):
        if k and t and t % k == 0:
            state = state.detach()
        state = torch.tanh(inputs[:, t] @ w_xh + state @ w_hh + bias)
        loss = loss + (upstream[:, t] * state).sum()
    return tuple(g.numpy() for g in torch.autograd.grad(loss, leaves))


def one_step(dh_t, x_t, h_prev, W_xh, W_hh, b_h, h_t=None) -> tuple[np.ndarray, ...]:
    """Return dx_t, dh_prev, dW_xh, dW_hh, db_h of a single step, by autograd."""
    dx, *rest = through_time(dh_t[:, None], x_t[:, None], h_prev, W_xh, W_hh, b_h)
    return dx[:, 0], *rest


def states(x, h0, W_xh, W_hh, b_h, dh=None) -> np.ndarray:
    """Return h (B, T, H) by torch.nn.RNN."""
    from course_utils.checks.rnn import rnn_oracle

    return rnn_oracle(x, h0, W_xh, W_hh, b_h)


def dlogits(logits, targets, mask) -> np.ndarray:
    """Return the gradient of the mean cross-entropy over the tokens that count."""
    import torch

    leaf = torch.tensor(np.asarray(logits, np.float64), requires_grad=True)
    counts = torch.tensor(np.asarray(mask, bool))
    ids = torch.tensor(np.asarray(targets, np.int64))
    loss = torch.nn.functional.cross_entropy(leaf[counts], ids[counts])
    return torch.autograd.grad(loss, leaf)[0].numpy()
