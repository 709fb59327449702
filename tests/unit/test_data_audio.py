"""Trigger audio: the spectrogram against scipy's, the labels against what was played."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data import (
    event_precision,
    event_recall,
    event_starts,
    log_mel,
    mel_filters,
    trigger_audio,
)
from course_utils.data.audio import HOP, HZ, WINDOW


@pytest.fixture(scope="module")
def clips():
    return trigger_audio(60, seed=1)


def test_the_spectrogram_is_that_of_scipy():
    from scipy.signal import ShortTimeFFT, get_window

    x = np.random.default_rng(0).standard_normal((2, 1000))
    transform = ShortTimeFFT(get_window("hann", WINDOW), HOP, HZ, scale_to=None)
    T = 1 + (1000 - WINDOW) // HOP
    first = -(-WINDOW // 2 // HOP)  # scipy's frames are centred on 0, HOP, ...
    power = np.abs(transform.stft(x, p0=first, p1=first + T)) ** 2
    expected = np.log(np.einsum("mk,bkt->btm", mel_filters(), power) + 1e-3)
    np.testing.assert_allclose(log_mel(x), expected, rtol=1e-9)


def test_the_bands_lie_evenly_on_the_mel_scale():
    filters = mel_filters()
    assert filters.shape == (24, 129)
    frequencies = np.arange(129) * 31.25
    for m, weights in enumerate(filters):
        point = (
            2595 * math.log10(8 / 7)
            + (m + 1) * (2595 * math.log10(47 / 7) - 2595 * math.log10(8 / 7)) / 25
        )
        top = 700 * (10 ** (point / 2595) - 1)
        assert abs(frequencies[weights.argmax()] - top) <= 31.25
        assert 0 < weights.max() <= 1
    inner = (frequencies > 160) & (frequencies < 3600)
    np.testing.assert_allclose(filters[:, inner].sum(axis=0), 1)  # neighbours share all of it


@pytest.mark.parametrize("f", [300.0, 1000.0, 3000.0])
def test_a_pure_tone_is_loudest_in_its_band(f):
    tone = np.sin(2 * math.pi * f * np.arange(4000) / HZ)[None]
    band = mel_filters()[:, round(f / 31.25)].argmax()
    assert (log_mel(tone).argmax(axis=2) == band).all()


def test_a_louder_sound_is_higher_by_the_log_of_its_power():
    tone = np.sin(2 * math.pi * 1000 * np.arange(512) / HZ)[None]
    loud, soft = log_mel(100 * tone).max(), log_mel(10 * tone).max()
    assert loud - soft == pytest.approx(2 * math.log(10), abs=1e-4)


def test_a_frame_does_not_see_what_comes_after_its_window():
    x = np.random.default_rng(0).standard_normal((1, 2000))
    changed = x.copy()
    changed[:, 1000:] = 0
    same = (log_mel(x) == log_mel(changed)).all(axis=2)[0]
    seen = np.arange(len(same)) * HOP + WINDOW <= 1000
    np.testing.assert_array_equal(same, seen)


def test_shapes_dtypes_and_silence():
    assert log_mel(np.zeros((3, WINDOW), dtype=np.float32)).dtype == np.float32
    np.testing.assert_allclose(log_mel(np.zeros((1, 256))), math.log(1e-3))
    assert log_mel(np.zeros((0, 300))).shape == (0, 1, 24)
    assert log_mel(np.ones((1, 300), dtype=int)).dtype == np.float64
    for wrong in (np.zeros(300), np.zeros((1, 255))):
        with pytest.raises(ValueError, match="at least 256 samples"):
            log_mel(wrong)


def test_clips_have_the_promised_shapes_and_the_same_seed_gives_the_same(clips):
    assert clips.waveforms.shape == (60, 16_000) and clips.waveforms.dtype == np.float32
    assert clips.spectrograms.shape == (60, 124, 24) and clips.labels.shape == (60, 124)
    np.testing.assert_array_equal(clips.spectrograms, log_mel(clips.waveforms))
    again, other = trigger_audio(60, seed=1), trigger_audio(60, seed=2)
    np.testing.assert_array_equal(clips.waveforms, again.waveforms)
    assert clips.sounds == again.sounds != other.sounds
    assert np.abs(clips.waveforms).max() < 1


@pytest.mark.parametrize("label_frames", [1, 8])
def test_labels_begin_when_the_end_of_a_trigger_was_heard(label_frames):
    clips = trigger_audio(40, label_frames, seed=3)
    expected = np.zeros_like(clips.labels)
    for clip, sounds in enumerate(clips.sounds):
        ends = [round(end * HZ) for name, _, end in sounds if name == "trigger"]
        for end in ends:
            heard = [t for t in range(124) if t * HOP + WINDOW >= end]
            assert len(heard) >= label_frames
            expected[clip, heard[:label_frames]] += 1
    np.testing.assert_array_equal(clips.labels, expected)
    np.testing.assert_array_equal(event_starts(clips.labels), clips.triggers)
    assert len(clips.triggers) > 10


def test_sounds_do_not_touch_and_silence_is_quiet(clips):
    for clip, sounds in enumerate(clips.sounds):
        assert 4 <= len(sounds) <= 6
        ends = [0.0, *(end for _, _, end in sounds)]
        starts = [*(start for _, start, _ in sounds), 2.0]
        gaps = np.subtract(starts, ends)
        assert gaps[1:].min() > 0.049 and gaps[0] >= 0 and gaps[-1] > 0.2
        quiet = clips.waveforms[clip, round(ends[-1] * HZ) :]
        assert quiet.std() < 0.035


def test_no_single_frame_gives_the_trigger_away(clips):
    """Its mean spectrum is made of pitches that the distractors play as well."""
    heard = {"trigger": [], "up": [], "down": []}
    for clip, sounds in enumerate(clips.sounds):
        for name, start, end in sounds:
            if name in heard:
                frames = slice(int(start * HZ) // HOP, int(end * HZ) // HOP)
                heard[name].append(clips.spectrograms[clip, frames].mean(axis=0))
    means = {name: np.mean(spectra, axis=0) for name, spectra in heard.items()}
    assert np.corrcoef(means["trigger"], means["up"] + means["down"])[0, 1] > 0.98


def test_no_clips_and_wrong_label_frames():
    assert trigger_audio(0).triggers.shape == (0, 2)
    for wrong in (0, 9):
        with pytest.raises(ValueError, match="between 1 and 8"):
            trigger_audio(1, label_frames=wrong)


def test_events_counted_by_hand():
    active = np.array([[1, 1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 0, 1, 1]])
    np.testing.assert_array_equal(event_starts(active), [[0, 0], [0, 3], [0, 6], [1, 5]])
    np.testing.assert_array_equal(event_starts(active, hold=3), [[0, 0], [0, 6], [1, 5]])
    found, true = np.array([[0, 3], [0, 4], [1, 9]]), np.array([[0, 5], [1, 0], [2, 9], [0, 50]])
    assert event_precision(found, true, tolerance=2) == pytest.approx(1 / 3)
    assert event_recall(found, true, tolerance=2) == pytest.approx(1 / 4)
    assert event_recall(found, true, tolerance=0) == 0
    assert math.isnan(event_precision(np.zeros((0, 2), int), true, 3))
    assert math.isnan(event_recall(found, np.zeros((0, 2), int), 3))
    assert event_starts(np.zeros((2, 0), bool)).shape == (0, 2)
    with pytest.raises(ValueError, match=r"active must be \(B, T\)"):
        event_starts(np.zeros(3, bool))
    with pytest.raises(ValueError, match="threshold first"):
        event_starts(np.full((1, 3), 0.2))


events = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), max_size=7, unique=True)


@settings(max_examples=60)
@given(found=events, true=events, tolerance=st.integers(0, 4))
def test_no_assignment_makes_more_pairs(found, true, tolerance):
    from scipy.optimize import linear_sum_assignment

    may = np.array(
        [[f[0] == t[0] and abs(f[1] - t[1]) <= tolerance for t in true] for f in found], dtype=float
    ).reshape(len(found), len(true))
    pairs = may[linear_sum_assignment(may, maximize=True)].sum()
    found, true = np.array(found).reshape(-1, 2), np.array(true).reshape(-1, 2)
    if len(found):
        assert event_precision(found, true, tolerance) == pytest.approx(pairs / len(found))
    if len(true):
        assert event_recall(found, true, tolerance) == pytest.approx(pairs / len(true))
