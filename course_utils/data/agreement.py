"""A small English grammar in which a verb agrees with a noun that may stand far before it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_utils.data.text import Vocab, pad_sequences

_NOUNS = (
    ("child", "children"),
    ("doctor", "doctors"),
    ("farmer", "farmers"),
    ("friend", "friends"),
    ("king", "kings"),
    ("neighbour", "neighbours"),
    ("sailor", "sailors"),
    ("teacher", "teachers"),
)
_VERBS = (
    ("laughs", "laugh"),
    ("runs", "run"),
    ("sings", "sing"),
    ("sleeps", "sleep"),
    ("smiles", "smile"),
    ("waits", "wait"),
)


@dataclass(frozen=True)
class AgreementSentence:
    """The words of a sentence, and what is known about its subject and its last verb.

    `plural` is 1 where the subject, `words[1]`, is plural, else 0; `phrases` counts the phrases
    between subject and verb; the verb is `words[verb]`; `wrong` is its form of the other number.
    """

    words: tuple[str, ...]
    plural: int
    phrases: int
    verb: int
    wrong: str

    @property
    def right(self) -> str:
        """The form of the verb that agrees with the subject."""
        return self.words[self.verb]


@dataclass(frozen=True)
class AgreementGrammar:
    """Sentences such as "the farmers who met her doctor near the king sing ."

    The king is near, but the farmers sing. In general a sentence is

        the N [who C D N (P D N)^(n-1)] V .

    with nouns N, determiners D, prepositions P, a verb C of the clause in the past tense (which
    has no number), and a verb V in the number of the first noun. n, the number of phrases, is
    uniform on 0 to `max_phrases`; with n = 0 the brackets are left out. Every word is chosen
    uniformly from its list and independently of the others, the nouns from both numbers alike.
    So the nouns of the clause tell nothing about the verb: a model that follows the nearest noun
    is right half of the time wherever there is a clause.

    `nouns` and `verbs` are pairs (singular, plural). Elman (1991) taught nets such sentences;
    comparing the two forms of one verb is the test of Linzen, Dupoux and Goldberg (2016).

    Raises ValueError where `max_phrases` is negative, a list is empty, or a word comes twice.
    """

    max_phrases: int = 6
    nouns: tuple[tuple[str, str], ...] = _NOUNS
    verbs: tuple[tuple[str, str], ...] = _VERBS
    clause_verbs: tuple[str, ...] = ("heard", "knew", "met", "saw")
    prepositions: tuple[str, ...] = ("behind", "beside", "near", "with")
    determiners: tuple[str, ...] = ("the", "her", "his", "my")

    def __post_init__(self) -> None:
        _check_phrases(self.max_phrases)
        lists = (self.clause_verbs, self.prepositions, self.determiners)
        if not all((self.nouns, self.verbs, *lists)):
            raise ValueError("Each list of words needs at least one.")
        groups = (*self.nouns, *self.verbs, *lists, ("who", "."))
        words = [word for group in groups for word in group]
        if len(set(words)) < len(words):  # a sentence could then be made in two ways
            twice = next(word for word in words if words.count(word) > 1)
            raise ValueError(f"A word has one place in the grammar; {twice!r} has two.")

    @cached_property
    def vocab(self) -> Vocab:
        """All words of the grammar, after the ids for padding and for unknown words."""
        pairs = (word for pair in self.nouns + self.verbs for word in pair)
        others = (*self.determiners, *self.clause_verbs, *self.prepositions, *pairs)
        return Vocab(tuple(dict.fromkeys(("<pad>", "<unk>", "the", "who", ".", *others))))

    def sample(
        self, n_sentences: int, rng: np.random.Generator, phrases: int | None = None
    ) -> list[AgreementSentence]:
        """Return sentences with a random number of phrases, or with exactly `phrases`.

        `phrases` may exceed `max_phrases`: such sentences are longer than any of the grammar.

        Raises ValueError where `phrases` is negative.
        """
        if phrases is None:
            counts = rng.integers(self.max_phrases + 1, size=n_sentences)
        else:
            _check_phrases(phrases)
            counts = np.full(n_sentences, phrases)
        most = counts.max(initial=0)

        def draw(n_words: int, *shape: int) -> list:
            return rng.integers(n_words, size=(n_sentences, *shape)).tolist()

        columns = (
            counts.tolist(),
            draw(2 * len(self.nouns)),
            draw(len(self.verbs)),
            draw(len(self.clause_verbs)),
            draw(len(self.prepositions), most),
            draw(len(self.determiners), most),
            draw(2 * len(self.nouns), most),
        )
        return [self._sentence(*choices) for choices in zip(*columns, strict=True)]

    def _sentence(self, n, subject, verb, clause_verb, prepositions, determiners, nouns):
        """Build the sentence of some choices; noun 2i is the singular of pair i, 2i + 1 its plural.

        The last three are lists, one choice for each phrase; what goes beyond n is not used.
        """
        plural = subject % 2
        words = ["the", self.nouns[subject // 2][plural]]
        for i in range(n):
            link = self.prepositions[prepositions[i]]
            words += [link] if i else ["who", self.clause_verbs[clause_verb]]
            words += [self.determiners[determiners[i]], self.nouns[nouns[i] // 2][nouns[i] % 2]]
        right, wrong = self.verbs[verb][plural], self.verbs[verb][1 - plural]
        return AgreementSentence((*words, right, "."), plural, n, len(words), wrong)

    def encode(self, sentences: Sequence[AgreementSentence]) -> tuple[np.ndarray, np.ndarray]:
        """Return `ids (B, T)`, padded on the right with zeros, and `lengths (B,)`."""
        return pad_sequences([self.vocab.encode(sentence.words) for sentence in sentences])

    def agreement(self, logits: np.ndarray, sentences: Sequence[AgreementSentence]) -> np.ndarray:
        """Return `(B,)`: 1 where a model prefers the right form of the verb, 0 the wrong one.

        `logits (B, T, V)` are a language model's, aligned with `encode`: those of step t score
        the word at t + 1. Probabilities and their logarithms serve as well. Where both forms score
        the same the model has no opinion, and gets the 1/2 of a guess. The mean over sentences of
        one number of phrases is the accuracy at that distance.
        """
        rows, before = np.arange(len(sentences)), [sentence.verb - 1 for sentence in sentences]
        right = logits[rows, before, self.vocab.encode([s.right for s in sentences])]
        wrong = logits[rows, before, self.vocab.encode([s.wrong for s in sentences])]
        return np.where(right == wrong, 0.5, right > wrong)

    def entropy(self) -> tuple[float, float]:
        """Return the least loss that any model can have, exactly: nats a sentence, nats a token.

        Different choices make different sentences, so a sentence is as uncertain as its choices
        are together. A uniform choice among k is worth ln k nats, and independent choices add up.
        With m = `max_phrases`, and #N for the number of noun forms, singular and plural:

            n               ln(m + 1)
            first noun      ln #N
            verb            ln #V                  of one number: the first noun has decided which
            first phrase    ln #C + ln #D + ln #N  in a share m / (m + 1) of the sentences
            further phrase  ln #P + ln #D + ln #N  of them m / 2 - m / (m + 1) a sentence

        since n is m / 2 on average, and all phrases but the first are further ones.

        A token is a word or the full stop. The first word is always "the", the first input of a
        language model and no prediction. Left are N, V and the stop, "who" in a share m / (m + 1),
        and three words a phrase: 3 + m / (m + 1) + 3 m / 2 on average. Nats a token is the ratio
        of both means: the loss when every predicted token of a large sample weighs the same.

        Who knows all but the number of the first noun pays ln 2 a sentence more, for the verb.
        """
        m = self.max_phrases
        first, further = m / (m + 1), m / 2 - m / (m + 1)
        noun = math.log(2 * len(self.nouns))
        phrase = math.log(len(self.determiners)) + noun
        sentence = math.log(m + 1) + noun + math.log(len(self.verbs))
        sentence += first * (math.log(len(self.clause_verbs)) + phrase)
        sentence += further * (math.log(len(self.prepositions)) + phrase)
        return sentence, sentence / (3 + first + 3 * m / 2)


def _check_phrases(n: int) -> None:
    if n < 0:
        raise ValueError(f"The number of phrases cannot be negative; it is {n}.")
