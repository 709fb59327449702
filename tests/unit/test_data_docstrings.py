"""The docstring corpus: what counts as prose, and that nothing stands in two parts."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from course_utils.data import docstrings, end_marked
from course_utils.data.documentation import SHORTEST, prose, quoted, split_prose

LONG = "This sentence of the docstring has quite enough words to be kept."


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("course_utils.data.documentation.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_docstrings_are_found_and_values_are_not():
    source = '''"""The module\\'s docstring."""
# """ in a comment is no docstring
quoted = "one \\" and \\"\\"\\" inside"
value = """
Not documentation: the value of a name.
"""
def f():
    r"""A raw one \\alpha."""
    return 'a "quoted" word'
class A:
    \'\'\'With """ inside.\'\'\'
attach(
    f,
    """
    Handed to a function.
    """,
)
'''
    assert list(quoted(source)) == [
        "The module\\'s docstring.",
        r"A raw one \alpha.",
        'With """ inside.',
        "Handed to a function.",
    ]


def test_the_parser_of_python_finds_the_same_prose():
    folder = Path(np.__file__).parent / "lib"
    ours, theirs = set(), set()
    for path in sorted(folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        ours |= {p for text in quoted(source) for p in prose(text)}
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                theirs |= set(prose(ast.get_docstring(node) or ""))
    assert len(theirs) > 500
    assert len(ours & theirs) > 0.98 * len(theirs) and len(ours - theirs) < 0.02 * len(theirs)


@pytest.mark.parametrize(
    ("docstring", "kept"),
    [
        (LONG, [LONG]),
        ("Too short to keep.", []),
        (LONG.removesuffix("."), []),
        (">>> print('This looks like a sentence but it is a piece of code.')", []),
        ("x : array of shape (n, 8) as in the other functions\n    " + LONG, [LONG]),
        ("Notes\n-----\n" + LONG, [LONG]),
        ("- " + LONG + "\n- See also the other sentences\n  that go on in the next line.",
         [LONG, "See also the other sentences that go on in the next line."]),
        ("input (Tensor): the input of this function has\n    as many rows as there are samples.",
         ["the input of this function has as many rows as there are samples."]),
        ("The ``axis`` of :class:`~torch.Tensor` along which *all* values are summed [1]_.",
         ["The axis of torch.Tensor along which all values are summed."]),
        ("1 2 3 4 5 6 7 8 9 10 11 12 are twelve numbers in a row.", []),
    ],
)  # fmt: skip
def test_prose_is_kept_and_mark_up_goes(docstring, kept):
    assert list(prose(docstring)) == kept


def test_what_was_said_is_not_said_again_in_any_part():
    other = "Another sentence of more than eight words stands in all modules too."
    nearly = LONG.replace("kept", "taken")
    sources = [(f"m{i}", f'"""{LONG}\n\n{nearly}\n\nOnly {i}: {other}"""') for i in range(60)]
    parts = split_prose(sources)
    everything = [p for part in parts.values() for p in part]
    assert everything.count(LONG) == 1 and nearly not in everything
    assert len(everything) == 2


def test_a_module_gives_to_one_part_whatever_the_others_are():
    words = "abcdefghijklmnopqrstuvwxyz"
    sources = []
    for i in range(200):
        own = [f"{words[i % 26]}{words[i // 26]}{c}" for c in words[:10]]
        sources.append((f"module{i}", f'"""{" ".join(own)} end here."""'))
    parts = split_prose(sources)
    sizes = {name: len(part) for name, part in parts.items()}
    assert (
        sum(sizes.values()) == 200 and 2 <= sizes["test"] <= 25 and 2 <= sizes["validation"] <= 25
    )
    alone = [name for name, part in split_prose(sources[5:6]).items() if part]
    assert any(sources[5][1].strip('"') in parts[name] for name in alone)


def test_a_real_package_gives_three_parts_without_a_common_run_of_words(no_cache):
    corpus = docstrings(["sklearn"])
    assert corpus.note.startswith("Prose of the docstrings of sklearn ")
    assert len(end_marked(corpus.train)) > 50_000 and corpus.validation and corpus.test

    def runs(paragraph):
        words = re.findall(r"\w+", paragraph.lower())
        return {tuple(words[i : i + SHORTEST]) for i in range(len(words) - SHORTEST + 1)}

    known = {run for paragraph in corpus.train for run in runs(paragraph)}
    for paragraph in (*corpus.validation, *corpus.test):
        mine = runs(paragraph)
        assert len(mine & known) <= len(mine) / 2
    (kept,) = no_cache.iterdir()
    assert docstrings(["sklearn"]) == corpus
    kept.write_text("{ not whole", encoding="utf-8")
    assert docstrings(["sklearn"]) == corpus and len(list(no_cache.iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("course_utils.data.documentation.cache_folder", lambda: tmp_path / "file")
    assert docstrings(["vega_datasets"]).note.startswith("Prose of the docstrings of vega_datasets")


@pytest.mark.parametrize("name", ["no_such_package", "six.moves", "ast"])
def test_what_is_not_installed_is_one_sentence(name, no_cache):
    with pytest.raises(ValueError, match="no installed package"):
        docstrings([name])


def test_every_paragraph_ends_with_its_mark():
    assert end_marked(["A b.", "C"]) == ["a", "b", ".", "<eos>", "c", "<eos>"]
