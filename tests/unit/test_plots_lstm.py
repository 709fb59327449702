"""The drawings of the LSTM: words for those who do not see them, and every part drawn once."""

import pytest

from course_utils import plots


@pytest.mark.parametrize("draw", [plots.lstm_diagram, plots.lstm_unrolled])
def test_a_drawing_has_its_words_and_the_same_bytes_each_time(draw):
    figure = draw()
    assert figure.png.startswith(b"\x89PNG") and figure.png == draw().png
    assert figure.alt and figure.caption in figure.html
    assert draw(caption="mine", alt="also mine").caption == "mine"


def test_each_step_is_drawn_with_its_letters(monkeypatch):
    from matplotlib.axes import Axes

    written, text = [], Axes.text
    monkeypatch.setattr(
        Axes, "text", lambda self, x, y, s, **k: written.append(s) or text(self, x, y, s, **k)
    )
    plots.lstm_unrolled(4)
    for t in range(1, 5):
        for letter in (f"$x_{t}$", f"$h_{t}$", f"$c_{t}$", f"$f_{t}$"):
            assert written.count(letter) == 1
    assert written.count("×") == 2 * written.count("+") == 8  # by f and by o, in every step


@pytest.mark.parametrize("T", [0, 5])
def test_too_few_or_many_steps_are_refused(T):
    with pytest.raises(ValueError, match="1 to 4"):
        plots.lstm_unrolled(T)
