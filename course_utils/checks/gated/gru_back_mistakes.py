"""What learners get wrong in one step of the GRU's way back, each with the words that name it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.bptt.step_mistakes import order_mistakes
from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import beside, blocks
from course_utils.checks.gated.gru_reference import step_back
from course_utils.checks.gated.gru_slope_mistakes import slope_mistakes
from course_utils.checks.gated.lstm_slope_mistakes import sigmoid_slope, tanh_slope
from course_utils.checks.gated.orders import listed, other_orders
from course_utils.checks.gated.reset_mistakes import reset_mistakes
from course_utils.checks.gated.share_mistakes import share_mistakes

OUTPUT = "h_t = (1 - z) * n + z * h_{t-1}"


def _blend(reset: str) -> list[Mistake]:
    """Return what goes wrong where dh_t parts between n, z and h_{t-1}."""
    hint = f"{OUTPUT}: n receives dh * (1 - z), h_{{t-1}} dh * z, z dh * (h_{{t-1}} - n)."
    beside_blend = "h_{t-1} is read four times: by r, by z, by n, and as it is, times z."
    return [
        Mistake(
            "z convention swapped",
            "`z` and 1 - z are exchanged: here z says how much of the *old* state stays.",
            hint + ' If the other convention is meant, declare it: `z="new"`.',
            step_back(
                reset,
                da_n=lambda s: s.dh * s.z * tanh_slope(s.n),
                da_z=lambda s: s.dh * (s.n - s.h_prev) * sigmoid_slope(s.z),
                dh_prev=lambda s: s.dh * (1 - s.z) + _recurrent(s),
            ),
        ),
        Mistake(
            "sign of da_z",
            "The gradient of z has the wrong sign.",
            "h_t rises with z where h_{t-1} is above n: `dh * (h_prev - n)`.",
            step_back(reset, da_z=lambda s: s.dh * (s.n - s.h_prev) * sigmoid_slope(s.z)),
        ),
        *variants(
            "half of what z blends",
            "The gradient of z sees one of the two terms that z blends; it meets both.",
            f"{OUTPUT}: `dh * (h_prev - n)`.",
            step_back(reset, da_z=lambda s: s.dh * s.h_prev * sigmoid_slope(s.z)),
            step_back(reset, da_z=lambda s: -s.dh * s.n * sigmoid_slope(s.z)),
            step_back(reset, da_z=lambda s: s.dh * s.n * sigmoid_slope(s.z)),
        ),
        *variants(
            "n without 1 - z",
            "What arrives at n is not multiplied by 1 - z.",
            hint,
            step_back(reset, da_n=lambda s: s.dh * tanh_slope(s.n)),
            step_back(reset, da_n=lambda s: s.dh * s.z * tanh_slope(s.n)),
        ),
        Mistake(
            "way past the gates forgotten",
            "`dh_prev` lacks `dh * z`: the old state's own way into h_t.",
            beside_blend,
            step_back(reset, dh_prev=_recurrent),
        ),
        Mistake(
            "dh_t handed on in full",
            "What arrived at h_t is handed on in full, without z.",
            f"{OUTPUT}: `dh * z` goes straight to h_{{t-1}}.",
            step_back(reset, dh_prev=lambda s: s.dh + _recurrent(s)),
        ),
        Mistake(
            "1 - z on the way past the gates",
            "What goes straight to h_{t-1} is multiplied by 1 - z.",
            f"{OUTPUT}: `dh * z` goes straight to h_{{t-1}}.",
            step_back(reset, dh_prev=lambda s: s.dh * (1 - s.z) + _recurrent(s)),
        ),
        *variants(
            "dh_prev from one gate only",
            "`dh_prev` lacks the way through some of r, z and n.",
            beside_blend,
            *(
                step_back(reset, dh_prev=lambda s, k=k: s.dh * s.z + _recurrent(s, k))
                for k in ("", "r", "z", "n", "rz", "rn", "zn")
            ),
        ),
        Mistake(
            "h_t for h_{t-1} in dW_hh",
            "Only `dW_hh` is wrong: it is made with h_t, the state after the step.",
            "`W_hh` was multiplied by the state *before* the step.",
            _with_h_t(reset),
        ),
    ]


def _recurrent(s, through: str = "rzn"):
    """Return what reaches h_{t-1} through r, z and n, or through some of them."""
    ways = {"r": s.da_r @ s.W_hr.T, "z": s.da_z @ s.W_hz.T, "n": s.through_n}
    return sum((ways[letter] for letter in through), np.zeros_like(s.dh))


def _with_h_t(reset: str) -> Callable:
    def dW_hh(s):
        h_t = (1 - s.z) * s.n + s.z * s.h_prev
        met = (s.r * h_t, s.da_n) if reset == "before" else (h_t, s.dp_n)
        return beside(h_t.T @ s.da_r, h_t.T @ s.da_z, met[0].T @ met[1])

    return step_back(reset, dW_hh=dW_hh)


def _block_mistakes(reset: str) -> list[Mistake]:
    """Return the blocks written, or read, in another order."""

    def written(order):
        def blocks_of_W_hh(s):
            parts = {"r": s.h_prev.T @ s.da_r, "z": s.h_prev.T @ s.da_z, "n": s.dW_hn}
            return beside(*(parts[letter] for letter in order))

        return {
            "da": lambda s: beside(*(getattr(s, f"da_{letter}") for letter in order)),
            "dW_hh": blocks_of_W_hh,
        }

    def through_wrong_weights(order):
        """The same blocks times `W_hh.T` as a whole: each meets another block's weights."""

        def dh_prev(s):
            # What reaches the product with W_hn; with the reset before it, r stands behind.
            sums = {"r": s.da_r, "z": s.da_z, "n": getattr(s, "dp_n", s.da_n)}
            ways = [sums[k] @ W.T for k, W in zip(order, blocks(s.W_hh, 3), strict=True)]
            if reset == "before":
                ways[2] = ways[2] * s.r
            return s.dh * s.z + sum(ways)

        return {**written(order), "dh_prev": dh_prev}

    def read(order):
        return {letter: lambda s, k=k: blocks(s.gates, 3)[k] for k, letter in enumerate(order)}

    return [
        mistake
        for order, name in other_orders("rzn")
        for mistake in (
            *variants(
                f"da: {name}",
                f"The gradients stand side by side in the order {listed(order)}.",
                "The blocks of `W_xh`, `W_hh` and b stand in the order r, z, n.",
                step_back(reset, **written(order)),
                step_back(reset, da=written(order)["da"]),
                step_back(reset, **through_wrong_weights(order)),
            ),
            *variants(
                f"gates: {name}",
                f"`gates` is read in the order {listed(order)}.",
                "Its blocks stand in the order r, z, n: `r, z, n = np.split(gates, 3, axis=1)`.",
                step_back(reset, **read(order)),
                step_back(reset, **read(order), **written(order)),
            ),
        )
    ]


def _in_place(reset: str) -> Callable:
    def wrong(dh_t, *rest):
        right = step_back(reset)(dh_t, *rest)
        dh_t += 1
        return right

    return wrong


def back_mistakes(reset: str) -> list[Mistake]:
    """Return the mistakes of one step back whose reset acts "after" or "before" the product."""

    def built(**other: Callable) -> Callable:
        return step_back(reset, **other)

    return [
        *slope_mistakes(reset),
        *_blend(reset),
        *reset_mistakes(reset),
        *share_mistakes(built, 3, weights=4),
        *_block_mistakes(reset),
        *order_mistakes(
            step_back(reset),
            "dx_t, dh_prev, dW_xh, dW_hh, db, db_hn",
            (
                ("the state's gradient first", (1, 0, 2, 3, 4, 5)),
                ("weights first", (2, 3, 4, 5, 0, 1)),
                ("dW_xh and dW_hh exchanged", (0, 1, 3, 2, 4, 5)),
                ("db and db_hn exchanged", (0, 1, 2, 3, 5, 4)),
            ),
        ),
        Mistake(
            "dout mutated",
            "`dh_t` was overwritten on the way.",
            "`dh_t *= ...` writes into the caller's array. Make a new one.",
            _in_place(reset),
        ),
    ]
