"""An experiment: named rows, each run under several seeds, the numbers kept in results/."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np

from course_utils.errors import CourseError
from course_utils.lessons import root

Measures = dict[str, Any]  # name -> a number, or a (nested) list of numbers of one shape
Run = dict[str, Any]  # "measures", and what they were made with: seconds, commit, machine


@dataclass(frozen=True)
class Experiment:
    """One question, answered by `run(seed=..., **settings[row])` for every row and seed.

    name       also the name of the file: results/NAME.json
    run        returns named numbers, or lists of numbers; the same ones for the same arguments
    settings   for each row, the keyword arguments of `run`: what JSON can hold
    sample     the (row, seed) that the tests run again, and
    tolerance  how far each of its measures may then be from the number that was kept
    """

    name: str
    question: str
    run: Callable[..., Measures]
    settings: Mapping[str, Mapping[str, Any]]
    seeds: Sequence[int]
    sample: tuple[str, int]
    tolerance: Mapping[str, float] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file that keeps this experiment's numbers."""
        return root() / "results" / f"{self.name}.json"

    def still_true(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `kept`, the content of a file, holds of the rows and seeds asked for now.

        A row whose settings have changed since is dropped with all its seeds.
        """
        content = {"name": self.name, "question": self.question, "rows": {}}
        for row, setting in self.settings.items():
            settings = json.loads(json.dumps(dict(setting)))  # as the file has them
            old = kept.get("rows", {}).get(row, {})
            seeds = old["seeds"] if old.get("settings") == settings else {}
            wanted = {str(seed): seeds[str(seed)] for seed in self.seeds if str(seed) in seeds}
            content["rows"][row] = {"settings": settings, "seeds": wanted}
        return content

    def missing(self, content: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Return every (row, seed) that `content`, made by `still_true`, does not hold."""
        rows = content["rows"]
        return [
            (row, seed)
            for row in rows
            for seed in self.seeds
            if str(seed) not in rows[row]["seeds"]
        ]

    def once(self, row: str, seed: int) -> Run:
        """Run one row under one seed; its measures, CPU seconds, and where they were made."""
        from course_utils.training import seed_everything, set_threads

        set_threads()
        seed_everything(seed)
        start = time.process_time()
        measures = _rounded(self.run(seed=seed, **self.settings[row]))
        seconds = round(time.process_time() - start, 2)
        return {"measures": measures, "seconds": seconds, "commit": commit(), "machine": machine()}


class Results:
    """The numbers of one experiment: `results["a row"]["a measure"]`, the seeds first."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._rows: dict[str, list[Run]] = {
            row: [kept["seeds"][seed] for seed in sorted(kept["seeds"], key=int)]
            for row, kept in content["rows"].items()
            if kept["seeds"]
        }

    @property
    def rows(self) -> list[str]:
        """The names of the rows, in the experiment's order."""
        return list(self._rows)

    def __getitem__(self, row: str) -> dict[str, np.ndarray]:
        """Return the measures of a row, each an array `(S, ...)` over S seeds."""
        runs = self._rows[row]
        return {
            name: np.array([run["measures"][name] for run in runs]) for name in runs[0]["measures"]
        }

    def seconds(self, row: str) -> np.ndarray:
        """Return the CPU seconds `(S,)` that the runs of a row took where they were made."""
        return np.array([run["seconds"] for run in self._rows[row]])

    @property
    def made(self) -> str:
        """One sentence: how many runs, how long, on which machine, from which commit."""
        runs = [run for row in self._rows.values() for run in row]
        machines = " and ".join(sorted({run["machine"] for run in runs}))
        commits = sorted({run["commit"] for run in runs})
        made_at = f"commit {commits[0]}" if len(commits) == 1 else f"{len(commits)} commits"
        minutes = sum(run["seconds"] for run in runs) / 60
        return (
            f"{len(runs)} runs, {minutes:.1f} minutes of CPU in all, "
            f"on {machines} ({made_at}; the file names it for each run)."
        )


def results(name: str, again: bool = False) -> Results:
    """Return the numbers of experiment `name` from results/, or, `again`, computed now and here.

    Raises CourseError where the file is missing or broken, and, `again`, for an unknown name.
    """
    if again:
        from tqdm import tqdm

        experiment = find(name)
        content = experiment.still_true({})
        for row, seed in tqdm(experiment.missing(content), unit="run", leave=False):
            content["rows"][row]["seeds"][str(seed)] = experiment.once(row, seed)
        return Results(content)
    return Results(read(root() / "results" / f"{name}.json"))


def read(path: Path) -> dict[str, Any]:
    """Return the content of a file of results; CourseError where it is missing or broken."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = Results(content)
        for row in found.rows:
            found[row], found.seconds(row)
    except FileNotFoundError:
        raise CourseError(
            f"{path} is missing: get it again, or compute it with `course experiments {path.stem}`."
        ) from None
    except (ValueError, TypeError, LookupError, AttributeError):  # no JSON, or of another shape
        raise CourseError(
            f"{path} is broken: get it again, or delete it and compute it anew "
            f"with `course experiments {path.stem}`."
        ) from None
    return content


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` to `path` whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".part")
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    text = re.sub(
        r"\[[^][{}]*\]", lambda numbers: " ".join(numbers[0].split()), text
    )  # on one line
    draft.write_text(text, encoding="utf-8", newline="\n")
    os.replace(draft, path)


def _rounded(value: Any) -> Any:
    """Return numbers, also in lists and dicts, with six digits: more would not repeat elsewhere."""
    if isinstance(value, dict):
        return {name: _rounded(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def all_experiments() -> dict[str, Experiment]:
    """Return every experiment of this package by name: the EXPERIMENT of each of its modules."""
    package = import_module("course_utils.experiments")
    modules = (
        import_module(f"{package.__name__}.{module.name}")
        for module in iter_modules(package.__path__)
    )
    found = (module.EXPERIMENT for module in modules if hasattr(module, "EXPERIMENT"))
    return {experiment.name: experiment for experiment in found}


def find(name: str) -> Experiment:
    """Return the experiment `name`; CourseError where there is none."""
    known = all_experiments()
    if name not in known:
        raise CourseError(f"There is no experiment '{name}': choose one of {', '.join(known)}.")
    return known[name]


def commit() -> str:
    """Return the commit of the course's folder, with a + where files differ from it."""
    try:
        command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
        answer = subprocess.run(command, cwd=root(), capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return answer.stdout.strip()


def machine() -> str:
    """Return the processor and the versions that the numbers may depend on, in a few words."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1] for line in file if line.startswith("model name")]
        processor = names[0].strip() if names else processor
    except OSError:
        pass  # not Linux: platform's word has to do
    return (
        f"{processor}, {platform.system()}, Python {platform.python_version()}, "
        f"NumPy {version('numpy')}, torch {version('torch')}"
    )
