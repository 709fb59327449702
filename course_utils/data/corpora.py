"""Whole texts to learn a language from: one that is always here, and two that may be fetched."""

import platform
from dataclasses import dataclass

from course_utils.data.remote import RemoteFile, Unavailable, get


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


def _first_paragraphs(content: bytes) -> bytes:
    """Return the first 16,001 characters, each paragraph on one line, one empty line between."""
    paragraphs = content.decode("utf-8").replace("\r\n", "\n").split("\n\n")
    lines = [" ".join(paragraph.split()) for paragraph in paragraphs]
    return "\n\n".join(line for line in lines if line)[:16_001].encode("utf-8")


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
        # The course uses the beginning, so this is what is prepared, checked and kept.
        file=RemoteFile(
            name="timemachine-16k.txt",
            url="https://raw.githubusercontent.com/d2l-ai/d2l-zh/"
            "592fbef84a684e752393edbf267c07dbc53e082b/data/timemachine.txt",
            sha256="e2e957beac3df5d0247a60ce39de24e946df324c899729d95af6236f7f6e4165",
            prepare=_first_paragraphs,
        ),
    ),
}


def load_text(name: str = "manual") -> Text:
    """Return the text `name`: "manual", "shakespeare" or "timemachine".

    "manual" is Python's own reference manual, installed with Python, hence always here; it differs
    a little between versions of Python. The two others are taken from the folder COURSE_DATA
    (files `tinyshakespeare.txt`, 1,115,394 characters, and `timemachine-16k.txt`, the first 16,001
    characters), else from the cache, else from the network. Where a text cannot be had, the manual
    comes in its place, and `note` says so.

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
        return _manual(f"There is no {entry.title} now ({reason}), so this is ")
    return Text(
        text=content.decode("utf-8"),
        title=entry.title,
        licence=entry.licence,
        source=entry.file.url,
        note=f"This is {entry.title}, from {where}.",
    )


def _manual(because: str = "This is ") -> Text:
    from pydoc_data.topics import topics

    title = "Python's reference manual"
    return Text(
        text="\n".join(topics[topic] for topic in sorted(topics)),
        title=title,
        licence="PSF License Version 2",
        source=f"pydoc_data.topics of Python {platform.python_version()}",
        note=f"{because}{title}, which came with Python {platform.python_version()}.",
    )
