"""The table of mistakes and the checks that catch them: no known mistake is left without one.

The rows are the section "RNN and BPTT" of the mistakes catalogue, word for word. A check catches
a mistake when it rejects the wrong code *and* names it. The table is printed where pytest runs.
"""

from __future__ import annotations

from functools import cache

import pytest

from course_utils.checks import WRONG, Check, bptt, rnn
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


def test_print_the_table(capsys):
    width = max(map(len, ROWS))
    lines = ["", f"{'RNN and BPTT: rejected and named by':{width}}  " + "  ".join(COLUMNS)]
    for row in ROWS:
        marks = ("✓" if c in caught(row) else "·" for c in COLUMNS)
        cells = (f"{mark:^{len(c)}}" for mark, c in zip(marks, COLUMNS, strict=True))
        lines.append(f"{row:{width}}  " + "  ".join(cells).rstrip())
    number = len({mistake.name for mistake in bptt.CATALOGUE})
    lines += ["", f"{'Inputs of a test':{width}}  survivors among {number} wrong backward passes"]
    counts = {name: len(inputs.survivors()) for name, inputs in bptt.input_sets.items()}
    lines += [f"{name:{width}}  {count:2}" for name, count in counts.items()]
    with capsys.disabled():
        print("\n".join(lines))
    assert list(counts.values())[-1] == 0 and all(list(counts.values())[:-1])
