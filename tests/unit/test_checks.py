"""Checks: right is right, untouched is not attempted, a known mistake is wrong and named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.checks import (
    NOT_ATTEMPTED,
    RIGHT,
    WRONG,
    Case,
    Check,
    Output,
    hand_set,
    networks,
    rnn,
)
from course_utils.checks.compare import agree, describe
from course_utils.checks.rooms import Handle, LocalCallee, as_callee, fingerprint
from course_utils.layers import rnn_forward, rnn_step_forward


def time_step_list(x, h0, W_xh, W_hh, b_h):
    states = [h0]
    for x_t in np.moveaxis(x, 1, 0):
        states.append(np.tanh(x_t @ W_xh + states[-1] @ W_hh + b_h))
    return np.stack(states, axis=1)[:, 1:]


def hoisted(x, h0, W_xh, W_hh, b_h):
    drive = np.einsum("btd,dh->bth", x, W_xh) + b_h
    h = np.empty_like(drive)
    for t in range(x.shape[1]):
        h[:, t] = np.tanh(drive[:, t] + np.einsum("bi,ij->bj", h[:, t - 1] if t else h0, W_hh))
    return h


def in_float32(x, h0, W_xh, W_hh, b_h):
    return time_step_list(*(a.astype(np.float32) for a in (x, h0, W_xh, W_hh, b_h)))


def as_nested_lists(x, h0, W_xh, W_hh, b_h):
    return (
        hoisted(x, h0, W_xh, W_hh, b_h).tolist() if x.shape[1] else hoisted(x, h0, W_xh, W_hh, b_h)
    )


def shift_register():
    k = 4.0
    W_hh = np.zeros((5, 5))
    W_hh[3, 1] = W_hh[1, 4] = k  # three of five units, in an order of their own
    W_xh, b_h = np.zeros((1, 5)), np.zeros(5)
    W_xh[0, 3], b_h[3] = 2 * k, -k
    W_hy = np.zeros((5, 1))
    W_hy[4, 0] = 0.4
    return W_xh, W_hh, b_h, W_hy, np.array([0.5])


def generate(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y):
    h, y, out = h0, y0, np.zeros((len(h0), T, len(b_y)))
    for t in range(T):
        h = rnn_step_forward(y, h, W_xh, W_hh, b_h)
        y = h @ W_hy + b_y
        out[:, t] = y
    return out


def count_with_torch_names(V, E, hidden, O):
    sizes = [E, *hidden]
    layers = sum((a + b + 1) * b for a, b in zip(sizes, hidden, strict=False))
    return np.int64(V * E + layers + (sizes[-1] + 1) * O)


HONEST = [
    (rnn.rnn_step, rnn_step_forward),
    (rnn.rnn_forward, lambda *a: rnn_forward(*a)[0]),
    (rnn.rnn_forward, time_step_list),
    (rnn.rnn_forward, hoisted),
    (rnn.rnn_forward, in_float32),
    (rnn.rnn_forward, as_nested_lists),
    (hand_set.latch_weights, lambda: ([[20.0]], [[5.0]], [-2.0], [[-1.0]])),
    (hand_set.echo_weights, shift_register),
    (networks.generate, generate),
    (networks.count_parameters, count_with_torch_names),
    (networks.from_torch, lambda W, U, b, c: (W.T.copy(), np.transpose(U), np.add(b, c))),
]
CHECKS = list({id(check): check for check, _ in HONEST}.values())
MISTAKES = [(check, mistake) for check in CHECKS for mistake in check.mistakes]


@pytest.mark.parametrize(("check", "function"), HONEST)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_every_honest_way_is_right(check, function, seed):
    report = check(function, seed=seed)
    assert report.state == RIGHT, report
    report.require()
    assert report.points(20) == 20


@pytest.mark.parametrize(("check", "mistake"), MISTAKES, ids=lambda v: getattr(v, "name", ""))
@pytest.mark.parametrize("seed", [None, 1])
def test_every_known_mistake_is_rejected_and_named(check, mistake, seed):
    report = check(mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake.name
    assert mistake.says in str(report) and mistake.hint in str(report)
    assert report.points(20) < 20
    with pytest.raises(AssertionError, match="wrong"):
        report.require()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_a_stub_is_not_attempted(check):
    def stub(*arguments):
        raise NotImplementedError("your turn")

    report = check(stub)
    assert report.state == NOT_ATTEMPTED
    assert report.points(20) == 0
    assert "Not attempted" in report._repr_html_()
    with pytest.raises(AssertionError):
        report.require()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
@pytest.mark.parametrize("value", [None, 0, "text", [], {}, object(), [[1, 2], [3]], np.zeros(3)])
def test_nonsense_is_wrong_and_said_in_words(check, value):
    report = check(lambda *arguments: value)
    assert report.state == WRONG
    assert len(report.message) > 20
    assert report.points(20) == 0


def test_a_forgotten_return_is_told():
    report = rnn.rnn_step(lambda *arguments: None)
    assert "return" in report.message


def test_an_exception_is_told_with_its_line():
    def broken(x, h0, W_xh, W_hh, b_h):
        return x @ W_hh

    report = rnn.rnn_forward(broken)
    assert report.state == WRONG and report.mistake is None
    assert "ValueError" in report.message and "x @ W_hh" in report.message


def test_the_first_wrong_entry_and_the_pattern_are_told():
    def late(*arguments):
        h = time_step_list(*arguments)
        h[:, 3:] += 0.5
        return h

    message = rnn.rnn_forward(late).message
    assert "t=3" in message and "t = 0 to 2" in message


def test_declared_conventions():
    def time_major(x, h0, W_xh, W_hh, b_h):
        return np.moveaxis(time_step_list(np.moveaxis(x, 0, 1), h0, W_xh, W_hh, b_h), 0, 1)

    def out_in(x, h0, W_xh, W_hh, b_h):
        return time_step_list(x, h0, W_xh.T, W_hh.T, b_h)

    assert rnn.rnn_forward(time_major).state == WRONG
    assert rnn.rnn_forward(time_major, batch_first=False).state == RIGHT
    assert rnn.rnn_forward(out_in).state == WRONG
    assert rnn.rnn_forward(out_in, weights="out_in").state == RIGHT
    assert rnn.rnn_forward(time_step_list, batch_first=True, weights="in_out").state == RIGHT
    with pytest.raises(TypeError, match="time_first"):
        rnn.rnn_forward(time_major, time_first=True)
    with pytest.raises(TypeError, match="sideways"):
        rnn.rnn_forward(time_major, weights="sideways")


def test_changing_an_argument_in_place_costs_a_little_and_has_its_own_message():
    def careless(x, h0, W_xh, W_hh, b_h):
        h = time_step_list(x, h0, W_xh, W_hh, b_h)
        x *= 0
        return h

    report = rnn.rnn_forward(careless)
    assert report.state == WRONG
    assert "`x`" in report.message and "in place" in report.message
    assert 10 < report.points(20) < 20


def test_right_only_where_nothing_happens_earns_nothing():
    def empty(x, h0, *weights):
        return np.zeros((x.shape[0], x.shape[1], h0.shape[1]))

    report = rnn.rnn_forward(empty)
    assert any(trial.passed for trial in report.trials)  # T = 0 is right
    assert report.points(20) == 0


def test_a_lower_precision_is_remarked_on_and_not_punished():
    report = rnn.rnn_forward(in_float32)
    assert report.state == RIGHT and "float32" in report.remarks[0]
    assert "dtype of the weights" in report.remarks[0]


def test_seeds_draw_other_inputs_and_repeat_themselves():
    def prints(seed):
        return [fingerprint(case.arguments) for case in rnn.rnn_forward.draw(seed)]

    assert prints(1) == prints(1)
    assert prints(1) != prints(2)
    assert prints(None) == prints(None)


def test_the_cases_that_decide_leave_no_mistake_alive():
    for seed in range(20):
        for check in (rnn.rnn_step, rnn.rnn_forward):
            case = check.draw(seed)[0]
            right = check.oracle(**case.known)
            for mistake in check.mistakes:
                reply = as_callee(mistake.wrong).call(case.arguments)
                # An argument changed in place leaves the values right; integers need integers.
                later = "in place" in mistake.name or "integers" in mistake.name
                alive = reply.failure is None and agree(reply.value, right)
                assert alive == later, (mistake.name, seed)


def test_some_outputs_right_earn_their_share():
    check = Check(
        "a pair",
        [Output("a", "()"), Output("b", "()")],
        lambda rng: [Case("any", {"v": float(rng.normal())}, weight=2)],
        lambda v: (v, 2 * v),
    )
    assert check(lambda v: (v, 2 * v)).points(10) == 10
    assert check(lambda v: (v, 3 * v)).points(10) == 5
    assert check(lambda v: v).points(10) == 5
    assert check(lambda v: (0, 0)).points(10) == 0


class Loud(np.ndarray):
    """An array that claims to equal everything."""

    def __eq__(self, other):
        return True

    def __array_function__(self, *rest):
        return True


def test_only_plain_data_cross():
    callee = LocalCallee(lambda: (np.zeros(2).view(Loud), {"k": [1, object()]}, (x for x in "ab")))
    array, table, generator = callee.call({}).value
    assert type(array) is np.ndarray
    assert isinstance(table["k"][1], Handle) and isinstance(generator, Handle)
    assert as_callee(callee) is callee


def test_a_handle_can_be_passed_back_but_not_read():
    made = LocalCallee(lambda: {"secret": object()}).call({}).value["secret"]
    assert "opaque" in repr(made)
    assert LocalCallee(lambda thing: type(thing).__name__).call({"h": made}).value == "object"


def test_the_callers_arrays_are_out_of_reach():
    mine = np.arange(3.0)

    def grab(a):
        a[:] = 7
        return a

    reply = LocalCallee(grab).call({"a": mine})
    assert reply.changed == ("a",) and mine.tolist() == [0, 1, 2]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8).map(np.array),
    st.floats(-1, 1),
)
def test_agreement_is_relative_to_the_largest_entry(expected, push):
    scale = np.abs(expected).max() or 1.0
    got = expected + push * scale
    if abs(push) < 0.9e-5:
        assert agree(got, expected)
    if abs(push) > 2.1e-5:
        assert not agree(got, expected)
        assert "should be" in describe("h", "(H,)", got, expected)


@given(st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 3))
def test_a_number_that_is_none_never_agrees(bad, place):
    expected = np.ones(4)
    got = expected.copy()
    got[place] = bad
    assert not agree(got, expected)
    assert "nan or infinity" in describe("h", "(H,)", got, expected)


def test_reports_escape_what_they_show():
    def nasty(*arguments):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in rnn.rnn_step(nasty)._repr_html_()


@pytest.mark.parametrize(("check", "function"), HONEST)
def test_a_check_draws_no_global_random_number(check, function):
    """A lesson gives the same numbers whether or not its exercises were attempted."""
    import torch

    def states():
        return fingerprint([torch.get_rng_state().numpy(), np.random.get_state()[1]])

    before = states()
    check(function)
    assert states() == before
