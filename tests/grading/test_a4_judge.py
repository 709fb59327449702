"""The judge of A4 in process: oracles, reference, variants, stub, every mistake by its name."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from a4_submissions import EINSUM, FLOAT32, FULL, HIDDEN, PARTS, ROWS, SCALED, USUAL, VISIBLE
from classroom import find, run_visible, solution
from hypothesis import given, settings
from hypothesis import strategies as st
from remembering import remembered

from course_tools.assignments import a4, a4_alive, a4_mistakes, a4_oracle, cell
from course_tools.assignments import a4_reference as reference
from course_utils.checks.rooms import LocalRoom

ASSIGNMENT = "A4"
NAMES = {
    "jacobian": "leaky_jacobian",
    "products": "jacobian_products",
    "norms": "log_norms",
    "curve": "gradient_curve",
    "clip": "clip_gradients",
    "initialise": "initialise",
}
RIGHT = {name: getattr(reference, name) for name in NAMES.values()}
MISTAKES = {
    "jacobian": a4_mistakes.JACOBIAN_MISTAKES,
    "products": a4_mistakes.PRODUCTS_MISTAKES,
    "norms": a4_mistakes.NORMS_MISTAKES,
    "curve": a4_mistakes.CURVE_MISTAKES,
    "clip": a4_mistakes.CLIP_MISTAKES,
    "initialise": a4_mistakes.INITIALISE_MISTAKES,
}
SEED = 20
CURVE = remembered(a4.CURVE)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(a4, "CURVE", CURVE)


def hidden(namespace, part, seed=SEED):
    report = a4.PARTS[part](LocalRoom(namespace), seed)
    return report.points(HIDDEN[part]), report


def scores(namespace, seed=SEED):
    return {part: hidden(namespace, part, seed)[0] for part in PARTS}


def mistake(part, name):
    return next(m for m in MISTAKES[part] if m.name == name)


def wrongly(part, name):
    return {**RIGHT, NAMES[part]: mistake(part, name).wrong}


def says(release, namespace, part):
    with pytest.raises(AssertionError) as caught, np.errstate(all="ignore"):
        run_visible(release, {**probing(release), **namespace}, part)
    return str(caught.value)


def probing(release):
    """What the cell before Part 5 defines, which its visible test uses."""
    space = {}
    exec(find(release, "setup").source, space)
    exec(find(release, "probe").source, space)
    return {name: space[name] for name in ("probe", "LEAST", "MOST", "FELT", "FOUND")}


@pytest.fixture(scope="module")
def tried(release):
    """Run a part's visible test on a namespace; return the points, 0 if it raises."""
    given = probing(release)

    def run(namespace, part):
        try:
            return run_visible(release, {**given, **namespace}, part)
        except Exception:
            return 0

    return run


# --- the oracles ----------------------------------------------------------------------------

SWITCHES = [
    cell.Cell(*switches)
    for switches in itertools.product(("unit", "shared", "none"), (True, False), (True, False))
]


def in_torch(torch, p, x_t, h, y, switches):
    """One step of the cell in matrices."""
    leak = p.get("leak", torch.ones(h.shape[-1], dtype=h.dtype))
    inside = x_t @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]
    new = torch.tanh(inside + y @ p["W_yh"] if switches.feedback else inside)
    h = (1 - leak) * h + (leak if switches.coupled else 1) * new
    return h, h @ p["W_hy"] + p["b_y"]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_jacobian_and_curve_equal_torch_whatever_the_cell(switches):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    params = cell.draw_params(rng, 4, 6, 2, switches)
    p = {name: torch.tensor(value) for name, value in params.items()}
    given = cell.draw_inputs(rng, 2, 4, 4, 6, 2)
    dh = rng.normal(size=(2, 6))
    x, h0, y0 = (torch.tensor(given[name]) for name in ("x", "h0", "y0"))

    ways = a4_oracle.jacobian_oracle(given["x"][:, 0], given["h0"], params, switches)
    for b in range(2):

        def after(h, b=b):
            return in_torch(torch, p, x[b, 0], h, h @ p["W_hy"] + p["b_y"], switches)[0]

        right = torch.autograd.functional.jacobian(after, h0[b]).T  # rows for the old state
        np.testing.assert_allclose(sum(ways)[b], right, rtol=1e-11, atol=1e-13)
    rate = np.ones(6) if switches.leak == "none" else np.broadcast_to(params["leak"], 6)
    np.testing.assert_allclose(ways[0], 2 * [np.diag(1 - rate)], rtol=1e-12, atol=1e-14)
    if not switches.feedback:
        assert np.abs(ways[2]).max() < 1e-14

    h, y, states = h0, y0, []
    for t in range(4):
        h, y = in_torch(torch, p, x[:, t], h.requires_grad_(), y, switches)
        h.retain_grad()
        states.append(h)
    (h * torch.tensor(dh)).sum().backward()
    right = np.log([np.linalg.norm(state.grad, axis=1) for state in states[::-1]]).T
    got = a4_oracle.curve_oracle(dh, **given, params=params, cell=switches)
    np.testing.assert_allclose(got, right, rtol=1e-11, atol=1e-11)


def test_products_and_norms_equal_numpy():
    rng = np.random.default_rng(2)
    J, dh = rng.normal(size=(2, 4, 3, 3)), rng.normal(size=(2, 3))
    P, L = a4_oracle.products_oracle(J), a4_oracle.norms_oracle(dh, J)
    for b, k in itertools.product(range(2), range(5)):
        right = np.linalg.multi_dot([np.eye(3), np.eye(3), *J[b, 4 - k :]])
        np.testing.assert_allclose(P[b, k], right, rtol=1e-12)
        np.testing.assert_allclose(L[b, k], np.log(np.linalg.norm(dh[b] @ right.T)), rtol=1e-12)


def test_norms_go_where_floats_end():
    J = np.full((1, 2000, 1, 1), 1e-3)
    L = a4_oracle.norms_oracle(np.ones((1, 1)), J)
    assert L[0, -1] == pytest.approx(-6000 * np.log(10), rel=1e-12)


def test_clipping_equals_torch():
    torch = pytest.importorskip("torch")
    for case in a4.CLIP.draw(SEED)[:4]:
        grads, most = case.arguments["grads"], case.arguments["max_norm"]
        weights = [torch.zeros(g.shape, dtype=torch.float64) for g in grads.values()]
        for weight, g in zip(weights, grads.values(), strict=True):
            weight.grad = torch.tensor(g)
        norm = torch.nn.utils.clip_grad_norm_(weights, most)
        clipped, mine = a4_oracle.clip_oracle(grads, most)
        assert mine == pytest.approx(norm.item(), rel=1e-12)
        for weight, g in zip(weights, clipped.values(), strict=True):
            np.testing.assert_allclose(g, weight.grad, rtol=1e-5)  # torch divides by norm + 1e-6


@pytest.mark.parametrize("strong", [0.05, 0.5])
def test_the_students_probe_and_the_judge_measure_the_same(release, strong):
    leak = np.random.default_rng(3).uniform(0.2, 1, 24)
    params = reference.initialise(4, 24, 3, leak, 1)
    params["W_xh"] *= strong / 0.05
    gains, kept, states, outputs, heard = probing(release)["probe"](params, sequences=12)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 50, 4))  # the probe's own inputs
    found = a4_alive.measure(params, x, rng.normal(size=(200, 3)))
    np.testing.assert_allclose(found.gain, gains, rtol=1e-4)
    assert kept == pytest.approx(found.found, rel=1e-4)
    for mine, right in ((states, found.moved), (outputs, found.answered), (heard, found.heard)):
        assert mine == pytest.approx(right, rel=0.2)


# --- who is right ---------------------------------------------------------------------------


@settings(max_examples=5)
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


@pytest.mark.parametrize("sources", [{}, ROWS, EINSUM, SCALED, FLOAT32])
@pytest.mark.parametrize("seed", [1, 2])
def test_honest_solutions_get_all_points(release, source, sources, seed, tried):
    space = written(release, source, sources)
    for part in PARTS:
        points, report = hidden(space, part, seed)
        assert points == HIDDEN[part], report
        assert "carried forward" not in " ".join(report.remarks)
    if seed == 1:
        assert {part: tried(space, part) for part in PARTS} == VISIBLE
    assert sum(HIDDEN.values()) + sum(VISIBLE.values()) == FULL == 85


@pytest.mark.parametrize("sources", [{}, ROWS, EINSUM, SCALED, FLOAT32])
def test_honest_starts_lie_well_within_the_band(release, source, sources):
    """Not by luck: a third of an order of magnitude from each border, whatever is drawn."""
    start = written(release, source, sources)["initialise"]
    for seed in range(6):
        for case in a4.INITIALISE.draw(seed):
            found = a4_alive.measure(start(**case.arguments), **case.aside)
            assert found.gain.min() > 1.5 * a4_alive.LEAST
            assert found.gain.max() < a4_alive.MOST / 1.5
            assert found.found > 2 * a4_alive.FOUND
            assert min(found.moved, found.answered, found.heard) > 1.5 * a4_alive.FELT


def test_the_stub_gets_nothing(release, tried):
    space = {}
    exec(find(release, "setup").source, space)
    for part in PARTS:
        exec(find(release, part).source, space)
    for part in PARTS:
        points, report = hidden(space, part)
        assert (points, report.state) == (0, "not attempted")
        assert tried(space, part) == 0


@pytest.mark.parametrize("found", [None, 3])
@pytest.mark.parametrize("part", PARTS)
def test_a_name_that_is_no_function_is_told_in_a_sentence(part, found):
    points, report = hidden({**RIGHT, NAMES[part]: found}, part)
    assert points == 0
    assert f"`{NAMES[part]}`" in report.message


NONSENSE = [
    lambda *a: None,
    lambda *a: 0,
    lambda *a: (np.nan, np.nan, np.nan),
    lambda *a: (a[0], a[0]),
    lambda *a: ({}, 1.0),
    lambda *a: {"W_hh": None, "leak": "text"},
    lambda *a: 1 / 0,
    lambda *a: [[1], [2, 3]],
]


@pytest.mark.parametrize("part", PARTS)
def test_nonsense_earns_nothing(part, tried):
    for nonsense in NONSENSE:
        space = {**RIGHT, NAMES[part]: nonsense}
        assert hidden(space, part)[0] == 0
        assert tried(space, part) == 0


# --- who is wrong ---------------------------------------------------------------------------

KNOWN = [
    pytest.param(part, made, id=f"{part}-{i}-{made.name}")
    for part in PARTS
    for i, made in enumerate(MISTAKES[part])
]


@pytest.mark.parametrize(("part", "made"), KNOWN)
def test_a_mistake_is_rejected_and_named(part, made):
    points, report = hidden({**RIGHT, NAMES[part]: made.wrong}, part)
    assert points < HIDDEN[part]
    assert report.mistake is not None, report
    assert (report.mistake.name, report.mistake.says) == (made.name, made.says)
    assert report.hint


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mistakes_are_named_whatever_is_drawn(part, seed):
    for made in MISTAKES[part][seed % 3 :: {"curve": 9, "initialise": 1}.get(part, 3)]:
        points, report = hidden({**RIGHT, NAMES[part]: made.wrong}, part, seed)
        assert points < HIDDEN[part], made.name
        assert report.mistake is not None, made.name
        assert report.mistake.says == made.says


@pytest.mark.parametrize(
    ("part", "name", "least", "most"),
    [
        ("jacobian", "feedback path forgotten", 0.6, 0.7),  # one way of three
        ("jacobian", "slope at h_t", 0.3, 0.4),  # two
        ("norms", "underflow", 0.6, 0.7),
        ("clip", "per tensor", 0, 0.15),  # the norm is right
        ("clip", "always rescaled", 0.5, 0.7),
        ("clip", "squares overflow, nan and zero come through", 0.8, 0.9),
        ("initialise", "recurrence too weak", 0, 0.5),
        ("initialise", "inputs do not reach the state", 0, 0.25),
        ("initialise", "what lasts hears nothing", 0, 0.4),
    ],
)
def test_prices_are_those_of_the_instructors_page(part, name, least, most):
    for seed in (1, 2, 3):
        report = hidden(wrongly(part, name), part, seed)[1]
        assert least <= report.fraction() <= most


# --- an error is paid for once --------------------------------------------------------------

WHOLE = {"averaged over the batch", "params changed in place", "results in the wrong order"}
WHOLE |= {"one matrix for the batch", "two ways in one", "input forgotten", "slope omitted"}
"""Over these no curve is judged, or it is right all the same."""


@pytest.mark.parametrize(
    "made",
    [m for m in a4_mistakes.JACOBIAN_MISTAKES if m.name not in WHOLE][::3],
    ids=lambda m: m.name,
)
def test_a_wrong_jacobian_costs_part_1_only(made):
    space = {"leaky_jacobian": made.wrong, "gradient_curve": reference.curve(made.wrong)}
    points, report = hidden({**RIGHT, **space}, "curve")
    assert points == HIDDEN["curve"]
    assert "your own `leaky_jacobian`" in " ".join(report.remarks)


@pytest.mark.parametrize("name", ["J not transposed", "another base", "from the start"])
def test_wrong_norms_cost_part_2_only(name):
    wrong = mistake("norms", name).wrong
    space = {"log_norms": wrong, "gradient_curve": reference.curve(norms=wrong)}
    points, report = hidden({**RIGHT, **space}, "curve")
    assert points == HIDDEN["curve"]
    assert "your own `log_norms`" in " ".join(report.remarks)


def test_both_may_be_wrong_and_the_curve_be_named():
    jacobian = mistake("jacobian", "slope at h_t").wrong
    norms = mistake("norms", "square root forgotten").wrong
    space = {**RIGHT, "leaky_jacobian": jacobian, "log_norms": norms}
    points, report = hidden(space | {"gradient_curve": reference.curve(jacobian, norms)}, "curve")
    assert points == HIDDEN["curve"]
    assert "your own `leaky_jacobian` and `log_norms`" in " ".join(report.remarks)
    for made in a4_mistakes.curve_mistakes(jacobian, norms)[::3]:
        points, report = hidden(space | {"gradient_curve": made.wrong}, "curve")
        assert points < HIDDEN["curve"]
        assert report.mistake.name == made.name


@pytest.mark.parametrize(
    "blind",
    [
        lambda x_t, h_prev, params: 3 * (np.tile(np.eye(h_prev.shape[1]), (len(x_t), 1, 1)),),
        mistake("jacobian", "input forgotten").wrong,
        mistake("jacobian", "slope omitted").wrong,
    ],
    ids=["constant", "input forgotten", "slope omitted"],
)
def test_over_a_jacobian_that_ignores_an_input_no_curve_is_judged(blind):
    space = {**RIGHT, "leaky_jacobian": blind, "gradient_curve": reference.curve(blind)}
    assert hidden(space, "curve")[0] == 0


# --- clipping and its form ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda grads, most: reference.clip_gradients(grads, most)[0], "return two things"),
        (lambda grads, most: reference.clip_gradients(grads, most)[::-1], "`clipped` comes first"),
        (lambda grads, most: (list(grads.values()), 1.0), "should be a dict"),
    ],
)
def test_the_form_of_what_clipping_returns_is_told(wrong, told):
    points, report = hidden({**RIGHT, "clip_gradients": wrong}, "clip")
    assert points == 0
    assert told in report.message


def test_the_array_that_is_wrong_is_named():
    def wrong(grads, max_norm):
        clipped, norm = reference.clip_gradients(grads, max_norm)
        return {**clipped, "leak": grads["leak"]}, norm

    report = hidden({**RIGHT, "clip_gradients": wrong}, "clip")[1]
    assert 'clipped["leak"][h=0]' in report.message


# --- starts: what is asked, and cheats ------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: None, "a dict with the keys"),
        (lambda p: {**p, "more": p["b_h"]}, "a dict with the keys"),
        (lambda p: {**p, "W_hh": p["W_hh"][:-1]}, 'params["W_hh"] should be an array of shape'),
        (lambda p: {**p, "b_h": p["b_h"] + np.nan}, "finite numbers"),
        (lambda p: {**p, "b_h": p["b_h"].astype(int)}, "floating"),
        (lambda p: {**p, "leak": p["leak"] / 2}, "is not the `leak` that was given"),
    ],
)
def test_the_form_of_a_start_is_told(change, told):
    wrong = lambda *given: change(reference.initialise(*given))  # noqa: E731
    points, report = hidden({**RIGHT, "initialise": wrong}, "initialise")
    assert points == 0
    assert told in report.message


def test_a_start_that_hears_nothing_and_never_changes_earns_next_to_nothing():
    """The identity and zeros have perfect gradients."""

    def nothing(D, H, O, leak, seed):
        zero = {"W_xh": (D, H), "W_yh": (O, H), "b_h": H, "W_hy": (H, O), "b_y": O}
        return {n: np.zeros(s) for n, s in zero.items()} | {"W_hh": np.eye(H), "leak": leak}

    assert hidden({**RIGHT, "initialise": nothing}, "initialise")[0] == 0


@pytest.mark.parametrize("name", ["linalg.norm", "exp", "log"])
def test_who_replaces_the_scale_earns_nothing(name, monkeypatch):
    """In one process a notebook's NumPy is the judge's; what is dead must still weigh nothing."""
    dead = mistake("initialise", "recurrence too weak").wrong
    where = np.linalg if name.startswith("linalg") else np
    like = np.asarray  # keeps the shape, forgets the values
    constant = {
        "linalg.norm": lambda a, axis=None: np.full(np.shape(a)[:1], 6.0),
        "exp": lambda a: like(1.0 + 0 * np.nan_to_num(a)),
        "log": lambda a: like(0 * np.nan_to_num(a)),
    }[name]
    monkeypatch.setattr(where, name.split(".")[-1], constant)
    points, report = hidden({**RIGHT, "initialise": dead}, "initialise")
    monkeypatch.undo()
    assert points == 0
    assert "replaced functions of NumPy" in report.message


def test_a_start_may_not_write_into_the_leak():
    def wrong(D, H, O, leak, seed):
        params = reference.initialise(D, H, O, leak, seed)
        leak[0] = 0.5
        return params

    points, report = hidden({**RIGHT, "initialise": wrong}, "initialise")
    assert 0 < points < HIDDEN["initialise"]
    assert "changed `leak` in place" in report.message


def test_the_causes_are_found_by_taking_suspects_out():
    """The same cause with other numbers: nothing here is compared with a stored mistake."""
    rng = np.random.default_rng(0)

    def start(**change):
        def made(D, H, O, leak, seed):
            params = reference.initialise(D, H, O, leak, seed)
            return {**params, **{name: f(params[name]) for name, f in change.items()}}

        return made

    for made, name in {
        start(W_hh=lambda W: 0.6 * W): "recurrence too weak",
        start(W_hh=lambda W: 0 * W): "recurrence too weak",
        start(W_hh=lambda W: 1.5 * W): "recurrence too strong",
        start(W_hh=lambda W: W + rng.normal(size=W.shape) / 3): "recurrence too strong",
        start(W_xh=lambda W: 30 * W): "inputs saturate the tanh",
        start(b_h=lambda b: b + 0.8): "biases saturate the tanh",
    }.items():
        report = hidden({**RIGHT, "initialise": made}, "initialise")[1]
        assert report.mistake is not None, name
        assert report.mistake.name == name


# --- what the visible tests say -------------------------------------------------------------

SLIPS = {
    "jacobian": {
        "leak forgotten before the tanh": "the factor leak is missing",
        "leak inverted before the tanh": "not 1 - leak",
        "kept share forgotten": "what is kept of the old state is missing",
        "kept share inverted": "not leak",
        "kept in full": "the factor 1 - leak is missing",
        "slope at h_t": "you have 1 - h_t",
        "slope at h_prev": "1 - h_prev",
        "slope at the sum": "at the sum itself",
        "slope omitted": "the slope of the tanh is missing",
        "1 - n for 1 - n²": "you have 1 - n\n",
        "feedback path forgotten": "the way through the output is missing",
        "feedback not in the sum": "the feedback is missing in the sum",
        "b_y forgotten": "y_prev has a bias",
        "feedback past the tanh": "leak and slope belong here too",
        "feedback through W_hh as well": "W_hh has no part",
        "input forgotten": "the input is missing",
        "b_h forgotten": "b_h is missing",
        "two ways in one": "by itself",
        "leak the other way round": "not leak",
        "transposed": "is transposed",
        "feedback transposed": "fed_back is transposed",
        "kept share everywhere": "1 - leak on its diagonal",
        "one matrix for the batch": "should have shape (1, 1, 1)",
        "slope on the rows": "the leak of unit 1",
    },
    "products": {
        "order reversed": "in the reversed order",
        "from the start": "yours is the first one",
        "transposed": "as it is; yours is transposed",
        "factors transposed": "as it is; yours is transposed",
        "identity left out": "should have shape",
        "lag 0 is zero": "is the identity",
        "last product only": "should have shape",
    },
    "norms": {
        "J not transposed": "by the transposed Jacobian",
        "from the start": "the last Jacobian comes first",
        "square root forgotten": "squared norm",
        "no logarithm": "its logarithm is asked for",
        "another base": "np.log",
        "underflow": "3000 times",
        "lengths multiplied": "3000 times",
        "dh changed in place": "changed in place",
        "norm of the whole batch": "rotations keep",
    },
    "curve": {
        "own state as the old one": "as in lesson 03",
        "one lag too many": "should have shape",
        "indexed by time": "all weights zero",
        "h0 and y0 ignored": "as in lesson 03",
        "leak forgotten before the tanh": "",
    },
    "clip": {
        "per tensor": "one by one",
        "element-wise": "one by one",
        "always rescaled": "13 does not exceed 20",
        "norm without the square root": "the square root is missing",
        "norm of the norms added": "norms do not add",
        "largest norm of an array": "all arrays count",
        "norm after clipping": "asked for is the norm before",
        "never clipped": "nothing is clipped",
        "clipped in place": "changed in place",
        "None not kept": "stay None",
        "squares overflow": "5e200",
        "not finite, and a step is taken": "inf",
        "zero divided by zero": "zero stays zero",
    },
    "initialise": {
        "recurrence too weak": "the gain leaves the band",
        "inputs do not reach the state": "inputs move the states",
        "what lasts hears nothing": "of the first input is found",
        "outputs silent": "inputs move the outputs",
        "feedback switched off": "old outputs move the state",
        "leak replaced": "the leak is given",
        "seed ignored": "another seed",
        "seed not used": "the same seed",
    },
}


@pytest.mark.parametrize(
    ("part", "name", "told"),
    [(part, name, told) for part, slips in SLIPS.items() for name, told in slips.items()],
)
def test_the_visible_test_names_the_slip(release, part, name, told, tried):
    space = wrongly(part, name)
    if told:
        assert told in says(release, space, part)
    else:  # only random inputs tell
        assert tried(space, part) == VISIBLE[part]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("leak forgotten on one way", "the factor leak is missing"),
        ("leak inverted on one way", "not 1 - leak"),
        ("slope omitted on one way", "the slope of the tanh is missing"),
    ],
)
def test_the_visible_test_names_a_slip_on_either_way(release, name, told):
    both = [m for m in MISTAKES["jacobian"] if m.name == name]
    assert len(both) == 2
    for made in both:
        assert told in says(release, {**RIGHT, "leaky_jacobian": made.wrong}, "jacobian")


def test_the_visible_tests_take_no_name_that_a_helper_may_have(release, source):
    """A student's own `norm`, `clip` or `kept` is still theirs when the next cell runs."""
    space = written(release, source, {})
    space |= probing(release)
    helpers = {name: object() for name in ("norm", "clip", "kept", "scale", "size", "length")}
    space |= helpers
    for part in PARTS:
        exec(find(release, f"{part}_visible").source, space)
    assert all(space[name] is helper for name, helper in helpers.items())


def test_the_usual_start_fails_by_its_numbers(release, source):
    space = written(release, source, {"initialise": USUAL})
    points, report = hidden(space, "initialise")
    assert points < HIDDEN["initialise"] / 2
    assert report.mistake.name == "recurrence too weak"
    assert "times what it was after" in report.message
