# ---
# jupyter:
#   course:
#     lesson: "02"
#     title: The vanilla RNN
#     minutes: 90
#     cpu_seconds: 30
#     peak_mib: 1024
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 · The vanilla RNN
#
# **What you can do afterwards**
#
# - write one step of a recurrent network, and the loop over a sequence, from memory, in NumPy;
# - read and draw a folded and an unrolled network, with the shape of every array;
# - set weights by hand so that a network remembers, without any training;
# - match an output activation with its loss, and say why they belong together;
# - tell one-to-many from many-to-one, and count the parameters of any of them on paper;
# - train the classic first model (embedding, RNN, one sigmoid) and judge it against an honest
#   baseline.
#
# **You need** lesson 00 (matrix shapes, row vectors, the three states of an exercise) and, from lesson
# 01, windows and honest baselines. Training is used here as a black box, `fit`; lesson 03 opens it.
# **Time:** about 90 minutes to read and predict, another hour for the exercises; about 20 seconds to
# run. If you have to choose: sections 1 to 5 and 10 to 12 are the core.
#
# There are eight exercises and a clinic. Each exercise has a check, which names the mistake when
# it knows it. Worked answers are in `solutions/02_vanilla_rnn.ipynb`. "Run all" works before you
# have written a line: an exercise that is not attempted says so.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from course_utils import plots, quiz, scorecard
from course_utils.checks import hand_set, networks, rnn
from course_utils.data import (
    Vocab,
    load_weather,
    one_hot,
    pad_sequences,
    parity_sequences,
    reviews,
    split_by_group,
    standardise,
    tokenize,
)
from course_utils.layers import embedding_forward, linear_forward, rnn_forward, rnn_step_forward
from course_utils.training import fit, over_seeds, set_threads

plots.use_style()
threads = set_threads()
# %% [markdown]
# ## 1 · One question, any number of observations
#
# It is the third of January 2012 in Seattle. You have three days of weather records and one
# question: will it be wet tomorrow?

# %%
weather = load_weather()
for day in range(3):
    record = ", ".join(
        f"{name} {value:g} {unit}"
        for name, value, unit in zip(weather.names, weather.features[day], weather.units)
    )
    print(f"{weather.dates[day]}: {record}")
print(f"wet on {weather.dates[3]}? {'yes' if weather.wet[3] else 'no'}")

# %% [markdown]
# Call the records $X_1, X_2, X_3$ and the answer $Y$. You want the probability
# $P(Y \mid X_1, X_2, X_3)$. Tomorrow you will have four records and want
# $P(Y \mid X_1, \dots, X_4)$. At the end of the year you will have 365.
#
# The plain way is one model for each number of days. A logistic regression that reads $i$ days of
# four features has $4i$ weights and a bias. Let us count what a year of such models costs.

# %%
D = weather.features.shape[1]
one_model_each = [D * i + 1 for i in range(1, 366)]
print(f"the model for   1 day  has {one_model_each[0]:>7,} parameters")
print(f"the model for 365 days has {one_model_each[-1]:>7,} parameters")
all_models = sum(one_model_each)
print(f"all 365 models have     {all_models:>10,} parameters")

# %% [markdown]
# A year costs 267,545 <!-- =all_models --> parameters, and it is worse than the number says. The
# model for 200 days learns nothing from the one for 199. Nobody is ready for day 366. And the same
# dry spell, one day later, falls on other weights: what was learned from it on day 40 does not help
# on day 41.
#
# We want **one** model for every $i$.
#
# ### What to carry along
#
# Think of somebody who keeps the *average* rain since New Year. She does not reread the whole
# diary each evening. She keeps two numbers, the count and the total. In the evening she adds today
# to them; when asked, she divides. That is all we need, in two functions:
#
# $$Z_i = f(Z_{i-1}, X_i), \qquad Y_i = h(Z_i).$$
#
# $Z_i$ is the **state**: everything that is remembered of $X_1, \dots, X_i$. The function $f$
# updates it and never changes. The function $h$ reads an answer from it, here ideally
# $h(Z_i) = P(Y \mid X_1, \dots, X_i)$; it is called the **readout**. $Z_0$ is the **initial state**,
# what is known before anything has come.


# %%
def update(state, x):  # f
    count, total = state
    return count + 1, total + x


def readout(state):  # h
    count, total = state
    return total / count


rain = weather.features[:, 0]
state = (0, 0.0)  # Z_0: nothing counted yet
for x in rain[:100]:
    state = update(state, x)
print(f"mean rain carried along for 100 days: {readout(state):.6f} mm")
print(f"mean rain from the whole diary:       {rain[:100].mean():.6f} mm")

# %% [markdown]
# The same two functions serve day 3, day 100 and day 366. But somebody has to choose what the state
# keeps. A mean gives every day the same weight and moves ever more slowly: rain on day 1 counts as
# much as rain today. Another choice is a mean that fades,
#
# $$z_i = (1 - a)\, z_{i-1} + a\, x_i, \qquad 0 < a \le 1.$$
#
# Put the formula for $z_{i-1}$ into it, then that for $z_{i-2}$:
#
# $$z_i = a x_i + (1-a)\, z_{i-1} = a x_i + a(1-a)\, x_{i-1} + (1-a)^2 z_{i-2} = \dots$$
#
# The rain of $k$ days ago counts $a(1-a)^k$.

# %%
a = 0.2
running, fading = [], []
total, z = 0.0, 0.0
for i, x in enumerate(rain[:365], start=1):
    total = total + x
    z = (1 - a) * z + a * x
    running.append(total / i)
    fading.append(z)

fig, ax = plt.subplots(figsize=(9, 3.6))
days = np.arange(1, 366)
ax.bar(days, rain[:365], width=1.0, color="#B9C4CE", label="rain of the day")
ax.plot(days, running, color=plots.COLORS[0], linestyle="-", marker="", label="state: running mean")
ax.plot(
    days,
    fading,
    color=plots.COLORS[2],
    linestyle="-",
    lw=1.6,
    marker="",
    label="state: fading mean",
)
ax.set(xlabel="day of 2012", ylabel="mm", ylim=(0, 68), xlim=(0, 366))
ax.legend(loc="upper center", ncols=3)
plots.show(
    fig,
    alt="Daily rain in Seattle in 2012 as bars, with two curves. After spring the running mean "
    "sinks slowly and misses the wet autumn; the fading mean rises with each wet spell and falls "
    "to zero in the dry summer.",
    caption="Two states fed by the same rain. The running mean changes slowly and hardly notices "
    "the wet autumn; the fading mean follows the season. What the state keeps decides which "
    "questions can be answered from it.",
)

# %% [markdown]
# We chose both $f$ by hand. A **recurrent neural network** (RNN) keeps the form and learns the
# choice: $f$ becomes a small network layer, the same at every step, and its weights are found by
# training.

# %% [markdown]
# ## 2 · From the equation to one step
#
# Our letters from here on. $x_t$ is the input at step $t$, a row of $D$ numbers. The state, $Z_t$
# so far, becomes $h_t$, a row of $H$ numbers, called the **hidden state**. (So $h$ is a state from
# now on, no longer a function.) The step is
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h).$$
#
# $W_{xh}$ has shape $(D, H)$: it carries the input to the hidden units. $W_{hh}$ has shape
# $(H, H)$: it carries the old state to the new one. $b_h$ has $H$ numbers, one bias for each unit.
# The answer is read out by an ordinary linear layer,
#
# $$o_t = h_t W_{hy} + b_y.$$
#
# In the drawings, $y_t$ stands for what the network puts out: $o_t$ itself, or $o_t$ after one more
# function, which section 7 chooses. So there are three layers, as in any small network: input ($D$
# numbers), hidden ($H$), output ($O$). New is one arrow only, from the hidden layer to itself, one
# step later.
#
# ### By hand
#
# Two inputs, two units. Take $x_t = (1, -2)$, $h_{t-1} = (0.5, 0)$ and
#
# $$W_{xh} = \begin{pmatrix} 0.4 & 1 \\ 0.2 & 0.5\end{pmatrix}, \quad
# W_{hh} = \begin{pmatrix} 2 & -1 \\ 3 & 0\end{pmatrix}, \quad b_h = (0.1, 0).$$
#
# First unit: the input gives $1 \cdot 0.4 + (-2) \cdot 0.2 = 0$, the old state gives
# $0.5 \cdot 2 + 0 \cdot 3 = 1$, the bias $0.1$. The sum is $1.1$. Do the second unit on paper
# before you run the cell.

# %%
x_t = np.array([1.0, -2.0])
h_prev = np.array([0.5, 0.0])
W_xh = np.array([[0.4, 1.0], [0.2, 0.5]])
W_hh = np.array([[2.0, -1.0], [3.0, 0.0]])
b_h = np.array([0.1, 0.0])

print("from the input:    ", x_t @ W_xh)
print("from the old state:", h_prev @ W_hh)
print("sum with bias:     ", x_t @ W_xh + h_prev @ W_hh + b_h)
print("the new state:     ", np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h))

# %% [markdown]
# ### Why the tanh
#
# Leave it out for a moment, and the bias too. Then $h_1 = x_1 W_{xh} + h_0 W_{hh}$. Put this
# into $h_2$, and that into $h_3$:
#
# $$\begin{aligned}
# h_2 &= x_2 W_{xh} + h_1 W_{hh} = x_2 W_{xh} + x_1 W_{xh} W_{hh} + h_0 W_{hh}^2,\\
# h_3 &= x_3 W_{xh} + x_2 W_{xh} W_{hh} + x_1 W_{xh} W_{hh}^2 + h_0 W_{hh}^3.
# \end{aligned}$$
#
# In general $h_T = \sum_{k=0}^{T-1} x_{T-k} W_{xh} W_{hh}^k + h_0 W_{hh}^T$. That is a *weighted
# sum* of the inputs, with weights fixed in advance: the fading mean again, in $H$ dimensions. It
# can never let one input decide what another one means. "not" before "good" could only ever add
# something to "good". And nothing keeps the numbers in bounds: $W_{hh}^k$ may grow without end.
# The tanh keeps them between -1 and 1. That it also lets one input change the meaning of another
# you will see in section 5. First a machine check of the formula:

# %%
rng = np.random.default_rng(0)
T, D, H = 6, 3, 4
xs = rng.normal(size=(T, D))
W_in = rng.normal(size=(D, H))
W_back = rng.normal(size=(H, H))
h_linear = rng.normal(size=H)

by_sum = h_linear @ np.linalg.matrix_power(W_back, T)
for k in range(T):
    by_sum = by_sum + xs[T - 1 - k] @ W_in @ np.linalg.matrix_power(W_back, k)
for x in xs:
    h_linear = x @ W_in + h_linear @ W_back
print(
    f"loop against sum, relative error: {np.abs(h_linear - by_sum).max() / np.abs(by_sum).max():.1e}"
)

# %% [markdown]
# ### Predict, then run
#
# With the tanh back in place and $b_h = 0$: you double the input *and* the old state of a step.

# %%
quiz.predict(
    "doubling",
    "The new state `tanh(2 x_t W_xh + 2 h_prev W_hh)`, compared with `tanh(x_t W_xh + h_prev W_hh)`:",
    [
        "every entry doubles",
        "every entry grows in size, and by less than double",
        "some entries grow in size, others shrink",
    ],
)

# %%
before = np.tanh(x_t @ W_xh + h_prev @ W_hh)
after = np.tanh(2 * x_t @ W_xh + 2 * h_prev @ W_hh)
print("before:", before, " after:", after, " ratio:", after / before)
grows = (np.abs(after) > np.abs(before)).all() and (np.abs(after) < 2 * np.abs(before)).all()

# %%
quiz.reveal(
    "doubling",
    "every entry grows in size, and by less than double" if grows else "every entry doubles",
    "tanh is steepest at zero and bends towards 1 and -1. Large sums are squashed. A unit near 1 or "
    "-1 hardly moves any more: it is **saturated**.",
)

# %% [markdown]
# ### A batch at once
#
# $B$ sequences run side by side. Their inputs at step $t$ are stacked as rows: $x_t$ becomes
# $(B, D)$, the states $(B, H)$. The equation does not change by a letter. Shapes:
#
# $$\underbrace{h_t}_{(B, H)} = \tanh(\underbrace{x_t}_{(B, D)}\,\underbrace{W_{xh}}_{(D, H)}
# + \underbrace{h_{t-1}}_{(B, H)}\,\underbrace{W_{hh}}_{(H, H)} + \underbrace{b_h}_{(H,)}).$$
#
# That is why we write row vectors and weights as (in, out): a batch is a pile of rows, and
# `x_t @ W_xh` serves one row and a thousand alike. A text whose vectors are columns has $W x$ for
# the same thing, with $W = W_{xh}^T$.
#
# ### Exercise 1 · one step
#
# *Difficulty: warm-up. Importance: high, everything below stands on it. 3 minutes.* The check draws
# random numbers, with non-zero states and biases. It also tries square weights: there a transpose
# too many raises no error, only wrong numbers. It does not look at speed.
#
# <details><summary>Hint 1</summary>
# Three terms are added: one from the input, one from the old state, one bias.
# </details>
# <details><summary>Hint 2</summary>
# <code>@</code> is the matrix product. <code>b_h</code> of shape (H,) is added to every row by itself.
# </details>
# <details><summary>Hint 3</summary>
# Squash the whole sum once, at the end.
# </details>


# %%
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    """Return h_t (B, H) from x_t (B, D) and h_prev (B, H)."""
    ### BEGIN SOLUTION
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    ### END SOLUTION


rnn.rnn_step(rnn_step)

# %% [markdown]
# ## 3 · A loop over the sequence
#
# A whole sequence is `x` of shape $(B, T, D)$. Start with $h_0$, apply the step $T$ times, keep
# every state:
#
# $$h_t = \mathrm{step}(x_t, h_{t-1}) \quad \text{for } t = 1, \dots, T.$$
#
# In code, steps are counted from zero: `x[:, 0]` is $x_1$ for all sequences, and `h[:, 0]` is
# $h_1$, the state *after* $x_1$ has been seen. $h_0$ itself is not in `h`.
#
# ### Exercise 2 · the whole sequence
#
# *Difficulty: easy. Importance: high. 8 minutes.* The check names dozens of wrong ways when it meets
# them. It also notices when you change `h0` in place, and tries $T = 0$. It does not look at speed. If you prefer time first, or
# torch's weights, say so: `rnn.rnn_forward(my_function, batch_first=False, weights="out_in")`.
#
# <details><summary>Hint 1</summary>
# You need a variable that holds the current state. What is it before the first step?
# </details>
# <details><summary>Hint 2</summary>
# <code>h = np.zeros((B, T, H), dtype=np.result_type(x, W_xh))</code> makes room for all states, in
# the precision of the numbers given; fill <code>h[:, t]</code> inside the loop.
# </details>
# <details><summary>Hint 3</summary>
# The step for t reads the state of t-1. For t = 0 that is <code>h0</code>.
# </details>


# %%
def my_rnn_forward(x, h0, W_xh, W_hh, b_h):
    """Return all states h (B, T, H) for x (B, T, D) and h0 (B, H)."""
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    h = np.zeros((B, T, h0.shape[1]), dtype=np.result_type(x, W_xh))
    h_prev = h0
    for t in range(T):
        h_prev = np.tanh(x[:, t] @ W_xh + h_prev @ W_hh + b_h)
        h[:, t] = h_prev
    return h
    ### END SOLUTION


rnn.rnn_forward(my_rnn_forward)

# %% [markdown] tags=["solution"]
# The step of exercise 1 stands in the loop once more, with one change: its result is kept twice.
# In `h_prev` for the next step, in `h[:, t]` for the caller. Forgetting either is the commonest
# mistake here.

# %% [markdown]
# From here on the lesson uses the course's own `rnn_forward(x, h0, W_xh, W_hh, b_h)`, which
# returns `(h, cache)`. The cache is for the backward pass of lesson 03.
#
# ### The same as torch
#
# PyTorch has this network as `torch.nn.RNN`. It should give the same numbers, if we hand it the
# same weights. It stores them as (out, in), the transpose of ours, and it has *two* biases,
# `bias_ih` and `bias_hh`, which are added to the same sum. Two numbers that only ever appear as
# their sum are one number: $b_h = b_{ih} + b_{hh}$. (Nvidia's library for graphics cards keeps
# two, and torch followed.)
#
# ### Exercise 3 · weights from torch
#
# *Difficulty: easy. Importance: medium. 3 minutes.* The check reads the right answer off torch's own
# cell from outside. It does not try a second layer or a second direction.
#
# <details><summary>Hint 1</summary>
# <code>weight_ih</code> has shape (H, D). Which shape does <code>W_xh</code> have?
# </details>
# <details><summary>Hint 2</summary>
# <code>weight_hh</code> is square. It is stored (out, in) all the same.
# </details>


# %%
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """Return W_xh (D, H), W_hh (H, H), b_h (H,) from torch's four arrays."""
    ### BEGIN SOLUTION
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh
    ### END SOLUTION


networks.from_torch(from_torch)

# %%
torch.manual_seed(0)
B, T, D, H = 3, 50, 4, 6
torch_rnn = torch.nn.RNN(D, H, batch_first=True).double()
x = rng.normal(size=(B, T, D))
h0 = rng.normal(size=(B, H))

with torch.no_grad():
    # torch wants h0 as (layers, B, H), and ends the names of the first layer's weights in _l0
    h_torch, _ = torch_rnn(torch.from_numpy(x), torch.from_numpy(h0)[None])
    weights = [getattr(torch_rnn, f"{name}_l0").numpy() for name in ("weight_ih", "weight_hh")]
    biases = [getattr(torch_rnn, f"{name}_l0").numpy() for name in ("bias_ih", "bias_hh")]
h_ours, _ = rnn_forward(x, h0, weights[0].T, weights[1].T, biases[0] + biases[1])
torch_difference = np.abs(h_ours - h_torch.numpy()).max()
print(f"largest difference over {T} steps: {torch_difference:.1e}")
assert torch_difference < 1e-12

# %% [markdown]
# The difference is rounding, less than $10^{-12}$ in double precision, after fifty steps.

# %% [markdown]
# ## 4 · Unrolling
#
# Two drawings of the same network. **Folded**: one cell, and an arrow that comes back to it. The
# small square is a delay of one step: what goes in at $t$ comes out at $t + 1$.

# %%
plots.folded_diagram(shapes={"B": 32, "D": 4, "H": 6, "O": 1})

# %% [markdown]
# **Unrolled**: one copy of the cell for each step, time from left to right. There is no loop any
# more. It is a feedforward network, $T$ layers deep, whose layers happen to share their weights.
# Every weight with the same name *is* the same array.

# %%
plots.unrolled_diagram(T=4, shapes={"B": 32, "D": 4, "H": 6, "O": 1})

# %% [markdown]
# Unrolling is a way to look at the computation. The weights are not copied. For fifty steps the
# drawing leaves out the middle:

# %%
plots.unrolled_diagram(T=50)

# %% [markdown]
# ### Three steps in one formula
#
# Put $h_1$ into $h_2$ and that into $h_3$, and the loop becomes one nested expression:
#
# $$h_3 = \tanh\big(x_3 W_{xh} + \tanh(x_2 W_{xh} + \tanh(x_1 W_{xh} + h_0 W_{hh} + b_h)\,W_{hh}
# + b_h)\,W_{hh} + b_h\big).$$
#
# Read it from the inside out. $x_1$ sits three brackets deep: it passes through three tanh before
# it reaches $h_3$, and twice through $W_{hh}$. $W_{hh}$ occurs three times, once for each step.
# Lesson 03 differentiates exactly this expression, and lesson 04 asks what is left of $x_1$ after
# fifty brackets.

# %%
Wx, Wh, b = weights[0].T, weights[1].T, biases[0] + biases[1]
nested = np.tanh(
    x[:, 2] @ Wx + np.tanh(x[:, 1] @ Wx + np.tanh(x[:, 0] @ Wx + h0 @ Wh + b) @ Wh + b) @ Wh + b
)
print(f"nested formula against the loop: {np.abs(nested - h_ours[:, 2]).max():.1e}")

# %% [markdown]
# ## 5 · Memory without training
#
# Here is a task that no model of the last few inputs can do. Bits arrive one by one. After each, say whether the number
# of ones *so far* is odd. One bit decides everything: flip the first of a thousand, and all the
# answers flip. Yet the state needed is tiny, a single bit $s_t$, the **running parity**:
#
# $$s_t = x_t \ \mathrm{XOR}\ s_{t-1}, \qquad s_0 = 0.$$
#
# Can two tanh units do it? Set the weights by hand, in three moves.
#
# **Move 1: XOR from OR and AND.** For bits $x$ and $s$, look at their sum $n = x + s$. OR says
# $n > 0.5$. AND says $n > 1.5$. XOR is "OR but not AND".
#
# **Move 2: a tanh as a switch.** $\tanh(k(n - 0.5))$ with a large **gain** $k$ is close to $+1$
# when $n > 0.5$ and close to $-1$ when $n < 0.5$. So let
#
# $$u_t = \tanh\big(k(x_t + s_{t-1} - 0.5)\big), \qquad v_t = \tanh\big(k(x_t + s_{t-1} - 1.5)\big).$$
#
# Both are $-1$ for $n = 0$; only $u_t$ is $+1$ for $n = 1$; both are $+1$ for $n = 2$. Half their
# difference is therefore $0, 1, 0$. That is the XOR:
#
# $$s_t = \tfrac12 (u_t - v_t).$$
#
# **Move 3: put the state in.** The state of the network is $h_t = (u_t, v_t)$. Replace $s_{t-1}$
# by $\tfrac12(u_{t-1} - v_{t-1})$ and multiply out:
#
# $$u_t = \tanh\big(k\,x_t + \tfrac k2 u_{t-1} - \tfrac k2 v_{t-1} - \tfrac k2\big), \qquad
# v_t = \tanh\big(k\,x_t + \tfrac k2 u_{t-1} - \tfrac k2 v_{t-1} - \tfrac{3k}2\big).$$
#
# Read the weights off. Row $i$ of $W_{hh}$ says where unit $i$ sends its value:
#
# $$W_{xh} = \begin{pmatrix} k & k\end{pmatrix}, \quad
# W_{hh} = \frac k2 \begin{pmatrix} 1 & 1\\ -1 & -1\end{pmatrix}, \quad
# b_h = \begin{pmatrix} -\tfrac k2 & -\tfrac{3k}2\end{pmatrix}, \quad
# W_{hy} = \begin{pmatrix} \tfrac12 \\ -\tfrac12\end{pmatrix}.$$
#
# We start from $h_0 = (0, 0)$, which gives $s_0 = \tfrac12(0 - 0) = 0$, as it should be.


# %%
def parity_weights(k):
    """Return W_xh (1, 2), W_hh (2, 2), b_h (2,), W_hy (2, 1): running parity with gain k."""
    W_xh = np.array([[k, k]])
    W_hh = k / 2 * np.array([[1.0, 1.0], [-1.0, -1.0]])
    b_h = np.array([-k / 2, -3 * k / 2])
    W_hy = np.array([[0.5], [-0.5]])
    return W_xh, W_hh, b_h, W_hy


def parity_net(bits, k):
    """Return s_t (B, T) for bits (B, T, 1)."""
    W_xh, W_hh, b_h, W_hy = parity_weights(k)
    h, _ = rnn_forward(bits, np.zeros((len(bits), 2)), W_xh, W_hh, b_h)
    return (h @ W_hy)[..., 0]


bits = np.array([1, 0, 1, 1, 0, 0, 1, 0], dtype=float).reshape(1, 8, 1)
print("bits:  ", bits[0, :, 0].astype(int))
print("parity:", parity_net(bits, k=5.0)[0].round(3))

# %% [markdown]
# Two units, ten weights set by hand, no training, and a memory. How long does it last? Gains of 2
# and 3 differ little: $\tanh(2 \cdot 0.5)$ is 0.76 <!-- =np.tanh(1.0) ±0.005 -->,
# $\tanh(3 \cdot 0.5)$ is 0.91 <!-- =np.tanh(1.5) ±0.005 -->.

# %%
quiz.predict(
    "gain",
    "Random bits, a thousand steps, a hundred sequences. With gain `k = 3`, the share of right "
    "parities at step 1000 will be",
    ["about one half: errors add up", "about 0.9", "exactly 1"],
)

# %%
bits, parity = parity_sequences(100, 1000, np.random.default_rng(1))
gains = [1.0, 1.5, 2.0, 2.5, 3.0]
right = {k: ((parity_net(bits, k) > 0.5) == (parity == 1)).mean(axis=0) for k in gains}
steps_shown = [1, 3, 10, 30, 100, 1000]
print("gain  " + "".join(f"step {t:<6d}" for t in steps_shown))
for k in gains:
    print(f"{k:<6}" + "".join(f"{right[k][t - 1]:<11.2f}" for t in steps_shown))
at_1000 = right[3.0][-1]

# %%
quiz.reveal(
    "gain",
    "exactly 1"
    if at_1000 == 1
    else "about 0.9"
    if at_1000 > 0.75
    else "about one half: errors add up",
    "Gain 2 starts out well and is a coin after a hundred steps. Gain 3 is right at all the thousand "
    "steps tried: its errors are repaired at every step.",
)

# %% [markdown]
# Why does so small a difference decide? Follow the value of $s$ while zeros come in. With
# $x_t = 0$ the next value depends on the last alone:
#
# $$s_t = g(s_{t-1}), \qquad g(s) = \tfrac12\big[\tanh(k(s - 0.5)) - \tanh(k(s - 1.5))\big].$$
#
# A memory needs two values that reproduce themselves, $g(s) = s$, one near 0 and one near 1. Both
# must also *attract*: a value slightly off must be pulled back. When is that so? Near a value $s^*$
# with $g(s^*) = s^*$,
#
# $$g(s^* + e) \approx s^* + g'(s^*)\, e.$$
#
# A small error $e$ is multiplied by the slope $g'(s^*)$ at every step. A slope below 1 (in size)
# shrinks it, a slope above 1 makes it grow. So draw $g$ and the diagonal, count the crossings, and
# look how steep $g$ is there.

# %%
s = np.linspace(0, 1.05, 400)


def g(s, k):
    return 0.5 * (np.tanh(k * (s - 0.5)) - np.tanh(k * (s - 1.5)))


fig, ax = plt.subplots(figsize=(6.4, 5))
ax.plot(s, s, color="#777777", lw=1.2, linestyle=":", marker="")
ax.annotate(
    "on the diagonal,\ns stays as it is",
    (0.72, 0.72),
    (0.22, 0.84),
    color="#444444",
    fontsize=11,
    arrowprops=dict(arrowstyle="-", color="#777777"),
)
for k, color, style in ((2.0, plots.COLORS[1], "--"), (3.0, plots.COLORS[0], "-")):
    ax.plot(s, g(s, k), color=color, linestyle=style, marker="", label=f"gain {k:g}")
    crossing = np.flatnonzero(np.diff(np.sign(g(s, k) - s)))
    slopes = [abs(g(s[i] + 1e-4, k) - g(s[i], k)) / 1e-4 for i in crossing]
    for i, slope in zip(crossing, slopes):
        ax.plot(s[i], s[i], "o", ms=9, color=color, mfc=color if slope < 1 else "white", mec=color)
    print(f"gain {k:g}: fixed points at", s[crossing].round(2), "slopes", np.round(slopes, 2))
    if k == 3.0:
        n_fixed_3 = len(crossing)
    else:
        n_fixed_2, fixed_2 = len(crossing), s[crossing[0]]
ax.set(xlabel="$s_{t-1}$", ylabel="$s_t$ after an input of 0")
ax.legend(loc="lower right")
plots.show(
    fig,
    alt="The next value of s against the last one. At gain 3 the S-shaped curve crosses the "
    "diagonal three times, near 0.1, 0.5 and 0.9; at gain 2 it is flatter and crosses once, near "
    "0.3.",
    caption="A memory is a crossing that attracts (filled dots; the open one repels). At gain 3 "
    "there are two, one for each bit. At gain 2 there is one: whatever was stored drifts there.",
)

# %% [markdown]
# Move the gain yourself. (The slider needs no kernel: it works in a saved page too.)

# %%
plots.slider_curves(
    s,
    {
        float(k): {"next value g(s)": g(s, k), "s stays as it is": s}
        for k in np.arange(1, 5.01, 0.25)
    },
    slider_label="gain k",
    start=2.0,
    xlabel="last value of s",
    ylabel="next value of s",
    alt="The curve g(s) and the diagonal, for a gain chosen by a slider from 1 to 5. At small gains "
    "they cross once; from about 2.4 on they cross three times.",
    caption="Between gains 2.25 and 2.5 two more crossings appear: from there on the network can "
    "keep a bit.",
)

# %% [markdown]
# At gain 3 there are 3 <!-- =n_fixed_3 --> crossings, two of which attract. Small errors are pulled
# back at every step, as in a digital circuit. At gain 2 there is 1 <!-- =n_fixed_2 --> crossing,
# near 0.3 <!-- =fixed_2 -->. A stored 1 slides down towards it, step by step, and is gone. Nothing in
# the weights says "forget after so many steps". It follows from how steep $g$ is in the middle: to
# cross the diagonal three times it must be steeper than 1 there, and at gain 2 it never is.
#
# That was for zeros. When a one comes in, $x_t = 1$, the next value is $g(s_{t-1} + 1)$. The curve
# $g$ is symmetric about $s = 1$, so that $g(1 + s) = g(1 - s)$: the same repair, and the bit turned
# over. Can we be sure that gain 3 *never* errs, whatever bits come? Call $s$ low if it lies in
# $[0, 0.2]$ and high if it lies in $[0.8, 1]$. Follow both intervals under both inputs.

# %%
low, high = np.linspace(0, 0.2, 1001), np.linspace(0.8, 1, 1001)
for name, values in {
    "low,  input 0": low,
    "low,  input 1": low + 1,
    "high, input 0": high,
    "high, input 1": high + 1,
}.items():
    print(f"{name}: next value in [{g(values, 3.0).min():.3f}, {g(values, 3.0).max():.3f}]")

# %% [markdown]
# From low, a zero leads to low and a one to high; from high, a zero leads to high and a one to low.
# Nothing ever leaves the two intervals, and the readout's limit 0.5 lies between them. So at gain 3
# the network computes parity for ever. That is a proof, up to the fineness of the grid. Keep this picture:
# lesson 04 asks what such slopes do to gradients.
#
# ### Exercise 4 · a latch
#
# *Difficulty: medium. Importance: high: this is how a vanilla RNN can hold a bit. (The LSTM of lesson
# 05 does it another way, with a slope of exactly 1.) 10 minutes.* One unit shall be off, below $-0.5$, until the first 1 has come, and on, above $0.5$, from then on,
# whatever follows. Return $W_{xh}$ $(1, 1)$, $W_{hh}$ $(1, 1)$, $b_h$ $(1,)$ and $h_0$ $(1, 1)$. The
# check runs your weights on random bit strings of length 12 and 300; any weights that work are
# right. It does not try inputs other than 0 and 1.
#
# <details><summary>Hint 1</summary>
# There are four cases: off or on, input 0 or 1. Write down the sum inside the tanh for each, with
# off = -1 and on = +1, and the sign that it must have.
# </details>
# <details><summary>Hint 2</summary>
# With input 0, the state must keep itself: <code>h = tanh(w h)</code> needs a lasting answer other
# than 0. Try w = 0.5, 1, 2, 3 on paper or in a cell: start at 1 and apply it ten times.
# </details>
# <details><summary>Hint 3</summary>
# Off with input 1 is the hard case: the input must beat <code>-w</code>.
# </details>


# %%
def latch_weights():
    """Return W_xh (1, 1), W_hh (1, 1), b_h (1,), h0 (1, 1)."""
    ### BEGIN SOLUTION
    w = 3.0  # holds the state: tanh(3) is close to 1
    a = 2 * w  # an input of 1 turns the sum of an "off" unit from -w to +w
    return np.array([[a]]), np.array([[w]]), np.zeros(1), np.array([[-1.0]])
    ### END SOLUTION


hand_set.latch_weights(latch_weights)

# %% [markdown] tags=["solution"]
# The four sums with $w = 3$, $a = 6$: off and 0 gives $-3$; off and 1 gives $+3$; on and 0 gives
# $+3$; on and 1 gives $+9$. Any $w > 1$ holds *some* state, because the slope of $\tanh(wh)$ at 0
# exceeds 1; a $w$ just above 1 holds it near 0, too near to count as on or off.

# %% [markdown]
# ## 6 · The initial state
#
# Before the first step somebody has to say what $h_0$ is. Four customs are found:
#
# - **zeros**, the default everywhere;
# - **random** numbers, new for each sequence;
# - **learned**: $h_0$ is a parameter like any other, it gets a gradient and is trained;
# - **the first input itself**, $Z_0 = X_0$ in some texts. It needs $D = H$, and only $T - 1$ steps
#   of the network remain for $T$ inputs.
#
# Does the choice matter? Ask first how long it is *remembered*. Two copies of a network with random
# weights read the same weather from the same day. One starts from zeros, the other from noise. We
# measure how far apart their states are, $\lVert h_t - h'_t \rVert$. The recurrent weights are an
# orthogonal matrix (which keeps lengths) times a number $\rho$.
#
# A bound comes first. The inputs and biases are the same for both, so inside the tanh the two differ by
# $(h_{t-1} - h'_{t-1}) W_{hh}$, of length $\rho \lVert h_{t-1} - h'_{t-1} \rVert$. The slope of
# tanh is at most 1, so it never widens a difference. Hence
#
# $$\lVert h_t - h'_t \rVert \le \rho\, \lVert h_{t-1} - h'_{t-1} \rVert.$$
#
# With $\rho < 1$ the start must be forgotten. With $\rho > 1$ the bound promises nothing, and we
# have to measure.

# %%
quiz.predict(
    "merge",
    "With `rho = 0.9`, after 60 days the distance between the two states, as a share of the "
    "distance at the start, will be",
    ["about 0.9", "about 0.9 to the power 60, which is 0.002", "far less than 0.002"],
)

# %%
x_year = standardise(weather.features[:365])[0]
H = 32


def distances(rho, seed, days=60):
    """Return how far apart two runs are after 0, 1, ..., days; one starts at zero, one at noise."""
    rng = np.random.default_rng(seed)
    orthogonal = np.linalg.qr(rng.normal(size=(H, H)))[0]
    W_xh, noise = rng.normal(size=(4, H)) / 8, rng.normal(size=(1, H))
    starts = np.concatenate([np.zeros((1, H)), noise])
    x_twice = np.stack([x_year[:days]] * 2)
    h, _ = rnn_forward(x_twice, starts, W_xh, rho * orthogonal, np.zeros(H))
    return np.linalg.norm(np.concatenate([noise[:, None], h[:1] - h[1:]], axis=1)[0], axis=1)


apart = {rho: np.array([distances(rho, seed) for seed in range(5)]) for rho in (0.5, 0.9, 1.2, 2.0)}
plots.curves(
    np.arange(61),
    {f"ρ = {rho}": np.maximum(distance, 1e-9) for rho, distance in apart.items()},
    xlabel="days read",
    ylabel="distance between the states",
    yscale="log",
    alt="Distance between two states on a logarithmic axis over 60 days, five random networks for "
    "each of four values of rho. At 0.5 it falls below a billionth within 35 days, at 0.9 and 1.2 "
    "it falls more slowly, at 2.0 it stays where it was.",
    caption="Up to ρ = 1.2 the networks forget where they began, the faster the smaller ρ. At ρ = 2 "
    "they do not: two starts, two histories. (Mean and range of five networks; distances below "
    "1e-9 are drawn at 1e-9.)",
)

# %%
left = np.median(apart[0.9][:, 60] / apart[0.9][:, 0])
print(f"left of the distance after 60 days at rho = 0.9: {left:.0e} (median of five)")

# %%
quiz.reveal(
    "merge",
    "far less than 0.002" if left < 2e-4 else "about 0.9 to the power 60, which is 0.002",
    f"The bound allows {0.9**60:.4f}. What is left is {left:.0e}: away from zero the slope of tanh is "
    "below 1, and that takes its share at every step too.",
)

# %% [markdown]
# Where the start is forgotten, so is every input of long ago: the bad news of lesson 04. Where it is
# not, as at $\rho = 2$, every small disturbance lasts as well. (Section 5 showed the third case, a
# start that is kept and disturbances that are repaired.) torch starts its networks with small
# weights, in the first case, so there the choice of $h_0$ can matter in the early steps at most. Let
# us train and look at those. Windows of five days; after each day one answer: wet tomorrow? Three
# customs, ten seeds each. The figure shows the loss on the held-out last year, day by day of the
# window. Beside it an honest baseline: a logistic regression that sees today only. You need not
# read this cell closely: it trains thirty small networks and keeps one number for each day.


# %%
class Reader(torch.nn.Module):
    """An RNN with a readout at every step, (B, T, D) to (B, T, O); `start` says how h0 is made."""

    def __init__(self, start, D, O, H=16):
        super().__init__()
        self.start = start
        self.rnn = torch.nn.RNN(D, H, batch_first=True)
        self.out = torch.nn.Linear(H, O)
        self.h0 = torch.nn.Parameter(torch.zeros(H))  # trained where start is "learned"

    def forward(self, x):
        B, H = len(x), len(self.h0)
        if self.start == "zeros":
            h0 = torch.zeros(1, B, H)
        elif self.start == "random":
            h0 = torch.randn(1, B, H)
        else:
            h0 = self.h0.expand(1, B, H).contiguous()
        h, _ = self.rnn(x, h0)
        return self.out(h)


train_days = 3 * 365 + 1  # 2012 to 2014; what is standardised is learned from these alone
_, x_days = standardise(weather.features[:train_days], weather.features)
wet_tomorrow = weather.wet[1:].astype(float)
rows = np.arange(len(wet_tomorrow) - 4)[:, None] + np.arange(5)
x_five = torch.tensor(x_days[rows], dtype=torch.float32)  # (windows, 5, 4)
y_five = torch.tensor(wet_tomorrow[rows], dtype=torch.float32)  # (windows, 5)
early, late = slice(0, train_days - 5), slice(train_days, None)  # no window lies across
bce = torch.nn.functional.binary_cross_entropy_with_logits


def wet_loss(logits, wet):
    return bce(logits[..., 0], wet)


def loss_by_day(start):
    """Return the held-out loss at each day of the window, (seeds, 5)."""

    def run(seed):
        model = Reader(start, D=4, O=1)
        fit(
            model,
            wet_loss,
            (x_five[early], y_five[early]),
            optimizer=torch.optim.Adam(model.parameters(), lr=1e-2),
            epochs=8,
            batch_size=64,
            seed=seed,
            progress=False,
        )
        with torch.no_grad():
            logits = model(x_five[late])[..., 0]
            loss = bce(logits, y_five[late], reduction="none").mean(dim=0)
        return {day: float(loss[day]) for day in range(5)}

    by_day = over_seeds(run, range(10), progress=False)
    return np.array([spread.values for spread in by_day.values()]).T


starts = {start: loss_by_day(start) for start in ("zeros", "random", "learned")}

from sklearn.linear_model import LogisticRegression

today = LogisticRegression().fit(x_days[: train_days - 1], weather.wet[1:train_days])
p_today = today.predict_proba(x_days[train_days:-1])[:, 1]
y_late = weather.wet[train_days + 1 :]
today_only = -np.log(np.where(y_late, p_today, 1 - p_today)).mean()

plots.curves(
    np.arange(1, 6),
    starts,
    baseline={"logistic regression, today only": today_only},
    xlabel="day of the window",
    ylabel="held-out loss (nats)",
    alt="Held-out loss on the first to the fifth day of a window for three ways to start, each as "
    "mean and range of ten seeds, and a horizontal line for the logistic regression. All three "
    "fall from the first day to the second and then stay level; their ranges overlap throughout.",
    caption="Zeros, noise or a learned start: the ranges over ten seeds overlap on every day. On the "
    "first day, when only today has been read, all three are on average no better than a logistic "
    "regression.",
)

# %%
noise_costs = starts["random"] - starts["zeros"]  # (10, 5): the same seed twice, day by day
for day in range(5):
    mean, error = noise_costs[:, day].mean(), noise_costs[:, day].std(ddof=1) / np.sqrt(10)
    print(f"day {day + 1}: noise costs {mean:+.4f} nats, standard error {error:.4f}")

# %% [markdown]
# Read the ranges before the means: they overlap on every day. Compared seed by seed, noise may cost a
# little on days 2 and 3, a few thousandths of a nat, about twice its standard error. Zeros and a
# learned start cannot be told apart. We claim no more than that.
#
# When *can* it matter? When the start is the only thing the network has to go by. Let a network spell the
# word "sequence" with no input at all, one letter a step. The letter e comes three times and is
# followed by q, then n, then nothing: only the state knows where we are. Noise in $h_0$ is
# noise in the position.

# %%
word = "sequence"
letters = sorted(set(word))
spelling = torch.tensor([[letters.index(letter) for letter in word]])
nothing = torch.zeros(1, len(word), 1)


def letter_loss(logits, ids):
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids.flatten())


def spelled(start):
    """Return the share of words without an error, over three seeds."""

    def run(seed):
        model = Reader(start, D=1, O=len(letters))
        fit(
            model,
            letter_loss,
            (nothing.expand(6400, -1, -1), spelling.expand(6400, -1)),
            optimizer=torch.optim.Adam(model.parameters(), lr=1e-2),
            epochs=1,
            batch_size=32,
            seed=seed,
            progress=False,
        )
        with torch.no_grad():
            ids = model(nothing.expand(500, -1, -1)).argmax(dim=-1)
        return float((ids == spelling).all(dim=1).float().mean())

    return over_seeds(run, range(3), progress=False)


for start in ("zeros", "random", "learned"):
    print(f"{start:<8} share of 500 words without an error: {spelled(start):.3f}")

# %% [markdown]
# With zeros or a learned start the word comes out every time. With a random start some words go
# wrong. Zeros and learned do not differ here either. Use zeros, unless you have a reason.
#
# **The first input as the state**, $Z_0 = X_0$, is the same loop started one step later. It asks for
# $D = H$, and the first input does not pass through $W_{xh}$ at all:

# %%
four = np.random.default_rng(9).normal(size=(2, 6, 4))  # T = 6 inputs, D = H = 4
W_44 = np.random.default_rng(10).normal(size=(2, 4, 4)) / 2
from_first, _ = rnn_forward(four[:, 1:], four[:, 0], W_44[0], W_44[1], np.zeros(4))
print("inputs:", four.shape, " states after the first:", from_first.shape)

# %% [markdown]
# Six inputs, five steps. The custom saves nothing and ties $H$ to $D$; it is rare today.

# %% [markdown]
# ## 7 · What comes out, and what it costs
#
# The readout gives $o_t = h_t W_{hy} + b_y$, numbers of any size. What they mean is decided by two
# choices that belong together: an **output activation**, which turns them into a prediction, and a
# **loss** $J$, which says how wrong it is.
#
# | the answer is | activation | loss |
# |---|---|---|
# | a number | identity, $p = o$ | squared error $\tfrac12 (o - y)^2$ |
# | yes or no | sigmoid, $p = 1/(1 + e^{-o})$ | $-y \log p - (1 - y)\log(1 - p)$ |
# | one of $V$ classes | softmax, $p_k = e^{o_k} / \sum_j e^{o_j}$ | $-\log p_c$ for the right class $c$ |
#
# In this section $y$ is the right answer and $p$ the network's. The number $o$ before a sigmoid or
# softmax is called a **logit**. Logarithms are natural, so that losses are counted in **nats**.
#
# Why "belong together"? Differentiate each loss with respect to $o$, the number the network
# produces.
#
# *Number.* $\partial J / \partial o = o - y = p - y$.
#
# *Yes or no.* The sigmoid has $dp/do = p(1 - p)$, and
#
# $$\frac{\partial J}{\partial p} = -\frac yp + \frac{1 - y}{1 - p} = \frac{p - y}{p(1 - p)},
# \qquad\text{so}\qquad \frac{\partial J}{\partial o} = \frac{p - y}{p(1-p)}\, p(1-p) = p - y.$$
#
# *One of $V$.* Write $J = -\log p_c = -o_c + \log \sum_j e^{o_j}$. Then
#
# $$\frac{\partial J}{\partial o_k} = \frac{e^{o_k}}{\sum_j e^{o_j}} - y_k = p_k - y_k,$$
#
# where $y$ is the one-hot row of the right class: $y_c = 1$, the others 0. (The first term is the
# derivative of the logarithm of the sum; the second comes from $-o_c$, which contains $o_k$ only
# if $k = c$.)
#
# Three pairs, one gradient: **prediction minus target**. In the second line you see how it comes
# about: the slope $p(1 - p)$ of the sigmoid cancels against the loss's own. A check with the losses
# written out as in the table (torch's ready-made ones have $p - y$ built in):

# %%
o = torch.tensor([1.5, -0.3, 0.8], dtype=torch.float64, requires_grad=True)
y = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)


def sigmoid(o):
    return 1 / (1 + torch.exp(-o))


def softmax(o):
    return torch.exp(o) / torch.exp(o).sum()


def number_loss(o):
    return 0.5 * ((o - y) ** 2).sum()


def yes_or_no_loss(o):
    p = sigmoid(o)
    return -(y * p.log() + (1 - y) * (1 - p).log()).sum()


def class_loss(o):
    return -softmax(o)[1].log()


eye = 1e-6 * torch.eye(3, dtype=torch.float64)
print("relative error of p - y against      finite differences   autograd")
for name, loss, prediction in (
    ("identity, squared error", number_loss, lambda o: o),
    ("sigmoid, yes-or-no loss", yes_or_no_loss, sigmoid),
    ("softmax, cross-entropy", class_loss, softmax),
):
    ours = (prediction(o) - y).detach()
    (auto,) = torch.autograd.grad(loss(o), o)
    finite = torch.stack([(loss(o + e) - loss(o - e)) / 2e-6 for e in eye]).detach()
    errors = [float((other - ours).norm() / ours.norm()) for other in (finite, auto)]
    print(f"{name:<36} {errors[0]:<20.1e} {errors[1]:.1e}")

# %% [markdown]
# Now break a pair: a sigmoid with squared error, $J = \tfrac12(p - y)^2$. Then
#
# $$\frac{\partial J}{\partial o} = \frac{\partial J}{\partial p}\,\frac{dp}{do} = (p - y)\,p(1 - p).$$
#
# The slope $p(1-p)$ no longer cancels.

# %%
quiz.predict(
    "sure",
    "The right answer is yes (`y = 1`), the network says `o = -8`. How large is the gradient of "
    "the squared error, compared with that of the matching loss?",
    ["about the same", "about a tenth", "below a thousandth"],
)

# %%
o_axis = np.linspace(-10, 4, 300)
p_axis = 1 / (1 + np.exp(-o_axis))
fig, ax = plt.subplots(figsize=(8, 3.8))
ax.plot(o_axis, 1 - p_axis, color=plots.COLORS[0], linestyle="-", marker="")
ax.plot(
    o_axis, (1 - p_axis) * p_axis * (1 - p_axis), color=plots.COLORS[2], linestyle="--", marker=""
)
ax.annotate("matching loss: $1 - p$", (-9.8, 0.91), color=plots.COLORS[0])
ax.annotate("squared error: $(1 - p)\\,p(1 - p)$", (-9.8, 0.06), color=plots.COLORS[2])
ax.set(xlabel="$o$ (the right answer is yes: large $o$ is right)", ylabel="size of the gradient")
plots.show(
    fig,
    alt="Size of the gradient against the output o when the answer is yes. The matching loss is "
    "near 1 for very negative o. The squared error is near zero there and peaks at 0.15 near "
    "minus 0.7.",
    caption="Sure and wrong, on the left: the matching loss pulls hardest there, the squared error "
    "hardly at all.",
)

# %%
p_sure = 1 / (1 + np.exp(8.0))
sure_ratio = p_sure * (1 - p_sure)

# %%
quiz.reveal(
    "sure",
    "below a thousandth" if sure_ratio < 1e-3 else "about a tenth",
    f"The ratio is p(1 - p) = {sure_ratio:.1e}: nearly zero wherever the network is sure, also where "
    "it is sure and wrong.",
)

# %% [markdown]
# What that costs: start from $o = -8$ and take gradient steps of size 1 until the network has come
# round to $o > 0$.

# %%
steps_needed = {}
for name, slope in (("matching loss", lambda p: 1.0), ("squared error", lambda p: p * (1 - p))):
    o_now, steps = -8.0, 0
    while o_now < 0:
        p_now = 1 / (1 + np.exp(-o_now))
        o_now, steps = o_now - (p_now - 1) * slope(p_now), steps + 1
    steps_needed[name] = steps
print(steps_needed)

# %% [markdown]
# 9 <!-- =steps_needed["matching loss"] --> steps against
# 3,011 <!-- =steps_needed["squared error"] ±1% -->. Nothing crashes, nothing warns; training crawls.

# %%
quiz.choice(
    "A film can belong to any number of 20 genres at once. Which pair fits?",
    {
        "20 logits, softmax, cross-entropy": "Softmax makes the 20 shares sum to 1: one genre's gain "
        "would be another's loss. It fits where exactly one is right.",
        "20 logits, a sigmoid and a yes-or-no loss each": "Twenty yes-or-no questions, each with its "
        "own pair.",
        "20 numbers, identity, squared error": "It would run, but the outputs would be no "
        "probabilities, and nothing keeps them between 0 and 1.",
    },
    answer="20 logits, a sigmoid and a yes-or-no loss each",
)

# %% [markdown]
# ## 8 · Words in: the embedding
#
# Words are not numbers. Number them, $0$ to $V - 1$, and write word $i$ as a **one-hot** row: a 1
# at place $i$, zeros elsewhere. Multiply that row by a matrix $W_{emb}$ of shape $(V, E)$: every
# row of the matrix is multiplied by 0, except row $i$. The product *is* row $i$. So nobody
# multiplies: one looks the row up. This is the **embedding** layer. Its $V$ rows are parameters,
# one vector of $E$ numbers for each word.

# %%
rng = np.random.default_rng(3)
V, E = 10_000, 32
W_emb = rng.normal(size=(V, E))
ids = rng.integers(0, V, size=(4, 25))  # (B, T)
by_product = one_hot(ids, V) @ W_emb
by_lookup, _ = embedding_forward(ids, W_emb)
print(
    "shapes:", by_product.shape, by_lookup.shape, " equal:", np.array_equal(by_product, by_lookup)
)
multiplications = ids.size * V * E
print(f"multiplications by the product: {multiplications:,}; by looking up: 0")
print(
    f"memory of the one-hot rows: {one_hot(ids, V).nbytes / 2**20:.1f} MiB; of the ids: {ids.nbytes} bytes"
)

# %% [markdown]
# The same goes for a one-hot input to the RNN itself: $x_t W_{xh}$ is then a row of $W_{xh}$, and no
# embedding would be needed. Is it worth having? Count what stands between a word and $H$ units:

# %%
for H in (32, 256):
    straight_in, with_embedding = V * H, V * E + E * H
    print(
        f"H = {H:>3}: one-hot straight in {straight_in:>9,}, embedding of 32 {with_embedding:>9,}"
    )

# %% [markdown]
# At $H = 32$ the embedding saves nothing; at $H = 256$ it saves almost seven eighths. It also pays
# where several matrices read the same word (the four gates of lesson 05, the two directions of lesson
# 07), and because a table can be trained elsewhere and loaded. What its rows come to mean is the
# subject of lesson 09.

# %% [markdown]
# ## 9 · What is fed back: Elman and Jordan
#
# The network so far feeds back its *hidden state*. It is Elman's (1990). Jordan's (1986) feeds back
# its *output* instead. In the short form of today's textbooks (Jordan's own state units also kept a
# fading mean of past outputs):
#
# $$h_t = \tanh(x_t W_{xh} + y_{t-1} W_{yh} + b_h), \qquad y_t = \mathrm{act}(h_t W_{hy} + b_y),$$
#
# where act is the output activation of section 7 and $y_0 = 0$. ($y$ is the network's output again.)

# %%
plots.unrolled_diagram(T=3, feedback="output")

# %% [markdown]
# Compare the two drawings. In Elman's, what step $t$ knows of the past is $h_{t-1}$: $H$ numbers
# that the network may use as it likes. In Jordan's it is $y_{t-1}$: $O$ numbers, and they are
# already spoken for, since they must be the *answer*. Suppose the task is to repeat the previous
# bit, and suppose that the answers are exactly 0 or 1. Take two sequences that differ only at
# $x_{t-1}$. At step $t - 1$ the right answer is the same in both, so $y_{t-1}$ is the same, and so
# is everything that step $t$ sees. Yet the right answers at step $t$ differ. **Exact** answers leave
# no room for memory.
#
# A sigmoid is not exact. 0.8 and 0.9 both mean yes, and the difference could carry a bit. So the
# argument says that Jordan's network has it hard, not that it cannot. Measure: bits in, the bit of
# one or two steps ago out (lag 1 or 2), five seeds, the same short training for both. Guessing gets
# one half.


# %%
class FedBack(torch.nn.Module):
    """One hidden layer of 12; `what` is fed back: "state" (Elman) or "output" (Jordan)."""

    def __init__(self, what, H=12):
        super().__init__()
        self.what = what
        self.inputs = torch.nn.Linear(1, H)
        self.back = torch.nn.Linear(H if what == "state" else 1, H, bias=False)
        self.out = torch.nn.Linear(H, 1)

    def forward(self, x):
        carried = torch.zeros(len(x), self.back.in_features)
        logits = []
        for x_t in x.unbind(dim=1):
            h = torch.tanh(self.inputs(x_t) + self.back(carried))
            logits.append(self.out(h))
            carried = h if self.what == "state" else torch.sigmoid(logits[-1])
        return torch.stack(logits, dim=1)[..., 0]


def echo_accuracy(what, lag):
    """Return the share of right bits on fresh sequences, over five seeds."""

    def echo_loss(logits, x):
        return bce(logits[:, lag:], x[:, :-lag])

    def run(seed):
        model = FedBack(what)
        bits = torch.randint(0, 2, (12_800, 10, 1)).float()
        fit(
            model,
            echo_loss,
            (bits, bits[..., 0]),
            optimizer=torch.optim.Adam(model.parameters(), lr=1e-2),
            epochs=1,
            batch_size=64,
            seed=seed,
            progress=False,
        )
        fresh = torch.randint(0, 2, (500, 10, 1)).float()
        with torch.no_grad():
            said = model(fresh)[:, lag:] > 0
        return float((said == (fresh[:, :-lag, 0] > 0.5)).float().mean())

    return over_seeds(run, range(5), progress=False)


echo = {
    f"{name}, lag {lag}": echo_accuracy(what, lag)
    for lag in (1, 2)
    for name, what in (("Elman", "state"), ("Jordan", "output"))
}
plots.bars_with_spread(
    {name: spread.values for name, spread in echo.items()},
    baseline={"guessing": 0.5},
    value_label="share of right bits",
    alt="Share of right bits for four settings, five seeds each: "
    + "; ".join(f"{name}: {spread:.2f}" for name, spread in echo.items()),
    caption="After the same 200 updates the Elman networks repeat a bit of one or two steps ago "
    "without an error; the Jordan networks get part of the way at lag 1 and hardly off the ground "
    "at lag 2.",
)

# %% [markdown]
# That is what training found in 200 updates. It is not a limit. Here are weights set by hand, with
# which a Jordan network of eight units repeats the bit of two steps ago. Its output takes one of eight
# values. The oldest of three bits decides whether it lies above 0.5; the two newer bits are
# written into the digits behind. Seven units find out, as steep switches, which of the eight values came
# in; the eighth reads the new bit.


# %%
def jordan_echo(x):
    """Return the answers (B, T) of a Jordan network with hand-set weights, for bits (B, T, 1)."""
    loud = np.array([2.0, 0.9, 0.4])  # how much x_{t-2}, x_{t-1} and x_t count in the logit
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    levels = 1 / (1 + np.exp(-signs @ loud))  # the eight values that y can take
    signs, levels = signs[levels.argsort()], np.sort(levels)
    wanted = signs[:, 1:] @ loud[:2]  # what the next logit needs of the two newer bits

    gain = 12 / np.diff(levels)  # a switch halfway between any two neighbouring values
    W_yh = np.append(gain, 0.0)[None]
    W_xh = np.append(np.zeros(7), 20.0)[None]
    b_h = np.append(-gain * (levels[1:] + levels[:-1]) / 2, -10.0)
    W_hy = np.append(np.diff(wanted) / 2, loud[2])[:, None]
    b_y = (wanted[0] + wanted[-1]) / 2

    y, answers = np.full((len(x), 1), levels[0]), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh + y @ W_yh + b_h)
        y = 1 / (1 + np.exp(-(h @ W_hy + b_y)))
        answers.append(y[:, 0] > 0.5)
    return np.stack(answers, axis=1)


echo_bits, _ = parity_sequences(500, 300, np.random.default_rng(0))
by_hand = (jordan_echo(echo_bits)[:, 2:] == (echo_bits[:, :-2, 0] > 0.5)).mean()
print(f"Jordan network, set by hand, lag 2: share of right bits {by_hand:.3f}")

# %% [markdown]
# Possible, then, but by a trick that training does not find in the time given, and that a little
# noise on the output would undo. What is fed back decides what is *easy* to remember.
#
# Feeding the output back is still common, and useful, where the output *is* the next input: in a
# generator, which writes one word and reads it again (section 10), and in assignment A2, whose cell has
# both arrows.
#
# ### Exercise 5 · an echo of two steps, by hand
#
# *Difficulty: hard. Importance: medium. 15 minutes.* Give an Elman network weights such that
# $y_t > 0.5$ exactly when $x_{t-2} = 1$. The output activation is the identity: $y_t = o_t = h_t
# W_{hy} + b_y$. Choose $H$ yourself. $h_0$ is zero. The check runs your network on random bits and does not look at the
# first two outputs.
#
# <details><summary>Hint 1</summary>
# Think of people in a row, each handing on what he has just been handed. How many are needed until
# the bit of two steps ago is in somebody's hands?
# </details>
# <details><summary>Hint 2</summary>
# Unit 0 holds the bit of this step as +1 or -1: <code>tanh(k (2 x - 1))</code>. Unit 1 copies what
# unit 0 held one step ago, unit 2 what unit 1 held.
# </details>
# <details><summary>Hint 3</summary>
# Row i of <code>W_hh</code> says where unit i sends its value. On which side of the diagonal does
# "unit 0 sends to unit 1" stand?
# </details>


# %%
def echo_weights():
    """Return W_xh (1, H), W_hh (H, H), b_h (H,), W_hy (H, 1), b_y (1,)."""
    ### BEGIN SOLUTION
    k = 3.0
    W_xh = np.array([[2 * k, 0.0, 0.0]])  # unit 0: +k for a one, -k for a zero, with its bias
    b_h = np.array([-k, 0.0, 0.0])
    W_hh = np.array([[0.0, k, 0.0], [0.0, 0.0, k], [0.0, 0.0, 0.0]])
    W_hy = np.array([[0.0], [0.0], [0.5]])  # unit 2 is +1 or -1; make it 1 or 0
    return W_xh, W_hh, b_h, W_hy, np.array([0.5])
    ### END SOLUTION


hand_set.echo_weights(echo_weights)

# %% [markdown] tags=["solution"]
# A chain of three units is a *shift register*. The bit arrives in unit 0, moves on by one unit a
# step, and is read out of unit 2 two steps later. With $k > 1$ every hand-over refreshes it, as in the
# parity network. (Here even a small $k$ passes, since only the sign is read and nothing disturbs
# it.) A memory of $n$ steps costs $n + 1$ units in this design.

# %% [markdown]
# ## 10 · The types
#
# One cell, several ways to use it. What differs is where inputs come in and where answers are read.
# Each type below comes with a task and its shapes. Take a pencil: sketch each unrolled network for
# four steps *before* you run its cell, then compare.
#
# **One-to-one.** No sequence at all: an image in, its class out. $x$ is $(B, D)$, the answer
# $(B, O)$. This is the ordinary network that the others grow from.

# %%
plots.unrolled_diagram(kind="one-to-one")

# %% [markdown]
# **One-to-many.** One thing in, a sequence out: an image and its caption, a first note and a melody.
# The input comes once, $(B, D)$; the answers are $(B, T, O)$. The one thing may enter as $x_1$, as
# drawn here, or as the first state $h_0$. The later steps need an input too, and usually it is the
# output of the step before.

# %%
plots.unrolled_diagram(T=4, kind="one-to-many", feedback="both")

# %% [markdown]
# **Many-to-one.** A sequence in, one answer out, read from the last state: a review and its
# verdict, a sentence and its language. $x$ is $(B, T, D)$, the answer $(B, O)$.

# %%
plots.unrolled_diagram(T=4, kind="many-to-one")

# %% [markdown]
# **Many-to-many, equal length.** One answer for every input, at its own step: each day's weather
# and the next day's rain, each word and its part of speech. $(B, T, D)$ in, $(B, T, O)$ out.

# %%
plots.unrolled_diagram(T=4, kind="many-to-many")

# %% [markdown]
# **Many-to-many, unequal length.** A sequence in, another sequence out, of its own length: a
# sentence and its translation. Nothing can be written before enough is read. So one network, the
# encoder, reads. Its last state starts a second one, the decoder, with states $s_t$ and weights of
# its own, and that one writes: $(B, T_x, D)$ in, $(B, T_y, O)$ out. Lesson 10 is about this type.

# %%
plots.unrolled_diagram(T=4, kind="encoder-decoder", T_out=3)

# %% [markdown]
# All five need nothing but the step and a readout. Watch the shapes.

# %%
rng = np.random.default_rng(4)
B, T, D, H, O = 2, 7, 4, 6, 3


def draw(*shape):
    return rng.normal(size=shape) / 2


W_xh, W_hh, b_h, W_hy, b_y = draw(D, H), draw(H, H), draw(H), draw(H, O), draw(O)
zero = np.zeros((B, H))
week = x_year[:14].reshape(2, 7, 4)  # two weeks of real weather, standardised: (B, T, D)

h_all, _ = rnn_forward(week, zero, W_xh, W_hh, b_h)
print(
    "one-to-one     in",
    week[:, 0].shape,
    "  out",
    (np.tanh(week[:, 0] @ W_xh + b_h) @ W_hy + b_y).shape,
)
print("many-to-one    in", week.shape, "out", linear_forward(h_all[:, -1], W_hy, b_y)[0].shape)
print("many-to-many   in", week.shape, "out", linear_forward(h_all, W_hy, b_y)[0].shape)

# one-to-many: the input becomes the first state; each output is fed back by weights of its own
W_yh = draw(O, H)
h_image, y = np.tanh(week[:, 0] @ W_xh), np.zeros((B, O))
outputs = []
for _ in range(5):
    h_image = rnn_step_forward(y, h_image, W_yh, W_hh, b_h)
    y = h_image @ W_hy + b_y
    outputs.append(y)
print("one-to-many     in", week[:, 0].shape, "   out", np.stack(outputs, axis=1).shape)

# unequal length: the reader's last state starts the writer, which has weights of its own
W_ss, b_s, W_sy, W_ys = draw(H, H), draw(H), draw(H, O), draw(O, H)
s_write, y, written = h_all[:, -1], np.zeros((B, O)), []
for _ in range(4):
    s_write = rnn_step_forward(y, s_write, W_ys, W_ss, b_s)
    y = s_write @ W_sy + b_y
    written.append(y)
print("unequal length  in", week.shape, " out", np.stack(written, axis=1).shape)

# %% [markdown]
# Many-to-one and many-to-many differ in one slice: `h[:, -1]` against `h`. Keras calls this switch
# `return_sequences`. Left off, the layer returns its last state $(B, H)$, which Keras calls its
# **last output**. To stack a second recurrent layer on top, the first must return **all** states
# $(B, T, H)$, for the second needs a sequence to read.
#
# ### Exercise 6 · one-to-many
#
# *Difficulty: medium. Importance: high, every text generator is this loop. 8 minutes.* Start from
# $h_0$ and $y_0$. Each step reads the previous output as its input and emits its own output,
# $y_t = o_t = h_t W_{hy} + b_y$. The check names a loop that forgets to carry one of the two
# things that move; it does not try $O \ne D$, for here the output *is* the input.
#
# <details><summary>Hint 1</summary>
# Two things travel from step to step. Name both before the loop.
# </details>
# <details><summary>Hint 2</summary>
# Inside: new state from (y, h), new output from the new state, append the new output.
# </details>
# <details><summary>Hint 3</summary>
# <code>np.stack(list, axis=1)</code> gives (B, T, O). It refuses an empty list: what is right for
# T = 0?
# </details>


# %%
def generate(h0, y0, T, W_xh, W_hh, b_h, W_hy, b_y):
    """Return y (B, T, O); y0 (B, O) is the first input, every output the next."""
    ### BEGIN SOLUTION
    h, y = h0, y0
    outputs = np.zeros((len(h0), T, len(b_y)))
    for t in range(T):
        h = np.tanh(y @ W_xh + h @ W_hh + b_h)
        y = h @ W_hy + b_y
        outputs[:, t] = y
    return outputs
    ### END SOLUTION


networks.generate(generate)

# %% [markdown]
# ## 11 · Counting parameters
#
# Each unit of the hidden layer has $D$ weights from the input, $H$ weights from the hidden layer
# and one bias. There are $H$ units:
#
# $$\text{RNN}: \quad DH + H^2 + H = H(D + H + 1).$$
#
# The embedding has $V E$, a linear layer from $H$ to $O$ has $HO + O$. The length $T$ does not
# occur. The same numbers serve 3 days and 365.

# %%
quiz.predict(
    "count",
    "An embedding of 10,000 words in 32 dimensions, then an RNN with 32 units. Which share of all "
    "parameters is the RNN's?",
    ["more than half", "about a tenth", "less than a hundredth"],
)


# %%
def rnn_parameters(D, H):
    return D * H + H * H + H


n_embedding = 10_000 * 32
n_rnn = rnn_parameters(32, 32)
n_four = n_embedding + 4 * n_rnn
print(f"embedding 10,000 x 32:         {n_embedding:>8,}")
print(f"RNN 32 -> 32:                  {n_rnn:>8,}")
print(f"both:                          {n_embedding + n_rnn:>8,}")
print(f"with three more RNN layers:    {n_four:>8,}")
n_torch = sum(p.numel() for p in torch.nn.RNN(32, 32).parameters())
print(f"torch counts, for one RNN:     {n_torch:>8,}  (32 more: its second bias)")
share = n_rnn / (n_embedding + n_rnn)

# %%
quiz.reveal(
    "count",
    "less than a hundredth"
    if share < 0.01
    else "about a tenth"
    if share < 0.2
    else "more than half",
    f"{share:.2%}. In word models the vocabulary is what costs; the recurrent layer is small "
    "because all steps share it.",
)

# %% [markdown]
# 320,000 <!-- =n_embedding -->, 2,080 <!-- =n_rnn -->, 322,080 <!-- =n_embedding + n_rnn -->
# and 328,320 <!-- =n_four --> are numbers that you will meet again in textbooks on Keras. torch
# reports 2,112 <!-- =n_torch --> for the same layer, because it stores two biases where one would do.
#
# ### Exercise 7 · count any of them
#
# *Difficulty: easy. Importance: medium, it finds bugs before training does. 5 minutes.* Embedding
# $V \times E$, then recurrent layers of the sizes in `hidden` (one bias each), then a linear
# readout to $O$ numbers. The check compares with torch's own modules, on five layers at most; it does
# not look at how you count.
#
# <details><summary>Hint 1</summary>
# What does the second recurrent layer read? Its D is not E.
# </details>
# <details><summary>Hint 2</summary>
# Walk along <code>hidden</code> with a variable that holds the size of what comes from below.
# </details>


# %%
def count_parameters(V, E, hidden, O):
    """Return the number of parameters; hidden is a tuple of layer sizes, such as (32, 32)."""
    ### BEGIN SOLUTION
    total, below = V * E, E
    for H in hidden:
        total += H * (below + H + 1)
        below = H
    return total + below * O + O
    ### END SOLUTION


networks.count_parameters(count_parameters)

# %% [markdown]
# ### From Keras words to torch words
#
# Much teaching material is written for Keras. The same things in torch:
#
# | Keras | torch | note |
# |---|---|---|
# | `SimpleRNN(32)` | `nn.RNN(E, 32, batch_first=True)`, then `h[:, -1]` | Keras returns the last output unless told otherwise |
# | `return_sequences=True` | `h` of `h, h_n = rnn(x)` | torch always returns all states and the last |
# | `stateful=True` | pass `h_n` (detached) to the next call | lesson 08 |
# | `Masking`, `mask_zero=True` | `pack_padded_sequence`, or gather by `lengths` | lesson 07 |
# | `recurrent_dropout=0.2` | no switch; written by hand | lesson 07; torch's `dropout=` acts between layers |
# | `model.summary()` | a loop over `named_children()`, below | |


# %%
class FirstModel(torch.nn.Module):
    """Embedding, one RNN, one sigmoid: a review's ids (B, T) to the logit of "positive" (B,)."""

    def __init__(self, V=10_000, E=32, H=32):
        super().__init__()
        self.embedding = torch.nn.Embedding(V, E, padding_idx=0)
        self.rnn = torch.nn.RNN(E, H, batch_first=True)
        self.dense = torch.nn.Linear(H, 1)

    def forward(self, ids):
        h, _ = self.rnn(self.embedding(ids))
        return self.dense(h[:, -1])[..., 0]


def summary(model):
    for name, module in model.named_children():
        print(
            f"{name:<10} {type(module).__name__:<10} {sum(p.numel() for p in module.parameters()):>8,}"
        )
    total = sum(p.numel() for p in model.parameters())
    print(f"{'total':<21} {total:>8,}")
    return total


n_first = summary(FirstModel())

# %% [markdown]
# Counted with one bias, this model has 322,113 <!-- =n_embedding + n_rnn + 33 --> parameters, the total that
# Keras prints. torch's is larger by 32, the second bias. (`padding_idx=0` keeps the padding's vector
# at zero. The RNN still takes a step for each pad, with its bias and its old state, so the first
# word is not read from $h_0 = 0$. Lesson 07 removes these steps.)

# %% [markdown]
# ## 12 · The classic first model, whole
#
# Many courses train this model first, on film reviews: 10,000 words, embedding 32, RNN 32, one
# sigmoid; optimiser RMSprop, loss binary cross-entropy, batches of 128, 10 epochs, 20% of the training
# data held out for validation. We follow them with Keras's settings, and with two differences: the
# 20% are drawn at random, and the initial weights are torch's. If the folder `COURSE_DATA` holds the film reviews, they are used. Otherwise we use reviews made so that *only the order of
# the words* tells good from bad. Read two of them.

# %%
data = reviews()
print(data.note, "\n")
for text, label in zip(data.train.texts[:2], data.train.labels[:2]):
    print("positive:" if label else "negative:", text[:200])

# %%
vocab = Vocab.from_texts(data.train.texts, max_size=10_000)
MAX_LENGTH = 80


def to_ids(texts):
    """Return ids (B, T), padded on the left so that the last state has read the last word."""
    ids, _ = pad_sequences(
        [vocab.encode(tokenize(text))[:MAX_LENGTH] for text in texts], side="left"
    )
    return ids


train_ids, test_ids = to_ids(data.train.texts), to_ids(data.test.texts)
train_y, test_y = data.train.labels.astype(float), data.test.labels.astype(float)
print("vocabulary:", len(vocab), " training ids:", train_ids.shape, " test ids:", test_ids.shape)

# %% [markdown]
# The made reviews use few words, and most of the 10,000 rows of the embedding are never looked up. We
# keep the size all the same, to train the classic model as it is.
#
# Now the honest baselines. The majority class. A **bag of words**, which counts how often each
# word occurs and throws the order away; a logistic regression turns the counts into a verdict. And
# two stronger bags, of pairs and of triples of neighbouring words, which keep a little order.

# %%
from sklearn.feature_extraction.text import CountVectorizer


def as_read(texts):
    """Return the texts cut to the words that the RNN reads too."""
    return [" ".join(tokenize(text)[:MAX_LENGTH]) for text in texts]


majority = (test_y == (train_y.mean() >= 0.5)).mean()
bags = {}
for n, name in ((1, "bag of words"), (2, "bag of pairs"), (3, "bag of triples")):
    counter = CountVectorizer(tokenizer=tokenize, token_pattern=None, ngram_range=(n, n), min_df=2)
    counts = counter.fit_transform(as_read(data.train.texts))
    regression = LogisticRegression(max_iter=200).fit(counts, train_y)
    bags[name] = regression.score(counter.transform(as_read(data.test.texts)), test_y)
bag_accuracy = bags["bag of words"]
print(f"majority class: {majority:.3f}")
for name, accuracy in bags.items():
    print(f"{name}: {accuracy:.3f}")

# %% [markdown]
# On the made reviews the bag of words is exactly at chance, as it must be. Every positive review has
# a negative twin with the same words, so twins get the same verdict, and for one of the two it is
# wrong. Pairs of words help, and triples give it all away. So these reviews need *order*, but no
# long memory. Keep that in mind when you read the RNN's score.

# %%
quiz.predict(
    "classic",
    "The RNN's accuracy on reviews that it has not seen, after ten epochs:",
    ["like the bag of words", "clearly above it, below 0.9", "above 0.9"],
)

# %%
# Twins stay on the same side of the split: otherwise one would be a hint to the other.
kept, validation = split_by_group(data.train.groups, 0.2, np.random.default_rng(0))


def first_model(seed):
    model = FirstModel()
    # Keras's settings; torch's own learning rate is ten times larger, its memory longer
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
    history = fit(
        model,
        bce,
        (train_ids[kept], train_y[kept]),
        optimizer=optimizer,
        epochs=10,
        batch_size=128,
        seed=seed,
        validation=(train_ids[validation], train_y[validation]),
        progress=False,
    )
    with torch.no_grad():
        right = (model(torch.as_tensor(test_ids)) > 0) == torch.as_tensor(test_y > 0.5)
    curves.append(history.val_loss)
    return float(right.float().mean())


curves = []
rnn_accuracy = over_seeds(first_model, range(3), progress=False)
plots.bars_with_spread(
    {"RNN, three seeds": rnn_accuracy.values, **{name: [score] for name, score in bags.items()}},
    baseline={"majority": majority},
    value_label="accuracy on the test reviews",
    alt="Test accuracy: the RNN's three seeds near 1.0, the bag of triples at 1.0, the bag of pairs "
    "near 0.74, the bag of words at 0.5, where the majority class is.",
    caption="The RNN learns the order that the bag of words cannot see. So do triples of words: "
    "this task separates order from no order, not long memory from short.",
)

# %%
fig, ax = plt.subplots(figsize=(8, 3.8))
for seed, curve in enumerate(curves):
    ax.plot(
        np.arange(1, len(curve) + 1),
        curve,
        color=plots.COLORS[seed],
        linestyle=plots.LINESTYLES[seed],
        marker=plots.MARKERS[seed],
        label=f"seed {seed}",
    )
ax.axhline(np.log(2), color="#777777", lw=1.2, linestyle=":")
ax.annotate("ln 2: always saying one half", (0.75, np.log(2) + 0.015), color="#555555", fontsize=11)
ax.set(xlabel="epoch", ylabel="validation loss (nats)", ylim=(0, 0.85))
ax.legend(loc="center right")
plots.show(
    fig,
    alt="Validation loss over ten epochs for three seeds. All start just below the line of a coin. In "
    "the third epoch they lie between about 0.2 and 0.5; from the seventh on all are close to zero.",
    caption="All start at the loss of a coin and end near zero. In between the three seeds lie far "
    "apart: stopped after three epochs, one run alone would say little.",
)

# %%
reached = rnn_accuracy.mean

# %%
quiz.reveal(
    "classic",
    "above 0.9"
    if reached > 0.9
    else "clearly above it, below 0.9"
    if reached > bag_accuracy + 0.05
    else "like the bag of words",
    f"RNN: {rnn_accuracy:.2f}, bag of words: {bag_accuracy:.2f}. On the made reviews order is all "
    "there is. Real film reviews are another matter: Wang and Manning (2012) found bags of words and "
    "pairs hard to beat there. Always run one beside your network.",
)

# %% [markdown]
# ## 13 · The same update at every step
#
# The weights do not know what day it is. Show the network a stretch of weather on other dates, and
# it should do the same things on those other dates: shift the input in time, and the output shifts
# along. This property is called **shift equivariance**. The state is in its way, for it comes from
# before. To see how much, start a network twice on the same weather, on day 0 and on day 10, both
# times from $h_0 = 0$, and compare the two states *on the same day*. If only the inputs mattered,
# they would be equal.

# %%
rng = np.random.default_rng(5)
H = 16
W_xh, b_h = rng.normal(size=(4, H)) / 3, 0.1 * rng.normal(size=H)
W_hh = 0.9 * np.linalg.qr(rng.normal(size=(H, H)))[0]
from_day_0, _ = rnn_forward(x_year[None, :90], np.zeros((1, H)), W_xh, W_hh, b_h)
from_day_10, _ = rnn_forward(x_year[None, 10:90], np.zeros((1, H)), W_xh, W_hh, b_h)
difference = np.linalg.norm(from_day_0[0, 10:] - from_day_10[0], axis=1)
size = np.linalg.norm(from_day_0[0, 10:], axis=1).mean()
below_1_percent = int(np.argmax(difference < 0.01 * size))
print(f"difference on the first day: {difference[0] / size:.0%} of a typical state")
print(f"below 1% of it after {below_1_percent} days; after 60 days: {difference[60] / size:.1e}")

fig, axes = plt.subplots(3, 1, figsize=(9, 5.6), sharex=True)
spread = dict(aspect="auto", cmap=plots.diverging_map(), vmin=-1, vmax=1, interpolation="nearest")
axes[0].imshow(from_day_0[0].T, **spread)
shifted = np.full((H, 90), np.nan)
shifted[:, 10:] = from_day_10[0].T
axes[1].imshow(shifted, **spread)
axes[2].semilogy(np.arange(10, 90), difference / size, color=plots.COLORS[0], marker="")
for ax, title in zip(axes, ("states, started on day 0", "states, started on day 10", "difference")):
    ax.set_title(title, fontsize=12)
    ax.grid(False)
axes[0].set_ylabel("unit")
axes[1].set_ylabel("unit")
axes[2].set_xlabel("day of 2012")
plots.show(
    fig,
    alt="Two heat maps of 16 hidden units over 90 days, started on day 0 and on day 10, which look "
    "alike from about day 17 on; below, their difference falls on a logarithmic axis.",
    caption="Started ten days apart, this network soon has the same states on the same days: the "
    "difference (below) falls until it is rounding. What differs at first is the transient of the "
    "start. Orange is positive, blue negative; the white block is before the second start.",
)

# %% [markdown]
# So outputs shift with inputs, *up to the transient of the initial state*: after
# 7 <!-- =below_1_percent ±2 --> days the difference is below 1% of a typical state. That is a
# network that forgets its start. One that never forgets has a transient without end:

# %%
wet_year = weather.wet[None, :365, None].astype(float)
parity_from_0 = parity_net(wet_year, 3.0)[0, 10:] > 0.5
parity_from_10 = parity_net(wet_year[:, 10:], 3.0)[0] > 0.5
same_parity = (parity_from_0 == parity_from_10).mean()
print(
    f"parity of wet days, counted from day 0 and from day 10: equal on {same_parity:.0%} of the days"
)
print("wet days among the first ten:", int(wet_year[0, :10].sum()))

# %% [markdown]
# A **convolution** computes its output at $t$ from a few inputs around $t$, with the same few weights
# wherever $t$ is. It has no state, so it is shift-equivariant without a transient. **Pooling** over
# time, for instance keeping only the largest output of a stretch, then makes the answer nearly
# *invariant*: it does not change when the stretch moves by a day, unless the largest value itself
# moves in or out. How often is that? In a stretch of 30 days and the day after it, the largest of
# 31 values is the first or the last in 2 of 31 cases, if all places are equally likely. So we expect
# 94% <!-- =1 - 2 / 31 --> unchanged. Measured on the same weather, with ten random filter banks:

# %%
series = torch.from_numpy(x_year.T.copy())[None]  # (B, channels, T): torch's convolutions want this
unchanged = []
for seed in range(10):
    torch.manual_seed(seed)
    conv = torch.nn.Conv1d(4, 8, kernel_size=5).double()
    with torch.no_grad():
        whole, later = conv(series), conv(series[:, :, 10:])
        top = torch.stack([whole[0, :, day : day + 30].max(dim=1).values for day in range(300)])
    conv_error = float((whole[:, :, 10:] - later).abs().max())
    unchanged.append(float((top[1:] == top[:-1]).double().mean()))
print(f"convolution, shifted by ten days: largest difference {conv_error:.1e}")
print(
    f"maximum over 30 days, moved by one: unchanged in {min(unchanged):.0%} to {max(unchanged):.0%}"
)

# %% [markdown]
# Both kinds of network share weights, one along space (or time), the other along time. They differ
# in what grows with depth. A convolutional net stacks layers, each with weights of its own, and each
# **climbs a level**: in image networks the later layers were found to answer to larger and more
# composite patterns (Zeiler and Fergus 2014). One recurrent layer, unrolled, is as deep as the
# sequence is long, yet it stays **on one level and spreads in time**: at every step the same units
# see the same kind of input and their own last state.
#
# That lets one layer see two kinds of pattern. A pattern *at an instant*: "it is wet today". And a
# pattern *spread over time*: "this is at least the third wet day in a row", which no single day
# shows. Set by hand: unit 0 is on when today is wet; unit 1 when today is wet and unit 0 was on
# yesterday; unit 2 when today is wet and unit 1 was on yesterday. "Wet and on yesterday" is an AND.
# With input weight $2k$, recurrent weight $2k$ and bias $-3k$ the sum is $+k$ for wet and on, and
# for the other three cases $-k$ (dry, on), $-3k$ (wet, off), $-5k$ (dry, off).

# %%
k = 3.0
W_xh = np.array([[2 * k, 2 * k, 2 * k]])
W_hh = np.array([[0, 2 * k, 0], [0, 0, 2 * k], [0, 0, 0]])
b_h = np.array([-k, -3 * k, -3 * k])
wet_days = weather.wet[None, 60:120, None].astype(float)
on, _ = rnn_forward(wet_days, -np.ones((1, 3)), W_xh, W_hh, b_h)

by_counting = np.array([weather.wet[day - 2 : day + 1].all() for day in range(62, 120)])
agrees = bool(((on[0, 2:, 2] > 0) == by_counting).all())
print("unit 2 agrees with counting on every day:", agrees)
plots.heatmap_through_time(
    on[0],
    row_labels=["unit 0: wet", "unit 1: 2 or more in a row", "unit 2: 3 or more in a row"],
    alt="Heat map of three units over 60 days. Unit 0 repeats the wet days; unit 1 "
    "turns on at the second wet day in a row, unit 2 at the third, and both stay on till it is dry.",
    caption="One recurrent layer, three units (orange: on; blue with a dash: off). Unit 0 sees a "
    "pattern of the instant; units 1 and 2 see patterns spread over time, each built on "
    "yesterday's answer of the unit before.",
)

# %% [markdown]
# From "wet" to "third in a row" no second layer was needed. What it took was *time*: unit 2 can
# answer two days after the first wet day, and not before.

# %% [markdown]
# ## 14 · Slides say
#
# Sentences as they are found on lecture slides. Give your verdict first, then run the cell.
#
# **"The output of an RNN depends on $x_t$ and $x_{t-1}$."** Change one input at a time, and see
# which of them move the last state.

# %%
rng = np.random.default_rng(6)
T, D, H = 12, 3, 8
x_one = rng.normal(size=(1, T, D))
weights_one = (rng.normal(size=(D, H)) / 2, rng.normal(size=(H, H)) / 2, np.zeros(H))
last, _ = rnn_forward(x_one, np.zeros((1, H)), *weights_one)
moved = []
for t in range(T):
    changed = x_one.copy()
    changed[0, t] += 0.1
    moved.append(
        np.linalg.norm(rnn_forward(changed, np.zeros((1, H)), *weights_one)[0][0, -1] - last[0, -1])
    )
print("steps whose input moves the last state:", int((np.array(moved) > 1e-12).sum()), "of", T)

# %% [markdown]
# **False.** It depends on $h_{t-1}$, and through it on *every* input so far. (How strongly is
# another matter: lesson 04.)
#
# **"An RNN has as many layers as the sequence has steps, so long sequences need many parameters."**

# %%
for T_any in (5, 50, 500):
    out, _ = rnn_forward(rng.normal(size=(1, T_any, D)), np.zeros((1, H)), *weights_one)
    print(f"T = {T_any:>3}: states {out.shape}, parameters {sum(w.size for w in weights_one)}")

# %% [markdown]
# **True under conditions:** true of the depth, false of the parameters. Unrolled it is $T$ layers deep,
# which costs time and, in training, memory. But the layers share their weights.
#
# **"RNNs work on sequences of any length."**

# %%
long_bits, long_parity = parity_sequences(100, 1000, np.random.default_rng(7))
for k, T_any in ((2.0, 8), (2.0, 1000), (3.0, 1000)):
    share_right = (
        (parity_net(long_bits, k)[:, T_any - 1] > 0.5) == (long_parity[:, T_any - 1] == 1)
    ).mean()
    print(f"parity net with gain {k:g}, after {T_any:>4} steps: {share_right:.2f} right")

# %% [markdown]
# **True under conditions.** The code runs on any length. Whether the answer is any good at a length
# never met before depends on the weights: gain 3 generalises, gain 2 does not, and eight steps do
# not show it.
#
# **"The hidden state $s_t$ of a vanilla RNN is its cell state."** Ask torch what each kind of network
# hands on from step to step.

# %%
one_input = torch.zeros(1, 5, 3)
for kind in (torch.nn.RNN, torch.nn.LSTM):
    _, carried = kind(3, 8, batch_first=True)(one_input)
    names = ("h",) if torch.is_tensor(carried) else ("h", "c")
    print(f"{kind.__name__}: carries {' and '.join(names)}")

# %% [markdown]
# **False in these words.** A vanilla RNN carries one thing, $h_t$. The LSTM of lesson 05 carries two,
# $h_t$ and a cell state $c_t$; only there does the word have a use.

# %% [markdown]
# ## 15 · Debugging clinic
#
# A colleague's network does not learn. Here is the symptom. The input is `1 0 0 1 1 0 1 0`, and $h_0$
# is 0.5 in every unit. Left, the states of a healthy network with random weights; right, the
# patient's, with the same weights and the same input.

# %%
rng = np.random.default_rng(8)
pattern = np.array([1, 0, 0, 1, 1, 0, 1, 0], dtype=float).reshape(1, 8, 1)
H = 5
ward = (rng.normal(size=(1, H)), rng.normal(size=(H, H)), 0.3 * rng.normal(size=H))
healthy, _ = rnn_forward(pattern, np.full((1, H), 0.5), *ward)
sick = rnn.their_forward(pattern, np.full((1, H), 0.5), *ward)

fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
for ax, states, title in ((axes[0], healthy, "healthy"), (axes[1], sick, "the patient")):
    ax.imshow(states[0].T, aspect="auto", cmap=plots.diverging_map(), vmin=-1, vmax=1)
    for (unit, t), value in np.ndenumerate(states[0].T):
        ink = "white" if abs(value) > 0.72 else "black"
        ax.text(t, unit, f"{value:.1f}", ha="center", va="center", fontsize=9, color=ink)
    ax.set(title=title, xlabel="input at each step", xticks=range(8), yticks=range(H))
    ax.set_xticklabels([f"{bit:.0f}" for bit in pattern[0, :, 0]])
    ax.grid(False)
axes[0].set_ylabel("unit")
plots.show(
    fig,
    alt="Two heat maps of five units over eight steps with inputs 1 0 0 1 1 0 1 0. In the healthy "
    "network all columns differ. In the patient, after the first step, all columns with input 1 "
    "are equal, and all columns with input 0 are equal.",
    caption="The same weights, the same input. After the first step the patient has two states "
    "only, one for each input.",
)

# %%
quiz.choice(
    "What is wrong with the patient?",
    {
        "the tanh is missing": "Then entries above 1 would be seen. All lie between -1 and 1.",
        "the state is set to zero after every step": "Yes: from the second step on, equal inputs give "
        "equal states, whatever came before. Only the first step still feels h0.",
        "each step starts from h0": "Close. Then the first column too would equal the other "
        "columns with input 1, for all would start from the same h0. Compare columns 1 and 4.",
        "W_hh is transposed": "Then the past would still matter, only wrongly: columns with equal "
        "inputs would differ.",
    },
    answer=rnn.their_diagnosis(sick, pattern),
)

# %% [markdown]
# Here is the patient's code.
#
# ```python
# def patient_forward(x, h0, W_xh, W_hh, b_h):
#     B, T, _ = x.shape
#     states = []
#     for t in range(T):
#         h = h0 if t == 0 else np.zeros_like(h0)
#         h = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
#         states.append(h)
#     return np.stack(states, axis=1)
# ```
#
# ### Exercise 8 · mend it
#
# *Difficulty: easy. Importance: high. 4 minutes.* The check is that of exercise 2, so it also finds
# what the mending broke; it does not look at speed. Mind one thing more, which the colleague never
# tried: $T = 0$.
#
# <details><summary>Hint 1</summary>
# Which line makes the state of the step before disappear?
# </details>
# <details><summary>Hint 2</summary>
# One assignment before the loop replaces one inside it.
# </details>
# <details><summary>Hint 3</summary>
# <code>np.stack</code> refuses an empty list. Fill an array, as in exercise 2.
# </details>


# %%
def mended_forward(x, h0, W_xh, W_hh, b_h):
    """Return all states h (B, T, H)."""
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    states = np.zeros((B, T, h0.shape[1]), dtype=np.result_type(x, W_xh))
    h = h0
    for t in range(T):
        h = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
        states[:, t] = h
    return states
    ### END SOLUTION


rnn.rnn_forward(mended_forward)

# %% [markdown]
# ## 16 · Quiz

# %%
quiz.choice(
    "Which statement about recurrent networks is **false**?",
    {
        "They use the same weights at every step.": "True: that is what makes one model serve every "
        "length.",
        "They are robust against vanishing gradients.": "This one is false. In section 6 you saw "
        "the influence of the start fade within weeks. What no longer influences the state gets "
        "no gradient either: lesson 04.",
        "They can read inputs of different lengths.": "True: T occurs in the loop, not in the "
        "weights.",
        "Their state can depend on all inputs so far.": "True: you measured it in section 14.",
    },
    answer="They are robust against vanishing gradients.",
)

# %%
quiz.choice(
    "Which of these suit a recurrent network?",
    {
        "a series of temperatures": "It does: a sequence in time, one step an hour or a day. But it "
        "is not the only one.",
        "natural language": "It does: a sequence of words, in which order matters. But it is not "
        "the only one.",
        "finding a scene in a video, recognising speech": "Both do: sequences of frames and of short "
        "sound spectra. But they are not the only ones.",
        "all of them": "Each is a sequence of any length, in which order and history matter.",
    },
    answer="all of them",
)

# %%
quiz.numeric(
    "How many parameters has an RNN layer with D = 50 and H = 100, with one bias?",
    rnn_parameters(50, 100),
    tolerance=0,
    feedback={
        rnn_parameters(50, 100) + 100: "That is torch's count, with two biases.",
        50 * 100 + 100: "The recurrent weights are missing: H times H.",
        50 * 100 + 100 * 100: "The thresholds are missing: one a unit.",
    },
)

# %%
h_shape = rnn_forward(
    np.zeros((8, 20, 4)), np.zeros((8, 16)), np.zeros((4, 16)), np.zeros((16, 16)), np.zeros(16)
)[0].shape

# %%
quiz.choice(
    "`x` has shape (8, 20, 4) and the RNN has 16 units. What is the shape of all its states?",
    {
        "(20, 8, 16)": "That is time-major, as torch has it unless told batch_first=True.",
        "(8, 20, 16)": "Batch first, one state of 16 numbers for each of 20 steps.",
        "(8, 16)": "That is the last state alone: many-to-one.",
        "(8, 20, 4)": "States have H numbers, not D.",
    },
    answer=str(h_shape),
)

# %%
quiz.choice(
    "A film's frames go in; for each frame the net says whether a dog is seen. Which type is it?",
    {
        "many-to-one": "Then there would be one answer for the whole film.",
        "one-to-many": "Then a single input would give many answers.",
        "many-to-many, equal length": "One answer for each frame, at its own step.",
        "many-to-many, unequal length": "Then the number of answers would be free, as in "
        "translation.",
    },
    answer="many-to-many, equal length",
)

# %%
quiz.choice(
    "`o = -8`, the right answer is yes. Why is squared error on a sigmoid a bad pair?",
    {
        "Its loss is not defined there.": "It is: (p - 1)² is close to 1.",
        "Its gradient is nearly zero there.": f"Yes: {sure_ratio:.0e} of the matching loss's, since "
        "the sigmoid's slope p(1 - p) stays in the product.",
        "Its gradient explodes there.": "The other way round: the slope of the sigmoid is tiny.",
        "It needs a softmax.": "A yes-or-no answer needs one number only.",
    },
    answer="Its gradient is nearly zero there."
    if sure_ratio < 1e-3
    else "Its gradient explodes there.",
)

# %%
quiz.numeric(
    "The parity network at gain 2 with zeros coming in: to which value does a stored 1 drift?",
    fixed_2,
    tolerance=0.03,
    feedback={
        0.0: "Look at the figure: the only crossing is not at zero.",
        0.5: "At 0.5 the curve lies below the diagonal: the value goes on falling.",
    },
)

# %% [markdown]
# ## Back to the table of lesson 01
#
# Lesson 01 asked four things of a model of sequences, and none in its table did all four. The RNN's
# row can be filled now. Any length and shared weights: the loop of section 3, the count of section 11.
# Order: the reviews of section 12. Long reach is the open one. Section 5 kept a bit for ever with weights
# set by hand; whether training finds such weights is the question of lessons 03 and 04.

# %%
scorecard.show(upto="02")

# %% [markdown]
# ## Recap
#
# 1. One model for every length: a state, $h_t = f(h_{t-1}, x_t)$, and a readout. The RNN learns $f$:
#    $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)$.
# 2. Unrolled, it is a feedforward network with $T$ layers and one set of weights, $H(D + H + 1)$
#    parameters whatever $T$.
# 3. A state keeps a bit for ever if it has two values that reproduce themselves and attract. With one
#    such value, whatever was stored fades towards it.
# 4. Each output activation has its loss; matched, the gradient at the readout is prediction minus
#    target.
# 5. The same cell reads many-to-one, writes one-to-many, labels many-to-many; what is fed back decides
#    what is easy to remember.
#
# ## Where this goes wrong in practice
#
# Axes swapped: torch's `nn.RNN` is time-major unless you say `batch_first=True`. Forget it and pass no
# `h0`, and nothing complains: the output even has the shape that you expect, and batch and time are
# exchanged inside. The last state read at a padded position: we padded on the left to avoid it;
# lesson 07 does it properly. The state forgotten between two chunks of the same text, or carried
# over between two texts that have nothing to do with each other. A bag of words never tried, so
# that nobody knows whether the RNN was needed.
#
# ## References
#
# - Elman (1990), *Finding structure in time*. Short and readable. Prediction errors mark where words
#   begin, and hidden states sort words into classes.
# - Jordan (1986), *Serial order: a parallel distributed processing approach*. The output fed back,
#   and why one would want it.
# - Rumelhart, Hinton and Williams (1986), *Learning representations by back-propagating errors*.
#   Four pages; the unrolling is in the last part.
# - Siegelmann and Sontag (1995), *On the computational power of neural nets*. Hand-set weights taken
#   to the end: everything computable, given numbers of unlimited precision (and another squashing
#   function).
# - Bengio, Simard and Frasconi (1994), *Learning long-term dependencies with gradient descent is
#   difficult*. Section 5's attracting states, and why gradients pay for them.
# - Wang and Manning (2012), *Baselines and bigrams: simple, good sentiment and topic classification*.
#   The baseline that many networks forgot.
# - Zeiler and Fergus (2014), *Visualizing and understanding convolutional networks*. What the layers
#   of a convolutional net answer to, in pictures.
# - Goodfellow, Bengio and Courville (2016), *Deep Learning*, chapter 10. The same ground with other
#   letters; lesson 00 translates them.
