"""The verb `run`: execute lessons without a browser and compare their cost with their budget."""

from __future__ import annotations

import argparse

from course_utils.lessons import all_lessons, find_lesson, read_notebook
from course_utils.runner import TIMES_BUDGET, Budget, run_notebook
from course_utils.threads import threads

COLUMNS = (
    f"{'lesson':<28} {'wall s':>7} {'CPU s':>7} {'peak MiB':>9}   "
    f"{'budget s':>8} {'MiB':>6}   verdict"
)


def add(subparsers: argparse._SubParsersAction) -> None:
    """Register `run`."""
    verb = subparsers.add_parser("run", help="execute lessons; seconds, memory, verdict")
    verb.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 02; default: all")
    verb.add_argument("--solved", action="store_true", help="with the exercises solved")
    verb.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Execute the lessons asked for and print the table; 1 if one fails or exceeds its budget."""
    from tqdm import tqdm

    threads()  # a wrong COURSE_THREADS is told before anything starts
    folder = "solutions" if args.solved else "notebooks"
    paths = [find_lesson(name, folder) for name in args.lessons] or all_lessons(folder)
    notebooks = [read_notebook(path) for path in paths]
    budgets = [Budget.of(notebook, path) for notebook, path in zip(notebooks, paths, strict=True)]

    rows, errors, slowest = [], [], 1.0
    with tqdm(total=sum(len(nb.cells) for nb in notebooks), unit="cell", leave=False) as bar:
        for path, notebook, budget in zip(paths, notebooks, budgets, strict=True):
            bar.set_description(path.stem)
            start = bar.n
            execution = run_notebook(
                notebook,
                timeout=TIMES_BUDGET * budget.cpu_seconds,
                progress=lambda done, total, start=start: bar.update(start + done - bar.n),
            )
            bar.update(start + len(notebook.cells) - bar.n)
            verdict = budget.verdict(execution)
            slowest = max(slowest, execution.slowness)
            rows.append(
                f"{path.stem:<28} {execution.wall_seconds:7.1f} {execution.cpu_seconds:7.1f} "
                f"{execution.peak_mib:9.0f}   {budget.cpu_seconds * execution.slowness:8.0f} "
                f"{budget.peak_mib:6.0f}   {verdict}"
            )
            if execution.error:
                errors.append(f"{path.stem} stopped in {execution.error}")
            if verdict != "ok":
                errors.append(f"{path.stem}: {verdict}.")

    print(COLUMNS)
    print("\n".join(rows))
    if slowest >= 1.05:
        print(
            "Budgets in seconds are multiplied by how much slower this machine was meanwhile: "
            f"by {slowest:.1f} at most."
        )
    print("\n".join(errors), end="\n" if errors else "")
    return 1 if errors else 0
