# ---
# jupyter:
#   course:
#     lesson: "07"
#     title: Deeper, both ways, and real batches
#     minutes: 90
#     cpu_seconds: 100
#     peak_mib: 1536
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
# # 07 · Deeper, both ways, and real batches
#
# **What you can do afterwards**
#
# - put sequences of different lengths into one batch, and prove that padding changes no result;
# - read the right state: after the last real step, at both ends of a bidirectional net, out of torch's
#   `h_n`;
# - say when reading both ways is right, and show the leak when it is not;
# - stack layers, count them, and say what stacking brought and what it did not;
# - drop units without destroying a memory, and show by a derivation why it matters where the mask sits;
# - build a detector of a word in a stream of sound, and judge it by events instead of frames.
#
# **You need** the RNN of lesson 02, perplexity and early stopping of lesson 03, and the gates of
# lessons 05 and 06: most networks here are GRUs, used as a ready-made part. **Time:** about 90
# minutes to read and predict, another hour and a half for the exercises; about a minute to
# run. If you have to choose: sections 1 to 5, 7 and 8, then 12.
#
# There are nine exercises and a clinic. Each has a check, which names the mistake when it knows it.
# Worked answers are in `solutions/07_deeper_and_batches.ipynb`. "Run all" works before you have
# written a line.
#
# Some experiments here take minutes. They were run before, three seeds each, and the lesson reads
# their numbers from the folder `results/`. Set `AGAIN = True` to compute them here.

# %%
import re
import textwrap
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from course_utils import experiments, plots, quiz, scorecard
from course_utils.checks import batching
from course_utils.data import digit_rows, event_precision, event_recall, event_starts, load_text
from course_utils.data.phrases import TAGS, VOCAB, quantity_phrases
from course_utils.experiments import both_ways, characters, dropout_on_memory, leak, trigger
from course_utils.experiments.stacked_rates import RATES, STACKS
from course_utils.language import n_gram_probabilities
from course_utils.layers import rnn_forward
from course_utils.layers.lengths import last_real_state, reverse_within_lengths
from course_utils.models import Tagger, parameters
from course_utils.plots.deep import deep_diagram
from course_utils.training import seed_everything, set_threads, steps

plots.use_style()
threads = set_threads()
AGAIN = False  # True: compute every row here instead of reading results/

# %% [markdown]
# ## 1 · Sequences of unequal length
#
# Here are four lists, as somebody might dictate them. Each quantity has a word in front, some
# digits, and a unit behind.

# %%
dictated = ("from 3 kg", "to 4 0 m from 2 7 kg", "from 9 1 5 m", "to 8 kg to 6 m")
lists = [text.split() for text in dictated]
for words in lists:
    print(len(words), "tokens:", " ".join(words))

# %% [markdown]
# They have 3, 8, 5 and 6 tokens. A network reads a batch as one array, and an array has no ragged
# edge. So the short ones are filled up at the end, to the length of the longest. What is filled
# in is called **padding**, and beside the array we keep a **mask** of the same $(B, T)$: true
# where a real token stands, false where there is padding.


# %%
def show_batch(rows, alt, caption, names=range(4)):
    """Draw a batch of words as a grid: real tokens in filled cells, padding empty."""
    T = max(map(len, rows))
    fig, ax = plt.subplots(figsize=(9.0, 0.62 * len(rows) + 0.8))
    for b, words in enumerate(rows):
        for t in range(T):
            real = t < len(words)
            look = {"fc": "#CFE0EF", "ec": "white"} if real else {"fc": "white", "ec": "#BBBBBB"}
            ax.add_patch(plt.Rectangle((t - 0.5, b - 0.5), 1, 1, lw=1.5, **look))
            ax.text(t, b, words[t] if real else "·", ha="center", va="center", fontsize=13)
    ax.set(xlim=(-0.6, T - 0.4), ylim=(len(rows) - 0.4, -0.6), xlabel="step $t$")
    ax.set_xticks(range(T), range(1, T + 1))
    ax.set_yticks(range(len(rows)), [f"sequence {b}" for b in names])
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return plots.show(fig, alt=alt, caption=caption)


real_tokens = sum(map(len, lists))
places = len(lists) * max(map(len, lists))
show_batch(
    lists,
    alt="A grid of four rows and eight columns. The rows hold 3, 8, 5 and 6 words from the left; the "
    "other cells hold a dot.",
    caption=f"A padded batch: {places} places, {real_tokens} of them real. The mask is true in the filled "
    "cells.",
)

# %% [markdown]
# 22 <!-- =real_tokens --> of 32 <!-- =places --> places are real here. Three things must now be
# kept clean of the other ten: what the network *remembers*, what we *read* from it, and what we
# *average*. They are sections 2 and 3; section 5 tests all at once. Beside ids, everything else
# is padded the same way: feature vectors, rows of pixels, frames of sound.
#
# ### Exercise 1 · pad, and say where
#
# *Difficulty: warm-up. Importance: high. 5 minutes.* Sequences come as a list of arrays $(n, D)$
# with the same $D$ and different $n$. Return `x` of shape $(B, T, D)$, zeros after each sequence,
# with $T$ the largest $n$, and a `mask` of true and false, $(B, T)$. One of the sequences holds a
# real step that is all zeros: silence is a sound too. The check does not try an empty sequence.
#
# <details><summary>Hint 1</summary>
# Make the whole array of zeros first, then copy each sequence into its row.
# </details>
# <details><summary>Hint 2</summary>
# The mask needs the lengths only: row b is true at t = 0, ..., n - 1.
# </details>
# <details><summary>Hint 3</summary>
# <code>np.arange(T) &lt; n</code> is one row of it; with lengths as a column it is all rows at once.
# </details>


# %%
def pad_and_mask(sequences):
    """Return x (B, T, D) and mask (B, T) bool for a list of arrays (n, D)."""
    ### BEGIN SOLUTION
    lengths = np.array([len(sequence) for sequence in sequences])
    x = np.zeros((len(sequences), lengths.max(), sequences[0].shape[1]))
    for row, sequence in zip(x, sequences):
        row[: len(sequence)] = sequence
    return x, np.arange(lengths.max()) < lengths[:, None]
    ### END SOLUTION


batching.pad_and_mask(pad_and_mask)

# %% [markdown]
# ## 2 · The last real state
#
# A many-to-one network answers from the state after the last input. In a padded batch, which one
# is that? Let a network with random weights read 3 steps of random numbers, followed by padding.
# The padding is zeros. (In formulas and drawings steps run from 1 to $T$, in code from 0 to $T - 1$.)

# %%
quiz.predict(
    "pads",
    "At a padded step the input is zero, so `x_t W_xh` is zero. While the network reads padding, its state",
    [
        "stays as it is: nothing comes in",
        "moves on: the bias and the old state still count",
        "becomes zero at once",
    ],
)

# %%
rng = np.random.default_rng(0)
D, H = 4, 16
W_xh, b_h = rng.normal(size=(D, H)), 0.3 * rng.normal(size=H)
W_hh = np.linalg.qr(rng.normal(size=(H, H)))[0]  # orthogonal: it keeps lengths
x_padded = np.zeros((1, 30, D))
x_padded[0, :3] = rng.normal(size=(3, D))
h_padded, _ = rnn_forward(x_padded, np.zeros((1, H)), W_xh, W_hh, b_h)
moved = np.linalg.norm(h_padded[0, 2:] - h_padded[0, 2], axis=1) / np.linalg.norm(h_padded[0, 2])
plots.curves(
    np.arange(28),
    {"distance moved": moved},
    xlabel="padded steps read after the last real one",
    ylabel="distance / norm of the state",
    alt=f"The distance from the last real state is 0 without padding, {moved[1]:.1f} times the state's "
    f"norm after one padded step, and stays between {moved[5:].min():.1f} and {moved[5:].max():.1f} later.",
    caption="Padding is read like any input. One step of it moves the state by about its own norm.",
)

# %%
quiz.reveal(
    "pads",
    "moves on: the bias and the old state still count"
    if moved[1] > 0.05
    else "stays as it is: nothing comes in",
    f"One padded step moves it by {moved[1]:.0%} of its norm. What the shorter sequences of a batch "
    "answer would depend on the longest one beside them.",
)

# %% [markdown]
# So `h[:, -1]`, the last column, is the right state for the longest sequence only. Three ways out.
#
# **Read earlier.** The network runs forward, so no state knows of what comes after it. The state at
# the last *real* step is untouched by the padding behind it: it stands at `lengths - 1`, in each row
# somewhere else.
#
# **Do not move.** With a mask $m_t$ of 0 and 1 the step becomes
#
# $$h_t = m_t\, \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h) + (1 - m_t)\, h_{t-1}.$$
#
# At padded steps the old state is handed on, and the last column *is* the last real state. (That is
# what Keras's `Masking` does.)
#
# **Do not compute.** Leave the padded steps out of the loop altogether. That is packing, section 4.
#
# ### Exercise 2 · the last real state
#
# *Difficulty: easy. Importance: high: this is the commonest mistake with real batches. 4
# minutes.* Given all states $(B, T, H)$ and `lengths` $(B,)$, return each row's state after its
# last real step. The check tries lengths of 1 and of $T$; it does not try a length of 0.
#
# <details><summary>Hint 1</summary>
# After n steps, counted from 0 in Python, the last one has the number n - 1.
# </details>
# <details><summary>Hint 2</summary>
# <code>h[:, lengths - 1]</code> reads every row at every length. You want pairs: row 0 with the first
# length, row 1 with the second.
# </details>
# <details><summary>Hint 3</summary>
# Two index arrays of the same shape are paired: <code>np.arange(B)</code> is the other one.
# </details>


# %%
def my_last_real_state(h, lengths):
    """Return (B, H): each row of h (B, T, H) at its own last real step."""
    ### BEGIN SOLUTION
    return h[np.arange(len(h)), lengths - 1]
    ### END SOLUTION


batching.last_real_state(my_last_real_state)

# %% [markdown]
# Not moving gives the same state (below), and so does packing (section 4). Lesson 02 padded on the *left* instead, so that the last
# column is always real. That mends the reading and spoils the start: the state has walked through
# the padding before the first word comes. How much of that is left at the end depends on how fast
# the network forgets, and on how many real steps there were.

# %%
lengths = np.array([3, 8, 5, 6])
x_four = rng.normal(size=(4, 8, D)) * (np.arange(8) < lengths[:, None])[..., None]
h_four, _ = rnn_forward(x_four, np.zeros((4, H)), W_xh, W_hh, b_h)
read_earlier = last_real_state(h_four, lengths)

h_kept = np.zeros((4, H))
for t in range(8):
    m = (t < lengths)[:, None]
    h_kept = m * np.tanh(x_four[:, t] @ W_xh + h_kept @ W_hh + b_h) + (1 - m) * h_kept

to_the_left = np.stack([np.roll(row, 8 - n, axis=0) for row, n in zip(x_four, lengths)])
h_left, _ = rnn_forward(to_the_left, np.zeros((4, H)), W_xh, W_hh, b_h)
apart = np.linalg.norm(h_left[:, -1] - read_earlier, axis=1) / np.linalg.norm(read_earlier, axis=1)
print(f"state kept at padded steps, largest difference: {np.abs(h_kept - read_earlier).max():.1e}")
for n, difference in zip(lengths, apart):
    print(f"{n} real steps, {8 - n} padded on the left: relative difference {difference:.3f}")

# %% [markdown]
# ## 3 · The mean over real tokens
#
# Where every step has an answer, every step has a loss, and the batch's loss is a mean. Over what?
#
# Take a language model that pays 2 nats for each real token, a perplexity of $e^2 = 7.4$
# <!-- =np.exp(2) -->. Give it padding to predict, and it soon learns the easiest rule there is: after
# padding comes padding. Say it pays 0.01 nats for those. Now average over *all* places of the batch.

# %%
shares = np.array([0, 0.2, 0.4, 0.6, 0.8])  # of the places, that are padding
reported = np.exp((1 - shares) * 2.0 + shares * 0.01)
for share, value in zip(shares, reported):
    print(f"padding {share:.0%} of the places: reported perplexity {value:.2f}")

# %% [markdown]
# The model has not changed. With 60% padding it reports 2.2 <!-- =reported[3] ±2% --> where 7.4
# is right, and the number now depends on which sequences happened to share a batch. A milder form
# of the mistake multiplies the losses by the mask and then takes the ordinary mean: the padding
# adds nothing to the sum but is still counted in the denominator. That makes the gradient smaller,
# by another factor in every batch. (Adam divides a constant factor out, but not one that changes.) The cure is that of lesson 03: sum over the real tokens,
# divide by their number, once. And what stands in the padding may be anything, also `nan`, so do
# not multiply by it: 0 times `nan` is `nan`.
#
# ### Exercise 3 · the masked mean
#
# *Difficulty: easy. Importance: high. 4 minutes.* `nats` $(B, T)$ holds a loss at every place;
# return the mean over the real ones. The check fills the padding with numbers, and once with
# `nan`. It names the averages that go wrong; it does not look at gradients.
#
# <details><summary>Hint 1</summary>
# Build the mask from the lengths, as in exercise 1.
# </details>
# <details><summary>Hint 2</summary>
# An array of true and false in square brackets picks the places that are true.
# </details>
# <details><summary>Hint 3</summary>
# What is left after picking is one long row of real losses. Its mean is what you want.
# </details>


# %%
def masked_mean(nats, lengths):
    """Return the mean of nats (B, T) over the real tokens of sequences of lengths (B,)."""
    ### BEGIN SOLUTION
    mask = np.arange(nats.shape[1]) < lengths[:, None]
    return nats[mask].mean()
    ### END SOLUTION


batching.masked_mean(masked_mean)

# %% [markdown]
# ## 4 · Packing
#
# Padded steps cost as much as real ones. **Packing** leaves them out. Sort the sequences by
# length, the longest first, and lay them under one another: they form a staircase. Now read it
# column by column. At step 1 all four are there, at step 8 one is. A packed sequence is just
# that: the tokens in this order, in one long array `data`, and a second array, `batch_sizes`,
# which says how many sequences are still running at each step.

# %%
order = np.argsort(-lengths, kind="stable")
staircase = [lists[b] for b in order]
batch_sizes = (lengths[:, None] > np.arange(8)).sum(axis=0)
print("order of the sequences:", order)
print("batch_sizes:", batch_sizes, "  together", batch_sizes.sum())
show_batch(
    staircase,
    alt="The same four lists sorted by length: 8, 6, 5 and 3 words. The filled cells form a staircase; "
    "the columns hold 4, 4, 4, 3, 3, 2, 1 and 1 of them.",
    caption="Sorted, the padding lies in one corner. Packed data are the filled cells, column by column; "
    f"batch_sizes counts them: {', '.join(map(str, batch_sizes))}.",
    names=order,
)

# %% [markdown]
# The recurrent step then runs on the first `batch_sizes[t]` rows only. A few lines of NumPy do
# it, and torch's own give the same:

# %%
x_sorted = x_four[order]
packed_by_hand = np.concatenate([x_sorted[:n, t] for t, n in enumerate(batch_sizes)])

h_packed = np.zeros((4, H))
start = 0
for n in batch_sizes:
    step_inputs = packed_by_hand[start : start + n]
    h_packed[:n] = np.tanh(step_inputs @ W_xh + h_packed[:n] @ W_hh + b_h)
    start += n
h_unsorted = np.zeros_like(h_packed)
h_unsorted[order] = h_packed  # back to the order in which they came

tools = nn.utils.rnn
packed = tools.pack_padded_sequence(
    torch.from_numpy(x_four), torch.from_numpy(lengths), batch_first=True, enforce_sorted=False
)
print("data as torch packs it:", np.array_equal(packed.data.numpy(), packed_by_hand))
print("batch_sizes of torch:  ", packed.batch_sizes.numpy())
packing_error = np.abs(h_unsorted - read_earlier).max()
print(f"last states, packed against read earlier: {packing_error:.1e}")

# %% [markdown]
# A row that has ended is not touched any more: its last real state simply stays in `h_packed`.
# That is why torch's `h_n` after a packed run *is* the last real state, and needs no
# `lengths - 1`.
#
# Three traps. `enforce_sorted=True`, the default, refuses lengths that do not fall. Somebody
# therefore sorts the sequences and forgets the **labels**, which stay in the old order: nothing
# complains, and training is at chance. With `enforce_sorted=False` torch sorts, and undoes it, by
# itself. The lengths must be on the CPU, whatever the data are on. And `pad_packed_sequence` pads
# to the longest sequence *of this batch*; say `total_length=T` where the shape must be that of
# the input.
#
# Is it faster? It takes fewer multiplications, and more, smaller pieces of memory to handle.

# %%
torch.manual_seed(0)
speed_gru = nn.GRU(32, 64, batch_first=True)
speed_lengths = torch.from_numpy(np.random.default_rng(1).integers(10, 61, size=32))
speed_x = torch.randn(32, 60, 32)
seconds = {"padded": [], "packed": []}
for _ in range(6):
    for name in seconds:
        began = time.process_time()
        given = speed_x
        if name == "packed":
            given = tools.pack_padded_sequence(
                speed_x, speed_lengths, batch_first=True, enforce_sorted=False
            )
        states = speed_gru(given)[0]
        (states.data if name == "packed" else states).sum().backward()
        seconds[name].append(time.process_time() - began)
real_share = float(speed_lengths.sum()) / (32 * 60)
ratio = np.median(seconds["packed"]) / np.median(seconds["padded"])
print(
    f"real tokens: {real_share:.0%} of the places; time packed / padded on this machine: {ratio:.1f}"
)

# %% [markdown]
# The ratio is that of your machine. Where this was written, on one CPU thread, it was about 1:
# the places saved were paid for in handling. So the models of this course pad, and read at
# `lengths - 1`. On a graphics card, or with lengths that differ more, packing may pay. Measure.
#
# ## 5 · A test that padding changes nothing
#
# "Padding never changes a result" is a **property**, and a property can be tested without knowing
# a single right answer. Say it precisely: *what a model gives for a row of a padded batch is what
# it gives for that sequence alone, without padding.* Whatever stands in the padding, however much
# of it there is, whoever else is in the batch.
#
# The next exercise asks for that test, and then turns the tables: its check runs *your test* on
# sixteen models. Five are right. Eleven let padding in, each in a way of its own: a mean
# over all steps, a maximum, a sum that is harmless as long as the padding is zero, rows that come
# back sorted. A test is as good as the wrong models that it catches.
#
# ### Exercise 4 · write the test
#
# *Difficulty: medium. Importance: high: this one test will save you days. 12 minutes.*
# `model(x, lengths)` takes `x` $(B, T, 3)$ and returns $(B, K)$, for a $K$ of its own. Return
# `True` if padding never changes its results, `False` if it does. All are NumPy arrays, and a batch
# may hold a single row. Draw your inputs from `rng`.
# The check tells you which wrong models pass, and which right ones you refuse; it does not tell
# how to catch them.
#
# <details><summary>Hint 1</summary>
# Draw lengths that differ and stand in no order, T larger than all of them, and numbers, not zeros, at
# *every* place, the padding included.
# </details>
# <details><summary>Hint 2</summary>
# Run the batch. Then run each row alone, cut to its length: <code>x[b : b + 1, :n]</code> with
# <code>lengths[b : b + 1]</code>.
# </details>
# <details><summary>Hint 3</summary>
# Right models differ by rounding. <code>np.allclose(..., atol=1e-5)</code>. And one draw may be lucky:
# take a few.
# </details>


# %%
def padding_test(model, rng):
    """Return whether model(x, lengths) -> (B, K) gives each row what it gives that row alone."""
    ### BEGIN SOLUTION
    for _ in range(5):
        lengths = rng.integers(1, 9, size=6)
        x = 10 * rng.normal(size=(6, 11, 3))
        together = model(x, lengths)
        for b, n in enumerate(lengths):
            alone = model(x[b : b + 1, :n], lengths[b : b + 1])
            if not np.allclose(together[b], alone[0], atol=1e-5):
                return False
    return True
    ### END SOLUTION


batching.padding_test(padding_test)

# %% [markdown] tags=["solution"]
# The comparison with the row *alone* does most of the work. Alone there is no padding at all, so
# neither its content nor its amount can be shared by both sides of the comparison, and a model that
# returns its rows in another order is caught as well. Numbers of size 10 in the padding make what
# leaks in large.

# %% [markdown]
# ## 6 · Batches of like length
#
# How much padding is there in practice? It depends on the spread of the lengths. Take the
# sentences of Python's manual (roughly: what stands between two full stops), and put them into
# batches of 32.

# %%
manual = load_text("manual")
sentence_lengths = np.array([len(s.split()) for s in manual.text.replace("\n", " ").split(". ")])
left_out = int((sentence_lengths > 100).sum())
sentence_lengths = sentence_lengths[(sentence_lengths > 0) & (sentence_lengths <= 100)]
print(f"{len(sentence_lengths):,} sentences of 1 to 100 words, mean {sentence_lengths.mean():.0f}")
print(f"({left_out} longer ones are left out)")

# %%
quiz.predict(
    "share",
    "Batches of 32 sentences, drawn at random, each padded to its longest. What share of all places is real?",
    ["about nine tenths", "about two thirds", "less than half"],
)


# %%
def real_places(lengths, batch_size):
    """Return the share of real places if batches are cut from `lengths` in this order."""
    batches = [lengths[i : i + batch_size] for i in range(0, len(lengths), batch_size)]
    return lengths.sum() / sum(len(batch) * batch.max() for batch in batches)


def in_buckets(lengths, rng, size):
    """Return lengths shuffled, cut into pools of `size`, and sorted within each pool."""
    shuffled = rng.permutation(lengths)
    return np.concatenate([np.sort(shuffled[i : i + size]) for i in range(0, len(lengths), size)])


ways = {
    "at random": lambda rng: rng.permutation(sentence_lengths),
    "sorted in pools of 20 batches": lambda rng: in_buckets(sentence_lengths, rng, 20 * 32),
    "all sorted": lambda rng: np.sort(sentence_lengths),
}
real = {
    name: np.array([real_places(make(np.random.default_rng(seed)), 32) for seed in range(5)])
    for name, make in ways.items()
}
plots.bars_with_spread(
    real,
    value_label="share of real places",
    limits=(0, 1.12),
    alt="Share of real places, five shuffles each: "
    + "; ".join(f"{name} {share.mean():.2f}" for name, share in real.items()),
    caption="Batches of 32 sentences. Put together by length, nearly all that is computed is real.",
)

# %%
random_share, pool_share = real["at random"].mean(), real["sorted in pools of 20 batches"].mean()
quiz.reveal(
    "share",
    "less than half"
    if random_share < 0.5
    else "about two thirds"
    if random_share < 0.8
    else "about nine tenths",
    f"{random_share:.2f}. One long sentence among 32 sets the width for all.",
)

# %% [markdown]
# Sorting *all* sentences would save most, but then the same sentences meet in one batch in
# every epoch. The usual compromise is **bucketing**:
# shuffle, take a pool of some twenty batches, sort within the pool, cut it into batches, and
# shuffle the batches. Random batches compute 2.8 <!-- =pool_share / random_share ±15% --> times as
# many places. The price: the sentences of a batch are alike in length, so its gradient stands a
# little less well for the whole text.
#
# ## 7 · Both ways
#
# Back to the lists of section 1. For each digit we want to know two things: is it *from* or *to*,
# and are these *metres* or *kilograms*? The first word stands before the digits, the unit after
# them. A network that reads from left to right knows the first when it meets a digit. The unit it
# cannot know.
#
# When the whole list is there before we answer, nothing forbids reading it from its end as well.
# A **bidirectional** network has two cells with weights of their own. One goes forward, one goes
# backward, and the answer at step $t$ reads both (Schuster and Paliwal 1997):
#
# $$\overrightarrow{h}_t = \overrightarrow{f}(\overrightarrow{h}_{t-1}, x_t), \qquad
# \overleftarrow{h}_t = \overleftarrow{f}(\overleftarrow{h}_{t+1}, x_t), \qquad
# o_t = [\overrightarrow{h}_t, \overleftarrow{h}_t]\, W_{hy} + b_y.$$
#
# The square brackets put the two rows side by side: $2H$ numbers.

# %%
deep_diagram(
    4,
    bidirectional=True,
    alt="A bidirectional network over four steps. Each input goes to a forward state and to a backward "
    "state. Solid arrows lead from each forward state to the next, dashed arrows from each backward "
    "state to the one before. Each output reads both states of its step.",
    caption="Two cells, no arrow between them. Forward states (solid) know what came before, backward "
    "states (dashed) what comes after. Only the outputs bring the two together.",
)

# %% [markdown]
# How good can each reader be, at best? The words are drawn independently, so the unit ahead is a
# coin to whoever has not read it. A forward reader knows the first half of the tag and guesses
# the other: $\tfrac12$ of the digits right. A backward reader knows the unit and guesses the
# first word: again $\tfrac12$. One that has read both: 1. Train the three. (`Tagger` is a GRU
# with a readout at every step. A token enters it as a row of zeros and a single one. Loss and
# accuracy leave the padding out.)

# %%
ids, tags, list_lengths = quantity_phrases(2, np.random.default_rng(23))
for row, labels, n in zip(ids, tags, list_lengths):
    print(
        "  ".join(f"{word} [{TAGS[tag]}]" for word, tag in zip(VOCAB.decode(row[:n]), labels[:n]))
    )

# %%
seed_everything(0)
tagger = Tagger(len(VOCAB), 16, len(TAGS), bidirectional=True)
tag_optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-2)
rng = np.random.default_rng(0)
for _ in range(steps(150)):
    x, tags, list_lengths, mask = both_ways.batch(32, rng)
    tag_optimizer.zero_grad()
    tag_loss = nn.functional.cross_entropy(tagger(x, list_lengths)[mask], tags[mask])
    tag_loss.backward()
    tag_optimizer.step()

x, tags, list_lengths, mask = both_ways.batch(300, np.random.default_rng(1))
digits_only = mask & (tags != both_ways.NO_NUMBER)
with torch.no_grad():
    said = tagger(x, list_lengths).argmax(dim=-1)
live_both = float((said == tags)[digits_only].float().mean())
print(f"both ways, 150 updates, here: {live_both:.3f} of the digits right")

# %%
tagging = experiments.results("both_ways", again=AGAIN)
tag_accuracy = {name: tagging[name]["accuracy"] for name in tagging.rows}
plots.bars_with_spread(
    tag_accuracy,
    baseline={"best one way": 0.5, "best both ways": 1.0},
    value_label="share of digits tagged right",
    limits=(0, 1.12),
    alt="Share of digits tagged right, three seeds each: "
    + "; ".join(f"{name} {values.mean():.2f}" for name, values in tag_accuracy.items()),
    caption="Each reader comes up to what is possible for it (dashed lines), within the chance of the draw. More "
    "units would not help those that read one way, and they have more weights already: what they lack has not been read.",
)

# %% [markdown]
# No cell, however good its memory, remembers the future. That is the one thing that a second
# direction adds. Where the tag is decided by what came before, it adds nothing of the kind.
#
# ### Padding again
#
# The backward cell starts at the end, and the end of a padded row is padding. If we just turn the
# array round, `x[:, ::-1]`, the backward cell walks through the padding *first* and arrives at
# the real steps with a spoiled state. Reading at the right place does not help now: padding comes
# before. Each row has to be turned round **within its own length**. What belongs at step $t$ of
# row $b$ is step
#
# $$n_b - 1 - t \qquad (t = 0, \dots, n_b - 1, \text{ as code counts})$$
#
# of the original. For $n_b = 3$: 2, 1, 0. Padding stays where it is, at the end.
#
# ### Exercise 5 · turn each row round
#
# *Difficulty: medium. Importance: high. 7 minutes.* Return `x` with every row reversed within its
# length. What stands in the padding afterwards does not matter. A loop over rows is fine; one
# indexing without a loop is the better exercise. The check does not look at speed.
#
# <details><summary>Hint 1</summary>
# With a loop: <code>turned[b, :n] = x[b, :n][::-1]</code>. Start from a copy: <code>x</code> is the
# caller's.
# </details>
# <details><summary>Hint 2</summary>
# Without: build an array <code>source</code> (B, T) that says for each place where its contents come
# from.
# </details>
# <details><summary>Hint 3</summary>
# Where <code>t &lt; n</code> that is <code>n - 1 - t</code>, elsewhere <code>t</code>:
# <code>np.where</code>. Then <code>np.take_along_axis(x, source[:, :, None], axis=1)</code>.
# </details>


# %%
def my_reverse(x, lengths):
    """Return x (B, T, D) with each row turned round within its length."""
    ### BEGIN SOLUTION
    t, n = np.arange(x.shape[1]), lengths[:, None]
    source = np.where(t < n, n - 1 - t, t)
    return np.take_along_axis(x, source[:, :, None], axis=1)
    ### END SOLUTION


batching.reverse_within_lengths(my_reverse)

# %% [markdown]
# From here on the lesson uses the course's own `reverse_within_lengths(x, lengths)`.
#
# ### The state that has read everything
#
# For *one* answer a sequence, many-to-one, a forward network uses its last state. And a
# bidirectional one? Ask of each half of each state what it has read. Change one input at a time
# and see which halves move.

# %%
rng = np.random.default_rng(3)
T, H = 8, 6
torch.manual_seed(3)
two_cells = nn.RNN(3, H, batch_first=True, bidirectional=True).double()
x_one = torch.from_numpy(rng.normal(size=(1, T, 3)))


def halves(x):
    """Return the forward and the backward states, (T, H) each, of one sequence."""
    with torch.no_grad():
        return two_cells(x)[0][0].split(H, dim=1)


has_read = np.zeros((2, T, T))  # half, step of the state, input that was changed
for k in range(T):
    changed = x_one.clone()
    changed[0, k] += 1
    for half, (before, after) in enumerate(zip(halves(x_one), halves(changed))):
        has_read[half, :, k] = (after - before).norm(dim=1) > 1e-12

fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.9), sharey=True)
for ax, read, title in zip(axes, has_read, ("forward half", "backward half")):
    ax.imshow(read, cmap="Blues", vmin=0, vmax=1.6)
    for step, k in np.argwhere(read > 0):
        ax.text(k, step, "•", ha="center", va="center", fontsize=13)
    ax.set(title=title, xlabel="input $x_k$ changed", xticks=range(T), yticks=range(T))
    ax.set_xticklabels(range(1, T + 1))
    ax.set_yticklabels(range(1, T + 1))
    ax.grid(False)
axes[0].set_ylabel("state at step $t$ moves")
inputs_read = has_read.sum(axis=2).astype(int)
plots.show(
    fig,
    alt="Two grids of eight by eight. In the forward half the state at step t moves with inputs 1 to t: a "
    "lower triangle. In the backward half it moves with inputs t to 8: an upper triangle.",
    caption="Which inputs each state has read. The forward half has read all at the last step, the backward "
    "half at the first. At the last step the backward half has read a single input.",
)

# %% [markdown]
# At the last step the backward half has read 1 <!-- =inputs_read[1, -1] --> input. Yet
# `output[:, -1]` is what many programs hand to the classifier. It does not crash and it even
# learns, from its forward half. The summary of a bidirectional network is
#
# $$[\,\overrightarrow{h}_{n_b},\ \overleftarrow{h}_{1}\,],$$
#
# the forward state at the last real step and the backward state at the *first*.
#
# ### Exercise 6 · both ways by hand
#
# *Difficulty: medium. Importance: high. 12 minutes.* Two one-way passes make a bidirectional one.
# Return `h` $(B, T, 2H)$, forward half first, both halves of `h[:, t]` belonging to $x_t$; and
# the `summary` $(B, 2H)$. `ahead` and `back` are `(W_xh, W_hh, b_h)`; both passes start from
# zeros. You may use `rnn_forward`, `reverse_within_lengths` and `last_real_state`. The check
# compares with torch's own layer on packed sequences; padded steps of `h` may hold anything.
#
# <details><summary>Hint 1</summary>
# The backward pass is a forward pass over the turned sequences. Its states come out in the order of
# reading: turn them round once more.
# </details>
# <details><summary>Hint 2</summary>
# <code>rnn_forward</code> returns states and a cache.
# </details>
# <details><summary>Hint 3</summary>
# Before it is turned back, the backward pass has read everything at its own last real step. Afterwards
# that state stands at index 0.
# </details>


# %%
def bidirectional_forward(x, lengths, ahead, back):
    """Return h (B, T, 2H) and summary (B, 2H) for x (B, T, D) and lengths (B,)."""
    ### BEGIN SOLUTION
    zero = np.zeros((len(x), len(ahead[1])))
    forward, _ = rnn_forward(x, zero, *ahead)
    turned_states, _ = rnn_forward(reverse_within_lengths(x, lengths), zero, *back)
    backward = reverse_within_lengths(turned_states, lengths)
    h = np.concatenate([forward, backward], axis=2)
    summary = np.concatenate([last_real_state(forward, lengths), backward[:, 0]], axis=1)
    return h, summary
    ### END SOLUTION


batching.bidirectional_forward(bidirectional_forward)

# %% [markdown]
# ## 8 · What reading both ways may not do
#
# A language model predicts the next character: the target at step $t$ is $x_{t+1}$. Make it
# bidirectional, and train it as in lesson 03, on windows of 32 characters.

# %%
quiz.predict(
    "leak",
    "Held-out perplexity of the two-way model on real text (a one-way model of about the same size has about 6):",
    ["about 6 as well", "about 3: it knows both sides", "close to 1"],
)

# %%
seed_everything(0)
peeking, windows = leak.trained(0, bidirectional=True, steps=200)
seed_everything(0)
honest, _ = leak.trained(0, bidirectional=False, steps=200)
place_nats = leak.by_position(peeking, windows).numpy()
live_leak, live_last = np.exp(place_nats.mean()), np.exp(place_nats[-1])
print(f"both ways, 200 updates: perplexity {live_leak:.2f}; at the last position {live_last:.1f}")

leaks = experiments.results("leak", again=AGAIN)
two_way, one_way = (leaks[name]["perplexity by position"] for name in ("both ways", "one way"))
overall = {name: leaks[name]["perplexity"].mean() for name in leaks.rows}
plots.curves(
    np.arange(1, 33),
    {"both ways": two_way, "one way": one_way},
    xlabel="position in the window",
    ylabel="perplexity",
    yscale="log",
    alt="Perplexity by position on a logarithmic axis. The one-way model starts at "
    f"{one_way[:, 0].mean():.0f} and falls below 6. The two-way model lies near 1 at positions 1 to 31 and "
    f"jumps to {two_way[:, -1].mean():.0f} at position 32.",
    caption="Near 1 at all positions but the last, where nothing has been read of what comes. There the "
    "two-way model is worse than the one-way one. (Mean and range of three seeds, 300 updates.)",
)

# %%
quiz.reveal(
    "leak",
    "close to 1" if live_leak < 2 else "about 3: it knows both sides",
    f"{overall['both ways']:.2f} on held-out text after 300 updates, against {overall['one way']:.1f} for "
    "one way. A number too good to be true.",
)

# %% [markdown]
# Why? The backward state at step $t$ has read $x_T, \dots, x_{t+1}, x_t$. Among them is
# $x_{t+1}$, the answer. Predicting it is a matter of copying. Only at the last position is the
# answer outside of the window. There the perplexity is 11 <!-- =two_way[:, -1].mean() ±25% -->,
# worse than the 5.5 <!-- =one_way[:, -1].mean() ±15% --> of the one-way model, which was trained
# to predict at every position and not at one, and whose one direction has 96 units, not 64.
#
# Held-out data do not save us: the leak is in the *model*, not in the split. What does show it is to
# use the model as it is meant to be used. A generator stands at the last position always.


# %%
def spoken(model, one_window, length, seed):
    """Return ids drawn one at a time from the model, each read with the 31 before it."""
    draw = torch.Generator().manual_seed(seed)
    ids = one_window.clone()
    for _ in range(length):
        with torch.no_grad():
            p = model(ids[None, -32:])[0, -1].softmax(dim=-1)
        ids = torch.cat([ids, torch.multinomial(p, 1, generator=draw)])
    return ids[len(one_window) :]


letters = ["�", *sorted(set(manual.text[:200_000]))]
words_known = set(re.findall("[a-z]{3,}", manual.text[:200_000]))
prompt, word_share = windows[20, :32], {}
print("after:  ", repr("".join(letters[i] for i in prompt)))
for name, model in (("both ways", peeking), ("one way", honest)):
    samples = [
        "".join(letters[i] for i in spoken(model, prompt, steps(400), seed)) for seed in (1, 2, 3)
    ]
    words = re.findall("[a-z]{3,}", " ".join(samples))
    word_share[name] = sum(word in words_known for word in words) / max(1, len(words))
    print(f"{name}:", repr(samples[0][:64]), f"  words that exist: {word_share[name]:.0%}")

# %% [markdown]
# Both have had 200 updates only, and neither writes English. But of the one-way model's words of
# three letters or more some exist in the manual, several times as many as of the other's. A
# perplexity of 1.1 should write like the manual itself. The test to keep is that of **causality**: change
# $x_{t+1}$, and the answer at step $t$ must stay what it was. (The clinic's check does it to your
# network.) So:
#
# - *Tagging, classifying, transcribing a recording that is there*: the whole sequence may be read, and
#   both ways is right.
# - *Predicting what comes next, generating, answering while the sound is still coming*: it may not.
#
# ## 9 · Layer upon layer
#
# A recurrent layer turns a sequence into a sequence of states. Another layer can read that sequence,
# and a third one the second's. The layers are **stacked**:
#
# $$h^{(l)}_t = f^{(l)}\big(h^{(l)}_{t-1},\ h^{(l-1)}_t\big), \qquad h^{(0)}_t = x_t.$$

# %%
deep_diagram(
    4,
    layers=2,
    alt="Two layers of states over four steps. Each input goes up to the first layer's state of its step, "
    "that to the second layer's, and that to the output; solid arrows lead from state to state within each "
    "layer.",
    caption="Each layer keeps a memory of its own. The second layer reads the first layer's states as its "
    "inputs.",
)

# %% [markdown]
# **Counting.** A GRU layer with one bias in its gates and $b_{hn}$ apart (lesson 06) has
# $3H(D + H + 1) + H$ parameters; torch's second biases make it $3H(D + H + 2)$. Every layer after
# the first reads $H$ numbers in place of $D$. With $L$ layers (not the loss here):
#
# $$3H(D + H + 2) + (L - 1)\,3H(2H + 2) \qquad \text{(torch's count)}.$$
#
# A bidirectional layer counts twice, and the layer above it reads $2H$. That is a **deep
# bidirectional** network: in torch's, and in ours, every layer reads *both* halves of the one below.


# %%
def gru_parameters(D, H, layers=1, directions=1):
    """Return torch's number of parameters of a stack of GRU layers."""
    total, below = 0, D
    for _ in range(layers):
        total += directions * 3 * H * (below + H + 2)
        below = directions * H
    return total


for D, H, layers, directions in ((10, 32, 1, 1), (10, 32, 3, 1), (10, 32, 1, 2), (10, 32, 3, 2)):
    torchs = parameters(nn.GRU(D, H, layers, bidirectional=directions == 2))
    ours = gru_parameters(D, H, layers, directions)
    print(f"{layers} layers, {directions} directions: formula {ours:>6,}, torch {torchs:>6,}")

# %%
deep_diagram(
    4,
    layers=2,
    bidirectional=True,
    alt="Two bidirectional layers over four steps. Both cells of the second layer read both states of the "
    "first layer at their step.",
    caption="Deep and bidirectional: the second layer's forward cell reads the first layer's backward "
    "states too. From layer 2 on, every state has the whole sequence behind it.",
)

# %% [markdown]
# **What does depth add?** In a convolutional network each layer sees a wider stretch of the
# input. Not here: the first layer's $h^{(1)}_t$ has everything up to $t$ within its reach already
# (section 7's triangle), and the second layer's reach is the same. What grows is the number of
# *steps of computation* between an input and the state of the same moment: one in the first
# layer, $L$ in the last. So depth may add levels of description. Does it? Look into trained
# stacks. The text is the manual's; each network got 300 updates at a learning rate of 0.004. A **linear probe** asks what
# can be read off the states of one layer by a linear map: the character just read, one of $k$
# steps ago, or the one to come. For comparison the same probes on the same networks *before*
# training.

# %%
stacked = experiments.results("stacked_layers", again=AGAIN)
two = stacked["2 layers of 160"]
trained_probe, raw_probe = two["probes"].mean(axis=0), two["probes untrained"].mean(axis=0)
(_, probed), _ = characters.manual_parts(200_000, 40_000)
probed = characters.in_rows(probed, 40)[20:, 32:511].numpy()  # what judged the probes
commonest = np.bincount(probed.ravel()).max() / probed.size
asked_for = ["to come", "just read", "1 ago", "2 ago", "4 ago", "8 ago"]

fig, axes = plt.subplots(1, 2, figsize=(10.5, 2.6), sharey=True)
for ax, table, title in zip(axes, (raw_probe, trained_probe), ("untrained", "trained")):
    ax.imshow(table, cmap="Blues", vmin=0, vmax=1.3, aspect="auto", origin="lower")
    for (layer, k), share in np.ndenumerate(table):
        ax.text(
            k,
            layer,
            f"{share:.2f}",
            ha="center",
            va="center",
            fontsize=12,
            color="white" if share > 0.75 else "black",
        )
    ax.set(title=title, xlabel="character asked for", yticks=range(2), xticks=range(6))
    ax.set_xticklabels(asked_for, fontsize=11)
    ax.set_yticklabels(["layer 1", "layer 2"])
    ax.grid(False)
plots.show(
    fig,
    alt="Two tables of probes, two layers by six characters asked for. Untrained, the character to come is "
    f"read off with {raw_probe[0, 0]:.2f} and {raw_probe[1, 0]:.2f} from layers 1 and 2, the one of two "
    f"steps ago with {raw_probe[0, 3]:.2f} and {raw_probe[1, 3]:.2f}. Trained, the one to come with "
    f"{trained_probe[0, 0]:.2f} and {trained_probe[1, 0]:.2f}, that of two steps ago with "
    f"{trained_probe[0, 3]:.2f} and {trained_probe[1, 3]:.2f}.",
    caption="What a linear probe reads off each layer of 160 units (share right, mean of three seeds). "
    "Trained, the upper layer knows less of what was read and more of what comes. Untrained it is the other "
    f"way round: more of the older characters, less of what comes. Guessing the commonest one: {commonest:.2f}.",
)

# %%
print("the character to come, from the lowest layer to the top one:")
for name in ("2 layers of 160", "2 layers of 96", "3 layers of 75, added", "3 layers of 75"):
    for seed, layers in enumerate(stacked[name]["probes"][:, :, 0]):
        rises = "rises" if (np.diff(layers) > 0).all() else "does not rise"
        print(f"{name:<22} seed {seed}: {layers.round(2)} {rises}")

# %% [markdown]
# The lower layer holds the last three characters about as well as an untrained one, or better. In
# the upper layer the past is given up, from 0.67 <!-- =trained_probe[0, 3] ±12% --> to 0.50
# <!-- =trained_probe[1, 3] ±12% --> for the character of two steps ago, and the one to come takes
# shape: from 0.44 <!-- =trained_probe[0, 0] ±12% --> to 0.49 <!-- =trained_probe[1, 0] ±12% -->.
# The untrained network is the control, and it does the opposite on both counts. So the loss of the
# past is learned, and so is the rise. The rise is small. It is there in every seed of the stacks of
# two, and of three layers *added* (each layer from the second on hands up its state plus what it
# read; more of that in a moment). In the plain stack of three, badly trained at this rate, it
# fails at the top in two seeds of three. Note what the probes do not say: they show what is *linearly* there, not
# what the network uses.
#
# **Is the result better?** Slides say: "Stacking gives more accurate results." Compare one layer
# with three plain ones and three that add, all of about 100,000 parameters. A learning rate that
# suits one need not suit another. So each is trained at four of them, and each keeps the one that
# is best on validation text. Other text judges.

# %%
quiz.predict(
    "stack",
    "Test perplexity after 300 updates, each at its own best rate. Compared with one layer of 160, three "
    "plain layers of 75 are",
    ["clearly better", "the same within the seeds", "clearly worse"],
)

# %%
by_rate = experiments.results("stacked_rates", again=AGAIN)
validated, tested = (
    {
        name: np.stack([by_rate[f"{name}, rate {lr}"][part] for lr in RATES], axis=1)
        for name in STACKS
    }
    for part in ("validation", "test")
)
best_rate = {name: int(values.mean(axis=0).argmin()) for name, values in validated.items()}
stack_ppl = {name: tested[name][:, best_rate[name]] for name in STACKS}
plots.curves(
    np.array(RATES),
    tested,
    xlabel="learning rate",
    ylabel="test perplexity",
    xscale="log",
    alt="Test perplexity against the learning rate, three seeds each. "
    + "; ".join(
        f"{name}: " + ", ".join(f"{values[:, i].mean():.2f} at {lr}" for i, lr in enumerate(RATES))
        for name, values in tested.items()
    ),
    caption="At small rates the plain stack of three is far behind, at larger ones it depends on the seed. With what "
    "each layer reads added to what it gives, three layers are level with one. (Mean and range of three seeds.)",
)

# %%
one_layer, three_layers, three_added = stack_ppl.values()
stack_verdict = (
    "clearly worse"
    if three_layers.min() > one_layer.max()
    else "clearly better"
    if three_layers.max() < one_layer.min()
    else "the same within the seeds"
)
for name, i in best_rate.items():
    size = int(stacked[name]["parameters"][0])
    print(f"{name:<22} {size:>8,} parameters, rate {RATES[i]}: {stack_ppl[name].round(2)}")

# %%
quiz.reveal(
    "stack",
    stack_verdict,
    f"One layer {one_layer.mean():.2f}, three plain ones {three_layers.mean():.2f}, three that add "
    f"{three_added.mean():.2f}.",
)

# %% [markdown]
# Look at the smallest rate alone, and the plain stack seems hopeless: 11
# <!-- =tested["3 layers of 75"][:, 0].mean() ±20% --> against 5.9
# <!-- =tested["1 layer of 160"][:, 0].mean() ±8% -->. Part of that is the rate. At its best one the
# stack is at 5.4 <!-- =three_layers.mean() ±35% -->, one layer at 4.2 <!-- =one_layer.mean() ±8% -->.
# It is still worse, and it cannot be relied on: two seeds are near one layer, the third is not.
#
# A known help is to *add* what a layer reads to what it gives, $h^{(l)}_t + h^{(l-1)}_t$, from the
# second layer on: a **residual** or **skip** connection. Then the gradient has a way round the
# upper layers, lesson 05's direct path, upwards instead of along time. With it the same three layers
# train at every rate tried and reach 4.1 <!-- =three_added.mean() ±8% -->: level with one layer, for
# the difference is within the seeds.
#
# So depth brought nothing on this text in this time; adding brought layers that train as surely as
# one. Longer training was not tried. Speech recognisers, trained far longer, gained much from depth
# (Graves et al. 2013). Two layers are a usual choice. Measure whether yours earn their keep, and
# choose the rate for each before you compare.
#
# ### Reading `h_n`
#
# torch hands back two things: `output`, the top layer's states at all steps, and `h_n`, the last
# state of *every* layer and direction. Its shape is
#
# $$(\text{layers} \cdot \text{directions},\ B,\ H),$$
#
# also under `batch_first=True`. The first axis counts layer 0 forward, layer 0 backward, layer 1
# forward, layer 1 backward, and so on. (The n of the name stands for "last".) "Last" means where
# each cell stopped: for a backward cell that is the first step. So the summary of section 7 is in `h_n` already, in its last two rows, provided
# that the batch was packed or has no padding; otherwise its forward cell stopped, and its
# backward cell began, in the padding. The two rows only have to be put side by side. Watch two
# ways of doing that, on numbers that say where they come from: 3 sequences, forward states 10,
# 20, 30, backward states 11, 21, 31, each twice ($H = 2$).

# %%
h_n_small = np.array([[[10, 10], [20, 20], [30, 30]], [[11, 11], [21, 21], [31, 31]]])
print("h_n, shape", h_n_small.shape)
print("reshape(3, 4):\n", h_n_small.reshape(3, 4))
print("what it should be:")
for sequence in ("10 10 11 11", "20 20 21 21", "30 30 31 31"):
    print(f"   {sequence}")

# %% [markdown]
# Same shape, no error. The first has put sequences 0 and 1 into one row. `reshape` (torch:
# `view`) cuts the numbers in the order in which they lie in memory; it never moves an axis. First
# bring the batch to the front, then flatten.
#
# ### Exercise 7 · read h_n right
#
# *Difficulty: easy. Importance: high. 5 minutes.* Return the top layer's last states, forward
# then backward, $(B, \text{directions} \cdot H)$. `h_n` comes as a NumPy array. The check compares
# with the `output` of torch's own layers, also where $B$ happens to be layers · directions (there a
# forgotten axis does not show in the shape); LSTMs, whose `h_n` has the same
# shape, are not tried.
#
# <details><summary>Hint 1</summary>
# Which rows of the first axis belong to the top layer? It stands last.
# </details>
# <details><summary>Hint 2</summary>
# <code>h_n[-directions:]</code> is (directions, B, H).
# </details>
# <details><summary>Hint 3</summary>
# <code>np.moveaxis(..., 0, 1)</code>, then <code>reshape(B, -1)</code>. Or concatenate the rows along
# the last axis.
# </details>


# %%
def summary_from_h_n(h_n, layers, directions):
    """Return (B, directions * H) of the top layer from h_n (layers * directions, B, H)."""
    ### BEGIN SOLUTION
    top = h_n[-directions:]
    return np.moveaxis(top, 0, 1).reshape(h_n.shape[1], -1)
    ### END SOLUTION


batching.summary_from_h_n(summary_from_h_n)

# %% [markdown]
# ## 10 · Dropout in time
#
# Section 12 of lesson 03 ended with a network that learned ten thousand characters by heart, and
# with a promise of a better remedy: **dropout** (Srivastava et al. 2014). In
# training, set each number to zero with probability $p$, and divide the others by $q = 1 - p$, so
# that the mean stays what it was. With a mask $m$ of zeros and ones, drawn by
# chance (another mask than that of the padding),
#
# $$h \quad\text{becomes}\quad \frac{m}{q} \odot h, \qquad P(m = 1) = q.$$
#
# No unit can rely on another one being there. In evaluation nothing is dropped. In torch a module
# must be *told* which of the two it is in, by `model.train()` and `model.eval()`. Forget the
# second:

# %%
seed_everything(0)
with_dropout = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Dropout(0.5), nn.Linear(32, 1))
one_input = torch.ones(1, 4)
with torch.no_grad():
    forgotten = [float(with_dropout(one_input)) for _ in range(4)]
    with_dropout.eval()
    told = [float(with_dropout(one_input)) for _ in range(4)]
print("no eval():", np.round(forgotten, 2))
print("eval():   ", np.round(told, 2))

# %% [markdown]
# The same input, four answers. (`no_grad` is another matter: it saves the memory of the way back,
# and leaves dropout on.) The course's `fit` calls `eval()` at its end.
#
# Where in a recurrent network? torch's `dropout=0.5` acts on what one *layer* hands up to the
# next: that is the place between the layers, exercise 10's. With one layer there is no next, and
# nothing is dropped:

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    single = nn.GRU(4, 8, num_layers=1, dropout=0.5, batch_first=True)
x_any = torch.randn(2, 5, 4)
same_twice = torch.equal(single(x_any)[0], single(x_any)[0])
print("torch warns:", str(caught[0].message).split(",")[0])
print("in training mode, the same output twice:", same_twice)

# %% [markdown]
# And on the state itself, on its way from step to step? Here time enters. Take the purest memory
# there is: a unit that hands on what it holds, $h_t = h_{t-1}$. Drop it in every step, with a
# **new mask each step**, all independent:
#
# $$h_T = h_0 \prod_{t=1}^T \frac{m_t}{q}.$$
#
# How well can $h_0$ be read off $h_T$? Compare the mean with the scatter: mean² / variance, signal
# to noise. The mean is $h_0$, for each factor has the mean 1. Now the square. $m_t^2 = m_t$, so
# $E[(m_t/q)^2] = q/q^2 = 1/q$, and $E[h_T^2] = h_0^2\, q^{-T}$. With
# $\text{variance} = E[h_T^2] - (\text{mean})^2$,
#
# $$\text{variance} = h_0^2\,\big(q^{-T} - 1\big), \qquad
# \frac{\text{mean}^2}{\text{variance}} = \frac{1}{q^{-T} - 1} \approx q^T .$$
#
# The signal drowns exponentially: the unit survives all $T$ masks with probability $q^T$. For
# $p = 0.25$ and $T = 20$ that is 0.0032 <!-- =0.75**20 -->. Lesson 04 had $\gamma^T$, this is
# $q^T$: noise at every step is one more way to forget.
#
# Now draw **one mask for the whole sequence**, an idea of Gal and Ghahramani (2016), "variational"
# dropout. First put it naively, on what is carried. A unit is out for good or in for good:
# $h_T = h_0 (m/q)^T$. With probability $q$ it is $h_0 q^{-T}$, else 0; so
# $E[h_T^2] = q \cdot h_0^2\, q^{-2T}$.
#
# $$\text{mean} = h_0\, q^{1-T}, \qquad E[h_T^2] = h_0^2\, q^{1 - 2T}, \qquad
# \frac{\text{mean}^2}{\text{variance}} = \frac{q^{2-2T}}{q^{1-2T} - q^{2-2T}} = \frac{q}{1 - q}.$$
#
# (Divide above and below by $q^{1-2T}$.) $T$ has cancelled: for $p = 0.25$ the ratio is 3 <!-- =0.75 / 0.25 -->, after one step or a
# thousand. What is kept is remembered undisturbed. But look at the mean: $q^{1-T}$ *grows*. The
# factor $1/q$ is applied again at every step. We shall meet that again. First the machine check,
# with 200,000 draws:

# %%
p_drop = 0.25
q = 1 - p_drop
horizon = np.arange(1, 17)
rng = np.random.default_rng(4)
fresh = np.cumprod((rng.random((200_000, 16)) < q) / q, axis=1)
kept = ((rng.random((200_000, 1)) < q) / q) ** horizon
ratio_fresh, ratio_kept = (h.mean(axis=0) ** 2 / h.var(axis=0) for h in (fresh, kept))
formula_fresh, formula_kept = 1 / (q ** -horizon.astype(float) - 1), np.full(16, q / (1 - q))
formula_error = max(
    np.abs(ratio_fresh / formula_fresh - 1)[:12].max(), np.abs(ratio_kept / formula_kept - 1).max()
)
print(f"largest relative difference of simulation and formula: {formula_error:.1%}")
print("(new masks: first 12 steps; later too few of the draws survive to average well)")
plots.curves(
    horizon,
    {
        "one mask": ratio_kept,
        "new masks": ratio_fresh,
        "$1/(q^{-T}-1)$": formula_fresh,
    },
    xlabel="steps T",
    ylabel="mean² / variance",
    yscale="log",
    alt="Signal to noise of a remembered number on a logarithmic axis over 16 steps. With one mask it stays at "
    f"3; with a new mask each step it starts at 3 and falls to {ratio_fresh[-1]:.2f}, along the formula.",
    caption="A remembered number under dropout with p = 0.25. With a new mask each step the signal sinks into "
    "the noise like q to the power T; with one mask it does not sink.",
)

# %% [markdown]
# Does it happen in a trained network, which might defend itself? A GRU of 48 units must keep
# something through up to 30 **blanks**, steps that bring nothing but noise, and report it at the end:
# one of eight **symbols**, or a **number** drawn evenly between -1 and 1. Its own state is dropped on
# the way from step to step, $p = 0.25$. The error is the share of wrong symbols; of a number it is the
# root of the mean square, so that always saying 0 has $\sqrt{1/3} = 0.58$
# <!-- =1 / np.sqrt(3) -->. Sequences are drawn afresh for ever, so there is nothing to overfit:
# dropout can only cost here, and we look at how much.

# %%
quiz.predict(
    "keep",
    "Trained with a new mask at every step, tested without dropout: after 30 blanks the error of the number is",
    [
        "that of a network without dropout: it spreads the number over its units",
        "several times as large, but the number is not lost",
        "0.58: nothing is left of it",
    ],
)

# %%
memory = experiments.results("dropout_on_memory", again=AGAIN)
blanks = [1, 5, 10, 20, 30]
print(f"{'blanks':<36}    " + "".join(f"{n:>7}" for n in blanks) + "\n" + " " * 32 + "dropout")
for name in memory.rows:
    for mode in ("dropout off", "dropout on"):
        if "no dropout" in name and mode == "dropout on":
            continue
        values = memory[name][mode].mean(axis=0)
        print(f"{name:<36}{mode[8:]:>4}" + "".join(f"{v:7.3f}" for v in values))

off, on = (
    {name: memory[name][f"dropout {mode}"] for name in memory.rows} for mode in ("off", "on")
)
symbol_5, symbol_30 = (on["symbol, a new mask each step"][:, i].mean() for i in (1, 4))
none_off = off["number, no dropout"][:, -1].mean()
fresh_5, fresh_30 = (on["number, a new mask each step"][:, i].mean() for i in (1, 4))
read_30 = on["number, one mask, scaled where read"][:, -1].mean()
kept_on, kept_off = (way["number, one mask"][:, -1].mean() for way in (on, off))
read_off, fresh_off = (
    off[f"number, {name}"][:, -1].mean()
    for name in ("one mask, scaled where read", "a new mask each step")
)

# %%
quiz.reveal(
    "keep",
    "0.58: nothing is left of it"
    if fresh_off > 0.5
    else "several times as large, but the number is not lost"
    if fresh_off > 2 * none_off
    else "that of a network without dropout: it spreads the number over its units",
    f"{fresh_off:.2f}, against {none_off:.3f} of a network that was trained without dropout.",
)

# %% [markdown]
# The same with dropout left *on* in the test shows the noise itself. (The third way, "scaled where
# read", is explained below.)

# %%
plots.curves(
    blanks,
    {
        "new mask each step": on["number, a new mask each step"],
        "one mask": on["number, one mask"],
        "one, scaled where read": on["number, one mask, scaled where read"],
        "no dropout": on["number, no dropout"],
    },
    baseline={"always saying 0": 1 / np.sqrt(3)},
    xlabel="blanks through which the number is kept",
    ylabel="error of the number, dropout on",
    yscale="log",
    alt="Root mean square error of the number against the blanks through which it is kept, dropout on, on a logarithmic axis. "
    f"With new masks it rises from {fresh_5:.2f} after 5 blanks to {fresh_30:.2f} after 30; with one mask, scaled "
    f"where it is read, it stays near {read_30:.2f}.",
    caption="With a new mask each step the error grows from 5 blanks on, far more slowly than for the single unit of "
    "the derivation. With one mask it does not. (Mean and range of three seeds.)",
)

# %% [markdown]
# The network defends itself. One unit alone would be lost after thirty steps. Spread over 48 units
# and averaged at every step, the number is only a little more wrong each time: with dropout on 0.14
# <!-- =fresh_5 ±15% --> after 5 blanks, 0.21 <!-- =fresh_30 ±15% --> after 30. (That one blank is
# worse than five, without dropout too, is not explained here; training drew 1 to 30 alike, so a
# single blank was rare.) The symbol wears away as well: 3% <!-- =symbol_5 ±25% --> of the answers are
# wrong after 5 blanks, 14% <!-- =symbol_30 ±15% --> after 30, and the seeds differ much. With **one
# mask** the error of the number does not grow beyond the spread.
#
# The row "one mask" has a surprise, though. With dropout *on* its error after 30 blanks is 0.13
# <!-- =kept_on ±20% -->. With dropout *off*, as one would use it, it is 0.58
# <!-- =kept_off ±10% -->, that of always saying 0. Nothing is left of the number. Remember the mean
# that grew like $q^{1-T}$. In training every kept unit was multiplied by $1/q$ at every step, and
# the network learned to live with it. Without dropout the factor is gone, and its memory fades.
#
# The last row mends it. Multiply what is *carried* by 0 or 1 alone, and put the $1/q$ where the state
# is *read*: in the products with a weight, $\tfrac1q\, h_{t-1} W_{hh}$, and in the readout. The
# direct path $z \odot h_{t-1}$ meets no $1/q$ at all. And then, one may as well leave what is carried
# alone and put the whole mask where it is read,
#
# $$\Big(\frac mq \odot h_{t-1}\Big) W_{hh} \qquad\text{and}\qquad
# \Big(\frac mq \odot h_T\Big) W_{hy},$$
#
# for a unit that nobody reads is as good as dropped. That is where Gal and Ghahramani put it, and it
# is called **recurrent dropout** (in Keras `recurrent_dropout=0.25`; torch has no switch for it). Here
# it is by hand, against the network of the last row with the same weights and the same mask:

# %%
theirs = dropout_on_memory.Keeper(D=9, H=48, K=1, masks="read", p=p_drop)
x_kept = torch.randn(5, 31, 9)
torch.manual_seed(7)
answers = theirs(x_kept)
torch.manual_seed(7)
mask_read = torch.bernoulli(torch.full((5, 48), q)) / q  # once, for all steps
h_t = torch.zeros(5, 48)
for a_t in theirs.from_x(x_kept).unbind(dim=1):
    r, z, n = a_t.chunk(3, dim=1)
    h_r, h_z, h_n = theirs.from_h(mask_read * h_t).chunk(3, dim=1)  # read: dropped
    z = torch.sigmoid(z + h_z)
    n = torch.tanh(n + torch.sigmoid(r + h_r) * h_n)
    h_t = (1 - z) * n + z * h_t  # carried: whole
by_hand = theirs.readout(mask_read * h_t)
not_dropped = theirs.eval()(x_kept)
print(f"largest difference of the answers: {(answers - by_hand).abs().max().item():.0e}")
print(f"... from those without dropout:    {(answers - not_dropped).abs().max().item():.0e}")

# %% [markdown]
# With it the error with dropout off is 0.04 <!-- =read_off ±40% -->. That is still three times the
# 0.012 <!-- =none_off ±40% --> of the network that never knew dropout: its price, on a task with
# nothing to cure. A factor inside a loop is a power. Place it with care.
#
# ### Exercise 8 · one mask for all steps
#
# *Difficulty: easy. Importance: medium. 5 minutes.* For what a layer hands *up*, not along, the
# simple form is right: multiply all states `h` $(B, T, H)$ by one mask a sequence, 0 or
# $1/(1-p)$, the same at all steps. Draw from `rng`. The check looks at what the masks have in
# common: how many numbers are kept, by which factor, what changes from step to step, from row to
# row, from unit to unit. It does not look at speed.
#
# <details><summary>Hint 1</summary>
# Which shape must the mask have so that multiplying uses it again at every step?
# </details>
# <details><summary>Hint 2</summary>
# An axis of length 1 is repeated: (B, 1, H).
# </details>
# <details><summary>Hint 3</summary>
# <code>rng.random(shape) &gt;= p</code> is true with probability 1 - p.
# </details>


# %%
def drop_once(h, p, rng):
    """Return h (B, T, H) with units dropped for whole sequences, each with probability p."""
    ### BEGIN SOLUTION
    keep = rng.random((h.shape[0], 1, h.shape[2])) >= p
    return h * keep / (1 - p)
    ### END SOLUTION


batching.drop_once(drop_once)

# %% [markdown]
# ### The ten thousand characters again
#
# Lesson 03's small text, 10,000 characters to train on, 5,000 to choose the moment by, 10,000 to
# judge. A GRU of 128 units, 700 updates. Dropout with $p = 0.2$ on the embeddings and $p = 0.5$
# before the readout, with new masks and with one mask. (Neither $p$ was tuned.)

# %%
small_text = experiments.results("dropout_on_text", again=AGAIN)
looks = np.arange(50, 701, 50)
plots.curves(
    looks,
    {name: small_text[name]["validation curve"][:, 1:] for name in small_text.rows},
    xlabel="updates",
    ylabel="validation perplexity",
    alt="Validation perplexity from update 50 to 700, three settings. Without dropout it falls "
    f"to about {small_text['none']['validation curve'].min(axis=1).mean():.1f} near update 250 and rises "
    f"to {small_text['none']['validation curve'][:, -1].mean():.1f}; with dropout, of either kind, it falls more "
    "slowly, further, and stays down.",
    caption="Without dropout the curve turns and rises. With dropout it learns more slowly, gets lower, and stays "
    "there. (Mean and range of three seeds.)",
)

# %%
small_train, _, small_test = characters.manual_parts(10_000, 5_000, 10_000)[0]
counted = n_gram_probabilities(small_train, small_test, 1 + small_train.max(), largest=3)
trigram = np.exp(-np.log(counted["trigram"]).mean())
print(f"lesson 03's trigram, counted from the same text: {trigram:.1f} on the test text")
print("perplexity:            test, at lowest validation  test, at the end   training, at the end")
for name in small_text.rows:
    row = small_text[name]
    trained_end = row["training curve"][:, -1].round(1)
    print(
        f"{name:<22} {row['test at best'].round(2)!s:<27} {row['test at end'].round(2)!s:<18} {trained_end}"
    )
none_end, none_best = (small_text["none"][f"test at {when}"].mean() for when in ("end", "best"))
none_train = small_text["none"]["training curve"][:, -1].mean()
drop_train = small_text["a new mask each step"]["training curve"][:, -1].mean()
drop_end = np.array(
    [small_text[name]["test at end"] for name in ("a new mask each step", "one mask a sequence")]
)

# %% [markdown]
# Without dropout the test perplexity at the end is 10.2 <!-- =none_end ±8% -->; early stopping
# brings it to 8.9 <!-- =none_best ±6% -->. With dropout it is 8.6
# <!-- =drop_end[0].mean() ±6% --> and 8.7 <!-- =drop_end[1].mean() ±6% --> at the end, without
# anybody stopping anything. The overfitting is smaller, not gone: on the training text the
# perplexity is 3.1 <!-- =drop_train ±12% --> with dropout and 1.8 <!-- =none_train ±15% --> without.
# What is cured is the rise. And lesson 03's trigram, 9.8 <!-- =trigram ±5% --> from the same
# characters, is beaten: with
# dropout on every seed; without, at the end, on one seed of three only.
#
# Between the two kinds of mask there is no difference beyond the spread: here the masks sit on the
# way up, not on the way along, so the derivation has nothing to say about them. (The curves cannot
# be compared with lesson 03's digit by digit: other cell, other batches.)
#
# ## 11 · An image, row by row
#
# Many-to-one on real data: 1,797 handwritten digits of 8 × 8 pixels. Read one from the top, a row
# a step: $T = 8$, $D = 8$. Or pixel by pixel: $T = 64$, $D = 1$.

# %%
(digit_x, digit_y), (digit_test_x, digit_test_y) = digit_rows(seed=0)
fig, axes = plt.subplots(1, 3, figsize=(9.6, 2.9), width_ratios=(1, 1, 2.2))
image = digit_x[4]
axes[0].imshow(image, cmap="Greys")
axes[0].set(title=f"a {digit_y[4]}", xticks=[], yticks=[])
for t in range(8):
    axes[1].imshow(
        image[t : t + 1],
        cmap="Greys",
        extent=(0, 8, 9.2 * (8 - t), 9.2 * (8 - t) - 6),
        vmin=0,
        vmax=1,
    )
axes[1].set(
    title="8 steps of 8", xlim=(-0.3, 8.3), ylim=(0, 75), xticks=[], yticks=[], aspect="auto"
)
axes[2].step(np.arange(64), image.ravel(), where="mid", color=plots.COLORS[0])
axes[2].set(title="64 steps of 1", xlabel="pixel", yticks=[0, 1])
for ax in axes:
    ax.grid(False)
plots.show(
    fig,
    alt=f"A handwritten {digit_y[4]} of 8 by 8 pixels; the same as eight separate rows; the same as a series of 64 "
    "values between 0 and 1.",
    caption="One image, read in two ways. By pixel, what stands one above the other in the image is eight steps apart.",
)

# %%
from sklearn.linear_model import LogisticRegression

flat_scores = []
for seed in range(3):
    (x_train, y_train), (x_test, y_test) = digit_rows(seed=seed)
    flat = LogisticRegression(max_iter=300).fit(x_train.reshape(len(x_train), -1), y_train)
    flat_scores.append(flat.score(x_test.reshape(len(x_test), -1), y_test))
print("logistic regression on all 64 pixels, three splits:", np.round(flat_scores, 3))

# %%
quiz.predict(
    "pixels",
    "A GRU reads row by row and gets about 0.97 right, after 25 epochs (readings of the whole training "
    "part). A GRU of that size reads pixel by pixel, 20 epochs. It gets",
    ["about the same: the same 64 numbers come in", "about 0.8", "about 0.1: chance"],
)

# %%
images = experiments.results("digits_deeper", again=AGAIN)
image_accuracy = {name: images[name]["accuracy"] for name in images.rows}
plots.bars_with_spread(
    {"logistic regression": np.array(flat_scores), **image_accuracy},
    value_label="accuracy on held-out images",
    alt="Accuracy on held-out images, three splits each: "
    + "; ".join(f"{name} {values.mean():.3f}" for name, values in image_accuracy.items())
    + f"; logistic regression {np.mean(flat_scores):.3f}.",
    caption="Networks of 7,800 to 8,900 parameters. Row by row they are a little above a logistic regression, or "
    "level with it; pixel by pixel all fall behind, and the tanh RNN depends on seed and split.",
)

# %%
rows_one, rows_two_ways = image_accuracy["rows, one way"], image_accuracy["rows, both ways"]
pixels_one, pixels_rnn = image_accuracy["pixels, one way"], image_accuracy["pixels, tanh RNN"]
quiz.reveal(
    "pixels",
    "about 0.8"
    if 0.5 < pixels_one.mean() < 0.93
    else "about the same: the same 64 numbers come in"
    if pixels_one.mean() >= 0.93
    else "about 0.1: chance",
    f"{pixels_one.mean():.2f} against {rows_one.mean():.2f}. By pixel the top of the image lies some sixty "
    "steps back, and a stroke downwards is a pattern at a distance of eight.",
)

# %%
print("accuracy above the logistic regression's on the same split, in percent")
for name in ("rows, one way", "rows, both ways", "rows, two layers"):
    print(f"{name:<17}", (100 * (image_accuracy[name] - flat_scores)).round(1))
two_ways_gain = image_accuracy["pixels, both ways"] - pixels_one
print("\npixels, both ways above one way:", (100 * two_ways_gain).round(1))

# %% [markdown]
# Three readings. *First*, row by row a single layer, one way or both ways, is above a plain logistic
# regression on every split, by a percent or two; two layers are on a level with it. A good exercise
# and no triumph. *Second*, $T = 64$ costs accuracy, and certainty: the tanh RNN ends between 0.32
# <!-- =pixels_rnn.min() ±40% --> and 0.84 <!-- =pixels_rnn.max() ±8% -->, as lesson 04 would lead one
# to expect. (All after 20 epochs at one learning rate; longer training was not tried.) *Third*, by
# rows, with as many parameters, two directions or two layers are no better than one, beyond the
# spread: the last state has seen the whole image anyway. By pixels two directions are ahead on all
# three splits, by one to three percent: no pixel is further than 32 steps from the end of one of the
# two readings.
#
# ## 12 · A word among sounds
#
# Many-to-many, on a stream. A device waits for one sound, its **trigger**, and must speak up
# right after it. Ours is a chirp that glides up and then down. Other sounds are in the way: one
# that goes up, one that goes down, one that goes down and then up, one that goes up and stays, one
# that stays and goes down, steady ones high and low, a hiss. The clips
# are made, two seconds long, so that everything about them is known.
#
# A network does not read 8,000 samples a second. The sound is cut into short **frames** of
# 32 ms, a new one every 16 ms, so that they overlap by half. Of each frame the power in 24 bands of pitch is taken, narrow bands for low pitch and
# wide ones for high, as the ear does (the *mel* scale), and of that the logarithm. The picture of
# it is a **log-mel spectrogram**: $T = 124$ frames, $D = 24$.

# %%
clips, unheard = trigger.parts(train=100 + steps(1400))  # few with COURSE_SMOKE=1
shown = next(
    clip
    for clip, sounds in enumerate(unheard.sounds)
    if {"trigger", "down, up"} <= {name for name, _, _ in sounds[:-1]} and len(sounds) > 4
)
fig, axes = plt.subplots(3, 1, figsize=(9.6, 5.6), sharex=True, height_ratios=(1.1, 1.6, 0.6))
seconds_axis = np.arange(16_000) / 8_000
axes[0].plot(seconds_axis, unheard.waveforms[shown], color=plots.COLORS[0], lw=0.5, marker="")
for name, begin, end in unheard.sounds[shown]:
    axes[0].annotate(name, ((begin + end) / 2, 0.62), ha="center", fontsize=11)
    axes[0].axvspan(
        begin, end, color="#CC8400" if name == "trigger" else "#BBBBBB", alpha=0.3, lw=0
    )
axes[0].set(ylabel="waveform", ylim=(-0.6, 0.85))
frame_times = np.arange(125) * 0.016
heard_at = frame_times[:-1] + 0.032  # the end of each frame
axes[1].pcolormesh(
    frame_times + 0.008, np.arange(25), unheard.spectrograms[shown].T, cmap="cividis"
)
axes[1].set(ylabel="mel band")
axes[2].step(heard_at, unheard.labels[shown], where="post", color=plots.COLORS[2], linestyle="-")
axes[2].set(ylabel="label", xlabel="seconds", yticks=[0, 1], xlim=(0, 2), ylim=(-0.15, 1.15))
for ax in axes:
    ax.grid(False)
plots.show(
    fig,
    alt="Three rows over two seconds: a waveform with its sounds named, "
    + "; ".join(name for name, _, _ in unheard.sounds[shown])
    + "; the log-mel spectrogram, in which the trigger is an arch; and the label, which is 1 for eight frames "
    "after the end of each trigger.",
    caption="What the microphone hears, what the network reads, what it should say. The label stands *after* the "
    "trigger: before its end nobody can be sure. (Drawn where a frame ends and has been heard.)",
)

# %% [markdown]
# The label is 1 in the first frame that has heard the end of the trigger, and in seven more, so
# that the detector has 8 frames, an eighth of a second, to react. As long as labels stand after
# the event, a one-way network can do the job, and it has to: the device cannot wait for the
# future.
#
# First the baselines. One says "no" at every frame. The other is a network that looks at one
# frame alone. Each pitch of the trigger occurs in other sounds too, so a single frame gives hardly
# anything away.

# %%
quiz.predict(
    "frames",
    "A detector that always says no: what share of the frames does it get right?",
    ["about one half", "about three quarters", "more than nine tenths"],
)

# %%
always_no = float((unheard.labels == 0).mean())
seed_everything(0)
one_frame = trigger.OneFrame(24, 48)
trigger.train(one_frame, clips, seed=0, epochs=2)
one_frame_scores = trigger.scores(one_frame, unheard)
print(f"always no: {always_no:.3f} of the frames right, and no trigger found")
print("one frame at a time:", {name: round(value, 3) for name, value in one_frame_scores.items()})

# %%
quiz.reveal(
    "frames",
    "more than nine tenths" if always_no > 0.9 else "about three quarters",
    f"{always_no:.3f}. Triggers are rare, and so are their frames. The one-frame network learns just that, and finds "
    f"{one_frame_scores['found']} events.",
)

# %% [markdown]
# So the accuracy of frames misleads: it gives 93% <!-- =always_no ±2% --> to a device that never
# works. Count **events** instead. An event begins where the detector says yes and did not a frame
# before. (A second beginning within 8 frames of one that was counted belongs to it: a detector that
# flickers speaks once.) Pair each event found with a true trigger at most 8 frames away, before or
# after, each in one pair at most. Then
#
# $$\text{precision} = \frac{\text{hits}}{\text{hits} + \text{false alarms}}, \qquad
# \text{recall} = \frac{\text{hits}}{\text{hits} + \text{missed}}.$$
#
# Precision asks: when it speaks, is it right? Recall: does it speak when it should? Saying no for
# ever has a recall of 0, and its precision is 0/0, no number at all: `nan`.
#
# ### Exercise 9 · hits, false alarms, missed
#
# *Difficulty: medium. Importance: medium. 10 minutes.* `found` and `true` are lists of frames of
# one clip, sorted. A found and a true event may be paired if they are at most `tolerance` frames apart;
# each belongs to one pair at most; make as many pairs as possible. Return hits, false alarms and missed. The
# check finds the best pairing by another method; it does not look at speed.
#
# <details><summary>Hint 1</summary>
# Two alarms for one trigger: one hit, one false alarm. Whatever is paired is used up.
# </details>
# <details><summary>Hint 2</summary>
# Walk along both lists with two indices. Are the two events near enough? Then pair them and move both.
# </details>
# <details><summary>Hint 3</summary>
# If not, the earlier one of the two will find no partner any more: move past it.
# </details>


# %%
def count_events(found, true, tolerance):
    """Return hits, false_alarms, missed for two sorted lists of frames."""
    ### BEGIN SOLUTION
    hits = i = j = 0
    while i < len(found) and j < len(true):
        if abs(found[i] - true[j]) <= tolerance:
            hits, i, j = hits + 1, i + 1, j + 1
        elif found[i] < true[j]:
            i += 1
        else:
            j += 1
    return hits, len(found) - hits, len(true) - hits
    ### END SOLUTION


batching.count_events(count_events)

# %% [markdown]
# Now the detector: a GRU of 48 units, a readout with a sigmoid at every frame, 1,500 clips, six
# epochs. It is judged on 400 clips that it has not heard.

# %%
seed_everything(0)
detector = Tagger(24, 48, 1)
trigger.train(detector, clips, seed=0)
detector_scores = trigger.scores(detector, unheard)
print({name: round(value, 3) for name, value in detector_scores.items()})
with torch.no_grad():
    heard = torch.sigmoid(detector(torch.from_numpy(unheard.spectrograms))[..., 0]).numpy()

# %%
fig, axes = plt.subplots(2, 1, figsize=(9.6, 4.0), sharex=True)
axes[0].pcolormesh(
    frame_times + 0.008, np.arange(25), unheard.spectrograms[shown].T, cmap="cividis"
)
axes[0].set(ylabel="mel band")
axes[1].step(
    heard_at,
    unheard.labels[shown],
    where="post",
    color=plots.COLORS[2],
    linestyle="--",
    label="label",
)
axes[1].step(
    heard_at,
    heard[shown],
    where="post",
    color=plots.COLORS[0],
    linestyle="-",
    label="detector",
)
axes[1].axhline(0.5, color="#777777", lw=1, linestyle=":")
axes[1].set(ylabel="probability", xlabel="seconds", xlim=(0, 2), ylim=(-0.05, 1.1))
axes[1].legend(loc="upper left")
for ax in axes:
    ax.grid(False)
plots.show(
    fig,
    alt="Above, the spectrogram of the clip. Below, the label and the detector's probability, which is near zero "
    "except for the frames after each trigger, where it rises close to one.",
    caption="The detector on a clip that it has not heard. It keeps quiet through the distractors and speaks up as the "
    "arch ends, sometimes a frame before the label: the last bit of the glide is faint.",
)

# %%
heard_by = experiments.results("trigger", again=AGAIN)
print(f"{'':<23} frames  events found  {'precision':<20} recall")
for name in heard_by.rows:
    row = heard_by[name]
    print(
        f"{name:<23} {row['frame accuracy'].mean():.3f}   {row['found'].astype(int)!s:<14}"
        f"{np.where(row['found'] > 0, row['precision'], np.nan).round(3)!s:<20} {row['recall'].round(3)}"
    )
true_events = len(unheard.triggers)
gru_recall, gru_precision = heard_by["GRU 48"]["recall"], heard_by["GRU 48"]["precision"]
both_recall = heard_by["GRU 34 + 34, both ways"]["recall"]
print("true triggers in the 400 clips:", true_events)

# %% [markdown]
# All three seeds find practically every trigger, with hardly a false alarm: precision 1.0
# <!-- =gru_precision.mean() ±2% -->, recall 1.0 <!-- =gru_recall.mean() ±2% -->. In frames the
# step from the useless detector to this one looked like 93% to 99%. A second direction, with
# 15% more parameters, has nothing left to gain; and it could not be used in a device that
# listens live.
#
# How sure must the detector be before it speaks? That is a choice, not a property of the network.
# Move the threshold and watch the two numbers. (On the clips that judge, to see the trade. To choose
# one, keep other clips.)

# %%
margins = np.arange(-4, 9)  # of the logit; 0 is a probability of one half
traded, at_start = [], []
for margin in margins:
    found = event_starts(heard > 1 / (1 + np.exp(-margin)), hold=trigger.TOLERANCE)
    traded.append(
        [
            event_precision(found, unheard.triggers, trigger.TOLERANCE),
            event_recall(found, unheard.triggers, trigger.TOLERANCE),
        ]
    )
    at_start.append(int((found[:, 1] == 0).sum()))
traded = np.nan_to_num(np.array(traded))
plots.curves(
    margins,
    {"precision": traded[:, 0], "recall": traded[:, 1]},
    xlabel="threshold on the logit",
    ylabel="share",
    alt=f"Precision and recall against the threshold. Precision is {traded[0, 0]:.2f} at -4, rises to nearly 1 "
    f"at -1 and stays there. Recall is {traded[4, 1]:.2f} at 0 and sinks slowly to {traded[-1, 1]:.2f} at 8.",
    caption="A low threshold brings false alarms, a high one misses triggers. Between them this detector has "
    "much room. Where to stand depends on what each mistake costs.",
)

# %%
print(
    "threshold -4: events found in the very first frame of a clip:", at_start[0], "of", len(heard)
)

# %% [markdown]
# The false alarms at the low threshold are not distractors. They sit in the first frame of nearly
# every clip: the state is still $h_0 = 0$ there, and what it reads out is most likely the transient
# of lesson 02. Recall is a little lower at -4, too: a few times the detector says yes long before the
# end and goes on saying it. That is a false alarm and a miss in one. A device that runs for hours starts once; on short clips one would leave out the first
# frames.

# %% [markdown]
# ## 13 · Slides say
#
# Sentences as they are found on lecture slides. Give your verdict first, then run the cell.
#
# **"Stacking several recurrent layers gives more accurate results."**

# %%
for name, values in stack_ppl.items():
    print(f"{name:<22} perplexity {values.min():.2f} to {values.max():.2f}")
rows_deep = image_accuracy["rows, two layers"]
print(f"digits by row: one layer {rows_one.round(3)}, two layers {rows_deep.round(3)}")

# %% [markdown]
# **Not shown here.** At equal size and equal updates, each at its best rate, three plain layers were
# worse on this text, and three with a way round for the gradient were level with one. On the digits
# two were no better than one. Where it does hold, the conditions count: how the layers are joined,
# how long they are trained, at which rate, with how many parameters.
#
# **"Bidirectional networks are always better than unidirectional ones."**

# %%
print("tags that need both sides:", {k: round(float(v.mean()), 2) for k, v in tag_accuracy.items()})
print(f"digits by row: one way {rows_one.round(3)}, both ways {rows_two_ways.round(3)}")
print(
    f"next character, last position: {one_way[:, -1].mean():.1f} one way, {two_way[:, -1].mean():.1f} both ways"
)

# %% [markdown]
# **False.** They are better where the answer depends on what comes later *and* that may be read.
# On the digits by row there is no difference beyond the spread, and as predictors of the future
# they only seem to work.
#
# **"Dropout must not be applied to the recurrent connections, it destroys the memory."**

# %%
for name in ("a new mask each step", "one mask, scaled where read"):
    values = on[f"number, {name}"].mean(axis=0)
    print(f"{name:<28} error after 5 steps {values[1]:.2f}, after 30 steps {values[-1]:.2f}")

# %% [markdown]
# **True under conditions.** With a new mask at every step the memory of a number wears away. With
# one mask a sequence it does not.
#
# **"Padding with zeros does not influence the network, because zero inputs contribute nothing."**

# %%
print(f"one padded step moves the state by {moved[1]:.0%} of its norm")

# %% [markdown]
# **False.** The input contributes nothing; the bias and the old state do.
#
# ## 14 · Debugging clinic
#
# A colleague has built a stack of three GRU layers with a readout, after the drawing of section
# 9. It trains, in a way: the loss falls a little and then stays, far above that of a healthy
# stack. "The gradients must vanish on the way down", she says. The task is that of section 7,
# forward only, with the first word as the answer (so that reading forward suffices).


# %%
def treated(make):
    """Train a stack of three layers on the first half of the tags; return losses, gradients, moves."""
    seed_everything(0)
    model = make(len(VOCAB), 16, 2, 3, 0.0)
    weights = {f"layer {i + 1}": layer.weight_hh_l0 for i, layer in enumerate(model.layers)}
    weights["readout"] = model.readout.weight
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses, gradients, rng = [], {}, np.random.default_rng(0)
    for _ in range(steps(120)):
        x, tags, _, mask = both_ways.batch(32, rng)
        asked = mask & (tags != both_ways.NO_NUMBER)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x)[asked], tags[asked] // 2)
        loss.backward()
        gradients = gradients or {
            name: float(weight.grad.norm()) for name, weight in weights.items()
        }
        optimizer.step()
        losses.append(loss.item())
    moves = {
        name: float((weight.detach() - before[name]).norm()) for name, weight in weights.items()
    }
    return np.array(losses), gradients, moves


healthy_losses, _, healthy_moves = treated(batching.healthy_tagger)
patient_losses, patient_gradients, patient_moves = treated(batching.their_tagger)
print(
    f"loss at the end: healthy {healthy_losses[-10:].mean():.3f}, patient {patient_losses[-10:].mean():.3f}\n"
)
print("patient             first gradient   moved by training   (healthy)")
for name in patient_moves:
    print(
        f"weights of {name:<9}{patient_gradients[name]:>12.4f}{patient_moves[name]:>18.3f}"
        f"{healthy_moves[name]:>15.3f}"
    )

# %%
quiz.choice(
    "What is wrong with the patient?",
    {
        "the gradients vanish on the way down": "Then the first column would be zero for the lower layers. A gradient "
        "arrives at every one of them.",
        "the learning rate is too small": "Then the readout would hardly move either.",
        "the optimiser does not know the layers": "Yes. A gradient arrives, and nothing moves: these weights are not "
        "among model.parameters(). They were held in a plain Python list, which torch does not look into.",
        "the layers were put into evaluation mode": "Evaluation mode switches dropout off. Weights are trained all "
        "the same.",
    },
    answer="the optimiser does not know the layers"
    if "Python list" in batching.their_illness()
    else "the gradients vanish on the way down",
)

# %% [markdown]
# Here is the patient's code.
#
# ```python
# class Patient(nn.Module):
#     def __init__(self, D, H, K, layers, p):
#         super().__init__()
#         self.layers = [nn.GRU(D if i == 0 else H, H, batch_first=True) for i in range(layers)]
#         self.readout = nn.Linear(H, K)
#         self.p = p
#
#     def forward(self, x):
#         for layer in self.layers:
#             x, _ = layer(x)
#             x = nn.functional.dropout(x, self.p)
#         return self.readout(x)
# ```
#
# The list is the mistake. The readout alone was trained, on the states of random layers: that is
# why the loss fell at all. While you are at it: `functional.dropout` without a third argument is
# *always* on, also in evaluation, and it draws a new mask at every step. She had switched it off
# with $p = 0$, for "it made things worse".
#
# ### Exercise 10 · mend it
#
# *Difficulty: medium. Importance: high. 10 minutes.* Return a module that maps `x` $(B, T, D)$ to
# logits $(B, T, K)$: `layers` GRUs one upon the other, forward in time; after *each* of them, the
# top one too, dropout with one mask a sequence, off in evaluation; a linear readout. The check
# counts the weights that an optimiser would see, changes later inputs, earlier inputs and other
# sequences, asks twice in evaluation, and looks at the masks of the top layer. It does not see the masks between the layers.
#
# <details><summary>Hint 1</summary>
# <code>nn.ModuleList([...])</code> is a list that torch looks into.
# </details>
# <details><summary>Hint 2</summary>
# <code>self.training</code> says in which mode the module is.
# </details>
# <details><summary>Hint 3</summary>
# A mask (B, 1, H): <code>torch.bernoulli(torch.full_like(x[:, :1], 1 - p)) / (1 - p)</code>. The course's
# <code>models.VariationalDropout(p)</code> is the same as a module.
# </details>


# %%
def stacked_tagger(D, H, K, layers, p):
    """Return a torch module: x (B, T, D) to logits (B, T, K)."""
    ### BEGIN SOLUTION

    class Stack(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(
                nn.GRU(D if i == 0 else H, H, batch_first=True) for i in range(layers)
            )
            self.readout = nn.Linear(H, K)

        def forward(self, x):
            for layer in self.layers:
                x, _ = layer(x)
                if self.training and p:
                    keep = torch.bernoulli(torch.full_like(x[:, :1], 1 - p))
                    x = x * keep / (1 - p)
            return self.readout(x)

    return Stack()
    ### END SOLUTION


batching.stacked_tagger(stacked_tagger)

# %% [markdown]
# ## 15 · Quiz

# %%
deep_gru = nn.GRU(5, 7, 3, batch_first=True, bidirectional=True)
h_n_shape = tuple(deep_gru(torch.zeros(4, 9, 5))[1].shape)
quiz.choice(
    "A GRU with 3 layers, both ways, H = 7, `batch_first=True`, reads x of shape (4, 9, 5). The shape of `h_n`:",
    {
        "(4, 6, 7)": "batch_first changes x and output, not h_n: its batch is the second axis.",
        "(6, 4, 7)": "Three layers times two directions, then the batch, then H.",
        "(3, 4, 14)": "The directions stand on the first axis, beside the layers, not beside H.",
        "(4, 14)": "That is the summary of the top layer, after you have put it together.",
    },
    answer=str(h_n_shape),
)

# %%
packed_sizes = tools.pack_padded_sequence(
    torch.zeros(3, 5, 1), torch.tensor([2, 5, 3]), batch_first=True, enforce_sorted=False
).batch_sizes.tolist()
quiz.choice(
    "Sequences of lengths 2, 5, 3 are packed. What is `batch_sizes`?",
    {
        "[2, 5, 3]": "Those are the lengths, one a sequence; batch_sizes has one entry a step.",
        "[5, 3, 2]": "Those are the lengths sorted.",
        "[3, 3, 2, 1, 1]": "How many are still running at each of five steps.",
        "[3, 3, 3, 3, 3]": "That would be the padded batch.",
    },
    answer=str(packed_sizes),
)

# %%
quiz.numeric(
    "The same lengths, 2, 5, 3, padded to 5. Each real token costs 1 nat, each padded place is counted as 0. Which "
    "mean does `(nats * mask).mean()` report, where 1 is right?",
    10 / 15,
    tolerance=0.005,
    feedback={
        1.0: "That would be the sum of the real losses divided by the number of real tokens.",
        0.5: "Ten of fifteen places are real.",
        1.5: "It errs downwards: too many places in the denominator.",
    },
)

# %%
quiz.choice(
    "Where does a bidirectional network belong?",
    {
        "captions shown while somebody is speaking": "The future has not been spoken yet.",
        "naming the people in a finished article": "The whole text is there; a name may be explained later in it.",
        "predicting tomorrow's price": "In training it would read tomorrow's price, in use it could not.",
        "a generator of text": "The target would be among its inputs: the leak of section 8.",
    },
    answer="naming the people in a finished article",
)

# %%
quiz.numeric(
    "Two bidirectional GRU layers, D = 10, H = 20, torch's count with two biases. How many parameters?",
    gru_parameters(10, 20, 2, 2),
    tolerance=0,
    feedback={
        2 * gru_parameters(10, 20, 2, 1): "The second layer reads 2H = 40 numbers, not 20.",
        gru_parameters(10, 20, 2, 1): "That is one direction.",
        2 * gru_parameters(10, 20, 1, 2): "The second layer reads 40 numbers, the first 10.",
    },
)

# %%
quiz.numeric(
    "A unit is dropped with p = 0.1, a new mask at each of 50 steps. With what probability does it survive all?",
    0.9**50,
    tolerance=0.0003,
    feedback={
        0.9: "That is one mask for all steps.",
        0.1**50: "0.1 is the probability of being dropped.",
        1 - 0.9**50: "That is the probability of being dropped at least once.",
    },
)

# %%
quiz.choice(
    "The loss of a language model falls to 0.05 nats a character within minutes, on held-out text too. First suspicion?",
    {
        "the held-out text is easy": "A perplexity of 1.05 means knowing nearly every character. Text is not like that.",
        "the model has read its targets": "A shift forgotten, or a second direction. Test causality: change "
        "a later input.",
        "overfitting": "Then the held-out loss would be high.",
        "too much dropout": "That makes the loss larger.",
    },
    answer="the model has read its targets" if live_leak < 2 else "overfitting",
)

# %%
quiz.choice(
    "A detector's frame accuracy rises from 0.93 to 0.99. What do you know of its events?",
    {
        "it finds most of them": "Here it did. But 0.93 was a detector that found none, so frames alone do not tell.",
        "little: look at precision and recall": "Labels are rare. Count events.",
        "its precision is 0.99": "Frames are not events.",
    },
    answer="little: look at precision and recall" if always_no > 0.9 else "it finds most of them",
)

# %% [markdown]
# ## Back to the table of lesson 01
#
# The loop of lesson 02 knows the past alone. A second one adds what comes after an item, at any
# length and with shared weights. It pays with the stream: nothing is answered before the end is known.

# %%
scorecard.show(upto="07")

# %% [markdown]
# ## Where the numbers come from
#
# The rows that were not trained here, and what made them:

# %%
for found in (tagging, leaks, stacked, by_rate, memory, small_text, images, heard_by):
    print("\n  ".join(textwrap.wrap(found.made, 92)))

# %% [markdown]
# ## Recap
#
# 1. Padding is read like any input. Read at `lengths - 1`, average over real tokens, turn each row round
#    within its length, and test: a row of a batch gives what it gives alone.
# 2. A bidirectional network knows the future of each step. Its summary is the forward state at the end and
#    the backward state at the *start*. It must not predict what it has read.
# 3. In our stacks the upper layer traded what was read for what is wanted. The result was no better than
#    one layer's, and without a way round for the gradient worse. Choose the learning rate for each first.
# 4. A new mask at every step multiplies the chance of survival by $q$ each time; one mask a sequence does so once.
#    A factor inside a loop is a power.
# 5. Rare events are counted as events: precision and recall, with "always no" beside them.
#
# ## Where this goes wrong in practice
#
# The last column read as the last state, so that results change with the batch. Sequences sorted
# for packing and labels not. `h_n.view(B, -1)`. A perplexity averaged over padding, and compared
# with somebody's that was not. `output[:, -1]` of a bidirectional net. A "language model" that
# has read its targets. Layers in a Python list. `eval()` forgotten at test time, or `train()`
# forgotten after the test. `dropout=` on a single layer. Depth added before anybody has trained
# one layer long enough. A frame accuracy reported for rare events.
#
# ## References
#
# - Schuster and Paliwal (1997), *Bidirectional recurrent neural networks*. The two directions, and when they
#   may be used.
# - Graves, Mohamed and Hinton (2013), *Speech recognition with deep recurrent neural networks*. Where depth did pay, with
#   numbers for one to five layers.
# - Hermans and Schrauwen (2013), *Training and analysing deep recurrent neural networks*. What the layers of a stack
#   respond to, and on which time scale.
# - Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), *Dropout*. The method and its reasons.
# - Zaremba, Sutskever and Vinyals (2014), *Recurrent neural network regularization*. Dropout on the way up only, and why.
# - Gal and Ghahramani (2016), *A theoretically grounded application of dropout in recurrent neural networks*. One mask
#   for all steps, where the state is read (section 10's last row), with a Bayesian reading of it.
# - Semeniuta, Severyn and Barth (2016), *Recurrent dropout without memory loss*. The mask on what is *written*
#   into the memory, so that what is carried is left alone.
# - Merity, Keskar and Socher (2018), *Regularizing and optimizing LSTM language models*. Dropped weights instead of states, and
#   much careful practice.
# - Warden (2018), *Speech commands*. A public set of spoken words, for those who want to go on from section 12.
