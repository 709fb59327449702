"""The judge of A5 in process: oracles, reference, variants, stub, every mistake by its name."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from a5_submissions import CACHED, EINSUM, FLOAT32, FULL, HIDDEN, PARTS, ROWS, VISIBLE
from classroom import find, run_visible, solution
from hypothesis import given, settings
from hypothesis import strategies as st
from remembering import remembered

from course_tools.assignments import a5, a5_mistakes, gated
from course_tools.assignments import a5_reference as reference
from course_utils.checks.rooms import LocalRoom

ASSIGNMENT = "A5"
NAMES = {
    "lstm": "lstm_step",
    "lstm_back": "lstm_step_backward",
    "sequence": "lstm_there_and_back",
    "gru": "gru_step",
    "gru_back": "gru_step_backward",
}
RIGHT = {name: getattr(reference, name) for name in NAMES.values()}
MISTAKES = {
    "lstm": a5_mistakes.LSTM_MISTAKES,
    "lstm_back": a5_mistakes.LSTM_BACK_MISTAKES,
    "sequence": a5_mistakes.SEQUENCE_MISTAKES,
    "gru": a5_mistakes.GRU_MISTAKES,
    "gru_back": a5_mistakes.GRU_BACK_MISTAKES,
}
SEED = 20
SEQUENCE = remembered(a5.SEQUENCE)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(a5, "SEQUENCE", SEQUENCE)


def hidden(namespace, part, seed=SEED):
    report = a5.PARTS[part](LocalRoom(namespace), seed)
    return report.points(HIDDEN[part]), report


def scores(namespace, seed=SEED):
    return {part: hidden(namespace, part, seed)[0] for part in PARTS}


def mistake(part, name):
    return next(m for m in MISTAKES[part] if m.name == name)


def wrongly(part, name):
    return {**RIGHT, NAMES[part]: mistake(part, name).wrong}


@pytest.fixture(scope="module")
def shown(release):
    """Run the visible tests in the notebook's order, up to a part: later ones use what earlier
    ones drew. Returns the points of that part; what its test raises goes on."""

    def run(namespace, part):
        space = {}
        exec(find(release, "setup").source, space)
        for earlier in PARTS[: PARTS.index(part)]:
            space.update(RIGHT)
            exec(find(release, f"{earlier}_visible").source, space)
        space.update(namespace)
        body = find(release, f"{part}_visible").source.split("\n")
        exec("\n".join(body[:-1]), space)
        return eval(body[-1], space)

    return run


def tried(shown, namespace, part):
    try:
        return shown(namespace, part)
    except Exception:
        return 0


# --- the oracles ----------------------------------------------------------------------------

LSTMS = [gated.Lstm(*switches) for switches in itertools.product((True, False), (True, False))]
GRUS = [gated.Gru(*s) for s in itertools.product(("first", "before", "after"), ("in", "kept"))]


def lstm_in_torch(torch, x_t, h, c, p, cell):
    a = torch.chunk(x_t @ p["W_xh"] + h @ p["W_hh"] + p["b"], 3 if cell.coupled else 4, dim=1)
    a_i, a_f, a_g, a_o = a if len(a) == 4 else (None, *a)
    look = p if cell.peepholes else dict.fromkeys(("p_i", "p_f", "p_o"), 0.0)
    f = torch.sigmoid(a_f + look["p_f"] * c)
    i = 1 - f if cell.coupled else torch.sigmoid(a_i + look["p_i"] * c)
    c = f * c + i * torch.tanh(a_g)
    return torch.sigmoid(a_o + look["p_o"] * c) * torch.tanh(c), c


@pytest.mark.parametrize("cell", LSTMS, ids=str)
def test_the_lstm_equals_torch_whatever_the_switches(cell):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    params = gated.draw_gated(rng, 3, 4, cell)
    dh, dc, x = (rng.normal(size=(2, 3, size)) for size in (4, 4, 3))
    h0, c0 = rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, h0, c0)]
    p = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    (x_all, h, c), loss, seen = leaves, 0, []
    for t in range(3):
        h, c = lstm_in_torch(torch, x_all[:, t], h, c, p, cell)
        loss = loss + (torch.tensor(dh[:, t]) * h).sum() + (torch.tensor(dc[:, t]) * c).sum()
        seen.append((h.detach().numpy(), c.detach().numpy()))
    loss.backward()
    states = gated.lstm_oracle(x, h0, c0, params, cell)
    for mine, right in zip(states, zip(*seen, strict=True), strict=True):
        np.testing.assert_allclose(mine, np.stack(right, axis=1), rtol=1e-12)
    *arrays, grads = gated.lstm_gradients(dh, dc, x, h0, c0, params, cell)
    right = [leaf.grad.numpy() for leaf in (*leaves, *p.values())]
    for mine, expected in zip((*arrays, *grads.values()), right, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("cell", GRUS, ids=str)
def test_the_gru_equals_torch_whatever_the_switches(cell):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    params = gated.draw_gated(rng, 3, 4, cell)
    dh, x, h = (rng.normal(size=(2, size)) for size in (4, 3, 4))
    x_t, h_prev = (torch.tensor(a, requires_grad=True) for a in (x, h))
    p = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    u_r, u_z, u_n = torch.chunk(x_t @ p["W_xh"] + p["b"], 3, dim=1)
    W_r, W_z, W_n = torch.chunk(p["W_hh"], 3, dim=1)
    r = torch.sigmoid(u_r + h_prev @ W_r)
    z = torch.sigmoid(u_z + (r * h_prev if cell.reset == "first" else h_prev) @ W_z)
    inner = r * (h_prev @ W_n) if cell.reset == "after" else (r * h_prev) @ W_n
    share = z if cell.share == "in" else 1 - z
    h_t = (1 - share) * h_prev + share * torch.tanh(u_n + inner)
    (h_t * torch.tensor(dh)).sum().backward()
    np.testing.assert_allclose(gated.gru_step_oracle(x, h, params, cell), h_t.detach(), rtol=1e-12)
    dx, dh_prev, grads = gated.gru_step_gradients(dh, x, h, params, cell)
    right = [leaf.grad.numpy() for leaf in (x_t, h_prev, *p.values())]
    for mine, expected in zip((dx, dh_prev, *grads.values()), right, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-10, atol=1e-13)


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


@pytest.mark.parametrize("sources", [{}, ROWS, EINSUM, CACHED, FLOAT32])
def test_honest_solutions_get_all_points(release, source, sources):
    space = written(release, source, sources)
    for part in PARTS:
        points, report = hidden(space, part)
        assert points == HIDDEN[part], report
    for part in PARTS:
        assert run_visible(release, space, part) == VISIBLE[part]
        exec(find(release, f"{part}_visible").source, space)
    assert sum(HIDDEN.values()) + sum(VISIBLE.values()) == FULL == 85


def test_the_stub_gets_nothing(release, shown):
    space = {}
    exec(find(release, "setup").source, space)
    for part in PARTS:
        exec(find(release, part).source, space)
    for part in PARTS:
        points, report = hidden(space, part)
        assert (points, report.state) == (0, "not attempted")
        assert tried(shown, space, part) == 0


@pytest.mark.parametrize("found", [None, 3])
@pytest.mark.parametrize("part", PARTS)
def test_a_name_that_is_no_function_is_told_in_a_sentence(part, found):
    points, report = hidden({**RIGHT, NAMES[part]: found}, part)
    assert points == 0
    assert f"`{NAMES[part]}`" in report.message


NONSENSE = [
    lambda *a: None,
    lambda *a: 0,
    lambda *a: (np.nan, np.nan, np.nan, {}),
    lambda *a: (a[0], a[0], {"W_xh": None}),
    lambda *a: 1 / 0,
    lambda *a: [[1], [2, 3]],
]


@pytest.mark.parametrize("part", PARTS)
def test_nonsense_earns_nothing(part, shown):
    for nonsense in NONSENSE:
        space = {**RIGHT, NAMES[part]: nonsense}
        assert hidden(space, part)[0] == 0
        assert tried(shown, space, part) == 0


@pytest.mark.parametrize("part", PARTS)
def test_zeros_of_the_right_shapes_earn_nothing(part, shown):
    def zeros(*arguments):
        return _empty(RIGHT[NAMES[part]](*arguments))

    space = {**RIGHT, NAMES[part]: zeros}
    assert hidden(space, part)[0] == 0
    assert tried(shown, space, part) == 0


def _empty(value):
    if isinstance(value, tuple):
        return tuple(_empty(entry) for entry in value)
    if isinstance(value, dict):
        return {name: _empty(entry) for name, entry in value.items()}
    return np.zeros_like(value)


# --- who is wrong ---------------------------------------------------------------------------


def known(part):
    """The mistakes of a part; of those that are a wrong step below a right loop every fourth."""
    steps = {m.says for name in ("lstm", "lstm_back") for m in MISTAKES[name]}
    below = [m for m in MISTAKES[part] if part == "sequence" and m.says in steps]
    tried = [m for m in MISTAKES[part] if m not in below or m in below[::4]]
    return [pytest.param(part, m, id=f"{part}-{i}-{m.name}") for i, m in enumerate(tried)]


@pytest.mark.parametrize(("part", "made"), [case for part in PARTS for case in known(part)])
def test_a_mistake_is_rejected_and_named(part, made):
    if part == "sequence":
        report = SEQUENCE(made.wrong, seed=SEED)
    else:
        report = hidden({**RIGHT, NAMES[part]: made.wrong}, part)[1]
    assert report.points(HIDDEN[part]) < HIDDEN[part]
    assert report.mistake is not None, report
    assert (report.mistake.name, report.mistake.says) == (made.name, made.says)
    assert report.hint


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_mistakes_are_named_whatever_is_drawn(part, seed):
    for made in MISTAKES[part][seed :: 29 if part == "sequence" else 3]:
        report = hidden({**RIGHT, NAMES[part]: made.wrong}, part, seed)[1]
        assert report.state == "wrong", made.name
        assert report.mistake is not None, made.name
        assert report.mistake.says == made.says


PRICES = [
    ("lstm", "output gate without its peephole", 6),
    ("lstm", "f and 1 - f swapped", 12),
    ("lstm_back", "coupling forgotten on the way back", 9),
    ("lstm_back", "output gate's peephole forgotten on the way back", 13),
    ("lstm_back", "forget gate's peephole forgotten on the way back", 1.5),
    ("lstm_back", "peepholes do not learn", 2.5),
    ("lstm_back", "gates' slopes omitted", 18),
    ("lstm_back", "a gate wrong when computed again", 18),
    ("lstm_back", "a peephole's factor forgotten", 13),
    ("lstm_back", "a peephole's way back without the gate's slope", 13),
    ("sequence", "cell state's gradient not handed back", 12),
    ("sequence", "gradients overwritten in the loop", 9.5),
    ("sequence", "dh0 and dc0 zero", 2),
    ("gru", "z sees h_prev", 8),
    ("gru_back", "way from z to s forgotten", 7.5),
    ("gru_back", "z's slope omitted", 11.5),
    ("gru_back", "way through r forgotten", 1.5),
    ("gru_back", "h_prev for s in dW_hh", 3),
    ("gru_back", "z wrong when computed again", 16),
]


@pytest.mark.parametrize(("part", "name", "lost"), PRICES)
def test_prices_are_those_of_the_instructors_page(part, name, lost):
    assert HIDDEN[part] - hidden(wrongly(part, name), part)[0] == lost


# --- an error is paid for once --------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "back"),
    [
        ("f and 1 - f swapped", None),
        (None, "coupling forgotten on the way back"),
        ("output gate sees the old cell state", "candidate's slope omitted"),
    ],
)
def test_wrong_steps_cost_their_own_parts_only(step, back):
    space = dict(RIGHT)
    if step:
        space["lstm_step"] = mistake("lstm", step).wrong
    if back:
        space["lstm_step_backward"] = mistake("lstm_back", back).wrong
    steps = space["lstm_step"], space["lstm_step_backward"]
    points, report = hidden(
        space | {"lstm_there_and_back": reference.there_and_back(*steps)}, "sequence"
    )
    assert points == HIDDEN["sequence"]
    names = [n for n, wrong in (("lstm_step", step), ("lstm_step_backward", back)) if wrong]
    own = " and ".join(f"`{name}`" for name in names)
    assert f"your own {own}:" in " ".join(report.remarks)
    for made in a5_mistakes.loop_mistakes(*steps)[::5]:
        points, report = hidden(space | {"lstm_there_and_back": made.wrong}, "sequence")
        assert points < HIDDEN["sequence"]
        assert report.mistake.name == made.name


@pytest.mark.parametrize(
    "name", ["dc through h forgotten", "dc_t ignored", "gates' slopes omitted"]
)
def test_what_ignores_a_gradient_is_not_built_on(name):
    back = mistake("lstm_back", name).wrong
    space = {"lstm_step_backward": back, "lstm_there_and_back": reference.there_and_back(back=back)}
    points, report = hidden({**RIGHT, **space}, "sequence")
    blind = name == "dc_t ignored"
    assert (points < HIDDEN["sequence"]) is blind
    assert ("carried forward" in " ".join(report.remarks)) is not blind


# --- what is told ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda dx, dh, g: (dx, dh), "2 values came back; return dx_t, dh_prev, grads"),
        (lambda dx, dh, g: (dx, dh, list(g.values())), "`grads` is a dict"),
        (lambda dx, dh, g: (dx, dh, {f"d{n}": a for n, a in g.items()}), "`grads` has the keys"),
        (lambda dx, dh, g: (dx, dh, g | {"b": g["b"][:4]}), 'grads["b"] should have shape'),
        (lambda dx, dh, g: (dx, dh, g | {"W_hh": g["W_hh"].T}), 'grads["W_hh"] should have shape'),
        (lambda dx, dh, g: (dx, dh, {n: g[n] for n in ("W_xh", "b")}), 'grads["W_hh"] (r)'),
    ],
)
def test_the_form_of_gradients_is_told(change, told):
    wrong = lambda *given: change(*reference.gru_step_backward(*given))  # noqa: E731
    points, report = hidden({**RIGHT, "gru_step_backward": wrong}, "gru_back")
    assert points < HIDDEN["gru_back"]
    assert told in report.message


def test_a_slip_in_one_gate_costs_its_blocks():
    wrong = reference.gru_back(
        dW_xh=lambda v: v.x_t.T @ reference.beside(v.da_r, 2 * v.da_z, v.da_n)
    )
    points, report = hidden({**RIGHT, "gru_step_backward": wrong}, "gru_back")
    assert points == HIDDEN["gru_back"] - 1.5  # one of eleven
    assert 'grads["W_xh"] (z)' in report.message


BY_HAND = {
    "lstm": {
        "not coupled": "the candidate is multiplied by 1 - f\n",
        "forget gate without its peephole": "does not see c_prev",
        "output gate sees the old cell state": "the output gate sees c_t, not c_prev",
        "no tanh on the output": "the tanh is missing",
        "blocks in the order g, f, o": "in the order f, g, o",
        "results in the wrong order": "return h_t first",
        "arguments changed in place": "arguments in place",
    },
    "lstm_back": {
        "coupling forgotten on the way back": "f stands in 1 - f too",
        "output gate's peephole forgotten on the way back": "through p_o",
        "forget gate's peephole forgotten on the way back": "through p_f",
        "dc_t ignored": "dc_t is not used",
        "c for tanh(c) in the slope": "1 - tanh(c_t)**2",
        "dc_prev not scaled by f": "c_prev was multiplied by f",
        "p_o from c_prev": "looked at c_t",
        "peepholes entry missing": "no entry for p_f, p_o",
        "dh_prev from the candidate only": "all three blocks",
        "averaged over the batch": "three rows",
        "dc_t changed in place": "in place",
        "a gate wrong when computed again": "computed again",
        "a peephole's factor forgotten": "times p_o",
    },
    "sequence": {
        "c never advanced": "what step 1 gives",
        "off by one": "what step 0 gives",
        "nothing handed back": "steps 3 to 5, then 0 to 2",
        "cell state's gradient not handed back": "steps 3 to 5, then 0 to 2",
        "dh0 and dc0 zero": "T = 1: dh0",
        "dh changed in place": "in place",
    },
    "gru": {
        "z sees h_prev": "z and n both see s",
        "z the wrong way round": "the share that is let in",
        "no reset": "nothing is reset",
        "blocks in the order z, r, n": "in the order r, z, n",
        "reset after both products": "before the products",
        "reset after the candidate's product": "before the products",
    },
    "gru_back": {
        "way from z to s forgotten": "s has two readers",
        "way through r forgotten": "r was made of h_prev too",
        "kept share forgotten": "with the share 1 - z",
        "h_prev for s in dW_hh": "made of s, not of h_prev",
        "averaged over the batch": "three rows",
    },
}


@pytest.mark.parametrize(
    ("part", "name", "told"),
    [(part, name, told) for part, slips in BY_HAND.items() for name, told in slips.items()],
)
def test_the_visible_test_names_the_slip(shown, part, name, told):
    space = wrongly(part, name)
    with pytest.raises(AssertionError) as caught:
        shown(space, part)
    assert told in str(caught.value)


def test_the_visible_test_sees_a_gradient_that_the_loop_does_not_add_up(shown):
    def forgets(*given):
        *arrays, grads = reference.lstm_there_and_back(*given)
        return *arrays, grads | {"p_f": 0 * grads["p_f"]}

    with pytest.raises(AssertionError, match=r'T = 1: grads\["p_f"\]'):
        shown({**RIGHT, "lstm_there_and_back": forgets}, "sequence")


def test_a_part_that_fails_does_not_take_the_next_visible_test_with_it(release):
    """Each visible test draws what it uses; Part 3 calls the two steps, nothing else."""
    for part in PARTS:
        space = {}
        exec(find(release, "setup").source, space)
        exec(find(release, f"{part}_visible").source, {**space, **RIGHT})
