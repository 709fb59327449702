"""A language model of tokens: embedding, recurrent layers, one score for every word."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.models.cells import recurrent
from course_utils.models.dropout import dropout_module

State = Tensor | tuple


class TokenModel(nn.Module):
    """Score every possible next token after each token read.

    V tokens; embeddings of size E; `cell` is a name that `recurrent` knows, or a function that
    makes a layer, as `lambda D, H: GatedVariant(D, H, peepholes=True)` does (then `layers` calls
    are stacked). `dropout`, a probability or a module as `VariationalDropout(0.3)`, acts on
    embeddings, between layers and before the scores, never on the way from step to step.
    `log_frequencies (V,)` become the output's bias: an untrained model then knows how often each
    token comes, and begins at the unigram's perplexity instead of V. With `tied` the output
    weights are the embeddings' own (E must be H).

    Raises ValueError where log_frequencies are not V numbers, or tied weights cannot fit.
    Sources: Mikolov et al. (2010), Recurrent neural network based language model; Press and Wolf
    (2017), Using the output embedding to improve language models.
    """

    def __init__(
        self,
        V: int,
        E: int,
        H: int,
        cell: str | Callable[[int, int], nn.Module] = "lstm",
        layers: int = 1,
        dropout: float | nn.Module = 0.0,
        log_frequencies: Tensor | None = None,
        tied: bool = False,
    ) -> None:
        super().__init__()
        make = cell if callable(cell) else (lambda D, H: recurrent(cell, D, H))
        self.embedding = nn.Embedding(V, E)
        self.layers = nn.ModuleList(make(E if k == 0 else H, H) for k in range(layers))
        self.dropout = dropout_module(dropout)
        self.output = nn.Linear(H, V)
        if tied:
            if E != H:
                raise ValueError(f"Tied weights need E = H; they are {E} and {H}.")
            nn.init.uniform_(self.embedding.weight, -(H**-0.5), H**-0.5)
            self.output.weight = self.embedding.weight
        if log_frequencies is not None:
            start_at_frequencies(self.output.bias, log_frequencies)

    def forward(self, ids: Tensor, state: tuple | None = None) -> tuple[Tensor, tuple]:
        """Return (logits, state) for ids `(B, T)`: logits `(B, T, V)`, one state for each layer.

        The logits at step t score the token at t + 1. A state that comes back is given in again
        to go on reading, detached (`detach`) where gradients should stop.
        """
        h, state = run_layers(self.layers, self.dropout(self.embedding(ids)), state, self.dropout)
        return self.output(h), state


def run_layers(
    layers: nn.ModuleList, x: Tensor, state: tuple | None, dropout: nn.Module
) -> tuple[Tensor, tuple]:
    """Run layer upon layer, with dropout on what each one gives; one state for each comes back."""
    states = []
    for k, layer in enumerate(layers):
        x, after = layer(x, None if state is None else state[k])
        states.append(after)
        x = dropout(x)
    return x, tuple(states)


def start_at_frequencies(bias: nn.Parameter, log_frequencies: Tensor) -> None:
    """Set an output bias to the logarithms of how often each token comes."""
    values = torch.as_tensor(log_frequencies, dtype=bias.dtype)
    if values.shape != bias.shape:
        raise ValueError(
            f"log_frequencies has the shape {tuple(values.shape)}; "
            f"expected {tuple(bias.shape)}, one for each token."
        )
    with torch.no_grad():
        bias.copy_(values)


def detach(state: State) -> State:
    """Return a state that is carried on but through which no gradient flows back."""
    if isinstance(state, Tensor):
        return state.detach()
    return tuple(detach(part) for part in state)
