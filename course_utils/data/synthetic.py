"""Tasks made of random bits, solved exactly by a net that remembers and by no other."""

import numpy as np


def parity_sequences(B: int, T: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return fair bits `(B, T, 1)` and their running parity `(B, T)`, 1 where the ones are odd.

    One remembered bit is enough to be always right; without it nothing beats guessing.
    """
    bits = rng.integers(0, 2, size=(B, T))
    return bits[:, :, None].astype(np.float64), bits.cumsum(axis=1) % 2
