"""The first start as a learner sees it: `course lab` in a browser, run, with nothing fetched."""

from __future__ import annotations

import re
import socket
import subprocess
import time

import pytest

from course_utils.doctor import chromium
from course_utils.lessons import all_lessons, read_notebook

pytestmark = [
    pytest.mark.needs("chromium"),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]


@pytest.fixture
def address(one_lesson):
    """Where `course lab` serves the first lesson."""
    lab = subprocess.Popen(
        [*one_lesson, "lab", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    try:
        said = []
        for line in lab.stdout:
            said.append(line)
            if found := re.search(r"http://127\S+token=\w+", line):
                break
        else:
            pytest.fail("".join(said))
        port = int(re.search(r":(\d+)/", found[0])[1])
        for _ in range(300):  # the address is printed a moment before it answers
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield found[0]
    finally:
        lab.terminate()
        lab.wait(30)


@pytest.fixture
def page():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_the_first_lesson_opens_and_runs(address, page):
    cells = read_notebook(all_lessons()[0]).cells
    code_cells = sum(cell.cell_type == "code" for cell in cells)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.locator(".jp-CodeCell").first.wait_for(timeout=60_000)

    assert page.locator(".jp-Dialog").count() == 0
    assert page.get_by_text("Would you like to get notified").count() == 0
    assert page.get_by_role("menuitem", name="Run", exact=True).count() == 1
    assert page.get_by_role("menuitem", name="Nbgrader").count() == 0  # the instructor's tabs
    assert page.locator(".jp-NotebookPanel").get_by_text("Validate").count() == 1

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("[data-command='runmenu:run-all']").click()
    last = page.locator(".jp-CodeCell").nth(code_cells - 1)
    last.scroll_into_view_if_needed()  # JupyterLab lays out no cell that is far off screen
    # The cell's source may be folded away, and its number then stands beside the output alone.
    last.get_by_text(re.compile(r"^\[\d+\]:$")).first.wait_for(timeout=120_000)
    for kind in ("error", "stderr"):
        assert page.locator(f"[data-mime-type='application/vnd.jupyter.{kind}']").count() == 0
    home = address.partition("/lab/")[0]
    assert [url for url in asked if not url.startswith((home, "data:", "blob:"))] == []
