"""Figures: a text for those who do not see them, the same bytes each time, honest numbers."""

import base64
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import plots
from course_utils.plots import axes
from course_utils.plots.curves import spread

TEXTS = {"alt": "What is seen.", "caption": "What it means."}
X = np.arange(1.0, 21.0)


def line_figure():
    from matplotlib.figure import Figure

    fig = Figure()
    fig.subplots().plot(X, X**2)
    return fig


def a_slider(**changes):
    arguments = {
        "frames": {rho: {"tanh": rho**X, "identity": 2 * rho**X} for rho in (0.5, 0.9, 1.1)},
        "slider_label": "spectral radius",
        "xlabel": "lag",
        "ylabel": "gradient norm",
        "yscale": "log",
        **TEXTS,
    }
    return plots.slider_curves(X, **(arguments | changes))


MAKERS = {
    "show": lambda **texts: plots.show(line_figure(), **texts),
    "heatmap": lambda **texts: plots.heatmap_through_time(np.eye(5, 3), **texts),
    "curves": lambda **texts: plots.curves(
        X, {"RNN": [X, X + 1]}, xlabel="step", ylabel="loss", baseline={"chance": 3}, **texts
    ),
    "bars": lambda **texts: plots.bars_with_spread({"RNN": [1, 2]}, value_label="loss", **texts),
    "slider": lambda **texts: a_slider(**texts),
}
every_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@every_maker
@pytest.mark.parametrize("missing", ["alt", "caption"])
@pytest.mark.parametrize("empty", ["", " \n", None])
def test_a_figure_without_its_texts_is_refused(make, missing, empty):
    with pytest.raises(ValueError, match=f"A figure needs {missing}=") as caught:
        make(**(TEXTS | {missing: empty}))
    assert "\n" not in str(caught.value)


@every_maker
def test_texts_are_shown_read_out_and_escaped(make):
    texts = {"alt": 'Loss < 3 & "falling"', "caption": "<b>Bold</b> & 'quoted'"}
    figure = make(**texts)
    bundle = figure._repr_mimebundle_()
    html = bundle["text/html"]
    assert "<b>" not in html and "&lt;b&gt;Bold" in html
    assert "Loss &lt; 3 &amp; &quot;falling&quot;" in html
    assert texts["alt"] in bundle["text/plain"] and texts["caption"] in bundle["text/plain"]


@every_maker
def test_the_same_call_gives_the_same_bytes(make):
    assert make(**TEXTS)._repr_mimebundle_() == make(**TEXTS)._repr_mimebundle_()


@every_maker
def test_no_id_can_clash_on_a_page(make):
    assert " id=" not in make(**TEXTS).html


def test_the_image_is_twice_as_sharp_as_wide_and_small_in_bytes():
    from PIL import Image

    figure = MAKERS["curves"](**TEXTS)
    image = Image.open(io.BytesIO(figure.png))
    width = float(figure.html.split("width:")[1].split("px")[0]) - 16  # less the padding
    assert image.width == pytest.approx(2 * width, abs=1)
    assert len(figure.png) < 60_000
    assert base64.b64encode(figure.png).decode() in figure.html


def test_show_closes_the_figure_so_that_it_appears_once():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, _ = plt.subplots()
    plots.show(fig, **TEXTS)
    assert not plt.fignum_exists(fig.number)


def test_drawing_leaves_the_readers_matplotlib_settings_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    for make in MAKERS.values():
        make(**TEXTS)
    assert dict(matplotlib.rcParams) == before


def test_use_style_sets_the_cycle():
    import matplotlib

    with matplotlib.rc_context():
        plots.use_style()
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()
        assert cycle["color"] == list(plots.COLORS)
        assert len(cycle["linestyle"]) == len(plots.LINESTYLES)


def test_importing_and_drawing_diagrams_loads_no_matplotlib():
    code = (
        "import sys, course_utils.plots as p; p.unrolled_diagram(); p.folded_diagram(); "
        "sys.exit(any(m.split('.')[0] in ('matplotlib', 'torch', 'pandas', 'PIL') "
        "for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 3)])
def test_a_heat_map_wants_one_sequence(shape):
    with pytest.raises(ValueError, match=r"give one sequence, \(T, H\)"):
        plots.heatmap_through_time(np.zeros(shape), **TEXTS)


def test_a_heat_map_wants_as_many_labels_as_rows():
    with pytest.raises(ValueError, match="row_labels has 2 entries for 3"):
        plots.heatmap_through_time(np.zeros((5, 3)), row_labels=["a", "b"], **TEXTS)


@pytest.mark.parametrize("values", [np.zeros((1, 1)), np.full((3, 2), np.nan), np.ones((400, 30))])
def test_a_heat_map_of_anything_is_drawn(values):
    assert plots.heatmap_through_time(values, **TEXTS).png
    assert plots.heatmap_through_time(values, symmetric=False, annotate=False, **TEXTS).png


def test_units_first_is_the_transposed_picture():
    values = np.random.default_rng(0).normal(size=(6, 4))
    by_time = plots.heatmap_through_time(values, **TEXTS)
    assert plots.heatmap_through_time(values.T, units_first=True, **TEXTS).png == by_time.png


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8).map(sorted), st.floats(0.01, 0.2))
def test_labels_keep_their_order_and_their_distance(heights, gap):
    placed = spread(heights, gap)
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(placed))
    if all(b - a >= gap for a, b in pairwise(heights)):
        assert placed == pytest.approx(heights)
    assert np.mean(placed) == pytest.approx(np.mean(heights))


def test_curves_that_do_not_fit_are_refused():
    labels = {"xlabel": "step", "ylabel": "loss"}
    with pytest.raises(ValueError, match="'RNN' has shape"):
        plots.curves(X, {"RNN": X[:-1]}, **labels, **TEXTS)
    with pytest.raises(ValueError, match="draw 1 to 6"):
        plots.curves(X, {str(i): X for i in range(7)}, **labels, **TEXTS)
    with pytest.raises(ValueError, match="at least one value"):
        plots.bars_with_spread({"RNN": []}, value_label="loss", **TEXTS)


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
        plots.slider_curves(
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
    ],
)
def test_frames_that_do_not_fit_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        a_slider(**changes)


def test_without_a_script_the_slider_shows_its_first_frame():
    figure = a_slider()
    assert "<noscript>" in figure.html
    assert figure.html.count('class="curve" d="M') == 2
