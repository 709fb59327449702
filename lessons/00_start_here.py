# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {lesson: "00", title: Start here, minutes: 50, cpu_seconds: 30, peak_mib: 1024}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

# %% [markdown]
# # Lesson 00 · Start here
#
# **After this lesson you can**
#
# - run a lesson, read what a check says, and know where your own work lies;
# - read the formula of a recurrent net from any text and turn it into our letters, with a proof
#   that both give the same numbers;
# - differentiate a chain, write down a Jacobian, predict the shape of a product, and compute a
#   softmax that does not overflow;
# - turn a series, a pile of texts, and a video into one form: (samples, time, features).
#
# **You need** some Python (functions, loops, NumPy arrays) and the mathematics of a first
# university year (derivatives, matrices). The self-test in part 5 finds out what has rusted, and
# repairs it.
#
# **Time:** about 50 minutes to read and to predict. The nine exercises add about as much again.
# The code alone runs in about 10 seconds.
#
# ## 1 · Your machine
#
# Numbers in this course are computed on your machine, while you read. So first: what is that
# machine? Run the next cell. Click into it and press **Shift+Enter**.

# %%
import os
import platform
from importlib.metadata import version

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
    "cores": f"{os.cpu_count()}, of which torch uses {threads}",
    "memory": "not told" if gib is None else f"{gib:.1f} GiB",
    "device": "a GPU, which the course does not need" if torch.cuda.is_available() else "CPU",
}
for name, value in report.items():
    print(f"{name:<14}{value}")

# %% [markdown]
# Four things to know about this report.
#
# - **One thread.** Our nets are small. On small nets, two threads spend their time waiting for
#   each other. Set `COURSE_THREADS=2` if you want to try.
# - **Memory.** No lesson takes more than 1 GiB.
# - **Device.** A CPU is enough for every lesson. A GPU changes seconds, not results.
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
# when you are not sure. A wrong guess that you made yourself is worth more than a right answer
# that you read: now you want to know why. The code of a question is folded into three dots,
# because it tells the answer. Run it like any other cell.

# %%
quiz.predict(
    "shape",
    "`x` has shape (4, 4, 2): four sequences, four steps, two features. One function takes the "
    "mean over axis 0, another over axis 1. Do the shapes of the results tell them apart?",
    ["yes, the shapes differ", "no, both are (4, 2)", "no, both are (2,)"],
)

# %%
x = np.random.default_rng(0).normal(size=(4, 4, 2))  # (B, T, D)
over_batch, over_time = x.mean(axis=0), x.mean(axis=1)
print("over axis 0:", over_batch.shape, "  first numbers", over_batch[0].round(3))
print("over axis 1:", over_time.shape, "  first numbers", over_time[0].round(3))

# %%
quiz.reveal(
    "shape",
    "no, both are (4, 2)"
    if over_batch.shape == over_time.shape == (4, 2)
    else "yes, the shapes differ",
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
# Here are three functions that should compute the mean over time: (B, T, D) in, (B, D) out. The
# first is what an exercise looks like before you touch it. The second holds the slip from above.
# The third is fine.


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
# A check knows the mistakes that people make most. It recognises them by their numbers, never by
# their code. So you may write your function in any way you like: loops, `einsum`, one line. A
# mistake that nobody foresaw gets no name, but it is still found, and you still see the first
# wrong entry.
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
# before and from an input.
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
    "text B's. What happens?",
    ["the results agree", "the results differ", "one of the two raises an error"],
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
    "the results agree" if np.allclose(text_a, text_b) else "the results differ",
    "No error, other numbers, even other signs. Both matrices are square, so no shape protects "
    "you. Nobody made a mistake in their own text. The mistake lies between the texts.",
)

# %% [markdown]
# So this course has one notation and keeps it in every lesson, every function, and every
# assignment. Here it is.
#
# ### Letters for sizes
#
# | letter | counts | in a batch of weather weeks |
# |:--|:--|:--|
# | $B$ | sequences in a batch | 32 weeks |
# | $T$ | time steps | 7 days |
# | $D$ | features at each step | 4 measurements |
# | $H$ | hidden units, the size of the state | whatever you choose |
# | $V$ | classes, or words in the vocabulary | 2, wet and dry |
#
# ### Names and shapes
#
# **Batch first.** The first axis of everything counts sequences. The second counts time.
#
# | name | shape | what it is |
# |:--|:--|:--|
# | `x` | (B, T, D) | the input; `x[:, t]` is $x_t$, of shape (B, D) |
# | `ids` | (B, T) | tokens as whole numbers, where the input is text |
# | `h` | (B, T, H) | the hidden states; `h[:, t]` is $h_t$ |
# | `h0` | (B, H) | the state before the first input |
# | `W_xh` | (D, H) | weights from input to state |
# | `W_hh` | (H, H) | weights from state to state |
# | `b_h` | (H,) | bias of the state |
# | `W_hy`, `b_y` | (H, V), (V,) | weights and bias from state to output |
# | `logits` | (B, T, V) | the scores $o_t$, before a softmax |
# | `targets` | (B, T) | the right classes |
# | `lengths` | (B,) | how many steps of each sequence are real |
# | `mask` | (B, T) | true where a step is real, false where it is padding |
#
# **Row vectors.** One example is one *row*. So the vector stands on the left and the matrix on the
# right: `x_t @ W_xh`. A weight matrix is therefore **(in, out)**, and its name reads from left to
# right: `W_xh` leads from x to h.
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h), \qquad o_t = h_t W_{hy} + b_y$$
#
# Let us say it in shapes: (B, D) times (D, H) gives (B, H). (B, H) times (H, H) gives (B, H). The
# bias (H,) is added to each row. The same line serves one example and a thousand.

# %%
rng = np.random.default_rng(1)
B, T, D, H, V = 3, 5, 4, 6, 2
x = rng.normal(size=(B, T, D))
h0 = rng.normal(size=(B, H))
W_xh = rng.normal(size=(D, H)) / np.sqrt(D)
W_hh = rng.normal(size=(H, H)) / np.sqrt(H)
b_h = rng.normal(size=H)
W_hy, b_y = rng.normal(size=(H, V)), rng.normal(size=V)

h_1 = np.tanh(x[:, 0] @ W_xh + h0 @ W_hh + b_h)
o_1 = h_1 @ W_hy + b_y
print(f"x_1 {x[:, 0].shape}   h_1 {h_1.shape}   o_1 {o_1.shape}")

# %% [markdown]
# **Order of gates.** Lessons 05 and 06 meet cells with gates. Their weights stand side by side in
# one block, in this order: **i, f, g, o** for the LSTM (input gate, forget gate, candidate, output
# gate), and **r, z, n** for the GRU (reset gate, update gate, candidate). This is PyTorch's order.
#
# **Layout of Jacobians.** A Jacobian is the table of all slopes from one vector to another. We
# write inputs down the side and outputs along the top:
#
# $$J_t[i, j] = \frac{\partial h_t[j]}{\partial h_{t-1}[i]}, \qquad J_t = W_{hh}\,\mathrm{diag}(1 - h_t^2)$$
#
# Then slopes chain from left to right, in the order of time:
# $\partial h_T / \partial h_t = J_{t+1} J_{t+2} \cdots J_T$. And a gradient, which is a row like
# $h$ itself, goes back by the transpose: $dh_{t-1} = dh_t\, J_t^\top$. Part 5 does this with
# numbers.
#
# ### The translation table
#
# You will read other texts. You should. Here is the way from their letters to ours. Columns stand
# where we have rows, so nearly every matrix turns: theirs is (out, in), ours is (in, out).
#
# | you read | theirs → ours | watch out |
# |:--|:--|:--|
# | $s_t = \tanh(W x_t + U s_{t-1})$ | $s = h$, $\;W = W_{xh}^\top$, $\;U = W_{hh}^\top$ | $W$ is the **input's** weight. Other texts swap $W$ and $U$. Some slides call this $s_t$ the "cell state", although there is no LSTM. |
# | $h_t = \sigma(U x_t + V h_{t-1})$ | $U = W_{xh}^\top$, $\;V = W_{hh}^\top$ | $\sigma$ may be the logistic function, or stand for any squashing function. $V$ is recurrent here; elsewhere it is the output's weight. |
# | $Z_{i+1} = f(W Z_i + U X_{i+1})$, $\;Y = h(V Z)$ | $Z_i = h_t$, $\;W = W_{hh}^\top$, $\;U = W_{xh}^\top$, $\;V = W_{hy}^\top$ | $W$ is the **state's** weight. The letter $h$ is a *function* here, the output's activation. Time is $i$. |
# | $h_{new} = \tanh(W_h h_{prv} + W_x x)$, $\;y = W_y h_{new}$ | $W_h = W_{hh}^\top$, $\;W_x = W_{xh}^\top$, $\;W_y = W_{hy}^\top$ | one index instead of two: it names where the arrow starts, except in $W_y$, where it names the end |
# | $h_t = f(W_{hh} h_{t-1} + W_{hx} x_t + b_h)$, $\;y_t = g(W_{yh} h_t + b_y)$ | $W_{hx} = W_{xh}^\top$, $\;W_{yh} = W_{hy}^\top$, and $W_{hh}$ is the transpose of our $W_{hh}$ | indices read "to, from". Same name $W_{hh}$, other orientation. |
# | $f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f)$ | $W_f$ is $W_{hf}$ stacked on $W_{xf}$, then transposed | one matrix (H, H+D) for two. State first, input second. |
# | write, read, forget gate | input gate $i$, output gate $o$, forget gate $f$ | the words come from computer memory |
# | "carry" | the cell state $c$ | |
# | "update gate" | the LSTM's input gate $i$, **or** the GRU's $z$ | ask which cell |
# | the LSTM's "hidden state" and its "output" | in some texts: our memory $c$, and our $h$ | with us $h$ is the hidden state. Ask which one has passed the output gate: that is $h$. |
# | $h_t = (1 - z)\,h_{t-1} + z\,\tilde h$ | our $z$ is one minus theirs: $h_t = (1 - z)\,n + z\,h_{t-1}$ | both are called GRU. One family: negate $z$'s weights and bias. |
# | reset gate before, or after, the matrix product | ours is after, with a bias $b_{hn}$ inside: $n = \tanh(x W_{xn} + b_n + r \odot (h_{t-1} W_{hn} + b_{hn}))$ | **two** families. In general no change of weights makes one from the other. |
# | $\partial h_t / \partial h_{t-1} = W^\top \mathrm{diag}[f']$, or $\mathrm{diag}[f']\,W$ | the column texts' tables; ours is $W_{hh}\,\mathrm{diag}(1 - h_t^2)$ | outputs down the side, or inputs? Ask for the shape when D and H differ. |
# | PyTorch: `weight_ih_l0`, `weight_hh_l0`, two biases | `W_xh.T`, `W_hh.T`, and `b_h` is the **sum** of the two | time first by default: say `batch_first=True` |
# | Keras: `kernel`, `recurrent_kernel` | `W_xh`, `W_hh`, not transposed | LSTM gates in the order i, f, c, o (its c is our g); GRU z, r, h |
#
# Lines of such a table are easy to write and easy to get wrong. So we prove those that are
# formulas, one after the other. (The words are definitions, and the Keras line is taken from its
# documentation.) You need not know LSTMs yet. Look at the method: *put the same numbers in,
# compare what comes out.*
#
# The key to the column texts is $(W h)^\top = h^\top W^\top$. Their $W h$ with a column is our
# $h\,W^\top$ with a row. The cell shows it first for one product, then for the formulas of the
# table, each in its own letters, each for one column at a time.


# %%
def relative_error(got, expected):
    """Return the largest difference, relative to the largest expected entry."""
    got, expected = np.asarray(got), np.asarray(expected)
    return float(np.max(np.abs(got - expected)) / np.max(np.abs(expected)))


ours = x[:, 0] @ W_xh  # rows: (B, D) times (D, H)
theirs = W_xh.T @ x[:, 0].T  # columns: (H, D) times (D, B)
print("ours", ours.shape, "  theirs", theirs.shape)
print("relative error of  row W  against  (W^T column)^T :", relative_error(ours, theirs.T))


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
both = np.hstack([W_hh.T, W_xh.T])  # (H, H+D): state first, then input
errors["σ(W_f·[h_{t-1}, x_t] + b_f)"] = relative_error(
    by_columns(lambda x, h: logistic(both @ np.concatenate([h, x]) + b_h)),
    logistic(x[:, 0] @ W_xh + h0 @ W_hh + b_h),
)
for name, error in errors.items():
    print(f"{name:<42} relative error {error:.0e}")

# %% [markdown]
# All are at the level of rounding, $10^{-16}$ or exactly zero. Eight lines, one network.
#
# Now PyTorch. It has two biases, `bias_ih` and `bias_hh`. Both are added to the same sum, so only
# their sum matters. We have one. For 32 inputs and 32 units that makes a difference in the count:

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
print(f"all {T} steps against torch.nn.RNN: relative error {rnn_error:.0e}")
print(f"parameters of a 32 to 32 RNN: ours {our_count}, torch {torch_count}")

# %% [markdown]
# Ours has 2,080 <!-- =our_count --> parameters, PyTorch's has 2,112<!-- =torch_count -->. The
# 32 <!-- =torch_count - our_count --> more are the second bias. They add nothing that the net could
# not do before.
#
# The next line of the table is the one that costs people most hours.

# %%
quiz.predict(
    "time_first",
    "We feed `x` of shape (3, 5, 4) into `torch.nn.RNN(4, 6)`, without `batch_first=True`. We "
    "meant 3 sequences of 5 steps. What happens?",
    [
        "an error: the shapes do not fit",
        "it runs and reads 5 sequences of 3 steps",
        "it runs and finds out which axis is time",
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
    "it runs and reads 5 sequences of 3 steps"
    if last.shape[1] == 5
    else "an error: the shapes do not fit",
    "The last state has 5 rows, not 3. And when we change sequence 0 alone, sequences 1 and 2 "
    "change too: torch took the batch for time, and carried the state from one sequence into the "
    "next. No error, no warning.",
)

# %% [markdown]
# Keep that test. *Change one sequence; the others must not move.* It finds mixed-up axes in any
# model, whoever wrote it.
#
# Now the gates. We build one LSTM step and one GRU step by hand, from PyTorch's blocks in the
# order that the table claims. If the order were wrong, the numbers would be, too.


# %%
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


def lstm_step(order):
    """One LSTM step that reads the four blocks in the given order of gate names."""
    z = {name: x[:, 0] @ W_x[k] + h0 @ W_h[k] + bias[k] for k, name in enumerate(order)}
    i, f, o = logistic(z["i"]), logistic(z["f"]), logistic(z["o"])
    c = f * c0 + i * np.tanh(z["g"])  # the memory, or "carry"
    return o * np.tanh(c), c


for order in ("ifgo", "figo", "ifog"):
    h_ours, c_ours = lstm_step(order)
    print(
        f"blocks read as {', '.join(order)}: relative error of h "
        f"{relative_error(h_ours, h_torch[0].detach()):.0e}"
    )
h_ours, c_ours = lstm_step("ifgo")
lstm_errors = (
    relative_error(h_ours, h_torch[0].detach()),
    relative_error(c_ours, c_torch[0].detach()),
)
print(f"the second thing that torch returns is the memory c: relative error {lstm_errors[1]:.0e}")

# %% [markdown]
# Only i, f, g, o agrees. The order is a convention like driving on the left: either works, a mix
# does not.
#
# Two lines about the GRU are left. The first: two texts use $z$ the other way round, and both mean
# the same family of networks. The second: the place of the reset gate is not a matter of taste.

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
print(f"our z, reset after the product          relative error {gru_errors[0]:.0e}")
print(f"the other z with negated weights        relative error {gru_errors[1]:.0e}")
print(f"our z, reset before the product         relative error {gru_errors[2]:.0e}")

# %% [markdown]
# The first two are one family. The third, with the same weights, is another network.
#
# And the last line, the layout of Jacobians. `torch.autograd.functional.jacobian` puts outputs
# first. Ours is its transpose, and that is $W_{hh}\,\mathrm{diag}(1 - h_t^2)$.


# %%
def one_step(h_prev):
    """One step for a single row `h_prev` (H,), in torch, so that torch can differentiate it."""
    return torch.tanh(torch.from_numpy(x[0, 0] @ W_xh + b_h) + h_prev @ torch.from_numpy(W_hh))


J_torch = torch.autograd.functional.jacobian(one_step, torch.from_numpy(h0[0])).numpy()
J_ours = W_hh @ np.diag(1 - h_1[0] ** 2)  # J[i, j] = ∂h_1[j] / ∂h_0[i]
jacobian_errors = relative_error(J_ours, J_torch.T), relative_error(J_ours, J_torch)
print(f"ours against torch's transposed: relative error {jacobian_errors[0]:.0e}")
print(f"ours against torch's as it is:   relative error {jacobian_errors[1]:.0e}")

# %% [markdown]
# ### Exercise 1 · Read a slide
#
# *Difficulty ●○○ · importance ●●● · 5 minutes*
#
# A slide says $s_t = \tanh(W x_t + U s_{t-1} + b)$ and means columns. You get its matrices as they
# are: `W` is (H, D), `U` is (H, H). But your data come as rows: `x_t` is (B, D), `s_prev` is (B,
# H). Return the new states as rows, (B, H).
#
# **The check catches** a missing transpose also where all sizes are equal, exchanged matrices, a
# missing tanh or bias, and a result in columns. **It does not catch** a Python loop over the
# batch: that is right, only slow.
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
# so this is the line in code. `W` forces you, because (B, D) times (H, D) does not run. `U` does
# not force you. That is why the check tries numbers.

# %% [markdown]
# ## 4 · The map
#
# Fifteen lessons, one road. Each box answers one question, and the next question grows out of the
# answer.

# %%
display(course_map.draw(), Markdown(course_map.table()))

# %% [markdown]
# Seven assignments go with lessons 01 to 10. A lesson teaches the known cell; its assignment asks
# for the neighbour. So what you hand in cannot be copied from a book, and cannot be copied from
# the lesson either.
#
# ## 5 · Self-test: four things you need
#
# Everything in this course is made of four pieces: the chain rule, Jacobians, products of
# matrices, and the softmax. Here is one exercise for each. Do all four. Then a cell tells you
# which of the four repair sections below is for you. A section that you do not need, you skip.
#
# ### Exercise 2 · Chain rule
#
# *Difficulty ●○○ · importance ●●● · 6 minutes*
#
# One unit computes $z = w x + b$ and $h = \tanh(z)$. It should have said $y$. The loss is
# $(h - y)^2$. How fast does the loss change with $w$? Return $\partial\,\text{loss}/\partial w$,
# entry by entry. All four arguments are arrays of shape (n,).
#
# **The check catches** each forgotten or wrong link of the chain, by name. **It does not catch**
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
# **Worked solution.** Loss to $h$: $2(h - y)$. From $h$ to $z$: $1 - h^2$. From $z$ to $w$: $x$.
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
# **The check catches** a transpose, a forgotten sum over batch or time, a mean in place of a sum.
# **It does not catch** loops; try to do without.
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
# **The check catches** a wrong axis, an overflow, a missing division. **It does not catch** a loop
# over steps.
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
print("              before    after     change per unit of the one before")
print(f"w            {w:8.5f}  {w + nudge:8.5f}")
print(f"z = 2 w      {z:8.5f}  {z_2:8.5f}  {links[0]:8.4f}")
print(f"p = σ(z)     {p:8.5f}  {p_2:8.5f}  {links[1]:8.4f}")
print(f"loss = -ln p {loss:8.5f}  {loss_2:8.5f}  {links[2]:8.4f}")
print(f"product of the three links        {np.prod(links):8.4f}")
print(f"from w to the loss, directly      {whole:8.4f}")

# %% [markdown]
# Read the last column from top to bottom. Each link has its own slope: 2.00<!-- =links[0] -->,
# then 0.197<!-- =links[1] ±0.001 -->, then −1.37<!-- =links[2] ±0.01 -->. Multiply them:
# −0.538<!-- =whole ±0.001 -->, the slope of the whole. That is the chain rule. Nothing else is in it.
#
# **Then the general line.** A slope with respect to $w$ is the product of the slopes along the
# way:
#
# $$\frac{d\,\text{loss}}{dw} = \frac{d\,\text{loss}}{dp} \cdot \frac{dp}{dz} \cdot \frac{dz}{dw} = -\frac{1}{p} \cdot p(1 - p) \cdot x = -(1 - p)\,x$$
#
# The slopes of the two squashing functions are worth knowing by heart: $\sigma' = p(1-p)$ and
# $\tanh' = 1 - h^2$. Both are written with the *output*, which you have already.

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
# 0.00098<!-- =ten_links ±1% -->. In lesson 04 each time step is a link, and this product is the reason
# why a plain RNN forgets.
#
# **One weight, used twice.** A recurrent net uses the same weight at every step. Then there are
# several paths from the weight to the loss. Each path gives a product, and the products are
# *added*. The smallest example: $f(w) = w \tanh(w)$. One path through the first $w$, one through
# the second:
#
# $$f'(w) = \underbrace{\tanh(w)}_{\text{first } w} + \underbrace{w\,(1 - \tanh(w)^2)}_{\text{second } w}$$
#
# Does the machine agree? We compare with a nudge to both sides (finite differences) and with
# torch's automatic differentiation, in float64.

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
    f"relative error of both paths: nudging {relative_error(two_paths, by_nudging):.0e}, torch "
    f"{chain_error:.0e}"
)
one_path_error = relative_error(first_path_only, w_torch.grad)
print(f"relative error of one path:   {one_path_error:.2f}")

# %% [markdown]
# Leave out one path and 42% <!-- =one_path_error --> of the slope is missing. Remember it for
# lesson 03.
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
# **Three bricks** build every Jacobian of this course.
#
# 1. A product $x W$. Nudge $x[i]$ by one and the output moves by row $i$ of $W$. So $J = W$.
#    (Column texts have $J = W$ for $W x$, too. Their $W$ and their table are both the transposes
#    of ours.)
# 2. A function applied to each entry, like squaring. Output $j$ depends on input $j$ only. So $J$
#    is diagonal, with the slopes on it.
# 3. One after the other. Slopes multiply and paths add, which is what a matrix product does. In
#    our layout the first brick stands on the left.
#
# Try it: square each entry of $x W$. That makes $J = W\,\mathrm{diag}(2 x W)$.

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
    f"against nudging {relative_error(J, by_nudging):.0e}, against torch "
    f"{relative_error(J, by_torch.T):.0e}"
)
J_error = relative_error(J, by_torch.T)

# %% [markdown]
# **Going back.** Suppose a loss depends on these three outputs, and someone gives you its slopes,
# a row $dz$ of length 3. What are its slopes with respect to $x$? For each input: the sum over
# outputs of (what the output does) times (what the loss makes of it). That is
# $dx[i] = \sum_j J[i, j]\, dz[j]$, in short $dx = dz\, J^\top$.

# %%
d_out = np.array([0.1, -1.0, 2.0])  # slopes of some loss with respect to the three outputs
d_in = d_out @ J.T

x_torch = torch.tensor(x_here, requires_grad=True)
((x_torch @ torch.from_numpy(W_small)) ** 2 @ torch.from_numpy(d_out)).backward()
print("by hand", d_in, "  torch", x_torch.grad.numpy())
print(f"relative error {relative_error(d_in, x_torch.grad):.0e}")

# %% [markdown]
# Forward with $J$, backward with $J^\top$. Back-propagation is this line, once for each layer or
# step.
#
# ### 5c · Repair: shapes
#
# Three rules cover everything in this course.
#
# 1. **`a @ b` eats two axes.** The last of `a` and the second to last of `b` must be equal. They
#    disappear, everything else stays: (B, T, **D**) @ (**D**, H) → (B, T, H).
# 2. **Axes in front ride along.** A product with a matrix does the same thing to each of the B·T
#    rows.
# 3. **Sums, differences, products of entries line up from the right.** (B, T, H) + (H,) adds to
#    each row. An axis of length 1, or a missing one, is repeated.
#
# The second rule, proven against the slow way:

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
print(all_at_once.shape, "relative error", f"{relative_error(all_at_once, one_by_one):.0e}")

# %% [markdown]
# The third rule has a trap in it.

# %%
quiz.predict(
    "broadcast",
    "`h` has shape (2, 6, 6): two sequences, six steps, six units. `per_step` has shape (6,), one "
    "number for each *step*. What does `h + per_step` do?",
    [
        "adds one number to each step, as meant",
        "adds one number to each unit",
        "raises an error",
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
    "adds one number to each unit"
    if result[0, 0, 1] == 10
    else "adds one number to each step, as meant",
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
print("db", db.shape, f"relative error {relative_error(db, b_torch.grad):.0e}")
print(
    "a mean in place of the sum: relative error",
    f"{relative_error(d.mean(axis=(0, 1)), b_torch.grad):.2f}",
)
print("and the gradient of W_xh", tuple(W_torch.grad.shape), "has the shape of W_xh", W_xh.shape)

# %% [markdown]
# For `W_xh`, (D, H), you have `x` (B, T, D) and `d` (B, T, H). B and T must go, by a sum. D and H
# must stay, in this order. Now go back to exercise 4: only one product fits.
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
# One point more in score makes a word 2.718 <!-- =share[0] / share[1] ±0.001 --> times as likely,
# wherever you stand. Only *differences* of scores matter. So what should happen if we add 100 to
# all of them? And if we double them?

# %%
quiz.predict(
    "shift",
    "Which of the two changes the probabilities: adding 100 to every score, or doubling every "
    "score?",
    ["both", "only adding 100", "only doubling", "neither"],
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
    "only doubling" if shift_change < 1e-9 < double_change else "both",
    f"Largest change after adding 100: {shift_change:.0e}. After doubling: {double_change:.2f}. "
    f"The first is why subtracting the largest score is allowed. The second is temperature, a "
    f"knob for sampling in lesson 08.",
)

# %% [markdown]
# **Its gradient**, which you will use in every lesson from 03 on. The loss is $-\ln p_k$, where
# $k$ is the right class. Written with the scores: $-\ln p_k = \ln \sum_j e^{z_j} - z_k$.
# Differentiate with respect to $z_i$. The first part gives $e^{z_i} / \sum_j e^{z_j} = p_i$. The
# second gives 1 if $i = k$, else 0. With $y$ the one-hot row of the right class:
#
# $$\frac{\partial(-\ln p_k)}{\partial z} = p - y$$
#
# What you said minus what was right. The machine check:

# %%
right_class = 1
by_hand = share - np.eye(3)[right_class]


def nll(z):
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
    f"relative error against nudging {relative_error(by_hand, by_nudging):.0e}, against torch "
    f"{softmax_error:.0e}"
)

# %% [markdown]
# ## 6 · The shapes of sequence data
#
# A recurrent net eats one thing: an array (samples, time, features). The world does not come like
# this. Here are three kinds of data, and the way of each into this form.
#
# ### A series: the weather of Seattle
#
# Four years of days, four measurements a day, made by the weather service NOAA.

# %%
weather = data.load_weather()
print("features", weather.features.shape, "from", weather.dates[0], "to", weather.dates[-1])
for name, unit, column in zip(weather.names, weather.units, weather.features.T, strict=True):
    print(f"{name:<14} in {unit:<4} from {column.min():5.1f} to {column.max():5.1f}")

fig, axes = plt.subplots(4, 1, figsize=(10, 6.6), sharex=True)
for k, (ax, name, unit) in enumerate(zip(axes, weather.names, weather.units, strict=True)):
    ax.plot(weather.dates, weather.features[:, k], color=plots.COLORS[k], ls="-", marker="", lw=0.9)
    ax.set_ylabel(unit)
    ax.set_title(name.replace("_", " "), fontsize=12)
plots.show(
    fig,
    alt="Four curves over the days of 2012 to 2015. The two temperatures swing once a year, high "
    "in summer. Precipitation comes in spikes, few in summer. Wind is noisy, a little stronger in "
    "winter.",
    caption="One sample, 1461 time steps, four features: temperature repeats every year, rain "
    "comes in bursts and rests in summer.",
)

# %% [markdown]
# This array has two axes, (time, features). One thing is missing: samples. There is only *one*
# Seattle. Putting an axis in front, `features[None]`, gives (1, 1461, 4). That is correct, and
# useless for training: one sample.
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
print("x", x_week.shape, "  y", y_week.shape)

# %%
quiz.reveal(
    "windows",
    n_windows,
    "The last window must leave one day for its target: 1461 - 7. Windows that lay side by side "
    "would be only 208. In general: days - length - horizon + 1, with the target `horizon` days "
    "ahead.",
)

# %%
fig, ax = plt.subplots(figsize=(10, 3.6))
days = np.arange(11)
highest = weather.features[:11, 1]
ax.plot(days, highest, color=plots.COLORS[3], ls="-", marker="o", label="highest temperature")
for i in range(3):
    level = highest.min() - 1.2 - 1.3 * i
    ax.plot(
        [i, i + 6],
        [level, level],
        color=plots.COLORS[0],
        lw=7,
        ls="-",
        marker="",
        solid_capstyle="butt",
    )
    ax.plot(i + 7, level, color=plots.COLORS[2], marker="D", markersize=10, ls="none")
    ax.text(i - 0.25, level, f"x[{i}]", ha="right", va="center", fontsize=12)
    ax.text(i + 7.25, level, f"y[{i}]", ha="left", va="center", fontsize=12)
ax.set(xlabel="day of January 2012, counted from 0", ylabel="°C", xlim=(-1, 10.6))
ax.set_xticks(days)
plots.show(
    fig,
    alt="The highest temperature of eleven days in January 2012, and under it three bars of seven "
    "days, each one day later than the one above. A diamond marks the day after each bar: its "
    "target.",
    caption="Three windows of seven days and their targets: neighbours share six of seven days.",
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
# **The check catches** a target inside the window, a lost last window, windows side by side, axes
# in another order, time running backwards. **It does not catch** a slow loop, nor a copy where a
# view would do.
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
# These reviews are made by a small grammar, in pairs that hold the same words in another order.
# (With the real film reviews at hand, lesson 02 uses those.)

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
    "The share depends on how different the lengths are. Real reviews differ far more than these: "
    "one long text in a batch, and most of the array is zeros. Lesson 07 is about saving that "
    "work.",
)

# %% [markdown]
# **And the features?** `ids` is (B, T), two axes. A number like 17 is only a name: word 17 is not
# "more" than word 16. So each id becomes a row of numbers. The plainest is the **one-hot** row: V
# entries, a single one. A shorter one is an **embedding**: row number `id` of a table of size (V,
# E). Both are the same operation. A one-hot row times a matrix picks one row of it:

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
# 17 <!-- =one_hot_size / embedded_size ±1 --> times as many numbers, nearly all of them zero. Hence nobody builds it; one looks up.
#
# ### Exercise 7 · Pad, and remember where
#
# *Difficulty ●●○ · importance ●●● · 8 minutes*
#
# `texts` is a list of lists of ids, `T` is the width. Return `ids` (B, T), zeros on the right, and
# `mask` (B, T), true where there is a word. A text longer than `T` loses its end.
#
# **The check catches** padding on the wrong side, a mask that is inverted or true everywhere, the
# wrong end cut off, `T` ignored. **It does not catch** a mask made by `ids != 0`: that agrees as
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
# A clip has five axes: (B, T, H, W, C). Sequences, frames, rows of pixels, columns, colours. Here
# $H$ is a height, for once.

# %%
clips, moves_right = data.moving_digits(n=4, T=6, seed=5)
print("clips", clips.shape, "  moves to the right:", moves_right)
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
    caption="Clip 1 holds the frames of clip 0 in reverse: every frame is the same, only the "
    "order differs.",
)

# %%
quiz.predict(
    "average",
    "We average each clip over its six frames. How different are the two averages?",
    ["not at all", "a little: the digit is blurred", "they are mirror images"],
)

# %%
mean_right, mean_left = clips[0].mean(axis=0), clips[1].mean(axis=0)
average_gap = float(np.max(np.abs(mean_right - mean_left)))
print("largest difference of the averages:", average_gap)
print("largest difference of the clips   :", float(np.max(np.abs(clips[0] - clips[1]))))

# %%
quiz.reveal(
    "average",
    "not at all" if average_gap < 1e-6 else "a little: the digit is blurred",
    "A sum does not know the order of its terms. Whoever averages over time cannot tell left from "
    "right, however clever the rest is. This is what recurrent nets are for.",
)

# %% [markdown]
# Three axes of features are two too many. So each frame is flattened: row by row, into one row of
# $H \cdot W \cdot C$ numbers. `reshape` does it without moving a number: what is nearest stays
# together.

# %%
flat = clips.reshape(B, T, height * width * colours)
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
# **The check catches** time flattened away, clips run together, and pixels of different frames
# mixed in one row. **It does not catch** whether flattening is a good idea at all. A convolution
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
# | reviews | lists of words | encode, pad, look up: time and features are made | (6, T, E), with a mask |
# | video | (4, 6, 16, 16, 1) | flatten frames: features are joined | (4, 6, 256<!-- =flat.shape[2] -->) |
#
# Whatever your data are: *name the three axes aloud before you write a model.*
#
# ## 7 · Debugging clinic
#
# Real mistakes do not come with a name. They come as a symptom. Here is one.
#
# Somebody takes four years of weather, 365 days each, with time first: (365, 4, 4), that is (T, B,
# D). Our notation wants batch first: (4, 365, 4). Their new array has exactly this shape. They
# plot the highest temperature of sample 0, which should be the year 2012, next to the truth.

# %%
by_year = [
    np.flatnonzero(weather.dates.astype("datetime64[Y]") == np.datetime64(str(y)))[:365]
    for y in range(2012, 2016)
]
time_major = np.stack([weather.features[days] for days in by_year], axis=1)  # (T, B, D)
print("time first:", time_major.shape)
suspicious = sequence_data.their_batch_first(time_major)  # their function: it is what you diagnose
truth = weather.features[by_year[0]]  # (365, 4): the year 2012
one_in_four = suspicious[0, ::4, 1]

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
left.plot(truth[:, 1], color=plots.COLORS[0], ls="-", marker="", lw=1)
left.set(title="the year 2012", xlabel="day", ylabel="highest temperature, °C")
right.plot(suspicious[0, :, 1], color=plots.COLORS[2], ls="-", marker="", lw=1)
right.set(title="sample 0 of their array", xlabel="day")
jump = np.abs(np.diff(truth[:, 1])).mean()
suspicious_jump = np.abs(np.diff(suspicious[0, :, 1])).mean()
print(f"mean change from day to day: truth {jump:.1f} °C, theirs {suspicious_jump:.1f} °C")
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
        "The array was reshaped instead of transposed": "Yes. In memory the four years of one day "
        "lie side by side. `reshape` cut that row of numbers into four pieces: each piece is a "
        "quarter of the days, the years interleaved.",
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
# Write the function that they should have written: (T, B, D) in, (B, T, D) out, each sequence
# intact.
#
# **The check catches** the reshape, an array left as it was, and every other order of the axes,
# also where T equals B. **It does not catch** that the result may be a *view*: writing into it
# writes into the input too. Use `.copy()` if you plan to.
#
# <details><summary>Hint 1</summary>
#
# `reshape` never moves a number in memory. You want to move an axis. Which functions of NumPy have
# "axis" or "axes" in their name?
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
# array that you build. It takes a minute. It would have found this in a second.
#
# ## 8 · Slides say
#
# Sentences as one meets them on lecture slides. A cell judges each. Make up your mind before you
# run it.
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

print(f"1. change of the probabilities under a shift        {gap_shift:.0e}")
print(f"2. change of the last state by 7 zero steps         {gap_last:.2f}")
print(f"   change of the 5 states at the real steps         {gap_masked:.0e}")
print(f"3. xW against Wx, same square matrix                {gap_order:.2f}")
print(f"   xW against W^T x                                 {gap_transposed:.0e}")
print(f"4. batch_first unless you say otherwise             {default}")

# %% [markdown]
# | | verdict | why |
# |:--|:--|:--|
# | 1 | **true** | $e^{z+c} = e^z e^c$, and $e^c$ cancels. Beware of "scores are relative": a *factor* does matter. |
# | 2 | **true under a condition** | The states at the real steps are untouched. But the net goes on running over the zeros, and the *last* state moves by 0.75<!-- =gap_last ±20% -->, on a scale from −1 to 1. Zeros do not matter only if you read the state at the last real step, or mask. |
# | 3 | **false** as it stands | With the same square matrix the two differ by 1.9 <!-- =gap_order ±5% --> times the largest entry. It is only notation if you transpose as well. |
# | 4 | **true under a condition** | Only with `batch_first=True`. The default is time first, and no error tells you. |
#
# ## 9 · Where this goes wrong in practice
#
# - **Windows split at random.** Training and test windows then share days. The test score looks
#   better than the future will be. The cell below measures the overlap. For series, cut in *time*.
# - **A scaler that has seen the test set.** Mean and spread come from the training part only.
# - **`reshape` where a transpose was meant.** The clinic. Its relative: `view(B, -1)` on an output
#   that is time first.
# - **The last state of a padded batch.** Read it at `lengths - 1`, not at `-1`.
# - **Cells run out of order.** A result that you cannot get again is not a result. Restart and run
#   all before you believe it.


# %%
def share_overlapping(train, test, length):
    """Return the share of test windows that have a day in common with some training window."""
    near = np.abs(np.asarray(test)[:, None] - np.asarray(train)[None, :]) < length
    return near.any(axis=1).mean()


at_random = data.split_at_random(n_windows, held_out=0.2, rng=np.random.default_rng(0))
in_time = data.split_in_time(n_windows, held_out=0.2)
overlap_random = share_overlapping(*at_random, length=7)
overlap_time = share_overlapping(*in_time, length=7)
print(f"split at random: {overlap_random:.1%} of the test windows share days with training windows")
print(f"split in time:   {overlap_time:.1%}")

# %% [markdown]
# At random, practically every test window (100%<!-- =overlap_random ±1% -->) has been half seen.
# In time, only the 6 <!-- =overlap_time * len(in_time[1]) ±0.01 --> windows at the border are
# touched; leave those out and nothing is shared.
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
quiz.numeric(
    "Two classes have the scores 1000 and 1000. What is the softmax probability of the first?",
    layers.softmax(np.array([1000.0, 1000.0]))[0],
    tolerance=0.001,
    feedback={
        1: "Both are equally likely, and the two must add up to 1.",
        0: "Nothing is impossible in a softmax.",
    },
    explain="Only differences matter, and here there is none. Naive code gives nan.",
)

# %%
quiz.choice(
    "In $Z_{i+1} = f(W Z_i + U X_{i+1})$, which matrix is our $W_{hh}$, transposed?",
    {
        "W": "Yes: it stands in front of the state before.",
        "U": "It stands in front of the input: that is our $W_{xh}$, transposed.",
        "neither: this is another network": "It is the same network in other letters; part 3 has "
        "the proof.",
    },
    answer="W" if np.allclose(text_b, np.tanh(W @ s_0 + U @ x_1)) else "U",
)

# %%
quiz.choice(
    "$h = \\tanh(x W)$ with `x` of 4 and `h` of 6 entries. What is the shape of its Jacobian in "
    "our layout?",
    {
        "(4, 6)": "Inputs down the side, outputs along the top, like W itself.",
        "(6, 4)": "That is the layout of column texts.",
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
        "The states at the real steps depend on padding that follows": "A state knows only what "
        "came before it.",
        "The mean of the frames tells which way the digit moves": "The two averages are equal: a "
        "sum does not know the order.",
        "A reshape can give the right shape and the wrong order": "The clinic showed it.",
    },
    answer={
        "The last state of a padded sequence depends on the padding"
        if gap_last > 0.01
        else "The states at the real steps depend on padding that follows",
        "The mean of the frames tells which way the digit moves"
        if average_gap > 0.01
        else "A reshape can give the right shape and the wrong order",
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
# - J. S. Bridle (1990), *Probabilistic interpretation of feedforward classification network
#   outputs*. Where the softmax got its name and its reason.
# - J. L. Elman (1990), *Finding structure in time*, Cognitive Science 14. The paper behind lesson
#   02, readable without any preparation: read its first five pages now and the rest after that
#   lesson.
#
# **Next:** lesson 01 asks why a window of fixed size is not enough, and lesson 02 builds the first
# net that needs no window. The map in part 4 shows which are available today.
