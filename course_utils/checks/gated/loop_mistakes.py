"""What learners get wrong in the loop back through a sequence of gated cells.

The pieces exchanged are those of the vanilla RNN's loop; so are the words, where they fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from course_utils.checks.bptt.cut_mistakes import CUT_MISTAKES
from course_utils.checks.bptt.end_mistakes import END_MISTAKES
from course_utils.checks.bptt.loop_mistakes import LOOP_ONLY
from course_utils.checks.bptt.patches import after
from course_utils.checks.core import Mistake, variants

Loop = Callable[..., Callable]
"""`loop(**pieces)` returns the way back (*upstream, cache) with pieces exchanged."""

PIECES = {"steps", "above", "add", "carry"}


def _shared(loop: Loop) -> list[Mistake]:
    """Return the mistakes of the vanilla RNN's loop that exchange nothing but these pieces."""
    return [
        Mistake(m.name, m.says, m.hint, loop(**m.wrong.keywords))
        for m in (*LOOP_ONLY, *CUT_MISTAKES)
        if isinstance(m.wrong, partial) and set(m.wrong.keywords) <= PIECES
    ]


def _instead(way_back: Callable, place: int, value: Callable) -> Callable:
    """Return the way back with one output exchanged: `value(outputs, dh)`."""

    def change(outputs, dh, *rest):
        return [value(outputs, dh) if i == place else out for i, out in enumerate(outputs)]

    return after(change, way_back)


def _scaled(way_back: Callable, by: Callable, first: int) -> Callable:
    """Return the way back with its outputs from `first` on times `by(B, T)`."""

    def change(outputs, dh, *rest):
        factor = by(*dh.shape[:2]) if dh.shape[1] else 1.0
        return [*outputs[:first], *(gradient * factor for gradient in outputs[first:])]

    return after(change, way_back)


def _overwritten(loop: Loop, which: Sequence[int]) -> Callable:
    """Return the way back in which some weights' gradients are overwritten at each step."""

    def wrong(*arguments):
        right = loop()(*arguments)
        last = loop(add=lambda total, term, t, T: term)(*arguments)
        return tuple(last[i] if i in which else value for i, value in enumerate(right))

    return wrong


def _one_step(dx: np.ndarray) -> np.ndarray:
    return dx[:, 0] if dx.shape[1] else dx.sum(axis=1)


def _adding_in_place(loop: Loop) -> Callable:
    """The gradients are right, but the caller's dh was written into."""

    def wrong(dh, *rest):
        outputs = loop()(dh, *rest)
        dh[:, :-1] += 1
        return outputs

    return wrong


def _words(name: str) -> tuple[str, str, str]:
    """Return name, words and hint of the vanilla RNN's mistake of this name."""
    every = (*LOOP_ONLY, *CUT_MISTAKES, *END_MISTAKES)
    mistake = next(m for m in every if m.name == name)
    return mistake.name, mistake.says, mistake.hint


def loop_mistakes(loop: Loop, states: Sequence[str], weights: Sequence[str]) -> list[Mistake]:
    """Return the mistakes of a loop back, whose outputs are dx, d`states` and d`weights`."""
    back, first = loop(), 1 + len(states)
    places = range(first, first + len(weights))
    return [
        *_shared(loop),
        *variants(
            *_words("dW overwritten in the loop"),
            _overwritten(loop, places),
            _overwritten(loop, places[:2]),
            *(_overwritten(loop, [place]) for place in places),
        ),
        Mistake(
            "h0 for every term",
            "Every step's gradients are made with the states before the *first* step.",
            "Step t needs what went into it: `h[:, t - 1]`, and `h0` at t = 0 only.",
            loop(before=lambda h, h0, t: h0),
        ),
        Mistake(
            "the last state for h0",
            "At t = 0 the state before is read as `h[:, t - 1]`, which is `h[:, -1]`, the *last*.",
            "The state before the first step is `h0`: `h[:, t - 1] if t > 0 else h0`.",
            loop(before=lambda h, h0, t: h[:, t - 1]),
        ),
        Mistake(
            "zeros for h0",
            "At t = 0 the states before are taken as zeros.",
            "The states before the first step are those that forward was given.",
            loop(before=lambda h, h0, t: h[:, t - 1] if t else 0 * h0),
        ),
        Mistake(
            "h_t for h_{t-1}",
            "A step's gradients are made with the states *after* it where those before belong.",
            "Step t needs what went into it: `h[:, t - 1]`, and `h0` at t = 0.",
            loop(before=lambda h, h0, t: h[:, t]),
        ),
        *variants(
            *_words("silent truncation"),
            *(loop(steps=lambda T, k=k: list(reversed(range(T)))[:k]) for k in (2, 3, 4)),
        ),
        Mistake(
            *_words("only the last step visited"),
            loop(steps=lambda T: list(reversed(range(T)))[:1]),
        ),
        Mistake(
            *_words("everything averaged over batch"),
            _scaled(back, lambda B, T: 1 / B, 0),
        ),
        *variants(
            *_words("divided by T"),
            _scaled(back, lambda B, T: 1 / T, first),
            _scaled(back, lambda B, T: 1 / T, 0),
        ),
        *(
            Mistake(
                f"d{state} zero",
                f"Only `d{state}` is wrong: zeros are returned.",
                f"After the loop, what is left over is the gradient of `{state}`: return it.",
                _instead(back, 1 + i, lambda outputs, dh, i=i: 0 * outputs[1 + i]),
            )
            for i, state in enumerate(states)
        ),
        Mistake(
            *_words("dh0 is the first slice of dh"),
            _instead(back, 1, lambda outputs, dh: _one_step(dh)),
        ),
        Mistake(
            *_words("dx in reversed order"),
            _instead(back, 0, lambda outputs, dh: outputs[0][:, ::-1]),
        ),
        *variants(
            *_words("dx stacked time-major"),
            _instead(back, 0, lambda outputs, dh: outputs[0].swapaxes(0, 1)),
            _instead(back, 0, lambda outputs, dh: outputs[0].swapaxes(0, 1)[::-1]),
        ),
        *variants(
            *_words("dx of one step only"),
            _instead(back, 0, lambda outputs, dh: _one_step(outputs[0])),
            _instead(back, 0, lambda outputs, dh: outputs[0].sum(axis=1)),
        ),
        Mistake(
            *_words("dout mutated"),
            _adding_in_place(loop),
        ),
    ]
