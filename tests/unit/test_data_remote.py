"""Texts that may be fetched: from a folder, the cache, a server, or nothing of these."""

import errno
import hashlib
import http.server
import os
import re
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from pydoc_data.topics import topics

import pytest

from course_utils import data
from course_utils.data import corpora, remote
from course_utils.errors import CourseError

PLAY = b"First Player:\nWho is there\xe2\x80\x94and why?\n" * 50  # 0xe2...: one dash in UTF-8


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No folder, no cache, no proxy of whoever runs the tests."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(remote, "cache_folder", lambda: tmp_path / "cache")


class Server:
    """A server on this machine that sends `body` with `status`, and counts the requests."""

    def __init__(self):
        self.body, self.status, self.missing, self.requests = PLAY, 200, 0, 0
        parent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                parent.requests += 1
                self.send_response(parent.status)
                self.send_header("Content-Length", str(len(parent.body) + parent.missing))
                self.end_headers()
                self.wfile.write(parent.body)

            def log_message(self, *args):
                pass

        self.http = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/play.txt"


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def use(monkeypatch, url, content=PLAY):
    """Let "shakespeare" be the text `content`, at `url`."""
    entry = corpora._REMOTE["shakespeare"]
    file = replace(entry.file, url=url, sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(corpora._REMOTE, "shakespeare", replace(entry, file=file))


def files(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def is_the_manual_instead(text, because):
    assert text.text == data.load_text("manual").text
    assert text.title == "Python's reference manual"
    assert re.fullmatch(
        rf"Instead of tiny Shakespeare \({because}\) this is Python's reference manual, .*\.",
        text.note,
    )


# --- the manual ---


def words_of(text):
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def test_manual_says_everything_in_order_and_nothing_at_length_twice():
    text = data.load_text()
    assert text == data.load_text("manual")
    assert len(text.text) > 300_000
    said = words_of(text.text)
    all_topics = [words for topic in sorted(topics) for words in words_of(topics[topic])]
    assert set(said) == set(all_topics)
    in_short, short = ([w for w in some if len(w) < corpora.SHORT] for some in (said, all_topics))
    assert in_short == short  # "Example:" may come again
    at_length = [words for words in said if len(words) >= corpora.SHORT]
    assert at_length == list(dict.fromkeys(w for w in all_topics if len(w) >= corpora.SHORT))
    assert re.search(r"Python 3\.\d+\.\d+", text.source)
    assert text.licence and "\r" not in text.text


def test_unknown_text_is_one_sentence():
    with pytest.raises(ValueError, match="'manual', 'shakespeare', 'timemachine'; not 'hamlet'"):
        data.load_text("hamlet")


# --- the network ---


def test_download_is_kept_and_the_second_call_asks_nobody(server, monkeypatch, tmp_path, capfd):
    use(monkeypatch, server.url)
    first = data.load_text("shakespeare")
    assert first.text == PLAY.decode("utf-8")
    assert (first.source, first.note) == (server.url, "This is tiny Shakespeare, from 127.0.0.1.")
    assert "public domain" in first.licence
    assert server.requests == 1
    second = data.load_text("shakespeare")
    assert second.text == first.text
    assert str(tmp_path / "cache") in second.note
    assert server.requests == 1
    assert files(tmp_path / "cache") == ["tinyshakespeare.txt"]
    assert "".join(capfd.readouterr()) == ""  # nothing chatters in a notebook


@pytest.mark.parametrize("body", [PLAY + b"!", PLAY[:-1], b"", b"<html>Log in to the hotel</html>"])
def test_corrupt_download_is_refused_and_leaves_nothing(server, monkeypatch, tmp_path, body, capfd):
    use(monkeypatch, server.url)
    server.body = body
    because = r"what 127\.0\.0\.1 sent is not the file that the course knows"
    is_the_manual_instead(data.load_text("shakespeare"), because)
    assert files(tmp_path / "cache") == []
    assert "".join(capfd.readouterr()) == ""


def test_download_that_breaks_off_leaves_nothing(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    server.missing = 1000
    because = r"no connection to 127\.0\.0\.1, or a broken one"
    is_the_manual_instead(data.load_text("shakespeare"), because)
    assert files(tmp_path / "cache") == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_error_of_the_server(server, monkeypatch, tmp_path, status):
    use(monkeypatch, server.url)
    server.status = status
    is_the_manual_instead(data.load_text("shakespeare"), rf"127\.0\.0\.1 answers {status}")
    assert files(tmp_path / "cache") == []


def test_nobody_listens(monkeypatch, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: a connection is refused
        use(monkeypatch, f"http://127.0.0.1:{closed.getsockname()[1]}/play.txt")
        because = r"no connection to 127\.0\.0\.1, or a broken one"
        is_the_manual_instead(data.load_text("shakespeare"), because)
    assert files(tmp_path / "cache") == []


def test_name_that_no_server_has(monkeypatch):
    def nowhere(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    use(monkeypatch, "https://texts.invalid/play.txt")
    is_the_manual_instead(data.load_text("shakespeare"), r"no connection to texts\.invalid, .*")


def test_silent_server_is_given_up(monkeypatch):
    monkeypatch.setattr(remote, "TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        use(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/play.txt")
        start = time.perf_counter()
        is_the_manual_instead(data.load_text("shakespeare"), "no connection to .*")
        assert time.perf_counter() - start < 5  # seconds


# --- the cache ---


def test_corrupt_file_in_the_cache_is_fetched_again(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    cached = tmp_path / "cache" / "tinyshakespeare.txt"
    cached.parent.mkdir()
    cached.write_bytes(PLAY[:100])
    assert data.load_text("shakespeare").text == PLAY.decode("utf-8")
    assert cached.read_bytes() == PLAY


def test_corrupt_file_in_the_cache_is_removed_without_network_too(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    server.status = 500
    cached = tmp_path / "cache" / "tinyshakespeare.txt"
    cached.parent.mkdir()
    cached.write_bytes(PLAY[:100])
    is_the_manual_instead(data.load_text("shakespeare"), ".*")
    assert files(cached.parent) == []


def test_cache_that_cannot_be_made(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    (tmp_path / "cache").write_text("a file stands where the folder should be", encoding="utf-8")
    is_the_manual_instead(data.load_text("shakespeare"), "the folder .* cannot be used: .*")


def test_cache_that_may_not_be_written(server, monkeypatch, tmp_path):
    def forbidden(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    use(monkeypatch, server.url)
    monkeypatch.setattr(os, "makedirs", forbidden)
    is_the_manual_instead(
        data.load_text("shakespeare"), "the folder [^|]* cannot be used: no permission"
    )
    assert server.requests == 0


def test_folder_in_the_place_of_the_cached_file_is_left_alone(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    (tmp_path / "cache" / "tinyshakespeare.txt").mkdir(parents=True)
    is_the_manual_instead(data.load_text("shakespeare"), "the folder .* cannot be used: .*")
    assert files(tmp_path / "cache") == ["tinyshakespeare.txt"]


def test_two_notebooks_remove_the_same_corrupt_file(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    cached = tmp_path / "cache" / "tinyshakespeare.txt"
    cached.parent.mkdir()
    cached.write_bytes(PLAY[:100])
    read = Path.read_bytes

    def read_and_lose(path):
        content = read(path)
        if content == PLAY[:100]:
            path.unlink()  # the other notebook, between our look and our removal
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_lose)
    assert data.load_text("shakespeare").text == PLAY.decode("utf-8")


def test_cache_lies_where_the_system_keeps_caches(monkeypatch):
    monkeypatch.undo()
    assert "rnn-course" in remote.cache_folder().parts


# --- the reader's folder ---


def test_file_in_the_readers_folder_comes_first(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    (tmp_path / "tinyshakespeare.txt").write_bytes(PLAY)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    text = data.load_text("shakespeare")
    assert text.text == PLAY.decode("utf-8")
    assert text.note == f"This is tiny Shakespeare, from {tmp_path}."
    assert server.requests == 0


def test_wrong_file_in_the_readers_folder_is_said_and_left_alone(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    mine = tmp_path / "tinyshakespeare.txt"
    mine.write_bytes(b"my own play\n")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(CourseError, match="is not the file that the course knows") as raised:
        data.load_text("shakespeare")
    assert str(mine) in str(raised.value) and "\n" not in str(raised.value)
    assert mine.read_bytes() == b"my own play\n"
    assert server.requests == 0


def test_unreadable_file_in_the_readers_folder_is_said(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    mine = tmp_path / "tinyshakespeare.txt"
    mine.mkdir()  # whoever runs the tests as root may read every file, but no folder
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(CourseError, match=r"cannot be read \(.+\); make it readable or") as raised:
        data.load_text("shakespeare")
    assert str(mine) in str(raised.value)
    assert server.requests == 0


def test_readers_folder_without_the_file_is_no_obstacle(server, monkeypatch, tmp_path):
    use(monkeypatch, server.url)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert data.load_text("shakespeare").text == PLAY.decode("utf-8")


def test_readers_folder_that_does_not_exist_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(CourseError, match="nowhere does not exist"):
        data.load_text("shakespeare")
    (tmp_path / "a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "a file"))
    with pytest.raises(CourseError, match="a file does not exist or is no folder"):
        data.load_text("shakespeare")


# --- the beginning of a book ---


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_beginning_of_a_book_does_not_depend_on_its_line_ends(line_end):
    lines = ["A Book", "", "", "", "I", "", "It was _very_", "dark.", "", *["word " * 9] * 2000]
    beginning = corpora._beginning(line_end.join(lines).encode("utf-8")).decode("utf-8")
    assert beginning.startswith("A Book\n\nI\n\nIt was very dark.\n\nword word")
    assert len(beginning) == 16_001
    assert beginning.endswith("\n")


def test_book_is_cut_before_it_is_checked_and_kept(server, monkeypatch, tmp_path):
    server.body = ("A  page\nof it.\n\n" * 3000).encode("utf-8")
    wanted = (("A page of it.\n\n" * 3000)[:16_000] + "\n").encode("utf-8")
    entry = corpora._REMOTE["timemachine"]
    file = replace(entry.file, url=server.url, sha256=hashlib.sha256(wanted).hexdigest())
    monkeypatch.setitem(corpora._REMOTE, "timemachine", replace(entry, file=file))
    assert data.load_text("timemachine").text == wanted.decode("utf-8")
    assert (tmp_path / "cache" / "timemachine-16k.txt").read_bytes() == wanted
    server.body = b"\xff\xfe no text at all"
    (tmp_path / "cache" / "timemachine-16k.txt").unlink()
    assert "is not the file" in data.load_text("timemachine").note


@pytest.mark.parametrize("entry", corpora._REMOTE.values(), ids=corpora._REMOTE)
def test_every_address_is_pinned_and_every_licence_told(entry):
    assert re.fullmatch(
        r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/.+", entry.file.url
    )
    assert re.fullmatch(r"[0-9a-f]{64}", entry.file.sha256)
    assert entry.licence.startswith("public domain")
