"""Colours that stay apart in grey, for colour-blind eyes, and on light and dark pages.

The oracle is our own arithmetic: relative luminance and contrast from WCAG 2.2, lightness from CIE
1976, dichromacy from Viénot, Brettel and Mollon (1999), "Digital video colourmaps for checking the
legibility of displays by dichromats".
"""

from itertools import combinations, pairwise

import numpy as np
import pytest

from course_utils.plots import COLORS, LINESTYLES, MARKERS
from course_utils.plots.heatmap import NEGATIVE, POSITIVE, _ink_on
from course_utils.plots.style import INK, MIDTONES, PAPER

PAGES = {"light": ("#FFFFFF", "#212121"), "dark": ("#111111", "#FFFFFF")}  # background, text
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
DEUTERANOPIA = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
PROTANOPIA = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(WEIGHTS @ linear(colour))


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def lightness(colour: str) -> float:
    y = luminance(colour)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], WEIGHTS, [0.0193, 0.1192, 0.9505]]) @ rgb
    f = np.cbrt(np.clip(xyz / [0.9505, 1, 1.089], 1e-4, None))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def wash(hue: str, page: str, opacity: float = 0.16) -> str:
    """Return the colour of a box: its hue laid thinly over the page."""
    mixed = [
        round(opacity * int(hue[i : i + 2], 16) + (1 - opacity) * int(page[i : i + 2], 16))
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_members_of_the_cycle_differ_in_grey():
    neighbours = [abs(lightness(a) - lightness(b)) for a, b in pairwise(COLORS)]
    assert min(neighbours) > 15
    assert min(abs(lightness(a) - lightness(b)) for a, b in combinations(COLORS, 2)) > 8


@pytest.mark.parametrize("eye", [DEUTERANOPIA, PROTANOPIA], ids=["deuteranopia", "protanopia"])
def test_members_of_the_cycle_differ_for_colour_blind_eyes(eye):
    seen = [lab(eye @ linear(colour)) for colour in COLORS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 12


def test_every_member_has_a_line_and_a_marker_of_its_own():
    assert len(COLORS) == len(set(COLORS)) == len(set(LINESTYLES)) == len(set(MARKERS))


def test_lines_and_words_stand_out_on_the_figures_own_paper():
    assert min(contrast(colour, PAPER) for colour in COLORS) >= 3
    assert contrast(INK, PAPER) >= 4.5


@pytest.mark.parametrize(("page", "text"), PAGES.values(), ids=PAGES)
def test_diagrams_read_on_light_and_dark_pages(page, text):
    for hue in MIDTONES.values():
        assert contrast(hue, page) >= 3
        assert contrast(text, wash(hue, page)) >= 4.5


@pytest.mark.parametrize("arm", [NEGATIVE, POSITIVE], ids=["negative", "positive"])
def test_the_diverging_map_falls_in_even_steps_of_lightness(arm):
    steps = -np.diff([lightness(colour) for colour in arm])
    assert steps.min() > 0.75 * steps.mean() and steps.max() < 1.25 * steps.mean()


def test_both_arms_of_the_map_are_equally_strong():
    for a, b in zip(NEGATIVE, POSITIVE, strict=True):
        assert abs(lightness(a) - lightness(b)) < 4


def test_the_arms_differ_for_colour_blind_eyes():
    for a, b in zip(NEGATIVE[1:], POSITIVE[1:], strict=True):
        for eye in (DEUTERANOPIA, PROTANOPIA):
            assert np.linalg.norm(lab(eye @ linear(a)) - lab(eye @ linear(b))) > 12


def test_numbers_read_in_every_cell():
    from course_utils.plots.heatmap import diverging_map

    shades = diverging_map()(np.linspace(0, 1, 101))[:, :3]
    for shade in shades:
        cell = "#" + "".join(f"{round(255 * c):02X}" for c in shade)
        assert contrast(_ink_on(shade), cell) >= 4.5
