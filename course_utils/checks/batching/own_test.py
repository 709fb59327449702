"""The check of the reader's own test: which models with a leak does it let pass?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.checks.batching.planted import MODELS, RIGHT, WRONG
from course_utils.checks.compare import as_array
from course_utils.checks.core import Case, Check, Mistake, Output, variants
from course_utils.checks.report import Report

Test = Callable[[Callable, np.random.Generator], bool]


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    for name in ("all planted models", "once more, with other numbers"):
        yield Case(name, {"seed": int(rng.integers(1 << 30))})


def _verdicts(test: Test) -> Callable[[int], list[Any]]:
    """Return what `test` says of every planted model, in their order."""
    return lambda seed: [
        test(model, np.random.default_rng(seed + i)) for i, model in enumerate(MODELS.values())
    ]


def _read(known: dict[str, Any], value: Any) -> np.ndarray:
    said = as_array(value)
    if said is None or said.shape != (len(MODELS),) or said.dtype.kind != "b":
        raise ValueError("your test should return True or False, one `bool` for a model")
    return said


def _explain(known: dict[str, Any], got: Any, expected: np.ndarray) -> str:
    said = dict(zip(MODELS, got, strict=True))
    passed = [name for name in WRONG if said[name]]
    refused = [name for name in RIGHT if not said[name]]
    sentences = []
    if refused:
        sentences.append(f"Your test refuses models that are right: {'; '.join(refused)}.")
    if passed:
        sentences.append(
            f"Of {len(WRONG)} models that padding gets into, {len(passed)} pass your test: "
            f"{'; '.join(passed)}."
        )
    return " ".join(sentences)


def _drawn(rng, equal=False, falling=False, B=4):
    lengths = rng.integers(1, 8, size=B)
    lengths[:2] = 3, 7  # never all alike, never sorted
    if equal:
        lengths[:] = 7
    if falling:
        lengths = np.sort(lengths)[::-1].copy()
    return rng.normal(size=(B, 9 if not equal else 7, 3)), lengths


def _zeroed(x, lengths):
    return np.where((np.arange(x.shape[1]) < lengths[:, None])[..., None], x, 0.0)


def _longer(x, extra=3):
    return np.pad(x, ((0, 0), (0, extra), (0, 0)))


def _close(a, b):
    return bool(a.shape == b.shape and np.allclose(a, b, atol=1e-5))


def alone(same=_close, fill=lambda x, n: x, **draw):
    """Return the test that compares each row of a batch with the row alone; right as it stands."""

    def test(model, rng):
        x, lengths = _drawn(rng, **draw)
        y = model(fill(x, lengths), lengths)
        rows = [model(x[b : b + 1, :n], lengths[b : b + 1]) for b, n in enumerate(lengths)]
        return all(same(y[b : b + 1], row) for b, row in enumerate(rows))

    return test


def _padded_alone(model, rng):
    x, lengths = _drawn(rng)
    rows = [model(x[b : b + 1], lengths[b : b + 1]) for b in range(len(x))]
    return _close(model(x, lengths), np.concatenate(rows))


def _other_garbage(model, rng):
    x, lengths = _drawn(rng)
    return _close(model(_zeroed(x, lengths), lengths), model(x, lengths))


def _more_zeros(model, rng):
    x, lengths = _drawn(rng)
    x = _zeroed(x, lengths)
    return _close(model(x, lengths), model(_longer(x), lengths))


def _zeros_and_garbage(model, rng):
    return _other_garbage(model, rng) and _more_zeros(model, rng)


def _shape_only(model, rng):
    x, lengths = _drawn(rng)
    return model(x, lengths).shape[0] == len(x)


_CHECK = Check(
    "your test of padding",
    [Output("verdicts", "(n,)")],
    _cases,
    lambda seed: np.array([name in RIGHT for name in MODELS]),
    tuple(
        Mistake(mistake.name, mistake.says, mistake.hint, _verdicts(mistake.wrong))
        for mistake in (
            *variants(
                "right models refused",
                "Your test refuses right models: it asks for the very same numbers, though right "
                "models differ by rounding, or it always says False.",
                "Compare with `np.allclose(..., atol=1e-5)`, and return True where no row differs.",
                lambda model, rng: False,
                alone(same=lambda a, b: bool(np.array_equal(a, b))),
                alone(same=lambda a, b: bool(np.allclose(a, b, rtol=1e-12, atol=1e-12))),
            ),
            Mistake(
                "no padding in the test",
                "All lengths are T: there is no padding, and nothing can get in.",
                "Draw different lengths, some of them shorter than T.",
                alone(equal=True),
            ),
            Mistake(
                "zeros for padding",
                "The padding in your test is zero. What is added there adds nothing, and hides.",
                "Put numbers into the padding, large ones: nobody may look at them.",
                alone(fill=_zeroed),
            ),
            Mistake(
                "as much padding in both",
                "What stands in the padding is changed, but not how much of it there is.",
                "Compare with a row that has no padding at all.",
                _other_garbage,
            ),
            Mistake(
                "more zeros only",
                "More padding is added, but it is zeros on both sides of the comparison.",
                "Put numbers into the padding.",
                _more_zeros,
            ),
            *variants(
                "sorted rows not seen",
                "Only the model that sorts its rows gets by: your lengths fall already, or no row "
                "is compared with itself *alone*.",
                "Draw lengths in no order, and compare a row of the batch with the same row alone.",
                _zeros_and_garbage,
                alone(falling=True),
            ),
            Mistake(
                "alone, but with its padding",
                "The row alone still has its padding: both sides of the comparison share it.",
                "Cut it to its length: `x[b : b + 1, :n]`.",
                _padded_alone,
            ),
            Mistake(
                "shapes only",
                "Only the shape is looked at.",
                "Compare the numbers.",
                _shape_only,
            ),
            Mistake(
                "verdict inverted",
                "The verdict is the wrong way round.",
                "True means: padding changes nothing.",
                lambda model, rng: not alone()(model, rng),
            ),
        )
    ),
    read=_read,
    explain=_explain,
)


def padding_test(test: Test, *, seed: int | None = None) -> Report:
    """Judge `padding_test(model, rng) -> bool`: True where padding never changes a result.

    It is run on models of which some let padding in; `model(x, lengths)` takes x (B, T, 3).
    """
    return _CHECK(_verdicts(test), seed=seed)
