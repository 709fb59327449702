"""A derivation typed line by line: the language is small and safe, slips are named, errors stay."""

from __future__ import annotations

import ast
import builtins
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.checks import derivation
from course_utils.checks.derivation.language import FUNCTIONS, Refused, evaluate, parse, split_lines
from course_utils.checks.report import NOT_ATTEMPTED, RIGHT, WRONG, Report

each = pytest.mark.parametrize("name", derivation.DERIVATIONS)
SLIPS = [
    pytest.param(name, line, slip, id=f"{line.name} = {slip.expression}")
    for name in derivation.DERIVATIONS
    for line in derivation.lines(name)
    for slip in line.slips
]
ROW = np.array([[0.5, -0.25, 2.0]])
SQUARE = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.5]])
KNOWN = {"h_1": ROW, "W_hh": SQUARE, "W_hy": np.ones((3, 2))}


def typed(name, **instead):
    """Return a right derivation with other right-hand sides in place of some; None leaves out."""
    right = {line.name: line.answer for line in derivation.lines(name)} | instead
    return "\n".join(f"{n} = {answer}" for n, answer in right.items() if answer is not None)


def judge(name, text, **options) -> Report:
    return derivation.DERIVATIONS[name](lambda: text, **options)


def value(expression):
    return evaluate(parse(f"it = {expression}"), KNOWN)


def refusal(line):
    with pytest.raises(Refused) as caught:
        evaluate(parse(line), KNOWN)
    return str(caught.value)


# The derivations


@each
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_answers_are_right(name, seed):
    report = judge(name, derivation.DERIVATIONS[name].solution(), seed=seed)
    assert report.state == RIGHT, report
    assert report.points(10) == 10
    assert len(report.trials) == len(derivation.lines(name))


@pytest.mark.parametrize(("name", "line", "slip"), SLIPS)
def test_a_slip_is_named_and_stays_one(name, line, slip):
    """The cause is the catalogue's own words, and no line that follows is called wrong."""
    for seed in (None, 3):
        report = judge(name, typed(name, **{line.name: slip.expression}), seed=seed)
        assert report.state == WRONG
        assert report.first_wrong.name == line.name
        assert report.first_wrong.cause == slip.says
        assert slip.says in report.message
        assert [trial.output for trial in report.trials if not trial.passed] == [line.name]


def test_words_of_the_slips_differ_where_the_slips_do():
    """On one line, slips with the same words are variants of one thing: few of them."""
    for name in derivation.DERIVATIONS:
        for line in derivation.lines(name):
            words = [slip.says for slip in line.slips]
            assert len(words) - len(set(words)) <= 1, line.name


PART_2, PART_1 = "h_1.T @ (({}) * (1 - h_2**2))", "h_0.T @ (({}) * (1 - h_1**2))"
DA_3 = "(dh_3 * (1 - h_3**2))"
NATURAL = [
    ("three_steps", "da_2", "dh_2 * (1 - h_2)**2", "The bracket is squared"),
    ("three_steps", "dh_1", "do_1 @ W_hy.T + da_2 @ W_hh.T + da_3 @ W_hh.T", "One path too many"),
    ("three_steps", "dW_hh", "h_2.T @ da_1 + h_1.T @ da_2 + h_0.T @ da_3", "reversed order"),
    ("jacobians", "J_2", "W_hh @ diag((1 - h_2)**2)", "The bracket is squared"),
    ("jacobians", "part_2", PART_2.format(f"{DA_3} @ J_3.T"), "counted twice"),
    ("jacobians", "part_1", PART_1.format(f"{DA_3} @ J_3.T @ J_2.T"), "counted twice"),
    (
        "jacobians",
        "part_1",
        PART_1.format(f"(({DA_3} @ J_3.T) * (1 - h_2**2)) @ J_2.T"),
        "counted twice",
    ),
]


@pytest.mark.parametrize(("name", "line", "expression", "says"), NATURAL)
def test_a_natural_slip_is_named(name, line, expression, says):
    assert says in judge(name, typed(name, **{line: expression})).first_wrong.cause


def test_a_line_that_is_missing_makes_no_other_wrong():
    """`do_1: ...` is no line for `do_1`; what uses `do_1` is judged with its true value."""
    text = typed("three_steps").replace("do_1 = ", "do_1: ", 1)
    report = judge("three_steps", text)
    assert [o.name for o in report.outcomes if "wrong" in o.verdict] == [""]
    assert report.missing == ["do_1"] and report.state == WRONG


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("da_2", "dh_2 * (1 - tanh(a_2)**2)"),
        ("da_2", "dh_2 @ diag(1 - h_2 * h_2)"),
        ("dW_xh", "outer(x_1, da_1) + outer(x_2, da_2) + x_3.T * da_3"),
        ("dh_2", "(W_hy @ do_2.T + W_hh @ da_3.T).T"),
        ("do_1", "exp(o_1) / (exp(o_1) @ (y_1 + y_2 + y_3 + 1 - y_1 - y_2 - y_3).T) - y_1"),
    ],
)
def test_other_right_ways_pass(line, expression):
    assert judge("three_steps", typed("three_steps", **{line: expression})).state == RIGHT


def test_a_jacobian_by_scaled_columns_passes():
    assert judge("jacobians", typed("jacobians", J_2="W_hh * (1 - h_2**2)")).state == RIGHT


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("-(do_3 @ W_hy.T)", "The sign is turned."),
        ("2.5 * do_3 @ W_hy.T", "Every entry is 2.5 times what it should be."),
        ("h_3", "This is `h_3`, not `dh_3`."),
        ("(do_3 @ W_hy.T).T", "This is the transpose of what is asked for."),
    ],
)
def test_what_can_be_said_of_any_line(expression, says):
    assert says in judge("three_steps", typed("three_steps", dh_3=expression)).message


def test_the_first_of_two_wrong_lines_is_named():
    report = judge("three_steps", typed("three_steps", da_1="dh_1", da_3="dh_3"))
    assert report.first_wrong.name == "da_3"
    assert [o.name for o in report.outcomes if "wrong" in o.verdict] == ["da_3", "da_1"]
    assert "Line 5 (`da_3`) is the first wrong one." in report.message
    assert report.fraction() == pytest.approx(12 / 14)


def test_half_a_derivation_is_right_so_far():
    report = judge("three_steps", "do_3 = p_3 - y_3\n\n# next\ndh_3 = do_3 @ W_hy.T")
    assert report.state == WRONG
    assert "What you typed so far is right. 12 lines are still missing: `do_1`" in report.message
    assert report.fraction() == pytest.approx(2 / 14)


def test_order_is_free_as_long_as_names_are_known():
    lines = typed("three_steps").splitlines()
    assert judge("three_steps", "\n".join([*lines[1:3], lines[0], *lines[3:]])).state == RIGHT
    report = judge("three_steps", "\n".join([lines[4], *lines[:4], *lines[5:]]))
    assert "It uses `dh_3`, which has no line above this one." in report.message


def test_a_line_may_not_be_made_from_itself():
    assert "made from itself" in judge("three_steps", typed("three_steps", dh_3="dh_3")).message
    circle = typed("three_steps", dh_3="da_3 / (1 - h_3**2)")
    assert judge("three_steps", circle).first_wrong.name == "dh_3"


def test_own_names_help_and_are_not_judged():
    own = "slope = 1 - h_3**2\n" + typed("three_steps", da_3="dh_3 * slope")
    report = judge("three_steps", own)
    assert report.state == RIGHT
    assert report.outcomes[0].verdict == "· not judged"


def test_a_broken_own_name_is_the_error():
    report = judge("three_steps", "slope = 1 - g_3**2\n" + typed("three_steps", da_3="dh_3*slope"))
    assert report.first_wrong.number == 1
    assert "`g_3` is no name that is known here" in report.message
    assert report.fraction() < 1
    assert report.outcomes[5].finding == "It uses `slope`, which line 1 does not compute."
    assert report.outcomes[5].verdict == "– cannot be judged"


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("h_1 = h_0", "`h_1` is given"),
        ("do_1 = p_1", "`do_1` stands in line 1 already"),
        ("do_1 + 2", "form `name = expression`"),
        ("a = b = 3", "form `name = expression`"),
        ("do_1 += 2", "form `name = expression`"),
        ("import os", "form `name = expression`"),
    ],
)
def test_lines_that_may_not_stand_there(extra, says):
    report = judge("three_steps", typed("three_steps") + "\n" + extra)
    assert report.state == WRONG
    assert "Line 15" in report.message
    assert says in report.message
    assert report.fraction() == 1  # all that was asked for is right
    assert report.points(10) == 9.5


def test_a_line_that_cannot_be_read_still_counts_as_that_line():
    """The lines after it use the true value, and it is not called missing too."""
    report = judge("three_steps", typed("three_steps", dh_2="do_2 @ (W_hy.T + "))
    assert [trial.output for trial in report.trials if not trial.passed] == ["dh_2"]
    assert "Line 6 (`dh_2`) is wrong. Its parentheses do not match: 1 opened," in report.message


# What the function may return


def not_yet():
    raise NotImplementedError("your turn")


@each
@pytest.mark.parametrize("function", [not_yet, lambda: "", lambda: "\n# nothing yet\n"])
def test_not_attempted(name, function):
    report = derivation.DERIVATIONS[name](function)
    assert report.state == NOT_ATTEMPTED
    assert repr(report).startswith("○ ")
    assert report._repr_html_()


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda: None, "gave None"),
        (lambda: ["do_1 = p_1"], "gave a list"),
        (lambda: b"do_1 = p_1", "gave <opaque bytes>"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: "a = 1\n" * 500, "more than 80 lines"),
        (lambda: "(\n" * 100_000, "more than 32,000 characters"),
    ],
)
def test_no_text_gives_a_sentence(function, says):
    report = derivation.three_steps(function)
    assert report.state == WRONG
    assert says in report.message


def test_both_forms_show_each_line():
    report = judge("three_steps", typed("three_steps", dh_2="do_2 @ W_hy.T", dh_0=None))
    text, html = repr(report), report._repr_html_()
    assert text.startswith("✗ The gradient over three steps: wrong. Line 6 (`dh_2`) is wrong.")
    assert "One line is still missing: `dh_0`." in text
    assert "◀ first" in text and html.count("◀ first") == 1
    assert html.count("scope='row'") == 14
    assert "<caption" in html
    assert judge("three_steps", "a = '<script>'")._repr_html_().count("<script") == 0


# The language


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("2", 2.0),
        ("-h_1 + +h_1*3", 2 * ROW),
        ("h_1 @ W_hh.T", ROW @ SQUARE.T),
        ("diag(h_1)", np.diag(ROW[0])),
        ("outer(h_1, h_1)", ROW.T @ ROW),
        ("tanh(h_1)**2 - exp(h_1) / 4", np.tanh(ROW) ** 2 - np.exp(ROW) / 4),
        ("h_1.T.T", ROW),
    ],
)
def test_expressions(expression, expected):
    np.testing.assert_allclose(value(expression), expected)
    assert value(expression).dtype == np.float64


def test_lines_may_go_on_in_parentheses():
    text = "a = (1 +\n  2)  # three\n\nb = (a\nc = 3\n"
    assert split_lines(text) == ["a = (1 + 2)", "b = (a", "c = 3"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a = h_1 @ W_hy.T", "inner sizes 3 and 2 must be equal. Is a .T missing?"),
        ("a = W_hy @ W_hh", "inner sizes 2 and 3 must be equal."),
        ("a = W_hy + W_hh", "shapes (3, 2) and (3, 3) do not go together"),
        ("a = 2 @ W_hh", "a single number"),
        ("a = h_2", "did you mean `h_1`?"),
        ("a = w_HH", "did you mean `W_hh`?"),
        ("a = nonsense", "`nonsense` is no name that is known here."),
        ("a = h_1^2", "write **"),
        ("a = h_1²", "write `**2`"),
        ("a = h_1 – h_1", "write `-`"),
        ("a = np.tanh(h_1)", "Write `tanh(...)` alone"),
        ("a = h_1.transpose()", "Write .T"),
        ("a = h_1.dot(W_hh)", "Write a @ b"),
        ("a = diag(W_hh)", "a row of shape (1, n)"),
        ("a = outer(h_1, W_hh)", "two rows"),
        ("a = diag(h_1, 1)", "`diag` takes 1 argument."),
        ("a = outer(h_1)", "`outer` takes 2 arguments."),
        ("a = 2 +", "no expression that Python can read"),
        ("a = " + "1 + " * 200 + "1", "more than 400 characters"),
    ],
)
def test_one_clear_sentence(line, says):
    assert says in refusal(line)


@pytest.mark.parametrize(
    "expression",
    [
        "h_1.__class__",
        "h_1.shape",
        "h_1.T.tofile",
        "h_1.T.__init__.__globals__",
        "().__class__.__bases__[0].__subclasses__()",
        "__import__('os')",
        "open('x')",
        "eval('1')",
        "print(h_1)",
        "tanh.__globals__",
        "tanh",
        "tanh(x=h_1)",
        "tanh(*h_1)",
        "(lambda: 1)()",
        "lambda: 1",
        "(a := 1)",
        "[i for i in h_1]",
        "{i for i in h_1}",
        "{1: 2}",
        "[1, 2]",
        "(1, 2)",
        "h_1[0]",
        "1 if h_1 else 2",
        "h_1 and h_1",
        "not h_1",
        "~h_1",
        "h_1 < 2",
        "1 // 2",
        "1 % 2",
        "1 << 9",
        "'text'",
        "b'bytes'",
        "f'{h_1}'",
        "f\"{'\t\x07'}\"",  # no Python 3.11 can write this one back
        "True",
        "None",
        "...",
        "2j",
        "9**9**9",
        "2**99999",
        "h_1**1e9",
        "h_1**-9",
        "h_1**(1e999 - 1e999)",
        "2**h_1",
        "1" + "0" * 390,
        "(yield)",
        "await h_1",
    ],
)
def test_everything_else_is_refused(expression):
    line = f"a = {expression}"
    assert refusal(line)
    report = judge("three_steps", line)
    assert report.first_wrong.number == 1


def test_names_of_python_are_unknown():
    """No built-in name has a meaning here, neither alone nor called."""
    for name in set(dir(builtins)) - {"True", "False", "None", "__debug__"}:
        assert name not in FUNCTIONS
        for expression in (name, f"{name}(1)"):
            with pytest.raises(Refused):
                value(expression)


def test_a_deep_line_is_refused_not_a_crash():
    deep = "a = " + "(" * 190 + "1" + ")" * 190
    minus = "a = " + "-" * 390 + "1"
    for line in (deep, minus):
        assert isinstance(judge("three_steps", line), Report)


def test_a_text_of_the_largest_size_takes_no_longer_than_a_blink():
    long = "a = " + "1+" * 190 + "1"
    text = "\n".join(long.replace("a", f"a_{i}", 1) for i in range(80))
    start = time.process_time()
    assert judge("three_steps", text).state == WRONG  # nothing that was asked for is there
    assert time.process_time() - start < 2  # seconds; with the text of every sum written out: 10


def test_a_zero_division_is_judged_by_its_value():
    report = judge("three_steps", typed("three_steps", do_1="p_1 / (y_1 - y_1)"))
    assert "`do_1` holds nan or infinity" in report.message


SIGNS = [*"+-*/@()[]{}.,:=#^~<>!&|%'\"\\ \n\t", "**", ".T", ":=", "²", "\x00", "\ud800"]
KEYWORDS = ["lambda", "for", "in", "if", "else", "not", "yield", "await", "import", "__class__"]
NAMES = ["dh_3", "do_3", "h_3", "W_hh", "x_1", "diag", "tanh", "outer", "exp", "1", "9e9"]
STARTS = ["h_3 = ", "dh_3 = ", "do_3 = ", "\nown = "]
WORDS = st.sampled_from([*SIGNS, *KEYWORDS, *NAMES, *NAMES, *STARTS])
TEXTS = st.lists(WORDS, max_size=30).map("".join) | st.text(max_size=60)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_any_text_gives_a_report(text):
    """Whatever is typed: a report in both forms, no exception."""
    for candidate in (text, f"do_1 = {text}"):
        report = judge("three_steps", candidate)
        assert report.state in (NOT_ATTEMPTED, WRONG)
        assert repr(report) and report._repr_html_()


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_whatever_is_computed_holds_only_what_is_allowed(text):
    """What is not refused is made of the allowed kinds of nodes alone."""
    try:
        tree = parse(f"a = {text}")
        evaluate(tree, KNOWN)
    except Refused:
        return
    for node in ast.walk(tree):
        allowed = (ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.BinOp, ast.Call)
        assert isinstance(node, (*allowed, ast.operator, ast.unaryop, ast.expr_context))
        if isinstance(node, ast.Attribute):
            assert node.attr == "T"
        if isinstance(node, ast.Name):
            assert node.id in KNOWN or node.id in FUNCTIONS
