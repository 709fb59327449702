"""Quantities to tag: a digit's tag is its own preposition and unit, other tokens have none."""

import numpy as np

from course_utils.data.phrases import TAGS, VOCAB, quantity_phrases


def test_tags_follow_from_the_words_by_reading_them():
    ids, tags, lengths = quantity_phrases(60, np.random.default_rng(0))
    assert ids.shape == tags.shape and (ids != 0).sum(axis=1).tolist() == lengths.tolist()
    for row, own, n in zip(ids, tags, lengths, strict=True):
        words = VOCAB.decode(row[:n])
        way = ""
        for place, word in enumerate(words):
            way = word if word in ("from", "to") else way
            unit = next((w for w in words[place:] if w in ("m", "kg")), "")
            expected = f"{way}, {unit}" if word.isdigit() else "no number"
            assert TAGS[own[place]] == expected


def test_same_seed_same_lists():
    first, second = (quantity_phrases(5, np.random.default_rng(3))[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
