"""Scores to probabilities, and the loss that belongs to them."""

import numpy as np

from course_utils.layers.shapes import check_shapes


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn scores `(..., V)` into probabilities `(..., V)` that sum to 1 over the last axis.

    The largest score is subtracted first: the factor cancels, and no exponential overflows.
    """
    p = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(
    logits: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """Return the mean of `-ln p(target)` over the tokens that count, and its gradient.

    Shapes: logits `(..., V)`, mostly `(B, T, V)`; targets `(...)`, integers 0 to V - 1; mask
    `(...)`, true where a token counts; None counts all. Returns (loss, dlogits): loss in nats,
    a Python float; dlogits `(..., V)`, zero where the mask is false. There the targets
    may hold anything (-1, say). Where no token counts, loss and gradient are 0.
    Raises ValueError if a shape does not fit, or a target that counts is not a class.

    With z the logits of one token, y its one-hot target, N the number of tokens that count,
        loss = (1/N) Σ (ln Σ_j e^{z_j} - z_target)
        ∂ ln Σ_j e^{z_j} / ∂z_i = e^{z_i} / Σ_j e^{z_j} = p_i,    ∂z_target / ∂z_i = y_i
        dz = (p - y) / N
    Source: Bridle (1990), Probabilistic interpretation of feedforward classification network
    outputs.
    """
    if mask is None:
        mask = np.ones(np.shape(targets), bool)
    (V,) = check_shapes("*V, *, *", logits=logits, targets=targets, mask=mask)
    counts = np.asarray(mask, bool)
    y = targets[counts]  # (N,)
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"targets has the dtype {y.dtype}; expected integers.")
    outside = y[(y < 0) | (y >= V)]
    if outside.size:
        raise ValueError(f"targets holds {outside[0]}; expected 0 to {V - 1}, the classes.")

    N = max(len(y), 1)  # no token counts: 0 / 1 = 0
    target = np.arange(len(y)), y
    z = logits[counts]  # (N, V)
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z)
    total = p.sum(axis=1, keepdims=True)
    # Not -ln p: a probability that underflows to 0 would make the loss infinite.
    loss = np.sum(np.log(total[:, 0]) - z[target], dtype=np.float64) / N
    p /= total
    p[target] -= 1
    dlogits = np.zeros(logits.shape, p.dtype)
    dlogits[counts] = p / N
    return float(loss), dlogits
