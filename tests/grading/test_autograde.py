"""`course autograde` before it grades: nothing to grade, no salt, a link; nothing is written."""

from __future__ import annotations

import shutil

import pytest

from course_tools.grading.autograde import autograde
from course_tools.grading.seeds import HOME_SALT, read_salt
from course_utils.errors import CourseError


@pytest.fixture
def fresh(course, tmp_path, monkeypatch):
    """A course folder in which nobody handed in anything, and nothing was graded."""
    monkeypatch.delenv("COURSE_SALT", raising=False)
    for name in ("source", "release"):
        shutil.copytree(course / name, tmp_path / name)
    for name in ("nbgrader_config.py", "salt.txt"):
        shutil.copy(course / name, tmp_path)
    return tmp_path


def hand_in(course, student: str):
    """Hand in the release as it is."""
    folder = course / "submitted" / student / "A2"
    shutil.copytree(course / "release" / "A2", folder)
    return folder


@pytest.mark.parametrize(
    ("assignment", "students", "sentence"),
    [
        ("A2/", [], "There is no assignment A2/ in "),
        ("A2+x", [], r"There is no assignment A2\+x in "),
        ("../source/A2", [], "There is no assignment "),
        ("", [], "There is no assignment "),
        ("A2", [], r"No submission of A2 in .*: collect them first\."),
        ("A2", ["s1"], "No submission of A2 by s1 in "),
    ],
)
def test_nothing_to_grade_is_one_sentence_and_writes_nothing(fresh, assignment, students, sentence):
    before = sorted(fresh.rglob("*"))
    with pytest.raises(CourseError, match=sentence) as caught:
        list(autograde(fresh, assignment, students))
    assert "\n" not in str(caught.value)
    written = set(fresh.rglob("*")) - set(before)
    assert [path for path in written if "__pycache__" not in path.parts] == []


def link(path, target) -> None:
    try:
        path.symlink_to(target, target_is_directory=True)
    except OSError:
        pytest.skip("this system does not let us make a link")


@pytest.mark.slow
def test_a_folder_that_is_a_link_is_not_graded(fresh, capsys):
    bob = hand_in(fresh, "bob")
    link(fresh / "submitted" / "eve", "bob")
    (fresh / "submitted" / "eva").mkdir()
    link(fresh / "submitted" / "eva" / "A2", bob)
    (inside := hand_in(fresh, "ned") / "A2.ipynb").unlink()
    link(inside, bob / "A2.ipynb")
    outcomes = {outcome.student: outcome for outcome in autograde(fresh, "A2")}
    assert outcomes["bob"].problem == ""
    for student in ("eve", "eva", "ned"):
        assert outcomes[student].score is None
        assert "link" in outcomes[student].problem
    assert capsys.readouterr().err == ""  # there is a salt


@pytest.mark.slow
def test_without_a_salt_it_is_said_once(fresh, capsys):
    (fresh / "salt.txt").unlink()
    for student in ("s1", "s2"):
        (fresh / "submitted" / student / "A2").mkdir(parents=True)  # nothing that takes time
    list(autograde(fresh, "A2"))
    assert capsys.readouterr().err.splitlines() == [
        "No salt is set: students can work out the inputs; see docs/instructors/grading.md."
    ]


def test_the_salt_is_read_or_it_is_said_why_not(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_SALT", raising=False)
    assert read_salt(tmp_path) == HOME_SALT
    file = tmp_path / "salt.txt"
    file.write_text(" secret \n", encoding="utf-8")
    assert read_salt(tmp_path) == "secret"
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(CourseError, match="is empty"):
        read_salt(tmp_path)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CourseError, match="cannot be read"):
        read_salt(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(CourseError, match="cannot be read"):
        read_salt(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("c = get_config(\n", r"nbgrader_config\.py fails \(SyntaxError.*\): mend it\."),
        ("raise ValueError('a')", r"nbgrader_config\.py fails \(ValueError\('a'\)\): mend it\."),
        (None, "is empty: write any secret line"),
    ],
)
def test_a_configuration_that_fails_is_one_sentence(fresh, text, sentence):
    if text is None:
        (fresh / "salt.txt").write_text("", encoding="utf-8")
    else:
        (fresh / "nbgrader_config.py").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=sentence):
        list(autograde(fresh, "A2"))


@pytest.mark.slow
def test_what_lies_in_the_wrong_place_is_named_and_other_assignments_are_left_alone(fresh):
    notebook = fresh / "release" / "A2" / "A2.ipynb"
    placed = {
        "s1": "A2.ipynb",
        "s2": "A2/A2 (1).ipynb",
        "s3": "A2/A2.txt",
        "s4": "a2/A2.ipynb",
        "s5": "A1/A1.ipynb",
    }
    for student, place in placed.items():
        path = fresh / "submitted" / student / place
        path.parent.mkdir(parents=True)
        shutil.copy(notebook, path)
    (fresh / "submitted" / "s6").mkdir()
    (fresh / "submitted" / ".ipynb_checkpoints").mkdir()
    outcomes = {outcome.student: outcome.problem for outcome in autograde(fresh, "A2")}
    asked = {student: f"expected submitted/{student}/A2/A2.ipynb; found " for student in placed}
    assert outcomes == {
        "s1": asked["s1"] + "submitted/s1/A2.ipynb",
        "s2": asked["s2"] + '"A2 (1).ipynb": rename it',
        "s3": asked["s3"] + "no notebook",
        "s4": asked["s4"] + "submitted/s4/a2/A2.ipynb",
        "s6": "expected submitted/s6/A2/A2.ipynb; found no notebook",
    }
