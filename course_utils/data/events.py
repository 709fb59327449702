"""Events in time: where a detector speaks up, and how many it finds of those that happened."""

import numpy as np


def event_starts(active: np.ndarray, hold: int = 0) -> np.ndarray:
    """Return where each event begins, rows (sequence, step) `(E, 2)`, of `active (B, T)` bool.

    An event begins where `active` is true and was not a step before. With `hold` a new event is
    not counted within the `hold` steps that follow a beginning: a detector that flickers speaks
    once.

    Raises ValueError where `active` has not two axes, and where it holds real numbers.
    """
    active = np.asarray(active)
    if active.ndim != 2:
        raise ValueError(f"active must be (B, T); its shape is {active.shape}.")
    if np.issubdtype(active.dtype, np.floating):
        raise ValueError("active says yes or no: compare probabilities with a threshold first.")
    active = active.astype(bool)
    before = np.pad(active[:, :-1], ((0, 0), (1, 0)))[:, : active.shape[1]]
    starts, kept = np.argwhere(active & ~before), []
    for row, step in starts.tolist():
        if not kept or kept[-1][0] != row or step > kept[-1][1] + hold:
            kept.append((row, step))
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def event_precision(found: np.ndarray, true: np.ndarray, tolerance: int) -> float:
    """Return the share of the events found, `(F, 2)`, that are true ones, `(E, 2)`.

    Both hold rows (sequence, step). A found event and a true one of the same sequence make a pair
    where their steps differ by at most `tolerance`, and each belongs to one pair only. NaN where
    nothing was found.
    """
    return _pairs(found, true, tolerance) / len(found) if len(found) else float("nan")


def event_recall(found: np.ndarray, true: np.ndarray, tolerance: int) -> float:
    """Return the share of the true events, `(E, 2)`, that were found, `(F, 2)`.

    Pairs are those of `event_precision`. NaN where nothing was there to find.
    """
    return _pairs(found, true, tolerance) / len(true) if len(true) else float("nan")


def _pairs(found: np.ndarray, true: np.ndarray, tolerance: int) -> int:
    """Return the largest number of pairs: on a line, first come first served is the best."""
    found, true = (sorted(map(tuple, np.reshape(events, (-1, 2)))) for events in (found, true))
    pairs = i = j = 0
    while i < len(found) and j < len(true):
        (row, step), (true_row, true_step) = found[i], true[j]
        if row == true_row and abs(step - true_step) <= tolerance:
            pairs, i, j = pairs + 1, i + 1, j + 1
        elif (row, step) < (true_row, true_step):
            i += 1
        else:
            j += 1
    return pairs
