"""The long short-term memory layer: one step, a whole sequence, and the way back through time.

The four gates stand side by side in one block of 4H columns, in the order i, f, g, o.
The step is written as the equations are; the sequence is the same arithmetic made fast.
"""

import numpy as np

from course_utils.layers.shapes import check_shapes, float_type


def lstm_step_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    W_xh: np.ndarray,
    W_hh: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Advance the state h and the memory cell c by one step.

    With σ(a) = 1 / (1 + e^-a), and * element by element,
        a_i, a_f, a_g, a_o = the four blocks of x_t W_xh + h_prev W_hh + b
        i = σ(a_i),    f = σ(a_f),    g = tanh(a_g),    o = σ(a_o)
        c_t = f * c_prev + i * g
        h_t = o * tanh(c_t)
    Shapes: x_t `(B, D)`, h_prev and c_prev `(B, H)`, W_xh `(D, 4H)`, W_hh `(H, 4H)`, b `(4H,)`;
    returns (h_t, c_t), both `(B, H)`. Raises ValueError where a shape does not fit.
    Source: Hochreiter and Schmidhuber (1997), Long short-term memory; the forget gate f is of
    Gers, Schmidhuber and Cummins (2000), Learning to forget: continual prediction with LSTM.
    """
    pattern = "BD, BH, BH, D4H, H4H, 4H"
    check_shapes(pattern, x_t=x_t, h_prev=h_prev, c_prev=c_prev, W_xh=W_xh, W_hh=W_hh, b=b)
    a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h_prev @ W_hh + b, 4, axis=1)
    # (1 + tanh(a / 2)) / 2 is σ(a), and no a is so large that it overflows.
    i, f, o = ((1 + np.tanh(a / 2)) / 2 for a in (a_i, a_f, a_o))
    c_t = f * c_prev + i * np.tanh(a_g)
    return o * np.tanh(c_t), c_t


def lstm_forward(
    x: np.ndarray,
    h0: np.ndarray,
    c0: np.ndarray,
    W_xh: np.ndarray,
    W_hh: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, tuple]:
    """Run the step over a whole sequence and keep what the way back needs.

    Shapes: x `(B, T, D)` with any T, 0 included; h0 and c0 `(B, H)`; W_xh `(D, 4H)`,
    W_hh `(H, 4H)`, b `(4H,)`. Returns (h, c_T, cache): h `(B, T, H)` holds h_1 ... h_T, c_T
    `(B, H)` is the last memory cell; cache goes to `lstm_backward` and shares no memory with
    any argument or result. Raises ValueError where a shape does not fit, or all arguments hold
    whole numbers.

    As in `rnn_forward`, all input products come before the loop and time is the first axis.
    New is the one tanh for all four gates: σ(a) = (1 + tanh(a / 2)) / 2, and the halves of the
    arguments go into the weights once, before the loop.
    """
    B, T, D, H = check_shapes(
        "BTD, BH, BH, D4H, H4H, 4H", x=x, h0=h0, c0=c0, W_xh=W_xh, W_hh=W_hh, b=b
    )
    dtype = float_type(x=x, h0=h0, c0=c0, W_xh=W_xh, W_hh=W_hh, b=b)
    scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], dtype), H)  # g is a plain tanh
    shift = 1 - scale
    W_scaled, b_scaled = W_hh * scale, b * scale

    xs = np.array(x.swapaxes(0, 1), dtype, order="C")  # (T, B, D), always a copy
    gates = (xs.reshape(T * B, D) @ (W_xh * scale)).reshape(T, B, 4 * H)
    hs, cs = np.empty((2, T + 1, B, H), dtype)  # h_0 ... h_T and c_0 ... c_T
    tanh_c = np.empty((T, B, H), dtype)
    recurrent = np.empty((B, 4 * H), dtype)
    hs[0], cs[0] = h0, c0
    for t in range(T):
        a = gates[t]  # a view: what is done to a is done to the block
        a += np.matmul(hs[t], W_scaled, out=recurrent)
        a += b_scaled
        np.tanh(a, out=a)
        a *= scale
        a += shift  # (1 + tanh) / 2 in i, f and o; g stays as it is
        i, f, g, o = np.split(a, 4, axis=1)
        cs[t + 1] = f * cs[t] + i * g
        np.tanh(cs[t + 1], out=tanh_c[t])
        np.multiply(o, tanh_c[t], out=hs[t + 1])
    cache = (xs, hs, cs, tanh_c, gates, np.array(W_xh, dtype), np.array(W_hh, dtype))
    return hs[1:].swapaxes(0, 1).copy(), cs[T].copy(), cache


def lstm_backward(
    dh: np.ndarray, dc_T: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through time, along h and along c.

    Shapes: dh `(B, T, H)` is what arrives at every h_t from the layers after this one, dc_T
    `(B, H)` what arrives at the last memory cell (zeros where nothing reads it). Returns (dx,
    dh0, dc0, dW_xh, dW_hh, db), each of the shape of its name, in the dtype of the forward
    pass, summed over batch and time. Raises ValueError where dh or dc_T does not fit.

    Let dh_t and dc_t be all that arrives at h_t and c_t, by later steps too. The chain rule:
        dh_t = (dh_t from above) + da_{t+1} W_hh^T                           da_{T+1} = 0
        dc_t = dc_{t+1} * f_{t+1} + dh_t * o_t * (1 - tanh²(c_t))            dc_T + ... at T
        da_i = dc_t * g * i (1 - i)            da_f = dc_t * c_{t-1} * f (1 - f)
        da_g = dc_t * i * (1 - g²)             da_o = dh_t * tanh(c_t) * o (1 - o)
    and with da_t the four side by side, as for the vanilla layer,
        dx_t = da_t W_xh^T,    dh_0 = da_1 W_hh^T,    dc_0 = dc_1 * f_1
        dW_xh = Σ_t x_t^T da_t,    dW_hh = Σ_t h_{t-1}^T da_t,    db = Σ_t da_t
    Source: Graves and Schmidhuber (2005), Framewise phoneme classification with bidirectional
    LSTM and other neural network architectures: the whole gradient, which earlier papers cut.
    """
    xs, hs, cs, tanh_c, gates, W_xh, W_hh = cache
    check_shapes("TBH, BTH, BH", h=hs[1:], dh=dh, dc_T=dc_T)
    (T, B, D), H = xs.shape, hs.shape[2]

    dh = dh.astype(hs.dtype, copy=False)
    dc = np.array(dc_T, hs.dtype)
    from_later = np.zeros((B, H), hs.dtype)
    da = np.empty((T, B, 4 * H), hs.dtype)
    # The equations stand here as they are. All factors for all t before the loop are worth time
    # in small nets only (measured at B=16, T=50, H=64: up to a third; at H=200 nothing or a loss).
    for t in reversed(range(T)):
        i, f, g, o = np.split(gates[t], 4, axis=1)
        dh_t = dh[:, t] + from_later
        dc += dh_t * o * (1 - tanh_c[t] ** 2)
        da_i = dc * g * i * (1 - i)
        da_f = dc * cs[t] * f * (1 - f)  # cs[t] is the cell before step t: cs[0] is c_0
        da_g = dc * i * (1 - g**2)
        da_o = dh_t * tanh_c[t] * o * (1 - o)
        np.concatenate([da_i, da_f, da_g, da_o], axis=1, out=da[t])
        dc *= f
        from_later = da[t] @ W_hh.T

    # A sum over t of products over the batch is one product over both.
    da = da.reshape(T * B, 4 * H)
    dW_xh = xs.reshape(T * B, D).T @ da
    dW_hh = hs[:-1].reshape(T * B, H).T @ da
    dx = (da @ W_xh.T).reshape(T, B, D).swapaxes(0, 1).copy()
    return dx, from_later, dc, dW_xh, dW_hh, da.sum(axis=0)
