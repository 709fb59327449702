"""Language models without a network, and what every language model is judged and used by.

Counted n-grams are the landmarks; nats, bits and perplexity are the measure; sampling and beam
search let a model write; neighbours and maps show what its embeddings hold.
"""

from course_utils.language.beam import Hypothesis, beam_search
from course_utils.language.maps import neighbours, pca_map, tsne_map
from course_utils.language.metrics import (
    best_weights,
    bits_per_character,
    bits_per_token,
    mean_nats,
    mixture,
    perplexity,
    token_nats,
)
from course_utils.language.ngrams import NGrams, kneser_ney, n_gram_probabilities, witten_bell
from course_utils.language.sampling import distribution, from_ngrams, from_torch, sample

__all__ = [
    "Hypothesis",
    "NGrams",
    "beam_search",
    "best_weights",
    "bits_per_character",
    "bits_per_token",
    "distribution",
    "from_ngrams",
    "from_torch",
    "kneser_ney",
    "mean_nats",
    "mixture",
    "n_gram_probabilities",
    "neighbours",
    "pca_map",
    "perplexity",
    "sample",
    "token_nats",
    "tsne_map",
    "witten_bell",
]
