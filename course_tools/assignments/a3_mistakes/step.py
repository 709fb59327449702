"""One step of A3 backward, wrong: each known mistake replaces a formula of the reference."""

from __future__ import annotations

from course_tools.assignments.a3_mistakes.tanh_and_leak import TANH_AND_LEAK, changed
from course_tools.assignments.a3_reference import leaky_step_backward, step
from course_utils.checks import Mistake
from course_utils.checks.core import variants


def _returned(change):
    """A step of which the results are changed at the end: `change(dx_t, dh_prev, dy_prev, g)`."""
    return lambda *arguments: change(*leaky_step_backward(*arguments))


def _into_dh_t(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
    right = leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params)
    dh_t += dy_t @ params["W_hy"].T
    return right


def _into_params(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
    *rest, grads = leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params)
    params["leak"] *= 1 + 1e-3
    return *rest, grads


STEP_MISTAKES = (
    *TANH_AND_LEAK,
    # --- the output
    Mistake(
        "dy not passed on to h",
        "What arrives at `y_t` does not reach `h_t`.",
        "y_t = h_t W_hy + b_y: add `dy_t @ W_hy.T` to what arrives at h_t, before all else.",
        step(dh=lambda v: v.dh_t),
    ),
    Mistake(
        "dh_t ignored",
        "What arrives at `h_t` itself is not used, only what comes through `y_t`.",
        "Add both: `dh_t + dy_t @ W_hy.T`.",
        step(dh=lambda v: v.dy_t @ v.W_hy.T),
    ),
    Mistake(
        "W_yh for W_hy on the way to h",
        "From `y_t` to `h_t` the gradient goes through `W_yh`; y_t was made with `W_hy`.",
        "Both have shapes that fit. Forward was `h_t @ W_hy`, so backward is `dy_t @ W_hy.T`.",
        step(dh=lambda v: v.dh_t + v.dy_t @ v.W_yh),
    ),
    Mistake(
        "W_hy for W_yh on the way to y_prev",
        "`dy_prev` goes through `W_hy`; y_prev entered the tanh through `W_yh`.",
        "Both have shapes that fit. Forward was `y_prev @ W_yh`, so backward is `da @ W_yh.T`.",
        step(dy_prev=lambda v: v.da @ v.W_hy),
    ),
    Mistake(
        "feedback path forgotten",
        "`dy_prev` is zero: the old output stands inside the tanh.",
        "dy_prev = da @ W_yh.T, where da is the gradient at the sum inside the tanh.",
        step(dy_prev=lambda v: 0 * v.y_prev),
    ),
    Mistake(
        "dy_prev not through the tanh",
        "`dy_prev` skips the tanh and the leak in front of it.",
        "The old output stands inside the tanh: start from da, the gradient at that sum.",
        step(dy_prev=lambda v: v.dh @ v.W_yh.T),
    ),
    Mistake(
        "dy_t handed on to y_prev",
        "`dy_t` is added to `dy_prev`; y_t does not contain y_prev directly.",
        "Only the state leaks. The old output acts through the tanh alone.",
        step(dy_prev=lambda v: v.dy_t + v.da @ v.W_yh.T),
    ),
    Mistake(
        "W_hy gradient from h_prev",
        "The gradient of `W_hy` uses the old state; y_t is read from the new one.",
        "`h_t.T @ dy_t`.",
        step(dW_hy=lambda v: v.h_prev.T @ v.dy_t),
    ),
    Mistake(
        "W_hy gradient missing",
        "The gradients of `W_hy` and `b_y` are zero; the output layer learns too.",
        "`h_t.T @ dy_t`, and dy_t summed over the batch.",
        step(dW_hy=lambda v: 0 * v.W_hy, db_y=lambda v: 0 * v.b_y),
    ),
    # --- the weights inside the tanh
    Mistake(
        "W_hh not transposed",
        "On the way back `W_hh` is not transposed.",
        "Forward `h_prev @ W_hh`, so backward `da @ W_hh.T`: the shapes hide it, W_hh is square.",
        step(dh_prev=lambda v: (1 - v.leak) * v.dh + v.da @ v.W_hh),
    ),
    Mistake(
        "dW_hh transposed",
        "The gradient of `W_hh` is transposed.",
        "Weights are (in, out): `h_prev.T @ da`, not `da.T @ h_prev`.",
        step(dW_hh=lambda v: v.da.T @ v.h_prev),
    ),
    Mistake(
        "h_t for h_prev in dW_hh",
        "The gradient of `W_hh` uses `h_t`; the state that was multiplied by W_hh is `h_prev`.",
        "`h_prev.T @ da`.",
        step(dW_hh=lambda v: v.h_t.T @ v.da),
    ),
    Mistake(
        "y_t for y_prev in dW_yh",
        "The gradient of `W_yh` uses the new output; the one that was fed back is `y_prev`.",
        "`y_prev.T @ da`.",
        step(dW_yh=lambda v: (v.h_t @ v.W_hy + v.b_y).T @ v.da),
    ),
    Mistake(
        "dh for da in the weights",
        "The gradients of the weights inside the tanh start from h_t, not from the sum inside.",
        "Go through the leak and the tanh first: da = leak * dh * (1 - new**2).",
        step(
            dW_xh=lambda v: v.x_t.T @ v.dh,
            dW_hh=lambda v: v.h_prev.T @ v.dh,
            dW_yh=lambda v: v.y_prev.T @ v.dh,
            db_h=lambda v: v.dh.sum(axis=0),
        ),
    ),
    Mistake(
        "dx not through the tanh",
        "`dx_t` skips the tanh and the leak in front of it.",
        "The input stands inside the tanh: start from da, the gradient at that sum.",
        step(dx_t=lambda v: v.dh @ v.W_xh.T),
    ),
    Mistake(
        "bias gradient not summed",
        "The gradient of `b_h` is not summed over the batch.",
        "All sequences share one bias: `.sum(axis=0)`.",
        step(db_h=lambda v: v.da),
    ),
    Mistake(
        "biases averaged",
        "The gradients of the biases are averaged over the batch; they are sums.",
        "`.sum(axis=0)`, not `.mean(axis=0)`: whether the loss is an average, the loss decides.",
        step(db_h=lambda v: v.da.mean(axis=0), db_y=lambda v: v.dy_t.mean(axis=0)),
    ),
    Mistake(
        "averaged over the batch",
        "The gradients of the parameters are averaged over the batch; they are sums.",
        "Whether the loss is an average, the loss decides. Here nothing is divided by B.",
        changed(lambda v, g: {key: value / v.B for key, value in g.items()}),
    ),
    # --- what is returned
    *variants(
        "results in the wrong order",
        "The results are in another order than asked for.",
        "`return dx_t, dh_prev, dy_prev, grads`.",
        _returned(lambda dx, dh, dy, g: (dh, dy, dx, g)),
        _returned(lambda dx, dh, dy, g: (dx, dy, dh, g)),
        _returned(lambda dx, dh, dy, g: (dh, dx, dy, g)),
    ),
    Mistake(
        "dh_t changed in place",
        "`dh_t` was overwritten: it belongs to the caller.",
        "`dh_t += ...` changes the caller's array. Write `dh = dh_t + ...`.",
        _into_dh_t,
    ),
    Mistake(
        "params changed in place",
        "`params` was changed. A backward pass computes gradients; an optimiser changes weights.",
        "Put the gradients into a new dict.",
        _into_params,
    ),
)
