"""Questions: what is refused, what is escaped, and that the page is sound and loads nothing."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import quiz

OPTIONS = {"three": "No: count again.", "four": "Two and two."}
VOID = {"input", "br", "img", "meta", "link", "hr"}


class Outline(HTMLParser):
    """Collects elements with their ancestors, and fails on a tag that is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), "an attribute is given twice"
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs, _ in self.elements if name == tag]


def pages() -> dict[str, object]:
    return {
        "radios": quiz.choice("What is $2+2$?", OPTIONS, answer="four", explain="Count."),
        "boxes": quiz.choice(
            "Which are even?", {"2": "Yes.", "3": "No.", "4": "Yes."}, answer=[2, 4]
        ),
        "numeric": quiz.numeric(
            "Half?", 0.5, tolerance=0.01, unit="m", feedback={2: "Upside down."}
        ),
        "predict": quiz.predict("sum", "What will $2+2$ give?", ["3", "4"]),
        "reveal": quiz.reveal("sum", 4, "Addition."),
        "predict number": quiz.predict("number", "How many?", unit="steps"),
        "reveal number": quiz.reveal("number", 12.5, "Counted."),
    }


@pytest.fixture(params=list(pages()))
def page(request):
    return pages()[request.param]


def test_html_is_well_formed(page):
    Outline(page.html)


def test_every_input_stands_in_a_label_a_fieldset_and_a_form(page):
    for tag, attrs, ancestors in Outline(page.html).elements:
        if tag == "input":
            assert {"form", "fieldset", "label"} <= set(ancestors)
            assert attrs["type"] in {"radio", "checkbox", "text"}


def test_jupyterlab_leaves_the_keys_to_every_control(page):
    outline = Outline(page.html)
    for attrs in outline.all("input") + outline.all("button"):
        assert attrs["data-lm-suppress-shortcuts"] == "true"


def test_nothing_is_loaded_from_anywhere(page):
    assert not re.search(r"https?:|//[a-z]|@import|url\(", page.html)
    loading = {"src", "href", "action", "formaction", "data", "srcset"}
    assert not [a for _, attrs, _ in Outline(page.html).elements for a in attrs if a in loading]


def test_questions_cannot_clash_because_they_carry_no_ids():
    outline = Outline("".join(p.html for p in pages().values()) + pages()["radios"].html)
    assert not [attrs for _, attrs, _ in outline.elements if {"id", "for"} & set(attrs)]


def test_same_call_same_bytes():
    first, second = pages(), pages()
    assert [p.html for p in first.values()] == [p.html for p in second.values()]


def test_feedback_is_in_the_page_but_hidden_and_in_a_live_region():
    outline = Outline(quiz.choice("?", OPTIONS, answer="four").html)
    assert {"aria-live": "polite", "role": "status"} in outline.all("div")
    assert all("hidden" in attrs for attrs in outline.all("p"))
    assert "Two and two." in outline.text


def test_no_class_or_label_gives_the_right_option_away():
    html = quiz.choice("?", OPTIONS, answer="four").html
    labels = re.findall(r"<label>.*?</label>", html)
    assert len(labels) == 2
    assert len({re.sub(r'value="\d"|three|four', "", label) for label in labels}) == 1


def test_plain_text_shows_the_choices_without_the_answers():
    page = quiz.choice("How many?", OPTIONS, answer="four")
    assert repr(page) == "How many?\n  ( ) three\n  ( ) four"
    assert repr(quiz.choice("Which?", OPTIONS, answer=["four"])).count("[ ]") == 2
    assert repr(quiz.numeric("Half?", 0.5, tolerance=0, unit="m")) == "Half?\n  number: ____ m"
    assert page._repr_mimebundle_() == {"text/html": page.html, "text/plain": page.text}


def test_marks_become_code_maths_and_stress():
    html = quiz.choice("Is `a<b` or $x_t<1$ **not** 2 ** 3 ** 4?", OPTIONS, answer="four").html
    marked = "Is <code>a&lt;b</code> or \\(x_t&lt;1\\) <strong>not</strong> 2 ** 3 ** 4?"
    assert marked in html


def test_money_stays_money():
    text = Outline(quiz.choice("From $5 to $6, or $ 7 $?", OPTIONS, answer="four").html).text
    assert "From $5 to $6, or $ 7 $?" in text
    assert "\\(" not in text


@given(st.text(alphabet="<>&\"'`$*\\()[]{} ab1\n", max_size=40))
def test_any_text_is_shown_and_never_becomes_markup(text):
    plain = Outline(quiz.choice("?", OPTIONS, answer="four").html)
    told = Outline(quiz.choice(f"?{text}", {"x" + text: text + "f", "y": "g"}, answer="y").html)
    added = {tag for tag, _, _ in told.elements} - {tag for tag, _, _ in plain.elements}
    assert added <= {"code", "span", "strong"}
    assert len(told.all("script")) == 1
    letters = re.sub(r"[`$*\\()]", "", text)
    assert letters in re.sub(r"[`$*\\()]", "", told.text)


@pytest.mark.parametrize(
    ("answer", "boxes"),
    [
        ("(2, 3)", "radio"),
        ((2, 3), "radio"),
        (np.zeros((2, 3)).shape, "radio"),
        (["(2, 3)"], "checkbox"),
        ({(2, 3), (3, 2)}, "checkbox"),
    ],
)
def test_a_computed_answer_is_compared_as_text(answer, boxes):
    html = quiz.choice("Shape?", {(2, 3): "Rows first.", (3, 2): "Turned."}, answer=answer).html
    assert {attrs["type"] for attrs in Outline(html).all("input")} == {boxes}


@pytest.mark.parametrize(
    ("options", "answer", "sentence"),
    [
        ({"a": "f"}, "a", "There are 1 options: give two to 4."),
        (dict.fromkeys("abcde", "f"), "a", "There are 5 options: give two to 4."),
        ({"a": "f", "b": " "}, "a", "The option 'b' has no feedback"),
        ({1: "f", "1": "g"}, "1", "Two options read the same: '1', '1'."),
        ({"a": "f", "b": "g"}, "c", "The answer 'c' is none of the options ('a', 'b')"),
        ({"a": "f", "b": "g"}, ["a", 0], "The answer '0' is none of the options"),
        ({"a": "f", "b": "g"}, [], "No answer is given"),
    ],
)
def test_choice_refuses(options, answer, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        quiz.choice("?", options, answer=answer)


@pytest.mark.parametrize(
    ("answer", "given", "sentence"),
    [
        (float("nan"), {"tolerance": 1}, "The answer is nan: it must be a finite number."),
        (1, {"tolerance": -1}, "The tolerance is -1.0: it must be zero or a positive number."),
        (1, {"tolerance": 0.5, "feedback": {1.5: "f"}}, "The wrong value 1.5 must be"),
        (1, {"tolerance": 0.5, "feedback": {float("inf"): "f"}}, "The wrong value inf must be"),
    ],
)
def test_numeric_refuses(answer, given, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        quiz.numeric("?", answer, **given)


def test_numeric_takes_numpy_numbers():
    [form] = Outline(quiz.numeric("?", np.float32(0.5), tolerance=np.float64(0.1)).html).all("form")
    assert (form["data-answer"], form["data-tolerance"]) == ("0.5", "0.1")


def test_reveal_refuses_what_was_not_predicted():
    with pytest.raises(ValueError, match="No prediction is named 'nobody asked' "):
        quiz.reveal("nobody asked", 1, "?")
    quiz.predict("word", "Which?", ["up", "down"])
    with pytest.raises(ValueError, match="The answer 'left' is none of the options"):
        quiz.reveal("word", "left", "?")


def test_predict_refuses_a_unit_next_to_options():
    with pytest.raises(ValueError, match="A unit goes with a number"):
        quiz.predict("word", "Which?", ["up", "down"], unit="m")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3, "3"), (np.int64(322080), "322080"), (0.123456789, "0.123457"), ("about 7", "about 7")],
)
def test_reveal_writes_the_number(value, shown):
    quiz.predict("n", "How many?", unit="steps")
    assert repr(quiz.reveal("n", value, "So it is.")) == f"The run gave {shown} steps. So it is."


def test_a_changed_question_forgets_the_prediction_made_for_the_old_one():
    names = [
        Outline(quiz.predict("k", question, ["a", "b"]).html).all("form")[0]["data-name"]
        for question in ("First?", "Second?", "First?")
    ]
    assert names[0] == names[2] != names[1]


def test_importing_the_quiz_loads_neither_plots_nor_frames():
    heavy = "{'numpy', 'torch', 'matplotlib', 'pandas', 'IPython'}"
    code = f"import sys, course_utils.quiz; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
