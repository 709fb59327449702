"""The judge of A3 in process: oracle, reference, variants, stub, and every mistake by its name."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from a3_submissions import CLOSURE, FLOAT32, FULL, HIDDEN, PARTS, ROWS, SLOPE_AT_H, VISIBLE
from classroom import find, run_visible, solution
from hypothesis import given, settings
from hypothesis import strategies as st
from remembering import remembered

from course_tools.assignments import a3, a3_mistakes, cell, gradients
from course_tools.assignments import a3_reference as reference
from course_utils.checks.rooms import LocalCallee, LocalRoom

ASSIGNMENT = "A3"
NAMES = {
    "check": ["gradient_check"],
    "step": ["leaky_step_backward"],
    "sequence": ["leaky_forward", "leaky_backward"],
    "truncated": ["leaky_backward_truncated"],
}
RIGHT = {name: getattr(reference, name) for names in NAMES.values() for name in names}
MISTAKES = {
    "check": a3_mistakes.CHECK_MISTAKES,
    "step": a3_mistakes.STEP_MISTAKES,
    "sequence": a3_mistakes.SEQUENCE_MISTAKES,
    "truncated": a3_mistakes.TRUNCATED_MISTAKES,
}
SEED = 20


CHECKS = {
    "check": remembered(a3.CHECK),
    "step": remembered(a3.STEP),
    "sequence": remembered(a3.SEQUENCE),
    "truncated": remembered(a3.TRUNCATED),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(a3, "SEQUENCE", CHECKS["sequence"])
    monkeypatch.setattr(a3, "TRUNCATED", CHECKS["truncated"])


def hidden(namespace, part, seed=SEED):
    report = a3.PARTS[part](LocalRoom(namespace), seed)
    return report.points(HIDDEN[part]), report


def scores(namespace, seed=SEED):
    return {part: hidden(namespace, part, seed)[0] for part in PARTS}


def mistake(part, name):
    return next(m for m in MISTAKES[part] if m.name == name)


def pair_over(wrong):
    """Two functions whose gradients are those of `wrong`, a backward pass as one function."""
    return {
        "leaky_forward": lambda *given: (*reference.leaky_states(*given), given),
        "leaky_backward": lambda dh, dy, cache: wrong(dh, dy, *cache),
    }


def says(release, namespace, part):
    with pytest.raises(AssertionError) as caught:
        run_visible(release, namespace, part)
    return str(caught.value)


# --- the oracle -----------------------------------------------------------------------------

SWITCHES = [
    cell.Cell(*switches)
    for switches in itertools.product(("unit", "shared", "none"), (True, False), (True, False))
]


def drawn(T, lengths, switches=cell.A2, seed=1):
    rng = np.random.default_rng(seed)
    B, D, H, O = len(lengths), 4, 6, 2
    params = cell.draw_params(rng, D, H, O, switches)
    dh, dy = rng.normal(size=(B, T, H)), rng.normal(size=(B, T, O))
    inputs = cell.draw_inputs(rng, B, T, D, H, O)
    return {"dh": dh, "dy": dy, **inputs, "params": params, "lengths": np.array(lengths)}


def by_torch(given, k=None, switches=cell.A2):
    """The gradients by torch's autograd, in matrices, with masks for the lengths."""
    torch = pytest.importorskip("torch")
    leaves = {n: torch.tensor(given[n], requires_grad=True) for n in ("x", "h0", "y0")}
    p = {n: torch.tensor(v, requires_grad=True) for n, v in given["params"].items()}
    (x, h, y), lengths = leaves.values(), torch.tensor(given["lengths"])
    leak = p.get("leak", torch.ones(h.shape[1], dtype=h.dtype))
    gain = leak if switches.coupled else torch.ones_like(leak)
    loss = sum((leaf * 0).sum() for leaf in (*leaves.values(), *p.values()))
    for t in range(x.shape[1]):
        if k and t and t % k == 0:
            h, y = h.detach(), y.detach()
        inside = x[:, t] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]
        new = torch.tanh(inside + y @ p["W_yh"] if switches.feedback else inside)
        h = (1 - leak) * h + gain * new
        y = h @ p["W_hy"] + p["b_y"]
        arriving = torch.tensor(given["dh"][:, t]) * h, torch.tensor(given["dy"][:, t]) * y
        loss = loss + sum((a * (t < lengths)[:, None]).sum() for a in arriving)
    loss.backward()
    return [v.grad.numpy() for v in (*leaves.values(), *p.values())]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_the_oracle_equals_torch_whatever_the_cell(switches):
    given = drawn(5, [5, 2, 0], switches)
    *arrays, grads = gradients.gradient_oracle(**given, cell=switches)
    for mine, right in zip(
        (*arrays, *grads.values()), by_torch(given, None, switches), strict=True
    ):
        np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 9])
def test_the_oracle_cuts_where_torch_detaches(k):
    given = drawn(7, [7, 4, 0])
    *arrays, grads = gradients.gradient_oracle(**given, k=k)
    for mine, right in zip((*arrays, *grads.values()), by_torch(given, k), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["x", "h0", "y0", "W_hh", "W_yh", "leak", "b_y"])
def test_differences_agree_with_the_gradient(name):
    given = drawn(4, [4, 2, 0])
    *arrays, grads = gradients.gradient_oracle(**given)
    claimed = {**dict(zip(("x", "h0", "y0"), arrays, strict=True)), **grads}[name]
    numeric, error = gradients.difference_oracle(name, claimed, **given, eps=1e-5)
    assert error < 1e-8
    assert numeric.shape == claimed.shape


# --- who is right ---------------------------------------------------------------------------


@settings(max_examples=3)
@given(st.integers(0, 2**47))
def test_the_reference_gets_all_points_whatever_is_drawn(seed):
    assert scores(RIGHT, seed) == HIDDEN


def written(release, source, sources):
    """A namespace with the setup and the parts in `sources`, the rest solved."""
    space = {}
    exec(find(release, "setup").source, space)
    for part in PARTS:
        exec(sources.get(part) or solution(source, part), space)
    return space


@pytest.mark.parametrize("sources", [{}, ROWS, CLOSURE, FLOAT32])
def test_honest_solutions_get_all_points_without_a_remark_on_errors(
    release, source, sources, visible
):
    space = written(release, source, sources)
    for part in PARTS:
        points, report = hidden(space, part)
        assert points == HIDDEN[part], report
        # A float64 array filled with float32 numbers is saved by what comes from their own pair.
        assert sources is FLOAT32 or "carried forward" not in " ".join(report.remarks)
    assert {part: visible(space, part) for part in PARTS} == VISIBLE
    assert sum(HIDDEN.values()) + sum(VISIBLE.values()) == FULL == 85


def test_the_stub_gets_nothing(release, visible):
    space = {}
    exec(find(release, "setup").source, space)
    for part in PARTS:
        exec(find(release, part).source, space)
    for part in PARTS:
        points, report = hidden(space, part)
        assert (points, report.state) == (0, "not attempted")
        assert visible(space, part) == 0


@pytest.mark.parametrize("part", PARTS)
def test_a_name_that_is_no_function_is_told_in_a_sentence(part):
    for name, found in itertools.product(NAMES[part], (None, 3)):
        points, report = hidden({**RIGHT, name: found}, part)
        assert points == 0
        assert f"`{name}`" in report.message


NONSENSE = [
    lambda *a: None,
    lambda *a: 0,
    lambda *a: (np.nan, np.nan, np.nan, {}),
    lambda *a: (a[0], a[0]),
    lambda *a: (0, 0, 0, {"W_xh": None, "leak": "text"}),
    lambda *a: 1 / 0,
    lambda *a: [[1], [2, 3]],
]


@pytest.mark.parametrize("part", PARTS)
def test_nonsense_earns_nothing(part):
    for name, nonsense in zip(itertools.cycle(NAMES[part]), NONSENSE, strict=False):
        assert hidden({**RIGHT, name: nonsense}, part)[0] == 0


def test_zeros_of_the_right_shapes_earn_nothing_in_any_part(visible):
    zeros = {name: _zeros(function) for name, function in RIGHT.items()}
    space = {**zeros, "leaky_forward": RIGHT["leaky_forward"]}
    for part in PARTS:
        assert hidden(space, part)[0] <= 1  # where T = 0, or nothing arrives, zero is right
        assert visible(space, part) == 0


def _zeros(function):
    def empty(value):
        if isinstance(value, dict):
            return {name: empty(entry) for name, entry in value.items()}
        return np.zeros_like(value)

    return lambda *given: tuple(empty(value) for value in function(*given))


# --- who is wrong ---------------------------------------------------------------------------


def known(part):
    """The mistakes of a part; of those that are a wrong step below a right loop every fourth."""
    steps = {m.says for m in a3_mistakes.STEP_MISTAKES} if part != "step" else set()
    below = [m for m in MISTAKES[part] if m.says in steps]
    tried = [m for m in MISTAKES[part] if m not in below or m in below[::4]]
    return [pytest.param(part, m, id=f"{part}-{i}-{m.name}") for i, m in enumerate(tried)]


@pytest.mark.parametrize(("part", "made"), [case for part in PARTS for case in known(part)])
def test_a_mistake_is_rejected_and_named(part, made):
    report = CHECKS[part](made.wrong, seed=SEED)
    assert report.points(HIDDEN[part]) < HIDDEN[part]
    named = (report.mistake.name, report.mistake.says) if report.mistake else report.message
    assert named == (made.name, made.says)
    assert report.hint


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_mistakes_are_named_whatever_is_drawn(part, seed):
    for made in MISTAKES[part][seed :: {"check": 6, "step": 3}.get(part, 13)]:
        report = CHECKS[part](made.wrong, seed=seed)
        assert report.state == "wrong", made.name
        assert report.mistake is not None, made.name
        assert report.mistake.says == made.says, made.name


STEP_ONLY = {  # nothing can be built on these steps: what they return has not the right form
    "leak gradient missing",
    "leak gradient not summed",
    "bias gradient not summed",
    "results in the wrong order",
}
BLIND = {  # nor on these: one of the three ways back does not depend on all that arrives
    "feedback path forgotten",
    "dy not passed on to h",
    "dh_t ignored",
}


@pytest.mark.parametrize(
    "made",
    [m for m in a3_mistakes.STEP_MISTAKES if m.name not in STEP_ONLY | BLIND][::6],
    ids=lambda m: m.name,
)
def test_a_wrong_step_costs_part_2_only(made):
    backward = reference.loop(made.wrong)
    space = {
        **RIGHT,
        "leaky_step_backward": made.wrong,
        **pair_over(backward),
        "leaky_backward_truncated": reference.cut(backward),
    }
    assert hidden(space, "step")[0] < HIDDEN["step"]
    for part in ("sequence", "truncated"):
        points, report = hidden(space, part)
        if "in place" not in made.name:
            assert points == HIDDEN[part]
            assert "carried forward" in " ".join(report.remarks)


@pytest.mark.parametrize("name", sorted(BLIND))
def test_over_a_step_that_is_blind_no_loop_is_judged(name):
    step = mistake("step", name).wrong
    space = {**RIGHT, "leaky_step_backward": step, **pair_over(reference.loop(step))}
    points, report = hidden(space, "sequence")
    assert points < HIDDEN["sequence"]
    assert report.mistake.name == name


@pytest.mark.parametrize(
    "name", ["divided by T", "lengths ignored", "h0 for every step", "carried gradient accumulates"]
)
def test_a_wrong_sequence_costs_part_3_only(name):
    whole = _named_loop(name)
    space = {
        **RIGHT,
        **pair_over(whole),
        "leaky_backward_truncated": reference.cut(whole),
    }
    points, report = hidden(space, "sequence")
    assert points < HIDDEN["sequence"]
    assert report.mistake.name == name
    points, report = hidden(space, "truncated")
    assert points == HIDDEN["truncated"]
    assert "carried forward" in " ".join(report.remarks)


def _loops():
    """Each wrong loop over the right step, without the states that the catalogue puts in front."""
    for made in a3_mistakes.loop_mistakes():
        yield made.name, lambda *given, wrong=made.wrong: wrong(*given)[2:]


@pytest.mark.parametrize("name", ["dy0 zero", "lengths ignored", "nan times zero"])
def test_a_loop_over_a_wrong_step_that_is_wrong_itself_is_named(name):
    """Also where it lets nan through: the judge's own loop over their step refuses that."""
    step = mistake("step", "tanh' at h_t").wrong
    wrong = next(m for m in a3_mistakes.loop_mistakes(step) if m.name == name).wrong
    space = {
        **RIGHT,
        "leaky_step_backward": step,
        **pair_over(lambda *given: wrong(*given)[2:]),
    }
    points, report = hidden(space, "sequence")
    assert 0 < points < HIDDEN["sequence"]
    assert report.mistake.name == name
    assert "carried forward" in " ".join(report.remarks)


def test_at_equal_points_the_verdict_with_a_name_is_told():
    """A loop that hands nothing back, over a wrong step: nothing is right by either measure."""
    step = mistake("step", "tanh' at h_t").wrong
    loops = a3_mistakes.loop_mistakes(step)
    wrong = next(m for m in loops if m.name == "nothing handed back").wrong
    space = {"leaky_step_backward": step, **pair_over(lambda *given: wrong(*given)[2:])}
    points, report = hidden({**RIGHT, **space}, "sequence")
    assert points == 0
    assert report.mistake.name == "nothing handed back"


def test_lengths_are_half_of_part_3_and_no_more():
    points, report = hidden({**RIGHT, **pair_over(_named_loop("lengths ignored"))}, "sequence")
    assert HIDDEN["sequence"] * 0.4 < points < HIDDEN["sequence"] * 0.65
    assert report.mistake.name == "lengths ignored"


def _named_loop(name):
    return next(loop for found, loop in _loops() if found == name)


def test_float32_losses_are_told_by_what_they_do():
    careless = reference.checker(precise=lambda value: value)
    report = a3.CHECK(careless, seed=SEED)
    assert report.state == "wrong"
    assert "float32" in report.message
    assert report.points(HIDDEN["check"]) >= HIDDEN["check"] / 2


def test_differences_that_are_wrong_keep_the_points_of_the_error():
    one_sided = mistake("check", "one-sided difference").wrong
    points, report = hidden({**RIGHT, "gradient_check": one_sided}, "check")
    assert HIDDEN["check"] * 0.4 < points < HIDDEN["check"] * 0.7
    assert report.mistake.name == "one-sided difference"


@pytest.mark.parametrize("factor", [1.0, 0.0, 2.0])
def test_a_multiple_of_what_is_claimed_and_a_constant_earn_nothing(factor):
    """`return claimed, 0.0` once earned half: that error follows from such differences."""

    def cheat(name, claimed, *given):
        return factor * claimed, abs(factor - 1) / max(factor, 1)

    assert hidden({**RIGHT, "gradient_check": cheat}, "check")[0] == 0


def test_a_forward_pass_of_ones_own_has_to_be_that_of_the_cell():
    def other(x, h0, y0, params, lengths):
        h, y, cache = reference.leaky_forward(x, h0, y0, params, lengths)
        return h + 1e-3, y, cache

    points, report = hidden({**RIGHT, "leaky_forward": other}, "sequence")
    assert points == 0
    assert "not that of `leaky_states`" in report.message


@pytest.mark.parametrize(
    ("grads", "told"),
    [
        (lambda g: {f"d{name}": value for name, value in g.items()}, "`grads` has the keys dW_xh"),
        (lambda g: tuple(g.values()), "`grads` is a dict"),
        (lambda g: {"W_xh": g["W_xh"]}, 'grads["W_hh"]'),
    ],
)
def test_the_form_of_grads_is_told(grads, told):
    def wrong(*given):
        *rest, right = reference.leaky_step_backward(*given)
        return *rest, grads(right)

    points, report = hidden({**RIGHT, "leaky_step_backward": wrong}, "step")
    assert points < HIDDEN["step"]
    assert told in report.message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"db_h": lambda v: 1.5 * v.da.sum(axis=0)}, "1.5 times"),
        ({"dleak": lambda v: (v.dh * v.new**2).sum(axis=0)}, "the gradient of `leak`"),
        ({"da": lambda v: v.leak * v.dh * (1 - v.new**4)}, "through the tanh"),
        ({"dh_prev": lambda v: v.dh + v.da}, "Only dh_prev wrong"),
        ({"dW_yh": lambda v: v.y_prev.T @ v.da**2}, "Only weights"),
        ({"dW_hy": lambda v: v.h_t.T @ v.dy_t**2}, "Only the output layer"),
    ],
)
def test_a_pattern_without_a_name_is_told_too(change, told):
    report = a3.STEP(reference.step(**change), seed=SEED)
    assert report.mistake is None
    assert told in report.message


def test_carrying_forward_asks_for_three_ways_that_answer():
    for name in sorted(BLIND):
        step = a3.step_of(LocalCallee(mistake("step", name).wrong))
        assert not a3.step_answers(step, SEED)
    assert a3.step_answers(a3.step_of(LocalCallee(reference.leaky_step_backward)), SEED)


# --- what the visible tests say -------------------------------------------------------------

SLIPS = {
    "tanh' at h_t": "you have 1 - h_t",
    "tanh' omitted": "the slope of the tanh is missing",
    "1 - new for 1 - new²": "you have 1 - n\n",
    "leak path forgotten": "the way past the tanh",
    "leak path inverted": "not leak",
    "no recurrent gradient": "through the tanh and W_hh is missing",
    "leak forgotten on the way into the tanh": "the factor leak is missing",
    "leak inverted on the way into the tanh": "it is leak, not 1 - leak",
    "dy not passed on to h": "does not reach h_t",
    "dh_t ignored": "dh_t is not used",
    "leak path through dh_t only": "from all that arrives",
    "feedback path forgotten": "the feedback's way back",
    "W_hy for W_yh on the way to y_prev": "not W_hy",
    "leak gradient missing": "no entry for leak",
    "leak gradient zero": "the leak learns too",
    "leak gradient with the wrong sign": "the sign",
    "leak gradient without the old state": "takes away from h_prev",
    "leak gradient from h_t": "not h_t - h_prev",
    "leak gradient through the tanh": "outside the tanh",
    "W_hy gradient from h_prev": "read from h_t",
    "h_t for h_prev in dW_hh": "not by h_t",
    "bias gradient not summed": "should be (1,)",
    "averaged over the batch": "",
}


@pytest.mark.parametrize(("name", "told"), SLIPS.items())
def test_the_visible_test_of_the_step_names_the_slip(release, name, told):
    space = {**RIGHT, "leaky_step_backward": mistake("step", name).wrong}
    assert told in says(release, space, "step")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("one-sided difference", "one-sided"),
        ("divided by eps, not by 2 eps", "divide by 2 eps"),
        ("eps ignored", "use the eps that is given"),
        ("array changed in place", "was changed"),
        ("error not relative", "error is 1"),
        ("error entry by entry", "one of two entries"),
    ],
)
def test_the_visible_test_of_the_check_names_the_slip(release, name, told):
    space = {**RIGHT, "gradient_check": mistake("check", name).wrong}
    assert told in says(release, space, "check")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lengths ignored", "behind a sequence's end"),
        ("nan times zero", "with nan in the padding"),
        ("dy ignored", "one unit, three steps"),
        ("output layer without the feedback", 'grads["W_hy"]'),
        ("cache kept outside", "after another forward pass"),
        ("dh changed in place", "was changed in place"),
    ],
)
def test_the_visible_test_of_the_sequence_says_where(release, name, told):
    wrong = mistake("sequence", name).wrong
    if hasattr(wrong, "forward"):
        functions = [getattr(wrong, half)._function for half in ("forward", "backward")]
        space = dict(zip(NAMES["sequence"], functions, strict=True))
    else:
        space = pair_over(lambda *given: wrong(*given)[2:])
    assert told in says(release, {**RIGHT, **space}, "sequence")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("not cut", "from step 4 dx is reached at"),
        ("chunks counted from the end", "k = 2: from step 4"),
        ("state reset at each chunk", "steps 3 and 4"),
        ("lengths not shifted", ""),
    ],
)
def test_the_visible_test_of_truncation_says_where(release, name, told, visible):
    space = {**RIGHT, "leaky_backward_truncated": mistake("truncated", name).wrong}
    if told:
        assert told in says(release, space, "truncated")
    else:  # only random inputs tell
        assert visible(space, "truncated") == VISIBLE["truncated"]


def test_a_slip_at_h_costs_what_the_instructors_page_says(release, source):
    """With 1 - h_t**2 for the slope: dy_prev ... wrong, leak, W_hy and b_y right: 3 of 10."""
    space = written(release, source, {"step": SLOPE_AT_H})
    assert hidden(space, "step")[0] == 0.3 * HIDDEN["step"]
    assert hidden(space, "sequence")[0] == HIDDEN["sequence"]
    assert hidden(space, "truncated")[0] == HIDDEN["truncated"]
