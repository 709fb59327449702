"""Natural slips around the lesson's smaller exercises: each is told by its own name, and no other.

The functions are written as a learner would write them, not as the known mistakes are.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from course_utils.checks import RIGHT, WRONG, bptt
from course_utils.checks.bptt.pair import PAIR
from course_utils.checks.bptt.pair_mistakes import forward_with_cache, from_cache
from course_utils.checks.bptt.patches import loop, share, slope, step
from course_utils.checks.bptt.reference import backward
from course_utils.layers import softmax

CHECKS = (
    bptt.perplexity,
    bptt.logits_gradient,
    bptt.rnn_step_backward,
    bptt.rnn_backward,
    bptt.truncated_backward,
    bptt.numeric_gradient,
    PAIR,
)


def named(report) -> str | None:
    assert report.state == WRONG
    return report.mistake and report.mistake.name


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_words_begin_with_a_capital(check):
    for mistake in check.mistakes:
        assert re.match(r"[A-Z`]", mistake.says), mistake.says


def test_the_catalogue_s_names_can_be_listed():
    """The lesson and the reports join them by ", " and "; "."""
    for mistake in bptt.CATALOGUE:
        assert ", " not in mistake.name and ";" not in mistake.name


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_steps_are_counted_as_in_the_code(check):
    """The first step is t = 0 wherever a number stands; never "step 1" or "h_1"."""
    for mistake in check.mistakes:
        counted = re.search(r"\bstep [1T]\b|\w_1\b", f"{mistake.says} {mistake.hint}")
        assert not counted, (mistake.name, counted)


# --- perplexity ----------------------------------------------------------------------------------

PERPLEXITY = [
    ("log of a masked 0", lambda p, mask: np.exp(-np.log(p * mask).sum() / mask.sum())),
    ("log of a masked 0", lambda p, mask: np.exp(-(np.log(p * mask) * mask).sum() / mask.sum())),
    ("log of a masked 0", lambda p, mask: np.exp(np.mean(-np.log(p * mask)))),
    ("floats as an index", lambda p, mask: np.exp(-np.log(p[mask]).mean())),
]


@pytest.mark.parametrize(("name", "function"), PERPLEXITY)
def test_a_slip_with_the_mask_is_named(name, function):
    assert named(bptt.perplexity(function)) == name


# --- the gradient of the logits ------------------------------------------------------------------


def hot(logits, targets):
    return np.eye(logits.shape[-1])[targets]


def by_the_jacobian(logits, targets, mask):
    """-1/p times the softmax Jacobian: right on paper, but p may be too small for a float."""
    p, y = softmax(logits), hot(logits, targets)
    dp = -y / p * mask[..., None] / mask.sum()
    jacobian = p[..., None] * (np.eye(p.shape[-1]) - p[..., None, :])
    return np.einsum("btj,btij->bti", dp, jacobian)


def by_the_rule(logits, targets, mask):
    p, y = softmax(logits), hot(logits, targets)
    dp = -y / p
    return p * (dp - (dp * p).sum(-1, keepdims=True)) * mask[..., None] / mask.sum()


def row_by_row(logits, targets, mask):
    """The same, token by token, and only where the mask is one."""
    p, out = softmax(logits), np.zeros_like(logits)
    for b, t in np.ndindex(targets.shape):
        if mask[b, t]:
            c, row = targets[b, t], p[b, t]
            jacobian = np.diag(row) - np.outer(row, row)
            out[b, t] = -1 / row[c] * jacobian[c] / mask.sum()
    return out


LOGITS = [
    ("1/p where p is 0", by_the_jacobian),
    ("1/p where p is 0", by_the_rule),
    ("1/p where p is 0", row_by_row),
    ("mask on p only", lambda z, y, m: (softmax(z) * m[..., None] - hot(z, y)) / m.sum()),
    ("mask on the one-hot only", lambda z, y, m: (softmax(z) - hot(z, y) * m[..., None]) / m.sum()),
    ("mask on the logits", lambda z, y, m: (softmax(z * m[..., None]) - hot(z, y)) / m.sum()),
    ("ids subtracted", lambda z, y, m: (softmax(z) - y[..., None]) * m[..., None] / m.sum()),
    ("divided by V", lambda z, y, m: (softmax(z) - hot(z, y)) * m[..., None] / z.shape[-1]),
]


@pytest.mark.parametrize(("name", "function"), LOGITS)
def test_a_slip_at_the_logits_is_named(name, function):
    assert named(bptt.logits_gradient(function)) == name


def test_the_lesson_s_one_hot_in_float64_is_right_without_a_remark():
    report = bptt.logits_gradient(lambda z, y, m: (softmax(z) - hot(z, y)) * m[..., None] / m.sum())
    assert report.state == RIGHT and not report.remarks


def test_precision_is_no_remark_beside_an_error():
    def in_float64(*arguments):
        return backward(*(a.astype(np.float64) for a in arguments))

    assert "float64 came out" in bptt.rnn_backward(in_float64).remarks[0]
    wrong = bptt.rnn_backward(lambda *a: [2 * g for g in in_float64(*a)])
    assert wrong.state == WRONG and not wrong.remarks


# --- one step ------------------------------------------------------------------------------------

STEP = [
    ("outer products of the batch", {"dW_xh": lambda s: np.outer(s.x, s.da)}),
    (
        "outer products of the batch",
        {
            "dW_xh": lambda s: np.outer(s.x, s.da),
            "dW_hh": lambda s: np.outer(s.h_prev, s.da),
            "db": lambda s: s.da,
        },
    ),
    ("dh_t handed on beside the step", {"dh_prev": lambda s: s.da @ s.W_hh.T + s.dh}),
]


@pytest.mark.parametrize(("name", "pieces"), STEP)
def test_a_slip_in_one_step_is_named(name, pieces):
    assert named(bptt.rnn_step_backward(step(**share(**pieces)))) == name


# --- what the pattern says -----------------------------------------------------------------------


def backward_over(steps):
    return loop(steps=lambda T: reversed(range(steps(T))))


def test_last_steps_never_visited_are_told():
    report = bptt.rnn_backward(backward_over(lambda T: min(T, 3)))
    assert "`dx[:, 3:]` is zero: the last steps are never visited" in report.message
    assert "`x.shape[1]`" in report.message
    assert "Wrong already" not in report.message


def test_the_first_wrong_step_is_told_by_its_index():
    def lossy(later, to, t, T):
        return to / 2 if t == 4 else to

    report = bptt.rnn_backward(loop(carry=lossy))
    assert "`dx[:, 4]` is right and `dx[:, 3]` is the first wrong" in report.message


def test_the_slope_is_not_blamed_where_the_last_step_is_right():
    def times(dh_t, from_later, x_t, h_prev, h_t, W_xh, W_hh):
        both = dh_t * 40 * from_later if from_later.any() else dh_t
        return both * (1 - h_t**2)

    report = bptt.rnn_backward(loop(inside=times))
    assert named(report) is None
    assert "is the first wrong" in report.message and "1 - h_t²" not in report.message


# --- pairs ---------------------------------------------------------------------------------------


def like_x(x, h0, W_xh, W_hh, b_h):
    """A right forward pass that takes the dtype of x for the states."""
    h = np.zeros((*x.shape[:2], h0.shape[1]), dtype=x.dtype)
    before = h0
    for t in range(x.shape[1]):
        before = h[:, t] = np.tanh(x[:, t] @ W_xh + before @ W_hh + b_h)
    return h, (x, h0, h.copy(), W_xh, W_hh)


BACKWARD = [
    ("W_hh not transposed", loop(**share(dh_prev=lambda s: s.da @ s.W_hh))),
    ("1-h for 1-h²", loop(**slope(lambda s: 1 - s.h))),
    ("dh0 zero", lambda *a: (backward(*a)[0], 0 * a[2], *backward(*a)[2:])),
    ("h_t for h_{t-1} in dW_hh", loop(**share(dW_hh=lambda s: s.h.T @ s.da))),
]


@pytest.mark.parametrize(("name", "function"), BACKWARD)
def test_a_wrong_backward_pass_is_not_put_down_to_a_right_forward_pass(name, function):
    assert named(bptt.forward_and_backward(like_x, from_cache(function))) == name


def test_a_right_forward_pass_of_another_dtype_is_right():
    bptt.forward_and_backward(like_x, from_cache()).require()


KEPT: dict[str, np.ndarray] = {}


def forward_into_one_array(x, h0, W_xh, W_hh, b_h):
    """h0 and all states in one array of T + 1 steps, kept from call to call."""
    h, _ = forward_with_cache(x, h0, W_xh, W_hh, b_h)
    shape = (len(x), x.shape[1] + 1, h0.shape[1])
    if KEPT.get("h", np.zeros(0)).shape != shape or KEPT["h"].dtype != h.dtype:
        KEPT["h"] = np.zeros(shape, h.dtype)
    KEPT["h"][:, 0], KEPT["h"][:, 1:] = h0, h
    return h, (x, KEPT["h"], W_xh, W_hh)


def test_a_kept_array_of_all_states_is_named():
    def back(dh, cache):
        x, states, W_xh, W_hh = cache
        return backward(dh, x, states[:, 0], states[:, 1:], W_xh, W_hh)

    report = bptt.forward_and_backward(forward_into_one_array, back)
    assert named(report) == "buffer reused by the next forward"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda out: out[:4], "it returned 4 values"),
        (lambda out: (*out, out[0]), "it returned 6 values"),
        (lambda out: dict(enumerate(out)), "it returned a dict"),
        (lambda out: None, "it returned None"),
    ],
)
def test_what_backward_returns_is_counted_on_its_own(change, says):
    report = bptt.forward_and_backward(
        forward_with_cache, lambda dh, cache: change(backward(dh, *cache))
    )
    assert report.state == WRONG and says in report.message
    assert "backward pass should return `dx`, `dh0`, `dW_xh`, `dW_hh`, `db_h`" in report.message


# --- the numeric gradient ------------------------------------------------------------------------


def differences(f, array, eps, *, start=None, result=np.float64, back="old"):
    """Central differences on one array; `back` says what stands there afterwards."""
    p = np.array(array, np.float64) if start is None else start(array)
    g = np.zeros(array.shape, result)
    for i in np.ndindex(array.shape):
        old = p[i]
        p[i] += eps
        up = f(p)
        p[i] -= 2 * eps
        g[i] = (up - f(p)) / (2 * eps)
        if back == "old":
            p[i] = old
    return g


def two_copies(f, array, eps):
    u, d, g = array.astype(np.float64), array.astype(np.float64), np.zeros(array.shape)
    for i in np.ndindex(array.shape):
        u[i] += eps
        d[i] -= eps
        g[i] = (f(u) - f(d)) / (2 * eps)
    return g


def fresh_copies(f, array, eps):
    """Two copies for each entry, in the array's own precision."""
    g = np.zeros(array.shape)
    for i in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[i] += eps
        down[i] -= eps
        g[i] = (f(up) - f(down)) / (2 * eps)
    return g


def old_number_lost(f, array, eps):
    p, g = np.array(array, np.float64), np.zeros(array.shape)
    for i in np.ndindex(array.shape):
        old = p[i]
        p[i] = old + eps
        up = f(p)
        p[i] = old - eps
        g[i] = (up - f(p)) / (2 * eps)
    return g


def fixed(eps):
    return lambda f, array, _: differences(f, array, eps)


FLOAT32 = "float32 gradient check with eps 1e-5"
NUMERIC = [
    ("entry not put back", lambda *a: differences(*a, back="nothing")),
    ("entry not put back", old_number_lost),
    ("entry not put back", two_copies),
    ("eps ignored", fixed(1e-2)),
    ("eps ignored", fixed(1e-4)),
    ("eps ignored", fixed(1e-5)),
    ("eps ignored", fixed(1e-6)),
    (None, fixed(1e-12)),  # nothing but rounding errors are left
    (FLOAT32, fresh_copies),
    (FLOAT32, lambda *a: differences(*a, start=np.copy)),
    (FLOAT32, lambda *a: differences(*a, start=np.copy, result=np.float32)),
    (FLOAT32, lambda *a: differences(*a, start=lambda array: array)),
    (FLOAT32, lambda *a: differences(*a, start=lambda array: array.astype(np.float32))),
]


@pytest.mark.parametrize(("name", "function"), NUMERIC)
def test_a_slip_in_the_numeric_gradient_is_named(name, function):
    assert named(bptt.numeric_gradient(function)) == name


def test_differences_that_are_right_stay_right():
    bptt.numeric_gradient(differences).require()
    bptt.numeric_gradient(lambda *a: differences(*a).tolist()).require()


def test_pulling_back_a_float32_array_is_told_for_its_precision_too():
    def pulled(f, array, eps):
        g = np.zeros(array.shape)
        for i in np.ndindex(array.shape):
            array[i] += eps
            up = f(array)
            array[i] -= 2 * eps
            g[i] = (up - f(array)) / (2 * eps)
            array[i] += eps
        return g

    report = bptt.numeric_gradient(pulled)
    assert named(report) == "array changed in place" and "float32" in report.mistake.says


# --- what the last cases are for -----------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(
    "carry",
    [
        lambda later, to, t, T: 0 * to if (T - t) % 7 == 0 else to,
        lambda later, to, t, T: 0 * to if T - t > 15 else to,
        lambda later, to, t, T: np.clip(to, -50, 50),
        lambda later, to, t, T: to * min(1, 70 / (np.linalg.norm(to) + 1e-300)),
    ],
)
def test_a_late_cut_and_a_wide_clipping_are_rejected(carry, seed):
    report = bptt.rnn_backward(loop(carry=carry), seed=seed)
    assert report.state == WRONG and report.failed.case.startswith("30 steps")


def test_a_mask_with_a_gap_is_not_a_length():
    def by_lengths(logits, targets, mask):
        out = np.zeros(logits.shape)
        for b, n in enumerate(mask.sum(axis=1).astype(int)):
            out[b, :n] = softmax(logits[b, :n]) - hot(logits, targets[b, :n])
        return out / mask.sum()

    assert "with a gap" in bptt.logits_gradient(by_lengths).failed.case


def test_a_step_of_another_size_than_eps_is_rejected():
    def relative(f, array, eps):
        point, gradient = np.array(array, np.float64), np.zeros(array.shape)
        for i in np.ndindex(array.shape):
            old, push = point[i], eps * max(1, abs(point[i]))
            point[i] = old + push
            up = f(point)
            point[i] = old - push
            gradient[i] = (up - f(point)) / (2 * push)
            point[i] = old
        return gradient

    assert "eps=0.5" in bptt.numeric_gradient(relative).failed.case


def test_a_shape_without_letters_is_told_in_numbers():
    message = bptt.numeric_gradient(lambda *a: None).message
    assert "should be an array of shape (3, 4), but your function gave None" in message
