"""What goes wrong on the way back around the GRU's reset gate, for each of its two places."""

from __future__ import annotations

from collections.abc import Callable

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.gru_reference import step_back

AFTER = "n = tanh(x W_xn + b_n + r * (h_{t-1} W_hn + b_hn))"
BEFORE = "n = tanh(x W_xn + b_n + (r * h_{t-1}) W_hn)"

ARRIVING_AT_R: dict[str, Callable] = {
    "after": lambda s: s.da_n * s.product,
    "before": lambda s: s.ds * s.h_prev,
}
"""What arrives at r, before its own slope."""


def _slope(s):
    return s.r * (1 - s.r)


def _product(s):
    return s.h_prev @ s.W_hn + s.b_hn


def _untransposed(reset: str) -> list[dict[str, Callable]]:
    """Return the patches that forget to transpose n's block, those of the gates, or all three."""
    n = {
        "after": {"through_n": lambda s: s.dp_n @ s.W_hn},
        "before": {"ds": lambda s: s.da_n @ s.W_hn},
    }[reset]
    gates = {
        "dh_prev": lambda s: s.dh * s.z + s.da_r @ s.W_hr + s.da_z @ s.W_hz + s.through_n,
    }
    return [n, gates, n | gates]


def reset_mistakes(reset: str) -> list[Mistake]:
    """Return the mistakes around r, whose place is "after" or "before" the product."""
    return _after() if reset == "after" else _before()


def _after() -> list[Mistake]:
    return [
        Mistake(
            "reset before the product",
            "This is the way back of the other GRU, whose r multiplies `h_prev` before the "
            "product.",
            f'Here {AFTER}. If the other is meant, declare it: `reset="before"`.',
            step_back("before"),
        ),
        *variants(
            "r missing on the way through n",
            "What goes back through n's product is not multiplied by r.",
            f"{AFTER}: the product receives `da_n * r`, and all that made the product as well.",
            step_back(dp_n=lambda s: s.da_n),
            step_back(through_n=lambda s: s.da_n @ s.W_hn.T),
            step_back(dW_hn=lambda s: s.h_prev.T @ s.da_n),
            step_back(through_n=lambda s: s.da_n @ s.W_hn.T, dW_hn=lambda s: s.h_prev.T @ s.da_n),
        ),
        *variants(
            "W_hh not transposed",
            "The gradient goes back through a block of `W_hh`; it needs that block's `.T`.",
            "Each block is square, so its shape hides the error.",
            *(step_back(**patch) for patch in _untransposed("after")),
        ),
        Mistake(
            "db_hn without r",
            "`db_hn` equals n's block of db; r stands between them.",
            f"{AFTER}: db_hn is the sum of `da_n * r`.",
            step_back(db_hn=lambda s: s.da_n.sum(axis=0)),
        ),
        Mistake(
            "db_hn zero",
            "`db_hn` is zero.",
            f"{AFTER}: db_hn is the sum of `da_n * r`.",
            step_back(db_hn=lambda s: 0 * s.b_hn),
        ),
        Mistake(
            "db_hn averaged",
            "`db_hn` is a mean over the batch; it is a sum.",
            "`(da_n * r).sum(axis=0)`.",
            step_back(db_hn=lambda s: s.dp_n.mean(axis=0)),
        ),
        Mistake(
            "r's gradient without b_hn",
            "The gradient of r is made with the product alone; r multiplies `b_hn` as well.",
            "da_r = `da_n * (h_prev @ W_hn + b_hn) * r * (1 - r)`.",
            step_back(da_r=lambda s: s.da_n * (s.h_prev @ s.W_hn) * _slope(s)),
        ),
        *variants(
            "r's gradient without the product",
            "The gradient of r is made without the product that r multiplies.",
            "da_r = `da_n * (h_prev @ W_hn + b_hn) * r * (1 - r)`.",
            step_back(da_r=lambda s: s.da_n * s.h_prev * _slope(s)),
            step_back(da_r=lambda s: s.da_n * _slope(s)),
        ),
        *variants(
            "r's gradient from dh",
            "The gradient of r is made with dh_t; r is read by n, so it receives da_n's.",
            "da_r = `da_n * (h_prev @ W_hn + b_hn) * r * (1 - r)`.",
            step_back(da_r=lambda s: s.dh * _product(s) * _slope(s)),
            step_back(da_r=lambda s: s.dh * (1 - s.z) * _product(s) * _slope(s)),
        ),
        Mistake(
            "r's gradient zero",
            "Nothing goes back through the reset gate.",
            "r is read by n: da_r = `da_n * (h_prev @ W_hn + b_hn) * r * (1 - r)`.",
            step_back(da_r=lambda s: 0 * s.r),
        ),
        Mistake(
            "r's gradient times r twice",
            "The gradient of r is made with `da_n * r`; r's own factor does not stand in it.",
            "da_r = `da_n * (h_prev @ W_hn + b_hn) * r * (1 - r)`.",
            step_back(da_r=lambda s: s.da_n * s.r * _product(s) * _slope(s)),
        ),
        *variants(
            "r in n's own sum",
            "The sum of n itself received `da_n * r`; the input's term stands outside r.",
            f"{AFTER}: the n block of da is da_n; only the product's way has r.",
            step_back(
                da_n=lambda s: s.dh * (1 - s.z) * (1 - s.n**2) * s.r,
                dp_n=lambda s: s.da_n,
                da_r=lambda s: s.da_n * _product(s) * (1 - s.r),
            ),
            step_back(da_n=lambda s: s.dh * (1 - s.z) * (1 - s.n**2) * s.r, dp_n=lambda s: s.da_n),
        ),
    ]


def _before() -> list[Mistake]:
    def after_the_product() -> list[Callable]:
        without_bias = {"product": lambda s: s.h_prev @ s.W_hn, "db_hn": lambda s: 0 * s.b_hn}
        return [step_back("after"), step_back("after", **without_bias)]

    def wrong(**other: Callable) -> Callable:
        return step_back("before", **other)

    return [
        *variants(
            "reset after the product",
            "This is the way back of the other GRU, whose r multiplies the product with W_hn.",
            f'Here {BEFORE}. If the other is meant, declare it: `reset="after"`.',
            *after_the_product(),
        ),
        *variants(
            "r missing on the way through n",
            "What goes back through n's product is not multiplied by r.",
            f"{BEFORE}: W_hn met r * h_{{t-1}}, and h_{{t-1}} receives `ds * r`, with ds = "
            "`da_n @ W_hn.T`.",
            wrong(through_n=lambda s: s.ds),
            wrong(dW_hn=lambda s: s.h_prev.T @ s.da_n),
            wrong(through_n=lambda s: s.ds, dW_hn=lambda s: s.h_prev.T @ s.da_n),
        ),
        *variants(
            "db_hn not zero",
            "`db_hn` has a gradient; with the reset before the product it is not used.",
            f"{BEFORE}: there is no b_hn in it, so its gradient is zeros (H,).",
            wrong(db_hn=lambda s: s.da_n.sum(axis=0)),
            wrong(db_hn=lambda s: (s.da_n * s.r).sum(axis=0)),
        ),
        *variants(
            "r's gradient without W_hn",
            "The gradient of r is made with da_n as it is; the product with W_hn lies between.",
            "da_r = `(da_n @ W_hn.T) * h_prev * r * (1 - r)`.",
            wrong(da_r=lambda s: s.da_n * s.h_prev * _slope(s)),
            wrong(da_r=lambda s: s.da_n * (s.h_prev @ s.W_hn) * _slope(s)),
        ),
        Mistake(
            "r's gradient without h_{t-1}",
            "The gradient of r lacks the state that r multiplies.",
            "da_r = `(da_n @ W_hn.T) * h_prev * r * (1 - r)`.",
            wrong(da_r=lambda s: s.ds * _slope(s)),
        ),
        *variants(
            "W_hh not transposed",
            "The gradient goes back through a block of `W_hh`; it needs that block's `.T`.",
            "Each block is square, so its shape hides the error.",
            *(wrong(**patch) for patch in _untransposed("before")),
        ),
        Mistake(
            "r's gradient zero",
            "Nothing goes back through the reset gate.",
            "r is read by n: da_r = `(da_n @ W_hn.T) * h_prev * r * (1 - r)`.",
            wrong(da_r=lambda s: 0 * s.r),
        ),
    ]
