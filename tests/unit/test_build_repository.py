"""The committed notebooks are what their sources say, and hide what they must."""

import json
from pathlib import Path

import pytest

from course_tools.build import command

ROOT = Path(__file__).parents[2]
STARTS = ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS", "### BEGIN MARK SCHEME")
ENDS = ("### END SOLUTION", "### END HIDDEN TESTS", "### END MARK SCHEME")
PAIRS = [
    *[(path, ROOT / f"notebooks/{path.stem}.ipynb") for path in ROOT.glob("lessons/*.py")],
    *[
        (path, ROOT / f"assignments/release/{path.parent.name}/{path.name}")
        for path in ROOT.glob("assignments/source/*/*.ipynb")
    ],
]


def lines_of(path):
    """The lines of a source: as they are in a .py file, those of every cell in a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text.split("\n")
    cells = json.loads(text)["cells"]
    return [line for cell in cells for line in "".join(cell["source"]).split("\n")]


def only_hidden(lines):
    """The lines that stand between markers and nowhere else; `#` of markdown cells is no part."""
    hidden, shown, inside = set(), set(), False
    for line in (line.strip() for line in lines):
        bare = line.removeprefix("# ").strip()
        if bare in STARTS:
            inside = True
        elif bare in ENDS:
            inside = False
        elif line:
            (hidden if inside else shown).update({line, bare})
    return hidden - shown


def test_the_committed_notebooks_are_up_to_date(capsys):
    assert command.run(ROOT, check=True) == 0, capsys.readouterr().out


@pytest.mark.parametrize(("source", "given_out"), PAIRS, ids=lambda path: path.stem)
def test_nothing_hidden_is_given_out(source, given_out):
    released = {line.strip() for line in lines_of(given_out)}
    assert not only_hidden(lines_of(source)) & released
    assert not {line for line in released if line.startswith((*STARTS, *ENDS))}


def test_the_detector_of_hidden_lines_sees_what_is_hidden():
    lines = ["def f(x):", "    ### BEGIN SOLUTION", "    y = 2 * x", "    return y"]
    lines += ["    ### END SOLUTION", "# return y", "# ### BEGIN SOLUTION", "# because"]
    assert only_hidden([*lines, "# ### END SOLUTION"]) == {"y = 2 * x", "# because", "because"}


@pytest.mark.parametrize("folder", ["source", "release"])
def test_only_notebooks_are_handed_out(folder):
    files = [path for path in (ROOT / "assignments" / folder).rglob("*") if path.is_file()]
    assert all(path.suffix == ".ipynb" for path in files)
