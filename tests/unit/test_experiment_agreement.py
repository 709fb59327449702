"""Training on the agreement grammar: what is measured, held against a model that knows it all."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.data import AgreementGrammar
from course_utils.experiments import agreement, agreement_cures
from course_utils.models import recurrent

TINY = AgreementGrammar(
    1, (("child", "children"),), (("runs", "run"), ("sings", "sing")), ("met",), ("near",), ("the",)
)


def sentences() -> list[tuple[tuple[str, ...], float]]:
    """Every sentence of TINY with its probability, written out."""
    found = []
    for number, verb in product((0, 1), (0, 1)):
        first, last = TINY.nouns[0][number], TINY.verbs[verb][number]
        found.append((("the", first, last, "."), 1 / 2 / 4))
        for noun in TINY.nouns[0]:
            found.append((("the", first, "who", "met", "the", noun, last, "."), 1 / 2 / 8))
    return found


class Knowing(nn.Module):
    """Predicts by counting: which words follow this beginning, with which probability?

    With `numberless` it has forgotten the number of the first noun.
    """

    def __init__(self, numberless: bool = False) -> None:
        super().__init__()
        self.numberless = numberless
        self.follows: dict[tuple, Counter] = {}
        for words, p in sentences():
            for t in range(len(words) - 1):
                self.follows.setdefault(self.key(words[: t + 1]), Counter())[words[t + 1]] += p

    def key(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return (words[0], "?", *words[2:]) if self.numberless and len(words) > 1 else words

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        p = torch.zeros(*ids.shape, len(TINY.vocab), dtype=torch.float64)
        for b, row in enumerate(ids.tolist()):
            words = tuple(TINY.vocab.decode(row))
            for t in range(len(words)):
                for word, share in self.follows.get(self.key(words[: t + 1]), {}).items():
                    p[b, t, TINY.vocab.encode([word])[0]] = share
        return torch.log(p / p.sum(dim=-1, keepdim=True).clamp_min(1e-300) + 1e-300)


def test_who_knows_the_grammar_has_no_excess_and_agrees_always():
    assert agreement.excess_loss(Knowing(), TINY, 20) == pytest.approx(0, abs=1e-12)
    for phrases in (0, 1):
        assert agreement.examine(Knowing(), TINY, phrases, 20)[0] == 1.0


def test_who_forgets_the_number_pays_ln_2_a_sentence_and_guesses():
    """A sentence of TINY has 3 or 7 predicted tokens: 5 on average."""
    excess = agreement.excess_loss(Knowing(numberless=True), TINY, 20)
    assert excess == pytest.approx(np.log(2) / 5, abs=1e-12)
    assert agreement.examine(Knowing(numberless=True), TINY, 1, 20)[0] == 0.5


def test_training_repeats_itself_and_reports_every_update(monkeypatch):
    monkeypatch.setenv("COURSE_SMOKE", "1")
    watched = []

    def train(seed, **how):
        make = lambda D, H: recurrent("rnn", D, H)  # noqa: E731
        return agreement.train_agreement(
            make, seed, H=8, batch=4, max_phrases=2, per_distance=10, **how
        )

    first = train(0, watch=lambda step, model: watched.append(step))
    assert watched == [0, 1] and len(first["loss"]) == len(first["norm"]) == 2
    assert len(first["accuracy"]) == 3
    assert first == train(0)
    assert first["loss"] != train(1)["loss"]
    unclipped, tightly = train(0, clip=None), train(0, clip=1e-9)
    assert unclipped["norm"][0] == tightly["norm"][0] == first["norm"][0]  # before clipping
    assert len(train(0, distances=[2])["accuracy"]) == 1


def test_reach_is_relative_to_the_last_word_and_ends_at_the_subject():
    torch.manual_seed(0)
    grammar = AgreementGrammar(2)
    cell = recurrent("irnn", 6, 6)
    with torch.no_grad():
        cell.weight_ih_l0.copy_(torch.eye(6))
        cell.bias_ih_l0.fill_(100.0)  # all units are on, at every step: the gradient is kept
    model = agreement.NextWord(len(grammar.vocab), 6, 6, cell)
    reach = agreement_cures.reach(model, grammar, 5)
    words = grammar.sample(1, np.random.default_rng(0), 2)[0].words
    assert len(reach) == len(words) - 3  # without "the" before the subject, the verb, the stop
    np.testing.assert_allclose(reach, 1.0, rtol=1e-5)


def test_one_run_of_the_experiment_has_all_its_measures(monkeypatch):
    monkeypatch.setenv("COURSE_SMOKE", "1")
    found = agreement_cures.run(0, "orthogonal", 1.0, inputs=0.01, phrases=1)
    assert len(found["accuracy"]) == 2 and np.isfinite(found["excess"])
    assert len(found["loss"]) == len(found["norm"]) == len(found["norm_max"]) == 2
    assert found["reach_before"][0] == 1.0
    net = agreement_cures.make("orthogonal", 0.01, 30, 30)
    assert net.weight_ih_l0.std().item() == pytest.approx(0.01, rel=0.2)
    assert not net.bias_hh_l0.any()
