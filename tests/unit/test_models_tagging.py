"""Padding never changes a result; both ways as torch has it; dropout and its masks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.testing import assert_close

from course_utils.models import (
    DropConnect,
    GatedVariant,
    GRUVariant,
    SequenceClassifier,
    Tagger,
    TokenModel,
    VariationalDropout,
    parameters,
    recurrent,
    reverse,
)
from course_utils.models.cells import CELLS, weights
from course_utils.models.tagging import BothWays

B, T, D, H, K = 3, 5, 4, 6, 2
LENGTHS = torch.tensor([3, 5, 1])


def normal(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(shape).normal(size=shape))


# --- padding ---------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from([Tagger, SequenceClassifier]),
    cell=st.sampled_from(CELLS),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    padding=st.integers(0, 3),
    filling=st.sampled_from([0.0, -7.0, 1e6]),
)
def test_padding_never_changes_a_result(
    kind, cell, layers, bidirectional, lengths, padding, filling
):
    """In a padded batch each sequence gets what it gets alone, whatever the padding holds."""
    torch.manual_seed(0)
    model = kind(D, H, K, cell, layers, bidirectional=bidirectional).double()
    x = normal(len(lengths), max(lengths) + padding, D)
    for row, n in zip(x, lengths, strict=True):
        row[n:] = filling
    together = model(x, lengths)
    for b, n in enumerate(lengths):
        alone = model(x[b : b + 1, :n])
        assert_close(together[b : b + 1, :n] if kind is Tagger else together[b : b + 1], alone)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", [Tagger, SequenceClassifier])
def test_no_gradient_reaches_or_comes_from_padding(kind, bidirectional):
    torch.manual_seed(0)
    model = kind(D, H, K, "lstm", 2, bidirectional=bidirectional).double()
    x = normal(B, T, D).requires_grad_()
    real = torch.arange(T) < LENGTHS[:, None]

    def backward(x: torch.Tensor) -> list[torch.Tensor]:
        model.zero_grad()
        logits = model(x, LENGTHS)
        (logits[real] if kind is Tagger else logits).square().sum().backward()
        return [p.grad.clone() for p in model.parameters()]

    gradients = backward(x)
    assert not x.grad[~real].any()
    assert (x.grad[real].abs().sum(1) > 0).all()
    other = torch.where(real[:, :, None], x.detach(), 5.0)
    for mine, expected in zip(backward(other), gradients, strict=True):
        assert_close(mine, expected)


@pytest.mark.parametrize(
    "cell",
    [*CELLS, lambda D, H: GatedVariant(D, H, peepholes=True), GRUVariant],
    ids=[*CELLS, "peepholes", "GRUVariant"],
)
def test_padding_on_the_right_is_later_than_all_that_a_language_model_says(cell):
    torch.manual_seed(0)
    model = TokenModel(9, D, H, cell, layers=2).double()
    ids = torch.arange(12).reshape(2, 6) % 9
    padded = nn.functional.pad(ids, (0, 3))
    assert_close(model(padded)[0][:, :6], model(ids)[0])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_both_ways_are_those_of_torch_with_packed_sequences(cell):
    """The states of one torch layer, its packed sequences, its h_n as the summary."""
    torch.manual_seed(0)
    theirs = recurrent(cell, D, H, bidirectional=True).double()
    classifier = SequenceClassifier(D, H, 2 * H, cell, bidirectional=True).double()
    reader = classifier.reader
    one_way = (next(weights(reader.ahead[0])), next(weights(reader.back[0])))
    for ours, expected in zip(one_way, weights(theirs), strict=True):
        for W, W_expected in zip(ours, expected, strict=True):
            W.data.copy_(W_expected)
    classifier.output.weight.data, classifier.output.bias.data = (
        torch.eye(2 * H).double(),
        0 * classifier.output.bias,
    )

    x = normal(B, T, D)
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    h_packed, state = theirs(packed)
    expected, _ = pad_packed_sequence(h_packed, batch_first=True)
    real = torch.arange(T) < LENGTHS[:, None]
    assert_close(reader(x, LENGTHS)[real], expected[real])
    h_n = state[0] if cell == "lstm" else state  # (2, B, H)
    assert_close(classifier(x, LENGTHS), torch.cat([h_n[0], h_n[1]], 1))


def test_layers_read_both_halves_of_the_layer_below():
    """Stacked both ways, all equal lengths: torch's own layers on the same weights."""
    torch.manual_seed(0)
    theirs = recurrent("gru", D, H, layers=2, bidirectional=True).double()
    ours = BothWays(D, H, layers=2, bidirectional=True).double()
    mine = [next(weights(net)) for k in range(2) for net in (ours.ahead[k], ours.back[k])]
    for W_mine, W_theirs in zip(mine, weights(theirs), strict=True):
        for W, W_expected in zip(W_mine, W_theirs, strict=True):
            W.data.copy_(W_expected)
    x = normal(B, T, D)
    assert_close(ours(x), theirs(x)[0])


def test_one_way_nothing_is_known_of_the_future_and_both_ways_all_is():
    x = normal(1, T, D).requires_grad_()
    for bidirectional in (False, True):
        model = Tagger(D, H, K, bidirectional=bidirectional).double()
        (dx,) = torch.autograd.grad(model(x)[0, 2].sum(), x)
        assert (dx[0, 3:] != 0).any() == bidirectional
        assert (dx[0, :3] != 0).all()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_reverse_turns_each_sequence_within_its_length(lengths):
    x = torch.arange(len(lengths) * 6 * 2).reshape(len(lengths), 6, 2)
    n = torch.tensor(lengths)
    turned = reverse(x, n)
    for row, expected, length in zip(turned.tolist(), x.tolist(), lengths, strict=True):
        assert row == expected[:length][::-1] + expected[length:]
    assert torch.equal(reverse(turned, n), x)


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ([3, 0, 5], r"lengths holds 0; expected 1 to 5, the steps of x"),
        ([3, 6, 5], r"lengths holds 6; expected 1 to 5"),
        ([3, 5], r"lengths has the shape \(2,\) .* expected \(3,\) integers"),
        ([3.0, 5.0, 1.0], r"dtype torch.float32; expected \(3,\) integers"),
        ([True, True, True], r"dtype torch.bool; expected \(3,\) integers"),
    ],
)
@pytest.mark.parametrize("kind", [Tagger, SequenceClassifier])
def test_lengths_that_cannot_be(kind, lengths, words):
    with pytest.raises(ValueError, match=words):
        kind(D, H, K)(torch.zeros(B, T, D), lengths)


@pytest.mark.parametrize("kind", [Tagger, SequenceClassifier])
def test_lengths_may_be_a_list_or_an_array(kind):
    model, x = kind(D, H, K, bidirectional=True), torch.ones(B, T, D)
    expected = model(x, LENGTHS)
    assert torch.equal(model(x, LENGTHS.tolist()), expected)
    assert torch.equal(model(x, LENGTHS.numpy().astype(np.uint8)), expected)
    with pytest.raises(ValueError, match=r"x has the shape \(3, 5\); expected \(B, T, D\)"):
        model(x[:, :, 0], LENGTHS)
    with pytest.raises(ValueError, match="lengths holds 0"):
        model(x[:, :0])


@pytest.mark.parametrize("kind", [Tagger, SequenceClassifier])
@pytest.mark.parametrize(("layers", "ways"), [(1, 1), (2, 1), (1, 2), (3, 2)])
def test_counts(kind, layers, ways):
    model = kind(D, H, K, layers=layers, bidirectional=ways == 2)
    inputs = [D] + [ways * H] * (layers - 1)
    cells = sum(ways * 3 * (n * H + H * H + 2 * H) for n in inputs)
    assert parameters(model) == cells + ways * H * K + K


# --- dropout ---------------------------------------------------------------------------------


def test_variational_dropout_has_one_mask_for_all_steps_of_a_sequence():
    torch.manual_seed(0)
    y = VariationalDropout(0.25)(torch.ones(200, 7, 50))
    assert torch.equal(y, y[:, :1].expand_as(y))
    assert set(y.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    kept = (y[:, 0] > 0).float()
    assert abs(kept.mean() - 0.75) < 0.02
    assert (kept[0] != kept[1]).any()  # but each sequence has its own


def test_variational_dropout_leaves_evaluation_and_shapes_alone():
    drop, x = VariationalDropout(0.5), normal(B, T, D)
    assert drop(x[:, :0]).shape == (B, 0, D)
    assert drop(x).dtype == x.dtype
    assert torch.equal(drop.eval()(x), x)
    assert torch.equal(VariationalDropout(0.0)(x), x)
    assert str(drop) == "VariationalDropout(p=0.5)"


@pytest.mark.parametrize("p", [-0.1, 1.0, 2.0])
def test_a_probability_of_dropping_lies_below_one(p):
    with pytest.raises(ValueError, match="expected a probability"):
        VariationalDropout(p)
    with pytest.raises(ValueError, match="expected a probability"):
        DropConnect(recurrent("rnn", D, H), p)


@pytest.mark.parametrize("make", [lambda: recurrent("lstm", D, H), lambda: GRUVariant(D, H)])
def test_drop_connect_drops_recurrent_weights_alone(make):
    torch.manual_seed(0)
    layer = make()
    drop, x = DropConnect(layer, 0.5), normal(B, 2, D).float()
    plain, _ = layer(x)
    h, _ = drop(x)
    assert_close(h[:, 0], plain[:, 0])  # h_0 = 0: no recurrent weight has acted yet
    assert not torch.allclose(h[:, 1], plain[:, 1])
    h.sum().backward()
    (W_hh,) = (p for name, p in drop.named_parameters() if "hh" in name and p.ndim == 2)
    assert 0.3 < (W_hh.grad == 0).float().mean() < 0.7  # what was dropped learns nothing
    assert_close(drop.eval()(x)[0], plain, rtol=0, atol=0)
    assert_close(layer(x)[0], plain, rtol=0, atol=0)  # and the layer itself is as it was


def test_models_take_a_probability_or_a_module():
    torch.manual_seed(0)
    x = torch.ones(1, T, D)
    for dropout, equal in [(0.5, False), (VariationalDropout(0.5), True)]:
        reader = BothWays(D, 50, dropout=dropout)
        zeros = reader(x) == 0
        assert torch.equal(zeros[0, 0], zeros[0, 1]) == equal
        assert zeros.any()
        assert not (reader.eval()(x) == 0).any()
