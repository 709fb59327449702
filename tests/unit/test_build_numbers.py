"""Numbers quoted in prose: what is read from the page, and when it agrees with the result."""

import math

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_tools.build.numbers import find_numbers
from course_utils.errors import CourseError


def in_prose(text):
    cell = nbformat.v4.new_markdown_cell(text)
    cell["id"] = "02-003"
    return nbformat.v4.new_notebook(cells=[cell])


def quoted(text):
    (number,) = find_numbers(in_prose(text))
    return number


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("157", 157),
        ("2,080", 2080),
        ("1,234,567.5", 1234567.5),
        ("322\u202f113", 322113),
        ("322\u00a0113", 322113),
        ("-3.5", -3.5),
        ("−3.5", -3.5),
        ("+4", 4),
        (".70", 0.7),
        ("0.70", 0.7),
        ("1e-12", 1e-12),
        ("2.5e−3", 2.5e-3),
        ("98%", 0.98),
        ("98.5 %", 0.985),
        (r"$98\%$", 0.98),
        ("**157**", 157),
        ("`157`", 157),
        ("$157$", 157),
        ("lags 3-5", 5),
        ("(12", 12),
        ("0", 0),
    ],
)
def test_the_printed_number_is_read(printed, shown):
    assert quoted(f"about {printed} <!-- =x --> of it").shown == pytest.approx(shown, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("157 <!-- =x ±5% -->", [157, 149.2, 164.8], [149.1, 164.9, -157]),
        ("157 <!-- =x ±5 % -->", [149.2], [149.1]),
        ("157 <!--=x±5%-->", [149.2], [149.1]),
        ("157 <!-- =x +/-5% -->", [149.2], [149.1]),
        ("-20 <!-- =x ±10% -->", [-18, -22], [-17.9, 20]),
        ("0.70 <!-- =x ±0.01 -->", [0.69, 0.71, 0.7], [0.68, 0.72]),
        ("98% <!-- =x ±0.01 -->", [0.97, 0.99], [0.96, 98]),
        ("98% <!-- =x ±1% -->", [0.98, 0.9896], [0.969]),
        ("2,080 <!-- =x -->", [2080, 2080.0], [2081, 2079]),
        ("0.693 <!-- =x -->", [math.log(2), 0.6934], [0.6936, 0.69]),
        ("1.2e-3 <!-- =x -->", [0.00121], [0.00126]),
        ("98% <!-- =x -->", [0.98, 0.984], [0.986]),
    ],
)
def test_tolerances(text, right, wrong):
    number = quoted(text)
    assert [number.agrees(value) for value in right] == [True] * len(right)
    assert [number.agrees(value) for value in wrong] == [False] * len(wrong)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "157", [157, 157], 1j])
def test_what_is_no_number_never_agrees(value):
    number = quoted("157 <!-- =x ±5% -->")
    assert not number.agrees(value)
    assert "02-003 says 157 for `x`" in number.explain(value)


@pytest.mark.parametrize("value", [np.float32(157), np.int64(157), np.array(157.0), True + 156])
def test_numpy_scalars_are_numbers(value):
    assert quoted("157 <!-- =x ±5% -->").agrees(value)


def test_the_explanation_says_what_was_allowed():
    assert quoted("157 <!-- =ppl ±5% -->").explain(170.0) == (
        "02-003 says 157 for `ppl`, which is 170: more than 5% away"
    )
    assert quoted("98% <!-- =acc ±0.01 -->").explain(0.9) == (
        "02-003 says 98% for `acc`, which is 0.9: more than 0.01 away"
    )
    assert "every digit shown" in quoted("12 <!-- =n -->").explain(13)
    assert "it is 12" in quoted("12 <!-- =n -->").explain(12)


def test_expressions_are_kept_whole():
    number = quoted('3 <!-- =runs["gru"][-1] % 5 > 2\n ±1 -->')
    assert number.expression == 'runs["gru"][-1] % 5 > 2'


def test_several_numbers_in_reading_order_and_only_in_markdown():
    notebook = in_prose("From 1 <!-- =a --> to 2 <!-- =b ±1% -->; a remark <!-- not one -->.")
    notebook.cells.append(nbformat.v4.new_code_cell('page = "3 <!-- =c -->"'))
    assert [number.expression for number in find_numbers(notebook)] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "many <!-- =x -->",
        "157 steps <!-- =x -->",
        "<!-- =x -->",
        "157 <!-- = -->",
        "157 <!-- =x y -->",
        "157 <!-- =x ± -->",
        "157 <!-- =x ±five -->",
        "157 <!-- =x ±5% ±1% -->",
        "x2 <!-- =x -->",
        "10 000 <!-- =x -->",
        "1234,567 <!-- =x -->",
        "$2{,}180$ <!-- =x -->",
        "10^3 <!-- =x -->",
    ],
)
def test_a_comment_that_cannot_be_read_is_an_error_not_a_silence(text):
    with pytest.raises(CourseError, match="cell 02-003"):
        find_numbers(in_prose(text))


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_every_number_agrees_with_itself_as_python_prints_it(digits, places):
    value = digits / 10**places
    number = quoted(f"is {value:,.{places}f} <!-- =x -->.")
    assert number.agrees(value)
    assert not number.agrees(value + 1.01 * 10**-places)


@given(st.floats(0.01, 1e6), st.floats(0.1, 50), st.booleans())
def test_a_relative_tolerance_is_a_band_around_the_shown_number(shown, percent, negative):
    shown = -shown if negative else shown
    number = quoted(f"is {shown!r} <!-- =x ±{percent!r}% -->.")
    for inside in (-0.999, 0, 0.999):
        assert number.agrees(shown * (1 + inside * percent / 100))
    for outside in (-1.001, 1.001):
        assert not number.agrees(shown * (1 + outside * percent / 100))
