"""Our RNN layer against torch.nn.RNN with autograd: forward, backward and the ratio of the two.

    python benchmarks/layers.py

One thread, float32; dx, dh0 and the weights' gradients on both sides, checked to be equal.
Torch runs batch first as we do, and time first, which is its faster layout: the ratio takes
the faster. Beside them stand the matrix products alone, by either library: the floor under any
implementation. All runs of a row take turns, so that a busy machine slows all alike.
"""
# ruff: noqa: E402 (thread pools read these variables when NumPy and torch are imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from course_utils.layers import rnn_backward, rnn_forward

SIZES = [(35, 20, 200, 200), (100, 32, 64, 128), (20, 60, 200, 256)]  # T, B, D, H
ROUNDS = 60
Run = Callable[[], tuple]


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape).astype(np.float32)


def our_layer(x, h0, W_xh, W_hh, b_h, dh) -> tuple[np.ndarray, ...]:
    h, cache = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return h, *rnn_backward(dh, cache)


def torch_layer(x, h0, W_xh, W_hh, b_h, dh, batch_first: bool) -> Run:
    """Return a function that runs torch's layer on the same numbers and gives the same results."""
    rnn = torch.nn.RNN(*W_xh.shape, batch_first=batch_first)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor(W_xh.T))
        rnn.weight_hh_l0.copy_(torch.tensor(W_hh.T))
        rnn.bias_ih_l0.copy_(torch.tensor(b_h))
        rnn.bias_hh_l0.zero_()

    def layout(a: np.ndarray) -> np.ndarray:
        return a if batch_first else a.swapaxes(0, 1)

    x = torch.tensor(layout(x).copy(), requires_grad=True)
    h0 = torch.tensor(h0[None], requires_grad=True)
    dh = torch.tensor(layout(dh).copy())

    def run() -> tuple[np.ndarray, ...]:
        rnn.zero_grad(set_to_none=True)
        x.grad = h0.grad = None
        h, _ = rnn(x, h0)
        h.backward(dh)
        inputs = (layout(h.detach().numpy()), layout(x.grad.numpy()), h0.grad[0].numpy())
        W_ih, W_hh, b = rnn.weight_ih_l0.grad, rnn.weight_hh_l0.grad, rnn.bias_ih_l0.grad
        return *inputs, W_ih.numpy().T, W_hh.numpy().T, b.numpy()

    return run


def products(rows, states, W_xh, W_hh) -> None:
    """The matrix products that no implementation can do without (NumPy's or torch's arrays)."""
    rows @ W_xh
    for state in states:
        state @ W_hh  # forward, h_{t-1} W_hh
    for state in states:
        state @ W_hh.T  # backward, da_t W_hh^T
    flat = states.reshape(len(rows), -1)
    flat @ W_xh.T, rows.T @ flat, flat.T @ flat  # dx, dW_xh, dW_hh


def runs(T: int, B: int, D: int, H: int) -> list[Run]:
    """Return the five runs of a row, after a check that the three layers agree."""
    x, h0, dh, b_h = normal(B, T, D), normal(B, H), normal(B, T, H), normal(H)
    W_xh, W_hh = normal(D, H) / np.float32(D**0.5), normal(H, H) / np.float32(H**0.5)
    arguments = (x, h0, W_xh, W_hh, b_h, dh)
    layers = [
        lambda: our_layer(*arguments),
        torch_layer(*arguments, batch_first=True),
        torch_layer(*arguments, batch_first=False),
    ]
    for theirs in layers[1:]:
        for mine, other in zip(layers[0](), theirs(), strict=True):
            np.testing.assert_allclose(mine, other, rtol=0, atol=1e-4 * np.abs(mine).max())
    floor = (normal(T * B, D), normal(T, B, H), W_xh, W_hh)
    floor_torch = [torch.tensor(a) for a in floor]
    return [*layers, lambda: products(*floor), lambda: products(*floor_torch)]


def medians(functions: list[Run]) -> list[float]:
    """Run the functions in turn and return the median wall time of each in milliseconds."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, collected in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            collected.append(1000 * (time.perf_counter() - start))
    return [statistics.median(collected) for collected in times]


def main() -> None:
    torch.set_num_threads(1)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__}")
    print("Milliseconds for one forward and backward pass, and ours against the faster torch:\n")
    columns = ["ours", "torch, batch first", "torch, time first"]
    columns += ["products, NumPy", "products, torch", "ours / torch"]
    print(f"| T, B, D, H | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for sizes in SIZES:
        times = medians(runs(*sizes))
        ratio = times[0] / min(times[1:3])
        cells = [", ".join(map(str, sizes)), *(f"{t:.1f}" for t in times), f"**{ratio:.2f}**"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
