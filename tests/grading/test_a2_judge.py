"""The judge of A2 in process: oracle, reference, variants, stub, and every mistake by its name."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from a2_submissions import EINSUM, FLOAT32, FULL, HIDDEN, LOOPS, PARTS, STACKED, VISIBLE
from classroom import find, solution
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.assignments import a2, a2_mistakes, cell
from course_tools.assignments import a2_reference as reference
from course_utils.checks.rooms import LocalRoom

ASSIGNMENT = "A2"
NAMES = {
    "step": "leaky_step",
    "forward": "leaky_forward",
    "many_to_one": "many_to_one",
    "count": "count_parameters",
}
RIGHT = {
    "leaky_step": reference.leaky_step,
    "leaky_forward": reference.leaky_forward,
    "many_to_one": reference.many_to_one,
    "count_parameters": reference.count_parameters,
}
SEED = 20


def hidden(namespace, part, seed=SEED):
    report = a2.PARTS[part](LocalRoom(namespace), seed)
    return report.points(HIDDEN[part]), report


def scores(namespace, seed=SEED):
    return {part: hidden(namespace, part, seed)[0] for part in PARTS}


def over(step):
    """A right loop over `step`, which returns fresh arrays as a student's does."""
    return lambda x, h0, y0, params: (*reference.run(x, h0, y0, params, step), None)


# --- the oracle -----------------------------------------------------------------------------

SWITCHES = [
    cell.Cell(*switches)
    for switches in itertools.product(("unit", "shared", "none"), (True, False), (True, False))
]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_the_oracle_equals_a_cell_written_in_torch(switches):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    given = cell.draw_inputs(rng, 3, 5, 4, 6, 2)
    params = cell.draw_params(rng, 4, 6, 2, switches)
    p = {name: torch.from_numpy(value) for name, value in params.items()}
    x, h, y = (torch.from_numpy(given[name]) for name in ("x", "h0", "y0"))
    leak = p.get("leak", torch.ones(6, dtype=torch.float64))
    for t in range(5):
        back = y @ p["W_yh"] if switches.feedback else 0
        new = torch.tanh(torch.addmm(p["b_h"], x[:, t], p["W_xh"]) + h @ p["W_hh"] + back)
        gain = leak if switches.coupled else (leak * 0 + 1)
        h = torch.addcmul(gain * new, 1 - leak, h)
        y = torch.addmm(p["b_y"], h, p["W_hy"])
    h_all, y_all = cell.forward_oracle(**given, params=params, cell=switches)
    np.testing.assert_allclose(h_all[:, -1], h.numpy(), rtol=1e-12)
    np.testing.assert_allclose(y_all[:, -1], y.numpy(), rtol=1e-12)


def test_autograd_goes_through_the_oracle():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    given, params = cell.draw_inputs(rng, 1, 3, 2, 3, 2), cell.draw_params(rng, 2, 3, 2)
    x, h0, y0 = (cell.as_lists(given[name][0]) for name in ("x", "h0", "y0"))

    def loss(weight, number, tanh):
        numbers = cell.as_lists(params)
        numbers["W_hh"][0][1] = number(weight)
        h, y = h0, y0
        for x_t in x:
            h, y = cell.step_row([number(v) for v in x_t], h, y, numbers, tanh=tanh)
        return sum(h) + sum(y)

    weight = torch.tensor(params["W_hh"][0, 1], requires_grad=True)
    as_torch = lambda v: torch.as_tensor(v, dtype=torch.float64)  # noqa: E731
    loss(weight, as_torch, torch.tanh).backward()
    at, eps = float(weight.detach()), 1e-6
    slope = (loss(at + eps, float, math.tanh) - loss(at - eps, float, math.tanh)) / (2 * eps)
    assert weight.grad.item() == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_the_count_is_the_number_of_drawn_parameters(switches):
    D, H, O, C = 5, 7, 3, 4
    drawn = cell.draw_params(np.random.default_rng(0), D, H, O, switches)
    assert cell.count(D, H, O, C, switches) == sum(map(np.size, drawn.values())) + H * C + C


# --- who is right ---------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**47))
def test_the_reference_gets_all_points_whatever_is_drawn(seed):
    assert scores(RIGHT, seed) == HIDDEN


@pytest.mark.parametrize("sources", [{}, LOOPS, EINSUM, STACKED, FLOAT32])
def test_honest_solutions_get_all_points(source, sources, visible):
    space = {"np": np}
    for part in PARTS:
        exec(sources.get(part) or solution(source, part), space)
    assert scores(space) == HIDDEN
    assert {part: visible(space, part) for part in PARTS} == VISIBLE
    assert sum(HIDDEN.values()) + sum(VISIBLE.values()) == FULL == 85


def test_the_stub_gets_nothing(release, visible):
    space = {"np": np}
    for part in PARTS:
        exec(find(release, part).source, space)
    for part in PARTS:
        points, report = hidden(space, part)
        assert (points, report.state) == (0, "not attempted")
        assert visible(space, part) == 0


@pytest.mark.parametrize("found", [None, 3, "text", np.zeros(2)], ids=repr)
@pytest.mark.parametrize("part", PARTS)
def test_a_name_that_is_no_function_is_told_in_a_sentence(part, found):
    points, report = hidden({**RIGHT, NAMES[part]: found}, part)
    assert points == 0
    assert f"`{NAMES[part]}`" in report.message
    assert "no function" in report.message


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "nonsense",
    [
        lambda *a: None,
        lambda *a: 0,
        lambda *a: (np.nan, np.nan, np.nan),
        lambda *a: (a[0], a[0]),
        lambda *a: iter([1, 2]),
        lambda *a: 1 / 0,
        lambda: None,
        lambda *a: [[1], [2, 3]],
    ],
)
def test_nonsense_earns_nothing(part, nonsense):
    assert hidden({**RIGHT, NAMES[part]: nonsense}, part)[0] == 0


# --- who is wrong ---------------------------------------------------------------------------

SLIPS = {
    "leak inverted": "wrong way round",
    "leak ignored": "not used",
    "old state not kept": "nothing of the old state",
    "new state not scaled": "not multiplied by the leak",
    "leak inside the tanh": "inside the tanh",
    "mixed before the tanh": "before the tanh",
    "tanh omitted": "the tanh is missing",
    "bias never added": "the bias is missing",
    "recurrent term dropped": "the recurrent term",
    "feedback dropped": "the feedback",
    "results in the wrong order": "you return y_t first",
}
"""What the visible test of Part 1 says where it knows the slip by the number that it leads to."""


@pytest.mark.parametrize(("name", "says"), SLIPS.items())
def test_the_visible_test_names_the_slip_in_the_example_by_hand(release, name, says):
    space = {"leaky_step": next(m for m in a2_mistakes.STEP_MISTAKES if m.name == name).wrong}
    exec(find(release, "setup").source, space)
    with pytest.raises(AssertionError, match=rf"{says}[^\n]*\nby hand h_t is 0\.8655; "):
        exec(find(release, "step_visible").source, space)


UNUSED_INPUT = {"input dropped", "feedback dropped", "feedback recomputed from h_prev"}
"""Mistakes of a step that ignores an input: no loop over it can be judged, Part 2 is lost too."""
SPOILED_CALLER = {"h_prev changed in place", "params changed in place"}
"""Mistakes that reach through the step into whoever calls it: the loop spoils its arguments too."""
OWN_ORDER = "results in the wrong order"


@pytest.mark.parametrize("mistake", a2_mistakes.STEP_MISTAKES, ids=lambda m: m.name)
def test_a_wrong_step_is_named_and_costs_part_1_only(mistake, visible):
    def consistent(*arguments):  # whoever mixes up the order unpacks in that order
        return mistake.wrong(*arguments)[::-1]

    step = consistent if mistake.name == OWN_ORDER else mistake.wrong
    space = {**RIGHT, "leaky_step": mistake.wrong, "leaky_forward": over(step)}
    points, report = hidden(space, "step")
    assert points < HIDDEN["step"]
    assert report.mistake is mistake
    forward, report = hidden(space, "forward")
    if mistake.name in UNUSED_INPUT | SPOILED_CALLER:
        assert forward < HIDDEN["forward"]
        assert report.mistake.name == mistake.name
    else:
        assert forward == HIDDEN["forward"]
        if mistake.name != OWN_ORDER:
            assert "carried forward" in " ".join(report.remarks)
            assert visible(space, "forward") == VISIBLE["forward"]
    assert visible(space, "step") in (0, VISIBLE["step"])
    rest = {part: hidden(space, part)[0] for part in ("many_to_one", "count")}
    assert rest == {part: HIDDEN[part] for part in rest}


@pytest.mark.parametrize("mistake", a2_mistakes.FORWARD_MISTAKES, ids=lambda m: m.name)
def test_a_wrong_sequence_is_named_and_costs_part_2_only(mistake, visible):
    space = {**RIGHT, "leaky_forward": lambda *arguments: (*mistake.wrong(*arguments), None)}
    points, report = hidden(space, "forward")
    assert points < HIDDEN["forward"]
    assert report.mistake.name == mistake.name
    assert hidden(space, "step")[0] == HIDDEN["step"]
    assert visible(space, "step") == VISIBLE["step"]


@pytest.mark.parametrize(
    "mistake",
    # Read time-major, all but one case raise, and an exception alone names no mistake.
    [m for m in a2_mistakes.loop_mistakes() if m.name != "(B, T, D) read as (T, B, D)"],
    ids=lambda m: m.name,
)
def test_a_wrong_loop_over_a_wrong_step_is_still_named(mistake):
    wrong_step = next(m for m in a2_mistakes.STEP_MISTAKES if m.name == "tanh omitted").wrong
    wrong = next(m for m in a2_mistakes.loop_mistakes(wrong_step) if m.name == mistake.name).wrong
    space = {**RIGHT, "leaky_step": wrong_step, "leaky_forward": wrong}
    points, report = hidden(space, "forward")
    assert points < HIDDEN["forward"]
    assert report.mistake.name == mistake.name


@pytest.mark.parametrize(
    ("part", "mistake"),
    [("many_to_one", m) for m in a2_mistakes.MANY_TO_ONE_MISTAKES]
    + [("count", m) for m in a2_mistakes.COUNT_MISTAKES],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_mistake_of_parts_3_and_4_is_named_and_costs_that_part_only(part, mistake, visible):
    space = {**RIGHT, NAMES[part]: mistake.wrong}
    points, report = hidden(space, part)
    assert points < HIDDEN[part]
    assert report.mistake is mistake
    for other in set(PARTS) - {part}:
        assert hidden(space, other)[0] == HIDDEN[other]
        assert visible(space, other) == VISIBLE[other]


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize(
    ("part", "mistakes"),
    [
        ("step", a2_mistakes.STEP_MISTAKES),
        ("many_to_one", a2_mistakes.MANY_TO_ONE_MISTAKES),
        ("count", a2_mistakes.COUNT_MISTAKES),
        ("forward", a2_mistakes.FORWARD_MISTAKES[::7]),  # a sample: these take longest
    ],
    ids=["step", "many_to_one", "count", "forward"],
)
def test_every_mistake_is_named_whatever_is_drawn(part, mistakes, seed):
    for mistake in mistakes:
        points, report = hidden({**RIGHT, NAMES[part]: mistake.wrong}, part, seed)
        assert points < HIDDEN[part], mistake.name
        assert report.mistake is mistake, mistake.name


@pytest.mark.parametrize(
    "step",
    [
        lambda x_t, h_prev, y_prev, params: (0.5 + 0 * h_prev, 0.5 + 0 * y_prev),
        lambda x_t, h_prev, y_prev, params: (h_prev, y_prev),
        lambda x_t, h_prev, y_prev, params: (h_prev + x_t.sum(), y_prev * 0),
        lambda x_t, h_prev, y_prev, params: (h_prev + np.nan, y_prev),
        lambda x_t, h_prev, y_prev, params: h_prev + x_t.sum() + y_prev.sum(),
    ],
    ids=["constant", "passes on", "ignores y", "nan", "no output"],
)
def test_a_loop_over_a_step_that_computes_nothing_earns_nothing(step, visible):
    space = {**RIGHT, "leaky_step": step, "leaky_forward": over(step)}
    assert hidden(space, "forward")[0] == 0
    assert visible(space, "forward") == 0


def test_other_students_get_other_inputs_and_a_regrade_the_same(monkeypatch):
    from course_tools.grading import seeds

    drawn = [seeds.make_seed("salt", "A2", student) for student in ("s001", "s002", "s001")]
    assert drawn[0] == drawn[2] != drawn[1] != seeds.make_seed("other", "A2", "s002")
    monkeypatch.setenv(seeds.SEED_VARIABLE, str(drawn[0]))
    assert seeds.seed_of_this_run() == drawn[0]
    first, second = (a2.STEP.draw(seed)[0].arguments["x_t"] for seed in drawn[:2])
    assert not np.allclose(first, second)


READ_OUT_SLIPS = {
    "output bias forgotten": "b_y is missing",
    "output read from h_prev": "from the old state",
    "leaked state read out": "the leak acts on y_t",
    "leak also on y": "the leak acts on y_t",
    "output squashed": "a tanh around y_t",
}


@pytest.mark.parametrize(("name", "says"), READ_OUT_SLIPS.items())
def test_the_visible_test_names_a_slip_in_the_output(release, name, says):
    space = {"leaky_step": next(m for m in a2_mistakes.STEP_MISTAKES if m.name == name).wrong}
    exec(find(release, "setup").source, space)
    with pytest.raises(AssertionError, match=rf"{says}[^\n]*\nby hand y_t is 0\.7311; "):
        exec(find(release, "step_visible").source, space)


@pytest.mark.parametrize(
    ("part", "wrong", "says"),
    [
        ("step", lambda *a: None, "two things, h_t and y_t; yours returns None"),
        ("step", lambda *a: reference.leaky_step(*a)[0], "two things, .*yours returns one ndarray"),
        ("forward", lambda *a: reference.run(*a), "three things, .*yours returns a tuple of 2"),
        ("forward", lambda *a: (*reference.run(*a)[::-1], None), "you return y first"),
    ],
)
def test_the_visible_test_says_what_came_back_instead(release, part, wrong, says):
    space = {**RIGHT, NAMES[part]: wrong}
    exec(find(release, "setup").source, space)
    with pytest.raises(AssertionError, match=says):
        exec(find(release, f"{part}_visible").source, space)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("y never advanced", "does y advance"),
        ("h never advanced", "does h advance"),
        ("nothing advanced", "do h and y advance"),
        ("stacked time-major", "time is the second axis"),
    ],
)
def test_the_visible_test_names_the_slip_in_the_loop(release, name, says):
    wrong = next(m for m in a2_mistakes.loop_mistakes() if m.name == name).wrong
    space = {**RIGHT, "leaky_forward": lambda *arguments: (*wrong(*arguments), None)}
    exec(find(release, "setup").source, space)
    with pytest.raises(AssertionError, match=says):
        exec(find(release, "forward_visible").source, space)


def test_the_visible_test_says_that_the_error_is_at_no_step_at_all(release):
    def fails_when_empty(x, h0, y0, params):
        h, y = reference.run(x, h0, y0, params)
        return np.stack(list(h.swapaxes(0, 1)), 1), y, None

    space = {**RIGHT, "leaky_forward": fails_when_empty}
    exec(find(release, "setup").source, space)
    with pytest.raises(AssertionError, match="for T = 0: "):
        exec(find(release, "forward_visible").source, space)


def test_a_wrong_state_that_is_read_out_rightly_keeps_half():
    wrong = next(m for m in a2_mistakes.STEP_MISTAKES if m.name == "leak inverted").wrong
    points, report = hidden({**RIGHT, "leaky_step": wrong}, "step")
    assert points == HIDDEN["step"] / 2
    assert report.mistake.name == "leak inverted"
    assert hidden({"leaky_step": lambda x, h, y, p: (wrong(x, h, y, p)[0], y)}, "step")[0] == 0


def test_grading_mutes_what_functions_print_and_says_little_about_an_empty_part(capsys):
    def chatty(*arguments):
        print("I am here")
        return reference.leaky_step(*arguments)

    assert a2.grade("step", {"leaky_step": chatty}, 20) == 20
    out = capsys.readouterr().out
    assert "I am here" not in out
    assert "20 of 20 points. Inputs drawn from seed" in out

    def empty(*arguments):
        raise NotImplementedError("your turn")

    assert a2.grade("step", {"leaky_step": empty}, 20) == 0
    out = capsys.readouterr().out
    assert out == "Part 1, one leaky step: not attempted. 0 of 20 points.\n"
