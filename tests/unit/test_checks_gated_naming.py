"""Wrong LSTMs and GRUs as learners write them, line by line, are named; the rest gets a hint."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import layers
from course_utils.checks import RIGHT, WRONG, gated
from course_utils.checks.gated import cases, gru_reference, loop, lstm_reference

LSTM = """
def lstm_forward(x, h0, c0, W_xh, W_hh, b):
    B, T, D = x.shape
    H = h0.shape[1]
    hs, cs = np.zeros((B, T, H)), np.zeros((B, T, H))
    h, c = h0, c0
    for t in range(T):
        a = x[:, t] @ W_xh + h @ W_hh + b
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        hs[:, t], cs[:, t] = h, c
    return hs, cs
"""
BACK = """
def lstm_step_backward(dh, dc, x, h_prev, c_prev, gates, c, W_xh, W_hh):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_g = dc * i * (1 - g**2)
    da_o = dh * tanh_c * o * (1 - o)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    return da @ W_xh.T, da @ W_hh.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)
"""
GRU = """
def gru_forward(x, h0, W_xh, W_hh, b, b_hn):
    B, T, D = x.shape
    H = h0.shape[1]
    hs, h = np.zeros((B, T, H)), h0
    for t in range(T):
        x_r, x_z, x_n = np.split(x[:, t] @ W_xh + b, 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh, 3, axis=1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * (h_n + b_hn))
        h = (1 - z) * n + z * h
        hs[:, t] = h
    return hs
"""
GRU_BACK = """
def gru_step_backward(dh, x, h_prev, gates, W_xh, W_hh, b_hn):
    r, z, n = np.split(gates, 3, axis=1)
    W_r, W_z, W_n = np.split(W_hh, 3, axis=1)
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h_prev - n) * z * (1 - z)
    da_r = da_n * (h_prev @ W_n + b_hn) * r * (1 - r)
    dp_n = da_n * r
    da = np.hstack([da_r, da_z, da_n])
    dp = np.hstack([da_r, da_z, dp_n])
    dh_prev = dh * z + dp @ W_hh.T
    return da @ W_xh.T, dh_prev, x.T @ da, h_prev.T @ dp, da.sum(axis=0), dp_n.sum(axis=0)
"""
PAIR = """
def lstm_backward(dh, dc_T, cache):
    x, (h0, c0), (h, c), gates, (W_xh, W_hh) = cache
    dx = np.zeros_like(x)
    dW_xh, dW_hh, db = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])
    dh_later, dc = np.zeros_like(h0), dc_T.copy()
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        i, f, g, o = np.split(gates[:, t], 4, axis=1)
        dh_t, tanh_c = dh[:, t] + dh_later, np.tanh(c[:, t])
        dc += dh_t * o * (1 - tanh_c**2)
        da = np.concatenate([dc * g * i * (1 - i), dc * c_prev * f * (1 - f),
            dc * i * (1 - g**2), dh_t * tanh_c * o * (1 - o)], axis=1)
        dx[:, t] = da @ W_xh.T
        dW_xh += x[:, t].T @ da
        dW_hh += h_prev.T @ da
        db += da.sum(axis=0)
        dh_later = da @ W_hh.T
        dc = dc * f
    return dx, dh_later, dc, dW_xh, dW_hh, db
"""


def learner(template: str, *changes: tuple[str, str]):
    """Return the function of the text with some of its lines changed."""
    for old, new in changes:
        assert old in template
        template = template.replace(old, new)
    namespace = {"np": np, "sigmoid": lambda a: 1 / (1 + np.exp(-a))}
    exec(template, namespace)
    return next(value for name, value in namespace.items() if name in template.split("(")[0])


def pair(backward):
    return gated.lstm_pair(loop.lstm_forward, backward)


WRITTEN = [
    (
        gated.lstm,
        LSTM,
        [
            ("g and o swapped", [("i, f, g, o = np.split", "i, f, o, g = np.split")]),
            ("i and f swapped", [("c = f * c + i * g", "c = i * c + f * g")]),
            ("blocks in the order f i o g", [("i, f, g, o = np.split", "f, i, o, g = np.split")]),
            ("sigmoid for g", [("np.tanh(g)", "sigmoid(g)")]),
            ("forget gate dropped", [("c = f * c + i * g", "c = c + i * g")]),
            ("input gate dropped", [("i * g", "g")]),
            ("coupled gates", [("i * g", "(1 - f) * g")]),
            ("no tanh on the output", [("o * np.tanh(c)", "o * c")]),
            (
                "h from c_{t-1}",
                [
                    ("c = f * c + i * g", "old, c = c, f * c + i * g"),
                    ("np.tanh(c)", "np.tanh(old)"),
                ],
            ),
            (
                "c not carried",
                [("f * c + i * g", "f * c0 + i * g"), ("hs[:, t], cs", "hs[:, t], cs")],
            ),
            ("carried as tanh(c)", [("h = o * np.tanh(c)", "c = np.tanh(c); h = o * c")]),
            ("forget bias added in the forward pass", [("sigmoid(f)", "sigmoid(f + 1)")]),
            ("bias never added", [(" + b", "")]),
            ("in-place c *= f", [("c = f * c + i * g", "c *= f; c += i * g")]),
            (
                "one cell for all steps",
                [
                    ("c = f * c + i * g", "c *= f; c += i * g"),
                    ("h, c = h0, c0", "h, c, cs = h0, c0.copy(), []"),
                    ("hs[:, t], cs[:, t] = h, c", "hs[:, t] = h; cs.append(c)"),
                    ("return hs, cs", "return hs, np.stack(cs, 1) if cs else hs"),
                ],
            ),
            ("last cell only", [("return hs, cs", "return hs, c")]),
            (
                "h never advanced",
                [
                    (
                        "h, c = h0, c0\n    for t in range(T):",
                        "for t in range(T):\n        h, c = h0, c0",
                    )
                ],
            ),
            ("h0 and c0 exchanged", [("h, c = h0, c0", "h, c = c0, h0")]),
            ("h0 and c0 ignored", [("h, c = h0, c0", "h, c = 0 * h0, 0 * c0")]),
            ("(B, T, D) read as (T, B, D)", [("[:, t]", "[t]")]),
            ("last step skipped", [("range(T)", "range(T - 1)")]),
        ],
    ),
    (
        gated.lstm_step_backward,
        BACK,
        [
            ("dc through h forgotten", [("dc = dc + dh * o * (1 - tanh_c**2)", "pass")]),
            ("c for tanh(c)", [("np.tanh(c)", "c")]),
            ("c for tanh(c)", [("dh * tanh_c * o", "dh * c * o")]),
            ("tanh' of c omitted", [(" * (1 - tanh_c**2)", "")]),
            ("dc_next not times f", [("dc * f, x.T", "dc, x.T")]),
            ("c_next for dc_prev", [("dc * f, x.T", "c * f, x.T")]),
            ("c_t for c_{t-1}", [("dc * c_prev", "dc * c")]),
            ("dh_prev from one gate only", [("da @ W_hh.T", "da_i @ W_hh[:, : i.shape[1]].T")]),
            (
                "σ' omitted",
                [(" * i * (1 - i)", ""), (" * f * (1 - f)", ""), (" * o * (1 - o)", "")],
            ),
            ("σ' for g", [("(1 - g**2)", "g * (1 - g)")]),
            ("1-g for 1-g²", [("g**2", "g")]),
            ("da: i and f swapped", [("[da_i, da_f", "[da_f, da_i")]),
            ("gates: g and o swapped", [("i, f, g, o =", "i, f, o, g =")]),
            ("db averaged", [("da.sum(axis=0)", "da.mean(axis=0)")]),
            ("dout mutated", [("dc = dc +", "dc +=")]),
            ("dc for dh at the output gate", [("dh * tanh_c", "dc * tanh_c")]),
            ("a gate without its partner", [("dc * g * i", "dc * i")]),
        ],
    ),
    (
        gated.gru,
        GRU,
        [
            ("z convention swapped", [("(1 - z) * n + z * h", "z * n + (1 - z) * h")]),
            ("r and z swapped", [("x_r, x_z", "x_z, x_r"), ("h_r, h_z", "h_z, h_r")]),
            ("b_hn outside r", [("r * (h_n + b_hn)", "r * h_n + b_hn")]),
            ("b_hn never added", [("h_n + b_hn", "h_n")]),
            (
                "reset before the product",
                [("r * (h_n + b_hn)", "(r * h) @ W_hh[:, 2 * H :] + b_hn")],
            ),
            ("reset missing", [("r * (h_n", "(h_n")]),
            ("reset on x", [("x_n + r * (h_n + b_hn)", "r * x_n + h_n + b_hn")]),
            ("reset on the whole sum", [("x_n + r * (h_n + b_hn)", "r * (x_n + h_n + b_hn)")]),
            ("sigmoid for n", [("np.tanh(x_n", "sigmoid(x_n")]),
            ("n added in full", [("(1 - z) * n", "n")]),
            (
                "h never advanced",
                [("        h = (1", "        hs[:, t] = (1"), ("        hs[:, t] = h\n", "")],
            ),
            (
                "tanh for a gate",
                [("z = sigmoid(x_r + h_r), sigmoid(", "z = sigmoid(x_r + h_r), np.tanh(")],
            ),
        ],
    ),
    (
        gated.gru_step_backward,
        GRU_BACK,
        [
            ("way past the gates forgotten", [("dh * z + dp", "dp")]),
            ("dh_t handed on in full", [("dh * z + dp", "dh + dp")]),
            ("sign of da_z", [("(h_prev - n)", "(n - h_prev)")]),
            ("n without 1 - z", [("dh * (1 - z) * (1 - n", "dh * (1 - n")]),
            ("r missing on the way through n", [("da_n * r\n", "da_n\n")]),
            ("r missing on the way through n", [("dp @ W_hh.T", "da @ W_hh.T")]),
            ("r's gradient without b_hn", [(" + b_hn)", ")")]),
            ("db_hn without r", [("dp_n.sum(axis=0)", "da_n.sum(axis=0)")]),
            ("db_hn zero", [("dp_n.sum(axis=0)", "0 * b_hn")]),
            ("dh_prev from one gate only", [("dp @ W_hh.T", "da_z @ W_z.T")]),
            ("da: r and z swapped", [("[da_r, da_z,", "[da_z, da_r,")]),
            (
                "da: r and z swapped",
                [("da = np.hstack([da_r, da_z,", "da = np.hstack([da_z, da_r,")],
            ),
            ("1-n for 1-n²", [("n**2", "n")]),
        ],
    ),
    (
        pair,
        PAIR,
        [
            ("dc accumulates", [("dc = dc * f", "dc += dc * f")]),
            ("dc_next not times f", [("        dc = dc * f\n", "")]),
            ("dh not carried", [("dh[:, t] + dh_later", "dh[:, t]")]),
            ("dc_T ignored", [("dc_T.copy()", "0 * dc_T")]),
            ("dc_T mutated", [("dc_T.copy()", "dc_T")]),
            ("dW overwritten in the loop", [("dW_xh +=", "dW_xh ="), ("dW_hh +=", "dW_hh =")]),
            ("last step skipped", [("range(x.shape[1])", "range(x.shape[1] - 1)")]),
            ("loop runs forward", [("reversed(range(x.shape[1]))", "range(x.shape[1])")]),
            ("dc through h forgotten", [("        dc += dh_t * o * (1 - tanh_c**2)\n", "")]),
            ("dx in reversed order", [("return dx,", "return dx[:, ::-1],")]),
            (
                "h0 for every term",
                [("(h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)", "h0, c0")],
            ),
            ("only the last step visited", [("    return dx", "        return dx")]),
            (
                "silent truncation",
                [("reversed(range(x.shape[1]))", "list(reversed(range(x.shape[1])))[:3]")],
            ),
        ],
    ),
]
CASES = [(check, text, name, changes) for check, text, slips in WRITTEN for name, changes in slips]


@pytest.mark.parametrize(("check", "text", "name", "changes"), CASES)
def test_a_slip_is_named(check, text, name, changes):
    report = check(learner(text, *changes))
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == name, report


@pytest.mark.parametrize(("check", "text", "slips"), WRITTEN)
def test_the_text_that_was_changed_is_right(check, text, slips):
    check(learner(text)).require()


# --- a wrong forward pass in a pair --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sigmoid for g", [("np.tanh(g)", "sigmoid(g)")]),
        ("c0 ignored", [("h, c = h0, c0", "h, c = h0, 0 * c0")]),
        ("in-place c *= f", [("c = f * c + i * g", "c *= f; c += i * g")]),
        ("last step kept only", [("return hs, cs", "return h, cs")]),
    ],
)
def test_a_wrong_lstm_is_named_before_its_gradients(name, changes):
    wrong = learner(LSTM, *changes)

    def forward(x, h0, c0, *weights):
        *_, cache = layers.lstm_forward(x, h0, c0, *weights)
        h, c = wrong(x, h0, c0, *weights)
        return h, c[:, -1].copy() if x.shape[1] else c0, cache

    report = gated.lstm_pair(forward, layers.lstm_backward)
    assert report.mistake is not None and report.mistake.name == name, report


def test_a_wrong_gru_is_named_before_its_gradients():
    wrong = learner(GRU, ("r * (h_n", "(h_n"))

    def forward(*arguments):
        return wrong(*arguments), layers.gru_forward(*arguments)[1]

    report = gated.gru_pair(forward, layers.gru_backward)
    assert report.mistake is not None and report.mistake.name == "reset missing"


def test_a_cache_in_one_place_for_all_calls_is_named():
    kept = {}

    def forward(*arguments):
        *values, kept["cache"] = layers.lstm_forward(*arguments)
        return *values, None

    def backward(dh, dc_T, cache):
        return layers.lstm_backward(dh, dc_T, kept["cache"])

    report = gated.lstm_pair(forward, backward)
    assert report.mistake is not None
    assert report.mistake.name == "buffer reused by the next forward"


# --- what the pattern says where nothing has a name ----------------------------------------------


def back(**other):
    return gated.lstm_step_backward(lstm_reference.step_back(**other))


def carried(change):
    return pair(lambda *a: loop.lstm_backward(*a, carry=change))


def outputs(change):
    return pair(lambda *a: change(*loop.lstm_backward(*a)))


PATTERNS = [
    (
        lambda: back(da_f=lambda s: s.dc_all * s.c_prev * s.f**2),
        "In `dW_xh` and `db` the block of f is wrong, the rest (i, g and o) right: look at da_f.",
    ),
    (
        lambda: back(da_i=lambda s: s.da_o if hasattr(s, "da_o") else s.dh, da_o=lambda s: s.dh),
        "the blocks of i and o are wrong, the rest (f and g) right: look at da_i and da_o.",
    ),
    (
        lambda: back(dh_prev=lambda s: s.da @ s.W_hh.T + 1),
        "Only `dh_prev` is wrong. `dW_xh` and `db` are right, so every da is",
    ),
    (lambda: outputs(lambda *a: [-g for g in a]), "right but for the sign"),
    (lambda: outputs(lambda *a: [3 * g for g in a]), "That is the batch size B"),
    (
        lambda: carried(lambda later, d, t, T: d / 2 if t == 3 else d),
        "`dx[:, 3]` is right and `dx[:, 2]` is the first wrong slice",
    ),
    (
        lambda: pair(
            lambda *a: loop.lstm_backward(
                *a, step=lstm_reference.step_back(dc_all=lambda s: s.dc**2 + s.dh)
            )
        ),
        "Wrong already at the last step",
    ),
    (
        lambda: gated.lstm_step(lstm_reference.step(h=lambda s: s.o * np.tanh(s.c) ** 3)),
        "`c_t` is right and `h_t` is not",
    ),
    (
        lambda: gated.lstm_step(lstm_reference.step(handed_on=lambda s: s.c**3)),
        "`h_t` is right and `c_t` is not",
    ),
    (
        lambda: gated.gru_step_backward(gru_reference.step_back(da_z=lambda s: s.dh * s.z**3)),
        "the block of z is wrong, the rest (r and n) right: look at da_z.",
    ),
]


@pytest.mark.parametrize(("report", "sentence"), PATTERNS)
def test_the_pattern_of_wrong_numbers_is_told(report, sentence):
    report = report()
    assert report.state == WRONG and report.mistake is None, report
    assert sentence in report.message, report


def test_nothing_is_diagnosed_where_numbers_are_none():
    assert outputs(lambda *a: [np.nan * g for g in a]).diagnosis == ""
    assert outputs(lambda *a: [g[..., None] for g in a]).diagnosis == ""


def test_an_entry_in_a_block_is_told_by_its_letters():
    report = back(da_f=lambda s: s.dc_all * s.c_prev * s.f**2)
    wrong = [trial.message for trial in report.trials if trial.output in ("dW_xh", "dW_hh", "db")]
    assert "`dW_xh[d=0, h=6]`" in wrong[0]
    assert "`dW_hh[i=0, j=6]`" in wrong[1]
    assert "`db[h=6]`" in wrong[2]


# --- clinics -------------------------------------------------------------------------------------


def ward(cell, T):
    drawn = cases.draw(cell, np.random.default_rng(T), 3, T, 4, 5)
    return drawn, [drawn[name] for name in cases.FORWARD[cell]]


def test_their_lstm_forgets_what_is_beyond_one():
    _, given = ward("lstm", 6)
    h, _ = gated.their_lstm_forward(*given)
    right, _, _ = layers.lstm_forward(*given)
    assert np.allclose(h[:, 0], right[:, 0])
    assert (np.abs(h[:, 1:] - right[:, 1:]).max(axis=(0, 2)) > 1e-3).all()
    assert gated.lstm(gated.their_lstm_forward).mistake.says == gated.their_illness(
        gated.their_lstm_forward
    )


@pytest.mark.parametrize(("T", "wrong"), [(1, {"dc0"}), (2, None), (6, None)])
def test_their_way_back_is_right_at_one_step_but_for_dc0(T, wrong):
    names = ("dx", "dh0", "dc0", "dW_xh", "dW_hh", "db")
    drawn, given = ward("lstm", T)
    *_, cache = layers.lstm_forward(*given)
    right = layers.lstm_backward(drawn["dh"], drawn["dc_T"], cache)
    theirs = gated.their_lstm_backward(drawn["dh"], drawn["dc_T"], *given)
    off = {n for n, a, b in zip(names, theirs, right, strict=True) if not np.allclose(a, b)}
    assert off == (wrong or set(names))
    assert "forget gate is missing" in gated.their_illness(gated.their_lstm_backward)


def test_their_gru_is_right_as_long_as_b_hn_is_zero():
    _, given = ward("gru", 6)
    right = layers.gru_forward(*given)[0]
    assert not np.allclose(gated.their_gru_forward(*given), right)
    given[-1] = 0 * given[-1]
    right = layers.gru_forward(*given)[0]
    assert np.allclose(gated.their_gru_forward(*given), right)
    assert gated.gru(gated.their_gru_forward).mistake.says == gated.their_illness(
        gated.their_gru_forward
    )


def test_precision_is_a_remark_on_a_right_cell():
    report = gated.gru_step(lambda *a: layers.gru_step_forward(*(v.astype("f8") for v in a)))
    assert report.state == RIGHT and "float64 came out" in report.remarks[0]
