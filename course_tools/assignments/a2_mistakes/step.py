"""One step of A2, wrong: each known mistake as a small patch of the reference."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a2_reference import leaky_step, mix, read_out, step, total
from course_utils.checks import Mistake


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
