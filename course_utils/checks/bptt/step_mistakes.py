"""What learners get wrong in one step of the way back, each with the words that name it."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.patches import ordered, share, step
from course_utils.checks.bptt.reference import step_backward
from course_utils.checks.bptt.slope_mistakes import SLOPE_MISTAKES
from course_utils.checks.core import Mistake, variants

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
    Mistake(
        "dx through W_hh",
        "`dx` goes through `W_hh`; the input entered through `W_xh`.",
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
        "`dx` needs `W_xh.T`: (B, H) times (H, D) is (B, D).",
        "Forward `x_t @ W_xh`, so backward `da_t @ W_xh.T`.",
        step(**share(dx=lambda s: s.da @ s.W_xh)),
    ),
    Mistake(
        "W_xh reshaped instead of transposed",
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
    Mistake(
        "weights averaged but not db",
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


def order_mistakes(function, names: str, orders=ORDERS) -> list[Mistake]:
    """Return the mistakes of giving `function`'s right outputs in another order than `names`.

    `orders` holds, for each, what to call it and the places of the outputs.
    """
    return [
        Mistake(
            f"another order: {name}",
            f"The gradients are right, but they come in another order ({name}).",
            f"Return them in this order: `{names}`.",
            ordered(order, function),
        )
        for name, order in orders
    ]


def _mutating(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    right = step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh)
    dh_t *= 1 - h_t**2
    return right


_OUTER = {
    "dW_xh": lambda s: np.outer(s.x, s.da),
    "dW_hh": lambda s: np.outer(s.h_prev, s.da),
}

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
    *variants(
        "outer products of the batch",
        "`np.outer` flattens its arrays, so every row of the batch is multiplied by every other.",
        "`x_t.T @ da_t` is the sum of the rows' own outer products, of shape (D, H).",
        step(**share(**_OUTER)),
        step(**share(**_OUTER, db=lambda s: s.da)),
        *(step(**share(**{name: wrong})) for name, wrong in _OUTER.items()),
    ),
    Mistake(
        "dh_t handed on beside the step",
        "What arrived at h_t is handed on as it is, beside what went through the step.",
        "There is no other way back than through tanh and `W_hh.T`: dh_prev = `da_t @ W_hh.T`.",
        step(**share(dh_prev=lambda s: s.da @ s.W_hh.T + s.dh)),
    ),
    *order_mistakes(step_backward, "dx_t, dh_prev, dW_xh, dW_hh, db_h"),
    Mistake(
        "dout mutated",
        "`dh_t` was overwritten on the way.",
        "`dh_t *= ...` writes into the caller's array. Make a new one: `da = dh_t * (1 - h_t**2)`.",
        _mutating,
    ),
)
