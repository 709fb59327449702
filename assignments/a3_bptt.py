# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {assignment: A3, title: "Backpropagation through time of the leaky RNN", points: 100}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

# %% [markdown]
# # Assignment A3: backpropagation through time of the leaky RNN
#
# In A2 you built a cell that leaks and hears its own output.
# Here you take it the way back: from the gradients that arrive at its states and outputs to those of its inputs and parameters.
#
# In lesson 03 the vanilla RNN had one way back in time, through `W_hh`.
# This cell has three.
#
# 1. Through the tanh: $h_{t-1}$ stands inside it, multiplied by `W_hh`.
# 2. Past the tanh: the share `1 - leak` of the old state is kept, and the gradient flows back along it.
# 3. Through the output: $y_{t-1}$ stands inside the tanh too, multiplied by `W_yh`, and it was read from $h_{t-1}$.
#
# The leak is a parameter and learns, so it needs a gradient as well.
# And the sequences of a batch end at different steps.
#
# You need lesson 03 and A2. Your A2 itself is not needed: its step is given below. Plan four hours.

# %% [markdown]
# ## The cell
#
# $$
# h_t = (1 - a) \odot h_{t-1} + a \odot n_t, \qquad n_t = \tanh\left(x_t W_{xh} + h_{t-1} W_{hh} + y_{t-1} W_{yh} + b_h\right)
# $$
# $$
# y_t = h_t W_{hy} + b_y
# $$
#
# Here $a$ is the leak, a vector with one number for each unit, and $\odot$ multiplies unit by unit.
# The new thing that enters has a name now, $n_t$: you will need it.
# $h_{-1}$ is `h0` and $y_{-1}$ is `y0`.
#
# **Lengths.** Sequence `b` takes the steps 0 to `lengths[b] - 1`.
# What follows is padding. There is no state there and no output: `h` and `y` are 0, whatever stands in `x`.
# So nothing that arrives there in `dh` and `dy` goes anywhere, and `dx` is 0 there.
# A sequence of length 0 takes no step at all.
#
# **The loss.** A backward pass does not know it. It is told what arrives: `dh[:, t]` is the gradient at $h_t$ and `dy[:, t]` the one at $y_t$, from whoever reads them outside of the recurrence, at every step.
# A loss with exactly these gradients is the sum of `dh * h` and `dy * y` over all entries. We use it wherever a number is needed.
#
# | name | shape | what it is |
# |---|---|---|
# | `x`, `x_t` | `(B, T, D)`, `(B, D)` | the inputs; those of one step |
# | `h`, `h_prev`, `h_t`, `h0` | `(B, T, H)`, then `(B, H)` | the states; before a step, after it, at the start |
# | `y`, `y_prev`, `y0` | `(B, T, O)`, then `(B, O)` | the outputs, likewise |
# | `lengths` | `(B,)` | whole numbers from 0 to `T` |
# | `params` | | `W_xh` `(D, H)`, `W_hh` `(H, H)`, `W_yh` `(O, H)`, `b_h` `(H,)`, `leak` `(H,)`, `W_hy` `(H, O)`, `b_y` `(O,)` |
# | `dh`, `dh_t`, `dy`, `dy_t` | as `h`, `h_t`, `y`, `y_t` | the gradient that arrives there from outside |
# | `dx`, `dh0`, `dy0`, `dx_t`, `dh_prev`, `dy_prev` | as the name without `d` | the gradient that you return |
# | `grads` | | a dict with the keys of `params` (`"W_xh"`, not `"dW_xh"`), each of the same shape |
#
# All gradients are sums over the batch and over time. Nothing is divided by `B` or `T`: whether a loss is an average, the loss decides.

# %% [markdown]
# ## What is graded, and how
#
# | part | you write | visible | hidden | by hand |
# |---|---|---|---|---|
# | 1 | `gradient_check` | 3 | 12 | |
# | 2 | `leaky_step_backward` | 5 | 20 | |
# | 3 | `leaky_forward`, `leaky_backward` | 6 | 24 | |
# | 4 | `leaky_backward_truncated` | 3 | 12 | |
# | 5 | an explanation | | | 15 |
#
# - **Visible tests** stand below each task. They try special cases whose answer you can know without a solution. The last line of a test is what it earns: run the cell, and if no error appears you have these points. They do not see everything: many use one unit, where a missing transpose cannot show. Your own gradient check can see it. That is why it comes first.
# - **Hidden tests** run when we grade. They compare your functions with ours on random inputs of your own, give part of the points where part is right, and name the mistake if they know it.
# - **An error is paid for once** in the hidden tests. The forward pass is given. Part 1 uses nothing of yours. Part 3 is also right if it loops correctly over *your* `leaky_step_backward`, mistakes included; Part 4 if it cuts *your* Part 3, or a loop over your step, correctly. For this your earlier function must run, return finite arrays of the right shapes, and its three ways back must all depend on what arrives. The visible tests compare with what is true: what fails there you can see and mend.
# - **Imports:** `numpy`, `math` and `course_utils`. A cell of yours that imports anything else is not run when we grade. The last cell of this notebook tells you.
# - **Arguments stay as they are.** A function that changes its caller's arrays loses points.
# - Both `float64` and `float32` are fine; each is compared at its own precision. Loops over time are fine too.
# - Locked cells are put back before grading. Cells that you add are kept and run.

# %% [markdown]
# ### Given: the forward pass
#
# `leaky_step` is the step of A2. `leaky_states` runs it over a batch with lengths.
# Look at how it treats the padding: `np.where` chooses, so that even `nan` in `x` behind an end does no harm.
# A product with a mask would: `nan * 0` is `nan`.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

from course_utils.checks.imports import check_imports
from course_utils.layers import rnn_backward, rnn_forward


def leaky_step(x_t, h_prev, y_prev, params):
    """Return h_t (B, H) and y_t (B, O) from x_t (B, D), h_prev (B, H) and y_prev (B, O)."""
    total = x_t @ params["W_xh"] + h_prev @ params["W_hh"] + y_prev @ params["W_yh"]
    new = np.tanh(total + params["b_h"])
    h_t = (1 - params["leak"]) * h_prev + params["leak"] * new
    return h_t, h_t @ params["W_hy"] + params["b_y"]


def leaky_states(x, h0, y0, params, lengths):
    """Return h (B, T, H) and y (B, T, O); both are 0 from each sequence's end on."""
    B, T, _ = x.shape
    h = np.zeros((B, T, h0.shape[1]), dtype=h0.dtype)
    y = np.zeros((B, T, y0.shape[1]), dtype=y0.dtype)
    h_prev, y_prev = h0, y0
    for t in range(T):
        h_t, y_t = leaky_step(x[:, t], h_prev, y_prev, params)
        running = (t < lengths)[:, None]
        h[:, t], y[:, t] = np.where(running, h_t, 0), np.where(running, y_t, 0)
        h_prev, y_prev = h[:, t], y[:, t]
    return h, y


def random_problem(B, T, D, H, O, seed=0):
    """Return dh, dy, x, h0, y0 and params for the visible tests."""
    rng = np.random.default_rng(seed)
    params = {
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "W_yh": rng.normal(size=(O, H)) / np.sqrt(O),
        "b_h": rng.normal(size=H),
        "leak": rng.uniform(0.1, 0.9, size=H),
        "W_hy": rng.normal(size=(H, O)) / np.sqrt(H),
        "b_y": rng.normal(size=O),
    }
    sizes = (B, T, H), (B, T, O), (B, T, D), (B, H), (B, O)
    return *(rng.normal(size=size) for size in sizes), params


def without(params, *names):
    """Return the parameters with those in `names` set to zero."""
    return {name: value * (0 if name in names else 1) for name, value in params.items()}


def named(returned, names, params):
    """Return what a backward pass returned by name, or say what is wrong with its form."""
    wanted = f"{', '.join(names)}, grads"
    several = isinstance(returned, (tuple, list))
    came = f"{len(returned)} things" if several else f"one {type(returned).__name__}"
    assert several and len(returned) == len(names) + 1, f"return {wanted}; yours returns {came}"
    *arrays, grads = returned
    assert isinstance(grads, dict), f"grads should be a dict; yours is a {type(grads).__name__}"
    missing = [name for name in params if name not in grads]
    assert not missing, f"grads has no entry for {', '.join(missing)}; its keys are {list(grads)}"
    for name, value in params.items():
        shape = np.shape(grads[name])
        assert shape == value.shape, f'grads["{name}"] should be {value.shape}; yours is {shape}'
    by_name = {name: np.array(a) for name, a in zip(names, arrays, strict=True)}
    return by_name | {f'grads["{name}"]': np.array(grads[name]) for name in params}


def close(got, right):
    """Whether two arrays agree, at the precision of `got` and relative to the largest entry."""
    got, right = np.asarray(got), np.asarray(right)
    rtol = 1e-3 if got.dtype == np.float32 else 1e-6
    largest = np.abs(right).max(initial=0) or 1
    return bool(np.allclose(got, right, rtol=rtol, atol=rtol * largest))


def compare(mine, right, when):
    """Complain about the first of the arrays in `right` that `mine` does not hold."""
    for name, value in right.items():
        got = np.asarray(mine[name])
        shapes = f"{value.shape}; yours has {got.shape}"
        assert got.shape == value.shape, f"{name} should have shape {shapes}"
        if not close(got, value):
            worst = np.unravel_index(np.argmax(np.abs(got - value)), value.shape)
            numbers = f"should be {value[worst]:.4f}, yours is {got[worst]:.4f}"
            at = ", ".join(map(str, worst))
            raise AssertionError(f"{when}:\n{name} is wrong, most of all at [{at}]: {numbers}")


# %% [markdown]
# ## Part 1: the judge first (15 points)
#
# Before you write a gradient, write what will tell you whether it is right.
#
# `gradient_check` gets the `name` of an array (`"x"`, `"h0"`, `"y0"`, or a key of `params`) and `claimed`, somebody's gradient of the loss with respect to it.
# The loss is the sum of `dh * h` and `dy * y`, with the states and outputs of `leaky_states`.
# It returns two things:
#
# 1. `numeric`, an array of the shape of the named one. Each entry is the central difference $\left(L(p + \varepsilon) - L(p - \varepsilon)\right) / (2\varepsilon)$, where $p$ is that entry, all others stay as they are, and $\varepsilon$ is the `eps` given.
# 2. `error`, one number: the largest absolute entry of `claimed - numeric`, divided by the largest absolute entry that occurs in either of the two. Where both are all zero it is 0.
#
# Lesson 03 measured the error by norms. By the largest entry, one wrong number among a thousand right ones shows in full; and by dividing by the larger of the two it does not matter which one is wrong.
#
# All arrays may come as `float32`. Lesson 03 has shown what becomes of a difference then, so turn everything into `float64` first. Nothing of the caller's may be changed.


# %% nbgrader={"grade": false, "grade_id": "check", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_check(name, claimed, dh, dy, x, h0, y0, params, lengths, eps):
    """Return numeric, the central differences for the array called `name`, and the error."""
    ### BEGIN SOLUTION
    dh, dy, claimed = (np.asarray(a, dtype=np.float64) for a in (dh, dy, claimed))
    given = {"x": x, "h0": h0, "y0": y0, **params}
    given = {key: np.array(value, dtype=np.float64) for key, value in given.items()}  # copies

    def loss():
        h, y = leaky_states(given["x"], given["h0"], given["y0"], given, lengths)
        return np.sum(dh * h) + np.sum(dy * y)

    moved = given[name]
    numeric = np.zeros(moved.shape)
    for index in np.ndindex(moved.shape):
        before = moved[index]
        moved[index] = before + eps
        above = loss()
        moved[index] = before - eps
        numeric[index] = (above - loss()) / (2 * eps)
        moved[index] = before
    largest = max(np.abs(claimed).max(initial=0), np.abs(numeric).max(initial=0))
    error = np.abs(claimed - numeric).max(initial=0) / largest if largest > 0 else 0.0
    return numeric, float(error)
    ### END SOLUTION


# %% [markdown]
# Three special cases: one unit whose difference can be written down; `b_y` without feedback, on which the loss depends along a straight line, so that any `eps` gives the exact gradient; and errors that you can work out in your head.

# %% nbgrader={"grade": true, "grade_id": "check_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 1. One unit, one step, nothing but a bias: h_t = leak * tanh(b_h), with b_h = 0.3 and leak = 0.5.
names = ("W_xh", "W_hh", "W_yh", "W_hy")
tiny = {name: np.zeros((1, 1)) for name in names}
tiny |= {"b_h": np.array([0.3]), "leak": np.array([0.5]), "b_y": np.array([0.0])}
zero = np.zeros((1, 1))
arguments = (np.ones((1, 1, 1)), np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), zero, zero)
results = gradient_check("b_h", np.zeros(1), *arguments, tiny, np.array([1]), 0.5)
two = isinstance(results, (tuple, list)) and len(results) == 2
assert two, "return two things, numeric and error"
numeric, error = np.asarray(results[0]), results[1]
assert numeric.shape == (1,), f"numeric should have b_h's shape, (1,); yours has {numeric.shape}"
slips = {
    0.3727: "this is a one-sided difference, (L(p + eps) - L(p)) / eps",
    0.4887: "this is a one-sided difference, (L(p) - L(p - eps)) / eps",
    0.8614: "the two points lie 2 eps apart: divide by 2 eps",
    0.1864: "one side is missing: take 2 eps away after you have added eps",
    0.4576: "this is the slope itself: use the eps that is given, here 0.5",
    0.0: "nothing changes: does the loss see the entry that you move?",
}
right = 0.5 * (np.tanh(0.8) - np.tanh(-0.2)) / 1.0
cause = [f"{says}\n" for number, says in slips.items() if abs(numeric[0] - number) < 1e-4]
message = f"{''.join(cause)}numeric should be {right:.4f}; yours is {numeric[0]:.4f}"
assert np.isclose(numeric[0], right), message
assert np.isclose(error, 1), f"claimed is 0 and numeric is not: the error is 1, yours is {error}"

# 2. Without feedback y_t = h_t W_hy + b_y moves along with b_y: the gradient is the sum of all dy
#    that count, and a step of 10 is as good as a small one.
dh, dy, x, h0, y0, params = random_problem(B=3, T=4, D=2, H=3, O=2)
lengths, no_feedback = np.array([4, 2, 0]), without(params, "W_yh")
expected = dy[0].sum(axis=0) + dy[1, :2].sum(axis=0)
kept = {name: value.copy() for name, value in no_feedback.items()}
given = (dh, dy, x, h0, y0, no_feedback, lengths, 10.0)
numeric, error = gradient_check("b_y", 1.1 * expected, *given)
assert np.allclose(numeric, expected), f"for b_y: should be {expected}, yours is {numeric}"
for name, value in kept.items():
    assert np.array_equal(no_feedback[name], value), f"params[{name!r}] was changed"

# 3. Errors: ten per cent too much is 0.1 / 1.1; nothing wrong is 0, also where all is zero.
assert np.isclose(error, 0.1 / 1.1), f"1.1 times the right one: error 0.0909, yours is {error:.4f}"
one_entry = np.array([1.1, 1]) * expected
error, right = gradient_check("b_y", one_entry, *given)[1], 0.1 * expected[0] / expected[1]
message = f"one of two entries ten per cent too much: error {right:.4f}, yours is {error:.4f}"
assert np.isclose(error, right), message
error = gradient_check("b_y", expected, *given)[1]
assert error < 1e-9, f"the right gradient should have an error near 0; yours is {error}"
nothing = (0 * dh, 0 * dy, *given[2:])
error = gradient_check("b_y", 0 * expected, *nothing)[1]
assert error == 0, f"both are all zero: the error is 0, yours is {error}"
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "check_hidden", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 1 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a3

a3.grade("check", globals(), points=12)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2: one step backward (25 points)
#
# Write `leaky_step_backward`. It gets all that arrives at $h_t$ and at $y_t$, and what the step was made of.
# It returns the gradients at $x_t$, $h_{t-1}$ and $y_{t-1}$, and a dict of those of the parameters.
#
# Work from the end to the start: what arrives at $y_t$ goes on to $h_t$; from $h_t$ one way leads past the tanh and one through it.
#
# ### One step back by hand
#
# The step of A2: one unit, `x_t = 1`, `h_prev = 1`, `y_prev = -1`, `W_xh = 0.8`, `W_hh = 0.2`, `W_yh = 0.6`, `b_h = 0.1`, `leak = 0.25`, `W_hy = 2`, `b_y = -1`.
# Forward it gave `n = tanh(0.5) = 0.4621`, `h_t = 0.8655`, `y_t = 0.7311`.
# Now `dh_t = 1` and `dy_t = 0.25` arrive.
#
# 1. At $h_t$ in all: 1 + 0.25 · 2 = 1.5.
# 2. Inside the tanh: 1.5 · 0.25 · (1 - 0.4621²) = 0.375 · 0.7864 = 0.2949.
# 3. At `h_prev`, by both ways: 1.5 · 0.75 + 0.2949 · 0.2 = 1.1250 + 0.0590 = 1.1840.
# 4. At `y_prev`: 0.2949 · 0.6 = 0.1769. At `x_t`: 0.2949 · 0.8 = 0.2359.
#
# Find the seven gradients of the parameters yourself. The test below knows them.


# %% nbgrader={"grade": false, "grade_id": "step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
    """Return dx_t (B, D), dh_prev (B, H), dy_prev (B, O) and grads, a dict with params' keys.

    dh_t (B, H) and dy_t (B, O) are all that arrives at h_t and y_t; x_t (B, D), h_prev (B, H),
    y_prev (B, O) and params are what leaky_step was given; h_t (B, H) is the state it returned.
    """
    ### BEGIN SOLUTION
    leak = params["leak"]
    total = x_t @ params["W_xh"] + h_prev @ params["W_hh"] + y_prev @ params["W_yh"]
    new = np.tanh(total + params["b_h"])
    dh = dh_t + dy_t @ params["W_hy"].T  # all that arrives at h_t
    da = dh * leak * (1 - new**2)  # at the sum inside the tanh
    grads = {
        "W_xh": x_t.T @ da,
        "W_hh": h_prev.T @ da,
        "W_yh": y_prev.T @ da,
        "b_h": da.sum(axis=0),
        "leak": (dh * (new - h_prev)).sum(axis=0),
        "W_hy": h_t.T @ dy_t,
        "b_y": dy_t.sum(axis=0),
    }
    dh_prev = dh * (1 - leak) + da @ params["W_hh"].T
    return da @ params["W_xh"].T, dh_prev, da @ params["W_yh"].T, grads
    ### END SOLUTION


# %% [markdown]
# Four special cases: the example by hand; a leak of 1 without feedback, which is the vanilla RNN of lesson 03; all weights zero, where only the leak's way back is left; and a batch of three, which gives the sum of what its rows give alone.

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
answers = {
    "dh_prev": 1.183984,
    "dy_prev": 0.176951,
    "dx_t": 0.235935,
    'grads["leak"]': -0.806824,
    'grads["b_h"]': 0.294918,
    'grads["W_xh"]': 0.294918,
    'grads["W_hh"]': 0.294918,
    'grads["W_yh"]': -0.294918,
    'grads["W_hy"]': 0.216382,
    'grads["b_y"]': 0.25,
}
slips = {
    ("dh_prev", 0.0590): "the way past the tanh, (1 - leak), is missing",
    ("dh_prev", 1.1250): "the way through the tanh and W_hh is missing, or tanh' is zero",
    ("dh_prev", 0.4340): "past the tanh it is 1 - leak, not leak",
    ("dh_prev", 1.5590): "past the tanh the factor 1 - leak is missing",
    ("dh_prev", 0.7893): "what arrives at y_t does not reach h_t",
    ("dh_prev", 0.3947): "dh_t is not used",
    ("dh_prev", 1.1438): "the slope of the tanh is 1 - n**2; you have 1 - h_t**2",
    ("dh_prev", 1.2000): "the slope of the tanh is missing",
    ("dh_prev", 1.1653): "the slope of the tanh is 1 - n**2; you have 1 - n",
    ("dh_prev", 1.3609): "on the way into the tanh the factor leak is missing",
    ("dh_prev", 1.3020): "on the way into the tanh it is leak, not 1 - leak",
    ("dh_prev", 0.8090): "the way past the tanh starts from all that arrives at h_t, not from dh_t",
    ("dh_prev", 0.2359): "dx_t comes first, then dh_prev, then dy_prev",
    ("dy_prev", 0.0): "the feedback's way back, through W_yh, is missing",
    ("dy_prev", 0.5898): "y_prev entered through W_yh, not W_hy",
    ("dy_prev", 0.9000): "the way to y_prev leads through the tanh",
    ("dx_t", 1.2000): "the way to x_t leads through the tanh",
    ('grads["leak"]', 0.0): "the leak learns too",
    ('grads["leak"]', 0.8068): "the sign is the other way round: more leak, less of h_prev",
    ('grads["leak"]', 0.6932): "the leak also takes away from h_prev",
    ('grads["leak"]', -1.5): "the leak also lets in the new",
    ('grads["leak"]', -0.2017): "new - h_prev is asked for, not h_t - h_prev",
    ('grads["leak"]', -0.1586): "the leak stands outside the tanh",
    ('grads["W_hy"]', 0.2500): "y_t was read from h_t, not from h_prev",
    ('grads["W_hh"]', 0.2553): "W_hh was multiplied by h_prev, not by h_t",
    ('grads["W_xh"]', 1.5000): "start from the gradient inside the tanh, not from that at h_t",
}
one, minus_one = np.array([[1.0]]), np.array([[-1.0]])
names = ("dx_t", "dh_prev", "dy_prev")
arguments = (one, 0.25 * one, one, one, minus_one, leaky_step(one, one, minus_one, by_hand)[0])
mine = named(leaky_step_backward(*arguments, by_hand), names, by_hand)
for name, right in answers.items():
    number = mine[name].item()
    known = [says for (of, n), says in slips.items() if of == name and abs(number - n) < 1e-4]
    cause = "".join(f"{says}\n" for says in known)
    message = f"{cause}by hand {name} is {right:.4f}; yours is {number:.4f}"
    assert np.isclose(number, right, atol=1e-5), message

# 2. With leak = 1 and no feedback this is the step of lesson 03.
dh, dy, x, h0, y0, params = random_problem(B=3, T=1, D=4, H=5, O=2)
vanilla = without(params, "W_yh") | {"leak": np.ones(5)}
h, cache = rnn_forward(x, h0, params["W_xh"], params["W_hh"], params["b_h"])
dx, dh0, dW_xh, dW_hh, db_h = rnn_backward(dh, cache)
returned = leaky_step_backward(dh[:, 0], 0 * dy[:, 0], x[:, 0], h0, y0, h[:, 0], vanilla)
right = {"dx_t": dx[:, 0], "dh_prev": dh0}
right |= {'grads["W_xh"]': dW_xh, 'grads["W_hh"]': dW_hh, 'grads["b_h"]': db_h}
compare(named(returned, names, params), right, "leak = 1 and no feedback, as in lesson 03")

# 3. With all weights zero the gradient goes past the tanh only: dh_prev = (1 - leak) dh_t.
silent = without(params, "W_xh", "W_hh", "W_yh", "W_hy")
h_t = leaky_step(x[:, 0], h0, y0, silent)[0]
given = {"dh_t": dh[:, 0], "dy_t": dy[:, 0], "x_t": x[:, 0], "h_prev": h0, "y_prev": y0, "h_t": h_t}
kept = {name: a.copy() for name, a in given.items()}
mine = named(leaky_step_backward(*given.values(), silent), names, params)
right = {"dh_prev": (1 - params["leak"]) * kept["dh_t"], "dy_prev": 0 * y0}
compare(mine, right, "all weights zero, where dh_prev = (1 - leak) * dh_t and dy_prev = 0")
for name, a in given.items():
    assert np.array_equal(a, kept[name]), f"your function changed {name} in place"

# 4. Parameters are shared by the batch: three rows give the sum of what each gives alone.
rows = given | {"h_t": leaky_step(x[:, 0], h0, y0, params)[0]}
together = named(leaky_step_backward(*rows.values(), params), names, params)
right = {name: 0 for name in together if name.startswith("grads")}
for i in range(3):
    one_row = [a[i : i + 1] for a in rows.values()]
    alone = named(leaky_step_backward(*one_row, params), names, params)
    right = {name: value + alone[name] for name, value in right.items()}
compare(together, right, "three rows, which should give the sum of what each row gives alone")
5  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "step_hidden", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 2 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a3

a3.grade("step", globals(), points=20)
### END HIDDEN TESTS

# %% [markdown]
# Now let your judge speak. A sequence of one step is a step, so that `gradient_check` with `T = 1` can tell whether your `leaky_step_backward` is right for three rows, four inputs, five units and two outputs. This cell earns nothing; errors should be below `1e-8`, or near `1e-7` where you compute in `float32`. Change it as you like.

# %%
dh, dy, x, h0, y0, params = random_problem(B=3, T=1, D=4, H=5, O=2, seed=7)
once = np.array([1, 1, 1])
h = leaky_states(x, h0, y0, params, once)[0]
results = leaky_step_backward(dh[:, 0], dy[:, 0], x[:, 0], h0, y0, h[:, 0], params)
claims = {"x": results[0][:, None], "h0": results[1], "y0": results[2], **results[3]}
for name, claimed in claims.items():
    error = gradient_check(name, claimed, dh, dy, x, h0, y0, params, once, 1e-5)[1]
    print(f"{name:5} {error:.0e}")

# %% [markdown]
# ## Part 3: the whole sequence (30 points)
#
# Write two functions that belong together.
#
# `leaky_forward` returns `h`, `y` and a `cache`. The states and outputs come from `leaky_states`: call it. The cache is yours: whatever your backward pass would like to find again, in any form. No test looks into it.
#
# `leaky_backward` gets `dh`, `dy` and such a cache, and returns `dx`, `dh0`, `dy0` and `grads`.
# Between the two, `leaky_forward` may be called again with other inputs: the cache that you are given decides, nothing else.
#
# $h_t$ and $y_t$ have two kinds of readers: whoever sent `dh[:, t]` and `dy[:, t]`, and step `t + 1`. What arrives from both adds up.
# Behind a sequence's end nothing counts, whatever stands there in `x`, `dh` and `dy`, be it `nan`.
# For `T = 0` all gradients are zero.


# %% nbgrader={"grade": false, "grade_id": "sequence", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_forward(x, h0, y0, params, lengths):
    """Return h (B, T, H) and y (B, T, O), as leaky_states does, and a cache."""
    ### BEGIN SOLUTION
    h, y = leaky_states(x, h0, y0, params, lengths)
    return h, y, (x, h0, y0, params, lengths, h, y)
    ### END SOLUTION


def leaky_backward(dh, dy, cache):
    """Return dx (B, T, D), dh0 (B, H), dy0 (B, O) and grads, a dict with params' keys.

    dh (B, T, H) and dy (B, T, O) are what arrives at every h_t and y_t from outside.
    """
    ### BEGIN SOLUTION
    x, h0, y0, params, lengths, h, y = cache
    T = x.shape[1]
    running = (np.arange(T) < lengths[:, None])[:, :, None]
    x, dh, dy = (np.where(running, a, 0) for a in (x, dh, dy))
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh_next, dy_next = np.zeros_like(h0), np.zeros_like(y0)
    for t in reversed(range(T)):
        h_prev, y_prev = (h[:, t - 1], y[:, t - 1]) if t > 0 else (h0, y0)
        arriving = dh[:, t] + dh_next, dy[:, t] + dy_next
        dx[:, t], dh_next, dy_next, more = leaky_step_backward(
            *arriving, x[:, t], h_prev, y_prev, h[:, t], params
        )
        for name in grads:
            grads[name] += more[name]
    return dx, dh_next, dy_next, grads
    ### END SOLUTION


# %% [markdown]
# Special cases again: one unit against differences of the loss; lesson 03 where the leak is 1 and nothing is fed back; all weights zero, where a gradient that arrives at the last step of a sequence of length n reaches `h0` as $(1 - a)^n$ of itself; the padding; another forward pass in between; no steps at all.

# %% nbgrader={"grade": true, "grade_id": "sequence_visible", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
names = ("dx", "dh0", "dy0")
dh, dy, x, h0, y0, params = random_problem(B=3, T=5, D=4, H=5, O=2, seed=1)
full, lengths = np.array([5, 5, 5]), np.array([5, 2, 0])
forward = leaky_forward(x, h0, y0, params, lengths)
three = isinstance(forward, tuple) and len(forward) == 3
assert three, "leaky_forward should return a tuple of three things: h, y and a cache"
h, y = leaky_states(x, h0, y0, params, lengths)
compare({"h": forward[0], "y": forward[1]}, {"h": h, "y": y}, "as leaky_states gives them")


def there_and_back(dh, dy, *given):
    """Go forward and back by your two functions."""
    return named(leaky_backward(dh, dy, leaky_forward(*given)[2]), names, given[3])


kept = dh.copy(), dy.copy()
mine = there_and_back(dh, dy, x, h0, y0, params, lengths)
assert np.array_equal(dh, kept[0]) and np.array_equal(dy, kept[1]), "dh or dy was changed in place"
for name, like in {"dx": x, "dh0": h0, "dy0": y0}.items():
    assert mine[name].shape == like.shape, f"{name} should be {like.shape}; not {mine[name].shape}"

# 1. One unit, three steps: differences of the loss, for every single number.
small_dh, small_dy, *start, small = random_problem(B=1, T=3, D=1, H=1, O=1, seed=38)
three_steps = np.array([3])
inputs = {"dx": start[0], "dh0": start[1], "dy0": start[2]}
inputs |= {f'grads["{name}"]': value for name, value in small.items()}


def loss_of_one_unit(name, moved):
    now = inputs | {name: moved}
    weights = {key: now[f'grads["{key}"]'] for key in small}
    h, y = leaky_states(now["dx"], now["dh0"], now["dy0"], weights, three_steps)
    return np.sum(small_dh * h) + np.sum(small_dy * y)


one_unit = there_and_back(small_dh, small_dy, *start, small, three_steps)
for name, value in inputs.items():
    for index in np.ndindex(value.shape):
        nudge = np.zeros(value.shape)
        nudge[index] = 1e-5
        slope = (
            loss_of_one_unit(name, value + nudge) - loss_of_one_unit(name, value - nudge)
        ) / 2e-5
        where, number = f"dx[0, {index[1]}]" if name == "dx" else name, one_unit[name][index]
        message = f"one unit, three steps: {where} should be {slope:.4f}; yours is {number:.4f}"
        assert close(number, slope), message

# 2. With leak = 1, no feedback and nothing arriving at y: lesson 03.
vanilla = without(params, "W_yh") | {"leak": np.ones(5)}
_, cache = rnn_forward(x, h0, params["W_xh"], params["W_hh"], params["b_h"])
dx, dh0, dW_xh, dW_hh, db_h = rnn_backward(dh, cache)
right = {"dx": dx, "dh0": dh0}
right |= {'grads["W_xh"]': dW_xh, 'grads["W_hh"]': dW_hh, 'grads["b_h"]': db_h}
as_taught = there_and_back(dh, 0 * dy, x, h0, y0, vanilla, full)
compare(as_taught, right, "leak = 1 and no feedback, as in lesson 03")

# 3. With all weights zero only the leak's way is left. What arrives at the last step of a sequence
#    of length n reaches h0 as (1 - leak)^n of itself; from a sequence of length 0 nothing comes.
silent = without(params, "W_xh", "W_hh", "W_yh", "W_hy")
last = np.zeros_like(dh)
last[0, 4] = last[1, 1] = 1
decayed = there_and_back(last, 0 * dy, x, h0, y0, silent, lengths)
for b, n in enumerate(lengths):
    right, yours = (1 - params["leak"]) ** n * (n > 0), decayed["dh0"][b]
    assert close(yours, right), f"length {n}: dh0[{b}] should be {right}\nyours is {yours}"
assert close(decayed["dy0"], 0 * y0), "with zero weights nothing reaches y0"

# 4. What stands in the padding does not count, not even nan; dx is 0 there.
padding = (np.arange(5) >= lengths[:, None])[:, :, None]
assert np.all(np.where(padding, mine["dx"], 0) == 0), "dx should be 0 behind a sequence's end"
for what, junk in {"other numbers": 7.0, "nan": np.nan}.items():
    other_dh, other_dy, other_x = (np.where(padding, junk, a) for a in (dh, dy, x))
    again = there_and_back(other_dh, other_dy, other_x, h0, y0, params, lengths)
    compare(again, mine, f"with {what} in the padding of x, dh and dy, which should change nothing")

# 5. Another forward pass in between changes nothing.
cache = leaky_forward(x, h0, y0, params, lengths)[2]
leaky_forward(x + 1, h0 - 1, y0, params, full)
again = named(leaky_backward(dh, dy, cache), names, params)
compare(again, mine, "after another forward pass (does the cache hold all that you need?)")

# 6. No steps at all.
try:
    empty = there_and_back(dh[:, :0], dy[:, :0], x[:, :0], h0, y0, params, 0 * lengths)
except Exception as error:
    raise AssertionError(f"for T = 0: your function raises\n{error!r}") from error
compare(empty, {name: 0 * mine[name] for name in mine if name != "dx"}, "T = 0, all zero")
assert empty["dx"].shape == (3, 0, 4), f"T = 0: dx should be (3, 0, 4), not {empty['dx'].shape}"
6  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "sequence_hidden", "locked": true, "points": 24, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 3 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a3

a3.grade("sequence", globals(), points=24)
### END HIDDEN TESTS

# %% [markdown]
# Your judge again, now over whole sequences of different lengths. If an error is large, look at which names are wrong, try `T = 1`, then `T = 2`, then full lengths: the pattern tells you where to look.

# %%
dh, dy, x, h0, y0, params = random_problem(B=3, T=5, D=4, H=5, O=2, seed=7)
lengths = np.array([5, 3, 1])
dx, dh0, dy0, grads = leaky_backward(dh, dy, leaky_forward(x, h0, y0, params, lengths)[2])
for name, claimed in {"x": dx, "h0": dh0, "y0": dy0, **grads}.items():
    error = gradient_check(name, claimed, dh, dy, x, h0, y0, params, lengths, 1e-5)[1]
    print(f"{name:5} {error:.0e}")

# %% [markdown]
# ## Part 4: truncated (15 points)
#
# A long sequence is cut into chunks of `k` steps: the steps 0 to k - 1, k to 2k - 1, and so on; the last chunk may be shorter.
# Forward nothing changes: state and output are carried from chunk to chunk, and all is as in `leaky_states`.
# Backward every chunk stands alone: before the steps k, 2k, 3k, ... no gradient passes, neither that of the state nor that of the output.
#
# Write `leaky_backward_truncated`. It returns what `leaky_backward` returns.
# The gradients of the parameters add up over the chunks; `dh0` and `dy0` are what reaches the start within the first chunk.
#
# A chunk is a sequence too, with a start and with lengths of its own. You may call your functions of Part 3.


# %% nbgrader={"grade": false, "grade_id": "truncated", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_backward_truncated(dh, dy, x, h0, y0, params, lengths, k):
    """Return dx (B, T, D), dh0 (B, H), dy0 (B, O) and grads, cut before steps k, 2k, 3k, ..."""
    ### BEGIN SOLUTION
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh0, dy0 = np.zeros_like(h0), np.zeros_like(y0)
    h_start, y_start = h0, y0
    for first in range(0, x.shape[1], k):
        chunk = slice(first, first + k)
        size = x[:, chunk].shape[1]
        left = np.clip(lengths - first, 0, size)  # steps that each sequence takes in this chunk
        h, y, cache = leaky_forward(x[:, chunk], h_start, y_start, params, left)
        dx[:, chunk], dh_start, dy_start, more = leaky_backward(dh[:, chunk], dy[:, chunk], cache)
        for name in grads:
            grads[name] += more[name]
        if first == 0:
            dh0, dy0 = dh_start, dy_start
        h_start, y_start = h[:, -1], y[:, -1]
    return dx, dh0, dy0, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "truncated_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
names = ("dx", "dh0", "dy0")
dh, dy, x, h0, y0, params = random_problem(B=3, T=5, D=4, H=5, O=2, seed=3)
lengths, full = np.array([5, 4, 2]), np.array([5, 5, 5])


def in_chunks(dh, dy, lengths, k):
    """Go back by your function, in chunks of k steps."""
    given = dh, dy, x, h0, y0, params, lengths, k
    return named(leaky_backward_truncated(*given), names, params)


# 1. A chunk as long as the sequence, or longer, cuts nothing: your own Part 3.
returned = leaky_backward(dh, dy, leaky_forward(x, h0, y0, params, lengths)[2])
whole = named(returned, names, params)
for k in (5, 9):
    compare(in_chunks(dh, dy, lengths, k), whole, f"T = 5, k = {k}, as your leaky_backward")

# 2. What arrives at the last step goes back through its own chunk and no further.
last_dh, last_dy = np.zeros_like(dh), np.zeros_like(dy)
last_dh[:, 4], last_dy[:, 4] = 1, 1
for k, reached in {1: [4], 2: [4], 3: [3, 4], 4: [4]}.items():
    mine = in_chunks(last_dh, last_dy, full, k)
    found = [t for t in range(5) if not close(mine["dx"][:, t], 0)]
    assert found == reached, f"k = {k}: from step 4 dx is reached at {reached}; yours at {found}"
    assert close(mine["dh0"], 0), f"k = {k}: nothing from step 4 should reach h0"

# 3. The second chunk alone is a sequence that starts from the carried state and output.
h, y = leaky_states(x, h0, y0, params, full)
cache = leaky_forward(x[:, 3:], h[:, 2], y[:, 2], params, np.array([2, 2, 2]))[2]
alone = named(leaky_backward(dh[:, 3:], dy[:, 3:], cache), names, params)["dx"]
mine = in_chunks(dh, dy, full, 3)["dx"][:, 3:]
compare({"dx[:, 3:]": mine}, {"dx[:, 3:]": alone}, "k = 3, as your leaky_backward of steps 3 and 4")
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "truncated_hidden", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 4 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a3

a3.grade("truncated", globals(), points=12)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5: explain (15 points, read by a person)
#
# Answer in the cell below, in 150 to 300 words. Formulas are welcome.
#
# 1. **The leak's way.** Write the Jacobian $J_t$ of $h_t$ with respect to $h_{t-1}$ for the cell without feedback, in the layout of lesson 03 ($J_t[i, j]$ is the derivative of $h_t[j]$ with respect to $h_{t-1}[i]$). What is left of it where every tanh is saturated, so that its slope is 0? What is left then of the vanilla RNN's? What does a small leak cost the weights inside the tanh? (5 points)
# 2. **What truncation loses.** Take one unit with `W_hh` and `W_yh` zero and a gradient that arrives at the last step of a very long sequence. Which share of the full gradient of `b_h` do the last `k = 10` steps hold, for `leak = 0.5` and for `leak = 0.01`, if the slope of the tanh is the same at every step? What does this say about training slow units in chunks, and what is not lost although the gradient is cut? (5 points)
# 3. **Two patterns.** Name a line that is at fault, and say why the pattern follows; any line that gives this pattern will do. (a) For `T = 1` every error of the gradient check is below 1e-9. For `T = 5` those of `W_hy` and `b_y` are large and all others below 1e-9. (b) With every leak at 1 all errors are below 1e-9. With leaks below 1, already for `T = 1`, those of `leak`, `W_hy` and `b_y` are below 1e-9 and all others large. (5 points)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explanation", "locked": false, "points": 15, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **The leak's way.** $J_t = \mathrm{diag}(1 - a) + W_{hh}\, \mathrm{diag}(a \odot (1 - n_t^2))$. Where every tanh is saturated the second term is 0 and $J_t = \mathrm{diag}(1 - a)$ remains: the gradient shrinks by $1 - a$ a step, and no faster than that. The vanilla RNN has $a = 1$: nothing remains. The cost: on the way into the tanh the gradient is multiplied by $a$, so that with a small leak each single step teaches the weights little.
#
# **What truncation loses.** A step that lies $d$ steps back is reached by $(1 - a)^d$ of the gradient. The last $k$ steps hold $\sum_{d<k} (1 - a)^d = (1 - (1 - a)^k) / a$ of a full $1 / a$: the share $1 - (1 - a)^k$. For $k = 10$ this is 99.9% with $a = 0.5$ and 9.6% with $a = 0.01$. Chunks of ten steps teach a slow unit a tenth of what it should learn, and only from its recent past. The state itself is carried on: forward the unit remembers as before, it only cannot learn what to remember across a border.
#
# **Two patterns.** (a) The gradients of `W_hy` and `b_y` are made with `dy[:, t]` alone. $y_t$ is also read by step $t + 1$, so that what comes back through `W_yh` belongs to it; the other gradients get it on another line. With one step there is no later reader. (A line that overwrites these two, `=` for `+=`, gives the same pattern.) (b) The slope of the tanh is taken as `1 - h_t**2` instead of `1 - new**2`. With a leak of 1, $h_t$ is the tanh. Whatever goes through the tanh is wrong; `leak` is in front of it, and `W_hy` and `b_y` come after it. (So does the factor `leak` left out on the way into the tanh: with a leak of 1 it is 1.)
# ### END SOLUTION

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart kernel and run all cells*. It stops at the first part that is left out or fails a visible test.
# Then press *Validate* in the toolbar: it names all parts that fail.
# The cell below looks through what you have run for imports that are not allowed.
#
# Hand in this one file, under this name: `A3.ipynb`.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
check_imports(In)

# %% [markdown]
# **Where this comes from.** P. J. Werbos (1990), *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78(10): the way back through a recurrence. R. J. Williams and J. Peng (1990), *An efficient gradient-based algorithm for on-line training of recurrent network trajectories*, Neural Computation 2(4): truncation. H. Jaeger, M. Lukoševičius, D. Popovici and U. Siewert (2007), *Optimization and applications of echo state networks with leaky-integrator neurons*, Neural Networks 20(3): the leak as something to be learned.
