"""The drawing of the way back: a gradient on every arrow, words for those who do not see it."""

import pytest

from course_utils import plots


@pytest.mark.parametrize("T", [1, 4])
def test_each_number_of_steps_gives_a_figure_with_its_words(T):
    figure = plots.backward_diagram(T)
    assert figure.png.startswith(b"\x89PNG")
    assert f"network of {'1 step' if T == 1 else f'{T} steps'}." in figure.alt
    assert figure.caption in figure.html and "<img alt=" in figure.html


def test_the_same_drawing_gives_the_same_bytes():
    assert plots.backward_diagram(2).png == plots.backward_diagram(2).png


def test_every_gradient_is_written_once_and_every_arrow_has_its_way_back(monkeypatch):
    from matplotlib.axes import Axes

    written, arrows = [], []
    text, annotate = Axes.text, Axes.annotate
    monkeypatch.setattr(
        Axes, "text", lambda self, x, y, s, **k: written.append(s) or text(self, x, y, s, **k)
    )
    monkeypatch.setattr(
        Axes, "annotate", lambda self, *a, **k: arrows.append(k) or annotate(self, *a, **k)
    )
    plots.backward_diagram(3)
    for t in (1, 2, 3):
        for gradient in (f"$do_{t}$", f"$dh_{t}$", f"$dx_{t}$"):
            assert written.count(gradient) == 1
        for carried in (f"$do_{t}W_{{hy}}^T$", f"$da_{t}W_{{hh}}^T$", f"$da_{t}W_{{xh}}^T$"):
            assert written.count(carried) == 1
    assert written.count("$dh_0$") == 1
    assert len(arrows) == 2 * 3 * 3  # both ways: from x, to o and across, at each of three steps


@pytest.mark.parametrize("T", [0, 5])
def test_a_number_of_steps_that_cannot_be_drawn_is_refused(T):
    with pytest.raises(ValueError, match=f"T is {T}: draw from 1 to 4 steps"):
        plots.backward_diagram(T)


def test_own_words_replace_the_usual_ones():
    figure = plots.backward_diagram(1, alt="Seen.", caption="Meant.")
    assert (figure.alt, figure.caption) == ("Seen.", "Meant.")
