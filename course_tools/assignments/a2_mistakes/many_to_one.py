"""Reading out the last valid state, wrong."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a2_reference import last_valid, many_to_one, softmax
from course_utils.checks import Mistake


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
