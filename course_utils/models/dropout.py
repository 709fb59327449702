"""Dropout for sequences: on features with one mask for all steps, or on recurrent weights."""

import torch
from torch import Tensor, nn
from torch.func import functional_call


class VariationalDropout(nn.Module):
    """Set features to zero with probability p, in each sequence the same ones at all steps.

    `nn.Dropout` draws a new mask at every step; here a feature that is dropped stays dropped
    throughout its sequence. What is kept is divided by 1 - p, so that means stay; in evaluation
    mode nothing happens. Shape: x `(B, T, D)`, and so is the result.

    Raises ValueError where p is not in [0, 1).
    Source: Gal and Ghahramani (2016), A theoretically grounded application of dropout in
    recurrent neural networks.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = check_probability(p)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        mask = torch.empty_like(x[:, :1]).bernoulli_(1 - self.p)  # (B, 1, D)
        return x * (mask / (1 - self.p))

    def extra_repr(self) -> str:
        return f"p={self.p}"


class DropConnect(nn.Module):
    """A recurrent layer whose W_hh loses a new part at every call while it trains.

    Each recurrent weight is zero with probability p for the whole batch and all its steps, and
    divided by 1 - p otherwise. So memory is made unreliable without a mask on the state itself.
    Called as the layer is: `(x, state=None) -> (h, state)`.

    Raises ValueError where p is not in [0, 1).
    Source: Merity, Keskar and Socher (2018), Regularizing and optimizing LSTM language models.
    """

    def __init__(self, layer: nn.Module, p: float) -> None:
        super().__init__()
        self.layer, self.p = layer, check_probability(p)

    def forward(self, x: Tensor, state: Tensor | tuple | None = None) -> tuple:
        dropped = {
            name: nn.functional.dropout(W, self.p, self.training)
            for name, W in self.layer.named_parameters()
            if "hh" in name and W.ndim == 2  # weight_hh_l0 in torch's layers, W_hh in ours
        }
        return functional_call(self.layer, dropped, (x, state))

    def extra_repr(self) -> str:
        return f"p={self.p}"


def dropout_module(dropout: float | nn.Module) -> nn.Module:
    """Return `nn.Dropout(p)` for a probability p, and a module as it is."""
    return dropout if isinstance(dropout, nn.Module) else nn.Dropout(dropout)


def check_probability(p: float) -> float:
    if not 0 <= p < 1:
        raise ValueError(f"p is {p}; expected a probability from 0 up to, but not, 1.")
    return p
