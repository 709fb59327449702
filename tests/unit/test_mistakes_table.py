"""The table of mistakes and the checks that catch them: no known mistake is left without one.

The rows are the sections "RNN and BPTT" and "LSTM and GRU" of the mistakes catalogue, word for
word. A check catches a mistake when it rejects the wrong code *and* names it. A second table tells
which of them live through weaker inputs of a test. Both are printed where pytest runs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from course_utils.checks import WRONG, Check, bptt, gated, rnn
from course_utils.checks.bptt import cases
from course_utils.checks.bptt.pair import PAIR
from course_utils.checks.bptt.pair_mistakes import from_cache
from course_utils.checks.core import Mistake
from course_utils.checks.gated import cases as gated_cases
from course_utils.checks.gated import loop
from course_utils.checks.gated.gru_checks import GRU_PAIR, Placed
from course_utils.checks.gated.lstm_checks import LSTM_PAIR, LSTM_STATES
from course_utils.checks.naming import split
from course_utils.checks.rooms import LocalCallee

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

GATED_ROWS: dict[str, tuple[str, ...]] = {
    "gate blocks in another order": (
        "g and o swapped",
        "blocks in the order o i f g",
        "da: g and o swapped",
        "gates: g and o swapped",
        "r and n swapped",
        "da: r and n swapped",
        "blocks reordered",
    ),
    "i and f swapped": ("i and f swapped", "da: i and f swapped", "gates: i and f swapped"),
    "sigmoid for g": (),
    "forget gate dropped": (),
    "input gate dropped or coupled 1-f": ("input gate dropped", "coupled gates"),
    "no tanh on the output": (),
    "h from c_{t-1}": (),
    "c not carried, or carried as tanh(c)": (
        "c not carried",
        "the old cell dropped",
        "carried as tanh(c)",
    ),
    "one bias only": ("one bias only", "the other bias only", "b_hn never added"),
    "forget bias added in the forward pass": (),
    "GRU z convention swapped": ("z convention swapped",),
    "reset before/after the product": ("reset before the product", "reset after the product"),
    "b_hn outside r": (),
    "reset on x, or missing": ("reset on x", "reset missing"),
    "r and z swapped": ("r and z swapped", "da: r and z swapped", "gates: r and z swapped"),
    "dc through h forgotten": (),
    "c for tanh(c)": (),
    "dc_next not times f": (),
    "c_next for dc_prev": ("c_next for dc_prev", "c_t for c_{t-1}"),
    "σ' of pre-activations": ("σ' of the pre-activation",),
    "dh_prev from one gate only": (),
    "in-place `c *= f`": ("in-place c *= f", "dc_T mutated"),
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

GATED_COLUMNS: dict[str, Check | Placed] = {
    "LSTM step": gated.lstm_step,
    "LSTM": gated.lstm,
    "LSTM back": gated.lstm_step_backward,
    "LSTM pair": LSTM_PAIR,
    "GRU step": gated.gru_step,
    "GRU": gated.gru,
    "GRU back": gated.gru_step_backward,
    "GRU pair": GRU_PAIR,
    "torch": gated.lstm_from_torch,
    "torch GRU": gated.gru_from_torch,
}
SECTIONS = {"RNN and BPTT": (ROWS, COLUMNS), "LSTM and GRU": (GATED_ROWS, GATED_COLUMNS)}


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


def lstm_pair_catches_forward(mistake: Mistake) -> bool:
    """The same of an LSTM, whose forward pass returns h and the last cell."""

    def forward(*arguments):
        values = mistake.wrong(*arguments)
        return *values, loop.lstm_forward(*arguments)[-1]

    report = gated.lstm_pair(forward, loop.lstm_backward)
    return report.mistake is not None and report.mistake.name == mistake.name


def ways(check: Check, names: tuple[str, ...]) -> list[Mistake]:
    """Return the check's mistakes of these names, one for each name."""
    return list({m.name: m for m in check.mistakes if m.name in names}.values())


@cache
def caught(section: str, row: str) -> tuple[str, ...]:
    """Return the columns whose check catches the row, under each of its names.

    One way to make each mistake is tried here; the checks' own tests try all. A column that
    catches one name and lets another pass is an error, not a blank.
    """
    rows, columns = SECTIONS[section]
    names = rows[row] or (row,)
    found = []
    for column, judge in columns.items():
        checks = judge.checks.values() if isinstance(judge, Placed) else [judge]
        outcomes = [catches(check, m) for check in checks for m in ways(check, names)]
        if judge is PAIR:
            outcomes += [pair_catches_forward(m) for m in ways(rnn.rnn_forward, names)]
        if judge is LSTM_PAIR:
            outcomes += [lstm_pair_catches_forward(m) for m in ways(LSTM_STATES, names)]
        assert all(outcomes), f"{column} lets a case of '{row}' pass"
        if outcomes:
            found.append(column)
    return tuple(found)


@pytest.mark.parametrize(
    ("section", "row"), [(name, row) for name, (rows, _) in SECTIONS.items() for row in rows]
)
def test_every_mistake_is_rejected_and_named_by_a_check(section, row):
    assert caught(section, row), f"no check catches '{row}'"


@pytest.mark.parametrize("section", SECTIONS)
def test_no_check_is_without_a_row(section):
    rows, columns = SECTIONS[section]
    assert {column for row in rows for column in caught(section, row)} == set(columns)


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


# --- the same for gated cells, forward ------------------------------------------------------------


def gated_inputs(B=3, T=5, D=4, H=6, **change):
    """Return the draw that decides for a cell, with other sizes or some of its arrays changed."""

    def draw(cell):
        drawn = gated_cases.draw(cell, np.random.default_rng(0), B, T, D, H)
        given = {name: drawn[name] for name in gated_cases.FORWARD[cell]}
        return {name: change.get(name, lambda a: a)(array) for name, array in given.items()}

    return draw


def all_weights(change):
    return dict.fromkeys(("W_xh", "W_hh", "b", "b_hn"), change)


ZERO = np.zeros_like
GATED_INPUTS = {
    "shapes only": (gated_inputs(), None),
    "T=1, h0=0": (gated_inputs(T=1, h0=ZERO, c0=ZERO), 0.0),
    "weights of scale 0.01, atol 1e-2": (gated_inputs(**all_weights(lambda a: 0.01 * a)), 1e-2),
    "all-zero weights": (gated_inputs(**all_weights(ZERO)), 0.0),
    DECIDING: (gated_inputs(), 0.0),
}
GATED_WHO = {
    "shapes only": ("sigmoid for g", "i and f swapped", "z convention swapped"),
    "T=1, h0=0": ("forget gate dropped", "c not carried", "reset before the product"),
    "weights of scale 0.01, atol 1e-2": ("coupled gates", "bias never added", "b_hn outside r"),
    "all-zero weights": ("i and f swapped", "b_hn outside r", "reset missing"),
}
CELLS = {"lstm": gated.lstm, "gru": gated.gru.at("after")}


@cache
def gated_alive(name: str, cell: str) -> tuple[str, ...]:
    """Return the mistakes of a sequence that these inputs do not tell from the right cell."""
    draw, atol = GATED_INPUTS[name]
    given, check = draw(cell), CELLS[cell]
    right = split(check.oracle(**given), len(check.outputs))

    def passes(got, wanted):
        if np.shape(got) != wanted.shape or atol is None:
            return np.shape(got) == wanted.shape
        return np.allclose(got, wanted, rtol=0, atol=atol + 1e-5 * np.abs(wanted).max(initial=0))

    found: dict[str, None] = {}
    for mistake in check.mistakes:
        if mistake.name == "states stored as integers":
            continue  # right, unless x holds whole numbers
        reply = LocalCallee(mistake.wrong).call(given)
        told = reply.failure is not None or (reply.changed and atol is not None)
        if not told and all(map(passes, split(reply.value, len(right)), right)):
            found[mistake.name] = None
    return tuple(found)


@pytest.mark.parametrize("name", GATED_WHO)
def test_weak_inputs_let_these_gated_cells_pass(name):
    assert set(GATED_WHO[name]) <= {*gated_alive(name, "lstm"), *gated_alive(name, "gru")}


@pytest.mark.parametrize("cell", CELLS)
def test_the_inputs_that_decide_leave_no_gated_cell_alive(cell):
    assert gated_alive(DECIDING, cell) == ()


# --- both tables, printed ------------------------------------------------------------------------


def test_print_the_table(record_property):
    width = max(len(row) for rows, _ in SECTIONS.values() for row in rows)
    lines = []
    for section, (rows, columns) in SECTIONS.items():
        lines += ["", f"{f'{section}: rejected and named by':{width}}  " + "  ".join(columns)]
        for row in rows:
            marks = ("✓" if c in caught(section, row) else "·" for c in columns)
            cells = (f"{mark:^{len(c)}}" for mark, c in zip(marks, columns, strict=True))
            lines.append(f"{row:{width}}  " + "  ".join(cells).rstrip())
    number = len({mistake.name for mistake in bptt.CATALOGUE})
    lines += ["", f"{'Inputs of a test':{width}}  survivors among {number} wrong backward passes"]
    counts = {name: len(alive(name)) for name in INPUTS}
    lines += [f"{name:{width}}  {count:2}" for name, count in counts.items()]
    lstms, grus = (len({mistake.name for mistake in check.mistakes}) for check in CELLS.values())
    among = f"survivors among {lstms} wrong LSTMs and {grus} wrong GRUs"
    lines += ["", f"{'Inputs of a test':{width}}  {among}"]
    gated_counts = {name: [len(gated_alive(name, cell)) for cell in CELLS] for name in GATED_INPUTS}
    lines += [f"{name:{width}}  {a:2} and {b:2}" for name, (a, b) in gated_counts.items()]
    record_property("table", "\n".join(lines))  # printed in the summary: see tests/conftest.py
    assert [name for name, count in counts.items() if not count] == [DECIDING]
    assert [name for name, count in gated_counts.items() if not sum(count)] == [DECIDING]
