"""A2's reference in NumPy, as one would like to read it, in pieces that the mistakes replace.

A step is made of four pieces: the sum inside the tanh, the squashing, the mixing of old and new
state, the output. `step(...)` builds one with some of the pieces replaced. A loop takes the step
that it repeats; what each step starts from is decided by `carry`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Step = Callable[..., tuple[np.ndarray, np.ndarray]]


def total(x_t, h_prev, y_prev, p):
    return x_t @ p["W_xh"] + h_prev @ p["W_hh"] + y_prev @ p["W_yh"] + p["b_h"]


def mix(h_prev, new, leak):
    return (1 - leak) * h_prev + leak * new


def read_out(h_t, h_prev, p):
    return h_t @ p["W_hy"] + p["b_y"]


def step(total=total, squash=np.tanh, mix=mix, read_out=read_out) -> Step:
    """Return `leaky_step(x_t, h_prev, y_prev, params) -> (h_t, y_t)` made of these pieces."""

    def leaky_step(x_t, h_prev, y_prev, params):
        new = squash(total(x_t, h_prev, y_prev, params))
        h_t = mix(h_prev, new, params["leak"])
        return h_t, read_out(h_t, h_prev, params)

    return leaky_step


leaky_step = step()


def advance(t, new, old, start):
    """The state and output that the next step starts from: the new ones."""
    return new


def run(x, h0, y0, params, step: Step = leaky_step, carry=advance):
    """Return h (B, T, H), y (B, T, O); `carry(t, new, old, start)` gives the next (h, y)."""
    (B, T, _), start = x.shape, (h0, y0)
    h_all = np.zeros((B, T, h0.shape[1]), dtype=h0.dtype)
    y_all = np.zeros((B, T, y0.shape[1]), dtype=y0.dtype)
    old = start
    for t in range(T):
        new = step(x[:, t], *old, params)
        h_all[:, t], y_all[:, t] = new
        old = carry(t, new, old, start)
    return h_all, y_all


def leaky_forward(x, h0, y0, params):
    """Return (h, y, cache); the cache is what a backward pass would like to find again."""
    h, y = run(x, h0, y0, params)
    return h, y, {"x": x, "h0": h0, "y0": y0, "h": h, "y": y}


def softmax(logits, axis=-1):
    shifted = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def last_valid(h, h0, lengths):
    """Return each sequence's state after its last valid step (B, H); h0 where there is none."""
    states = np.concatenate([h0[:, None], h], axis=1)  # now length n is entry n
    return states[np.arange(len(lengths)), lengths]


def many_to_one(h, h0, lengths, W_hc, b_c):
    return softmax(last_valid(h, h0, lengths) @ W_hc + b_c)


def count_parameters(D, H, O, C):
    cell = D * H + H * H + O * H + H + H  # W_xh, W_hh, W_yh, b_h, leak
    return cell + H * O + O + H * C + C
