"""The checks of lesson 01: references pass, stubs say so, every known mistake is named."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG, Check, sequential

CHECKS = {name: check for name, check in vars(sequential).items() if isinstance(check, Check)}


def transition_matrix(states, K):
    pairs = Counter(pairwise(int(s) for s in states))
    starts = Counter(int(s) for s in states[:-1])
    return np.array([[pairs[i, j] / starts[i] for j in range(K)] for i in range(K)])


def split_and_scale(series, n_train):
    train, test = series[:n_train], series[n_train:]
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / deviation, (test - mean) / deviation


def split_windows(days, length, ahead, cut):
    starts = np.arange(days - length - ahead + 1)
    return starts[starts + length + ahead <= cut], starts[starts + length >= cut]


def bag_of_words(words, vocabulary):
    counts = np.zeros(len(vocabulary), dtype=int)
    for word in words:
        if word in vocabulary:
            counts[vocabulary.index(word)] += 1
    return counts


def unseen_share(train, held_out, n):
    seen = {train[i : i + n] for i in range(len(train) - n + 1)}
    asked = [held_out[i : i + n] for i in range(len(held_out) - n + 1)]
    return np.mean([gram not in seen for gram in asked])


REFERENCES = {
    "transition_matrix": transition_matrix,
    "in_k_days": lambda P, today, k: np.linalg.matrix_power(P, k)[today],
    "split_and_scale": split_and_scale,
    "split_windows": split_windows,
    "bag_of_words": bag_of_words,
    "unseen_share": unseen_share,
    "window_parameters": lambda V, n, H: n * V * H + H + H * V + V,
}
MISTAKES = [
    pytest.param(name, mistake, id=f"{name}: {mistake.name} {i}")
    for name, check in CHECKS.items()
    for i, mistake in enumerate(check.mistakes)
]


def untouched(*arguments):
    raise NotImplementedError("your turn")


def test_every_check_has_a_reference_here():
    assert set(REFERENCES) == set(CHECKS) == set(sequential.__all__) - {"their_score"}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_reference_is_right(name, seed):
    report = CHECKS[name](REFERENCES[name], seed=seed)
    assert report.state == RIGHT, str(report)


@pytest.mark.parametrize("name", CHECKS)
def test_untouched_stub_is_not_attempted(name):
    assert CHECKS[name](untouched).state == NOT_ATTEMPTED


@pytest.mark.parametrize("name", CHECKS)
def test_a_forgotten_return_is_wrong(name):
    report = CHECKS[name](lambda *arguments: None)
    assert report.state == WRONG
    assert "return" in report.message


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_mistake_is_rejected_and_named(name, mistake, seed):
    check = CHECKS[name]
    report = check(mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake.name, str(report)
    assert mistake.says in report.message and report.hint
    if mistake.name == "k = 0 forgotten":  # right everywhere else
        return
    first = report.trials[0].case
    assert not all(t.passed for t in report.trials if t.case == first), "the first case decides"


@pytest.mark.parametrize("name", CHECKS)
def test_one_name_has_one_message(name):
    said = {}
    for mistake in CHECKS[name].mistakes:
        assert said.setdefault(mistake.name, mistake.says) == mistake.says


def add_at(states, K):
    P = np.zeros((K, K))
    np.add.at(P, (states[:-1], states[1:]), 1)
    return (P / P.sum(axis=1, keepdims=True)).tolist()


def step_by_step(P, today, k):
    row = np.eye(len(P))[today]
    for _ in range(k):
        row = row @ P
    return row


def by_ranges(days, length, ahead, cut):
    return range(cut - length - ahead + 1), range(cut - length, days - length - ahead + 1)


def by_where(days, length, ahead, cut):
    starts = np.arange(days - length - ahead + 1)
    return np.where(starts + length + ahead <= cut), np.where(starts + length >= cut)


def shuffled_order(days, length, ahead, cut):
    train, test = split_windows(days, length, ahead, cut)
    return np.random.default_rng(0).permutation(train), test[::-1]


def by_comprehension(days, length, ahead, cut):
    starts = range(days - length - ahead + 1)
    return (
        [s for s in starts if s + length + ahead <= cut],
        [s for s in starts if s + length >= cut],
    )


VARIANTS = {
    "add.at, a nested list": ("transition_matrix", add_at),
    "the row carried along": ("in_k_days", step_by_step),
    "lists of starts": ("split_windows", by_comprehension),
    "ranges of starts": ("split_windows", by_ranges),
    "what np.where returns": ("split_windows", by_where),
    "starts in another order": ("split_windows", shuffled_order),
    "counts as a list of floats": ("bag_of_words", lambda w, v: [float(w.count(x)) for x in v]),
    "count as a float": ("window_parameters", lambda V, n, H: H * (n * V + 1.0) + V * (H + 1)),
    "share by a loop": (
        "unseen_share",
        lambda a, b, n: (
            sum(b[i : i + n] not in a for i in range(len(b) - n + 1)) / (len(b) - n + 1)
        ),
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_legitimate_variants_pass(variant):
    name, function = VARIANTS[variant]
    report = CHECKS[name](function)
    assert report.state == RIGHT, str(report)


def test_masks_are_refused_with_a_word():
    def masks(days, length, ahead, cut):
        starts = np.arange(days - length - ahead + 1)
        return starts + length + ahead <= cut, starts + length >= cut

    report = sequential.split_windows(masks)
    assert report.state == WRONG
    assert "np.flatnonzero" in report.message


def test_no_two_mistakes_give_the_same_count_of_parameters():
    case = sequential.window_parameters.draw()[0]
    counts = {}
    for mistake in sequential.window_parameters.mistakes:
        said = counts.setdefault(mistake.wrong(**case.arguments), mistake.name)
        assert said == mistake.name
    assert len(counts) >= 14


def test_honest_baselines_are_asked_on_the_same_windows():
    rng = np.random.default_rng(0)
    wet = np.repeat(rng.integers(0, 2, 120), 10)  # spells of ten days
    features = rng.normal(size=(len(wet), 2)).cumsum(axis=0)  # neighbours in time are alike
    scores = {
        forecast: sequential.their_score(features, wet, split="time", forecast=forecast)
        for forecast in ("nearest", "as before", "majority")
    }
    starts = np.arange(len(wet) - 365 - 30, len(wet) - 44 + 1)
    truth = np.array([wet[s + 30 : s + 44].mean() >= 0.5 for s in starts])
    before = np.array([wet[s + 16 : s + 30].mean() >= 0.5 for s in starts])
    assert scores["as before"] == pytest.approx((before == truth).mean())
    assert scores["majority"] in (pytest.approx(truth.mean()), pytest.approx(1 - truth.mean()))
    assert 0.3 < scores["nearest"] < 0.7  # a random walk foretells nothing
    leaked = sequential.their_score(features, wet)  # unless neighbours are in the training part
    assert leaked > scores["nearest"] + 0.2


def test_sets_are_refused_by_their_kind():
    report = sequential.split_windows(lambda *a: tuple(set(p.tolist()) for p in split_windows(*a)))
    assert "`train` should be an array, but your function gave a set." in report.message


def test_a_part_too_many_is_told():
    report = sequential.split_windows(lambda *sizes: (*split_windows(*sizes), 7))
    assert "You returned 3 values; 2 are asked for" in report.message
    assert report.points(20) == 0


def test_scaling_in_place_is_told():
    def in_place(series, n_train):
        mean, deviation = series[:n_train].mean(axis=0), series[:n_train].std(axis=0)
        series -= mean
        series /= deviation
        return series[:n_train], series[n_train:]

    report = sequential.split_and_scale(in_place)
    assert report.state == WRONG
    assert "changed `series` in place" in report.message
