"""Wrong code as learners write it is named, and messages say what helps to mend it."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils.checks import RIGHT, WRONG, Case, Check, Mistake, Output, hand_set, networks, rnn
from course_utils.checks.compare import describe
from course_utils.checks.latch_mistakes import latch

# --- the loop over a sequence --------------------------------------------------------------------

TIME_MAJOR = "(B, T, D) read as (T, B, D)"


def step(x_t, h, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h @ W_hh + b_h)


def filled_time_major(x, h0, *weights):
    T, B, _ = x.shape
    states, h = np.zeros((T, B, h0.shape[1])), h0
    for t in range(T):
        h = states[t] = step(x[t], h, *weights)
    return states


def filled_time_major_then_swapped(*arguments):
    return filled_time_major(*arguments).transpose(1, 0, 2)


def listed_over_x(x, h0, *weights):
    states, h = [], h0
    for x_t in x:
        h = step(x_t, h, *weights)
        states.append(h)
    return np.stack(states, axis=1)


def listed_over_x_stacked_first(x, h0, *weights):
    return np.moveaxis(listed_over_x(x, h0, *weights), 1, 0)


def filled_along_axis_1(x, h0, *weights):
    B, T, _ = x.shape
    states, h = np.zeros((B, T, h0.shape[1])), h0
    for t in range(T):
        h = states[:, t] = step(x[t], h, *weights)
    return states


def filled_along_axis_0(x, h0, *weights):
    B, T, _ = x.shape
    states, h = np.zeros((B, T, h0.shape[1])), h0
    for t in range(T):
        h = states[t] = step(x[t], h, *weights)
    return states


def listed_over_range(x, h0, *weights):
    states, h = [], h0
    for t in range(x.shape[1]):
        h = step(x[t], h, *weights)
        states.append(h)
    return np.array(states)


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(
    "function",
    [
        filled_time_major,
        filled_time_major_then_swapped,
        listed_over_x,
        listed_over_x_stacked_first,
        filled_along_axis_1,
        filled_along_axis_0,
        listed_over_range,
    ],
)
def test_axis_0_read_as_time_is_named_however_it_is_written(function, seed):
    report = rnn.rnn_forward(function, seed=seed)
    assert report.mistake is not None and report.mistake.name == TIME_MAJOR
    assert "Axis 0 is read as time" in report.message


def one_buffer_that_is_h0(x, h0, *weights):
    h, states = h0, []
    for t in range(x.shape[1]):
        h[...] = step(x[:, t], h, *weights)
        states.append(h)
    return np.stack(states, axis=1)


def listed(x, h0, *weights, steps=None, start=lambda h0: h0):
    states, h = [], start(h0)
    for t in range(x.shape[1]) if steps is None else steps(x.shape[1]):
        h = step(x[:, t], h, *weights)
        states.append(h)
    return np.stack(states, axis=1)


def returned_at_once(x, h0, *weights):
    states, h = np.zeros((*x.shape[:2], h0.shape[1])), h0
    for t in range(x.shape[1]):
        h = states[:, t] = step(x[:, t], h, *weights)
        return states


def returned_state_at_once(x, h0, *weights):
    for t in range(x.shape[1]):
        return step(x[:, t], h0, *weights)


def returned_list_at_once(x, h0, *weights):
    states = []
    for t in range(x.shape[1]):
        states.append(step(x[:, t], h0, *weights))
        return np.stack(states, axis=1)


def leaking(x, h0, *weights):
    states, h = np.zeros((*x.shape[:2], h0.shape[1])), h0[0]
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            h = states[b, t] = step(x[b, t], h, *weights)
    return states


def room_like_x(x, h0, *weights):
    states, h = np.zeros((*x.shape[:2], h0.shape[1]), dtype=x.dtype), h0
    for t in range(x.shape[1]):
        h = states[:, t] = step(x[:, t], h, *weights)
    return states


def looped(one_step):
    def run(x, h0, *weights):
        states, h = np.zeros((*x.shape[:2], h0.shape[1])), h0
        for t in range(x.shape[1]):
            h = states[:, t] = one_step(x[:, t], h, *weights)
        return states

    return run


def truncated(x, *rest):
    return looped(step)(x, *rest).astype(x.dtype)


LOOPS = [
    ("one buffer for all steps", one_buffer_that_is_h0),
    ("last step skipped", lambda *a: listed(*a, steps=lambda T: range(T - 1))),
    ("first step skipped", lambda *a: listed(*a, steps=lambda T: range(1, T))),
    ("return inside the loop", returned_at_once),
    ("return inside the loop", returned_state_at_once),
    ("return inside the loop", returned_list_at_once),
    ("state leaks into the next sequence", leaking),
    ("h0 ignored", lambda *a: listed(*a, start=np.zeros_like)),
    ("states stored as integers", truncated),
]


@pytest.mark.parametrize(("name", "function"), LOOPS)
def test_a_wrong_loop_is_named(name, function):
    report = rnn.rnn_forward(function)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == name


STEPS = [
    ("bias subtracted", lambda x, h, W, U, b: np.tanh(x @ W + h @ U - b)),
    ("tanh around the input only", lambda x, h, W, U, b: np.tanh(x @ W + b) + h @ U),
    ("tanh around the state only", lambda x, h, W, U, b: np.tanh(h @ U + b) + x @ W),
    ("two tanh", lambda x, h, W, U, b: np.tanh(x @ W + b) + np.tanh(h @ U)),
    ("two tanh", lambda x, h, W, U, b: np.tanh(x @ W) + np.tanh(h @ U) + b),
    ("old state added", lambda x, h, W, U, b: h + np.tanh(x @ W + h @ U + b)),
]


@pytest.mark.parametrize(("name", "function"), STEPS)
def test_a_wrong_step_is_named_alone_and_in_a_loop(name, function):
    assert rnn.rnn_step(function).mistake.name == name
    assert rnn.rnn_forward(looped(function)).mistake.name == name


def test_room_with_the_dtype_of_integer_input_is_named_and_costs_little():
    report = rnn.rnn_forward(room_like_x)
    assert report.mistake.name == "states stored as integers"
    assert "np.result_type(x, W_xh)" in report.hint
    assert 18 < report.points(20) < 20


def test_room_with_the_dtype_of_input_and_weights_is_right():
    def run(x, h0, W_xh, W_hh, b_h):
        states = np.zeros((*x.shape[:2], h0.shape[1]), dtype=np.result_type(x, W_xh))
        h = h0
        for t in range(x.shape[1]):
            h = states[:, t] = step(x[:, t], h, W_xh, W_hh, b_h)
        return states

    report = rnn.rnn_forward(run)
    assert report.state == RIGHT and not report.remarks


# --- whole networks ------------------------------------------------------------------------------


def generate(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y, *, squash=np.tanh, out=lambda y: y, axis=1):
    h, y, outputs = h0, y0, []
    for _ in range(T):
        h = squash(y @ W_xh + h @ W_hh + b_h)
        y = out(h @ W_hy + b_y)
        outputs.append(y)
    return np.stack(outputs, axis=axis)


def fed_from_the_start(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y):
    outputs = np.zeros((len(h0), T, len(b_y)))
    for t in range(T):
        outputs[:, t] = step(y0, h0, W_xh, W_hh, b_h) @ W_hy + b_y
    return outputs


def state_from_zero(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y):
    y, outputs = y0, []
    for _ in range(T):
        h = step(y, np.zeros_like(h0), W_xh, W_hh, b_h)
        y = h @ W_hy + b_y
        outputs.append(y)
    return np.stack(outputs, axis=1)


GENERATORS = [
    ("recurrent bias forgotten", lambda *a: generate(*a[:5], 0, *a[6:])),
    ("output bias forgotten", lambda *a: generate(*a[:7], 0)),
    ("tanh omitted", lambda *a: generate(*a, squash=lambda v: v)),
    ("tanh on the output", lambda *a: generate(*a, out=np.tanh)),
    ("T + 1 outputs", lambda *a: np.concatenate([a[1][:, None], generate(*a)], axis=1)),
    ("outputs stacked time-major", lambda *a: generate(*a, axis=0)),
    ("h zeroed each step", state_from_zero),
    ("nothing carried on", fed_from_the_start),
    ("y0 ignored", lambda *a: generate(a[0], 0 * a[1], *a[2:])),
    ("W_hh transposed", lambda *a: generate(*a[:4], a[4].T, *a[5:])),
]


@pytest.mark.parametrize(("name", "function"), GENERATORS)
def test_a_wrong_generator_is_named(name, function):
    assert networks.generate(function).mistake.name == name


TRANSLATORS = [
    ("reshape for transpose", lambda W, U, b, c: (W.reshape(W.shape[1], -1), U.T, b + c)),
    ("reshape for transpose", lambda W, U, b, c: (W.reshape(W.shape[1], -1), U, b + c)),
    ("mean of the biases", lambda W, U, b, c: (W.T, U.T, np.mean([b, c], axis=0))),
    ("difference of the biases", lambda W, U, b, c: (W.T, U.T, b - c)),
    ("biases put end to end", lambda W, U, b, c: (W.T, U.T, np.r_[b, c])),
    ("W_hh not transposed, one bias only", lambda W, U, b, c: (W.T, U, b)),
    ("nothing transposed, one bias only", lambda W, U, b, c: (W, U, c)),
]


@pytest.mark.parametrize(("name", "function"), TRANSLATORS)
def test_a_wrong_translation_from_torch_is_named(name, function):
    assert networks.from_torch(function).mistake.name == name


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_no_two_miscounts_give_the_same_number_where_it_decides(seed):
    first = networks.count_parameters.draw(seed)[0].arguments
    right = networks.count_parameters.oracle(**first)
    counts = [m.wrong(*first.values()) for m in networks.count_parameters.mistakes]
    assert len({right, *counts}) == 1 + len(counts)


def test_a_readout_counted_from_every_layer_is_named():
    def count(V, E, hidden, O):
        total, below = V * E, E
        for H in hidden:
            total += H * (below + H + 1) + H * O
            below = H
        return total + O

    report = networks.count_parameters(count)
    assert report.mistake.name == "readout counted from every layer"


# --- weights set by hand -------------------------------------------------------------------------

LATCHES = [
    *(("input too weak", (a, w)) for a, w in ((1, 2), (2, 2), (2, 3), (3.3, 3))),
    *(("a fading memory", (a, w)) for a, w in ((4, 0.9), (5, 0.7), (3, 1.05), (10, 1.05))),
    ("flips by itself", (6, -3)),
    ("bias lifts the off state", (6, 3, 3)),
    ("bias pulls the on state down", (6, 3, -3)),
    ("never on", (-6, 3)),
    ("always on", (6, 3, 0, 1)),
]


@pytest.mark.parametrize(("name", "weights"), LATCHES)
def test_a_latch_that_does_not_work_is_named(name, weights):
    assert hand_set.latch_weights(latch(*weights)).mistake.name == name


def test_what_the_latch_s_words_promise():
    assert "of the wrong sign" in hand_set.latch_weights(latch(-6, 3)).message
    assert "start off" in hand_set.latch_weights(latch(6, 3, 0, 1)).hint


@pytest.mark.parametrize(
    ("check", "weights", "sentence"),
    [
        (
            hand_set.latch_weights,
            ([[6.0, 0.0]], 3 * np.eye(2), np.zeros(2), [[-1.0, -1.0]]),
            "W_xh should have shape (1, 1), yours has (1, 2)",
        ),
        (
            hand_set.latch_weights,
            (6.0, [[3.0]], [0.0], [[-1.0]]),
            "W_xh should have shape (1, 1), yours has ()",
        ),
        (
            hand_set.echo_weights,
            (np.ones((1, 3)), np.eye(3), np.zeros(3), np.ones(3), [0.5]),
            "W_hy should have shape (3, 1), yours has (3,)",
        ),
    ],
)
def test_shapes_of_weights_set_by_hand_are_asked_for(check, weights, sentence):
    report = check(lambda: weights)
    assert report.state == WRONG and sentence in report.message
    assert report.points(20) == 0


def test_a_latch_that_fails_shows_the_string_with_the_answers_below():
    lines = hand_set.latch_weights(latch(6, 3, 5)).message.split("\n")
    assert lines[0].endswith("First wrong at t=0 of this string (steps 0 to 11):")
    bits, right, yours = (line.strip("`").split() for line in lines[1:4])
    seen = np.cumsum([int(bit) for bit in bits[1:]]) > 0
    assert right[1:] == ["+" if yes else "-" for yes in seen]
    assert yours[1:] == ["+"] * 12
    assert bits[0] == "input" and right[0] == "right" and yours[0] == "yours"


def test_an_echo_that_fails_shows_t_as_the_exercise_counts_it():
    W_xh, W_hh, b_h, b_y = [[6.0, 0.0]], [[0.0, 3.0], [0.0, 0.0]], [-3.0, 0.0], [0.5]
    late = hand_set.echo_weights(lambda: (W_xh, W_hh, b_h, [[0.0], [0.5]], b_y))
    lines = late.message.split("\n")
    bits, right, yours = (line.strip("`").split()[1:] for line in lines[1:4])
    assert right[:2] == yours[:2] == [".", "."]
    assert right[2:] == bits[:-2] and yours[2:] == bits[1:-1]
    first = next(t for t in range(2, 12) if right[t] != yours[t])
    assert f"t={first} " in lines[0]
    assert "<br>" in late._repr_html_() and late._repr_html_().count("<code>") >= 5


def test_a_late_failure_shows_the_twelve_steps_before_it():
    x = np.zeros((1, 40, 1))
    right, yours = np.full((1, 40), "-"), np.full((1, 40), "-")
    yours[0, 30:] = "?"
    lines = hand_set._show(x, right, yours).split("\n")
    assert "t=30" in lines[0] and "steps 19 to 30" in lines[0]
    assert lines[3] == "`yours - - - - - - - - - - - ?`"


# --- messages ------------------------------------------------------------------------------------


def test_an_argument_changed_in_place_is_told_beside_a_wrong_value():
    message = rnn.rnn_forward(one_buffer_that_is_h0).message
    assert "Every step shows the last state" in message
    assert "First wrong entry" in message and "changed `h0` in place" in message


def test_right_values_with_a_changed_argument_are_named_only_by_that():
    def careless(x, *rest):
        h = looped(step)(x, *rest)
        x *= 0
        return h

    report = rnn.rnn_forward(careless)
    assert report.mistake is None
    assert report.message.count("in place") == 1


def test_a_failure_that_a_mistake_shares_names_it_only_with_a_shared_answer():
    def cases(rng):
        yield Case("of length 3", {"a": np.arange(3.0)})
        yield Case("of length 2", {"a": np.arange(2.0)})

    def mistake(a):
        return a + np.ones(2)  # a shape that does not fit the first case

    check = Check(
        "add nothing",
        [Output("a", "(n,)")],
        cases,
        lambda a: a,
        [Mistake("adds one", "One is added.", "Add nothing.", mistake)],
    )
    assert check(lambda a: np.ones(2) + a).mistake.name == "adds one"
    assert check(lambda a: 2 * np.ones(2) + a).mistake is None


PAIR = Check(
    "a pair",
    [Output("x", "(n)"), Output("y", "(n,)")],
    lambda rng: [Case("any", {"v": rng.normal(size=4)})],
    lambda v: (v, 2 * v),
)


@pytest.mark.parametrize(
    ("check", "function", "sentence"),
    [
        (
            rnn.rnn_forward,
            lambda *a: (looped(step)(*a), {"cache": a}),
            "Return `h` alone; yours returned a tuple of 2.",
        ),
        (
            rnn.rnn_forward,
            lambda *a: (looped(step)(*a), looped(step)(*a)),
            "Return `h` alone; yours returned a tuple of 2.",
        ),
        (PAIR, lambda v: v, "You returned one value; 2 are asked for: `return x, y`."),
        (PAIR, lambda v: None, "`x` should be an array of shape (n,), but your function gave None"),
        (PAIR, lambda v: (v[:2], v), "`x` should have shape (n,) = (4,); yours has (2,)."),
        (
            networks.from_torch,
            lambda W, U, b, c: (W.T, U.T),
            "You returned 2 values; 3 are asked for: `return W_xh, W_hh, b_h`.",
        ),
        (
            networks.count_parameters,
            lambda V, E, hidden, O: np.ones(3),
            "`count` should be a single number; yours is an array of shape (3,).",
        ),
    ],
)
def test_the_number_and_shape_of_what_comes_back_is_told(check, function, sentence):
    assert sentence in check(function).message


@pytest.mark.parametrize(
    ("name", "letters", "shape", "index"),
    [
        ("h", "(B, T, H)", (2, 3, 4), "h[b=0, t=0, h=0]"),
        ("J", "(D, H)", (3, 4), "J[d=0, h=0]"),
        ("W_hh", "(H, H)", (3, 3), "W_hh[i=0, j=0]"),
        ("x", "(samples, time, features)", (2, 3, 4), "x[samples=0, time=0, features=0]"),
        ("slope", "(n)", (8,), "slope[n=0]"),
    ],
)
def test_an_index_is_called_by_its_axis(name, letters, shape, index):
    assert f"`{index}` should be" in describe(name, letters, np.ones(shape), np.zeros(shape))


@pytest.mark.parametrize(
    ("wanted", "got", "said"),
    [
        (0.25, 0.26, "should be 0.25, yours is 0.26."),
        (0.25, 0.2500123, "should be 0.25, yours is 0.2500123."),
        (3, 4, "should be 3, yours is 4."),
        ("a", "b", "should be 'a', yours is 'b'."),
    ],
)
def test_two_numbers_are_told_with_digits_that_tell_them_apart(wanted, got, said):
    assert said in describe("h", "()", got, wanted)


def test_only_where_all_is_wrong_all_is_said_to_be():
    def said(letters, got):
        return describe("h", letters, got, np.zeros(got.shape))

    everywhere = "All positions are affected"
    assert f"{everywhere}, not only some steps" in said("(B, T, H)", np.ones((2, 3, 4)))
    assert said("(D, H)", np.ones((3, 4))).endswith(f"{everywhere}.")
    assert everywhere not in said("(D, H)", np.eye(3))
    assert everywhere not in said("(n,)", np.ones(3))
    assert everywhere not in said("()", np.ones(()))
