"""Check of lesson 01: a bag of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output, variants

_VOCABULARY = ["the", "food", "was", "good", "bad", "not", "at", "all", "service", "slow"]


def _bag_cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, sentence: str, weight: float = 1) -> Case:
        order = [str(word) for word in rng.permutation(_VOCABULARY)]
        return Case(name, {"words": sentence.split(), "vocabulary": order}, weight=weight)

    yield case(
        "a sentence with repeated words and an unknown one",
        "that food was bad the small service was slow the music was not bad at all",
        weight=3,
    )
    yield case("all words known", "the food was good not bad at all")
    yield case("no word", "")


def _bag_oracle(words: list[str], vocabulary: list[str]) -> np.ndarray:
    text = " ".join(["", *words, ""]).replace(" ", "  ")  # every word between blanks of its own
    return np.array([text.count(f" {word} ") for word in vocabulary])


def _bag(words, vocabulary):
    return np.array([words.count(word) for word in vocabulary])


def _unknown_last(words, vocabulary):
    counts = np.zeros(len(vocabulary), dtype=int)
    for word in words:
        counts[vocabulary.index(word) if word in vocabulary else -1] += 1
    return counts


def _once_each(words, vocabulary):
    counts = np.zeros(len(vocabulary), dtype=int)
    counts[[vocabulary.index(word) for word in words if word in vocabulary]] += 1
    return counts


def _positions(words, vocabulary):
    return np.array([words.index(w) if w in words else -1 for w in vocabulary])


bag_of_words = Check(
    "bag of words",
    [Output("counts", "(V,)")],
    _bag_cases,
    _bag_oracle,
    (
        *variants(
            "present or not",
            "Each word counts once at most. A bag keeps how often it came.",
            "Add 1 for every occurrence. (`counts[indices] += 1` adds 1 to a place once only, "
            "however often the place is named.)",
            _once_each,
        ),
        *variants(
            "unknown words in the last place",
            "Words outside the vocabulary were counted at the last place: an index of -1 is the "
            "last entry.",
            "Leave words outside the vocabulary out.",
            _unknown_last,
        ),
        *variants(
            "words inside words",
            "A word was also counted inside longer ones: `at` stands in `that`, `all` in `small`. "
            "A string's `count` knows no words.",
            "Count in the list: its entries are whole words.",
            lambda words, vocabulary: np.array([" ".join(words).count(w) for w in vocabulary]),
            lambda words, vocabulary: np.array(
                [sum(w in word for word in words) for w in vocabulary]
            ),
        ),
        *variants(
            "a place for unknown words",
            "There is one entry too many, for the words outside the vocabulary.",
            "Leave words outside the vocabulary out: the length is len(vocabulary).",
            lambda words, vocabulary: np.append(
                _bag(words, vocabulary), sum(word not in vocabulary for word in words)
            ),
        ),
        *variants(
            "shares",
            "These are shares of all words. Asked for are counts.",
            "Do not divide.",
            lambda words, vocabulary: _bag(words, vocabulary) / max(len(words), 1),
            lambda words, vocabulary: (
                _bag(words, vocabulary) / max(_bag(words, vocabulary).sum(), 1)
            ),
        ),
        *variants(
            "positions",
            "These are positions in the sentence, which a bag forgets.",
            "Entry j says how often word j of the vocabulary occurs.",
            _positions,
        ),
        *variants(
            "one number a word of the sentence",
            "The entries belong to the words of the sentence; a bag has one for each word of the "
            "vocabulary.",
            "The length is len(vocabulary), whatever the sentence.",
            lambda words, vocabulary: np.array([words.count(word) for word in words]),
            lambda words, vocabulary: np.array(list(Counter(words).values())),
            lambda words, vocabulary: np.array(
                [vocabulary.index(word) if word in vocabulary else -1 for word in words]
            ),
        ),
        *variants(
            "vocabulary sorted",
            "The counts are right and stand in another order: the vocabulary was sorted.",
            "Keep the vocabulary's own order.",
            lambda words, vocabulary: _bag(words, sorted(vocabulary)),
        ),
    ),
)
"""Judges `bag_of_words(words, vocabulary) -> counts (V,)`, both lists of words."""
