#!/usr/bin/env python3
"""Set up the course and run it:  python3 course.py VERB [...]

  lab      open JupyterLab on a lesson: lab, lab 02, lab --fresh 02
  run      execute lessons without a browser; seconds, memory, verdict
  experiments  compute the numbers that lessons read from results/
  doctor   say what this machine has and lacks, and what that costs
  test     run the course's own tests: test, test --quick, test --full
  build    make notebooks and assignments from their text sources
  autograde  grade what students handed in

The first start makes .venv beside this file and installs the pinned packages; later starts take
a second. On Linux it prefers PyTorch's build without CUDA, which is far smaller; --cuda takes the
usual one.
"""

# Standard library only, and only syntax that every Python 3 reads: on a machine with the wrong
# Python this file has to say so, in one sentence.

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "course.json")
PINS = ["pyproject.toml", "constraints.txt"]

OLDEST, NEWEST = (3, 11), (3, 13)
LEARNER_VERBS = {"lab", "run", "experiments", "doctor"}  # these need no more than the base packages
STAFF_VERBS = {"test", "build", "autograde"}  # these need the extra packages of [test]

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
OFFLINE = [
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionResetError",
    "Temporary failure",
]


class Problem(Exception):
    """Something the user can mend: one sentence, and what pip said where it was pip."""

    def __init__(self, sentence, words=""):
        Exception.__init__(self, sentence)
        self.words = words


class Offline(Problem):
    """The network failed before pip changed anything."""


def main(argv):
    cuda = "--cuda" in argv
    words = [word for word in argv if word != "--cuda"]
    if not words or words[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if words else 2
    try:
        check_verb(words[0])
        extra = "test" if words[0] in STAFF_VERBS else ""
        check_place()
        if not installed(read_stamp(), extra, cuda):
            check_python()
            try:
                install(extra, cuda)
            except Offline:
                if not (works() and serves(read_stamp(), extra, cuda)):
                    raise
                say("No network: going on with the packages of the last installation.")
    except Problem as problem:
        sys.stderr.write(problem.words)
        print("course.py: " + str(problem), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncourse.py: stopped; the same command starts over.", file=sys.stderr)
        return 130
    return forward(words)


def check_verb(verb):
    known = sorted(LEARNER_VERBS | STAFF_VERBS)
    if verb not in known:
        raise Problem("there is no verb '%s'; choose one of %s." % (verb, ", ".join(known)))


def check_python(version=sys.version_info, which=shutil.which):
    """Refuse a Python that the pinned packages do not support, and name one that they do."""
    here = tuple(version[:2])
    if OLDEST <= here <= NEWEST:
        check_platform()
        return
    names = ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    found = [name for name in names if which(name)]
    if found:
        advice = "run it with %s, which is on this machine." % found[0]
    else:
        advice = "install one of these from python.org and use it to run course.py."
    raise Problem("this is Python %d.%d, and the course needs 3.11, 3.12 or 3.13; " % here + advice)


def check_platform():
    try:
        import ensurepip  # noqa: F401  (Debian and Ubuntu ship it apart)
        import venv  # noqa: F401
    except ImportError:
        raise Problem(
            "this Python comes without venv; on Debian or Ubuntu run "
            "'sudo apt install python3-venv', elsewhere install Python from python.org."
        ) from None
    if sys.platform == "darwin" and os.uname().machine == "x86_64":
        raise Problem(
            "PyTorch is no longer built for Macs with an Intel processor; use another machine, "
            "or, on Apple silicon, a Python that is not the Intel one."
        )


def check_place(root=ROOT):
    """Refuse a folder in which an environment cannot be made."""
    for name in PINS:
        if not os.path.isfile(os.path.join(root, name)):
            raise Problem("%s is missing beside course.py; get the whole course again." % name)
    if os.pathsep in root:
        raise Problem(
            "the folder %s has a '%s' in its name, which Python's environments do not allow; "
            "rename it." % (root, os.pathsep)
        )
    if os.name == "nt" and len(root) > 100:
        raise Problem(
            "the path %s is too long for Windows; move the course to a shorter one, "
            "such as C:\\rnn-course." % root
        )
    if not os.access(root, os.W_OK):
        raise Problem("the folder %s cannot be written to; copy the course to your own." % root)


def installed(stamp, extra, cuda):
    """Whether .venv holds the pinned set already, by its stamp."""
    return stamp.get("digest") == digest() and serves(stamp, extra, cuda)


def serves(stamp, extra, cuda):
    """Whether .venv holds what the verb needs, if not in the versions pinned now."""
    return (
        os.path.exists(python())
        and "digest" in stamp  # the installation came to its end
        and stamp.get("root") == ROOT
        and extra in ("", stamp.get("extra"))
        and (not cuda or stamp.get("cuda") is True)
    )


def install(extra, cuda):
    """Bring .venv to the pinned set, anew where what is there cannot be trusted."""
    with Lock():
        stamp = read_stamp()  # after the lock: another course.py may just have finished
        # An "unfinished" stamp was left by an interrupted installation: packages may be half
        # there. A moved folder leaves its old path in scripts. PyTorch changes its build only anew.
        anew = (
            not works()
            or "unfinished" in stamp
            or stamp.get("root", ROOT) != ROOT
            or (cuda and not stamp.get("cuda", True))
        )
        extra = extra or stamp.get("extra", "")
        cuda = cuda or stamp.get("cuda", False)
        start = time.time()
        say(
            "Installing the course's packages into .venv: two to ten minutes and 2 GB%s, once."
            % (", more with CUDA" if cuda else "")
        )
        if anew:
            make_venv()
        write_stamp({"unfinished": True, "cuda": cuda, "extra": extra})
        try:
            pip_install(extra, cuda)
        except Offline:
            if not anew:  # then what was there is there still
                write_stamp(stamp)
            raise
        write_stamp({"digest": digest(), "root": ROOT, "extra": extra, "cuda": cuda})
        say("Installed in %.0f s." % (time.time() - start))


def digest():
    """Return what is to be installed as one string."""
    total = hashlib.sha256()
    for name in PINS:
        with open(os.path.join(ROOT, name), "rb") as file:
            total.update(file.read().replace(b"\r\n", b"\n"))
    return total.hexdigest()


def read_stamp():
    """Return the stamp, empty where it is missing or damaged."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp):
    """Replace the stamp in one move, so that it is never half written."""
    with open(STAMP + ".new", "w", encoding="utf-8") as file:
        json.dump(stamp, file)
    os.replace(STAMP + ".new", STAMP)


def python():
    inside = ["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]
    return os.path.join(VENV, *inside)


def works():
    """Whether .venv holds a Python that the course supports, with pip."""
    code = "import pip, sys; sys.exit(not %r <= sys.version_info[:2] <= %r)" % (OLDEST, NEWEST)
    try:
        return subprocess.call([python(), "-c", code], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def make_venv():
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
        raise Problem("Python could not make %s; its own words are above." % VENV)


def pip_install(extra, cuda):
    command = [python(), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["-c", "constraints.txt", "-e", ".[%s]" % extra if extra else "."]
    if sys.platform.startswith("linux") and not cuda and answers(CPU_INDEX):
        command += ["--extra-index-url", CPU_INDEX]
    pip = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
    )
    lines = []
    try:
        for line in pip.stdout:
            lines.append(line)
            if line.startswith("Collecting ") or line.startswith("Installing "):
                show(line.split("(")[0].strip()[:70])
    except KeyboardInterrupt:
        pip.terminate()
        pip.wait()
        raise
    show("")
    if pip.wait() == 0:
        return
    said, words = "".join(lines), "".join(lines[-30:])
    if "Installing collected" in said or not any(word in said for word in OFFLINE):
        raise Problem("pip could not install the pinned packages; its own words are above.", words)
    if "Downloading " in said:
        raise Offline("the network broke off; run the same command again.", words)
    raise Offline(
        "packages are missing and no package index can be reached; "
        "connect to the network and run the same command again.",
        words,
    )


def answers(url, seconds=2.0):
    """Whether `url` answers within `seconds`, name look-up included."""
    from urllib.request import urlopen

    answered = []

    def ask():
        try:
            urlopen(url + "/torch/", timeout=seconds).close()
            answered.append(True)
        except Exception:  # a network with a log-in page may answer anything
            pass

    asking = threading.Thread(target=ask)
    asking.daemon = True
    asking.start()
    asking.join(seconds)
    return bool(answered)


class Lock:
    """One installation at a time in this folder; the system frees the lock of a dead process."""

    def __enter__(self):
        self.file = open(os.path.join(ROOT, ".course.lock"), "w")
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(self.file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.close()
            raise Problem("another course.py is installing here; wait until it is done.") from None
        return self

    def __exit__(self, *_):
        self.file.close()


def say(text):
    print(text)
    sys.stdout.flush()


def show(text):
    """Show what happens now in one line that the next one overwrites; in a terminal only."""
    if sys.stdout.isatty():
        sys.stdout.write("\r  %-74s\r" % text)
        sys.stdout.flush()


def forward(words):
    """Run the verb in .venv; its exit code is ours."""
    command = [python(), "-P", "-m", "course_utils.cli"]
    command.extend(words)
    if os.name == "nt":
        verb = subprocess.Popen(command)
        while True:
            try:
                return verb.wait()
            except KeyboardInterrupt:
                pass  # the verb got it too, and ends in its own time
    os.execv(command[0], command)  # the same process: signals and exit code need no help


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
