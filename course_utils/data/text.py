"""From words to ids and back, padding and masks, and a text that every Python carries."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

PAD, UNKNOWN = 0, 1  # ids that every vocabulary keeps free of words

_TOKEN = re.compile(r"\w+(?:'\w+)?|[^\w\s]")


def tokenize(text: str) -> list[str]:
    """Return the words of a text in lower case; each punctuation mark is a token of its own."""
    return _TOKEN.findall(text.lower())


@dataclass(frozen=True)
class Vocab:
    """Tokens and their ids: `tokens[i]` has id i; id 0 is padding, id 1 any unknown token."""

    tokens: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", {token: i for i, token in enumerate(self.tokens)})
        if len(self._ids) != len(self.tokens):
            raise ValueError("A vocabulary names each token once; some token came twice.")

    @classmethod
    def from_counts(cls, counts: Counter[str], max_size: int | None = None) -> "Vocab":
        """Keep the most frequent tokens: at most `max_size` ids, padding and unknown included.

        Frequent tokens get small ids; equally frequent ones are in alphabetical order.
        """
        if max_size is not None and max_size < 2:
            raise ValueError(f"max_size counts padding and unknown: at least 2, not {max_size}.")
        ordered = sorted(counts, key=lambda token: (-counts[token], token))
        kept = ordered if max_size is None else ordered[: max_size - 2]
        return cls(("<pad>", "<unk>", *kept))

    @classmethod
    def from_texts(cls, texts: Iterable[str], max_size: int | None = None) -> "Vocab":
        """Count the tokens of some texts and keep the most frequent (see `from_counts`)."""
        counts = Counter(token for text in texts for token in tokenize(text))
        return cls.from_counts(counts, max_size)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def encode(self, text: str | Sequence[str]) -> list[int]:
        """Return one id a token; a string is split by `tokenize` first."""
        tokens = tokenize(text) if isinstance(text, str) else text
        return [self._ids.get(token, UNKNOWN) for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens of some ids, padding left out."""
        return [self.tokens[i] for i in ids if i != PAD]


def pad_sequences(
    sequences: Sequence[Sequence[int]], length: int | None = None, side: str = "right"
) -> tuple[np.ndarray, np.ndarray]:
    """Stack id lists into `ids (B, T)` and their `lengths (B,)`; zeros fill the given side.

    T is `length`, or that of the longest list. A list that is longer loses its end where the
    padding is on the right, and its beginning where the padding is on the left: what is aligned
    stays.
    """
    _check_side(side)
    longest = max((len(sequence) for sequence in sequences), default=0)
    T = longest if length is None else length
    ids = np.full((len(sequences), T), PAD, dtype=np.int64)
    lengths = np.array([min(len(sequence), T) for sequence in sequences], dtype=np.int64)
    for row, sequence, n in zip(ids, sequences, lengths, strict=True):
        if side == "right":
            row[:n] = sequence[:n]
        else:
            row[T - n :] = sequence[len(sequence) - n :]
    return ids, lengths


def mask_from_lengths(lengths: Sequence[int], T: int, side: str = "right") -> np.ndarray:
    """Return `(B, T)` bool, True where a sequence of that length has a token, not padding."""
    _check_side(side)
    steps = np.arange(T) if side == "right" else np.arange(T)[::-1]
    return steps < np.asarray(lengths)[:, None]


def _check_side(side: str) -> None:
    if side not in ("right", "left"):
        raise ValueError(f"side must be 'right' or 'left', not {side!r}.")


def one_hot(ids: np.ndarray, size: int) -> np.ndarray:
    """Return `(..., size)` float64: a one at each id, zeros elsewhere, for ids `(...)`."""
    ids = np.asarray(ids)
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise ValueError(f"ids must lie between 0 and {size - 1}; found {ids.min()}..{ids.max()}.")
    rows = np.zeros((*ids.shape, size))
    np.put_along_axis(rows, ids[..., None], 1.0, axis=-1)
    return rows
