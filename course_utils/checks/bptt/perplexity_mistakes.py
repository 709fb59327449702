"""What learners get wrong in the perplexity of a language model."""

from __future__ import annotations

import numpy as np

from course_utils.checks.core import Mistake, variants


def perplexity(p_targets, mask, *, nats=lambda p: -np.log(p), end=np.exp):
    """Return `end` of the mean of `nats` over what counts: right as it stands."""
    kept = np.asarray(mask, bool)
    return end(np.sum(nats(p_targets[kept])) / kept.sum())


def _bits(p):
    return -np.log2(p)


PERPLEXITY_MISTAKES = (
    *variants(
        "padding in the average",
        "Padding is counted: the average runs over all N places.",
        "Add up the nats where mask is 1, and divide by `mask.sum()`.",
        lambda p, mask: perplexity(p, np.ones(len(p))),
        lambda p, mask: np.exp(-np.sum(np.log(p) * mask) / len(p)),
        lambda p, mask: np.exp(-np.sum(np.log(p)) / mask.sum()),
    ),
    *variants(
        "log of a masked 0",
        "The mask is multiplied into the probabilities, and the log of 0 is minus infinity.",
        "Take the logarithm first, then the mask: `np.log(p_targets) * mask`.",
        lambda p, mask: np.exp(-np.sum(np.log(p * mask)) / mask.sum()),
        lambda p, mask: np.exp(-np.sum(np.log(p * mask) * mask) / mask.sum()),
    ),
    Mistake(
        "floats as an index",
        "The mask stands in square brackets, but it is an array of floats, not of bools.",
        "Write `p_targets[mask > 0]`, or multiply by the mask after the logarithm.",
        lambda p, mask: perplexity(p[mask], np.ones(int(mask.sum()))),
    ),
    *variants(
        "exp per token",
        "Each token's perplexity 1/p is averaged; the mean comes *before* exp.",
        "exp(mean of -log p). The mean of exp(-log p) is larger, and one bad token rules it.",
        lambda p, mask: perplexity(p, mask, nats=lambda p: 1 / p, end=float),
        lambda p, mask: np.mean(np.exp(-np.log(p) * mask)),
        lambda p, mask: np.sum(np.exp(-np.log(p) * mask)) / mask.sum(),
    ),
    Mistake(
        "2**nats",
        "The logarithm is natural, but 2 is raised to its mean.",
        "Nats go with exp, bits with 2: `np.exp` of the mean of `-np.log(p)`.",
        lambda p, mask: perplexity(p, mask, end=lambda mean: 2**mean),
    ),
    Mistake(
        "exp(bits)",
        "The logarithm is to base 2, but exp is taken of its mean.",
        "Nats go with exp, bits with 2: `np.exp` of the mean of `-np.log(p)`.",
        lambda p, mask: perplexity(p, mask, nats=_bits),
    ),
    Mistake(
        "exp of a logarithm to base 10",
        "The logarithm is to base 10, but exp is taken of its mean.",
        "`np.log` is the natural logarithm, the one that belongs to exp.",
        lambda p, mask: perplexity(p, mask, nats=lambda p: -np.log10(p)),
    ),
    Mistake(
        "no exp",
        "This is the mean loss in nats; perplexity is exp of it.",
        "Take `np.exp` of the mean.",
        lambda p, mask: perplexity(p, mask, end=float),
    ),
    Mistake(
        "bits, not perplexity",
        "This is the mean loss in bits; perplexity is exp of the mean in nats.",
        "Take `np.log`, then `np.exp` of the mean.",
        lambda p, mask: perplexity(p, mask, nats=_bits, end=float),
    ),
    Mistake(
        "minus forgotten",
        "The minus is forgotten: this is the typical probability, one over the perplexity.",
        "A logarithm of a probability is negative; the loss is `-np.log(p)`.",
        lambda p, mask: perplexity(p, mask, nats=np.log),
    ),
    Mistake(
        "log of the mean probability",
        "The probabilities are averaged before the logarithm.",
        "Take the logarithm of each first, then the mean, then exp.",
        lambda p, mask: perplexity(p, mask, nats=lambda p: p, end=lambda mean: 1 / mean),
    ),
    *variants(
        "sum before exp",
        "The exp is taken of the sum over all tokens: this grows with the length of the text.",
        "Divide by the number of tokens that count *before* exp.",
        lambda p, mask: np.exp(-np.sum(np.log(p) * mask)),
        lambda p, mask: np.exp(-np.sum(np.log(p))),
        lambda p, mask: np.exp(-np.sum(np.log(p) * mask)) / mask.sum(),
    ),
    *variants(
        "a product too small for a float",
        "The probabilities are multiplied. Of many small ones the product is 0 in floating point.",
        "Add logarithms: exp of minus their mean is the same number, and never underflows.",
        lambda p, mask: np.prod(p[np.asarray(mask, bool)]) ** (-1 / np.sum(mask)),
        lambda p, mask: (1 / np.prod(p[np.asarray(mask, bool)])) ** (1 / np.sum(mask)),
        lambda p, mask: np.exp(-np.log(np.prod(p[np.asarray(mask, bool)])) / np.sum(mask)),
    ),
)
