"""What learners get wrong in one step of the way back, each with the words that name it."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.patches import ordered, share, slope, step
from course_utils.checks.bptt.reference import step_backward
from course_utils.checks.core import Mistake, variants


def _scaled_shares(name: str) -> dict:
    """Return the patch that forgets tanh' in one share: dh stands where da belongs."""
    with_dh = {
        "dx": lambda s: s.dh @ s.W_xh.T,
        "dh_prev": lambda s: s.dh @ s.W_hh.T,
        "dW_xh": lambda s: s.x.T @ s.dh,
        "dW_hh": lambda s: s.h_prev.T @ s.dh,
        "db": lambda s: s.dh.sum(axis=0),
    }
    return share(**{part: with_dh[part] for part in name.split()})


def _tanh_missing(name: str, parts: str) -> Mistake:
    return Mistake(
        f"tanh' missing in {name}",
        f"{name} is made from what arrived at h_t, before it went through tanh.",
        "All five results start from da_t: compute it once, at the top, and use no `dh` below it.",
        step(**_scaled_shares(parts)),
    )


SLOPE_MISTAKES = (
    Mistake(
        "tanh' omitted",
        "The slope of tanh is missing: the gradient of h_t is used as if it were that of a_t.",
        "h_t = tanh(a_t), so da_t = dh_t * (1 - h_t²). Multiply before anything else.",
        step(**slope(lambda s: 1.0)),
    ),
    *variants(
        "tanh' of the pre-activation",
        "The slope is computed as 1 - a_t², with the sum *inside* tanh. It is 1 - h_t².",
        "tanh'(a) = 1 - tanh(a)², and tanh(a_t) is h_t, which you are given.",
        step(**slope(lambda s: 1 - np.arctanh(s.h) ** 2)),
        step(**slope(lambda s: 1 - (s.x @ s.W_xh + s.h_prev @ s.W_hh) ** 2)),
    ),
    Mistake(
        "1-h for 1-h²",
        "The slope is computed as 1 - h_t; the square is missing.",
        "tanh'(a) = 1 - tanh(a)², written `1 - h_t**2`.",
        step(**slope(lambda s: 1 - s.h)),
    ),
    Mistake(
        "(1-h)² for 1-h²",
        "The slope is computed as (1 - h_t)²: the bracket is squared, not the state.",
        "`1 - h_t**2` needs no bracket: the power binds first.",
        step(**slope(lambda s: (1 - s.h) ** 2)),
    ),
    Mistake(
        "tanh' at h_{t-1}",
        "The slope is taken at the state before, h_{t-1}.",
        "The tanh of step t gave h_t, so its slope there is 1 - h_t².",
        step(**slope(lambda s: 1 - s.h_prev**2)),
    ),
    Mistake(
        "tanh of the state taken again",
        "The slope is computed as 1 - tanh(h_t)²: tanh is taken a second time.",
        "h_t *is* tanh(a_t) already: `1 - h_t**2`.",
        step(**slope(lambda s: 1 - np.tanh(s.h) ** 2)),
    ),
    Mistake(
        "pre-activation rebuilt without the bias",
        "The pre-activation is computed anew, without the bias, so the slope is at another place.",
        "Nothing has to be computed anew: the slope is `1 - h_t**2`.",
        step(**slope(lambda s: 1 - np.tanh(s.x @ s.W_xh + s.h_prev @ s.W_hh) ** 2)),
    ),
    Mistake(
        "sigmoid' for tanh'",
        "The slope is h_t (1 - h_t), which is the sigmoid's; this cell uses tanh.",
        "tanh'(a) = 1 - tanh(a)².",
        step(**slope(lambda s: s.h * (1 - s.h))),
    ),
    Mistake(
        "1+h² for 1-h²",
        "The slope is computed as 1 + h_t²; a minus belongs there.",
        "A slope of tanh is never above 1: `1 - h_t**2`.",
        step(**slope(lambda s: 1 + s.h**2)),
    ),
    Mistake(
        "h²-1 for 1-h²",
        "The slope has the wrong sign: h_t² - 1.",
        "tanh only rises, so its slope is positive: `1 - h_t**2`.",
        step(**slope(lambda s: s.h**2 - 1)),
    ),
    Mistake(
        "tanh for tanh'",
        "The gradient is multiplied by h_t itself; its slope 1 - h_t² belongs there.",
        "The chain rule multiplies by the *derivative* of tanh.",
        step(**slope(lambda s: s.h)),
    ),
    Mistake(
        "h² for 1-h²",
        "The gradient is multiplied by h_t²; the `1 -` is missing.",
        "At h_t = 0 the tanh is steepest: slope 1, not 0.",
        step(**slope(lambda s: s.h**2)),
    ),
    Mistake(
        "tanh' applied twice",
        "The slope 1 - h_t² is multiplied in twice.",
        "Once is enough: da_t = dh_t * (1 - h_t²); everything below uses da_t as it is.",
        step(**slope(lambda s: (1 - s.h**2) ** 2)),
    ),
    _tanh_missing("dx", "dx"),
    _tanh_missing("what goes back in time", "dh_prev"),
    _tanh_missing("dW_xh", "dW_xh"),
    _tanh_missing("dW_hh", "dW_hh"),
    _tanh_missing("db_h", "db"),
    _tanh_missing("both weights' gradients", "dW_xh dW_hh"),
    _tanh_missing("all of dW_xh, dW_hh, db_h", "dW_xh dW_hh db"),
    _tanh_missing("dx and what goes back in time", "dx dh_prev"),
)

SHARE_MISTAKES = (
    Mistake(
        "W_hh not transposed",
        "The gradient goes back through `W_hh`; it needs `W_hh.T`.",
        "`W_hh` is square, so its shape hides the error. Forward `h_prev @ W_hh`, so backward "
        "`da_t @ W_hh.T`.",
        step(**share(dh_prev=lambda s: s.da @ s.W_hh)),
    ),
    Mistake(
        "carried gradient without W_hh^T",
        "What goes back to h_{t-1} is da_t itself: it was not multiplied by `W_hh.T`.",
        "h_{t-1} enters a_t through `W_hh`, so its gradient is `da_t @ W_hh.T`.",
        step(**share(dh_prev=lambda s: s.da)),
    ),
    *variants(
        "dx through W_hh",
        "dx goes through `W_hh`; the input entered through `W_xh`.",
        "dx_t = `da_t @ W_xh.T`, of shape (B, D).",
        step(**share(dx=lambda s: s.da @ s.W_hh.T)),
    ),
    Mistake(
        "carried gradient through W_xh",
        "What goes back to h_{t-1} goes through `W_xh`; the state entered through `W_hh`.",
        "dh_{t-1} = `da_t @ W_hh.T`, of shape (B, H).",
        step(**share(dh_prev=lambda s: s.da @ s.W_xh.T)),
    ),
    Mistake(
        "W_xh not transposed",
        "dx needs `W_xh.T`: (B, H) times (H, D) is (B, D).",
        "Forward `x_t @ W_xh`, so backward `da_t @ W_xh.T`.",
        step(**share(dx=lambda s: s.da @ s.W_xh)),
    ),
    Mistake(
        "W_xh reshaped, not transposed",
        "`W_xh` is reshaped to (H, D). That has the right shape, but it does not transpose.",
        "`.reshape` reads the numbers off in their old order. `.T` exchanges rows and columns.",
        step(**share(dx=lambda s: s.da @ s.W_xh.reshape(s.W_xh.shape[::-1]))),
    ),
    Mistake(
        "dW_hh transposed",
        "`dW_hh` is transposed: all its numbers are there, with rows and columns exchanged.",
        "`h_prev.T @ da_t` is (in, out) like `W_hh`; `da_t.T @ h_prev` is (out, in).",
        step(**share(dW_hh=lambda s: s.da.T @ s.h_prev)),
    ),
    Mistake(
        "dW_xh transposed",
        "`dW_xh` is transposed: (H, D) where (D, H) is asked for.",
        "`x_t.T @ da_t` is (in, out) like `W_xh`.",
        step(**share(dW_xh=lambda s: s.da.T @ s.x)),
    ),
    Mistake(
        "both weights' gradients transposed",
        "`dW_xh` and `dW_hh` are both transposed: (out, in) where we write (in, out).",
        "Input first: `x_t.T @ da_t` and `h_prev.T @ da_t`. If your weights are (out, in) on "
        'purpose, declare it: `weights="out_in"`.',
        step(**share(dW_xh=lambda s: s.da.T @ s.x, dW_hh=lambda s: s.da.T @ s.h_prev)),
    ),
    Mistake(
        "h_t for h_{t-1} in dW_hh",
        "Only `dW_hh` is wrong: it is made with h_t, the state after the step.",
        "`W_hh` was multiplied by the state *before* the step: `h_prev.T @ da_t`.",
        step(**share(dW_hh=lambda s: s.h.T @ s.da)),
    ),
    Mistake(
        "da times da in dW_hh",
        "`dW_hh` is the product of da_t with itself; the state that `W_hh` met is missing.",
        "A weight's gradient is its input times the gradient of its output: `h_prev.T @ da_t`.",
        step(**share(dW_hh=lambda s: s.da.T @ s.da)),
    ),
    Mistake(
        "db averaged",
        "`db_h` is a mean over the batch; it is a sum.",
        "Every row of the batch used the same bias, so their gradients add up: `da.sum(axis=0)`. "
        "If the loss is a mean, its 1/B is in `dh` already.",
        step(**share(db=lambda s: s.da.mean(axis=0))),
    ),
    Mistake(
        "everything averaged over batch",
        "Gradients are divided by the batch size B.",
        "Add up over the batch. If the loss is a mean, its 1/B is in `dh` already.",
        step(
            **share(
                dW_xh=lambda s: s.x.T @ s.da / len(s.x),
                dW_hh=lambda s: s.h_prev.T @ s.da / len(s.x),
                db=lambda s: s.da.mean(axis=0),
            )
        ),
    ),
    *variants(
        "weights averaged, db summed",
        "`dW_xh` and `dW_hh` are divided by the batch size B.",
        "Add up over the batch. If the loss is a mean, its 1/B is in `dh` already.",
        step(
            **share(
                dW_xh=lambda s: s.x.T @ s.da / len(s.x),
                dW_hh=lambda s: s.h_prev.T @ s.da / len(s.x),
            )
        ),
    ),
    Mistake(
        "db summed to one number",
        "`db_h` is summed to a single number; each of the H units has a bias of its own.",
        "Sum over the batch only: `da.sum(axis=0)`.",
        step(**share(db=lambda s: s.da.sum())),
    ),
)

ORDERS = (
    ("dx and the state's gradient exchanged", (1, 0, 2, 3, 4)),
    ("dW_xh and dW_hh exchanged", (0, 1, 3, 2, 4)),
    ("weights first", (2, 3, 4, 0, 1)),
    ("the state's gradient last", (0, 2, 3, 4, 1)),
)


def order_mistakes(function, names: str) -> list[Mistake]:
    """Return the mistakes of giving `function`'s right outputs in another order than `names`."""
    return [
        Mistake(
            f"another order: {name}",
            f"The gradients are right, but they come in another order ({name}).",
            f"Return them in this order: `{names}`.",
            ordered(order, function),
        )
        for name, order in ORDERS
    ]


def _mutating(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    right = step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh)
    dh_t *= 1 - h_t**2
    return right


STEP_MISTAKES = (
    *SLOPE_MISTAKES,
    *SHARE_MISTAKES,
    Mistake(
        "dh_prev zero",
        "`dh_prev` is zero: nothing goes back in time.",
        "h_{t-1} enters a_t through `W_hh`: dh_prev = `da_t @ W_hh.T`.",
        step(**share(dh_prev=lambda s: 0 * s.h_prev)),
    ),
    Mistake(
        "db summed over the units",
        "`db_h` is summed over the units; sum over the batch.",
        "`da.sum(axis=0)`: one number for each of the H units is left.",
        step(**share(db=lambda s: s.da.sum(axis=1))),
    ),
    Mistake(
        "db not summed",
        "`db_h` is not summed: it still has a row for each sequence of the batch.",
        "Every row used the same bias: `da.sum(axis=0)`.",
        step(**share(db=lambda s: s.da)),
    ),
    *order_mistakes(step_backward, "dx_t, dh_prev, dW_xh, dW_hh, db_h"),
    Mistake(
        "dout mutated",
        "`dh_t` was overwritten on the way.",
        "`dh_t *= ...` writes into the caller's array. Make a new one: `da = dh_t * (1 - h_t**2)`.",
        _mutating,
    ),
)
