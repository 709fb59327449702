"""Beam search: the likeliest text that a language model can write, looked for on several paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.language.sampling import Logits, read


@dataclass(frozen=True)
class Hypothesis:
    """Tokens written after the prompt, ln of their probability, and the score it was ranked by.

    `finished` tells whether they end with the end token, or were only cut off.
    """

    ids: tuple[int, ...]
    log_probability: float
    score: float
    finished: bool


def beam_search(
    logits: Logits,
    prompt: Sequence[int],
    width: int,
    longest: int,
    end: int | None = None,
    length_power: float = 0.0,
) -> list[Hypothesis]:
    """Return up to `width` texts of at most `longest` tokens after `prompt`, the best one first.

    At each step every unfinished text of the beam is continued by every token, and the `width`
    best of all stay. One that ends with the token `end` is finished: it keeps its place as long as
    its score does, and nothing is added to it. It stops when all are finished, or as long as
    allowed.

    A text's score is the sum of the logarithms of its tokens' probabilities, divided by its length
    to the power `length_power`. With 0 that is ln P(text), and short texts win, since each token
    more makes a text less likely; with 1 it is the mean by token (Wu et al., 2016, discuss others).
    A width of 1 is greedy; among equals the one found first stays.

    Raises ValueError for an empty prompt, or a width or length below 1.
    """
    if width < 1 or longest < 1:
        raise ValueError(f"width and longest are at least 1; they are {width} and {longest}.")
    scores, state = read(logits, prompt, None)
    beam: list[tuple[Hypothesis, np.ndarray, Any]] = [
        (Hypothesis((), 0.0, 0.0, False), log_softmax(scores), state)
    ]
    for length in range(1, longest + 1):
        found = []  # (the text, the one that it continues)
        for path in beam:
            text, log_p, _ = path
            if text.finished:
                found.append((text, path))
                continue
            for token in np.argsort(-log_p, kind="stable")[:width].tolist():  # no other can stay
                total = text.log_probability + float(log_p[token])
                if total == -np.inf:
                    break
                score = total / length**length_power
                ids = (*text.ids, token)
                found.append((Hypothesis(ids, total, score, token == end), path))
        found.sort(key=lambda pair: -pair[0].score)
        beam = []
        for text, path in found[:width]:
            _, log_p, state = path
            if not text.finished and length < longest:
                scores, state = read(logits, text.ids[-1:], state)
                log_p = log_softmax(scores)
            beam.append((text, log_p, state))
        if all(text.finished for text, _, _ in beam):
            break
    return [text for text, _, _ in beam]


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Return the logarithms of the probabilities `(V,)`, in float64."""
    scores = np.asarray(scores, dtype=np.float64)
    return scores - np.logaddexp.reduce(scores)
