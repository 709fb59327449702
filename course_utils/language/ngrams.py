"""Models that count which token followed the last few: the landmarks of every language model.

Both kinds have one form. With c the token, h the n - 1 tokens before it and h' all of these but the
first,

    P(c | h) = (kept(h c) + left(h) P(c | h')) / total(h),

and P(c | h) = P(c | h') where nothing ever followed h. Below one token stands the uniform
distribution, 1/V. They differ in what they count, keep, and leave to the shorter context.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

NAMES = ("uniform", "unigram", "bigram", "trigram")

Discount = float | Sequence[float]  # for all counts, or for counts of 1, of 2, and of 3 and more


@dataclass(frozen=True)
class _Level:
    """What is known about n-grams of one length; they are numbered, and so are their contexts.

    An n-gram's code is `context * V + token`; its number is its place among the sorted `codes`. Its
    context's number is its place one level below: no number grows beyond (n-grams seen) * V.
    """

    codes: np.ndarray  # (K,)
    kept: np.ndarray  # (K,) float64, by n-gram
    left: np.ndarray  # (C,) float64, by context
    total: np.ndarray  # (C,) float64, by context

    def number(self, codes: np.ndarray) -> np.ndarray:
        """Return the number of each n-gram, -1 where it was never seen."""
        place = np.searchsorted(self.codes, codes).clip(max=len(self.codes) - 1)
        return np.where(self.codes[place] == codes, place, -1)


@dataclass(frozen=True)
class NGrams:
    """A counted model of V tokens that looks at no more than `order` - 1 before.

    `discounts` (order, 3) says for each length of n-gram, the shortest first, what was taken from
    a count of 1, of 2, of 3 or more.
    """

    V: int
    levels: tuple[_Level, ...]
    discounts: np.ndarray

    @property
    def order(self) -> int:
        return len(self.levels)

    def probabilities(self, ids: np.ndarray) -> np.ndarray:
        """Return the probability (N,) of each token of a text (N,), given those before it.

        The first tokens have fewer before them, and are judged by these.

        Raises ValueError for an id outside 0 to V - 1.
        """
        ids = _checked(ids, self.V)
        p, context = np.full(len(ids), 1 / self.V), np.zeros(len(ids), dtype=np.int64)
        for level in self.levels:
            if not len(level.codes):  # the text was shorter than that
                break
            number = level.number(np.where(context >= 0, context * self.V + ids, -1))
            known = (context >= 0) & (level.total[context] > 0)
            kept = np.where(number >= 0, level.kept[number], 0)
            mixed = kept + level.left[context] * p
            p = np.where(known, mixed / np.where(known, level.total[context], 1), p)
            context = np.append(-1, number[:-1])[: len(ids)]  # what the next level looks back at
        return p

    def next_probabilities(self, context: Sequence[int]) -> np.ndarray:
        """Return the probability (V,) of every token after the last ones of `context`."""
        context = _checked(context, self.V)
        p = np.full(self.V, 1 / self.V)
        for n, level in enumerate(self.levels[: len(context) + 1]):
            number = np.zeros((), dtype=np.int64)
            for below, token in zip(self.levels, context[len(context) - n :], strict=False):
                number = below.number(number * self.V + token) if number >= 0 else number
            if number < 0 or level.total[number] == 0:
                break
            first, end = np.searchsorted(level.codes, [number * self.V, (number + 1) * self.V])
            p = level.left[number] * p
            p[level.codes[first:end] - number * self.V] += level.kept[first:end]
            p /= level.total[number]
        return p


def witten_bell(ids: np.ndarray, V: int, order: int) -> NGrams:
    """Count a text `ids (M,)`, smoothed by how many different tokens followed a context.

    With n_c the times that c followed h, n their sum and u how many different tokens followed:
    kept is n_c, left is u, total is n + u (Witten and Bell, 1991, their method C, interpolated).

    Raises ValueError for an empty text, an order below 1, or an id outside 0 to V - 1.
    """
    grams = _count(ids, V, order)
    levels = []
    for gram in grams:
        times, followers = gram.sum(gram.counts), gram.sum(np.ones(len(gram.codes)))
        kept = gram.counts.astype(np.float64)
        levels.append(_Level(gram.codes, kept, followers, times + followers))
    return NGrams(V, tuple(levels), np.zeros((order, 3)))


def kneser_ney(
    ids: np.ndarray, V: int, order: int, discounts: str | Sequence[Discount] | None = None
) -> NGrams:
    """Count a text `ids (M,)` with interpolated Kneser-Ney smoothing.

    The longest n-grams are counted. A shorter one counts how many different tokens stood before it:
    "Francisco" is frequent, but follows one word only, so it is a poor guess after an unknown one.
    From each count a discount is taken, and what is taken from the followers of h is left(h); kept
    is what remains of the count, total is the sum of the counts (Kneser and Ney, 1995; interpolated
    as in Chen and Goodman, 1999).

    `discounts` has an entry for each length of n-gram, the shortest first: one number, or three,
    for counts of 1, of 2, and of 3 or more. None stands for one number estimated from how many
    n-grams have the counts 1 and 2, D = n1 / (n1 + 2 n2); "modified" for three, estimated as Chen
    and Goodman do.

    Raises ValueError for an empty text, an order below 1, an id outside 0 to V - 1, and discounts
    that do not fit.
    """
    grams = _count(ids, V, order)
    counts = [_preceding(short, long) for short, long in pairwise(grams)]
    counts.append(grams[-1].counts)
    by_level = _discounts(discounts, counts)
    levels = []
    for gram, count, discount in zip(grams, counts, by_level, strict=True):
        taken = np.minimum(np.append(0.0, discount)[count.clip(max=3)], count)
        levels.append(_Level(gram.codes, count - taken, gram.sum(taken), gram.sum(count)))
    return NGrams(V, tuple(levels), by_level)


def n_gram_probabilities(
    train: np.ndarray, test: np.ndarray, V: int, largest: int = 4, smoothing: str = "witten-bell"
) -> dict[str, np.ndarray]:
    """Return for each model, by name, the probability (N,) that it gave to every token of `test`.

    `train` (M,) and `test` (N,) hold ids from 0 to V - 1, each one text in its own order. The
    models are "uniform", "unigram", "bigram", "trigram", "4-gram" and so on up to n = `largest`,
    all smoothed alike: "witten-bell" or "kneser-ney", its discounts estimated.

    Raises ValueError for an empty training text, an id outside 0 to V - 1, or another smoothing.
    """
    kinds = {"witten-bell": witten_bell, "kneser-ney": kneser_ney}
    if smoothing not in kinds:
        raise ValueError(f"smoothing is one of {', '.join(kinds)}; not {smoothing!r}.")
    by_name = {"uniform": np.full(len(test), 1 / V)}
    for n in range(1, largest + 1):
        name = NAMES[n] if n < len(NAMES) else f"{n}-gram"
        by_name[name] = kinds[smoothing](train, V, n).probabilities(test)
    return by_name


@dataclass(frozen=True)
class _Grams:
    """All different n-grams of a text: codes and counts (K,), and which one ends where."""

    codes: np.ndarray
    counts: np.ndarray
    contexts: int  # how many n-grams of one token less there are
    V: int
    at: np.ndarray  # (M,) the number of the n-gram that ends at each place, -1 at the beginning

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Return for every context the sum of `values (K,)` over its n-grams."""
        return np.bincount(self.codes // self.V, weights=values, minlength=max(1, self.contexts))


def _count(ids: np.ndarray, V: int, order: int) -> list[_Grams]:
    ids = _checked(ids, V)
    if ids.size == 0:
        raise ValueError("The training text is empty: there is nothing to count.")
    if order < 1:
        raise ValueError(f"An n-gram has at least one token; the order is {order}.")
    grams: list[_Grams] = []
    context, contexts = np.zeros(len(ids), dtype=np.int64), 1
    for n in range(order):
        codes, number, counts = np.unique(
            context[n:] * V + ids[n:], return_inverse=True, return_counts=True
        )
        at = np.append(np.full(min(n, len(ids)), -1), number)
        grams.append(_Grams(codes, counts, contexts, V, at))
        context, contexts = np.append(-1, at[:-1]), len(codes)
    return grams


def _preceding(short: _Grams, long: _Grams) -> np.ndarray:
    """Return for each n-gram before how many different tokens it stood: (n+1)-grams that end so."""
    _, first = np.unique(long.at, return_index=True)
    ends = short.at[first[long.at[first] >= 0]]
    return np.bincount(ends, minlength=len(short.codes))


def _discounts(asked: str | Sequence[Discount] | None, counts: list[np.ndarray]) -> np.ndarray:
    """Return `(order, 3)`: what is taken from counts of 1, 2, and 3 or more, level by level."""
    if asked is None or (isinstance(asked, str) and asked == "modified"):
        return np.array([_estimate(count, three=asked is not None) for count in counts])
    if isinstance(asked, str) or not np.iterable(asked) or len(asked) != len(counts):
        raise ValueError(
            f"discounts is None, 'modified', or an entry for each of {len(counts)} lengths; "
            f"it is {asked!r}."
        )
    try:
        table = np.array([np.broadcast_to(np.asarray(entry, float), 3) for entry in asked])
    except ValueError:
        raise ValueError("A discount is one number, or three for counts of 1, 2, 3+.") from None
    if not ((table >= 0) & (table <= [1, 2, 3])).all():
        raise ValueError("No discount may be negative or larger than the count it is taken from.")
    return table


def _estimate(count: np.ndarray, three: bool) -> list[float]:
    n1, n2, n3, n4 = (int((count == k).sum()) for k in (1, 2, 3, 4))
    if n1 == 0:
        return [0.5] * 3  # nothing to estimate from; none at all would give zeros away
    Y = n1 / (n1 + 2 * n2)
    if not three or min(n2, n3) == 0:
        return [Y] * 3
    exact = [1 - 2 * Y * n2 / n1, 2 - 3 * Y * n3 / n2, 3 - 4 * Y * n4 / n3]
    return [float(np.clip(D, 0, k)) for k, D in enumerate(exact, start=1)]


def _checked(ids: Sequence[int] | np.ndarray, V: int) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.ndim != 1 or (ids.size and not np.issubdtype(ids.dtype, np.integer)):
        raise ValueError(f"A text is one row of ids (N,), whole numbers; its shape is {ids.shape}.")
    if ids.size and not 0 <= ids.min() <= ids.max() < V:
        raise ValueError(f"Every id must lie from 0 to V - 1 = {V - 1}.")
    return ids.astype(np.int64)
