"""The map of network families: every family is there, and only the recurrent ones have loops."""

from xml.etree import ElementTree

import pytest

from course_utils import plots
from course_utils.plots.zoo import ACROSS_TIME, FAMILIES, KEY, ORANGE, ROWS

WANTED = {
    "perceptron",
    "feedforward",
    "RBF",
    "deep feedforward",
    "RNN",
    "LSTM",
    "GRU",
    "autoencoder",
    "variational",
    "denoising",
    "sparse",
}


def drawing():
    html = plots.zoo().html
    return ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def words(root):
    return ["".join(element.itertext()) for element in root.findall(".//{*}text")]


def test_all_families_are_named_in_the_drawing_and_in_its_description():
    assert {family.name for family in FAMILIES} == WANTED
    assert set(words(drawing())) >= WANTED
    alt = plots.zoo().alt.lower()
    assert all(name.lower() in alt for name in WANTED)


def test_only_the_middle_row_goes_through_time():
    for i, (_, families) in enumerate(ROWS):
        for family in families:
            kinds = {kind for layer in family.layers for kind in layer}
            assert bool(kinds & set(ACROSS_TIME)) == (i == 1), family.name


def test_loops_are_drawn_once_a_recurrent_unit():
    units = [kind for family in FAMILIES for layer in family.layers for kind in layer]
    units += [kind for kind, _ in KEY]
    loops = [e for e in drawing().findall(".//{*}polygon") if e.get("fill") == ORANGE]
    assert len(loops) == sum(kind in ACROSS_TIME for kind in units)


def test_every_kind_of_unit_is_in_the_key_once():
    used = {kind for family in FAMILIES for layer in family.layers for kind in layer}
    keyed = [kind for kind, _ in KEY]
    assert sorted(keyed) == sorted(used)


def test_everything_lies_inside_the_drawing():
    root = drawing()
    _, _, width, height = map(float, root.get("viewBox").split())
    for circle in root.findall(".//{*}circle"):
        x, y, r = (float(circle.get(name)) for name in ("cx", "cy", "r"))
        assert r <= x <= width - r and r <= y <= height - r


def test_autoencoders_give_back_as_much_as_they_take_in():
    for family in ROWS[2][1]:
        assert len(family.layers[0]) == len(family.layers[-1]), family.name


def test_words_can_be_changed_but_not_left_out():
    assert plots.zoo(caption="Another caption.").caption == "Another caption."
    with pytest.raises(ValueError, match="alt"):
        plots.zoo(alt=" ")
