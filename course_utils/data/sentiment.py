"""Film reviews where the reader has them; otherwise reviews whose verdict only word order tells."""

import math
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.data.remote import course_data
from course_utils.errors import CourseError


@dataclass(frozen=True)
class LabelledTexts:
    """Texts, their labels `(n,)`, 1 for positive, and `groups (n,)` that a split keeps whole."""

    texts: tuple[str, ...]
    labels: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: np.ndarray) -> "LabelledTexts":
        """Return the texts at these indices, in this order."""
        texts = tuple(self.texts[i] for i in indices)
        return LabelledTexts(texts, self.labels[indices], self.groups[indices])


@dataclass(frozen=True)
class Reviews:
    """A training and a test part, and one sentence that says which reviews they are."""

    train: LabelledTexts
    test: LabelledTexts
    note: str


def reviews(kind: str = "auto", n_train: int = 8000, n_test: int = 2000, seed: int = 0) -> Reviews:
    """Return reviews with half of each part positive; `n_train` and `n_test` count reviews.

    `kind` is "real" (the Large Movie Review Dataset in the folder COURSE_DATA), "order" (see
    `order_reviews`) or "auto": the real ones where they are, else the others.

    Raises CourseError where the real reviews are asked for and absent.
    """
    if kind not in ("auto", "real", "order"):
        raise ValueError(f"kind must be 'auto', 'real' or 'order', not {kind!r}.")
    if n_train % 2 or n_test % 2:
        raise ValueError(
            f"Half of each part is positive: give even numbers, not {n_train} and {n_test}."
        )
    rng = np.random.default_rng(seed)
    real = load_imdb() if kind != "order" else None
    if real is not None:
        train, test = _balanced(real.train, n_train, rng), _balanced(real.test, n_test, rng)
        return Reviews(train, test, real.note)
    if kind == "real":
        raise CourseError(
            "The real reviews are not here; put aclImdb_v1.tar.gz into a folder "
            "and name that folder in COURSE_DATA."
        )
    everything = order_reviews((n_train + n_test) // 2, seed)
    train = everything.take(np.arange(n_train))
    test = everything.take(np.arange(n_train, n_train + n_test))
    return Reviews(
        train,
        test,
        "These reviews are made by a small grammar: only the order of the words tells "
        "the positive from the negative ones.",
    )


# --- Reviews whose verdict only word order tells ------------------------------------------------


def _words(line: str) -> tuple[str, ...]:
    return tuple(line.split())


_DAYS = _words("monday tuesday wednesday thursday friday saturday sunday")
_GUESTS = _words("sister brother mother father friend neighbour colleague")
_OPENERS = (
    "",
    "the table by the door was free . ",
    *(f"we came on a {day} . " for day in _DAYS),
    *(f"my {guest} chose this place . " for guest in _GUESTS),
    *(f"i was here with my {guest} . " for guest in _GUESTS),
)
# {yes} is what the reviewer says, {no} what they deny. Either comes first in half of the clauses,
# so that the place of a word alone tells nothing.
_CLAUSES = (
    "the {noun} was {yes} , not {no} at all .",
    "i call the {noun} {yes} , never {no} .",
    "the {noun} was {yes} , although others found it {no} .",
    "the {noun} was not {no} , it was {yes} .",
    "i would never call the {noun} {no} , only {yes} .",
    "others found it {no} , but the {noun} was {yes} .",
)
_NOUNS = _words(
    "food service soup bread coffee dessert wine music view staff pasta salad breakfast menu "
    "terrace"
)
_ADVERBS = ("", "really ", "truly ", "very ", "simply ")
_GOOD = _words(
    "good great lovely excellent wonderful pleasant delightful superb impressive brilliant"
)
_BAD = _words("bad terrible horrible poor dreadful unpleasant dismal awful disappointing dull")
_SLOTS = (_OPENERS, _CLAUSES, _NOUNS, _ADVERBS, _ADVERBS, _GOOD, _BAD)


def order_reviews(n_pairs: int, seed: int = 0) -> LabelledTexts:
    """Return `2 n_pairs` different short reviews, each positive one followed by its negative.

    The two of a pair hold exactly the same words, as "the food was good , not bad at all ." and
    "the food was bad , not good at all ." do. Any classifier of bags of words gives both the same
    label, hence is right on exactly half of all reviews; reading the order is enough for all.
    `groups` numbers the pairs.
    """
    shape = tuple(len(slot) for slot in _SLOTS)
    if not 0 <= n_pairs <= math.prod(shape):
        raise ValueError(f"The grammar knows {math.prod(shape):,} pairs; {n_pairs:,} were asked.")
    # Every combination of choices has a number: numbers drawn without replacement repeat no text.
    numbers = np.random.default_rng(seed).choice(math.prod(shape), size=n_pairs, replace=False)
    texts = []
    for choices in zip(*np.unravel_index(numbers, shape), strict=True):
        opener, clause, noun, adverb_yes, adverb_no, good, bad = (
            slot[i] for slot, i in zip(_SLOTS, choices, strict=True)
        )
        for yes, no in ((good, bad), (bad, good)):
            said = clause.format(noun=noun, yes=adverb_yes + yes, no=adverb_no + no)
            texts.append(opener + said)
    return LabelledTexts(
        texts=tuple(texts),
        labels=np.tile([1, 0], n_pairs),
        groups=np.repeat(np.arange(n_pairs), 2),
    )


# --- Real reviews ---------------------------------------------------------------------------------

_MEMBER = re.compile(r"(?:aclImdb/)?(train|test)/(pos|neg)/[^/]+\.txt")


def load_imdb(folder: str | Path | None = None) -> Reviews | None:
    """Return the Large Movie Review Dataset (Maas et al., 2011), or None where it is not there.

    `folder` (by default the one that COURSE_DATA names) holds `aclImdb/`, or the file
    `aclImdb_v1.tar.gz`, which is read in place: nothing is unpacked. Negative reviews come first.

    Raises CourseError where the folder does not exist, the archive is damaged, or a part is empty.
    """
    folder = course_data(folder)
    if folder is None:
        return None
    unpacked, archive = folder / "aclImdb", folder / "aclImdb_v1.tar.gz"
    if unpacked.is_dir():
        source, files = unpacked, _files_of_folder(unpacked)
    elif archive.is_file():
        source, files = archive, _files_of_archive(archive)
    else:
        return None

    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    try:
        for name, content in files:
            if match := _MEMBER.fullmatch(name):
                text = content.decode("utf-8").replace("<br />", " ")
                found.setdefault(match.groups(), []).append((name, text))
    except (OSError, EOFError, tarfile.TarError, zlib.error, UnicodeDecodeError) as error:
        raise CourseError(
            f"The reviews in {source} cannot be read ({error}); fetch them again."
        ) from error
    return Reviews(
        train=_labelled(found, "train", source),
        test=_labelled(found, "test", source),
        note=f"These are real film reviews (Large Movie Review Dataset) from {source}.",
    )


def _files_of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for part in ("train", "test"):
        for verdict in ("neg", "pos"):
            for path in (folder / part / verdict).glob("*.txt"):
                yield path.relative_to(folder).as_posix(), path.read_bytes()


def _files_of_archive(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive, mode="r|gz") as members:
        for member in members:
            if member.isfile() and _MEMBER.fullmatch(member.name):
                yield member.name, members.extractfile(member).read()


def _labelled(
    found: dict[tuple[str, str], list[tuple[str, str]]], part: str, source: Path
) -> LabelledTexts:
    texts, labels = [], []
    for label, verdict in enumerate(("neg", "pos")):
        named = sorted(found.get((part, verdict), []))
        if not named:
            raise CourseError(
                f"{source} holds no reviews in {part}/{verdict}; put the whole data set there."
            )
        texts += [text for _, text in named]
        labels += [label] * len(named)
    return LabelledTexts(tuple(texts), np.array(labels), np.arange(len(texts)))


def _balanced(reviews: LabelledTexts, n: int, rng: np.random.Generator) -> LabelledTexts:
    """Draw n reviews, or all where there are fewer, half of each label, in random order."""
    kinds = [np.flatnonzero(reviews.labels == label) for label in (0, 1)]
    half = min(n // 2, *(len(kind) for kind in kinds))
    chosen = np.concatenate([rng.permutation(kind)[:half] for kind in kinds])
    return reviews.take(rng.permutation(chosen))
