"""nbgrader's stages as we configure them, one by one, on small notebooks."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.utils import determine_grade

from course_tools.grading.preprocessors import FailClosed, RunSubmission
from course_tools.grading.seeds import HOME_SALT, read_salt
from course_utils.checks.imports import check_imports, foreign_imports
from course_utils.errors import CourseError

RESOURCES = {"nbgrader": {"student": "s001", "assignment": "T1", "notebook": "T1"}}


def test_cell(text="", points=10, outputs=(), ran=True, name="t"):
    meta = {"grade": True, "solution": False, "locked": True, "points": points}
    meta |= {"grade_id": name, "schema_version": 3, "task": False, "cell_type": "code"}
    cell = new_code_cell(text, metadata={"nbgrader": meta}, outputs=list(outputs))
    cell.execution_count = 1 if ran else None
    return cell


test_cell.__test__ = False  # a helper, whatever its name says


def result(text):
    return new_output("execute_result", {"text/plain": text}, execution_count=1)


def stderr(text="Warning: look out"):
    return new_output("stream", name="stderr", text=text)


ERROR = new_output("error", ename="E", evalue="e", traceback=["E: e"])


def marks(cell):
    """The points after FailClosed, and whether the page says why there are none."""
    FailClosed().preprocess_cell(cell, {}, 0)
    score, most = determine_grade(cell)
    assert most == cell.metadata.nbgrader["points"]
    return score, any(output.output_type == "error" for output in cell.outputs)


@pytest.mark.parametrize(
    "text", ["-1", "nan", "inf", "True", "None", "'10'", "abc", "11", "10.001", "1e1", "", "[10]"]
)
def test_a_score_that_is_no_number_in_range_earns_nothing_and_says_so(text):
    assert marks(test_cell(outputs=[result(text)])) == (0, True)


@pytest.mark.parametrize("text", ["0", "10", "2.5", "10.0", "0.0"])
def test_a_proper_score_counts(text):
    assert marks(test_cell(outputs=[result(text)])) == (float(text), False)


def test_no_score_no_points():
    assert marks(test_cell(outputs=[])) == (0, True)
    assert marks(test_cell(outputs=[], ran=False)) == (0, True)
    assert marks(test_cell(outputs=[new_output("stream", text="10")])) == (0, True)
    assert marks(test_cell(outputs=[new_output("display_data", {"text/plain": "10"})])) == (0, True)


def test_two_scores_are_no_score():
    assert marks(test_cell(outputs=[result("10"), result("3")])) == (0, True)


@pytest.mark.parametrize("outputs", [[ERROR, result("10")], [result("10"), ERROR]])
def test_an_error_counts_wherever_it_stands(outputs):
    assert marks(test_cell(outputs=outputs)) == (0, True)


@pytest.mark.parametrize("outputs", [[stderr(), result("7")], [result("7"), stderr()]])
def test_a_warning_costs_nothing_and_stays_readable(outputs):
    cell = test_cell(outputs=outputs)
    assert marks(cell) == (7, False)
    assert "look out" in str(cell.outputs)


def test_answers_read_by_a_person_are_left_alone():
    cell = test_cell(ran=False)
    cell.metadata.nbgrader["solution"] = True
    FailClosed().preprocess_cell(cell, {}, 0)
    assert cell.outputs == []


# --- running --------------------------------------------------------------------------------


def run(*cells, **settings):
    notebook = new_notebook(cells=list(cells))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    notebook, _ = RunSubmission(**settings).preprocess(notebook, dict(RESOURCES))
    notebook, _ = FailClosed().preprocess(notebook, {})
    nbformat.validate(notebook)
    return [determine_grade(cell)[0] for cell in notebook.cells if "nbgrader" in cell.metadata]


@pytest.mark.slow
def test_scores_warnings_loops_and_environment_in_one_kernel(monkeypatch):
    monkeypatch.setenv("COURSE_SALT", "not for students")
    loop = "import time\nwhile True:\n    time.sleep(0.01)"
    code = {
        "float('nan')": 0,
        "-1": 0,
        "'text'": 0,
        "True": 0,
        "pass": 0,
        "4": 4,
        "import warnings; warnings.warn('w'); 5": 5,
        loop: 0,
        "import os; 6 if 'COURSE_SALT' not in os.environ else 0": 6,
        "7 if os.environ['COURSE_SEED'].isdigit() else 0": 7,
        "raise SystemExit": 0,
        "8": 8,
    }
    cells = [test_cell(text, name=f"t{i}", ran=False) for i, text in enumerate(code)]
    assert run(new_markdown_cell("text"), *cells, timeout=2) == list(code.values())


@pytest.mark.slow
def test_a_notebook_that_takes_too_long_stops_with_a_reason():
    slow = test_cell("import time; time.sleep(1.2); 1", name="a", ran=False)
    late = test_cell("10", name="b", ran=False)
    assert run(slow, late, whole=1) == [1, 0]
    assert "more than 1 seconds" in str(late.outputs)


# --- imports and salt -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import numpy as np, math", []),
        ("from numpy.linalg import norm", []),
        ("%matplotlib inline\nx = 1", []),
        ("import torch", ["torch"]),
        ("def f():\n    from torch.nn import RNN, LSTM", ["torch.nn"]),
        ("x = __import__('torch')", ["__import__"]),
        ("import numpy, scipy.special\nimport scipy.special", ["scipy.special"]),
        ("# import torch\ns = 'import torch'", []),
        ("import torch as", []),
        ("from . import secrets", ["."]),
    ],
)
def test_foreign_imports_are_found_by_what_the_code_means(text, expected):
    assert foreign_imports(text) == expected


def test_students_are_told_about_their_imports(capsys):
    check_imports(["", "import numpy as np", "import torch\nimport os", "import torch"])
    assert "imports `torch`, `os`. Such a cell is not run" in capsys.readouterr().out
    check_imports(["", "import numpy as np"])
    assert capsys.readouterr().out == "Your imports are all allowed.\n"


def test_the_salt_comes_from_the_environment_a_file_or_is_the_one_for_home(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_SALT", raising=False)
    assert read_salt(tmp_path) == HOME_SALT
    (tmp_path / "salt.txt").write_text("  secret\n", encoding="utf-8")
    assert read_salt(tmp_path) == "secret"
    monkeypatch.setenv("COURSE_SALT", "stronger")
    assert read_salt(tmp_path) == "stronger"
    monkeypatch.delenv("COURSE_SALT")
    (tmp_path / "salt.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(CourseError, match="is empty"):
        read_salt(tmp_path)
