"""What goes wrong where a gated cell's da becomes the gradients of x, of h_{t-1} and of weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.bptt.patches import after
from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import blocks


def _averaged(function: Callable, number: int) -> Callable:
    """Return `function` with its last `number` outputs, the weights' gradients, divided by B."""
    return after(
        lambda out, dh_t, *rest: [*out[:-number], *(g / len(dh_t) for g in out[-number:])], function
    )


def share_mistakes(step_back: Callable, n: int, weights: int) -> list[Mistake]:
    """Return the mistakes of a cell with n blocks; `step_back(**other)` builds its way back.

    `weights` is how many gradients of weights and biases it returns, which come last.
    """
    block = f"(B, {n}H)"
    return [
        Mistake(
            "W_xh reshaped instead of transposed",
            "`W_xh` is reshaped. That has the right shape, but it does not transpose.",
            "`.reshape` reads the numbers off in their old order. `.T` exchanges rows and columns.",
            step_back(dx=lambda s: s.da @ s.W_xh.reshape(s.W_xh.shape[::-1])),
        ),
        *variants(
            "dx from one gate only",
            "`dx_t` goes through the weights of one block only; x_t entered all.",
            f"dx_t = `da @ W_xh.T`, with da {block}.",
            *(
                step_back(dx=lambda s, k=k: blocks(s.da, n)[k] @ blocks(s.W_xh, n)[k].T)
                for k in range(n)
            ),
        ),
        Mistake(
            "dh_prev zero",
            "`dh_prev` is zero: nothing goes back along the state.",
            "h_{t-1} entered every gate through `W_hh`.",
            step_back(dh_prev=lambda s: 0 * s.h_prev),
        ),
        Mistake(
            "db averaged",
            "`db` is a mean over the batch; it is a sum.",
            "Every row of the batch used the same bias, so their gradients add up: "
            "`da.sum(axis=0)`. If the loss is a mean, its 1/B is in `dh` already.",
            step_back(db=lambda s: s.da.mean(axis=0)),
        ),
        Mistake(
            "db not summed",
            "`db` is not summed: it still has a row for each sequence of the batch.",
            "Every row used the same bias: `da.sum(axis=0)`.",
            step_back(db=lambda s: s.da),
        ),
        Mistake(
            "db of one gate only",
            "`db` holds one block's gradient in every block.",
            f"`da.sum(axis=0)`, with da {block}.",
            step_back(db=lambda s: np.tile(blocks(s.da, n)[0].sum(axis=0), n)),
        ),
        Mistake(
            "everything averaged over batch",
            "Gradients are divided by the batch size B.",
            "Add up over the batch. If the loss is a mean, its 1/B is in `dh` already.",
            _averaged(step_back(), weights),
        ),
        Mistake(
            "dW_xh transposed",
            f"`dW_xh` is transposed: ({n}H, D) where (D, {n}H) is asked for.",
            "`x_t.T @ da` is (in, out) like `W_xh`.",
            step_back(dW_xh=lambda s: s.da.T @ s.x),
        ),
    ]
