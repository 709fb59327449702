"""Models in torch, batch first: recurrent layers and what is built on them."""

from course_utils.models.cells import recurrent
from course_utils.models.language import TokenModel, detach
from course_utils.models.variants import GatedVariant, GRUVariant

__all__ = [
    "GRUVariant",
    "GatedVariant",
    "TokenModel",
    "detach",
    "recurrent",
]
