"""One step of A3 backward, wrong at the tanh or at the leak."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from course_tools.assignments.a3_reference import leaky_step_backward, step
from course_utils.checks import Mistake


def _slope(slope):
    """A step with another factor for the tanh."""
    return step(da=lambda v: v.leak * v.dh * slope(v))


def _inside(v):
    return np.arctanh(v.new)


def changed(change):
    """A step of which the gradients of the parameters are changed at the end."""

    def wrong(dh_t, *others):
        *rest, grads = leaky_step_backward(dh_t, *others)
        return *rest, change(SimpleNamespace(B=len(dh_t), **grads), grads)

    return wrong


_PRIME = (
    "The tanh was taken of the sum, and its result `new` is not h_t: the slope is `1 - new**2`."
)

TANH_AND_LEAK = (
    # --- the slope of the tanh
    Mistake(
        "tanh' at h_t",
        "The slope of the tanh is taken as `1 - h_t**2`, as in the vanilla RNN; with a leak h_t is "
        "a mixture, no longer a tanh.",
        f"{_PRIME} Compute `new` again from the inputs of the step.",
        _slope(lambda v: 1 - v.h_t**2),
    ),
    Mistake(
        "tanh' omitted",
        "The slope of the tanh is missing.",
        _PRIME,
        _slope(lambda v: 1),
    ),
    Mistake(
        "1 - new for 1 - new²",
        "The slope of the tanh is taken as `1 - new`; the square is missing.",
        _PRIME,
        _slope(lambda v: 1 - v.new),
    ),
    Mistake(
        "tanh' of the sum before the tanh",
        "The slope of the tanh is taken as `1 - a**2` with a, the sum before the tanh.",
        _PRIME,
        _slope(lambda v: 1 - _inside(v) ** 2),
    ),
    Mistake(
        "tanh' at h_prev",
        "The slope of the tanh is taken at the old state, `1 - h_prev**2`.",
        _PRIME,
        _slope(lambda v: 1 - v.h_prev**2),
    ),
    # --- the leak
    Mistake(
        "leak path forgotten",
        "The leak's own path is missing: `h_prev` also reaches `h_t` directly, times `1 - leak`.",
        "dh_prev has two terms: (1 - leak) times the gradient at h_t, and one through the tanh.",
        step(dh_prev=lambda v: v.da @ v.W_hh.T),
    ),
    Mistake(
        "leak path inverted",
        "The direct path to `h_prev` is multiplied by `leak`; what the state keeps is `1 - leak`.",
        "In h_t = (1 - leak) h_prev + leak new, h_prev stands beside `1 - leak`.",
        step(dh_prev=lambda v: v.leak * v.dh + v.da @ v.W_hh.T),
    ),
    Mistake(
        "leak path not scaled",
        "The direct path to `h_prev` carries the whole gradient; it should be times `1 - leak`.",
        "In h_t = (1 - leak) h_prev + leak new, h_prev stands beside `1 - leak`.",
        step(dh_prev=lambda v: v.dh + v.da @ v.W_hh.T),
    ),
    Mistake(
        "no recurrent gradient",
        "Nothing goes back through `W_hh`: `dh_prev` holds the leak's own path only.",
        "The old state also stands inside the tanh: add `da @ W_hh.T`.",
        step(dh_prev=lambda v: (1 - v.leak) * v.dh),
    ),
    Mistake(
        "leak forgotten on the way into the tanh",
        "The gradient enters the tanh in full; `leak` stands in front of the tanh.",
        "In h_t = (1 - leak) h_prev + leak new, the gradient at `new` is leak times that at h_t.",
        step(da=lambda v: v.dh * (1 - v.new**2)),
    ),
    Mistake(
        "leak inverted on the way into the tanh",
        "The gradient that enters the tanh is multiplied by `1 - leak`; it should be by `leak`.",
        "In h_t = (1 - leak) h_prev + leak new, `new` stands beside `leak`.",
        step(da=lambda v: (1 - v.leak) * v.dh * (1 - v.new**2)),
    ),
    Mistake(
        "leak path through dh_t only",
        "The direct path to `h_prev` takes `dh_t` alone; what comes through `y_t` takes it too.",
        "First add up all that arrives at h_t. Every path back starts from that sum.",
        step(dh_prev=lambda v: (1 - v.leak) * v.dh_t + v.da @ v.W_hh.T),
    ),
    # --- the leak's own gradient
    Mistake(
        "leak gradient missing",
        "`grads` has no entry for `leak`: it is a parameter too.",
        "In h_t = h_prev + leak (new - h_prev) the leak is multiplied by `new - h_prev`.",
        changed(lambda v, g: {key: value for key, value in g.items() if key != "leak"}),
    ),
    Mistake(
        "leak gradient zero",
        "The gradient of `leak` is zero; the leak is learned too.",
        "In h_t = h_prev + leak (new - h_prev) the leak is multiplied by `new - h_prev`.",
        step(dleak=lambda v: 0 * v.leak),
    ),
    Mistake(
        "leak gradient not summed",
        "The gradient of `leak` is not summed over the batch.",
        "All sequences share one leak: `.sum(axis=0)` leaves one number for each unit.",
        step(dleak=lambda v: v.dh * (v.new - v.h_prev)),
    ),
    Mistake(
        "leak gradient with the wrong sign",
        "The gradient of `leak` has the wrong sign.",
        "A larger leak takes in more of `new` and keeps less of `h_prev`: `new - h_prev`.",
        step(dleak=lambda v: (v.dh * (v.h_prev - v.new)).sum(axis=0)),
    ),
    Mistake(
        "leak gradient without the old state",
        "The gradient of `leak` counts what enters, not what is lost: `- h_prev` is missing.",
        "leak stands twice in the equation: with a minus before h_prev, with a plus before new.",
        step(dleak=lambda v: (v.dh * v.new).sum(axis=0)),
    ),
    Mistake(
        "leak gradient without the new state",
        "The gradient of `leak` counts what is lost, not what enters: `new` is missing.",
        "leak stands twice in the equation: with a minus before h_prev, with a plus before new.",
        step(dleak=lambda v: (v.dh * -v.h_prev).sum(axis=0)),
    ),
    Mistake(
        "leak gradient from h_t",
        "The gradient of `leak` uses `h_t - h_prev`; that is already `leak` times too small.",
        "The factor of the leak is `new - h_prev`, with the tanh itself.",
        step(dleak=lambda v: (v.dh * (v.h_t - v.h_prev)).sum(axis=0)),
    ),
    Mistake(
        "leak gradient through the tanh",
        "The gradient of `leak` is taken inside the tanh; the leak stands in front of it.",
        "It starts from the gradient at h_t, not from the one at the sum inside the tanh.",
        step(dleak=lambda v: (v.da * (v.new - v.h_prev)).sum(axis=0)),
    ),
    Mistake(
        "one leak for all units",
        "The gradient of `leak` is summed over the units as well; every unit has its own leak.",
        "Sum over the batch only: `.sum(axis=0)`.",
        step(dleak=lambda v: (v.dh * (v.new - v.h_prev)).sum() + 0 * v.leak),
    ),
)
