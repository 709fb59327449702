"""Data of the course: real records that are already installed, and tasks with a known optimum.

Nothing is downloaded unless you ask for it: `load_text("shakespeare")` and
`load_text("timemachine")` fetch one file each, check its SHA-256 and keep it in a cache folder
(see `course_utils.data.remote`); without a network another text comes in its place and says so.
Everything else is installed with the course, or made, and says which.

Series come as `(samples, time, features)`, clips as `(B, T, H, W, C)`, token ids as `(B, T)` with 0
for padding and 1 for an unknown word. Whatever is random takes a `seed` or a
`numpy.random.Generator`, and gives the same values again for the same one.
"""

from course_utils.data.agreement import AgreementGrammar, AgreementSentence
from course_utils.data.audio import TriggerClips, log_mel, mel_filters, trigger_audio
from course_utils.data.batching import batches, split_at_random, split_by_group, split_in_time
from course_utils.data.corpora import Text, load_text
from course_utils.data.documentation import Docstrings, docstrings, end_marked
from course_utils.data.events import event_precision, event_recall, event_starts
from course_utils.data.hidden_weather import HiddenWeather
from course_utils.data.images import digit_pixels, digit_rows, digits, moving_digits
from course_utils.data.sentiment import (
    LabelledTexts,
    Reviews,
    load_imdb,
    order_reviews,
    reviews,
)
from course_utils.data.signals import dna, heartbeat, vowels
from course_utils.data.stocks import Stocks, load_stocks
from course_utils.data.synthetic import (
    adding_problem,
    copy_task,
    memoryless_loss,
    parity_sequences,
)
from course_utils.data.text import (
    Vocab,
    mask_from_lengths,
    one_hot,
    pad_sequences,
    tokenize,
)
from course_utils.data.weather import Weather, load_weather, standardise, windows

__all__ = [
    "AgreementGrammar",
    "AgreementSentence",
    "Docstrings",
    "HiddenWeather",
    "LabelledTexts",
    "Reviews",
    "Stocks",
    "Text",
    "TriggerClips",
    "Vocab",
    "Weather",
    "adding_problem",
    "batches",
    "copy_task",
    "digit_pixels",
    "digit_rows",
    "digits",
    "dna",
    "docstrings",
    "end_marked",
    "event_precision",
    "event_recall",
    "event_starts",
    "heartbeat",
    "load_imdb",
    "load_stocks",
    "load_text",
    "load_weather",
    "log_mel",
    "mask_from_lengths",
    "mel_filters",
    "memoryless_loss",
    "moving_digits",
    "one_hot",
    "order_reviews",
    "pad_sequences",
    "parity_sequences",
    "reviews",
    "split_at_random",
    "split_by_group",
    "split_in_time",
    "standardise",
    "tokenize",
    "trigger_audio",
    "vowels",
    "windows",
]
