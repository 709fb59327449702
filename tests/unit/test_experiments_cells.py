"""The experiments of lesson 06: equal sizes are equal, an oracle passes, an open gate stays so."""

import numpy as np
import pytest
import torch

from course_utils.experiments import choosing, choosing_agreement, gru_overfitting, gru_reset
from course_utils.models import parameters, recurrent


def size(task, cell, H):
    return parameters(task.net(lambda D, H: recurrent(cell, D, H), H))


@pytest.mark.parametrize("name", list(choosing.WIDTHS))
def test_narrow_nets_are_as_large_as_the_vanilla_one(name):
    task, widths = choosing.TASKS[name], choosing.WIDTHS[name]
    sizes = {row: size(task, *width) for row, width in widths.items()}
    for row in ("narrow GRU", "narrow LSTM"):
        assert abs(sizes[row] / sizes["RNN"] - 1) < 0.03


def test_narrow_nets_of_the_agreement_are_as_large_too():
    task, widths = choosing_agreement.TASK, choosing_agreement.WIDTHS
    embedding = task.net(lambda D, H: torch.nn.GRU(D, H), 2).embedding.weight.numel()
    sizes = {row: size(task, *width) - embedding for row, width in widths.items()}
    for row in ("narrow GRU", "narrow LSTM"):
        assert abs(sizes[row] / sizes["RNN"] - 1) < 0.03


def test_the_wide_gru_is_as_large_as_the_lstm(monkeypatch):
    monkeypatch.setenv("COURSE_SMOKE", "1")
    settings = gru_overfitting.EXPERIMENT.settings
    for task in ("text", "digits"):
        lstm, gru = (
            gru_overfitting.run(0, **settings[f"{task}: {name}"])["parameters"]
            for name in ("LSTM", "wide GRU")
        )
        assert abs(gru / lstm - 1) < 0.02


@pytest.mark.parametrize("name", ["adding", "copy"])
def test_an_oracle_passes_and_a_constant_does_not(name):
    task = choosing.TASKS[name]

    def oracle(x):
        if name == "adding":
            return (x[..., :1] * x[..., 1:]).cumsum(dim=1)
        said = torch.zeros(len(x), x.shape[1], 9)
        said[:, -3:] = x[:, :3, :9]
        return said

    with torch.no_grad():
        assert task.passed(task.score(oracle))
        assert not task.passed(task.score(lambda x: torch.ones(*x.shape[:2], 9)))


def test_an_open_reset_gate_stays_open():
    torch.manual_seed(0)
    net = gru_reset.cell(3, 5, "none")
    x = torch.randn(4, 6, 3)
    net(x)[0].sum().backward()
    assert not net.b.grad[:5].any() and not net.W_hh.grad[:, :5].any()
    assert net.b.grad[5:].all()


def test_alike_seeds_give_alike_runs(monkeypatch):
    monkeypatch.setenv("COURSE_SMOKE", "1")
    setting = choosing.EXPERIMENT.settings["digits: narrow LSTM"]
    one, other = (choosing.run(3, **setting) for _ in range(2))
    assert one == other and one["updates"] == 2 and np.isfinite(one["score"])
