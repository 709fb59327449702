"""A large text that is already here: the prose in the docstrings of installed packages.

Sources are read, not imported: what stands in a package's files as documentation is found by its
quotation marks and taken apart into paragraphs.
"""

import contextlib
import hashlib
import inspect
import json
import os
import platform
import re
import sysconfig
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from course_utils.data.remote import cache_folder
from course_utils.data.text import tokenize

STDLIB = "stdlib"  # the name of Python's own library among packages
PACKAGES = (STDLIB, "numpy", "torch", "scipy", "sklearn", "pandas", "matplotlib")
END = "<eos>"  # the token that ends a paragraph
SHORTEST = 8  # words of a paragraph
HELD_OUT = 20  # one module of 20 is for validation, one for testing

_DISTRIBUTION = {"sklearn": "scikit-learn"}  # where it is not the package's own name
_NOT_DOCUMENTED = {"test", "tests", "testing", "idlelib", "lib2to3", "site-packages"}
_NOT_DOCUMENTED |= {"dist-packages", "_vendor"}
# A comment, a string in three quotes of one kind or the other, a string in one quote: whichever
# comes first hides what looks like another of them inside it.
_STRING = re.compile(
    r"""
    \#[^\n]*
    | \"{3} ([^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*) \"{3}
    | '{3} ([^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*) '{3}
    | "[^"\\\n]*(?:\\.[^"\\\n]*)*"
    | '[^'\\\n]*(?:\\.[^'\\\n]*)*'
    """,
    re.DOTALL | re.VERBOSE,
)
_BULLET = re.compile(r"(?:[-*•]|\d+[.)]|\*{0,2}`*\w+`*(?: \([^)]*\))?:)\s+")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[.,;:!?)\"']*|\([A-Za-z][A-Za-z'-]*[.,;:!?)]*")
_CODE = re.compile(r"[\\{}|<>=`_]{2}|::|(?:^| )[#$%@]+ ")
_RULE = re.compile(r"([-=~^*#\"'.])\1{2,}")  # the line under a heading
_NOTE = re.compile(r" ?\[\w+\]_")  # a footnote's number
_MARKS = re.compile(r":\w+:`~?\.?([^`<]+?)(?: <[^`]*>)?`|``?([^`]+)``?|\*\*?([^*\s][^*]*)\*\*?")


@dataclass(frozen=True)
class Docstrings:
    """Paragraphs of prose, one string each, split by module; and a sentence on where they are from.

    A module gives to one part only, and a paragraph that repeats another one, of any part, is left
    out. The paragraphs are in the order of packages, modules and lines.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    note: str


def docstrings(packages: Sequence[str] = PACKAGES) -> Docstrings:
    """Return the prose of the packages' docstrings, split into three parts by whole modules.

    Code, signatures, tables and formulas are left out: a paragraph has at least 8 words, nearly
    all of them of letters, and ends as a sentence does. One whose runs of 8 words are for the
    greater part known from earlier paragraphs counts as a repetition. The text depends on the
    versions of Python and of the packages, `note` names them; it is made in seconds and kept in
    the cache folder.

    Raises ValueError for a package that is not installed, or has no folder of sources.
    """
    versions = [_version(name) for name in packages]
    note = f"Prose of the docstrings of {', '.join(versions)}."
    rules = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()  # other rules, another text
    key = hashlib.sha256("\n".join([rules, *versions]).encode()).hexdigest()[:16]
    path = cache_folder() / f"docstrings-{key}.json"
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))
        return Docstrings(**{name: tuple(parts[name]) for name in parts}, note=note)
    except (OSError, ValueError, TypeError):
        pass  # not there yet, or not whole: it is made anew
    parts = split_prose((name, text) for package in packages for name, text in _modules(package))
    _keep(path, parts)
    return Docstrings(**{name: tuple(parts[name]) for name in parts}, note=note)


def end_marked(paragraphs: Iterable[str]) -> list[str]:
    """Return the tokens of paragraphs one after the other, "<eos>" after each (see `tokenize`)."""
    return [token for paragraph in paragraphs for token in (*tokenize(paragraph), END)]


def split_prose(modules: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the new paragraphs of modules `(name, source)`, by part: train, validation, test.

    A module's name alone decides about its part. No paragraph that is held out has more than half
    of its runs of 8 words in common with all the training paragraphs together.
    """
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    sources: dict[str, list[str]] = {part: [] for part in parts}
    for name, source in modules:
        place = zlib.crc32(name.encode()) % HELD_OUT
        sources[{0: "validation", 1: "test"}.get(place, "train")].append(source)
    seen: set[int] = set()
    for part, kept in parts.items():  # training first: what is held out repeats little of it
        for docstring in (text for source in sources[part] for text in quoted(source)):
            for paragraph in prose(docstring):
                words = re.findall(r"\w+", paragraph.lower())
                ends = range(SHORTEST, len(words) + 1)
                runs = {hash(tuple(words[end - SHORTEST : end])) for end in ends}
                if len(runs - seen) > len(runs) / 2:
                    kept.append(paragraph)
                seen |= runs
    return parts


def quoted(source: str) -> Iterator[str]:
    """Yield what stands in triple quotes at the beginning of a line of Python source.

    That is where docstrings are, and where long ones are handed to a function that attaches them.
    Such a text is not the value of a name: prose in it is documentation.
    """
    for match in _STRING.finditer(source):
        text = match[1] or match[2]
        before = source[source.rfind("\n", 0, match.start()) + 1 : match.start()]
        if text and before.strip() in ("", "r", "R"):
            yield inspect.cleandoc(text)


def prose(docstring: str) -> Iterator[str]:
    """Yield the paragraphs of a docstring that are prose, each as one line without mark-up."""
    for lines in _blocks(docstring):
        text = _NOTE.sub("", " ".join(" ".join(lines).split()))
        text = _MARKS.sub(lambda match: next(filter(None, match.groups())), text)
        words = text.split()
        if (
            len(re.findall(r"\w+", text)) >= SHORTEST
            and text[-1] in ".!?"
            and sum(_WORD.fullmatch(word) is not None for word in words) >= 0.8 * len(words)
            and not _CODE.search(text)
        ):
            yield text


def _blocks(docstring: str) -> Iterator[list[str]]:
    """Yield lines that belong together: an empty line, a bullet or another indent begins anew."""
    block: list[str] = []
    indent, hanging = 0, False  # hanging: a bullet was just read, its next lines may stand deeper
    for line in docstring.expandtabs().splitlines():
        text = line.strip()
        depth = len(line) - len(line.lstrip())
        bullet = _BULLET.match(text)
        if _RULE.fullmatch(text):
            block = block[:-1]
        deeper = hanging and depth > indent
        if not text or bullet or text.startswith((".. ", ":", ">>>")) or _RULE.match(text):
            yield block
            block, hanging = [], bullet is not None
            indent = depth
            if bullet:
                block = [text[bullet.end() :]]
        elif block and (depth == indent or deeper):
            block.append(text)
            if deeper:
                indent, hanging = depth, False
        else:
            yield block
            block, indent, hanging = [text], depth, False
    yield block


def _modules(package: str) -> Iterator[tuple[str, str]]:
    """Yield (name, source) of every module of a package, in the order of their names."""
    folder = _folder(package)
    for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).parts):
        parts = path.relative_to(folder).with_suffix("").parts
        if not _NOT_DOCUMENTED & set(parts):
            yield ".".join((package, *parts)), path.read_text(encoding="utf-8", errors="replace")


def _folder(package: str) -> Path:
    if package == STDLIB:
        return Path(sysconfig.get_path("stdlib"))
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"There is no installed package {package!r} with a folder of sources.")
    return Path(spec.submodule_search_locations[0])


def _version(package: str) -> str:
    if package == STDLIB:
        return f"Python {platform.python_version()}"
    _folder(package)  # says so where it is not installed
    try:
        return f"{package} {version(_DISTRIBUTION.get(package, package))}"
    except PackageNotFoundError:
        raise ValueError(f"The version of the package {package!r} is not known.") from None


def _keep(path: Path, parts: dict[str, list[str]]) -> None:
    """Write the parts where the next call finds them, whole or not at all."""
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(parts), encoding="utf-8")
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # no room to keep it: it is made again next time
            draft.unlink()
