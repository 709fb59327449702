"""Questions in a real browser: by keyboard, by accessible name, in the dark, and in JupyterLab."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from course_utils import quiz
from course_utils.doctor import chromium

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.browser]

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

STATE = quiz.choice(
    "Which statement about $h_t$ is **false**?",
    {"It has a fixed size.": "True: $H$ numbers.", "It forgets nothing.": "`tanh` squashes."},
    answer="It forgets nothing.",
    explain="The state is a summary.",
)
EVEN = quiz.choice(
    "Which are even?",
    {"two": "Twice one.", "three": "Odd.", "four": "Twice two."},
    answer=["two", "four"],
)
HALF = quiz.numeric(
    "What is half of one and a half thousand?",
    750,
    tolerance=0.5,
    unit="steps",
    feedback={3000: "That is the double."},
    explain="1,500 / 2.",
)
GROWTH = quiz.predict("growth", "Will it grow?", ["yes, like $n^2$", "no"])
GROWN = quiz.reveal("growth", "no", "It shrinks.")
COUNT = quiz.predict("count", "How many?", unit="%")
COUNTED = quiz.reveal("count", 12.5, "Counted.")
ALL = [STATE, EVEN, HALF, GROWTH, GROWN, COUNT, COUNTED]

# The lowest contrast of any visible text (WCAG 2.2, 1.4.3), colours resolved by a canvas and
# half-transparent backgrounds laid over those behind them.
LOWEST_CONTRAST = """() => {
  const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "Canvas"; // the colour of the bare page
  const paper = getComputedStyle(probe).color;
  probe.remove();
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const light = (colour) => colour
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => node
    ? over(rgba(getComputedStyle(node).backgroundColor), behind(node.parentElement))
    : rgba(paper);
  let lowest = 21;
  for (const node of document.querySelectorAll(".course-quiz, .course-quiz *")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const seen = node.checkVisibility({visibilityProperty: true});
    if (!seen || !(own || node.tagName === "INPUT")) continue;
    const ground = behind(node);
    const pair = [light(over(rgba(getComputedStyle(node).color), ground)), light(ground)];
    lowest = Math.min(lowest, (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05));
  }
  return lowest;
}"""


def document(pages, head: str = "") -> str:
    """A plain page, as a static export would hold it."""
    body = "".join(f"<div>{page.html}</div>" for page in pages)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Quiz</title>'
        f"{head}</head><body><main><h1>Quiz</h1>{body}</main></body></html>"
    )


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_default_timeout(10_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    assert faults == []


def says(page, *sentences: str, nth: int = 0) -> None:
    """Assert that exactly these sentences stand in the live region of question `nth`."""
    messages = page.locator(".course-quiz [role=status]").nth(nth).locator("p:visible")
    sync_api.expect(messages).to_have_text(list(sentences))


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_one_right_answer_by_keyboard(page):
    page.set_content(document([STATE]))
    press(page, "Tab", "Space", "Enter")
    says(page, "✗ Not yet. True: \\(H\\) numbers.")
    press(page, "ArrowDown")
    page.wait_for_timeout(100)  # the script writes a moment after the key
    says(page)  # a verdict never stands beside another choice than its own
    press(page, "Tab", "Space")
    says(page, "✓ Right. tanh squashes.", "The state is a summary.")
    assert page.get_by_role("button", name="Check").evaluate("b => b === document.activeElement")


def test_checking_without_an_answer(page):
    page.set_content(document([STATE, HALF]))
    for button in page.get_by_role("button", name="Check").all():
        button.press("Enter")
    says(page, "Choose an answer first.")
    says(page, "Type a number first, such as 0.25 or 1e-3.", nth=1)


def test_several_right_answers_by_keyboard(page):
    page.set_content(document([EVEN]))
    press(page, "Tab", "Space", "Tab", "Space", "Enter")
    says(
        page,
        "✓ Right: two. Twice one.",
        "✗ Not right: three. Odd.",
        "✗ Not yet. Something right is still missing.",
    )
    press(page, "Space", "Tab", "Space", "Enter")
    says(
        page,
        "✓ Right: these, and no others.",
        "✓ Right: two. Twice one.",
        "✓ Right: four. Twice two.",
    )


RIGHT = ("✓ Right.", "1,500 / 2.")
OTHER = ("✗ Not yet. That is not within 0.5 of the answer.",)
KNOWN = ("✗ Not yet. That is the double.",)
EMPTY = ("Type a number first, such as 0.25 or 1e-3.",)


@pytest.mark.parametrize(
    ("typed", "sentences"),
    [
        ("750", RIGHT),
        ("750.5", RIGHT),
        ("749,5 steps", RIGHT),
        ("7.5e2", RIGHT),
        ("750.51", OTHER),
        ("−750", OTHER),
        ("3,000", KNOWN),
        ("3 000", KNOWN),
        ("3", OTHER),
        ("many", EMPTY),
        ("1,2,3", EMPTY),
        ("", EMPTY),
    ],
)
def test_numbers_as_people_type_them(page, typed, sentences):
    page.set_content(document([HALF]))
    press(page, "Tab")
    page.keyboard.type(typed)
    press(page, "Enter")
    says(page, *sentences)


def test_numbers_with_a_minus_and_a_comma(page):
    page.set_content(document([quiz.numeric("?", -1.5, tolerance=0)]))
    for typed in ("-1.5", "-1,5", "−1,5", "–1.50", "-15e−1"):
        page.get_by_role("textbox").fill(typed)
        press(page, "Enter")
        says(page, "✓ Right.")


def test_accessible_names(page):
    page.set_content(document(ALL))
    for role, name in [
        ("group", "Question Which statement about \\(h_t\\) is false?"),
        ("group", "Question: choose all that apply Which are even?"),
        ("group", "Predict, then run Will it grow?"),
        ("group", "What the run gave"),
        ("radio", "It forgets nothing."),
        ("checkbox", "three"),
        ("textbox", "Your number (to within 0.5) steps"),
        ("button", "Note my prediction"),
    ]:
        assert page.get_by_role(role, name=name, exact=True).count() >= 1, (role, name)


def test_the_same_question_twice_on_a_page(page):
    page.set_content(document([STATE, STATE]))
    first, _, _, second = page.get_by_role("radio").all()
    first.check()
    second.check()
    assert first.is_checked()
    press(page, "Enter")
    says(page, "✓ Right. tanh squashes.", "The state is a summary.", nth=1)
    says(page)


def reveals(page, *sentences: str, nth: int = 0) -> None:
    """Assert that reveal `nth` shows exactly these sentences."""
    reveal = page.locator("[data-kind=reveal]").nth(nth)
    reveal.scroll_into_view_if_needed()  # JupyterLab does not lay out what is far off screen
    shown = reveal.locator("p:visible:not([aria-hidden])")
    sync_api.expect(shown).to_have_text(list(sentences), use_inner_text=True)


def test_predict_then_reveal_in_another_output(page):
    page.set_content(document([GROWTH, COUNT]))
    page.get_by_role("radio").first.check()
    press(page, "Enter")
    says(page, "Noted. Now run the next cell.")
    page.get_by_role("textbox").fill("10,5 %")
    press(page, "Enter")
    says(page, "Noted. Now run the next cell.", nth=1)
    # As a notebook adds an output: a new element whose scripts are then run.
    page.evaluate(
        """(html) => {
          const output = document.createElement("div");
          document.body.append(output);
          output.append(document.createRange().createContextualFragment(html));
        }""",
        GROWN.html + COUNTED.html,
    )
    reveals(page, "You expected yes, like \\(n^2\\); the run gave no.", "It shrinks.")
    reveals(page, "You expected 10,5 %; the run gave 12.5 %.", "Counted.", nth=1)


def test_reveal_without_a_prediction_and_with_a_late_one(page):
    page.set_content(document([GROWTH, GROWN]))
    reveals(page, "You made no prediction; the run gave no.", "It shrinks.")
    page.get_by_role("radio", name="no").check()
    press(page, "Enter")
    says(page, "Noted. Now run the next cell.")
    reveals(page, "✓ As you expected, the run gave no.", "It shrinks.")


def test_a_noted_prediction_survives_a_reload(page, tmp_path):
    path = tmp_path / "export.html"
    path.write_text(document([GROWTH, COUNT, COUNTED]), encoding="utf-8", newline="\n")
    page.goto(path.as_uri())
    page.get_by_role("textbox").fill("7")
    press(page, "Enter")
    says(page, "Noted. Now run the next cell.", nth=1)
    page.reload()
    says(page, "Noted. Now run the next cell.", nth=1)
    assert page.get_by_role("textbox").input_value() == "7"
    reveals(page, "You expected 7 %; the run gave 12.5 %.", "Counted.")


def answer_everything(page) -> None:
    """Bring every kind of message into view."""
    for box in page.locator("label:first-of-type > input").all():
        box.fill("3000") if box.get_attribute("type") == "text" else box.check()
        box.press("Enter")
    sync_api.expect(page.locator("[role=status] p:visible")).to_have_count(6)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_and_axe(page, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is missing")
    page.set_content(document(ALL, f"<style>:root {{ color-scheme: {scheme} }}</style>"))
    answer_everything(page)
    assert page.evaluate(LOWEST_CONTRAST) >= 4.5
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_the_contrast_measure_sees_a_pale_text(page):
    page.set_content(document([STATE], "<style>.course-quiz { color: #999 !important }</style>"))
    assert page.evaluate(LOWEST_CONTRAST) == pytest.approx(2.8, abs=0.1)


def test_fits_a_narrow_screen(page):
    page.set_viewport_size({"width": 320, "height": 700})
    page.set_content(document(ALL))
    answer_everything(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_focus_is_drawn(page):
    page.set_content(document([STATE]))
    press(page, "Tab")
    style = "getComputedStyle(document.activeElement).outline"
    assert "solid 3px" in page.evaluate(style)


def test_print_shows_the_question_and_its_choices(page):
    page.set_content(document([STATE]))
    page.emulate_media(media="print")
    assert page.get_by_text("It forgets nothing.").is_visible()
    assert not page.get_by_role("button").is_visible()
    says(page)


# --- JupyterLab itself ------------------------------------------------------------------------


def write_notebook(path: Path) -> None:
    sources = [
        "from course_utils import quiz",
        'quiz.choice("Which $h_t$?", {"first": "See $x_t$.", "second": "Yes."}, answer="second")',
        'quiz.predict("n", "How many?", unit="%")',
        'quiz.reveal("n", 12.5, "Counted.")',
    ]
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(sources)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": cells,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8", newline="\n")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab in its dark theme that serves quiz.ipynb."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is missing")
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "quiz.ipynb")
    for plugin, settings in {
        "themes": {"theme": "JupyterLab Dark"},
        "notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        file = folder / "settings/@jupyterlab/apputils-extension" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8", newline="\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1"]
    command += ["--IdentityProvider.token=quiz", f"--ServerApp.root_dir={folder}"]
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    log = folder / "lab.log"
    with log.open("w", encoding="utf-8") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/api?token=quiz", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text("utf-8")
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_in_jupyterlab_the_keys_belong_to_the_question(page, lab):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(60_000)
    page.goto(f"{lab}/lab/tree/quiz.ipynb?token=quiz&reset")
    page.locator(".jp-CodeCell").first.wait_for()
    # "Run all" before the kernel is connected silently does nothing.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("[data-command='runmenu:run-all']").click()
    page.locator("[data-kind=reveal][data-awake]").wait_for()

    page.locator(".jp-CodeCell").nth(1).locator(".jp-InputPrompt").click()  # command mode, cell 1
    active = page.locator(".jp-Cell.jp-mod-active")
    first, second = page.get_by_role("radio").all()
    first.focus()
    press(page, "Space", "ArrowDown")
    assert second.is_checked()
    assert second.evaluate("box => box === document.activeElement")
    press(page, "ArrowUp", "Enter")  # Enter would open the cell's editor
    told = page.locator(".course-quiz [role=status]").first.locator("p:visible")
    sync_api.expect(told).to_contain_text("✗ Not yet. See")
    # Typeset while it was hidden, and in the size of the maths that was always in sight.
    sizes = page.locator("mjx-container:visible").evaluate_all(
        "maths => maths.map((m) => getComputedStyle(m).fontSize)"
    )
    assert len(sizes) == 2 and sizes[0] == sizes[1]
    press(page, "Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    press(page, "Space")
    assert active.get_by_role("radio").count() == 2

    box = page.get_by_role("textbox", name="Your number %")
    box.focus()
    page.keyboard.type("dd7b")  # d, d would delete the cell, b would add one
    assert box.input_value() == "dd7b"
    box.fill("7,5")
    press(page, "Enter")
    says(page, "Noted. Now run the next cell.", nth=1)
    reveals(page, "You expected 7,5 %; the run gave 12.5 %.", "Counted.")

    assert page.locator(".jp-CodeCell").count() == 4
    assert page.locator("body").get_attribute("data-jp-theme-light") == "false"
    assert page.evaluate(LOWEST_CONTRAST) >= 4.5
    assert [url for url in asked if not url.startswith((lab, "data:", "blob:"))] == []
