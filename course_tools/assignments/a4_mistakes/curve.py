"""The gradient along a sequence, wrong: a wrong curve over any pieces, or over wrong ones."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a2_reference import run
from course_tools.assignments.a4_mistakes.jacobian import JACOBIAN_MISTAKES
from course_tools.assignments.a4_mistakes.norms import NORMS_MISTAKES
from course_tools.assignments.a4_reference import (
    Jacobian,
    Norms,
    back,
    curve,
    given_to,
    leaky_jacobian,
    log_norms,
)
from course_utils.checks import Mistake


def _pairs(change):
    return lambda jacobian, norms: curve(jacobian, norms, change)


def _started(change):
    """The states are those of another start."""

    def over(jacobian, norms):
        return lambda dh, x, h0, y0, params: curve(jacobian, norms)(
            dh, x, *change(h0, y0, params), params
        )

    return over


def _after(change):
    return lambda jacobian, norms: lambda *given: change(curve(jacobian, norms)(*given))


def _every_step(jacobian, norms):
    """dh arrives at every state, not at the last one only."""

    def wrong(dh, x, h0, y0, params):
        h, _ = run(x, h0, y0, params)
        g, L = dh, [norms(dh, np.zeros((*h0.shape, h0.shape[1]))[:, :0])]
        for x_t, h_prev in reversed(given_to(x, h0, h)):
            g = back(g, sum(jacobian(x_t, h_prev, params))) + dh
            L.append(np.log(np.linalg.norm(g, axis=1, keepdims=True)))
        return np.concatenate(L, axis=1)

    return wrong


_PAIR = "The Jacobian of step t takes `x[:, t]` and the state before it, `h[:, t - 1]`."

_CURVES = (
    (
        "own state as the old one",
        "Each Jacobian is taken at the state that its step made: the slope at the wrong time.",
        _PAIR,
        _pairs(lambda x, h0, h: [(x[:, t], h[:, t]) for t in range(1, x.shape[1])]),
    ),
    (
        "input one step early",
        "Each Jacobian is given the input of the step before.",
        _PAIR,
        _pairs(lambda x, h0, h: [(x[:, t - 1], h[:, t - 1]) for t in range(1, x.shape[1])]),
    ),
    (
        "Jacobians one step early",
        "The Jacobians are those of the steps 0 to T - 2; from the last state back they are those "
        "of T - 1 to 1.",
        _PAIR,
        _pairs(
            lambda x, h0, h: [
                (x[:, t], h[:, t - 1] if t else h0) for t in range(max(x.shape[1] - 1, 0))
            ]
        ),
    ),
    (
        "one lag too many",
        "The curve goes back to h0; asked for is the gradient at h_{T-1} to h_0, T numbers.",
        "From one state to another there are T - 1 steps: t = 1 to T - 1.",
        _pairs(lambda x, h0, h: [(x[:, t], h[:, t - 1] if t else h0) for t in range(x.shape[1])]),
    ),
    (
        "h0 for every step",
        "Every Jacobian is taken at `h0`.",
        _PAIR,
        _pairs(lambda x, h0, h: [(x[:, t], h0) for t in range(1, x.shape[1])]),
    ),
    (
        "Jacobians in reversed order",
        "The Jacobians are handed over from the last to the first; asked for is the order of time.",
        "`log_norms` goes back by itself: give it J[:, 0] first.",
        _pairs(lambda x, h0, h: given_to(x, h0, h)[::-1]),
    ),
    (
        "one Jacobian for all steps",
        "The Jacobian of the last step is used for all steps.",
        _PAIR,
        _pairs(lambda x, h0, h: given_to(x, h0, h)[-1:] * (x.shape[1] - 1)),
    ),
    (
        "h0 ignored",
        "The states are run from zero, not from `h0`.",
        "`leaky_states(x, h0, y0, params)`.",
        _started(lambda h0, y0, p: (0 * h0, y0)),
    ),
    (
        "y0 ignored",
        "The states are run from another `y0`: the first step is fed zeros.",
        "`leaky_states(x, h0, y0, params)`.",
        _started(lambda h0, y0, p: (h0, 0 * y0)),
    ),
    (
        "h0 and y0 ignored",
        "The states are run from zero, not from `h0` and `y0`.",
        "`leaky_states(x, h0, y0, params)`.",
        _started(lambda h0, y0, p: (0 * h0, 0 * y0)),
    ),
    (
        "y0 read from h0",
        "The states are run from a `y0` that is read from `h0`; the caller gives it.",
        "`leaky_states(x, h0, y0, params)`.",
        _started(lambda h0, y0, p: (h0, h0 @ p["W_hy"] + p["b_y"])),
    ),
    (
        "indexed by time",
        "The numbers are right but stand in the order of time; asked for is the order of the lag.",
        "L[:, 0] belongs to the last state.",
        _after(lambda L: L[:, ::-1]),
    ),
    (
        "mean over the batch",
        "One curve came back for the whole batch; every sequence has its own.",
        "L is (B, T). Average afterwards, if you draw one curve.",
        _after(lambda L: L.mean(axis=0)),
    ),
    (
        "dh arrives at every step",
        "`dh` is added at every step; it arrives at the last state only.",
        "A loss at the end alone: what reaches an earlier state has come the whole way.",
        _every_step,
    ),
)


def curve_mistakes(
    jacobian: Jacobian = leaky_jacobian, norms: Norms = log_norms
) -> tuple[Mistake, ...]:
    """Return the mistakes of a curve over `jacobian` and `norms`, which need not be right."""
    return tuple(
        Mistake(name, says, hint, wrong(jacobian, norms)) for name, says, hint, wrong in _CURVES
    )


_SPOILS = {
    "one matrix for the batch",
    "results in the wrong order",
    "two ways in one",
    "params changed in place",
    "dh changed in place",
}
"""Mistakes below that make the curve raise, spoil its caller, or do it no harm."""
_SAME = {"lag 0 left out", "indexed by time", "J not transposed", "from the start"}
"""Mistakes of the norms that are another one's in the curve."""
_LONG = {"underflow", "lengths multiplied", "something added inside the logarithm"}
"""Mistakes of the norms that no sequence of a few steps shows."""

CURVE_MISTAKES = (
    *curve_mistakes(),
    *(
        Mistake(m.name, m.says, m.hint, curve(jacobian=m.wrong))
        for m in JACOBIAN_MISTAKES
        if m.name not in _SPOILS
    ),
    *(
        Mistake(m.name, m.says, m.hint, curve(norms=m.wrong))
        for m in NORMS_MISTAKES
        if m.name not in _SPOILS | _SAME | _LONG
    ),
)
"""A wrong curve over right pieces, or the right one over a wrong piece."""
