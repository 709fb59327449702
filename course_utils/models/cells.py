"""Torch's recurrent layers, each with the start that its experiment calls for."""

from collections.abc import Iterator

import torch
from torch import nn

CELLS = ("rnn", "orthogonal", "irnn", "lstm", "gru")


def recurrent(
    cell: str,
    D: int,
    H: int,
    layers: int = 1,
    dropout: float = 0.0,
    bidirectional: bool = False,
    forget_bias: float = 1.0,
) -> nn.RNNBase:
    """Return one of torch's own recurrent layers, batch first, started in the way of its name.

        "rnn"          tanh, torch's start: all numbers uniform in ±1/√H
        "orthogonal"   tanh, W_hh orthogonal: all its singular values are 1 (Saxe et al., 2014)
        "irnn"         ReLU, W_hh the identity, biases zero, small W_xh ~ N(0, 0.01²)
        "lstm"         torch's start, but the forget gates' biases are `forget_bias`
        "gru"          torch's start

    A module of `layers` such layers, with `dropout` between them (a new mask each step).
    Called with x `(B, T, D)` and maybe a state, it returns (h, state): h `(B, T, H)`, or
    `(B, T, 2H)` both ways, of the top layer; state, also the one given, is what torch makes it:
    `(layers, B, H)`, twice as many rows both ways, and for the LSTM a pair of those, (h, c).
    That is the one place where the batch is not first.

    Raises ValueError for an unknown cell, and for dropout where nothing lies between layers.
    Sources: Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of
    rectified linear units; Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear
    dynamics of learning in deep linear neural networks; for the forget bias Gers, Schmidhuber and
    Cummins (2000), Learning to forget.
    """
    if cell not in CELLS:
        raise ValueError(f"cell is {cell!r}; expected one of {', '.join(CELLS)}.")
    if dropout and layers == 1:
        raise ValueError("Dropout acts between layers: with one layer there is no place for it.")
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}.get(cell, nn.RNN)
    relu = {"nonlinearity": "relu"} if cell == "irnn" else {}
    net = kind(D, H, layers, batch_first=True, dropout=dropout, bidirectional=bidirectional, **relu)
    with torch.no_grad():
        for W_ih, W_hh, b_ih, b_hh in weights(net):
            if cell == "orthogonal":
                nn.init.orthogonal_(W_hh)
            elif cell == "irnn":
                nn.init.normal_(W_ih, std=0.01)
                nn.init.eye_(W_hh)
                b_ih.zero_()
                b_hh.zero_()
            elif cell == "lstm":
                b_ih[H : 2 * H] = forget_bias  # torch adds two biases: one of them is enough
                b_hh[H : 2 * H] = 0.0
    return net


def weights(net: nn.RNNBase) -> Iterator[tuple[nn.Parameter, ...]]:
    """Yield (W_ih, W_hh, b_ih, b_hh) of every layer and direction of a torch layer."""
    for layer in range(net.num_layers):
        for way in ("", "_reverse") if net.bidirectional else ("",):
            yield tuple(
                getattr(net, f"{name}_l{layer}{way}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
