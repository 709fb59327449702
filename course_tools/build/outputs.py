"""Generated files on disk: what is stale, and how to write it."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from course_tools.build.notebook import is_ours
from course_utils.errors import CourseError

# Of nbgrader's folders every file counts: all that lies in them is handed out to the students.
GENERATED = {
    "notebooks": "*.ipynb",
    "solutions": "*.ipynb",
    "assignments/source": "*",
    "assignments/release": "*",
}


@dataclass
class Difference:
    """How the disk differs from what the sources say; paths relative to the root."""

    current: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)  # not, or no longer, what the build wrote
    foreign: list[str] = field(default_factory=list)  # no source, and never written by the build

    @property
    def clean(self) -> bool:
        """Whether the disk holds what the sources say and nothing else."""
        return not (self.stale or self.missing or self.surplus or self.edited or self.foreign)


def compare(root: Path, files: dict[str, str]) -> Difference:
    """Compare `files` (path to text) with what lies in the folders of generated files."""
    difference = Difference()
    for name, text in sorted(files.items()):
        old = _read(root / name)
        if old is None:
            difference.missing.append(name)
        elif old == text.encode():
            difference.current.append(name)
        else:
            _sort(old, name, difference.stale, difference.edited)
    for name in sorted(_present(root) - set(files)):
        _sort(_read(root / name) or b"", name, difference.surplus, difference.foreign)
    return difference


def write(root: Path, files: dict[str, str], difference: Difference) -> None:
    """Write what is stale or missing and remove what is surplus.

    The new files are first written beside the old ones, where a full disk or a missing
    permission does no harm; then each takes its place in one step. A failure there leaves whole
    files, some new, some old; build again.
    """
    if difference.edited:
        raise CourseError(
            f"{difference.edited[0]} was changed by hand, or not written by the build: move what "
            "you want to keep into its source or into work/, delete it, and build again"
        )
    strays = [name for name in difference.foreign if name.startswith("assignments/")]
    if strays:
        raise CourseError(
            f"{strays[0]} was not written by the build and students would receive it: "
            "move it out of that folder"
        )
    staged: list[tuple[Path, Path]] = []
    try:
        for name in difference.stale + difference.missing:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.new")
            staged.append((beside, path))
            beside.write_bytes(files[name].encode())
        for beside, path in staged:
            os.replace(beside, path)
        for name in difference.surplus:
            (root / name).unlink()
            if not any((root / name).parent.iterdir()):
                (root / name).parent.rmdir()
    except OSError as error:
        raise CourseError(f"cannot write {error.filename}: {error.strerror}") from error
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _sort(old: bytes, name: str, ours: list[str], others: list[str]) -> None:
    (ours if is_ours(old.decode("utf-8", errors="replace")) else others).append(name)


def _present(root: Path) -> set[str]:
    """Every file in the generated folders but the hidden ones that systems and editors leave."""
    found = set()
    for folder, pattern in GENERATED.items():
        for path in (root / folder).rglob(pattern):
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and not hidden:
                found.add(path.relative_to(root).as_posix())
    return found
