"""Notebooks as text that is the same on every machine, and the digest that shows later edits."""

import copy
import hashlib
import json

import nbformat
from nbformat import NotebookNode

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def assign_ids(notebook: NotebookNode, prefix: str) -> None:
    """Give each cell its grade_id, or prefix and position, as its id."""
    for position, cell in enumerate(notebook.cells, start=1):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell["id"] = grade_id or f"{prefix}-{position:03d}"


def to_text(notebook: NotebookNode, source: str) -> str:
    """The notebook as JSON text: least metadata, and in `course` where it comes from.

    `source` is the path of the file that it was built from, with forward slashes.
    """
    notebook = copy.deepcopy(notebook)
    course = {**notebook.metadata["course"], "source": source}
    notebook.metadata = NotebookNode(
        kernelspec=KERNELSPEC, language_info={"name": "python"}, course=course
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # the first version that has cell ids
    nbformat.validate(notebook)
    content = json.loads(nbformat.writes(notebook))
    content["metadata"]["course"]["digest"] = digest(content)
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def digest(content: dict) -> str:
    """A fingerprint of a notebook's JSON, whatever digest it already carries."""
    course = {k: v for k, v in content["metadata"]["course"].items() if k != "digest"}
    content = {**content, "metadata": {**content["metadata"], "course": course}}
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_ours(text: str) -> bool:
    """Whether `text` is a notebook exactly as the build wrote it."""
    try:
        content = json.loads(text)
        return content["metadata"]["course"]["digest"] == digest(content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
