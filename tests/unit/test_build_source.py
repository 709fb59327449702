"""Sources that must be refused: each names the file and the line that an author has to mend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_tools.build.assignments import read_assignment
from course_tools.build.lessons import read_lesson
from course_tools.build.source import read_source
from course_utils.errors import CourseError

COURSE = 'course: {lesson: "02", title: One, minutes: 9, cpu_seconds: 3, peak_mib: 512}'
GRADED = (
    '# %% nbgrader={{"grade": true, "grade_id": "{}", "locked": true, "points": 1, '
    '"schema_version": 3, "solution": false, "task": false}}\n'
)


def lesson(tmp_path, body, header=COURSE, name="02_rnn.py"):
    path = tmp_path / "lessons" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# ---\n# jupyter:\n#   {header}\n# ---\n\n{body}", encoding="utf-8")
    return read_lesson(path, tmp_path)


def assignment(tmp_path, body, header="course: {assignment: A9}"):
    path = tmp_path / "a9.py"
    path.write_text(f"# ---\n# jupyter:\n#   {header}\n# ---\n\n{body}", encoding="utf-8")
    return read_assignment(path, tmp_path)


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("# %%\nx = 1\n\n# %%\nx = (\n", 10, "not Python"),
        ("# %%\n\n\nx = 1\ny = x +\n", 10, "not Python"),
        ("# %%\n%matplotlib inline\n", 7, "plain Python"),
        ("# %%\nx = 1\n!ls\n", 8, "plain Python"),
        ('# %%\nx = "\\s"\n', 7, "not Python"),
        ("x = 1\n# %%\ny = 1\n", 6, "first cell"),
        ("# %%\ndef f():\n    ### BEGIN SOLUTION\n    return 1\n", 6, "without its END"),
        ("# %%\ndef f():\n    return 1\n    ### END SOLUTION\n", 9, "without its BEGIN"),
        ("# %%\n### BEGIN SOLUTION\n### BEGIN SOLUTION\n", 8, "inside SOLUTION"),
        ("# %%\n### BEGIN SOLUTION\n### END HIDDEN TESTS\n", 8, "END HIDDEN TESTS without"),
        ("# %%\n### BEGIN SOLUTOIN\n", 7, "looks like a marker"),
        ("# %%\n# begin solution\n", 7, "looks like a marker"),
        ("# %%\nx = 1  ### BEGIN SOLUTION\n", 7, "looks like a marker"),
        ("# %% [markdown]\n# Text\n# ### BEGIN HIDDEN TEST\n", 8, "looks like a marker"),
        (
            "# %% [markdown]\n# Text\n# ### BEGIN SOLUTION\n# ### END SOLUTION\n",
            8,
            "solutions only",
        ),
        ("# %%\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n", 7, "solutions only"),
        ('# %% tags=["solutions"]\nx = 1\n', 6, "did you mean"),
        ('# %% nbgrader={"grade": tru}\nx = 1\n', 6, "options of this cell"),
        ("# %% tags=[solution]\nx = 1\n", 6, "options of this cell"),
        ('# %% [markdow] tags=["solution"]\n# x\n', 6, "options of this cell"),
        ('# %% tag=["solution"]\nx = 1\n', 6, "option 'tag' is none of"),
        ('# %% nbgrader="x"\nx = 1\n', 6, "in braces"),
        (GRADED.format("g") + "x = 1\n", 6, "belong to assignments"),
        ("# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", 6, "not inside a function"),
        (
            "# %%\nfor i in range(3):\n    ### BEGIN SOLUTION\n    x = i\n    ### END SOLUTION\n",
            6,
            "exercise 02-001 is not inside a function",
        ),
        (
            "# %%\ndef f(x):\n### BEGIN SOLUTION\n    return x\n### END SOLUTION\n",
            8,
            "not Python",
        ),
    ],
)
def test_a_broken_cell_is_named_by_its_line(tmp_path, body, line, words):
    with pytest.raises(CourseError) as caught:
        lesson(tmp_path, body)
    assert str(caught.value).startswith(f"lessons/02_rnn.py, line {line}")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("title: One", "no `course:"),
        ("course: two", "no `course:"),
        ("course: {title: a: b}", "line 3: the header cannot be read"),
        (COURSE.replace('"02"', "02"), "`lesson`, text in quotes"),
        (COURSE.replace('"02"', '"03"'), '`lesson` in the header must be "02"'),
        (COURSE.replace("minutes: 9", "minutes: long"), "`minutes`, a whole number"),
        (COURSE.replace("minutes: 9, ", ""), "`minutes`"),
        (COURSE.replace("minutes: 9", "minutes: true"), "`minutes`"),
        (COURSE.replace("{", "{since: 2025-01-31, "), "dates in the header"),
    ],
)
def test_a_broken_header_is_refused(tmp_path, header, words):
    with pytest.raises(CourseError, match=r"^lessons/02_rnn\.py") as caught:
        lesson(tmp_path, "# %%\n1\n", header)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1 must be"),
        (b"# %%\nx = 1\n", "line 1 must be"),
        (b"# ---\n# jupyter:\n#   course: {}\n", "does not end"),
        (b"# ---\n# jupyter:\n#   course: {}\n# ---\n", "there is no cell"),
        (b"# ---\n# \xff\n", "UTF-8"),
        (
            b"# ---\n# jupyter:\n#   course: {}\n# ---\n# %% tags=3\n1\n",
            "cannot read it: Type",
        ),
        (b"# ---\n# jupyter:\n#   course: {}\n# ---\n# %% tags='a'\n1\n", "cannot read it"),
    ],
)
def test_what_is_no_percent_script_is_refused(tmp_path, content, words):
    (tmp_path / "x.py").write_bytes(content)
    with pytest.raises(CourseError, match=r"^x\.py") as caught:
        read_source(tmp_path / "x.py", tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_lesson_has_a_number_in_its_name_and_readable_quotes(tmp_path):
    with pytest.raises(CourseError, match=r"named like 02_vanilla_rnn\.py"):
        lesson(tmp_path, "# %%\n1\n", name="rnn.py")
    with pytest.raises(CourseError, match=r"^lessons/02_rnn\.py: no number .* cell 02-001"):
        lesson(tmp_path, "# %% [markdown]\n# many <!-- =x -->\n")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            GRADED.format("g") + "1\n\n" + GRADED.format("g") + "2\n",
            "line 9 (cell 2): grade_id",
        ),
        (GRADED.format("a b") + "1\n", "letters, digits"),
        (GRADED.format("A9-002") + "1\n\n# %%\n2\n", "A9-001 is kept"),
        ('# %% tags=["solution"]\n1\n', "by regions"),
    ],
)
def test_an_assignment_with_unusable_ids_or_tags_is_refused(tmp_path, body, words):
    with pytest.raises(CourseError, match=r"^a9\.py") as caught:
        assignment(tmp_path, body)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["", "{}", "{assignment: 2}", "{assignment: A 9}"])
def test_an_assignment_needs_a_name(tmp_path, name):
    with pytest.raises(CourseError, match=r"a9\.py"):
        assignment(tmp_path, "# %%\n1\n", f"course: {name}")


@pytest.mark.parametrize(
    "body",
    [
        "class A:\n  def f(self):\n    ### BEGIN SOLUTION\n    1\n    ### END SOLUTION\n",
        "async def f():\n    ### BEGIN SOLUTION\n    1\n    ### END SOLUTION\n",
        "# a comment: %timeit, !ls, # begin\nx = 5 % 3\n",
        '"""Text\n# %% not a cell\n"""\n',
        "",
    ],
)
def test_what_is_right_is_not_refused(tmp_path, body):
    source = lesson(tmp_path, f"# %%\n{body}\n# %% [markdown]\n# ## End of it, begin again\n")
    assert source.notebook.cells[0].source == body.strip("\n")
    assert source.lines[1] == 7 + len(f"{body}".split("\n")) - 1 + 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 3)), min_size=1),
    st.data(),
)
def test_an_error_in_any_code_cell_is_named_by_its_line_in_the_file(tmp_path_factory, cells, data):
    """`cells`: blank lines before the code, lines of code, blank lines after it."""
    broken = data.draw(st.integers(0, len(cells) - 1))
    lines = []
    for index, (before, code, after) in enumerate(cells):
        lines += ["# %%", *[""] * before, *["x = 1"] * code]
        if index == broken:
            lines.append("x = = 2")
            expected = len(lines) + 5  # four lines of header and one blank line come before
        lines += [""] * after
    with pytest.raises(CourseError, match=rf"line {expected} \(cell {broken + 1}\)"):
        lesson(tmp_path_factory.mktemp("course"), "\n".join(lines) + "\n")
