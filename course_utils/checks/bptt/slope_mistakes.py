"""What learners take for the slope of tanh on the way back, or where they forget it."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.patches import share, slope, step
from course_utils.checks.core import Mistake, variants


def _tanh_skipped(name: str) -> dict:
    """Return the patch that forgets tanh' in one share: dh stands where da belongs."""
    with_dh = {
        "dx": lambda s: s.dh @ s.W_xh.T,
        "dh_prev": lambda s: s.dh @ s.W_hh.T,
        "dW_xh": lambda s: s.x.T @ s.dh,
        "dW_hh": lambda s: s.h_prev.T @ s.dh,
        "db": lambda s: s.dh.sum(axis=0),
    }
    return share(**{part: with_dh[part] for part in name.split()})


def _tanh_missing(name: str, parts: str, subject: str = "") -> Mistake:
    return Mistake(
        f"tanh' missing in {name}",
        f"{subject or f'`{name}` is'} made from what arrived at h_t, before it went through tanh.",
        "All five results start from da_t: compute it once, at the top, and use no `dh` below it.",
        step(**_tanh_skipped(parts)),
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
    _tanh_missing("what goes back in time", "dh_prev", "What goes back in time is"),
    _tanh_missing("dW_xh", "dW_xh"),
    _tanh_missing("dW_hh", "dW_hh"),
    _tanh_missing("db_h", "db"),
    _tanh_missing("both weights' gradients", "dW_xh dW_hh", "`dW_xh` and `dW_hh` are"),
    _tanh_missing("all that is summed", "dW_xh dW_hh db", "`dW_xh`, `dW_hh` and `db_h` are"),
    _tanh_missing(
        "dx and what goes back in time", "dx dh_prev", "`dx` and what goes back in time are"
    ),
)
