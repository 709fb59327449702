"""Kneser-Ney against a slow and obvious count on tuples, and against its own definition."""

import math
import time
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.language import NGrams, kneser_ney, n_gram_probabilities, witten_bell

texts = st.lists(st.integers(0, 3), min_size=1, max_size=40)
V = 5  # one token more than the texts use


def tuples(text, n):
    return [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]


def slow(text, order, discounts, context, token):
    """Return P(token | context): the recursion of the paper, counting anew at each call."""

    def count(gram):
        if len(gram) == order:
            return tuples(text, order).count(gram)
        return len({longer[0] for longer in tuples(text, len(gram) + 1) if longer[1:] == gram})

    def taken(c, n):
        return 0 if c == 0 else min(c, discounts[n - 1][min(c, 3) - 1])

    def p(context, token):
        n = len(context) + 1
        shorter = p(context[1:], token) if context else 1 / V
        counts = {w: count((*context, w)) for w in range(V)}
        total = sum(counts.values())
        if total == 0:
            return shorter
        left = sum(taken(c, n) for c in counts.values())
        return (counts[token] - taken(counts[token], n) + left * shorter) / total

    context = tuple(context)[max(0, len(context) - order + 1) :]
    return p(context, token)


def some_discounts(order):
    each = st.tuples(st.floats(0, 1), st.floats(0, 2), st.floats(0, 3))
    return st.lists(each, min_size=order, max_size=order)


@settings(max_examples=40, deadline=None)
@given(train=texts, test=texts, order=st.integers(1, 4), data=st.data())
def test_every_probability_is_that_of_the_slow_count(train, test, order, data):
    discounts = data.draw(some_discounts(order))
    model = kneser_ney(np.array(train), V, order, discounts)
    expected = [slow(train, order, discounts, test[:i], w) for i, w in enumerate(test[:8])]
    np.testing.assert_allclose(model.probabilities(np.array(test))[:8], expected, atol=1e-12)


@settings(deadline=None)
@given(train=texts, context=st.lists(st.integers(0, 3), max_size=5), order=st.integers(1, 5))
@pytest.mark.parametrize("kind", [kneser_ney, witten_bell])
def test_the_next_probabilities_sum_to_one_and_are_those_of_the_text(kind, train, context, order):
    model = kind(np.array(train), V, order)
    p = model.next_probabilities(context)
    assert p.sum() == pytest.approx(1) and (p > 0).all()
    for token in range(V):
        in_text = model.probabilities(np.array([*context, token]))[-1]
        assert p[token] == pytest.approx(in_text)


def test_a_word_that_follows_one_other_only_is_a_poor_guess():
    # "san francisco" again and again: 1 is frequent, but only ever after 0.
    train = np.array([0, 1] * 20 + [2, 3, 4, 3, 2, 4])
    model = kneser_ney(train, V, 2)
    after_unseen = model.next_probabilities([])
    assert after_unseen[3] > after_unseen[1]
    assert kneser_ney(train, V, 1).next_probabilities([])[1] > after_unseen[1]


def test_the_estimates_are_those_of_ney_and_of_chen_and_goodman():
    rng = np.random.default_rng(0)
    train = (rng.pareto(1.0, size=3000) * 3).astype(int) % 50
    found = kneser_ney(train, 50, 3).discounts
    modified = kneser_ney(train, 50, 3, "modified").discounts
    preceding = defaultdict(set)
    for a, b, c in tuples(train.tolist(), 3):
        preceding[b, c].add(a)
    for level, counts in [(2, Counter(tuples(train.tolist(), 3))), (1, None)]:
        values = counts.values() if counts else map(len, preceding.values())
        of = Counter(values)
        Y = of[1] / (of[1] + 2 * of[2])
        np.testing.assert_allclose(found[level], Y)
        expected = [k - (k + 1) * Y * of[k + 1] / of[k] for k in (1, 2, 3)]
        np.testing.assert_allclose(modified[level], np.clip(expected, 0, [1, 2, 3]))


def test_the_discounts_of_a_model_make_it_again():
    train = np.random.default_rng(0).integers(0, 4, size=200)
    model = kneser_ney(train, 4, 3, "modified")
    again = kneser_ney(train, 4, 3, model.discounts)
    np.testing.assert_array_equal(model.probabilities(train), again.probabilities(train))


def test_discounts_that_do_not_fit_are_refused():
    train = np.array([0, 1, 2, 0])
    for wrong, complaint in [
        ([0.5], "each of 2 lengths"),
        (0.5, "each of 2 lengths"),
        ("ney", "each of 2 lengths"),
        ([0.5, (0.1, 0.2)], "one number, or three"),
        ([0.5, 1.5], "larger than the count"),
        ([-0.5, 0.5], "negative"),
    ]:
        with pytest.raises(ValueError, match=complaint):
            kneser_ney(train, 3, 2, wrong)


@pytest.mark.parametrize(
    ("ids", "order", "complaint"),
    [
        ([], 2, "empty"),
        ([0, 3], 2, "from 0 to V - 1 = 2"),
        ([0, 1], 0, "at least one token"),
        ([[0, 1]], 2, "one row of ids"),
        ([0.5], 1, "whole numbers"),
    ],
)
def test_what_cannot_be_counted_is_one_sentence(ids, order, complaint):
    with pytest.raises(ValueError, match=complaint):
        kneser_ney(np.array(ids), 3, order)
    with pytest.raises(ValueError, match="smoothing is one of"):
        n_gram_probabilities(np.array([0]), np.array([0]), 3, smoothing="none")


def test_the_dict_has_the_models_by_name():
    train, test = np.array([0, 1, 2, 0, 1, 1]), np.array([1, 2, 0])
    found = n_gram_probabilities(train, test, 3, largest=3, smoothing="kneser-ney")
    assert list(found) == ["uniform", "unigram", "bigram", "trigram"]
    np.testing.assert_allclose(found["bigram"], kneser_ney(train, 3, 2).probabilities(test))
    np.testing.assert_allclose(found["uniform"], 1 / 3)


def test_long_n_grams_of_many_words_are_counted_in_a_moment():
    rng = np.random.default_rng(0)
    ids = (rng.pareto(0.8, size=60_000) * 20).astype(int) % 10_000
    started = time.process_time()
    model = kneser_ney(ids, 10_000, 7, [0.5] * 7)
    p = model.probabilities(ids[:1000])
    assert time.process_time() - started < 3  # V**7 has 28 digits, and none of them is ever needed
    assert model.order == 7 and isinstance(model, NGrams)
    perplexity = math.exp(-np.log(p).mean())
    assert perplexity < 3  # it was counted on this very text
