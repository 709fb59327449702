"""Questions in a notebook: multiple choice, numbers, and predictions noted before a run.

Each function returns a page to be the last line of its cell. It works by keyboard and with a screen
reader, offline, several to a page, in a static HTML export, and in print. Questions, options and
feedback may hold `code` in backticks, $maths$ in dollars and **stress**.

    quiz.choice("What is the shape of `h`?", {"(2, 5, 3)": "One state a step.",
                "(2, 3)": "That is the last state alone."}, answer=h.shape)
"""

import hashlib
import json
import math
import operator
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from course_utils.quiz._page import (
    Page,
    boxes,
    inline,
    message,
    number_box,
    question_page,
    reveal_page,
)

__all__ = ["choice", "numeric", "predict", "reveal"]

MAX_OPTIONS = 4


class _Prediction(NamedTuple):
    name: str
    options: list[str]
    unit: str


_predictions: dict[str, _Prediction] = {}


def choice(
    question: str,
    options: Mapping[object, str],
    *,
    answer: object,
    explain: str = "",
) -> Page:
    """A multiple-choice question; each of its two to four options has its own feedback.

    options: {text: feedback}, shown in this order.
    answer: the right option (radio buttons), or a list or set of all right ones (check boxes).
        Compared as `str(answer)`, so a computed number or shape will do, and one that drifts
        away from the options fails loudly.
    explain: shown once the question is answered rightly.
    Raises ValueError on a wrong number of options, an empty feedback, or an unknown answer.
    """
    texts = _texts(options)
    for text, feedback in zip(texts, options.values(), strict=True):
        if not str(feedback).strip():
            raise ValueError(f"The option {text!r} has no feedback: say why it is right or wrong.")
    several = isinstance(answer, list | set)
    right = sorted({_index(a, texts) for a in (answer if several else [answer])})
    if not right:
        raise ValueError("No answer is given: name at least one right option.")

    messages = [message("empty", "Choose an answer first.")]
    if several:
        messages += [message("complete", "", "good", "✓ Right: these, and no others.")]
    for i, (text, feedback) in enumerate(zip(texts, options.values(), strict=True)):
        if several:
            lead = f"✓ Right: {text}." if i in right else f"✗ Not right: {text}."
        else:
            lead = "✓ Right." if i in right else "✗ Not yet."
        messages.append(message(str(i), feedback, "good" if i in right else "bad", lead))
    if several:
        messages.append(
            message("missing", "Something right is still missing.", "bad", "✗ Not yet.")
        )
    if explain:
        messages.append(message("explain", explain))

    html = question_page(
        "choice",
        "Question: choose all that apply" if several else "Question",
        question,
        boxes("checkbox" if several else "radio", texts),
        "Check",
        messages,
        answer=right,
    )
    return Page(html, _listing(question, texts, "[ ]" if several else "( )"))


def numeric(
    question: str,
    answer: float,
    *,
    tolerance: float,
    unit: str = "",
    feedback: Mapping[float, str] | None = None,
    explain: str = "",
) -> Page:
    """A question answered by a number, typed with a decimal point or comma.

    tolerance: the largest absolute error that counts as right, in the unit of the answer.
    feedback: {wrong value: why}, for the mistakes one can foresee.
    explain: shown once the question is answered rightly.
    Raises ValueError on an answer that is not finite, a negative tolerance, or a wrong value that
    the tolerance would count as right.
    """
    answer, tolerance = float(answer), float(tolerance)
    if not math.isfinite(answer):
        raise ValueError(f"The answer is {answer}: it must be a finite number.")
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"The tolerance is {tolerance}: it must be zero or a positive number.")
    known = {float(value): text for value, text in (feedback or {}).items()}
    for value in known:
        if not math.isfinite(value) or abs(value - answer) <= tolerance:
            raise ValueError(
                f"The wrong value {value:g} must be finite and outside the tolerance of the answer."
            )

    near = f"within {tolerance:g} of the answer" if tolerance else "the answer"
    messages = [
        message("empty", "Type a number first, such as 0.25 or 1e-3."),
        message("complete", "", "good", "✓ Right."),
        *(message(str(i), text, "bad", "✗ Not yet.") for i, text in enumerate(known.values())),
        message("other", f"That is not {near}.", "bad", "✗ Not yet."),
    ]
    if explain:
        messages.append(message("explain", explain))
    html = question_page(
        "numeric",
        "Question",
        question,
        number_box(unit, f"to within {tolerance:g}" if tolerance else "exact"),
        "Check",
        messages,
        answer=answer,
        tolerance=tolerance,
        wrong=list(known),
        unit=unit,
    )
    return Page(html, f"{question}\n  number: ____ {unit}".rstrip())


def predict(
    key: str, question: str, options: Iterable[object] | None = None, *, unit: str = ""
) -> Page:
    """Ask what the next cell will give; the choice is noted in the page, without a verdict.

    key: the name under which `reveal` finds the prediction, unique in its notebook.
    options: two to four texts; without them the reader types a number (in `unit`).
    Raises ValueError on a wrong number of options, or on a unit next to options.
    """
    texts = [] if options is None else _texts(options)
    if texts and unit:
        raise ValueError("A unit goes with a number: leave out the unit or the options.")
    # A changed question is a new question: a note made for the old one must not answer it.
    digest = hashlib.sha256(json.dumps([question, texts, unit]).encode()).hexdigest()[:8]
    made = _predictions[key] = _Prediction(f"{key}-{digest}", texts, unit)

    empty = "Choose an answer first." if texts else "Type a number first, such as 0.25 or 1e-3."
    html = question_page(
        "predict",
        "Predict, then run",
        question,
        boxes("radio", texts) if texts else number_box(unit),
        "Note my prediction",
        [message("empty", empty), message("noted", "Now run the next cell.", "", "Noted.")],
        name=made.name,
        unit=unit,
    )
    text = _listing(question, texts, "( )") if texts else f"{question}\n  number: ____ {unit}"
    return Page(html, f"Predict: {text}".rstrip())


def reveal(key: str, answer: object, explanation: str) -> Page:
    """Set what the run gave beside the prediction noted under `key`, and explain it.

    answer: one of the prediction's options (compared as `str(answer)`), or a number.
    Raises ValueError on a key that was not predicted, or an answer that was not an option.
    """
    if key not in _predictions:
        known = ", ".join(map(repr, _predictions)) or "none"
        raise ValueError(
            f"No prediction is named {key!r} (known: {known}): run the cell that asks for it first."
        )
    name, texts, unit = _predictions[key]
    if texts:
        index = _index(answer, texts)
        gave, data = texts[index], {"answer": str(index)}
        expected = "".join(
            f'<span data-show="option-{i}" hidden>{inline(text)}</span>'
            for i, text in enumerate(texts)
        )
    else:
        gave, data = f"{_number(answer)} {unit}".rstrip(), {}
        expected = f'<span class="course-quiz-typed"></span> {inline(unit)}'.rstrip()
    run = f"the run gave <strong>{inline(gave)}</strong>."
    body = "\n".join(
        [
            f'<p data-show="none">You made no prediction; {run}</p>',
            f'<p data-show="expected" hidden>You expected <strong>{expected}</strong>; {run}</p>',
            f'<p data-show="met" hidden>✓ As you expected, {run}</p>' if texts else "",
            f"<p>{inline(explanation)}</p>",
        ]
    )
    html = reveal_page("What the run gave", body, name=name, **data)
    return Page(html, f"The run gave {gave}. {explanation}")


def _texts(options: Iterable[object]) -> list[str]:
    texts = [str(option) for option in options]
    if not 2 <= len(texts) <= MAX_OPTIONS:
        raise ValueError(f"There are {len(texts)} options: give two to {MAX_OPTIONS}.")
    if len(set(texts)) < len(texts):
        raise ValueError(f"Two options read the same: {', '.join(map(repr, texts))}.")
    return texts


def _index(answer: object, texts: list[str]) -> int:
    if str(answer) not in texts:
        listed = ", ".join(map(repr, texts))
        raise ValueError(
            f"The answer {str(answer)!r} is none of the options ({listed}):"
            " correct the options, or the code that computes the answer."
        )
    return texts.index(str(answer))


def _number(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(operator.index(value))
    except TypeError:
        return f"{float(value):.6g}"


def _listing(question: str, texts: list[str], mark: str) -> str:
    return "\n".join([question, *(f"  {mark} {text}" for text in texts)])
