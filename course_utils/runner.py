"""Run one notebook without a browser, and say what it cost: seconds, memory, the error if any."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.threads import threads

if TYPE_CHECKING:
    from nbformat import NotebookNode

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

CALIBRATION_SECONDS = 0.05
"""CPU seconds of the calibration loop on the machine on which the budgets were set."""

CALIBRATE_EVERY = 10.0
"""Seconds by the clock between two looks at how fast the machine is, while a notebook runs."""

TIMES_BUDGET = 20
"""A notebook is stopped after this many times its CPU budget, in seconds by the clock."""


@dataclass
class Execution:
    """What one run of a notebook gave.

    notebook     the executed copy, outputs included
    wall_seconds by the clock; cpu_seconds of the kernel, all its threads
    peak_mib     the most memory that the kernel held at once
    slowness     how many times slower than the budgets' machine this one was meanwhile, at least 1
    error        None, or the cell and the message that stopped it
    values       for each expression asked for: a number, or why there is none
    """

    notebook: NotebookNode
    wall_seconds: float
    cpu_seconds: float = float("nan")
    peak_mib: float = float("nan")
    slowness: float = 1.0
    error: str | None = None
    values: dict[str, float | str] = field(default_factory=dict)


# Runs in the kernel after the notebook's last cell, in its namespace, and is then taken away.
PROBE = """
def _course_probe(expressions):
    import json, psutil, sys
    process = psutil.Process()
    seconds = sum(process.cpu_times()[:4])
    memory = process.memory_info()
    if sys.platform.startswith("linux"):
        with open("/proc/self/status") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024
    elif sys.platform == "win32":
        peak = memory.peak_wset
    else:
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    values = {}
    for expression in expressions:
        try:
            values[expression] = float(eval(expression, globals()))
        except Exception as error:
            values[expression] = f"{type(error).__name__}: {error}"
    return json.dumps({"seconds": seconds, "peak": peak, "values": values})

import builtins as _course_builtins
_course_builtins.print(_course_probe(EXPRESSIONS))
"""


def kernel_environment() -> dict[str, str]:
    """Return the environment of a kernel: this one, with the course's number of threads."""
    environment = dict(os.environ)
    environment.update(dict.fromkeys(THREAD_VARIABLES, str(threads())))
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else every kernel starts with a warning
    return environment


def run_notebook(
    notebook: NotebookNode,
    expressions: Sequence[str] = (),
    timeout: float = 600.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Execution:
    """Execute `notebook` from top to bottom in a fresh kernel and an empty folder.

    `expressions` are evaluated in the namespace that the last cell leaves; `timeout` is in seconds
    for all cells together; `progress(done, total)` is called after each cell. A failing cell ends
    the run and is told in `error`. The notebook passed in is left as it was.
    """
    from copy import deepcopy

    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat.v4 import new_code_cell

    notebook = deepcopy(notebook)
    slowness = [calibrate()]  # again between cells, while the kernel waits: neighbours come and go
    start = looked = time.perf_counter()
    error = measured = None
    alive = True
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=ERROR"],
            shutdown_kernel="immediate",  # else Ctrl-C waits for the cell, with a page of traceback
            timeout_func=lambda cell: max(1, int(deadline - time.perf_counter())),
        )
        with client.setup_kernel(env=kernel_environment()):
            deadline = time.perf_counter() + timeout
            total, index = len(notebook.cells), 0
            try:
                for index, cell in enumerate(notebook.cells):
                    if time.perf_counter() >= deadline:
                        raise CellTimeoutError
                    client.execute_cell(cell, index)
                    progress(index + 1, total)
                    if time.perf_counter() - looked > CALIBRATE_EVERY:
                        slowness.append(calibrate())
                        looked = time.perf_counter()
            except CellExecutionError as stopped:
                error = f"cell {index + 1} of {total}: {stopped.ename}: {stopped.evalue}"
            except CellTimeoutError:
                alive = False  # it still computes, and would not answer the probe
                error = f"cell {index + 1} of {total}: still running after {timeout:.0f} s"
            except DeadKernelError:
                alive = False
                error = f"cell {index + 1} of {total}: the kernel died, often for want of memory"
            wall = time.perf_counter() - start
            if alive:
                probe = new_code_cell(PROBE.replace("EXPRESSIONS", repr(list(expressions))))
                notebook.cells.append(probe)
                deadline = time.perf_counter() + 60
                try:  # what the lesson left may have another print, another json, no kernel
                    client.execute_cell(probe, total)
                    said = "".join(output.get("text", "") for output in probe.outputs)
                    measured = json.loads(said.strip().splitlines()[-1])
                except (
                    CellExecutionError,
                    CellTimeoutError,
                    DeadKernelError,
                    ValueError,
                    LookupError,
                ):
                    error = error or "the notebook left a kernel that cannot be measured"
                finally:
                    notebook.cells.pop()
    slowness.append(calibrate())
    execution = Execution(notebook, wall, slowness=sum(slowness) / len(slowness), error=error)
    if measured:
        execution.cpu_seconds = measured["seconds"]
        execution.peak_mib = measured["peak"] / 2**20
        execution.values = measured["values"]
    return execution


def calibrate() -> float:
    """Return how much slower this machine computes than the one that set the budgets, at least 1.

    Half the loop is Python's own arithmetic, half NumPy's, as in the lessons; the best of three
    runs counts, so that a busy moment does not loosen the budgets. What slows a whole run does:
    a neighbour on the other half of the same core costs CPU seconds too.
    """
    import numpy as np

    # So small that NumPy's matrix product stays on one thread, whatever the environment says.
    start_state, weights = np.ones((16, 64)), np.full((64, 64), 1 / 64)

    def loop() -> float:
        start = time.process_time()
        total, state = 0, start_state
        for number in range(1_000_000):
            total += number & 7
        for _ in range(5_000):
            state = np.tanh(state @ weights)
        return time.process_time() - start

    return max(1.0, min(loop() for _ in range(3)) / CALIBRATION_SECONDS)


@dataclass(frozen=True)
class Budget:
    """What a lesson may cost on the machine that set it, as its notebook's metadata says."""

    cpu_seconds: float
    peak_mib: float

    @classmethod
    def of(cls, notebook: NotebookNode, path: Path) -> Budget:
        """Read the budget of the notebook in `path`; CourseError where it states none."""
        course = notebook.metadata.get("course", {})
        try:
            return cls(float(course["cpu_seconds"]), float(course["peak_mib"]))
        except (KeyError, TypeError, ValueError):
            raise CourseError(
                f"The notebook {path} states no budget: give its lesson's header cpu_seconds "
                "and peak_mib."
            ) from None

    def verdict(self, execution: Execution) -> str:
        """Return "ok", or in a few words what went wrong or beyond the budget.

        The seconds are multiplied by how slow the machine was while the notebook ran.
        """
        if execution.error:
            return "failed"
        over = []
        if execution.cpu_seconds > self.cpu_seconds * execution.slowness:
            over.append("too slow")
        if execution.peak_mib > self.peak_mib:
            over.append("too much memory")
        return ", ".join(over) or "ok"
