"""The linear layer: the same weights applied to the last axis of any array."""

import numpy as np

from course_utils.layers.shapes import check_shapes


def linear_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Compute `x W + b` for every row.

    Shapes: x `(..., D)`, W `(D, K)`, b `(K,)`; returns (out, cache): out `(..., K)`; cache goes
    to `linear_backward` and shares no memory with the arguments.
    Raises ValueError where a shape does not fit.
    """
    D, K = check_shapes("*D, DK, K", x=x, W=W, b=b)
    # One flat (N, D) matrix: NumPy would otherwise multiply a (B, T, D) array slice by slice.
    out = x.reshape(-1, D) @ W + b
    return out.reshape(*x.shape[:-1], K), (x.copy(), W.copy())


def linear_backward(dout: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (dx, dW, db) from the gradient that arrives at the output.

    Shapes: dout `(..., K)`; dx `(..., D)`, dW `(D, K)`, db `(K,)`, summed over all rows.
    Raises ValueError where dout does not fit.

    With n for a row of x and out, the chain rule gives
        out_nk = Σ_d x_nd W_dk + b_k
        dx_nd = Σ_k dout_nk W_dk           that is, dx = dout W^T
        dW_dk = Σ_n x_nd dout_nk           that is, dW = x^T dout, and db_k = Σ_n dout_nk
    Source: Rumelhart, Hinton and Williams (1986), Learning representations by
    back-propagating errors.
    """
    x, W = cache
    D, K = check_shapes("*D, DK, *K", x=x, W=W, dout=dout)
    rows = dout.reshape(-1, K)
    return (rows @ W.T).reshape(x.shape), x.reshape(-1, D).T @ rows, rows.sum(axis=0)
