"""What learners get wrong in the gradient of a language model's logits."""

from __future__ import annotations

from itertools import product

import numpy as np

from course_utils.checks.core import Mistake, variants


def softmax(logits, axis=-1):
    raised = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def one_hot(logits, targets):
    return np.eye(logits.shape[-1])[targets]


def dlogits(
    logits,
    targets,
    mask,
    *,
    axis=-1,
    softmax=softmax,
    hot=one_hot,
    counts=lambda mask: mask,
    divide=lambda mask: mask.sum(),
):
    """Return (softmax - one-hot) * counts / divide: right as it stands."""
    excess = softmax(logits, axis) - hot(logits, targets)
    mask = np.asarray(mask, np.result_type(logits))
    return excess * counts(mask)[..., None] / divide(mask)


def _naive(logits, axis):
    raised = np.exp(logits)
    return raised / raised.sum(axis=axis, keepdims=True)


def _in_place(logits, targets, mask):
    right = dlogits(logits, targets, mask)
    logits -= logits.max(axis=-1, keepdims=True)
    return right


def _subtracted_everywhere(logits, targets):
    """`p[:, :, targets] -= 1` takes 1 from each id that is a target anywhere in the batch."""
    hot = np.zeros_like(logits)
    hot[:, :, targets] = 1
    return hot


def _all_ones(mask):
    return np.ones_like(mask)


def _times(mask, function):
    """Return `function` with its result multiplied by the mask."""
    return lambda *arguments: function(*arguments) * np.asarray(mask)[..., None]


def _through_p(targets_only, counted_only):
    """Return the way back to p first, -1/p at the target, and then through softmax.

    -y/p and a product with the mask touch every p; a loop those of targets, or of what counts.
    """

    def wrong(logits, targets, mask):
        p, y, counts = softmax(logits), one_hot(logits, targets), mask[..., None]
        dp = np.where(y > 0, -1 / p, 0) if targets_only else -y / p
        out = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
        out = np.where(counts > 0, out, 0) if counted_only else out * counts
        return out / mask.sum()

    return wrong


LOGIT_MISTAKES = (
    *variants(
        "padding has a gradient",
        "Padding has a gradient: where mask is 0, dlogits is 0.",
        "Multiply by `mask[..., None]`, and divide by `mask.sum()`.",
        lambda *a: dlogits(*a, counts=_all_ones),
        lambda *a: dlogits(*a, counts=_all_ones, divide=np.size),
        lambda *a: dlogits(*a, counts=_all_ones, divide=lambda mask: 1),
    ),
    Mistake(
        "mask on p only",
        "Only p is multiplied by the mask: where it is 0, minus the one-hot is left.",
        "Multiply the whole difference by `mask[..., None]`.",
        lambda *a: dlogits(*a, softmax=_times(a[2], softmax), counts=_all_ones),
    ),
    Mistake(
        "mask on the one-hot only",
        "Only the one-hot is multiplied by the mask: where it is 0, p is left.",
        "Multiply the whole difference by `mask[..., None]`.",
        lambda *a: dlogits(*a, hot=_times(a[2], one_hot), counts=_all_ones),
    ),
    Mistake(
        "mask on the logits",
        "The logits are multiplied by the mask: where it is 0, all ids are equally probable, and "
        "that has a gradient.",
        "Multiply by the mask last: (softmax - one-hot) times `mask[..., None]`.",
        lambda z, y, mask: dlogits(z * mask[..., None], y, mask, counts=_all_ones),
    ),
    Mistake(
        "divided by all tokens",
        "The sum is divided by B T, with padding counted.",
        "The loss is a mean over the tokens that count: divide by `mask.sum()`.",
        lambda *a: dlogits(*a, divide=np.size),
    ),
    Mistake(
        "not divided",
        "This is the gradient of the *sum* of the losses; asked for is that of their mean.",
        "Divide by the number of tokens that count, `mask.sum()`.",
        lambda *a: dlogits(*a, divide=lambda mask: 1),
    ),
    *variants(
        "divided by B or T only",
        "The sum is divided by one axis' length; the mean runs over all tokens that count.",
        "Divide by `mask.sum()`.",
        lambda *a: dlogits(*a, divide=len),
        lambda *a: dlogits(*a, divide=lambda mask: mask.shape[1]),
    ),
    Mistake(
        "divided by V",
        "The sum is divided by V, the number of ids; the mean runs over tokens.",
        "Divide by `mask.sum()`.",
        lambda *a: dlogits(*a, divide=lambda mask: a[0].shape[-1]),
    ),
    *variants(
        "a mean of means",
        "Each sequence is averaged on its own, then the sequences: short ones count too much.",
        "One mean over all tokens that count: divide by `mask.sum()`, one number.",
        lambda *a: dlogits(*a, divide=lambda mask: mask.sum(1)[:, None, None] * len(mask)),
        lambda *a: dlogits(*a, divide=lambda mask: mask.sum(1)[:, None, None]),
    ),
    Mistake(
        "one-hot not subtracted",
        "This is softmax alone: the 1 at the target is not subtracted.",
        "The gradient is (softmax - one-hot of the target) / number of tokens.",
        lambda *a: dlogits(*a, hot=lambda logits, targets: 0),
    ),
    Mistake(
        "sign reversed",
        "Every sign is reversed.",
        "softmax - one-hot: the target's own logit has a negative gradient, so that it rises.",
        lambda *a: -dlogits(*a),
    ),
    Mistake(
        "1 subtracted at other tokens' targets",
        "`p[:, :, targets] -= 1` takes 1 away wherever an id is a target of *any* token.",
        "Pair the indices: `p[np.arange(B)[:, None], np.arange(T), targets] -= 1`.",
        lambda *a: dlogits(*a, hot=_subtracted_everywhere),
    ),
    *variants(
        "softmax over time or batch",
        "The softmax runs over the wrong axis; at each token the V probabilities add up to 1.",
        "Use the last axis: `axis=-1`, with `keepdims=True`.",
        lambda *a: dlogits(*a, axis=1),
        lambda *a: dlogits(*a, axis=0),
        lambda *a: dlogits(*a, axis=None),
    ),
    Mistake(
        "logits for probabilities",
        "The one-hot is subtracted from the logits; softmax is missing.",
        "The gradient is (softmax(logits) - one-hot of the target) / number of tokens.",
        lambda *a: dlogits(*a, softmax=lambda logits, axis: logits),
    ),
    Mistake(
        "ids subtracted",
        "The target's number is subtracted from every probability; a one-hot is needed.",
        "`np.eye(V)[targets]` has shape (B, T, V): a 1 at the target, 0 elsewhere.",
        lambda *a: dlogits(*a, hot=lambda logits, targets: targets[..., None]),
    ),
    *variants(
        "1/p where p is 0",
        "The way by -1/p and the softmax' Jacobian is right on paper. But with large logits a p "
        "is so small that a float holds 0, and 1/0 is infinite.",
        "Cancel on paper, not in floats: p times 1/p is 1, and softmax - one-hot is left.",
        *(_through_p(*only) for only in product((False, True), repeat=2)),
    ),
    Mistake(
        "exp not divided by its sum",
        "The exp of the logits is used without dividing by its sum.",
        "A softmax adds up to 1 at each token: divide by `.sum(axis=-1, keepdims=True)`.",
        lambda *a: dlogits(*a, softmax=lambda logits, axis: np.exp(logits)),
    ),
    Mistake(
        "softmax's own slope as well",
        "The result is multiplied by p (1 - p): the slope of softmax counts twice.",
        "softmax - one-hot is the whole gradient of the loss by the logits, softmax included.",
        lambda *a: dlogits(*a) * softmax(a[0]) * (1 - softmax(a[0])),
    ),
    Mistake(
        "exp too large for a float",
        "The exp of a large logit is infinite, and infinity over infinity is nan.",
        "Subtract each token's largest logit first: softmax does not change.",
        lambda *a: dlogits(*a, softmax=_naive),
    ),
    Mistake(
        "logits changed in place",
        "The logits were overwritten on the way.",
        "`logits -= ...` writes into the caller's array: make a new one.",
        _in_place,
    ),
)
