"""Sequences of different lengths in one padded array: the last real step, the way back."""

import numpy as np


def last_real_state(h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the state `(B, H)` at each sequence's last real step, for h `(B, T, H)`.

    Raises ValueError where there are not B lengths, or one is not from 1 to T.
    """
    lengths = _checked(h, lengths)
    return h[np.arange(len(h)), lengths - 1]


def reverse_within_lengths(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Turn each sequence of x `(B, T, D)` round within its length; padding stays where it is.

    Twice is as if never. Raises ValueError where there are not B lengths, or one is not from 1
    to T.
    """
    n = _checked(x, lengths)[:, None]
    t = np.arange(x.shape[1])
    source = np.where(t < n, n - 1 - t, t)  # (B, T)
    return np.take_along_axis(x, source[:, :, None], axis=1)


def _checked(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    if np.ndim(x) != 3:
        raise ValueError(f"The padded array has the shape {np.shape(x)}; expected three axes.")
    B, T, _ = x.shape
    lengths = np.asarray(lengths)
    if lengths.shape != (B,) or lengths.dtype.kind not in "iu":
        raise ValueError(
            f"lengths has the shape {lengths.shape} and the dtype {lengths.dtype}; "
            f"expected ({B},) integers, one a sequence."
        )
    outside = lengths[(lengths < 1) | (lengths > T)]
    if outside.size:
        raise ValueError(f"lengths holds {outside[0]}; expected 1 to {T}, the steps of the array.")
    return lengths
