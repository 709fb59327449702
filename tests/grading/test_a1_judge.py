"""The judge of A1 in process: oracle, reference, variants, stub, and every mistake by its name."""

from __future__ import annotations

import numpy as np
import pytest
from a1_submissions import (
    ARRAYS,
    FLOAT32,
    FULL,
    HIDDEN,
    LISTS,
    LOOPS,
    NAMES,
    PARTS,
    RECURSIVE,
    VISIBLE,
)
from classroom import find, run_visible, solution
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.assignments import a1, a1_mistakes
from course_tools.assignments import a1_oracle as oracle
from course_tools.assignments import a1_reference as reference
from course_utils.checks.rooms import LocalRoom

ASSIGNMENT = "A1"
RIGHT = {name: getattr(reference, name) for name in NAMES.values()}
MISTAKES = {
    "features": a1_mistakes.FEATURES_MISTAKES,
    "windows": a1_mistakes.WINDOWS_MISTAKES,
    "parts": a1_mistakes.PARTS_MISTAKES,
    "scale": a1_mistakes.SCALE_MISTAKES,
    "fit": a1_mistakes.FIT_MISTAKES,
    "loss": a1_mistakes.LOSS_MISTAKES,
}
SEED = 20


def hidden(namespace, part, seed=SEED):
    report = a1.PARTS[part](LocalRoom(namespace), seed)
    return report.points(HIDDEN[part]), report


def scores(namespace, seed=SEED):
    return {part: hidden(namespace, part, seed)[0] for part in PARTS}


# --- the oracle and its switches ------------------------------------------------------------

RNG = np.random.default_rng(3)


def test_a_missing_day_keeps_or_ends_the_spell():
    dates, wet = np.datetime64("2020-01-01") + np.arange(4), np.array([1, 1, np.nan, 1])
    spells = {
        rule: oracle.features_oracle(dates, np.zeros(4), wet, oracle.Rules(missing=rule))[:, 3]
        for rule in ("keeps", "ends")
    }
    assert spells["keeps"].tolist() == [1, 2, 2, 3]
    assert spells["ends"].tolist() == [1, 2, 0, 1]


def test_a_window_may_run_either_way():
    given_ = RNG.normal(size=(20, 2)), RNG.normal(size=20), np.repeat([1, 2], 10), [0, 3, 1], 1, 2
    forward = oracle.windows_oracle(*given_)
    backward = oracle.windows_oracle(*given_, oracle.Rules(newest_first=True))
    assert np.array_equal(forward[0], backward[0][:, ::-1])
    assert np.array_equal(forward[2], backward[2])


def test_the_loss_is_measured_in_nats_or_bits():
    walk = np.array([0, 1, 1, 0]), np.zeros(4, dtype=int)
    tables = [np.full((2,) * order, 0.5) for order in (1, 2, 3)]
    assert oracle.loss_oracle(*walk, *tables) == pytest.approx(np.log(2))
    assert oracle.loss_oracle(*walk, *tables, oracle.Rules(unit="bits")) == pytest.approx(1)


# --- who is right ---------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(0, 2**47))
def test_the_reference_gets_all_points_whatever_is_drawn(seed):
    assert scores(RIGHT, seed) == HIDDEN


@pytest.mark.parametrize("sources", [{}, LOOPS, ARRAYS, RECURSIVE, FLOAT32, LISTS])
def test_honest_solutions_get_all_points(source, sources, visible):
    space = {"np": np}
    for part in PARTS:
        exec(sources.get(part) or solution(source, part), space)
    for seed in (SEED, 1, 2):
        for part in PARTS:
            points, report = hidden(space, part, seed)
            assert (points, report.remarks) == (HIDDEN[part], ())
    assert {part: visible(space, part) for part in PARTS} == VISIBLE
    assert sum(HIDDEN.values()) + sum(VISIBLE.values()) == FULL == 85


def test_lists_do_for_the_cells_on_seattle(source, release, capsys):
    space = {}
    for part in ("setup", *PARTS, "seattle", "seattle_markov"):
        exec(LISTS.get(part) or find(source, part).source, space)
    assert "order 2 gains 0.005 on order 1, standard error 0.011" in capsys.readouterr().out


def test_the_stub_gets_nothing(release, visible):
    space = {"np": np}
    for part in PARTS:
        exec(find(release, part).source, space)
        points, report = hidden(space, part)
        assert (points, report.state) == (0, "not attempted")
        assert visible(space, part) == 0


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        3,
        lambda *a: None,
        lambda *a: 0,
        lambda *a: (np.nan, np.nan, np.nan),
        lambda *a: (a[0], a[0]),
        lambda *a: iter([1, 2]),
        lambda *a: 1 / 0,
        lambda: None,
        lambda *a: [[1], [2, 3]],
        lambda *a: np.zeros((0, 4)),
        lambda *a: np.array(["a"]),
    ],
)
def test_nonsense_earns_nothing(part, nonsense):
    assert hidden({**RIGHT, NAMES[part]: nonsense}, part)[0] == 0


# --- who is wrong ---------------------------------------------------------------------------

EVERY = [(part, mistake) for part in PARTS for mistake in MISTAKES[part]]


@pytest.mark.parametrize(
    ("part", "mistake"), EVERY, ids=lambda value: getattr(value, "name", value)
)
def test_a_mistake_is_named_and_costs_points(part, mistake):
    for seed in range(4):
        points, report = hidden({NAMES[part]: mistake.wrong}, part, seed)
        assert points < HIDDEN[part]
        assert report.mistake.name == mistake.name


@pytest.mark.parametrize("part", PARTS)
def test_an_error_is_paid_for_once_since_no_part_needs_another(part, visible):
    alone = {NAMES[part]: RIGHT[NAMES[part]]}
    assert hidden(alone, part)[0] == HIDDEN[part]
    assert visible(alone, part) == VISIBLE[part]


def test_names_are_unique_but_for_variants():
    for part in PARTS:
        words = {m.name: (m.says, m.hint) for m in MISTAKES[part]}
        assert all(words[m.name] == (m.says, m.hint) for m in MISTAKES[part])


def named(part, name):
    return next(m for m in MISTAKES[part] if m.name == name).wrong


@pytest.mark.parametrize(
    ("part", "name", "says"),
    [
        ("features", "365 days in every year", "2020 has 366 days"),
        ("features", "366 days in every year", "2021 has 365 days"),
        ("features", "365.25 days in every year", "not 365.25"),
        ("features", "days counted from 1", "day 0, not day 1"),
        ("features", "cut to whole days", "cut to whole days"),
        ("features", "without 2 pi", "the factor is missing"),
        ("features", "half a turn", "2π, not π"),
        ("features", "degrees", "radians"),
        ("features", "sine and cosine swapped", "changed places"),
        ("features", "change with the wrong sign", "yesterday minus today"),
        ("features", "tomorrow's change", "with the next one"),
        ("features", "first day compared with the last", "np.roll"),
        ("features", "first day compared with zero", "has no yesterday"),
        ("features", "missing temperature read as zero", "is not 0 °C"),
        ("features", "change since the last known day", "last known day"),
        ("features", "spell never reset", "sets the count to 0"),
        ("features", "missing day ends the spell", "leaves the count as it was"),
        ("features", "missing day counted as wet", "is not a wet one"),
        ("features", "today not counted", "today counts too"),
        ("windows", "horizon one too long", "one row late"),
        ("windows", "stations crossed", "its days in two stations"),
        ("windows", "stride ignored", "moves on by two rows"),
        ("windows", "lags counted from the target", "from today, not from the target"),
        ("windows", "newest day first", "the oldest should"),
        ("windows", "consecutive days", "lag 2 is two rows before"),
        ("windows", "today's row returned as index", "today's row"),
        ("windows", "first row returned as index", "oldest row"),
        ("windows", "target taken from the series", "y comes from `target`"),
        ("windows", "features before days", r"\(n, L, D\)"),
        ("windows", "lags changed in place", "sorted the caller's list"),
        ("parts", "no purge", "only the target's day"),
        ("parts", "oldest day decides", "only the oldest day"),
        ("parts", "border day in the part before", "itself belongs to part 1"),
        ("parts", "target on the border's day", "no longer training"),
        ("parts", "reach one too short", "the oldest day is"),
        ("parts", "parts counted from 1", "counted from 0"),
        ("scale", "statistics of all windows", "the test has a say"),
        ("scale", "mean not subtracted", "mean is not subtracted"),
        ("scale", "statistics for each lag", "one mean, not one for each day"),
        ("scale", "constant feature left alone", "a constant feature is centred too"),
        ("scale", "ddof=1", "divides by the number"),
        ("scale", "filled before scaling", "before the scaling"),
        ("scale", "nan kept", "still nan"),
        ("scale", "rounding makes a constant vary", "0.1 in the training"),
        ("scale", "x changed in place", "changed the caller's x"),
        ("fit", "stations crossed", "days of two stations"),
        ("fit", "first of three days in another station", "the first one too"),
        ("fit", "axes turned round", "the first axis is the oldest"),
        ("fit", "never normalised", "these are counts"),
        ("fit", "normalised over everything", "its own sum"),
        ("fit", "each run counted once", "adds once"),
        ("loss", "bits", "in bits"),
        ("loss", "sum instead of mean", "not the sum"),
        ("loss", "wrong sign", "a loss is positive"),
        ("loss", "perplexity", "perplexity"),
        ("loss", "logarithm of the mean", "first the logarithm"),
        ("loss", "first two days left out", "first two days"),
        ("loss", "first day left out", "first day"),
        ("loss", "stations crossed", "no yesterday"),
    ],
)
def test_the_visible_test_names_the_slip(release, part, name, says):
    space = {**RIGHT, NAMES[part]: named(part, name)}
    with pytest.raises(AssertionError, match=says):
        run_visible(release, space, part)


@pytest.mark.parametrize(
    ("part", "wrong", "says"),
    [
        ("features", lambda *a: reference.make_features(*a).T, r"\(N, 4\), not \(4, N\)"),
        ("features", lambda *a: None, "yours returns None"),
        ("windows", lambda *a: reference.make_windows(*a)[:2], "yours returns a tuple of 2"),
        ("parts", lambda *a: None, "should hold numbers"),
    ],
)
def test_the_visible_test_says_what_came_back_instead(release, part, wrong, says):
    with pytest.raises(AssertionError, match=says):
        run_visible(release, {**RIGHT, NAMES[part]: wrong}, part)


def test_the_visible_test_names_a_last_window_left_out(release):
    def fewer(station, lags, horizon, stride):
        return reference.todays(station, lags, horizon + 1, stride)

    wrong = {**RIGHT, "make_windows": reference.windows(todays=fewer)}
    with pytest.raises(AssertionError, match="the last possible today"):
        run_visible(release, wrong, "windows")


def test_a_wrong_shape_is_told_by_the_letters_that_fit_it():
    flat = hidden({"fit_markov": lambda *a: reference.fit_markov(*a).ravel()}, "fit")[1]
    assert "shape (S, S, S) = (3, 3, 3)" in flat.message

    def only_order_two(states, station, S, order, alpha):
        P = reference.fit_markov(states, station, S, order, alpha)
        return P if order == 2 else P.ravel()

    report = hidden({"fit_markov": only_order_two}, "fit")[1]
    assert "should have shape (3, 3); yours" in report.message


@pytest.mark.parametrize("name", ["allclose", "array_equal", "isclose"])
def test_whoever_replaces_the_comparing_functions_earns_nothing(monkeypatch, capsys, name):
    monkeypatch.setattr(np, name, lambda *a, **k: True)
    assert a1.grade("parts", RIGHT, HIDDEN["parts"]) == 0
    assert "replaced functions of NumPy" in capsys.readouterr().out


PRICES = {
    ("features", "365 days in every year"): 4.5,
    ("features", "missing day ends the spell"): 1.5,
    ("windows", "stations crossed"): 9.5,
    ("windows", "stride ignored"): 8.5,
    ("windows", "newest day first"): 6.5,
    ("windows", "horizon one too long"): 20,
    ("parts", "no purge"): 8,
    ("parts", "target on the border's day"): 4.5,
    ("scale", "nan spreads"): 2,
    ("scale", "rounding makes a constant vary"): 0.5,
    ("fit", "stations crossed"): 4,
    ("loss", "bits"): 6,
}
"""What slips cost in hidden points: the table in docs/instructors/a1.md."""


@pytest.mark.parametrize(("slip", "price"), PRICES.items())
def test_a_slip_costs_what_instructors_are_told(slip, price):
    part, name = slip
    assert HIDDEN[part] - hidden({NAMES[part]: named(part, name)}, part)[0] == price


def test_features_are_judged_one_by_one():
    wrong = named("features", "365 days in every year")
    points, _ = hidden({"make_features": wrong}, "features")
    assert points == pytest.approx(HIDDEN["features"] * 2 / 3, abs=0.5)
    report = hidden({"make_features": lambda *a: reference.make_features(*a).T}, "features")[1]
    assert "days in rows" in report.message
