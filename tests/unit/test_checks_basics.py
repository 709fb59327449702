"""The checks of lesson 00: references pass, stubs say so, every known mistake is named."""

import numpy as np
import pytest

from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG, Check, basics, sequence_data

CHECKS = {
    name: check
    for module in (basics, sequence_data)
    for name, check in vars(module).items()
    if isinstance(check, Check)
}


def windows(series, length):
    samples = len(series) - length
    x = np.empty((samples, length, series.shape[1]))
    for i in range(samples):
        x[i] = series[i : i + length]
    return x, series[length:].copy()


def padded(texts, T):
    ids = np.zeros((len(texts), T), dtype=np.int32)
    mask = np.zeros((len(texts), T), dtype=bool)
    for i, text in enumerate(texts):
        for t in range(min(len(text), T)):
            ids[i, t], mask[i, t] = text[t], True
    return ids, mask


def softmax(logits):
    p = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return p / np.sum(p, axis=-1, keepdims=True)


def outer_products(x, d):
    return x.reshape(-1, x.shape[-1]).T @ d.reshape(-1, d.shape[-1])


REFERENCES = {
    "mean_over_time": lambda x: sum(x[:, t] for t in range(x.shape[1])) / x.shape[1],
    "slide_step": lambda x, s, W, U, b: np.tanh((W @ x.T + U @ s.T).T + b),
    "loss_slope": lambda w, x, b, y: 2 * (np.tanh(w * x + b) - y) / np.cosh(w * x + b) ** 2 * x,
    "layer_jacobian": lambda x, W, b: W @ np.diag(1 - np.tanh(x @ W + b) ** 2),
    "sum_of_outer_products": outer_products,
    "stable_softmax": softmax,
    "cut_windows": windows,
    "pad_and_mask": padded,
    "frames_to_features": lambda clips: clips.reshape(*clips.shape[:2], -1),
    "to_batch_first": lambda x: x.swapaxes(0, 1),
}
MISTAKES = [(name, mistake.name) for name, check in CHECKS.items() for mistake in check.mistakes]


def untouched(*arguments):
    raise NotImplementedError("your turn")


def test_every_check_has_a_reference_here():
    assert set(REFERENCES) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("seed", [None, 1, 2])
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


@pytest.mark.parametrize(("name", "mistake_name"), MISTAKES)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_mistake_is_rejected_and_named(name, mistake_name, seed):
    check = CHECKS[name]
    mistake = next(m for m in check.mistakes if m.name == mistake_name)
    report = check(mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake_name
    assert mistake.says in report.message and report.hint
    first = report.trials[0].case
    assert not all(t.passed for t in report.trials if t.case == first), "the first case decides"


@pytest.mark.parametrize("name", CHECKS)
def test_mistakes_have_names_of_their_own(name):
    names = [mistake.name for mistake in CHECKS[name].mistakes]
    assert len(set(names)) == len(names)


def test_lists_count_as_arrays():
    def listed(series, length):
        x, y = windows(series, length)
        return x.tolist(), y.tolist()

    assert sequence_data.cut_windows(listed).state == RIGHT


@pytest.mark.parametrize(
    ("kinds", "told"), [((float, bool), "`ids` holds float64"), ((int, int), "`mask` holds int64")]
)
def test_ids_are_whole_numbers_and_a_mask_is_true_or_false(kinds, told):
    def typed(texts, T):
        ids, mask = padded(texts, T)
        return ids.astype(kinds[0]), mask.astype(kinds[1])

    report = sequence_data.pad_and_mask(typed)
    assert report.state == WRONG
    assert told in report.message


def test_nested_lists_are_ids_and_a_mask():
    def listed(texts, T):
        return tuple(array.tolist() for array in padded(texts, T))

    assert sequence_data.pad_and_mask(listed).state == RIGHT


@pytest.mark.parametrize(
    "middle", [np.mean, np.min, np.median, lambda z, axis, keepdims: z[..., :1]]
)
def test_softmax_that_does_not_subtract_the_largest_score_is_named(middle):
    def shifted(logits):
        e = np.exp(logits - middle(logits, axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    report = basics.stable_softmax(shifted)
    assert report.state == WRONG
    assert report.mistake.name == "a score that is not the largest subtracted"


def test_both_ways_of_scaling_the_rows_of_a_jacobian_have_one_name():
    def rows(x, W, b):
        return (1 - np.tanh(x @ W + b) ** 2)[:, None] * W

    assert basics.layer_jacobian(rows).mistake.name == "slope on the wrong side"


def test_a_changed_argument_is_told():
    def in_place(logits):
        logits -= logits.max(axis=-1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=-1, keepdims=True)
        return logits

    report = basics.stable_softmax(in_place)
    assert report.state == WRONG
    assert "changed `logits` in place" in report.message
