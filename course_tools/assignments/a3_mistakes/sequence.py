"""The loop of A3 backward, wrong over any step: also over a wrong one it is recognised."""

from __future__ import annotations

from collections.abc import Callable

from course_tools.assignments.a3_mistakes.loops import (
    accumulates,
    added_after,
    clipped,
    clipped_at_the_end,
    dh_changed,
    divided,
    ends,
    frozen,
    handing,
    into_params,
    last_seen,
    one_buffer,
    output_at_end_only,
    overwritten,
    own_output_only,
    padding_seen,
    piece,
    step_zero_missing,
    time_major,
    times,
    upstream,
    zero,
)
from course_tools.assignments.a3_mistakes.step import STEP_MISTAKES
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


_SUM = "Every step used the same weights: their gradients add up, `grads[name] += more[name]`."
_ALL = "At every step: what arrives from outside, plus what the step after it hands back."
_END = "Sequence b takes the steps 0 to `lengths[b] - 1`; the rest is padding."

_LOOPS: tuple[tuple[str, str, str, tuple[Callable[[Step], Pass], ...]], ...] = (
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
    # --- where a step started from
    (
        "h_t for h_prev",
        "Each step is given its own state and output as the ones that it started from.",
        "Step t started from `h[:, t - 1]` and `y[:, t - 1]`, step 0 from `h0` and `y0`.",
        (piece(before=lambda t, seen, starts: tuple(a[:, t] for a in seen)),),
    ),
    (
        "h0 for every step",
        "Each step is given `h0` and `y0` as the state and output that it started from.",
        "Step t started from `h[:, t - 1]` and `y[:, t - 1]`; only step 0 from `h0` and `y0`.",
        (piece(before=lambda t, seen, starts: starts),),
    ),
    (
        "step 0 starts from the end",
        "Step 0 is given the last state: for t = 0, index t - 1 is -1.",
        "Step 0 started from `h0` and `y0`.",
        (piece(before=lambda t, seen, starts: tuple(a[:, t - 1] for a in seen)),),
    ),
    (
        "one buffer in the cache",
        "Every step is given the same state: the cache holds one array many times.",
        "A list of the same array holds views, not copies. Keep a copy of each step's.",
        (piece(before=one_buffer),),
    ),
    # --- h0 and y0
    (
        "dh0 and dy0 zero",
        "`dh0` and `dy0` are zero; h0 and y0 entered step 0.",
        "What step 0 hands back is dh0 and dy0.",
        (ends(lambda arriving, leaving: zero(leaving)),),
    ),
    (
        "dy0 zero",
        "`dy0` is zero; y0 entered step 0.",
        "What step 0 hands back is dh0 and dy0.",
        (ends(lambda arriving, leaving: (leaving[0], 0 * leaving[1])),),
    ),
    (
        "dh0 not through step 0",
        "`dh0` and `dy0` are what arrives after step 0; they have to go through it.",
        "h0 came before step 0: dh0 and dy0 are what that step hands back.",
        (ends(lambda arriving, leaving: arriving),),
    ),
    # --- lengths
    (
        "lengths ignored",
        "The padding contributes: lengths are not used.",
        _END + " Set dh, dy and x to zero there, with `np.where`.",
        (piece(silence=lambda running, *arrays: arrays),),
    ),
    (
        "padding in dh",
        "What stands in `dh` behind a sequence's end contributes.",
        _END + " Set dh to zero there as well.",
        (piece(silence=padding_seen((0,))),),
    ),
    (
        "padding in dy",
        "What stands in `dy` behind a sequence's end contributes.",
        _END + " Set dy to zero there as well.",
        (piece(silence=padding_seen((1,))),),
    ),
    (
        "lengths one too long",
        "Each sequence is taken one step too long.",
        _END,
        (piece(running=lambda t, lengths: t <= lengths),),
    ),
    (
        "lengths one too short",
        "Each sequence is taken one step too short: its last step is treated as padding.",
        _END,
        (piece(running=lambda t, lengths: t < lengths - 1),),
    ),
    (
        "padding handed to the last step",
        "What arrives behind a sequence's end is added to its last step; it goes nowhere.",
        "Behind its end a sequence has no states: h and y are zero there, whatever x holds.",
        (piece(silence=frozen),),
    ),
    (
        "nan times zero",
        "nan in the padding gets through: nan times 0 is nan.",
        "Choose with `np.where(running, a, 0)`; multiplying by a mask keeps nan.",
        (piece(silence=times), piece(silence=padding_seen((2,)))),
    ),
    # --- what is returned
    (
        "(B, T, D) read as (T, B, D)",
        "Axis 0 is read as time. Here it is the batch: `dh` is (B, T, H).",
        "Step t of every sequence is `dh[:, t]`.",
        (time_major,),
    ),
    (
        "dh changed in place",
        "`dh` was overwritten: it belongs to the caller.",
        "`dh[:, t] += ...` changes the caller's array. Add into a variable of your own.",
        (dh_changed,),
    ),
    (
        "gradients added to the parameters",
        "The gradients were added into `params` itself.",
        "`params.copy()` and `dict(params)` copy the dict, not the arrays in it: "
        "begin with `np.zeros_like(value)`.",
        (into_params,),
    ),
)


def loop_mistakes(step: Step = leaky_step_backward) -> tuple[Mistake, ...]:
    """Return the mistakes of a loop over `step`, which need not be the right one."""
    return tuple(
        Mistake(name, says, hint, with_states(wrong(step)))
        for name, says, hint, ways in _LOOPS
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
