"""The training loop, clipping, early stopping, seeds and their spread."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import training
from course_utils.errors import CourseError

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def full_scale_on_one_thread(monkeypatch):
    monkeypatch.setenv("COURSE_SMOKE", "0")
    monkeypatch.setenv("COURSE_THREADS", "1")
    yield
    torch.set_num_threads(1)


def line(n=64, noise=0.0, seed=0):
    """Points of y = 3 x - 1, as float64 arrays (n, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1))
    return x, 3 * x - 1 + noise * rng.normal(size=(n, 1))


def linear_model(lr=0.1):
    model = torch.nn.Linear(1, 1)
    return model, torch.optim.SGD(model.parameters(), lr=lr)


mse = torch.nn.functional.mse_loss


def fit(model, optimizer, *args, **kwargs):
    return training.fit(model, mse, *args, optimizer=optimizer, progress=False, **kwargs)


# --- steps ---


def test_steps_are_what_was_asked_for_and_few_when_it_only_has_to_run(monkeypatch):
    assert [training.steps(n) for n in (0, 1, 1500)] == [0, 1, 1500]
    monkeypatch.setenv("COURSE_SMOKE", "1")
    assert [training.steps(n) for n in (0, 1, 1500)] == [0, 1, 2]


# --- fit ---


def test_fit_finds_the_line():
    model, optimizer = linear_model()
    history = fit(model, optimizer, line(), epochs=30, batch_size=16, validation=line(seed=1))
    assert float(model.weight.detach()) == pytest.approx(3, abs=1e-3)
    assert float(model.bias.detach()) == pytest.approx(-1, abs=1e-3)
    assert history.steps == 30 * 4
    assert len(history.train_loss) == len(history.val_loss) == 30
    assert history.train_loss[0] > history.train_loss[-1]
    assert history.best_epoch == int(np.argmin(history.val_loss))
    assert history.val_metric == []


def test_fit_takes_the_steps_of_a_loop_written_by_hand():
    x, y = (torch.as_tensor(a, dtype=torch.float32) for a in line(n=10, noise=0.5))
    torch.manual_seed(0)
    model, optimizer = linear_model()
    by_hand = torch.nn.Linear(1, 1)
    by_hand.load_state_dict(model.state_dict())
    losses = []
    for part in (slice(0, 4), slice(4, 8), slice(8, 10)):
        loss = ((by_hand(x[part]) - y[part]) ** 2).mean()
        by_hand.zero_grad()
        loss.backward()
        norm = torch.sqrt(by_hand.weight.grad.square().sum() + by_hand.bias.grad.square().sum())
        with torch.no_grad():
            for p in by_hand.parameters():
                p -= 0.1 * p.grad * min(1.0, 0.7 / (float(norm) + 1e-6))
        losses.append(loss.item() * len(x[part]))

    def in_order():
        for part in (slice(0, 4), slice(4, 8), slice(8, 10)):
            yield x[part], y[part]

    history = fit(model, optimizer, in_order, epochs=1, clip_norm=0.7)
    torch.testing.assert_close(model.weight, by_hand.weight)
    torch.testing.assert_close(model.bias, by_hand.bias)
    assert history.train_loss == [pytest.approx(sum(losses) / 10, rel=1e-5)]


def test_validation_is_a_mean_over_samples_and_changes_nothing():
    model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(1, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    x, y = line(n=10)
    before = mse(model[1](torch.as_tensor(x).float()), torch.as_tensor(y).float()).item()
    history = fit(
        model,
        optimizer,
        (x, y),
        epochs=2,
        batch_size=4,  # 4, 4, 2: a mean of batch means would differ
        validation=(x, y),
        metric=lambda outputs, targets: (outputs - targets).square().mean(),
    )
    assert history.val_loss == [pytest.approx(before, rel=1e-5)] * 2
    assert history.val_metric == [pytest.approx(before, rel=1e-5)] * 2


def test_several_inputs_reach_the_model_and_integers_stay_integers():
    class Picked(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(5, 1)

        def forward(self, ids, scale):
            assert ids.dtype == torch.int64 and scale.dtype == torch.float32
            return self.table(ids)[:, 0] * scale

    model = Picked()
    ids, scale = np.arange(5), np.ones(5)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    fit(model, optimizer, (ids, scale, np.arange(5.0)), epochs=40, batch_size=5)
    np.testing.assert_allclose(model.table.weight.detach()[:, 0], np.arange(5), atol=1e-3)


def test_fit_repeats_with_its_seed():
    def weights(seed):
        torch.manual_seed(0)
        model, optimizer = linear_model()
        fit(model, optimizer, line(noise=1.0), epochs=1, batch_size=4, seed=seed)
        return float(model.weight.detach())

    assert weights(0) == weights(0) != weights(1)


class Scripted(torch.nn.Module):
    """A model whose only weight counts the epochs: each training step adds 1."""

    def __init__(self):
        super().__init__()
        self.epochs_seen = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.epochs_seen.expand(len(x))


def scripted_fit(val_losses, **kwargs):
    """Fit so that the validation loss after epoch e is val_losses[e]."""
    model = Scripted()

    def loss_fn(outputs, targets):
        if model.training:
            return -outputs.mean()
        return torch.tensor(val_losses[round(float(outputs[0])) - 1])

    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    data = (np.zeros(3), np.zeros(3))
    history = training.fit(
        model,
        loss_fn,
        data,
        optimizer=optimizer,
        epochs=len(val_losses),
        validation=data,
        progress=False,
        **kwargs,
    )
    return history, round(float(model.epochs_seen.detach()))


def test_early_stopping_waits_and_restores_the_best_weights():
    history, weight = scripted_fit([5.0, 3.0, 4.0, 3.5, 1.0], patience=2)
    assert history.val_loss == [5.0, 3.0, 4.0, 3.5]
    assert history.best_epoch == 1
    assert weight == 2  # as after the second epoch


def test_an_improvement_renews_the_patience():
    history, weight = scripted_fit([5.0, 6.0, 4.0, 4.5, 3.0, 9.0], patience=2)
    assert len(history.val_loss) == 6 and history.best_epoch == 4
    assert weight == 5


def test_without_patience_the_last_weights_stay():
    history, weight = scripted_fit([1.0, 2.0, 3.0])
    assert history.best_epoch == 0 and weight == 3


def test_early_stopping_survives_losses_that_are_not_numbers():
    history, _ = scripted_fit([float("nan")] * 5, patience=2)
    assert len(history.val_loss) == 2 and history.best_epoch is None
    history, weight = scripted_fit([float("nan"), 2.0, float("nan")], patience=2)
    assert history.best_epoch == 1 and weight == 2


@pytest.mark.parametrize("validation", [None, line()])
def test_a_trained_model_is_ready_to_predict(validation):
    model, optimizer = linear_model()
    fit(model, optimizer, line(), epochs=1, validation=validation)
    assert not model.training


def test_smoke_takes_one_batch_an_epoch_and_fills_the_history(monkeypatch):
    monkeypatch.setenv("COURSE_SMOKE", "1")
    model, optimizer = linear_model()
    history = fit(model, optimizer, line(), epochs=3, batch_size=4, validation=line())
    assert history.steps == 3
    assert len(history.train_loss) == len(history.val_loss) == 3


def test_fit_says_what_is_missing():
    model, optimizer = linear_model()
    with pytest.raises(ValueError, match="validation"):
        fit(model, optimizer, line(), epochs=1, patience=1)
    used_up = iter([line()])
    with pytest.raises(ValueError, match="no batch"):
        fit(model, optimizer, lambda: used_up, epochs=2)


def test_progress_shows_epoch_steps_and_loss_and_then_leaves(capsys, monkeypatch):
    monkeypatch.setenv("TQDM_MININTERVAL", "0")
    model, optimizer = linear_model()
    training.fit(model, mse, line(), optimizer=optimizer, epochs=2, batch_size=16)
    shown = capsys.readouterr()
    assert "epoch 2/2" in shown.out and "/8 " in shown.out and "loss=" in shown.out
    assert shown.out.split("\r")[-1].strip() == ""
    assert shown.err == ""


# --- clipping ---

finite = st.floats(-1e3, 1e3, allow_nan=False)


@given(st.lists(st.lists(finite, max_size=4), max_size=4), st.floats(0.01, 100))
def test_clipping_agrees_with_torch(values, max_norm):
    grads = [np.array(v) for v in values]
    parameters = []
    for grad in grads:
        parameter = torch.nn.Parameter(torch.zeros(len(grad), dtype=torch.float64))
        parameter.grad = torch.as_tensor(grad.copy())
        parameters.append(parameter)
    expected_norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    clipped, norm = training.clip_by_global_norm(grads, max_norm)
    assert norm == pytest.approx(float(expected_norm), abs=1e-12)
    for ours, parameter in zip(clipped, parameters, strict=True):
        # torch divides by norm + 1e-6, which weighs most where the norm is small
        np.testing.assert_allclose(ours, parameter.grad.numpy(), rtol=2e-4, atol=1e-9)


def test_clipping_returns_copies_and_keeps_the_dtype():
    grads = [np.full((2, 3), 4.0, dtype=np.float32), np.zeros(2)]
    for max_norm in (1.0, 1e6):
        clipped, _ = training.clip_by_global_norm(grads, max_norm)
        assert [g.dtype for g in clipped] == [np.float32, np.float64]
        clipped[0][:] = 7
        assert (grads[0] == 4).all()
    clipped, norm = training.clip_by_global_norm(grads, 1.0)
    assert norm == pytest.approx(np.sqrt(6 * 16))
    assert np.linalg.norm(clipped[0]) == pytest.approx(1.0)


def test_clipping_makes_integers_real_and_tells_of_infinity():
    clipped, norm = training.clip_by_global_norm([np.array([3, 0]), np.array([4])], 1.0)
    assert norm == 5
    np.testing.assert_allclose(np.concatenate(clipped), [0.6, 0, 0.8])
    with np.errstate(invalid="ignore"):
        clipped, norm = training.clip_by_global_norm([np.array([np.inf, 1.0])], 1.0)
    assert norm == np.inf and np.isnan(clipped[0][0]) and clipped[0][1] == 0
    clipped, norm = training.clip_by_global_norm([np.array([np.nan, 3.0])], 1.0)
    assert np.isnan(norm) and clipped[0][1] == 3


# --- seeds, threads, spread ---


def test_seed_everything_repeats_all_three_sources():
    def draw():
        training.seed_everything(7)
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert draw() == draw()


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.delenv("COURSE_THREADS")
    assert training.set_threads() == torch.get_num_threads() == 1
    monkeypatch.setenv("COURSE_THREADS", "2")
    assert training.set_threads() == torch.get_num_threads() == 2
    assert training.set_threads(1) == torch.get_num_threads() == 1
    assert os.environ["COURSE_THREADS"] == "1"


@pytest.mark.parametrize("wanted", ["many", "0", "-1", "", "1.5", "²"])
def test_a_wrong_number_of_threads_is_one_sentence(monkeypatch, wanted):
    monkeypatch.setenv("COURSE_THREADS", wanted)
    with pytest.raises(CourseError, match="number of threads"):
        training.set_threads()


def test_spread_prints_mean_and_range():
    spread = training.Spread((0.89, 0.93, 0.91))
    assert str(spread) == "0.91 (0.89 to 0.93)"
    assert f"{spread:.1%}" == "91.0% (89.0% to 93.0%)"
    assert (spread.mean, spread.min, spread.max) == (pytest.approx(0.91), 0.89, 0.93)


def test_over_seeds_seeds_every_run():
    def run(seed):
        return seed + torch.rand(1).item()

    first = training.over_seeds(run, range(3), progress=False)
    again = training.over_seeds(run, reversed(range(3)), progress=False)
    assert first.values == again.values[::-1]
    assert len({value % 1 for value in first.values}) == 3


def test_over_seeds_seeds_the_first_run_that_loads_torch():
    program = (
        "from course_utils.training import over_seeds\n"
        "def run(seed):\n    import torch\n    return torch.rand(1).item()\n"
        "print(*over_seeds(run, [5, 5], progress=False).values)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    first, second = done.stdout.split()
    assert first == second


def test_over_seeds_keeps_names_apart(capsys):
    spreads = training.over_seeds(lambda seed: {"up": seed, "down": -seed}, (1, 3))
    assert spreads["up"].values == (1.0, 3.0) and spreads["down"].mean == -2
    assert capsys.readouterr().err == ""
    with pytest.raises(ValueError, match="at least one seed"):
        training.over_seeds(float, [])
