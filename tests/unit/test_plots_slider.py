"""The slider figure: every frame in it, each said aloud, drawn where the scale puts it."""

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.plots import axes, slider_curves

TEXTS = {"alt": "What is seen.", "caption": "What it means."}
X = np.arange(1.0, 21.0)


def a_slider(**changes):
    arguments = {
        "frames": {rho: {"tanh": rho**X, "identity": 2 * rho**X} for rho in (0.5, 0.9, 1.1)},
        "slider_label": "spectral radius",
        "xlabel": "lag",
        "ylabel": "gradient norm",
        "yscale": "log",
        **TEXTS,
    }
    return slider_curves(X, **(arguments | changes))


@settings(max_examples=200)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_linear_ticks_are_round_few_and_inside(low, width):
    found = axes.ticks(low, low + width)
    assert 2 <= len(found) <= 7
    assert all(low - 1e-6 * width <= value <= low + width * (1 + 1e-6) for value, _ in found)


@given(st.integers(-30, 29), st.integers(1, 40))
def test_log_ticks_are_powers_of_ten(low, decades):
    found = axes.ticks(10.0**low, 10.0 ** (low + decades), "log")
    assert 1 <= len(found) <= 7
    assert all(np.log10(value) == pytest.approx(round(np.log10(value))) for value, _ in found)


def slider_data(figure) -> tuple[ET.Element, dict]:
    """Return the slider's parsed element and the data that its script reads."""
    html = figure.html.split("<script>")[0]
    html = html[html.index("<div data-course-slider") :]
    root = ET.fromstring(re.sub(r"(<input[^>]*)>", r"\1/>", html))  # <input> has no end in HTML
    return root, json.loads(root.get("data-course-slider"))


def test_the_slider_holds_every_frame_and_says_each_aloud():
    root, data = slider_data(a_slider(start=0.9))
    entry = next(root.iter("input"))
    assert (entry.get("max"), entry.get("value")) == ("2", "1")
    assert entry.get("data-lm-suppress-shortcuts") == "true"
    assert entry.get("aria-valuetext") == data["text"][1]
    assert data["text"][1] == "spectral radius 0.9; at lag 20: tanh 0.12, identity 0.24"
    assert data["label"] == ["0.5", "0.9", "1.1"]


def test_the_slider_draws_values_where_the_scale_puts_them():
    _, data = slider_data(a_slider())
    decades = np.log10(2 * 1.1**20) - np.log10(0.5**20)
    # All frames span the decades 1e-7 .. 1e2 in 294 pixels, so heights differ by their logarithms.
    pixels = data["y"][0][0][-1] - data["y"][2][1][-1]
    assert pixels == pytest.approx(decades / 9 * 294, abs=0.2)


def test_what_cannot_be_drawn_leaves_a_gap():
    y = np.array([1.0, np.nan, np.inf, -1.0, 2.0])
    _, data = slider_data(
        slider_curves(
            np.arange(5),
            {0: {"a": y}},
            slider_label="s",
            xlabel="x",
            ylabel="y",
            yscale="log",
            **TEXTS,
        )
    )
    assert [height is None for height in data["y"][0][0]] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"frames": {}}, "frames is empty"),
        ({"frames": {1: {}}}, "has 0 curves"),
        ({"frames": {1: {"a": X}, 2: {"b": X}}}, "The frame at 2 has curves"),
        ({"frames": {1: {"a": X[:3]}}}, "'a' at 1 has shape"),
        ({"frames": {1: {"a": 0 * X}}}, "No value of any frame can be drawn"),
        ({"start": 0.7}, "start=0.7 is not one of"),
        ({"yscale": "cubic"}, "yscale='cubic' is unknown"),
        ({"ylim": (1, 1)}, r"ylim=\(1, 1\) is no range"),
        ({"ylim": (2, 1)}, r"ylim=\(2, 1\) is no range"),
        ({"ylim": (2, 1), "yscale": "linear"}, r"ylim=\(2, 1\) is no range"),
        ({"ylim": (1, np.inf)}, "is no range"),
        ({"ylim": (0, 1)}, "begins at 0 or below"),
    ],
)
def test_frames_that_do_not_fit_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        a_slider(**changes)
    assert "\n" not in str(caught.value)


def test_without_a_script_the_slider_shows_its_first_frame():
    figure = a_slider()
    assert "<noscript>" in figure.html
    assert figure.html.count('class="curve" d="M') == 2
