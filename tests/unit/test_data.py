"""Weather, windows, text, images, synthetic tasks and batches."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import data
from course_utils.errors import CourseError

id_lists = st.lists(st.lists(st.integers(1, 50), max_size=9), max_size=6)
sides = st.sampled_from(["right", "left"])


def test_importing_the_data_loads_no_heavy_package():
    code = (
        "import sys; import course_utils.data, course_utils.training; "
        "course_utils.data.load_weather(); course_utils.data.order_reviews(3); "
        "print([m for m in ('torch', 'pandas', 'matplotlib', 'sklearn', 'tqdm', 'pooch', 'scipy') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- weather and windows ---


def test_weather_is_four_whole_years_without_a_gap():
    weather = data.load_weather()
    assert weather.dates[0] == np.datetime64("2012-01-01")
    assert weather.dates[-1] == np.datetime64("2015-12-31")
    assert (np.diff(weather.dates) == np.timedelta64(1, "D")).all()
    assert weather.features.shape == (1461, 4) == (len(weather.dates), len(weather.names))
    assert len(weather.units) == 4
    assert np.isfinite(weather.features).all()


def test_weather_columns_are_the_ones_that_they_are_called():
    weather = data.load_weather()
    column = dict(zip(weather.names, weather.features.T, strict=True))
    assert (column["temp_max"] >= column["temp_min"]).all()
    assert ((column["precipitation"] > 0) == weather.wet).all()
    warm = column["temp_max"][weather.dates.astype("datetime64[M]") == np.datetime64("2014-07")]
    assert 20 < warm.mean() < 32  # degrees Celsius in July
    assert 0.35 < weather.wet.mean() < 0.5


def test_weather_agrees_with_the_package_that_brings_it():
    table = pytest.importorskip("vega_datasets").local_data.seattle_weather()
    weather = data.load_weather()
    np.testing.assert_array_equal(table[list(weather.names)].to_numpy(), weather.features)


def test_missing_weather_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr("course_utils.data.weather.find_spec", lambda name: None)
    with pytest.raises(CourseError, match="install the package vega_datasets"):
        data.load_weather()


def test_folder_that_a_removed_package_left_behind_is_one_sentence(monkeypatch, tmp_path):
    (tmp_path / "vega_datasets").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "vega_datasets", raising=False)
    with pytest.raises(CourseError, match="install the package vega_datasets"):
        data.load_weather()


def test_labels_of_the_weather_drift():
    weather = data.load_weather()
    assert weather.labels.shape == weather.dates.shape
    assert set(weather.labels) == {"drizzle", "fog", "rain", "snow", "sun"}
    years = weather.dates[weather.labels == "fog"].astype("datetime64[Y]")
    foggy = Counter(years.astype(str).tolist())
    assert foggy["2012"] == 5 and foggy["2014"] == 151


def test_stocks_agree_with_the_package_that_brings_them():
    table = pytest.importorskip("vega_datasets").local_data.stocks()
    stocks = data.load_stocks()
    assert (np.diff(stocks.dates) == np.timedelta64(1, "M")).all()
    assert stocks.prices.shape == (len(stocks.dates), len(stocks.names)) == (123, 5)
    for row in table.itertuples():
        t = stocks.dates.tolist().index(row.date.date().replace(day=1))
        assert stocks.prices[t, stocks.names.index(row.symbol)] == row.price
    assert np.isfinite(stocks.prices).sum() == len(table)


@given(time=st.integers(2, 30), length=st.integers(1, 10), horizon=st.integers(1, 5))
def test_windows_hold_consecutive_steps_and_the_step_to_predict(time, length, horizon):
    series = np.stack([np.arange(time), -np.arange(time)], axis=1)
    if time < length + horizon:
        with pytest.raises(ValueError, match="need"):
            data.windows(series, length, horizon)
        return
    x, targets = data.windows(series, length, horizon)
    assert x.shape == (time - length - horizon + 1, length, 2)
    assert targets.shape == (len(x), 2)
    for i in range(len(x)):
        assert x[i, :, 0].tolist() == list(range(i, i + length))
        assert targets[i].tolist() == [i + length - 1 + horizon, -(i + length - 1 + horizon)]


def test_windows_of_one_feature_and_of_nonsense():
    x, targets = data.windows(np.arange(6.0), 2)
    assert x.shape == (4, 2, 1)
    assert targets.tolist() == [2, 3, 4, 5]
    with pytest.raises(ValueError, match="at least 1"):
        data.windows(np.arange(6.0), 0)


def test_standardise_uses_the_training_part_alone():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (40, 7, 3)), rng.normal(9, 1, (10, 7, 3))
    train[..., 1:] = 4.0, 0.1  # features that never change; 280 times 0.1 sums to a little else
    train_out, test_out = data.standardise(train, test)
    np.testing.assert_allclose(train_out.mean((0, 1)), 0, atol=1e-12)
    np.testing.assert_allclose(train_out.std((0, 1)), [1, 0, 0], atol=1e-12)
    expected = (test[..., 0] - train[..., 0].mean()) / train[..., 0].std()
    np.testing.assert_allclose(test_out[..., 0], expected)


# --- text ---


def test_tokenize_splits_words_from_marks():
    tokens = data.tokenize("The food wasn't BAD, not at all!")
    assert tokens == ["the", "food", "wasn't", "bad", ",", "not", "at", "all", "!"]


@given(st.lists(st.text("abcde", min_size=1, max_size=3), max_size=30))
def test_vocab_round_trip(tokens):
    vocab = data.Vocab.from_counts(Counter(tokens))
    ids = vocab.encode(tokens)
    assert vocab.decode(ids) == tokens
    assert min(ids, default=2) >= 2
    assert len(vocab) == len(set(tokens)) + 2


def test_vocab_keeps_the_frequent_and_calls_the_rest_unknown():
    vocab = data.Vocab.from_texts(["b a c b", "b c d"], max_size=4)
    assert vocab.tokens == ("<pad>", "<unk>", "b", "c")
    assert vocab.encode("b d zebra c") == [2, 1, 1, 3]
    assert "c" in vocab and "d" not in vocab
    assert vocab.decode([0, 0, 2, 1]) == ["b", "<unk>"]


def test_vocab_orders_equal_counts_by_the_alphabet():
    assert data.Vocab.from_texts(["d c b a"]).tokens[2:] == ("a", "b", "c", "d")


def test_vocab_refuses_nonsense():
    with pytest.raises(ValueError, match="twice"):
        data.Vocab(("<pad>", "<unk>", "a", "a"))
    with pytest.raises(ValueError, match="at least 2"):
        data.Vocab.from_counts(Counter("a"), max_size=1)


@given(id_lists, sides)
def test_padding_and_mask_give_the_lists_back(lists, side):
    ids, lengths = data.pad_sequences(lists, side=side)
    mask = data.mask_from_lengths(lengths, ids.shape[1], side=side)
    assert [row[kept].tolist() for row, kept in zip(ids, mask, strict=True)] == lists
    assert (ids[~mask] == 0).all()


@given(id_lists, st.integers(0, 6))
def test_cut_sequences_keep_the_aligned_end(lists, length):
    right, lengths = data.pad_sequences(lists, length, side="right")
    left, _ = data.pad_sequences(lists, length, side="left")
    assert right.shape == left.shape == (len(lists), length)
    for ids, row_right, row_left, n in zip(lists, right, left, lengths, strict=True):
        assert n == min(len(ids), length)
        assert row_right.tolist() == (ids + [0] * length)[:length]
        assert row_left.tolist() == ([0] * length + ids)[len(ids) :]


def test_padding_side_is_right_or_left():
    with pytest.raises(ValueError, match="'up'"):
        data.pad_sequences([[2]], side="up")


def test_one_hot_marks_each_id():
    ids = np.array([[0, 2], [1, 1]])
    rows = data.one_hot(ids, 3)
    assert rows.shape == (2, 2, 3)
    assert (rows.sum(-1) == 1).all() and (rows.argmax(-1) == ids).all()
    with pytest.raises(ValueError, match="between 0 and 2"):
        data.one_hot(np.array([-1]), 3)


# --- images ---


def test_digits_are_rows_of_grey_between_zero_and_one():
    images, labels = data.digits()
    assert images.shape == (1797, 8, 8) and labels.shape == (1797,)
    assert images.min() == 0 and images.max() == 1
    assert set(labels) == set(range(10))


def test_digits_by_row_and_by_pixel_are_the_same_images_each_in_one_part():
    (x, y), (x_test, y_test) = data.digit_rows(held_out=0.25, seed=4)
    images, labels = data.digits()
    assert x.shape == (1348, 8, 8) and x_test.shape == (449, 8, 8)
    whole = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    shown = [image.tobytes() for image in (*x, *x_test)]
    assert sorted(shown) == sorted(image.tobytes() for image in images)
    assert [whole[image] for image in shown] == [*y, *y_test]

    (pixels, again), (pixels_test, _) = data.digit_pixels(held_out=0.25, seed=4)
    assert pixels_test.shape == (449, 64, 1)
    np.testing.assert_array_equal(again, y)
    np.testing.assert_array_equal(pixels[7, 8 * 3 + 5, 0], x[7, 3, 5])
    assert not np.array_equal(data.digit_rows(held_out=0.25, seed=5)[0][1], y)
    with pytest.raises(ValueError, match="share between 0 and 1"):
        data.digit_rows(held_out=2)


def test_moving_digits_come_in_pairs_that_only_order_tells_apart():
    clips, right = data.moving_digits(10, T=5, seed=3)
    assert clips.shape == (10, 5, 16, 16, 1) and right.tolist() == [1, 0] * 5
    np.testing.assert_array_equal(clips[0::2], clips[1::2, ::-1])


def test_moving_digits_move_to_where_the_label_says():
    clips, right = data.moving_digits(40, T=4, size=20, seed=1)
    columns = np.arange(20)
    mass = clips.sum((2, 4))  # (B, T, W)
    centre = (mass * columns).sum(-1) / mass.sum(-1)  # (B, T)
    np.testing.assert_array_equal(centre[:, -1] > centre[:, 0], right == 1)
    steps = np.diff(centre, axis=1) * np.where(right == 1, 1, -1)[:, None]
    assert (steps > -1e-4).all()


def test_moving_digits_repeat_with_their_seed_and_refuse_what_cannot_move():
    first, _ = data.moving_digits(3, T=3, seed=5)
    again, _ = data.moving_digits(3, T=3, seed=5)
    other, _ = data.moving_digits(3, T=3, seed=6)
    assert len(first) == 3
    assert (first == again).all() and (first != other).any()
    with pytest.raises(ValueError, match="T >= 2"):
        data.moving_digits(2, T=1)


# --- synthetic tasks ---


@given(st.integers(1, 5), st.integers(0, 20), st.integers(0, 1000))
def test_parity_counts_the_ones_so_far(B, T, seed):
    bits, parity = data.parity_sequences(B, T, np.random.default_rng(seed))
    assert bits.shape == (B, T, 1) and parity.shape == (B, T)
    for row, answers in zip(bits[:, :, 0], parity, strict=True):
        odd = False
        for bit, answer in zip(row, answers, strict=True):
            assert bit in (0, 1)
            odd ^= bool(bit)
            assert answer == odd


def test_bits_are_fair():
    bits, parity = data.parity_sequences(200, 50, np.random.default_rng(0))
    assert 0.47 < bits.mean() < 0.53 and 0.47 < parity.mean() < 0.53


# --- batches and splits ---


@given(st.integers(0, 40), st.integers(1, 15), st.booleans())
def test_batches_serve_every_sample_once_and_keep_rows_together(n, batch_size, shuffled):
    x = np.arange(n)
    rng = np.random.default_rng(0) if shuffled else None
    served = list(data.batches(x, x * 10, batch_size=batch_size, rng=rng))
    assert all(len(a) == batch_size for a, _ in served[:-1])
    assert all((b == a * 10).all() for a, b in served)
    order = [int(i) for a, _ in served for i in a]
    assert (sorted(order) if shuffled else order) == list(range(n))


def test_batches_shuffle_anew_and_refuse_unequal_arrays():
    rng = np.random.default_rng(0)
    epochs = [next(data.batches(np.arange(99), batch_size=99, rng=rng))[0] for _ in range(2)]
    assert (epochs[0] != epochs[1]).any() and (epochs[0] != np.arange(99)).any()
    with pytest.raises(ValueError, match="3, 4"):
        next(data.batches(np.zeros(3), np.zeros(4), batch_size=2))


@given(st.integers(0, 60), st.floats(0, 1), st.integers(0, 100))
def test_splits_are_disjoint_and_complete(n, held_out, seed):
    early, late = data.split_in_time(n, held_out)
    kept, away = data.split_at_random(n, held_out, np.random.default_rng(seed))
    assert [*early, *late] == list(range(n))
    assert sorted([*kept, *away]) == list(range(n))
    assert len(late) == len(away) == round(n * held_out)


@given(st.lists(st.integers(0, 8), max_size=40), st.floats(0, 1), st.integers(0, 100))
def test_groups_stay_whole(groups, held_out, seed):
    groups = np.array(groups, dtype=int)
    kept, away = data.split_by_group(groups, held_out, np.random.default_rng(seed))
    assert sorted([*kept, *away]) == list(range(len(groups)))
    assert not set(groups[kept]) & set(groups[away])


def test_random_split_is_random_and_a_share_is_a_share():
    _, first = data.split_at_random(100, 0.2, np.random.default_rng(0))
    _, again = data.split_at_random(100, 0.2, np.random.default_rng(0))
    _, other = data.split_at_random(100, 0.2, np.random.default_rng(1))
    assert first.tolist() == again.tolist() != other.tolist()
    with pytest.raises(ValueError, match="between 0 and 1"):
        data.split_in_time(10, 20)
