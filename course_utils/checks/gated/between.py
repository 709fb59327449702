"""What goes wrong between forward and backward: a cache of one array, or one for all calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from course_utils.checks.bptt.pair_mistakes import BETWEEN
from course_utils.checks.core import Mistake, variants
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


def between_mistakes(
    pair: Pairing, forward: Callable, backward: Callable, states: int
) -> list[Mistake]:
    """Return what goes wrong between the two passes of a cell with so many states.

    The words are the vanilla RNN's.
    """
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


def remembering(forward: Callable) -> Callable:
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
