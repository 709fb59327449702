"""Figures: a text for those who do not see them, the same bytes each time, honest numbers."""

import base64
import io
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import plots
from course_utils.plots.curves import spread

TEXTS = {"alt": "What is seen.", "caption": "What it means."}
X = np.arange(1.0, 21.0)


def line_figure():
    from matplotlib.figure import Figure

    fig = Figure()
    fig.subplots().plot(X, X**2)
    return fig


MAKERS = {
    "show": lambda **texts: plots.show(line_figure(), **texts),
    "heatmap": lambda **texts: plots.heatmap_through_time(np.eye(5, 3), **texts),
    "curves": lambda **texts: plots.curves(
        X, {"RNN": [X, X + 1]}, xlabel="step", ylabel="loss", baseline={"chance": 3}, **texts
    ),
    "bars": lambda **texts: plots.bars_with_spread({"RNN": [1, 2]}, value_label="loss", **texts),
    "slider": lambda **texts: plots.slider_curves(
        X, {1: {"RNN": X}}, slider_label="s", xlabel="x", ylabel="y", **texts
    ),
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


@pytest.mark.parametrize(
    ("x", "y", "options", "sentence"),
    [
        ([], [], {}, r"x has shape \(0,\): give one point or more"),
        ([[1, 2]], [[1, 2]], {}, r"x has shape \(1, 2\): give one point or more"),
        ([1, 2], [0, -1], {"yscale": "log"}, "yscale='log' needs a value above 0"),
        ([0, -1], [1, 2], {"xscale": "log"}, "xscale='log' needs a value above 0"),
        ([1, 2], [1, 2], {"yscale": "log", "baseline": {"none": 0}}, "baseline 'none' is 0"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(x, y, options, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        plots.curves(x, {"RNN": y}, xlabel="step", ylabel="loss", **options, **TEXTS)
    assert "\n" not in str(caught.value)


def test_a_name_stands_where_its_line_was_last_seen_on_a_log_scale():
    from PIL import Image

    labels = {"xlabel": "step", "ylabel": "loss", "yscale": "log"}
    figure = plots.curves([1, 2, 3], {"RNN": [4, 2, 0]}, **labels, **TEXTS)
    width, height = Image.open(io.BytesIO(figure.png)).size
    assert height < width  # a name far below would stretch the picture


def test_curves_that_do_not_fit_are_refused():
    labels = {"xlabel": "step", "ylabel": "loss"}
    with pytest.raises(ValueError, match="'RNN' has shape"):
        plots.curves(X, {"RNN": X[:-1]}, **labels, **TEXTS)
    with pytest.raises(ValueError, match="draw 1 to 6"):
        plots.curves(X, {str(i): X for i in range(7)}, **labels, **TEXTS)
    with pytest.raises(ValueError, match="at least one value"):
        plots.bars_with_spread({"RNN": []}, value_label="loss", **TEXTS)
