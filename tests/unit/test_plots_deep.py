"""The drawing of deep and bidirectional networks: what is in it, and what it refuses."""

import pytest

from course_utils.plots.deep import deep_diagram

WORDS = {"alt": "A network, drawn to be looked at in a test.", "caption": "A network."}


@pytest.mark.parametrize(("layers", "both"), [(1, False), (2, False), (1, True), (2, True)])
def test_a_drawing_has_a_picture_and_its_words(layers, both):
    figure = deep_diagram(3, layers, both, **WORDS)
    assert figure.png is not None and figure.alt == WORDS["alt"]


@pytest.mark.parametrize(("T", "layers"), [(0, 1), (7, 1), (3, 0), (3, 4)])
def test_what_would_not_fit_is_refused(T, layers):
    with pytest.raises(ValueError, match="1 to 6 steps and 1 to 3 layers"):
        deep_diagram(T, layers, **WORDS)
