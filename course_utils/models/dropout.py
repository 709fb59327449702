"""Dropout with a new mask at each step, or with one mask for a whole sequence."""

import torch
from torch import Tensor, nn


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
        if not 0 <= p < 1:
            raise ValueError(f"p is {p}; expected a probability from 0 up to, but not, 1.")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        mask = torch.empty_like(x[:, :1]).bernoulli_(1 - self.p)  # (B, 1, D)
        return x * (mask / (1 - self.p))

    def extra_repr(self) -> str:
        return f"p={self.p}"


def dropout_module(dropout: float | nn.Module) -> nn.Module:
    """Return `nn.Dropout(p)` for a probability p, and a module as it is."""
    return dropout if isinstance(dropout, nn.Module) else nn.Dropout(dropout)
