"""The gradients of a vanilla RNN by torch's autograd: what a backward pass is compared with."""

from __future__ import annotations

from typing import Any

import numpy as np


def autograd_intermediates(
    x: np.ndarray,
    h0: np.ndarray,
    W_xh: np.ndarray,
    W_hh: np.ndarray,
    b_h: np.ndarray,
    W_hy: np.ndarray,
    b_y: np.ndarray,
    targets: np.ndarray,
) -> dict[str, Any]:
    """Return the gradients of a vanilla RNN's loss, intermediates too, by torch in float64.

    x (B, T, D) with T >= 1, h0 (B, H), targets (B, T) ints. The loss is the mean cross-entropy
    over the B*T tokens, in nats. Keys: `loss` (float); `do` (B, T, V), `dh`, `da` (B, T, H),
    `dx` (B, T, D); `dh0`, `dW_xh`, `dW_hh`, `db_h`, `dW_hy`, `db_y`. `dh` at t is the whole
    gradient at h_t: from o_t and from step t + 1.
    """
    import torch

    given = {"x": x, "h0": h0, "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h, "W_hy": W_hy, "b_y": b_y}
    leaves = {
        name: torch.tensor(np.asarray(value), dtype=torch.float64, requires_grad=True)
        for name, value in given.items()
    }
    steps: dict[str, list] = {"a": [], "h": [], "o": []}
    h = leaves["h0"]
    for t in range(np.shape(x)[1]):
        a = leaves["x"][:, t] @ leaves["W_xh"] + h @ leaves["W_hh"] + leaves["b_h"]
        h = torch.tanh(a)
        o = h @ leaves["W_hy"] + leaves["b_y"]
        for name, value in (("a", a), ("h", h), ("o", o)):
            value.retain_grad()
            steps[name].append(value)
    logits = torch.stack(steps["o"], dim=1)
    ids = torch.tensor(np.asarray(targets), dtype=torch.int64)
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids.flatten())
    loss.backward()
    found: dict[str, Any] = {"loss": loss.item()}
    for name in ("o", "h", "a"):
        found[f"d{name}"] = np.stack([value.grad.numpy() for value in steps[name]], axis=1)
    return found | {f"d{name}": leaf.grad.numpy() for name, leaf in leaves.items()}
