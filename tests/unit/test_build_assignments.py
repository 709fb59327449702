"""Assignments: nbgrader's own release holds no solution, no hidden test, no trace of the build."""

import re

import nbformat
import pytest

from course_tools.build import command
from course_utils.errors import CourseError

CONFIG = """from pathlib import Path

c = get_config()
c.CourseDirectory.root = str(Path(__file__).parent)
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError('your turn')"}
"""
OPTIONS = (
    'nbgrader={{"grade": {grade}, "grade_id": "{name}", "locked": {locked}, {points}'
    '"schema_version": 3, "solution": {solution}, "task": {task}}}'
)


def options(name, grade="false", locked="false", solution="false", task="false", points=None):
    return OPTIONS.format(
        name=name,
        grade=grade,
        locked=locked,
        solution=solution,
        task=task,
        points=f'"points": {points}, ' if points else "",
    )


ASSIGNMENT = f'''# ---
# jupyter:
#   course: {{assignment: A9, title: Doubling}}
# ---

# %% [markdown]
# # Doubling

# %% {options("double", solution="true")}
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    secret_sum = x + x
    return secret_sum
    ### END SOLUTION


# %% {options("whole", solution="true")}
secret_cell = "cleared as a whole"

# %% {options("double-seen", grade="true", locked="true", points=1)}
assert double(1) == 2, "double(1) must be 2"

# %% {options("double-hidden", grade="true", locked="true", points=4)}
### BEGIN HIDDEN TESTS
secret_test = double(21)
assert secret_test == 42
### END HIDDEN TESTS

# %% [markdown] {options("why", grade="true", solution="true", points=5)}
# Secret words of the instructor.

# %% [markdown] {options("essay", task="true", locked="true", points=5)}
# Write about it.
# ### BEGIN MARK SCHEME
# secret scheme
# ### END MARK SCHEME
'''


@pytest.fixture
def course(tmp_path):
    """A course with one assignment and an instructor's gradebook that must stay as it is."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "assignments").mkdir()
    (tmp_path / "assignments/nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "assignments/a9_doubling.py").write_text(ASSIGNMENT, encoding="utf-8")
    (tmp_path / "assignments/gradebook.db").write_bytes(b"the instructor's")
    return tmp_path


def test_the_release_holds_nothing_that_is_hidden(course):
    command.run(course)
    text = (course / "assignments/release/A9/A9.ipynb").read_text("utf-8")
    assert "secret" not in text.lower()
    assert not re.search(r"BEGIN|END (SOLUTION|HIDDEN|MARK)", text)
    assert "double(1) must be 2" in text


def test_the_source_holds_it_all(course):
    command.run(course)
    made = nbformat.read(course / "assignments/source/A9/A9.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in made.cells)
    for hidden in ("secret_sum", "secret_cell", "secret_test", "Secret words", "secret scheme"):
        assert hidden in text


def test_ids_are_the_grade_ids_and_the_same_in_both(course):
    command.run(course)
    source, release = (
        nbformat.read(course / f"assignments/{kind}/A9/A9.ipynb", as_version=4)
        for kind in ("source", "release")
    )
    expected = ["A9-001", "double", "whole", "double-seen", "double-hidden", "why", "essay"]
    assert [cell.id for cell in source.cells] == expected
    assert [cell.id for cell in release.cells] == expected
    assert release.metadata.course.source == "assignments/a9_doubling.py"
    assert release.cells[1].source.endswith("    raise NotImplementedError('your turn')")


def test_a_rebuild_changes_no_byte_and_the_check_is_clean(course):
    command.run(course)
    paths = [p for p in (course / "assignments").rglob("*") if p.is_file()]
    before = {path: path.read_bytes() for path in paths}
    names = {path.relative_to(course / "assignments").as_posix() for path in paths}
    assert names == {
        "a9_doubling.py",
        "gradebook.db",
        "nbgrader_config.py",
        "release/A9/A9.ipynb",
        "source/A9/A9.ipynb",
    }
    for path in paths:
        if path.suffix == ".ipynb":
            path.unlink()
    command.run(course)
    assert {p: p.read_bytes() for p in paths} == before
    assert command.run(course, check=True) == 0


@pytest.mark.parametrize("folder", ["source", "release"])
def test_a_stray_file_that_students_would_receive_is_refused(course, folder, capsys):
    command.run(course)
    stray = course / f"assignments/{folder}/A9/solution.py"
    stray.write_text("secret = 1\n", encoding="utf-8")
    capsys.readouterr()
    assert command.run(course, check=True) == 1
    assert f"foreign: assignments/{folder}/A9/solution.py" in capsys.readouterr().out
    with pytest.raises(CourseError, match="students would receive it"):
        command.run(course)


def test_an_assignment_whose_source_is_gone_leaves_no_folder(course):
    command.run(course)
    (course / "assignments/a9_doubling.py").unlink()
    assert command.run(course) == 0
    assert not list((course / "assignments/release").iterdir())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"points": 4, ', "", "does not have points"),
        ('"grade": true, "grade_id": "double-hidden"', '"grade_id": "double-hidden"', "grade"),
        (
            f"# %% {options('double-hidden', grade='true', locked='true', points=4)}\n",
            "# %%\n",
            "Hidden test region detected in a non-grade cell",
        ),
        (
            f"# %% {options('double', solution='true')}\n",
            "# %%\n",
            "Solution region detected in a non-solution cell",
        ),
        ("# ### END MARK SCHEME\n", "", "BEGIN MARK SCHEME without its END"),
    ],
)
def test_what_nbgrader_would_refuse_is_one_sentence(course, old, new, words):
    assert ASSIGNMENT.count(old) == 1
    path = course / "assignments/a9_doubling.py"
    path.write_text(ASSIGNMENT.replace(old, new), encoding="utf-8")
    with pytest.raises(CourseError, match=r"^assignments/a9_doubling\.py") as caught:
        command.run(course)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (course / "assignments/source").exists()


def test_two_assignments_of_one_name_are_refused(course):
    (course / "assignments/b.py").write_text(ASSIGNMENT, encoding="utf-8")
    with pytest.raises(CourseError, match=r"A9 is already assignments/a9_doubling\.py"):
        command.run(course)


def test_a_missing_or_failing_configuration_is_one_sentence(course):
    config = course / "assignments/nbgrader_config.py"
    config.write_text("c.Exchange.root = 1 / 0\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"nbgrader_config\.py fails \(ZeroDivisionError"):
        command.run(course)
    config.unlink()
    with pytest.raises(CourseError, match=r"nbgrader_config\.py is missing"):
        command.run(course)
