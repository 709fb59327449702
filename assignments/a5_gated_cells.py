# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {assignment: A5, title: "Two gated cells, there and back", points: 100}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

# %% [markdown]
# # Assignment A5: two gated cells, there and back
#
# Lesson 05 built the LSTM, lesson 06 the GRU. Here you build a neighbour of each, forward and backward.
# Both neighbours differ in few symbols from what you know. Each symbol changes the way back.
#
# **The first** is an LSTM with one gate less and one look more.
# What it forgets makes room for what comes in: the input gate is `1 - f`, so that one gate does the work of two.
# And its gates look at the cell state, through *peepholes*: the forget gate at the old one, the output gate at the new one.
#
# **The second** is a GRU that resets first.
# In lesson 06 the reset gate acted in the candidate only, before its product or after it. Here the old state is reset before anything else looks at it: the candidate *and* the gate that mixes see what is left.
#
# You need lessons 05 and 06, and from lesson 03 the habit of asking: who reads this number? Plan four to five hours.

# %% [markdown]
# ## The cells
#
# $\sigma(a) = 1 / (1 + e^{-a})$, and $\odot$ multiplies unit by unit.
#
# **The coupled LSTM with peepholes**
#
# $$
# f_t = \sigma\left(x_t W_{xf} + h_{t-1} W_{hf} + p_f \odot c_{t-1} + b_f\right), \qquad
# g_t = \tanh\left(x_t W_{xg} + h_{t-1} W_{hg} + b_g\right)
# $$
# $$
# c_t = f_t \odot c_{t-1} + (1 - f_t) \odot g_t
# $$
# $$
# o_t = \sigma\left(x_t W_{xo} + h_{t-1} W_{ho} + p_o \odot c_t + b_o\right), \qquad
# h_t = o_t \odot \tanh(c_t)
# $$
#
# **The GRU that resets first**
#
# $$
# r_t = \sigma\left(x_t W_{xr} + h_{t-1} W_{hr} + b_r\right), \qquad s_t = r_t \odot h_{t-1}
# $$
# $$
# z_t = \sigma\left(x_t W_{xz} + s_t W_{hz} + b_z\right), \qquad
# n_t = \tanh\left(x_t W_{xn} + s_t W_{hn} + b_n\right)
# $$
# $$
# h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t
# $$
#
# Here $z_t$ is the share that is let *in*; in lesson 06 it was the share that is kept.
#
# Batch first, states are rows, weights are `(in, out)`. The gates' blocks stand side by side, in the order `f, g, o` and `r, z, n`.
#
# | name | shape | what it is |
# |---|---|---|
# | `x_t`, `x` | `(B, D)`, `(B, T, D)` | the inputs |
# | `h_prev`, `h_t`, `h0`, `h` | `(B, H)`, the last `(B, T, H)` | the states: before a step, after it, at the start, all |
# | `c_prev`, `c_t`, `c0`, `c` | as those of `h` | the cell states of the LSTM |
# | `params["W_xh"]`, `params["W_hh"]`, `params["b"]` | `(D, 3H)`, `(H, 3H)`, `(3H,)` | three blocks each |
# | `params["p_f"]`, `params["p_o"]` | `(H,)` | the peepholes, of the LSTM only |
# | `dh_t`, `dc_t`, `dh`, `dc` | as the name without `d` | the gradient that arrives there from outside |
# | `dx_t`, `dh_prev`, `dc_prev`, `dx`, `dh0`, `dc0` | as the name without `d` | the gradient that you return |
# | `grads` | | a dict with the keys of `params` (`"W_xh"`, not `"dW_xh"`), each of the same shape |
#
# All gradients are sums over the batch and over time. Nothing is divided by `B` or `T`.

# %% [markdown]
# ## What is graded, and how
#
# | part | you write | visible | hidden | by hand |
# |---|---|---|---|---|
# | 1 | `lstm_step` | 4 | 12 | |
# | 2 | `lstm_step_backward` | 4 | 18 | |
# | 3 | `lstm_there_and_back` | 3 | 14 | |
# | 4 | `gru_step` | 3 | 8 | |
# | 4 | `gru_step_backward` | 3 | 16 | |
# | 5 | an explanation | | | 15 |
#
# - **Visible tests** stand below each task. They try special cases whose answer you can know without a solution. The last line of a test is what it earns: run the cell, and if no error appears you have these points. They do not see everything: many use one unit, where a missing transpose cannot show. The ungraded cells between them can see it: they compare with differences.
# - **Hidden tests** run when we grade. They compare your functions with ours on random inputs of your own, give part of the points where part is right, and name the mistake if they know it. The gradients count gate by gate.
# - **An error is paid for once** in the hidden tests. The backward steps get data, not what your forward steps returned. Part 3 is also right if it loops correctly over *your* `lstm_step`, *your* `lstm_step_backward`, or both, mistakes included, as long as these run, return finite arrays of the right shapes, and make use of all that they are given. What does not carry over is a *formula* that you write twice: the steps backward compute the gates again, and a gate that is wrong in `lstm_step` and copied is wrong there too. So mend what a visible test names before you go on.
# - **Imports:** `numpy`, `math` and `course_utils`. A cell of yours that imports anything else is not run when we grade. The last cell of this notebook tells you.
# - **Arguments stay as they are.** A function that changes its caller's arrays loses points.
# - Both `float64` and `float32` are fine; each is compared at its own precision. Loops over time are fine too.
# - Locked cells are put back before grading. Cells that you add are kept and run.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

from course_utils.checks.imports import check_imports


def sigmoid(a):
    """Return 1 / (1 + exp(-a)), in a form that never overflows."""
    return (1 + np.tanh(a / 2)) / 2


def random_params(D, H, peepholes, seed=0):
    """Return parameters of the LSTM (with peepholes) or of the GRU (without)."""
    rng = np.random.default_rng(seed)
    params = {
        "W_xh": rng.normal(size=(D, 3 * H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, 3 * H)) / np.sqrt(H),
        "b": rng.normal(size=3 * H),
    }
    return params | {name: rng.normal(size=H) for name in (("p_f", "p_o") if peepholes else ())}


def called(function, *given):
    """Return what a function returns for copies of `given`, and make sure that it changes none."""
    copies = [
        {n: a.copy() for n, a in v.items()} if isinstance(v, dict) else v.copy() for v in given
    ]
    returned = function(*copies)
    for before, after in zip(given, copies, strict=True):
        pairs = [(before, after)]
        if isinstance(before, dict):
            pairs = [(value, after.get(name)) for name, value in before.items()]
        same = all(np.array_equal(a, b) for a, b in pairs)
        assert same, "your function changed its arguments in place: `a = a + b`, not `a += b`"
    return returned


def close(got, right):
    """Whether two arrays agree, at the precision of `got` and relative to the largest entry."""
    got, right = np.asarray(got), np.asarray(right)
    rtol = 1e-3 if got.dtype == np.float32 else 1e-6
    largest = np.abs(right).max(initial=0) or 1
    return bool(np.allclose(got, right, rtol=rtol, atol=rtol * largest))


def several(returned, names):
    """Return what a function returned by name, or say what came instead."""
    came = f"{len(returned)} things" if isinstance(returned, (tuple, list)) else "one thing"
    right = isinstance(returned, (tuple, list)) and len(returned) == len(names)
    assert right, f"return {', '.join(names)}; yours returns {came}"
    return dict(zip(names, returned, strict=True))


def named(returned, names, params):
    """Return what a backward pass returned by name, or say what is wrong with its form."""
    found = several(returned, (*names, "grads"))
    grads = found.pop("grads")
    assert isinstance(grads, dict), f"grads should be a dict; yours is a {type(grads).__name__}"
    missing = [name for name in params if name not in grads]
    assert not missing, f"grads has no entry for {', '.join(missing)}; its keys are {list(grads)}"
    for name, value in params.items():
        shape = np.shape(grads[name])
        assert shape == value.shape, f'grads["{name}"] should be {value.shape}; yours is {shape}'
    by_name = {name: np.array(a) for name, a in found.items()}
    return by_name | {f'grads["{name}"]': np.array(grads[name]) for name in params}


def compare_by_hand(got, answers, slips):
    """Compare single numbers with those found by hand; say which slip gives another one."""
    for name, right in answers.items():
        number = np.asarray(got[name]).item()
        known = [says for (of, n), says in slips.items() if of == name and abs(number - n) < 6e-5]
        cause = "".join(f"{says}\n" for says in known)
        message = f"{cause}by hand {name} is {right:.4f}; yours is {number:.4f}"
        assert np.isclose(number, right, atol=1e-5), message


def differences(loss, given, claimed):
    """Print how far claimed gradients are from differences of the loss, for each array given.

    given maps names to float64 arrays, which are moved entry by entry and put back.
    """
    for name, value in given.items():
        numeric = np.zeros(value.shape)
        for index in np.ndindex(value.shape):
            kept = value[index]
            value[index] = kept + 1e-5
            above = loss()
            value[index] = kept - 1e-5
            numeric[index] = (above - loss()) / 2e-5
            value[index] = kept
        largest = max(np.abs(numeric).max(), np.abs(claimed[name]).max()) or 1
        print(f"{name:14} {np.abs(claimed[name] - numeric).max() / largest:.0e}")


# %% [markdown]
# ## Part 1: one step of the LSTM (16 points)
#
# Write `lstm_step`: all five equations, for all rows of the batch at once. Return the state first, then the cell state.
#
# ### One unit by hand
#
# `x_t = 1`, `h_prev = 0.5`, `c_prev = 2`; the blocks of `W_xh` are 0.4, 0.6, 0.5, those of `W_hh` 0.2, 0.4, -0.6, those of `b` -0.7, 0.2, -0.8; `p_f = 0.3` and `p_o = 0.5`.
#
# 1. The forget gate: 0.4 + 0.1 + 0.3 · 2 - 0.7 = 0.4, and σ(0.4) = 0.5987.
# 2. The candidate: 0.6 + 0.2 + 0.2 = 1.0, and tanh(1.0) = 0.7616.
# 3. The cell state: 0.5987 · 2 + 0.4013 · 0.7616 = 1.1974 + 0.3056 = 1.5030.
# 4. The output gate looks at *this*: 0.5 - 0.3 + 0.5 · 1.5030 - 0.8 = 0.1515, and σ(0.1515) = 0.5378.
# 5. The state: 0.5378 · tanh(1.5030) = 0.5378 · 0.9057 = 0.4871.


# %% nbgrader={"grade": false, "grade_id": "lstm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_step(x_t, h_prev, c_prev, params):
    """Return h_t (B, H) and c_t (B, H) from x_t (B, D), h_prev (B, H) and c_prev (B, H)."""
    ### BEGIN SOLUTION
    a = x_t @ params["W_xh"] + h_prev @ params["W_hh"] + params["b"]
    a_f, a_g, a_o = np.split(a, 3, axis=1)
    f = sigmoid(a_f + params["p_f"] * c_prev)
    c_t = f * c_prev + (1 - f) * np.tanh(a_g)
    o = sigmoid(a_o + params["p_o"] * c_t)
    return o * np.tanh(c_t), c_t
    ### END SOLUTION


# %% [markdown]
# Special cases: the example by hand; a forget gate that is wide open, which keeps the cell state for ever, and one that is shut, which replaces it; no weights at all; and peepholes alone.

# %% nbgrader={"grade": true, "grade_id": "lstm_visible", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand, and what it would give with a slip.
by_hand = {
    "W_xh": np.array([[0.4, 0.6, 0.5]]),
    "W_hh": np.array([[0.2, 0.4, -0.6]]),
    "b": np.array([-0.7, 0.2, -0.8]),
    "p_f": np.array([0.3]),
    "p_o": np.array([0.5]),
}
slips = {
    ("c_t", 1.2586): "f keeps the old, 1 - f lets in the new",
    ("c_t", 1.9590): "the candidate is multiplied by 1 - f",
    ("c_t", 1.6533): "the candidate is multiplied by 1 - f, not by f",
    ("c_t", 2.3056): "c_prev is multiplied by f",
    ("c_t", 0.3056): "c_prev does not enter c_t",
    ("c_t", 1.3191): "the forget gate does not see c_prev",
    ("h_t", 0.3209): "the output gate does not see c_t",
    ("h_t", 0.5422): "the output gate sees c_t, not c_prev",
    ("c_t", 1.6161): "p_f and p_o are swapped",
    ("h_t", 0.4196): "the output gate sees c_t itself, not its tanh",
    ("c_t", 1.3653): "a peephole looks at the cell state, not at h_prev",
    ("c_t", 2.0621): "the peephole stands inside the sigmoid",
    ("c_t", 1.5673): "the candidate has no peephole",
    ("c_t", 1.4908): "the candidate is a tanh",
    ("c_t", 1.2321): "the forget gate is a sigmoid",
    ("h_t", 0.8083): "h_t = o * tanh(c_t); the tanh is missing",
    ("h_t", 0.5185): "h_t is read from c_t, not from c_prev",
    ("c_t", 0.9057): "c_t goes on as it is, without a tanh",
    ("c_t", 1.6664): "the bias is missing",
    ("c_t", 1.3300): "the bias is added once",
    ("c_t", 1.4315): "h_prev does not enter",
    ("c_t", 1.1900): "x_t does not enter",
    ("c_t", 0.4871): "return h_t first, then c_t",
    ("c_t", 0.9819): "the blocks stand in the order f, g, o",
    ("c_t", 1.6309): "the blocks stand in the order f, g, o",
    ("c_t", 0.9013): "the blocks stand in the order f, g, o",
    ("c_t", 1.5738): "the blocks stand in the order f, g, o",
    ("c_t", 1.3808): "the blocks stand in the order f, g, o",
}
one, half, two = np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]])
mine = several(called(lstm_step, one, half, two, by_hand), ("h_t", "c_t"))
for name, value in mine.items():
    assert np.shape(value) == (1, 1), f"{name} should have shape (1, 1), not {np.shape(value)}"
compare_by_hand(mine, {"c_t": 1.503012, "h_t": 0.487085}, slips)

# 2. With b_f = 40 all is kept and nothing let in; with b_f = -40 the candidate replaces all.
rng = np.random.default_rng(1)
x_t, h_prev, c_prev = rng.normal(size=(3, 4)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
params = random_params(4, 5, peepholes=True)
forget = np.repeat([1.0, 0.0, 0.0], 5)
wide = params | {"b": params["b"] + 40 * forget}
c_t = np.array(called(lstm_step, x_t, h_prev, c_prev, wide)[1])
assert close(c_t, c_prev), "with the forget gate open, c_t should be c_prev"
shut = params | {"b": params["b"] - 40 * forget}
c_t = np.array(called(lstm_step, x_t, h_prev, c_prev, shut)[1])
candidate = np.tanh((x_t @ params["W_xh"] + h_prev @ params["W_hh"] + params["b"])[:, 5:10])
assert close(c_t, candidate), "with the forget gate shut, c_t should be the candidate g"
# 3. All weights, biases and peepholes zero: every gate is one half.
nothing = {name: 0 * value for name, value in params.items()}
mine = several(called(lstm_step, x_t, h_prev, c_prev, nothing), ("h_t", "c_t"))
assert close(mine["c_t"], c_prev / 2), "with zero weights, c_t should be c_prev / 2"
assert close(mine["h_t"], np.tanh(c_prev / 2) / 2), "and h_t half of tanh(c_t)"
# 4. The same with peepholes: each unit's gates look at its own cell state, not at all of them.
look = nothing | {"p_f": params["p_f"], "p_o": params["p_o"]}
mine = several(called(lstm_step, x_t, h_prev, c_prev, look), ("h_t", "c_t"))
c_t = sigmoid(params["p_f"] * c_prev) * c_prev
assert close(mine["c_t"], c_t), "with peepholes alone, c_t should be sigmoid(p_f * c_prev) * c_prev"
h_t = sigmoid(params["p_o"] * c_t) * np.tanh(c_t)
assert close(mine["h_t"], h_t), "and h_t should be sigmoid(p_o * c_t) * tanh(c_t)"
4  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "lstm_hidden", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 1 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a5

a5.grade("lstm", globals(), points=12)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2: the step backward (22 points)
#
# Write `lstm_step_backward`. `dh_t` and `dc_t` are what arrives at $h_t$ and $c_t$ from outside. The gates are not given: compute them again from what the step was given.
#
# Ask of every number who reads it. $c_t$ has three readers in its own step or outside of it: the tanh in $h_t$, the output gate's peephole, and whoever sends `dc_t`. $c_{t-1}$ has two, $f_t$ has two, and $h_{t-1}$ has three. What arrives from all of them adds up, and only then goes on.


# %% nbgrader={"grade": false, "grade_id": "lstm_back", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params):
    """Return dx_t (B, D), dh_prev (B, H), dc_prev (B, H) and grads, a dict with params' keys.

    dh_t (B, H) and dc_t (B, H) arrive at what lstm_step returned for the other arguments.
    """
    ### BEGIN SOLUTION
    W_xh, W_hh, p_f, p_o = (params[name] for name in ("W_xh", "W_hh", "p_f", "p_o"))
    # Forward once more.
    a_f, a_g, a_o = np.split(x_t @ W_xh + h_prev @ W_hh + params["b"], 3, axis=1)
    f, g = sigmoid(a_f + p_f * c_prev), np.tanh(a_g)
    c_t = f * c_prev + (1 - f) * g
    o, squashed = sigmoid(a_o + p_o * c_t), np.tanh(c_t)
    # And back: the output gate first, since c_t waits for its peephole.
    da_o = dh_t * squashed * o * (1 - o)
    dc = dc_t + dh_t * o * (1 - squashed**2) + da_o * p_o  # all that arrives at c_t
    da_f = dc * (c_prev - g) * f * (1 - f)
    da_g = dc * (1 - f) * (1 - g**2)
    da = np.concatenate([da_f, da_g, da_o], axis=1)
    grads = {
        "W_xh": x_t.T @ da,
        "W_hh": h_prev.T @ da,
        "b": da.sum(axis=0),
        "p_f": (da_f * c_prev).sum(axis=0),
        "p_o": (da_o * c_t).sum(axis=0),
    }
    return da @ W_xh.T, da @ W_hh.T, dc * f + da_f * p_f, grads
    ### END SOLUTION


# %% [markdown]
# Three special cases: the example by hand again, with `dh_t = 1` and `dc_t = 0.5`; a forget gate that is wide open, through which what arrives at the cell state passes untouched; and a batch of three, which gives the sum of what its rows give alone.

# %% nbgrader={"grade": true, "grade_id": "lstm_back_visible", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# What the tests below use: the example by hand, and random arrays of three rows.
one, half, two = np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]])
by_hand = {
    "W_xh": np.array([[0.4, 0.6, 0.5]]),
    "W_hh": np.array([[0.2, 0.4, -0.6]]),
    "b": np.array([-0.7, 0.2, -0.8]),
    "p_f": np.array([0.3]),
    "p_o": np.array([0.5]),
}
rng = np.random.default_rng(1)
x_t, h_prev, c_prev = rng.normal(size=(3, 4)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
dh_t, dc_t = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
params = random_params(4, 5, peepholes=True)

# 1. The example by hand. What it would give with a slip stands in the table.
answers = {
    'grads["b"], block o': 0.225128,
    'grads["b"], block g': 0.119533,
    'grads["b"], block f': 0.211022,
    "dc_prev": 0.487908,
    "dh_prev": -0.045060,
    "dx_t": 0.268692,
    'grads["p_f"]': 0.422043,
    'grads["p_o"]': 0.338371,
}
slips = {
    ('grads["b"], block o', 0.1164): "the slope of a gate s is s * (1 - s), not a * (1 - a)",
    ('grads["b"], block o', 0.9057): "the slope of the sigmoid is missing",
    ('grads["b"], block o', 0.6437): "the slope of a gate s is s * (1 - s)",
    ('grads["b"], block o', 0.2072): "the output gate, computed again, has no peephole",
    ('grads["b"], block o', 0.2176): "the output gate, computed again, sees c_t, not c_prev",
    ('grads["b"], block o', 0.2164): "the forget gate, computed again, has no peephole",
    ('grads["b"], block o', 0.1195): "the blocks stand in the order f, g, o",
    ('grads["b"], block o', 0.3736): "the output gate multiplied tanh(c_t), not c_t",
    ('grads["b"], block g', 0.1032): "what arrives at h_t goes on to c_t",
    ('grads["b"], block g', 0.1006): "c_t has one reader more: the output gate, through p_o",
    ('grads["b"], block g', 0.1385): "to c_t through the output gate's peephole: times p_o",
    ('grads["b"], block g', 0.1769): "the peephole stands inside the sigmoid: da_o * p_o",
    ('grads["b"], block g', 0.0353): "dc_t is not used",
    ('grads["b"], block g', -0.0109): "the slope at the output is 1 - tanh(c_t)**2",
    ('grads["b"], block g', 0.1939): "from h_t to c_t the slope of the tanh is missing",
    ('grads["b"], block g', 0.1335): "from h_t to c_t the factor o is missing",
    ('grads["b"], block g', 0.1783): "the candidate entered with 1 - f, not with f",
    ('grads["b"], block g', 0.2979): "the candidate entered with 1 - f",
    ('grads["b"], block g', 0.2846): "the slope of the candidate is missing",
    ('grads["b"], block g', 0.0517): "the candidate is a tanh: its slope is 1 - g**2",
    ('grads["b"], block f', 0.3408): "f stands in 1 - f too: dc * (c_prev - g)",
    ('grads["b"], block f', -0.1298): "f multiplies c_prev too: dc * (c_prev - g)",
    ('grads["b"], block f', 0.4706): "1 - f brings a minus: dc * (c_prev - g)",
    ("dc_prev", 0.4246): "c_prev has one reader more: the forget gate, through p_f",
    ("dc_prev", 0.6881): "the peephole stands inside the sigmoid: da_f * p_f",
    ("dc_prev", 0.6356): "to c_prev through the forget gate's peephole: times p_f",
    ("dc_prev", 0.7873): "dc_t is in dc already; it is added twice",
    ("dc_prev", 0.7725): "c_prev was multiplied by f",
    ("dc_prev", 0.3627): "start from all that arrives at c_t, not from dc_t",
    ("dh_prev", 0.0422): "all three blocks saw h_prev",
    ("dh_prev", 0.0478): "all three blocks saw h_prev",
    ("dh_prev", -0.1351): "all three blocks saw h_prev",
    ("dc_prev", -0.0451): "dx_t comes first, then dh_prev, then dc_prev",
    ('grads["p_o"]', 0.2039): "the output gate looked at c_t itself, not at its tanh",
    ('grads["p_o"]', 0.4503): "the output gate looked at c_t",
    ('grads["p_f"]', 0.3172): "the forget gate looked at c_prev",
    ('grads["p_f"]', 0.0000): "the peepholes learn too",
}
names = ("dx_t", "dh_prev", "dc_prev")


def gates_of_b(mine):
    """Name single numbers: of the blocks in grads["b"], those of f, g and o."""
    blocks = dict(zip("fgo", np.split(mine['grads["b"]'], 3), strict=True))
    return mine | {f'grads["b"], block {gate}': value for gate, value in blocks.items()}


returned = called(lstm_step_backward, one, half, one, half, two, by_hand)
mine = gates_of_b(named(returned, names, by_hand))
compare_by_hand(mine, answers, slips)

# 2. With the forget gate open and nothing arriving at h_t, dc_prev is dc_t.
wide = params | {"b": params["b"] + 40 * np.repeat([1.0, 0.0, 0.0], 5)}
returned = called(lstm_step_backward, 0 * dh_t, dc_t, x_t, h_prev, c_prev, wide)
mine = named(returned, names, params)
assert close(mine["dc_prev"], dc_t), "with the forget gate open, dc_prev should be dc_t"
assert close(mine["dx_t"], 0 * x_t), "with the forget gate open, nothing should reach x_t"

# 3. Three rows give the sum of what each gives alone.
given = dh_t, dc_t, x_t, h_prev, c_prev
together = named(called(lstm_step_backward, *given, params), names, params)
alone = [
    named(called(lstm_step_backward, *(a[i : i + 1] for a in given), params), names, params)
    for i in range(3)
]
for name in together:
    rows = [row[name] for row in alone]
    right = sum(rows) if name.startswith("grads") else np.concatenate(rows)
    assert close(together[name], right), f"{name}: three rows should give what each gives alone"
4  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "lstm_back_hidden", "locked": true, "points": 18, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 2 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a5

a5.grade("lstm_back", globals(), points=18)
### END HIDDEN TESTS

# %% [markdown]
# Differences of your own `lstm_step` tell whether your two functions fit together, for three rows, four inputs and five units. This cell earns nothing; errors should be below `1e-8`, or far above where you compute in `float32`: a difference of such numbers has few digits. Change it as you like.

# %%
given = {"dx_t": x_t, "dh_prev": h_prev, "dc_prev": c_prev}
given |= {f'grads["{name}"]': value for name, value in params.items()}
claimed = named(lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params), names, params)


def loss_of_a_step():
    h_t, c_t = lstm_step(x_t, h_prev, c_prev, params)
    return np.sum(dh_t * h_t) + np.sum(dc_t * c_t)


differences(loss_of_a_step, given, claimed)

# %% [markdown]
# ## Part 3: there and back (17 points)
#
# Write `lstm_there_and_back`: run the step over all `T` steps from `h0` and `c0`, then go back.
# `dh[:, t]` and `dc[:, t]` arrive at $h_t$ and $c_t$ from outside, at every step; step `t + 1` hands back more.
# Return `h` and `c`, the gradients at `x`, `h0` and `c0`, and `grads`, added up over time.
# For `T = 0` nothing happens: no states, and all gradients are zero.


# %% nbgrader={"grade": false, "grade_id": "sequence", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lstm_there_and_back(dh, dc, x, h0, c0, params):
    """Return h, c (B, T, H), dx (B, T, D), dh0, dc0 (B, H) and grads, a dict with params' keys.

    dh and dc (B, T, H) are what arrives at every h_t and c_t from outside.
    """
    ### BEGIN SOLUTION
    (B, T, _), H = x.shape, h0.shape[1]
    h, c = np.zeros((B, T, H), dtype=h0.dtype), np.zeros((B, T, H), dtype=c0.dtype)
    h_t, c_t = h0, c0
    for t in range(T):
        h_t, c_t = lstm_step(x[:, t], h_t, c_t, params)
        h[:, t], c[:, t] = h_t, c_t
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(T)):
        before = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        arriving = dh[:, t] + dh_next, dc[:, t] + dc_next
        dx[:, t], dh_next, dc_next, more = lstm_step_backward(*arriving, x[:, t], *before, params)
        for name in grads:
            grads[name] += more[name]
    return h, c, dx, dh_next, dc_next, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "sequence_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
WHOLE = ("h", "c", "dx", "dh0", "dc0")
rng = np.random.default_rng(2)
params = random_params(4, 5, peepholes=True, seed=2)
dh, dc, x = rng.normal(size=(3, 6, 5)), rng.normal(size=(3, 6, 5)), rng.normal(size=(3, 6, 4))
h0, c0 = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
mine = named(called(lstm_there_and_back, dh, dc, x, h0, c0, params), WHOLE, params)
for name, like in {"h": dh, "c": dc, "dx": x, "dh0": h0, "dc0": c0}.items():
    assert mine[name].shape == like.shape, f"{name} should be {like.shape}; not {mine[name].shape}"

# 1. The first step starts from h0 and c0, the second from the first.
first = lstm_step(x[:, 0].copy(), h0.copy(), c0.copy(), params)
second = lstm_step(x[:, 1].copy(), *(np.array(a) for a in first), params)
for t, (h_t, c_t) in enumerate((first, second)):
    assert close(mine["h"][:, t], h_t), f"h[:, {t}] should be what step {t} gives"
    assert close(mine["c"][:, t], c_t), f"c[:, {t}] should be what step {t} gives"

# 2. One step back is Part 2; with nothing behind it the last step is, too.
one_step = named(lstm_there_and_back(dh[:, :1], dc[:, :1], x[:, :1], h0, c0, params), WHOLE, params)
given = dh[:, 0], dc[:, 0], x[:, 0], h0, c0
returned = lstm_step_backward(*(a.copy() for a in given), params)
by_step = named(returned, ("dx", "dh0", "dc0"), params)
for name, right in (by_step | {"dx": by_step["dx"][:, None]}).items():
    assert close(one_step[name], right), f"T = 1: {name} should be what your step backward gives"
given = dh[:, 5], dc[:, 5], x[:, 5], mine["h"][:, 4], mine["c"][:, 4]
last = lstm_step_backward(*(a.copy() for a in given), params)
assert close(mine["dx"][:, 5], last[0]), "dx[:, 5] should be what your step backward gives there"

# 3. Two halves: what the second one hands back arrives at the end of the first.
half_way = mine["h"][:, 2], mine["c"][:, 2]
later = named(lstm_there_and_back(dh[:, 3:], dc[:, 3:], x[:, 3:], *half_way, params), WHOLE, params)
early_dh, early_dc = dh[:, :3].copy(), dc[:, :3].copy()
early_dh[:, 2] += later["dh0"]
early_dc[:, 2] += later["dc0"]
early = named(lstm_there_and_back(early_dh, early_dc, x[:, :3], h0, c0, params), WHOLE, params)
for name in mine:
    when = f"{name}: steps 3 to 5, then 0 to 2, should give what all six steps give"
    if name.startswith("grads"):
        assert close(early[name] + later[name], mine[name]), when
    elif name in ("dh0", "dc0"):
        assert close(early[name], mine[name]), when
    else:
        assert close(np.concatenate([early[name], later[name]], axis=1), mine[name]), when

# 4. No steps at all.
empty = named(lstm_there_and_back(dh[:, :0], dc[:, :0], x[:, :0], h0, c0, params), WHOLE, params)
assert empty["h"].shape == (3, 0, 5), f"T = 0: h should be (3, 0, 5), not {empty['h'].shape}"
zero = all(not value.any() for name, value in empty.items())
assert zero, "T = 0: all gradients should be zero"
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "sequence_hidden", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of Part 3 run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a5

a5.grade("sequence", globals(), points=14)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4: the GRU that resets first (30 points)
#
# Write `gru_step` and `gru_step_backward`.
#
# ### One unit by hand
#
# `x_t = 1`, `h_prev = 2`; the blocks of `W_xh` are 0.2, 0.3, 0.5, those of `W_hh` 0.25, -0.5, 0.4, those of `b` -0.3, 0.4, -0.2.
#
# 1. The reset gate: 0.2 + 0.5 - 0.3 = 0.4, and σ(0.4) = 0.5987. What is left of the state: 0.5987 · 2 = 1.1974.
# 2. The share let in: 0.3 - 0.5 · 1.1974 + 0.4 = 0.1013, and σ(0.1013) = 0.5253.
# 3. The candidate: 0.5 + 0.4 · 1.1974 - 0.2 = 0.7790, and tanh(0.7790) = 0.6521.
# 4. The state: 0.4747 · 2 + 0.5253 · 0.6521 = 0.949 + 0.343 = 1.292.


# %% nbgrader={"grade": false, "grade_id": "gru", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gru_step(x_t, h_prev, params):
    """Return h_t (B, H) from x_t (B, D) and h_prev (B, H)."""
    ### BEGIN SOLUTION
    u_r, u_z, u_n = np.split(x_t @ params["W_xh"] + params["b"], 3, axis=1)
    W_hr, W_hz, W_hn = np.split(params["W_hh"], 3, axis=1)
    s = sigmoid(u_r + h_prev @ W_hr) * h_prev  # what is left after the reset
    z = sigmoid(u_z + s @ W_hz)
    return (1 - z) * h_prev + z * np.tanh(u_n + s @ W_hn)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "gru_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 1. The example by hand, and what it would give with a slip.
one, two = np.array([[1.0]]), np.array([[2.0]])
gru_by_hand = {
    "W_xh": np.array([[0.2, 0.3, 0.5]]),
    "W_hh": np.array([[0.25, -0.5, 0.4]]),
    "b": np.array([-0.3, 0.4, -0.2]),
}
slips = {
    ("h_t", 1.4264): "z and n both see s, what is left after the reset",
    ("h_t", 1.4895): "nothing is reset",
    ("h_t", 1.3699): "the candidate sees s, what is left after the reset",
    ("h_t", 1.1686): "the state is multiplied by r, not by 1 - r",
    ("h_t", 1.4693): "the reset multiplies the state, not the input",
    ("h_t", 0.9109): "h_prev itself is kept, not the reset state",
    ("h_t", 1.3602): "z is the share that is let in",
    ("h_t", 1.6015): "the candidate is multiplied by z",
    ("h_t", 2.3426): "h_prev is multiplied by 1 - z",
    ("h_t", 1.3095): "the candidate is a tanh",
    ("h_t", 1.8639): "z is a sigmoid",
    ("h_t", 1.4993): "the bias is missing",
    ("h_t", 1.2169): "the reset gate sees h_prev",
    ("h_t", 0.6983): "the blocks stand in the order r, z, n",
    ("h_t", 1.2422): "the blocks stand in the order r, z, n",
    ("h_t", 0.8348): "the blocks stand in the order r, z, n",
    ("h_t", 0.7638): "the blocks stand in the order r, z, n",
    ("h_t", 1.1559): "the blocks stand in the order r, z, n",
}
mine = np.asarray(called(gru_step, one, two, gru_by_hand))
assert mine.shape == (1, 1), f"h_t should have shape (1, 1) here, not {mine.shape}"
compare_by_hand({"h_t": mine}, {"h_t": 1.291941}, slips)

# 2. A share of 0 keeps the state; a share of 1 replaces it by the candidate.
rng = np.random.default_rng(3)
params = random_params(4, 5, peepholes=False, seed=3)
x_t, h_prev = rng.normal(size=(3, 4)), rng.normal(size=(3, 5))
share, reset = np.repeat([0.0, 1.0, 0.0], 5), np.repeat([1.0, 0.0, 0.0], 5)
h_t = np.array(called(gru_step, x_t, h_prev, params | {"b": params["b"] - 60 * share}))
assert close(h_t, h_prev), "with z = 0, h_t should be h_prev"
# All is reset: the candidate sees the input only.
alone = params | {"b": params["b"] - 60 * reset + 60 * share}
h_t = np.array(called(gru_step, x_t, h_prev, alone))
right = np.tanh((x_t @ params["W_xh"] + params["b"])[:, 10:])
assert close(h_t, right), "with r = 0 and z = 1, h_t should be tanh(x_t W_xn + b_n)"
# Nothing is reset and all let in: the candidate sees the whole state.
open_ = params | {"b": params["b"] + 60 * reset + 60 * share}
h_t = np.array(called(gru_step, x_t, h_prev, open_))
right = np.tanh((x_t @ params["W_xh"] + params["b"] + h_prev @ params["W_hh"])[:, 10:])
assert close(h_t, right), "with r = 1 and z = 1, h_t should be tanh(x_t W_xn + h_prev W_hn + b_n)"
# Reset, the state does not reach z either.
numb = params | {"b": params["b"] - 60 * reset}
from_input = x_t @ params["W_xh"] + params["b"]
z, n = sigmoid(from_input[:, 5:10]), np.tanh(from_input[:, 10:])
message = "with r = 0, z should be sigmoid(x_t W_xz + b_z): it sees the reset state too"
assert close(called(gru_step, x_t, h_prev, numb), (1 - z) * h_prev + z * n), message
# Some units are reset and some are not: what is reset is the state, not what a product gives.
some = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
mixed = params | {"b": params["b"] + 60 * np.concatenate([2 * some - 1, np.zeros(10)])}
both = from_input + (some * h_prev) @ params["W_hh"]
z, n = sigmoid(both[:, 5:10]), np.tanh(both[:, 10:])
message = "with r = 1 in some units and 0 in others: r multiplies h_prev before the products"
assert close(called(gru_step, x_t, h_prev, mixed), (1 - z) * h_prev + z * n), message
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "gru_hidden", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of the step run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a5

a5.grade("gru", globals(), points=8)
### END HIDDEN TESTS

# %% [markdown]
# And back. $h_{t-1}$ has three readers: the mixture, the reset gate, and the product $s_t$. $s_t$ itself has two.


# %% nbgrader={"grade": false, "grade_id": "gru_back", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gru_step_backward(dh_t, x_t, h_prev, params):
    """Return dx_t (B, D), dh_prev (B, H) and grads, a dict with params' keys.

    dh_t (B, H) arrives at what gru_step returned for the other arguments.
    """
    ### BEGIN SOLUTION
    W_xh, (W_hr, W_hz, W_hn) = params["W_xh"], np.split(params["W_hh"], 3, axis=1)
    # Forward once more.
    u_r, u_z, u_n = np.split(x_t @ W_xh + params["b"], 3, axis=1)
    r = sigmoid(u_r + h_prev @ W_hr)
    s = r * h_prev
    z, n = sigmoid(u_z + s @ W_hz), np.tanh(u_n + s @ W_hn)
    # And back: from the mixture to z and n, from these to s, from s to r and h_prev.
    da_z = dh_t * (n - h_prev) * z * (1 - z)
    da_n = dh_t * z * (1 - n**2)
    ds = da_z @ W_hz.T + da_n @ W_hn.T
    da_r = ds * h_prev * r * (1 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    into_state = [h_prev.T @ da_r, s.T @ da_z, s.T @ da_n]  # what each block multiplied
    grads = {"W_xh": x_t.T @ da, "W_hh": np.concatenate(into_state, axis=1), "b": da.sum(axis=0)}
    return da @ W_xh.T, dh_t * (1 - z) + ds * r + da_r @ W_hr.T, grads
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "gru_back_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# What the tests below use: the example by hand, and random arrays of three rows.
one, two = np.array([[1.0]]), np.array([[2.0]])
gru_by_hand = {
    "W_xh": np.array([[0.2, 0.3, 0.5]]),
    "W_hh": np.array([[0.25, -0.5, 0.4]]),
    "b": np.array([-0.3, 0.4, -0.2]),
}
rng = np.random.default_rng(3)
params = random_params(4, 5, peepholes=False, seed=3)
x_t, h_prev, dh_t = (rng.normal(size=(3, size)) for size in (4, 5, 5))

# 1. The example by hand, with dh_t = 1.
answers = {
    'grads["b"], block z': -0.336111,
    'grads["b"], block n': 0.301926,
    'grads["b"], block r': 0.138787,
    "dh_prev": 0.682307,
    "dx_t": 0.077887,
    'grads["W_hh"], block r': 0.277574,
    'grads["W_hh"], block z': -0.402451,
    'grads["W_hh"], block n': 0.361518,
}
slips = {
    ('grads["b"], block z', 0.1626): "1 - z multiplies h_prev: dh_t * (n - h_prev)",
    ('grads["b"], block z', 0.3361): "more z, more of n: dh_t * (n - h_prev)",
    ('grads["b"], block z', -0.3295): "z, computed again, sees s, not h_prev",
    ('grads["b"], block z', -1.3479): "the slope of z is missing",
    ('grads["b"], block z', -0.1227): "the slope of z is z * (1 - z)",
    ('grads["b"], block n', 0.5253): "the slope of the candidate is missing",
    ('grads["b"], block n', 0.1192): "the candidate is a tanh: its slope is 1 - n**2",
    ('grads["b"], block n', 0.2728): "the candidate entered with z",
    ('grads["b"], block r', 0.5777): "the slope of r is missing",
    ('grads["b"], block r', 0.3819): "the slope of z comes before its way to s: da_z @ W_hz.T",
    ('grads["b"], block r', 0.0831): "r multiplied h_prev, not s",
    ('grads["b"], block r', 0.0580): "s has two readers: z and n",
    ('grads["b"], block r', 0.0808): "s has two readers: z and n",
    ("dh_prev", 0.2076): "h_prev is also kept, with the share 1 - z",
    ("dh_prev", 0.7329): "the share that is kept is 1 - z",
    ("dh_prev", 0.5094): "h_prev is a factor of s",
    ("dh_prev", 0.9711): "z and n saw s: only r's block leads to h_prev directly",
    ("dh_prev", 0.7982): "h_prev was multiplied by r",
    ("dh_prev", 0.6476): "r was made of h_prev too",
    ("dh_prev", 0.0779): "dx_t comes first, then dh_prev",
    ('grads["W_hh"], block z', -0.6722): "z and n were made of s, not of h_prev",
    ('grads["W_hh"], block r', 0.1662): "r was made of h_prev, not of s",
}
names = ("dx_t", "dh_prev")
mine = named(called(gru_step_backward, one, one, two, gru_by_hand), names, gru_by_hand)
for key in ("b", "W_hh"):
    blocks = dict(zip("rzn", np.split(mine[f'grads["{key}"]'], 3, axis=-1), strict=True))
    mine |= {f'grads["{key}"], block {gate}': value for gate, value in blocks.items()}
compare_by_hand(mine, answers, slips)

# 2. A share of 0: what arrives passes untouched, and nothing else learns.
shut = params | {"b": params["b"] - 60 * np.repeat([0.0, 1.0, 0.0], 5)}
mine = named(called(gru_step_backward, dh_t, x_t, h_prev, shut), names, params)
assert close(mine["dh_prev"], dh_t), "with z = 0, dh_prev should be dh_t"
assert close(mine["dx_t"], 0 * x_t), "with z = 0, nothing should reach x_t"

# 3. Three rows give the sum of what each gives alone.
together = named(called(gru_step_backward, dh_t, x_t, h_prev, params), names, params)
given = dh_t, x_t, h_prev
alone = [
    named(called(gru_step_backward, *(a[i : i + 1] for a in given), params), names, params)
    for i in range(3)
]
for name in together:
    rows = [row[name] for row in alone]
    right = sum(rows) if name.startswith("grads") else np.concatenate(rows)
    assert close(together[name], right), f"{name}: three rows should give what each gives alone"
3  # all of the above held

# %% nbgrader={"grade": true, "grade_id": "gru_back_hidden", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
# Hidden tests of the step backward run here when we grade.
### BEGIN HIDDEN TESTS
from course_tools.assignments import a5

a5.grade("gru_back", globals(), points=16)
### END HIDDEN TESTS

# %% [markdown]
# Differences of your own `gru_step`, as in Part 2.

# %%
given = {"dx_t": x_t, "dh_prev": h_prev}
given |= {f'grads["{name}"]': value for name, value in params.items()}
claimed = named(gru_step_backward(dh_t, x_t, h_prev, params), names, params)
differences(lambda: np.sum(dh_t * gru_step(x_t, h_prev, params)), given, claimed)

# %% [markdown]
# ## Part 5: explain (15 points, read by a person)
#
# Answer in the cell below, in 150 to 300 words. Formulas are welcome.
#
# 1. **What coupling costs.** Count the parameters of your LSTM and of the one of lesson 05, both with `D` inputs and `H` units. An LSTM with two gates can do two things that the coupled one cannot: name both, and say for one of them what it would be good for. Between which values does every entry of `c_t` lie if those of `c0` lie between -1 and 1, and what does lesson 05's cell do here? (6 points)
# 2. **What a peephole sees.** Let the output gate of an LSTM *without* peepholes be shut, $o_{t-1} \approx 0$. What do the gates of step $t$ know of $c_{t-1}$? And with peepholes? On the way back: write the derivative of $c_t$ with respect to $c_{t-1}$ within one step, $h_{t-1}$ held fixed, for your cell, and say which of its terms lesson 05's cell (without peepholes) does not have. (5 points)
# 3. **Where the reset stands.** Let $r_t = 0$ in all units. What is $h_t$ in your GRU, and what of $h_{t-1}$ does it still hold? What is different in lesson 06's GRU with the reset before the product, apart from which share its $z$ is? (4 points)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explanation", "locked": false, "points": 15, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# **What coupling costs.** Lesson 05: $4(DH + H^2 + H)$. Here: $3(DH + H^2 + H) + 2H$. Two gates can keep all and let in all at once ($f = i = 1$), so that the cell counts or sums without bound; and they can forget without letting anything in ($f = i = 0$), which empties the cell. The first is good for counting brackets, say. Coupled, $c_t$ is a mean of $c_{t-1}$ and $g_t$, weighted with $f_t$ and $1 - f_t$: if both lie between -1 and 1, so does $c_t$, always. Lesson 05's cell adds up and may leave every bound.
#
# **What a peephole sees.** With $o_{t-1} \approx 0$ the state $h_{t-1}$ is about 0 and holds nothing of $c_{t-1}$: without peepholes no gate of step $t$ knows what the cell holds, so it cannot tell when to open. With peepholes $f_t$ sees $c_{t-1}$ directly. Within one step $\partial c_t / \partial c_{t-1} = f_t + (c_{t-1} - g_t)\, f_t (1 - f_t)\, p_f$, a diagonal matrix. Lesson 05's has $f_t$ alone.
#
# **Where the reset stands.** With $r_t = 0$ the product $s_t$ is 0. So $n_t$ and $z_t$ depend on the input only, but $h_t = (1 - z_t) h_{t-1} + z_t n_t$ still holds the share $1 - z_t$ of the old state: the reset blinds the gates, it does not erase. In lesson 06's GRU $z_t$ sees the whole $h_{t-1}$ even then: how much is kept may depend on what is there.
# ### END SOLUTION

# %% [markdown]
# ## Before you hand in
#
# Choose *Restart kernel and run all cells*. It stops at the first part that is left out or fails a visible test.
# Then press *Validate* in the toolbar: it names all parts that fail.
# The cell below looks through what you have run for imports that are not allowed.
#
# Hand in this one file, under this name: `A5.ipynb`.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
check_imports(In)

# %% [markdown]
# **Where this comes from.** F. A. Gers and J. Schmidhuber (2000), *Recurrent nets that time and count*, IJCNN: peepholes, and what a shut output gate hides. K. Greff, R. K. Srivastava, J. Koutník, B. R. Steunebrink and J. Schmidhuber (2017), *LSTM: a search space odyssey*, IEEE Transactions on Neural Networks and Learning Systems 28(10): coupled gates and peepholes, left out one at a time. K. Cho et al. (2014), *Learning phrase representations using RNN encoder-decoder for statistical machine translation*, EMNLP: the reset gate. G.-B. Zhou, J. Wu, C.-L. Zhang and Z.-H. Zhou (2016), *Minimal gated unit for recurrent neural networks*, International Journal of Automation and Computing 13(3): how few gates will do.
