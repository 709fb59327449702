"""The check of counting events: hits, false alarms, missed, each event in one pair at most."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.checks.core import Case, Check, Mistake, Output, variants


def _cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(name: str, found, true, tolerance: int, weight: float = 1.0) -> Case:
        given = {"found": sorted(found), "true": sorted(true), "tolerance": tolerance}
        return Case(name, given, weight)

    at = int(rng.integers(10, 20))
    found = [at + f for f in (0, 20, 44, 48, 75, 150, 175, 182, 220)]
    true = [at + t for t in (4, 46, 80, 90, 110, 130, 171, 178, 218, 222)]
    yield case("nine found, ten true, tolerance 4", found, true, 4, 5.0)
    yield case("nothing found", [], [12, 50], 4)
    yield case("nothing to find", [3, 9], [], 4)
    yield case("tolerance 0", [5, 9, 20], [5, 10, 20], 0)
    many = np.flatnonzero(rng.random(120) < 0.1).tolist()
    yield case("many, at random", many, np.flatnonzero(rng.random(120) < 0.1).tolist(), 3)


def _oracle(found, true, tolerance) -> tuple[int, int, int]:
    """Find the largest set of pairs by a matching in a graph."""
    hits = 0
    if found and true:
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import maximum_bipartite_matching

        near = np.abs(np.subtract.outer(found, true)) <= tolerance
        hits = int((maximum_bipartite_matching(csr_matrix(near)) >= 0).sum())
    return hits, len(found) - hits, len(true) - hits


def _paired(found, true, tolerance, *, exact=False, late=False):
    """Pair on a line, first come first served: right as it stands."""
    i = j = hits = 0
    while i < len(found) and j < len(true):
        apart = found[i] - true[j]
        near = abs(apart) < tolerance if exact else abs(apart) <= tolerance
        if near and (not late or apart >= 0):
            hits, i, j = hits + 1, i + 1, j + 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    return hits, len(found) - hits, len(true) - hits


def _near_any(of, others, tolerance):
    return sum(any(abs(a - b) <= tolerance for b in others) for a in of)


def _nearest_first(found, true, tolerance):
    left, hits = list(true), 0
    for frame in found:
        if left:
            nearest = min(left, key=lambda other: abs(other - frame))
            if abs(nearest - frame) <= tolerance:
                left.remove(nearest)
                hits += 1
    return hits, len(found) - hits, len(true) - hits


count_events = Check(
    "hits, false alarms, missed",
    [Output("hits", "()"), Output("false_alarms", "()"), Output("missed", "()")],
    _cases,
    _oracle,
    (
        *variants(
            "one event in several pairs",
            "An event is counted in several pairs: two alarms for one trigger are one hit and one "
            "false alarm.",
            "Once paired, a found and a true event are both used up.",
            lambda f, t, k: (
                _near_any(f, t, k),
                len(f) - _near_any(f, t, k),
                len(t) - _near_any(t, f, k),
            ),
            lambda f, t, k: (
                _near_any(t, f, k),
                len(f) - _near_any(f, t, k),
                len(t) - _near_any(t, f, k),
            ),
            lambda f, t, k: (
                _near_any(f, t, k),
                len(f) - _near_any(f, t, k),
                len(t) - _near_any(f, t, k),
            ),
            lambda f, t, k: (
                _near_any(t, f, k),
                len(f) - _near_any(t, f, k),
                len(t) - _near_any(t, f, k),
            ),
        ),
        Mistake(
            "exact frames only",
            "Only events at the very same frame count as hits.",
            "Up to `tolerance` frames apart is near enough.",
            lambda f, t, k: (
                len(set(f) & set(t)),
                len(f) - len(set(f) & set(t)),
                len(t) - len(set(f) & set(t)),
            ),
        ),
        Mistake(
            "tolerance with <",
            "Events exactly `tolerance` frames apart are not paired; they should be.",
            "Compare with <=.",
            lambda f, t, k: _paired(f, t, k, exact=True),
        ),
        Mistake(
            "early alarms refused",
            "An alarm before its trigger is refused; up to `tolerance` frames early is fine too.",
            "Compare the *absolute* difference with the tolerance.",
            lambda f, t, k: _paired(f, t, k, late=True),
        ),
        Mistake(
            "false alarms and missed exchanged",
            "False alarms and missed are exchanged.",
            "A false alarm is a *found* event without a partner.",
            lambda f, t, k: (_paired(f, t, k)[0], _paired(f, t, k)[2], _paired(f, t, k)[1]),
        ),
        Mistake(
            "the nearest taken first",
            "Each alarm takes the nearest true event, and may take the one that a later alarm "
            "needs.",
            "Walk along both sorted lists: pair the earliest two that are near enough.",
            _nearest_first,
        ),
        Mistake(
            "paired by place in the list",
            "The first found is compared with the first true, the second with the second.",
            "A false alarm shifts all later ones: walk along both lists, each at its own pace.",
            lambda f, t, k: (
                sum(abs(a - b) <= k for a, b in zip(f, t)),  # noqa: B905
                len(f) - sum(abs(a - b) <= k for a, b in zip(f, t)),  # noqa: B905
                len(t) - sum(abs(a - b) <= k for a, b in zip(f, t)),  # noqa: B905
            ),
        ),
    ),
)
"""Judges `count_events(found, true, tolerance) -> (hits, false_alarms, missed)`, sorted lists."""
