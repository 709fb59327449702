"""The scorecard: four verdicts a model, as a table that can be read without colours."""

from html.parser import HTMLParser

import pytest

from course_utils import scorecard
from course_utils.course_map import LESSONS


class Table(HTMLParser):
    """Collects the words of every cell, row by row, and the scopes of the headers."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.scopes = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
        if tag == "th":
            self.scopes.append(dict(attributes)["scope"])

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data


def test_every_model_has_four_verdicts_with_reasons_and_a_lesson_of_the_course():
    numbers = {lesson.number for lesson in LESSONS}
    for model in scorecard.MODELS:
        assert len(model.verdicts) == len(scorecard.REQUIREMENTS) == 4
        assert model.lesson in numbers
        assert all(verdict.reason for verdict in model.verdicts)


@pytest.mark.parametrize("upto", ["01", "02", "14"])
def test_table_shows_what_is_known_and_what_waits(upto):
    table = Table(scorecard.show(upto).html())
    head, *rows = table.rows
    assert len(rows) == len(scorecard.MODELS)
    assert [len(row) for row in table.rows] == [5] * len(table.rows)
    assert all(name in cell for name, cell in zip(scorecard.REQUIREMENTS, head[1:], strict=True))
    assert set(table.scopes) == {"col", "row"}
    for model, row in zip(scorecard.MODELS, rows, strict=True):
        assert model.name in row[0]
        if model.lesson > upto:
            assert row[1:] == ["?"] * 4
        else:
            answers = [verdict.answer for verdict in model.verdicts]
            assert all(answer in cell for answer, cell in zip(answers, row[1:], strict=True))


def test_text_says_what_the_table_says():
    text = str(scorecard.show("01"))
    assert "vanilla RNN: not yet known, lesson 02" in text
    assert text.count("order:") == sum(model.lesson <= "01" for model in scorecard.MODELS)
    bundle = scorecard.show("01")._repr_mimebundle_()
    assert bundle["text/plain"] == text


def test_nothing_is_scored_before_lesson_01():
    with pytest.raises(ValueError, match="lesson 01"):
        scorecard.show("00")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: scorecard.Verdict("maybe", "who knows"),
        lambda: scorecard.Model("too few", "01", (scorecard.Verdict("yes", "it does"),)),
    ],
)
def test_a_row_that_is_not_whole_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
