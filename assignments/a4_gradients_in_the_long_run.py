# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {assignment: A4, title: "Gradients in the long run", points: 100}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

# %% [markdown]
# # Assignment A4: gradients in the long run
#
# A gradient that goes back through fifty steps is multiplied by fifty Jacobians.
# Lesson 04 has shown what becomes of it in the vanilla RNN: most of the time nothing is left, sometimes far too much.
#
# Here you ask the same of the cell of A2 and A3, which leaks and hears its own output.
# Its Jacobian has a part that no saturated tanh can take away, and a part that comes back through the output.
# You write that Jacobian, follow a gradient back through hundreds of steps without losing it to rounding, clip what is too large, and find weights to start from under which gradients live.
#
# You need lessons 03 and 04. Your A2 and A3 are not needed: the forward pass is given below. Plan four hours.

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
# `B` sequences, `T` steps, `D` inputs, `H` units, `O` outputs; all arrays are batch first, states are rows, weights are `(in, out)`.
#
# **The Jacobian.** As in the lessons, $J_t[i, j]$ is the derivative of $h_t[j]$ with respect to $h_{t-1}[i]$: rows for the old state, columns for the new one.
# Inside a sequence $y_{t-1}$ was read from $h_{t-1}$. If $h_{t-1}$ moves, $y_{t-1} = h_{t-1} W_{hy} + b_y$ moves along. So $J_t$ counts all three ways from one state to the next:
#
# 1. past the tanh, by the share that is kept;
# 2. into the tanh through $W_{hh}$;
# 3. into the tanh through the output.
#
# Over several steps Jacobians multiply, $\partial h_T / \partial h_k = J_{k+1} J_{k+2} \cdots J_T$, and the gradient, a row, goes back as $dh_{t-1} = dh_t J_t^\top$.
#
# | name | shape | what it is |
# |---|---|---|
# | `x`, `x_t` | `(B, T, D)`, `(B, D)` | the inputs; those of one step |
# | `h`, `h_prev`, `h0` | `(B, T, H)`, then `(B, H)` | the states; before a step, at the start |
# | `y`, `y0` | `(B, T, O)`, `(B, O)` | the outputs; at the start |
# | `params` | | `W_xh` `(D, H)`, `W_hh` `(H, H)`, `W_yh` `(O, H)`, `b_h` `(H,)`, `leak` `(H,)`, `W_hy` `(H, O)`, `b_y` `(O,)` |
# | `J` | `(B, N, H, H)` | the Jacobians of `N` steps in a row, in the order of time |
# | `dh` | `(B, H)` | a gradient that arrives at the last state |
# | `grads` | | a dict with the keys of `params` |

# %% [markdown]
# ## What is graded, and how
#
# | part | you write | visible | hidden | by hand |
# |---|---|---|---|---|
# | 1 | `leaky_jacobian` | 4 | 16 | |
# | 2 | `jacobian_products` | 2 | 8 | |
# | 2 | `log_norms` | 2 | 10 | |
# | 3 | `gradient_curve` | 2 | 8 | |
# | 4 | `clip_gradients` | 3 | 12 | |
# | 5 | `initialise` | 4 | 14 | |
# | 6 | an explanation | | | 15 |
#
# - **Visible tests** stand below each task. They try special cases whose answer you can know without a solution. The last line of a test is what it earns: run the cell, and if no error appears you have these points.
# - **Hidden tests** run when we grade. They compare your functions with ours on random inputs of your own, give part of the points where part is right, and name the mistake if they know it. Part 5 has no single right answer: there we measure what your weights do.
# - **An error is paid for once** in the hidden tests. Parts 2, 4 and 5 get data. Part 3 is also right if it makes the right use of *your* `leaky_jacobian` and *your* `log_norms`, mistakes included, as long as these run, return finite arrays of the right shapes, and make use of all that they are given. The visible test of Part 3 makes no such allowance.
# - **Imports:** `numpy`, `math` and `course_utils`. A cell of yours that imports anything else is not run when we grade. The last cell of this notebook tells you.
# - **Arguments stay as they are.** A function that changes its caller's arrays loses points.
# - Both `float64` and `float32` are fine; each is compared at its own precision. Loops over time are fine too.
# - Locked cells are put back before grading. Cells that you add are kept and run.

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


def leaky_states(x, h0, y0, params):
    """Return h (B, T, H) and y (B, T, O), the states and outputs of all steps."""
    B, T, _ = x.shape
    h = np.zeros((B, T, h0.shape[1]), dtype=h0.dtype)
    y = np.zeros((B, T, y0.shape[1]), dtype=y0.dtype)
    h_t, y_t = h0, y0
    for t in range(T):
        h_t, y_t = leaky_step(x[:, t], h_t, y_t, params)
        h[:, t], y[:, t] = h_t, y_t
    return h, y


def random_problem(B, T, D, H, O, seed=0):
    """Return dh, x, h0, y0 and params for the visible tests."""
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
    sizes = (B, H), (B, T, D), (B, H), (B, O)
    return *(rng.normal(size=size) for size in sizes), params


def without(params, *names):
    """Return the parameters with those in `names` set to zero."""
    return {name: value * (0 if name in names else 1) for name, value in params.items()}


def array(name, returned, shape):
    """Return an array of this shape, or say what came instead."""
    several = isinstance(returned, (tuple, dict)) or returned is None
    kind = type(returned).__name__
    assert not several, f"{name} should be one array of shape {shape}; yours is a {kind}"
    got = np.array(returned)
    assert got.shape == shape, f"{name} should have shape {shape}; yours has {got.shape}"
    return got


def close(got, right):
    """Whether two arrays agree, at the precision of `got` and relative to the largest entry."""
    got, right = np.asarray(got), np.asarray(right)
    rtol = 1e-3 if got.dtype == np.float32 else 1e-6
    largest = np.abs(right).max(initial=0) or 1
    return bool(np.allclose(got, right, rtol=rtol, atol=rtol * largest))


# %% [markdown]
# ## Part 1: one Jacobian, in three ways (20 points)
#
# Write `leaky_jacobian`. It gets one step's input and the state before it, for all rows of the batch, and returns three arrays `(B, H, H)`, one for each way from $h_{t-1}$ to $h_t$: `kept` past the tanh, `recurrent` through `W_hh`, `fed_back` through the output.
# Their sum is the Jacobian.
#
# $y_{t-1}$ is not an argument: it is what the cell reads from `h_prev`.
#
# ### One unit by hand
#
# `x_t = 1`, `h_prev = 1`, `W_xh = 0.8`, `W_hh = 0.2`, `W_yh = 0.6`, `b_h = -1.1`, `leak = 0.25`, `W_hy = 2`, `b_y = -1`.
#
# 1. The old output: 1 · 2 - 1 = 1. The sum inside the tanh: 0.8 + 0.2 + 0.6 - 1.1 = 0.5. So n = tanh(0.5) = 0.4621, and the slope there is 1 - 0.4621² = 0.7864.
# 2. Past the tanh: 0.75.
# 3. Through `W_hh`: 0.25 · 0.7864 · 0.2 = 0.0393.
# 4. Through the output: 0.25 · 0.7864 · 2 · 0.6 = 0.2359.
#
# Together 1.0252. A nudge of this state grows by 2.5% in one step, although `W_hh` is only 0.2.


# %% nbgrader={"grade": false, "grade_id": "jacobian", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_jacobian(x_t, h_prev, params):
    """Return kept, recurrent and fed_back, each (B, H, H), from x_t (B, D) and h_prev (B, H).

    Entry [b, i, j] is the part of the derivative of h_t[b, j] with respect to h_prev[b, i] that
    goes this way.
    """
    ### BEGIN SOLUTION
    y_prev = h_prev @ params["W_hy"] + params["b_y"]
    total = x_t @ params["W_xh"] + h_prev @ params["W_hh"] + y_prev @ params["W_yh"]
    new = np.tanh(total + params["b_h"])
    into_unit = (params["leak"] * (1 - new**2))[:, None, :]  # scales the columns, unit j
    recurrent = params["W_hh"] * into_unit
    fed_back = (params["W_hy"] @ params["W_yh"]) * into_unit
    kept = np.zeros_like(recurrent) + np.diag(1 - params["leak"])
    return kept, recurrent, fed_back
    ### END SOLUTION


# %% [markdown]
# Four special cases: the example by hand; two units of which the first acts on the second and not the other way round; a leak of 1 without feedback, which is the Jacobian of lesson 03; and all weights zero, where only the kept share is left.

# %% nbgrader={"grade": true, "grade_id": "jacobian_visible", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
WAYS = ("kept", "recurrent", "fed_back")


def three_ways(x_t, h_prev, params):
    """Call your function; return its three arrays by name."""
    returned = leaky_jacobian(x_t, h_prev, params)
    three = isinstance(returned, (tuple, list)) and len(returned) == 3
    assert three, "return three arrays: kept, recurrent, fed_back"
    (B, H) = h_prev.shape
    return {name: array(name, a, (B, H, H)) for name, a in zip(WAYS, returned, strict=True)}


# 1. The example by hand, and what it would give with a slip.
by_hand = {
    "W_xh": np.array([[0.8]]),
    "W_hh": np.array([[0.2]]),
    "W_yh": np.array([[0.6]]),
    "b_h": np.array([-1.1]),
    "leak": np.array([0.25]),
    "W_hy": np.array([[2.0]]),
    "b_y": np.array([-1.0]),
}
slips = {
    ("kept", 0.25): "past the tanh it is 1 - leak, not leak",
    ("kept", 1.0): "past the tanh the factor 1 - leak is missing",
    ("kept", 0.0): "what is kept of the old state is missing",
    ("recurrent", 0.1573): "on the way into the tanh the factor leak is missing",
    ("recurrent", 0.1180): "on the way into the tanh it is leak, not 1 - leak",
    ("recurrent", 0.0500): "the slope of the tanh is missing",
    ("recurrent", 0.0125): "the slope of the tanh is 1 - n**2; you have 1 - h_t**2",
    ("recurrent", 0.0): "the slope of the tanh is 1 - n**2; you have 1 - h_prev**2, or no W_hh",
    ("recurrent", 0.0375): "the slope of the tanh is 1 - n**2; you take it at the sum itself",
    ("recurrent", 0.0269): "the slope of the tanh is 1 - n**2; you have 1 - n",
    ("recurrent", 0.0495): "the feedback is missing in the sum inside the tanh",
    ("recurrent", 0.0180): "y_prev has a bias, b_y",
    ("recurrent", 0.0458): "the input is missing in the sum inside the tanh",
    ("recurrent", 0.0075): "b_h is missing in the sum inside the tanh",
    ("recurrent", 0.2753): "the way through the output is asked for by itself",
    ("fed_back", 0.0): "the way through the output is missing",
    ("fed_back", 0.9437): "on the way through the output the factor leak is missing",
    ("fed_back", 0.7078): "on the way through the output it is leak, not 1 - leak",
    ("fed_back", 0.3): "on the way through the output the slope of the tanh is missing",
    ("fed_back", 1.2): "y_prev stands inside the tanh: leak and slope belong here too",
    ("fed_back", 0.3932): "out by W_hy, in by W_yh; you have W_hy only",
    ("fed_back", 0.1180): "out by W_hy, in by W_yh; you have W_yh only",
    ("fed_back", 0.0472): "W_hh has no part in the way through the output",
    ("fed_back", 0.2753): "the way through W_hh is asked for by itself",
}
one = np.array([[1.0]])
mine = three_ways(one, one, by_hand)
for name, right in {"kept": 0.75, "recurrent": 0.039322, "fed_back": 0.235935}.items():
    number = mine[name].item()
    known = [says for (of, n), says in slips.items() if of == name and abs(number - n) < 5e-5]
    cause = "".join(f"{says}\n" for says in known)
    message = f"{cause}by hand {name} is {right:.4f}; yours is {number:.4f}"
    assert np.isclose(number, right, atol=1e-5), message

# 2. Two units. The first acts on the second, which has leak 0.25: the entry [0, 1] is 0.25.
to_second = np.array([[0.0, 1.0], [0.0, 0.0]])
two = {name: np.zeros((2, 2)) for name in ("W_xh", "W_hh", "W_yh", "W_hy")}
two |= {"b_h": np.zeros(2), "b_y": np.zeros(2), "leak": np.array([0.5, 0.25])}
nothing = np.zeros((1, 2))
for name, weights in {
    "recurrent": {"W_hh": to_second},
    "fed_back": {"W_hy": to_second, "W_yh": np.diag([0.0, 1.0])},
}.items():
    got = three_ways(nothing, nothing, two | weights)[name][0]
    assert got[1, 0] == 0, f"{name} is transposed: unit 0 acts on unit 1, which is entry [0, 1]"
    where = f"entry [0, 1] of {name} is 0.25, the leak of unit 1; yours is {got[0, 1]:g}"
    assert np.isclose(got[0, 1], 0.25), where

# 3. With leak = 1 and no feedback: W_hh diag(1 - h_t**2), as in lesson 03.
dh, x, h0, y0, params = random_problem(B=3, T=1, D=4, H=5, O=2)
vanilla = without(params, "W_yh") | {"leak": np.ones(5)}
h_t = leaky_step(x[:, 0], h0, y0, vanilla)[0]
before = {name: value.copy() for name, value in vanilla.items()}
mine = three_ways(x[:, 0], h0, vanilla)
for b in range(3):
    right = params["W_hh"] @ np.diag(1 - h_t[b] ** 2)
    assert close(mine["recurrent"][b], right), f"leak = 1, no feedback: recurrent[{b}] is wrong"
assert close(mine["kept"], 0 * mine["kept"]), "leak = 1: nothing is kept"
for name, value in vanilla.items():
    assert np.array_equal(value, before[name]), f"params[{name!r}] was changed"

# 4. With all weights zero: 1 - leak on the diagonal, and nothing else.
silent = without(params, "W_xh", "W_hh", "W_yh", "W_hy")
mine = three_ways(x[:, 0], h0, silent)
for b in range(3):
    message = f"all weights zero: kept[{b}] has 1 - leak on its diagonal and nothing else"
    assert close(mine["kept"][b], np.diag(1 - params["leak"])), message
4  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "jacobian_hidden", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 1 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a4

a4.grade("jacobian", globals(), points=16)
### END HIDDEN TESTS

# %% [markdown]
# A Jacobian can be felt: nudge one unit of the old state, let the output move along, and see where the new state goes.
# This cell does it for every unit and compares. It earns nothing; the error should be below `1e-8`, or near `1e-4` where you compute in `float32`. Change it as you like.

# %%
dh, x, h0, y0, params = random_problem(B=3, T=1, D=4, H=5, O=2, seed=7)


def moved_to(h_prev):
    """The new state, where the old output is read from the old state."""
    return leaky_step(x[:, 0], h_prev, h_prev @ params["W_hy"] + params["b_y"], params)[0]


by_nudges = np.zeros((3, 5, 5))
for i in range(5):
    nudge = 1e-5 * np.eye(5)[i]
    by_nudges[:, i] = (moved_to(h0 + nudge) - moved_to(h0 - nudge)) / 2e-5
print(f"{np.abs(sum(leaky_jacobian(x[:, 0], h0, params)) - by_nudges).max():.0e}")

# %% [markdown]
# ## Part 2: many Jacobians (22 points)
#
# `J` `(B, N, H, H)` holds the Jacobians of `N` steps in the order of time: `J[:, 0]` belongs to the earliest step, `J[:, N - 1]` to the last one.
#
# ### The products
#
# Write `jacobian_products`. It returns `P` `(B, N + 1, H, H)`: `P[:, k]` is the derivative of the last state with respect to the state `k` steps before it.
# So `P[:, 0]` is the identity, `P[:, 1]` the last Jacobian, and `P[:, N]` the product of all.


# %% nbgrader={"grade": false, "grade_id": "products", "locked": false, "schema_version": 3, "solution": true, "task": false}
def jacobian_products(J):
    """Return P (B, N + 1, H, H), the products of the last k Jacobians, from J (B, N, H, H)."""
    ### BEGIN SOLUTION
    B, N, H, _ = J.shape
    P = np.zeros((B, N + 1, H, H), dtype=J.dtype)
    P[:, 0] = np.eye(H)
    for k in range(1, N + 1):
        P[:, k] = J[:, N - k] @ P[:, k - 1]  # one step further back: a factor more on the left
    return P
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "products_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 1. Two steps that you can multiply by hand: first A, then C. P[:, 2] is A C.
A, C = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [3.0, 1.0]])
P = array("P", jacobian_products(np.array([[A, C]])), (1, 3, 2, 2))[0]
assert close(P[0], np.eye(2)), (
    f"over no step the state is itself: P[:, 0] is the identity, not\n{P[0]}"
)
assert not close(P[1], A), "P[:, 1] is the last Jacobian; yours is the first one"
assert not close(P[1], C.T), "P[:, 1] is the last Jacobian as it is; yours is transposed"
assert close(P[1], C), f"P[:, 1] is the last Jacobian; yours is\n{P[1]}"
assert not close(P[2], [[1, 2], [3, 7]]), "P[:, 2] has its factors in the reversed order"
assert close(P[2], [[7, 2], [3, 1]]), f"P[:, 2] is [[7, 2], [3, 1]] here; yours is\n{P[2]}"

# 2. Growing by a tenth at each step, in every direction.
P = array("P", jacobian_products(np.array(2 * [5 * [1.1 * np.eye(3)]])), (2, 6, 3, 3))
for k in range(6):
    assert close(P[:, k], 2 * [1.1**k * np.eye(3)]), f"five times 1.1: P[:, {k}] is 1.1^{k}"

# 3. No step: the identity alone.
assert close(array("P", jacobian_products(np.zeros((2, 0, 3, 3))), (2, 1, 3, 3)), 2 * [[np.eye(3)]])
2  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "products_hidden", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of the products run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a4

a4.grade("products", globals(), points=8)
### END HIDDEN TESTS

# %% [markdown]
# ### The norms
#
# Matrices are more than we need: one gradient is one row. And in the long run numbers give out: `1e-400` is 0 in `float64`, `1e400` is infinite.
# Their logarithms, -921 and 921, are quite ordinary.
#
# Write `log_norms`. A gradient `dh` `(B, H)` arrives at the last state. It returns `L` `(B, N + 1)`: `L[:, k]` is the natural logarithm of the norm (the root of the sum of squares) of what reaches the state `k` steps before.
# It must work for thousands of steps, wherever the norms go. `dh` is never zero, and no gradient becomes exactly zero on its way.
#
# The hint is in the property: if `g` is multiplied by 1000, all that comes of it later is multiplied by 1000 too.


# %% nbgrader={"grade": false, "grade_id": "norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_norms(dh, J):
    """Return L (B, N + 1), logarithms of norms at lags 0 to N, from dh (B, H), J (B, N, H, H)."""
    ### BEGIN SOLUTION
    length = np.linalg.norm(dh, axis=1, keepdims=True)
    g, L = dh / length, [np.log(length)]
    for n in reversed(range(J.shape[1])):
        g = np.einsum("bj,bij->bi", g, J[:, n])  # g J^T for each row
        length = np.linalg.norm(g, axis=1, keepdims=True)
        g = g / length  # its length is kept as a logarithm
        L.append(L[-1] + np.log(length))
    return np.concatenate(L, axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "norms_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# 1. Two steps by hand: (3, 4) goes back through the last Jacobian, then through the first.
first, last = np.array([[1.0, 0.0], [2.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])
dh = np.array([[3.0, 4.0]])
L = array("L", log_norms(dh, np.array([[first, last]])), (1, 3))[0]
slips = {
    (0, 5.0): "that is the norm itself; its logarithm is asked for",
    (0, np.log10(5)): "the natural logarithm is asked for, np.log",
    (0, np.log(25)): "that is the logarithm of the squared norm",
    (1, np.log(58) / 2): "the gradient goes back by the transposed Jacobian",
    (1, np.log(109) / 2): "the last Jacobian comes first",
}
for k, square in enumerate((25, 65, 373)):
    right = np.log(square) / 2
    known = [says for (at, n), says in slips.items() if at == k and abs(L[k] - n) < 1e-6]
    cause = "".join(f"{says}\n" for says in known)
    message = f"{cause}by hand L[0, {k}] is ln √{square} = {right:.4f}; yours is {L[k]:.4f}"
    assert np.isclose(L[k], right), message

# 2. Halved or doubled 3000 times: the norm is 2^-3000 or 2^3000 in the end.
half = np.full((1, 3000, 1, 1), 0.5)
for factor, J in {0.5: half, 2.0: 4 * half}.items():
    L = array("L", log_norms(np.array([[1.0]]), J), (1, 3001))[0]
    assert np.isfinite(L).all(), f"times {factor}, 3000 times: L holds {L[~np.isfinite(L)][0]}"
    right = 3000 * np.log(factor)
    message = f"times {factor}, 3000 times: the last is {right:.1f}, yours is {L[-1]:.1f}"
    assert close(L[-1], right), message

# 3. A rotation leaves all lengths as they are, in each row.
turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
dh = np.array([[3.0, 4.0], [0.0, 1.0]])
before = dh.copy()
L = array("L", log_norms(dh, np.array(2 * [7 * [turn]])), (2, 8))
assert close(L, np.log([[5.0], [1.0]]) * np.ones((2, 8))), "rotations keep the length of each row"
assert np.array_equal(dh, before), "dh was changed in place"
2  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "norms_hidden", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of the norms run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a4

a4.grade("norms", globals(), points=10)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3: along a sequence (10 points)
#
# Put both together. `gradient_curve` runs the cell over `x` from `h0` and `y0` (call `leaky_states`), takes the Jacobians of the steps in between, and follows `dh`, which arrives at the last state and nowhere else, back to the first.
# It returns `L` `(B, T)`: `L[:, k]` is the logarithm of the norm of the gradient at $h_{T-1-k}$. From $h_{T-1}$ to $h_0$, the state after the first step, there are `T - 1` Jacobians.
#
# Call your functions of Parts 1 and 2.


# %% nbgrader={"grade": false, "grade_id": "curve", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_curve(dh, x, h0, y0, params):
    """Return L (B, T), logarithms of the gradient's norm at the last state, the one before, ...

    dh (B, H) arrives at the last state; x (B, T, D), h0 (B, H) and y0 (B, O) as in leaky_states.
    """
    ### BEGIN SOLUTION
    (B, T, _), H = x.shape, h0.shape[1]
    h, _ = leaky_states(x, h0, y0, params)
    J = np.zeros((B, T - 1, H, H), dtype=h.dtype)
    for t in range(1, T):
        J[:, t - 1] = sum(leaky_jacobian(x[:, t], h[:, t - 1], params))
    return log_norms(dh, J)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "curve_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
dh, x, h0, y0, params = random_problem(B=3, T=6, D=4, H=5, O=2, seed=1)

# 1. One step: nothing to go back through.
L = array("L", gradient_curve(dh, x[:, :1], h0, y0, params), (3, 1))
assert close(L[:, 0], np.log(np.linalg.norm(dh, axis=1))), "T = 1: the norm of dh itself"

# 2. With all weights zero each step multiplies by 1 - leak.
silent = without(params, "W_xh", "W_hh", "W_yh", "W_hy")
L = array("L", gradient_curve(dh, x, h0, y0, silent), (3, 6))
for k in range(6):
    right = np.log(np.linalg.norm(dh * (1 - params["leak"]) ** k, axis=1))
    message = f"all weights zero, {k} steps back: should be {right}\nyours is {L[:, k]}"
    assert close(L[:, k], right), message

# 3. With leak = 1 and no feedback: lesson 03's way back, from the last state to each earlier one.
vanilla = without(params, "W_yh") | {"leak": np.ones(5)}
h, _ = leaky_states(x, h0, y0, vanilla)
L = array("L", gradient_curve(dh, x, h0, y0, vanilla), (3, 6))
for k in range(1, 6):
    weights = vanilla["W_xh"], vanilla["W_hh"], vanilla["b_h"]
    _, cache = rnn_forward(x[:, 6 - k :], h[:, 5 - k], *weights)
    at_the_end = np.zeros((3, k, 5))
    at_the_end[:, -1] = dh
    right = np.log(np.linalg.norm(rnn_backward(at_the_end, cache)[1], axis=1))
    message = f"as in lesson 03, {k} steps back: should be {right}\nyours is {L[:, k]}"
    assert close(L[:, k], right), message
2  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "curve_hidden", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 3 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a4

a4.grade("curve", globals(), points=8)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4: clip by global norm (15 points)
#
# Too large a gradient makes one step that undoes a thousand. Clipping makes the step shorter and leaves its direction.
#
# Write `clip_gradients`. The **norm** is the root of the sum of the squares of *all* entries of *all* arrays, as if they were one long vector.
# Where it exceeds `max_norm`, all arrays are multiplied by the same factor, so that the norm becomes `max_norm`. Otherwise they stay as they are.
# It returns a new dict with new arrays, and the norm *before* clipping: who trains wants to see it.
#
# In training three things happen that a formula does not mention:
#
# 1. A parameter that is not trained has no gradient: its entry in `grads` is `None`. It stays `None`, and does not count.
# 2. Entries can be huge. The norm of `(3e200, 4e200)` is `5e200`, although the squares are infinite.
# 3. An entry may be `nan` or infinite. Then no step can be taken: every array of `clipped` is zero and `norm` is `np.inf`.


# %% nbgrader={"grade": false, "grade_id": "clip", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_gradients(grads, max_norm):
    """Return clipped, a dict with the keys of grads, and the norm of all gradients before.

    grads maps names to arrays, or to None; max_norm is above 0.
    """
    ### BEGIN SOLUTION
    rows = {name: g for name, g in grads.items() if g is not None}
    largest = float(np.max([np.abs(g).max() for g in rows.values()]))
    norm, factor = largest, 1.0
    if not np.isfinite(largest):
        norm, factor = np.inf, 0.0
    elif largest > 0:
        shares = [np.sum((g.astype(np.float64) / largest) ** 2) for g in rows.values()]
        norm = largest * float(np.sqrt(sum(shares)))
        factor = min(1.0, max_norm / norm)
    clipped = dict(grads)
    for name, g in rows.items():
        clipped[name] = (g * factor).astype(g.dtype) if factor else np.zeros_like(g)
    return clipped, norm
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "clip_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def your_clipping(grads, max_norm):
    """Call your function; return clipped and norm, or say what came instead."""
    before = {name: None if g is None else g.copy() for name, g in grads.items()}
    returned = clip_gradients(grads, max_norm)
    two = isinstance(returned, (tuple, list)) and len(returned) == 2
    assert two and isinstance(returned[0], dict), "return two things: clipped, a dict, and norm"
    clipped = returned[0]
    assert set(clipped) == set(grads), f"clipped should have the keys {list(grads)}"
    for name, g in grads.items():
        same = g is None or np.array_equal(g, before[name], equal_nan=True)
        assert same, f"grads[{name!r}] was changed in place"
        if g is None:
            assert clipped[name] is None, f"clipped[{name!r}] should stay None"
        else:
            message = f"clipped[{name!r}] is grads[{name!r}] itself: return a new array"
            assert not np.shares_memory(clipped[name], g), message
    return returned


# 1. 3² + 4² + 12² = 13². Clipped to 6.5, all is halved; with 20 nothing changes.
grads = {"W_hh": np.array([[3.0, 4.0]]), "b_h": np.array([12.0])}
clipped, told = your_clipping(grads, 6.5)
slips = {169: "the square root is missing", 17: "norms do not add, squares do"}
slips |= {12: "all arrays count, not the largest alone", 6.5: "asked for is the norm before"}
cause = slips.get(round(float(told), 6), "")
assert np.isclose(told, 13), f"{cause}\nthe norm of (3, 4), (12) is 13; yours is {told}".strip()
halved = close(clipped["W_hh"], [[1.5, 2.0]]) and close(clipped["b_h"], [6.0])
slips = {12: "nothing is clipped", 6.5: "arrays or entries are clipped one by one"}
cause = slips.get(round(float(clipped["b_h"][0]), 6), "")
yours = f"yours are {clipped['W_hh'][0]} and {clipped['b_h']}"
assert halved, f"{cause}\n(3, 4) becomes (1.5, 2), (12) becomes (6); {yours}".strip()
clipped, told = your_clipping(grads, 20.0)
message = f"13 does not exceed 20: nothing changes, but (12) became {clipped['b_h']}"
assert close(clipped["b_h"], [12.0]) and close(clipped["W_hh"], [[3.0, 4.0]]), message
assert np.isclose(told, 13), f"the norm is 13, also where nothing is clipped; yours is {told}"

# 2. None stays None, and does not count.
clipped, told = your_clipping(grads | {"leak": None}, 6.5)
assert np.isclose(told, 13) and close(clipped["b_h"], [6.0]), "None should not change the norm"

# 3. Huge entries, entries that are no numbers, and none at all.
clipped, told = your_clipping({"W_hh": np.array([[3e200, 4e200]]), "b_h": np.zeros(1)}, 1.0)
assert np.isclose(told, 5e200), f"the norm of (3e200, 4e200) is 5e200; yours is {told}"
assert close(clipped["W_hh"], [[0.6, 0.8]]), f"(3e200, 4e200) becomes (0.6, 0.8), not {clipped}"
for what in (np.inf, np.nan):
    clipped, told = your_clipping(grads | {"b_h": np.array([what])}, 1.0)
    assert told == np.inf, f"with {what} among the gradients the norm is inf; yours is {told}"
    zero = not clipped["b_h"].any() and not clipped["W_hh"].any()
    assert zero, f"with {what} among the gradients all should be zero; yours are {clipped}"
clipped, told = your_clipping({"W_hh": np.zeros((1, 2)), "b_h": np.zeros(1)}, 1.0)
assert told == 0 and not clipped["W_hh"].any(), f"zero stays zero; yours are {clipped}, norm {told}"
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "clip_hidden", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 4 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a4

a4.grade("clip", globals(), points=12)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5: weights to start from (18 points)
#
# Clipping helps against too much. Against too little nothing can be done afterwards: what has become `1e-12` cannot be told from rounding. The weights that training starts from have to keep gradients alive.
#
# Write `initialise`. It gets the sizes, the leak and a seed, and returns `params`. How, you decide. What counts is what the weights *do*, with inputs drawn from N(0, 1), from the state zero, for `H` from 30 to 50, `D` from 3 to 6, `O` from 2 to 4 and leaks between 0.2 and 1:
#
# 1. **They live.** A nudge of the state at the start is found again after `k` steps, between a tenth and ten times as large, for every `k` from 1 to 50. (Root mean square over all directions of the nudge and of the state; a typical sequence.) A gradient on its way back meets the same matrices, so it lives as long.
# 2. **Inputs move** the last state: over many sequences each unit spreads by 0.01 at least, on average. So do the outputs. A cell without inputs has perfect gradients and nothing to learn. What enters is kept: of a nudge of the first input, as it shows in the first state, a fiftieth at least is found again in the last. And the units are not copies of each other, or they would stay so; this alone `probe` does not measure.
# 3. **The cell hears itself.** An old output drawn from N(0, 1) moves the state by 0.01 at least (root mean square, from the state zero, without input).
# 4. **The leak is given:** `params["leak"]` is the `leak` that you got. And the `seed` decides: the same seed gives the same weights, another seed others.
#
# Where to begin: write your Jacobian of Part 1 with every slope 1. Which `W_hh` would make it keep all lengths? What makes slopes smaller than 1? Measure before you think long: that is what `probe` is for.
#
# The visible test tries one size, one seed and two kinds of leak, the hidden tests others, a leak that is the same for all units and below 1 among them. Put these to `probe` too, and keep some distance from the borders of the band.

# %% nbgrader={"grade": false, "grade_id": "probe", "locked": true, "schema_version": 3, "solution": false, "task": false}
STEPS, LEAST, MOST, FELT, FOUND = 50, 0.1, 10.0, 0.01, 0.02


def probe(params, seed=0, sequences=6):
    """Return what weights do: gains (50,), found, and how far states, outputs, feedback move.

    gains[k - 1] is how much of a nudge of the state is found again after k steps; found is how
    much of a nudge of the first input, seen in the first state, is found again in the last one.
    """
    rng = np.random.default_rng(seed)
    (D, H), O = params["W_xh"].shape, len(params["b_y"])
    # Every unit is nudged up and down; the output moves along.
    eps = 1e-5
    nudges = eps * np.concatenate([np.eye(H), -np.eye(H)])
    h0 = np.tile(nudges, (sequences, 1))
    y0 = h0 @ params["W_hy"] + params["b_y"]
    x = rng.normal(size=(sequences, STEPS, D))
    h, _ = leaky_states(np.repeat(x, 2 * H, axis=0), h0, y0, params)
    up, down = np.moveaxis(h.reshape(sequences, 2, H, STEPS, H), 1, 0)
    squares = np.sum(((up - down) / (2 * eps)) ** 2, axis=(1, 3)) / H
    gains = np.exp(np.mean(np.log(squares + 1e-300), axis=0) / 2)
    # Every input of the first step is nudged up and down.
    rows = np.repeat(x, 2 * D, axis=0)
    rows[:, 0] += np.tile(eps * np.concatenate([np.eye(D), -np.eye(D)]), (sequences, 1))
    start = np.zeros((len(rows), H)), np.tile(params["b_y"], (len(rows), 1))
    h, _ = leaky_states(rows, *start, params)
    up, down = np.moveaxis(h.reshape(sequences, 2, D, STEPS, H), 1, 0)
    sizes = np.sqrt(np.sum((up - down) ** 2, axis=(1, 3))) + 1e-300
    found = np.exp(np.mean(np.log(sizes[:, -1] / sizes[:, 0])))
    # Many sequences from zero: how far do states and outputs spread?
    x = rng.normal(size=(100, STEPS, D))
    h, y = leaky_states(x, np.zeros((100, H)), np.tile(params["b_y"], (100, 1)), params)
    states, outputs = h[:, -1].std(axis=0).mean(), y[:, -1].std(axis=0).mean()
    # Old outputs drawn at random, against none.
    nothing, old = np.zeros((100, D)), rng.normal(size=(100, O))
    moved = leaky_step(nothing, np.zeros((100, H)), old, params)[0]
    still = leaky_step(nothing, np.zeros((100, H)), 0 * old, params)[0]
    return gains, found, states, outputs, np.sqrt(np.mean((moved - still) ** 2))


# %% nbgrader={"grade": false, "grade_id": "initialise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def initialise(D, H, O, leak, seed):
    """Return params to start from; leak (H,) is given, seed is a whole number."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    W_hy = rng.normal(size=(H, O)) / np.sqrt(H)
    W_yh = 0.1 * rng.normal(size=(O, H)) / np.sqrt(O)
    return {
        "W_xh": 0.05 * rng.normal(size=(D, H)) / np.sqrt(D),  # small: slopes stay near 1
        "W_hh": np.eye(H) - W_hy @ W_yh,  # both ways together the identity, whatever the leak
        "W_yh": W_yh,
        "b_h": np.zeros(H),
        "leak": leak.copy(),
        "W_hy": W_hy,
        "b_y": np.zeros(O),
    }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "initialise_visible", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
shapes = {"W_xh": (4, 32), "W_hh": (32, 32), "W_yh": (3, 32), "b_h": (32,), "leak": (32,)}
shapes |= {"W_hy": (32, 3), "b_y": (3,)}
for leak in (np.ones(32), np.random.default_rng(5).uniform(0.2, 1, size=32)):
    start = initialise(4, 32, 3, leak, 1)
    assert isinstance(start, dict) and set(start) == set(shapes), f"the keys are {list(shapes)}"
    for name, shape in shapes.items():
        array(f"params[{name!r}]", start[name], shape)
    assert np.allclose(start["leak"], leak), "the leak is given, and stays"
    again, other = initialise(4, 32, 3, leak, 1), initialise(4, 32, 3, leak, 2)
    same = all(np.array_equal(start[name], again[name]) for name in shapes)
    assert same, "the same seed should give the same weights"
    differs = any(not np.array_equal(start[name], other[name]) for name in shapes)
    assert differs, "another seed should give other weights"
    gains, found, states, outputs, heard = probe(start)
    when = f"leaks from {leak.min():.2g} to {leak.max():.2g}"
    assert states >= FELT, f"{when}: inputs move the states by {states:.1e} only"
    dead = np.flatnonzero((gains < LEAST) | (gains > MOST))
    after = f"after {dead[0] + 1} steps {gains[dead[0]]:.2g}" if len(dead) else ""
    assert not len(dead), f"{when}: the gain leaves the band, {after}; after 50 {gains[-1]:.2g}"
    assert found >= FOUND, f"{when}: {found:.1e} of the first input is found in the last state"
    assert outputs >= FELT, f"{when}: inputs move the outputs by {outputs:.1e} only"
    assert heard >= FELT, f"{when}: old outputs move the state by {heard:.1e} only"
4  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "initialise_hidden", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 5 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a4

a4.grade("initialise", globals(), points=14)
### END HIDDEN TESTS

# %% [markdown]
# ## The experiment
#
# Now your functions work together. Four starts, the same inputs, the same leaks: your own; your own with inputs twenty times as strong; your own with half of `W_hh`; and all weights and biases uniform between $-1/\sqrt{H}$ and $1/\sqrt{H}$, the usual default.
# For each the table shows what is left of a gradient 10, 25 and 50 steps back, as a factor, and the mean slope $1 - n_t^2$ of the tanh at the last step.
#
# Then clipping: a start whose `W_hh` is drawn from N(0, 1), and the gradients of one loss at three of its states, clipped together.
#
# The cell earns nothing. Part 6 asks about its numbers. Change it as you like.


# %%
def usual(D, H, O, leak, seed):
    """Return weights and biases uniform between -1/sqrt(H) and 1/sqrt(H)."""
    rng, most = np.random.default_rng(seed), 1 / np.sqrt(H)
    sizes = {"W_xh": (D, H), "W_hh": (H, H), "W_yh": (O, H), "b_h": H, "W_hy": (H, O), "b_y": O}
    return {n: rng.uniform(-most, most, size=size) for n, size in sizes.items()} | {"leak": leak}


leak = np.random.default_rng(0).uniform(0.2, 1, size=32)
mine = initialise(4, 32, 3, leak, 0)
rng = np.random.default_rng(1)
x, dh = rng.normal(size=(8, 51, 4)), rng.normal(size=(8, 32))
h0, y0 = np.zeros((8, 32)), np.zeros((8, 3))
starts = {
    "your own": mine,
    "strong inputs": mine | {"W_xh": 20 * mine["W_xh"]},
    "half of W_hh": mine | {"W_hh": mine["W_hh"] / 2},
    "the usual": usual(4, 32, 3, leak, 0),
}
print("left of the gradient  10 steps  25 steps  50 steps   mean slope")
for name, start in starts.items():
    L = gradient_curve(dh, x, h0, y0, start)
    left = np.exp(np.mean(L - L[:, :1], axis=0))
    h, y = leaky_states(x, h0, y0, start)
    new = (h[:, -1] - (1 - leak) * h[:, -2]) / leak
    factors = "".join(f"{left[k]:10.1e}" for k in (10, 25, 50))
    print(f"{name:20}{factors}{np.mean(1 - new**2):13.2f}")

wild = mine | {"W_hh": rng.normal(size=(32, 32))}
h, y = leaky_states(x, h0, y0, wild)
J = [sum(leaky_jacobian(x[:, t], h[:, t - 1], wild)) for t in range(1, 51)]
P = jacobian_products(np.stack(J, axis=1))
reached = {f"{k} steps back": np.einsum("bj,bij->bi", dh, P[:, k]) for k in (0, 25, 50)}
clipped, told = clip_gradients(reached, 1.0)
print(f"\na wild start, norm of the three together {told:.1e}")
for name, g in reached.items():
    sizes = np.linalg.norm(g), np.linalg.norm(clipped[name])
    print(f"{name:14} norm {sizes[0]:8.1e}, clipped {sizes[1]:8.1e}")

# %% [markdown]
# ## Part 6: explain (15 points, read by a person)
#
# Answer in the cell below, in 150 to 350 words, formulas not counted.
#
# 1. **Your numbers.** Quote from your table what is left after 50 steps for your own start and for two of the others. For each of the two say what is to blame: a tanh that is flat, or ways through `W_hh` and the output that would shrink a nudge even if every slope were 1. Which number shows it, in the table or in a run of your own? And why is something left at all in the start with half of `W_hh`, where a vanilla RNN would keep about $2^{-50}$? (5 points)
# 2. **Clipping.** A gradient of two parameters is (0.3, 40), the threshold is 1. What do clipping by norm and clipping each entry to ±1 make of it, and by what angle does each turn the direction? What does clipping do for a gradient of norm `1e-12`? And in the last lines of the experiment: what has clipping done to the gradient at the last state, and why? (5 points)
# 3. **Orthogonal is not enough.** Let every leak be $a$, every slope 1, no feedback, and $W_{hh} = Q$ orthogonal. An eigenvalue of $Q$ is $e^{i\theta}$. Which eigenvalue of $J$ belongs to it? Show that its squared modulus is $1 - 2a(1-a)(1-\cos\theta)$. What is left in such a direction after 50 steps for $a = 0.5$ and $\theta = \pi/2$? Which $W_{hh}$ would make $J$ itself orthogonal, and what is the trouble with it where $a$ is small? (5 points)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explanation", "locked": false, "points": 15, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **Your numbers.** (Those of the reference.) My own start keeps 0.65. Strong inputs keep 0.0075; the mean slope is 0.56 where mine has 0.97, and nothing but the inputs has changed: the flat tanh is to blame. The usual start keeps 3e-5 with slopes of 0.94: the tanh is steep, so it is the matrix. $W_{hh} + W_{hy} W_{yh}$ of uniform weights has a spectral radius near 0.6. Half of $W_{hh}$ keeps 1e-3 with slopes of 1.00: here $J \approx 1 - a/2$ on the diagonal, and a unit with $a = 0.2$ still keeps $0.9^{50} = 0.005$. The kept share $1 - a$ is what a vanilla RNN lacks.
#
# **Clipping.** By norm: $(0.3, 40) / 40.001 = (0.0075, 0.99997)$, the same direction, 0 degrees. Entry by entry: $(0.3, 1)$, whose angle is 16.7 degrees instead of 0.4: turned by 16.3. A gradient of `1e-12` does not exceed the threshold and stays as it is; clipping does nothing against vanishing. In the experiment the gradient at the last state, of norm 16, has become about 1e-6: one common factor is set by the largest, so that what has exploded on its long way drowns what is near.
#
# **Orthogonal is not enough.** $J = (1 - a) I + a Q$, with the eigenvalue $1 - a + a e^{i\theta}$. Its squared modulus is $(1 - a + a \cos\theta)^2 + a^2 \sin^2\theta = (1 - a)^2 + a^2 + 2a(1 - a)\cos\theta = 1 - 2a(1 - a)(1 - \cos\theta)$. It is 1 only where $\theta = 0$, or $a = 1$. For $a = 0.5$, $\theta = \pi/2$ it is $1/2$, so that after 50 steps $2^{-25} = 3 \cdot 10^{-8}$ is left. $W_{hh} = (Q - (1 - a) I) / a$ makes $J = Q$. For small $a$ its entries grow like $1/a$: the sums inside the tanh become large and the slopes small, unless states stay tiny. With $Q = I$ this is $W_{hh} = I$, whatever the leak.
# ### END SOLUTION

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart kernel and run all cells*. It stops at the first part that is left out or fails a visible test.
# Then press *Validate* in the toolbar: it names all parts that fail.
# The cell below looks through what you have run for imports that are not allowed.
#
# Hand in this one file, under this name: `A4.ipynb`.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
check_imports(In)

# %% [markdown]
# **Where this comes from.** Y. Bengio, P. Simard and P. Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*, IEEE Transactions on Neural Networks 5(2): products of Jacobians. R. Pascanu, T. Mikolov and Y. Bengio (2013), *On the difficulty of training recurrent neural networks*, ICML: bounds, and clipping by norm. Q. V. Le, N. Jaitly and G. E. Hinton (2015), *A simple way to initialize recurrent networks of rectified linear units*: the identity to start from. A. M. Saxe, J. L. McClelland and S. Ganguli (2014), *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks*, ICLR: orthogonal starts. G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn (1980), *Lyapunov characteristic exponents for smooth dynamical systems*, Meccanica 15: lengths set to one after every step, their logarithms added up. H. Jaeger, M. Lukoševičius, D. Popovici and U. Siewert (2007), *Optimization and applications of echo state networks with leaky-integrator neurons*, Neural Networks 20(3): leaky units.
