"""Counted n-grams against a count by hand, an independent oracle, and what any model must obey."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.language import n_gram_probabilities


def witten_bell(train, context, token, V):
    """The textbook recursion on tuples, one question at a time."""
    shorter = witten_bell(train, context[1:], token, V) if context else 1 / V
    n = len(context)
    followers = [train[i + n] for i in range(len(train) - n) if train[i : i + n] == context]
    counts = Counter(followers)
    if not followers:
        return shorter
    return (counts[token] + len(counts) * shorter) / (len(followers) + len(counts))


texts = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@given(train=texts, test=texts)
def test_every_probability_is_that_of_the_recursion(train, test):
    found = n_gram_probabilities(np.array(train), np.array(test), V=5, largest=5)
    assert list(found) == ["uniform", "unigram", "bigram", "trigram", "4-gram", "5-gram"]
    for n, p in enumerate(found.values()):
        before = max(0, n - 1)  # how many tokens the model looks at
        expected = [
            1 / 5 if n == 0 else witten_bell(train, test[max(0, i - before) : i], test[i], 5)
            for i in range(len(test))
        ]
        np.testing.assert_allclose(p, expected, rtol=1e-12)


def test_a_context_counted_by_hand():
    # After 0 came 1, 1, 1, 2: n = 4, u = 2. Alone, 1 came 3 times among 8 with 3 kinds.
    train = np.array([0, 1, 0, 1, 0, 1, 0, 2])
    unigram = (3 + 3 * 0.25) / (8 + 3)
    found = n_gram_probabilities(train, np.array([0, 1]), V=4, largest=2)
    assert found["unigram"][1] == pytest.approx(unigram)
    assert found["bigram"][1] == pytest.approx((3 + 2 * unigram) / (4 + 2))
    assert found["bigram"][0] == found["unigram"][0]  # nothing before it


@given(train=texts, context=st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_over_all_tokens_the_probabilities_sum_to_one(train, context):
    asked = [n_gram_probabilities(train, [*context, c], V=4)["4-gram"][-1] for c in range(4)]
    assert sum(asked) == pytest.approx(1)


def test_an_empty_test_text_gets_no_probability():
    assert n_gram_probabilities(np.array([1]), np.array([], dtype=int), V=2)["4-gram"].shape == (0,)


@pytest.mark.parametrize(
    ("train", "test", "V", "largest", "complaint"),
    [
        ([], [0], 2, 2, "empty"),
        ([0, 2], [0], 2, 2, "from 0 to V - 1"),
        ([0], [-1], 2, 2, "from 0 to V - 1"),
    ],
)
def test_what_cannot_be_counted_is_refused(train, test, V, largest, complaint):
    with pytest.raises(ValueError, match=complaint):
        n_gram_probabilities(np.array(train, dtype=int), np.array(test), V, largest)
