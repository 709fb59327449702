"""What README.md promises: links lead somewhere, the map is the course, commands exist."""

from __future__ import annotations

import re

from course_utils import cli
from course_utils.course_map import LESSONS
from course_utils.lessons import all_lessons, read_notebook, root

TEXT = (root() / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d\d) \| (.+?) \| *(\d*) \| *(\w+) \|$", TEXT, re.MULTILINE)


def test_links_and_pictures_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert [t for t in targets if "://" not in t and not (root() / t).exists()] == []


def test_pictures_are_described():
    assert [text for text in re.findall(r"!\[([^\]]*)\]", TEXT) if len(text) < 20] == []


def test_the_map_is_the_course():
    titles = {number: re.sub(r"\[(.+)\]\(.+\)", r"\1", title) for number, title, _, _ in ROWS}
    assert titles == {lesson.number: lesson.title for lesson in LESSONS}


def test_minutes_and_seconds_are_those_of_the_lessons():
    rows = {number: (title, minutes, seconds) for number, title, minutes, seconds in ROWS}
    for path in all_lessons():
        course = read_notebook(path).metadata["course"]
        title, minutes, seconds = rows.pop(course["lesson"])
        assert f"notebooks/{path.name}" in title
        assert int(minutes) == course["minutes"]
        assert 0 < int(seconds) <= course["cpu_seconds"]
    assert {seconds for _, _, seconds in rows.values()} == {"planned"}


def test_every_command_is_understood():
    lines = re.findall(r"^(?:python3 course\.py|course) ([^#\n]+)", TEXT, re.MULTILINE)
    inline = re.findall(r"`python3 course\.py ([^`]+)`", TEXT)
    assert len(lines) + len(inline) > 8
    for line in [*lines, *inline]:
        assert callable(cli.parser().parse_args(line.split()).func)
