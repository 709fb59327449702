"""The slider figure in a real browser: arrow keys, screen reader text, several on one page."""

import numpy as np
import pytest

from course_utils.doctor import chromium
from course_utils.plots import slider_curves

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.browser]

LAG = np.arange(1, 51)
FIGURE = slider_curves(
    LAG,
    {rho: {"bound": rho**LAG, "half": rho**LAG / 2} for rho in (0.5, 0.9, 1.0)},
    slider_label="spectral radius",
    xlabel="lag",
    ylabel="gradient norm",
    yscale="log",
    alt="Two curves fall with the lag.",
    caption="The smaller the radius, the steeper the fall.",
)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    errors = []
    page = browser.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(f"<!doctype html><html lang='en'><body>{FIGURE.html}{FIGURE.html}</body>")
    yield page
    page.close()
    assert errors == []


def paths(page, which: int) -> list[str]:
    curves = page.locator("[data-course-slider]").nth(which).locator("path.curve")
    return [curves.nth(i).get_attribute("d") for i in range(curves.count())]


def test_arrow_keys_move_one_figure_and_leave_its_twin_alone(page):
    before = paths(page, 0)
    slider = page.get_by_role("slider", name="spectral radius").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert paths(page, 0) != before
    assert paths(page, 1) == before
    assert slider.get_attribute("aria-valuetext").startswith("spectral radius 0.9; at lag 50: ")
    assert page.locator("output").first.inner_text() == "0.9"


def test_the_script_draws_what_python_drew(page):
    before = paths(page, 0)
    page.get_by_role("slider").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert paths(page, 0) == before


def test_the_picture_has_a_name(page):
    assert page.get_by_role("img", name="Two curves fall with the lag.").count() == 2
