"""The gradient check of A3, wrong: in its differences, in its loss, in its error."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a3_reference import central, checker, gradient_check
from course_utils.checks import Mistake
from course_utils.checks.bptt.numeric import NUMERIC_MISTAKES
from course_utils.checks.core import variants


def _with_loss(weigh):
    return checker(weigh=weigh)


def _with_error(error):
    return checker(error=error)


def _elementwise(claimed, numeric):
    largest = np.maximum(np.abs(claimed), np.abs(numeric))
    return np.max(np.abs(claimed - numeric) / np.maximum(largest, 1e-8))


def _largest(claimed, numeric):
    return max(np.abs(claimed).max(), np.abs(numeric).max())


def _norms(claimed, numeric):
    whole = np.linalg.norm(claimed) + np.linalg.norm(numeric)
    return np.linalg.norm(claimed - numeric) / whole if whole else 0.0


def _eps_ignored(eps):
    return checker(numeric=lambda loss, value, _: central(loss, value, eps))


_IN_PLACE = ("array changed in place", "entry not put back")
_SKIPPED = ("a flattened copy",)


def _shared(mistake):
    """A known mistake of a numeric gradient of any function, made here: in its own precision."""
    changes = mistake.name in _IN_PLACE
    as_it_is = changes or mistake.name.startswith("float32")
    pieces = {"precise": lambda value: value} if as_it_is else {}
    wrong = checker(numeric=mistake.wrong, **pieces)
    return Mistake(mistake.name, mistake.says, mistake.hint, wrong)


_DIVIDE = "Divide the largest absolute difference by the largest absolute entry of the two arrays."

CHECK_MISTAKES = (
    *(_shared(mistake) for mistake in NUMERIC_MISTAKES if mistake.name not in _SKIPPED),
    *variants(
        "eps ignored",
        "The step that is given as `eps` is not used.",
        "Take the step that the caller asks for.",
        *(_eps_ignored(eps) for eps in (1e-4, 1e-5, 1e-6, 1e-7)),
    ),
    Mistake(
        "loss without y",
        "The loss counts `h` only; `dy` belongs to it too.",
        "L = np.sum(dh * h) + np.sum(dy * y).",
        _with_loss(lambda dh, dy, h, y: np.sum(dh * h)),
    ),
    Mistake(
        "loss without h",
        "The loss counts `y` only; `dh` belongs to it too.",
        "L = np.sum(dh * h) + np.sum(dy * y).",
        _with_loss(lambda dh, dy, h, y: np.sum(dy * y)),
    ),
    Mistake(
        "loss without weights",
        "The loss is the bare sum of h and y; `dh` and `dy` weigh its terms.",
        "L = np.sum(dh * h) + np.sum(dy * y): then dL/dh is dh, and dL/dy is dy.",
        _with_loss(lambda dh, dy, h, y: np.sum(h) + np.sum(y)),
    ),
    Mistake(
        "mean loss",
        "The loss is a mean; asked for is the sum.",
        "L = np.sum(dh * h) + np.sum(dy * y).",
        _with_loss(lambda dh, dy, h, y: np.mean(dh * h) + np.mean(dy * y)),
    ),
    Mistake(
        "squared loss",
        "The loss is a square; asked for is the weighted sum.",
        "L = np.sum(dh * h) + np.sum(dy * y): then dL/dh is dh, and dL/dy is dy.",
        _with_loss(lambda dh, dy, h, y: np.sum((dh * h) ** 2) + np.sum((dy * y) ** 2)),
    ),
    Mistake(
        "error not relative",
        "The error is the largest absolute difference; it is not yet divided by anything.",
        _DIVIDE,
        _with_error(lambda claimed, numeric: np.abs(claimed - numeric).max()),
    ),
    Mistake(
        "error entry by entry",
        "The error is taken relative to each entry, so that an entry near zero decides.",
        _DIVIDE,
        _with_error(_elementwise),
    ),
    Mistake(
        "error by norms",
        "The error is made of norms; other texts define it so, this assignment does not.",
        _DIVIDE,
        _with_error(_norms),
    ),
    Mistake(
        "zero over zero",
        "Where both gradients are all zero, the error is nan: zero was divided by zero.",
        "Two gradients that are both zero agree: the error is 0.",
        _with_error(lambda c, n: np.abs(c - n).max() / _largest(c, n)),
    ),
    *variants(
        "error relative to one of the two",
        "The error is relative to one of the two arrays; if that one is wrong, so is the error.",
        _DIVIDE,
        _with_error(lambda c, n: np.abs(c - n).max() / np.abs(c).max()),
        _with_error(lambda c, n: np.abs(c - n).max() / np.abs(n).max()),
    ),
    Mistake(
        "error relative to the sum",
        "The error is divided by the sum of the two largest entries; asked for is the larger one.",
        _DIVIDE,
        _with_error(lambda c, n: np.abs(c - n).max() / (np.abs(c).max() + np.abs(n).max())),
    ),
    Mistake(
        "mean error",
        "The error is the mean difference; one wrong entry would drown among right ones.",
        _DIVIDE,
        _with_error(lambda c, n: np.abs(c - n).mean() / _largest(c, n)),
    ),
    Mistake(
        "error with a sign",
        "The largest difference is taken without its absolute value: a negative one is overlooked.",
        "`np.abs(claimed - numeric).max()`.",
        _with_error(lambda c, n: (c - n).max() / _largest(c, n)),
    ),
    Mistake(
        "results in the wrong order",
        "The two results are the wrong way round.",
        "`return numeric, error`.",
        lambda *arguments: gradient_check(*arguments)[::-1],
    ),
)
