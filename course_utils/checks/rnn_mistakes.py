"""What learners get wrong in the vanilla RNN over a sequence: in its loop, or at every step."""

from course_utils.checks.core import Mistake
from course_utils.checks.rnn_step_mistakes import STEP_MISTAKES, step
from course_utils.checks.sequence_mistakes import run, sequence_mistakes


def _as_integers(x, *rest):
    """Makes room with `dtype=x.dtype`: an array of integers cuts every state down to 0."""
    return run(step, x, *rest).astype(x.dtype)


SEQUENCE_MISTAKES = (
    *sequence_mistakes(step),
    *(
        Mistake(m.name, m.says, m.hint, lambda *a, wrong=m.wrong: run(wrong, *a))
        for m in STEP_MISTAKES
        if m.name != "h_prev changed in place"
    ),
    Mistake(
        "states stored as integers",
        "The input holds integers, and the states are stored as integers: all become 0.",
        "`dtype=x.dtype` asks for integers here. Make the array with the dtype of the weights: "
        "`np.zeros((B, T, H), dtype=np.result_type(x, W_xh))`.",
        _as_integers,
    ),
)
