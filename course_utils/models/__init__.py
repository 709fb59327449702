"""Models in torch, batch first: recurrent layers and what is built on them."""

import torch

from course_utils.models.cells import recurrent
from course_utils.models.dropout import DropConnect, VariationalDropout
from course_utils.models.language import TokenModel, detach
from course_utils.models.tagging import SequenceClassifier, Tagger, reverse
from course_utils.models.variants import GatedVariant, GRUVariant
from course_utils.models.words import AdaptiveWordModel, ReferenceWordModel, log_frequencies


def device() -> str:
    """Return "cuda" where torch finds such a GPU, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def parameters(model: torch.nn.Module) -> int:
    """Return how many numbers of a model are learned; weights that are shared count once."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


__all__ = [
    "AdaptiveWordModel",
    "DropConnect",
    "GRUVariant",
    "GatedVariant",
    "ReferenceWordModel",
    "SequenceClassifier",
    "Tagger",
    "TokenModel",
    "VariationalDropout",
    "detach",
    "device",
    "log_frequencies",
    "parameters",
    "recurrent",
    "reverse",
]
