"""Made tasks that a net with a memory can solve exactly, and what is lost without the memory."""

import math

import numpy as np


def parity_sequences(B: int, T: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return fair bits `(B, T, 1)` and their running parity `(B, T)`, 1 where the ones are odd.

    One remembered bit is enough to be always right; without it nothing beats guessing.
    """
    bits = rng.integers(0, 2, size=(B, T))
    return bits[:, :, None].astype(np.float64), bits.cumsum(axis=1) % 2


def adding_problem(B: int, T: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return x `(B, T, 2)`, values and marks, and targets `(B,)`: the sum of the two marked values.

    `x[:, :, 0]` is uniform in [0, 1). `x[:, :, 1]` is 1 at two steps and 0 elsewhere: one mark
    falls anywhere in the first half, one anywhere in the second (its larger half where T is odd).

    The idea is that of Hochreiter and Schmidhuber (1997, experiment 4), whose values lie in
    [-1, 1] and whose sum is rescaled; values and marks as here are those of Arjovsky, Shah and
    Bengio (2016).

    The best constant answer is 1, the mean of the sum. Its mean squared error is the variance of
    two independent values, 1/12 + 1/12 = 1/6. Who remembers one value of the two halves that.

    Raises ValueError where T is below 2.
    """
    if T < 2:
        raise ValueError(f"Two marks need at least two steps; T is {T}.")
    rows, half = np.arange(B), T // 2
    x = np.zeros((B, T, 2))
    x[:, :, 0] = rng.random((B, T))
    x[rows, rng.integers(0, half, size=B), 1] = 1
    x[rows, rng.integers(half, T, size=B), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1)


def copy_task(
    B: int, K: int, lag: int, n_symbols: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and targets, both `(B, T)` with T = 2K + lag: K symbols to be said again later.

    The symbols have the ids 0 to `n_symbols - 1`, "blank" (shown below as .) is `n_symbols` and
    "go" (!) is `n_symbols + 1`; nothing is padded. With K = 3 and lag = 4:

        ids      c a b . . . ! . . .
        targets  . . . . . . . c a b

    So `lag` steps lie between the last symbol seen and the first said, and go is the last of them.
    A net reads `n_symbols + 2` different ids and chooses among `n_symbols + 1`: go is never said.
    With a memory the loss can be 0; see `memoryless_loss` for the loss without one.

    The layout is that of Arjovsky, Shah and Bengio (2016), after Hochreiter and Schmidhuber (1997).

    Raises ValueError where K, `lag` or `n_symbols` is below 1.
    """
    _check_copy(K, lag, n_symbols)
    symbols = rng.integers(0, n_symbols, size=(B, K))
    ids = np.full((B, 2 * K + lag), n_symbols)
    targets = ids.copy()
    ids[:, :K] = symbols
    ids[:, K + lag - 1] = n_symbols + 1
    targets[:, K + lag :] = symbols
    return ids, targets


def memoryless_loss(K: int, lag: int, n_symbols: int) -> float:
    """Return the best loss in `copy_task`, nats a step, of who knows the step but no symbol.

    Until go the answer is certain: blank. Each of the K answers after it is one of `n_symbols`,
    all equally likely, and costs ln `n_symbols`. The mean over all T = 2K + lag steps is
    K ln(n_symbols) / T.

    Raises ValueError where K, `lag` or `n_symbols` is below 1.
    """
    _check_copy(K, lag, n_symbols)
    return K * math.log(n_symbols) / (2 * K + lag)


def _check_copy(K: int, lag: int, n_symbols: int) -> None:
    if min(K, lag, n_symbols) < 1:
        raise ValueError(
            f"K, lag and n_symbols have to be at least 1; they are {K}, {lag} and {n_symbols}."
        )
