"""Made weather with a hidden state: its forecasts, and the best that any forecast can do."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from course_utils.data import HiddenWeather, hidden_weather

stays = st.floats(0.55, 0.98)
weathers = st.builds(
    HiddenWeather,
    stay_wet=stays,
    stay_dry=stays,
    mean_wet=st.tuples(st.floats(8, 16), st.floats(58, 75)),
    noise=st.tuples(st.floats(1, 10), st.floats(5, 20)),
)


def by_all_histories(weather, x):
    """P(wet tomorrow | all of x (T, 2)), by summing over each history of states there can be."""
    go = {
        (1, 1): weather.stay_wet,
        (1, 0): 1 - weather.stay_wet,
        (0, 0): weather.stay_dry,
        (0, 1): 1 - weather.stay_dry,
    }
    start = {1: weather.share_wet, 0: 1 - weather.share_wet}
    total = {0: 0.0, 1: 0.0}
    for states in itertools.product((0, 1), repeat=len(x) + 1):
        p = start[states[0]] * math.prod(go[pair] for pair in itertools.pairwise(states))
        for state, seen in zip(states, x, strict=False):
            mean = weather.mean_wet if state else weather.mean_dry
            p *= norm.pdf(seen, mean, weather.noise).prod()
        total[states[-1]] += p
    return total[1] / (total[0] + total[1])


# --- samples ---


def test_sample_has_its_shapes_and_its_seed():
    weather = HiddenWeather()
    x, wet, target = weather.sample(3, 7, seed=5)
    assert (x.shape, wet.shape, target.shape) == ((3, 7, 2), (3, 7), (3, 7))
    assert set(np.unique(wet)) <= {0, 1}
    assert (wet[:, 1:] == target[:, :-1]).all()
    for first, again in zip((x, wet, target), weather.sample(3, 7, seed=5), strict=True):
        np.testing.assert_array_equal(first, again)
    assert not np.array_equal(x, weather.sample(3, 7, seed=6)[0])


@pytest.mark.parametrize("weather", [HiddenWeather(), HiddenWeather(0.8, 0.9)])
def test_sample_follows_its_parameters(weather):
    x, wet, target = weather.sample(4000, 50, seed=1)
    for day in (0, 25, 49):  # in the long run from the first day on
        share, error = wet[:, day].mean(), math.sqrt(0.25 / len(wet))
        assert abs(share - weather.share_wet) < 4 * error
    assert abs(target[wet == 1].mean() - weather.stay_wet) < 0.01
    assert abs(target[wet == 0].mean() - (1 - weather.stay_dry)) < 0.01
    for state, mean in ((1, weather.mean_wet), (0, weather.mean_dry)):
        np.testing.assert_allclose(x[wet == state].mean(axis=0), mean, atol=0.2)
        np.testing.assert_allclose(x[wet == state].std(axis=0), weather.noise, rtol=0.02)
    assert (x[:, :, 1] > 100).mean() < 1e-4  # percent


# --- forecasts ---


@given(weather=weathers, seed=st.integers(0, 1000), T=st.integers(1, 6))
@settings(max_examples=30)
def test_forecast_is_the_sum_over_all_histories(weather, seed, T):
    x = weather.sample(1, T, seed)[0]
    for days in (None, 1, 2, 3, T + 2):
        forecast = weather.forecast(x, days)
        assert forecast.shape == (1, T)
        for t in range(T):
            first = 0 if days is None else max(0, t + 1 - days)
            expected = by_all_histories(weather, x[0, first : t + 1])
            assert forecast[0, t] == pytest.approx(expected, rel=1e-9)


def test_forecast_is_worth_what_it_says():
    weather = HiddenWeather()
    x, _, target = weather.sample(500, 100, seed=2)
    for days in (1, 4, None):
        forecast = weather.forecast(x, days)
        for low in np.arange(0.1, 0.9, 0.1):
            chosen = (forecast >= low) & (forecast < low + 0.1)
            if chosen.sum() > 500:
                # 10 days in a row share their weather: count a tenth of them
                error = math.sqrt(0.25 / (chosen.sum() / 10))
                assert abs(target[chosen].mean() - forecast[chosen].mean()) < 4 * error


def test_forecast_stays_finite_where_the_readings_are_absurd():
    x = np.array([[[-1e5, 1e5], [1e5, -1e5]]])
    forecast = HiddenWeather().forecast(x)
    np.testing.assert_allclose(forecast, [[0.95, 0.05]])


# --- the best accuracy ---


def test_memory_is_worth_much_and_the_majority_little():
    weather = HiddenWeather()
    majority, today, everything = (weather.best_accuracy(days) for days in (0, 1, None))
    assert (weather.share_wet, majority) == (0.5, 0.5)
    assert today == pytest.approx(0.05 + 0.9 * norm.cdf(weather.distance / 2), abs=1e-12)
    assert 0.66 < today < 0.68
    assert 0.78 < everything < 0.80 < weather.stay_wet


@given(weather=weathers)
@settings(max_examples=10)
def test_best_accuracy_from_today_is_the_integral_over_all_readings(weather):
    steps = 400
    axes = [
        np.linspace(min(a, b) - 8 * s, max(a, b) + 8 * s, steps)
        for a, b, s in zip(weather.mean_wet, weather.mean_dry, weather.noise, strict=True)
    ]
    cell = math.prod(axis[1] - axis[0] for axis in axes)
    wet, dry = (
        np.multiply.outer(
            *(norm.pdf(*args) for args in zip(axes, mean, weather.noise, strict=True))
        )
        for mean in (weather.mean_wet, weather.mean_dry)
    )
    wet, dry = wet * weather.share_wet, dry * (1 - weather.share_wet)
    wet_tomorrow = wet * weather.stay_wet + dry * (1 - weather.stay_dry)
    best = np.maximum(wet_tomorrow, wet + dry - wet_tomorrow).sum() * cell
    assert weather.best_accuracy(days=1) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("weather", [HiddenWeather(), HiddenWeather(0.8, 0.93)], ids=["", "uneven"])
@pytest.mark.parametrize("days", [1, 2, 3, 7, None])
def test_best_accuracy_is_reached_and_not_passed_by_the_exact_forecast(weather, days):
    x, _, target = weather.sample(2000, 250, seed=3)
    forecast = weather.forecast(x, days)[:, 100:]  # by then the first day is forgotten
    best = weather.best_accuracy(days)
    right = ((forecast > 0.5) == target[:, 100:]).mean(axis=1)
    expected = np.maximum(forecast, 1 - forecast).mean(axis=1)
    for per_series in (right, expected):
        error = per_series.std(ddof=1) / math.sqrt(len(per_series))
        assert error < 0.002
        assert abs(per_series.mean() - best) < 4 * error


@given(weather=weathers)
@settings(max_examples=10)
def test_best_accuracy_grows_with_each_day_and_ends(weather):
    by_days = [weather.best_accuracy(days) for days in (0, 1, 2, 4, 8, 400)]
    assert (np.diff(by_days) > -1e-9).all()
    assert by_days[-1] == pytest.approx(weather.best_accuracy(), abs=1e-9)
    assert by_days[-1] < max(weather.stay_wet, weather.stay_dry)


@given(weather=weathers, days=st.sampled_from([2, 5, None]))
@settings(max_examples=10)
def test_numerical_error_is_as_small_as_stated(weather, days):
    best = weather.best_accuracy(days)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hidden_weather, "POINTS", 1111)
        patch.setattr(hidden_weather, "FAR", 9)
        assert weather.best_accuracy(days) == pytest.approx(best, abs=1e-9)


def test_best_accuracy_where_memory_helps_only_after_weeks():
    """Wet spells are so rare that no three days of readings tell of one; weeks of them do."""
    weather = HiddenWeather(0.99, 0.999, mean_wet=(17.0, 52.0))
    none, three, many, all_days = (weather.best_accuracy(days) for days in (0, 3, 2500, None))
    assert three == pytest.approx(none, abs=1e-9)
    assert many == pytest.approx(all_days, abs=1e-9)
    forecast = weather.forecast(weather.sample(400, 2000, seed=3)[0])[:, 500:]
    expected = np.maximum(forecast, 1 - forecast).mean(axis=1)
    error = expected.std(ddof=1) / math.sqrt(len(expected))
    assert error < 0.0015
    assert abs(expected.mean() - all_days) < 3 * error < all_days - none


@pytest.mark.parametrize("apart", [0.01, 0.1, 3, 30, 300])
def test_best_accuracy_of_states_alike_and_unlike(apart):
    weather = HiddenWeather(mean_wet=(18 - 5 * apart, 52.0))
    forecast = weather.forecast(weather.sample(400, 400, seed=4)[0])[:, 200:]
    expected = np.maximum(forecast, 1 - forecast).mean(axis=1)
    error = expected.std(ddof=1) / math.sqrt(len(expected))
    assert abs(expected.mean() - weather.best_accuracy()) < 4 * error + 1e-9


# --- what makes no sense ---


def test_nonsense_is_one_sentence():
    with pytest.raises(ValueError, match=r"between 0\.5 and 1; they are 0\.4 and 0\.95"):
        HiddenWeather(stay_wet=0.4)
    with pytest.raises(ValueError, match="means that differ"):
        HiddenWeather(mean_wet=(18.0, 52.0))
    with pytest.raises(ValueError, match="some noise"):
        HiddenWeather(noise=(0.0, 1.0))
    with pytest.raises(ValueError, match="at least one day"):
        HiddenWeather().forecast(np.zeros((1, 3, 2)), days=0)
    with pytest.raises(ValueError, match="cannot be negative"):
        HiddenWeather().best_accuracy(-1)
    alike = HiddenWeather(mean_wet=(17.99, 52.0))
    assert 0.5 < alike.best_accuracy(days=1) < 0.501  # a formula: no grid
    with pytest.raises(ValueError, match=r"only 0\.002 deviations of the noise apart"):
        alike.best_accuracy()
