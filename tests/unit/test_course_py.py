"""course.py: what it says on a machine where it cannot work, and when it installs."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from course_utils import cli, lessons

ROOT = lessons.root()


def load(folder: Path):
    """Import the course.py of `folder` as a module of its own."""
    spec = importlib.util.spec_from_file_location(
        f"course_py_{abs(hash(folder))}", folder / "course.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path):
    """A course.py in a folder with a space in its name, with its pins and nothing installed."""
    folder = tmp_path / "my course"
    folder.mkdir()
    for name in ("course.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    return load(folder)


@pytest.fixture
def installer(copy, monkeypatch):
    """The copy with its slow steps replaced; `installer.steps` tells which were taken."""
    copy.steps = []

    def make_venv():
        copy.steps.append("venv")
        Path(copy.python()).parent.mkdir(parents=True, exist_ok=True)
        Path(copy.python()).touch()

    monkeypatch.setattr(copy, "make_venv", make_venv)
    monkeypatch.setattr(copy, "works", lambda: Path(copy.python()).exists())
    monkeypatch.setattr(copy, "pip_install", lambda extra, cuda: copy.steps.append((extra, cuda)))
    monkeypatch.setattr(copy, "forward", lambda words: copy.steps.append(words) or 0)
    return copy


def steps(installer, *words: str):
    """Run the words and return the steps that they took."""
    installer.steps.clear()
    assert installer.main(list(words)) == 0
    return list(installer.steps)


# What any Python 3 reads ------------------------------------------------------------------------


def test_parses_on_old_pythons():
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [f.name for f in functions if f.args.kwonlyargs or f.args.posonlyargs or f.returns]


def test_imports_nothing_but_the_standard_library():
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


# What it says -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(3, 5, 2), (3, 10, 9), (3, 14, 0), (4, 0, 0)])
def test_another_python_is_refused(copy, version):
    with pytest.raises(copy.Problem, match=rf"this is Python {version[0]}\.{version[1]},.*3\.13"):
        copy.check_python(version, which=lambda name: None)


def test_a_suitable_python_on_this_machine_is_named(copy):
    with pytest.raises(copy.Problem, match=r"run it with python3\.12"):
        copy.check_python((3, 9, 1), which=lambda name: name == "python3.12" or None)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 9)])
def test_a_suitable_python_is_accepted(copy, version):
    copy.check_python(version, which=lambda name: None)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_venv_is_told(copy, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(copy.Problem, match="python3-venv"):
        copy.check_platform()


def test_an_impossible_place_is_told(copy, tmp_path):
    with pytest.raises(copy.Problem, match=r"pyproject\.toml is missing"):
        copy.check_place(str(tmp_path))
    bad = tmp_path / f"a{os.pathsep}b"
    if os.pathsep == ":":
        shutil.copytree(copy.ROOT, bad)
        with pytest.raises(copy.Problem, match="rename it"):
            copy.check_place(str(bad))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "course.py VERB"),
        (["--help"], 0, "course.py VERB"),
        (["tset"], 2, "there is no verb 'tset'; choose one of"),
    ],
)
def test_a_mistyped_start_installs_nothing(installer, capsys, words, code, said):
    assert installer.main(words) == code
    assert installer.steps == []
    output = capsys.readouterr()
    assert said in output.out + output.err


@pytest.mark.parametrize(
    ("said", "offline", "told"),
    [
        ("raise NewConnectionError", True, "connect to the network"),
        ("Downloading torch\nReadTimeoutError", True, "the network broke off"),
        ("Installing collected packages: a\nNewConnectionError", False, "could not install"),
        ("ERROR: no space left on device", False, "could not install"),
        ("a byte that is no letter: \udcff", False, "could not install"),
    ],
)
def test_a_failure_of_pip_is_one_sentence_and_its_own_words(
    copy, monkeypatch, capsys, said, offline, told
):
    fake_pip(copy, monkeypatch, said, code=1)
    monkeypatch.setattr(copy, "make_venv", lambda: os.makedirs(copy.VENV))
    monkeypatch.setattr(copy, "works", lambda: False)
    assert copy.main(["lab", "--cuda"]) == 2
    error = capsys.readouterr().err
    assert said.partition("\udcff")[0] in error
    assert told in error.splitlines()[-1]
    with pytest.raises(copy.Offline if offline else copy.Problem) as raised:
        copy.pip_install("", cuda=True)
    assert isinstance(raised.value, copy.Offline) is offline


def fake_pip(copy, monkeypatch, says: str, code: int) -> None:
    """Let every command of `copy` print `says` and exit with `code`."""
    real = subprocess.Popen
    script = f"import os; os.write(1, {os.fsencode(says)!r}); raise SystemExit({code})"
    monkeypatch.setattr(
        copy.subprocess,
        "Popen",
        lambda command, **options: real([sys.executable, "-c", script], **options),
    )


def test_an_index_that_does_not_answer_costs_two_seconds(copy):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        assert copy.answers(f"http://127.0.0.1:{silent.getsockname()[1]}") is False
        assert time.monotonic() - start < 3


def test_an_index_that_talks_nonsense_is_no_answer(copy):
    """As of a log-in page in a hotel."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def talk():
            caller, _ = server.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(b"Welcome!\r\n\r\n")

        talking = threading.Thread(target=talk, daemon=True)
        talking.start()
        assert copy.answers(f"http://127.0.0.1:{server.getsockname()[1]}") is False
        talking.join(5)
        assert not talking.is_alive()


# When it installs -------------------------------------------------------------------------------


def test_installs_once(installer):
    assert steps(installer, "lab") == ["venv", ("", False), ["lab"]]
    assert steps(installer, "run", "02") == [["run", "02"]]


def test_staff_verbs_add_their_packages_and_keep_them(installer):
    steps(installer, "lab")
    assert steps(installer, "test", "--quick") == [("test", False), ["test", "--quick"]]
    assert steps(installer, "lab") == [["lab"]]
    assert steps(installer, "build") == [["build"]]


def test_a_changed_pin_installs_again_in_place(installer):
    steps(installer, "test")
    with open(os.path.join(installer.ROOT, "constraints.txt"), "a", encoding="utf-8") as file:
        file.write("another==1.0\n")
    assert steps(installer, "lab") == [("test", False), ["lab"]]


def test_line_ends_are_no_change(installer):
    before = installer.digest()
    path = Path(installer.ROOT, "constraints.txt")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert installer.digest() == before


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_installation_starts_over(installer, monkeypatch, interruption):
    def stop(extra, cuda):
        raise interruption

    with monkeypatch.context() as patch:
        patch.setattr(installer, "pip_install", stop)
        if interruption is KeyboardInterrupt:
            assert installer.main(["lab"]) == 130
        else:
            with pytest.raises(interruption):
                installer.main(["lab"])
    assert steps(installer, "lab") == ["venv", ("", False), ["lab"]]


@pytest.fixture
def offline(installer, monkeypatch):
    """A function that cuts the installer off the network."""

    def cut():
        def stop(extra, cuda):
            installer.steps.append("offline")
            raise installer.Offline("no network.")

        monkeypatch.setattr(installer, "pip_install", stop)

    return cut


def test_without_a_network_what_worked_goes_on_working(installer, offline, capsys):
    steps(installer, "lab")
    offline()
    assert installer.main(["test"]) == 2  # its packages were never installed
    assert "no network." in capsys.readouterr().err
    assert steps(installer, "lab") == [["lab"]]


def test_without_a_network_the_packages_of_older_pins_serve(installer, offline, capsys):
    steps(installer, "test")
    with open(os.path.join(installer.ROOT, "pyproject.toml"), "a", encoding="utf-8") as file:
        file.write("# newer\n")
    offline()
    assert steps(installer, "lab") == ["offline", ["lab"]]
    assert steps(installer, "test") == ["offline", ["test"]]
    assert "going on with the packages of the last installation" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["lab"], ["lab", "--cuda"]])
def test_without_a_network_a_new_environment_serves_nothing(installer, offline, words):
    offline()
    assert installer.main(words) == installer.main(words) == 2
    assert ["lab"] not in installer.steps


@pytest.mark.parametrize("stamp", ["", "{", "{}", "[]", "null", "STAMP OF ANOTHER TIME"])
def test_an_environment_of_unknown_state_is_completed(installer, stamp):
    steps(installer, "lab")
    stamp = stamp.replace("STAMP OF ANOTHER TIME", json.dumps({"digest": installer.digest()}))
    Path(installer.STAMP).write_text(stamp, encoding="utf-8")
    assert steps(installer, "lab") == [("", False), ["lab"]]


def test_a_moved_folder_starts_over(installer):
    steps(installer, "lab")
    stamp = json.loads(Path(installer.STAMP).read_text(encoding="utf-8"))
    Path(installer.STAMP).write_text(json.dumps({**stamp, "root": "elsewhere"}), encoding="utf-8")
    assert steps(installer, "lab")[0] == "venv"


def test_a_vanished_python_starts_over(installer):
    steps(installer, "lab")
    os.remove(installer.python())
    assert steps(installer, "lab")[0] == "venv"


def test_cuda_is_asked_for_once(installer):
    steps(installer, "lab")
    assert steps(installer, "lab", "--cuda") == ["venv", ("", True), ["lab"]]
    assert steps(installer, "lab") == [["lab"]]
    assert steps(installer, "test") == [("test", True), ["test"]]


def test_two_installations_at_once_are_refused(installer):
    with installer.Lock(), pytest.raises(installer.Problem, match="another course"):
        installer.install("", False)


# What it forwards -------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="needs a script in the place of python.exe")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(["run", "99"], 2, "There is no lesson '99'"), (["lab", "--help"], 0, "--fresh")],
)
def test_forwards_words_and_exit_code(copy, words, code, said):
    """With an environment that stands for the installed one: its Python is the tests' own."""
    Path(copy.VENV).mkdir()
    inside = Path(copy.python())
    inside.parent.mkdir(parents=True)
    inside.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    inside.chmod(0o755)
    copy.write_stamp({"digest": copy.digest(), "root": copy.ROOT, "extra": "", "cuda": False})
    done = subprocess.run(
        [sys.executable, os.path.join(copy.ROOT, "course.py"), *words],
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_knows_the_same_verbs_as_the_command_line(copy):
    verbs = copy.LEARNER_VERBS | copy.STAFF_VERBS
    assert verbs == set(cli.verbs_of(cli.parser()))
    described = {line.split()[0] for line in copy.__doc__.split("\n") if line.startswith("  ")}
    assert verbs == described
