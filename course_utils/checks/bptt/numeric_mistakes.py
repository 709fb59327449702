"""What learners get wrong in a numeric gradient, with the words that name it."""

from __future__ import annotations

import numpy as np

from course_utils.checks.core import Mistake, variants


def _central(up: float, down: float, here: float, eps: float) -> float:
    return (up - down) / (2 * eps)


def numeric(f, array, eps, *, quotient=_central, dtype=np.float64, result=np.float64):
    """Return the numeric gradient; `quotient` makes a slope of f(+eps), f(-eps), f, and eps."""
    point = np.array(array, dtype)  # a copy: the caller's array is not touched
    gradient = np.zeros(point.shape, result)
    for index in np.ndindex(point.shape):
        old = point[index]
        point[index] = old + eps
        up = f(point)
        point[index] = old - eps
        down = f(point)
        point[index] = old
        gradient[index] = quotient(up, down, f(point), eps)
    return gradient


def _double(array):
    return np.array(array, np.float64)


def _single(array):
    return np.array(array, np.float32)


def _itself(array):
    return array


def _old(here, old, eps):
    return old


def _pulled_back(here, old, eps):
    return here + eps


def _nothing(here, old, eps):
    return here


def _pulled(point, back):
    """Return the way that pushes an entry by `+= eps` and `-= 2 * eps`.

    `point(array)` is the array that is pushed, `back` makes what stands there in the end.
    """

    def wrong(f, array, eps):
        pushed, gradient = point(array), np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            old = pushed[index]
            pushed[index] += eps
            up = f(pushed)
            pushed[index] -= 2 * eps
            gradient[index] = (up - f(pushed)) / (2 * eps)
            pushed[index] = back(pushed[index], old, eps)
        return gradient

    return wrong


def _two_copies(f, array, eps):
    """One copy for all pushes up and one for all pushes down; neither is ever put back."""
    plus, minus, gradient = _double(array), _double(array), np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        plus[index] += eps
        minus[index] -= eps
        gradient[index] = (f(plus) - f(minus)) / (2 * eps)
    return gradient


def _one_pass(f, array, eps):
    """Adds eps and subtracts it once: f(+eps) - f(0), over 2 eps."""
    return numeric(f, array, eps, quotient=lambda up, down, here, e: (up - here) / (2 * e))


def _aliased(f, array, eps):
    """`plus = array; minus = array`: both names mean one array, so both hold the same numbers."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        plus = minus = np.array(array, np.float64)
        plus[index] += eps
        minus[index] -= eps
        gradient[index] = (f(plus) - f(minus)) / (2 * eps)
    return gradient


def _all_at_once(f, array, eps):
    point = np.array(array, np.float64)
    return np.full(point.shape, (f(point + eps) - f(point - eps)) / (2 * eps))


def _flat(f, array, eps):
    """`ravel` of an array stored by columns is a copy: what is pushed is not what f sees."""
    point = np.array(array, np.float64)
    flat, gradient = point.ravel(), np.zeros(point.shape)
    for i in range(flat.size):
        old = flat[i]
        flat[i] = old + eps
        up = f(point)
        flat[i] = old - eps
        gradient.flat[i] = (up - f(point)) / (2 * eps)
        flat[i] = old
    return gradient


NUMERIC_MISTAKES = (
    *variants(
        "one-sided difference",
        "The difference is one-sided: f(a + ε) - f(a) over ε has an error of the order of ε.",
        "Push the entry both ways: `(f(+ε) - f(-ε)) / (2 ε)` has an error of the order of ε².",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (up - here) / e),
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (here - down) / e),
    ),
    Mistake(
        "divided by eps, not by 2 eps",
        "Everything is twice too large: the two points lie 2ε apart, and you divide by ε.",
        "`(f(+ε) - f(-ε)) / (2 * eps)`.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (up - down) / e),
    ),
    Mistake(
        "the division by 2 and eps without brackets",
        "`/ 2 * eps` divides by 2 and then multiplies by ε.",
        "Write the brackets: `/ (2 * eps)`.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (up - down) / 2 * e),
    ),
    Mistake(
        "half of a one-sided difference",
        "Only one side is pushed, but the division is by 2ε.",
        "After `f(+ε)`, take 2ε away (not ε): then the entry stands at -ε.",
        _one_pass,
    ),
    Mistake(
        "not divided",
        "The difference of the two values is returned; it was not divided by 2ε.",
        "A slope is rise over run, and the run is 2ε.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: up - down),
    ),
    Mistake(
        "sign reversed",
        "Every sign is reversed.",
        "The value on the right, f(a + ε), comes first: `f(+ε) - f(-ε)`.",
        lambda *a: numeric(*a, quotient=lambda up, down, here, e: (down - up) / (2 * e)),
    ),
    *variants(
        "float32 gradient check with eps 1e-5",
        "The differences are taken in float32. Near 1 the next float32 is 1.2e-7 away: with "
        "ε = 1e-5 the two values differ by a few such steps only, and right code looks wrong.",
        "Make a float64 copy first, whatever came in: `np.array(array, dtype=np.float64)`.",
        lambda f, array, eps: numeric(f, array, eps, dtype=array.dtype),
        lambda f, array, eps: numeric(f, array, eps, dtype=array.dtype, result=array.dtype),
        lambda f, array, eps: numeric(f, array, eps, dtype=np.float32),
        *(_pulled(point, back) for point in (np.copy, _single) for back in (_old, _pulled_back)),
    ),
    Mistake(
        "array changed in place",
        "The entries of the caller's array were pushed and pulled back: +ε, -2ε, +ε leaves "
        "rounding errors behind. And where that array is float32, so are the differences.",
        "Work on a float64 copy, and put the *old number* back: `point[i] = old`.",
        _pulled(_itself, _pulled_back),
    ),
    *variants(
        "entry not put back",
        "An entry is not put back before the next one is pushed, so the pushes add up.",
        "Keep the old number, and after the two calls of f: `point[i] = old`.",
        _pulled(_itself, _nothing),
        _pulled(_double, _nothing),
        _two_copies,
    ),
    *variants(
        "eps ignored",
        "The step that is given as `eps` is not used.",
        "Take the step that the caller asks for.",
        lambda f, array, eps: numeric(f, array, 1e-5),
        lambda f, array, eps: numeric(f, array, 1e-2),
    ),
    Mistake(
        "one array under two names",
        "All slopes are zero: `plus` and `minus` are one array under two names.",
        "`plus = array` does not copy. Use `array.copy()` for each.",
        _aliased,
    ),
    Mistake(
        "all entries pushed at once",
        "All entries are pushed at the same time: this is the sum of all slopes.",
        "One entry at a time: push one, call f twice, put it back, go on.",
        _all_at_once,
    ),
    Mistake(
        "a flattened copy",
        "Where the array is stored by columns, the flat array is a copy: pushing its entries does "
        "not change what f sees.",
        "Go over the entries by index: `for index in np.ndindex(array.shape)`. "
        "(`ravel` and `reshape` may return a view or a copy.)",
        _flat,
    ),
)
