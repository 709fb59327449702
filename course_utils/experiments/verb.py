"""The verb `experiments`: compute the numbers that lessons read from results/."""

from __future__ import annotations

import argparse
import os

from course_utils.runner import kernel_environment


def add(subparsers: argparse._SubParsersAction) -> None:
    """Register `experiments`."""
    verb = subparsers.add_parser("experiments", help="compute the numbers in results/")
    verb.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    verb.add_argument("--again", action="store_true", help="also what is already there")
    verb.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Run every missing row and seed, keep each as it comes, and print one line a file."""
    os.environ.update(kernel_environment())  # before NumPy loads: it counts its threads then
    os.environ.pop("COURSE_SMOKE", None)  # shortened trainings are no results

    from tqdm import tqdm

    from course_utils.experiments.core import all_experiments, find, read, write

    chosen = [find(name) for name in args.names] or list(all_experiments().values())
    contents = []
    for experiment in chosen:
        kept = read(experiment.path) if experiment.path.exists() and not args.again else {}
        contents.append(experiment.still_true(kept))
    todo = [e.missing(content) for e, content in zip(chosen, contents, strict=True)]
    with tqdm(total=sum(map(len, todo)), unit="run", leave=False) as bar:
        for experiment, content, runs in zip(chosen, contents, todo, strict=True):
            bar.set_description(experiment.name)
            for row, seed in runs:
                content["rows"][row]["seeds"][str(seed)] = experiment.once(row, seed)
                write(experiment.path, content)  # kept as it comes: stopped, it goes on from here
                bar.update()
            write(experiment.path, content)
    for experiment, runs in zip(chosen, todo, strict=True):
        print(f"{experiment.path.name}: {len(runs)} runs made, complete now.")
    return 0
