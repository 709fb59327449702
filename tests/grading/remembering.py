"""A check that draws once from a seed and works out each answer once: for tests of naming.

Naming holds each mistake against all others; this makes thousands of calls hundreds.
"""

from __future__ import annotations

from dataclasses import replace

from course_utils.checks.rooms import as_callee


class Once:
    """A mistake (by `call`) or an oracle, which works out each answer once."""

    def __init__(self, function):
        self._function, self._kept = function, {}

    def call(self, arguments, keep=()):
        key = id(arguments)  # the inputs are drawn once, and stay
        return self._once(key, lambda: as_callee(self._function).call(arguments, keep))

    def __call__(self, **arguments):
        key = tuple(id(value) for value in arguments.values())
        return self._once(key, lambda: self._function(**arguments))

    def _once(self, key, answer):
        if key not in self._kept:
            self._kept[key] = answer()
        return self._kept[key]


def remembered(check):
    """The same check, drawing once from a seed, with each answer to an input worked out once."""
    drawn = {}

    def cases(rng):
        state = rng.bit_generator.state["state"]["state"]
        if state not in drawn:
            drawn[state] = list(check.cases(rng))
        return drawn[state]

    mistakes = [replace(made, wrong=Once(made.wrong)) for made in check.mistakes]
    return replace(check, cases=cases, oracle=Once(check.oracle), mistakes=mistakes)
