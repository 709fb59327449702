"""Tasks made of random bits, solved exactly by a net that remembers and by no other."""

import numpy as np


def parity_sequences(B: int, T: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return fair bits `(B, T, 1)` and their running parity `(B, T)`, 1 where the ones are odd.

    One remembered bit is enough to be always right; without it nothing beats guessing.
    """
    bits = rng.integers(0, 2, size=(B, T))
    return bits[:, :, None].astype(np.float64), bits.cumsum(axis=1) % 2


def delayed_echo(
    B: int, T: int, lag: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return fair bits `(B, T, 1)` and the bit seen `lag` steps earlier `(B, T)`, 0 before that.

    A state that holds the last `lag` bits is enough to be always right.
    """
    if lag < 0:
        raise ValueError(f"lag counts steps back, 0 or more; it is {lag}.")
    bits = rng.integers(0, 2, size=(B, T))
    echo = np.zeros_like(bits)
    echo[:, lag:] = bits[:, : max(T - lag, 0)]
    return bits[:, :, None].astype(np.float64), echo
