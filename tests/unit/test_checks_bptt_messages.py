"""What the checks of the way back say where no known mistake fits, and of a reader's own inputs."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import layers
from course_utils.checks import RIGHT, WRONG, bptt, rnn
from course_utils.checks.bptt.pair_mistakes import forward_with_cache, from_cache
from course_utils.checks.bptt.patches import after, instead, loop, share
from course_utils.checks.bptt.reference import backward
from course_utils.checks.core import Case, Check, Output
from course_utils.checks.rooms import Handle, LocalCallee

# --- patterns ------------------------------------------------------------------------------------


def scaled(factor, first=0):
    return after(lambda out, *a: [*out[:first], *(g * factor for g in out[first:])])


def shifted(*names):
    """Add to some outputs what nobody would ask for."""
    places = [("dx", "dh0", "dW_xh", "dW_hh", "db_h").index(name) for name in names]
    return after(lambda out, *a: [g + (i in places) * (1 + g**2) for i, g in enumerate(out)])


def forgets_a_step(dh, x, h0, h, W_xh, W_hh):
    """Half of what the fourth step hands to the third is lost."""
    return loop(carry=lambda later, to, t, T: to / 2 if t == 3 else to)(dh, x, h0, h, W_xh, W_hh)


PATTERNS = [
    (shifted("dW_hh"), "Only `dW_hh` is wrong"),
    (shifted("db_h"), "Only `db_h` is wrong"),
    (shifted("dh0"), "Only `dh0` is wrong"),
    (shifted("dx"), "Only `dx` is wrong"),
    (shifted("dW_xh"), "Only `dW_xh` is wrong"),
    (shifted("dW_xh", "dW_hh", "db_h"), "`dx` is right, so da_t is right: look at the products"),
    (shifted("dh0", "db_h"), "`dh0` and `db_h` are wrong; `dx` is right"),
    (instead(4, lambda right, given: right[4] * 3), "That is the batch size B: something is added"),
    (instead(3, lambda right, given: right[3] / 3), "an average where a sum belongs"),
    (scaled(1 / 15, first=3), "That is 1 over B T"),
    (scaled(-1), "right but for the sign"),
    (scaled(0.37), "the right direction, but 0.37 times the right size"),
    (after(lambda out, *a: [g * (i + 2) for i, g in enumerate(out)]), "each its own"),
    (instead(2, lambda right, given: 0 * right[2]), "`dW_xh` is zero throughout"),
    (after(lambda out, *a: [np.clip(g, -3.5, 3.5) for g in out]), "No entry is beyond ±3.5"),
    (loop(inside=lambda dh, later, *a: (dh + later) * 900), "times too large"),
    (loop(inside=lambda dh, later, *a: 0.1 * np.tanh(dh)), "too small"),
    (loop(inside=lambda dh, later, *a: 0.1 * np.tanh(dh)), "Wrong already at the last step"),
    (forgets_a_step, "`dx[:, 3]` is right and `dx[:, 2]` is the first wrong slice"),
    (loop(**share(dW_hh=lambda s: s.h_prev.T @ s.h)), "Only `dW_hh` is wrong"),
]


@pytest.mark.parametrize(("function", "sentence"), PATTERNS)
def test_the_pattern_of_wrong_gradients_is_told(function, sentence):
    report = bptt.rnn_backward(function)
    assert report.state == WRONG and report.mistake is None
    assert sentence in report.message, report
    assert "First wrong entry" in report.message


def test_a_norm_that_is_a_round_number_is_told():
    def clipped(*arguments):
        out = backward(*arguments)
        norm = np.sqrt(sum(np.sum(g**2) for g in out))
        return [g * min(1, 2.5 / (norm + 1e-300)) for g in out]

    assert "the norm 2.5: is the gradient clipped?" in bptt.rnn_backward(clipped).message


def test_a_wrong_step_without_a_name_is_told_by_its_pattern():
    def twice(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
        return [2 * g for g in bptt.rnn_step_backward.oracle(dh_t, x_t, h_prev, W_xh, W_hh, 0)]

    def odd(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
        da = dh_t * (1 - h_t**4)
        return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(0)

    assert bptt.rnn_step_backward(twice).state == WRONG
    assert "The first line, da_t, is wrong" in bptt.rnn_step_backward(odd).message


def test_nothing_is_diagnosed_where_shapes_or_numbers_are_none():
    for value in (lambda a: a[..., None], lambda a: a * np.nan):
        report = bptt.rnn_backward(after(lambda out, *a, v=value: [v(g) for g in out]))
        assert report.state == WRONG and report.diagnosis == ""


def test_any_check_may_have_a_diagnosis():
    check = Check(
        "twice",
        [Output("a", "()")],
        lambda rng: [Case("any", {"v": float(rng.normal())})],
        lambda v: 2 * v,
        diagnose=lambda known, got, expected: f"Off by {float(got['a'] - expected['a']):.0f}.",
    )
    assert check(lambda v: 2 * v + 3).message.startswith("Off by 3. First wrong entry")
    assert check(lambda v: 2 * v).diagnosis == check(lambda v: None).diagnosis == ""


# --- pairs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mistake", rnn.rnn_forward.mistakes, ids=lambda m: m.name)
def test_a_wrong_forward_pass_is_named_in_a_pair(mistake):
    def forward(x, h0, W_xh, W_hh, b_h):
        h = mistake.wrong(x, h0, W_xh, W_hh, b_h)
        return h, (x, h0, h, W_xh, W_hh)

    report = bptt.forward_and_backward(forward, from_cache())
    if mistake.name == "states stored as integers":  # no gradient goes into integers
        assert report.state == RIGHT
    else:
        assert report.state == WRONG and report.mistake.name == mistake.name


def test_a_forward_pass_without_a_cache_is_told():
    report = bptt.forward_and_backward(lambda *a: layers.rnn_forward(*a)[0], layers.rnn_backward)
    assert "should return `h` and a cache" in report.message
    assert report.mistake is None


def test_an_error_in_either_half_is_told_with_its_line():
    def back(dh, cache):
        raise KeyError("h_prev")

    assert "KeyError" in bptt.forward_and_backward(layers.rnn_forward, back).message


def test_a_forward_pass_that_fails_when_called_again_is_told():
    kept = []

    def once(*arguments):
        if kept:
            kept.clear()
            raise RuntimeError("the list is full")
        kept.append(arguments)
        return layers.rnn_forward(*arguments)

    assert "the list is full" in bptt.forward_and_backward(once, layers.rnn_backward).message


def test_the_gradient_from_above_is_not_for_writing():
    def back(dh, cache):
        out = layers.rnn_backward(dh, cache)
        dh[:, 0] += 1
        return out

    report = bptt.forward_and_backward(layers.rnn_forward, back)
    assert report.state == WRONG and "`dh` in place" in report.message


def test_what_is_kept_stays_where_it_was_made():
    buffer = np.zeros(2)
    callee = LocalCallee(lambda: (buffer, (buffer, 1)))
    copied, cache = callee.call({}, keep=(1,)).value
    buffer += 5
    assert copied.tolist() == [0, 0] and isinstance(cache, Handle)
    assert LocalCallee(lambda c: c[0]).call({"c": cache}).value.tolist() == [5, 5]


# --- a reader's own inputs -----------------------------------------------------------------------


def draw(B=3, T=5, D=4, H=6, scale=1.0, **change):
    def inputs(rng):
        given = {
            "x": rng.normal(size=(B, T, D)),
            "h0": rng.normal(size=(B, H)),
            "W_xh": rng.normal(size=(D, H)) * scale,
            "W_hh": rng.normal(size=(H, H)) * scale,
            "b_h": rng.normal(size=H),
            "dh": rng.normal(size=(B, T, H)),
        }
        return {name: change.get(name, lambda a: a)(array) for name, array in given.items()}

    return inputs


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("good", [draw(), draw(scale=0.5), draw(2, 6, 3, 5), draw(4, 5, 5, 5)])
def test_inputs_by_the_recipe_are_right(good, seed):
    report = bptt.inputs_that_decide(good, seed=seed)
    assert report.state == RIGHT, report


WEAK = [
    (draw(T=0), "With T = 0"),
    (draw(T=1), "With T = 1"),
    (draw(T=3), "With T = 3, a gradient cut after 3 steps"),
    (draw(B=1), "With B = 1"),
    (draw(h0=np.zeros_like), "With h0 = 0"),
    (draw(b_h=np.zeros_like), "With b_h = 0"),
    (draw(W_hh=lambda W: W + W.T), "`W_hh` is symmetric"),
    (draw(W_hh=np.zeros_like), "With W_hh = 0"),
    (draw(W_xh=np.zeros_like), "With W_xh = 0"),
    (draw(scale=1e-3), "is never beyond ±1"),
    (draw(dh=lambda dh: dh * (np.arange(5) == 4)[:, None]), "at the last step only"),
    (draw(dh=lambda dh: dh[:, :1] + 0 * dh), "The same gradient arrives at every step"),
]


@pytest.mark.parametrize(("weak", "reason"), WEAK)
def test_weak_inputs_are_told_with_a_reason_and_who_survives(weak, reason):
    report = bptt.inputs_that_decide(weak)
    assert report.state == WRONG
    assert "wrong backward passes" in report.message and reason in report.message
    assert report.points(10) == 0


UNUSABLE = [
    (lambda rng: None, "a dict is asked for"),
    (lambda rng: {"x": np.ones((1, 1, 1))}, "the dict lacks h0"),
    (draw(x=lambda x: x.astype(np.float32)), "not float32"),
    (draw(x=lambda x: x.tolist()), "not list"),
    (draw(x=lambda x: x[0]), "x should have the shape (B, T, D); yours has (5, 4)"),
    (draw(b_h=lambda b: b[:, None]), "b_h should have the shape (H,)"),
    (draw(h0=lambda h0: h0[:2]), "B is 3 elsewhere, but 2 in h0"),
    (draw(dh=lambda dh: dh * np.inf), "dh holds nan or infinity"),
    (draw(T=200), "T = 200 makes a slow test"),
    (draw(B=0), "B is 0"),
]


@pytest.mark.parametrize(("bad", "sentence"), UNUSABLE)
def test_inputs_that_cannot_be_used_are_told(bad, sentence):
    report = bptt.inputs_that_decide(bad)
    assert report.state == WRONG and sentence in report.message


# --- the clinic ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("T", "wrong"), [(1, []), (2, ["dh0"]), (3, ["dx", "dh0", "dW_xh", "dW_hh", "db_h"])]
)
def test_the_clinic_s_patient_shows_its_illness_with_T(T, wrong):
    given = draw(T=T)(np.random.default_rng(0))
    h, cache = forward_with_cache(*(given[n] for n in ("x", "h0", "W_xh", "W_hh", "b_h")))
    x, h0, _, W_xh, W_hh = cache
    arguments = (given["dh"], x, h0, h, W_xh, W_hh)
    theirs, right = bptt.their_backward(*arguments), backward(*arguments)
    names = ("dx", "dh0", "dW_xh", "dW_hh", "db_h")
    pairs = zip(names, theirs, right, strict=True)
    assert [n for n, a, b in pairs if not np.allclose(a, b)] == wrong
    assert "accumul" in bptt.their_illness() or "added" in bptt.their_illness()
