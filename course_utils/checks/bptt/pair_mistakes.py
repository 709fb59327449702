"""What goes wrong between forward and backward, beside all that goes wrong in backward itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.bptt.loop_mistakes import LOOP_MISTAKES
from course_utils.checks.bptt.reference import backward, forward
from course_utils.checks.core import Mistake, variants


def forward_with_cache(x, h0, W_xh, W_hh, b_h):
    """Return the states and, as the cache, what `reference.backward` needs beside dh."""
    h = forward(x, h0, W_xh, W_hh, b_h)
    return h, (x, h0, h.copy(), W_xh, W_hh)


def from_cache(function: Callable = backward) -> Callable:
    """Return `function(dh, x, h0, h, W_xh, W_hh)` as `backward(dh, cache)`."""
    return lambda dh, cache: function(dh, *cache)


def _one_buffer(states: bool, inputs: bool) -> Callable:
    """Return a forward pass whose list of states, or inputs, is one array, stored T times."""

    def wrong(x, h0, W_xh, W_hh, b_h):
        h, (xs, _, hs, _, _) = forward_with_cache(x, h0, W_xh, W_hh, b_h)
        hs = np.repeat(h[:, -1:], h.shape[1], axis=1) if states else hs
        xs = np.repeat(x[:, -1:], x.shape[1], axis=1) if inputs else xs
        return h, (xs, h0, hs, W_xh, W_hh)

    return wrong


def _previous_is(state: Callable) -> Callable:
    """Return a backward pass with one state for every h_{t-1}: `state(h, h0)`."""
    return lambda dh, cache: backward(dh, *cache, before=lambda h, h0, t: state(h, h0))


_LAST = _previous_is(lambda h, h0: h[:, -1])
_BEFORE_LAST = _previous_is(lambda h, h0: h[:, -2] if h.shape[1] > 1 else h0)


def _kept(what: slice) -> tuple[Callable, Callable]:
    """Return a pair whose backward pass reads what the *latest* forward pass left behind.

    `what` of the cache (x, h0, h, W_xh, W_hh) lies in one place that every call uses again.
    """
    place: list = [None] * 5

    def wrong(*arguments):
        h, cache = forward_with_cache(*arguments)
        place[what] = cache[what]
        return h, cache

    def back(dh, cache):
        mixed = list(cache)
        mixed[what] = place[what]
        return backward(dh, *mixed)

    return wrong, back


BETWEEN = (
    (
        "cache holds views",
        "The cache holds one array for all steps: every state stored has become the last one.",
        "A list of the same array holds views, not copies. Make a new array at each step, or "
        "store a `.copy()`.",
        (
            (_one_buffer(states=True, inputs=False), from_cache()),
            (_one_buffer(states=False, inputs=True), from_cache()),
            (_one_buffer(states=True, inputs=True), from_cache()),
            (_one_buffer(states=True, inputs=False), _LAST),
            (forward_with_cache, _LAST),
            (forward_with_cache, _BEFORE_LAST),
        ),
    ),
    (
        "buffer reused by the next forward",
        "Forward was called again before backward (as with two layers), and backward then used "
        "the numbers of the second call.",
        "Let each call of forward make its own arrays and return them in the cache. No global "
        "variable, no attribute, no array that is kept from call to call.",
        tuple(_kept(slice(*ends)) for ends in ((0, 5), (2, 3), (1, 3), (0, 3), (0, 1))),
    ),
)


def pair_mistakes(pair: Callable) -> list[Mistake]:
    """Return all mistakes of a pair; `pair(forward, backward)` makes one `Callee` of two."""
    between = [
        mistake
        for name, says, hint, pairs in BETWEEN
        for mistake in variants(name, says, hint, *(pair(*two) for two in pairs))
    ]
    within = [
        Mistake(m.name, m.says, m.hint, pair(forward_with_cache, from_cache(m.wrong)))
        for m in LOOP_MISTAKES
    ]
    return between + within
