"""From plain text to one self-contained piece of page: inline marks, labels, messages."""

import json
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files

# `code`, **stress**, or $maths$ whose dollars touch it (so that "$5 and $6" stays money).
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<stress>[^*\s](?:[^*]*[^*\s])?)\*\*"
    r"|\$(?P<maths>[^$\s](?:[^$]*[^$\s])?)\$(?!\d)"
)


class Page:
    """What a question returns: a notebook shows its HTML, a terminal its text."""

    def __init__(self, html: str, text: str) -> None:
        self.html = html
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


def inline(text: str) -> str:
    """HTML of a text with `code`, **stress** or $maths$, never nested; all else is escaped."""
    out, end = [], 0
    for mark in _INLINE.finditer(text):
        out.append(_plain(text[end : mark.start()]))
        if mark["code"]:
            out.append(f"<code>{escape(mark['code'])}</code>")
        elif mark["stress"]:
            out.append(f"<strong>{_plain(mark['stress'])}</strong>")
        else:
            # This pair of delimiters is known to every MathJax, the dollar is not.
            out.append(rf"\({escape(mark['maths'])}\)")
        end = mark.end()
    out.append(_plain(text[end:]))
    return "".join(out)


def _plain(text: str) -> str:
    # A delimiter alone in an element of its own can never open maths in the page.
    return re.sub(r"\$|\\(?=[()\[\]])", r"<span>\g<0></span>", escape(text))


def message(key: str, text: str, mood: str = "", lead: str = "") -> str:
    """A paragraph that stays hidden until the script shows `key`; `lead` is its verdict in words.

    mood: "good", "bad" or "" (neither), which draws its edge.
    """
    css = f"course-quiz-message course-quiz-{mood}" if mood else "course-quiz-message"
    words = f"<strong>{inline(lead)}</strong> {inline(text)}" if lead else inline(text)
    return f'<p class="{css}" data-show="{key}" hidden>{words}</p>'


def boxes(kind: str, options: Iterable[str]) -> str:
    """Radio buttons or check boxes, each inside the label that names it.

    Wrapping binds without ids and the form binds the group without a unique name: the same
    question may stand twice on a page. JupyterLab looks for its attribute on the input itself.
    """
    return "\n".join(
        f'<label><input type="{kind}" name="answer" value="{i}" data-lm-suppress-shortcuts="true">'
        f"<span>{inline(text)}</span></label>"
        for i, text in enumerate(options)
    )


def number_box(unit: str, hint: str = "") -> str:
    """A field for a number. Not type="number": that refuses the decimal comma in some locales."""
    after = f"<span>{inline(unit)}</span>" if unit else ""
    label = f"Your number ({hint})" if hint else "Your number"
    return (
        f'<label class="course-quiz-number"><span>{escape(label)}</span>'
        '<input type="text" name="answer" inputmode="decimal" autocomplete="off"'
        f' data-lm-suppress-shortcuts="true">{after}</label>'
    )


def question_page(
    kind: str,
    title: str,
    question: str,
    inputs: str,
    button: str,
    messages: list[str],
    **data: object,
) -> str:
    """HTML of a question: a form that works by keyboard and says its verdict in a live region."""
    # method="dialog" sends nothing anywhere, even where scripts are switched off.
    return _with_files(
        f"""<form class="course-quiz" method="dialog" data-kind="{kind}"{_attributes(data)}>
<fieldset><legend><span class="course-quiz-kind">{title}</span> {inline(question)}</legend>
{inputs}
</fieldset>
<button type="submit" data-lm-suppress-shortcuts="true">{button}</button>
<div role="status" aria-live="polite">
{chr(10).join(messages)}
</div>
</form>"""
    )


def reveal_page(title: str, body: str, **data: object) -> str:
    """HTML of a reveal: the script chooses which of the sentences in `body` is shown."""
    return _with_files(
        f"""<div class="course-quiz" role="group" aria-label="{title}" data-kind="reveal"\
{_attributes(data)}>
<p aria-hidden="true"><span class="course-quiz-kind">{title}</span></p>
{body}
</div>"""
    )


def _attributes(data: dict[str, object]) -> str:
    values = {k: v if isinstance(v, str) else json.dumps(v) for k, v in data.items()}
    return "".join(f' data-{k}="{escape(v)}"' for k, v in values.items())


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _with_files(body: str) -> str:
    # Every output carries style and script: it must work alone, in any order and offline.
    return f"<style>\n{_file('quiz.css')}</style>\n{body}\n<script>\n{_file('quiz.js')}</script>\n"
