"""Made signals: they hold what they say, in the units that they say."""

import numpy as np
import pytest

from course_utils import data


def test_heartbeat_beats_as_often_as_it_says():
    time, voltage = data.heartbeat(seconds=60, bpm=72, hz=200)
    assert time.shape == voltage.shape == (12_000,)
    np.testing.assert_allclose(np.diff(time), 1 / 200)
    middle = voltage[1:-1]
    peaks = (middle > 0.6) & (middle >= voltage[:-2]) & (middle > voltage[2:])
    assert 70 <= peaks.sum() <= 75
    between = np.diff(time[1:-1][peaks])
    assert 0.02 < between.std() / between.mean() < 0.08  # 5 % irregular
    assert 0.9 < voltage.max() < 1.2 and -0.5 < voltage.min() < -0.1  # mV


def test_heartbeat_is_the_same_for_the_same_seed():
    np.testing.assert_array_equal(data.heartbeat(seed=3), data.heartbeat(seed=3))
    assert not np.array_equal(data.heartbeat(seed=3)[1], data.heartbeat(seed=4)[1])
    quiet, noisy = (data.heartbeat(noise=noise)[1] for noise in (0.0, 0.1))
    assert np.abs(np.diff(quiet)).mean() < np.abs(np.diff(noisy)).mean()


@pytest.mark.parametrize(
    "vowel, formants", [("a", (730, 1090)), ("i", (270, 2290)), ("u", (300, 870))]
)
def test_vowel_is_made_of_multiples_of_its_pitch_near_its_formants(vowel, formants):
    hz, pitch = 8000, 100.0
    time, sound = data.vowels(vowel, pitch, seconds_each=1.0, hz=hz)
    assert time.shape == sound.shape == (hz,)
    assert np.abs(sound).max() == pytest.approx(1)
    power = np.abs(np.fft.rfft(sound)) ** 2  # one bin a hertz
    near = sum(power[int(pitch) * k + offset] for k in range(40) for offset in range(-3, 4))
    assert near > 0.99 * power.sum()
    multiples = power[:: int(pitch)]
    for formant in formants:  # the multiple next to it is louder than those around
        k = round(formant / pitch)
        assert multiples[k] > max(multiples[k - 1], multiples[k + 1])


def test_vowels_follow_each_other():
    time, sound = data.vowels("ai", hz=8000, seconds_each=0.25)
    _, first = data.vowels("a", hz=8000, seconds_each=0.25)
    np.testing.assert_array_equal(sound[:2000], first)
    assert time[-1] == pytest.approx(0.5 - 1 / 8000)
    assert data.vowels("")[1].shape == (0,)
    with pytest.raises(ValueError, match="a, i, u; 'x' is not one"):
        data.vowels("ax")


def test_dna_has_its_letters_in_their_shares():
    strand = data.dna(100_000, seed=1)
    assert len(strand) == 100_000 and set(strand) == set("ACGT")
    assert (strand.count("C") + strand.count("G")) / len(strand) == pytest.approx(0.41, abs=0.01)
    assert data.dna(50, seed=1) == data.dna(50, seed=1) != data.dna(50, seed=2)
    assert data.dna(0) == ""
