"""What learners get wrong in the vanilla RNN's forward pass: small patches of one reference.

Each mistake is a wrong implementation with the words that name it (see `checks.core.Mistake`).
"""

import numpy as np

from course_utils.checks.core import Mistake


def _step(x_t, h, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h @ W_hh + b_h)


def _run(x, h0, W_xh, W_hh, b_h, step=_step, carry=lambda t, h_new, h_old, h0: h_new):
    """Run `step` over time; `carry` says which state the next step starts from."""
    h, states = h0, []
    for t in range(x.shape[1]):
        h_new = step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h_new)
        h = carry(t, h_new, h, h0)
    return _stack(states, h0)


def _stack(states, h0):
    return np.stack(states, axis=1) if states else np.zeros((h0.shape[0], 0, h0.shape[1]))


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
    Mistake(
        "tanh around the input only",
        "Only the input's term is inside the tanh; the state's term is added outside.",
        "Add all three terms first, squash the sum: one bracket around everything.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh) + h @ W_hh + b_h,
    ),
    Mistake(
        "two tanh",
        "The input and the state pass through a tanh each, and are added afterwards.",
        "Add first, squash once: `np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)`.",
        lambda x_t, h, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh) + np.tanh(h @ W_hh + b_h),
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
        lambda x_t, h, W_xh, W_hh, b_h: np.copyto(h, _step(x_t, h, W_xh, W_hh, b_h)) or h,
    ),
)


def _state_reused(x, h0, W_xh, W_hh, b_h):
    """One buffer is appended again and again: every entry of the list is the last state."""
    states = _run(x, h0, W_xh, W_hh, b_h)
    return np.repeat(states[:, -1:], x.shape[1], axis=1) if x.shape[1] else states


def _off_by_one(x, h0, W_xh, W_hh, b_h):
    states = _run(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], states], axis=1)[:, : x.shape[1]]


def _last_step_missing(x, h0, W_xh, W_hh, b_h):
    states = _run(x, h0, W_xh, W_hh, b_h)
    states[:, -1:] = 0
    return states


def _first_step_missing(x, h0, W_xh, W_hh, b_h):
    states = np.zeros((x.shape[0], *x.shape[1:2], h0.shape[1]))
    h = h0
    for t in range(1, x.shape[1]):
        h = states[:, t] = _step(x[:, t], h, W_xh, W_hh, b_h)
    return states


def _h0_for_first_state(x, h0, W_xh, W_hh, b_h):
    states = _run(x[:, 1:], h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], states], axis=1)[:, : x.shape[1]]


def _h0_in_place(x, h0, W_xh, W_hh, b_h):
    states = []
    for t in range(x.shape[1]):
        h0[...] = _step(x[:, t], h0, W_xh, W_hh, b_h)
        states.append(h0.copy())
    return _stack(states, h0)


def _time_major(x, h0, W_xh, W_hh, b_h):
    """Reads axis 0 as time, as torch does by default; runs only where B equals T."""
    h, states = h0, []
    for t in range(x.shape[0]):
        h = _step(x[t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states)


def _backwards(x, h0, W_xh, W_hh, b_h):
    return _run(x[:, ::-1], h0, W_xh, W_hh, b_h)[:, ::-1]


SEQUENCE_MISTAKES = (
    Mistake(
        "h never advanced",
        "The state never advances: every step starts from `h0`.",
        "Inside the loop, the result of one step must become the `h_prev` of the next.",
        lambda *a: _run(*a, carry=lambda t, new, old, h0: h0),
    ),
    Mistake(
        "h reset each step",
        "The state is set back to zero before each step (only the first sees `h0`).",
        "Create the state once, before the loop; inside the loop only replace it.",
        lambda *a: _run(*a, carry=lambda t, new, old, h0: np.zeros_like(h0)),
    ),
    Mistake(
        "h0 ignored",
        "The initial state `h0` is ignored: the run starts from zeros.",
        "The state before the first step is `h0`. (If you read it as `h[:, t - 1]`: at t = 0 that "
        "is the *last* column, which still holds zeros.)",
        lambda x, h0, *w: _run(x, np.zeros_like(h0), *w),
    ),
    Mistake(
        "h_{t-1} emitted (off by one)",
        "Each step emits the state *before* it, h_{t-1}, so that all is one step late.",
        "Store the state after updating it: `h[:, t]` is the state that has seen `x[:, t]`.",
        _off_by_one,
    ),
    Mistake(
        "last step kept only",
        "Only the last state is returned; the states of all steps are asked for.",
        "Keep every state: fill `h[:, t]`, or append to a list and `np.stack(..., axis=1)`.",
        lambda *a: _run(*a)[:, -1],
    ),
    Mistake(
        "one buffer for all steps",
        "Every step shows the last state: one array was stored T times and overwritten each time.",
        "A list of the same array holds views, not copies. Store a new array (or `.copy()`).",
        _state_reused,
    ),
    Mistake(
        "(B, T, D) read as (T, B, D)",
        "Axis 0 is read as time. Here it is the batch: `x` is (B, T, D).",
        "Step t of every sequence is `x[:, t]`. If your function is time-major on purpose, "
        "declare it: `batch_first=False`.",
        _time_major,
    ),
    Mistake(
        "states stacked time-major",
        "The states are right but stacked as (T, B, H); asked for is (B, T, H).",
        "Stack along axis 1, or fill a (B, T, H) array. "
        "If time-major is on purpose, declare it: `batch_first=False`.",
        lambda *a: np.moveaxis(_run(*a), 1, 0),
    ),
    Mistake(
        "loop runs backward",
        "The loop runs from the last step to the first.",
        "A state may only depend on the past: t goes 0, 1, ..., T-1.",
        _backwards,
    ),
    Mistake(
        "last step skipped",
        "The last step is never computed.",
        "`range(T - 1)` stops one early: `range(T)` gives 0 to T-1.",
        _last_step_missing,
    ),
    Mistake(
        "first step skipped",
        "The first step is never computed: the loop starts at 1.",
        "`x[:, 0]` is an input too; the state before it is `h0`.",
        _first_step_missing,
    ),
    Mistake(
        "h0 stored as the first state",
        "`h0` is stored in the place of the first state, and `x[:, 0]` is never read.",
        "`h[:, 0]` is the state *after* the first input; `h0` itself is not among the states.",
        _h0_for_first_state,
    ),
    Mistake(
        "T + 1 states",
        "`h0` is returned as well: there are T + 1 states where T are asked for.",
        "Leave out the first entry of your list: the states begin after `x[:, 0]`.",
        lambda *a: np.concatenate([a[1][:, None], _run(*a)], axis=1),
    ),
    Mistake(
        "h0 changed in place",
        "The initial state `h0` was overwritten while running.",
        "`h = h0` does not copy. Let each step make a new array (`h = np.tanh(...)`).",
        _h0_in_place,
    ),
    *(
        Mistake(m.name, m.says, m.hint, lambda *a, step=m.wrong: _run(*a, step=step))
        for m in STEP_MISTAKES
        if m.name != "h_prev changed in place"
    ),
)
