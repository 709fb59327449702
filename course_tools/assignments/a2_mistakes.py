"""What goes wrong in A2: each known mistake as a small patch of the reference, with its name.

Order matters little: all are compared, and the first that behaves like the judged function on every
case names the mistake. Loops are patched for any step, so that a wrong loop over a wrong step is
still recognised as a wrong loop.
"""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a2_reference import (
    Step,
    count_parameters,
    last_valid,
    leaky_step,
    many_to_one,
    mix,
    read_out,
    run,
    softmax,
    step,
    total,
)
from course_utils.checks import Mistake

# --- one step -------------------------------------------------------------------------------


def _sum_without(name):
    parts = {
        "W_xh": lambda x, h, y, p: x @ p["W_xh"],
        "W_hh": lambda x, h, y, p: h @ p["W_hh"],
        "W_yh": lambda x, h, y, p: y @ p["W_yh"],
        "b_h": lambda x, h, y, p: p["b_h"],
    }
    kept = [part for key, part in parts.items() if key != name]
    return lambda x, h, y, p: sum(part(x, h, y, p) for part in kept)


def _mixed_before_tanh(x_t, h_prev, y_prev, p):
    h_t = np.tanh(mix(h_prev, total(x_t, h_prev, y_prev, p), p["leak"]))
    return h_t, read_out(h_t, h_prev, p)


def _sum_scaled(x_t, h_prev, y_prev, p):
    h_t = (1 - p["leak"]) * h_prev + np.tanh(p["leak"] * total(x_t, h_prev, y_prev, p))
    return h_t, read_out(h_t, h_prev, p)


def _bias_outside(x_t, h_prev, y_prev, p):
    new = np.tanh(total(x_t, h_prev, y_prev, p) - p["b_h"]) + p["b_h"]
    h_t = mix(h_prev, new, p["leak"])
    return h_t, read_out(h_t, h_prev, p)


def _output_leaks(x_t, h_prev, y_prev, p):
    h_t, y_t = leaky_step(x_t, h_prev, y_prev, p)
    rate = p["leak"].mean()
    return h_t, (1 - rate) * y_prev + rate * y_t


def _feedback_from_h(x_t, h_prev, y_prev, p):
    return leaky_step(x_t, h_prev, h_prev @ p["W_hy"] + p["b_y"], p)


def _written_into_h_prev(x_t, h_prev, y_prev, p):
    h_prev[...], y_t = leaky_step(x_t, h_prev, y_prev, p)
    return h_prev, y_t


def _written_into_params(x_t, h_prev, y_prev, p):
    h_t, y_t = leaky_step(x_t, h_prev, y_prev, p)
    p["h"] = h_t
    return h_t, y_t


STEP_MISTAKES = (
    Mistake(
        "tanh omitted",
        "The tanh is missing: the bare sum is mixed into the state.",
        "Squash the sum of the four terms first: `np.tanh(...)`; mix afterwards.",
        step(squash=lambda a: a),
    ),
    Mistake(
        "sigmoid for tanh",
        "The squashing function is the sigmoid; this cell uses tanh.",
        "A tanh runs from -1 to 1, a sigmoid from 0 to 1. Use `np.tanh`.",
        step(squash=lambda a: 1 / (1 + np.exp(-a))),
    ),
    Mistake(
        "bias never added",
        "The bias `b_h` is never added.",
        "Four terms stand inside the tanh: input, recurrence, feedback, bias.",
        step(total=_sum_without("b_h")),
    ),
    Mistake(
        "bias added twice",
        "The bias `b_h` is added twice.",
        "There is one hidden bias in this cell. Add `b_h` once.",
        step(total=lambda x, h, y, p: total(x, h, y, p) + p["b_h"]),
    ),
    Mistake(
        "bias outside the tanh",
        "The bias `b_h` is added after the tanh, not inside it.",
        "Look at where the bracket of `np.tanh(` closes.",
        _bias_outside,
    ),
    Mistake(
        "input dropped",
        "The input does not enter: the term `x_t @ W_xh` is missing.",
        "Three matrix products stand inside the tanh: input, recurrence, feedback.",
        step(total=_sum_without("W_xh")),
    ),
    Mistake(
        "recurrent term dropped",
        "The recurrent term `h_prev @ W_hh` is missing: the old state only leaks away.",
        "The old state enters twice: once through `1 - leak`, once through `W_hh`.",
        step(total=_sum_without("W_hh")),
    ),
    Mistake(
        "feedback dropped",
        "The feedback is missing: the term `y_prev @ W_yh` does not enter the sum.",
        "Three matrix products stand inside the tanh: input, recurrence, feedback.",
        step(total=_sum_without("W_yh")),
    ),
    Mistake(
        "feedback recomputed from h_prev",
        "The feedback is computed from `h_prev`; the given `y_prev` is not used.",
        "Inside a sequence both agree, but before the first step the caller chooses `y_prev` "
        "freely. Use the argument.",
        _feedback_from_h,
    ),
    Mistake(
        "W_hh transposed",
        "`W_hh` is transposed.",
        "Our weights are (in, out) and states are rows: `h_prev @ W_hh`, with no `.T`.",
        step(total=lambda x, h, y, p: total(x, h, y, {**p, "W_hh": p["W_hh"].T})),
    ),
    Mistake(
        "leak inverted",
        "The leak is the wrong way round: `leak` keeps the old state, `1 - leak` lets in the new.",
        "A leak of 1 forgets the old state at once: `(1 - leak) * h_prev + leak * new`.",
        step(mix=lambda h, new, leak: mix(h, new, 1 - leak)),
    ),
    Mistake(
        "leak ignored",
        "The leak is ignored: the state is replaced at every step, as in the vanilla RNN.",
        "Mix old and new: `(1 - leak) * h_prev + leak * np.tanh(...)`.",
        step(mix=lambda h, new, leak: new),
    ),
    Mistake(
        "old state not kept",
        "The part `(1 - leak) * h_prev` is missing.",
        "The new state has two parts: what is kept of the old, and what comes in.",
        step(mix=lambda h, new, leak: leak * new),
    ),
    Mistake(
        "new state not scaled",
        "The tanh enters in full; it should be multiplied by `leak`.",
        "What leaves makes room for what enters: the two factors add up to one.",
        step(mix=lambda h, new, leak: (1 - leak) * h + new),
    ),
    Mistake(
        "leak inside the tanh",
        "The leak multiplies the sum inside the tanh; it should multiply the tanh.",
        "Close the bracket of `np.tanh(` before you multiply by `leak`.",
        _sum_scaled,
    ),
    Mistake(
        "mixed before the tanh",
        "Old state and sum are mixed first and the tanh is applied to the mixture.",
        "The tanh squashes the sum only; `(1 - leak) * h_prev` stays outside it.",
        _mixed_before_tanh,
    ),
    Mistake(
        "one leak for all units",
        "One common leak (the mean) is used; every unit has its own.",
        "`leak` has shape (H,) and multiplies a (B, H) array: broadcasting does the rest.",
        step(mix=lambda h, new, leak: mix(h, new, leak.mean())),
    ),
    Mistake(
        "leaked state read out",
        "The output reads `leak * h_t`; the leak belongs to the state's update only.",
        "`y_t = h_t W_hy + b_y`, from the new state as it is.",
        step(read_out=lambda h_t, h_prev, p: (p["leak"] * h_t) @ p["W_hy"] + p["b_y"]),
    ),
    Mistake(
        "leak also on y",
        "The output is leaky too: the old `y_prev` is mixed into `y_t`.",
        "Only the state leaks. `y_t` is read from `h_t` afresh.",
        _output_leaks,
    ),
    Mistake(
        "output read from h_prev",
        "The output is read from the old state: `y_t` comes one step late.",
        "Compute `h_t` first, then `y_t` from `h_t`.",
        step(read_out=lambda h_t, h_prev, p: h_prev @ p["W_hy"] + p["b_y"]),
    ),
    Mistake(
        "output bias forgotten",
        "The output bias `b_y` is missing.",
        "`y_t = h_t W_hy + b_y` has two terms.",
        step(read_out=lambda h_t, h_prev, p: h_t @ p["W_hy"]),
    ),
    Mistake(
        "output squashed",
        "The output goes through a tanh; here it is linear.",
        "`y_t = h_t W_hy + b_y`, with nothing around it.",
        step(read_out=lambda h_t, h_prev, p: np.tanh(read_out(h_t, h_prev, p))),
    ),
    Mistake(
        "results in the wrong order",
        "The two results are the wrong way round: `(y_t, h_t)`.",
        "Return the state first: `return h_t, y_t`.",
        lambda *arguments: leaky_step(*arguments)[::-1],
    ),
    Mistake(
        "h_prev changed in place",
        "The new state was written into `h_prev` itself.",
        "`h_prev[...] = ` or `h_prev *= ` changes the caller's array. Return a new one.",
        _written_into_h_prev,
    ),
    Mistake(
        "params changed in place",
        "Something was stored in `params`, which belongs to the caller.",
        "Keep what you need later in variables of your own, or in the cache.",
        _written_into_params,
    ),
)


# --- a sequence -----------------------------------------------------------------------------


def _off_by_one(step, x, h0, y0, p):
    h, y = run(x, h0, y0, p, step)
    T = x.shape[1]
    return (
        np.concatenate([h0[:, None], h], axis=1)[:, :T],
        np.concatenate([y0[:, None], y], axis=1)[:, :T],
    )


def _one_buffer(step, x, h0, y0, p):
    h, y = run(x, h0, y0, p, step)
    return tuple(np.repeat(a[:, -1:], x.shape[1], axis=1) if x.shape[1] else a for a in (h, y))


def _feedback_delayed(step, x, h0, y0, p):
    """The step at t is fed y_{t-2} (and y0 twice at the start)."""
    h, y, y_old, states, outputs = h0, y0, y0, [], []
    for t in range(x.shape[1]):
        h, (y, y_old) = (new := step(x[:, t], h, y_old, p))[0], (new[1], y)
        states.append(h)
        outputs.append(y)
    return _stacked(states, h0), _stacked(outputs, y0)


def _time_major(step, x, h0, y0, p):
    """Axis 0 is read as time; runs only where B equals T."""
    h, y, states, outputs = h0, y0, [], []
    for x_t in x:
        h, y = step(x_t, h, y, p)
        states.append(h)
        outputs.append(y)
    return np.stack(states), np.stack(outputs)


def _starts_changed(step, x, h0, y0, p):
    h, y = run(x, h0.copy(), y0.copy(), p, step)
    if x.shape[1]:
        h0[...], y0[...] = h[:, -1], y[:, -1]
    return h, y


def _without(t, step, x, h0, y0, p):
    """Step `t` (0 or -1) is never computed: zeros stay in its place, the state passes it by."""
    h, y = np.zeros((*x.shape[:2], h0.shape[1])), np.zeros((*x.shape[:2], y0.shape[1]))
    rest = slice(1, None) if t == 0 else slice(0, -1)
    h[:, rest], y[:, rest] = run(x[:, rest], h0, y0, p, step)
    return h, y


def _backwards(step, x, h0, y0, p):
    return tuple(a[:, ::-1] for a in run(x[:, ::-1], h0, y0, p, step))


def _stacked(rows, start):
    return np.stack(rows, axis=1) if rows else np.zeros((len(start), 0, start.shape[1]))


def _carrying(carry):
    return lambda step, *arguments: run(*arguments, step, carry)


_LOOPS = (
    (
        "h never advanced",
        "The state never advances: every step starts from `h0`.",
        "Inside the loop, the state that a step returns must be the `h_prev` of the next.",
        _carrying(lambda t, new, old, start: (start[0], new[1])),
    ),
    (
        "nothing advanced",
        "Neither state nor output advances: every step starts from `h0` and `y0`.",
        "Inside the loop, hand both results of a step to the next one.",
        _carrying(lambda t, new, old, start: start),
    ),
    (
        "y never advanced",
        "The feedback never advances: every step is fed `y0`.",
        "Inside the loop, the output of a step must be the `y_prev` of the next.",
        _carrying(lambda t, new, old, start: (new[0], start[1])),
    ),
    (
        "h reset each step",
        "The state is set back to zero before each step (only the first sees `h0`).",
        "Set the state once, before the loop; inside the loop only replace it.",
        _carrying(lambda t, new, old, start: (0 * new[0], new[1])),
    ),
    (
        "feedback reset each step",
        "The feedback is zero from the second step on.",
        "Keep `y_t` and hand it to the next step as `y_prev`.",
        _carrying(lambda t, new, old, start: (new[0], 0 * new[1])),
    ),
    (
        "feedback delayed twice",
        "The feedback comes one step too late: step t is fed y_{t-2}.",
        "Replace `y_prev` at the end of every turn of the loop, together with `h_prev`.",
        _feedback_delayed,
    ),
    (
        "h0 ignored",
        "The initial state `h0` is ignored: the run starts from zeros.",
        "Start with `h0`. Zeros are a common choice, but the caller chooses.",
        lambda step, x, h0, y0, p: run(x, 0 * h0, y0, p, step),
    ),
    (
        "y0 ignored",
        "The initial output `y0` is ignored: the first step is fed zeros.",
        "The first step's `y_prev` is `y0`.",
        lambda step, x, h0, y0, p: run(x, h0, 0 * y0, p, step),
    ),
    (
        "h0 and y0 ignored",
        "Both `h0` and `y0` are ignored: the run starts from zeros.",
        "The first step starts from `h0` and `y0`, whatever the caller puts there.",
        lambda step, x, h0, y0, p: run(x, 0 * h0, 0 * y0, p, step),
    ),
    (
        "h_{t-1} emitted (off by one)",
        "All is one step late: entry t holds what was there *before* step t.",
        "Store after the step: `h[:, t]` is the state that has seen `x[:, t]`.",
        _off_by_one,
    ),
    (
        "last step kept only",
        "Only the last step is returned; the states and outputs of all steps are asked for.",
        "Fill `h[:, t]` and `y[:, t]`, or append to lists and `np.stack(..., axis=1)`.",
        lambda *arguments: tuple(a[:, -1] for a in _run_over(*arguments)),
    ),
    (
        "one buffer for all steps",
        "Every step shows the last one: one array was stored T times and overwritten.",
        "A list of the same array holds views, not copies. Store a new array (or `.copy()`).",
        _one_buffer,
    ),
    (
        "(B, T, D) read as (T, B, D)",
        "Axis 0 is read as time. Here it is the batch: `x` is (B, T, D).",
        "Step t of every sequence is `x[:, t]`.",
        _time_major,
    ),
    (
        "stacked time-major",
        "The values are right but stacked as (T, B, ...); asked for is (B, T, ...).",
        "Stack along axis 1, or fill arrays of shape (B, T, H) and (B, T, O).",
        lambda *arguments: tuple(np.moveaxis(a, 1, 0) for a in _run_over(*arguments)),
    ),
    (
        "loop runs backward",
        "The loop runs from the last step to the first.",
        "A state depends on the past only: t goes 0, 1, ..., T-1.",
        _backwards,
    ),
    (
        "last step skipped",
        "The last step is never computed.",
        "`range(T - 1)` stops one early: `range(T)` gives 0 to T-1.",
        lambda *arguments: _without(-1, *arguments),
    ),
    (
        "first step skipped",
        "The first step is never computed: the loop starts at 1.",
        "`x[:, 0]` is an input too; what comes before it is `h0` and `y0`.",
        lambda *arguments: _without(0, *arguments),
    ),
    (
        "states and outputs swapped",
        "Outputs and states are the wrong way round: `(y, h, cache)`.",
        "Return the states first: `return h, y, cache`.",
        lambda *arguments: _run_over(*arguments)[::-1],
    ),
    (
        "h0 and y0 changed in place",
        "`h0` or `y0` was overwritten while running.",
        "`h = h0` does not copy. Let each step make new arrays.",
        _starts_changed,
    ),
)


def _run_over(step, x, h0, y0, p):
    return run(x, h0, y0, p, step)


def loop_mistakes(step: Step = leaky_step) -> tuple[Mistake, ...]:
    """Return the mistakes of a loop over `step`, which need not be the right one."""
    return tuple(
        Mistake(name, says, hint, lambda *arguments, wrong=wrong: wrong(step, *arguments))
        for name, says, hint, wrong in _LOOPS
    )


FORWARD_MISTAKES = (
    *loop_mistakes(),
    *(
        Mistake(m.name, m.says, m.hint, lambda *a, step=m.wrong: run(*a, step))
        for m in STEP_MISTAKES
        if m.name != "results in the wrong order"
    ),
)
"""A wrong loop over the right step, or the right loop over a wrong step."""


# --- many to one ----------------------------------------------------------------------------


def _classify(states, W_hc, b_c):
    return softmax(states @ W_hc + b_c)


def _whole_length(h):
    return np.full(len(h), h.shape[1])


def _plain_softmax(h, h0, lengths, W_hc, b_c):
    p = np.exp(last_valid(h, h0, lengths) @ W_hc + b_c)
    return p / p.sum(axis=1, keepdims=True)


def _from_the_end(h, h0, lengths, W_hc, b_c):
    """Length 0 becomes index -1: the last entry, padding."""
    return _classify(h[np.arange(len(h)), lengths - 1], W_hc, b_c)


def _mean_state(h, h0, lengths, W_hc, b_c):
    seen = np.arange(h.shape[1]) < lengths[:, None]
    means = (h * seen[:, :, None]).sum(axis=1) / np.maximum(lengths, 1)[:, None]
    return _classify(np.where(lengths[:, None] > 0, means, h0), W_hc, b_c)


def _zero_for_empty(h, h0, lengths, W_hc, b_c):
    return many_to_one(h, 0 * h0, lengths, W_hc, b_c)


MANY_TO_ONE_MISTAKES = (
    Mistake(
        "last state at padded positions",
        "The last state of the padded sequence is read, not the last valid one.",
        "Sequence b ends at step `lengths[b] - 1`; what follows is padding.",
        lambda h, h0, lengths, *w: many_to_one(h, h0, _whole_length(h), *w),
    ),
    Mistake(
        "lengths off by one",
        "The state is read one step too late, at index `lengths[b]`.",
        "Counting starts at 0: the last valid state is `h[b, lengths[b] - 1]`.",
        lambda h, h0, lengths, *w: _classify(h[np.arange(len(h)), lengths], *w),
    ),
    Mistake(
        "lengths off by one, the other way",
        "The state is read one step too early, before the last valid step.",
        "After n steps the state is `h[b, n - 1]`.",
        lambda h, h0, lengths, *w: many_to_one(h, h0, np.maximum(lengths - 1, 0), *w),
    ),
    Mistake(
        "length 0 reads index -1",
        "A sequence of length 0 reads index -1, which is the last (padded) state.",
        "With no step taken, the state is still `h0`: treat length 0 on its own.",
        _from_the_end,
    ),
    Mistake(
        "length 0 reads zeros",
        "A sequence of length 0 reads zeros; with no step taken the state is `h0`.",
        "Put `h0` in front of the states and length n becomes index n.",
        _zero_for_empty,
    ),
    Mistake(
        "mean of the valid states",
        "The mean of the valid states is classified; asked for is the last one.",
        "Pooling is a good model too, but not this one: read the state at `lengths[b] - 1`.",
        _mean_state,
    ),
    Mistake(
        "softmax over the batch",
        "The softmax runs over the batch: columns sum to 1, rows do not.",
        "Each sequence has its own probabilities: sum over the classes, the last axis.",
        lambda h, h0, lengths, W, b: softmax(last_valid(h, h0, lengths) @ W + b, axis=0),
    ),
    Mistake(
        "unstable softmax",
        "The softmax overflows: large logits give infinity divided by infinity.",
        "Subtract each row's largest logit before `np.exp`; the result is the same.",
        _plain_softmax,
    ),
    Mistake(
        "softmax forgotten",
        "These are the logits; asked for are probabilities.",
        "Send the logits through a softmax over the classes.",
        lambda h, h0, lengths, W, b: last_valid(h, h0, lengths) @ W + b,
    ),
    Mistake(
        "log-probabilities",
        "These are the logarithms of the probabilities.",
        "Return the softmax itself, not its logarithm.",
        lambda *arguments: np.log(many_to_one(*arguments)),
    ),
    Mistake(
        "class bias forgotten",
        "The classifier's bias `b_c` is missing.",
        "The logits are `state @ W_hc + b_c`.",
        lambda h, h0, lengths, W, b: _classify(last_valid(h, h0, lengths), W, 0 * b),
    ),
    Mistake(
        "the class instead of its probability",
        "The most likely class is returned; asked for are the probabilities of all classes.",
        "Leave out the `argmax`: the shape is (B, C).",
        lambda *arguments: many_to_one(*arguments).argmax(axis=1),
    ),
)


# --- counting -------------------------------------------------------------------------------


def _miscounted(name, says, hint, surplus):
    return Mistake(
        name, says, hint, lambda D, H, O, C: count_parameters(D, H, O, C) + surplus(D, H, O, C)
    )


COUNT_MISTAKES = (
    _miscounted(
        "leak forgotten",
        "The leak is not counted.",
        "It is learned too: one number for each unit.",
        lambda D, H, O, C: -H,
    ),
    _miscounted(
        "leak counted once",
        "The leak is counted as one number; there is one for each unit.",
        "`leak` has shape (H,).",
        lambda D, H, O, C: 1 - H,
    ),
    _miscounted(
        "feedback forgotten",
        "The feedback matrix `W_yh` is not counted.",
        "It takes O outputs to H units.",
        lambda D, H, O, C: -O * H,
    ),
    _miscounted(
        "two hidden biases",
        "The hidden bias is counted twice.",
        "torch's RNN has two; this cell has one `b_h`.",
        lambda D, H, O, C: H,
    ),
    _miscounted(
        "a bias for the feedback",
        "A bias of the feedback is counted; there is none.",
        "`W_yh` stands inside the same sum as `W_xh` and `W_hh`: one bias serves all.",
        lambda D, H, O, C: O,
    ),
    _miscounted(
        "hidden bias forgotten",
        "The hidden bias `b_h` is not counted, or the leak is not.",
        "Both are vectors of H numbers; both are learned.",
        lambda D, H, O, C: -2 * H,
    ),
    _miscounted(
        "output bias forgotten",
        "The output bias `b_y` is not counted.",
        "`y_t = h_t W_hy + b_y` has O biases.",
        lambda D, H, O, C: -O,
    ),
    _miscounted(
        "output layer forgotten",
        "The output layer (`W_hy` and `b_y`) is not counted.",
        "It holds H times O weights and O biases.",
        lambda D, H, O, C: -(H * O + O),
    ),
    _miscounted(
        "class bias forgotten",
        "The classifier's bias `b_c` is not counted.",
        "It has one number for each class.",
        lambda D, H, O, C: -C,
    ),
    _miscounted(
        "classifier forgotten",
        "The classifier (`W_hc` and `b_c`) is not counted.",
        "It holds H times C weights and C biases.",
        lambda D, H, O, C: -(H * C + C),
    ),
    _miscounted(
        "biases forgotten",
        "None of the biases is counted.",
        "There are three: `b_h`, `b_y` and `b_c`.",
        lambda D, H, O, C: -(H + O + C),
    ),
    _miscounted(
        "initial state counted",
        "`h0` and `y0` are counted; here they are given, not learned.",
        "Count what training changes: weights, biases, leak.",
        lambda D, H, O, C: H + O,
    ),
    _miscounted(
        "classifier reads the output",
        "The classifier is counted as if it read `y` (O numbers); it reads the state (H).",
        "`W_hc` has shape (H, C).",
        lambda D, H, O, C: O * C - H * C,
    ),
)
