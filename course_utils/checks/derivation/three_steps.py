"""The backward pass of a vanilla RNN over three steps, line by line.

One sequence, rows of shape (1, n), t = 1, 2, 3: a_t = x_t W_xh + h_{t-1} W_hh + b_h,
h_t = tanh(a_t), o_t = h_t W_hy + b_y, p_t = softmax(o_t); the loss is the sum of the three
cross-entropies. `dz` is the gradient of that loss with respect to z, in z's shape.
"""

from __future__ import annotations

import numpy as np

from course_utils.checks.derivation.rules import STEPS, da, dh, do, parameter
from course_utils.checks.derivation.sheet import Arrays, Derivation

D, H, V = 3, 4, 5


def draw_weights(rng: np.random.Generator) -> Arrays:
    """Return weights, inputs and a start of unit scale, and no entry near zero."""
    shapes = {"W_xh": (D, H), "W_hh": (H, H), "b_h": (1, H), "W_hy": (H, V), "b_y": (1, V)}
    shapes |= {"h_0": (1, H), "x_1": (1, D), "x_2": (1, D), "x_3": (1, D)}
    # tanh stays away from its flat ends: entries of 1/2 or so, of either sign.
    return {
        name: rng.uniform(0.2, 0.9, shape) * rng.choice([-1.0, 1.0], shape)
        for name, shape in shapes.items()
    }


def _draw(rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """Return what the reader may use, and the value of each line by autograd."""
    import torch

    drawn = draw_weights(rng)
    words = rng.permutation(V)[: len(STEPS)]
    tensors = {n: torch.tensor(value, requires_grad=True) for n, value in drawn.items()}
    loss = torch.zeros((), dtype=torch.float64)
    for t, word in zip(STEPS, words, strict=True):
        x, h, name = tensors[f"x_{t}"], tensors[f"h_{t - 1}"], str(t)
        a = x @ tensors["W_xh"] + h @ tensors["W_hh"] + tensors["b_h"]
        h = torch.tanh(a)
        o = h @ tensors["W_hy"] + tensors["b_y"]
        loss = loss + torch.nn.functional.cross_entropy(o, torch.tensor([int(word)]))
        tensors |= {"a_" + name: a, "h_" + name: h, "o_" + name: o}
    gradients = torch.autograd.grad(loss, list(tensors.values()))
    truth = {"d" + n: g.numpy() for n, g in zip(tensors, gradients, strict=True)}
    given = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    for t, word in zip(STEPS, words, strict=True):
        given[f"p_{t}"] = torch.softmax(tensors[f"o_{t}"], dim=-1).detach().numpy()
        given[f"y_{t}"] = np.eye(V)[[word]]
    return given, {line.name: truth[line.name] for line in LINES}


LINES = (
    *(do(t) for t in STEPS),
    *(line for t in (3, 2, 1) for line in (dh(t), da(t))),
    parameter("dW_hh", "(H, H)", "h", "da", shift=1),
    parameter("dW_xh", "(D, H)", "x", "da"),
    parameter("db_h", "(1, H)", "", "da"),
    parameter("dW_hy", "(H, V)", "h", "do"),
    dh(0),
)

three_steps = Derivation(
    "The gradient over three steps",
    LINES,
    _draw,
    f"random arrays with D = {D}, H = {H}, V = {V}",
)
