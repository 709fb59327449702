"""What learners get wrong in the GRU's candidate n: where the reset acts, and on what."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import blocks, sigmoid
from course_utils.checks.gated.gru_reference import step

CANDIDATE_IS = {
    "after": "`n = np.tanh(x_t @ W_xn + b_n + r * (h_prev @ W_hn + b_hn))`.",
    "before": "`n = np.tanh(x_t @ W_xn + b_n + (r * h_prev) @ W_hn)`.",
}


def _whole(reset: str, inner: Callable) -> Callable:
    """Return the step with another inside for n's tanh."""
    return step(reset, n=lambda s: np.tanh(inner(s)))


def _product(s):
    return s.h_prev @ s.W_hn


def _placement(reset: str) -> list[Mistake]:
    """Return the wrong places of r; the other legitimate place may be declared."""
    if reset == "after":
        other = variants(
            "reset before the product",
            "Your `r` multiplies `h_prev` before the product with W_hn; here it belongs after it.",
            CANDIDATE_IS["after"] + ' If the other cell is meant, declare it: `reset="before"`.',
            step("before"),
            _whole("after", lambda s: s.u_n + (s.r * s.h_prev) @ s.W_hn + s.b_hn),
            _whole("after", lambda s: s.u_n + (s.r * s.h_prev) @ s.W_hn + s.r * s.b_hn),
        )
        outside = [
            Mistake(
                "b_hn outside r",
                "`b_hn` is added outside the reset product; it belongs inside, under r.",
                CANDIDATE_IS["after"],
                _whole("after", lambda s: s.u_n + s.r * _product(s) + s.b_hn),
            ),
            Mistake(
                "b_hn never added",
                "`b_hn` is never added: this cell has two biases in n, and r multiplies one.",
                CANDIDATE_IS["after"],
                _whole("after", lambda s: s.u_n + s.r * _product(s)),
            ),
            Mistake(
                "b_n inside r",
                "`b_n` is added inside the reset product; only `b_hn` belongs there.",
                CANDIDATE_IS["after"],
                _whole(
                    "after",
                    lambda s: (
                        s.x @ blocks(s.W_xh, 3)[2]
                        + s.r * (_product(s) + s.b_hn + blocks(s.b, 3)[2])
                    ),
                ),
            ),
        ]
        return [*other, *outside]
    return [
        *variants(
            "reset after the product",
            "Your `r` multiplies the product with W_hn; here it belongs on `h_prev`, before it.",
            CANDIDATE_IS["before"] + ' If the other cell is meant, declare it: `reset="after"`.',
            step("after"),
            _whole("before", lambda s: s.u_n + s.r * _product(s)),
            _whole("before", lambda s: s.u_n + s.r * _product(s) + s.b_hn),
        ),
        *variants(
            "b_hn added",
            "`b_hn` is added; with the reset before the product it has no place of its own.",
            CANDIDATE_IS["before"] + " (b_n does b_hn's work.)",
            _whole("before", lambda s: s.u_n + (s.r * s.h_prev) @ s.W_hn + s.b_hn),
            _whole("before", lambda s: s.u_n + (s.r * s.h_prev) @ s.W_hn + s.r * s.b_hn),
        ),
    ]


def _candidate(reset: str) -> list[Mistake]:
    """Return what else can be wrong with n. `inside(s, r)` is n's sum with another r."""
    hint = CANDIDATE_IS[reset]

    def inside(s, r, u=None):
        u = s.u_n if u is None else u
        if reset == "after":
            return u + r * (_product(s) + s.b_hn)
        return u + (r * s.h_prev) @ s.W_hn

    return [
        Mistake(
            "reset missing",
            "The reset gate r does not act.",
            hint,
            _whole(reset, lambda s: inside(s, np.ones_like(s.r))),
        ),
        Mistake(
            "reset on x",
            "The reset gate multiplies the input's term; it belongs to the state's.",
            hint,
            _whole(reset, lambda s: inside(s, np.ones_like(s.r), s.r * s.u_n)),
        ),
        *variants(
            "reset on the whole sum",
            "The reset gate multiplies the input's term as well; only the state's has it.",
            hint,
            _whole(reset, lambda s: inside(s, s.r, s.r * s.u_n)),
            _whole(reset, lambda s: s.r * inside(s, np.ones_like(s.r))),
        ),
        Mistake(
            "reset after the tanh",
            "The reset gate multiplies the candidate itself, outside the tanh.",
            hint,
            step(reset, n=lambda s: s.r * np.tanh(inside(s, np.ones_like(s.r)))),
        ),
        Mistake(
            "1 - r for r",
            "The state's term is multiplied by 1 - r.",
            "r = 0 resets: then n sees the input alone. " + hint,
            _whole(reset, lambda s: inside(s, 1 - s.r)),
        ),
        Mistake(
            "z for r in n",
            "The candidate is made with z where r belongs.",
            hint,
            _whole(reset, lambda s: inside(s, s.z)),
        ),
        Mistake(
            "sigmoid for n",
            "`n` goes through the sigmoid; it is the candidate, and goes through tanh.",
            "A gate is between 0 and 1; a state may be negative. " + hint,
            step(reset, n=lambda s: sigmoid(inside(s, s.r))),
        ),
        Mistake(
            "no tanh on n",
            "`n` is the sum itself; it should go through tanh.",
            hint,
            step(reset, n=lambda s: inside(s, s.r)),
        ),
        Mistake(
            "n without the state",
            "The candidate is made of the input alone.",
            hint,
            _whole(reset, lambda s: s.u_n),
        ),
        Mistake(
            "n without the input",
            "The candidate is made of the state alone.",
            hint,
            _whole(reset, lambda s: inside(s, s.r, 0 * s.u_n)),
        ),
    ]


def candidate_mistakes(reset: str) -> list[Mistake]:
    """Return the mistakes in n, whose reset acts "after" or "before" the product."""
    return [*_placement(reset), *_candidate(reset)]
