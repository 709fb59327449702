"""The verb `build`: make every notebook from its source, or say which are not as they should be."""

from pathlib import Path


def run(root: Path, *, check: bool = False) -> int:
    """Build below `root`, or with `check` only compare; return the exit code and print a report.

    Everything is computed before the first file is written. Raises CourseError, with nothing
    written, for a broken source or a generated file that was changed by hand.
    """
    # Here and not above: nbgrader and jupytext take a second, which `course --help` should not.
    from course_tools.build.assignments import build_assignments
    from course_tools.build.lessons import build_lessons
    from course_tools.build.outputs import compare, write

    files = {**build_lessons(root), **build_assignments(root)}
    difference = compare(root, files)
    if check:
        for verdict in ("stale", "missing", "surplus", "edited", "foreign"):
            for name in getattr(difference, verdict):
                print(f"{verdict}: {name}")
        print("all up to date" if difference.clean else "run: course build")
        return 0 if difference.clean else 1
    write(root, files, difference)
    for name in difference.stale + difference.missing:
        print(f"wrote {name}")
    for name in difference.surplus:
        print(f"removed {name}, its source is gone")
    for name in difference.foreign:
        print(f"left alone {name}, which was not written by the build")
    count = len(difference.current)
    print(f"{count} file{'' if count == 1 else 's'} up to date")
    return 0
