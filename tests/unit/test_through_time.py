"""The table through time: what is right is said to be, and the first wrong cell is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.checks.through_time import ORDER, autograd_intermediates, compare

B, T, D, H, V = 3, 5, 4, 6, 7


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(7)
    shapes = [(B, T, D), (B, H), (D, H), (H, H), (H,), (H, V), (V,)]
    names = ["x", "h0", "W_xh", "W_hh", "b_h", "W_hy", "b_y"]
    arrays = {n: rng.normal(size=s) for n, s in zip(names, shapes, strict=True)}
    return arrays | {"targets": rng.integers(0, V, (B, T))}


@pytest.fixture(scope="module")
def oracle(drawn):
    return autograd_intermediates(**drawn)


def loss_of(x, h0, W_xh, W_hh, b_h, W_hy, b_y, targets, nudges=()):
    """The loss by plain NumPy; `nudges` maps ("a" | "h" | "o", t) to what is added there."""
    nudges = dict(nudges)
    h, loss = h0, 0.0
    for t in range(x.shape[1]):
        a = x[:, t] @ W_xh + h @ W_hh + b_h + nudges.get(("a", t), 0)
        h = np.tanh(a) + nudges.get(("h", t), 0)
        o = h @ W_hy + b_y + nudges.get(("o", t), 0)
        logp = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= logp[np.arange(len(o)), targets[:, t]].sum()
    return loss / targets.size


@pytest.mark.parametrize("name", ["a", "h", "o"])
@pytest.mark.parametrize("t", [0, 2, T - 1])
def test_intermediates_by_central_differences(drawn, oracle, name, t):
    right = oracle[f"d{name}"][:, t]
    found = np.zeros_like(right)
    for index in np.ndindex(right.shape):
        nudge = np.zeros_like(right)
        nudge[index] = 1e-5
        up = loss_of(**drawn, nudges=[((name, t), nudge)])
        down = loss_of(**drawn, nudges=[((name, t), -nudge)])
        found[index] = (up - down) / 2e-5
    np.testing.assert_allclose(found, right, atol=1e-9)


@pytest.mark.parametrize("name", ["x", "h0", "W_xh", "W_hh", "b_h", "W_hy", "b_y"])
def test_parameters_by_one_directional_difference(drawn, oracle, name):
    direction = np.random.default_rng(1).normal(size=drawn[name].shape)
    up = loss_of(**{**drawn, name: drawn[name] + 1e-5 * direction})
    down = loss_of(**{**drawn, name: drawn[name] - 1e-5 * direction})
    assert np.sum(oracle[f"d{name}"] * direction) == pytest.approx((up - down) / 2e-5, rel=1e-6)
    assert oracle[f"d{name}"].shape == drawn[name].shape


def test_the_loss(drawn, oracle):
    assert oracle["loss"] == pytest.approx(loss_of(**drawn))


def test_float32_and_lists_may_go_in(drawn, oracle):
    small = {n: a.astype(np.float32) if a.dtype == np.float64 else a for n, a in drawn.items()}
    found = autograd_intermediates(**small)
    assert found["dh"].dtype == np.float64
    np.testing.assert_allclose(found["dh"], oracle["dh"], atol=1e-6)


def test_right_is_right(oracle):
    table = compare(oracle, oracle)
    assert table.first_wrong is None
    assert table.sentence.startswith("All agree: do, dh, da, dx, loss")
    assert "◀" not in repr(table) and "◀" not in table._repr_html_()
    assert [row.name for row in table.steps] == list(ORDER)


def test_single_precision_is_right_at_its_own_tolerance(oracle):
    mine = {name: np.asarray(value, dtype=np.float32) for name, value in oracle.items()}
    assert compare(mine, oracle).first_wrong is None
    mine["da"] = mine["da"] * np.float32(1.01)
    assert compare(mine, oracle).first_wrong == ("da", T)


def test_tensors_may_be_given(oracle):
    import torch

    mine = {"dh": torch.tensor(oracle["dh"], requires_grad=True)}
    assert compare(mine, {"dh": torch.tensor(oracle["dh"])}).first_wrong is None


@given(st.sampled_from(ORDER), st.integers(1, T), st.floats(1e-3, 1e3), st.integers(0, 10**6))
def test_a_planted_error_is_found_where_it_is(oracle, name, t, size, seed):
    mine = {n: np.array(oracle[n]) for n in ORDER}
    step = mine[name][:, t - 1]
    spot = tuple(np.random.default_rng(seed).integers(step.shape))
    step[spot] += size * np.abs(step).max()
    table = compare(mine, oracle)
    assert table.first_wrong == (name, t)
    assert f"First wrong: `{name}` at t = {t}" in table.sentence
    assert f"In code, t = {t} is `{name}[:, {t - 1}]`" in table.sentence
    wrong = [(row.name, i) for row in table.steps for i, c in enumerate(row.cells, 1) if c != "✓"]
    assert wrong == [(name, t)]
    assert repr(table).count("◀ first wrong") == table._repr_html_().count("◀ first wrong") == 1


@given(st.sets(st.tuples(st.sampled_from(ORDER), st.integers(1, T)), min_size=1))
def test_the_first_of_many_is_that_of_the_backward_pass(oracle, places):
    mine = {n: np.array(oracle[n]) for n in ORDER}
    for name, t in places:
        mine[name][:, t - 1] *= 2
    expected = min(places, key=lambda place: (-place[1], ORDER.index(place[0])))
    assert compare(mine, oracle).first_wrong == expected


@pytest.mark.parametrize(
    ("name", "t", "names", "says"),
    [
        (
            "da",
            4,
            ORDER,
            "`da` at t = 4 (`dh` at t = 4 is right). Look at the line that makes `da` ",
        ),
        ("do", 4, ORDER, "`do` at t = 4. Look at the line that makes `do`."),
        ("dh", 5, ORDER, "(`do` at t = 5 is right). Look at the line that makes `dh` from `do`."),
        ("dh", 2, ORDER, "(`do` at t = 2 and `da` at t = 3 are right)."),
        ("dh", 2, ["dh"], "`dh` at t = 2. Look at the line that makes `dh` from `do` and `da`."),
        ("dx", 1, ORDER, "(`da` at t = 1 is right). Look at the line that makes `dx` from `da`."),
    ],
)
def test_the_sentence_points_at_the_line(oracle, name, t, names, says):
    mine = {n: np.array(oracle[n]) for n in names}
    mine[name][:, t - 1] *= 1.5
    assert says in compare(mine, oracle).sentence


def test_an_error_early_in_the_sequence_is_not_hidden_by_large_gradients(oracle):
    """Each step has its own scale: gradients that vanish are judged as strictly as large ones."""
    scale = 10.0 ** -np.arange(2 * T, 0, -2)[None, :, None]
    right = {"dh": oracle["dh"] * scale}
    mine = {"dh": right["dh"].copy()}
    mine["dh"][:, 0] *= 1.1
    assert compare(mine, right).first_wrong == ("dh", 1)
    assert compare(mine, right).steps[0].cells[0] == "1e-1"


def test_parameters_are_single_cells(oracle):
    mine = {n: oracle[n] for n in (*ORDER, "dW_xh", "dW_hh")} | {"dW_hh": oracle["dW_hh"] * 1.3}
    table = compare(mine, oracle)
    assert table.first_wrong == ("dW_hh", None)
    assert "First wrong: `dW_hh`. Every step is right." in table.sentence
    assert "dW_xh ✓,  dW_hh 3e-1 ◀ first wrong" in repr(table)
    assert [len(row.cells) for row in table.others] == [1, 1]


def test_a_wrong_step_comes_before_a_wrong_parameter(oracle):
    mine = {"dW_hh": oracle["dW_hh"] * 2, "dx": oracle["dx"] * 2}
    assert compare(mine, oracle).first_wrong == ("dx", T)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (lambda right: right.swapaxes(0, 1), "The sizes are right but the axes stand in another"),
        (lambda right: right[:, -1], "One axis is missing"),
        (lambda right: None, "gave None"),
        (lambda right: [[1], [2, 3]], "a list"),
        (lambda right: "text", "hold numbers"),
    ],
)
def test_what_cannot_be_compared_gives_a_sentence(oracle, value, says):
    mine = {n: oracle[n] for n in ORDER} | {"da": value(oracle["da"])}
    table = compare(mine, oracle)
    assert table.first_wrong == ("da", T)
    assert table.sentence.startswith("First wrong: `da` should")
    assert says in table.sentence
    assert "cannot be compared ◀ first wrong" in repr(table)
    assert f"colspan='{T}'" in table._repr_html_()


def test_every_row_that_cannot_be_compared_is_explained(oracle):
    table = compare({"dh": oracle["dh"][:1], "db_h": None}, oracle)
    assert "`dh` should have shape (B, T, H)" in repr(table)
    assert "`db_h` should be an array of shape (H,)" in repr(table)
    assert "`db_h`" not in table._repr_html_()  # backticks become <code>


@pytest.mark.parametrize(("bad", "word"), [(np.nan, "nan"), (np.inf, "inf"), (1e308, "over 1e300")])
def test_numbers_out_of_range(oracle, bad, word):
    mine = {n: np.array(oracle[n]) for n in ORDER}
    mine["dh"][0, 2, 1] = bad
    table = compare(mine, oracle)
    assert table.first_wrong == ("dh", 3)
    assert word in table.steps[1].cells[2]
    assert table.sentence.endswith(f"It holds {word}.") == (not np.isfinite(bad))


def test_a_zero_gradient_is_no_division_by_zero():
    right = {"dh": np.zeros((2, 3, 4))}
    assert compare({"dh": np.zeros((2, 3, 4))}, right).first_wrong is None
    assert compare({"dh": np.full((2, 3, 4), 0.2)}, right).steps[0].cells == ("2e-1",) * 3


def test_unknown_names_and_nothing_at_all(oracle):
    assert "`dH` has nothing to be compared with." in repr(compare({"dH": oracle["dh"]}, oracle))
    table = compare({}, oracle)
    assert (table.first_wrong, repr(table)) == (None, "Nothing was compared.")
    assert table._repr_html_()


def test_no_steps_at_all():
    empty = {"dh": np.zeros((2, 0, 4))}
    assert compare(empty, empty).first_wrong is None
    assert compare({"dh": np.zeros((2, 1, 4))}, empty).first_wrong is not None


def test_an_oracle_at_odds_with_itself():
    with pytest.raises(ValueError, match="different numbers of steps"):
        compare({"dh": 0, "da": 0}, {"dh": np.ones((2, 3, 4)), "da": np.ones((2, 5, 4))})


def test_the_page_is_a_table_with_headers(oracle):
    html = compare({**oracle, "<b>": 1, "da": oracle["da"] * 2}, oracle)._repr_html_()
    assert html.count("<caption") == 2
    assert html.count("scope='row'") == len(ORDER) + 1
    assert html.count("scope='col'") == (T + 1) + (len(oracle) - len(ORDER) + 1)
    assert "color:inherit" in html and "<b>" not in html
    assert "A number is the largest error there" in html


@pytest.mark.parametrize(
    ("name", "t", "says"),
    [
        ("dc", 3, "(`dh` at t = 3 and `dc` at t = 4 are right)"),
        ("dc", T, f"(`dh` at t = {T} is right)"),
        ("da", 2, "makes `da` from `dh` and `dc`"),
    ],
)
def test_a_memory_cell_stands_between_dh_and_da(name, t, says):
    rng = np.random.default_rng(0)
    right = {n: rng.normal(size=(B, T, H)) for n in ("dh", "dc", "da", "dx")}
    mine = {n: a.copy() for n, a in right.items()}
    for later in ("dc", "da", "dx")[("dc", "da").index(name) :]:
        mine[later][:, :t] += 1
    table = compare(mine, right | {"dc0": right["dc"][:, 0]})
    assert [row.name for row in table.steps] == ["dh", "dc", "da", "dx"]
    assert table.first_wrong == (name, t)
    assert says in table.sentence
