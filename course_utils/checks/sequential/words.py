"""Checks of lesson 01: bags of words, and n-grams never seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output, variants

# --- bag of words -------------------------------------------------------------------------------

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
    yield case("all words known", "the food was good , not bad at all".replace(", ", ""))
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


# --- n-grams never seen --------------------------------------------------------------------------


def _text(rng: np.random.Generator, length: int, letters: str = "abc ") -> str:
    return "".join(rng.choice(list(letters), size=length))


def _unseen_cases(rng: np.random.Generator) -> Iterable[Case]:
    # The training text's last n-gram stands nowhere else in it, but in the held-out text; there
    # are repeats, so that kinds and places differ, and blanks, so that words and letters do.
    train, again = _text(rng, 60) + "fgh", _text(rng, 12)
    held_out = again * 3 + "d" + again + train[-6:] + "dd"
    yield Case("n = 3", {"train": train, "held_out": held_out, "n": 3}, weight=3)
    yield Case("n = 1", {"train": train, "held_out": held_out, "n": 1})
    yield Case("n = 5", {"train": train, "held_out": held_out, "n": 5})
    yield Case("the same text twice", {"train": train, "held_out": train, "n": 4})


def _unseen_oracle(train: str, held_out: str, n: int) -> float:
    places = range(len(held_out) - n + 1)
    return sum(train.find(held_out[i : i + n]) < 0 for i in places) / len(places)


def _grams(text: str, n: int, step: int = 1) -> list[str]:
    return [text[i : i + n] for i in range(0, len(text) - n + 1, step)]


def _unseen(seen: Iterable[str], asked: Iterable[str]) -> float:
    known, asked = set(seen), list(asked)
    return sum(gram not in known for gram in asked) / max(len(asked), 1)


def _words(text: str, n: int) -> list[tuple[str, ...]]:
    words = text.split()
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def _bags(text: str, n: int) -> list[str]:
    return ["".join(sorted(gram)) for gram in _grams(text, n)]


unseen_share = Check(
    "n-grams never seen",
    [Output("share", "()")],
    _unseen_cases,
    _unseen_oracle,
    (
        *variants(
            "kinds counted",
            "Each kind of n-gram counts once. Asked for is the share of *places* in the held-out "
            "text: one that comes three times counts three times.",
            "Put the n-grams of the training text into a set, those of the held-out text into a "
            "list.",
            lambda a, b, n: _unseen(_grams(a, n), set(_grams(b, n))),
            lambda a, b, n: len(set(_grams(b, n)) - set(_grams(a, n))) / len(_grams(b, n)),
        ),
        *variants(
            "words",
            "You cut the texts into words. Here an n-gram is a run of n characters, blanks too.",
            "The n-gram at place i is `text[i : i + n]`, a piece of the string itself.",
            lambda a, b, n: _unseen(_words(a, n), _words(b, n)),
        ),
        *variants(
            "single characters",
            "You asked for single characters. n of them in a row make one n-gram.",
            "The n-gram at place i is `text[i : i + n]`.",
            lambda a, b, n: _unseen(a, b),
        ),
        *variants(
            "seen",
            "That is the share that was seen.",
            "One minus it.",
            lambda a, b, n: 1 - _unseen(_grams(a, n), _grams(b, n)),
        ),
        *variants(
            "a number, not a share",
            "That is the number of n-grams never seen.",
            "Divide by the number of n-grams in the held-out text.",
            lambda a, b, n: sum(gram not in set(_grams(a, n)) for gram in _grams(b, n)),
        ),
        *variants(
            "divided by the letters",
            "You divided by the number of letters. A text of L letters has L - n + 1 n-grams.",
            "Divide by len(held_out) - n + 1.",
            lambda a, b, n: sum(gram not in set(_grams(a, n)) for gram in _grams(b, n)) / len(b),
        ),
        *variants(
            "texts exchanged",
            "The texts are exchanged: yours asks which n-grams of the training text the held-out "
            "text lacks.",
            "Collect the n-grams of `train`, then go through those of `held_out`.",
            lambda a, b, n: _unseen(_grams(b, n), _grams(a, n)),
        ),
        *variants(
            "side by side",
            "The n-grams lie side by side; they overlap, one starts at each letter.",
            "Start at 0, 1, 2, ... and not at 0, n, 2n, ...",
            lambda a, b, n: _unseen(_grams(a, n, n), _grams(b, n, n)),
            lambda a, b, n: _unseen(_grams(a, n), _grams(b, n, n)),
            lambda a, b, n: _unseen(_grams(a, n, n), _grams(b, n)),
        ),
        *variants(
            "order lost",
            "The letters of each n-gram were sorted or put into a set: `abc` and `cab` differ.",
            "Keep each n-gram as it stands: `text[i : i + n]`.",
            lambda a, b, n: _unseen(_bags(a, n), _bags(b, n)),
        ),
        *variants(
            "last n-gram missing",
            "The last n-gram of a text is missing.",
            "The last one starts at len(text) - n: `range(len(text) - n + 1)`.",
            lambda a, b, n: _unseen(_grams(a, n)[:-1], _grams(b, n)[:-1]),
            lambda a, b, n: _unseen(_grams(a, n), _grams(b, n)[:-1]),
            lambda a, b, n: _unseen(_grams(a, n)[:-1], _grams(b, n)),
        ),
        *variants(
            "scraps at the end",
            "The last n - 1 pieces are shorter than n.",
            "The last n-gram starts at len(text) - n: `range(len(text) - n + 1)`.",
            lambda a, b, n: _unseen(
                [a[i : i + n] for i in range(len(a))], [b[i : i + n] for i in range(len(b))]
            ),
            lambda a, b, n: _unseen(_grams(a, n), [b[i : i + n] for i in range(len(b))]),
        ),
        *variants(
            "percent",
            "That is in percent; asked for is a share between 0 and 1.",
            "Do not multiply by 100.",
            lambda a, b, n: 100 * _unseen(_grams(a, n), _grams(b, n)),
        ),
    ),
)
"""Judges `unseen_share(train, held_out, n) -> share` of held-out n-grams that train lacks."""
