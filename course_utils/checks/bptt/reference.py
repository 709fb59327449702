"""The way back through time on one screen, in pieces that a mistake may replace.

Right as it stands. A known mistake is this function with one piece exchanged, so that whoever
reads the mistake sees the one thing that is wrong.
"""

from __future__ import annotations

import numpy as np


def forward(x, h0, W_xh, W_hh, b_h):
    """Return the states h (B, T, H), in the dtype of the arguments."""
    h = np.zeros((*x.shape[:2], h0.shape[1]), np.result_type(x, h0, W_xh, W_hh, b_h))
    h_prev = h0
    for t in range(x.shape[1]):
        h_prev = h[:, t] = np.tanh(x[:, t] @ W_xh + h_prev @ W_hh + b_h)
    return h


def inside(dh_t, from_later, x_t, h_prev, h_t, W_xh, W_hh):
    """Return da_t (B, H): what arrives at h_t from above and from later, taken through tanh."""
    return (dh_t + from_later) * (1 - h_t**2)


def shares(da, dh_all, x_t, h_prev, h_t, W_xh, W_hh):
    """Return what da_t gives to x_t, h_{t-1}, W_xh, W_hh and b_h.

    `dh_all` is all that arrived at h_t, before tanh: mistakes use it where da belongs.
    """
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)


def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh, *, inside=inside, shares=shares):
    """Return dx_t, dh_prev, dW_xh, dW_hh, db_h of a single step."""
    here = (x_t, h_prev, h_t, W_xh, W_hh)
    return shares(inside(dh_t, 0, *here), dh_t, *here)


def backward(
    dh,
    x,
    h0,
    h,
    W_xh,
    W_hh,
    *,
    inside=inside,
    shares=shares,
    steps=lambda T: reversed(range(T)),
    above=lambda dh, t: dh[:, t],
    before=lambda h, h0, t: h[:, t - 1] if t else h0,
    add=lambda total, term, t, T: total + term,
    carry=lambda from_later, dh_prev, t, T: dh_prev,
):
    """Return dx, dh0, dW_xh, dW_hh, db_h of a whole sequence.

    inside, shares   the two halves of one step
    steps            the order of the steps
    above            what arrives at h_t from above
    before           the state before step t
    add              how a step's term joins a weight's gradient
    carry            what the step before receives, from what this one received and gives
    """
    T = x.shape[1]
    from_later, dx = np.zeros_like(h0), np.zeros_like(x)
    sums = [np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])]
    for t in steps(T):
        here = (x[:, t], before(h, h0, t), h[:, t], W_xh, W_hh)
        dh_t = above(dh, t)
        da = inside(dh_t, from_later, *here)
        dx[:, t], dh_prev, *terms = shares(da, dh_t + from_later, *here)
        sums = [add(total, term, t, T) for total, term in zip(sums, terms, strict=True)]
        from_later = carry(from_later, dh_prev, t, T)
    return dx, from_later, *sums


def truncated(dh, x, h0, h, W_xh, W_hh, k, *, chunk=backward):
    """Return the same five, the gradient cut where one chunk of `k` steps meets the next.

    `chunk` is the backward pass of one chunk. The states are carried: a chunk starts from the
    last state of the one before it. dh0 is what reaches h0 within the first chunk.
    """
    T = x.shape[1]
    dx, dh0 = np.zeros_like(x), np.zeros_like(h0)
    sums = [np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])]
    for a in range(0, T, k):
        now = slice(a, a + k)
        start = h[:, a - 1] if a else h0
        dx[:, now], dstart, *terms = chunk(dh[:, now], x[:, now], start, h[:, now], W_xh, W_hh)
        dh0 = dh0 if a else dstart
        sums = [total + term for total, term in zip(sums, terms, strict=True)]
    return dx, dh0, *sums
