"""The loop of A3 backward, wrong over any step: also over a wrong one it is recognised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_tools.assignments.a3_mistakes.step import STEP_MISTAKES
from course_tools.assignments.a3_reference import (
    NAMES,
    Pass,
    Step,
    add_up,
    hand_back,
    leaky_states,
    leaky_step_backward,
    loop,
    silence,
    step,
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


# --- pieces that are wrong: each of the names of `loop`'s arguments, and what stands there ----


def _last_seen():
    """Keep the step that the loop comes to first."""
    return lambda step: loop(
        step, add_up=lambda t, g, more: None if any(v.any() for v in g.values()) else g.update(more)
    )


def _overwritten(t, grads, more):
    grads.update(more)


def _own_output_only(step):
    """W_hy and b_y learn from what arrives from outside alone, not from the feedback."""

    def backward(dh, dy, x, h0, y0, params, lengths):
        *rest, grads = loop(step)(dh, dy, x, h0, y0, params, lengths)
        (seen,) = silence(np.arange(x.shape[1]) < lengths[:, None], dy)
        h, _ = leaky_states(x, h0, y0, params, lengths)
        grads["W_hy"], grads["b_y"] = np.einsum("bth,bto->ho", h, seen), seen.sum(axis=(0, 1))
        return *rest, grads

    return backward


def _output_at_end_only(step):
    """W_hy and b_y learn from the last step alone."""

    def add(t, grads, more):
        fresh = {name: more[name] for name in ("W_hy", "b_y") if not grads[name].any()}
        rest = [name for name in grads if name not in ("W_hy", "b_y")]
        grads.update(fresh, **{name: grads[name] + more[name] for name in rest})

    return loop(step, add_up=add)


def _accumulates(step):
    """What is handed back is added to what was handed back before."""
    held = []

    def hand(t, arriving, leaving):
        held[:] = [a + b for a, b in zip(held, leaving, strict=True)] if held else leaving
        return tuple(held)

    def backward(*given):
        held.clear()
        return loop(step, hand_back=hand)(*given)

    return backward


def _added_after(dh, dy, *given):
    """What comes from the next step is added behind the slope of the tanh."""
    carried = [0.0]
    late = step(da=lambda v: v.leak * v.dh * (1 - v.new**2) + carried[0])

    def hand(t, arriving, leaving):
        carried[0] = leaving[0]
        return (0 * leaving[0], leaving[1]) if t else leaving

    return loop(late, hand_back=hand)(dh, dy, *given)


def _ends(change):
    """A right loop with what reaches h0 and y0 replaced by `change(t, arriving, leaving)`."""
    return lambda step: loop(
        step, hand_back=lambda t, a, b: change(a, b) if t == 0 else hand_back(t, a, b)
    )


def _zero(arrays):
    return tuple(np.zeros_like(a) for a in arrays)


def _upstream(keep):
    """Of what arrives from outside, keep `keep(dh, dy, last)`; `last` marks the last steps."""

    def wrong(step):
        def backward(dh, dy, x, h0, y0, params, lengths):
            last = np.arange(x.shape[1]) == lengths[:, None] - 1
            return loop(step)(*keep(dh, dy, last[:, :, None]), x, h0, y0, params, lengths)

        return backward

    return wrong


def _one_buffer(t, seen, starts):
    return tuple(a[:, -1] for a in seen)


def _step_zero_missing(step):
    def backward(dh, dy, x, h0, y0, params, lengths):
        stop = lambda T: list(reversed(T))[:-1]  # noqa: E731
        return loop(step, order=stop)(dh, dy, x, h0, y0, params, lengths)

    return backward


def _clipped(step, most):
    def clip(t, arriving, leaving):
        return tuple(np.clip(a, -most, most) for a in leaving)

    return loop(step, hand_back=clip)


def _clipped_at_the_end(step, most):
    def backward(*given):
        *rest, grads = loop(step)(*given)
        return *rest, {name: np.clip(value, -most, most) for name, value in grads.items()}

    return backward


def _divided(step, by):
    def backward(dh, dy, x, *given):
        *rest, grads = loop(step)(dh, dy, x, *given)
        return *rest, {name: value / by(x, given[-1]) for name, value in grads.items()}

    return backward


def _dh_changed(step):
    """`dh[:, t] += ...` in the loop: right, but in the caller's array."""

    def backward(dh, dy, *given):
        result = loop(step)(dh, dy, *given)
        dh[:, :-1] += 1
        return result

    return backward


def _into_params(step):
    """`grads = params.copy()` copies the dict, not the arrays."""

    def backward(dh, dy, x, h0, y0, params, lengths):
        *rest, grads = loop(step)(dh, dy, x, h0, y0, params, lengths)
        for name, value in params.items():
            value += grads[name]
        return *rest, dict(params)

    return backward


def _times(running, *arrays):
    return tuple(a * running[:, :, None] for a in arrays)


def _padding_seen(which):
    """Leave the padding as it is in some of dh, dy and x."""
    return lambda running, *arrays: tuple(
        a if i in which else silence(running, a)[0] for i, a in enumerate(arrays)
    )


def _frozen(running, dh, dy, x):
    """What arrives behind an end is added to the last step before it, as if the state were kept."""
    dh, dy, x = (np.array(a) for a in (dh, dy, x))
    for b, n in enumerate(running.sum(axis=1)):
        if 0 < n < dh.shape[1]:
            dh[b, n - 1] += dh[b, n:].sum(axis=0)
            dy[b, n - 1] += dy[b, n:].sum(axis=0)
    return silence(running, dh, dy, x)


def _time_major(step):
    """Axis 0 is read as time."""

    def backward(dh, dy, x, h0, y0, params, lengths):
        later = np.zeros_like(h0), np.zeros_like(y0)
        h, y = leaky_states(x, h0, y0, params, lengths)
        grads, dx = {name: np.zeros_like(v) for name, v in params.items()}, np.zeros_like(x)
        for t in reversed(range(x.shape[1])):
            h_prev, y_prev = (h[t - 1], y[t - 1]) if t else (h0, y0)
            arriving = dh[t] + later[0], dy[t] + later[1]
            dx[t], *later, more = step(*arriving, x[t], h_prev, y_prev, h[t], params)
            add_up(t, grads, more)
        return dx, *later, grads

    return backward


def _piece(**pieces):
    return lambda step: loop(step, **pieces)


def _handing(change):
    """A loop that hands back `change(t, (dh, dy))`, but the right thing to h0 and y0."""
    return _piece(hand_back=lambda t, arriving, leaving: change(t, leaving) if t else leaving)


_SUM = "Every step used the same weights: their gradients add up, `grads[name] += more[name]`."
_ALL = "At every step: what arrives from outside, plus what the step after it hands back."
_END = "Sequence b takes the steps 0 to `lengths[b] - 1`; the rest is padding."

_LOOPS: tuple[tuple[str, str, str, tuple[Callable[[Step], Pass], ...]], ...] = (
    # --- adding up
    (
        "gradients overwritten in the loop",
        "The gradients of the parameters are overwritten at each step: only step 0 is left.",
        _SUM,
        (_piece(add_up=_overwritten),),
    ),
    (
        "last step kept only",
        "The gradients of the parameters come from the last step only.",
        _SUM,
        (_last_seen(),),
    ),
    (
        "output layer from the last step only",
        "The gradients of `W_hy` and `b_y` come from the last step only.",
        "There is an output, and a gradient for it, at every step.",
        (_output_at_end_only,),
    ),
    (
        "output layer without the feedback",
        "The gradients of `W_hy` and `b_y` hold what arrives in `dy` only; what comes back to y_t "
        "from the next step, through the feedback, is missing.",
        "y_t has two readers: whoever sent dy, and step t + 1. Add both before you use them.",
        (_own_output_only,),
    ),
    (
        "divided by T",
        "The gradients of the parameters are divided by the number of steps; they are sums.",
        "Whether the loss is an average, the loss decides.",
        (
            lambda step: _divided(step, lambda x, lengths: max(x.shape[1], 1)),
            lambda step: _divided(step, lambda x, lengths: max(lengths.sum(), 1)),
        ),
    ),
    # --- going back in time
    (
        "nothing handed back",
        "Every step stands alone: what a step hands back never reaches the step before it.",
        _ALL,
        (_handing(lambda t, leaving: _zero(leaving)),),
    ),
    (
        "state's gradient not handed back",
        "`dh_prev` never reaches the step before; only the output's gradient goes back in time.",
        _ALL,
        (_handing(lambda t, leaving: (0 * leaving[0], leaving[1])),),
    ),
    (
        "feedback's gradient not handed back",
        "`dy_prev` never reaches the step before; only the state's gradient goes back in time.",
        "y_t was read by step t + 1 as well: add what that step hands back to `dy[:, t]`.",
        (_handing(lambda t, leaving: (leaving[0], 0 * leaving[1])),),
    ),
    (
        "carried gradient accumulates",
        "What is handed back is added to what was handed back before; it should replace it.",
        "`dh_next = dh_prev`, not `+=`: all that came before is already in it.",
        (_accumulates,),
    ),
    (
        "loop runs forward",
        "The loop runs from step 0 to the last; gradients go from the last step to the first.",
        "`for t in reversed(range(T))`.",
        (_piece(order=list),),
    ),
    (
        "silent truncation",
        "The gradient goes back a few steps only; asked for is the full one.",
        "Hand back at every step, down to step 0. Part 4 is the place to cut.",
        tuple(
            _handing(lambda t, leaving, k=k: leaving if t % k else _zero(leaving))
            for k in (2, 3, 4)
        ),
    ),
    (
        "clipping inside",
        "Gradients are clipped inside the backward pass.",
        "Clip once, outside, before the optimiser's step: here it spoils the gradient check.",
        (
            lambda step: _clipped(step, 1.0),
            lambda step: _clipped(step, 0.5),
            lambda step: _clipped_at_the_end(step, 1.0),
            lambda step: _clipped_at_the_end(step, 5.0),
        ),
    ),
    (
        "step 0 missing",
        "The loop stops before step 0.",
        "`reversed(range(T))` goes down to 0; `range(T - 1, 0, -1)` does not.",
        (_step_zero_missing,),
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
        (_upstream(lambda dh, dy, last: (dh * last, dy * last)),),
    ),
    (
        "dh at the last step only",
        "What arrives at `h` counts at the last step only; it arrives at every step.",
        _ALL,
        (_upstream(lambda dh, dy, last: (dh * last, dy)),),
    ),
    (
        "dy at the last step only",
        "What arrives at `y` counts at the last step only; it arrives at every step.",
        _ALL,
        (_upstream(lambda dh, dy, last: (dh, dy * last)),),
    ),
    (
        "dy ignored",
        "What arrives at `y` is not used.",
        _ALL,
        (_upstream(lambda dh, dy, last: (dh, 0 * dy)),),
    ),
    (
        "dh ignored",
        "What arrives at `h` is not used.",
        _ALL,
        (_upstream(lambda dh, dy, last: (0 * dh, dy)),),
    ),
    # --- where a step started from
    (
        "h_t for h_prev",
        "Each step is given its own state and output as the ones that it started from.",
        "Step t started from `h[:, t - 1]` and `y[:, t - 1]`, step 0 from `h0` and `y0`.",
        (_piece(before=lambda t, seen, starts: tuple(a[:, t] for a in seen)),),
    ),
    (
        "h0 for every step",
        "Each step is given `h0` and `y0` as the state and output that it started from.",
        "Step t started from `h[:, t - 1]` and `y[:, t - 1]`; only step 0 from `h0` and `y0`.",
        (_piece(before=lambda t, seen, starts: starts),),
    ),
    (
        "step 0 starts from the end",
        "Step 0 is given the last state: for t = 0, index t - 1 is -1.",
        "Step 0 started from `h0` and `y0`.",
        (_piece(before=lambda t, seen, starts: tuple(a[:, t - 1] for a in seen)),),
    ),
    (
        "one buffer in the cache",
        "Every step is given the same state: the cache holds one array many times.",
        "A list of the same array holds views, not copies. Keep a copy of each step's.",
        (_piece(before=_one_buffer),),
    ),
    # --- h0 and y0
    (
        "dh0 and dy0 zero",
        "`dh0` and `dy0` are zero; h0 and y0 entered step 0.",
        "What step 0 hands back is dh0 and dy0.",
        (_ends(lambda arriving, leaving: _zero(leaving)),),
    ),
    (
        "dy0 zero",
        "`dy0` is zero; y0 entered step 0.",
        "What step 0 hands back is dh0 and dy0.",
        (_ends(lambda arriving, leaving: (leaving[0], 0 * leaving[1])),),
    ),
    (
        "dh0 not through step 0",
        "`dh0` and `dy0` are what arrives after step 0; they have to go through it.",
        "h0 came before step 0: dh0 and dy0 are what that step hands back.",
        (_ends(lambda arriving, leaving: arriving),),
    ),
    # --- lengths
    (
        "lengths ignored",
        "The padding contributes: lengths are not used.",
        _END + " Set dh, dy and x to zero there, with `np.where`.",
        (_piece(silence=lambda running, *arrays: arrays),),
    ),
    (
        "padding in dh",
        "What stands in `dh` behind a sequence's end contributes.",
        _END + " Set dh to zero there as well.",
        (_piece(silence=_padding_seen((0,))),),
    ),
    (
        "padding in dy",
        "What stands in `dy` behind a sequence's end contributes.",
        _END + " Set dy to zero there as well.",
        (_piece(silence=_padding_seen((1,))),),
    ),
    (
        "lengths one too long",
        "Each sequence is taken one step too long.",
        _END,
        (_piece(running=lambda t, lengths: t <= lengths),),
    ),
    (
        "lengths one too short",
        "Each sequence is taken one step too short: its last step is treated as padding.",
        _END,
        (_piece(running=lambda t, lengths: t < lengths - 1),),
    ),
    (
        "padding handed to the last step",
        "What arrives behind a sequence's end is added to its last step; it goes nowhere.",
        "Behind its end a sequence has no states: h and y are zero there, whatever x holds.",
        (_piece(silence=_frozen),),
    ),
    (
        "nan times zero",
        "nan in the padding gets through: nan times 0 is nan.",
        "Choose with `np.where(running, a, 0)`; multiplying by a mask keeps nan.",
        (_piece(silence=_times), _piece(silence=_padding_seen((2,)))),
    ),
    # --- what is returned
    (
        "(B, T, D) read as (T, B, D)",
        "Axis 0 is read as time. Here it is the batch: `dh` is (B, T, H).",
        "Step t of every sequence is `dh[:, t]`.",
        (_time_major,),
    ),
    (
        "dh changed in place",
        "`dh` was overwritten: it belongs to the caller.",
        "`dh[:, t] += ...` changes the caller's array. Add into a variable of your own.",
        (_dh_changed,),
    ),
    (
        "gradients added to the parameters",
        "The gradients were added into `params` itself.",
        "`params.copy()` and `dict(params)` copy the dict, not the arrays in it: "
        "begin with `np.zeros_like(value)`.",
        (_into_params,),
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
        with_states(_added_after),
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
