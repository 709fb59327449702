"""How good a language model is: nats, bits and perplexity, always averaged by token."""

import math
from collections.abc import Sequence

import numpy as np


def token_nats(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return how many nats each target cost, `(...)`: -ln softmax(logits)[target], in float64.

    `logits (..., V)` and `targets (...)`, ids. A counted model gives probabilities instead: for
    those the nats are -ln p.

    Raises ValueError where the shapes do not fit, or a target lies outside 0 to V - 1.
    """
    logits, targets = np.asarray(logits, dtype=np.float64), np.asarray(targets)
    if logits.ndim == 0 or logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"logits (..., V) and targets (...) have the shapes {logits.shape} and {targets.shape}."
        )
    V = logits.shape[-1]
    if targets.size and not 0 <= targets.min() <= targets.max() < V:
        raise ValueError(f"Every target must lie from 0 to V - 1 = {V - 1}; mask what is padding.")
    chosen = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return np.logaddexp.reduce(logits, axis=-1) - chosen


def mean_nats(nats: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Return the mean of `nats`, one for each token; where there is a `mask`, over its true ones.

    Every token weighs the same: not every batch, and not every sequence.

    Raises ValueError where the mask has another shape, or no token is left.
    """
    return float(_counted(nats, mask).mean())


def perplexity(nats: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Return e to the mean of `nats`: among how many equally likely tokens it was like choosing.

    Raises ValueError as `mean_nats` does.
    """
    return math.exp(mean_nats(nats, mask))


def bits_per_token(nats: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Return the mean in bits: nats / ln 2. Raises ValueError as `mean_nats` does."""
    return mean_nats(nats, mask) / math.log(2)


def bits_per_character(nats: np.ndarray, characters: int, mask: np.ndarray | None = None) -> float:
    """Return the bits of all tokens together, divided by the `characters` that they are made of.

    So models that cut a text into different tokens can be compared. Where tokens are characters,
    it is `bits_per_token`.

    Raises ValueError as `mean_nats` does, and for fewer than one character.
    """
    if characters < 1:
        raise ValueError(f"characters counts those of the text: at least 1, not {characters}.")
    return float(_counted(nats, mask).sum()) / math.log(2) / characters


def mixture(probabilities: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Return the weighted mean of what several models say, token by token `(...)`.

    For each model an array of `probabilities`, of the same shape, and a weight; no weight is
    negative, and they sum to one. What each model gives to all tokens sums to one, so does the
    mixture.

    Raises ValueError for other weights or other shapes.
    """
    if (
        len(probabilities) != len(weights)
        or min(weights, default=-1) < 0
        or not math.isclose(sum(weights), 1, abs_tol=1e-9)
    ):
        raise ValueError(
            "A mixture needs a weight for each model, none negative, one in sum; "
            f"it has {len(probabilities)} models and the weights {list(weights)}."
        )
    if len({np.shape(p) for p in probabilities}) != 1:
        raise ValueError(f"Models judged different tokens: {[np.shape(p) for p in probabilities]}.")
    return sum(w * np.asarray(p) for p, w in zip(probabilities, weights, strict=True))


def best_weights(probabilities: Sequence[np.ndarray], updates: int = 200) -> np.ndarray:
    """Return the weights `(M,)` with which a mixture of M models finds these tokens likeliest.

    `probabilities` has an array (N,) for each model. Each update gives a model the share that it
    had in the mixture's probability of a token, averaged over the tokens (expectation
    maximisation; the likelihood has one maximum). Choose weights on text that is not reported on.

    Raises ValueError where there is no model or no token.
    """
    p = np.array([np.ravel(each) for each in probabilities], dtype=np.float64)
    if p.size == 0:
        raise ValueError("Weights are found on some tokens: there is no model, or no token.")
    weights = np.full(len(p), 1 / len(p))
    for _ in range(updates):
        share = weights[:, None] * p
        weights = (share / share.sum(axis=0)).mean(axis=1)
    return weights


def _counted(nats: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    nats = np.asarray(nats, dtype=np.float64)
    if mask is not None:
        mask = np.asarray(mask, dtype=bool)
        if mask.shape != nats.shape:
            raise ValueError(f"The mask has the shape {mask.shape}, the nats {nats.shape}.")
        nats = nats[mask]
    if nats.size == 0:
        raise ValueError("No token is left to average over.")
    return nats
