"""The verb `doctor`: what this machine has, what it lacks, and what that costs."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.lessons import root
from course_utils.threads import threads

MIB = 2**20


@dataclass(frozen=True)
class Finding:
    """One line of the table; `stops` where the course cannot run without it."""

    name: str
    good: bool
    found: str
    cost: str = ""
    stops: bool = False


def add(subparsers: argparse._SubParsersAction) -> None:
    """Register `doctor`."""
    verb = subparsers.add_parser("doctor", help="say what this machine has and lacks")
    verb.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the table; 0 if the course can run here."""
    findings = examine()
    for finding in findings:
        mark = "ok" if finding.good else "NO" if finding.stops else "--"
        print(f"{mark:<3}{finding.name:<16}{finding.found}")
        if not finding.good:
            print(f"{'':<19}{finding.cost}")
    stopped = [finding.name for finding in findings if finding.stops and not finding.good]
    if stopped:
        print(f"\nThe course cannot run here: see {', '.join(stopped)}.")
        return 1
    print("\nThe course can run here, and needs no network.")
    return 0


def examine() -> list[Finding]:
    """Return what was found on this machine."""
    return [
        _python(),
        *_packages(),
        _threads(),
        _memory(),
        _disk(),
        _torch(),
        Finding(
            "Chromium",
            chromium() is not None,
            chromium() or "not found",
            "Only the tests in a browser need it; they are skipped.",
        ),
        Finding(
            "bubblewrap",
            bubblewrap(),
            "works" if bubblewrap() else "missing, or forbidden by this system",
            "Only grading the work of others needs it, to keep their code in a closed room.",
        ),
        _data(),
    ]


def _python() -> Finding:
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("Python", good, found, "The course needs 3.11, 3.12 or 3.13.", stops=True)


def pins() -> dict[str, str]:
    """Return the versions in constraints.txt by normalised package name."""
    lines = (root() / "constraints.txt").read_text(encoding="utf-8").split("\n")
    found = (re.fullmatch(r"([\w.-]+)==([\w.]+)", line.strip()) for line in lines)
    return {_normal(match[1]): match[2] for match in found if match}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _packages() -> list[Finding]:
    """Compare what is installed with what the course needs and what it was tested with."""
    here = {
        _normal(d.name): (d.version or "").partition("+")[0]
        for d in importlib.metadata.distributions()
        if d.name  # an uninstallation cut short leaves a folder that names nothing
    }
    try:
        needs = importlib.metadata.requires("rnn-course") or []
    except importlib.metadata.PackageNotFoundError:
        needs = ["rnn-course"]
    wanted = [_normal(re.match(r"[\w.-]+", need)[0]) for need in needs if "extra ==" not in need]
    missing = sorted(name for name in wanted if name not in here)
    mend = "Remove the folder .venv and run `python3 course.py doctor`: it installs all anew."
    findings = [
        Finding(
            "packages",
            not missing,
            f"missing: {', '.join(missing)}" if missing else f"all {len(wanted)} that it imports",
            mend,
            stops=True,
        )
    ]
    try:
        pinned = pins()
    except OSError:
        return findings
    other = sorted(name for name in pinned if name in here and here[name] != pinned[name])
    found = ", ".join(f"{name} {here[name]} for {pinned[name]}" for name in other[:5])
    findings.append(
        Finding(
            "versions",
            not other,
            f"{len(other)} differ: {found}" if other else "as pinned in constraints.txt",
            "It may well work; the numbers in the text were made with the pinned ones.",
        )
    )
    return findings


def _threads() -> Finding:
    try:
        number = threads()
    except CourseError as error:
        return Finding("threads", False, str(error), "No lesson can start.", stops=True)
    found = f"{number} of {os.cpu_count()} processors (COURSE_THREADS)"
    cost = "Small recurrent networks are often slower with several threads; budgets assume one."
    return Finding("threads", number == 1, found, cost)


def _memory() -> Finding:
    import psutil

    free = psutil.virtual_memory().available / MIB
    cost = "A lesson takes up to 1,024 MiB beside JupyterLab and the browser: close something."
    return Finding("memory", free > 2048, f"{free:,.0f} MiB available", cost)


def _disk() -> Finding:
    free = shutil.disk_usage(root()).free / MIB
    cost = "Your copies of the lessons may not be saved: make room."
    return Finding("disk", free > 200, f"{free:,.0f} MiB free", cost, stops=True)


def _torch() -> Finding:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        reason = str(error).split("\n")[0]
        cost = "Most lessons need it: remove .venv and run `python3 course.py doctor`."
        return Finding("PyTorch", False, reason, cost, stops=True)
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "not used, not needed"
    return Finding("PyTorch", True, f"{torch.__version__}; CUDA: {cuda}")


def chromium() -> str | None:
    """Return the path of the system's Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
    for name in names:
        if path := shutil.which(name):
            return path
    usual = (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    )
    return next((path for path in usual if Path(path).is_file()), None)


def bubblewrap() -> bool:
    """Whether bubblewrap can make a room without network here, seen by making one."""
    return _works("bwrap", "--unshare-all", "--ro-bind", "/", "/", "true")


def namespaces() -> bool:
    """Whether this user can cut a process off the network, seen by doing it."""
    return _works("unshare", "--user", "--map-root-user", "--net", "true")


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _data() -> Finding:
    folder = os.environ.get("COURSE_DATA")
    if not folder:
        return Finding("COURSE_DATA", True, "not set: the data sets that come along are used")
    good = Path(folder).is_dir()
    cost = "The variable names no folder: set it to one, or unset it."
    return Finding("COURSE_DATA", good, folder, cost)
