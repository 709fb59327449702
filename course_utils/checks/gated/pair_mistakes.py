"""What goes wrong in a pair of forward and backward: between the two, and on the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from course_utils.checks.bptt.pair_mistakes import BETWEEN
from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated import loop, lstm_reference
from course_utils.checks.gated.gru_back_mistakes import back_mistakes
from course_utils.checks.gated.loop_mistakes import loop_mistakes
from course_utils.checks.gated.lstm_back_mistakes import BACK_MISTAKES
from course_utils.checks.gated.share_mistakes import order_mistakes
from course_utils.checks.rooms import fingerprint

Pairing = Callable[[Callable, Callable], object]
"""Makes one `Callee` of a forward and a backward pass."""

X, STARTS, STATES, GATES, WEIGHTS = range(5)
"""Places in the cache of `loop`: (x, starts, states, gates, weights)."""


def _one_for_all(value: object) -> object:
    """Return the array with its last step at every step; of a tuple of arrays, each so."""
    if isinstance(value, tuple):
        return tuple(_one_for_all(array) for array in value)
    return np.repeat(value[:, -1:], value.shape[1], axis=1)


def _one_buffer(forward: Callable, change: Callable[[list], None]) -> Callable:
    """Return a forward pass whose cache holds one array for all steps, where `change` says."""

    def wrong(*arguments):
        *values, cache = forward(*arguments)
        parts = list(cache)
        change(parts)
        return *values, tuple(parts)

    return wrong


def _repeated(*places: int) -> Callable[[list], None]:
    def change(parts):
        for place in places:
            parts[place] = _one_for_all(parts[place])

    return change


def _repeated_state(which: int) -> Callable[[list], None]:
    def change(parts):
        states = list(parts[STATES])
        states[which] = _one_for_all(states[which])
        parts[STATES] = tuple(states)

    return change


def _kept(forward: Callable, backward: Callable, places: Sequence[int]) -> tuple:
    """Return a pair whose way back reads what the *latest* forward pass left behind."""
    place: dict[int, object] = {}

    def wrong(*arguments):
        *values, cache = forward(*arguments)
        place.update({i: cache[i] for i in places})
        return *values, cache

    def back(*arguments):
        *arriving, cache = arguments
        return backward(*arriving, tuple(place.get(i, part) for i, part in enumerate(cache)))

    return wrong, back


def _between(pair: Pairing, forward: Callable, backward: Callable, states: int) -> list[Mistake]:
    """Return what goes wrong between the two passes; the words are the vanilla RNN's."""
    buffers = [_repeated(STATES), _repeated(GATES), _repeated(STATES, GATES), _repeated(X)]
    buffers += [_repeated(X, STATES, GATES)]
    buffers += [_repeated_state(i) for i in range(states)] if states > 1 else []
    kept = (range(5), (X, STARTS, STATES, GATES), (STATES, GATES), (STATES,), (GATES,), (X,))
    pairs = {
        "cache holds views": [(_one_buffer(forward, change), backward) for change in buffers],
        "buffer reused by the next forward": [_kept(forward, backward, p) for p in kept],
    }
    return [
        mistake
        for name, says, hint, _ in BETWEEN
        for mistake in variants(name, says, hint, *(pair(*two) for two in pairs[name]))
    ]


def _remembering(forward: Callable) -> Callable:
    """Return `forward` with its last results kept: all mistakes are tried on the same inputs."""
    kept: dict[str, tuple] = {}

    def again(*arguments):
        key = fingerprint(arguments)
        if key not in kept:
            if len(kept) > 3:
                kept.clear()
            kept[key] = forward(*arguments)
        return kept[key]

    return again


# --- LSTM ------------------------------------------------------------------------------------


def _keep(later, d_prev, t, T):
    return d_prev


def _with_dc(change: Callable) -> Callable:
    return lambda dh, dc_T, cache: loop.lstm_backward(dh, change(dc_T), cache)


def _dc_T_at_every_step(dh, dc_T, cache):
    def carried(later, d_prev, t, T):
        return d_prev + dc_T if t else d_prev

    return loop.lstm_backward(dh, dc_T, cache, carry=(_keep, carried))


def _lstm_loop(**pieces: Callable) -> Callable:
    return partial(loop.lstm_backward, **pieces)


LSTM_ONLY = (
    *variants(
        "dc not carried",
        "No gradient goes along the cell from one step to the step before.",
        "Two things go back from each step: dh_prev and dc_prev. Hand on both.",
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: dc if t == 0 else 0 * dc)),
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: 0 * dc)),
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: dc if t == 0 else later)),
    ),
    *variants(
        "dh not carried",
        "No gradient goes along the state from one step to the step before; only along the cell.",
        "Two things go back from each step: dh_prev and dc_prev. Hand on both.",
        _lstm_loop(carry=(lambda later, dh, t, T: dh if t == 0 else 0 * dh, _keep)),
        _lstm_loop(carry=(lambda later, dh, t, T: 0 * dh, _keep)),
    ),
    *variants(
        "dc accumulates",
        "The gradient of c is added to instead of replaced: it holds all later steps at once.",
        "dc_prev holds all that came from later already: `dc = dc_prev`, with no `+=`.",
        _lstm_loop(carry=(_keep, lambda later, dc, t, T: later + dc)),
        _lstm_loop(step=lstm_reference.step_back(dc_prev=lambda s: s.dc_all + s.dc_all * s.f)),
    ),
    *variants(
        "dh accumulates",
        "The gradient of h from later steps is added to instead of replaced.",
        "What step t hands back replaces what it received: `dh_later = dh_prev`, with no `+=`.",
        _lstm_loop(carry=(lambda later, dh, t, T: later + dh, _keep)),
    ),
    Mistake(
        "dc_T ignored",
        "`dc_T` is not used: the way back begins with zeros for the cell.",
        "What arrives at the last cell starts the loop: `dc = dc_T`.",
        _with_dc(lambda dc_T: 0 * dc_T),
    ),
    Mistake(
        "dc_T at every step",
        "`dc_T` is added at every step; it arrives at the last cell only.",
        "Before the loop `dc = dc_T`; inside it, dc is what the later step hands back.",
        _dc_T_at_every_step,
    ),
    Mistake(
        "dc_T mutated",
        "`dc_T` was overwritten on the way. The gradients are right, but the caller's array is "
        "not what it was.",
        "`dc = dc_T` does not copy, so `dc += ...` and `dc *= f` write into the caller's array. "
        "Begin with `dc = dc_T.copy()`.",
        lambda dh, dc_T, cache: (
            loop.lstm_backward(dh, dc_T.copy(), cache),
            dc_T.__iadd__(1.0),
        )[0],
    ),
)

_OF_A_STEP = (
    "another order",
    "gates: ",
    "dout mutated",
    "everything averaged",
    "dh_prev zero",
    "dc_prev zero",
)
"""Mistakes of a single step that a loop makes in its own way."""


def lstm_pair_mistakes(pair: Pairing) -> list[Mistake]:
    """Return all mistakes of an LSTM pair with a right forward pass."""
    forward = _remembering(loop.lstm_forward)
    loops = loop_mistakes(_lstm_loop, ("h0", "c0"), ("W_xh", "W_hh", "b"))
    orders = order_mistakes(
        loop.lstm_backward,
        "dx, dh0, dc0, dW_xh, dW_hh, db",
        {
            "the cell's gradient before the state's": (0, 2, 1, 3, 4, 5),
            "weights first": (3, 4, 5, 0, 1, 2),
        },
    )
    every_step = [
        Mistake(m.name, m.says, m.hint, _lstm_loop(step=m.wrong))
        for m in BACK_MISTAKES
        if not m.name.startswith(_OF_A_STEP)
    ]
    own = {mistake.name for mistake in LSTM_ONLY}
    within = [*LSTM_ONLY, *(m for m in loops if m.name not in own), *every_step, *orders]
    return [
        *_between(pair, forward, loop.lstm_backward, 2),
        *(Mistake(m.name, m.says, m.hint, pair(forward, m.wrong)) for m in within),
    ]


# --- GRU -------------------------------------------------------------------------------------


def gru_pair_mistakes(pair: Pairing, reset: str) -> list[Mistake]:
    """Return all mistakes of a GRU pair with a right forward pass."""
    forward = _remembering(partial(loop.gru_forward, reset=reset))

    def gru_loop(**pieces: Callable) -> Callable:
        return partial(loop.gru_backward, reset=reset, **pieces)

    # With the reset before the product, db_hn is zero: nobody can overwrite it.
    weights = ("W_xh", "W_hh", "b", "b_hn") if reset == "after" else ("W_xh", "W_hh", "b")
    loops = loop_mistakes(gru_loop, ("h0",), weights)
    orders = order_mistakes(
        gru_loop(),
        "dx, dh0, dW_xh, dW_hh, db, db_hn",
        {"weights first": (2, 3, 4, 5, 0, 1), "db and db_hn exchanged": (0, 1, 2, 3, 5, 4)},
    )
    every_step = [
        Mistake(m.name, m.says, m.hint, gru_loop(step=m.wrong))
        for m in back_mistakes(reset)
        if not m.name.startswith(_OF_A_STEP)
    ]
    return [
        *_between(pair, forward, gru_loop(), 1),
        *(
            Mistake(m.name, m.says, m.hint, pair(forward, m.wrong))
            for m in (*loops, *every_step, *orders)
        ),
    ]
