"""A tagging task where the past decides one half of every answer, the future the other half."""

import numpy as np

from course_utils.data.text import Vocab, pad_sequences

WORDS = ("from", "to", "m", "kg", *map(str, range(10)))
VOCAB = Vocab(("<pad>", "<unk>", *WORDS))
TAGS = ("from, m", "from, kg", "to, m", "to, kg", "no number")
MOST_NUMBERS = 4


def quantity_phrases(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return n lists of quantities such as "from 3 8 kg to 5 m": ids, tags and lengths.

    A list has one to four quantities: "from" or "to", one to four digits, "m" or "kg", all chosen
    uniformly. The tag of a digit says both words around it; other tokens have the last of `TAGS`.
    ids and tags are `(n, T)`, padded on the right with zeros, lengths `(n,)`.

    The best possible accuracy on digits is 1/2 for a model that has read the past alone (the unit
    is still open), 1/2 for one that has read the future alone, and 1 for one that has read both.
    """
    ids, tags = [], []
    for _ in range(n):
        words: list[str] = []
        own: list[int] = []
        for _ in range(rng.integers(1, 5)):
            way, unit = rng.integers(2, size=2)
            numbers = rng.integers(10, size=rng.integers(1, MOST_NUMBERS + 1))
            words += [WORDS[way], *map(str, numbers), WORDS[2 + unit]]
            own += [4, *[int(2 * way + unit)] * len(numbers), 4]
        ids.append(VOCAB.encode(words))
        tags.append(own)
    padded, lengths = pad_sequences(ids)
    return padded, pad_sequences(tags)[0], lengths
