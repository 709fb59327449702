# ---
# jupyter:
#   course:
#     lesson: "03"
#     title: "Training: backpropagation through time"
#     minutes: 90
#     cpu_seconds: 60
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
# # 03 · Training: backpropagation through time
#
# **What you can do afterwards**
#
# - say how good a model's predictions are, in nats and as a perplexity, and spot a wrong average;
# - derive the gradient of a recurrent network on paper, and say which terms a short cut loses;
# - write the backward pass in NumPy, and find the line at fault when it is wrong;
# - run a gradient check, and know which step size and which precision make it worth anything;
# - choose test inputs that no wrong backward pass survives;
# - say what backpropagation through time must store, cut it off where it costs too much, and train
#   a first model of characters with it.
#
# **You need** lesson 00 (the chain rule, Jacobians in our layout, part 5 of it) and lesson 02 (the
# step, the loop, unrolling, and `p - y` in its section 7). From lesson 01 you need nothing but its
# habit of asking for a baseline. **Time:** about 90 minutes to read and predict, another two hours
# for the exercises, which are the heart of this lesson; less than a minute to run. If you have to
# choose: sections 3, 4, 5 and 7.
#
# Each exercise has a check, which names the mistake when it knows it. Worked answers are in
# `solutions/03_backpropagation_through_time.ipynb`. "Run all" works before you have written a line.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from course_utils import plots, quiz
from course_utils.checks import bptt, derivation, through_time
from course_utils.data import load_text
from course_utils.layers import rnn_backward, rnn_forward, softmax
from course_utils.training import set_threads

plots.use_style()
threads = set_threads()


def relative_error(got, expected):
    """Return |got - expected| / |expected|, with the root of the sum of squares as size."""
    return float(np.linalg.norm(np.asarray(got) - expected) / np.linalg.norm(expected))


# %% [markdown]
# ## 1 · What is a good prediction?
#
# Lesson 02 handed networks to `fit` and got trained ones back. This lesson opens the box. Before we
# can improve anything we must measure it.
#
# A model reads a text letter by letter. After each letter it says how probable every letter is to
# come next. Then the next one comes. We look up one number only: **the probability that the model
# had given to what came**. Suppose that for four letters in a row these were
#
# $$p_1 = \tfrac12, \qquad p_2 = \tfrac14, \qquad p_3 = \tfrac18, \qquad p_4 = 1.$$
#
# Is that good? The probability of all four together is their product,
# $\tfrac12 \cdot \tfrac14 \cdot \tfrac18 \cdot 1 = \tfrac1{64}$. (Each $p$ was given with all the
# letters before it known. Multiplying such probabilities gives the probability of the whole.) But a
# product shrinks with every letter: a long text is always improbable. To compare texts of different
# lengths we want a value *per letter*.
#
# Take logarithms. The product becomes a sum, and a sum has a mean. With $N$ letters,
#
# $$\text{mean nats} = \frac1N \sum_{n=1}^N -\ln p_n .$$
#
# This is the cross-entropy loss of lesson 02, averaged. In the example $-\ln p_n$ is $\ln 2$,
# $2\ln 2$, $3 \ln 2$, $0$; the mean is $\tfrac64 \ln 2 = 1.04$ <!-- =1.5 * np.log(2) --> nats. That
# is a fine thing to minimise and hard to imagine. So undo the logarithm, *after* averaging:
#
# $$\textbf{perplexity} = \exp\Big(\frac1N \sum_{n=1}^N -\ln p_n\Big).$$
#
# In the example, $e^{1.5 \ln 2} = 2^{1.5} = 2.83$ <!-- =2**1.5 -->. What is it a number *of*? Let a
# model know nothing and give each of $V$ letters the probability $1/V$. Then every $-\ln p_n$ is
# $\ln V$, so is the mean, and the perplexity is $V$. Read it backwards: a perplexity of 2.83 says
# that the model was, on average, as unsure as if it had to guess among 2.83 equally likely letters.
# The other end: sure and right, $p_n = 1$ every time, gives $e^0 = 1$. And one single $p_n = 0$
# makes it infinite, whatever the other letters were like.

# %%
p_four = np.array([1 / 2, 1 / 4, 1 / 8, 1])
nats = np.log(1 / p_four)
print("nats a letter:", nats.round(3), " mean:", nats.mean().round(4))
print("perplexity:              ", np.exp(nats.mean()).round(4))
print("uniform over 27 letters: ", np.exp(-np.log(np.full(1000, 1 / 27)).mean()).round(4))
print("in bits, two to the mean:", (2 ** -np.log2(p_four).mean()).round(4))

# %% [markdown]
# The last line counts in bits, with $\log_2$ in place of $\ln$ and $2$ in place of $e$. Both
# changes cancel: perplexity does not depend on the unit. One change without the other is a common
# mistake.
#
# Whatever is predicted one at a time is called a **token**: a letter here, a word in lesson 09. $N$
# counts tokens. Not sequences, not batches. Let us see what happens to those who count otherwise.
#
# ### Wrong averages
#
# A real text, and the simplest model that reads it: the **bigram**. It looks at one letter and
# gives the next one the share that it had in the training text. (A tenth is added to each count, so
# that no pair has the probability zero.)

# %%
text = load_text("manual")
print(text.title, "·", text.note)
ids = np.array([min(ord(letter), 127) for letter in text.text[:240_000]])
read, held_out = ids[:200_000], ids[200_000 : 200_001 + 19 * 2048]

pairs = np.full((128, 128), 0.1)
np.add.at(pairs, (read[:-1], read[1:]), 1)
bigram = pairs / pairs.sum(axis=1, keepdims=True)
p_came = bigram[held_out[:-1], held_out[1:]]  # what the model gave to what came
print(f"{len(p_came):,} held-out letters, perplexity {np.exp(-np.log(p_came).mean()):.1f}")

# %%
quiz.predict(
    "batches",
    "Training code works in batches of, say, 32 letters. Somebody computes the perplexity of each "
    "batch, `exp(mean nats of the batch)`, and reports the mean of these numbers. The report is",
    ["the same: all batches are of equal size", "too high", "too low"],
)

# %%
nats = -np.log(p_came)
right_average = np.exp(nats.mean())


def mean_of_exp(batch):
    """Return the mean over batches of exp(mean nats of the batch)."""
    return np.exp(nats.reshape(-1, batch).mean(axis=1)).mean()


batch_sizes = np.array([4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048])
by_batch = np.array([mean_of_exp(batch) for batch in batch_sizes])
plots.curves(
    batch_sizes,
    {"mean of exp": by_batch},
    baseline={"exp of mean": right_average},
    xlabel="letters in a batch",
    ylabel="reported perplexity",
    xscale="log",
    alt="Reported perplexity against the size of the batch, from 4 to 2048 letters. The mean of the "
    f"batches' perplexities falls from {by_batch[0]:.0f} towards the horizontal line of the right value, "
    f"{right_average:.1f}, and is still above it at 2048 letters.",
    caption="The same model, the same letters. Averaging after exp makes the result depend on how the "
    "text was cut, and it always errs upwards.",
)

# %%
quiz.reveal(
    "batches",
    "too high" if by_batch[3] > right_average * 1.01 else "too low",
    f"{by_batch[3]:.1f} is reported where {right_average:.1f} is right. With one letter a batch it "
    f"would be {mean_of_exp(1):.0f}.",
)

# %% [markdown]
# Why upwards? Two batches with 1 and 3 nats. The right perplexity is
# $e^2 = 7.4$ <!-- =np.exp(2) -->. The mean of $e^1$ and $e^3$ is 11.4 <!-- =(np.exp(1) + np.exp(3)) / 2 -->.
# The curve of $e^z$ bends upwards, so the middle of the chord between two of its points lies above
# the curve. (For any distribution this is Jensen's inequality.)
#
# Three more averages are found in real code. None of them is the perplexity.

# %%
wrong_averages = {
    "exp of the mean nats: right": right_average,
    "mean of 1/p: exp for each token": (1 / p_came).mean(),
    "1 / mean of p": 1 / p_came.mean(),
    "exp of the mean bits": np.exp(-np.log2(p_came).mean()),
}
for name, value in wrong_averages.items():
    print(f"{name:<33} {value:7.1f}")

uneven = [np.array([1 / 8]), np.array([1 / 2, 1 / 2, 1 / 2])]  # one token; three tokens
by_tokens = np.exp(-np.log(np.concatenate(uneven)).mean())
by_sequences = np.exp(np.mean([-np.log(p).mean() for p in uneven]))
print(
    f"two sequences, of 1 and 3 tokens: by tokens {by_tokens:.2f}, by sequences {by_sequences:.2f}"
)

# %% [markdown]
# $1/\text{mean of } p$ is the dangerous one: it errs downwards, and flatters. The last line is
# about sequences of different lengths. The mean of the sequences' means lets the one short sequence
# weigh as much as the long one. So: add the nats of all tokens, divide by the number of tokens, exp
# at the very end, once.
#
# Sequences of different lengths are stored in one array, the short ones filled up with padding. A
# **mask** of ones and zeros says which places are tokens. What stands at the others must not count,
# in the sum or in $N$.
#
# ### Exercise 1 · perplexity
#
# *Difficulty: warm-up. Importance: high, it is the number by which all language models of this
# course are judged. 5 minutes.* The check tries masks, a uniform model, a single token, and two
# thousand tokens whose product would be too small for a float; it names the wrong averages of the
# list above. It does not try a probability of exactly zero.
#
# <details><summary>Hint 1</summary>
# Three steps, in this order: nats of each token, their mean over those that count, exp.
# </details>
# <details><summary>Hint 2</summary>
# How many tokens count? That is the sum of the mask.
# </details>
# <details><summary>Hint 3</summary>
# Pick the places that count first: <code>p_targets[mask == 1]</code>. (Multiplying by the mask
# works too, until padding holds a 0: <code>0 * inf</code> is not 0 but nan.)
# </details>


# %%
def perplexity(p_targets, mask):
    """Return the perplexity from p_targets (N,), given to what came, and mask (N,) of 0 and 1."""
    ### BEGIN SOLUTION
    nats = -np.log(p_targets[mask == 1])
    return np.exp(nats.mean())
    ### END SOLUTION


bptt.perplexity(perplexity)

# %% [markdown] tags=["solution"]
# The mean is over the tokens that count, since only they are left in the array. Nothing is ever
# multiplied, so a long text does no harm: the product of a thousand probabilities of a tenth is
# $10^{-1000}$, which no float can hold, while the sum of their nats is a harmless
# 2303 <!-- =1000 * np.log(10) ±0.5 -->.

# %% [markdown]
# ## 2 · Back through the readout
#
# A letter on notation first. Lesson 02 wrote $J$ for the loss, and so do many slides. From section
# 5 on we need $J_t$ for the Jacobians. So here $L_t$ is the loss at step $t$, and $L$ the loss of
# the whole: the mean of the $L_t$ over all tokens that count. (If a slide has
# $\partial J_2/\partial W$, read $\partial L_2 / \partial W$.)
#
# We walk backwards from $L$. The last thing computed was the loss from the logits $o$, so that
# comes first. One token, $V$ classes:
#
# $$p_k = \frac{e^{o_k}}{\sum_j e^{o_j}}, \qquad L = -\ln p_c, \qquad c \text{ the class that came}.$$
#
# **By hand.** Let $o = (2 \ln 2,\ \ln 2,\ \ln 2)$. The exponentials are $4, 2, 2$, their sum is
# $8$, and $p = (\tfrac12, \tfrac14, \tfrac14)$. The second class came: $L = \ln 4$. How does $L$
# change with each of the three logits?
#
# Lesson 02 took a short way to $p - y$ for three losses at once. Here is the softmax in full, since
# you will meet its Jacobian again (in attention, lesson 10). Differentiate $p_k$ by the quotient
# rule. The denominator $S = \sum_j e^{o_j}$ has $\partial S/\partial o_i = e^{o_i}$. The numerator
# depends on $o_i$ only if $i = k$; write $\delta_{ik}$ for 1 if $i = k$ and 0 otherwise.
#
# $$\frac{\partial p_k}{\partial o_i} = \frac{\delta_{ik}\, e^{o_k}\, S - e^{o_k} e^{o_i}}{S^2}
# = \delta_{ik}\, p_k - p_k\, p_i = p_k(\delta_{ik} - p_i).$$
#
# A table of $V \times V$ slopes: $\mathrm{diag}(p) - p^T p$ for a row $p$. The loss looks at one
# entry only, $p_c$, with slope $-1/p_c$:
#
# $$\frac{\partial L}{\partial o_i} = -\frac1{p_c}\, p_c(\delta_{ic} - p_i) = p_i - \delta_{ic}.$$
#
# So $\partial L/\partial o = p - y$ with the one-hot row $y$ of the class that came. The factor
# $p_c$ cancelled: where $p_c$ is nearly zero the softmax is flat and the logarithm steep, and the
# two undo each other. In the example, $p - y = (\tfrac12,\ -\tfrac34,\ \tfrac14)$. Two things to
# see. The entries add up to zero, for adding a constant to all logits changes no $p$. And training
# steps *against* the gradient, so the right class is pulled up by exactly as much as the wrong ones
# together are pushed down.

# %%
o = np.array([2 * np.log(2), np.log(2), np.log(2)])
p = softmax(o)
softmax_jacobian = np.diag(p) - np.outer(p, p)  # symmetric: either layout
dL_dp = np.array([0, -1 / p[1], 0])  # the second class came
print("p =", p, " p - y =", p - [0, 1, 0])
print("through the Jacobian:", dL_dp @ softmax_jacobian.T)

# %% [markdown]
# **Many tokens.** The loss of a batch is the mean over the $N$ tokens that count,
# $L = \frac1N \sum m_{bt} L_{bt}$ with the mask $m$. Logits of one token appear in one term of that
# sum. So its gradient is that term's, divided by $N$, and zero where the mask is zero:
#
# $$do_{bt} = \frac{m_{bt}}N\,(p_{bt} - y_{bt}).$$
#
# From here on we write $do$ for $\partial L/\partial o$, $dh$ for $\partial L / \partial h$, and so
# on. A gradient always has the shape of the thing it belongs to. The $\frac1N$ stands *here* and
# nowhere else: every later formula just carries it along.
#
# The machine check, with a loss written out by hand so that $p - y$ is nowhere built in:

# %%
rng = np.random.default_rng(0)
B, T, V = 2, 3, 5
logits = 2 * rng.normal(size=(B, T, V))
targets = rng.integers(0, V, size=(B, T))
mask = np.array([[1, 1, 1], [1, 0, 0]])  # the second sequence is one token long


def masked_loss(logits):
    """Return the mean nats over the tokens that count, for logits (B, T, V) in torch."""
    p = torch.exp(logits) / torch.exp(logits).sum(dim=-1, keepdim=True)
    p_came = p.gather(-1, torch.from_numpy(targets)[..., None])[..., 0]
    return -(torch.log(p_came) * torch.from_numpy(mask)).sum() / mask.sum()


by_formula = (softmax(logits) - np.eye(V)[targets]) * mask[..., None] / mask.sum()

leaf = torch.from_numpy(logits).requires_grad_()
(by_autograd,) = torch.autograd.grad(masked_loss(leaf), leaf)
by_nudging = np.zeros_like(logits)
for place in np.ndindex(logits.shape):
    step = np.zeros_like(logits)
    step[place] = 1e-5
    up, down = (
        masked_loss(torch.from_numpy(logits + step)),
        masked_loss(torch.from_numpy(logits - step)),
    )
    by_nudging[place] = (up - down) / 2e-5

print(f"against finite differences {relative_error(by_formula, by_nudging):.0e}")
print(f"against autograd           {relative_error(by_formula, by_autograd.numpy()):.0e}")

# %% [markdown]
# ### Exercise 2 · the gradient at the logits
#
# *Difficulty: easy. Importance: high. 5 minutes.* The check tries padded sequences and logits in
# the hundreds. It names a softmax over the wrong axis and a division by the wrong number. It does
# not ask for the loss itself.
#
# <details><summary>Hint 1</summary>
# Probabilities, minus one at the class that came, times the mask, divided by how many count.
# </details>
# <details><summary>Hint 2</summary>
# <code>course_utils.layers.softmax</code> is allowed; <code>np.eye(V)[targets]</code> has shape (B,
# T, V).
# </details>
# <details><summary>Hint 3</summary>
# The mask is (B, T). <code>mask[..., None]</code> lines it up with (B, T, V).
# </details>


# %%
def logits_gradient(logits, targets, mask):
    """Return dlogits (B, T, V) of the mean cross-entropy over the tokens that count."""
    ### BEGIN SOLUTION
    y = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
    return (softmax(logits) - y) * mask[..., None] / mask.sum()
    ### END SOLUTION


bptt.logits_gradient(logits_gradient)

# %% [markdown] tags=["solution"]
# One line, three parts: the difference, the mask, the division. `mask.sum()` is $N$. Divide by $B$
# and $T$ instead and the padding counts after all: not in the sum, but in the mean.

# %% [markdown]
# ## 3 · Back through one step
#
# Next backwards is the step itself. We split it in two, and give the sum inside the tanh a name:
#
# $$a_t = x_t W_{xh} + h_{t-1} W_{hh} + b_h, \qquad h_t = \tanh(a_t).$$
#
# Somebody hands us $dh_t$: by how much the loss changes with each entry of $h_t$. We want the same
# for everything that went in: $x_t$, $h_{t-1}$, $W_{xh}$, $W_{hh}$, $b_h$.
#
# **Through the tanh.** Each $h_t[j]$ depends on its own $a_t[j]$ alone, with slope $1 - h_t[j]^2$.
# So
#
# $$da_t = dh_t \odot (1 - h_t^2),$$
#
# where $\odot$ multiplies entry by entry (`*` in NumPy). Note that the slope is written with the
# *output* $h_t$. We need not keep $a_t$.
#
# **Through the sum.** Write one entry out:
# $a[j] = \sum_i x[i]\, W_{xh}[i, j] + \sum_i h_{t-1}[i]\, W_{hh}[i, j] + b[j]$. Three questions,
# three answers.
#
# - *How does the loss change with $x[i]$?* $x[i]$ enters every $a[j]$, with weight $W_{xh}[i, j]$.
#   Slopes along different paths add: $dx[i] = \sum_j da[j]\, W_{xh}[i, j]$. That is
#   $dx = da\, W_{xh}^T$. In the same way $dh_{t-1} = da\, W_{hh}^T$.
# - *With $W_{xh}[i, j]$?* It enters one $a[j]$ only, multiplied by $x[i]$:
#   $dW_{xh}[i, j] = x[i]\, da[j]$. All of them in a table: the column $x^T$ times the row $da$. In
#   the same way $dW_{hh} = h_{t-1}^T\, da$.
# - *With $b[j]$?* It enters $a[j]$ with weight 1: $db = da$.
#
# **By hand.** Take the step of lesson 02: $x_t = (1, -2)$, $h_{t-1} = (0.5, 0)$, with $W_{xh}$,
# $W_{hh}$, $b_h$ as there. It gave $a_t = (1.1, -0.5)$, so $h_t = (0.80, -0.46)$, and the slopes
# are $1 - h_t^2 = (0.36, 0.79)$. Let $dh_t = (1, -1)$: the loss rises with the first unit and falls
# with the second. Then $da_t = (0.36, -0.79)$. Now the first entry of $dh_{t-1}$: row 0 of $W_{hh}$
# is $(2, -1)$, so it is $0.36 \cdot 2 + (-0.79)(-1) = 1.51$ <!-- =by_hand["dh_prev"][0] ±0.006 -->.
# Do the others on paper: $dx_t$, $dW_{xh}$, $dW_{hh}$.

# %%
quiz.predict(
    "silent",
    "The second unit was silent at the step before: `h_prev = (0.5, 0)`. Which entries of `dW_hh` are "
    "zero, whatever `dh` is?",
    ["none of them", "its second row", "its second column"],
)

# %%
x_t = np.array([1.0, -2.0])
h_prev = np.array([0.5, 0.0])
W_xh = np.array([[0.4, 1.0], [0.2, 0.5]])
W_hh = np.array([[2.0, -1.0], [3.0, 0.0]])
b_h = np.array([0.1, 0.0])
dh_t = np.array([1.0, -1.0])

h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
da_t = dh_t * (1 - h_t**2)
by_hand = {
    "dx": da_t @ W_xh.T,
    "dh_prev": da_t @ W_hh.T,
    "dW_xh": np.outer(x_t, da_t),
    "dW_hh": np.outer(h_prev, da_t),
    "db_h": da_t,
}
print("da_t", da_t.round(3))
for name, gradient in by_hand.items():
    print(f"{name:<8}", str(gradient.round(3)).replace("\n", "\n         "))

# %%
quiz.reveal(
    "silent",
    "its second row" if not by_hand["dW_hh"][1].any() else "none of them",
    "Row i of W_hh holds the weights with which unit i *sends*. Unit 1 sent nothing at this step, so "
    "turning these weights up or down changes nothing. A weight learns only where something "
    "passes through it.",
)

# %% [markdown]
# Is it right? Let the loss be $h_t[0] - h_t[1]$, whose gradient at $h_t$ is just $(1, -1)$, and
# nudge each number that goes in.

# %%
arguments = {"dx": x_t, "dh_prev": h_prev, "dW_xh": W_xh, "dW_hh": W_hh, "db_h": b_h}


def loss_of_step(values):
    """Return h_t[0] - h_t[1] of one step."""
    x_t, h_prev, W_xh, W_hh, b_h = values.values()
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h) @ dh_t


for name, array in arguments.items():
    nudged = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        step = np.zeros_like(array)
        step[place] = 1e-5
        up = loss_of_step({**arguments, name: array + step})
        down = loss_of_step({**arguments, name: array - step})
        nudged[place] = (up - down) / 2e-5
    print(f"{name:<8} relative error {relative_error(by_hand[name], nudged):.0e}")

# %% [markdown]
# ### A batch
#
# With $B$ sequences side by side, $x_t$ is $(B, D)$ and the other rows become $B$ rows as well.
# What of the five formulas changes?
#
# $dx_t = da_t W_{xh}^T$ and $dh_{t-1} = da_t W_{hh}^T$ hold row by row: row $b$ of $x_t$ has to do
# with row $b$ of the loss and with no other. But all rows use *the same* $W_{xh}$. One weight, $B$
# uses: nudge it, and all $B$ sequences move the loss. Slopes along different paths add:
#
# $$dW_{xh} = \sum_b x_t[b]^T da_t[b] = x_t^T\, da_t, \qquad dW_{hh} = h_{t-1}^T\, da_t, \qquad
# db_h = \sum_b da_t[b].$$
#
# The product $x_t^T da_t$, shapes (D, B) times (B, H), sums over $b$ by itself. For the bias the
# sum has to be written. *Why a sum and not a mean?* Because nothing here knows of averages. The
# loss may have divided by $N$, and then that $\frac1N$ is inside $da_t$ already (section 2).
# Dividing again would be wrong by a factor $B$.

# %%
rng = np.random.default_rng(1)
B, D, H = 3, 4, 6
x_rows, h_rows = rng.normal(size=(B, D)), rng.normal(size=(B, H))
da_rows = rng.normal(size=(B, H))
one_by_one = sum(np.outer(x_rows[b], da_rows[b]) for b in range(B))
print("dW_xh as one product:", relative_error(x_rows.T @ da_rows, one_by_one) < 1e-12)
print("shapes:", x_rows.T.shape, "times", da_rows.shape, "gives", (x_rows.T @ da_rows).shape)

# %% [markdown]
# ### Exercise 3 · one step backward
#
# *Difficulty: medium. Importance: the highest of this lesson; what follows is a loop around it. 10
# minutes.* The check draws square weights too, where a transpose too many raises no error, and
# names whatever it recognises in your five results. It does not look at what you do with the state:
# there is only one step.
#
# <details><summary>Hint 1</summary>
# Compute da first. All five results are made of it.
# </details>
# <details><summary>Hint 2</summary>
# A gradient has the shape of the thing. dW_xh is (D, H): which of x_t and da has to be transposed
# so that (D, B) meets (B, H)?
# </details>
# <details><summary>Hint 3</summary>
# Rows go back through the transposed matrix: <code>da @ W_xh.T</code>, <code>da @ W_hh.T</code>.
# Biases: sum over the axis of the batch.
# </details>


# %%
def my_step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    """Return dx_t (B, D), dh_prev (B, H), dW_xh, dW_hh, db_h for dh_t (B, H)."""
    ### BEGIN SOLUTION
    da_t = dh_t * (1 - h_t**2)
    return da_t @ W_xh.T, da_t @ W_hh.T, x_t.T @ da_t, h_prev.T @ da_t, da_t.sum(axis=0)
    ### END SOLUTION


bptt.rnn_step_backward(my_step_backward)

# %% [markdown] tags=["solution"]
# Two lines. It pays to read them with shapes: (B, H) times (H, D), (B, H) times (H, H), (D, B)
# times (B, H), (H, B) times (B, H), and a sum over B. If you remember only "a gradient has the
# shape of the thing", all transposes follow, except where the matrix is square: `W_hh`. There only
# the derivation helps.

# %% [markdown]
# Look back at what `dW_hh` means here. It answers: what if the weight changed *at this step alone*,
# with $h_{t-1}$ as it is? But $h_{t-1}$ was made with the same weight, one step before. That part
# is not forgotten. It is what $dh_{t-1}$ is for.

# %% [markdown]
# ## 4 · Three steps, whole
#
# Lesson 02 wrote three steps as one nested formula and promised to differentiate it:
#
# $$h_3 = \tanh\big(x_3 W_{xh} + \tanh(x_2 W_{xh} + \tanh(x_1 W_{xh} + h_0 W_{hh} + b_h)\,W_{hh}
# + b_h)\,W_{hh} + b_h\big).$$
#
# $W_{hh}$ stands in it three times. To see what that does, take one unit, $W_{xh} = 1$, no bias,
# and write $w$ for $W_{hh}$:
#
# $$h_3 = \tanh\big(x_3 + w\, h_2\big), \qquad h_2 = \tanh(x_2 + w\, h_1), \qquad h_1 = \tanh(x_1 + w\, h_0).$$
#
# Differentiate with respect to $w$. In $w\, h_2$ *both* factors depend on $w$, so the product rule
# gives two terms. Write $f'_t = 1 - h_t^2$ for the slopes:
#
# $$\frac{dh_3}{dw} = f'_3\Big(h_2 + w\,\frac{dh_2}{dw}\Big), \qquad
# \frac{dh_2}{dw} = f'_2\Big(h_1 + w\,\frac{dh_1}{dw}\Big), \qquad
# \frac{dh_1}{dw} = f'_1\, h_0 .$$
#
# Put the third into the second, and that into the first:
#
# $$\frac{dh_3}{dw} = \underbrace{f'_3\, h_2}_{\text{w used at step 3}} + \underbrace{f'_3\, w\; f'_2\,
# h_1}_{\text{w used at step 2}} + \underbrace{f'_3\, w\; f'_2\, w\; f'_1\, h_0}_{\text{w used at step 1}}.$$
#
# One term for each place where $w$ stands. The term of step $k$ reads, from right to left: what $w$
# was multiplied by at step $k$, then all the links from there up to $h_3$. Numbers:
# $x = (0.5, -0.5, 0.2)$, $h_0 = 0.5$, $w = 1.5$.

# %%
w, x_three, h_0 = 1.5, (0.5, -0.5, 0.2), 0.5
h_1 = np.tanh(x_three[0] + w * h_0)
h_2 = np.tanh(x_three[1] + w * h_1)
h_3 = np.tanh(x_three[2] + w * h_2)
slope_1, slope_2, slope_3 = 1 - h_1**2, 1 - h_2**2, 1 - h_3**2
from_3 = slope_3 * h_2
from_2 = slope_3 * w * slope_2 * h_1
from_1 = slope_3 * w * slope_2 * w * slope_1 * h_0
three_terms = np.array([from_1, from_2, from_3])
print("used at step 1, 2, 3:", three_terms.round(4), " sum:", three_terms.sum().round(6))

w_torch = torch.tensor(w, dtype=torch.float64, requires_grad=True)
h = torch.tensor(h_0, dtype=torch.float64)
for x_now in x_three:
    h = torch.tanh(x_now + w_torch * h)
(by_autograd,) = torch.autograd.grad(h, w_torch)
print(f"autograd: {by_autograd:.6f}")

last_share = three_terms[-1] / three_terms.sum()

# %% [markdown]
# Whoever keeps only the term of the last step has 41% <!-- =last_share --> of the slope.
#
# ### A derivative with a name: the immediate one
#
# The three terms can be told apart cleanly. Give each use of the weight a name of its own: $w_1$ at
# step 1, $w_2$ at step 2, $w_3$ at step 3. Then $h_3$ is a function of three numbers,
# $F(w_1, w_2, w_3)$, and we are interested in it where all three are equal. The chain rule for
# $F(w, w, w)$ says
#
# $$\frac{dh_3}{dw} = \frac{\partial F}{\partial w_1} + \frac{\partial F}{\partial w_2} + \frac{\partial
# F}{\partial w_3}.$$
#
# The derivative of $h_k$ with respect to its *own* $w_k$, with $h_{k-1}$ held fixed as if it were a
# constant, is called the **immediate** partial derivative and written $\partial^+ h_k/\partial w$.
# Here it is $f'_k h_{k-1}$. It is what section 3 computed. With it, for a loss $L_3$ read from
# $h_3$, and for matrices as for numbers:
#
# $$\frac{\partial L_3}{\partial W_{hh}} =
# \frac{\partial L_3}{\partial h_3}\frac{\partial^+ h_3}{\partial W_{hh}} +
# \frac{\partial L_3}{\partial h_3}\frac{\partial h_3}{\partial h_2}\frac{\partial^+ h_2}{\partial W_{hh}} +
# \frac{\partial L_3}{\partial h_3}\frac{\partial h_3}{\partial h_2}\frac{\partial h_2}{\partial
# h_1}\frac{\partial^+ h_1}{\partial W_{hh}}.$$
#
# (Read each product as a list of links for now. Section 5 puts matrices in their order. Some texts
# count from 0 and write $s$ for the state: their $\partial J_2/\partial W$ runs through
# $s_2, s_1, s_0$. It is this line, with $L_3$ and $h_3, h_2, h_1$.)
#
# $L_3$ is one loss of several. With an answer at every step, $L = L_1 + L_2 + L_3$ (a factor
# $\frac1N$ rides along as before), and there are **two sums**: over the times $t$ of the losses,
# and for each of them over the times $k \le t$ at which the weight was used:
#
# $$\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T} \sum_{k=1}^{t}
# \frac{\partial L_t}{\partial h_t}\,\frac{\partial h_t}{\partial h_k}\,\frac{\partial^+ h_k}{\partial W_{hh}} .$$
#
# For $T = 3$ that is $1 + 2 + 3 = 6$ terms, in general $T(T+1)/2$. The drawing shows where they
# come from: start at any $o_t$, follow the dashed arrows, and stop at any step on the way.

# %%
plots.backward_diagram(T=3)

# %% [markdown]
# ### How much a short cut loses
#
# On many slides, and in many notebooks, you find instead
#
# $$\frac{\partial L}{\partial W} = \sum_t \frac{\partial L_t}{\partial o_t}\,\frac{\partial o_t}{\partial
# h_t}\,\frac{\partial h_t}{\partial W} .$$
#
# As a formula it can be saved: read $\partial h_t/\partial W$ as the *total* derivative. But then
# the whole problem hides in that last factor. Whoever computes it in the obvious way, as
# $h_{t-1}^T (\dots)$, uses the immediate one. That is a **single path** for each loss, the diagonal
# $k = t$ of the two sums: $T$ terms of $T(T+1)/2$. The others are missing.
#
# Let us measure on random networks. To get each term from autograd, every use of $W_{hh}$ becomes a
# leaf of its own: $T$ equal copies, as in $F(w_1, w_2, w_3)$. The first line printed checks that
# all terms together are the gradient that autograd finds for one shared matrix.


# %%
def random_net(seed, T, H=16, D=4, V=5, rho=1.0):
    """Return a random network and data, B = 1; W_hh is orthogonal times rho, inputs N(0, 1)."""
    rng = np.random.default_rng(seed)
    return {
        "x": rng.normal(size=(1, T, D)),
        "h0": rng.normal(size=(1, H)),
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rho * np.linalg.qr(rng.normal(size=(H, H)))[0],
        "b_h": 0.3 * rng.normal(size=H),
        "W_hy": rng.normal(size=(H, V)) / np.sqrt(H),
        "b_y": 0.3 * rng.normal(size=V),
        "targets": rng.integers(0, V, size=(1, T)),
    }


def terms_by_autograd(net):
    """Return C (T, T, H, H): C[t, k] is what the use of W_hh at step k adds to dL_t/dW_hh."""
    T = net["x"].shape[1]
    torch_net = {name: torch.from_numpy(array) for name, array in net.items()}
    copies = [torch_net["W_hh"].clone().requires_grad_() for _ in range(T)]
    h, C = torch_net["h0"], []
    for t in range(T):
        h = torch.tanh(torch_net["x"][:, t] @ torch_net["W_xh"] + h @ copies[t] + torch_net["b_h"])
        p = torch.softmax(h @ torch_net["W_hy"] + torch_net["b_y"], dim=-1)
        L_t = -torch.log(p[0, torch_net["targets"][0, t]]) / T
        row = torch.autograd.grad(L_t, copies, retain_graph=True, allow_unused=True)
        C.append([np.zeros_like(net["W_hh"]) if g is None else g.numpy() for g in row])
    return np.array(C)


names = ("x", "h0", "W_xh", "W_hh", "b_h", "W_hy", "b_y", "targets")
T = 8
net = random_net(seed=0, T=T)
C = terms_by_autograd(net)
shared = through_time.autograd_intermediates(*[net[name] for name in names])["dW_hh"]
print(
    f"all terms together, against one shared W_hh: {relative_error(C.sum(axis=(0, 1)), shared):.0e}"
)

norms = 100 * np.linalg.norm(C, axis=(2, 3))

fig, ax = plt.subplots(figsize=(6.6, 5.2))
shown = np.ma.masked_where(np.triu(np.ones((T, T)), 1) == 1, norms)
image = ax.imshow(shown, cmap="cividis")
for t in range(T):
    ax.add_patch(plt.Rectangle((t - 0.5, t - 0.5), 1, 1, fill=False, ec="#B23A0A", lw=3, zorder=3))
    for k in range(t + 1):
        ink = "white" if norms[t, k] < 0.55 * norms.max() else "black"
        ax.text(k, t, f"{norms[t, k]:.1f}", ha="center", va="center", fontsize=10, color=ink)
ax.set(xlabel="k: step at which $W_{hh}$ was used", ylabel="t: step of the loss")
ax.set_xticks(range(T), range(1, T + 1))
ax.set_yticks(range(T), range(1, T + 1))
ax.grid(False)
fig.colorbar(image, ax=ax, label="norm of the term, times 100", shrink=0.8)
kept = (np.arange(T)[:, None] == np.arange(T)).sum()
all_terms = T * (T + 1) // 2
plots.show(
    fig,
    alt="A triangle of cells: rows are the steps of the losses, 1 to 8, columns the steps at which "
    "the weight was used, up to the row's own. In most rows the norm is largest on the framed diagonal. "
    "It fades to the left, but the first cells beside the diagonal are about half as large or larger.",
    caption="The terms of the two sums. The single path keeps the framed diagonal, 8 of 36 terms. "
    "Terms fade with the distance t - k, but those next to the diagonal are not small.",
)

# %% [markdown]
# The single path has 8 <!-- =kept --> terms of 36 <!-- =all_terms -->. At $T = 100$ it would be 100
# of 5,050. But the missing ones are smaller. How wrong is the sum without them? Two numbers say it:
# the **cosine** between the single-path gradient and the full one (1: same direction, 0: at right
# angles) and the norm of what is missing as a share of the full one.

# %%
quiz.predict(
    "single-path",
    "Twenty random networks, T = 10, an orthogonal `W_hh` (so that nothing fades but for the tanh). "
    "The cosine between the single-path gradient and the full one is, on average,",
    ["above 0.95", "between 0.5 and 0.95", "below 0.5"],
)


# %%
def single_path_against_full(rho, seed, T=10):
    """Return the cosine of the two gradients, and the share that is missing."""
    C = terms_by_autograd(random_net(seed, T, rho=rho))
    full, single = C.sum(axis=(0, 1)), C[np.arange(T), np.arange(T)].sum(axis=0)
    cosine = (full * single).sum() / np.linalg.norm(full) / np.linalg.norm(single)
    return cosine, relative_error(single, full)


compared = {
    rho: np.array([single_path_against_full(rho, seed) for seed in range(20)])
    for rho in (0.5, 1.0, 1.5)
}
for rho, values in compared.items():
    print(f"rho = {rho}: missing, as a share of the full gradient: {values[:, 1].mean():.2f}")
plots.bars_with_spread(
    {f"ρ = {rho}": values[:, 0] for rho, values in compared.items()},
    value_label="cosine between single-path and full gradient",
    baseline={"same direction": 1.0},
    limits=(0, 1.1),
    alt="Cosine between the two gradients for twenty networks at each of three scales of the recurrent "
    "weights. Means: "
    + ", ".join(f"{values[:, 0].mean():.2f} at {rho}" for rho, values in compared.items())
    + ", with a growing spread.",
    caption="The stronger the recurrent weights, the more the single path points elsewhere (W_hh "
    "orthogonal times ρ, T = 10, twenty networks each; the tick is the mean).",
)

# %%
cosine_at_1 = compared[1.0][:, 0].mean()
downhill = all((values[:, 0] > 0).all() for values in compared.values())
print("every single-path gradient still points downhill:", downhill)

# %%
quiz.reveal(
    "single-path",
    "between 0.5 and 0.95" if 0.5 < cosine_at_1 < 0.95 else "above 0.95",
    f"It is {cosine_at_1:.2f}, and {compared[1.0][:, 1].mean():.0%} of the gradient's norm is missing. "
    "Yet every one of these gradients has a positive cosine: a small step against it still lowers the "
    "loss. So code with this mistake can train, only worse, and nobody notices. What it loses is "
    "every lesson of the kind 'remember this, you will need it later'.",
)

# %% [markdown]
# ## 5 · Any number of steps
#
# Two things are left open: the order of the matrices in those products, and the price of $T(T+1)/2$
# terms.
#
# ### The Jacobian of a step
#
# Which table belongs to $\partial h_t/\partial h_{t-1}$? Lesson 00 put inputs down the side:
# $J_t[i, j] = \partial h_t[j] / \partial h_{t-1}[i]$. From section 3, entry by entry: $h_{t-1}[i]$
# enters $a_t[j]$ with weight $W_{hh}[i, j]$, and $h_t[j]$ follows $a_t[j]$ with slope
# $1 - h_t[j]^2$. So
#
# $$J_t[i, j] = W_{hh}[i, j]\,(1 - h_t[j]^2), \qquad J_t = W_{hh}\,\mathrm{diag}(1 - h_t^2).$$
#
# The diagonal on the right scales *columns*. Several steps: the change starts at $h_k$, passes step
# $k+1$ first, then $k + 2$. In our layout Jacobians stand in the order of time:
#
# $$\frac{\partial h_t}{\partial h_k} = J_{k+1}\,J_{k+2} \cdots J_t .$$
#
# A *gradient* travels the other way. Take the row $g = \partial L/\partial h_t$. The entry for
# $h_{t-1}[i]$ is $\sum_j J_t[i, j]\,g[j]$, so the row goes back as $g\, J_t^T$. From $t$ to $k$
# that is $g\, J_t^T J_{t-1}^T \cdots J_{k+1}^T$: transposed, and last step first.
#
# Other texts write columns, with their $W = W_{hh}^T$. Their $W^T \mathrm{diag}[f']$ *is* our
# $J_t$, entry for entry. Their $\mathrm{diag}[f']\, W$ is its transpose. Both are $(H, H)$, so no
# shape will warn you. We compute all of it and compare, on a network of ten steps.

# %%
T, H = 10, 16
net = random_net(seed=3, T=T, H=H)
weights = [net[name] for name in ("W_xh", "W_hh", "b_h")]
h_all, _ = rnn_forward(net["x"], net["h0"], *weights)
states = np.concatenate([net["h0"], h_all[0]])  # states[t] is h_t, states[0] is h_0
W_hh = net["W_hh"]
J = {t: W_hh @ np.diag(1 - states[t] ** 2) for t in range(1, T + 1)}


def torch_jacobian(k, t):
    """Return ∂h_t/∂h_k in our layout, by autograd through the steps k+1 ... t."""

    def run(h):
        for step in range(k, t):
            x_now = torch.from_numpy(net["x"][0, step] @ net["W_xh"] + net["b_h"])
            h = torch.tanh(x_now + h @ torch.from_numpy(W_hh))
        return h

    return torch.autograd.functional.jacobian(run, torch.from_numpy(states[k])).numpy().T


one_step_errors = [relative_error(J[t], torch_jacobian(t - 1, t)) for t in range(1, T + 1)]
print(f"every J_t against autograd, largest error: {max(one_step_errors):.0e}")

product = np.eye(H)
for t in range(4, T + 1):
    product = product @ J[t]  # J_4 J_5 ... J_10
print(
    f"J_4 ... J_10 against dh_10/dh_3:           {relative_error(product, torch_jacobian(3, T)):.0e}"
)

f_slopes, their_W = np.diag(1 - states[1] ** 2), W_hh.T
print(
    f"their W^T diag[f'] against J_1:            {relative_error(their_W.T @ f_slopes, J[1]):.0e}"
)
print(
    f"their diag[f'] W against J_1 transposed:   {relative_error(f_slopes @ their_W, J[1].T):.0e}"
)
print(f"their diag[f'] W against J_1 itself:       {relative_error(f_slopes @ their_W, J[1]):.1f}")

# %% [markdown]
# ### The two sums, multiplied out
#
# Now every piece of the double sum is a matrix that we can compute. Write $g_t$ for the row that
# comes from the loss of step $t$ itself, through the readout:
#
# $$g_t = \frac{\partial L_t}{\partial h_t} = do_t\, W_{hy}^T, \qquad do_t = \tfrac1T (p_t - y_t).$$
#
# (The readout $o_t = h_t W_{hy} + b_y$ is a sum like $a_t$, so a row goes back through the
# transposed matrix.) The term for $t$ and $k$: carry $g_t$ back to $h_k$, through the tanh of step
# $k$, and multiply with what $W_{hh}$ was multiplied by there.
#
# $$\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^T \sum_{k=1}^t h_{k-1}^T \Big[\big(g_t\, (J_{k+1} \cdots
# J_t)^T\big) \odot (1 - h_k^2)\Big].$$

# %%
p = softmax(h_all[0] @ net["W_hy"] + net["b_y"])
do = (p - np.eye(5)[net["targets"][0]]) / T
g = np.concatenate([np.zeros((1, H)), do @ net["W_hy"].T])  # g[t] is g_t; nothing at t = 0

double_sum = np.zeros((H, H))
n_terms = 0
for t in range(1, T + 1):
    product = np.eye(H)  # J_{k+1} ... J_t, for k = t: no factor at all
    for k in range(t, 0, -1):
        arrived = g[t] @ product.T
        double_sum += np.outer(states[k - 1], arrived * (1 - states[k] ** 2))
        product = J[k] @ product
        n_terms += 1

oracle = through_time.autograd_intermediates(*[net[name] for name in names])
print(f"{n_terms} terms; against autograd: {relative_error(double_sum, oracle['dW_hh']):.0e}")

# %% [markdown]
# So the formula is right. It is also wasteful, and here is why. Collect the terms differently: fix
# the step $k$ at which the weight was used, and gather everything that arrives at $h_k$, from its
# own loss and from all later ones. Call it
#
# $$dh_k = \sum_{t \ge k} g_t\,(J_{k+1} \cdots J_t)^T = g_k + g_{k+1} J_{k+1}^T + g_{k+2} J_{k+2}^T
# J_{k+1}^T + \dots$$
#
# Every term but the first ends in $J_{k+1}^T$. Take it out:
#
# $$dh_k = g_k + \big(g_{k+1} + g_{k+2} J_{k+2}^T + g_{k+3} J_{k+3}^T J_{k+2}^T + \dots\big)\,J_{k+1}^T .$$
#
# What stands in the brackets is $dh_{k+1}$. So
#
# $$\boxed{\;dh_k = g_k + dh_{k+1}\, J_{k+1}^T\;} \qquad dh_{T+1} = 0 .$$
#
# In words: two gradients meet in each state, one from the output above and one from the next step,
# and are added, as drawn in section 4. (It is the trick by which one evaluates a polynomial,
# $c_0 + c_1 z + c_2 z^2 + c_3 z^3 = c_0 + z(c_1 + z(c_2 + z c_3))$: no power is ever computed.)
# Then $dW_{hh} = \sum_k h_{k-1}^T [dh_k \odot (1 - h_k^2)]$, one term for each step. This is
# **backpropagation through time**.
#
# No $J$ need be formed, either. A row times $J_{k+1}^T$ is
# $(dh_{k+1} \odot (1 - h_{k+1}^2))\, W_{hh}^T$, and the bracket is $da_{k+1}$ of section 3. All of
# it, for $t = T$ down to $1$:
#
# $$dh_t = g_t + da_{t+1} W_{hh}^T, \qquad da_t = dh_t \odot (1 - h_t^2), \qquad da_{T+1} = 0,$$
#
# $$dx_t = da_t W_{xh}^T, \qquad dW_{xh} = \sum_t x_t^T da_t, \qquad dW_{hh} = \sum_t h_{t-1}^T da_t, \qquad
# db_h = \sum_t da_t, \qquad dh_0 = da_1 W_{hh}^T.$$
#
# For $dW_{xh}$ and $db_h$ nothing new has to be proved: the argument of section 4, one name for
# each use, never asked which weight it was.

# %%
recursion = {name: np.zeros_like(net[name[1:]]) for name in ("dW_xh", "dW_hh", "db_h")}
dx, from_later = np.zeros_like(net["x"]), np.zeros(H)
for t in range(T, 0, -1):
    dh_t = g[t] + from_later
    da_t = dh_t * (1 - states[t] ** 2)
    dx[0, t - 1] = da_t @ net["W_xh"].T
    recursion["dW_xh"] += np.outer(net["x"][0, t - 1], da_t)
    recursion["dW_hh"] += np.outer(states[t - 1], da_t)
    recursion["db_h"] += da_t
    from_later = da_t @ W_hh.T
recursion |= {"dx": dx, "dh0": from_later[None]}

worst = max(relative_error(recursion[name], oracle[name]) for name in recursion)
print(f"recursion against autograd, worst of the five: {worst:.0e}")
print(
    f"recursion against double sum:                  {relative_error(recursion['dW_hh'], double_sum):.0e}"
)
assert worst < 1e-12

# %% [markdown]
# ### What the recursion saves
#
# Count multiplications of numbers, not seconds: seconds depend on the machine. A product of an
# $(a, b)$ by a $(b, c)$ array takes $abc$ of them. Three ways to the same gradient:
#
# - *two sums, matrices first*: the cell above, which multiplies Jacobians: $H^3$ for each of the
#   $T(T+1)/2$ terms;
# - *two sums, row first*: carry each $g_t$ back on its own, as a row: $H^2$ for each term;
# - *recursion*: one row, all the way: $H^2$ for each *step*.

# %%
quiz.predict(
    "operations",
    "T = 80 steps, H = 16 units. How many times more multiplications do the two sums, matrices first, "
    "need than the recursion?",
    ["about 16", "about 40", "about 350", "about 6000"],
)


# %%
def multiplications(way, T, H):
    """Count the multiplications of numbers for dW_hh, by running through the loops."""
    count = 0

    def product(a, b):  # shapes in, shape out
        nonlocal count
        count += a[0] * a[1] * b[1]
        return a[0], b[1]

    row, column, matrix = (1, H), (H, 1), (H, H)
    for t in range(1, T + 1):
        if way == "recursion":
            product(row, matrix)  # dh J^T
            product(column, row)  # h^T da
            continue
        for _ in range(t):  # k = t, ..., 1
            product(row, matrix)  # g times the product so far, or times one J^T
            if way == "matrices first":
                product(matrix, matrix)
            product(column, row)
    return count


ways = ("matrices first", "row first", "recursion")
print(f"{'T':>4} {'H':>4} " + "".join(f"{way:>18}" for way in ways))
for T_now, H_now in ((10, 16), (20, 16), (40, 16), (80, 16), (80, 32)):
    counts = [multiplications(way, T_now, H_now) for way in ways]
    print(f"{T_now:>4} {H_now:>4} " + "".join(f"{count:>18,}" for count in counts))
saved = multiplications("matrices first", 80, 16) / multiplications("recursion", 80, 16)
nearest = min((16, 40, 350, 6000), key=lambda option: abs(np.log(saved / option)))

# %%
quiz.reveal(
    "operations",
    f"about {nearest}",
    f"{saved:.0f} times. Twice the steps: the two sums need four times as much, the recursion twice. "
    "Twice the units: eight times (matrices first) against four.",
)

# %% [markdown]
# In letters: $O(T^2 H^3)$ for the two sums with matrices, $O(T H^2)$ for the recursion. A factor of
# $H$ is saved because a row times a matrix is cheaper than a matrix times a matrix. A factor of $T$
# is saved because gradients from different losses are added *where they meet* and travel on
# together. And compare with the forward pass: a step forward has two products, with $W_{xh}$ and
# $W_{hh}$; a step backward has four of the same sizes (section 3: two for the rows, two for the
# weights). The whole gradient, for however many weights, costs about two forward passes. Nudging
# each weight costs two forward passes *a weight*.

# %% [markdown]
# ## 6 · The derivation, typed
#
# Before the loop, once on paper, or rather: in text that a machine reads. You type one line for
# each gradient. Each line is evaluated on random arrays and compared with autograd. A line is
# judged with the *true* values of the lines above it, so one slip stays one slip, and the first
# wrong line is named.
#
# One sequence of three steps. All vectors are rows of shape (1, n), so that `h_2.T @ da_3` is an
# outer product. The loss is the **sum** of the three cross-entropies (no $\frac1N$). You may use
# the numbers of the forward pass: `x_1` ... `x_3`, `h_0` ... `h_3`, `p_1` ... `p_3`, one-hot `y_1`
# ... `y_3`, and `W_xh`, `W_hh`, `b_h`, `W_hy`, `b_y`; the signs `+ - * / @ **`, `.T`, and the
# functions `tanh`, `exp`, `diag`, `outer`.
#
# ### Exercise 4 · the backward pass of three steps
#
# *Difficulty: medium. Importance: high; whoever can do this can do any T. 20 minutes.* Asked for,
# in any order in which each line uses lines above it only: `do_1`, `do_2`, `do_3`; `dh_3`, `da_3`,
# `dh_2`, `da_2`, `dh_1`, `da_1`, `dh_0`; `dW_hy`, `dW_xh`, `dW_hh`, `db_h`. You may add lines of
# your own. The check compares numbers, so any right formula is right. It does not ask for `db_y`
# and `dx`.
#
# <details><summary>Hint 1</summary>
# Start where the loss is: <code>do_3 = p_3 - y_3</code>. Then back: h_3 feeds only o_3.
# </details>
# <details><summary>Hint 2</summary>
# h_2 feeds two things, o_2 and a_3. Two terms.
# </details>
# <details><summary>Hint 3</summary>
# W_hh is used at three steps: three terms, with h_0, h_1, h_2. Which da does each go with?
# </details>


# %%
def three_steps():
    """Return the backward pass of three steps as text, one assignment a line."""
    ### BEGIN SOLUTION
    return """
    do_1 = p_1 - y_1
    do_2 = p_2 - y_2
    do_3 = p_3 - y_3

    dh_3 = do_3 @ W_hy.T
    da_3 = dh_3 * (1 - h_3**2)
    dh_2 = do_2 @ W_hy.T + da_3 @ W_hh.T
    da_2 = dh_2 * (1 - h_2**2)
    dh_1 = do_1 @ W_hy.T + da_2 @ W_hh.T
    da_1 = dh_1 * (1 - h_1**2)
    dh_0 = da_1 @ W_hh.T

    dW_hy = h_1.T @ do_1 + h_2.T @ do_2 + h_3.T @ do_3
    dW_xh = x_1.T @ da_1 + x_2.T @ da_2 + x_3.T @ da_3
    dW_hh = h_0.T @ da_1 + h_1.T @ da_2 + h_2.T @ da_3
    db_h = da_1 + da_2 + da_3
    """
    ### END SOLUTION


derivation.three_steps(three_steps)

# %% [markdown] tags=["solution"]
# Read the middle block as a zigzag: down through a tanh, left through `W_hh`, down, left. Whatever
# is multiplied by a weight on the way forward comes back as the left factor of its gradient: `h_t`
# with `do_t`, `x_t` with `da_t`, and `h_{t-1}`, *not* `h_t`, with `da_t`.

# %% [markdown]
# ### Exercise 5 · the same with Jacobians
#
# *Difficulty: medium. Importance: medium here, high for lesson 04. 12 minutes.* Only the loss at
# step 3 counts, and `dh_3` is given. Asked for: the Jacobians `J_1`, `J_2`, `J_3` in our layout,
# their product `dh3_dh0` $= \partial h_3/\partial h_0$, the three terms `part_3`, `part_2`,
# `part_1` of section 4, where `part_k` belongs to the use of $W_{hh}$ at step $k$, and their sum
# `dL3_dW_hh`. The check knows the transposes and the turned orders by name. It does not ask for the
# recursion.
#
# <details><summary>Hint 1</summary>
# <code>diag(1 - h_1**2)</code> makes a matrix of a row. On which side does it stand?
# </details>
# <details><summary>Hint 2</summary>
# The immediate part at step 3: <code>h_2.T @ (dh_3 * (1 - h_3**2))</code>.
# </details>
# <details><summary>Hint 3</summary>
# For part_2 the row <code>dh_3</code> goes back one step first: times <code>J_3.T</code>.
# </details>


# %%
def jacobians():
    """Return the Jacobians and the three parts of dL_3/dW_hh as text, one assignment a line."""
    ### BEGIN SOLUTION
    return """
    J_1 = W_hh @ diag(1 - h_1**2)
    J_2 = W_hh @ diag(1 - h_2**2)
    J_3 = W_hh @ diag(1 - h_3**2)
    dh3_dh0 = J_1 @ J_2 @ J_3

    part_3 = h_2.T @ (dh_3 * (1 - h_3**2))
    part_2 = h_1.T @ ((dh_3 @ J_3.T) * (1 - h_2**2))
    part_1 = h_0.T @ ((dh_3 @ J_3.T @ J_2.T) * (1 - h_1**2))
    dL3_dW_hh = part_1 + part_2 + part_3
    """
    ### END SOLUTION


derivation.jacobians(jacobians)

# %% [markdown] tags=["solution"]
# Forward the Jacobians stand in the order of time, `J_1 @ J_2 @ J_3`. On the way back the row meets
# `J_3.T` first. Both are the same statement, transposed.

# %% [markdown]
# ## 7 · The backward pass in NumPy
#
# The recursion becomes a loop from the last step to the first. Inside it stands section 3, almost
# unchanged. Three things are new. A variable that carries $da_{t+1} W_{hh}^T$ from step to step,
# zero before the first. Sums for the weights, to which every step *adds*. And the state *before*
# the step: `h[:, t - 1]`, and `h0` for the first.
#
# One more word about a name. To a layer, the loss is far away. All it is told is what arrives at
# its outputs *from above*: the $g_t$ of section 5, for all steps, in an array of shape (B, T, H).
# By custom this argument is called `dh`, although it is only the one half of $dh_t$ that comes from
# above. The other half, from later steps, is what the function computes itself.
#
# ### Exercise 6 · backward through time
#
# *Difficulty: hard. Importance: the highest. 25 minutes.* The check draws gradients at every step,
# a start that is not zero, and square weights; it tries $T = 1$ and $T = 0$, and notices when you
# change an argument in place. When it recognises your mistake it names it. It does not look at
# speed. A loss that is read at the last step only is a special case: then `dh` is zero elsewhere.
#
# <details><summary>Hint 1</summary>
# <code>for t in reversed(range(T))</code>. Before the loop: zeros for the sums, and zeros (B, H)
# for what comes from later.
# </details>
# <details><summary>Hint 2</summary>
# In the loop, in this order: total gradient at h_t, da_t, the four uses of da_t, what goes to the
# step before.
# </details>
# <details><summary>Hint 3</summary>
# <code>h_prev = h[:, t - 1] if t > 0 else h0</code>. (With t = 0, <code>h[:, -1]</code> would be
# the last state, without any error.)
# </details>


# %%
def my_rnn_backward(dh, x, h0, h, W_xh, W_hh):
    """Return dx, dh0, dW_xh, dW_hh, db_h from dh (B, T, H), what arrives from above."""
    ### BEGIN SOLUTION
    T = x.shape[1]
    dx = np.zeros_like(x)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(T)):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + from_later
        da_t = dh_t * (1 - h[:, t] ** 2)
        dx[:, t] = da_t @ W_xh.T
        dW_xh += x[:, t].T @ da_t
        dW_hh += h_prev.T @ da_t
        db_h += da_t.sum(axis=0)
        from_later = da_t @ W_hh.T
    return dx, from_later, dW_xh, dW_hh, db_h
    ### END SOLUTION


bptt.rnn_backward(my_rnn_backward)

# %% [markdown] tags=["solution"]
# `dh_t = dh[:, t] + from_later` makes a new array. `dh[:, t] += from_later` would give the same
# numbers and change the caller's array. After the loop `from_later` has passed step 1: it is
# $dh_0$, and with $T = 0$ it is still the zeros it began with, which is right.

# %% [markdown]
# ### When it is wrong: every intermediate, through time
#
# Five wrong numbers at the end do not say which line is at fault. The intermediates do. Compare
# $do_t, dh_t, da_t, dx_t$ for *every* $t$ with autograd's. The backward pass runs from $t = T$ to
# $1$, and within a step from $do$ to $dx$. Whatever is wrong first in *that* order is wrong by its
# own line, for all it was made from is right. Here is a full network, written so that its
# intermediates are kept, and its table.


# %%
def network_backward(net, through_tanh=lambda dh, h: dh * (1 - h**2)):
    """Return all gradients through time of the mean cross-entropy, by name."""
    B, T, _ = net["x"].shape
    h, _ = rnn_forward(net["x"], net["h0"], net["W_xh"], net["W_hh"], net["b_h"])
    p = softmax(h @ net["W_hy"] + net["b_y"])
    do = (p - np.eye(p.shape[-1])[net["targets"]]) / (B * T)
    above = do @ net["W_hy"].T
    dh, da = np.zeros_like(h), np.zeros_like(h)
    from_later = np.zeros_like(net["h0"])
    for t in reversed(range(T)):
        dh[:, t] = above[:, t] + from_later
        da[:, t] = through_tanh(dh[:, t], h[:, t])
        from_later = da[:, t] @ net["W_hh"].T
    return {"do": do, "dh": dh, "da": da, "dx": da @ net["W_xh"].T, "dh0": from_later}


small = random_net(seed=4, T=5, H=6)
oracle = through_time.autograd_intermediates(*[small[name] for name in names])
through_time.compare(network_backward(small), oracle)

# %% [markdown]
# Now a mistake. A colleague has written the slope of tanh as `1 - h`, without the square.

# %%
quiz.predict(
    "first-wrong",
    "In the order of the computation, which cell of the table turns wrong first?",
    ["`da` at t = 5", "`dh` at t = 4", "`da` at t = 1", "`dx` at t = 5"],
)

# %% tags=["demonstration"]
planted = through_time.compare(network_backward(small, lambda dh, h: dh * (1 - h)), oracle)
planted

# %%
quiz.reveal(
    "first-wrong",
    "`{}` at t = {}".format(*planted.first_wrong),
    "The last step is the first on the way back. `dh` is right there, since it comes from `do` alone; the "
    "line of the tanh is the first to do something wrong. Everything further left and further down follows.",
)

# %%
quiz.choice(
    "In the table above `dh` is right at t = 5 and wrong at t = 4. Is the line that makes `dh` at fault?",
    {
        "yes": "Then dh at t = 5 would be made by the same wrong line, and right only by luck. "
        "At t = 5 nothing comes from later, so look at what t = 4 receives.",
        "no, it was handed a wrong da": "dh at t = 4 is made from do at t = 4, which is right, and "
        "da at t = 5, which is the first wrong cell.",
        "no, the loop runs in the wrong direction": "Then dh would be wrong at t = 5 as well: it would "
        "have received something from an earlier step.",
    },
    answer="no, it was handed a wrong da" if planted.first_wrong == ("da", 5) else "yes",
)

# %% [markdown]
# ### Forward and backward as a pair: the cache
#
# `my_rnn_backward` wants `x, h0, h, W_xh, W_hh` once more. In a program, whoever calls it would
# have to keep all that. The custom is that the forward pass hands out one more thing, a **cache**,
# which holds whatever its own backward pass will need, and which nobody else looks into:
#
# ```python
# h, cache = rnn_forward(x, h0, W_xh, W_hh, b_h)
# dx, dh0, dW_xh, dW_hh, db_h = rnn_backward(dh, cache)
# ```
#
# Why not keep it in a global variable? Because forward may be called again before backward is: for
# a second layer, or for another batch. Each call needs a cache of its own. And why *copies*?
# Because training changes the weights in place, and a program may reuse its array for the next
# batch. A cache of mere references would then remember the wrong numbers.
#
# ### Exercise 7 · the pair
#
# *Difficulty: easy, after exercise 6. Importance: high. 8 minutes.* Write both. What the cache is
# made of is your choice. The check runs forward a second time, with other numbers, before it calls
# backward with the first cache. It does not look into the cache, and it does not change your arrays
# in between, as training would.
#
# <details><summary>Hint 1</summary>
# Exercise 6 says what backward needs. Does it need the bias?
# </details>
# <details><summary>Hint 2</summary>
# A tuple will do: <code>cache = (x, h0, h, W_xh, W_hh)</code>, and the first line of backward takes
# it apart.
# </details>


# %%
def forward_with_cache(x, h0, W_xh, W_hh, b_h):
    """Return h (B, T, H) and a cache for backward_from_cache."""
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    h = np.zeros((B, T, h0.shape[1]), dtype=np.result_type(x, W_xh))
    h_prev = h0
    for t in range(T):
        h_prev = np.tanh(x[:, t] @ W_xh + h_prev @ W_hh + b_h)
        h[:, t] = h_prev
    return h, tuple(array.copy() for array in (x, h0, h, W_xh, W_hh))
    ### END SOLUTION


def backward_from_cache(dh, cache):
    """Return dx, dh0, dW_xh, dW_hh, db_h."""
    ### BEGIN SOLUTION
    x, h0, h, W_xh, W_hh = cache
    da, dh_later = np.zeros_like(h), np.zeros_like(h0)
    h_before = np.concatenate([h0[:, None], h], axis=1)[:, :-1]
    for t in reversed(range(h.shape[1])):
        da[:, t] = (dh[:, t] + dh_later) * (1 - h[:, t] ** 2)
        dh_later = da[:, t] @ W_hh.T
    dW_xh = np.einsum("btd,bth->dh", x, da)
    dW_hh = np.einsum("bti,btj->ij", h_before, da)
    return da @ W_xh.T, dh_later, dW_xh, dW_hh, da.sum(axis=(0, 1))
    ### END SOLUTION


bptt.forward_and_backward(forward_with_cache, backward_from_cache)

# %% [markdown] tags=["solution"]
# This backward pass looks different from exercise 6 and does the same: only what *recurs* stays in
# the loop; the gradients of the weights are sums over batch and time, taken at once afterwards.
# Lesson 00's exercise on outer products was this very sum. The bias is not in the cache: no
# gradient needs it.

# %% [markdown]
# From here on the lesson uses the course's own `rnn_forward` and `rnn_backward(dh, cache)`.

# %% [markdown]
# ## 8 · The gradient check, and its step size
#
# All through this lesson we have nudged numbers by $10^{-5}$ and called the result a check. Why
# $10^{-5}$? Take one weight $w$, and write $f(w)$ for the loss as a function of it. Two ways to
# estimate the slope:
#
# $$\text{one-sided: } \frac{f(w + \varepsilon) - f(w)}{\varepsilon}, \qquad
# \text{central: } \frac{f(w + \varepsilon) - f(w - \varepsilon)}{2\varepsilon}.$$
#
# **Too large a step.** Taylor's formula, to the third order:
#
# $$f(w \pm \varepsilon) = f \pm \varepsilon f' + \tfrac12 \varepsilon^2 f'' \pm \tfrac16 \varepsilon^3 f''' + \dots$$
#
# Put it in. One-sided gives $f' + \tfrac12 \varepsilon f'' + \dots$: an error of the order of
# $\varepsilon$. In the central one $f$ and the term with $f''$ cancel, and
# $f' + \tfrac16 \varepsilon^2 f''' + \dots$ remains: an error of the order of $\varepsilon^2$. This
# is the **truncation** error.
#
# **Too small a step.** A float holds a number only up to a relative error of about $u$, the unit
# roundoff: $u = 1.1 \cdot 10^{-16}$ in float64, $6 \cdot 10^{-8}$ in float32. So each value of $f$
# is off by about $u |f|$, more if it took many operations. The difference of two values is off by
# about as much, *however close they are*, and then we divide by $\varepsilon$: an error of the
# order of $u/\varepsilon$. This is the **rounding** error.
#
# One falls with $\varepsilon$, the other rises. Central: $A \varepsilon^2 + B u / \varepsilon$,
# with some numbers $A$ and $B$ of the problem. Set the derivative to zero:
# $2 A \varepsilon = B u/\varepsilon^2$, so
#
# $$\varepsilon_{\text{best}} = \Big(\frac{B u}{2A}\Big)^{1/3} \sim u^{1/3}, \qquad \text{smallest error} \sim u^{2/3}.$$
#
# One-sided, in the same way: $\varepsilon_{\text{best}} \sim u^{1/2}$, smallest error
# $\sim u^{1/2}$. In float64 $u^{1/3}$ is $5 \cdot 10^{-6}$. In float32 it is $0.004$.

# %%
quiz.predict(
    "float32-check",
    "Right code, everything in float32, a central difference with the usual step `1e-5`. Which relative "
    "error will the gradient check report?",
    ["about 1e-7, the precision of float32", "about 1e-3", "1% or more"],
)


# %%
def loss_of(net, dtype):
    """Return a function from W_hh to the mean cross-entropy, computed throughout in `dtype`."""
    given = {n: a if n == "targets" else a.astype(dtype) for n, a in net.items()}

    def loss(W_hh):
        h, _ = rnn_forward(given["x"], given["h0"], given["W_xh"], W_hh.astype(dtype), given["b_h"])
        p = softmax(h @ given["W_hy"] + given["b_y"])
        p_came = np.take_along_axis(p, given["targets"][..., None], axis=-1)
        return -np.log(p_came).mean()

    return loss


def errors(seed, dtype, steps):
    """Return the relative errors (2, steps) of one-sided and central differences for dW_hh."""
    net = random_net(seed, T=5, H=4, D=3)
    net = {n: a if n == "targets" else a.astype(np.float32).astype(float) for n, a in net.items()}
    exact = through_time.autograd_intermediates(*[net[name] for name in names])["dW_hh"]
    loss, W_hh = loss_of(net, dtype), net["W_hh"].astype(dtype)
    here, found = loss(W_hh), []
    for eps in steps:
        one_sided, central = np.zeros((2, *W_hh.shape))
        for place in np.ndindex(W_hh.shape):
            up, down = W_hh.copy(), W_hh.copy()
            up[place] += dtype(eps)
            down[place] -= dtype(eps)
            f_up, f_down = float(loss(up)), float(loss(down))
            one_sided[place] = (f_up - float(here)) / eps
            central[place] = (f_up - f_down) / (2 * eps)
        found.append([relative_error(one_sided, exact), relative_error(central, exact)])
    return np.array(found).T


eps_axis = 10.0 ** np.arange(-12, 0.1, 0.5)
measured = {
    dtype: np.array([errors(seed, dtype, eps_axis) for seed in range(4)])  # (seeds, 2, steps)
    for dtype in (np.float64, np.float32)
}

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True)
for ax, (dtype, values) in zip(axes, measured.items()):
    u = np.finfo(dtype).eps / 2
    for i, (name, color, style) in enumerate(
        (("one-sided", plots.COLORS[2], "--"), ("central", plots.COLORS[0], "-"))
    ):
        ax.fill_between(
            eps_axis, *np.quantile(values[:, i], [0, 1], axis=0), color=color, alpha=0.18
        )
        middle = np.median(values[:, i], axis=0)
        ax.loglog(eps_axis, middle, color=color, linestyle=style, marker="", label=name)
        power = i + 1
        guide = np.median(measured[np.float64][:, i, -4]) * (eps_axis / eps_axis[-4]) ** power
        ax.loglog(eps_axis, guide, color="#777777", lw=1.2, linestyle=":", marker="")
    ax.loglog(eps_axis, 2 * u / eps_axis, color="#777777", lw=1.2, linestyle=":", marker="")
    ax.axvline(u ** (1 / 3), color="#777777", lw=1.2, linestyle=(0, (7, 3)), marker="")
    ax.annotate("$u^{1/3}$", (u ** (1 / 3) * 1.3, 2e-12), fontsize=13)
    ax.set(title=dtype.__name__, xlabel="step $\\varepsilon$", ylim=(1e-12, 30), xlim=(1e-12, 1))
axes[0].set_ylabel("relative error of the check")
axes[0].annotate("$\\sim u/\\varepsilon$", (3e-12, 3e-7), fontsize=13)
axes[0].annotate("$\\sim \\varepsilon$", (3e-7, 8e-6), fontsize=13)
axes[0].annotate("$\\sim \\varepsilon^2$", (1e-3, 1e-9), fontsize=13)
axes[0].legend(loc="upper left")
plots.show(
    fig,
    alt="Two panels of relative error against the step, both axes logarithmic. In float64 the central "
    "difference falls with slope 2 to about 1e-10 near a step of 1e-5, then rises again as the step "
    "shrinks. One-sided falls with slope 1 to below 1e-7. In float32 both rise from a step of 1e-2 "
    "or 1e-3 downwards, are above 1 percent at 1e-5, and stay at 1 below 1e-8.",
    caption="Read from right to left: errors fall along the dotted slopes of truncation until "
    "rounding, of the order of u/ε, takes over. The best central step is near u^(1/3), dashed. (dW_hh "
    "of four random networks: median and range.)",
)

# %%
for dtype, values in measured.items():
    u = np.finfo(dtype).eps / 2
    for i, name, power in ((0, "one-sided", 1 / 2), (1, "central", 1 / 3)):
        middle = np.median(values[:, i], axis=0)
        best = middle.argmin()
        print(
            f"{dtype.__name__}, {name:<10} best step {eps_axis[best]:.0e} (theory: order {u**power:.0e}), "
            f"error there {middle[best]:.0e} (order {u ** (1 - power):.0e})"
        )
at_usual = np.abs(np.log10(eps_axis) + 5).argmin()
float32_error = np.median(measured[np.float32][:, 1, at_usual])
float64_error = np.median(measured[np.float64][:, 1, at_usual])
print(f"central, step 1e-5: float64 {float64_error:.0e}, float32 {float32_error:.1%}")

# %%
quiz.reveal(
    "float32-check",
    "1% or more" if float32_error > 0.01 else "about 1e-3",
    f"{float32_error:.0%}, and the code is right. In float64 the same check reports {float64_error:.0e}. "
    "Check in float64, with a central difference and a step of 1e-5, also when you train in float32.",
)

# %% [markdown]
# In float32, below $10^{-8}$, the curves stand at exactly 1: $w + \varepsilon$ is rounded back to
# $w$, both values of the loss are the same, and the "slope" is zero.
#
# Two remarks for practice. Compare *norms* over a whole array, as `relative_error` does: a single
# entry may be zero by chance, and its relative error means nothing. And where there are too many
# weights to nudge one by one, nudge them all at once: along a random direction $v$ the slope of the
# loss must be $\sum \mathrm{grad} \cdot v$. That takes two forward passes, whatever the size of the
# network.

# %%
net = random_net(seed=5, T=20, H=32)
grad = through_time.autograd_intermediates(*[net[name] for name in names])["dW_hh"]
loss, direction = loss_of(net, np.float64), np.random.default_rng(0).normal(size=grad.shape)
slope = (loss(net["W_hh"] + 1e-5 * direction) - loss(net["W_hh"] - 1e-5 * direction)) / 2e-5
print(
    f"{grad.size} weights, two forward passes: relative error {abs(slope / (grad * direction).sum() - 1):.0e}"
)

# %% [markdown]
# ### Exercise 8 · a numeric gradient
#
# *Difficulty: easy. Importance: high: you will use it whenever you write a layer. 8 minutes.*
# Central differences for every entry of an array of any shape, in float64 whatever comes in, and
# the caller's array left as it was, to the last bit. `f` takes an array of the same shape and
# returns a number. The check names one-sided differences, float32, two names for one array, and
# entries that are not put back. It does not try a function with a kink.
#
# <details><summary>Hint 1</summary>
# A copy in float64 first: <code>point = np.array(array, dtype=np.float64)</code>. Work on it alone.
# </details>
# <details><summary>Hint 2</summary>
# <code>for index in np.ndindex(point.shape)</code> visits every entry, in any number of dimensions.
# </details>
# <details><summary>Hint 3</summary>
# Keep the old number. Set old + eps, call f; set old - eps, call f; put the old number back.
# </details>


# %%
def numeric_gradient(f, array, eps):
    """Return the gradient of f at `array`, of the same shape, by central differences in float64."""
    ### BEGIN SOLUTION
    point = np.array(array, dtype=np.float64)
    gradient = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        old = point[index]
        point[index] = old + eps
        up = f(point)
        point[index] = old - eps
        down = f(point)
        point[index] = old
        gradient[index] = (up - down) / (2 * eps)
    return gradient
    ### END SOLUTION


bptt.numeric_gradient(numeric_gradient)

# %% [markdown] tags=["solution"]
# `np.array(array, dtype=...)` copies, always; `np.asarray` would hand back the caller's own array
# if it is float64 already. `point[index] = old` puts back the number itself; adding and subtracting
# `eps` need not lead back to it.

# %% [markdown]
# ## 9 · Which test inputs decide
#
# A gradient check compares numbers at *one* point. Whether it finds a mistake depends on the point.
# You have met this: the second unit of section 3 was silent, and a whole row of $dW_{hh}$ was zero,
# right or wrong.
#
# The course keeps a catalogue of wrong backward passes: slopes forgotten, transposes missing, loops
# that run forward, sums that overwrite. Each runs without an error. (Some can be made in several
# ways; they share a name and count once.) We try sets of test inputs on all of them and count who
# **survives**: who returns, on these inputs, what the right code returns.


# %%
def inputs(rng, B=3, T=5, D=4, H=6, weights=1.0, start=1.0):
    """Return x, h0, W_xh, W_hh, b_h and dh, the gradient that arrives from above."""
    return {
        "x": rng.normal(size=(B, T, D)),
        "h0": start * rng.normal(size=(B, H)),
        "W_xh": weights * rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": weights * rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": weights * rng.uniform(0.2, 0.8, size=H),
        "dh": 10 * rng.normal(size=(B, T, H)),
    }


def last_step_only(rng):
    drawn = inputs(rng)
    drawn["dh"][:, :-1] = 0
    return drawn


def symmetric(rng):
    drawn = inputs(rng)
    drawn["W_hh"] = (drawn["W_hh"] + drawn["W_hh"].T) / 2
    return drawn


def small(rng):
    drawn = inputs(rng, weights=0.01, start=0.01)
    return {**drawn, "x": 0.01 * drawn["x"], "dh": 0.01 * drawn["dh"]}


input_sets = {
    "any inputs, only shapes compared": (inputs, {"shapes_only": True}),
    "one step, h0 = 0": (lambda rng: inputs(rng, T=1, start=0.0), {}),
    "all weights zero": (lambda rng: inputs(rng, weights=0.0), {}),
    "small numbers, atol = 1e-2": (small, {"atol": 1e-2}),
    "one sequence (B = 1)": (lambda rng: inputs(rng, B=1), {}),
    "W_hh symmetric": (symmetric, {}),
    "gradient at the last step only": (last_step_only, {}),
    "two steps": (lambda rng: inputs(rng, T=2), {}),
    "B=3, T=5, D=4, H=6, unit scale": (inputs, {}),
}
n_catalogue = len({mistake.name for mistake in bptt.CATALOGUE})

# %%
quiz.predict(
    "survivors",
    f"There are {n_catalogue} wrong backward passes in the catalogue. How many of them survive a test "
    "with one step and `h0 = 0`, compared to five digits?",
    ["none or nearly none", "about a tenth", "a fifth or more"],
)

# %%
survived = {name: bptt.survivors(draw, **how) for name, (draw, how) in input_sets.items()}
mistakes = list(dict.fromkeys(mistake.name for mistake in bptt.CATALOGUE))
lives = np.array([[mistake in alive for mistake in mistakes] for alive in survived.values()])
lives = lives[:, np.argsort(-lives.sum(axis=0), kind="stable")]  # the hardiest to the left

fig, ax = plt.subplots(figsize=(10.5, 3.9))
ax.imshow(lives, aspect="auto", cmap="Greys", vmax=1.25)
ax.set_yticks(
    range(len(survived)), [f"{name}: {len(alive)}" for name, alive in survived.items()], fontsize=11
)
ax.set_xticks([])
ax.set_xlabel(f"{n_catalogue} mistakes, one a column; dark where it survives")
ax.set_yticks(np.arange(len(survived) - 1) + 0.5, minor=True)
ax.grid(False)
ax.grid(True, axis="y", which="minor", color="#888888")
ax.tick_params(which="both", length=0)
plots.show(
    fig,
    alt="A table with nine sets of test inputs as rows and the mistakes as columns, dark where a "
    "mistake survives. Survivors: "
    + "; ".join(f"{name}: {len(alive)}" for name, alive in survived.items())
    + ".",
    caption="Comparing shapes, starting from zero or allowing a large tolerance lets dozens of mistakes "
    "through. Each of the stricter sets lets its own few through. Only the last row catches all.",
)

# %%
for name in (
    "one sequence (B = 1)",
    "W_hh symmetric",
    "gradient at the last step only",
    "two steps",
):
    print(f"{name:<32} {', '.join(survived[name])}")
share_at_one_step = len(survived["one step, h0 = 0"]) / n_catalogue
n_decided = len(survived["B=3, T=5, D=4, H=6, unit scale"])

# %%
quiz.reveal(
    "survivors",
    "a fifth or more"
    if share_at_one_step > 0.2
    else "about a tenth"
    if share_at_one_step > 0.05
    else "none or nearly none",
    f"{len(survived['one step, h0 = 0'])} of {n_catalogue}. A test may run, be green, and prove "
    "next to nothing.",
)

# %% [markdown]
# Three of these rows can be understood in a line each.
#
# **One step from zero.** $dW_{hh} = \sum_t h_{t-1}^T da_t$ has one term, $h_0^T da_1$, and
# $h_0 = 0$. The right answer is zero. So is its transpose, its average, its half, and what comes of
# using $h_0$ at every step. And with one step nothing is ever carried from one step to another, so
# all mistakes in what is carried are out of sight.
#
# **A symmetric $W_{hh}$.** Then $da\, W_{hh}$ *is* $da\, W_{hh}^T$. The identity, a favourite of
# hand-made tests, is symmetric.
#
# **A tolerance that is larger than the numbers.** `np.allclose(got, right, atol=1e-2)` accepts
# whatever lies within $0.01$. If the right gradient has entries of $0.001$, it accepts zeros.

# %%
one_step = inputs(np.random.default_rng(0), T=1, start=0.0)
tiny = small(np.random.default_rng(0))
for name, drawn in (("one step from zero", one_step), ("small numbers", tiny)):
    forward = [drawn[n] for n in ("x", "h0", "W_xh", "W_hh", "b_h")]
    dW_hh = rnn_backward(drawn["dh"], rnn_forward(*forward)[1])[3]
    accepts = np.allclose(0 * dW_hh, dW_hh, atol=1e-2)
    print(
        f"{name:<20} largest entry of dW_hh {np.abs(dW_hh).max():.0e}; atol=1e-2 accepts zeros: {accepts}"
    )

da, W_sym = (
    np.random.default_rng(0).normal(size=(3, 6)),
    symmetric(np.random.default_rng(0))["W_hh"],
)
print("symmetric: da W equals da W^T:", np.array_equal(da @ W_sym, da @ W_sym.T))

# %% [markdown]
# What, then, should test inputs be like? *Generic*: nothing zero, nothing equal, nothing symmetric,
# no two sizes alike, five steps or more (code that silently cuts the gradient after four steps is
# right on four), more than one sequence, a gradient from above at every step, numbers of about unit
# size, and a tolerance that is relative. Only the gradient from above may be large: somebody's code
# may clip it at 5, and below 5 that is invisible. On the last row 0 <!-- =n_decided --> survive.
# Every check of this course draws its inputs so.
#
# ### Exercise 9 · inputs that decide
#
# *Difficulty: medium. Importance: high for everything that you will ever test. 8 minutes.* Write
# `draw(rng)`, which returns a dict with `x` (B, T, D), `h0` (B, H), `W_xh`, `W_hh`, `b_h` and `dh`
# (B, T, H), such that no wrong backward pass of the catalogue survives. Do it without looking at
# `inputs` above; choose your own sizes. The check runs the whole catalogue on what you draw, with a
# relative tolerance of $10^{-5}$, and names who is left. It does not know mistakes that nobody has
# made yet.
#
# <details><summary>Hint 1</summary>
# Start with anything, and let the check name the survivors. Ask of each: on which inputs would it
# differ? (Code that clips differs where there is something to clip.)
# </details>
# <details><summary>Hint 2</summary>
# Whoever divides by B or T survives where B or T is 1. Whoever mixes up two of B, T, D, H crashes,
# unless the two are equal.
# </details>
# <details><summary>Hint 3</summary>
# A tanh that is saturated has a slope of almost zero, and then everything that passes through it is
# invisible. Keep the sums inside the tanh near 1: divide the weights by the root of how many are
# added up.
# </details>


# %%
def draw(rng):
    """Return a dict of x, h0, W_xh, W_hh, b_h and dh on which no wrong backward pass survives."""
    ### BEGIN SOLUTION
    B, T, D, H = 2, 6, 3, 5
    return {
        "x": rng.normal(size=(B, T, D)),
        "h0": rng.normal(size=(B, H)),
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H),
        "dh": 10 * rng.normal(size=(B, T, H)),
    }
    ### END SOLUTION


bptt.inputs_that_decide(draw)

# %% [markdown] tags=["solution"]
# Nothing here is clever. That is the point: random numbers of unit size are hard to please by
# accident. Most bad test inputs were chosen because they are easy to compute by hand, and what is
# easy by hand is easy to get right by the wrong method.
