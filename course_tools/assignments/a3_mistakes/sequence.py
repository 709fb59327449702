"""What goes wrong in Part 3 of A3: a wrong loop over any step, or a wrong step."""

from __future__ import annotations

from collections.abc import Callable

from course_tools.assignments.a3_mistakes.borders import BORDERS
from course_tools.assignments.a3_mistakes.loops import added_after
from course_tools.assignments.a3_mistakes.step import STEP_MISTAKES
from course_tools.assignments.a3_mistakes.through_time import THROUGH_TIME
from course_tools.assignments.a3_reference import (
    NAMES,
    Pass,
    Step,
    leaky_states,
    leaky_step_backward,
    loop,
)
from course_utils.checks import Mistake
from course_utils.checks.bptt.pair import Pair
from course_utils.checks.rooms import LocalCallee

GIVEN = ("x", "h0", "y0", "params", "lengths")


def pair(forward: Callable, backward: Callable) -> Pair:
    """Return the student's two functions as one: dh, dy and GIVEN in, all that they return out."""
    return Pair(forward, backward, given=GIVEN, values=("h", "y"), upstream=("dh", "dy"))


def with_states(backward: Pass) -> Callable[..., tuple]:
    """Return what the pair of a right forward pass and `backward` gives."""
    return lambda dh, dy, *given: (*leaky_states(*given), *backward(dh, dy, *given))


def loop_mistakes(step: Step = leaky_step_backward) -> tuple[Mistake, ...]:
    """Return the mistakes of a loop over `step`, which need not be the right one."""
    return tuple(
        Mistake(name, says, hint, with_states(wrong(step)))
        for name, says, hint, ways in (*THROUGH_TIME, *BORDERS)
        for wrong in ways
    )


# --- the two functions together ---------------------------------------------------------------


def _global_pair() -> Pair:
    """The cache is kept outside: backward finds that of the latest forward pass."""
    kept = {}

    def forward(*given):
        kept["latest"] = given
        return *leaky_states(*given), None

    def backward(dh, dy, cache):
        return loop()(dh, dy, *kept["latest"])

    return pair(LocalCallee(forward), LocalCallee(backward))


def _returned(change):
    return with_states(lambda *given: change(*loop()(*given)))


_FORMS = (
    Mistake(
        "cache kept outside",
        "`leaky_backward` uses what the latest forward pass left behind, not the cache that it is "
        "given.",
        "Put everything into the cache, nothing into a global variable: another forward pass may "
        "come in between.",
        _global_pair(),
    ),
    Mistake(
        "carried gradient added after tanh'",
        "What comes back from the next step is added behind the slope of the tanh.",
        "All that arrives at h_t is added up first, and goes through leak and tanh together.",
        with_states(added_after),
    ),
    Mistake(
        "results in the wrong order",
        "The results are in another order than asked for.",
        "`return dx, dh0, dy0, grads`.",
        _returned(lambda dx, dh0, dy0, grads: (dx, dy0, dh0, grads)),
    ),
    Mistake(
        "leak gradient missing",
        "`grads` has no entry for `leak`: it is a parameter too.",
        "One entry for each name in `params`.",
        _returned(lambda *r: (*r[:3], {name: r[3][name] for name in NAMES if name != "leak"})),
    ),
)

NOT_IN_A_LOOP = {
    "leak gradient missing",
    "leak gradient not summed",
    "bias gradient not summed",
    "results in the wrong order",
    "dh_t changed in place",
    "params changed in place",
}
"""Mistakes of a step over which a loop raises, or does something else."""

SEQUENCE_MISTAKES = (
    *loop_mistakes(),
    *_FORMS,
    *(
        Mistake(m.name, m.says, m.hint, with_states(loop(m.wrong)))
        for m in STEP_MISTAKES
        if m.name not in NOT_IN_A_LOOP
    ),
)
"""A wrong loop over the right step, or the right loop over a wrong step."""
