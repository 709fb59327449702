# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {lesson: "00", title: Start here, minutes: 75, cpu_seconds: 30, peak_mib: 1024}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

# %% [markdown]
# # Lesson 00 · Start here
#
# **After this lesson you can**
#
# - run a lesson, read what a check says, and know where your own work lies;
# - read the formula of a recurrent net in any text, turn it into our letters, and test with numbers
#   that both agree;
# - differentiate a chain, write down a Jacobian, predict the shape of a product, and compute a
#   softmax that does not overflow;
# - turn a series, a pile of texts, and a video into one form: (samples, time, features).
#
# **You need** some Python (functions, loops, NumPy arrays) and the mathematics of a first
# university year (derivatives, matrices). The self-test in part 5 finds out what has rusted, and
# repairs it.
#
# **Time:** about 75 minutes to read and to predict. The nine exercises take about as long again.
# The code alone runs in seconds. You need not do it all at once: parts 1 to 4, part 5, and parts 6
# to 10 are three good sittings.
#
# ## 1 · Your machine
#
# Numbers in this course are computed on your machine, while you read. So first: what is that
# machine? Run the next cell. Click into it and press **Shift+Enter**.

# %%
import os
import platform
from importlib.metadata import version
from itertools import permutations

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display

from course_utils import course_map, data, layers, plots, quiz, training
from course_utils.checks import basics, sequence_data

plots.use_style()
training.seed_everything(0)
threads = training.set_threads()


def memory_gib():
    """Return the machine's memory in GiB, or None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return None


gib = memory_gib()
report = {
    "system": f"{platform.system()} {platform.machine()}",
    "Python": platform.python_version(),
    **{name: version(name) for name in ("numpy", "torch", "matplotlib", "scikit-learn")},
    "cores": f"{os.cpu_count()}; torch uses {threads}",
    "memory": "not told" if gib is None else f"{gib:.1f} GiB",
    "device": "a GPU, which the course does not need" if torch.cuda.is_available() else "CPU",
}
for name, value in report.items():
    print(f"{name:<14}{value}")

# %% [markdown]
# Three things to know about this report.
#
# - **One core.** The course asks torch for one thread of work, because our nets are small. Set the
#   environment variable `COURSE_THREADS=2` if you want to try two.
# - **Device.** A CPU is enough for every lesson.
# - **Something looks wrong?** Type `course doctor` in a terminal. It says what is missing and what
#   that costs you.
#
# ## 2 · How a lesson works
#
# A lesson is a list of cells. Text like this, and code like that above. Code cells share one
# memory: what one cell defines, all later ones know.
#
# **Order matters.** If you run cell 9 before cell 5, cell 9 may see an old value, or none. When in
# doubt: menu *Kernel → Restart Kernel and Run All Cells*. Every lesson survives this, also with
# untouched exercises.
#
# **You work on a copy.** `course lab` puts your copy into the folder `work/`. It never overwrites
# it. If you want a fresh one, `course lab --fresh 00` gives it to you and keeps the old one under
# its date. The folder `solutions/` holds the same lesson, solved.
#
# Four things will meet you again and again: predictions, checks, exercises, quizzes. Here is how
# they work.
#
# ### Predict, then run
#
# We will often ask what a cell will give *before* you run it. Take the question seriously, also
# when you are not sure. A wrong guess of your own makes you want to know why. The code of a
# question is folded into three dots, because it tells the answer. Run it like any other cell.

# %%
quiz.predict(
    "shape",
    "`x` has shape (4, 4, 2): four sequences, four steps, two features. One function takes the "
    "mean over axis 0, another over axis 1. Which shapes come out?",
    ["two different shapes", "(4, 2) both times", "(2,) both times"],
)

# %%
x = np.random.default_rng(0).normal(size=(4, 4, 2))  # 4 sequences, 4 steps, 2 features
over_batch, over_time = x.mean(axis=0), x.mean(axis=1)
print("over axis 0:", over_batch.shape, "  first numbers", over_batch[0].round(3))
print("over axis 1:", over_time.shape, "  first numbers", over_time[0].round(3))

# %%
quiz.reveal(
    "shape",
    "(4, 2) both times"
    if over_batch.shape == over_time.shape == (4, 2)
    else "two different shapes",
    "One result averages over sequences that have nothing to do with each other. It is wrong, and "
    "its shape is right. Shapes catch many mistakes, never all. That is why our checks look at "
    "numbers, and try sizes that all differ.",
)

# %% [markdown]
# ### Checks have three states
#
# A check takes *your function*, calls it on inputs that it drew itself, and compares the results
# with those of independent code. It then says one of three things: **not attempted**, **wrong**,
# or **right**.
#
# Here are three functions that should compute the mean over time: an array (sequences, steps,
# features) goes in, one of (sequences, features) comes out. The first is what an exercise looks
# like before you touch it. The second holds the slip from above. The third is fine. (In the boxes,
# B, T and D count sequences, steps and features.)


# %% tags=["demonstration"]
def untouched(x):
    raise NotImplementedError("your turn")


def slip(x):
    return x.mean(axis=0)


def fine(x):
    return x.mean(axis=1)


display(*(basics.mean_over_time(function) for function in (untouched, slip, fine)))

# %% [markdown]
# The first box: nothing stopped. An exercise that you have not begun does not break the lesson.
#
# Read the second box slowly, it is the pattern of all others. First the **name** of the mistake,
# where the check recognises it. Then the **first place** where your result differs from the right
# one. Then the **input** that was tried. Under it, a hint that you may open.
#
# A check recognises common mistakes by their numbers, never by their code. So you may write your
# function in any way you like, with a loop or in one line. Return NumPy arrays or lists. Your
# function must not change its arguments; the check looks. A mistake that nobody foresaw gets no
# name. It is usually found all the same, and then you see the first wrong entry. Usually, because a
# check tries a few inputs, not all.
#
# What can a check *not* see? Whether your code is clear, and whether you know why it works. For
# the second, there are the questions.
#
# ### Exercises and solutions
#
# Each exercise is one function with a line `raise NotImplementedError("your turn")`. Replace this
# line, run the cell, run the check below it. Each exercise says how hard it is (●○○ easy, ●●●
# hard), how important (●●● means: later lessons stand on it), how many minutes it takes, and what
# its check does and does not catch. Hints come in steps. Open one, try again, then open the next.
#
# Later cells never use your functions, only ours. You can skip an exercise, get it wrong, and read
# on.
#
# ### Quizzes
#
# A question with feedback for each choice. Nothing leaves your machine. Try a wrong answer
# on purpose: its feedback says what is behind it.
#
# ## 3 · One notation
#
# ### Why you should care
#
# Here are two lines from two texts about the same network. A state is updated from the state
# before and from an input. (tanh, the hyperbolic tangent, squeezes every number into the range
# from −1 to 1. Text B writes $f$ for such a function.)
#
# $$\text{text A:}\quad s_t = \tanh(W x_t + U s_{t-1}) \qquad\qquad \text{text B:}\quad Z_{i+1} = f(W Z_i + U X_{i+1})$$
#
# Look at $W$. In text A it belongs to the input. In text B it belongs to the state. Someone hands
# you two matrices, called $W$ and $U$, both 2 by 2, and says "it is the standard RNN". How much
# does it matter which text they read?

# %%
quiz.predict(
    "letters",
    "Same two matrices, same input, same state before. We put them into text A's line and into "
    "text B's. What comes out?",
    ["twice the same result", "two different results", "an error from one of the two"],
)

# %%
W = np.array([[2.0, 0.0], [0.0, 2.0]])  # doubles
U = np.array([[0.0, 0.3], [-0.3, 0.0]])  # turns and shrinks
x_1 = np.array([0.5, 0.1])
s_0 = np.array([-0.2, 0.4])

text_a = np.tanh(W @ x_1 + U @ s_0)
text_b = np.tanh(W @ s_0 + U @ x_1)
print("text A:", text_a.round(3))
print("text B:", text_b.round(3))

# %%
quiz.reveal(
    "letters",
    "twice the same result" if np.allclose(text_a, text_b) else "two different results",
    "No error, other numbers, and one sign has flipped. Both matrices are square, so no shape "
    "protects you. Nobody made a mistake in their own text. The mistake lies between the texts.",
)

# %% [markdown]
# So this course has one notation and keeps it in every lesson, every function, and every
# assignment. First the thing that it describes. A **recurrent net** (RNN) reads a sequence one step
# at a time. It keeps a row of $H$ numbers, the **state**, as its memory. At each step it makes a
# new state from the old state and the new input, always with the same weights, and it may write an
# output.

# %%
plots.unrolled_diagram(
    3,
    labels={"y": "o"},
    caption="Three steps of one recurrent net: x is what it reads, h its state, o what it writes. "
    "Time runs from left to right.",
)

# %% [markdown]
# Use the following tables as a dictionary. You need not know all the words now; they come back in
# parts 5 and 6.
#
# ### Letters for sizes
#
# | letter | counts | in a batch of weather weeks |
# |:--|:--|:--|
# | $B$ | sequences in a batch (computed together) | 32 weeks |
# | $T$ | time steps | 7 days |
# | $D$ | features at each step | 4 measurements |
# | $H$ | hidden units: the numbers in a state | whatever you choose |
# | $V$ | classes, or words in the vocabulary | 2, wet and dry |
# | $E$ | numbers that stand for one word (part 6) | no words here |
#
# ### Names and shapes
#
# **Batch first.** The first axis of everything counts sequences. The second counts time.
#
# | name | shape | what it is |
# |:--|:--|:--|
# | `x` | (B, T, D) | the input |
# | `ids` | (B, T) | words as whole numbers, where the input is text |
# | `vocab` | | the list of known words; it turns words into `ids` and back |
# | `h` | (B, T, H) | the states, also called hidden states |
# | `h0` | (B, H) | the state before the first input |
# | `c` | (B, T, H) | a second state, of the LSTM only (lesson 05) |
# | `W_xh` | (D, H) | weights from input to state |
# | `W_hh` | (H, H) | weights from state to state |
# | `b_h` | (H,) | bias of the state: a number added to each unit |
# | `W_hy`, `b_y` | (H, V), (V,) | weights and bias from state to output |
# | `logits` | (B, T, V) | the scores $o_t$; a softmax makes probabilities of them |
# | `targets` | (B, T) | the right classes |
# | `lengths` | (B,) | how many steps of each sequence are real |
# | `mask` | (B, T) | true where a step is real, false where it is filling (padding) |
#
# **Time.** In formulas time runs 1..T. Python counts from 0, so $x_t$ is `x[:, t-1]`, of shape (B,
# D), and $h_t$ is `h[:, t-1]`; $h_0$ is `h0`.
#
# **Row vectors.** One example is one *row*. So the vector stands on the left and the matrix on the
# right: `x_t @ W_xh`. A weight matrix is therefore **(in, out)**, and its name reads from left to
# right: `W_xh` leads from x to h.
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h), \qquad o_t = h_t W_{hy} + b_y$$
#
# Let us say it in shapes: (B, D) times (D, H) gives (B, H). (B, H) times (H, H) gives (B, H). The
# bias (H,) is added to each row. The same line serves one example and a thousand.
#
# **Layout of Jacobians.** A Jacobian is a table of slopes; we write inputs down the side and
# outputs along the top. Part 5b explains it with numbers.

# %%
rng = np.random.default_rng(1)
B, T, D, H, V = 3, 5, 4, 6, 2
x = rng.normal(size=(B, T, D))
h0 = rng.normal(size=(B, H))
W_xh = rng.normal(size=(D, H)) / np.sqrt(D)
W_hh = rng.normal(size=(H, H)) / np.sqrt(H)
b_h = rng.normal(size=H)
W_hy, b_y = rng.normal(size=(H, V)), rng.normal(size=V)

h_1 = np.tanh(x[:, 0] @ W_xh + h0 @ W_hh + b_h)  # x_1 is x[:, 0]
o_1 = h_1 @ W_hy + b_y
print(f"x_1 {x[:, 0].shape}   h_1 {h_1.shape}   o_1 {o_1.shape}")

# %% [markdown]
# ### The translation table
#
# You will read other texts. You should. Here is the way from their letters to ours. Columns stand
# where we have rows, so nearly every matrix turns: theirs is (out, in), ours is (in, out).
#
# Two translations in full. The key is $(W h)^\top = h^\top W^\top$: transposing a product turns
# both factors and exchanges them. A row is a transposed column, so we transpose both sides of text
# A's line:
#
# $$s_t = \tanh(W x_t + U s_{t-1}) \quad\Longrightarrow\quad \underbrace{s_t^\top}_{\text{our } h_t} = \tanh(\underbrace{x_t^\top}_{\text{our } x_t} \underbrace{W^\top}_{W_{xh}} + \underbrace{s_{t-1}^\top}_{\text{our } h_{t-1}} \underbrace{U^\top}_{W_{hh}})$$
#
# The same for text B. Now $W$ stands in front of the state:
#
# $$Z_{i+1} = f(W Z_i + U X_{i+1}) \quad\Longrightarrow\quad \underbrace{Z_{i+1}^\top}_{\text{our } h_t} = f(\underbrace{Z_i^\top}_{\text{our } h_{t-1}} \underbrace{W^\top}_{W_{hh}} + \underbrace{X_{i+1}^\top}_{\text{our } x_t} \underbrace{U^\top}_{W_{xh}})$$
#
# | you read | theirs → ours | watch out |
# |:--|:--|:--|
# | $s_t = \tanh(W x_t + U s_{t-1})$ | $s = h$, $\;W = W_{xh}^\top$, $\;U = W_{hh}^\top$ | $W$ is the **input's** weight. Other texts swap $W$ and $U$. Some slides call this $s_t$ the "cell state", although there is no LSTM. |
# | $h_t = \sigma(U x_t + V h_{t-1})$ | $U = W_{xh}^\top$, $\;V = W_{hh}^\top$ | $\sigma$ may be the logistic function $1 / (1 + e^{-z})$, or stand for any function that squeezes every number into a fixed range. $V$ is recurrent here; elsewhere it is the output's weight. |
# | $Z_{i+1} = f(W Z_i + U X_{i+1})$, $\;Y = h(V Z)$ | $Z = h$, $\;X = x$, $\;W = W_{hh}^\top$, $\;U = W_{xh}^\top$, $\;V = W_{hy}^\top$ | $W$ is the **state's** weight. The letter $h$ is a *function* here, the output's. Time is $i$. |
# | $h_{new} = \tanh(W_h h_{prv} + W_x x)$, $\;y = W_y h_{new}$ | $W_h = W_{hh}^\top$, $\;W_x = W_{xh}^\top$, $\;W_y = W_{hy}^\top$ | one index instead of two: it names where the arrow starts, except in $W_y$, where it names the end |
# | $h_t = f(W_{hh} h_{t-1} + W_{hx} x_t + b_h)$, $\;y_t = g(W_{yh} h_t + b_y)$ | $W_{hx} = W_{xh}^\top$, $\;W_{yh} = W_{hy}^\top$, and $W_{hh}$ is the transpose of our $W_{hh}$ | indices read "to, from". Same name $W_{hh}$, other orientation. |
# | $\partial h_t / \partial h_{t-1} = \mathrm{diag}[f']\,W$, or $W^\top \mathrm{diag}[f']$ | with their $W = W_{hh}^\top$: the first is the **transpose** of our $W_{hh}\,\mathrm{diag}(1 - h_t^2)$, the second **is** ours | Both are (H, H), so no shape tells. Look on which side the diagonal stands, or nudge one entry. Part 5b does. |
# | PyTorch: `weight_ih_l0`, `weight_hh_l0`, two biases | `W_xh.T`, `W_hh.T`, and `b_h` is the **sum** of the two (in the GRU's $n$ the two stay apart) | time first by default: say `batch_first=True` |
# | Keras: `kernel`, `recurrent_kernel` | `W_xh`, `W_hh`, not transposed | LSTM gates in the order i, f, c, o (its c is our g); GRU z, r, h |
#
# Lines of such a table are easy to write and easy to get wrong. So we test those that are formulas.
# (The Keras line is read from its source code.) The method: *put the same numbers into both,
# compare what comes out.* The cell does it first for one product, then for each formula of the
# table, in its own letters and for one column at a time.
#
# Expect tiny differences. A float keeps about 16 digits, so two ways of computing the same number
# may differ by about $10^{-16}$ of it, written `1e-16`. That is called rounding.


# %%
def relative_error(got, expected):
    """Return the largest difference, relative to the largest expected entry."""
    got, expected = np.asarray(got), np.asarray(expected)
    return float(np.max(np.abs(got - expected)) / np.max(np.abs(expected)))


def shown(error):
    """Write an error with one digit, and zero as 0."""
    return "0" if error == 0 else f"{error:.0e}"


ours = x[:, 0] @ W_xh  # rows: (B, D) times (D, H)
theirs = W_xh.T @ x[:, 0].T  # columns: (H, D) times (D, B)
print("ours", ours.shape, "  theirs", theirs.shape)
print("row times W against (W^T times column)^T: error", shown(relative_error(ours, theirs.T)))


def by_columns(step):
    """Apply `step(x column, state column)` to each example and stack the results as rows."""
    return np.stack([step(x[b, 0], h0[b]) for b in range(B)])


def logistic(z):
    return 1 / (1 + np.exp(-z))


in_, rec, out = W_xh.T, W_hh.T, W_hy.T  # the matrices as column texts hold them
formulas = {
    "s_t = tanh(W x_t + U s_{t-1})": by_columns(lambda x, s: np.tanh(in_ @ x + rec @ s)),
    "Z_{i+1} = f(W Z_i + U X_{i+1})": by_columns(lambda X, Z: np.tanh(rec @ Z + in_ @ X)),
    "h_new = tanh(W_h h_prv + W_x x)": by_columns(lambda x, h: np.tanh(rec @ h + in_ @ x)),
}
no_bias = np.tanh(x[:, 0] @ W_xh + h0 @ W_hh)
errors = {name: relative_error(value, no_bias) for name, value in formulas.items()}
errors["y = W_y h_new"] = relative_error(
    np.stack([out @ no_bias[b] for b in range(B)]), no_bias @ W_hy
)
errors["h_t = f(W_hh h_{t-1} + W_hx x_t + b_h)"] = relative_error(
    by_columns(lambda x, h: np.tanh(rec @ h + in_ @ x + b_h)), h_1
)
errors["y_t = g(W_yh h_t + b_y)"] = relative_error(
    np.stack([out @ h_1[b] + b_y for b in range(B)]), o_1
)
errors["h_t = σ(U x_t + V h_{t-1})"] = relative_error(
    by_columns(lambda x, h: logistic(in_ @ x + rec @ h)), logistic(x[:, 0] @ W_xh + h0 @ W_hh)
)
errors["Y = h(V Z)"] = relative_error(
    np.stack([logistic(out @ h_1[b]) for b in range(B)]), logistic(h_1 @ W_hy)
)
for name, error in errors.items():
    print(f"{name:<42} relative error {shown(error)}")

# %% [markdown]
# All are at the level of rounding. Eight lines, and no difference but letters.
#
# Now PyTorch. It has two biases, `bias_ih` and `bias_hh`. Both are added to the same sum, so only
# their sum matters. We have one, for the RNN and for the LSTM. (The GRU is the exception: one of
# its biases, $b_{hn}$, stands inside a product and stays apart.) For 32 inputs and 32 units that
# makes a difference in the count; lesson 02 counts it unit by unit.

# %%
torch.manual_seed(0)
rnn = torch.nn.RNN(D, H, batch_first=True).double()
ours = layers.rnn_forward(
    x,
    h0,
    rnn.weight_ih_l0.detach().numpy().T,
    rnn.weight_hh_l0.detach().numpy().T,
    (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach().numpy(),
)[0]
torchs, _ = rnn(torch.from_numpy(x), torch.from_numpy(h0)[None])
rnn_error = relative_error(ours, torchs.detach().numpy())

torch_count = sum(p.numel() for p in torch.nn.RNN(32, 32).parameters())
our_count = 32 * 32 + 32 * 32 + 32
print(f"all {T} steps against torch.nn.RNN: relative error {shown(rnn_error)}")
print(f"parameters of a 32 to 32 RNN: ours {our_count}, torch {torch_count}")

# %% [markdown]
# Ours has 2,080 <!-- =our_count --> parameters, PyTorch's has 2,112<!-- =torch_count -->. The
# 32 <!-- =torch_count - our_count --> more are the second bias. They add nothing that the net could
# not do before.
#
# The same row of the table has a second trap.

# %%
quiz.predict(
    "time_first",
    "We feed `x` of shape (3, 5, 4) into `torch.nn.RNN(4, 6)`, without `batch_first=True`. We "
    "meant 3 sequences of 5 steps. What does the net read?",
    [
        "nothing: an error is raised",
        "5 sequences of 3 steps",
        "3 sequences of 5 steps, as meant",
    ],
)

# %%
torch.manual_seed(1)
default_rnn = torch.nn.RNN(D, H).double()
result, last = default_rnn(torch.from_numpy(x))
print("x", x.shape, "  output", tuple(result.shape), "  last state", tuple(last.shape))

changed = x.copy()
changed[0] += 1.0  # change sequence 0 only
result_2, _ = default_rnn(torch.from_numpy(changed))
difference = (result_2 - result).abs().amax(dim=(1, 2))  # (B,): largest change in each "sequence"
print("largest change in sequence 0, 1, 2:", difference.detach().numpy().round(3))

# %%
quiz.reveal(
    "time_first",
    "5 sequences of 3 steps" if last.shape[1] == 5 else "3 sequences of 5 steps, as meant",
    "The last state has 5 rows, not 3. And when we change sequence 0 alone, sequences 1 and 2 "
    "change too: torch took the batch for time, and carried the state from one sequence into the "
    "next. No error, no warning.",
)

# %% [markdown]
# Keep that test. *Change one sequence; the others must not move.* It finds every model in which one
# sequence leaks into another. It does not see axes exchanged inside one sequence. And a layer
# called batch normalisation leaks on purpose while it is trained.
#
# ### Exercise 1 · Read a slide
#
# *Difficulty ●○○ · importance ●●● · 5 minutes*
#
# A slide says $s_t = \tanh(W x_t + U s_{t-1} + b)$ and means columns. You get its matrices as they
# are: `W` is (H, D), `U` is (H, H). But your data come as rows: `x_t` is (B, D), `s_prev` is (B,
# H). Return the new states as rows, (B, H).
#
# **The check catches** a missing transpose also where all sizes are equal, a product from the
# wrong side, exchanged matrices, a missing tanh or bias, and a result in columns. **It does not
# catch** a Python loop over the batch: that is right, only slow.
#
# <details><summary>Hint 1</summary>
#
# Write down the shapes of `x_t` and `W`. In which order, and which way round, can they be
# multiplied so that B stays in front?
#
# </details>
# <details><summary>Hint 2</summary>
#
# $(W x)^\top = x^\top W^\top$. Our row is their column, transposed.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `U` is square: both ways of multiplying run. Treat it exactly as you treated `W`.
#
# </details>


# %% tags=["exercise"]
def slide_step(x_t, s_prev, W, U, b):
    """Return s_t (B, H) for rows x_t (B, D) and s_prev (B, H), with column-text W (H, D), U (H, H)."""
    ### BEGIN SOLUTION
    return np.tanh(x_t @ W.T + s_prev @ U.T + b)
    ### END SOLUTION


# %%
basics.slide_step(slide_step)

# %% [markdown] tags=["solution"]
# **Worked solution.** Transpose the slide's line:
# $s_t^\top = \tanh(x_t^\top W^\top + s_{t-1}^\top U^\top + b^\top)$. A row is a transposed column,
# so this is the line in code. Where D and H differ, `W` forces you, because (B, D) times (H, D)
# does not run. `U` never forces you. That is why the check tries numbers.

# %% [markdown]
# ### For later: gates
#
# On a first reading, skip to part 4. Come back in lesson 05, when you have met cells with gates.
# This is the rest of the dictionary.
#
# **Order of gates.** Their weights stand side by side in one block, in this order: **i, f, g, o**
# for the LSTM (input gate, forget gate, candidate, output gate), and **r, z, n** for the GRU (reset
# gate, update gate, candidate). This is PyTorch's order.
#
# | you read | theirs → ours | watch out |
# |:--|:--|:--|
# | $f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f)$ | $W_f$ is $W_{hf}$ stacked on $W_{xf}$, then transposed | one matrix (H, H+D) for two. State first, input second. |
# | write, read, forget gate | input gate $i$, output gate $o$, forget gate $f$ | the words come from computer memory |
# | "carry" | the cell state $c$ | |
# | "update gate" | the LSTM's input gate $i$, **or** the GRU's $z$ | ask which cell |
# | the LSTM's "hidden state" and its "output" | in some texts: our memory $c$, and our $h$ | with us $h$ is the hidden state. Ask which one has passed the output gate: that is $h$. |
# | $h_t = (1 - z)\,h_{t-1} + z\,\tilde h$ | our $z$ is one minus theirs: $h_t = (1 - z)\,n + z\,h_{t-1}$ | both are called GRU. One family: negate $z$'s weights and bias. |
# | reset gate before, or after, the matrix product | ours is after, with a bias $b_{hn}$ inside: $n = \tanh(x W_{xn} + b_n + r \odot (h_{t-1} W_{hn} + b_{hn}))$ | **two** families. Keras's default is after the product since TensorFlow 2, before it until then. |
#
# We build one LSTM step and one GRU step by hand, from PyTorch's blocks in the order that we claim.
# For the LSTM we try every order of four blocks. The words of the table are definitions; its
# formulas are tested.


# %%
both = np.hstack([W_hh.T, W_xh.T])  # (H, H+D): state first, then input
stacked_error = relative_error(
    by_columns(lambda x, h: logistic(both @ np.concatenate([h, x]) + b_h)),
    logistic(x[:, 0] @ W_xh + h0 @ W_hh + b_h),
)
print(f"σ(W_f·[h_{{t-1}}, x_t] + b_f): relative error {shown(stacked_error)}")


def blocks(matrix, count):
    """Split torch's (count * H, ...) weights or biases, as arrays with (in, out) orientation."""
    return [part.detach().numpy().T for part in matrix.chunk(count)]


torch.manual_seed(2)
lstm = torch.nn.LSTM(D, H, batch_first=True).double()
W_x, W_h = blocks(lstm.weight_ih_l0, 4), blocks(lstm.weight_hh_l0, 4)
bias = blocks(lstm.bias_ih_l0 + lstm.bias_hh_l0, 4)
c0 = rng.normal(size=(B, H))
_, (h_torch, c_torch) = lstm(
    torch.from_numpy(x[:, :1]), (torch.from_numpy(h0)[None], torch.from_numpy(c0)[None])
)
h_torch, c_torch = h_torch[0].detach().numpy(), c_torch[0].detach().numpy()


def lstm_step(order):
    """One LSTM step that reads the four blocks in the given order of gate names."""
    z = {name: x[:, 0] @ W_x[k] + h0 @ W_h[k] + bias[k] for k, name in enumerate(order)}
    i, f, o = logistic(z["i"]), logistic(z["f"]), logistic(z["o"])
    c = f * c0 + i * np.tanh(z["g"])  # the memory, or "carry"
    return o * np.tanh(c), c


order_errors = {
    ", ".join(order): relative_error(lstm_step(order)[0], h_torch) for order in permutations("ifgo")
}
best, second = sorted(order_errors, key=order_errors.get)[:2]
print(f"of {len(order_errors)} orders of the blocks:")
print(f"  the best,        {best}: relative error of h {shown(order_errors[best])}")
print(f"  the second best, {second}: relative error of h {shown(order_errors[second])}")
memory_error = relative_error(lstm_step("ifgo")[1], c_torch)
print(f"the second thing that torch returns is the memory c: relative error {shown(memory_error)}")

# %% [markdown]
# Of all 24 <!-- =len(order_errors) --> orders, only i, f, g, o agrees.
#
# Two lines about the GRU are left: which way round $z$ is, and where the reset gate stands.

# %%
torch.manual_seed(3)
gru = torch.nn.GRU(D, H, batch_first=True).double()
(W_xr, W_xz, W_xn), (W_hr, W_hz, W_hn) = blocks(gru.weight_ih_l0, 3), blocks(gru.weight_hh_l0, 3)
(b_xr, b_xz, b_xn), (b_hr, b_hz, b_hn) = blocks(gru.bias_ih_l0, 3), blocks(gru.bias_hh_l0, 3)
_, gru_torch = gru(torch.from_numpy(x[:, :1]), torch.from_numpy(h0)[None])
gru_torch = gru_torch[0].detach().numpy()
x_t = x[:, 0]


def gru_step(sign, reset_after):
    """One GRU step; sign=-1 negates z's weights and swaps the roles of z and 1 - z."""
    r = logistic(x_t @ W_xr + h0 @ W_hr + b_xr + b_hr)
    z = logistic(sign * (x_t @ W_xz + h0 @ W_hz + b_xz + b_hz))
    memory = r * (h0 @ W_hn + b_hn) if reset_after else (r * h0) @ W_hn + b_hn
    n = np.tanh(x_t @ W_xn + b_xn + memory)
    return (1 - z) * n + z * h0 if sign == 1 else (1 - z) * h0 + z * n


gru_errors = [
    relative_error(gru_step(sign, after), gru_torch)
    for sign, after in ((1, True), (-1, True), (1, False))
]
print(f"our z, reset after the product          relative error {shown(gru_errors[0])}")
print(f"the other z with negated weights        relative error {shown(gru_errors[1])}")
print(f"our z, reset before the product         relative error {shown(gru_errors[2])}")

# %% [markdown]
# The first two are one family. With the same weights, the third is another function. Lesson 06
# shows that no other weights mend this in general.
#
# ## 4 · The map
#
# Twelve lessons on one road, three beside it; the table gives the question that each answers.

# %%
display(course_map.draw(), Markdown(course_map.table()))

# %% [markdown]
# Seven assignments go with lessons 01 to 10. A lesson teaches a known cell; its assignment asks for
# a relative of it, which the lesson does not work out.
#
# ## 5 · Self-test: four things you need
#
# Most of this course is made of four pieces: the chain rule, Jacobians, products of matrices, and
# the softmax. Here is one exercise for each. Do all four. Then a cell tells you which of the four
# repair sections below is for you. A section that you do not need, you skip. A section that you
# need ends by sending you back to its exercise.
#
# ### Exercise 2 · Chain rule
#
# *Difficulty ●○○ · importance ●●● · 6 minutes*
#
# One unit computes $z = w x + b$ and $h = \tanh(z)$. It should have said `target`. The loss is
# $(h - \text{target})^2$. How fast does the loss change with $w$? Return
# $\partial\,\text{loss}/\partial w$, entry by entry. All four arguments are arrays of shape (n,).
#
# **The check catches** forgotten and wrong links of the chain, by name. **It does not catch**
# slopes computed by nudging $w$, if you nudge well enough. Derive it; it is three factors.
#
# <details><summary>Hint 1</summary>
#
# Walk from the loss to w: loss → h → z → w. One factor for each arrow. Multiply.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The slope of tanh at $z$ is $1 - \tanh(z)^2$, which is $1 - h^2$.
#
# </details>


# %% tags=["exercise"]
def loss_slope(w, x, b, target):
    """Return d/dw of (tanh(w x + b) - target)², all arrays of shape (n,)."""
    ### BEGIN SOLUTION
    h = np.tanh(w * x + b)
    return 2 * (h - target) * (1 - h**2) * x
    ### END SOLUTION


# %%
self_test = {"chain rule": basics.loss_slope(loss_slope)}
self_test["chain rule"]

# %% [markdown] tags=["solution"]
# **Worked solution.** Loss to $h$: $2(h - \text{target})$. From $h$ to $z$: $1 - h^2$. From $z$ to $w$: $x$.
# The product is the slope. Note the order of work: first forward, to get $h$; then back, with $h$
# at hand.

# %% [markdown]
# ### Exercise 3 · A Jacobian
#
# *Difficulty ●●○ · importance ●●● · 7 minutes*
#
# Now a whole layer: $h = \tanh(x W + b)$, with `x` (D,), `W` (D, H), `b` (H,). Return the table of
# all slopes in our layout: `J[i, j]` is $\partial h[j] / \partial x[i]$, shape (D, H).
#
# **The check catches** the other layout, a missing or misplaced slope of tanh, a forgotten bias.
# **It does not catch** a slow way of filling the table, such as two loops.
#
# <details><summary>Hint 1</summary>
#
# Fix $j$. $h[j] = \tanh(z[j])$ and $z[j] = \sum_i x[i]\,W[i, j] + b[j]$. Differentiate with
# respect to $x[i]$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# $\partial h[j]/\partial x[i] = (1 - h[j]^2)\,W[i, j]$. Which axis of `W` must be scaled: rows or
# columns?
#
# </details>


# %% tags=["exercise"]
def layer_jacobian(x, W, b):
    """Return J (D, H) with J[i, j] = ∂h[j]/∂x[i] for h = tanh(x W + b)."""
    ### BEGIN SOLUTION
    h = np.tanh(x @ W + b)
    return W * (1 - h**2)
    ### END SOLUTION


# %%
self_test["Jacobian"] = basics.layer_jacobian(layer_jacobian)
self_test["Jacobian"]

# %% [markdown] tags=["solution"]
# **Worked solution.** Column $j$ of $W$ is scaled by $1 - h[j]^2$. Broadcasting does it: a shape
# (H,) lines up with the *last* axis of (D, H). In symbols $W\,\mathrm{diag}(1 - h^2)$: a diagonal
# matrix on the right scales columns.

# %% [markdown]
# ### Exercise 4 · Shapes
#
# *Difficulty ●●○ · importance ●●● · 7 minutes*
#
# `x` is (B, T, D), `d` is (B, T, H). At each step of each sequence take the outer product of the
# two rows: the (D, H) table of all products $x[b, t, i]\; d[b, t, j]$. Return the sum of these
# tables over all steps of all sequences. In lesson 03 this very sum is the gradient of a weight
# matrix.
#
# **The check catches** a transpose, a reshape where a transpose is needed, a forgotten sum over
# batch or time, a mean in place of a sum. **It does not catch** loops; try to do without.
#
# <details><summary>Hint 1</summary>
#
# B and T are both summed over, in the same way. So it does not matter which step belongs to which
# sequence. You may put both into one axis of length B·T.
#
# </details>
# <details><summary>Hint 2</summary>
#
# With X of shape (N, D) and E of shape (N, H), which product gives (D, H)? The axis in the middle
# is the one that is summed.
#
# </details>


# %% tags=["exercise"]
def sum_of_outer_products(x, d):
    """Return S (D, H), the sum over b and t of outer(x[b, t], d[b, t])."""
    ### BEGIN SOLUTION
    return x.reshape(-1, x.shape[-1]).T @ d.reshape(-1, d.shape[-1])
    ### END SOLUTION


# %%
self_test["shapes"] = basics.sum_of_outer_products(sum_of_outer_products)
self_test["shapes"]

# %% [markdown] tags=["solution"]
# **Worked solution.** Flatten both to N = B·T rows. Then (D, N) times (N, H) gives (D, H), and the
# product sums over N by itself. `np.einsum("btd,bth->dh", x, d)` says the same in one line:
# letters that are missing on the right are summed over.

# %% [markdown]
# ### Exercise 5 · Softmax
#
# *Difficulty ●●○ · importance ●●○ · 6 minutes*
#
# Scores `logits` (B, T, V) become probabilities over the V classes, at each step of each sequence:
# $p_k = e^{z_k} / \sum_j e^{z_j}$. Some of the scores that you will get are near 1000. The answer
# must still be right.
#
# **The check catches** a wrong axis, an overflow (a number too large for a float), a missing
# division. **It does not catch** a loop over steps.
#
# <details><summary>Hint 1</summary>
#
# $e^{1000}$ does not fit into a float. But what happens to the fraction if you divide above and
# below by the same number?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Subtract the largest score of each row from that row. Then the largest exponential is $e^0 = 1$.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `logits.max(axis=-1, keepdims=True)` has shape (B, T, 1), so that it can be subtracted. The sum
# needs `keepdims=True` too.
#
# </details>


# %% tags=["exercise"]
def stable_softmax(logits):
    """Return probabilities (B, T, V) over the last axis, at any size of the scores."""
    ### BEGIN SOLUTION
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %%
self_test["softmax"] = basics.stable_softmax(stable_softmax)
self_test["softmax"]

# %% [markdown] tags=["solution"]
# **Worked solution.** Subtracting $m$ from all scores divides each exponential by $e^m$, above and
# below: nothing changes. With $m$ the row's largest score, no exponential exceeds 1, and at least
# one *is* 1, so the sum is never 0.

# %%
where_to_go = {"chain rule": "5a", "Jacobian": "5b", "shapes": "5c", "softmax": "5d"}
for name, report in self_test.items():
    advice = "skip" if report.state == "right" else "read"
    print(f"{name:<12}{report.state:<16}{advice} section {where_to_go[name]}")

# %% [markdown]
# ### 5a · Repair: the chain rule
#
# **A number first.** A net gives the right answer with probability $p = \sigma(z)$, where
# $z = w x$ and $\sigma(z) = 1 / (1 + e^{-z})$ is the logistic function. The loss is $-\ln p$. Take
# $x = 2$ and $w = 0.5$. Now turn $w$ up by 0.001. What happens to the loss?


# %%
def forward(w, x=2.0):
    """Return z, p and the loss."""
    z = w * x
    p = 1 / (1 + np.exp(-z))
    return z, p, -np.log(p)


w = 0.5
z, p, loss = forward(w)
nudge = 0.001
z_2, p_2, loss_2 = forward(w + nudge)
links = (z_2 - z) / nudge, (p_2 - p) / (z_2 - z), (loss_2 - loss) / (p_2 - p)
whole = (loss_2 - loss) / nudge
print("              before    after     slope: change here ÷ change one line above")
print(f"w            {w:8.5f}  {w + nudge:8.5f}")
print(f"z = 2 w      {z:8.5f}  {z_2:8.5f}  {links[0]:8.4f}")
print(f"p = σ(z)     {p:8.5f}  {p_2:8.5f}  {links[1]:8.4f}")
print(f"loss = -ln p {loss:8.5f}  {loss_2:8.5f}  {links[2]:8.4f}")
print(f"product of the three links        {np.prod(links):8.4f}")
print(f"from w to the loss, directly      {whole:8.4f}")

# %% [markdown]
# Read the last column from top to bottom. Each link has its own slope: 2.00<!-- =links[0] -->,
# then 0.197<!-- =links[1] ±0.001 -->, then −1.37<!-- =links[2] ±0.01 -->. Multiply them:
# −0.538<!-- =whole ±0.001 -->, the slope of the whole. For such quotients this is no surprise: in
# the product, each change above cancels the same change below. Now let the nudge go to zero. Each
# quotient becomes a derivative, and what held for the quotients holds for their limits. That is the
# chain rule.
#
# **Then the general line.** A slope with respect to $w$ is the product of the slopes along the
# way:
#
# $$\frac{d\,\text{loss}}{dw} = \frac{d\,\text{loss}}{dp} \cdot \frac{dp}{dz} \cdot \frac{dz}{dw} = -\frac{1}{p} \cdot p(1 - p) \cdot x = -(1 - p)\,x$$
#
# The middle factor is the slope of $\sigma$. Two lines give it, and two more give that of tanh:
#
# $$\sigma(z) = (1 + e^{-z})^{-1}, \qquad \sigma' = \frac{e^{-z}}{(1 + e^{-z})^2} = \sigma \cdot \frac{e^{-z}}{1 + e^{-z}} = \sigma\,(1 - \sigma)$$
#
# $$\tanh z = \frac{\sinh z}{\cosh z}, \qquad \tanh' = \frac{\cosh^2 z - \sinh^2 z}{\cosh^2 z} = 1 - \tanh^2 z$$
#
# Know them by heart: $\sigma' = p(1-p)$ and $\tanh' = 1 - h^2$. Both are written with the *output*,
# which you have already. The machine check, with a nudge to both sides (finite differences) and
# with torch's automatic differentiation, in float64:

# %%
w, x_in, eps = 0.5, 2.0, 1e-5
by_hand = -(1 - forward(w)[1]) * x_in
by_nudging = (forward(w + eps)[2] - forward(w - eps)[2]) / (2 * eps)
w_torch = torch.tensor(w, dtype=torch.float64, requires_grad=True)
(-torch.log(torch.sigmoid(w_torch * x_in))).backward()
print(f"-(1 - p) x by hand {by_hand:.6f}, by nudging {by_nudging:.6f}, torch {w_torch.grad:.6f}")
print(
    f"relative error against nudging {shown(relative_error(by_hand, by_nudging))}, against torch "
    f"{shown(relative_error(by_hand, w_torch.grad))}"
)
z_torch = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
for name, function, slope in (
    ("σ'", torch.sigmoid, lambda out: out * (1 - out)),
    ("tanh'", torch.tanh, lambda out: 1 - out**2),
):
    (by_torch,) = torch.autograd.grad(function(z_torch).sum(), z_torch)
    by_output = slope(function(z_torch)).detach()
    print(f"{name:<6} at nine places: relative error {shown(relative_error(by_output, by_torch))}")

# %%
ten_links = 0.5**10
z_axis = np.linspace(-4, 4, 201)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
for name, squash, slope in (
    ("tanh", np.tanh(z_axis), 1 - np.tanh(z_axis) ** 2),
    ("σ", logistic(z_axis), logistic(z_axis) * (1 - logistic(z_axis))),
):
    left.plot(z_axis, squash, label=name, marker="")
    right.plot(z_axis, slope, label=name, marker="")
left.set(title="the function", xlabel="z")
right.set(title="its slope", xlabel="z", ylim=(0, 1.05))
left.legend()
right.legend()
print(f"ten links with the slope 0.5: {ten_links:.5f}")
plots.show(
    fig,
    alt="Two panels over z from minus 4 to 4. Left: tanh rises from minus 1 to 1, the "
    "logistic function from 0 to 1. Right: their slopes, two bells around 0; tanh peaks at 1, "
    "the logistic function at one quarter; both are near 0 beyond 3.",
    caption="Where the function is flat, the slope is nearly zero: tanh never exceeds a slope "
    "of 1, the logistic function never exceeds 0.25.",
)

# %% [markdown]
# Links multiply, they do not add: a chain of ten links with slope 0.5 has the slope
# 0.00098<!-- =ten_links ±1% -->. In lesson 04 each time step is a link, and such a product is why a
# plain RNN hardly *learns* what lies many steps back.
#
# **One weight, used twice.** A recurrent net uses the same weight at every step. Then there are
# several paths from the weight to the loss. Each path gives a product, and the products are
# *added*. The smallest example: $f(w) = w \tanh(w)$. One path through the first $w$, one through
# the second:
#
# $$f'(w) = \underbrace{\tanh(w)}_{\text{first } w} + \underbrace{w\,(1 - \tanh(w)^2)}_{\text{second } w}$$
#
# Does the machine agree?

# %%
w = 0.7
two_paths = np.tanh(w) + w * (1 - np.tanh(w) ** 2)
first_path_only = np.tanh(w)

eps = 1e-5
by_nudging = ((w + eps) * np.tanh(w + eps) - (w - eps) * np.tanh(w - eps)) / (2 * eps)
w_torch = torch.tensor(w, dtype=torch.float64, requires_grad=True)
(w_torch * torch.tanh(w_torch)).backward()
chain_error = relative_error(two_paths, w_torch.grad)
print(f"by hand {two_paths:.6f}, by nudging {by_nudging:.6f}, by torch {w_torch.grad.item():.6f}")
print(
    f"relative error of both paths: nudging {shown(relative_error(two_paths, by_nudging))}, torch "
    f"{shown(chain_error)}"
)
one_path_error = relative_error(first_path_only, w_torch.grad)
print(f"relative error of one path:   {one_path_error:.2f}")

# %% [markdown]
# Leave out one path and 42% <!-- =one_path_error --> of the slope is missing. Remember it for
# lesson 03. Now go back to exercise 2.
#
# ### 5b · Repair: a Jacobian
#
# **A number first.** Two inputs, three outputs: $f(x) = (x_0 x_1,\; x_0^2,\; 3 x_1)$. At
# $x = (2, 5)$, nudge $x_0$ and see what each output does. Then nudge $x_1$.


# %%
def f(x):
    return np.array([x[0] * x[1], x[0] ** 2, 3 * x[1]])


def jacobian_by_nudging(function, x, eps=1e-6):
    """Return J with J[i, j] = ∂f[j]/∂x[i], nudging one input at a time to both sides."""
    rows = []
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = eps
        rows.append((function(x + step) - function(x - step)) / (2 * eps))
    return np.array(rows)


x_here = np.array([2.0, 5.0])
J = jacobian_by_nudging(f, x_here)
print("               f[0]   f[1]   f[2]")
for i, row in enumerate(J):
    print(f"nudge x[{i}]   " + "".join(f"{value:7.2f}" for value in row))

# %% [markdown]
# This table *is* the Jacobian, in our layout. One row for each input: what all outputs do when
# this input moves. By hand: the first row is $(x_1,\; 2 x_0,\; 0)$, the second $(x_0,\; 0,\; 3)$.
#
# **Three bricks** build every Jacobian of a plain RNN.
#
# 1. A product $x W$. Nudge $x[i]$ by one and the output moves by row $i$ of $W$. So $J = W$.
#    (A column text with outputs down the side has the table $W$ for $W x$. Its $W$ is the transpose
#    of ours, and so is its table.)
# 2. A function applied to each entry, like squaring. Output $j$ depends on input $j$ only. So $J$
#    is diagonal, with the slopes on it.
# 3. One after the other. Slopes multiply and paths add, which is what a matrix product does:
#    $J = J_1 J_2$, in shapes (D, H) times (H, K). In our layout the first brick stands on the left.
#
# Try it: square each entry of $z = x W$. That makes $J = W\,\mathrm{diag}(2 z)$.

# %%
W_small = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.0]])  # (2, 3)
z = x_here @ W_small
J = W_small @ np.diag(2 * z)  # brick 1, then brick 2
by_nudging = jacobian_by_nudging(lambda x: (x @ W_small) ** 2, x_here)
by_torch = torch.autograd.functional.jacobian(
    lambda x: (x @ torch.from_numpy(W_small)) ** 2, torch.from_numpy(x_here)
).numpy()
print(J)
print(
    f"against nudging {shown(relative_error(J, by_nudging))}, against torch "
    f"{shown(relative_error(J, by_torch.T))}"
)

# %% [markdown]
# **Going back.** Suppose a loss depends on these three outputs, and someone gives you its slopes
# with respect to them, a row `d_out` of length 3. What are its slopes with respect to the two
# inputs, the row `d_in`? For each input: the sum over outputs of (what the output does) times (what
# the loss makes of it). That is `d_in[i]` $= \sum_j J[i, j]$ `d_out[j]`, in short
# `d_in = d_out @ J.T`.

# %%
d_out = np.array([0.1, -1.0, 2.0])  # slopes of some loss with respect to the three outputs
d_in = d_out @ J.T

x_torch = torch.tensor(x_here, requires_grad=True)
((x_torch @ torch.from_numpy(W_small)) ** 2 @ torch.from_numpy(d_out)).backward()
print("by hand", d_in, "  torch", x_torch.grad.numpy())
print(f"relative error {shown(relative_error(d_in, x_torch.grad))}")

# %% [markdown]
# Forward with $J$, backward with $J^\top$. This line carries slopes back through the layers; the
# whole method is called back-propagation. 5c adds the slopes for the weights.
#
# **A step of a recurrent net** is two bricks, a product and a tanh. So its table from the state
# before to the new state is
#
# $$J_t[i, j] = \frac{\partial h_t[j]}{\partial h_{t-1}[i]}, \qquad J_t = W_{hh}\,\mathrm{diag}(1 - h_t^2).$$
#
# Two steps are two tables, one after the other: $\partial h_3 / \partial h_1 = J_2 J_3$. In our
# layout Jacobians chain in the order of time. The cell tests both, and the two forms that column
# texts have, with their $W = W_{hh}^\top$ and $f'$ for the slopes of the tanh. (Torch puts outputs
# first; `.T` turns its table into our layout.)


# %%
def step(h_prev, t):
    """One step for a single row `h_prev` (H,), in torch, so that torch can differentiate it."""
    return torch.tanh(torch.from_numpy(x[0, t - 1] @ W_xh + b_h) + h_prev @ torch.from_numpy(W_hh))


def torch_jacobian(function, at):
    """Return torch's Jacobian in our layout: inputs down the side."""
    return torch.autograd.functional.jacobian(function, at).numpy().T


states = [torch.from_numpy(h0[0])]
for t in (1, 2, 3):
    states.append(step(states[-1], t))
J_1, J_2, J_3 = (W_hh @ np.diag(1 - states[t].numpy() ** 2) for t in (1, 2, 3))

one_step = torch_jacobian(lambda h: step(h, 1), states[0])
two_steps = torch_jacobian(lambda h: step(step(h, 2), 3), states[1])
print("one step,  J_1 = W_hh diag(1 - h²)      error", shown(relative_error(J_1, one_step)))
print("two steps, J_2 J_3                      error", shown(relative_error(J_2 @ J_3, two_steps)))
print("           J_3 J_2, the wrong order     error", shown(relative_error(J_3 @ J_2, two_steps)))

theirs, slopes = W_hh.T, np.diag(1 - states[1].numpy() ** 2)
left, right = slopes @ theirs, theirs.T @ slopes
print("their diag[f'] W  is J_1 transposed:    error", shown(relative_error(left, one_step.T)))
print("                  is J_1 as it stands?  error", shown(relative_error(left, one_step)))
print("their W^T diag[f'] is J_1 as it stands: error", shown(relative_error(right, one_step)))

# %% [markdown]
# Now go back to exercise 3: its layer is the same two bricks.
#
# ### 5c · Repair: shapes
#
# Three rules cover most of it.
#
# 1. **`a @ b` eats two axes.** The last of `a` and the second to last of `b` must be equal. They
#    disappear, everything else stays: (B, T, **D**) @ (**D**, H) → (B, T, H).
# 2. **Axes in front ride along.** A product with a matrix does the same thing to each of the B·T
#    rows.
# 3. **Sums, differences, products of entries line up from the right.** (B, T, H) + (H,) adds to
#    each row. An axis of length 1, or a missing one, is repeated.
#
# The second rule, tested against the slow way:

# %%
rng = np.random.default_rng(2)
B, T, D, H = 3, 5, 4, 6
x, W_xh = rng.normal(size=(B, T, D)), rng.normal(size=(D, H))
all_at_once = x @ W_xh
one_by_one = np.zeros((B, T, H))
for b in range(B):
    for t in range(T):
        for j in range(H):
            one_by_one[b, t, j] = sum(x[b, t, i] * W_xh[i, j] for i in range(D))
print(all_at_once.shape, "relative error", shown(relative_error(all_at_once, one_by_one)))

# %% [markdown]
# The third rule has a trap in it.

# %%
quiz.predict(
    "broadcast",
    "`h` has shape (2, 6, 6): two sequences, six steps, six units. `per_step` has shape (6,), one "
    "number for each *step*. What comes out of `h + per_step`?",
    [
        "one number added to each step, as meant",
        "one number added to each unit",
        "an error",
    ],
)

# %%
h = np.zeros((2, 6, 6))
per_step = np.array([0.0, 10, 20, 30, 40, 50])
result = h + per_step
print("first step, all units:", result[0, 0])
print("first unit, all steps:", result[0, :, 0])
print("with an axis added   :", (h + per_step[:, None])[0, :, 0])

# %%
quiz.reveal(
    "broadcast",
    "one number added to each unit"
    if result[0, 0, 1] == 10
    else "one number added to each step, as meant",
    "Shapes line up from the right, and the last axis counts units. T and H happened to be equal, "
    "so nothing complained. `per_step[:, None]` has shape (6, 1) and does what was meant.",
)

# %% [markdown]
# **Read a gradient's shape from its name.** A gradient has the shape of the thing it belongs to:
# one slope for each entry. The bias `b_h` is (H,), so its gradient is (H,). What arrives is `d`,
# of shape (B, T, H). The bias was used at every step of every sequence. So many paths, so a sum:
# over B and over T. A mean would be another number.

# %%
d = rng.normal(size=(B, T, H))  # slopes of some loss with respect to every entry of x W + b
db = d.sum(axis=(0, 1))

b_torch = torch.zeros(H, dtype=torch.float64, requires_grad=True)
W_torch = torch.tensor(W_xh, requires_grad=True)
((torch.from_numpy(x) @ W_torch + b_torch) * torch.from_numpy(d)).sum().backward()
print("db", db.shape, "relative error", shown(relative_error(db, b_torch.grad)))
print(
    "a mean in place of the sum: relative error",
    f"{relative_error(d.mean(axis=(0, 1)), b_torch.grad):.2f}",
)
print("and the gradient of W_xh", tuple(W_torch.grad.shape), "has the shape of W_xh", W_xh.shape)

# %% [markdown]
# For `W_xh`, (D, H), you have `x` (B, T, D) and `d` (B, T, H). B and T must go, by a sum. D and H
# must stay, in this order. Now go back to exercise 4: put B and T into one axis, and only one
# product fits.
#
# ### 5d · Repair: softmax
#
# **A number first.** Three words, three scores: 2, 1, 0. We want probabilities. Three steps: make
# all positive, add up, divide.

# %%
scores = np.array([2.0, 1.0, 0.0])
positive = np.exp(scores)
share = positive / positive.sum()
print("scores     ", scores)
print("exponential", positive.round(3), "  sum", positive.sum().round(3))
print("shares     ", share.round(3), "  sum", share.sum().round(3))
print("ratio of neighbours", (share[0] / share[1]).round(3), (share[1] / share[2]).round(3))

# %% [markdown]
# A word that scores one point more than another is 2.718 <!-- =share[0] / share[1] ±0.001 --> (= $e$)
# times as likely as that other, wherever the two stand. What should happen if we add 100 to all
# scores? And if we double them?

# %%
quiz.predict(
    "shift",
    "We add 100 to every score. Or we double every score. What changes the probabilities?",
    ["adding and doubling", "adding only", "doubling only", "neither"],
)

# %%
cases = {
    "scores": scores,
    "scores + 100": scores + 100,
    "2 × scores": 2 * scores,
    "0 × scores": 0 * scores,
}
shares = {name: layers.softmax(z) for name, z in cases.items()}
fig, ax = plt.subplots(figsize=(9, 3.6))
hatches = ("", "//", "..")
for k, word in enumerate(("word with score 2", "word with score 1", "word with score 0")):
    heights = [p[k] for p in shares.values()]
    bars = ax.bar(
        np.arange(4) + 0.27 * (k - 1),
        heights,
        width=0.24,
        label=word,
        color=plots.COLORS[k],
        hatch=hatches[k],
        edgecolor="white",
    )
    ax.bar_label(bars, fmt="%.2f", fontsize=11, padding=2)
ax.set_xticks(range(4), list(shares))
ax.set(ylabel="probability", ylim=(0, 1.0))
ax.grid(axis="x", visible=False)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
shift_change = np.max(np.abs(shares["scores + 100"] - shares["scores"]))
double_change = np.max(np.abs(shares["2 × scores"] - shares["scores"]))
plots.show(
    fig,
    alt="Four groups of three bars. Scores 2, 1, 0 and the same plus 100 give the same shares, "
    "0.67, 0.24, 0.09. Doubled scores give 0.87, 0.12, 0.02. Scores times zero give one third "
    "each.",
    caption="Adding a number to all scores changes nothing; doubling them makes the largest win "
    "more; multiplying by zero makes all equal.",
)

# %%
quiz.reveal(
    "shift",
    "doubling only" if shift_change < 1e-9 < double_change else "adding and doubling",
    f"Largest change after adding 100: {shown(shift_change)}. After doubling: {double_change:.2f}. "
    f"Only differences of scores matter, and a shift keeps them. So it is allowed to subtract the "
    f"largest score. Doubling doubles the differences. That is temperature, turned round: a knob "
    f"for sampling in lesson 08.",
)

# %% [markdown]
# That permission is needed. $e^{1000}$ is too large for a float: it **overflows** to infinity, and
# infinity divided by infinity is `nan`, "not a number".

# %%
large = np.array([1000.0, 1001.0])
with np.errstate(over="ignore", invalid="ignore"):  # without this, NumPy warns
    exponentials = np.exp(large)
    naive = exponentials / exponentials.sum()
print("scores               ", large)
print("exponentials         ", exponentials)
print("naive softmax        ", naive)
print("less the largest     ", large - large.max())
print("softmax of that      ", layers.softmax(large - large.max()).round(3))
print("course_utils' softmax", layers.softmax(large).round(3))

# %% [markdown]
# Now go back to exercise 5.
#
# **The gradient of the loss**, which you will use again and again from lesson 03 on. The loss is
# $-\ln p_k$, where $k$ is the right class (the "negative log likelihood", `nll` in code). With
# $S = \sum_j e^{z_j}$ we have $p_k = e^{z_k} / S$, so $-\ln p_k = \ln S - z_k$. Differentiate with
# respect to $z_i$. The first part is a chain: $\ln S$ has the slope $1 / S$ with respect to $S$,
# and $S$ has the slope $e^{z_i}$ with respect to $z_i$. Together $e^{z_i} / S = p_i$. The second
# part gives −1 if $i = k$, else 0. Let $y$ be the **one-hot** row of the right class: 1 at place
# $k$, 0 elsewhere. Then
#
# $$\frac{\partial(-\ln p_k)}{\partial z} = p - y$$
#
# What you said minus what was right. The machine check:

# %%
right_class = 1
by_hand = share - np.eye(3)[right_class]


def nll(z):
    """The negative log likelihood of the right class."""
    return -np.log(layers.softmax(z)[right_class])


eps = 1e-5
by_nudging = np.array(
    [(nll(scores + eps * e) - nll(scores - eps * e)) / (2 * eps) for e in np.eye(3)]
)
z_torch = torch.tensor(scores, requires_grad=True)
torch.nn.functional.cross_entropy(z_torch, torch.tensor(right_class)).backward()
softmax_error = relative_error(by_hand, z_torch.grad)
print("p - y ", by_hand.round(4))
print(
    f"relative error against nudging {shown(relative_error(by_hand, by_nudging))}, against torch "
    f"{shown(softmax_error)}"
)

# %% [markdown]
# ## 6 · The shapes of sequence data
#
# A recurrent net eats one thing: an array (samples, time, features), our (B, T, D). The world does
# not come like this. Here are three kinds of data, and the way of each into this form.
#
# ### A series: the weather of Seattle
#
# Four years of days, four measurements a day, made by the weather service NOAA.

# %%
weather = data.load_weather()
print("features", weather.features.shape, "from", weather.dates[0], "to", weather.dates[-1])
for name, unit, column in zip(weather.names, weather.units, weather.features.T, strict=True):
    print(f"{name:<14} in {unit:<4} from {column.min():5.1f} to {column.max():5.1f}")

wet = weather.features[:, 0] > 0
month = weather.dates.astype("datetime64[M]").astype(int) % 12 + 1
wet_summer = wet[np.isin(month, (6, 7, 8))].mean()
wet_winter = wet[np.isin(month, (12, 1, 2))].mean()
print(f"wet days: June to August {wet_summer:.0%}, December to February {wet_winter:.0%}")

fig, axes = plt.subplots(4, 1, figsize=(10, 6.6), sharex=True)
for k, (ax, name, unit) in enumerate(zip(axes, weather.names, weather.units, strict=True)):
    ax.plot(weather.dates, weather.features[:, k], color=plots.COLORS[k], ls="-", marker="", lw=0.9)
    ax.set_ylabel(unit)
    ax.set_title(name.replace("_", " "), fontsize=12)
plots.show(
    fig,
    alt="Four curves over the days of 2012 to 2015. The two temperatures swing once a year, high "
    "in summer. Precipitation comes in spikes, few in summer. Wind is noisy.",
    caption=f"One sample, {len(wet)} time steps, four features: temperature repeats every year; "
    f"{wet_summer:.0%} of the days from June to August are wet, {wet_winter:.0%} from December to "
    f"February.",
)

# %% [markdown]
# This array has two axes, (time, features). One thing is missing: samples. There is only *one*
# Seattle. Putting an axis in front, `features[None]`, gives (1, 1461, 4). One long sample is
# correct, but it is only one: nothing to average over, and nothing to hold out for a test except a
# piece of time.
#
# The way out is to cut **windows**. Seven days in a row are one sample, and the day after them is
# the target. Then the next window starts one day later.

# %%
quiz.predict(
    "windows",
    "1461 days, windows of 7 days, and the day after each as target. How many windows?",
    unit="windows",
)

# %%
x_week, y_week = data.windows(weather.features, length=7)
n_windows = len(x_week)
side_by_side = len(range(0, len(weather.features) - 7, 7))  # starts with a day left for the target
print("x", x_week.shape, "  y", y_week.shape)

# %%
quiz.reveal(
    "windows",
    n_windows,
    f"The last window must leave one day for its target: 1461 - 7. Windows that lay side by side "
    f"would be only {side_by_side}. In general: days - length - horizon + 1, with the target "
    f"`horizon` days ahead.",
)

# %%
fig, (curve, strip) = plt.subplots(
    2, 1, figsize=(10, 4.4), sharex=True, height_ratios=(1.2, 1), layout="constrained"
)
days = np.arange(11)
curve.plot(days, weather.features[:11, 1], color=plots.COLORS[3], ls="-", marker="o")
curve.set(ylabel="highest\ntemperature, °C", xlim=(-0.5, 10.5))
for i in range(3):
    strip.barh(i, width=6.7, left=i - 0.35, height=0.45, color=plots.COLORS[0])
    strip.plot(i + 7, i, color=plots.COLORS[2], marker="D", markersize=10, ls="none")
    strip.text(i + 3, i, f"x[{i}]", color="white", ha="center", va="center", fontsize=12)
    strip.text(i + 7.25, i, f"y[{i}]", ha="left", va="center", fontsize=12)
strip.set(xlabel="day of January 2012, counted from 0", ylabel="window", ylim=(2.6, -0.6))
strip.set_xticks(days)
strip.set_yticks(range(3))
strip.grid(visible=False)
plots.show(
    fig,
    alt="Above, the highest temperature of eleven days in January 2012. Below, three bars of seven "
    "days, each one day later than the one above. A diamond marks the day after each bar: its "
    "target.",
    caption="Three windows of seven days (bars) and their targets (diamonds): neighbours share six "
    "of seven days. The height at which a bar is drawn means nothing.",
)

# %% [markdown]
# Neighbouring windows share six days. So 1454 <!-- =n_windows --> windows are far less than 1454
# independent samples. And if you split them at random, nearly every test window has its neighbours
# in the training set. We measure that in part 9.
#
# ### Exercise 6 · Cut the windows
#
# *Difficulty ●●○ · importance ●●● · 7 minutes*
#
# Write the function yourself. `series` is (days, D). Return `x` (samples, length, D), all windows,
# and `y` (samples, D), the day after each.
#
# **The check catches** a target inside the window, a lost last window or one too many, windows side
# by side, axes in another order, time running backwards. **It does not catch** a slow loop.
#
# <details><summary>Hint 1</summary>
#
# Write down, for 6 days and windows of 2, all windows and their targets. How many are there?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Window `i` is `series[i : i + length]`, its target is `series[i + length]`. What is the largest
# `i`?
#
# </details>


# %% tags=["exercise"]
def cut_windows(series, length):
    """Return x (samples, length, D) and y (samples, D), the row after each window."""
    ### BEGIN SOLUTION
    samples = len(series) - length
    x = np.stack([series[i : i + length] for i in range(samples)])
    return x, series[length:]
    ### END SOLUTION


# %%
sequence_data.cut_windows(cut_windows)

# %% [markdown] tags=["solution"]
# **Worked solution.** The last target is the last day, index days − 1, and it belongs to window
# days − 1 − length. Counting from 0, that makes days − length windows. The targets need no loop:
# they are all days from `length` on.

# %% [markdown]
# ### Texts: reviews of different lengths
#
# A text is a list of words. Three steps make numbers of it. **Tokenise:** cut it into words and
# marks. **Encode:** each word gets a number from a vocabulary. **Pad:** fill the short ones up, so
# that all fit into one array.
#
# These reviews are made by a small grammar, in pairs that hold the same words in another order. We
# look at six of them, chosen for different lengths. (With the real film reviews at hand, lesson 02
# uses those.)

# %%
reviews = data.order_reviews(300, seed=0)
chosen = [8, 9, 100, 172, 266, 392]
texts = [reviews.texts[i] for i in chosen]
tokens = [data.tokenize(text) for text in texts]
vocab = data.Vocab.from_texts(reviews.texts)
ids_lists = [vocab.encode(words) for words in tokens]
for text, label, ids in zip(texts[:3], reviews.labels[chosen], ids_lists, strict=False):
    print("positive" if label else "negative", "|", text)
    print("         |", ids)
lengths_seen = [len(words) for words in tokens]
print("lengths of the six:", lengths_seen)

# %% [markdown]
# The lists have different lengths. An array has one length. The smallest $T$ that loses nothing is
# that of the longest.

# %%
quiz.predict(
    "padding",
    "All six are filled up with zeros to the length of the longest. What share of the array is "
    "then padding, in percent?",
    unit="%",
)

# %%
ids, lengths = data.pad_sequences(ids_lists)
mask = data.mask_from_lengths(lengths, ids.shape[1])
padding_share = 1 - mask.mean()
print("ids", ids.shape, "  lengths", lengths, f"  padding {padding_share:.0%}")

fig, ax = plt.subplots(figsize=(11, 3.2))
ax.imshow(np.where(mask, 0.13, 0.0), cmap="Blues", vmin=0, vmax=1, aspect="auto")
for i, words in enumerate(tokens):
    for t in range(ids.shape[1]):
        word, colour = (words[t], "black") if t < len(words) else ("0", "#767676")
        ax.text(
            t, i, word, ha="center", va="center", color=colour, fontsize=9 if len(word) < 8 else 7.8
        )
ax.set_xticks(range(0, ids.shape[1], 2))
ax.set_yticks(range(len(tokens)))
ax.set(xlabel="time step", ylabel="review")
ax.grid(visible=False)
plots.show(
    fig,
    alt=f"Six rows of words, shaded, of lengths {lengths_seen}. The rest of each row is white and "
    f"filled with zeros.",
    caption=f"A batch of six reviews, padded on the right to {ids.shape[1]} steps: "
    f"{padding_share:.0%} of the cells are zeros that mean nothing.",
)

# %%
quiz.reveal(
    "padding",
    round(100 * padding_share, 1),
    "The share depends on how different the lengths are: one long text in a batch makes all others "
    "long. Lesson 07 is about saving that work.",
)

# %% [markdown]
# **And the features?** `ids` is (B, T), two axes. A number like 17 is only a name: word 17 is not
# "more" than word 16. So each id becomes a row of numbers. The plainest is the **one-hot** row: V
# entries, a single one. A shorter one is an **embedding**: row number `id` of a table of size (V,
# E). At first its numbers are random. Training changes them, like any weight. Both are the same
# operation. A one-hot row times a matrix picks one row of it:

# %%
E = 5
table = np.random.default_rng(3).normal(size=(len(vocab), E))  # (V, E)
as_product = data.one_hot(ids, len(vocab)) @ table  # (B, T, V) times (V, E)
as_lookup = table[ids]
print("ids", ids.shape, " one-hot", (*ids.shape, len(vocab)), " embedded", as_lookup.shape)
print("same numbers:", np.array_equal(as_product, as_lookup))
one_hot_size, embedded_size = ids.size * len(vocab), as_lookup.size

# %% [markdown]
# So a text arrives at (samples, time, features), with E features. The one-hot array would hold
# 17 <!-- =one_hot_size / embedded_size ±1 --> times as many numbers, nearly all of them zero. So in
# practice one looks up.
#
# ### Exercise 7 · Pad, and remember where
#
# *Difficulty ●●○ · importance ●●● · 8 minutes*
#
# `texts` is a list of lists of ids, `T` is the width. Return `ids` (B, T), whole numbers with zeros
# on the right, and `mask` (B, T), true where there is a word. A text longer than `T` loses its end.
#
# **The check catches** padding on the wrong side, a mask that is inverted or true everywhere, the
# wrong end cut off, `T` ignored, ids that are floats (they could not be used as an index), and a
# mask of numbers. **It does not catch** a mask made by `ids != 0`: that agrees as
# long as no word has the id 0.
#
# <details><summary>Hint 1</summary>
#
# Begin with `np.zeros((len(texts), T), dtype=int)`. Fill row after row.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `kept = text[:T]` is never too long. Its length tells where to stop: `ids[i, :len(kept)] = kept`.
#
# </details>


# %% tags=["exercise"]
def pad_and_mask(texts, T):
    """Return ids (B, T), padded with 0 on the right, and mask (B, T), true at words."""
    ### BEGIN SOLUTION
    ids = np.zeros((len(texts), T), dtype=int)
    mask = np.zeros((len(texts), T), dtype=bool)
    for i, text in enumerate(texts):
        kept = text[:T]
        ids[i, : len(kept)] = kept
        mask[i, : len(kept)] = True
    return ids, mask
    ### END SOLUTION


# %%
sequence_data.pad_and_mask(pad_and_mask)

# %% [markdown] tags=["solution"]
# **Worked solution.** Slicing does the work: `text[:T]` copes with long and with short texts, also
# with an empty one. The mask is made in the same breath, from lengths, so that it stays right even
# if some vocabulary gives the id 0 to a word.

# %% [markdown]
# ### Video: a digit that moves
#
# A batch of clips has five axes: (B, T, H, W, C). Sequences, frames, rows of pixels, columns of
# pixels, colours. In this section only, $H$, $W$ and $C$ are height, width and colours.

# %%
clips, moves_right = data.moving_digits(n=4, T=6, seed=5)
print("clips", clips.shape, "  moves to the right:", moves_right.astype(bool))
print("clip 1 is clip 0 with its frames in reverse:", np.array_equal(clips[1], clips[0][::-1]))
B, T, height, width, colours = clips.shape
fig, axes = plt.subplots(2, T, figsize=(10, 3.7))
for row in range(2):
    for t in range(T):
        ax = axes[row, t]
        ax.imshow(clips[row, t, :, :, 0], cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        for spine in ax.spines.values():
            spine.set(visible=True, color="#999999")
        if row == 0:
            ax.set_title(f"t = {t}", loc="center", fontsize=12)
    axes[row, 0].set_ylabel("clip 0" if row == 0 else "clip 1", fontsize=12)
plots.show(
    fig,
    alt="Two rows of six small frames. In the first row a handwritten digit moves from left to "
    "right; in the second row the same six frames stand in reverse order, so it moves to the "
    "left.",
    caption="The same six frames in two orders.",
)

# %%
quiz.predict(
    "average",
    "We average each clip over its six frames. What is the difference of the two averages?",
    ["none", "a little blur", "left and right: they are mirror images"],
)

# %%
mean_right, mean_left = clips[0].mean(axis=0), clips[1].mean(axis=0)
average_gap = float(np.max(np.abs(mean_right - mean_left)))
print("largest difference of the averages:", average_gap)
print("largest difference of the clips   :", float(np.max(np.abs(clips[0] - clips[1]))))

# %%
quiz.reveal(
    "average",
    "none" if average_gap < 1e-6 else "a little blur",
    "A sum does not know the order of its terms. Whoever averages the raw frames cannot tell left "
    "from right. A model must look at the order before it adds. Recurrent nets do.",
)

# %% [markdown]
# Three axes of features are two too many. So each frame is flattened: row by row, into one row of
# $H \cdot W \cdot C$ numbers. NumPy keeps the numbers of an array in one long line, and flattening
# leaves that line as it is. Neighbours in a row of pixels stay together. A pixel and the one below
# it end up 16 <!-- =width * colours --> features apart.

# %%
flat = np.array([[frame.ravel() for frame in clip] for clip in clips])  # ravel flattens one frame
fig, ax = plt.subplots(figsize=(10, 2.7))
ax.imshow(flat[0], cmap="gray_r", aspect="auto", interpolation="nearest")
ax.set(xlabel="feature: pixel of the frame, row by row", ylabel="time step")
ax.set_yticks(range(T))
ax.grid(visible=False)
plots.show(
    fig,
    alt=f"A grey picture of {T} rows and {flat.shape[2]} columns. Short dark dashes repeat every "
    f"16 columns and shift to the right from row to row.",
    caption=f"Clip 0 as (time, features) = ({T}, {flat.shape[2]}): the digit became dashes, "
    f"sixteen columns apart, that shift to the right as time goes down.",
)

# %% [markdown]
# ### Exercise 8 · Flatten frames
#
# *Difficulty ●○○ · importance ●●○ · 4 minutes*
#
# `clips` (B, T, H, W, C) in, (B, T, H·W·C) out, pixels row by row. One line is enough.
#
# **The check catches** time flattened away, clips run together, axes moved, and pixels of different
# frames mixed in one row. **It does not catch** whether flattening is a good idea at all. A convolution
# that respects neighbours often is better; lesson 11 uses one.
#
# <details><summary>Hint 1</summary>
#
# Two sizes you know: `clips.shape[:2]`. For the last one, `-1` lets NumPy count.
#
# </details>


# %% tags=["exercise"]
def frames_to_features(clips):
    """Return x (B, T, H*W*C) for clips (B, T, H, W, C)."""
    ### BEGIN SOLUTION
    return clips.reshape(*clips.shape[:2], -1)
    ### END SOLUTION


# %%
sequence_data.frames_to_features(frames_to_features)

# %% [markdown]
# ### Three roads, one form
#
# | | comes as | what must be done | arrives as (samples, time, features) |
# |:--|:--|:--|:--|
# | weather | (1461, 4) | cut windows: samples are made | (1454<!-- =len(x_week) -->, 7, 4) |
# | reviews | lists of words | encode, pad, look up: time and features are made | (6, 17<!-- =ids.shape[1] -->, 5<!-- =E -->), with a mask |
# | video | (4, 6, 16<!-- =height -->, 16<!-- =width -->, 1) | flatten frames: features are joined | (4, 6, 256<!-- =flat.shape[2] -->) |
#
# Whatever your data are: *name the three axes before you write a model.*
#
# ## 7 · Debugging clinic
#
# Real mistakes do not come with a name. They come as a symptom. Here is one.
#
# Somebody takes the first 365 days of each of four years of weather, with time first: (365, 4, 4),
# that is (T, B, D). Our notation wants batch first: (4, 365, 4). Their new array has exactly this
# shape. They plot the highest temperature of sample 0, which should be the year 2012, next to the
# truth.

# %%
by_year = [
    np.flatnonzero(weather.dates.astype("datetime64[Y]") == np.datetime64(str(y)))[:365]
    for y in range(2012, 2016)
]
time_major = np.stack([weather.features[days] for days in by_year], axis=1)  # (T, B, D)
print("time first:", time_major.shape)
suspicious = sequence_data.their_batch_first(time_major)  # their function: it is what you diagnose
truth = weather.features[by_year[0]]  # (365, 4): 2012 without its last day
one_in_four = suspicious[0, ::4, 1]

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
left.plot(truth[:, 1], color=plots.COLORS[0], ls="-", marker="", lw=1)
left.set(title="the year 2012", xlabel="day", ylabel="highest temperature, °C")
right.plot(suspicious[0, :, 1], color=plots.COLORS[2], ls="-", marker="", lw=1)
right.set(title="sample 0 of their array", xlabel="entry")
jump = np.abs(np.diff(truth[:, 1])).mean()
suspicious_jump = np.abs(np.diff(suspicious[0, :, 1])).mean()
calm_jump = np.abs(np.diff(one_in_four)).mean()
print(f"mean change from entry to entry: truth {jump:.1f} °C, theirs {suspicious_jump:.1f} °C")
print(f"of every fourth entry of theirs: {calm_jump:.1f} °C")
print(f"warmest day: truth {truth[:, 1].max():.1f} °C, theirs {suspicious[0, :, 1].max():.1f} °C")
plots.show(
    fig,
    alt="Left: the highest temperature of 2012 rises from winter to summer and falls again. "
    "Right: sample 0 of the suspicious array jumps up and down from entry to entry and never sees "
    "a summer.",
    caption="The symptom: the yearly wave is gone, the curve jumps from entry to entry, and no "
    "summer comes.",
)

# %%
quiz.choice(
    "Every number in their array is a true measurement, and the shape is right. If you take every "
    "fourth entry of their sample 0, you get a calm curve again. What was done?",
    {
        "The array was reshaped instead of transposed": "Yes. In the long line of numbers, the "
        "four years of one day stand side by side. `reshape` cut that line into four pieces: each "
        "piece holds about a quarter of the days, the years mixed.",
        "Time runs backwards": "Then the curve would be mirrored, not jagged.",
        "The features were exchanged": "Then rain or wind would show up. All values are highest "
        "temperatures.",
        "The data were shuffled at random": "Then every fourth entry would not give a calm curve.",
    },
    answer="The array was reshaped instead of transposed"
    if np.array_equal(one_in_four, truth[: len(one_in_four), 1])
    else "The data were shuffled at random",
    explain="The cell compared: every fourth entry of their sample 0 equals the first days of "
    "2012, exactly.",
)

# %% [markdown]
# ### Exercise 9 · Mend it
#
# *Difficulty ●○○ · importance ●●● · 3 minutes*
#
# First a case that you can do with a pencil: three days of two years, $a$ and $b$, one feature.
#
# | time first, (3, 2) | a reshape to (2, 3) | what was wanted, (2, 3) |
# |:--|:--|:--|
# | $a_1\; b_1$ | $a_1\; b_1\; a_2$ | $a_1\; a_2\; a_3$ |
# | $a_2\; b_2$ | $b_2\; a_3\; b_3$ | $b_1\; b_2\; b_3$ |
# | $a_3\; b_3$ | | |
#
# Read the first column row by row: that is the long line of numbers. The second column is the same
# line, cut anew. Write the function that makes the third: (T, B, D) in, (B, T, D) out, each sequence
# intact.
#
# **The check catches** the reshape, an array left as it was, and every other order of the axes,
# also where T equals B. **It does not catch** that the result may share its numbers with the input
# (a *view*): writing into one then writes into the other. Use `.copy()` if you plan to.
#
# <details><summary>Hint 1</summary>
#
# `reshape` never changes the order of the long line. You want to move an axis. Which functions of
# NumPy have "axis" or "axes" in their name?
#
# </details>


# %% tags=["exercise"]
def to_batch_first(x):
    """Return x (T, B, D) as (B, T, D), each sequence intact."""
    ### BEGIN SOLUTION
    return np.swapaxes(x, 0, 1)
    ### END SOLUTION


# %%
sequence_data.to_batch_first(to_batch_first)

# %% tags=["solution"]
mended = np.swapaxes(time_major, 0, 1)
print("sample 0 is the year 2012:", np.array_equal(mended[0], truth))
print("the warmest day is back:", mended[0, :, 1].max(), "°C")

# %% [markdown]
# The lesson in it: **a right shape proves nothing about the order.** Plot one sample of every
# array that you build.
#
# ## 8 · Slides say
#
# Sentences as one meets them on lecture slides. A cell judges each. Make up your mind before you
# run it: true, false, or true under a condition?
#
# 1. "Only the differences between the scores matter to a softmax."
# 2. "Sequences of different lengths are padded with zeros; the zeros do not matter."
# 3. "$Wx$ or $xW$: that is only notation."
# 4. "PyTorch's RNN takes input of shape (batch, time, features)."

# %%
rng = np.random.default_rng(4)
scores = rng.normal(size=(100, 10))
gap_shift = np.max(
    np.abs(layers.softmax(scores + rng.normal(size=(100, 1))) - layers.softmax(scores))
)

torch.manual_seed(0)
rnn = torch.nn.RNN(3, 8, batch_first=True)
short = torch.randn(1, 5, 3)
padded = torch.cat([short, torch.zeros(1, 7, 3)], dim=1)
with torch.no_grad():
    states_short, last_short = rnn(short)
    states_padded, last_padded = rnn(padded)
gap_last = (last_padded - last_short).abs().max().item()
gap_masked = (states_padded[:, :5] - states_short).abs().max().item()

A, row = rng.normal(size=(4, 4)), rng.normal(size=4)
gap_order = relative_error(row @ A, A @ row)
gap_transposed = relative_error(row @ A, A.T @ row)
default = torch.nn.RNN(3, 8).batch_first

CONDITION = "true under a condition"
verdicts = (
    "true" if gap_shift < 1e-12 else "false",
    CONDITION if gap_masked < 1e-6 < gap_last else "false",
    "true" if gap_order < 1e-12 else "false",
    CONDITION if not default else "true",
)
print("1.", verdicts[0])
print(f"   change of the probabilities under a shift        {shown(gap_shift)}")
print("2.", verdicts[1])
print(f"   change of the last state by 7 zero steps         {gap_last:.2f}")
print(f"   change of the 5 states at the real steps         {shown(gap_masked)}")
print("3.", verdicts[2])
print(f"   xW against Wx, same square matrix                {gap_order:.2f}")
print(f"   xW against W^T x                                 {shown(gap_transposed)}")
print("4.", verdicts[3])
print(f"   batch_first unless you say otherwise             {default}")

# %% [markdown]
# Why:
#
# 1. $e^{z+c} = e^z e^c$, and $e^c$ cancels. Beware of "scores are relative": a *factor* does matter.
# 2. The states at the real steps are untouched. But the net goes on running over the zeros, and the
#    *last* state moves by 0.75<!-- =gap_last ±20% -->, on a scale from −1 to 1. Zeros do not matter
#    if you read the state at the last real step, or mask.
# 3. With the same square matrix the two differ by 1.9 <!-- =gap_order ±5% --> times the largest
#    entry. It becomes a matter of notation if you transpose the matrix as well.
# 4. Only with `batch_first=True`. The default is time first, and no error tells you, unless you also
#    pass an `h0`.
#
# ## 9 · Where this goes wrong in practice
#
# - **Windows split at random.** Training and test windows then share days, so the test no longer
#   asks about days that the model has not seen. The cell below measures the overlap. For series,
#   cut in *time*.
# - **Scaling that has seen the test set.** Before training, one often subtracts each feature's mean
#   and divides by its spread. Take both from the training part only.
# - **`reshape` where a transpose was meant.** The clinic. Torch's `view` cuts anew in the same way.
# - **The last state of a padded batch.** Read it at `lengths - 1`, not at `-1`.
# - **Cells run out of order.** A result that you cannot get again is not a result. Restart and run
#   all before you believe it.


# %%
def share_overlapping(train, test, days):
    """Return the share of test samples that have a day in common with some training sample.

    A sample holds `days` days in a row: its window and its target.
    """
    near = np.abs(np.asarray(test)[:, None] - np.asarray(train)[None, :]) < days
    return near.any(axis=1).mean()


at_random = data.split_at_random(n_windows, held_out=0.2, rng=np.random.default_rng(0))
in_time = data.split_in_time(n_windows, held_out=0.2)
overlap_random = share_overlapping(*at_random, days=7 + 1)
overlap_time = share_overlapping(*in_time, days=7 + 1)
print(f"split at random: {overlap_random:.1%} of the test samples share days with training samples")
print(f"split in time:   {overlap_time:.1%}")

# %% [markdown]
# A sample is its window *and* its target, eight days. Split at random, practically every test
# sample (100%<!-- =overlap_random ±1% -->) shares days with training samples. Split in time, only
# the 7 <!-- =overlap_time * len(in_time[1]) ±0.01 --> samples at the border do; leave those out and
# nothing is shared.
#
# ## 10 · Quiz
#
# Seven questions. The right answers come out of the code above.

# %%
quiz.choice(
    "`x` is (32, 7, 4) and `W_xh` is (4, 16). What is the shape of `x @ W_xh`?",
    {
        "(32, 7, 16)": "The 4 is summed away; batch and time ride along.",
        "(32, 16)": "Time does not vanish: the product acts on each step.",
        "(16, 7, 32)": "That would turn the axes round. A product leaves the axes in front where "
        "they are.",
        "it raises an error": "The last axis of `x` and the first of `W_xh` are both 4: that fits.",
    },
    answer=(np.zeros((32, 7, 4)) @ np.zeros((4, 16))).shape,
)

# %%
quiz.numeric(
    "A year of 365 days, windows of 30 days, the day after each as target. How many windows?",
    len(data.windows(np.zeros((365, 1)), 30)[0]),
    tolerance=0,
    feedback={
        336: "That many windows exist, but the last has no day after it.",
        12: "These lie side by side. Ours start on every day.",
        334: "One too few: the last target is the last day of the year.",
        365: "Then windows would stick out at the end.",
    },
)

# %%
equal = np.array([1000.0, 1000.0])
with np.errstate(over="ignore", invalid="ignore"):
    naive_share = (np.exp(equal) / np.exp(equal).sum())[0]

# %%
quiz.numeric(
    "Two classes have the scores 1000 and 1000. What is the softmax probability of the first?",
    layers.softmax(equal)[0],
    tolerance=0.001,
    feedback={
        1: "Both are equally likely, and the two must add up to 1.",
        0: "Equal scores get equal shares, and the shares add up to 1.",
    },
    explain="Only differences matter, and here there is none. Without subtracting the largest "
    f"score, the cell above got {naive_share}.",
)

# %%
quiz.choice(
    "In $Z_{i+1} = f(W Z_i + U X_{i+1})$, which matrix is our $W_{hh}$, transposed?",
    {
        "W": "Yes: it stands in front of the state before.",
        "U": "It stands in front of the input: that is our $W_{xh}$, transposed.",
        "neither: this is another network": "It is the same network in other letters; part 3 "
        "tests it.",
    },
    answer="W" if np.allclose(text_b, np.tanh(x_1 @ U.T + s_0 @ W.T)) else "U",
)

# %%
quiz.choice(
    "$h = \\tanh(x W)$ with `x` of 4 and `h` of 6 entries. What is the shape of its Jacobian in "
    "our layout?",
    {
        "(4, 6)": "Inputs down the side, outputs along the top, like W itself.",
        "(6, 4)": "That is the other layout, outputs down the side.",
        "(6, 6)": "That would be the Jacobian from state to state, or of the tanh alone.",
        "(24,)": "A Jacobian is a table: it keeps which input and which output.",
    },
    answer=jacobian_by_nudging(lambda v: np.tanh(v @ np.ones((4, 6))), np.zeros(4)).shape,
)

# %%
quiz.choice(
    "PyTorch's RNN from 32 to 32 has more parameters than ours. What can it compute that ours "
    "cannot?",
    {
        "nothing": "The surplus is the second bias, and only the sum of the two enters.",
        "a larger range of states": "tanh bounds the state in both.",
        "sequences of any length": "Both do: the same weights serve each step.",
        "a second state": "There is one state. The extra numbers are a bias.",
    },
    answer="nothing" if rnn_error < 1e-12 else "a larger range of states",
    explain=f"{torch_count} - {our_count} = {torch_count - our_count}, the length of one bias.",
)

# %%
quiz.choice(
    "Which of these are true?",
    {
        "The last state of a padded sequence depends on the padding": "The net runs on over the "
        "zeros, and its state changes.",
        "In a net that reads forward, a state at a real step depends on padding that follows": "Such "
        "a state knows only what came before it.",
        "The mean of the raw frames tells which way the digit moves": "The two averages are equal: a "
        "sum does not know the order.",
        "A reshape can give the right shape and the wrong order": "The clinic showed it.",
    },
    answer={
        text
        for text, holds in {
            "The last state of a padded sequence depends on the padding": gap_last > 1e-6,
            "In a net that reads forward, a state at a real step depends on padding that follows": (
                gap_masked > 1e-6
            ),
            "The mean of the raw frames tells which way the digit moves": average_gap > 1e-6,
            "A reshape can give the right shape and the wrong order": (
                suspicious[0].shape == truth.shape and not np.array_equal(suspicious[0], truth)
            ),
        }.items()
        if holds
    },
)

# %% [markdown]
# ## 11 · Recap
#
# 1. Sequences come as (samples, time, features); batch first, one example is one row, weights are
#    (in, out).
# 2. Other texts' matrices are mostly the transposes of ours, under other names; put the same
#    numbers into both and compare.
# 3. Slopes multiply along a path and add over paths; in our layout Jacobians chain in the order of
#    time, and gradients go back by the transpose.
# 4. Softmax sees differences only; subtract the largest score, and its gradient with the log loss
#    is $p - y$.
# 5. A right shape does not prove a right order: change one sequence, plot one sample, run a check.
#
# ## References
#
# - C. R. Harris and others (2020), *Array programming with NumPy*, Nature 585. Six pages on axes,
#   views and broadcasting by the people who made them: read it if part 5c was new to you.
# - T. Parr and J. Howard (2018), *The matrix calculus you need for deep learning*. Jacobians and
#   the chain rule from the start, in the column layout; a good place to practise translating into
#   ours.
# - I. Goodfellow, Y. Bengio and A. Courville (2016), *Deep Learning*, chapters 2, 4 and 10. The
#   mathematics in one place, and chapter 10 writes recurrent nets with $W$ for the state and $U$
#   for the input: check it against the table.
# - J. S. Bridle (1990), *Probabilistic Interpretation of Feedforward Classification Network Outputs,
#   with Relationships to Statistical Pattern Recognition*. Where the softmax got its name and its
#   reason.
# - J. L. Elman (1990), *Finding structure in time*, Cognitive Science 14. The paper behind lesson
#   02: read its first five pages now and the rest after that lesson.
#
# **Next:** lesson 01 asks why a window of fixed size is not enough, and lesson 02 builds the first
# net that needs no window. The map in part 4 shows which are available today.
