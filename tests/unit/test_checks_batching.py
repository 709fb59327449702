"""The checks of lesson 07: references pass, stubs say so, every known mistake is named."""

import numpy as np
import pytest
import torch

from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG, batching
from course_utils.checks.batching import events, once_dropped, own_test, stack
from course_utils.checks.batching.planted import MODELS
from course_utils.checks.batching.planted import RIGHT as RIGHT_MODELS
from course_utils.layers import rnn_forward
from course_utils.layers.lengths import last_real_state, reverse_within_lengths
from course_utils.models import VariationalDropout


def pad_and_mask(sequences):
    lengths = [len(sequence) for sequence in sequences]
    x = np.zeros((len(sequences), max(lengths), sequences[0].shape[1]))
    for row, sequence in zip(x, sequences, strict=True):
        row[: len(sequence)] = sequence
    return x, np.arange(max(lengths)) < np.array(lengths)[:, None]


def masked_mean(nats, lengths):
    return nats[np.arange(nats.shape[1]) < lengths[:, None]].mean()


def bidirectional_forward(x, lengths, ahead, back):
    zero = np.zeros((len(x), len(ahead[1])))
    forward, _ = rnn_forward(x, zero, *ahead)
    backward, _ = rnn_forward(reverse_within_lengths(x, lengths), zero, *back)
    summary = [last_real_state(h, lengths) for h in (forward, backward)]
    h = np.concatenate([forward, reverse_within_lengths(backward, lengths)], axis=2)
    return h, np.concatenate(summary, axis=1)


def summary_from_h_n(h_n, layers, directions):
    return np.concatenate(list(h_n[-directions:]), axis=1)


def drop_once(h, p, rng):
    return h * (rng.random((len(h), 1, h.shape[2])) >= p) / (1 - p)


def count_events(found, true, tolerance):
    left, hits = list(true), 0
    for frame in found:
        near = [other for other in left if abs(other - frame) <= tolerance]
        if near:
            left.remove(near[0])
            hits += 1
    return hits, len(found) - hits, len(left)


def whole_test(model, rng):
    for _ in range(3):
        lengths = rng.integers(1, 9, size=5)
        x = 10 * rng.normal(size=(5, 10, 3))
        y = model(x, lengths)
        for b, n in enumerate(lengths):
            if not np.allclose(y[b], model(x[b : b + 1, :n], lengths[b : b + 1])[0], atol=1e-5):
                return False
    return True


class Tagger(torch.nn.Module):
    def __init__(self, D, H, K, layers, p):
        super().__init__()
        self.layers = torch.nn.ModuleList(
            torch.nn.GRU(D if i == 0 else H, H, batch_first=True) for i in range(layers)
        )
        self.dropout, self.readout = VariationalDropout(p), torch.nn.Linear(H, K)

    def forward(self, x):
        for layer in self.layers:
            x = self.dropout(layer(x)[0])
        return self.readout(x)


REFERENCES = {
    "pad_and_mask": pad_and_mask,
    "last_real_state": last_real_state,
    "masked_mean": masked_mean,
    "reverse_within_lengths": reverse_within_lengths,
    "bidirectional_forward": bidirectional_forward,
    "summary_from_h_n": summary_from_h_n,
    "drop_once": drop_once,
    "count_events": count_events,
    "padding_test": whole_test,
    "stacked_tagger": Tagger,
}
# Where the check wraps the reader's function, what stands inside.
INNER = {
    "drop_once": once_dropped._CHECK,
    "padding_test": own_test._CHECK,
    "stacked_tagger": stack._CHECK,
}
CHECKS = {name: INNER.get(name, getattr(batching, name)) for name in REFERENCES}
MISTAKES = [
    pytest.param(name, mistake, id=f"{name}: {mistake.name} {i}")
    for name, check in CHECKS.items()
    for i, mistake in enumerate(check.mistakes)
]
LATER = {"0 times nan"}  # right in the case that decides
# The rows of the mistakes catalogue that belong to this lesson, and who names them.
ROWS = {
    "last state at padded positions": ("last_real_state", "bidirectional_forward"),
    "h_n read as batch-first": ("summary_from_h_n",),
    "view for permute": ("summary_from_h_n",),
    "bi-RNN summary = output[-1]": ("bidirectional_forward",),
    "rows sorted by length": ("pad_and_mask", "last_real_state", "bidirectional_forward"),
    "padding in the average": ("masked_mean",),
    "dropout with one layer": ("stacked_tagger",),
    "no eval()": ("stacked_tagger",),
    "a new mask each step": ("drop_once", "stacked_tagger"),
    "bidirectional leak": ("stacked_tagger",),
    "modules in a Python list": ("stacked_tagger",),
}


def untouched(*arguments):
    raise NotImplementedError("your turn")


def test_every_check_has_a_reference_here():
    assert set(REFERENCES) == {
        name for name in batching.__all__ if not name.startswith(("their", "healthy"))
    }


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_reference_is_right(name, seed):
    report = getattr(batching, name)(REFERENCES[name], seed=seed)
    assert report.state == RIGHT, str(report)


@pytest.mark.parametrize("name", REFERENCES)
def test_untouched_stub_is_not_attempted(name):
    assert getattr(batching, name)(untouched).state == NOT_ATTEMPTED


@pytest.mark.parametrize("name", REFERENCES)
def test_a_forgotten_return_is_wrong(name):
    assert getattr(batching, name)(lambda *arguments: None).state == WRONG


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
@pytest.mark.parametrize("seed", [None, 1])
def test_mistake_is_rejected_and_named(name, mistake, seed):
    report = CHECKS[name](mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake.name, str(report)
    assert mistake.says in report.message and report.hint
    if mistake.name in LATER:
        return
    first = report.trials[0].case
    assert not all(t.passed for t in report.trials if t.case == first), "the first case decides"


@pytest.mark.parametrize("name", CHECKS)
def test_one_name_has_one_message(name):
    said = {}
    for mistake in CHECKS[name].mistakes:
        assert said.setdefault(mistake.name, mistake.says) == mistake.says


@pytest.mark.parametrize(("row", "checks"), ROWS.items())
def test_every_row_of_the_catalogue_is_named_by_a_check(row, checks):
    for name in checks:
        assert row in {mistake.name for mistake in CHECKS[name].mistakes}


def zero_padded(x, lengths):
    back = reverse_within_lengths(x, lengths)
    return [
        [list(step) if t < n else [0] * 4 for t, step in enumerate(row)]
        for row, n in zip(back, lengths, strict=True)
    ]


class OwnCells(Tagger):
    """The same stack, its layers as cells in a loop and its dropout written out."""

    def forward(self, x):
        for layer in self.layers:
            h, _ = layer(x)
            if self.training:
                p = self.dropout.p
                h = h * torch.bernoulli(torch.full_like(h[:, :1], 1 - p)) / (1 - p)
            x = h
        return self.readout(x)


VARIANTS = {
    "nested lists": (
        "pad_and_mask",
        lambda s: tuple(part.tolist() for part in pad_and_mask(s)),
    ),
    "the mask's last true place": (
        "last_real_state",
        lambda h, n: np.stack([row[k - 1] for row, k in zip(h, n, strict=True)]),
    ),
    "where, then a sum": (
        "masked_mean",
        lambda nats, n: np.where(np.arange(nats.shape[1]) < n[:, None], nats, 0).sum() / n.sum(),
    ),
    "zeros in the padding": ("reverse_within_lengths", zero_padded),
    "permute in torch": (
        "summary_from_h_n",
        lambda h_n, layers, directions: (
            torch.from_numpy(h_n)
            .view(layers, directions, *h_n.shape[1:])[-1]
            .transpose(0, 1)
            .reshape(h_n.shape[1], -1)
            .numpy()
        ),
    ),
    "a mask drawn by choice": (
        "drop_once",
        lambda h, p, rng: h * rng.choice([0, 1 / (1 - p)], (len(h), 1, h.shape[2]), p=[p, 1 - p]),
    ),
    "written out": ("stacked_tagger", OwnCells),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_legitimate_variants_pass(variant):
    name, function = VARIANTS[variant]
    report = getattr(batching, name)(function)
    assert report.state == RIGHT, str(report)


@pytest.mark.parametrize("name", MODELS)
def test_planted_models_are_what_they_are_called(name):
    """The right ones hold the property on 20 draws, each wrong one breaks it on the first."""
    held = [whole_test(MODELS[name], np.random.default_rng(seed)) for seed in range(20)]
    assert all(held) if name in RIGHT_MODELS else not any(held)


def test_the_reader_is_told_which_models_pass():
    report = batching.padding_test(lambda model, rng: True)
    assert "state after the padding" in report.message
    assert report.mistake is not None and report.mistake.name == "shapes only"
    report = batching.padding_test(lambda model, rng: False)
    assert "refuses models that are right: last real state" in report.message
    assert "True or False" in batching.padding_test(lambda model, rng: 0.3).message


def test_events_are_paired_as_well_as_can_be():
    """First come first served, as the lesson's reference does it, against the matching."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        found, true = (np.flatnonzero(rng.random(40) < 0.2).tolist() for _ in range(2))
        tolerance = int(rng.integers(0, 5))
        assert count_events(found, true, tolerance) == events._oracle(found, true, tolerance)


def test_clinic_shows_what_it_says():
    sick = batching.their_tagger(4, 6, 3, 2, 0.0)
    well = batching.healthy_tagger(4, 6, 3, 2, 0.0)
    assert [name for name, _ in sick.named_parameters()] == ["readout.weight", "readout.bias"]
    assert len(list(well.parameters())) == 2 + 2 * 4
    assert "Python list" in batching.their_illness()


def test_a_check_leaves_the_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    batching.stacked_tagger(Tagger)
    batching.summary_from_h_n(summary_from_h_n)
    assert torch.equal(torch.rand(3), expected)
