# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {assignment: A2, title: "A leaky RNN with output feedback", points: 100}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

# %% [markdown]
# # Assignment A2: a leaky RNN with output feedback
#
# In lesson 02 a vanilla RNN replaced its whole state at every step.
# Here you build a neighbour of that cell, forward pass only.
# It differs in two ways.
#
# **It leaks.** A bath with a running tap and an open drain does not change its level at once.
# Part of the old water stays, some new water comes in.
# Our state does the same: at each step it keeps the share `1 - leak` of its old value and takes in the share `leak` of a new one.
# With `leak = 1` everything is replaced, as in lesson 02.
# With `leak = 0.1` a trace of the past fades by a tenth at each step and is still at 35% after ten.
# Every unit has a leak of its own, so that slow and fast units live side by side.
# Such units imitate neurons, whose membrane loses charge in just this way.
#
# **It hears itself.** The output of one step is an input of the next.
# A thermostat that knows its last command, or a text generator that reads its last letter, works like that.
# Networks with this loop are called Jordan networks; those of lesson 02, whose state alone is fed back, Elman networks.
#
# You need lesson 02. Plan three to four hours.

# %% [markdown]
# ## The cell
#
# $$
# h_t = (1 - a) \odot h_{t-1} + a \odot \tanh\left(x_t W_{xh} + h_{t-1} W_{hh} + y_{t-1} W_{yh} + b_h\right)
# $$
# $$
# y_t = h_t W_{hy} + b_y
# $$
#
# Here $a$ is the leak, a vector, and $\odot$ multiplies unit by unit.
# The first step needs a state and an output to start from: $h_{-1}$ is `h0` and $y_{-1}$ is `y0`.
# Both are given by the caller.
#
# All arrays are batch first, states are rows, weights are `(in, out)`.
# `B` sequences, `T` steps, `D` inputs, `H` units, `O` outputs, `C` classes.
#
# | name | shape | what it is |
# |---|---|---|
# | `x`, `x_t` | `(B, T, D)`, `(B, D)` | the inputs; those of one step |
# | `h`, `h_prev`, `h_t`, `h0` | `(B, T, H)`, then `(B, H)` | the states; before a step, after it, at the start |
# | `y`, `y_prev`, `y_t`, `y0` | `(B, T, O)`, then `(B, O)` | the outputs, likewise |
# | `params["W_xh"]` | `(D, H)` | from input to state |
# | `params["W_hh"]` | `(H, H)` | from state to state |
# | `params["W_yh"]` | `(O, H)` | from the last output back to the state |
# | `params["b_h"]` | `(H,)` | bias of the state |
# | `params["leak"]` | `(H,)` | the leak of each unit, above 0 and at most 1 |
# | `params["W_hy"]`, `params["b_y"]` | `(H, O)`, `(O,)` | from state to output |
# | `W_hc`, `b_c` | `(H, C)`, `(C,)` | from state to classes (Part 3) |
# | `lengths` | `(B,)` | whole numbers from 0 to `T` (Part 3) |

# %% [markdown]
# ### One step by hand
#
# One unit, one input, one output, and these numbers:
#
# `x_t = 1`, `h_prev = 1`, `y_prev = -1`, `W_xh = 0.8`, `W_hh = 0.2`, `W_yh = 0.6`, `b_h = 0.1`, `leak = 0.25`, `W_hy = 2`, `b_y = -1`.
#
# 1. The sum: 1 · 0.8 + 1 · 0.2 + (-1) · 0.6 + 0.1 = 0.8 + 0.2 - 0.6 + 0.1 = 0.5.
# 2. Squashed: tanh(0.5) = 0.4621.
# 3. Mixed: 0.75 · 1 + 0.25 · 0.4621 = 0.7500 + 0.1155 = 0.8655. This is `h_t`.
# 4. Read out: 2 · 0.8655 - 1 = 0.7311. This is `y_t`.
#
# Cover the right-hand sides and do it once yourself: the rest of Part 1 is the same with matrices.

# %% [markdown]
# ## What is graded, and how
#
# | part | you write | visible | hidden | by hand |
# |---|---|---|---|---|
# | 1 | `leaky_step` | 5 | 20 | |
# | 2 | `leaky_forward` | 6 | 24 | |
# | 3 | `many_to_one` | 4 | 16 | |
# | 4 | `count_parameters` | 2 | 8 | |
# | 5 | an explanation | | | 15 |
#
# - **Visible tests** stand below each task. They try special cases whose answer you can know without a solution. The last line of a test is what it earns: run the cell, and if no error appears you have these points.
# - **Hidden tests** run when we grade. They compare your functions with ours on random inputs of your own, give part of the points where part is right, and name the mistake if they know it.
# - **An error is paid for once.** Parts 3 and 4 get data, not your earlier functions. Part 2 is also right if it loops correctly over *your* `leaky_step`, mistakes included, as long as that step runs, returns finite arrays of the right shapes, leaves its arguments alone, and makes use of `x_t`, `h_prev` and `y_prev`.
# - **Imports:** `numpy`, `math` and `course_utils`. A cell of yours that imports anything else is not run when we grade. The last cell of this notebook tells you.
# - **Arguments stay as they are.** A function that changes its caller's arrays loses points.
# - Both `float64` and `float32` are fine; each is compared at its own precision. Loops over time are fine too.
# - Locked cells are put back before grading. Cells that you add are kept and run.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

from course_utils.checks.imports import check_imports
from course_utils.checks.leaky import vanilla_step


def random_problem(B, T, D, H, O, seed=0):
    """Return x, h0, y0 and params for the visible tests."""
    rng = np.random.default_rng(seed)
    params = {
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "W_yh": rng.normal(size=(O, H)) / np.sqrt(O),
        "b_h": rng.normal(size=H),
        "leak": rng.uniform(0.1, 1.0, size=H),
        "W_hy": rng.normal(size=(H, O)) / np.sqrt(H),
        "b_y": rng.normal(size=O),
    }
    x, h0, y0 = (rng.normal(size=size) for size in ((B, T, D), (B, H), (B, O)))
    return x, h0, y0, params


def what_came(returned):
    """Say what a function returned instead of what is asked for."""
    if isinstance(returned, (tuple, list)):
        return f"a {type(returned).__name__} of {len(returned)}"
    return "None" if returned is None else f"one {type(returned).__name__}"


# %% [markdown]
# ## Part 1: one step (25 points)
#
# Write `leaky_step`: both equations, for all rows of the batch at once.
# Return the state first, then the output.


# %% nbgrader={"grade": false, "grade_id": "step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_step(x_t, h_prev, y_prev, params):
    """Return h_t (B, H) and y_t (B, O) from x_t (B, D), h_prev (B, H) and y_prev (B, O)."""
    ### BEGIN SOLUTION
    total = x_t @ params["W_xh"] + h_prev @ params["W_hh"] + y_prev @ params["W_yh"]
    new = np.tanh(total + params["b_h"])
    h_t = (1 - params["leak"]) * h_prev + params["leak"] * new
    y_t = h_t @ params["W_hy"] + params["b_y"]
    return h_t, y_t
    ### END SOLUTION


# %% [markdown]
# Three special cases: the example by hand; a leak of 1 without feedback, which is the step of lesson 02; and all weights zero, where the state relaxes towards tanh(b) along a curve that you can write down.

# %% nbgrader={"grade": true, "grade_id": "step_visible", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand, and what it would give with a slip.
by_hand = {
    "W_xh": np.array([[0.8]]),
    "W_hh": np.array([[0.2]]),
    "W_yh": np.array([[0.6]]),
    "b_h": np.array([0.1]),
    "leak": np.array([0.25]),
    "W_hy": np.array([[2.0]]),
    "b_y": np.array([-1.0]),
}
state_slips = {
    0.7311: "you return y_t first; the state comes first",
    0.5966: "the leak is the wrong way round",
    0.4621: "the leak is not used",
    0.1155: "nothing of the old state is kept",
    1.2121: "the tanh is not multiplied by the leak",
    0.8744: "the leak stands inside the tanh",
    0.7039: "old and new are mixed before the tanh",
    0.8750: "the tanh is missing",
    0.8450: "the bias is missing",
    0.8228: "the recurrent term is missing",
    0.9501: "the feedback is missing",
}
output_slips = {
    1.7311: "the bias b_y is missing",
    1.0000: "y_t is read from the old state; it comes from h_t",
    -0.5672: "the leak acts on y_t too; it belongs to the state only",
    0.6237: "there is a tanh around y_t; it is linear",
}


def compare_by_hand(name, got, right, slips):
    got = np.asarray(got)
    assert got.shape == (1, 1), f"{name} should have shape (1, 1) here; yours has {got.shape}"
    cause = [f"{says}\n" for number, says in slips.items() if abs(got[0, 0] - number) < 1e-4]
    message = f"{''.join(cause)}by hand {name} is {right:.4f}; yours is {got[0, 0]:.4f}"
    assert np.isclose(got[0, 0], right, atol=1e-5), message


one, minus_one = np.array([[1.0]]), np.array([[-1.0]])
results = leaky_step(one, one, minus_one, by_hand)
two = isinstance(results, (tuple, list)) and len(results) == 2
assert two, f"return two things, h_t and y_t; yours returns {what_came(results)}"
compare_by_hand("h_t", results[0], 0.865529, state_slips)
compare_by_hand("y_t", results[1], 0.731059, output_slips)


# 2. With leak = 1 and no feedback this is the step of lesson 02.
def without_leak(x_t, h_prev, W_xh, W_hh, b_h):
    H = W_hh.shape[0]
    params = {"W_xh": W_xh, "W_hh": W_hh, "W_yh": np.zeros((2, H)), "b_h": b_h}
    params |= {"leak": np.ones(H), "W_hy": np.zeros((H, 2)), "b_y": np.zeros(2)}
    return leaky_step(x_t, h_prev, np.zeros((len(x_t), 2)), params)[0]


vanilla_step(without_leak).require()

# 3. With all weights zero, h_t = (1 - leak)^t h0 + (1 - (1 - leak)^t) tanh(b_h).
x, h0, y0, params = random_problem(B=3, T=6, D=4, H=5, O=2)
silent = {
    name: value * (0 if name in ("W_xh", "W_hh", "W_yh") else 1) for name, value in params.items()
}
h = h0
for t in range(6):
    h, y = leaky_step(x[:, t], h, y0, silent)
kept = (1 - params["leak"]) ** 6
expected = kept * h0 + (1 - kept) * np.tanh(params["b_h"])
assert np.allclose(h, expected), "with zero weights the state should relax towards tanh(b_h)"
5  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "step_hidden", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 1 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a2

a2.grade("step", globals(), points=20)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2: the whole sequence (30 points)
#
# Write `leaky_forward`: run the step over all `T` steps, from `h0` and `y0`.
# Time is the second axis: step `t` of every sequence is `x[:, t]`.
# Return all states, all outputs, and a `cache`.
#
# The cache is yours: whatever a backward pass would like to find again, in any form.
# No test looks into it here. A later assignment hands it to your own backward pass.
#
# For `T = 0` nothing happens: the results have shapes `(B, 0, H)` and `(B, 0, O)`.


# %% nbgrader={"grade": false, "grade_id": "forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_forward(x, h0, y0, params):
    """Return h (B, T, H), y (B, T, O) and a cache, from x (B, T, D), h0 (B, H) and y0 (B, O)."""
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    h = np.zeros((B, T, h0.shape[1]), dtype=h0.dtype)
    y = np.zeros((B, T, y0.shape[1]), dtype=y0.dtype)
    h_prev, y_prev = h0, y0
    for t in range(T):
        h_prev, y_prev = leaky_step(x[:, t], h_prev, y_prev, params)
        h[:, t], y[:, t] = h_prev, y_prev
    cache = {"x": x, "h0": h0, "y0": y0, "h": h, "y": y, "params": params}
    return h, y, cache
    ### END SOLUTION


# %% [markdown]
# Every loop over a step has certain properties, whatever the step computes: the first output is one step from the start, the future does not act on the past, a sequence may be cut in two, and the rows of a batch do not know each other.

# %% nbgrader={"grade": true, "grade_id": "forward_visible", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
B, T, D, H, O = 3, 6, 4, 5, 2
x, h0, y0, params = random_problem(B, T, D, H, O, seed=1)
results = leaky_forward(x, h0, y0, params)
three = isinstance(results, (tuple, list)) and len(results) == 3
assert three, f"return three things, h, y and a cache; yours returns {what_came(results)}"
h, y = np.array(results[0]), np.array(results[1])
swapped = h.shape == (B, T, O) and y.shape == (B, T, H)
assert not swapped, "you return y first; the states come first: h, y and the cache"
assert h.shape != (T, B, H), "time is the second axis: x[:, t] goes in, h[:, t] comes out"
assert h.shape == (B, T, H), f"h should have shape (B, T, H) = {(B, T, H)}; yours has {h.shape}"
assert y.shape == (B, T, O), f"y should have shape (B, T, O) = {(B, T, O)}; yours has {y.shape}"

# 1. The first entry is one step from the start; the second is one step from the first.
h_1, y_1 = leaky_step(x[:, 0], h0, y0, params)
assert np.allclose(h[:, 0], h_1), "h[:, 0] should be leaky_step of x[:, 0], h0 and y0"
assert np.allclose(y[:, 0], y_1), "y[:, 0] should be the first step's output"
h_2, y_2 = leaky_step(x[:, 1], h_1, y_1, params)
stuck = {
    "does y advance in your loop?": (h_1, y0),
    "does h advance in your loop?": (h0, y_1),
    "do h and y advance in your loop?": (h0, y0),
}
for cause, start in stuck.items():
    if np.allclose(h[:, 1], leaky_step(x[:, 1], *start, params)[0]):
        raise AssertionError(f"{cause}\nh[:, 1] should start from h_1 and y_1")
assert np.allclose(h[:, 1], h_2), "h[:, 1] should be leaky_step of x[:, 1], h_1 and y_1"
assert np.allclose(y[:, 1], y_2), "y[:, 1] should be the second step's output"

# 2. Everything given matters: the inputs, the state and the output to start from.
for name, changed in {
    "x": (x + 1, h0, y0),
    "h0": (x, h0 + 1, y0),
    "y0": (x, h0, y0 + 1),
}.items():
    other = np.array(leaky_forward(*changed, params)[0])
    assert not np.allclose(other[:, 0], h[:, 0]), f"changing {name} should change the first state"

# 3. Causality: a change at step 3 leaves steps 0, 1 and 2 as they were, and reaches step 5.
later = x.copy()
later[:, 3] += 1
other = np.array(leaky_forward(later, h0, y0, params)[0])
assert np.allclose(other[:, :3], h[:, :3]), "changing x[:, 3] should not change earlier states"
assert not np.allclose(other[:, 5], h[:, 5]), "changing x[:, 3] should still be felt at step 5"

# 4. Two halves with the state and output carried over are one pass.
first = leaky_forward(x[:, :2], h0, y0, params)
second = leaky_forward(x[:, 2:], np.array(first[0])[:, -1], np.array(first[1])[:, -1], params)
assert np.allclose(np.array(second[0]), h[:, 2:]), "steps 0-1, then 2-5, should equal steps 0-5"

# 5. The order of the batch does not matter.
turned = leaky_forward(x[::-1], h0[::-1], y0[::-1], params)
assert np.allclose(np.array(turned[0])[::-1], h), "reversing the batch should reverse the rows only"

# 6. No steps at all.
try:
    empty = leaky_forward(x[:, :0], h0, y0, params)
except Exception as error:
    raise AssertionError(f"for T = 0: your function raises\n{error!r}") from error
shapes = np.shape(empty[0]), np.shape(empty[1])
assert shapes[0] == (B, 0, H), f"for T = 0: h should be (B, 0, H); yours has {shapes[0]}"
assert shapes[1] == (B, 0, O), f"for T = 0: y should be (B, 0, O); yours has {shapes[1]}"
6  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "forward_hidden", "locked": true, "points": 24, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 2 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a2

a2.grade("forward", globals(), points=24)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3: many to one (20 points)
#
# A batch holds sequences of different lengths, padded at the end to a common `T`.
# Whatever stands in `h` behind a sequence's end is meaningless.
#
# Write `many_to_one`: take each sequence's last *valid* state, turn it into logits `state @ W_hc + b_c`, and these into probabilities.
# A sequence of length 0 has taken no step, so that its state is still `h0`.
# The softmax must also survive logits of a few thousand.


# %% nbgrader={"grade": false, "grade_id": "many_to_one", "locked": false, "schema_version": 3, "solution": true, "task": false}
def many_to_one(h, h0, lengths, W_hc, b_c):
    """Return p (B, C), each row the class probabilities of one sequence.

    h (B, T, H), h0 (B, H), lengths (B,) whole numbers from 0 to T, W_hc (H, C), b_c (C,).
    """
    ### BEGIN SOLUTION
    states = np.concatenate([h0[:, None], h], axis=1)  # now length n is found at index n
    last = states[np.arange(len(lengths)), lengths]
    logits = last @ W_hc + b_c
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "many_to_one_visible", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
h = np.array([[[1.0], [2.0], [9.0]], [[3.0], [9.0], [9.0]], [[9.0], [9.0], [9.0]]])  # 9 is padding
h0, lengths = np.array([[4.0], [5.0], [6.0]]), np.array([2, 1, 0])
W_hc, b_c = np.array([[1.0, 0.0]]), np.array([0.0, 0.0])

# 1. Two classes with logits (s, 0): the first has probability 1 / (1 + exp(-s)).
p = np.array(many_to_one(h, h0, lengths, W_hc, b_c))
assert p.shape == (3, 2), f"p should have shape (B, C) = (3, 2); yours has {p.shape}"
assert np.allclose(p.sum(axis=1), 1), f"each row should sum to 1; yours sum to {p.sum(axis=1)}"
for row, state in enumerate(("2, h[0, 1]", "3, h[1, 0]", "6 (that is h0)")):
    right = 1 / (1 + np.exp(-float(state[0])))
    message = f"length {lengths[row]} should read the state {state}"
    message += f"\nso that p is {right:.4f}; yours is {p[row, 0]:.4f}"
    assert np.isclose(p[row, 0], right), message

# 2. What stands in the padding does not matter.
padded = np.where(h == 9.0, -7.0, h)
assert np.allclose(many_to_one(padded, h0, lengths, W_hc, b_c), p), "padding changes your result"

# 3. Without weights all classes are equally likely; huge logits give no nan.
even = np.array(many_to_one(h, h0, lengths, np.zeros((1, 4)), np.zeros(4)))
assert np.allclose(even, 0.25), f"four equal logits should give 0.25 each; yours give {even[0]}"
sure = np.array(many_to_one(h, h0, lengths, 1000 * W_hc, b_c))
assert np.allclose(sure, [1, 0]), f"the logits (2000, 0) should give (1, 0); yours give {sure[0]}"
4  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "many_to_one_hidden", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 3 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a2

a2.grade("many_to_one", globals(), points=16)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4: counting (10 points)
#
# How many numbers does training adjust? Count everything in `params` (the leak is learned too) and the classifier of Part 3.
# `h0` and `y0` are given, not learned.


# %% nbgrader={"grade": false, "grade_id": "count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_parameters(D, H, O, C):
    """Return the number of learned parameters of the cell and the classifier, a whole number."""
    ### BEGIN SOLUTION
    into_state = D * H + H * H + O * H + H + H  # W_xh, W_hh, W_yh, b_h, leak
    out_of_state = H * O + O  # W_hy, b_y
    classifier = H * C + C  # W_hc, b_c
    return into_state + out_of_state + classifier
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "count_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
smallest = count_parameters(1, 1, 1, 1)
assert smallest == 9, f"with all sizes 1, each array holds one number: 9 in all, not {smallest}"
more = count_parameters(4, 7, 3, 6) - count_parameters(4, 7, 3, 5)
assert more == 8, f"a class more costs 7 weights and a bias: 8 numbers, not {more}"
2  # both of the above held

# %% nbgrader={"grade": true, "grade_id": "count_hidden", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 4 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a2

a2.grade("count", globals(), points=8)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5: explain (15 points, read by a person)
#
# Answer in the cell below, in 150 to 300 words. Formulas are welcome.
#
# 1. **Memory.** Take one unit with `W_hh`, `W_yh` and inputs all zero. After how many steps has a trace of its start faded to a half, for `leak = 0.5` and for `leak = 0.01`? What would you use a slow unit for, and what does it cost? (5 points)
# 2. **Feedback.** For every step after the first, put $y_{t-1} = h_{t-1} W_{hy} + b_y$ into the first equation. Which vanilla-like cell do you get, with which recurrent matrix and which bias? What does this say about the rank of what the feedback adds? (6 points)
# 3. **So why feed it back?** By your answer to 2, feedback can be written away. Name one situation in which it still makes a difference what stands in `y_prev`. (4 points)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explanation", "locked": false, "points": 15, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Memory.** Without inputs the start fades as $(1 - a)^t$ (what is added does not depend on it). It is at a half after $t = \ln 2 / (-\ln(1 - a))$ steps: one step for $a = 0.5$, about 69 steps for $a = 0.01$. Slow units keep a running average over some $1/a$ steps: the topic of a text, a trend. The cost: they answer late to a sudden change, and what enters at one step is small.
#
# **Feedback.** Inside the tanh stands $x_t W_{xh} + h_{t-1}(W_{hh} + W_{hy} W_{yh}) + (b_h + b_y W_{yh})$. So it is a leaky cell without feedback, with recurrent matrix $W_{hh} + W_{hy} W_{yh}$ and bias $b_h + b_y W_{yh}$. What is added to $W_{hh}$ has rank at most $\min(H, O)$: with few outputs it is a small correction that a free $W_{hh}$ could have learned by itself.
#
# **Why then.** As soon as `y_prev` is not the cell's own linear output: at the first step (`y0`); when the true output is fed in while training (teacher forcing); when what is fed back is a sample or a decision, not the raw output; when `W_hh` is absent, fixed or constrained, as in a Jordan network or an echo state network.
# ### END SOLUTION

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart kernel and run all cells*. It stops at the first part that is left out or fails a visible test.
# Then press *Validate* in the toolbar: it names all parts that fail.
# The cell below looks through what you have run for imports that are not allowed.
#
# Hand in this one file, under this name: `A2.ipynb`.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
check_imports(In)

# %% [markdown]
# **Where this comes from.** H. Jaeger, M. Lukoševičius, D. Popovici and U. Siewert (2007), *Optimization and applications of echo state networks with leaky-integrator neurons*, Neural Networks 20(3): leaky units and what their rate does to memory. M. I. Jordan (1986), *Serial order: a parallel distributed processing approach*: output feedback. J. L. Elman (1990), *Finding structure in time*, Cognitive Science 14(2): state feedback, the cell of lesson 02.
