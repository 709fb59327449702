"""Lessons become two notebooks: what each holds, what a rebuild changes, what is refused."""

import ast
import json
import re
import subprocess
import sys

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_tools.build import command
from course_tools.build.lessons import build_lessons
from course_utils.errors import CourseError

HEADER = """# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   course: {lesson: "02", title: The vanilla RNN, minutes: 90, cpu_seconds: 30, peak_mib: 1024}
#   jupytext: {text_representation: {extension: .py, format_name: percent}}
# ---

"""
LESSON = (
    HEADER
    + '''# %% [markdown] slideshow={"slide_type": "slide"}
# # One step
# Perplexity 157 <!-- =ppl ±5% --> after $h_t = \\\\tanh(x_t W_{xh})$.

# %% tags=["exercise"]
def step(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    doubled = x + x
    return doubled
    ### END SOLUTION


# %% [markdown] tags=["solution"]
# The doubling is explained here.

# %%
# copy the array (%timeit said that it costs nothing)
"done"
'''
)


@pytest.fixture
def course(tmp_path):
    """A course with one lesson, in a folder whose name holds a space."""
    root = tmp_path / "my course"
    (root / "lessons").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "lessons/02_rnn.py").write_text(LESSON, encoding="utf-8")
    return root


def notebook(root, name):
    return nbformat.read(root / name, as_version=4)


def snapshot(root):
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_the_learner_gets_a_stub_and_no_solution(course):
    command.run(course)
    markdown, exercise, last = notebook(course, "notebooks/02_rnn.ipynb").cells
    assert exercise.source == (
        'def step(x):\n    """Return twice x."""\n'
        '    raise NotImplementedError("your turn")  # replace this line'
    )
    assert "157 <!-- =ppl ±5% -->" in markdown.source
    assert markdown.metadata == {"slideshow": {"slide_type": "slide"}}
    assert last.source.startswith("# copy the array (%timeit")


def test_the_code_of_a_question_is_folded_away(course):
    """It tells the answer."""
    path = course / "lessons/02_rnn.py"
    asked = (
        LESSON + '\n# %%\nquiz.choice("Is 2 even?", {"yes": "Yes.", "no": "No."}, answer="yes")\n'
    )
    path.write_text(asked, encoding="utf-8")
    for text in build_lessons(course).values():
        cells = nbformat.reads(text, as_version=4).cells
        hidden = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in cells]
        assert hidden == [cell.source.startswith("quiz.choice") for cell in cells]
        assert any(hidden)


def test_the_solved_notebook_has_the_code_and_no_markers(course):
    command.run(course)
    _, exercise, explained, _ = notebook(course, "solutions/02_rnn.ipynb").cells
    assert "    doubled = x + x\n    return doubled" in exercise.source
    assert "SOLUTION" not in exercise.source
    assert explained.source == "The doubling is explained here."


def test_metadata_is_least_and_says_where_the_notebook_comes_from(course):
    command.run(course)
    made = notebook(course, "notebooks/02_rnn.ipynb")
    assert set(made.metadata) == {"kernelspec", "language_info", "course"}
    assert made.metadata.language_info == {"name": "python"}
    assert made.metadata.course.source == "lessons/02_rnn.py"
    assert made.metadata.course.lesson == "02"
    assert made.metadata.course.cpu_seconds == 30
    assert [cell.id for cell in made.cells] == ["02-001", "02-002", "02-004"]
    assert not [cell for cell in made.cells if cell.get("outputs") or cell.get("execution_count")]


def test_files_are_sorted_json_with_plain_line_ends(course):
    command.run(course)
    data = (course / "notebooks/02_rnn.ipynb").read_bytes()
    text = data.decode("utf-8")
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    assert b"\r" not in data


def test_a_source_with_windows_line_ends_gives_the_same_bytes(course):
    before = build_lessons(course)
    path = course / "lessons/02_rnn.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert build_lessons(course) == before


def test_a_second_build_touches_nothing(course, capsys):
    assert command.run(course) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote notebooks/02_rnn.ipynb",
        "wrote solutions/02_rnn.ipynb",
        "0 files up to date",
    ]
    before = snapshot(course)
    assert command.run(course) == 0
    assert snapshot(course) == before
    assert capsys.readouterr().out == "2 files up to date\n"
    assert command.run(course, check=True) == 0


def test_only_what_changed_is_written(course, capsys):
    command.run(course)
    source = course / "lessons/02_rnn.py"
    source.write_text(LESSON.replace("explained here", "told here"), encoding="utf-8")
    capsys.readouterr()
    assert command.run(course, check=True) == 1
    assert capsys.readouterr().out.splitlines()[0] == "stale: solutions/02_rnn.ipynb"
    assert command.run(course) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote solutions/02_rnn.ipynb",
        "1 file up to date",
    ]


def test_check_names_what_is_missing_and_what_is_surplus_and_writes_nothing(course, capsys):
    assert command.run(course, check=True) == 1
    assert "missing: notebooks/02_rnn.ipynb" in capsys.readouterr().out
    assert not (course / "notebooks").exists()
    command.run(course)
    (course / "lessons/02_rnn.py").unlink()
    before = snapshot(course)
    capsys.readouterr()
    assert command.run(course, check=True) == 1
    assert "surplus: solutions/02_rnn.ipynb" in capsys.readouterr().out
    assert snapshot(course) == before


def test_notebooks_without_a_source_go_if_they_are_ours(course, capsys):
    command.run(course)
    (course / "lessons/02_rnn.py").rename(course / "lessons/03_rnn.py")
    changed = LESSON.replace('lesson: "02"', 'lesson: "03"')
    (course / "lessons/03_rnn.py").write_text(changed, encoding="utf-8")
    solved = course / "solutions/02_rnn.ipynb"
    solved.write_text(solved.read_text("utf-8").replace("doubled", "twice"), encoding="utf-8")
    assert command.run(course) == 0
    assert "left alone solutions/02_rnn.ipynb" in capsys.readouterr().out
    assert solved.exists()
    assert not (course / "notebooks/02_rnn.ipynb").exists()
    assert command.run(course, check=True) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("One step", "My step"),
        lambda text: text.replace('"execution_count": null', '"execution_count": 1', 1),
        lambda text: re.sub(r'"digest": ".*"', '"digest": "0"', text),
        lambda text: re.sub(r'"digest": ".*",', "", text),
        lambda text: "<<<<<<< ours\n" + text,
        lambda text: "[]",
        lambda text: "",
    ],
)
def test_a_notebook_changed_by_hand_is_never_overwritten(course, damage):
    command.run(course)
    path = course / "notebooks/02_rnn.ipynb"
    changed = damage(path.read_text("utf-8"))
    path.write_text(changed, encoding="utf-8")
    source = course / "lessons/02_rnn.py"
    source.write_text(LESSON.replace("explained", "told"), encoding="utf-8")
    before = snapshot(course)
    with pytest.raises(CourseError, match=r"notebooks/02_rnn\.ipynb was changed by hand"):
        command.run(course)
    assert snapshot(course) == before
    assert command.run(course, check=True) == 1


def test_a_broken_lesson_leaves_the_others_untouched_too(course):
    command.run(course)
    (course / "lessons/01_x.py").write_text(LESSON.replace('"02"', '"01"'), encoding="utf-8")
    (course / "lessons/02_rnn.py").write_text(LESSON + "x = (\n", encoding="utf-8")
    before = snapshot(course)
    last = LESSON.count("\n") + 1
    with pytest.raises(CourseError, match=rf"02_rnn\.py, line {last} \(cell 4\)"):
        command.run(course)
    assert snapshot(course) == before


def test_two_lessons_with_one_number_are_refused(course):
    (course / "lessons/02_too.py").write_text(LESSON, encoding="utf-8")
    with pytest.raises(CourseError, match=r"lesson 02 is already lessons/02_rnn\.py"):
        command.run(course)


def test_a_write_that_fails_leaves_no_half_of_it(course):
    """A file stands where the folder of solutions belongs: no notebook must appear either."""
    (course / "solutions").write_text("no folder", encoding="utf-8")
    before = snapshot(course)
    with pytest.raises(CourseError, match="cannot write"):
        command.run(course)
    assert snapshot(course) == before


# The build of another folder: it knows its own place, not where it is called from.
BUILD = """
import pathlib, sys
from course_tools import cli
from course_utils.cli import main
cli.root = pathlib.Path.cwd
sys.exit(main(["build"]))
"""


def test_the_command_line_says_one_sentence_and_exits_2(course):
    (course / "lessons/02_rnn.py").write_text("x = 1\n", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=course, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stdout == ""
    assert "lessons/02_rnn.py: " in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_verb_costs_nothing_until_it_runs():
    code = (
        "import argparse, sys; from course_tools.cli import add\n"
        "add(argparse.ArgumentParser().add_subparsers())\n"
        "print(sorted({'nbgrader', 'jupytext', 'nbformat', 'numpy'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr


# Any text that stays on one line and marks nothing; it becomes prose, a comment, a string.
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
prose = words.filter(lambda text: not re.search("^%%|<!--|BEGIN|END", text))
cells = st.lists(st.tuples(st.sampled_from(["markdown", "code", "exercise", "solution"]), prose))


def written(parts):
    """Write a lesson's text from (kind, text) pairs; each text carries its position as a tag."""
    text = HEADER + "# %% [markdown]\n# Title\n\n"
    for index, (kind, words) in enumerate(parts):
        if kind == "markdown":
            text += f"# %% [markdown]\n# {words} shown{index}.\n\n"
        elif kind == "code":
            text += f"# %%\n# {words}\nshown{index} = {words!r}\n\n"
        elif kind == "solution":
            text += f"# %% [markdown] tags=['solution']\n# {words} secret{index}.\n\n".replace(
                "'", '"', 2
            )
        else:
            text += (
                f'# %% tags=["exercise"]\ndef shown{index}(x):\n    ### BEGIN SOLUTION\n'
                f"    secret{index} = {words!r}\n    return secret{index}\n"
                f"    ### END SOLUTION\n\n\n"
            )
    return text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells)
def test_any_lesson_hides_its_solutions_and_keeps_the_rest(course, parts):
    (course / "lessons/02_rnn.py").write_text(written(parts), encoding="utf-8")
    files = build_lessons(course)
    assert files == build_lessons(course)
    assert list(files) == ["notebooks/02_rnn.ipynb", "solutions/02_rnn.ipynb"]
    learner, solved = (nbformat.reads(text, as_version=4) for text in files.values())
    for made in (learner, solved):
        nbformat.validate(made)
        ids = [cell.id for cell in made.cells]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)
        assert "BEGIN SOLUTION" not in str(made)
    assert not re.search(r"secret\d", files["notebooks/02_rnn.ipynb"])
    assert len(solved.cells) == len(parts) + 1
    for index, (kind, words) in enumerate(parts):
        cell = solved.cells[index + 1]
        if kind == "code":
            assert cell.source.split("\n")[0] == f"# {words}"
            assert ast.literal_eval(cell.source.split(" = ", 1)[1]) == words
        elif kind == "exercise":
            assert f"return secret{index}" in cell.source
        else:
            assert words in cell.source
        if kind != "solution":
            assert any(f"shown{index}" in other.source for other in learner.cells)
