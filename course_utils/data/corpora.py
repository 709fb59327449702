"""Whole texts to learn a language from: one that is always here, and two that may be fetched."""

import platform
from dataclasses import dataclass

from course_utils.data.remote import RemoteFile, Unavailable, get

SHORT = 40  # letters; a shorter paragraph, such as "Example:", may come again


@dataclass(frozen=True)
class Text:
    """A text, what it is called, who may use it, where it comes from, and one sentence on it.

    `note` says which text this is and, where it stands in for another, why.
    """

    text: str
    title: str
    licence: str
    source: str
    note: str


@dataclass(frozen=True)
class _Entry:
    title: str
    licence: str
    file: RemoteFile


def _beginning(content: bytes) -> bytes:
    """Return the first 16,000 characters and an end of line, as the course has always used them.

    Each paragraph is one line, with an empty line between two, and no _underscores_ for emphasis.
    """
    text = content.decode("utf-8").replace("\r\n", "\n").replace("_", "")
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return ("\n\n".join(filter(None, paragraphs))[:16_000] + "\n").encode("utf-8")


_REMOTE = {
    "shakespeare": _Entry(
        title="tiny Shakespeare",
        licence="public domain; collected by Andrej Karpathy",
        file=RemoteFile(
            name="tinyshakespeare.txt",
            url="https://raw.githubusercontent.com/karpathy/char-rnn/"
            "d1d7aa34fdb3626174bce1d753e6cc6845ce7087/data/tinyshakespeare/input.txt",
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        ),
    ),
    "timemachine": _Entry(
        title="the beginning of The Time Machine",
        licence="public domain; H. G. Wells, 1895",
        # Editions of the whole book differ in line ends and emphasis, and the course uses only the
        # beginning: so this is what is made of the book, checked and kept.
        file=RemoteFile(
            name="timemachine-16k.txt",
            url="https://raw.githubusercontent.com/d2l-ai/d2l-zh/"
            "592fbef84a684e752393edbf267c07dbc53e082b/data/timemachine.txt",
            sha256="e2e957beac3df5d0247a60ce39de24e946df324c899729d95af6236f7f6e4165",
            prepare=_beginning,
        ),
    ),
}


def load_text(name: str = "manual") -> Text:
    """Return the text `name`: "manual", "shakespeare" or "timemachine".

    "manual" is Python's own reference manual, installed with Python, hence always here: its topics
    in alphabetical order, without what is printed under two of them. It differs a little between
    versions of Python. The two others are taken from the folder COURSE_DATA
    (files `tinyshakespeare.txt`, 1,115,394 characters, and `timemachine-16k.txt`, 16,001), else
    from the cache, else from the network. Where a text cannot be had, the manual comes in its
    place, and `note` says so.

    Raises ValueError for another name, CourseError for a damaged file in COURSE_DATA.
    """
    if name == "manual":
        return _manual()
    if name not in _REMOTE:
        raise ValueError(f"The texts are 'manual', {', '.join(map(repr, _REMOTE))}; not {name!r}.")
    entry = _REMOTE[name]
    try:
        content, where = get(entry.file)
    except Unavailable as reason:
        return _manual(f"Instead of {entry.title} ({reason}) this is ")
    return Text(
        text=content.decode("utf-8"),
        title=entry.title,
        licence=entry.licence,
        source=entry.file.url,
        note=f"This is {entry.title}, from {where}.",
    )


def _manual(because: str = "This is ") -> Text:
    from pydoc_data.topics import topics

    # Nearly a fifth of the text is printed under two topics, as "while" is under "compound" too.
    # Kept twice, it would stand in a training and in a held-out part and flatter every model.
    paragraphs, seen = [], set()
    for topic in sorted(topics):
        for paragraph in topics[topic].strip("\n").split("\n\n"):
            words = " ".join(paragraph.split())
            if words not in seen or len(words) < SHORT:
                paragraphs.append(paragraph)
            seen.add(words)
    title = "Python's reference manual"
    return Text(
        text="\n\n".join(paragraphs) + "\n",
        title=title,
        licence="PSF License Version 2",
        source=f"pydoc_data.topics of Python {platform.python_version()}",
        note=f"{because}{title}, which came with Python {platform.python_version()}.",
    )
