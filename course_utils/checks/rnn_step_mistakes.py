"""What learners get wrong in one step of the vanilla RNN, each with the words that name it."""

import numpy as np

from course_utils.checks.core import Mistake, variants


def step(x_t, h, W_xh, W_hh, b_h):
    """Return h_t (B, H): the right step, which the mistakes of a sequence are built from."""
    return np.tanh(x_t @ W_xh + h @ W_hh + b_h)


STEP_MISTAKES = (
    Mistake(
        "tanh omitted",
        "The tanh is missing: this is the sum inside it.",
        "Squash the whole sum: `np.tanh(...)` around all three terms.",
        lambda x_t, h, W_xh, W_hh, b_h: x_t @ W_xh + h @ W_hh + b_h,
    ),
    Mistake(
        "bias never added",
        "The bias `b_h` is never added.",
        "Three terms stand inside the tanh: input, recurrence, bias.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh),
    ),
    Mistake(
        "bias added twice",
        "The bias `b_h` is added twice.",
        "torch has two biases; here there is one, their sum. Add `b_h` once.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh + 2 * b_h),
    ),
    Mistake(
        "bias subtracted",
        "The bias `b_h` is subtracted.",
        "A plus stands before each of the three terms.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh - b_h),
    ),
    Mistake(
        "bias outside the tanh",
        "The bias `b_h` is added after the tanh, not inside it.",
        "Look at where the bracket of `np.tanh(` closes.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh) + b_h,
    ),
    Mistake(
        "recurrent term dropped",
        "The previous state does not enter: the term `h_prev @ W_hh` is missing.",
        "Without that term the net has no memory: every step sees its own input only.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + b_h),
    ),
    Mistake(
        "input dropped",
        "The input does not enter: the term `x_t @ W_xh` is missing.",
        "Two matrix products stand inside the tanh, one for the input, one for the state.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(h @ W_hh + b_h),
    ),
    Mistake(
        "W_hh transposed",
        "`W_hh` is transposed.",
        "Our weights are (in, out) and states are rows: `h_prev @ W_hh`, with no `.T`. "
        "(A column-vector text writes W h; that is our `h @ W.T`.)",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h @ W_hh.T + b_h),
    ),
    *variants(
        "tanh around the input only",
        "Only the input's term is inside the tanh; the state's term is added outside.",
        "Add all three terms first, squash the sum: one bracket around everything.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh) + h @ W_hh + b_h,
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + b_h) + h @ W_hh,
    ),
    *variants(
        "tanh around the state only",
        "Only the state's term is inside the tanh; the input's term is added outside.",
        "Add all three terms first, squash the sum: one bracket around everything.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(h @ W_hh) + x_t @ W_xh + b_h,
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(h @ W_hh + b_h) + x_t @ W_xh,
    ),
    *variants(
        "two tanh",
        "The input and the state pass through a tanh each, and are added afterwards.",
        "Add first, squash once: `np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)`.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh) + np.tanh(h @ W_hh + b_h),
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + b_h) + np.tanh(h @ W_hh),
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh) + np.tanh(h @ W_hh) + b_h,
    ),
    Mistake(
        "old state added",
        "The new state is added to the old one; it should replace it.",
        "`h_prev` enters once only, inside the tanh: `h_prev @ W_hh`.",
        lambda x_t, h, W_xh, W_hh, b_h: h + step(x_t, h, W_xh, W_hh, b_h),
    ),
    Mistake(
        "sigmoid for tanh",
        "The squashing function is the sigmoid; this cell uses tanh.",
        "A tanh is -1 to 1 and zero at zero; a sigmoid is 0 to 1. Use `np.tanh`.",
        lambda x_t, h, W_xh, W_hh, b_h: 1 / (1 + np.exp(-(x_t @ W_xh + h @ W_hh + b_h))),
    ),
    Mistake(
        "ReLU for tanh",
        "The squashing function is the ReLU; this cell uses tanh.",
        "Use `np.tanh`. (A ReLU cell is legitimate, but it is another cell: lesson 04.)",
        lambda x_t, h, W_xh, W_hh, b_h: np.maximum(x_t @ W_xh + h @ W_hh + b_h, 0),
    ),
    Mistake(
        "h_prev changed in place",
        "The new state was written into `h_prev` itself.",
        "`h_prev[...] = ` or `h_prev += ` changes the caller's array. Return a new one.",
        lambda x_t, h, W_xh, W_hh, b_h: np.copyto(h, step(x_t, h, W_xh, W_hh, b_h)) or h,
    ),
)
