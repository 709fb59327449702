"""The house itself: imports point one way, and the code is formatted and linted."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.lessons import root

# From the ground up; a room may import what stands before it in this list, and itself.
FLOORS = [
    "course_utils.errors",
    "course_utils.threads",
    "course_utils.data",
    "course_utils.layers",
    "course_utils.training",
    "course_utils.language",
    "course_utils.models",
    "course_utils.plots",
    "course_utils.course_map",
    "course_utils.scorecard",
    "course_utils.checks",
    "course_utils.quiz",
    "course_utils.lessons",
    "course_utils.runner",
    "course_utils.doctor",
    "course_utils.lab",
    "course_utils.run",
    "course_utils.experiments",
    "course_utils.testing",
    "course_utils.cli",
    "course_tools.nbgrader_config",
    "course_tools.build",
    "course_tools.grading",
    "course_tools.assignments",
    "course_tools.cli",
]


def room(module: str) -> str | None:
    return next((r for r in FLOORS if module == r or module.startswith(r + ".")), None)


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(root().glob("course_*/**/*.py")):
        parts = path.relative_to(root()).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imported(name: str, path: Path) -> set[str]:
    """Return the course's modules that a file imports anywhere, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, *filter(None, [node.module])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return {n for n in names if n.startswith(("course_utils.", "course_tools."))}


@pytest.mark.parametrize("name", modules())
def test_imports_point_one_way(name):
    mine = room(name)
    assert mine or name in ("course_utils", "course_tools"), f"give {name} a place in FLOORS"
    for other in imported(name, modules()[name]):
        theirs = room(other)
        assert theirs is None or FLOORS.index(theirs) <= FLOORS.index(mine), f"{name} -> {other}"


@pytest.mark.parametrize("words", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_has_nothing_to_say(words):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *words, "."], cwd=root(), capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout
