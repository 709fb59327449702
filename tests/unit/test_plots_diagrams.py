"""Diagrams: well-formed, labelled, for every number of steps and every type."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.plots import folded_diagram, unrolled_diagram
from course_utils.plots.graph import FEEDBACK, INPUT, KINDS, OUTPUT, Node, on_paths, unrolled

FED_BACK = ("one-to-many", "many-to-many", "encoder-decoder")
STEPS = st.integers(1, 50)
SVG = "{http://www.w3.org/2000/svg}"


def drawing(figure) -> ET.Element:
    """Return the parsed <svg>; a figure that is not well-formed XML fails here."""
    return ET.fromstring(figure.html).find(f".//{SVG}svg")


def words(figure) -> list[str]:
    return ["".join(text.itertext()) for text in drawing(figure).iter(f"{SVG}text")]


def boxes(figure) -> int:
    return len(list(drawing(figure).iter(f"{SVG}rect")))


@st.composite
def networks(draw):
    kind = draw(st.sampled_from(KINDS))
    feedback = draw(st.sampled_from(FEEDBACK)) if kind in FED_BACK else None
    return {
        "T": draw(STEPS),
        "kind": kind,
        "T_out": draw(STEPS),
        "feedback": feedback,
        "shapes": draw(st.sampled_from([None, True, {"B": 32, "D": 8, "H": 128, "O": 4}])),
    }


@given(networks())
def test_any_network_is_drawn_inside_its_frame(network):
    figure = unrolled_diagram(**network)
    svg = drawing(figure)
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == figure.alt
    _, _, width, height = map(float, svg.get("viewBox").split())
    for rect in svg.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert x >= 0 and x + w <= width and y >= 0 and y + h <= height
    for text in svg.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x")) <= width
        assert 8 <= float(text.get("y")) <= height


@given(networks())
def test_nothing_carries_an_id_and_words_take_the_pages_colour(network):
    figure = unrolled_diagram(**network)
    assert not re.search(r"\bid=|url\(#", figure.html)
    assert all(t.get("fill") == "currentColor" for t in drawing(figure).iter(f"{SVG}text"))


@given(networks())
def test_boxes_never_overlap(network):
    rects = [
        tuple(float(r.get(n)) for n in ("x", "y", "width", "height"))
        for r in drawing(unrolled_diagram(**network)).iter(f"{SVG}rect")
    ]
    for i, (x, y, w, h) in enumerate(rects):
        for x2, y2, w2, h2 in rects[:i]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


@given(networks())
def test_the_first_and_the_last_step_are_always_there(network):
    seen = words(unrolled_diagram(**network))
    last = 1 if network["kind"] == "one-to-one" else network["T"]
    assert "h1" in seen and f"h{last}" in seen
    if network["kind"] == "encoder-decoder":
        assert "y1" in seen and f"y{network['T_out']}" in seen
    else:
        assert f"y{last}" in seen


@pytest.mark.parametrize(
    ("kind", "count"),
    # h_0 ... h_T, the inputs, the outputs; the decoder's states and outputs
    [
        ("one-to-one", 3),
        ("one-to-many", 5 + 1 + 4),
        ("many-to-one", 5 + 4 + 1),
        ("many-to-many", 5 + 4 + 4),
        ("encoder-decoder", 5 + 4 + 3 + 3),
    ],
)
def test_each_type_has_its_boxes(kind, count):
    assert boxes(unrolled_diagram(4, kind, T_out=3)) == count


def test_elman_jordan_and_both_differ_in_what_is_carried():
    elman, jordan, both = (words(unrolled_diagram(4, feedback=f)) for f in (None, "output", "both"))
    assert (elman.count("Whh"), elman.count("Wyh")) == (4, 0)
    assert (jordan.count("Whh"), jordan.count("Wyh")) == (0, 4)
    assert (both.count("Whh"), both.count("Wyh")) == (4, 4)
    assert "h0" not in jordan and "y0" in jordan


def test_weights_stand_on_their_edges_with_their_shapes():
    seen = words(unrolled_diagram(2, shapes={"B": 32, "D": 8, "H": 16, "O": 4}))
    for shape in ("(32, 8)", "(32, 16)", "(32, 4)", "(8, 16)", "(16, 16)", "(16, 4)"):
        assert shape in seen


def test_long_networks_leave_out_the_middle():
    seen = words(unrolled_diagram(50))
    assert "· · ·" in seen and "h50" in seen and "h20" not in seen
    assert boxes(unrolled_diagram(50)) == boxes(unrolled_diagram(49))


def test_labels_rename_letters_weights_and_steps():
    figure = unrolled_diagram(
        3, "many-to-one", labels={"h": "s", "W_xh": "U", "x": ["<good>", "film", "!"]}
    )
    seen = words(figure)
    assert {"s1", "s3", "U", "<good>", "film"} <= set(seen)
    assert "<good>, film, !" in figure.alt


@given(networks(), st.data())
def test_a_highlighted_path_leads_from_the_input_to_the_output(network, data):
    edges = unrolled(network["T"], network["kind"], network["T_out"], network["feedback"])
    nodes = {node for edge in edges for node in (edge.source, edge.target)}
    steps = {
        role: sorted(n.step for n in nodes if n.role == role and n.step) for role in (INPUT, OUTPUT)
    }
    i, j = data.draw(st.sampled_from(steps[INPUT])), data.draw(st.sampled_from(steps[OUTPUT]))
    ends = [
        next(n for n in nodes if n.role == role and n.step == step)
        for role, step in ((INPUT, i), (OUTPUT, j))
    ]
    paths = on_paths(edges, *ends)
    if network["kind"] != "encoder-decoder" and i > j:
        assert paths == set()  # nothing flows backwards in time
        return
    assert {edge.source for edge in paths} - {edge.target for edge in paths} == {ends[0]}
    assert {edge.target for edge in paths} - {edge.source for edge in paths} == {ends[1]}


def test_a_highlight_is_one_path_without_feedback_and_many_with():
    edges = unrolled(4, "many-to-many", 1, None)
    assert len(on_paths(edges, Node(INPUT, "x", 1, 1), Node(OUTPUT, "y", 4, 4))) == 1 + 3 + 1
    edges = unrolled(4, "many-to-many", 1, "both")
    assert len(on_paths(edges, Node(INPUT, "x", 1, 1), Node(OUTPUT, "y", 4, 4))) == 1 + 3 + 3 + 4


@given(networks())
def test_the_same_call_gives_the_same_bytes(network):
    assert unrolled_diagram(**network).html == unrolled_diagram(**network).html


@pytest.mark.parametrize("feedback", FEEDBACK)
def test_the_folded_cell_has_one_delay_for_each_loop(feedback):
    figure = folded_diagram(feedback=feedback, shapes=True)
    loops = 2 if feedback == "both" else 1
    assert boxes(figure) == 3 + loops
    assert figure.alt.count("delay of one step") == loops


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "some-to-some"}, "kind='some-to-some' is unknown"),
        ({"T": 0}, "T=0 is not a number of steps"),
        ({"T": 2.5}, "T=2.5 is not a number of steps"),
        ({"kind": "encoder-decoder", "T_out": 0}, "T_out=0 is not a number of steps"),
        ({"feedback": "input"}, "feedback='input' is unknown"),
        ({"kind": "many-to-one", "feedback": "output"}, "writes one output"),
        ({"labels": {"W_xy": "U"}}, "'W_xy' is unknown"),
        ({"labels": {"x": ["one"]}}, "has 1 words for 4 steps"),
        ({"highlight": (3, 1)}, "no path exists"),
        ({"T": 50, "highlight": (20, 50)}, "no input drawn at step 20"),
    ],
)
def test_a_network_that_does_not_exist_gets_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        unrolled_diagram(**arguments)
    assert "\n" not in str(caught.value)


def test_numpy_numbers_of_steps_are_numbers():
    assert unrolled_diagram(np.int64(3)).html == unrolled_diagram(3).html
