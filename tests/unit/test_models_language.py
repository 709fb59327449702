"""Language models: counts, carried states, and softmaxes that start at the unigram's level."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from course_utils.models import (
    AdaptiveWordModel,
    GatedVariant,
    GRUVariant,
    ReferenceWordModel,
    TokenModel,
    VariationalDropout,
    detach,
    device,
    log_frequencies,
    parameters,
)

V, E, H = 11, 4, 6
CUTOFFS = (20, 60)


def tokens(n_tokens: int, V: int, seed: int = 0) -> np.ndarray:
    """Return tokens as frequent as words are: id k about proportional to 1 / (k + 1)."""
    p = 1 / np.arange(1, V + 1)
    return np.random.default_rng(seed).choice(V, n_tokens, p=p / p.sum())


def small_adaptive(dtype: torch.dtype = torch.float64) -> tuple[AdaptiveWordModel, torch.Tensor]:
    """Return a model of 200 words, and the log frequencies that it was given."""
    torch.manual_seed(0)
    frequencies = log_frequencies(np.sort(tokens(20_000, 200)), 200).sort(descending=True).values
    return AdaptiveWordModel(frequencies, 200, 8, 16, CUTOFFS).to(dtype), frequencies.to(dtype)


def perplexity(model: nn.Module, ids: torch.Tensor) -> float:
    with torch.no_grad():
        logits, _ = model(ids[:, :-1])
    return math.exp(nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()))


# --- any tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "blocks"), [("rnn", 1), ("irnn", 1), ("gru", 3), ("lstm", 4)])
@pytest.mark.parametrize("layers", [1, 2])
def test_counts_of_the_token_model(cell, blocks, layers):
    cells = sum(blocks * (n * H + H * H + 2 * H) for n in [E, H][:layers])
    assert parameters(TokenModel(V, E, H, cell, layers)) == V * E + cells + H * V + V


@pytest.mark.parametrize(
    "cell",
    ["rnn", "gru", "lstm", lambda D, H: GatedVariant(D, H, coupled=True), GRUVariant],
    ids=["rnn", "gru", "lstm", "coupled", "GRUVariant"],
)
def test_reading_on_from_a_state_is_reading_in_one_go(cell):
    torch.manual_seed(0)
    model = TokenModel(V, E, H, cell, layers=2).double()
    ids = torch.from_numpy(tokens(14, V)).reshape(2, 7)
    whole, _ = model(ids)
    first, state = model(ids[:, :3])
    second, _ = model(ids[:, 3:], state)
    assert whole.shape == (2, 7, V)
    assert_close(torch.cat([first, second], 1), whole)


def test_a_detached_state_has_the_same_numbers_and_no_past():
    model = TokenModel(V, E, H, "lstm", layers=2)
    _, state = model(torch.zeros(1, 3, dtype=torch.long))
    for after, before in zip(detach(state), state, strict=True):
        for mine, theirs in zip(after, before, strict=True):
            assert torch.equal(mine, theirs)
            assert theirs.requires_grad and not mine.requires_grad


def test_tied_weights_are_one_matrix():
    model = TokenModel(V, H, H, tied=True)
    assert model.output.weight is model.embedding.weight
    free = TokenModel(V, H, H)
    assert parameters(free) - parameters(model) == V * H
    with pytest.raises(ValueError, match="Tied weights need E = H; they are 4 and 6"):
        TokenModel(V, E, H, tied=True)


@pytest.mark.parametrize("tied", [False, True])
def test_log_frequencies_start_a_model_at_the_unigram(tied):
    torch.manual_seed(0)
    ids = tokens(50_000, 1000)
    frequencies = log_frequencies(ids, 1000)
    some = torch.from_numpy(ids[:4000]).reshape(40, 100)
    unigram = math.exp(-frequencies[some[:, 1:]].mean())
    model = TokenModel(1000, 32, 32, log_frequencies=frequencies, tied=tied)
    assert perplexity(model, some) == pytest.approx(unigram, rel=0.02)
    assert perplexity(TokenModel(1000, 32, 32, tied=tied), some) > 2 * unigram
    with pytest.raises(ValueError, match=r"shape \(999,\); expected \(1000,\), one for each token"):
        TokenModel(1000, 32, 32, log_frequencies=frequencies[1:])


def test_log_frequencies_are_those_of_the_counts_plus_one():
    expected = torch.tensor([2, 3, 1, 2]).log() - math.log(8)
    assert_close(log_frequencies(np.array([[0, 1], [1, 3]]), 4), expected)


def test_dropout_acts_in_training_alone_and_never_on_the_recurrent_way():
    torch.manual_seed(0)
    ids = torch.zeros(1, 5, dtype=torch.long)
    model = TokenModel(V, E, H, "lstm", layers=2, dropout=0.5)
    assert not torch.equal(model(ids)[0], model(ids)[0])
    model.eval()
    assert torch.equal(model(ids)[0], model(ids)[0])
    kept = TokenModel(V, 40, H, dropout=VariationalDropout(0.5))
    x = kept.dropout(kept.embedding(ids))
    assert torch.equal(x[:, 0] == 0, x[:, 4] == 0)


# --- words -----------------------------------------------------------------------------------


def test_the_reference_has_3_96_million_parameters():
    model = ReferenceWordModel()
    lstm_256, lstm_128 = (4 * (n * h + h * h + 2 * h) for n, h in [(200, 256), (256, 128)])
    assert parameters(model) == 10_000 * 200 + lstm_256 + lstm_128 + 128 * 10_000 + 10_000
    assert parameters(model) == 3_956_624
    assert (model.V, model.T, model.B) == (10_000, 20, 60)


def test_the_reference_shape_by_shape():
    model = ReferenceWordModel(torch.full((10_000,), -math.log(10_000)))
    logits, state = model(torch.zeros(2, 20, dtype=torch.long))
    assert logits.shape == (2, 20, 10_000)
    assert [tuple(part.shape) for pair in state for part in pair] == [(1, 2, 256)] * 2 + [
        (1, 2, 128)
    ] * 2
    again, _ = model(torch.zeros(2, 1, dtype=torch.long), detach(state))
    assert again.shape == (2, 1, 10_000)
    with pytest.raises(ValueError, match="log_frequencies has the shape"):
        ReferenceWordModel(torch.zeros(9_999))


def test_both_word_models_start_at_the_unigram():
    torch.manual_seed(0)
    ids = tokens(200_000, 10_000)
    frequencies = log_frequencies(ids, 10_000).sort(descending=True).values
    some = torch.from_numpy(ids[:1010]).reshape(10, 101)
    unigram = math.exp(-frequencies[some[:, 1:]].mean())
    for model in (ReferenceWordModel(frequencies), AdaptiveWordModel(frequencies)):
        assert perplexity(model, some) == pytest.approx(unigram, rel=0.03)
    assert perplexity(ReferenceWordModel(), some) == pytest.approx(10_000, rel=0.03)


def test_adaptive_biases_are_the_frequencies_and_nothing_else():
    """Without any weight the model says exactly how often each word comes."""
    model, frequencies = small_adaptive()
    for name, p in model.softmax.named_parameters():
        if not name.endswith("bias"):
            p.data.zero_()
    log_p, _ = model(torch.zeros(2, 3, dtype=torch.long))
    expected = frequencies - frequencies.logsumexp(0)
    assert_close(log_p, expected.expand(2, 3, 200), rtol=1e-5, atol=1e-5)


def test_adaptive_probabilities_add_up_to_one_and_are_those_of_the_loss():
    model, _ = small_adaptive()
    for p in model.parameters():
        p.data.normal_()  # far from where it starts
    ids = torch.from_numpy(tokens(4 * 60, 200)).reshape(4, 60)
    assert set(np.digitize(ids[:, 1:], CUTOFFS).flat) == {0, 1, 2}  # all clusters are asked for
    log_p, state = model(ids[:, :-1])
    assert_close(log_p.exp().sum(2), torch.ones(4, 59).double())
    loss, state_of_loss = model.loss(ids[:, :-1], ids[:, 1:])
    expected = nn.functional.nll_loss(log_p.flatten(0, 1), ids[:, 1:].flatten())
    assert_close(loss, expected)
    assert_close(state_of_loss, state)


def test_every_weight_of_the_adaptive_model_learns():
    model, _ = small_adaptive()
    ids = torch.arange(200).reshape(4, 50)
    loss, _ = model.loss(ids, ids.flip(1))
    loss.backward()
    for name, p in model.named_parameters():
        assert p.grad is not None and p.grad.any(), name


def test_counts_of_the_adaptive_model():
    """A word embedding, an LSTM, a head of 1,000 words and 2 clusters, tails through 128 and 64."""
    model = AdaptiveWordModel(torch.full((10_000,), -math.log(10_000)))
    lstm = 4 * (128 * 256 + 256 * 256 + 2 * 256)
    head = 256 * 1002 + 1002
    tails = (256 * 128 + 128 * 3000 + 3000) + (256 * 64 + 64 * 6000 + 6000)
    assert parameters(model) == 10_000 * 128 + lstm + head + tails
    assert model.embedding.weight.std().item() == pytest.approx(0.2, abs=0.01)


def test_adaptive_reads_on_from_a_state():
    model, _ = small_adaptive()
    ids = torch.from_numpy(tokens(24, 200)).reshape(2, 12)
    whole, _ = model(ids)
    first, state = model(ids[:, :5])
    second, _ = model(ids[:, 5:], detach(state))
    assert_close(torch.cat([first, second], 1), whole)


def test_adaptive_says_what_is_wrong():
    _, frequencies = small_adaptive(torch.float32)
    with pytest.raises(ValueError, match="not sorted by frequency"):
        AdaptiveWordModel(frequencies.flip(0), 200, 8, 16, CUTOFFS)
    with pytest.raises(
        ValueError, match=r"log_frequencies has the shape \(200,\); expected \(300,\)"
    ):
        AdaptiveWordModel(frequencies, 300, 8, 16, CUTOFFS)


@pytest.mark.parametrize("there", [True, False])
def test_the_device_is_a_gpu_where_one_is(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert device() == ("cuda" if there else "cpu")


def test_parameters_that_do_not_learn_are_not_counted():
    layer = nn.Linear(3, 2)
    layer.bias.requires_grad_(False)
    assert parameters(layer) == 6
