"""Letting a language model write: greedy, with a temperature, from the best k, from a nucleus.

Any model can write that is a function `logits(ids, state) -> (logits, state)`: from token ids
`(1, T)`, and None or the state that it returned before, it makes scores `(1, T, V)`, NumPy arrays,
and a state to go on from. `from_torch` and `from_ngrams` make such a function of a model.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.language.ngrams import NGrams

if TYPE_CHECKING:
    import torch

Logits = Callable[[np.ndarray, Any], tuple[np.ndarray, Any]]


def distribution(
    logits: np.ndarray,
    temperature: float = 1.0,
    top_k: int | None = None,
    nucleus: float | None = None,
) -> np.ndarray:
    """Return the probabilities `(V,)` from which the next token is drawn, given `logits (V,)`.

    In this order: the logits are divided by `temperature` (0 is greedy: all goes to the first
    largest); the `top_k` largest stay; of these the fewest stay that hold the share `nucleus` of
    the probability (Holtzman et al., 2020). What is out gets 0, what stays is scaled to sum to
    one. Among equals the smaller id stays.

    Raises ValueError for logits of another shape, a temperature below 0, a `top_k` below 1, a
    `nucleus` outside (0, 1].
    """
    logits = np.asarray(logits, dtype=np.float64)
    if logits.ndim != 1 or not logits.size:
        raise ValueError(f"logits must be (V,); their shape is {logits.shape}.")
    check_choice(temperature, top_k, nucleus)
    if temperature == 0:
        temperature, top_k = 1.0, 1
    order = np.argsort(-logits, kind="stable")[:top_k]
    # The largest is taken away before the division: a tiny temperature then overflows nowhere.
    p = np.exp((logits[order] - logits[order[0]]) / temperature)
    p /= p.sum()
    if nucleus is not None:
        enough = np.cumsum(p) >= nucleus - 1e-12  # a hundred times 0.01 is a bit less than 1
        stays = 1 + (int(enough.argmax()) if enough.any() else len(p) - 1)
        order, p = order[:stays], p[:stays] / p[:stays].sum()
    out = np.zeros(len(logits))
    out[order] = p
    return out


def sample(
    logits: Logits,
    prompt: Sequence[int],
    n: int,
    rng: np.random.Generator | None = None,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    nucleus: float | None = None,
    end: int | None = None,
) -> list[int]:
    """Return up to n tokens that the model writes after `prompt`, ids without the prompt.

    The prompt is read once; then each token written is read alone, with the state carried on.
    Tokens are drawn with `rng` from `distribution`; greedy writing, `temperature=0`, needs none.
    After the token `end`, which is returned too, it stops.

    Raises ValueError for an empty prompt (begin with a mark or a space), a missing `rng`, and as
    `distribution` does.
    """
    check_choice(temperature, top_k, nucleus)
    if rng is None and temperature > 0:
        raise ValueError("Drawing needs chance: give rng, or temperature=0 for greedy writing.")
    scores, state = read(logits, prompt, None)
    written: list[int] = []
    while len(written) < n:
        p = distribution(scores, temperature, top_k, nucleus)
        token = int(p.argmax()) if rng is None else int(rng.choice(len(p), p=p))
        written.append(token)
        if token == end or len(written) == n:
            break
        scores, state = read(logits, [token], state)
    return written


def read(logits: Logits, ids: Sequence[int], state: Any) -> tuple[np.ndarray, Any]:
    """Return the scores `(V,)` of the token that follows `ids`, and the state after them."""
    if len(ids) == 0:
        raise ValueError("The prompt is empty: begin with at least one token.")
    scores, state = logits(np.asarray(ids, dtype=np.int64)[None], state)
    return np.asarray(scores)[0, -1], state


def from_torch(model: "torch.nn.Module") -> Logits:
    """Return the function of a torch model, `model(ids, state) -> (logits, state)`.

    The model is put into evaluation mode; no gradients are kept.
    """
    import torch

    model.eval()
    where = next(model.parameters()).device

    def logits(ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        with torch.no_grad():
            scores, state = model(torch.as_tensor(ids, device=where), state)
        return scores.double().cpu().numpy(), state

    return logits


def from_ngrams(model: NGrams) -> Logits:
    """Return the function of a counted model; its state is the last tokens that it looks at."""

    def logits(ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        text = [*(state or ()), *ids[0].tolist()]
        ends = range(len(text) - ids.shape[1] + 1, len(text) + 1)
        p = [model.next_probabilities(text[max(0, e - model.order + 1) : e]) for e in ends]
        with np.errstate(divide="ignore"):  # ln 0 is -inf, and is never drawn
            return np.log(p)[None], tuple(text[max(0, len(text) - model.order + 1) :])

    return logits


def check_choice(temperature: float, top_k: int | None, nucleus: float | None) -> None:
    """Raise ValueError where a way to choose makes no sense."""
    if temperature < 0:
        raise ValueError(f"temperature is 0 or more; it is {temperature}.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is how many tokens stay, at least 1; it is {top_k}.")
    if nucleus is not None and not 0 < nucleus <= 1:
        raise ValueError(f"nucleus is a share above 0, up to 1; it is {nucleus}.")
