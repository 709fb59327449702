"""What goes wrong in clipping, with the words that name it."""

from __future__ import annotations

import numpy as np

from course_utils.checks.core import Mistake, variants


def length(grads) -> float:
    return float(np.sqrt(sum(np.sum(np.square(g)) for g in grads)))


def clip(grads, max_norm, *, measure=length, scale=None, reported=None):
    """Return (clipped, norm); `measure` makes the norm, `scale` the factor, `reported` the answer.

    Both get (norm, max_norm); by default min(1, max_norm / norm), and the norm itself.
    """
    norm = measure(grads)
    factor = scale(norm, max_norm) if scale else min(1.0, max_norm / norm) if norm else 1.0
    told = reported(norm, max_norm) if reported else norm
    return [g * g.dtype.type(factor) for g in grads], told


def _per_tensor(grads, max_norm):
    return [clip([g], max_norm)[0][0] for g in grads], length(grads)


def _entries(grads, max_norm):
    return [np.clip(g, -max_norm, max_norm) for g in grads], length(grads)


def _in_place(grads, max_norm):
    norm = length(grads)
    for g in grads:
        if norm > max_norm:
            g *= max_norm / norm
    return grads, norm


def _always(norm, max_norm):
    return max_norm / norm if norm else 1.0


NORM_MISTAKES = (
    *variants(
        "per tensor",
        "Each gradient is clipped by its own norm. Large ones shrink and small ones stay, so the "
        "direction of the whole turns.",
        "One norm for all: add up the squares of *all* entries of *all* arrays, and take the root "
        "once. Then one factor for all.",
        _per_tensor,
        lambda grads, m: (_per_tensor(grads, m)[0], max(length([g]) for g in grads)),
        lambda grads, m: (_per_tensor(grads, m)[0], [length([g]) for g in grads]),
    ),
    Mistake(
        "element-wise",
        "Every entry is cut off at ±max_norm. That is clipping by value, and it turns the "
        "gradient.",
        "Multiply all entries by the same factor, `max_norm / norm`.",
        _entries,
    ),
    *variants(
        "always rescaling",
        "Gradients are rescaled to `max_norm` even when they are shorter: near a minimum, where "
        "they should die down, steps stay long.",
        "Only where `norm > max_norm`: the factor is `min(1, max_norm / norm)`.",
        lambda grads, m: clip(grads, m, scale=_always),
        lambda grads, m: clip(grads, m, scale=lambda norm, top: top / np.float64(norm)),
    ),
    Mistake(
        "unit length",
        "The clipped gradients have length 1: `max_norm` is compared with, but not used after.",
        "The factor is `max_norm / norm`, not `1 / norm`.",
        lambda grads, m: clip(grads, m, scale=lambda norm, top: 1 / norm if norm > top else 1.0),
    ),
    Mistake(
        "factor upside down",
        "The factor is `norm / max_norm`: long gradients become longer.",
        "`max_norm / norm` is below 1 where the norm is too large.",
        lambda grads, m: clip(grads, m, scale=lambda norm, top: norm / top if norm > top else 1.0),
    ),
    Mistake(
        "root forgotten",
        "The sum of squares is taken for the norm: its root is missing.",
        "`np.sqrt(sum((g ** 2).sum() for g in grads))`.",
        lambda grads, m: clip(grads, m, measure=lambda gs: length(gs) ** 2),
    ),
    Mistake(
        "sum of norms",
        "The norms of the arrays are added up. Lengths at right angles do not add: their squares "
        "do.",
        "Add up squares, and take the root once, at the end.",
        lambda grads, m: clip(grads, m, measure=lambda gs: sum(length([g]) for g in gs)),
    ),
    Mistake(
        "mean of squares",
        "The norm is made of a mean of squares, not of their sum.",
        "The length of a row of numbers is the root of the *sum* of squares.",
        lambda grads, m: clip(
            grads, m, measure=lambda gs: length(gs) / np.sqrt(sum(g.size for g in gs))
        ),
    ),
    Mistake(
        "largest entry",
        "The largest entry is taken for the norm.",
        "The norm is the root of the sum of all squares.",
        lambda grads, m: clip(grads, m, measure=lambda gs: float(max(np.abs(g).max() for g in gs))),
    ),
    Mistake(
        "norm after clipping",
        "The norm that you return is the one after clipping. It can never exceed `max_norm`, so "
        "nobody sees from it that anything happened.",
        "Return the norm that you measured before you scaled.",
        lambda grads, m: clip(grads, m, reported=min),
    ),
    *variants(
        "gradients changed in place",
        "The caller's gradients were changed.",
        "Build new arrays: `[grad * scale for grad in grads]`.",
        _in_place,
    ),
)


def flat(grads):
    return np.concatenate([np.asarray(g, np.float64).ravel() for g in grads])


def cosine(a, b) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def angle(grads, limit, *, clipped=lambda g, top: np.clip(g, -top, top), answer=np.degrees):
    """Return the angle between the gradients as one row and the same, clipped; in degrees."""
    old = flat(grads)
    return float(answer(np.arccos(min(1.0, cosine(old, clipped(old, limit))))))


def _mean_of_angles(grads, limit):
    return float(np.mean([angle([g], limit) for g in grads]))


ANGLE_MISTAKES = (
    Mistake(
        "radians",
        "The angle is in radians; degrees are asked for.",
        "`np.degrees(...)`.",
        lambda grads, limit: angle(grads, limit, answer=lambda a: a),
    ),
    Mistake(
        "the cosine",
        "This is the cosine of the angle.",
        "`np.degrees(np.arccos(cosine))`.",
        lambda grads, limit: angle(grads, limit, answer=np.cos),
    ),
    Mistake(
        "an angle for each array",
        "The angles of the single arrays are averaged. An update moves all weights at once: there "
        "is one angle, of all entries as one row.",
        "Lay all entries end to end first: `np.concatenate([g.ravel() for g in grads])`.",
        _mean_of_angles,
    ),
    Mistake(
        "clipped on one side",
        "Only large positive entries are cut off; large negative ones stay.",
        "`np.clip(g, -limit, limit)`.",
        lambda grads, limit: angle(grads, limit, clipped=np.minimum),
    ),
    Mistake(
        "clipped by norm",
        "The angle is zero: you scaled the gradient, and that keeps its direction.",
        "By value: `np.clip(g, -limit, limit)`, entry by entry.",
        lambda grads, limit: 0.0,
    ),
    Mistake(
        "norms left out",
        "The dot product was not divided by both lengths, so its arccos is not an angle.",
        "`cosine = a @ b / (|a| |b|)`.",
        lambda grads, limit: float(
            np.degrees(np.arccos(flat(grads) @ np.clip(flat(grads), -limit, limit)))
        ),
    ),
    Mistake(
        "arccos of more than 1",
        "Where nothing is clipped, rounding makes the cosine a little larger than 1, and its "
        "arccos is nan.",
        "`np.arccos(min(1.0, cosine))`.",
        lambda grads, limit: (
            float("nan") if np.abs(flat(grads)).max() <= limit else angle(grads, limit)
        ),
    ),
)
