"""The vanilla recurrent layer: one step, a whole sequence, and the way back through time."""

import numpy as np

from course_utils.layers.shapes import check_shapes, float_type


def rnn_step_forward(
    x_t: np.ndarray, h_prev: np.ndarray, W_xh: np.ndarray, W_hh: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    """Advance the state by one step: `h_t = tanh(x_t W_xh + h_prev W_hh + b_h)`.

    Shapes: x_t `(B, D)`, h_prev `(B, H)`, W_xh `(D, H)`, W_hh `(H, H)`, b_h `(H,)`;
    returns h_t `(B, H)`. Raises ValueError where a shape does not fit.
    Source: Elman (1990), Finding structure in time.
    """
    check_shapes("BD, BH, DH, HH, H", x_t=x_t, h_prev=h_prev, W_xh=W_xh, W_hh=W_hh, b_h=b_h)
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)


def rnn_forward(
    x: np.ndarray, h0: np.ndarray, W_xh: np.ndarray, W_hh: np.ndarray, b_h: np.ndarray
) -> tuple[np.ndarray, tuple]:
    """Run the step over a whole sequence and keep what the way back needs.

    Shapes: x `(B, T, D)` with any T, 0 included; h0 `(B, H)`; W_xh `(D, H)`, W_hh `(H, H)`,
    b_h `(H,)`. Returns (h, cache): h `(B, T, H)` holds h_1 ... h_T; cache goes to
    `rnn_backward` and shares no memory with any argument or with h.
    Raises ValueError where a shape does not fit, or all arguments hold whole numbers.

    Only `h_{t-1} W_hh` has to wait for the step before. So all `x_t W_xh + b_h` are one large
    matrix product before the loop. Inside, time comes first, `(T, B, H)`: then each step is
    one contiguous block of memory.
    """
    B, T, D, H = check_shapes("BTD, BH, DH, HH, H", x=x, h0=h0, W_xh=W_xh, W_hh=W_hh, b_h=b_h)
    dtype = float_type(x=x, h0=h0, W_xh=W_xh, W_hh=W_hh, b_h=b_h)
    xs = np.array(x.swapaxes(0, 1), dtype, order="C")  # (T, B, D), always a copy
    hs = np.empty((T + 1, B, H), dtype)  # h_0 ... h_T
    hs[0] = h0
    hs[1:] = (xs.reshape(T * B, D) @ W_xh).reshape(T, B, H)
    hs[1:] += b_h
    for t in range(1, T + 1):
        hs[t] += hs[t - 1] @ W_hh
        np.tanh(hs[t], out=hs[t])
    cache = (xs, hs, W_xh.copy(), W_hh.copy())
    return hs[1:].swapaxes(0, 1).copy(), cache


def rnn_backward(
    dh: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through time (BPTT).

    Shapes: dh `(B, T, H)` is what arrives at every h_t from above, that is, from the layers
    after this one; the way through later steps is added here. Returns (dx, dh0, dW_xh, dW_hh,
    db_h), each of the shape of its name, in the dtype of the forward pass. They are sums over
    batch and time: the loss decides on averages. Raises ValueError where dh does not fit.

    With a_t = x_t W_xh + h_{t-1} W_hh + b_h and h_t = tanh(a_t), the chain rule gives
        da_t = (dh_t + da_{t+1} W_hh^T) * (1 - h_t²)       da_{T+1} = 0
        dx_t = da_t W_xh^T,    dh_0 = da_1 W_hh^T
        dW_xh = Σ_t x_t^T da_t,    dW_hh = Σ_t h_{t-1}^T da_t,    db_h = Σ_t da_t
    Source: Werbos (1990), Backpropagation through time: what it does and how to do it.
    """
    xs, hs, W_xh, W_hh = cache
    check_shapes("TBH, BTH", h=hs[1:], dh=dh)
    (T, B, D), H = xs.shape, hs.shape[2]

    da = np.array(dh.swapaxes(0, 1), hs.dtype, order="C")  # dh at first; step by step da
    slope = 1 - hs[1:] ** 2  # tanh' for all t at once
    from_later = np.zeros((B, H), hs.dtype)
    for t in reversed(range(T)):
        da[t] += from_later
        da[t] *= slope[t]
        from_later = da[t] @ W_hh.T

    # A sum over t of products over the batch is one product over both.
    da = da.reshape(T * B, H)
    dW_xh = xs.reshape(T * B, D).T @ da
    dW_hh = hs[:-1].reshape(T * B, H).T @ da
    dx = (da @ W_xh.T).reshape(T, B, D).swapaxes(0, 1).copy()
    return dx, from_later, dW_xh, dW_hh, da.sum(axis=0)
