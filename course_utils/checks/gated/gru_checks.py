"""Checks of the GRU, with either place of the reset: they are two families of functions.

The place is declared: `reset="after"` the product with W_hn (ours and torch's), or "before" it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from course_utils.checks.bptt.pair import Pair, StatesOnly
from course_utils.checks.core import Case, Check, Output
from course_utils.checks.gated import cases, oracle
from course_utils.checks.gated.conventions import batch_first, z_multiplies
from course_utils.checks.gated.gru_back_mistakes import back_mistakes
from course_utils.checks.gated.gru_step_mistakes import gru_sequence_mistakes, step_mistakes
from course_utils.checks.gated.pair_mistakes import gru_pair_mistakes
from course_utils.checks.gated.patterns import diagnose_gradients
from course_utils.checks.report import WRONG, Report
from course_utils.checks.rooms import Callee, as_callee

PLACES = ("after", "before")
WEIGHTS = [
    Output("dW_xh", "(D, 3H)"),
    Output("dW_hh", "(H, 3H)"),
    Output("db", "(3H,)"),
    Output("db_hn", "(H,)"),
]
GRADIENTS = [Output("dx", "(B, T, D)"), Output("dh0", "(B, H)"), *WEIGHTS]


@dataclass(frozen=True)
class Placed:
    """One check for each place of the reset; called like a check, with the place declared."""

    checks: dict[str, Check]

    def __call__(
        self,
        function: Callable | Callee,
        *,
        reset: str = "after",
        seed: int | None = None,
        **declared: Any,
    ) -> Report:
        """Judge `function`, whose reset acts "after" the product with W_hn or "before" it.

        Raises TypeError for another place and for a convention that the check does not know.
        """
        return self.at(reset)(function, seed=seed, **declared)

    def at(self, reset: str) -> Check:
        """Return the check for one place of the reset."""
        if reset not in self.checks:
            raise TypeError(f"reset is 'after' or 'before', not {reset!r}")
        return self.checks[reset]


def _pair(forward: Callable | Callee, backward: Callable | Callee) -> Pair:
    return Pair(
        as_callee(forward),
        as_callee(backward),
        given=cases.FORWARD["gru"],
        upstream=cases.UPSTREAM["gru"],
        returns=[output.name for output in GRADIENTS],
    )


def _placed(make: Callable[[str], Check]) -> Placed:
    return Placed({reset: make(reset) for reset in PLACES})


def _titled(title: str, reset: str) -> str:
    return title if reset == "after" else f"{title} (reset before the product)"


def _step(reset: str) -> Check:
    return Check(
        _titled("one GRU step", reset),
        [Output("h_t", "(B, H)")],
        cases.gru_step_cases,
        partial(oracle.gru_step, reset=reset),
        step_mistakes(reset),
        {"z": z_multiplies()},
    )


def _sequence(reset: str) -> Check:
    return Check(
        _titled("the GRU over a whole sequence", reset),
        [Output("h", "(B, T, H)")],
        partial(cases.sequence_cases, "gru"),
        partial(oracle.gru_states, reset=reset),
        gru_sequence_mistakes(reset),
        {"z": z_multiplies(), "batch_first": batch_first},
    )


def _step_back(reset: str) -> Check:
    return Check(
        _titled("one GRU step, backward", reset),
        [Output("dx_t", "(B, D)"), Output("dh_prev", "(B, H)"), *WEIGHTS],
        partial(cases.gru_back_cases, reset=reset),
        partial(oracle.gru_step_back, reset=reset),
        back_mistakes(reset),
        {"z": z_multiplies(places=(2, 3, 4))},
        diagnose=diagnose_gradients("rzn"),
    )


def _both(reset: str) -> Check:
    return Check(
        _titled("the GRU, forward and backward", reset),
        [Output("h", "(B, T, H)"), *GRADIENTS],
        partial(cases.pair_cases, "gru"),
        partial(oracle.gru_pair, reset=reset),
        gru_pair_mistakes(_pair, reset),
        {"z": z_multiplies(places=(3, 4, 5))},
        diagnose=diagnose_gradients("rzn"),
    )


def _states_cases(rng: np.random.Generator) -> Iterable[Case]:
    """The pair's inputs for the forward pass alone: it is to blame only if it is wrong on these."""
    for case in cases.pair_cases("gru", rng):
        given = {name: case.arguments[name] for name in cases.FORWARD["gru"]}
        yield replace(case, arguments=given)


def _states(reset: str) -> Check:
    return Check(
        "the states",
        [Output("h", "(B, T, H)")],
        _states_cases,
        partial(oracle.gru_states, reset=reset),
        gru_sequence_mistakes(reset),
        {"z": z_multiplies()},
    )


gru_step = _placed(_step)
"""Judges `gru_step_forward(x_t, h_prev, W_xh, W_hh, b, b_hn) -> h_t`; may declare reset, z."""

gru = _placed(_sequence)
"""Judges `gru_forward(x, h0, W_xh, W_hh, b, b_hn) -> h`; may declare reset, z, batch_first."""

gru_step_backward = _placed(_step_back)
"""Judges `gru_step_backward(dh_t, x_t, h_prev, gates, W_xh, W_hh, b_hn)`; may declare reset, z.

It returns (dx_t, dh_prev, dW_xh, dW_hh, db, db_hn); gates (B, 3H) are the activations r z n. With
reset="before", b_hn is not used and its gradient is zero.
"""

GRU_PAIR, GRU_STATES = _placed(_both), _placed(_states)


def gru_pair(
    forward: Callable | Callee,
    backward: Callable | Callee,
    *,
    reset: str = "after",
    seed: int | None = None,
    **declared: Any,
) -> Report:
    """Judge `gru_forward(x, h0, W_xh, W_hh, b, b_hn) -> (h, cache)` with
    `gru_backward(dh, cache) -> (dx, dh0, dW_xh, dW_hh, db, db_hn)`; may declare reset, z.

    A wrong forward pass is named first: the gradients of a wrong state can only be wrong.
    """
    report = GRU_PAIR(_pair(forward, backward), reset=reset, seed=seed, **declared)
    if report.state != WRONG:
        return report
    states = GRU_STATES(StatesOnly(as_callee(forward)), reset=reset, seed=seed, **declared)
    mistake = states.mistake or report.mistake
    return Report(report.title, report.trials, mistake, diagnosis=report.diagnosis)
