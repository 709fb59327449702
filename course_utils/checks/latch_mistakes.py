"""Weights of a latch that do not work, each with the words that say why.

A latch is one unit, h = tanh(a x + w h + b), off (-1) until the first 1 has come, then on (+1).
"""

from collections.abc import Callable

import numpy as np

from course_utils.checks.core import Mistake, variants


def latch(a: float, w: float, b: float = 0, h0: float = -1) -> Callable:
    """Return a function of no arguments that returns the weights (W_xh, W_hh, b_h, h0)."""
    return lambda: (np.array([[a]]), np.array([[w]]), np.array([b]), np.array([[h0]]))


LATCH_MISTAKES = (
    *variants(
        "never on",
        "The unit stays off whatever comes in: the input is too weak, or of the wrong sign.",
        "Off with input 1: the sum inside the tanh is W_xh - W_hh + b_h. It must be well above "
        "zero.",
        latch(1, 3),
        latch(-6, 3),
        latch(6, 3, -5),
    ),
    Mistake(
        "input only balances",
        "A 1 brings an off unit to zero, halfway, and leaves it there undecided.",
        "Off with input 1: W_xh and W_hh cancel. The input must win clearly.",
        latch(3, 3),
    ),
    *variants(
        "input too weak",
        "A single 1 does not turn the unit on at once: it is on some steps too late, or only after "
        "several ones. The input is too weak.",
        "Off with input 1: the sum inside the tanh is W_xh - W_hh + b_h. It must be so far above "
        "zero that its tanh is above 0.5.",
        *(latch(a, w) for a, w in ((1, 2), (2, 2), (2, 3), (3.3, 3), (4, 3.9), (2, 1.5))),
    ),
    *variants(
        "always on",
        "The unit is on from the start, before any 1 has come.",
        "It must start off (h0 = -1), and with h = -1 and x = 0 the sum inside the tanh must stay "
        "well below zero.",
        latch(6, 3, 5),
        latch(6, 3, 0, 1),
    ),
    *variants(
        "bias lifts the off state",
        "The unit leaves the off state by itself, before any 1 has come: the bias lifts it.",
        "Off with input 0: the sum inside the tanh is -W_hh + b_h. It must stay well below zero.",
        latch(6, 3, 2),
        latch(6, 3, 3),
    ),
    *variants(
        "bias pulls the on state down",
        "A 1 turns the unit on for a moment at most: the bias pulls it back to off.",
        "On with input 0: the sum inside the tanh is W_hh + b_h. It must stay well above zero.",
        latch(6, 3, -2),
        latch(6, 3, -3),
    ),
    Mistake(
        "no memory",
        "The unit follows the input of the moment and forgets it at the next step.",
        "Once on, with x = 0, only W_hh can keep the sum positive. How large must it be?",
        latch(6, 0, -3),
    ),
    Mistake(
        "h0 between the two states",
        "The unit starts at 0, halfway between off and on.",
        "Off is a state too: start from h0 = -1.",
        latch(6, 3, 0, 0),
    ),
    *variants(
        "a fading memory",
        "The state fades: without input it drifts towards 0, where it is undecided.",
        "h = tanh(w h) has a lasting answer other than 0 only for w above 1, and a clear one only "
        "well above 1.",
        *(latch(a, w) for w in (1.05, 1.0, 0.9, 0.7, 0.5, 0.1) for a in (1, 2, 3, 4, 5, 6, 10)),
    ),
    *variants(
        "flips by itself",
        "Without input the unit flips at every step: on, off, on, off.",
        "With x = 0 the sum inside the tanh is W_hh times the state. Which sign must W_hh have, so "
        "that the state stays what it is?",
        latch(6, -3),
        latch(-6, -3),
    ),
)
