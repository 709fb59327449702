"""The debugging clinic of lesson 03: somebody's backward pass, which is not well."""

from __future__ import annotations

import numpy as np

from course_utils.checks.bptt.loop_mistakes import LOOP_MISTAKES

_ILL = next(m for m in LOOP_MISTAKES if m.name == "carried gradient accumulates")


def their_backward(dh, x, h0, h, W_xh, W_hh) -> tuple[np.ndarray, ...]:
    """Return somebody's dx, dh0, dW_xh, dW_hh, db_h; the lesson asks what is wrong.

    Right at T = 1; at T = 2 only dh0 is wrong; from T = 3 on all five are.
    """
    return _ILL.wrong(dh, x, h0, h, W_xh, W_hh)


def their_illness() -> str:
    """Return what is wrong with `their_backward`, in a sentence: the clinic's answer."""
    return _ILL.says
