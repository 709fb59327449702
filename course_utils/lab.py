"""The verb `lab`: the learner's own copies of the lessons, opened in JupyterLab."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import socket
import sys
import time
from pathlib import Path
from urllib.parse import quote

from course_utils.errors import CourseError
from course_utils.lessons import all_lessons, find_lesson, read_notebook, root
from course_utils.runner import kernel_environment
from course_utils.threads import threads

RECORD = ".course.json"
"""In work/: for each copy, the SHA-256 of the course's notebook that it was made from."""


def add(subparsers: argparse._SubParsersAction) -> None:
    """Register `lab`."""
    verb = subparsers.add_parser("lab", help="open JupyterLab on your own copy of a lesson")
    verb.add_argument("lesson", nargs="?", metavar="LESSON", help="such as 02; default: the first")
    verb.add_argument(
        "--fresh", metavar="LESSON", help="start this lesson anew; your copy is kept, dated"
    )
    verb.add_argument("--port", type=int, help="the port to serve on; default: the first free one")
    verb.add_argument("--no-browser", action="store_true", help="only print the address")
    verb.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Bring work/ up to date, then serve it until the learner stops it."""
    threads()  # a wrong COURSE_THREADS is told before anything is renamed or written
    name = args.lesson or args.fresh
    lesson = find_lesson(name) if name else all_lessons()[0]
    fresh = find_lesson(args.fresh) if args.fresh else None
    read_notebook(lesson)
    if args.port is not None:
        check_port(args.port)
    for line in fill_work(fresh):
        print(line)
    return serve(f"work/{lesson.name}", args.port, browser=has_screen() and not args.no_browser)


def fill_work(fresh: Path | None = None) -> list[str]:
    """Copy every lesson that work/ lacks, never over a file; return what the learner should know.

    The copy of the lesson `fresh`, if there is one, is first renamed with today's date and time.
    """
    work = root() / "work"
    record = _read_record(work / RECORD)
    news = []
    try:
        work.mkdir(exist_ok=True)
        for source in all_lessons():
            copy, content = work / source.name, source.read_bytes()
            version = hashlib.sha256(content).hexdigest()
            if source == fresh and copy.exists():
                kept = copy.with_name(f"{copy.stem}.{time.strftime('%Y-%m-%d-%H%M%S')}.ipynb")
                if kept.exists():
                    raise CourseError(f"{kept} is there already: try again in a second.")
                copy.rename(kept)
                news.append(f"Your work so far is kept in work/{kept.name}.")
            if not copy.exists():
                _write(copy, content)
                record[source.name] = version
                _write(work / RECORD, json.dumps(record, indent=1).encode())
            elif record.get(source.name, version) != version:
                news.append(
                    f"The course has a newer {source.name} than the one that you work in; "
                    f"`lab --fresh {source.name[:2]}` begins with it and keeps yours."
                )
    except OSError as error:
        raise CourseError(f"{work} cannot be written to ({error.strerror}).") from None
    return news


def _read_record(path: Path) -> dict[str, str]:
    """Return the record, empty where it is missing or damaged: then nothing is called newer."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write(path: Path, content: bytes) -> None:
    """Write `path` in one move, so that it is never half written."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def check_port(port: int) -> None:
    """Raise CourseError unless this machine lets us listen on `port`."""
    if not 1 <= port <= 65535:
        raise CourseError(f"Port {port} does not exist: choose one from 1024 to 65535.")
    with socket.socket() as probe:
        if os.name != "nt":  # on Windows this would let two programs share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CourseError(
                f"Port {port} cannot be used ({error.strerror}): choose another, or leave out "
                "--port and a free one is taken."
            ) from None


def has_screen() -> bool:
    """Whether a browser that we open would be seen by the person who typed the command."""
    if "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def serve(path: str, port: int | None, browser: bool) -> int:
    """Run JupyterLab opened at `path` below the course's folder; return when it is stopped."""
    os.environ.update(kernel_environment())
    # Our settings lie beside this file: no news, no tabs for instructors. Jupyter reads this
    # variable before the user's and the environment's own folders; nothing is written to them.
    ours = str(Path(__file__).parent / "jupyter")
    theirs = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([ours, theirs] if theirs else [ours])

    options = [
        f"--ServerApp.root_dir={root()}",
        f"--LabApp.default_url=/lab/tree/{quote(path)}",
        f"--ServerApp.open_browser={browser}",
        "--Application.log_level=WARN",
    ]
    if port is not None:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")

    print(f"JupyterLab opens {path}. Stop it here with Ctrl+C, twice.", flush=True)
    if not browser:
        print("No browser is opened: follow the address printed below.", flush=True)
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(options)
    return 0
