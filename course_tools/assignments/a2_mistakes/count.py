"""The number of parameters, miscounted."""

from __future__ import annotations

from course_tools.assignments.a2_reference import count_parameters
from course_utils.checks import Mistake


def _miscounted(name, says, hint, surplus):
    return Mistake(
        name, says, hint, lambda D, H, O, C: count_parameters(D, H, O, C) + surplus(D, H, O, C)
    )


COUNT_MISTAKES = (
    _miscounted(
        "leak forgotten",
        "The leak is not counted.",
        "It is learned too: one number for each unit.",
        lambda D, H, O, C: -H,
    ),
    _miscounted(
        "leak counted once",
        "The leak is counted as one number; there is one for each unit.",
        "`leak` has shape (H,).",
        lambda D, H, O, C: 1 - H,
    ),
    _miscounted(
        "feedback forgotten",
        "The feedback matrix `W_yh` is not counted.",
        "It takes O outputs to H units.",
        lambda D, H, O, C: -O * H,
    ),
    _miscounted(
        "two hidden biases",
        "The hidden bias is counted twice.",
        "torch's RNN has two; this cell has one `b_h`.",
        lambda D, H, O, C: H,
    ),
    _miscounted(
        "a bias for the feedback",
        "A bias of the feedback is counted; there is none.",
        "`W_yh` stands inside the same sum as `W_xh` and `W_hh`: one bias serves all.",
        lambda D, H, O, C: O,
    ),
    _miscounted(
        "hidden bias forgotten",
        "The hidden bias `b_h` is not counted, or the leak is not.",
        "Both are vectors of H numbers; both are learned.",
        lambda D, H, O, C: -2 * H,
    ),
    _miscounted(
        "output bias forgotten",
        "The output bias `b_y` is not counted.",
        "`y_t = h_t W_hy + b_y` has O biases.",
        lambda D, H, O, C: -O,
    ),
    _miscounted(
        "output layer forgotten",
        "The output layer (`W_hy` and `b_y`) is not counted.",
        "It holds H times O weights and O biases.",
        lambda D, H, O, C: -(H * O + O),
    ),
    _miscounted(
        "class bias forgotten",
        "The classifier's bias `b_c` is not counted.",
        "It has one number for each class.",
        lambda D, H, O, C: -C,
    ),
    _miscounted(
        "classifier forgotten",
        "The classifier (`W_hc` and `b_c`) is not counted.",
        "It holds H times C weights and C biases.",
        lambda D, H, O, C: -(H * C + C),
    ),
    _miscounted(
        "biases forgotten",
        "None of the biases is counted.",
        "There are three: `b_h`, `b_y` and `b_c`.",
        lambda D, H, O, C: -(H + O + C),
    ),
    _miscounted(
        "initial state counted",
        "`h0` and `y0` are counted; here they are given, not learned.",
        "Count what training changes: weights, biases, leak.",
        lambda D, H, O, C: H + O,
    ),
    _miscounted(
        "classifier reads the output",
        "The classifier is counted as if it read `y` (O numbers); it reads the state (H).",
        "`W_hc` has shape (H, C).",
        lambda D, H, O, C: O * C - H * C,
    ),
)
