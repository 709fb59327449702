"""Metrics, sampling, beam search and maps, each against something slower and more obvious."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.language import (
    beam_search,
    best_weights,
    bits_per_character,
    bits_per_token,
    distribution,
    from_ngrams,
    from_torch,
    kneser_ney,
    mean_nats,
    mixture,
    neighbours,
    pca_map,
    perplexity,
    sample,
    token_nats,
    tsne_map,
)


def test_importing_it_loads_no_heavy_package():
    code = (
        "import sys; import course_utils.language; "
        "print([m for m in ('torch', 'pandas', 'matplotlib', 'sklearn', 'scipy') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- metrics ---


def test_nats_are_those_of_torch():
    import torch

    rng = np.random.default_rng(0)
    logits, targets = 30 * rng.standard_normal((2, 3, 7)), rng.integers(0, 7, size=(2, 3))
    expected = torch.nn.functional.cross_entropy(
        torch.tensor(logits).flatten(0, 1), torch.tensor(targets).flatten(), reduction="none"
    )
    np.testing.assert_allclose(token_nats(logits, targets).ravel(), expected.numpy(), atol=1e-12)
    assert token_nats(np.array([1e4, 0.0]), np.array(1)) == 1e4  # no overflow


def test_the_average_is_over_tokens_not_over_batches_or_sequences():
    nats = np.log([[2.0, 2.0, 2.0], [8.0, 1.0, 1.0]])
    mask = [[1, 1, 1], [1, 0, 0]]
    assert perplexity(nats, mask) == pytest.approx((2**3 * 8) ** (1 / 4))
    assert mean_nats(nats, mask) == pytest.approx(1.5 * math.log(2))
    assert bits_per_token(nats, mask) == pytest.approx(1.5)
    assert bits_per_character(nats, 12, mask) == pytest.approx(0.5)
    assert perplexity(np.full(5, math.log(27))) == pytest.approx(27)


def test_what_cannot_be_averaged_is_one_sentence():
    with pytest.raises(ValueError, match="No token is left"):
        perplexity(np.ones(3), np.zeros(3))
    with pytest.raises(ValueError, match="mask has the shape"):
        mean_nats(np.ones((2, 3)), np.ones(3))
    with pytest.raises(ValueError, match="at least 1"):
        bits_per_character(np.ones(3), 0)
    with pytest.raises(ValueError, match="have the shapes"):
        token_nats(np.ones((2, 3)), np.ones(3, int))
    with pytest.raises(ValueError, match="mask what is padding"):
        token_nats(np.ones((1, 3)), np.array([-100]))


def test_the_best_weights_are_those_of_a_fine_grid():
    rng = np.random.default_rng(1)
    p, q = rng.random(300), rng.random(300) ** 2
    weights = best_weights([p, q], updates=2000)
    grid = np.linspace(0, 1, 2001)
    likeliest = grid[np.argmax([np.log(w * p + (1 - w) * q).sum() for w in grid])]
    assert weights[0] == pytest.approx(likeliest, abs=1e-3) and weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(mixture([p, q], [0.25, 0.75]), (p + 3 * q) / 4)


@pytest.mark.parametrize("weights", [[0.5], [0.5, 0.6], [1.5, -0.5]])
def test_weights_that_make_no_probability_are_refused(weights):
    with pytest.raises(ValueError, match="a weight for each model"):
        mixture([np.ones(2), np.ones(2)], weights)


# --- sampling ---

hundredths = st.lists(st.integers(-500, 500), min_size=2, max_size=6, unique=True)


@given(
    cents=hundredths,
    temperature=st.floats(0.3, 3),
    top_k=st.integers(1, 7),
    nucleus=st.floats(0.05, 1),
)
def test_the_distribution_is_that_of_its_definition(cents, temperature, top_k, nucleus):
    logits = np.array(cents) / 100
    p = np.exp(logits / temperature)
    p[logits < np.sort(logits)[-min(top_k, len(logits))]] = 0
    p /= p.sum()
    for stay in range(1, len(logits) + 1):  # the fewest that hold the share
        best = np.argsort(-p)[:stay]
        if p[best].sum() >= nucleus - 1e-12:
            break
    expected = np.zeros(len(logits))
    expected[best] = p[best] / p[best].sum()
    found = distribution(logits, temperature, top_k, nucleus)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_edges_of_choosing():
    logits = np.array([1.0, 3.0, 3.0, -np.inf])
    np.testing.assert_array_equal(distribution(logits, temperature=0), [0, 1, 0, 0])
    np.testing.assert_allclose(distribution(logits, temperature=1e-300), [0, 0.5, 0.5, 0])
    np.testing.assert_array_equal(distribution(logits, top_k=1), [0, 1, 0, 0])
    assert distribution(logits, nucleus=1.0)[3] == 0
    assert distribution(np.log(np.full(100, 0.01)), nucleus=0.5).astype(bool).sum() == 50
    for wrong in ({"temperature": -1}, {"top_k": 0}, {"nucleus": 0.0}, {"nucleus": 1.5}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            distribution(logits, **wrong)
    with pytest.raises(ValueError, match=r"logits must be \(V,\)"):
        distribution(np.zeros((2, 3)))


TABLE = np.log(np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.25, 0.35, 0.4]]))


def chain(ids, state):
    """A Markov chain of three tokens; its state counts what was read."""
    return TABLE[ids], (state or 0) + ids.shape[1]


def test_samples_come_as_often_as_they_should():
    written = sample(chain, [0], 20_000, np.random.default_rng(0))
    pairs = np.zeros((3, 3))
    np.add.at(pairs, (written[:-1], written[1:]), 1)
    np.testing.assert_allclose(pairs / pairs.sum(1, keepdims=True), np.exp(TABLE), atol=0.02)


def test_greedy_writing_reads_every_token_once_and_stops_at_the_end():
    read = []

    def spy(ids, state):
        read.append(ids[0].tolist())
        return chain(ids, state)

    assert sample(spy, [2, 0], 4, temperature=0) == [1, 0, 1, 0]
    assert read == [[2, 0], [1], [0], [1]]
    assert sample(chain, [0], 9, temperature=0, end=0) == [1, 0]
    assert sample(chain, [0], 0, temperature=0) == []
    with pytest.raises(ValueError, match="prompt is empty"):
        sample(chain, [], 3, temperature=0)
    with pytest.raises(ValueError, match="give rng"):
        sample(chain, [0], 3)


def test_the_same_seed_writes_the_same():
    first, again, other = (
        sample(chain, [0], 50, np.random.default_rng(s), temperature=0.8, top_k=2)
        for s in (3, 3, 4)
    )
    assert first == again != other


def test_counted_and_torch_models_can_write():
    import torch

    text = np.random.default_rng(0).integers(0, 4, size=60)
    model = kneser_ney(text, 5, 3)
    logits, state = from_ngrams(model)(text[None, :5], None)
    more, _ = from_ngrams(model)(text[None, 5:9], state)
    asked = np.exp(np.concatenate([logits[0], more[0]])[np.arange(8), text[1:9]])
    np.testing.assert_allclose(asked, model.probabilities(text)[1:9])

    class Tiny(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(4, 3)
            self.gru = torch.nn.GRU(3, 4, batch_first=True)
            self.dropout = torch.nn.Dropout(0.5)

        def forward(self, ids, state=None):
            h, state = self.gru(self.embedding(ids), state)
            return self.dropout(h), state

    torch.manual_seed(0)
    tiny = Tiny()
    whole, _ = from_torch(tiny)(np.array([[1, 2, 3, 0]]), None)
    begin, state = from_torch(tiny)(np.array([[1, 2]]), None)
    rest, _ = from_torch(tiny)(np.array([[3, 0]]), state)
    np.testing.assert_allclose(np.concatenate([begin, rest], axis=1), whole, rtol=1e-6)
    assert len(sample(from_torch(tiny), [1], 7, np.random.default_rng(0))) == 7


# --- beam search ---


def every_text(logits, prompt, longest, end):
    """Return (ids, ln P) of all texts that end, or are cut off at the longest length."""
    V, found = 3, {}
    for ids in itertools.product(range(V), repeat=longest):
        cut = ids.index(end) + 1 if end in ids else longest
        ids = ids[:cut]
        whole = [*prompt, *ids]
        table, _ = logits(np.array([whole]), None)
        log_p = table[0] - np.log(np.exp(table[0]).sum(axis=1, keepdims=True))
        found[ids] = sum(log_p[len(prompt) - 1 + k, token] for k, token in enumerate(ids))
    return found


@settings(max_examples=25, deadline=None)
@given(
    table=st.lists(st.floats(-3, 3), min_size=27, max_size=27, unique=True),
    length_power=st.sampled_from([0.0, 0.7, 1.0]),
)
def test_a_wide_beam_finds_what_enumeration_finds(table, length_power):
    table = np.array(table).reshape(3, 3, 3)  # the next token depends on the last two

    def logits(ids, state):
        before = np.append([0] if state is None else state, ids[0])
        return table[before[:-1], before[1:]][None], before[-1:]

    all_texts = every_text(logits, [1], 4, end=2)
    ranked = sorted(all_texts, key=lambda ids: -all_texts[ids] / len(ids) ** length_power)
    found = beam_search(logits, [1], width=81, longest=4, end=2, length_power=length_power)
    assert len(found) == len(all_texts)
    for hypothesis, ids in zip(found, ranked, strict=True):
        assert hypothesis.log_probability == pytest.approx(all_texts[hypothesis.ids])
        expected = all_texts[ids] / len(ids) ** length_power
        assert hypothesis.score == pytest.approx(expected)
        assert hypothesis.finished == (hypothesis.ids[-1] == 2)


def trap(ids, state):
    """The likeliest first step, 0, leads into nothing likely; token 3 ends a text."""
    table = np.log(
        np.array([[0.3, 0.3, 0.3, 0.1], [0.05, 0.05, 0.05, 0.85], [0.25] * 4, [0.25] * 4])
    )
    start = np.log(np.array([0.5, 0.4, 0.05, 0.05]))
    rows = [start if i == 2 and state is None else table[i] for i in ids[0]]
    return np.array(rows)[None], True


def test_a_beam_of_two_finds_what_greedy_misses():
    greedy = beam_search(trap, [2], width=1, longest=2, end=3)[0]
    assert greedy.ids == (0, 0) == tuple(sample(trap, [2], 2, temperature=0, end=3))
    best = beam_search(trap, [2], width=2, longest=2, end=3)[0]
    assert best.ids == (1, 3) and best.finished
    assert best.log_probability == pytest.approx(math.log(0.4 * 0.85))


def test_finished_texts_are_not_continued_and_length_can_be_made_good():
    table = np.log(np.array([[0.6, 0.4], [0.5, 0.5]]))

    def logits(ids, state):
        return table[ids], None

    short = beam_search(logits, [0], width=3, longest=6, end=1)
    assert short[0].ids == (1,) and all(1 not in text.ids[:-1] for text in short)
    by_token = beam_search(logits, [0], width=3, longest=6, end=1, length_power=1.0)
    assert by_token[0].ids == (0,) * 6 and not by_token[0].finished
    assert by_token[0].score == pytest.approx(math.log(0.6))
    for wrong in ({"width": 0, "longest": 2}, {"width": 2, "longest": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            beam_search(logits, [0], **wrong)


# --- maps ---


def test_neighbours_are_sorted_by_cosine():
    W_emb = np.array([[1, 0], [10, 1], [0, 2], [-1, 0], [0, 0]], dtype=float)
    ids, cosines = neighbours(W_emb, 0, k=3)
    assert ids.tolist() == [1, 2, 4]
    np.testing.assert_allclose(cosines, [10 / math.sqrt(101), 0, 0])
    assert len(neighbours(W_emb, 2, k=99)[0]) == 4
    for i, k in [(5, 1), (-1, 1), (0, 0)]:
        with pytest.raises(ValueError, match="V - 1 = 4"):
            neighbours(W_emb, i, k)


def test_the_pca_map_shows_the_two_largest_variances():
    rng = np.random.default_rng(0)
    W_emb = rng.standard_normal((50, 6)) * [5, 3, 1, 0.5, 0.2, 0.1]
    places = pca_map(W_emb)
    largest = np.linalg.svd(W_emb - W_emb.mean(axis=0))[1][:2]
    np.testing.assert_allclose(np.linalg.norm(places, axis=0), largest)
    np.testing.assert_array_equal(places, pca_map(W_emb))
    with pytest.raises(ValueError, match="at least 2"):
        pca_map(np.ones((5, 1)))


def test_the_tsne_map_keeps_groups_together():
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], 12)
    W_emb = np.eye(8)[group] + 0.1 * rng.standard_normal((36, 8))
    places = tsne_map(W_emb, perplexity=5)
    distances = np.linalg.norm(places[:, None] - places, axis=2) + 1e9 * np.eye(36)
    assert (group[distances.argmin(axis=1)] == group).all()
    with pytest.raises(ValueError, match="between 0 and V = 36"):
        tsne_map(W_emb, perplexity=36)
