"""The command line: verbs, exit codes, and one sentence for every mistake."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import socket
import subprocess
import sys
import warnings

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import cli, doctor, lab, lessons, testing
from course_utils.errors import CourseError


def lesson(source: str, cpu_seconds: float = 30, peak_mib: float = 1024) -> str:
    """Return the text of a notebook with one code cell and a budget."""
    notebook = new_notebook(cells=[new_code_cell(source, id="00-1")])
    notebook.metadata["course"] = {"cpu_seconds": cpu_seconds, "peak_mib": peak_mib}
    return nbformat.writes(notebook)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course in a folder with a space in its name."""
    folder = tmp_path / "my course"
    (folder / "notebooks").mkdir(parents=True)
    for name in ("00_start_here", "02_vanilla_rnn"):
        path = folder / "notebooks" / f"{name}.ipynb"
        path.write_text(lesson(f"print('{name}')"), encoding="utf-8")
    for module in (lessons, lab, testing, doctor):
        monkeypatch.setattr(module, "root", lambda: folder)
    return folder


@pytest.fixture
def served(monkeypatch):
    """What `lab` would have served: a list of (path, port, browser)."""
    calls = []
    monkeypatch.setattr(lab, "serve", lambda path, port, browser: calls.append((path, port)) or 0)
    return calls


def fails(capsys, *words: str) -> str:
    """Run the words, expect exit code 2 and a single sentence on stderr; return it."""
    assert cli.main(words) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("course: ")
    assert output.err.count("\n") == 1
    return output.err


# Mistakes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["labb"], "There is no verb 'labb' (did you mean 'lab'?): choose one of lab, run,"),
        (["run", "99"], "There is no lesson '99': choose one of 00_start_here, 02_vanilla_rnn."),
        (["run", "--sloved"], "--sloved"),
        (["lab", "gru"], "There is no lesson 'gru'"),
        (["lab", "--fresh", "07"], "There is no lesson '07'"),
        (["lab", "--port", "x"], "invalid int value"),
        (["lab", "--port", "0"], "Port 0 does not exist"),
        (["run", "--solved"], "There are no lessons in"),
        (["test"], "There are no tests in"),
    ],
)
def test_one_sentence(course, served, capsys, words, said):
    assert said in fails(capsys, *words)
    assert served == []
    assert not (course / "work").exists()


@pytest.mark.parametrize("verb", ["run", "lab"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', lesson("1")[:-40]])
def test_a_broken_notebook_is_one_sentence(course, served, capsys, verb, text):
    (course / "notebooks" / "02_vanilla_rnn.ipynb").write_text(text, encoding="utf-8")
    assert "is broken" in fails(capsys, verb, "02")
    assert served == []


def test_a_notebook_without_a_budget_is_one_sentence(course, capsys):
    path = course / "notebooks" / "02_vanilla_rnn.ipynb"
    path.write_text(nbformat.writes(new_notebook()), encoding="utf-8")
    assert "states no budget" in fails(capsys, "run", "02")


def test_an_occupied_port_is_one_sentence(course, served, capsys):
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        assert f"Port {port} cannot be used" in fails(capsys, "lab", "--port", str(port))
    assert served == []


@pytest.mark.parametrize("words", [("run", "02"), ("lab", "--fresh", "02")])
@pytest.mark.parametrize("value", ["", "0", "-1", "two", "²"])
def test_a_wrong_number_of_threads_is_one_sentence(course, capsys, monkeypatch, words, value):
    monkeypatch.setenv("COURSE_THREADS", value)
    assert "COURSE_THREADS" in fails(capsys, *words)
    assert not (course / "work").exists()


@pytest.mark.parametrize(("verb", "package"), [("test", "pytest"), ("build", "jupytext")])
def test_a_missing_package_of_the_staff_is_one_sentence(capsys, monkeypatch, verb, package):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else real(name)
    )
    said = fails(capsys, verb)
    assert f"{package} is missing: `python3 course.py {verb}` installs it." in said


def test_autograde_requires_the_assignment_alone(capsys):
    assert fails(capsys, "autograde").endswith(
        "required: assignment; see `course autograde --help`.\n"
    )


def test_a_terminal_that_lacks_a_letter_stops_nothing(course):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    words = [sys.executable, "-m", "course_utils.cli", "run", "Übung"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("course: There is no lesson '?bung'")


def test_no_verb_prints_the_verbs(capsys):
    assert cli.main([]) == 2
    assert "doctor" in capsys.readouterr().out


# Lessons ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["2", "02", "02_vanilla_rnn", "02_vanilla_rnn.ipynb"])
def test_names_of_a_lesson(course, name):
    assert lessons.find_lesson(name).name == "02_vanilla_rnn.ipynb"


def test_a_missing_notebook_is_told(course):
    with pytest.raises(CourseError, match="is missing"):
        lessons.read_notebook(course / "notebooks" / "03_gone.ipynb")


def test_a_notebook_without_cell_ids_is_read_in_silence(course):
    path = course / "notebooks" / "02_vanilla_rnn.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    del notebook["cells"][0]["id"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lessons.read_notebook(path).cells[0].id


# lab --------------------------------------------------------------------------------------------


def work_of(course) -> dict[str, str]:
    """Return the notebooks in work/ by name."""
    return {p.name: p.read_text(encoding="utf-8") for p in (course / "work").glob("*.ipynb")}


def test_lab_opens_the_first_lesson_or_the_one_asked_for(course, served):
    assert cli.main(["lab"]) == cli.main(["lab", "2"]) == cli.main(["lab", "--fresh", "02"]) == 0
    second = ("work/02_vanilla_rnn.ipynb", None)
    assert served == [("work/00_start_here.ipynb", None), second, second]


def test_lab_copies_what_is_missing_and_never_overwrites(course, served):
    cli.main(["lab"])
    assert set(work_of(course)) == {"00_start_here.ipynb", "02_vanilla_rnn.ipynb"}
    mine, gone = course / "work" / "00_start_here.ipynb", course / "work" / "02_vanilla_rnn.ipynb"
    mine.write_text("my answers", encoding="utf-8")
    gone.unlink()
    cli.main(["lab"])
    assert mine.read_text(encoding="utf-8") == "my answers"
    assert gone.exists()


def test_lab_tells_of_a_newer_lesson_once_it_is_newer(course, served, capsys):
    cli.main(["lab"])
    mine = course / "work" / "00_start_here.ipynb"
    mine.write_text("my answers", encoding="utf-8")
    cli.main(["lab"])
    assert "newer" not in capsys.readouterr().out
    (course / "notebooks" / "00_start_here.ipynb").write_text(lesson("2"), encoding="utf-8")
    cli.main(["lab"])
    assert "a newer 00_start_here.ipynb" in capsys.readouterr().out
    assert mine.read_text(encoding="utf-8") == "my answers"
    cli.main(["lab", "--fresh", "00"])
    assert "kept in work/00_start_here." in capsys.readouterr().out
    cli.main(["lab"])
    assert "newer" not in capsys.readouterr().out


def test_fresh_keeps_the_old_copy(course, served):
    cli.main(["lab"])
    other = course / "work" / "02_vanilla_rnn.ipynb"
    other.write_text("other answers", encoding="utf-8")
    (course / "work" / "00_start_here.ipynb").write_text("my answers", encoding="utf-8")
    cli.main(["lab", "--fresh", "00"])
    work = work_of(course)
    assert work.pop("02_vanilla_rnn.ipynb") == "other answers"
    assert "start_here" in work.pop("00_start_here.ipynb")
    assert list(work.values()) == ["my answers"]


@pytest.mark.parametrize("record", ["", "[1]", "{"])
def test_a_damaged_record_costs_nothing(course, served, record):
    cli.main(["lab"])
    (course / "work" / lab.RECORD).write_text(record, encoding="utf-8")
    assert cli.main(["lab"]) == cli.main(["lab", "--fresh", "02"]) == 0
    found = json.loads((course / "work" / lab.RECORD).read_text(encoding="utf-8"))
    assert list(found) == ["02_vanilla_rnn.ipynb"]


def test_a_copy_cut_short_leaves_nothing_half_and_the_record_of_the_rest(
    course, served, capsys, monkeypatch
):
    real = os.replace

    def full(source, target):
        if target.name == "02_vanilla_rnn.ipynb":
            raise OSError(28, "No space left on device")
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(lab.os, "replace", full)
        assert "No space left on device" in fails(capsys, "lab")
    assert {path.name for path in (course / "work").iterdir()} == {
        "00_start_here.ipynb",
        lab.RECORD,
    }
    (course / "notebooks" / "00_start_here.ipynb").write_text(lesson("2"), encoding="utf-8")
    cli.main(["lab"])
    assert "a newer 00_start_here.ipynb" in capsys.readouterr().out
    assert len(work_of(course)) == 2


@pytest.mark.parametrize(
    ("platform", "environment", "screen"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ":0", "SSH_CONNECTION": "a"}, False),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "a"}, False),
        ("win32", {}, True),
    ],
)
def test_where_a_browser_is_opened(monkeypatch, platform, environment, screen):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(lab.sys, "platform", platform)
    assert lab.has_screen() is screen


# run --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_run_ends_in_a_table(course, capsys):
    assert cli.main(["run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["lesson", "wall", "s"]
    assert [line.split()[0] for line in lines[1:3]] == ["00_start_here", "02_vanilla_rnn"]
    assert [line.split()[-1] for line in lines[1:3]] == ["ok", "ok"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("notebook", "verdict", "said"),
    [
        (lesson("1 / 0"), "failed", "stopped in cell 1 of 1: ZeroDivisionError: division by zero"),
        (lesson("1", peak_mib=1), "too much memory", ""),
        (lesson("1", cpu_seconds=0.05), "too slow", ""),
    ],
)
def test_run_tells_failure_and_excess(course, capsys, notebook, verdict, said):
    (course / "notebooks" / "02_vanilla_rnn.ipynb").write_text(notebook, encoding="utf-8")
    assert cli.main(["run", "02"]) == 1
    output = capsys.readouterr().out
    assert output.splitlines()[1].endswith(verdict)
    assert said in output


# doctor and test --------------------------------------------------------------------------------


def test_doctor_says_that_the_course_can_run_here(capsys):
    assert cli.main(["doctor"]) == 0
    output = capsys.readouterr().out
    assert "The course can run here" in output
    assert "bubblewrap" in output


def test_doctor_names_what_is_missing(capsys, monkeypatch):
    real = doctor.importlib.metadata.distributions
    monkeypatch.setattr(
        doctor.importlib.metadata,
        "distributions",
        lambda: [d for d in real() if d.name != "numpy"],
    )
    monkeypatch.setenv("COURSE_DATA", "/no/such/folder")
    assert cli.main(["doctor"]) == 1
    output = capsys.readouterr().out
    assert "missing: numpy" in output
    assert "names no folder" in output
    assert "The course cannot run here: see packages." in output


def test_doctor_looks_past_a_package_cut_short(tmp_path, capsys, monkeypatch):
    (tmp_path / "gone-1.0.dist-info").mkdir()
    (tmp_path / "half-1.0.dist-info").mkdir()
    (tmp_path / "half-1.0.dist-info" / "METADATA").write_text("Name: numpy\n", encoding="utf-8")
    cut_short = list(importlib.metadata.distributions(path=[str(tmp_path)]))
    assert len(cut_short) == 2
    real = list(importlib.metadata.distributions())
    monkeypatch.setattr(doctor.importlib.metadata, "distributions", lambda: real + cut_short)
    assert cli.main(["doctor"]) == 0
    assert "numpy  for" in capsys.readouterr().out  # no version stands for the pinned one


def test_doctor_misses_the_course_itself(capsys, monkeypatch):
    def requires(name):
        raise importlib.metadata.PackageNotFoundError(name)

    real = list(importlib.metadata.distributions())
    monkeypatch.setattr(doctor.importlib.metadata, "requires", requires)
    monkeypatch.setattr(
        doctor.importlib.metadata,
        "distributions",
        lambda: [d for d in real if d.name != "rnn-course"],
    )
    assert cli.main(["doctor"]) == 1
    output = capsys.readouterr().out
    assert "missing: rnn-course" in output
    assert "Remove the folder .venv" in output


@pytest.mark.parametrize(
    ("words", "asked", "smoke"),
    [
        (["test"], ["-m", "not full"], "1"),
        (["test", "--quick"], ["tests/unit", "-m", "not slow and not full and not browser"], "1"),
        (["test", "--full"], [], None),
    ],
)
def test_sizes_of_the_tests(monkeypatch, words, asked, smoke):
    monkeypatch.setenv("COURSE_SMOKE", "1")
    seen = {}

    class Pytest:
        """A pytest that Ctrl-C reaches, and that takes its time to end."""

        interruptions = 2

        def __init__(self, command, cwd, env):
            seen.update(command=command, smoke=env.get("COURSE_SMOKE"))

        def wait(self):
            if self.interruptions:
                self.interruptions -= 1
                raise KeyboardInterrupt
            return 5

    monkeypatch.setattr(testing.subprocess, "Popen", Pytest)
    assert cli.main(words) == 5
    assert [word for word in asked if word not in seen["command"]] == []
    assert ("-m" in seen["command"][3:]) == bool(asked)
    assert seen["smoke"] == smoke


# Importing --------------------------------------------------------------------------------------


def test_importing_loads_nothing_heavy():
    """The command line and what the lessons import, in a fresh Python."""
    modules = "cli, checks, data, layers, plots, quiz, runner, training"
    program = (
        f"import sys; from course_utils import {modules}; course_utils_cli = cli.parser(); "
        "print([m for m in ('torch', 'matplotlib', 'pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ}
    )
    assert done.stdout.strip() == "[]", done.stderr
