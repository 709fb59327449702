"""Loops of A3 that add up wrongly or lose gradients on the way back, by name."""

from __future__ import annotations

from course_tools.assignments.a3_mistakes.loops import (
    Loop,
    accumulates,
    clipped,
    clipped_at_the_end,
    divided,
    handing,
    last_seen,
    output_at_end_only,
    overwritten,
    own_output_only,
    piece,
    step_zero_missing,
    upstream,
    zero,
)
from course_tools.assignments.a3_reference import loop

_SUM = "Every step used the same weights: their gradients add up, `grads[name] += more[name]`."
_ALL = "At every step: what arrives from outside, plus what the step after it hands back."

THROUGH_TIME: tuple[Loop, ...] = (
    # --- adding up
    (
        "gradients overwritten in the loop",
        "The gradients of the parameters are overwritten at each step: only step 0 is left.",
        _SUM,
        (piece(add_up=overwritten),),
    ),
    (
        "last step kept only",
        "The gradients of the parameters come from the last step only.",
        _SUM,
        (last_seen(),),
    ),
    (
        "output layer from the last step only",
        "The gradients of `W_hy` and `b_y` come from the last step only.",
        "There is an output, and a gradient for it, at every step.",
        (output_at_end_only,),
    ),
    (
        "output layer without the feedback",
        "The gradients of `W_hy` and `b_y` hold what arrives in `dy` only; what comes back to y_t "
        "from the next step, through the feedback, is missing.",
        "y_t has two readers: whoever sent dy, and step t + 1. Add both before you use them.",
        (own_output_only,),
    ),
    (
        "divided by T",
        "The gradients of the parameters are divided by the number of steps; they are sums.",
        "Whether the loss is an average, the loss decides.",
        (
            lambda step: divided(step, lambda x, lengths: max(x.shape[1], 1)),
            lambda step: divided(step, lambda x, lengths: max(lengths.sum(), 1)),
        ),
    ),
    # --- going back in time
    (
        "nothing handed back",
        "Every step stands alone: what a step hands back never reaches the step before it.",
        _ALL,
        (handing(lambda t, leaving: zero(leaving)),),
    ),
    (
        "state's gradient not handed back",
        "`dh_prev` never reaches the step before; only the output's gradient goes back in time.",
        _ALL,
        (handing(lambda t, leaving: (0 * leaving[0], leaving[1])),),
    ),
    (
        "feedback's gradient not handed back",
        "`dy_prev` never reaches the step before; only the state's gradient goes back in time.",
        "y_t was read by step t + 1 as well: add what that step hands back to `dy[:, t]`.",
        (handing(lambda t, leaving: (leaving[0], 0 * leaving[1])),),
    ),
    (
        "carried gradient accumulates",
        "What is handed back is added to what was handed back before; it should replace it.",
        "`dh_next = dh_prev`, not `+=`: all that came before is already in it.",
        (accumulates,),
    ),
    (
        "loop runs forward",
        "The loop runs from step 0 to the last; gradients go from the last step to the first.",
        "`for t in reversed(range(T))`.",
        (piece(order=list),),
    ),
    (
        "silent truncation",
        "The gradient goes back a few steps only; asked for is the full one.",
        "Hand back at every step, down to step 0. Part 4 is the place to cut.",
        tuple(
            handing(lambda t, leaving, k=k: leaving if t % k else zero(leaving)) for k in (2, 3, 4)
        ),
    ),
    (
        "clipping inside",
        "Gradients are clipped inside the backward pass.",
        "Clip once, outside, before the optimiser's step: here it spoils the gradient check.",
        (
            lambda step: clipped(step, 1.0),
            lambda step: clipped(step, 0.5),
            lambda step: clipped_at_the_end(step, 1.0),
            lambda step: clipped_at_the_end(step, 5.0),
        ),
    ),
    (
        "step 0 missing",
        "The loop stops before step 0.",
        "`reversed(range(T))` goes down to 0; `range(T - 1, 0, -1)` does not.",
        (step_zero_missing,),
    ),
    (
        "last step missing",
        "The last step is left out.",
        "`reversed(range(T))` begins at T - 1.",
        (lambda step: loop(step, order=lambda steps: list(reversed(steps))[1:]),),
    ),
    # --- what arrives from outside
    (
        "gradient from outside at the last step only",
        "What arrives at `h` and `y` counts at the last step only; it arrives at every step.",
        _ALL,
        (upstream(lambda dh, dy, last: (dh * last, dy * last)),),
    ),
    (
        "dh at the last step only",
        "What arrives at `h` counts at the last step only; it arrives at every step.",
        _ALL,
        (upstream(lambda dh, dy, last: (dh * last, dy)),),
    ),
    (
        "dy at the last step only",
        "What arrives at `y` counts at the last step only; it arrives at every step.",
        _ALL,
        (upstream(lambda dh, dy, last: (dh, dy * last)),),
    ),
    (
        "dy ignored",
        "What arrives at `y` is not used.",
        _ALL,
        (upstream(lambda dh, dy, last: (dh, 0 * dy)),),
    ),
    (
        "dh ignored",
        "What arrives at `h` is not used.",
        _ALL,
        (upstream(lambda dh, dy, last: (0 * dh, dy)),),
    ),
)
