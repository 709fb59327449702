"""A check of the score for agreement: which of two forms of a verb does a model prefer?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, B: int, T: int, V: int, ties: int = 0, weight=1.0, dtype=np.float64):
        logits = rng.normal(size=(B, T, V)).astype(dtype)
        verb = rng.integers(2, T, size=B)
        words = np.array([rng.permutation(V)[:2] for _ in range(B)])
        for b in range(ties):  # the model has no opinion, ahead of the verb
            logits[b, verb[b] - 1, words[b, 0]] = logits[b, verb[b] - 1, words[b, 1]]
        given = {"logits": logits, "verb": verb, "right": words[:, 0], "wrong": words[:, 1]}
        return Case(name, given, weight)

    yield case("401 sentences, 4 ties", 401, 9, 12, 4, 4.0)
    yield case("all ties: a guess", 8, 6, 7, 8)
    yield case("one sentence", 1, 5, 6)
    yield case("verbs far apart in long sentences", 101, 60, 5)
    yield case("float32", 401, 9, 12, 4, dtype=np.float32)


def _oracle(logits, verb, right, wrong) -> float:
    """One sentence after the other, in plain Python."""
    score = 0.0
    for b, at in enumerate(verb.tolist()):
        before = logits[b, at - 1].tolist()
        gap = before[right[b]] - before[wrong[b]]
        score += 0.5 if gap == 0 else float(gap > 0)
    return score / len(verb)


def scored(logits, verb, right, wrong, *, back=1, tie=0.5, turned=False):
    """Return the mean score, read `back` steps before the verb; a tie is worth `tie`."""
    rows, at = np.arange(len(verb)), verb - back
    a, b = logits[rows, at, right], logits[rows, at, wrong]
    a, b = (b, a) if turned else (a, b)
    return float(np.mean(np.where(a == b, tie, a > b)))


def _best_word(logits, verb, right, wrong):
    return float(np.mean(logits[np.arange(len(verb)), verb - 1].argmax(axis=-1) == right))


def _last_step(logits, verb, right, wrong):
    return scored(logits, np.full_like(verb, logits.shape[1]), right, wrong)


def _mean_probability(logits, verb, right, wrong):
    rows, at = np.arange(len(verb)), verb - 1
    return float(np.mean(1 / (1 + np.exp(logits[rows, at, wrong] - logits[rows, at, right]))))


MISTAKES = (
    Mistake(
        "read at the verb",
        "The logits are read at the step of the verb itself: there the model has already seen it.",
        "What is said *about* token `verb` stands one step before: `logits[:, verb - 1]`.",
        lambda *a: scored(*a, back=0),
    ),
    Mistake(
        "two steps before",
        "The logits are read two steps before the verb.",
        "`verb` counts from 0, like the axis: one step before it is `verb - 1`.",
        lambda *a: scored(*a, back=2),
    ),
    Mistake(
        "last step",
        "The logits are read at the last step of the arrays, not before each sentence's verb.",
        "Each sentence has its own place: `logits[np.arange(B), verb - 1]`.",
        _last_step,
    ),
    Mistake(
        "best of all words",
        "The right verb has to beat every other word here. There are several verbs to choose "
        "from, so even a perfect model would seldom do that.",
        "Compare the two forms of *this* verb: `right` against `wrong`.",
        _best_word,
    ),
    *variants(
        "ties",
        "Where both forms score the same, you count a success or a failure. The model has no "
        "opinion there: that is worth one half.",
        "`np.where(a == b, 0.5, a > b)`.",
        lambda *a: scored(*a, tie=0.0),
        lambda *a: scored(*a, tie=1.0),
    ),
    Mistake(
        "inverted",
        "This is the share of *wrong* preferences.",
        "Right means that the logit of `right` is the larger one.",
        lambda *a: scored(*a, turned=True),
    ),
    Mistake(
        "a number, not a share",
        "The scores are added up: a share is asked for.",
        "Take the mean.",
        lambda *a: scored(*a) * len(a[1]),
    ),
    Mistake(
        "probability for preference",
        "This is the mean probability of the right form against the wrong one, not how often it "
        "is preferred.",
        "Count: 1 where the right form's logit is larger, 1/2 where both are equal, else 0.",
        _mean_probability,
    ),
)

agreement_accuracy = Check(
    "the accuracy of agreement",
    [Output("accuracy", "")],
    _cases,
    _oracle,
    MISTAKES,
    keeps_dtype=False,
)
"""Judges `agreement_accuracy(logits, verb, right, wrong)`: a share, ties counting one half."""
