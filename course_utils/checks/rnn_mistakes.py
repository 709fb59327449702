"""What learners get wrong in the vanilla RNN over a sequence: in its loop, or at every step."""

from functools import partial

from course_utils.checks.core import Mistake
from course_utils.checks.rnn_step_mistakes import STEP_MISTAKES, step
from course_utils.checks.sequence_mistakes import run, sequence_mistakes, stored_as_integers

SEQUENCE_MISTAKES = (
    *sequence_mistakes(step),
    *(
        Mistake(m.name, m.says, m.hint, lambda *a, wrong=m.wrong: run(wrong, *a))
        for m in STEP_MISTAKES
        if m.name != "h_prev changed in place"
    ),
    stored_as_integers(partial(run, step)),
)
