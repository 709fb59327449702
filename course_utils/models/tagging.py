"""Labels for sequences of any length: one a step, or one a sequence, read one way or both ways.

Padding never changes a result, and nothing has to be sorted or packed. Reading forward, real
steps come before the padding and cannot know of it. For the way back each sequence is turned
round within its own length, so that it too begins with a real step. (Packed sequences give the
same results, and take up to three times as long on one CPU thread.)
"""

import torch
from torch import Tensor, nn

from course_utils.layers.shapes import check_shapes
from course_utils.models.cells import recurrent
from course_utils.models.dropout import dropout_module


class BothWays(nn.Module):
    """Layers of recurrent cells over padded sequences, one way or both ways.

    Forward only, h is `(B, T, H)`. With `bidirectional` every layer runs a second cell from each
    sequence's last real step to its first and h is `(B, T, 2H)`, forward half first; each layer
    reads both halves of the one below. `dropout`, a probability or a module as
    `VariationalDropout(0.3)`, acts on what each layer gives.
    Source: Schuster and Paliwal (1997), Bidirectional recurrent neural networks.
    """

    def __init__(
        self,
        D: int,
        H: int,
        cell: str = "gru",
        layers: int = 1,
        dropout: float | nn.Module = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.size = 2 * H if bidirectional else H
        sizes = [D] + [self.size] * (layers - 1)
        self.ahead = nn.ModuleList(recurrent(cell, size, H) for size in sizes)
        self.back = nn.ModuleList(recurrent(cell, size, H) for size in sizes if bidirectional)
        self.dropout = dropout_module(dropout)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return h for x `(B, T, D)`; `lengths (B,)` count the real steps, None: all T.

        What h holds at padded steps means nothing.
        Raises ValueError where a shape does not fit or a length is not from 1 to T.
        """
        B, T, _ = check_shapes("BTD", x=x)
        lengths = check_lengths(lengths, B, T).to(x.device)
        for k, ahead in enumerate(self.ahead):
            h, _ = ahead(x)
            if self.back:
                h_back, _ = self.back[k](reverse(x, lengths))
                h = torch.cat([h, reverse(h_back, lengths)], 2)
            x = self.dropout(h)
        return x


class Tagger(nn.Module):
    """Give every step of a sequence one of K labels.

    D numbers a step; H states a direction. `dropout` acts on what each layer gives, before the
    scores too.
    """

    def __init__(
        self,
        D: int,
        H: int,
        K: int,
        cell: str = "gru",
        layers: int = 1,
        dropout: float | nn.Module = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.reader = BothWays(D, H, cell, layers, dropout, bidirectional)
        self.output = nn.Linear(self.reader.size, K)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return logits `(B, T, K)` for x `(B, T, D)`; `lengths (B,)` as in `BothWays`.

        The logits of padded steps mean nothing: a loss has to leave them out.
        """
        return self.output(self.reader(x, lengths))


class SequenceClassifier(nn.Module):
    """Give every sequence one of K labels, from the state that has read all of it.

    Both ways, two states have: the forward cell's at the last real step, and the backward cell's
    at the first one. (At the last step the backward cell has read one input alone.)
    """

    def __init__(
        self,
        D: int,
        H: int,
        K: int,
        cell: str = "gru",
        layers: int = 1,
        dropout: float | nn.Module = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.reader = BothWays(D, H, cell, layers, dropout, bidirectional)
        self.H = H
        self.output = nn.Linear(self.reader.size, K)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return logits `(B, K)` for x `(B, T, D)`; `lengths (B,)` as in `BothWays`."""
        h = self.reader(x, lengths)
        lengths = check_lengths(lengths, *h.shape[:2]).to(h.device)
        last = h[torch.arange(len(h), device=h.device), lengths - 1, : self.H]
        return self.output(torch.cat([last, h[:, 0, self.H :]], 1))


def reverse(x: Tensor, lengths: Tensor) -> Tensor:
    """Turn each sequence round within its length; padding stays where it is.

    Shapes: x `(B, T, D)`, lengths `(B,)`. Twice is as if never.
    """
    t = torch.arange(x.shape[1], device=x.device)
    n = lengths[:, None]
    source = torch.where(t < n, n - 1 - t, t)  # (B, T)
    return x.gather(1, source[:, :, None].expand_as(x))


def check_lengths(lengths: Tensor | None, B: int, T: int) -> Tensor:
    """Return the lengths `(B,)` as a tensor, T for all where None is given.

    Raises ValueError where there are not B integers, or one is not from 1 to T.
    """
    lengths = torch.full((B,), T) if lengths is None else torch.as_tensor(lengths)
    if lengths.shape != (B,) or lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(
            f"lengths has the shape {tuple(lengths.shape)} and the dtype {lengths.dtype}; "
            f"expected ({B},) integers, one a sequence."
        )
    outside = lengths[(lengths < 1) | (lengths > T)]
    if len(outside):
        raise ValueError(f"lengths holds {int(outside[0])}; expected 1 to {T}, the steps of x.")
    return lengths.long()
