"""Wrong ways back as learners write them, line by line, are named by the checks."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils.checks import WRONG, bptt

TEMPLATE = """
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    B, T, D = x.shape
    H = h0.shape[1]
    dx, dh_next = np.zeros((B, T, D)), np.zeros((B, H))
    dW_xh, dW_hh, db_h = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    for t in reversed(range(T)):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        da = dh_t * (1 - h[:, t] ** 2)
        dx[:, t] = da @ W_xh.T
        dW_xh += x[:, t].T @ da
        dW_hh += h_prev.T @ da
        db_h += da.sum(axis=0)
        dh_next = da @ W_hh.T
    return dx, dh_next, dW_xh, dW_hh, db_h
"""


def learner(*changes: tuple[str, str], template: str = TEMPLATE):
    """Return the function of the text above with some of its lines changed."""
    for old, new in changes:
        assert old in template
        template = template.replace(old, new)
    namespace = {"np": np}
    exec(template, namespace)
    return next(value for name, value in namespace.items() if name.endswith("backward"))


REVERSED = "for t in reversed(range(T))"
WRITTEN = [
    ("dW overwritten in the loop", [("dW_xh +=", "dW_xh ="), ("dW_hh +=", "dW_hh =")]),
    ("dW overwritten in the loop", [("db_h +=", "db_h =")]),
    ("h_t for h_{t-1} in dW_hh", [("h_prev.T @ da", "h[:, t].T @ da")]),
    ("h0 for every term", [("h_prev.T @ da", "h0.T @ da")]),
    ("the last state for h0", [("h[:, t - 1] if t > 0 else h0", "h[:, t - 1]")]),
    ("zeros for h0", [("t > 0 else h0", "t > 0 else np.zeros((B, H))")]),
    ("tanh' omitted", [("dh_t * (1 - h[:, t] ** 2)", "dh_t")]),
    ("tanh' of the pre-activation", [("h[:, t] ** 2", "np.arctanh(h[:, t]) ** 2")]),
    (
        "pre-activation rebuilt without the bias",
        [("h[:, t] ** 2", "np.tanh(x[:, t] @ W_xh + h_prev @ W_hh) ** 2")],
    ),
    ("tanh of the state taken again", [("h[:, t] ** 2", "np.tanh(h[:, t]) ** 2")]),
    ("1-h for 1-h²", [("h[:, t] ** 2", "h[:, t]")]),
    ("tanh' at h_{t-1}", [("h[:, t] ** 2", "h_prev**2")]),
    (
        "carried gradient added after tanh'",
        [("dh[:, t] + dh_next", "dh[:, t]"), ("** 2)", "** 2) + dh_next")],
    ),
    ("no recurrent gradient", [("dh[:, t] + dh_next", "dh[:, t]")]),
    (
        "per-step upstream gradients ignored",
        [
            (
                "dh_next = np.zeros((B, T, D)), np.zeros((B, H))",
                "dh_next = np.zeros((B, T, D)), dh[:, -1] if T else 0 * h0",
            ),
            ("dh[:, t] + dh_next", "dh_next"),
        ],
    ),
    ("one step's upstream gradient at every step", [("dh[:, t] +", "dh[:, -1] +")]),
    ("upstream gradients in reversed order", [("dh[:, t] +", "dh[:, T - 1 - t] +")]),
    ("W_hh not transposed", [("da @ W_hh.T", "da @ W_hh")]),
    ("dW_hh transposed", [("h_prev.T @ da", "da.T @ h_prev")]),
    ("db averaged", [("da.sum(axis=0)", "da.mean(axis=0)")]),
    (
        "everything averaged over batch",
        [("dW_hh, db_h\n", "dW_hh / B, db_h / B\n"), ("dh_next, dW_xh,", "dh_next, dW_xh / B,")],
    ),
    (
        "divided by T",
        [
            (
                "    return dx, dh_next, dW_xh, dW_hh, db_h",
                "    T = max(T, 1)\n    return dx, dh_next, dW_xh / T, dW_hh / T, db_h / T",
            )
        ],
    ),
    ("loop runs forward", [(REVERSED, "for t in range(T)")]),
    ("carried gradient accumulates", [("dh_next = da @ W_hh.T", "dh_next += da @ W_hh.T")]),
    ("silent truncation", [(REVERSED, "for t in reversed(range(max(0, T - 3), T))")]),
    ("first step skipped", [(REVERSED, "for t in range(T - 1, 0, -1)")]),
    ("last step skipped", [(REVERSED, "for t in range(T - 2, -1, -1)")]),
    ("only the last step visited", [("    return dx, dh", "        return dx, dh")]),
    ("clipping inside (by value)", [("da @ W_hh.T", "np.clip(da @ W_hh.T, -5, 5)")]),
    ("dh0 without W_hh^T", [("return dx, dh_next", "return dx, dh_t if T == 0 else da")]),
    ("dh0 without W_hh^T", [("return dx, dh_next", "return dx, dh_t")]),
    ("dh0 zero", [("return dx, dh_next", "return dx, np.zeros((B, H))")]),
    ("dh0 is the first slice of dh", [("return dx, dh_next", "return dx, dh[:, 0]")]),
    ("dx through W_hh", [("da @ W_xh.T", "da @ W_hh.T")]),
    ("tanh' missing in what goes back in time", [("da @ W_hh.T", "dh_t @ W_hh.T")]),
    ("db summed over time only", [("db_h += da.sum(axis=0)", "db_h = db_h + da")]),
    (
        "another order: weights first",
        [("return dx, dh_next, dW_xh, dW_hh, db_h", "return dW_xh, dW_hh, db_h, dx, dh_next")],
    ),
    ("dout mutated", [("dh_t = dh[:, t] + dh_next", "dh_t = dh[:, t]; dh_t += dh_next")]),
    ("dout mutated", [("dh_t = dh[:, t] + dh_next", "dh[:, t] += dh_next; dh_t = dh[:, t]")]),
    (
        "dx in reversed order",
        [
            ("np.zeros((B, T, D)), ", "[], "),
            ("dx[:, t] = da @ W_xh.T", "dx.append(da @ W_xh.T)"),
            ("return dx", "return np.stack(dx, axis=1)"),
        ],
    ),
    (
        "dx stacked time-major",
        [
            ("np.zeros((B, T, D)), ", "[], "),
            ("dx[:, t] = da @ W_xh.T", "dx.insert(0, da @ W_xh.T)"),
            ("return dx", "return np.array(dx)"),
        ],
    ),
    ("(B,T,D) read as (T,B,D)", [("h[:, t", "h[t"), ("dx[:, t]", "dx[t]"), ("x[:, t]", "x[t]")]),
    (
        "(B,T,D) read as (T,B,D)",
        [
            ("h[:, t", "h[t"),
            ("dx[:, t]", "dx[t]"),
            ("x[:, t]", "x[t]"),
            ("B, T, D = x", "T, B, D = x"),
        ],
    ),
]


@pytest.mark.parametrize(("name", "changes"), WRITTEN)
def test_a_wrong_way_back_is_named(name, changes):
    report = bptt.rnn_backward(learner(*changes))
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == name, report


CHUNKED = TEMPLATE.replace("W_hh):", "W_hh, k):").replace(
    "        dh_t = ",
    "        if (t + 1) % k == 0:\n            dh_next = dh_next * 0\n        dh_t = ",
)
CHUNKS = [
    ("nothing is cut", [("dh_next * 0", "dh_next")]),
    ("cut one step off", [("(t + 1) % k", "t % k")]),
    ("chunks counted from the end", [("(t + 1) % k", "(T - 1 - t) % k")]),
    ("state reset at each chunk", [("if t > 0 else h0", "if t % k else h0 * (t == 0)")]),
    ("every chunk starts from h0", [("if t > 0 else h0", "if t % k else h0")]),
    (
        "windows, not chunks",
        [
            (
                "    for t in reversed(range(T)):",
                "    for end in range(T):\n      dh_next = 0 * h0\n"
                "      for t in range(end, max(end - k, -1), -1):",
            ),
            ("dh[:, t] + dh_next", "dh[:, t] * (t == end) + dh_next"),
            ("if (t + 1) % k == 0:\n            dh_next = dh_next * 0", "pass"),
            ("dx[:, t] =", "dx[:, t] +="),
            (
                "dh_next = da @ W_hh.T",
                "dh_next = da @ W_hh.T\n        if t == 0: first = dh_next + first",
            ),
            ("    H = h0.shape[1]", "    H = h0.shape[1]; first = 0 * h0"),
            ("return dx, dh_next", "return dx, first"),
        ],
    ),
    ("tanh' omitted", [("dh_t * (1 - h[:, t] ** 2)", "dh_t")]),
    ("dh0 zero", [("return dx, dh_next", "return dx, 0 * dh_next")]),
    ("last k steps only", [("range(T)", "range(max(0, T - k), T)"), ("dh_next * 0", "dh_next")]),
]


@pytest.mark.parametrize(("name", "changes"), CHUNKS)
def test_a_wrong_truncation_is_named(name, changes):
    report = bptt.truncated_backward(learner(*changes, template=CHUNKED))
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == name, report


TWO_LOOPS = """
def truncated_backward(dh, x, h0, h, W_xh, W_hh, k):
    dx, dh0 = np.zeros_like(x), np.zeros_like(h0)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])
    carried = np.zeros_like(h0)
    for start in range(0, x.shape[1], k):
        carried = np.zeros_like(h0)
        for t in reversed(range(start, min(start + k, x.shape[1]))):
            da = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
            dx[:, t] = da @ W_xh.T
            dW_xh += x[:, t].T @ da
            dW_hh += (h[:, t - 1] if t > 0 else h0).T @ da
            db_h += da.sum(axis=0)
            carried = da @ W_hh.T
        if start == 0:
            dh0 = carried
    return dx, dh0, dW_xh, dW_hh, db_h
"""
ONCE = ("    carried = np.zeros_like(h0)\n        for", "    for")
OF_LAST = ("if start == 0", "if True")
OF_ALL = ("        if start == 0:\n            dh0 = carried", "        dh0 = dh0 + carried")
LOOPS = [
    ("carried on into the next chunk", [ONCE]),
    ("carried on into the next chunk", [ONCE, OF_LAST]),
    ("first step of each chunk skipped", [("range(start,", "range(start + 1,")]),
    ("dh0 of the last chunk", [OF_LAST]),
    ("dh0 summed over the chunks", [OF_ALL]),
]


@pytest.mark.parametrize(("name", "changes"), LOOPS)
def test_a_wrong_loop_over_chunks_is_named(name, changes):
    report = bptt.truncated_backward(learner(*changes, template=TWO_LOOPS))
    assert report.mistake is not None and report.mistake.name == name, report


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (bptt.rnn_backward, TEMPLATE),
        (bptt.truncated_backward, CHUNKED),
        (bptt.truncated_backward, TWO_LOOPS),
    ],
)
def test_the_text_that_was_changed_is_right(check, text):
    check(learner(template=text)).require()


# --- what is kept between forward and backward ---------------------------------------------------

BUFFER: dict[str, np.ndarray] = {}


def forward_with_a_list(x, h0, W_xh, W_hh, b_h, copy=False):
    """One array is written into at each step, and stored in a list T times."""
    state, states = h0.copy(), []
    h = np.zeros((*x.shape[:2], h0.shape[1]), h0.dtype)
    for t in range(x.shape[1]):
        state[...] = np.tanh(x[:, t] @ W_xh + state @ W_hh + b_h)
        states.append(state.copy() if copy else state)
        h[:, t] = state
    return h, (x, h0, states, W_xh, W_hh)


def backward_with_a_list(dh, cache):
    x, h0, states, W_xh, W_hh = cache
    h = np.stack(states, axis=1) if states else np.zeros(dh.shape)
    return learner()(dh, x, h0, h, W_xh, W_hh)


def forward_with_a_global(*arguments):
    h, cache = forward_with_a_list(*arguments, copy=True)
    BUFFER["cache"] = cache
    return h, None


def test_one_array_stored_T_times_is_named():
    report = bptt.forward_and_backward(forward_with_a_list, backward_with_a_list)
    assert report.mistake is not None and report.mistake.name == "cache holds views"


def test_a_cache_in_a_global_variable_is_named():
    report = bptt.forward_and_backward(
        forward_with_a_global, lambda dh, cache: backward_with_a_list(dh, BUFFER["cache"])
    )
    assert report.mistake is not None
    assert report.mistake.name == "buffer reused by the next forward"


def test_a_list_of_copies_is_right():
    def forward(*arguments):
        return forward_with_a_list(*arguments, copy=True)

    bptt.forward_and_backward(forward, backward_with_a_list).require()
