"""The gated recurrent unit: one step, a whole sequence, and the way back, with either reset.

Three blocks of H columns stand side by side, in the order r, z, n. Two layers are called GRU.
They differ in where the reset gate r acts: on the product `h_{t-1} W_hn` ("after", as torch and
most libraries have it) or on the state before that product ("before", as first published).
The step is written as the equations are; the sequence is the same arithmetic made fast.
"""

import numpy as np

from course_utils.layers.shapes import check_shapes, float_type


def gru_step_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    W_xh: np.ndarray,
    W_hh: np.ndarray,
    b: np.ndarray,
    b_hn: np.ndarray,
    reset: str = "after",
) -> np.ndarray:
    """Advance the state by one step.

    With σ(a) = 1 / (1 + e^-a), and * element by element,
        r = σ(x_t W_xr + h_prev W_hr + b_r)
        z = σ(x_t W_xz + h_prev W_hz + b_z)
        n = tanh(x_t W_xn + b_n + r * (h_prev W_hn + b_hn))       reset="after"
        n = tanh(x_t W_xn + b_n + (r * h_prev) W_hn)              reset="before"
        h_t = (1 - z) * n + z * h_prev
    With "before", b_hn is not used (see `gru_forward`).
    Shapes: x_t `(B, D)`, h_prev `(B, H)`, W_xh `(D, 3H)`, W_hh `(H, 3H)`, b `(3H,)`,
    b_hn `(H,)`; returns h_t `(B, H)`.
    Raises ValueError where a shape does not fit or reset is neither "after" nor "before".
    Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder for
    statistical machine translation.
    """
    pattern = "BD, BH, D3H, H3H, 3H, H"
    check_shapes(pattern, x_t=x_t, h_prev=h_prev, W_xh=W_xh, W_hh=W_hh, b=b, b_hn=b_hn)
    _check_reset(reset)
    u_r, u_z, u_n = np.split(x_t @ W_xh + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    # (1 + tanh(a / 2)) / 2 is σ(a), and no a is so large that it overflows.
    r = (1 + np.tanh((u_r + h_prev @ W_hr) / 2)) / 2
    z = (1 + np.tanh((u_z + h_prev @ W_hz) / 2)) / 2
    if reset == "after":
        n = np.tanh(u_n + r * (h_prev @ W_hn + b_hn))
    else:
        n = np.tanh(u_n + (r * h_prev) @ W_hn)
    return (1 - z) * n + z * h_prev


def gru_forward(
    x: np.ndarray,
    h0: np.ndarray,
    W_xh: np.ndarray,
    W_hh: np.ndarray,
    b: np.ndarray,
    b_hn: np.ndarray,
    reset: str = "after",
) -> tuple[np.ndarray, tuple]:
    """Run the gated unit over a whole sequence and keep what the way back needs.

    With σ(a) = 1 / (1 + e^-a), and * element by element,
        r = σ(x_t W_xr + h_{t-1} W_hr + b_r)
        z = σ(x_t W_xz + h_{t-1} W_hz + b_z)
        n = tanh(x_t W_xn + b_n + r * (h_{t-1} W_hn + b_hn))      reset="after"
        n = tanh(x_t W_xn + b_n + (r * h_{t-1}) W_hn)             reset="before"
        h_t = (1 - z) * n + z * h_{t-1}
    b_hn has a place of its own only where r multiplies it. With "before" it would merely add to
    b_n: there it is not used, and its gradient is zero.

    Shapes: x `(B, T, D)` with any T, 0 included; h0 `(B, H)`; W_xh `(D, 3H)`, W_hh `(H, 3H)`,
    b `(3H,)`, b_hn `(H,)`. Returns (h, cache): h `(B, T, H)` holds h_1 ... h_T; cache goes to
    `gru_backward` and shares no memory with any argument or with h.
    Raises ValueError where a shape does not fit, all arguments hold whole numbers, or reset is
    neither "after" nor "before".
    Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder for
    statistical machine translation. It prints r before the product, and has z and 1 - z as here.
    """
    B, T, D, H = check_shapes(
        "BTD, BH, D3H, H3H, 3H, H", x=x, h0=h0, W_xh=W_xh, W_hh=W_hh, b=b, b_hn=b_hn
    )
    _check_reset(reset)
    dtype = float_type(x=x, h0=h0, W_xh=W_xh, W_hh=W_hh, b=b, b_hn=b_hn)
    W_gates, W_n = W_hh[:, : 2 * H], W_hh[:, 2 * H :]

    xs = np.array(x.swapaxes(0, 1), dtype, order="C")  # (T, B, D), always a copy
    blocks = (xs.reshape(T * B, D) @ W_xh).reshape(T, B, 3 * H)
    blocks += b
    hs = np.empty((T + 1, B, H), dtype)  # h_0 ... h_T
    inner = np.empty((T, B, H), dtype)  # what r multiplies, or what W_hn multiplies
    hs[0] = h0
    for t in range(T):
        gates, n = blocks[t, :, : 2 * H], blocks[t, :, 2 * H :]  # views into the block
        if reset == "after":
            product = hs[t] @ W_hh
            gates += product[:, : 2 * H]
            np.add(product[:, 2 * H :], b_hn, out=inner[t])
        else:
            gates += hs[t] @ W_gates
        # σ(a) = (1 + tanh(a / 2)) / 2 never overflows.
        gates *= 0.5
        np.tanh(gates, out=gates)
        gates += 1
        gates *= 0.5
        r, z = np.split(gates, 2, axis=1)
        if reset == "after":
            n += r * inner[t]
        else:
            np.multiply(r, hs[t], out=inner[t])
            n += inner[t] @ W_n
        np.tanh(n, out=n)
        hs[t + 1] = n + z * (hs[t] - n)
    cache = (xs, hs, blocks, inner, np.array(W_xh, dtype), np.array(W_hh, dtype), reset)
    return hs[1:].swapaxes(0, 1).copy(), cache


def gru_backward(
    dh: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through time, with the reset where the cache has it.

    Shapes: dh `(B, T, H)` is what arrives at every h_t from the layers after this one. Returns
    (dx, dh0, dW_xh, dW_hh, db, db_hn), each of the shape of its name, in the dtype of the
    forward pass, summed over batch and time. Raises ValueError where dh does not fit.

    Let dh_t be all that arrives at h_t, and dp_n what arrives at the product with W_hn:
        da_n = dh_t * (1 - z) * (1 - n²)        da_z = dh_t * (h_{t-1} - n) * z (1 - z)
        "after":   dp_n = da_n * r              da_r = da_n * (h_{t-1} W_hn + b_hn) * r (1 - r)
        "before":  dp_n = da_n, ds = da_n W_hn^T,        da_r = ds * h_{t-1} * r (1 - r)
        dh_{t-1} = (from above) + dh_t * z + da_r W_hr^T + da_z W_hz^T
                   + dp_n W_hn^T ("after") or + ds * r ("before")
    dW_hn = Σ_t (what W_hn multiplied)^T dp_n, that is, h_{t-1} or r * h_{t-1}; with "after"
    db_hn = Σ_t dp_n. All other gradients are as for the vanilla layer.
    Source: Werbos (1990), Backpropagation through time, applied to the equations above.
    """
    xs, hs, blocks, inner, W_xh, W_hh, reset = cache
    check_shapes("TBH, BTH", h=hs[1:], dh=dh)
    (T, B, D), H = xs.shape, hs.shape[2]
    W_gates, W_n = W_hh[:, : 2 * H], W_hh[:, 2 * H :]

    dh = dh.astype(hs.dtype, copy=False)
    from_later = np.zeros((B, H), hs.dtype)
    da = np.empty((T, B, 3 * H), hs.dtype)  # what arrives at x_t W_xh
    dp = np.empty_like(da)  # what arrives at the products with W_hh
    for t in reversed(range(T)):
        r, z, n = np.split(blocks[t], 3, axis=1)
        dh_t = dh[:, t] + from_later
        da_n = dh_t * (1 - z) * (1 - n**2)
        da_z = dh_t * (hs[t] - n) * z * (1 - z)
        if reset == "after":
            dp_n = da_n * r
            da_r = da_n * inner[t] * r * (1 - r)
        else:
            dp_n = da_n
            ds = da_n @ W_n.T
            da_r = ds * hs[t] * r * (1 - r)
        np.concatenate([da_r, da_z, da_n], axis=1, out=da[t])
        np.concatenate([da_r, da_z, dp_n], axis=1, out=dp[t])
        if reset == "after":
            from_later = dh_t * z + dp[t] @ W_hh.T
        else:
            from_later = dh_t * z + dp[t, :, : 2 * H] @ W_gates.T + ds * r

    # A sum over t of products over the batch is one product over both.
    da, dp = da.reshape(T * B, 3 * H), dp.reshape(T * B, 3 * H)
    states = hs[:-1].reshape(T * B, H)
    dW_xh = xs.reshape(T * B, D).T @ da
    if reset == "after":
        dW_hh, db_hn = states.T @ dp, dp[:, 2 * H :].sum(axis=0)
    else:
        dW_n = inner.reshape(T * B, H).T @ dp[:, 2 * H :]
        dW_hh = np.concatenate([states.T @ dp[:, : 2 * H], dW_n], axis=1)
        db_hn = np.zeros(H, hs.dtype)
    dx = (da @ W_xh.T).reshape(T, B, D).swapaxes(0, 1).copy()
    return dx, from_later, dW_xh, dW_hh, da.sum(axis=0), db_hn


def _check_reset(reset: str) -> None:
    if reset not in ("after", "before"):
        raise ValueError(f'reset is {reset!r}; expected "after" or "before".')
