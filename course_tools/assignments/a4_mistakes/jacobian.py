"""One Jacobian of A4, wrong: each known mistake replaces a formula of the reference."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a4_reference import jacobian, leaky_jacobian
from course_utils.checks import Mistake
from course_utils.checks.core import variants


def _into_params(x_t, h_prev, params):
    ways = leaky_jacobian(x_t, h_prev, params)
    params["W_hh"] += params["W_hy"] @ params["W_yh"]
    return ways


def _h_t(v):
    return (1 - v.leak) * v.h_prev + v.leak * v.new


def _ways(change):
    """Both ways through the tanh, each `change(v, matrix)`."""
    return jacobian(
        recurrent=lambda v: change(v, v.W_hh), fed_back=lambda v: change(v, v.W_hy @ v.W_yh)
    )


def _one_way(name, says, hint, change):
    """The same mistake on the way through `W_hh` only, and on the way through the output only."""
    return variants(
        name,
        says,
        hint,
        jacobian(recurrent=lambda v: change(v, v.W_hh)),
        jacobian(fed_back=lambda v: change(v, v.W_hy @ v.W_yh)),
    )


def _returned(change):
    return lambda *given: change(*leaky_jacobian(*given))


_LAYOUT = "[b, i, j]: rows for the old state, columns for the new one."

JACOBIAN_MISTAKES = (
    # --- the layout
    Mistake(
        "transposed",
        "The matrices are transposed: [i, j] holds the derivative of h_t[i] with respect to "
        "h_prev[j].",
        _LAYOUT,
        _ways(lambda v, W: np.swapaxes(W * v.gate, 1, 2)),
    ),
    Mistake(
        "slope on the rows",
        "Slope and leak scale the rows of the matrix; they belong to the unit that is written, the "
        "column.",
        "`W * (leak * slope)[:, None, :]`: W diag(...), not diag(...) W.",
        _ways(lambda v, W: W * (v.leak * v.slope)[:, :, None]),
    ),
    *_one_way(
        "slope on the rows, on one way",
        "On one way slope and leak scale the rows of the matrix; they belong to the unit that is "
        "written, the column.",
        "`W * (leak * slope)[:, None, :]`: W diag(...), not diag(...) W.",
        lambda v, W: W * (v.leak * v.slope)[:, :, None],
    ),
    Mistake(
        "leak on the rows",
        "The leak scales the rows of the matrix; it belongs to the unit that is written, the "
        "column.",
        "It stands in front of the tanh of unit j: `(leak * slope)[:, None, :]`.",
        _ways(lambda v, W: v.leak[:, None] * W * v.slope[:, None, :]),
    ),
    Mistake(
        "kept share everywhere",
        "`1 - leak` stands in every entry; a unit keeps a share of itself only.",
        "A matrix with `1 - leak` on its diagonal: `np.diag(1 - leak)`.",
        jacobian(kept=lambda v: 1 - v.leak),
    ),
    # --- the leak
    Mistake(
        "leak forgotten before the tanh",
        "On the ways through the tanh the factor `leak` is missing.",
        "h_t holds `leak * tanh(...)`.",
        jacobian(gate=lambda v: v.slope[:, None, :]),
    ),
    Mistake(
        "leak inverted before the tanh",
        "On the ways through the tanh it is `leak`, not `1 - leak`.",
        "h_t holds `leak * tanh(...)`.",
        jacobian(gate=lambda v: ((1 - v.leak) * v.slope)[:, None, :]),
    ),
    Mistake(
        "kept share forgotten",
        "The way past the tanh is missing: what a unit keeps of itself, `1 - leak`.",
        "h_t = (1 - leak) h_prev + ...: this term has a derivative too, on the diagonal.",
        jacobian(kept=lambda v: 0 * v.W_hh),
    ),
    Mistake(
        "kept share inverted",
        "Past the tanh it is `1 - leak`, not `leak`.",
        "A leak of 1 keeps nothing.",
        jacobian(kept=lambda v: np.diag(v.leak)),
    ),
    Mistake(
        "kept in full",
        "Past the tanh the whole old state is kept; it is the share `1 - leak`.",
        "`np.diag(1 - leak)` where you have the identity.",
        jacobian(kept=lambda v: np.eye(len(v.leak))),
    ),
    Mistake(
        "leak the other way round",
        "`leak` and `1 - leak` have changed places: the old state keeps `1 - leak`, and the tanh "
        "enters by `leak`.",
        "h_t = (1 - leak) h_prev + leak * tanh(...).",
        jacobian(
            kept=lambda v: np.diag(v.leak),
            gate=lambda v: ((1 - v.leak) * v.slope)[:, None, :],
        ),
    ),
    *_one_way(
        "leak forgotten on one way",
        "On one way through the tanh the factor `leak` is missing; on the other it is there.",
        "Both ways go through the same tanh: they share the factor `leak * slope`.",
        lambda v, W: W * v.slope[:, None, :],
    ),
    *_one_way(
        "leak inverted on one way",
        "On one way through the tanh it is `leak`, not `1 - leak`; on the other it is right.",
        "Both ways go through the same tanh: they share the factor `leak * slope`.",
        lambda v, W: W * ((1 - v.leak) * v.slope)[:, None, :],
    ),
    # --- the slope
    Mistake(
        "slope at h_t",
        "The slope is taken as 1 - h_t²; h_t is not the tanh, it leaks.",
        "The slope is 1 - n², with n the tanh itself.",
        jacobian(slope=lambda v: 1 - _h_t(v) ** 2),
    ),
    Mistake(
        "slope at h_prev",
        "The slope is taken at the wrong time: 1 - h_prev².",
        "The slope of this step's tanh is 1 - n², with n = tanh(...) of this step.",
        jacobian(slope=lambda v: 1 - v.h_prev**2),
    ),
    Mistake(
        "slope at the sum",
        "The slope is taken as 1 - s², with s the sum inside the tanh.",
        "1 - tanh(s)².",
        jacobian(slope=lambda v: 1 - v.total**2),
    ),
    Mistake(
        "slope omitted",
        "The slope of the tanh is missing.",
        "The derivative of tanh(s) is 1 - tanh(s)².",
        jacobian(slope=lambda v: np.ones_like(v.new)),
    ),
    Mistake(
        "1 - n for 1 - n²",
        "The slope of the tanh is 1 - n², not 1 - n.",
        "n (1 - n) and the like belong to the sigmoid.",
        jacobian(slope=lambda v: 1 - v.new),
    ),
    *_one_way(
        "slope omitted on one way",
        "On one way the slope of the tanh is missing; on the other it is there.",
        "Both ways go through the same tanh: they share the factor `leak * slope`.",
        lambda v, W: W * v.leak + 0 * v.gate,
    ),
    # --- the feedback
    Mistake(
        "feedback path forgotten",
        "The way through the output is missing: h_prev also acts through y_prev.",
        "First out, then in: `W_hy @ W_yh`, then leak and slope.",
        jacobian(fed_back=lambda v: 0 * v.recurrent),
    ),
    Mistake(
        "feedback forgotten altogether",
        "The feedback is missing, in the sum inside the tanh and as a way.",
        "y_prev = h_prev W_hy + b_y stands inside the tanh.",
        jacobian(fed_back=lambda v: 0 * v.recurrent, y_prev=lambda v: 0 * (v.h_prev @ v.W_hy)),
    ),
    Mistake(
        "feedback not in the sum",
        "The slope is taken without the feedback: y_prev does not enter the sum.",
        "Compute y_prev = h_prev W_hy + b_y first, then the sum with all four terms.",
        jacobian(y_prev=lambda v: 0 * (v.h_prev @ v.W_hy)),
    ),
    Mistake(
        "b_y forgotten",
        "y_prev is read without its bias `b_y`.",
        "y_prev = h_prev W_hy + b_y.",
        jacobian(y_prev=lambda v: v.h_prev @ v.W_hy),
    ),
    Mistake(
        "feedback past the tanh",
        "The way through the output skips leak and slope.",
        "y_prev stands inside the tanh, like h_prev.",
        jacobian(fed_back=lambda v: v.W_hy @ v.W_yh + 0 * v.recurrent),
    ),
    Mistake(
        "feedback transposed",
        "The way through the output is transposed.",
        "First out, then in: `W_hy @ W_yh`, (H, O) times (O, H).",
        jacobian(fed_back=lambda v: (v.W_hy @ v.W_yh).T * v.gate),
    ),
    Mistake(
        "feedback through W_hh as well",
        "The way through the output goes through `W_hh` as well; these are two ways, side by side.",
        "y_prev was read from h_prev by W_hy and enters by W_yh. W_hh has no part in it.",
        jacobian(fed_back=lambda v: (v.W_hh @ v.W_hy @ v.W_yh) * v.gate),
    ),
    Mistake(
        "no recurrent way",
        "The way through `W_hh` is missing.",
        "h_prev W_hh stands inside the tanh.",
        jacobian(recurrent=lambda v: 0 * v.W_hh * v.gate),
    ),
    *variants(
        "two ways in one",
        "Two of the three ways are added up in one; each is asked for by itself.",
        "Past the tanh, through `W_hh`, through the output: together they are the Jacobian.",
        jacobian(recurrent=lambda v: (v.W_hh + v.W_hy @ v.W_yh) * v.gate),
        jacobian(
            recurrent=lambda v: (v.W_hh + v.W_hy @ v.W_yh) * v.gate,
            fed_back=lambda v: 0 * v.recurrent,
        ),
        jacobian(fed_back=lambda v: (v.W_hh + v.W_hy @ v.W_yh) * v.gate),
        jacobian(recurrent=lambda v: v.kept + v.W_hh * v.gate),
    ),
    # --- the rest
    Mistake(
        "W_hh transposed",
        "`W_hh` is transposed.",
        "Unit i acts on unit j through `W_hh[i, j]`: that is the layout asked for already.",
        jacobian(recurrent=lambda v: v.W_hh.T * v.gate),
    ),
    Mistake(
        "input forgotten",
        "The slope is taken without the input: `x_t W_xh` does not enter the sum.",
        "The sum inside the tanh has four terms.",
        jacobian(total=lambda v: v.h_prev @ v.W_hh + v.y_prev @ v.W_yh + v.b_h),
    ),
    Mistake(
        "b_h forgotten",
        "The slope is taken without the bias `b_h`.",
        "The sum inside the tanh has four terms.",
        jacobian(total=lambda v: v.x_t @ v.W_xh + v.h_prev @ v.W_hh + v.y_prev @ v.W_yh),
    ),
    *variants(
        "one matrix for the batch",
        "One matrix came back for the whole batch; every sequence has its own.",
        "The slope differs from row to row: each way is (B, H, H).",
        _returned(lambda *ways: tuple(way.mean(axis=0) for way in ways)),
        _returned(lambda *ways: tuple(way.sum(axis=0) for way in ways)),
        _returned(lambda *ways: tuple(way[0] for way in ways)),
    ),
    Mistake(
        "averaged over the batch",
        "All sequences get the same matrices, the mean; every sequence has its own.",
        "Nothing is averaged here: the slope differs from row to row.",
        _returned(lambda *ways: tuple(0 * way + way.mean(axis=0) for way in ways)),
    ),
    *variants(
        "results in the wrong order",
        "The ways are in another order than asked for.",
        "`return kept, recurrent, fed_back`.",
        _returned(lambda kept, recurrent, fed_back: (recurrent, fed_back, kept)),
        _returned(lambda kept, recurrent, fed_back: (kept, fed_back, recurrent)),
        _returned(lambda kept, recurrent, fed_back: (recurrent, kept, fed_back)),
    ),
    Mistake(
        "params changed in place",
        "`params` was changed; it belongs to the caller.",
        "`W = params[...]` does not copy, and `W += ...` writes into it. Write `W = W + ...`.",
        _into_params,
    ),
)
