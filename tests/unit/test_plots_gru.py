"""The drawings of the GRU: words for those who do not see them, and the reset where it belongs."""

import pytest

from course_utils import plots


@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_drawing_has_its_words_and_the_same_bytes_each_time(reset):
    figure = plots.gru_diagram(reset)
    assert figure.png.startswith(b"\x89PNG") and figure.png == plots.gru_diagram(reset).png
    assert figure.alt and figure.caption in figure.html
    assert plots.gru_diagram(reset, caption="mine", alt="also mine").caption == "mine"


@pytest.mark.parametrize(
    "reset, memory", [("after", "$h_{t-1}W_{hn} + b_{hn}$"), ("before", "$W_{hn}$")]
)
def test_what_the_reset_gate_meets_is_written(monkeypatch, reset, memory):
    from matplotlib.axes import Axes

    written, text = [], Axes.text
    monkeypatch.setattr(
        Axes, "text", lambda self, x, y, s, **k: written.append(s) or text(self, x, y, s, **k)
    )
    plots.gru_diagram(reset)
    assert memory in written
    assert (written.count("×"), written.count("+")) == (3, 2)


def test_another_place_is_refused():
    with pytest.raises(ValueError, match="after"):
        plots.gru_diagram("between")
