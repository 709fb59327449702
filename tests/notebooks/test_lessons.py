"""Every lesson, as the learner gets it and solved: runs, within budget, true, and described."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from course_tools.build.numbers import find_numbers
from course_utils.checks.report import NOT_ATTEMPTED, RIGHT, WRONG
from course_utils.lessons import all_lessons, find_lesson, read_notebook
from course_utils.runner import Budget

pytestmark = pytest.mark.timeout(900)

LESSONS = [path.stem for path in all_lessons()]
FOLDERS = ["notebooks", "solutions"]
STATES = re.compile(rf"^[✓✗○] (.+): ({NOT_ATTEMPTED}|{WRONG}|{RIGHT})\.", re.MULTILINE)

each_notebook = pytest.mark.parametrize(
    ("lesson", "folder"), [(lesson, folder) for lesson in LESSONS for folder in FOLDERS]
)
each_solution = pytest.mark.parametrize(
    ("lesson", "folder"), [(lesson, "solutions") for lesson in LESSONS]
)


@pytest.fixture
def execution(executed, lesson, folder):
    return executed(lesson, folder)


def outputs(notebook, without_tag=None):
    """Yield (cell id, MIME bundle) of what the notebook displays, but for the cells so tagged."""
    for cell in notebook.cells:
        if without_tag in cell.metadata.get("tags", []):
            continue
        for output in cell.get("outputs", []):
            if "data" in output:
                yield cell["id"], output["data"]


def states(notebook):
    """Return the (title, state) of every check's report, from its plain text.

    A cell tagged `demonstration` shows a planted mistake and does not count.
    """
    texts = (d.get("text/plain", "") for _, d in outputs(notebook, without_tag="demonstration"))
    return [match for text in texts for match in STATES.findall(text)]


@each_notebook
def test_runs_from_top_to_bottom(execution):
    assert execution.error is None


@each_notebook
def test_keeps_its_budget(execution, lesson, folder):
    """Within its memory, and within half as much time again: other tests run beside it.

    What a lesson costs on a machine of its own is for `course run` to judge, without that half.
    """
    stated = Budget.of(execution.notebook, find_lesson(lesson, folder))
    budget = replace(stated, cpu_seconds=1.5 * stated.cpu_seconds)
    assert budget.verdict(execution) == "ok", (
        f"{execution.cpu_seconds:.1f} s of {budget.cpu_seconds * execution.slowness:.1f} s, "
        f"{execution.peak_mib:.0f} MiB of {budget.peak_mib:.0f} MiB"
    )


@each_notebook
def test_checks_say_what_they_should(execution, folder):
    """Untouched, an exercise is never judged; solved, nothing but "right" is said."""
    found = states(execution.notebook)
    if folder == "solutions":
        assert [title for title, state in found if state != RIGHT] == []
    else:
        assert [title for title, state in found if state == WRONG] == []


@each_solution
def test_every_exercise_is_checked(execution, lesson):
    """As many reports in the solved notebook as exercises in the learner's, or more."""
    learner = read_notebook(find_lesson(lesson))
    exercises = [
        cell
        for cell in learner.cells
        if 'NotImplementedError("your turn")  #' in cell.source  # as the build writes it
    ]
    assert len(states(execution.notebook)) >= len(exercises)


@pytest.mark.full  # the shortened trainings of the daily tests end at other numbers
@each_notebook
def test_numbers_in_the_prose(execution):
    wrong = [
        number.explain(execution.values[number.expression])
        for number in find_numbers(execution.notebook)
        if not number.agrees(execution.values[number.expression])
    ]
    assert wrong == []


class Images(HTMLParser):
    """Collect the description of every image in a page, "" where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_title = False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if attributes.get("aria-hidden") == "true":
            return
        if tag == "img":
            self.found.append(attributes.get("alt") or "")
        elif tag == "svg":
            self.found.append(
                attributes.get("aria-label") or attributes.get("aria-labelledby") or ""
            )
        self.in_title = tag == "title"

    def handle_data(self, data):
        if self.in_title and self.found and not self.found[-1]:
            self.found[-1] = data.strip()

    def handle_endtag(self, tag):
        self.in_title = False


def descriptions(data):
    """Return the text alternative of each image in a MIME bundle."""
    images = Images()
    images.feed(data.get("text/html", ""))
    if not images.found and any(kind.startswith("image/") for kind in data):
        return [""]  # a bare picture: nothing reads it out
    return images.found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"text/html": "<figure><img src='x' alt='a curve'></figure>", "image/png": ""},
            ["a curve"],
        ),
        ({"text/html": "<img src='x' alt=''>"}, [""]),
        ({"text/html": "<img src='x'>"}, [""]),
        ({"image/png": "..."}, [""]),
        ({"text/html": "<svg role='img' aria-label='a net'></svg>"}, ["a net"]),
        ({"text/html": "<svg role='img'><title>a net</title></svg>"}, ["a net"]),
        ({"text/html": "<svg><path/></svg>"}, [""]),
        ({"text/html": "<p>no image</p>"}, []),
    ],
)
def test_descriptions_are_found(data, expected):
    assert descriptions(data) == expected


@each_notebook
def test_every_figure_is_described(execution):
    bare = [
        cell_id
        for cell_id, data in outputs(execution.notebook)
        if not all(len(text) > 20 for text in descriptions(data))
    ]
    assert bare == []


@each_notebook
def test_nothing_goes_to_stderr(execution):
    """A warning in a lesson is a page that the learner did not ask for; progress bars may."""
    noisy = [
        f"{cell['id']}: {output['text'][:200]}"
        for cell in execution.notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr" and "warning" in output["text"].lower()
    ]
    assert noisy == []
