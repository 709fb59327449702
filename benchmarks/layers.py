"""Our recurrent layers against torch's with autograd: forward, backward, and the ratio.

    python benchmarks/layers.py

One thread, float32; the gradients of x, the first state and the weights on both sides, checked
to be equal. Torch runs batch first as we do, and time first, which is its faster layout: the
ratio takes the faster. It also runs with oneDNN switched off: torch hands its LSTM, and only
that, to this library. Beside them stand the matrix products alone, by either library: the floor
under any implementation. All runs of a row take turns, so that a busy machine slows all alike.
"""
# ruff: noqa: E402 (thread pools read these variables when NumPy and torch are imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import platform
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch

from course_utils import layers

SIZES = [(35, 20, 200, 200), (100, 32, 64, 128), (20, 60, 200, 256)]  # T, B, D, H
BLOCKS = {"RNN": 1, "LSTM": 4, "GRU": 3}  # columns of a weight matrix, in H
ROUNDS = 40
Run = Callable[[], tuple]


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape).astype(np.float32)


def our_layer(kind, x, h0, W_xh, W_hh, b, b_hn, dh) -> Run:
    """Return a function that gives h and the gradients of x, h0, W_xh, W_hh and b."""

    def rnn() -> tuple[np.ndarray, ...]:
        h, cache = layers.rnn_forward(x, h0, W_xh, W_hh, b)
        return h, *layers.rnn_backward(dh, cache)

    def lstm() -> tuple[np.ndarray, ...]:
        h, _, cache = layers.lstm_forward(x, h0, zeros, W_xh, W_hh, b)
        dx, dh0, _, *d_weights = layers.lstm_backward(dh, zeros, cache)
        return h, dx, dh0, *d_weights

    def gru() -> tuple[np.ndarray, ...]:
        h, cache = layers.gru_forward(x, h0, W_xh, W_hh, b, b_hn)
        return h, *layers.gru_backward(dh, cache)[:-1]

    zeros = np.zeros_like(h0)
    return {"RNN": rnn, "LSTM": lstm, "GRU": gru}[kind]


def torch_layer(kind, x, h0, W_xh, W_hh, b, b_hn, dh, batch_first=False, onednn=True) -> Run:
    """Return a function that runs torch's layer on the same numbers and gives the same results."""
    D, H = len(W_xh), len(W_hh)
    layer = getattr(torch.nn, kind)(D, H, batch_first=batch_first)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(W_xh.T))
        layer.weight_hh_l0.copy_(torch.tensor(W_hh.T))
        layer.bias_ih_l0.copy_(torch.tensor(b))
        layer.bias_hh_l0.zero_()
        if kind == "GRU":
            layer.bias_hh_l0[2 * H :] = torch.tensor(b_hn)

    def layout(a: np.ndarray) -> np.ndarray:
        return a if batch_first else a.swapaxes(0, 1)

    x = torch.tensor(layout(x).copy(), requires_grad=True)
    h0 = torch.tensor(h0[None], requires_grad=True)
    state = (h0, torch.zeros_like(h0)) if kind == "LSTM" else h0
    dh = torch.tensor(layout(dh).copy())

    def run() -> tuple[np.ndarray, ...]:
        layer.zero_grad(set_to_none=True)
        x.grad = h0.grad = None
        with torch.backends.mkldnn.flags(enabled=onednn):
            h, _ = layer(x, state)
            h.backward(dh)
        inputs = (layout(h.detach().numpy()), layout(x.grad.numpy()), h0.grad[0].numpy())
        W_ih, W_hh, b = layer.weight_ih_l0.grad, layer.weight_hh_l0.grad, layer.bias_ih_l0.grad
        return *inputs, W_ih.numpy().T, W_hh.numpy().T, b.numpy()

    return run


def products(x, states, da, W_xh, W_hh) -> None:
    """The matrix products that no implementation can do without (NumPy's or torch's arrays)."""
    rows, flat, flat_states = (a.reshape(-1, a.shape[2]) for a in (x, da, states))
    rows @ W_xh
    for state in states:
        state @ W_hh  # forward, h_{t-1} W_hh
    for da_t in da:
        da_t @ W_hh.T  # backward, da_t W_hh^T
    flat @ W_xh.T, rows.T @ flat, flat_states.T @ flat  # dx, dW_xh, dW_hh


def runs(kind: str, T: int, B: int, D: int, H: int) -> list[Run]:
    """Return the six runs of a row, after a check that the four layers agree."""
    K = BLOCKS[kind] * H
    x, h0, dh, b, b_hn = normal(B, T, D), normal(B, H), normal(B, T, H), normal(K), normal(H)
    W_xh, W_hh = normal(D, K) / np.float32(D**0.5), normal(H, K) / np.float32(H**0.5)
    arguments = (kind, x, h0, W_xh, W_hh, b, b_hn, dh)
    ours, *theirs = (
        our_layer(*arguments),
        torch_layer(*arguments, batch_first=True),
        torch_layer(*arguments),
        torch_layer(*arguments, onednn=False),
    )
    for other in theirs:
        for mine, expected in zip(ours(), other(), strict=True):
            np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-4 * np.abs(mine).max())
    floor = (normal(T, B, D), normal(T, B, H), normal(T, B, K), W_xh, W_hh)
    floor_torch = [torch.tensor(a) for a in floor]
    return [ours, *theirs, lambda: products(*floor), lambda: products(*floor_torch)]


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
    # Switching oneDNN makes some versions of torch warn about GPUs that no run here uses.
    warnings.filterwarnings("ignore", message="TF32", category=UserWarning)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__}")
    print("Milliseconds for one forward and backward pass, and ours against the faster torch:\n")
    columns = ["layer", "T, B, D, H", "ours", "torch, batch first", "torch, time first"]
    columns += ["the same without oneDNN", "products, NumPy", "products, torch", "ours / torch"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for kind in BLOCKS:
        for sizes in SIZES:
            times = medians(runs(kind, *sizes))
            cells = [kind, ", ".join(map(str, sizes)), *(f"{t:.1f}" for t in times)]
            ratio = times[0] / min(times[1:3])
            print(f"| {' | '.join(cells)} | **{ratio:.2f}** |", flush=True)


if __name__ == "__main__":
    main()
