"""Files of others that the course may fetch: from the reader's folder, the cache or the network.

A file is used only if its SHA-256 is the one written down here. `get` looks, in this order, into
the folder that the environment variable COURSE_DATA names, into the cache (`cache_folder`), and
to its address on the network. Nothing is fetched on import.
"""

import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from course_utils.errors import CourseError

TIMEOUT = 5  # seconds without an answer after which the network counts as absent


@dataclass(frozen=True)
class RemoteFile:
    """A file, where it is, and what it must be; `prepare` makes it of what the address sends."""

    name: str  # also the name to give it in COURSE_DATA
    url: str
    sha256: str
    prepare: Callable[[bytes], bytes] = bytes


class Unavailable(Exception):
    """The file is in no folder and cannot be fetched now: the message is the reason, a clause."""


def course_data(folder: str | Path | None = None) -> Path | None:
    """Return `folder`, else the one that COURSE_DATA names, or None where neither is given.

    Raises CourseError where there is no such folder.
    """
    folder = folder or os.environ.get("COURSE_DATA")
    if not folder:
        return None
    if not Path(folder).is_dir():
        raise CourseError(
            f"The data folder {folder} does not exist or is no folder; "
            "make it or unset COURSE_DATA."
        )
    return Path(folder)


def cache_folder() -> Path:
    """Return the folder where fetched files are kept, the system's usual one for caches."""
    import pooch

    return Path(pooch.os_cache("rnn-course"))


def get(file: RemoteFile) -> tuple[bytes, str]:
    """Return the content of `file`, checked, and where it was: a folder or a host.

    A wrong file in the cache is removed and fetched again; a wrong one that was just fetched is
    not kept.

    Raises CourseError for a wrong or unreadable file in COURSE_DATA, which is the reader's and left
    alone, and Unavailable where the file cannot be had.
    """
    folder = course_data()
    content = _readers(folder / file.name) if folder else None
    if content is None:
        try:
            return _cached_or_fetched(file)
        except OSError as error:
            reason = error.strerror or "no permission"  # pooch words a missing one at length
            raise Unavailable(f"the folder {cache_folder()} cannot be used: {reason}") from error
    if not _is(file, content):
        raise CourseError(
            f"{folder / file.name} is not the file that the course knows (its SHA-256 must "
            f"begin with {file.sha256[:12]}); replace it or take it out of the folder."
        )
    return content, str(folder)


def _readers(path: Path) -> bytes | None:
    """Return the content of the reader's file, or None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror}); make it readable or take it out of the "
            "folder."
        ) from error


def _cached_or_fetched(file: RemoteFile) -> tuple[bytes, str]:
    path = cache_folder() / file.name
    if path.is_file():
        content = path.read_bytes()
        if _is(file, content):
            return content, str(path.parent)
        path.unlink(missing_ok=True)  # another notebook may have been faster
    _fetch(file, path)
    return path.read_bytes(), urlsplit(file.url).hostname


def _fetch(file: RemoteFile, path: Path) -> None:
    """Download `file` to `path`; where anything goes wrong nothing is left behind."""
    import pooch
    import requests

    def download(url: str, target: str, _pooch: object) -> None:
        pooch.HTTPDownloader(timeout=TIMEOUT)(url, target, None)
        Path(target).write_bytes(file.prepare(Path(target).read_bytes()))

    pooch.get_logger().setLevel(logging.ERROR)  # it announces every download in red
    host = urlsplit(file.url).hostname
    try:
        # pooch writes to a temporary file, checks it, and only then gives it its name.
        pooch.retrieve(
            file.url, f"sha256:{file.sha256}", path.name, path.parent, downloader=download
        )
    except requests.HTTPError as error:
        raise Unavailable(f"{host} answers {error.response.status_code}") from error
    except requests.RequestException as error:
        raise Unavailable(f"no connection to {host}, or a broken one") from error
    except ValueError as error:
        raise Unavailable(f"what {host} sent is not the file that the course knows") from error


def _is(file: RemoteFile, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == file.sha256
