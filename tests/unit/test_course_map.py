"""The map in lesson 00 tells the truth about the lessons that are there."""

from pathlib import Path

from course_utils import course_map

LESSONS = Path(__file__).parents[2] / "lessons"


def test_lessons_are_numbered_in_order():
    numbers = [lesson.number for lesson in course_map.LESSONS]
    assert numbers == [f"{n:02d}" for n in range(15)]


def test_available_means_that_the_source_is_there():
    there = {path.name[:2] for path in LESSONS.glob("[0-9][0-9]_*.py")}
    assert {lesson.number for lesson in course_map.LESSONS if lesson.available} == there


def test_every_lesson_builds_on_earlier_ones_and_has_a_place():
    for lesson in course_map.LESSONS:
        assert all(needed < lesson.number for needed in lesson.needs)
    placed = [n for _, numbers, branch in course_map.ROWS for n in (*numbers, branch) if n]
    assert sorted(placed) == [lesson.number for lesson in course_map.LESSONS]


def test_table_has_one_row_a_lesson():
    rows = course_map.table().splitlines()[2:]
    assert len(rows) == len(course_map.LESSONS)
    assert all(lesson.title in row for lesson, row in zip(course_map.LESSONS, rows, strict=True))


def test_drawing_says_what_is_available():
    figure = course_map.draw()
    assert figure.png.startswith(b"\x89PNG")
    assert "00" in figure.alt and "planned" in figure.caption
