"""Splitting samples into a training and a held-out part, and serving them in minibatches."""

from collections.abc import Iterator

import numpy as np


def batches(
    *arrays: np.ndarray, batch_size: int, rng: np.random.Generator | None = None
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield every sample once, `batch_size` at a time (the last batch may be smaller).

    With `rng` the samples come in a new random order, the same for all arrays; without, in theirs.

    Raises ValueError where the arrays hold different numbers of samples.
    """
    n = len(arrays[0])
    if any(len(array) != n for array in arrays):
        found = ", ".join(str(len(array)) for array in arrays)
        raise ValueError(f"All arrays need the same number of samples; they have {found}.")
    order = np.arange(n) if rng is None else rng.permutation(n)
    for start in range(0, n, batch_size):
        chosen = order[start : start + batch_size]
        yield tuple(array[chosen] for array in arrays)


def split_in_time(n: int, held_out: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the first samples and of the last ones, a share `held_out` of all n.

    For series: what is tested lies after what was trained on.
    """
    cut = n - _share(n, held_out)
    return np.arange(cut), np.arange(cut, n)


def split_at_random(
    n: int, held_out: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return random disjoint indices, sorted: the rest, and a share `held_out` of all n."""
    return split_by_group(np.arange(n), held_out, rng)


def split_by_group(
    groups: np.ndarray, held_out: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Split at random, but keep samples with the same number in `groups (n,)` on one side.

    The share `held_out` counts groups.
    """
    names = np.unique(groups)
    chosen = rng.permutation(names)[: _share(len(names), held_out)]
    is_held_out = np.isin(groups, chosen)
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def _share(n: int, held_out: float) -> int:
    if not 0 <= held_out <= 1:
        raise ValueError(f"held_out is a share between 0 and 1; it is {held_out}.")
    return round(n * held_out)
