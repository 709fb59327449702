"""Made tasks with a known optimum: adding, copying, and agreement across a relative clause."""

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import data
from course_utils.data import AgreementGrammar

seeds = st.integers(0, 1000)
TINY = {
    "nouns": (("cat", "cats"), ("ox", "oxen")),
    "verbs": (("eats", "eat"), ("hides", "hide")),
    "clause_verbs": ("saw", "met", "bit"),
    "prepositions": ("near", "with"),
    "determiners": ("the", "my"),
}


# --- adding ---


@given(st.integers(0, 6), st.integers(2, 30), seeds)
def test_adding_marks_one_value_in_each_half_and_adds_them(B, T, seed):
    x, targets = data.adding_problem(B, T, np.random.default_rng(seed))
    assert x.shape == (B, T, 2) and targets.shape == (B,)
    assert (x >= 0).all() and (x <= 1).all()
    for sequence, target in zip(x.tolist(), targets, strict=True):
        assert sorted(mark for _, mark in sequence) == [0] * (T - 2) + [1] * 2
        assert sum(mark for _, mark in sequence[: T // 2]) == 1
        assert target == pytest.approx(sum(value for value, mark in sequence if mark))


def test_adding_puts_its_marks_anywhere_in_the_halves():
    x, _ = data.adding_problem(14_000, 7, np.random.default_rng(0))
    shares = x[:, :, 1].mean(axis=0)
    np.testing.assert_allclose(shares, [1 / 3] * 3 + [1 / 4] * 4, atol=0.02)


def test_no_constant_answer_to_adding_is_better_than_a_sixth():
    _, targets = data.adding_problem(40_000, 20, np.random.default_rng(1))
    errors = (targets - 1) ** 2
    standard_error = errors.std() / math.sqrt(len(errors))
    assert standard_error < 0.002
    assert abs(errors.mean() - 1 / 6) < 3 * standard_error
    assert targets.var() == pytest.approx(errors.mean(), abs=1e-4)  # the best constant is 1


def test_adding_remembering_one_value_halves_the_error():
    x, targets = data.adding_problem(40_000, 20, np.random.default_rng(2))
    second = (x[:, 10:, 0] * x[:, 10:, 1]).sum(axis=1)
    errors = (targets - second - 0.5) ** 2
    assert abs(errors.mean() - 1 / 12) < 3 * errors.std() / math.sqrt(len(errors))


def test_adding_needs_two_steps():
    with pytest.raises(ValueError, match="T is 1"):
        data.adding_problem(3, 1, np.random.default_rng(0))


# --- copying ---


@given(st.integers(0, 5), st.integers(1, 5), st.integers(1, 9), st.integers(1, 6), seeds)
def test_copy_says_after_go_what_was_seen(B, K, lag, n_symbols, seed):
    ids, targets = data.copy_task(B, K, lag, n_symbols, np.random.default_rng(seed))
    assert ids.shape == targets.shape == (B, 2 * K + lag)
    blank, go = n_symbols, n_symbols + 1
    for seen, said in zip(ids.tolist(), targets.tolist(), strict=True):
        symbols = seen[:K]
        assert all(0 <= symbol < n_symbols for symbol in symbols)
        assert seen[K:] == [blank] * (lag - 1) + [go] + [blank] * K
        assert said == [blank] * (K + lag) + symbols


@pytest.mark.parametrize("K, lag, n_symbols", [(1, 1, 2), (2, 3, 3), (3, 2, 2), (2, 1, 1)])
def test_memoryless_loss_is_the_entropy_of_each_step_alone(K, lag, n_symbols):
    # A large sample holds every sequence there is; each of them counts once.
    _, targets = data.copy_task(2000, K, lag, n_symbols, np.random.default_rng(0))
    targets = np.unique(targets, axis=0)
    assert len(targets) == n_symbols**K
    entropies = []
    for step in targets.T:
        shares = np.unique(step, return_counts=True)[1] / len(step)
        entropies.append(-(shares * np.log(shares)).sum())
    assert data.memoryless_loss(K, lag, n_symbols) == pytest.approx(np.mean(entropies))


def test_memoryless_loss_of_three_symbols_of_eight_over_twenty_steps():
    assert data.memoryless_loss(3, 20, 8) == pytest.approx(0.2399, abs=5e-5)


def test_copied_symbols_are_uniform():
    ids, _ = data.copy_task(8000, 2, 1, 4, np.random.default_rng(0))
    pairs = ids[:, 0] * 4 + ids[:, 1]
    np.testing.assert_allclose(np.bincount(pairs) / 8000, np.full(16, 1 / 16), atol=0.012)


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_copy_refuses_nothing_to_copy(sizes):
    with pytest.raises(ValueError, match="at least 1"):
        data.copy_task(2, *sizes, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least 1"):
        data.memoryless_loss(*sizes)


# --- agreement ---


def every_sentence(grammar):
    """Yield (probability, words, plural) for all choices, read off the grammar's definition."""
    nouns = [(word, plural) for pair in grammar.nouns for plural, word in enumerate(pair)]
    for n in range(grammar.max_phrases + 1):
        slots = []
        for i in range(n):
            slots += [grammar.prepositions if i else grammar.clause_verbs]
            slots += [grammar.determiners, [noun for noun, _ in nouns]]
        for (noun, plural), verb, *clause in product(nouns, grammar.verbs, *slots):
            p = 1 / (grammar.max_phrases + 1) / len(nouns) / len(grammar.verbs)
            p /= math.prod(len(slot) for slot in slots)
            who = ["who"] if n else []
            yield p, ("the", noun, *who, *clause, verb[plural], "."), plural


GRAMMARS = [
    AgreementGrammar(0),
    AgreementGrammar(1),
    AgreementGrammar(2, **TINY),
    AgreementGrammar(3, **{**TINY, "clause_verbs": ("saw",), "determiners": ("the",)}),
]


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_entropy_is_that_of_all_sentences_counted_out(grammar):
    chances, tokens = Counter(), 0.0
    for p, words, _ in every_sentence(grammar):
        chances[words] += p
        tokens += p * (len(words) - 1)  # the first "the" is given
    p = np.array(list(chances.values()))
    assert p.sum() == pytest.approx(1)
    by_hand = -(p * np.log(p)).sum()
    assert grammar.entropy() == pytest.approx((by_hand, by_hand / tokens))


def test_entropy_of_six_phrases_as_measured_before():
    sentence, token = AgreementGrammar(6).entropy()
    ln = math.log
    assert sentence == pytest.approx(ln(16) + ln(6) + 3 * (2 * ln(4) + ln(16)) + ln(7))
    assert token == pytest.approx(1.8002, abs=5e-5)
    assert math.exp(token) == pytest.approx(6.051, abs=5e-4)


def test_sentences_are_drawn_as_often_as_their_probability_says():
    grammar = AgreementGrammar(1, **TINY)
    chances = {words: p for p, words, _ in every_sentence(grammar)}
    n = 30_000
    drawn = Counter(s.words for s in grammar.sample(n, np.random.default_rng(0)))
    assert drawn.keys() <= chances.keys()
    chi_square = sum((drawn[words] - n * p) ** 2 / (n * p) for words, p in chances.items())
    freedom = len(chances) - 1
    assert abs(chi_square - freedom) < 3.5 * math.sqrt(2 * freedom)


def test_words_of_all_phrases_are_drawn_independently():
    grammar = AgreementGrammar(**{**TINY, "nouns": (("cat", "cats"),)})
    sample = grammar.sample(20_000, np.random.default_rng(1), phrases=3)
    # Subject, then determiner and noun, and twice preposition, determiner and noun.
    drawn = Counter((s.words[1], *s.words[4:12]) for s in sample)
    assert len(drawn) == 2**9
    expected = 20_000 / len(drawn)
    chi_square = sum((count - expected) ** 2 / expected for count in drawn.values())
    assert abs(chi_square - 511) < 3.5 * math.sqrt(2 * 511)


@given(st.integers(0, 8), seeds, st.none() | st.integers(0, 12))
def test_verb_agrees_with_the_first_noun_and_the_wrong_form_does_not(most, seed, phrases):
    grammar = AgreementGrammar(most)
    for s in grammar.sample(5, np.random.default_rng(seed), phrases):
        n = s.phrases
        assert n == phrases if phrases is not None else n <= most
        assert len(s.words) == 4 + 3 * n + (n > 0) and s.verb == len(s.words) - 2
        assert s.words[0] == "the" and s.words[-1] == "."
        assert s.words[1] in [pair[s.plural] for pair in grammar.nouns]
        assert s.right == s.words[s.verb]
        assert ((s.wrong, s.right) if s.plural else (s.right, s.wrong)) in grammar.verbs
        if n:
            assert s.words[2] == "who" and s.words[3] in grammar.clause_verbs
            assert all(word in grammar.prepositions for word in s.words[6 : s.verb : 3])
            assert all(word in grammar.determiners for word in s.words[4 : s.verb : 3])


def test_sentences_repeat_with_their_seed():
    first, again, other = (
        AgreementGrammar().sample(20, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert first == again != other
    assert AgreementGrammar().sample(0, np.random.default_rng(0)) == []


def test_adding_and_copy_repeat_with_their_seed():
    for task, sizes in ((data.adding_problem, (4, 9)), (data.copy_task, (4, 3, 5, 8))):
        first, again, other = (task(*sizes, np.random.default_rng(seed)) for seed in (3, 3, 4))
        for one, same, another in zip(first, again, other, strict=True):
            np.testing.assert_array_equal(one, same)
            assert (one != another).any()


@given(st.integers(0, 5), seeds)
def test_encoded_sentences_are_padded_words(most, seed):
    grammar = AgreementGrammar(most)
    sentences = grammar.sample(7, np.random.default_rng(seed))
    ids, lengths = grammar.encode(sentences)
    assert ids.shape == (7, lengths.max())
    assert [tuple(grammar.vocab.decode(row)) for row in ids] == [s.words for s in sentences]
    assert lengths.tolist() == [len(s.words) for s in sentences]
    assert (ids != 1).all()  # no word is unknown


def test_vocabulary_holds_each_word_of_the_grammar_and_no_other():
    grammar = AgreementGrammar(2, **TINY)
    words = {word for _, words, _ in every_sentence(grammar) for word in words}
    assert set(grammar.vocab.tokens) == words | {"<pad>", "<unk>"}
    assert len(AgreementGrammar().vocab) == 44


def follows(noun, sentences, grammar):
    """Return the logits of a model that gives every verb the number of `words[noun(sentence)]`."""
    ids, _ = grammar.encode(sentences)
    logits = np.zeros((*ids.shape, len(grammar.vocab)))
    for b, s in enumerate(sentences):
        plural = any(s.words[noun(s)] == pair[1] for pair in grammar.nouns)
        logits[b, s.verb - 1, grammar.vocab.encode([pair[plural] for pair in grammar.verbs])] = 1
        logits[b, s.verb, grammar.vocab.encode([s.wrong])] = 9  # one step late: must not count
    return logits


def test_agreement_tells_the_subject_from_the_nearest_noun():
    grammar, rng = AgreementGrammar(), np.random.default_rng(0)
    for n in (0, 1, 5):
        sentences = grammar.sample(1000, rng, phrases=n)
        subject = follows(lambda s: 1, sentences, grammar)
        np.testing.assert_array_equal(grammar.agreement(subject, sentences), np.ones(1000))
        np.testing.assert_array_equal(grammar.agreement(-subject, sentences), np.zeros(1000))
        nearest = grammar.agreement(follows(lambda s: s.verb - 1, sentences, grammar), sentences)
        assert nearest.mean() == (1 if n == 0 else pytest.approx(0.5, abs=0.05))


def test_agreement_without_an_opinion_is_a_guess():
    grammar = AgreementGrammar()
    sentences = grammar.sample(4, np.random.default_rng(0), phrases=2)
    scores = grammar.agreement(np.zeros((4, 10, len(grammar.vocab))), sentences)
    assert scores.tolist() == [0.5] * 4


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"max_phrases": -1}, "cannot be negative; it is -1"),
        ({"nouns": ()}, "at least one"),
        ({"determiners": ()}, "at least one"),
        ({"prepositions": ("near", "saw")}, "'saw' has two"),
        ({"verbs": (("sings", "sings"),)}, "'sings' has two"),
    ],
)
def test_grammar_refuses_words_that_make_no_grammar(wrong, message):
    with pytest.raises(ValueError, match=message):
        AgreementGrammar(**wrong)


def test_sample_refuses_fewer_than_no_phrases():
    with pytest.raises(ValueError, match="cannot be negative"):
        AgreementGrammar().sample(3, np.random.default_rng(0), phrases=-1)
