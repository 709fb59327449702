"""The table of mistakes and the checks that catch them: no known mistake is left without one.

The rows are the section "RNN and BPTT" of the mistakes catalogue, word for word. A check catches
a mistake when it rejects the wrong code *and* names it. A second table tells which of them live
through weaker inputs of a test. Both are printed where pytest runs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from course_utils.checks import WRONG, Check, bptt, rnn
from course_utils.checks.bptt import cases
from course_utils.checks.bptt.pair import PAIR
from course_utils.checks.bptt.pair_mistakes import from_cache
from course_utils.checks.core import Mistake

# Each row with the names under which the checks know it, where these are others.
ROWS: dict[str, tuple[str, ...]] = {
    "dW overwritten in the loop": (),
    "last step kept only": (),
    "h_t for h_{t-1} in dW_hh": (),
    "h0 for every term": (),
    "tanh' of the pre-activation": (),
    "tanh' omitted": (),
    "1-h for 1-h²": (),
    "tanh' at h_{t-1}": (),
    "carried gradient added after tanh'": (),
    "no recurrent gradient": (),
    "per-step upstream gradients ignored": (),
    "W_hh not transposed": (),
    "dW_hh transposed": (),
    "db averaged": (),
    "everything averaged over batch": (),
    "divided by T": (),
    "loop runs forward": (),
    "carried gradient accumulates": (),
    "silent truncation": (),
    "clipping inside": ("clipping inside (by value)", "clipping inside (by norm)"),
    "dh0 without W_hh^T": ("dh0 without W_hh^T", "carried gradient without W_hh^T"),
    "dh0 zero": ("dh0 zero", "dh_prev zero"),
    "dout mutated": (),
    "h never advanced": (),
    "h reset each step": (),
    "h_{t-1} emitted (off by one)": (),
    "cache holds views": ("cache holds views", "buffer reused by the next forward"),
    "bias twice or never": ("bias added twice", "bias never added"),
    "(B,T,D) read as (T,B,D)": ("(B,T,D) read as (T,B,D)", "(B, T, D) read as (T, B, D)"),
    "float32 gradient check with ε=1e-5": ("float32 gradient check with eps 1e-5",),
    "one-sided difference": (),
}

COLUMNS: dict[str, Check] = {
    "fwd step": rnn.rnn_step,
    "forward": rnn.rnn_forward,
    "back step": bptt.rnn_step_backward,
    "backward": bptt.rnn_backward,
    "truncated": bptt.truncated_backward,
    "pair": PAIR,
    "numeric": bptt.numeric_gradient,
}


def catches(check: Check, mistake: Mistake) -> bool:
    report = check(mistake.wrong)
    return (
        report.state == WRONG
        and report.mistake is not None
        and (report.mistake.name == mistake.name)
    )


def pair_catches_forward(mistake: Mistake) -> bool:
    """Whether the check of a pair names a wrong forward pass, with a right backward pass."""

    def forward(x, h0, W_xh, W_hh, b_h):
        h = mistake.wrong(x, h0, W_xh, W_hh, b_h)
        return h, (x, h0, h, W_xh, W_hh)

    report = bptt.forward_and_backward(forward, from_cache())
    return report.mistake is not None and report.mistake.name == mistake.name


@cache
def caught(row: str) -> tuple[str, ...]:
    """Return the columns whose check catches the row, under each of its names.

    One way to make each mistake is tried here; the checks' own tests try all. A column that
    catches one name and lets another pass is an error, not a blank.
    """
    names = ROWS[row] or (row,)
    found = []
    for column, check in COLUMNS.items():
        ways = {mistake.name: mistake for mistake in check.mistakes if mistake.name in names}
        outcomes = [catches(check, mistake) for mistake in ways.values()]
        if check is PAIR:
            passes = {m.name: m for m in rnn.rnn_forward.mistakes if m.name in names}
            outcomes += [pair_catches_forward(mistake) for mistake in passes.values()]
        assert all(outcomes), f"{column} lets a case of '{row}' pass"
        if outcomes:
            found.append(column)
    return tuple(found)


@pytest.mark.parametrize("row", ROWS)
def test_every_mistake_is_rejected_and_named_by_a_check(row):
    assert caught(row), f"no check catches '{row}'"


def test_no_check_is_without_a_row():
    assert {column for row in ROWS for column in caught(row)} == set(COLUMNS)


# --- inputs, and who survives them ---------------------------------------------------------------


def inputs(B=3, T=5, D=4, H=6, **change):
    """Return the draw that decides, with other sizes or some of its arrays changed."""

    def draw(rng):
        given = cases.draw(rng, B, T, D, H)
        given["dh"] /= 10  # an ordinary loss
        return {name: change.get(name, lambda a: a)(array) for name, array in given.items()}

    return draw


def last_only(dh):
    return np.concatenate([np.zeros_like(dh[:, :-1]), dh[:, -1:]], axis=1)


def weights(change):
    return dict.fromkeys(("W_xh", "W_hh", "b_h"), change)


DECIDING = "the inputs that decide"
INPUTS = {
    "shapes only": (inputs(), {"shapes_only": True}),
    "T=1, h0=0": (inputs(T=1, h0=np.zeros_like), {}),
    "B=1": (inputs(B=1), {}),
    "loss at the last step only": (inputs(dh=last_only), {}),
    "symmetric W_hh": (inputs(W_hh=lambda W: (W + W.T) / 2), {}),
    "identity W_hh": (inputs(W_hh=lambda W: np.eye(len(W))), {}),
    "weights of scale 0.01, atol 1e-2": (inputs(**weights(lambda a: 0.01 * a)), {"atol": 1e-2}),
    "all-zero weights": (inputs(**weights(np.zeros_like)), {}),
    DECIDING: (inputs(), {}),
}
WHO = {
    "shapes only": ("tanh' omitted", "h0 for every term", "divided by T"),
    "T=1, h0=0": ("last step kept only", "loop runs forward", "divided by T"),
    "B=1": ("db averaged", "everything averaged over batch"),
    "loss at the last step only": ("per-step upstream gradients ignored",),
    "symmetric W_hh": ("W_hh not transposed",),
    "identity W_hh": ("W_hh not transposed", "dh0 without W_hh^T"),
    "weights of scale 0.01, atol 1e-2": ("tanh' of the pre-activation", "tanh' omitted"),
    "all-zero weights": ("no recurrent gradient", "silent truncation"),
}


def alive(name, seed=0):
    draw, compared = INPUTS[name]
    return bptt.survivors(draw, seed=seed, **compared)


@pytest.mark.parametrize("name", WHO)
def test_weak_inputs_let_these_pass(name):
    assert set(WHO[name]) <= set(alive(name))


@pytest.mark.parametrize("seed", range(3))
def test_the_inputs_that_decide_leave_nobody_alive(seed):
    assert alive(DECIDING, seed) == []


def test_print_the_table(record_property):
    width = max(map(len, ROWS))
    lines = ["", f"{'RNN and BPTT: rejected and named by':{width}}  " + "  ".join(COLUMNS)]
    for row in ROWS:
        marks = ("✓" if c in caught(row) else "·" for c in COLUMNS)
        cells = (f"{mark:^{len(c)}}" for mark, c in zip(marks, COLUMNS, strict=True))
        lines.append(f"{row:{width}}  " + "  ".join(cells).rstrip())
    number = len({mistake.name for mistake in bptt.CATALOGUE})
    lines += ["", f"{'Inputs of a test':{width}}  survivors among {number} wrong backward passes"]
    counts = {name: len(alive(name)) for name in INPUTS}
    lines += [f"{name:{width}}  {count:2}" for name, count in counts.items()]
    record_property("table", "\n".join(lines))  # printed in the summary: see tests/conftest.py
    assert [name for name, count in counts.items() if not count] == [DECIDING]
