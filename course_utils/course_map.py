"""The lessons of the course: number, title, the question each answers, and a drawing of the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course_utils.plots import Figure


@dataclass(frozen=True)
class Lesson:
    """One stop of the way; `needs` names the lessons whose ideas it uses most."""

    number: str
    title: str
    question: str
    needs: tuple[str, ...] = ()
    available: bool = False


LESSONS = (
    Lesson("00", "Start here", "How do I work here, and what must I know?", (), True),
    Lesson("01", "The sequential-data problem", "Why is a fixed window not enough?", ("00",), True),
    Lesson("02", "The vanilla RNN", "How can one net read any length?", ("01",), True),
    Lesson(
        "03", "Training: backpropagation through time", "How does such a net learn?", ("02",), True
    ),
    Lesson("04", "Vanishing and exploding gradients", "Why does it forget?", ("03",), True),
    Lesson("05", "LSTM", "What lets a net remember for long?", ("04",), True),
    Lesson("06", "GRU, and choosing a cell", "Is less enough? Which cell?", ("05",), True),
    Lesson(
        "07", "Deeper, both ways, real batches", "How do I stack and batch nets?", ("06",), True
    ),
    Lesson("08", "Language models: characters", "How well can we guess a letter?", ("07",)),
    Lesson("09", "Language models: words", "And a word? What is an embedding?", ("08",)),
    Lesson("10", "Encoder-decoder, attention", "How does a sequence become another?", ("09",)),
    Lesson("11", "Application studio", "What does it look like in practice?", ("10",)),
    Lesson("12", "Recursive neural networks", "What if the data are trees?", ("03",)),
    Lesson("13", "After the LSTM", "What came next, and what stayed?", ("06",)),
    Lesson("14", "Capstone: write an abstract", "Can I do all of it on my text?", ("09",)),
)

# Rows from top to bottom: a name, the lessons in order, and the one that branches off at the end.
ROWS = (
    ("one step,\nthen many", ("00", "01", "02", "03"), "12"),
    ("memory", ("04", "05", "06"), "13"),
    ("practice,\nlanguage", ("07", "08", "09"), "14"),
    ("other\nsequences", ("10", "11"), None),
)
BRANCH = 4  # the column of the lessons that branch off
WIDTH, HEIGHT, ACROSS, DOWN = 2.35, 1.2, 2.85, 1.95  # of a box, and from box to box


def table() -> str:
    """Return the map as a Markdown table: lesson, question, what it needs, whether it is there."""
    lines = ["| lesson | it answers | builds on | today |", "|:--|:--|:--|:--|"]
    for lesson in LESSONS:
        needs = ", ".join(lesson.needs) or "first-year mathematics, some Python"
        today = "**available**" if lesson.available else "planned"
        name = f"{lesson.number} {lesson.title}"
        lines.append(f"| {name} | {lesson.question} | {needs} | {today} |")
    return "\n".join(lines)


def draw() -> Figure:
    """Return the map as a figure: a box for each lesson, solid if available, dashed if planned."""
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    from course_utils.plots import show
    from course_utils.plots.style import rc_settings

    place = {}
    for row, (_, numbers, branch) in enumerate(ROWS):
        for column, number in enumerate(numbers):
            place[number] = (column * ACROSS, -row * DOWN)
        if branch is not None:
            place[branch] = (BRANCH * ACROSS, -row * DOWN)
    with matplotlib.rc_context(rc_settings()):
        fig = Canvas(figsize=(11, 5.4))
        ax = fig.subplots()
        ax.set(xlim=(-1.75, BRANCH * ACROSS + WIDTH + 0.1), ylim=(-3 * DOWN - 0.75, 1.15))
        ax.axis("off")
        for row, (name, _, _) in enumerate(ROWS):
            ax.text(-0.3, -row * DOWN, name, ha="right", va="center", style="italic")
        ax.text(BRANCH * ACROSS + WIDTH / 2, 0.9, "branches", ha="center", style="italic")
        for lesson in LESSONS:
            _box(ax, place[lesson.number], lesson)
            for needed in lesson.needs:
                _arrow(ax, place[needed], place[lesson.number])
    there = ", ".join(lesson.number for lesson in LESSONS if lesson.available)
    return show(
        fig,
        alt="Map of the course: fifteen boxes in four rows, joined by arrows into one road. "
        "Row one holds lessons 00 to 03, row two 04 to 06, row three 07 to 09, row four 10 and "
        "11. At the end of a row a lesson branches off: 12 after 03, 13 after 06, 14 after 09. "
        f"Available today: lessons {there}.",
        caption="One road leads from 00 to 11; lessons 12, 13 and 14 branch off it. "
        f"Solid boxes are available today ({there}), dashed ones are planned.",
    )


def _box(ax, corner: tuple[float, float], lesson: Lesson) -> None:
    import textwrap

    from matplotlib.patches import FancyBboxPatch

    from course_utils.plots import COLORS

    x, y = corner
    box = FancyBboxPatch(
        (x, y - HEIGHT / 2),
        WIDTH,
        HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor="#DCE8F4" if lesson.available else "white",
        edgecolor=COLORS[0],
        linewidth=2.4 if lesson.available else 1.3,
        linestyle="-" if lesson.available else (0, (4, 3)),
    )
    ax.add_patch(box)
    words = textwrap.fill(lesson.title, 19, break_on_hyphens=False)
    weight = "bold" if lesson.available else "normal"
    style = {"ha": "center", "va": "center"}
    ax.text(x + WIDTH / 2, y + 0.4, lesson.number, fontweight="bold", **style)
    ax.text(
        x + WIDTH / 2, y - 0.17, words, fontsize=10.5, fontweight=weight, linespacing=1.0, **style
    )


def _arrow(ax, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow: straight within a row; to the next row, through the gap between the two."""
    from course_utils.plots.style import INK

    (x0, y0), (x1, y1) = start, end
    style = {"arrowstyle": "-|>", "color": INK, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
    if y0 == y1:
        ax.annotate("", (x1, y1), (x0 + WIDTH, y0), arrowprops=style)
        return
    lane = (y0 + y1) / 2
    out, into = x0 + WIDTH / 2, x1 + WIDTH / 2
    ax.plot([out, out, into], [y0 - HEIGHT / 2, lane, lane], color=INK, lw=1.4, ls="-", marker="")
    ax.annotate("", (into, y1 + HEIGHT / 2), (into, lane), arrowprops=style)
