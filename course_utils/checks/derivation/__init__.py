"""Derivations that the reader types line by line; each line is checked, the first wrong named.

def three_steps():
    return '''
    do_3 = p_3 - y_3
    dh_3 = do_3 @ W_hy.T
    '''

derivation.three_steps(three_steps)
"""

from course_utils.checks.derivation.jacobians import jacobians
from course_utils.checks.derivation.sheet import Derivation, Line, Slip
from course_utils.checks.derivation.three_steps import three_steps

DERIVATIONS = {"three_steps": three_steps, "jacobians": jacobians}


def lines(name: str) -> tuple[Line, ...]:
    """Return the lines that the derivation called `name` asks for, each with a right answer."""
    return tuple(DERIVATIONS[name].lines)


__all__ = ["DERIVATIONS", "Derivation", "Line", "Slip", "jacobians", "lines", "three_steps"]
