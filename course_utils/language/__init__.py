"""Language models without a network, and what every language model is judged and used by."""

from course_utils.language.ngrams import NGrams, kneser_ney, n_gram_probabilities, witten_bell

__all__ = ["NGrams", "kneser_ney", "n_gram_probabilities", "witten_bell"]
