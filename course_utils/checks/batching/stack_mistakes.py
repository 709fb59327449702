"""What goes wrong when GRUs are stacked in torch, as small modules that go wrong so.

torch is loaded when one is made, for importing a check must stay cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.checks.core import Mistake, variants


def make_stack(
    *,
    keep: Callable[[Any], Any] | None = None,
    layer: Callable[..., Any] | None = None,
    drop: Callable[..., Any] | None = None,
    shared: bool = False,
    last: bool = True,
) -> Callable[..., Any]:
    """Return `make(D, H, K, layers, p)`: right as it stands, wrong where something is replaced.

    keep    holds the list of layers; torch's ModuleList by default
    layer   makes one layer from (size below, H)
    drop    (h, p, training) -> h; one mask a sequence by default
    shared  uses one module for all layers that read H numbers
    last    whether the top layer is followed by dropout
    """

    def make(D: int, H: int, K: int, layers: int, p: float) -> Any:
        import torch

        one = layer or (lambda below, H: torch.nn.GRU(below, H, batch_first=True))

        class Stack(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                made = [one(D, H)] + [one(H, H) for _ in range(layers - 1)]
                if shared:
                    made = made[:1] + made[1:2] * (layers - 1) if D != H else made[:1] * layers
                self.layers = (keep or torch.nn.ModuleList)(made)
                self.readout = torch.nn.Linear(H, K)

            def forward(self, x: Any) -> Any:
                for i, each in enumerate(self.layers):
                    x, _ = each(x)
                    if last or i < layers - 1:
                        x = (drop or one_mask)(x, p, self.training)
                return self.readout(x)

        return Stack()

    return make


def one_mask(h: Any, p: float, training: bool, axes: str = "BH", scale: bool = True) -> Any:
    """Drop with one mask for all steps; `axes` names those along which the mask varies."""
    import torch

    if not training:
        return h
    shape = [size if letter in axes else 1 for letter, size in zip("BTH", h.shape, strict=True)]
    kept = torch.bernoulli(torch.full(shape, 1 - p))
    return h * (kept / (1 - p) if scale else kept)


def _fresh(h: Any, p: float, training: bool) -> Any:
    import torch

    return torch.nn.functional.dropout(h, p, training)


def _kept_with_p(scale: Callable[[float], float]) -> Callable[..., Any]:
    """Return dropout that keeps with probability p, and multiplies what it keeps by scale(p)."""

    def drop(h: Any, p: float, training: bool) -> Any:
        return one_mask(h, 1 - p, training, scale=False) * (scale(p) if training else 1.0)

    return drop


def _along_the_batch(below: int, H: int) -> Any:
    import torch

    return torch.nn.GRU(below, H)


def _torchs_own(D: int, H: int, K: int, layers: int, p: float) -> Any:
    """Uses the argument `dropout=` of nn.GRU; with one layer torch warns and drops nothing."""
    import warnings

    import torch

    class Stack(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.gru = torch.nn.GRU(D, H, layers, dropout=p, batch_first=True)
            self.readout = torch.nn.Linear(H, K)

        def forward(self, x: Any) -> Any:
            return self.readout(self.gru(x)[0])

    return Stack()


def _both_ways(below: int, H: int) -> Any:
    import torch

    return torch.nn.GRU(below, H // 2, batch_first=True, bidirectional=True)


def _both_ways_added(below: int, H: int) -> Any:
    import torch

    class Added(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = torch.nn.GRU(below, H, batch_first=True, bidirectional=True)

        def forward(self, x: Any) -> Any:
            h, state = self.gru(x)
            return h[..., :H] + h[..., H:], state

    return Added()


MISTAKES = (
    Mistake(
        "modules in a Python list",
        "The layers stand in a plain Python list: torch does not find their weights, so no "
        "optimiser moves them, `.to(device)` leaves them behind, and `state_dict` lacks them.",
        "Use `torch.nn.ModuleList([...])`.",
        make_stack(keep=list),
    ),
    Mistake(
        "layers run along the batch",
        "The layers run along the batch: sequences read one another, and no step remembers the "
        "one before.",
        "Without `batch_first=True` the first axis of what a GRU reads is time.",
        make_stack(layer=_along_the_batch),
    ),
    *variants(
        "bidirectional leak",
        "The layers read both ways: an answer at step t has seen the inputs after t.",
        "Leave out `bidirectional=True`: what is to predict must not have read ahead.",
        make_stack(layer=_both_ways),
        make_stack(layer=_both_ways_added),
    ),
    *variants(
        "no eval()",
        "Dropout stays on in evaluation mode: the same input gives another answer each time.",
        "Ask `self.training`. (`torch.nn.functional.dropout(h, p)` without it is always on.)",
        make_stack(drop=lambda h, p, training: one_mask(h, p, True)),
        make_stack(drop=lambda h, p, training: _fresh(h, p, True)),
    ),
    *variants(
        "dropout with one layer",
        "Nothing is dropped after the top layer. torch's own `dropout=` acts *between* layers: "
        "after the last one, and so with one layer alone, it does nothing.",
        "Apply your own dropout to what each layer gives, the top one too.",
        _torchs_own,
        make_stack(last=False),
        make_stack(drop=lambda h, p, training: h),
    ),
    Mistake(
        "a new mask each step",
        "Every step gets a new mask: this is ordinary dropout.",
        "One mask a sequence has the shape (B, 1, H). `torch.nn.Dropout` draws (B, T, H).",
        make_stack(drop=_fresh),
    ),
    Mistake(
        "one mask for the whole batch",
        "All sequences of the batch share one mask.",
        "The shape is (B, 1, H).",
        make_stack(drop=lambda h, p, training: one_mask(h, p, training, axes="H")),
    ),
    *variants(
        "p read as the share kept",
        "p is taken for the share that is kept; it is the share that is dropped.",
        "Draw with `torch.bernoulli(torch.full(shape, 1 - p))`.",
        make_stack(drop=_kept_with_p(lambda p: 1 / (1 - p))),
        make_stack(drop=_kept_with_p(lambda p: 1 / p)),
        make_stack(drop=_kept_with_p(lambda p: 1.0)),
    ),
    Mistake(
        "not scaled",
        "What is kept is not divided by 1 - p: without dropout the layer above gets more than it "
        "was trained on.",
        "Divide the mask by 1 - p.",
        make_stack(drop=lambda h, p, training: one_mask(h, p, training, scale=False)),
    ),
    Mistake(
        "the same layer again",
        "One layer is used several times: the layers share their weights.",
        "Make a layer for each: `[GRU(...) for _ in range(n)]`, not `[GRU(...)] * n`.",
        make_stack(shared=True),
    ),
)
