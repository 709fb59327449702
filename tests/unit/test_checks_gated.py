"""The checks of LSTM and GRU: right is right however written, a known mistake is named."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

import numpy as np
import pytest
import torch

from course_utils import layers
from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG, gated
from course_utils.checks.gated import cases, gru_reference, loop, lstm_reference, oracle
from course_utils.checks.gated.gru_checks import GRU_PAIR, GRU_STATES, PLACES
from course_utils.checks.gated.lstm_checks import LSTM_PAIR, LSTM_STATES
from course_utils.checks.naming import same, split
from course_utils.checks.rooms import as_callee, fingerprint

# --- legitimate ways -----------------------------------------------------------------------------


def logistic(a):
    return 1 / (1 + np.exp(-a))


def one_gate_at_a_time(x_t, h_prev, c_prev, W_xh, W_hh, b):
    """Every gate by its own columns, with the sigmoid as the books write it."""
    H = h_prev.shape[1]
    gates = []
    for k, squash in enumerate((logistic, logistic, np.tanh, logistic)):
        own = slice(k * H, (k + 1) * H)
        gates.append(squash(x_t.dot(W_xh[:, own]) + h_prev.dot(W_hh[:, own]) + b[own]))
    c_t = gates[1] * c_prev + gates[0] * gates[2]
    return [gates[3] * np.tanh(c_t), c_t]


def one_product(x_t, h_prev, c_prev, W_xh, W_hh, b):
    """x and h side by side, and σ by tanh."""
    a = np.hstack([x_t, h_prev]) @ np.vstack([W_xh, W_hh]) + b
    i, f, g, o = np.split(a, 4, axis=1)
    c_t = 0.5 * (np.tanh(f / 2) + 1) * c_prev + 0.5 * (np.tanh(i / 2) + 1) * np.tanh(g)
    return 0.5 * (np.tanh(o / 2) + 1) * np.tanh(c_t), c_t


def in_float32(function):
    return lambda *a: function(*(array.astype(np.float32) for array in a))


def lstm_row_by_row(x, h0, c0, W_xh, W_hh, b):
    """One sequence after the other; rows of a batch of one."""
    h = np.zeros((*x.shape[:2], h0.shape[1]))
    c = np.zeros_like(h)
    for row in range(len(x)):
        state = h0[row : row + 1], c0[row : row + 1]
        for t in range(x.shape[1]):
            state = one_product(x[row : row + 1, t], *state, W_xh, W_hh, b)
            h[row, t], c[row, t] = state[0][0], state[1][0]
    return h, c


def gru_as_torch_writes_it(x_t, h_prev, W_xh, W_hh, b, b_hn):
    r, z, n = np.split(x_t @ W_xh + b, 3, axis=1)
    hr, hz, hn = np.split(h_prev @ W_hh, 3, axis=1)
    r, z = logistic(r + hr), logistic(z + hz)
    n = np.tanh(n + r * (hn + b_hn))
    return n + z * (h_prev - n)


def gru_of_2014(x_t, h_prev, W_xh, W_hh, b, b_hn):
    H = h_prev.shape[1]
    r = logistic(x_t @ W_xh[:, :H] + h_prev @ W_hh[:, :H] + b[:H])
    z = logistic(x_t @ W_xh[:, H:-H] + h_prev @ W_hh[:, H:-H] + b[H:-H])
    n = np.tanh(x_t @ W_xh[:, -H:] + (r * h_prev) @ W_hh[:, -H:] + b[-H:])
    return z * h_prev + (1 - z) * n


def through_time(step):
    def gru_forward(x, h0, *weights):
        h, states = h0, np.zeros((*x.shape[:2], h0.shape[1]))
        for t in range(x.shape[1]):
            h = states[:, t] = step(x[:, t], h, *weights)
        return states

    return gru_forward


def lstm_back_einsum(dh_t, dc_t, x_t, h_prev, c_prev, gates, c_t, W_xh, W_hh):
    H = h_prev.shape[1]
    i, f, g, o = (gates[:, k * H : (k + 1) * H] for k in range(4))
    dc = dc_t + dh_t * o / np.cosh(c_t) ** 2
    da = np.hstack(
        [
            dc * g * (i - i**2),
            dc * c_prev * (f - f**2),
            dc * i * (1 - g) * (1 + g),
            dh_t * np.tanh(c_t) * (o - o**2),
        ]
    )
    dW_xh, dW_hh = np.einsum("bd,bk->dk", x_t, da), np.einsum("bh,bk->hk", h_prev, da)
    return W_xh.dot(da.T).T, W_hh.dot(da.T).T, dc * f, dW_xh, dW_hh, np.ones(len(da)) @ da


def gru_back_of(reset):
    def back(dh_t, x_t, h_prev, gates, W_xh, W_hh, b_hn):
        H = h_prev.shape[1]
        r, z, n = (gates[:, k * H : (k + 1) * H] for k in range(3))
        W_r, W_z, W_n = (W_hh[:, k * H : (k + 1) * H] for k in range(3))
        a_n = dh_t * (1 - z) * (1 - n**2)
        a_z = dh_t * (h_prev - n) * z * (1 - z)
        if reset == "after":
            a_r = a_n * (h_prev @ W_n + b_hn) * r * (1 - r)
            via_n, dW_n, db_hn = (a_n * r) @ W_n.T, h_prev.T @ (a_n * r), (a_n * r).sum(0)
        else:
            inner = a_n @ W_n.T
            a_r = inner * h_prev * r * (1 - r)
            via_n, dW_n, db_hn = inner * r, (r * h_prev).T @ a_n, np.zeros(H)
        da = np.hstack([a_r, a_z, a_n])
        dh_prev = dh_t * z + a_r @ W_r.T + a_z @ W_z.T + via_n
        dW_hh = np.hstack([h_prev.T @ a_r, h_prev.T @ a_z, dW_n])
        return da @ W_xh.T, dh_prev, x_t.T @ da, dW_hh, da.sum(0), db_hn

    return back


def gru_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    H = weight_hh.shape[1]
    b = bias_ih + np.concatenate([bias_hh[: 2 * H], np.zeros(H)])
    return weight_ih.T, weight_hh.T, b, bias_hh[2 * H :]


def to_other_z(W_xh, W_hh, b):
    H = len(W_hh)
    made = [array.copy() for array in (W_xh, W_hh, b)]
    for array in made:
        array[..., H : 2 * H] *= -1
    return tuple(made)


def forget_bias(b, value):
    b = b.copy()
    b[len(b) // 4 : len(b) // 2] = value
    return b


def direct_path(f):
    path = np.ones((f.shape[0], f.shape[1] + 1, f.shape[2]))
    for k in range(f.shape[1]):
        path[:, k + 1] = path[:, k] * f[:, -1 - k]
    return path


def total_path(dc_T, x, h0, c0, W_xh, W_hh, b):
    """By the layer's own way back: dc0 of the last k steps is the gradient k steps back."""
    cells, states = [c0], [h0]
    for t in range(x.shape[1]):
        h_t, c_t = layers.lstm_step_forward(x[:, t], states[-1], cells[-1], W_xh, W_hh, b)
        states.append(h_t)
        cells.append(c_t)
    paths, T = [dc_T], x.shape[1]
    for k in range(1, T + 1):
        h, _, cache = layers.lstm_forward(x[:, T - k :], states[T - k], cells[T - k], W_xh, W_hh, b)
        _, dh, dc, *_ = layers.lstm_backward(0 * h, dc_T, cache)
        if k < T:  # h_{T-k} is made of c_{T-k}; h0 is made of nothing
            before = x[:, T - k - 1], states[T - k - 1]
            o = lstm_reference.gates_of(*before, W_xh, W_hh, b)[:, -len(W_hh) :]
            dc = dc + dh * o * (1 - np.tanh(cells[T - k]) ** 2)
        paths.append(dc)
    return np.stack(paths, axis=1)


HONEST = [
    (gated.lstm_step, layers.lstm_step_forward),
    (gated.lstm_step, one_gate_at_a_time),
    (gated.lstm_step, in_float32(one_product)),
    (gated.lstm, lstm_row_by_row),
    (gated.lstm_step_backward, lstm_reference.step_back()),
    (gated.lstm_step_backward, lstm_back_einsum),
    (gated.lstm_step_backward, in_float32(lstm_back_einsum)),
    (gated.gru_step, layers.gru_step_forward),
    (gated.gru_step, gru_as_torch_writes_it),
    (gated.gru_step, in_float32(gru_as_torch_writes_it)),
    (partial(gated.gru_step, reset="before"), gru_of_2014),
    (gated.gru, through_time(gru_as_torch_writes_it)),
    (gated.gru, lambda *a: list(layers.gru_forward(*a)[0])),
    (partial(gated.gru, reset="before"), through_time(gru_of_2014)),
    (gated.gru_step_backward, gru_back_of("after")),
    (partial(gated.gru_step_backward, reset="before"), gru_back_of("before")),
    (gated.lstm_parameters, lambda D, H: 4 * H * (D + H + 1)),
    (gated.gru_parameters, lambda D, H: 3 * H * (D + H + 1) + H),
    (gated.lstm_from_torch, lambda W, U, b, c: (W.T, U.T, b + c)),
    (gated.gru_from_torch, gru_from_torch),
    (gated.to_other_z, to_other_z),
    (gated.forget_bias, forget_bias),
    (gated.direct_path, direct_path),
    (gated.total_path, total_path),
]


@pytest.mark.parametrize(("check", "function"), HONEST)
@pytest.mark.parametrize("seed", [None, 1])
def test_every_honest_way_is_right(check, function, seed):
    report = check(function, seed=seed)
    assert report.state == RIGHT, report
    assert report.points(20) == 20


class Kept:
    """A cache that is an object of the learner's own."""

    def __init__(self, *parts):
        self.parts = parts


def with_an_object(*arguments):
    h, c_T, cache = layers.lstm_forward(*arguments)
    return h, c_T, Kept(cache)


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (layers.lstm_forward, layers.lstm_backward),
        (loop.lstm_forward, loop.lstm_backward),
        (with_an_object, lambda dh, dc_T, kept: list(layers.lstm_backward(dh, dc_T, *kept.parts))),
    ],
)
def test_any_cache_of_an_lstm_is_legitimate(forward, backward, seed):
    gated.lstm_pair(forward, backward, seed=seed).require()


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("reset", PLACES)
def test_any_cache_of_a_gru_is_legitimate(reset, seed):
    forward = partial(layers.gru_forward, reset=reset)
    gated.gru_pair(forward, layers.gru_backward, reset=reset, seed=seed).require()
    own = partial(loop.gru_forward, reset=reset), partial(loop.gru_backward, reset=reset)
    gated.gru_pair(*own, reset=reset, seed=seed).require()


# --- declared variants ---------------------------------------------------------------------------


def negated(W):
    r, z, n = np.split(W, 3, axis=-1)
    return np.concatenate([r, -z, n], axis=-1)


def other_z_step(reset):
    return gru_reference.step(reset, h=lambda s: (1 - s.z) * s.h_prev + s.z * s.n)


def other_z_back(reset):
    """The way back of that step, through ours: 1 - σ(a) = σ(-a)."""

    def back(dh_t, x_t, h_prev, gates, W_xh, W_hh, b_hn):
        r, z, n = np.split(gates, 3, axis=1)
        gates = np.concatenate([r, 1 - z, n], axis=1)
        ours = gru_reference.step_back(reset)
        dx, dh, dW_xh, dW_hh, db, db_hn = ours(
            dh_t, x_t, h_prev, gates, negated(W_xh), negated(W_hh), b_hn
        )
        return dx, dh, negated(dW_xh), negated(dW_hh), negated(db), db_hn

    return back


@pytest.mark.parametrize("reset", PLACES)
def test_z_may_be_declared_the_other_way_round(reset):
    step, back = other_z_step(reset), other_z_back(reset)
    for check, function in (
        (gated.gru_step, step),
        (gated.gru, through_time(step)),
        (gated.gru_step_backward, back),
    ):
        assert check(function, reset=reset, z="new").state == RIGHT
        report = check(function, reset=reset)
        assert report.mistake is not None and report.mistake.name == "z convention swapped"
    with pytest.raises(TypeError, match="sideways"):
        gated.gru_step(step, z="sideways")


@pytest.mark.parametrize("reset", PLACES)
def test_a_pair_may_declare_z_too(reset):
    def forward(x, h0, W_xh, W_hh, b, b_hn):
        weights = (negated(W_xh), negated(W_hh), negated(b), b_hn)
        return layers.gru_forward(x, h0, *weights, reset=reset)

    def backward(dh, cache):
        dx, dh0, *weights, db_hn = layers.gru_backward(dh, cache)
        return dx, dh0, *(negated(gradient) for gradient in weights), db_hn

    gated.gru_pair(forward, backward, reset=reset, z="new").require()
    report = gated.gru_pair(forward, backward, reset=reset)
    assert report.mistake is not None and report.mistake.name == "z convention swapped"


@pytest.mark.parametrize(
    ("check", "made"),
    [
        (gated.gru_step, gru_reference.step),
        (gated.gru, lambda reset: through_time(gru_reference.step(reset))),
        (gated.gru_step_backward, gru_reference.step_back),
    ],
)
def test_the_place_of_the_reset_is_declared(check, made):
    for mine, other in (PLACES, PLACES[::-1]):
        report = check(made(mine), reset=other)
        assert report.mistake is not None and report.mistake.name == f"reset {mine} the product"
        assert f'declare it: `reset="{mine}"`' in report.hint
    with pytest.raises(TypeError, match="never"):
        check(made("after"), reset="never")


def test_time_may_come_first():
    def lstm(x, h0, c0, *weights):
        h, c = lstm_row_by_row(x.swapaxes(0, 1), h0, c0, *weights)
        return h.swapaxes(0, 1), c.swapaxes(0, 1)

    def gru(x, *rest):
        return through_time(gru_as_torch_writes_it)(x.swapaxes(0, 1), *rest).swapaxes(0, 1)

    assert gated.lstm(lstm).state == gated.gru(gru).state == WRONG
    gated.lstm(lstm, batch_first=False).require()
    gated.gru(gru, batch_first=False).require()
    gated.lstm(lstm_row_by_row, batch_first=True).require()

    def path(f):
        return direct_path(f.swapaxes(0, 1)).swapaxes(0, 1)

    assert gated.direct_path(path).state == WRONG
    gated.direct_path(path, batch_first=False).require()


# --- the oracle, by another road -----------------------------------------------------------------


def given_for(cell, seed=0):
    drawn = cases.draw(cell, np.random.default_rng(seed), *cases.SIZES)
    upstream = {name: drawn.pop(name) for name in cases.UPSTREAM[cell]}
    return drawn, upstream


def torch_layer(cell, given):
    """torch's own layer with our weights."""
    D, H = given["x"].shape[2], given["h0"].shape[1]
    layer = getattr(torch.nn, cell.upper())
    layer = layer(D, H, batch_first=True, device="meta").to_empty(device="cpu").double()
    b_hh = np.zeros(len(given["b"]))
    if cell == "gru":
        b_hh[2 * H :] = given["b_hn"]
    arrays = (given["W_xh"].T, given["W_hh"].T, given["b"], b_hh)
    with torch.no_grad():
        for parameter, array in zip(layer.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
    return layer


def test_the_lstm_s_oracle_is_torch_s_layer():
    given, _ = given_for("lstm")
    states = [torch.tensor(given[name])[None] for name in ("h0", "c0")]
    h, (_, c_T) = torch_layer("lstm", given)(torch.tensor(given["x"]), states)
    for got, wanted in zip(oracle.lstm_last(**given), (h, c_T[0]), strict=True):
        assert np.allclose(got, wanted.detach().numpy(), rtol=0, atol=1e-13)


def test_the_gru_s_oracle_is_torch_s_layer():
    given, _ = given_for("gru")
    h, _ = torch_layer("gru", given)(torch.tensor(given["x"]), torch.tensor(given["h0"])[None])
    assert np.allclose(oracle.gru_states(**given), h.detach().numpy(), rtol=0, atol=1e-13)


def test_the_weights_from_torch_make_torch_s_numbers():
    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=shape) for shape in ((24, 4), (24, 6), 24, 24)]
    x, h, c = (rng.normal(size=shape) for shape in ((3, 4), (3, 6), (3, 6)))
    cell = torch.nn.utils.skip_init(torch.nn.LSTMCell, 4, 6, dtype=torch.float64)
    with torch.no_grad():
        for parameter, array in zip(cell.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
        theirs = cell(torch.tensor(x), (torch.tensor(h), torch.tensor(c)))
    ours = layers.lstm_step_forward(x, h, c, *gated.lstm_from_torch.oracle(*arrays))
    assert all(np.allclose(a, b.numpy(), atol=1e-13) for a, b in zip(ours, theirs, strict=True))

    arrays = [array[:18] for array in arrays]
    cell = torch.nn.utils.skip_init(torch.nn.GRUCell, 4, 6, dtype=torch.float64)
    with torch.no_grad():
        for parameter, array in zip(cell.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
        theirs = cell(torch.tensor(x), torch.tensor(h)).numpy()
    weights = gated.gru_from_torch.oracle(*arrays)
    assert np.allclose(layers.gru_step_forward(x, h, *weights), theirs, atol=1e-13)
    W_xh, W_hh, b, b_hn = weights
    other = gated.to_other_z.oracle(W_xh, W_hh, b)
    assert np.allclose(other_z_step("after")(x, h, *other, b_hn), theirs, atol=1e-13)


def central(f, array, eps=1e-5):
    slopes = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += eps
        down[index] -= eps
        slopes[index] = (f(up) - f(down)) / (2 * eps)
    return slopes


@pytest.mark.parametrize("reset", [None, *PLACES])
def test_the_oracle_s_gradients_are_differences_of_the_loss(reset):
    cell = "gru" if reset else "lstm"
    given, upstream = given_for(cell)

    def loss(**arguments):
        if reset:
            return np.sum(upstream["dh"] * layers.gru_forward(**arguments, reset=reset)[0])
        h, c_T, _ = layers.lstm_forward(**arguments)
        return np.sum(upstream["dh"] * h) + np.sum(upstream["dc_T"] * c_T)

    if reset:
        gradients = oracle.gru_back(**upstream, **given, reset=reset)
    else:
        gradients = oracle.lstm_back(**upstream, **given)
    for name, gradient in zip(given, gradients, strict=True):
        if name in ("h0", "c0", "b", "b_hn"):
            slopes = central(lambda a, name=name: loss(**{**given, name: a}), given[name])
            assert np.allclose(gradient, slopes, atol=1e-7 * np.abs(slopes).max() + 1e-9), name


# --- known mistakes ------------------------------------------------------------------------------

AFTER, BEFORE = PLACES
SMALL = [
    gated.lstm_parameters,
    gated.gru_parameters,
    gated.lstm_from_torch,
    gated.gru_from_torch,
    gated.to_other_z,
    gated.forget_bias,
    gated.direct_path,
    gated.total_path,
]
STEPS = [
    gated.lstm_step,
    gated.lstm_step_backward,
    *(check.at(reset) for check in (gated.gru_step, gated.gru_step_backward) for reset in PLACES),
]
LOOPS = [gated.lstm, *(gated.gru.at(reset) for reset in PLACES)]
PAIRS = [LSTM_PAIR, *(GRU_PAIR.at(reset) for reset in PLACES)]
CHECKS = [*SMALL, *STEPS, *LOOPS, *PAIRS]


def named_once(mistakes):
    return list({mistake.name: mistake for mistake in mistakes}.values())


# A sequence repeats the mistakes of a step, a pair those of all: some are tried.
KNOWN = [
    *((check, m, None) for check in SMALL for m in check.mistakes),
    *((gated.lstm_step, m, None) for m in gated.lstm_step.mistakes),
    *((check, m, None) for check in STEPS[1:] for m in named_once(check.mistakes)),
    *((check, m, 1) for check in (*SMALL, *STEPS) for m in named_once(check.mistakes)[::6]),
    *((gated.lstm, m, None) for m in named_once(gated.lstm.mistakes)[:28]),
    *((check, check.mistakes[-1], None) for check in LOOPS),
    *((check, m, None) for check in LOOPS for m in named_once(check.mistakes)[3::7]),
    *((LSTM_PAIR, m, None) for m in named_once(LSTM_PAIR.mistakes)[:10]),
    *((check, m, None) for check in PAIRS for m in named_once(check.mistakes)[1::9]),
    *((check, m, 1) for check in PAIRS[:1] for m in check.mistakes if "cache" in m.name),
]


@pytest.mark.parametrize(("check", "mistake", "seed"), KNOWN, ids=lambda v: getattr(v, "name", ""))
def test_every_known_mistake_is_rejected_and_named(check, mistake, seed):
    report = check(mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake.name
    assert mistake.says in str(report) and mistake.hint in str(report)
    assert report.points(20) < 20


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_mistakes_alike_on_every_input_share_their_words(check):
    drawn = check.draw(3)
    alike = defaultdict(list)
    for mistake in check.mistakes:
        reply = as_callee(mistake.wrong).call(drawn[0].arguments)
        values = [] if reply.failure else split(reply.value, len(check.outputs))
        looks = [(np.shape(value), f"{np.sum(np.abs(value)):.3e}") for value in values]
        alike[str((looks, reply.changed))].append(mistake)
    for group in (group for group in alike.values() if len(group) > 1):
        replies = [[as_callee(m.wrong).call(c.arguments) for c in drawn] for m in group]
        for i, mistake in enumerate(group):
            for j in range(i):
                pairs = zip(replies[i], replies[j], strict=True)
                if all(same(a, b, len(check.outputs)) for a, b in pairs):
                    assert (mistake.name, mistake.says) == (group[j].name, group[j].says)


@pytest.mark.parametrize(
    "check", [*CHECKS, LSTM_STATES, GRU_STATES.at(AFTER)], ids=lambda check: check.title
)
def test_a_name_has_one_text(check):
    texts = {(mistake.name, mistake.says, mistake.hint) for mistake in check.mistakes}
    assert len(texts) == len({mistake.name for mistake in check.mistakes})
    for name, says, hint in texts:
        assert says[0].isupper() or says[0] in "`", says
        assert says.endswith((".", ")")) and hint.endswith((".", ")", "`")), name


# --- what is not attempted, or nonsense ----------------------------------------------------------


def untouched(*arguments):
    raise NotImplementedError("your turn")


ALONE = [*SMALL, *STEPS, *LOOPS]


@pytest.mark.parametrize("check", ALONE, ids=lambda check: check.title)
def test_a_stub_is_not_attempted(check):
    assert check(untouched).state == NOT_ATTEMPTED
    assert check(untouched).points(20) == 0


def test_a_pair_with_a_stub_is_not_attempted():
    assert gated.lstm_pair(untouched, untouched).state == NOT_ATTEMPTED
    assert gated.lstm_pair(layers.lstm_forward, untouched).state == NOT_ATTEMPTED
    assert gated.gru_pair(untouched, layers.gru_backward).state == NOT_ATTEMPTED


@pytest.mark.parametrize("check", ALONE, ids=lambda check: check.title)
@pytest.mark.parametrize("value", [None, "text", [[1, 2], [3]], np.zeros(3)])
def test_nonsense_is_wrong_and_said_in_words(check, value):
    report = check(lambda *arguments: value)
    assert report.state == WRONG
    assert len(report.message) > 20
    assert report.points(20) == 0


@pytest.mark.parametrize("value", [None, "text", (1, 2, 3, 4), np.zeros(3)])
def test_a_pair_that_returns_nonsense_is_wrong_and_said_in_words(value):
    for report in (
        gated.lstm_pair(lambda *a: value, layers.lstm_backward),
        gated.lstm_pair(layers.lstm_forward, lambda *a: value),
        gated.gru_pair(lambda *a: value, layers.gru_backward),
        gated.gru_pair(layers.gru_forward, lambda *a: value),
    ):
        assert report.state == WRONG and "should return" in report.message


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_a_check_draws_no_global_random_number(check):
    def states():
        return fingerprint([torch.get_rng_state().numpy(), np.random.get_state()[1]])

    before = states()
    check(check.mistakes[0].wrong)
    assert states() == before


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_seeds_draw_other_inputs_and_repeat_themselves(check):
    def prints(seed):
        return [fingerprint(case.arguments) for case in check.draw(seed)]

    assert prints(1) == prints(1)
    assert prints(None) == prints(None)
    assert prints(1) != prints(2)


def test_no_two_miscounts_give_the_same_number_without_the_same_words():
    for check in (gated.lstm_parameters, gated.gru_parameters):
        sizes = check.draw()[0].arguments.values()
        counts = defaultdict(set)
        for mistake in check.mistakes:
            counts[mistake.wrong(*sizes)].add(mistake.name)
        assert check.oracle(*sizes) not in counts
        assert all(len(names) == 1 for names in counts.values()), counts
