"""A5's LSTM over a sequence, there and back: a wrong loop over any steps, or a wrong step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_tools.assignments.a5_mistakes.lstm import LSTM_MISTAKES
from course_tools.assignments.a5_mistakes.lstm_back import LSTM_BACK_MISTAKES
from course_tools.assignments.a5_reference import (
    lstm_step,
    lstm_step_backward,
    there_and_back,
)
from course_utils.checks import Mistake


def piece(**pieces):
    return lambda step, back: there_and_back(step, back, **pieces)


def carrying(change):
    return piece(advance=lambda t, new, old, start: change(new, start))


def handing(change):
    """A loop that hands back `change(dh, dc)`, but the right thing to h0 and c0."""
    return piece(hand_back=lambda t, a, leaving: change(*leaving) if t else leaving)


def ends(change):
    return piece(hand_back=lambda t, a, leaving: leaving if t else change(*leaving))


def upstream(keep):
    """Of what arrives from outside keep `keep(dh, dc, last)`."""

    def wrong(step, back):
        def loop(dh, dc, x, *given):
            last = (np.arange(x.shape[1]) == x.shape[1] - 1)[:, None]
            return there_and_back(step, back)(*keep(dh, dc, last), x, *given)

        return loop

    return wrong


def _divided(by):
    def wrong(step, back):
        def loop(dh, dc, x, *given):
            *rest, grads = there_and_back(step, back)(dh, dc, x, *given)
            return *rest, {name: g / max(by(x), 1) for name, g in grads.items()}

        return loop

    return wrong


def _accumulating(step, back):
    """What is handed back is added to what was handed back before."""
    held: list = []

    def hand(t, arriving, leaving):
        held[:] = [a + b for a, b in zip(held, leaving, strict=True)] if held else leaving
        return tuple(held)

    def loop(*given):
        held.clear()
        return there_and_back(step, back, hand_back=hand)(*given)

    return loop


def _shifted(step, back):
    """h and c hold what was there before each step."""

    def loop(dh, dc, x, h0, c0, params):
        h, c, *rest = there_and_back(step, back)(dh, dc, x, h0, c0, params)
        T = x.shape[1]
        late = (np.concatenate([s[:, None], a], 1)[:, :T] for s, a in ((h0, h), (c0, c)))
        return *late, *rest

    return loop


def _swapped(step, back):
    def loop(*given):
        h, c, *rest = there_and_back(step, back)(*given)
        return c, h, *rest

    return loop


def _dh_changed(step, back):
    def loop(dh, dc, *given):
        result = there_and_back(step, back)(dh, dc, *given)
        dh[:, :-1] += 1
        return result

    return loop


def _overwritten(t, grads, more):
    grads.update(more)


def _last_kept(t, grads, more):
    if not any(value.any() for value in grads.values()):
        grads.update(more)


_LOOPS: tuple[tuple[str, str, str, Callable], ...] = (
    # --- forward
    (
        "c never advanced",
        "The cell state never advances: every step starts from `c0`.",
        "Hand both h_t and c_t to the next step.",
        carrying(lambda new, start: (new[0], start[1])),
    ),
    (
        "h never advanced",
        "The state never advances: every step starts from `h0`.",
        "Hand both h_t and c_t to the next step.",
        carrying(lambda new, start: (start[0], new[1])),
    ),
    (
        "c carried as tanh(c)",
        "The cell state is carried on through a tanh.",
        "c_t goes on as it is.",
        carrying(lambda new, start: (new[0], np.tanh(new[1]))),
    ),
    (
        "c reset each step",
        "The cell state is set back to zero before each step.",
        "Set it once, before the loop.",
        carrying(lambda new, start: (new[0], 0 * new[1])),
    ),
    (
        "off by one",
        "`h` and `c` hold what was there before each step; asked for is what it gave.",
        "Store after the step: h[:, t] has seen x[:, t].",
        _shifted,
    ),
    (
        "h and c swapped",
        "`h` and `c` are the wrong way round.",
        "`return h, c, dx, dh0, dc0, grads`.",
        _swapped,
    ),
    # --- where a step started from
    (
        "h_t for h_prev",
        "On the way back each step is given its own h and c as those that it started from.",
        "Step t started from h[:, t - 1] and c[:, t - 1], step 0 from h0 and c0.",
        piece(before=lambda t, seen, starts: tuple(a[:, t] for a in seen)),
    ),
    (
        "h0 for every step",
        "On the way back each step is given `h0` and `c0` as those that it started from.",
        "Step t started from h[:, t - 1] and c[:, t - 1].",
        piece(before=lambda t, seen, starts: starts),
    ),
    (
        "step 0 starts from the end",
        "On the way back step 0 is given the last h and c: for t = 0, index t - 1 is -1.",
        "Step 0 started from h0 and c0.",
        piece(before=lambda t, seen, starts: tuple(a[:, t - 1] for a in seen)),
    ),
    # --- what is handed back
    (
        "nothing handed back",
        "Every step stands alone: what a step hands back never reaches the step before it.",
        "Add dh_prev and dc_prev of step t + 1 to what arrives at step t.",
        handing(lambda dh, dc: (0 * dh, 0 * dc)),
    ),
    (
        "cell state's gradient not handed back",
        "`dc_prev` never reaches the step before; only the state's gradient goes back in time.",
        "The cell state is the long way back: hand back both.",
        handing(lambda dh, dc: (dh, 0 * dc)),
    ),
    (
        "state's gradient not handed back",
        "`dh_prev` never reaches the step before; only the cell state's gradient goes back.",
        "Hand back both.",
        handing(lambda dh, dc: (0 * dh, dc)),
    ),
    (
        "carried gradient accumulates",
        "What is handed back is added to what was handed back before; it should replace it.",
        "dh_prev already holds all that came from later steps.",
        _accumulating,
    ),
    (
        "clipping inside",
        "Gradients are clipped inside the backward pass.",
        "A backward pass returns what is; clip before the step of the optimiser.",
        handing(lambda dh, dc: (np.clip(dh, -0.3, 0.3), np.clip(dc, -0.3, 0.3))),
    ),
    (
        "loop runs forward",
        "The loop back runs from step 0 to the last; gradients go from the last step to the first.",
        "`for t in reversed(range(T))`.",
        piece(order=list),
    ),
    (
        "step 0 missing",
        "The loop back stops before step 0.",
        "`range(T - 1, -1, -1)` ends at 0; `range(T - 1, 0, -1)` ends at 1.",
        piece(order=lambda steps: list(reversed(steps))[:-1]),
    ),
    (
        "gradient from outside at the last step only",
        "What arrives at `h` and `c` counts at the last step only; it arrives at every step.",
        "At every step: what arrives from outside, plus what the step after it hands back.",
        upstream(lambda dh, dc, last: (dh * last, dc * last)),
    ),
    (
        "dc ignored",
        "What arrives at `c` from outside is not used.",
        "At every step: what arrives from outside, plus what the step after it hands back.",
        upstream(lambda dh, dc, last: (dh, 0 * dc)),
    ),
    (
        "dc at the last step only",
        "What arrives at `c` counts at the last step only; it arrives at every step.",
        "At every step: what arrives from outside, plus what the step after it hands back.",
        upstream(lambda dh, dc, last: (dh, dc * last)),
    ),
    (
        "dh ignored",
        "What arrives at `h` from outside is not used.",
        "At every step: what arrives from outside, plus what the step after it hands back.",
        upstream(lambda dh, dc, last: (0 * dh, dc)),
    ),
    # --- the sums, the ends
    (
        "gradients overwritten in the loop",
        "The gradients of the parameters are overwritten at each step: only step 0 is left.",
        "Every step used the same weights: their gradients add up.",
        piece(add_up=_overwritten),
    ),
    (
        "last step kept only",
        "The gradients of the parameters come from the last step only.",
        "Every step used the same weights: their gradients add up.",
        piece(add_up=_last_kept),
    ),
    (
        "divided by T",
        "The gradients of the parameters are divided by the number of steps; they are sums.",
        "Whether the loss is an average, the loss decides.",
        _divided(lambda x: x.shape[1]),
    ),
    (
        "divided by the batch",
        "The gradients of the parameters are divided by the batch; they are sums.",
        "Whether the loss is an average, the loss decides.",
        _divided(len),
    ),
    (
        "dh0 and dc0 zero",
        "`dh0` and `dc0` are zero; they are what reaches the start.",
        "What step 0 hands back.",
        ends(lambda dh, dc: (0 * dh, 0 * dc)),
    ),
    (
        "dh0 and dc0 swapped",
        "`dh0` and `dc0` are the wrong way round.",
        "`return h, c, dx, dh0, dc0, grads`.",
        ends(lambda dh, dc: (dc, dh)),
    ),
    (
        "dh changed in place",
        "`dh` was overwritten: it belongs to the caller.",
        "`dh[:, t] += ...` writes into the caller's array. Write `dh[:, t] + later`.",
        _dh_changed,
    ),
)


def loop_mistakes(
    step: Callable = lstm_step, back: Callable = lstm_step_backward
) -> tuple[Mistake, ...]:
    """Return the mistakes of a loop over `step` and `back`, which need not be right."""
    return tuple(Mistake(name, says, hint, wrong(step, back)) for name, says, hint, wrong in _LOOPS)


_FORWARD_ALONE = {"results in the wrong order", "arguments changed in place"}
_BACK_ALONE = {
    "results in the wrong order",
    "peepholes not summed over the batch",
    "peepholes entry missing",
    "dc_t changed in place",
    "averaged over the batch",
}
"""Mistakes of a step over which a loop raises, or is another mistake by another name."""

SEQUENCE_MISTAKES = (
    *loop_mistakes(),
    *(
        Mistake(m.name, m.says, m.hint, there_and_back(step=m.wrong))
        for m in LSTM_MISTAKES
        if m.name not in _FORWARD_ALONE
    ),
    *(
        Mistake(m.name, m.says, m.hint, there_and_back(back=m.wrong))
        for m in LSTM_BACK_MISTAKES
        if m.name not in _BACK_ALONE
    ),
)
"""A wrong loop over right steps, or the right loop over a wrong one."""
