"""Check of lesson 01: the share of n-grams never seen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Output, variants


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
