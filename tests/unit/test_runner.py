"""The headless runner: what a run costs, how it fails, what its namespace holds."""

from __future__ import annotations

import math

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils import runner
from course_utils.errors import CourseError
from course_utils.runner import Budget, Execution, run_notebook

pytestmark = pytest.mark.slow  # each starts a kernel


def notebook(*sources: str):
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def test_outputs_values_and_costs():
    source = notebook("x = [0.0] * 20_000_000  # 160 MB", "del x\ny = 2.5\ny", "import math")
    source.cells.insert(0, new_markdown_cell("# Title"))
    seen = []
    execution = run_notebook(
        source, ["y * 2", "nothing", "math.nan"], progress=lambda done, total: seen.append(done)
    )
    assert execution.error is None
    assert execution.notebook.cells[2].outputs[0]["data"]["text/plain"] == "2.5"
    assert execution.values["y * 2"] == 5.0
    assert execution.values["nothing"].startswith("NameError")
    assert math.isnan(execution.values["math.nan"])
    assert execution.peak_mib > 200  # freed before the end, and still counted
    assert 0.1 < execution.cpu_seconds < 60
    assert execution.wall_seconds > 0.1
    assert seen == [1, 2, 3, 4]
    assert len(execution.notebook.cells) == 4  # the probe is gone
    assert source.cells[2].outputs == []  # the notebook passed in is untouched


def test_an_error_names_its_cell_and_ends_the_run():
    execution = run_notebook(notebook("x = 1", "x / 0", "x = 2"), ["x"])
    assert execution.error == "cell 2 of 3: ZeroDivisionError: division by zero"
    assert execution.values["x"] == 1.0
    assert execution.peak_mib > 10


def test_a_notebook_that_does_not_end_is_stopped():
    execution = run_notebook(notebook("while True: pass"), timeout=3)
    assert "still running after 3 s" in execution.error
    assert execution.wall_seconds < 30


def test_a_dead_kernel_is_told():
    execution = run_notebook(notebook("import os; os._exit(1)"))
    assert "the kernel died" in execution.error
    assert math.isnan(execution.peak_mib)


def test_a_deadline_between_cells_ends_the_run():
    sources = ["import time; time.sleep(1.5)", "time.sleep(1.5)", "done = True"]
    execution = run_notebook(notebook(*sources), timeout=2)
    assert execution.error is not None and "after 2 s" in execution.error
    assert execution.notebook.cells[2].execution_count is None


@pytest.mark.parametrize(
    "source",
    [
        "import io, sys; sys.stdout = io.StringIO()",
        "import sys; sys.modules['json'] = None",
        "import builtins; builtins.print = lambda *words: None",
        "import builtins, os; builtins.print = lambda *words: os._exit(1)",
    ],
)
def test_a_kernel_that_cannot_be_measured_is_told(source):
    execution = run_notebook(notebook("x = 1", source), ["x"])
    assert execution.error == "the notebook left a kernel that cannot be measured"
    assert math.isnan(execution.peak_mib) and execution.values == {}
    assert len(execution.notebook.cells) == 2


def test_words_of_a_kernel_before_its_measures_do_no_harm():
    source = (
        "import psutil; real = psutil.Process\npsutil.Process = lambda: (print('hi'), real())[1]"
    )
    assert run_notebook(notebook("y = 2", source), ["y"]).values == {"y": 2.0}


def test_one_thread_and_an_empty_folder(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("COURSE_THREADS", raising=False)
    code = "import os, torch; empty = not os.listdir('.'); threads = torch.get_num_threads()"
    execution = run_notebook(notebook(code), ["empty", "threads"])
    assert execution.values == {"empty": 1.0, "threads": 1.0}


@pytest.mark.parametrize(
    ("seconds", "mib", "error", "verdict"),
    [
        (20, 100, None, "ok"),
        (21, 100, None, "too slow"),
        (20, 101, None, "too much memory"),
        (99, 999, None, "too slow, too much memory"),
        (1, 1, "cell 1 of 1: stop", "failed"),
    ],
)
def test_verdicts(seconds, mib, error, verdict):
    execution = Execution(new_notebook(), 1.0, seconds, mib, slowness=2.0, error=error)
    assert Budget(cpu_seconds=10, peak_mib=100).verdict(execution) == verdict


@pytest.mark.parametrize("course", [{}, {"cpu_seconds": 1}, {"cpu_seconds": "x", "peak_mib": 1}])
def test_a_budget_is_required(course, tmp_path):
    with pytest.raises(CourseError, match="states no budget"):
        Budget.of(new_notebook(metadata={"course": course}), tmp_path)


def test_the_machine_is_looked_at_before_meanwhile_and_after(monkeypatch):
    looks = iter([1.0, 4.0, 1.0])
    monkeypatch.setattr(runner, "calibrate", lambda: next(looks))
    monkeypatch.setattr(runner, "CALIBRATE_EVERY", 0.5)
    execution = run_notebook(notebook("import time; time.sleep(0.6)", "x = 1"))
    assert execution.error is None
    assert execution.slowness == 2.0


def test_calibration_never_tightens_a_budget(monkeypatch):
    monkeypatch.setattr(runner, "CALIBRATION_SECONDS", 1e9)
    assert runner.calibrate() == 1.0
    monkeypatch.setattr(runner, "CALIBRATION_SECONDS", 1e-6)
    assert runner.calibrate() > 100
