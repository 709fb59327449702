"""What learners get wrong in the loop back through a sequence of gated cells.

The pieces exchanged are those of the vanilla RNN's loop; so are the words, where they fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from course_utils.checks.bptt.cut_mistakes import CUT_MISTAKES
from course_utils.checks.bptt.loop_mistakes import LOOP_ONLY
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


def changed(way_back: Callable, change: Callable) -> Callable:
    """Return the way back with its outputs changed: `change(outputs as a list, arguments)`."""

    def wrong(*arguments):
        return tuple(change(list(way_back(*arguments)), arguments))

    return wrong


def instead(way_back: Callable, place: int, value: Callable) -> Callable:
    """Return the way back with one output exchanged: `value(outputs, arguments)`."""

    def change(outputs, arguments):
        outputs[place] = value(outputs, arguments)
        return outputs

    return changed(way_back, change)


def _scaled(way_back: Callable, by: Callable, first: int) -> Callable:
    """Return the way back with its outputs from `first` on times `by(B, T)`."""

    def change(outputs, arguments):
        B, T, _ = arguments[0].shape
        factor = by(B, T) if T else 1.0
        return [*outputs[:first], *(gradient * factor for gradient in outputs[first:])]

    return changed(way_back, change)


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


def _texts(name: str) -> tuple[str, str, str]:
    mistake = next(m for m in LOOP_ONLY if m.name == name)
    return mistake.name, mistake.says, mistake.hint


def loop_mistakes(loop: Loop, states: Sequence[str], weights: Sequence[str]) -> list[Mistake]:
    """Return the mistakes of a loop back, whose outputs are dx, d`states` and d`weights`."""
    back, first = loop(), 1 + len(states)
    places = range(first, first + len(weights))
    return [
        *_shared(loop),
        *variants(
            *_texts("dW overwritten in the loop"),
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
            "silent truncation",
            *_cut_text("silent truncation"),
            *(loop(steps=lambda T, k=k: list(reversed(range(T)))[:k]) for k in (2, 3, 4)),
        ),
        Mistake(
            "only the last step visited",
            *_cut_text("only the last step visited"),
            loop(steps=lambda T: list(reversed(range(T)))[:1]),
        ),
        Mistake(
            "everything averaged over batch",
            "Gradients are divided by the batch size B.",
            "Add up over the batch. If the loss is a mean, its 1/B is in `dh` already.",
            _scaled(back, lambda B, T: 1 / B, 0),
        ),
        *variants(
            "divided by T",
            "Gradients are divided by the number of steps T.",
            "Add up over time. If the loss is a mean over steps, its 1/T is in `dh` already.",
            _scaled(back, lambda B, T: 1 / T, first),
            _scaled(back, lambda B, T: 1 / T, 0),
        ),
        *(
            Mistake(
                f"d{state} zero",
                f"Only `d{state}` is wrong: zeros are returned.",
                f"After the loop, what is left over is the gradient of `{state}`: return it.",
                instead(back, 1 + i, lambda outputs, arguments, i=i: 0 * outputs[1 + i]),
            )
            for i, state in enumerate(states)
        ),
        Mistake(
            "dh0 is the first slice of dh",
            "Only `dh0` is wrong: it is `dh[:, 0]`.",
            "`dh[:, 0]` arrives at the state *after* the first step. dh0 is what the loop hands on "
            "at its end.",
            instead(back, 1, lambda outputs, arguments: _one_step(arguments[0])),
        ),
        Mistake(
            "dx in reversed order",
            "`dx` has the right numbers with time reversed: it was collected while going back.",
            "A list filled on the way back begins with the last step. Turn it round before "
            "stacking, or fill `dx[:, t]`.",
            instead(back, 0, lambda outputs, arguments: outputs[0][:, ::-1]),
        ),
        *variants(
            "dx stacked time-major",
            "`dx` is stacked as (T, B, D); asked for is (B, T, D).",
            "`np.stack(..., axis=1)`, or fill an array of x's shape at `dx[:, t]`.",
            instead(back, 0, lambda outputs, arguments: outputs[0].swapaxes(0, 1)),
            instead(back, 0, lambda outputs, arguments: outputs[0].swapaxes(0, 1)[::-1]),
        ),
        *variants(
            "dx of one step only",
            "`dx` holds one step; every input has a gradient.",
            "Make `dx = np.zeros_like(x)` before the loop and fill `dx[:, t]`.",
            instead(back, 0, lambda outputs, arguments: _one_step(outputs[0])),
            instead(back, 0, lambda outputs, arguments: outputs[0].sum(axis=1)),
        ),
        Mistake(
            "dout mutated",
            "`dh` was overwritten on the way. The gradients are right, but the caller's array is "
            "not what it was.",
            "`dh_t = dh[:, t]` is a view, so `dh_t += ...` writes into the caller's array. Make a "
            "new one: `dh_t = dh[:, t] + dh_later`.",
            _adding_in_place(loop),
        ),
    ]


def _cut_text(name: str) -> tuple[str, str]:
    mistake = next(m for m in CUT_MISTAKES if m.name == name)
    return mistake.says, mistake.hint
