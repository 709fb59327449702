"""Made audio with a trigger to be heard among other sounds, and what an ear makes of it: log-mel.

A sound is a tone that glides between a low and a high pitch. The trigger goes up and then down.
Every pitch of it also sounds in some distractor, so that no single frame gives the trigger away:
only the order does.
"""

import math
from dataclasses import dataclass

import numpy as np

HZ = 8000  # samples a second
SECONDS = 2.0
WINDOW, HOP = 256, 128  # samples a frame sees, samples from one frame to the next
BANDS = 24

# The pitch at equal distances in time, 0 for the low one and 1 for the high one; () is a hiss.
TRIGGER = (0.0, 1.0, 0.0)
DISTRACTORS = {
    "up": (0.0, 1.0),
    "down": (1.0, 0.0),
    "down, up": (1.0, 0.0, 1.0),
    "up, steady": (0.0, 1.0, 1.0),
    "steady, down": (1.0, 1.0, 0.0),
    "low": (0.0, 0.0),
    "high": (1.0, 1.0),
    "hiss": (),
}
_LOW, _HIGH = 600.0, 1800.0  # Hz, before a sound is moved up or down as a whole
_SHORTEST, _LONGEST = 0.16, 0.24  # seconds of a sound
_GAP = 0.05  # seconds of silence, at least, between two sounds


@dataclass(frozen=True)
class TriggerClips:
    """Clips of 2 s with their spectrograms, labels and triggers; T = 124 frames, one in 16 ms.

    `waveforms (B, 16000)`, `spectrograms (B, T, 24)` (see `log_mel`) and `labels (B, T)`, int64,
    1 in the first frame that has seen the end of a trigger and in a few after it, else 0.
    `triggers (E, 2)` has a row for each trigger of all clips: its clip, and the frame where its
    label begins. `sounds` names, clip by clip, what was played: name, beginning and end in seconds.
    """

    waveforms: np.ndarray
    spectrograms: np.ndarray
    labels: np.ndarray
    triggers: np.ndarray
    sounds: list[list[tuple[str, float, float]]]


def trigger_audio(n: int, label_frames: int = 8, seed: int = 0) -> TriggerClips:
    """Return n made clips of four to six sounds each, of which every fifth is the trigger.

    The others are drawn from eight distractors. Length, pitch and loudness of a sound vary, the
    silences between them too, and there is noise behind. Sounds do not overlap, and each ends
    early enough for `label_frames` labels after it. float32.

    Raises ValueError where `label_frames` is not from 1 to 8: two labels could run together.
    """
    if not 1 <= label_frames <= 8:
        raise ValueError(f"label_frames must lie between 1 and 8; it is {label_frames}.")
    rng = np.random.default_rng(seed)
    waveforms = rng.standard_normal((n, round(HZ * SECONDS)), dtype=np.float32)
    waveforms *= rng.uniform(0.01, 0.03, size=(n, 1)).astype(np.float32)
    sounds, triggers = [], []
    for clip in range(n):
        sounds.append([])
        for name, start, length in _plan(rng):
            wave = _play(name, length, rng)
            waveforms[clip, start : start + length] += wave
            sounds[clip].append((name, start / HZ, (start + length) / HZ))
            if name == "trigger":
                triggers.append((clip, frame_of(start + length)))
    spectrograms = log_mel(waveforms)
    labels = np.zeros(spectrograms.shape[:2], dtype=np.int64)
    for clip, frame in triggers:
        labels[clip, frame : frame + label_frames] = 1
    where = np.array(triggers, dtype=np.int64).reshape(-1, 2)
    return TriggerClips(waveforms, spectrograms, labels, where, sounds)


def frame_of(sample: int) -> int:
    """Return the first frame whose window reaches as far as the end of that many samples."""
    return max(0, math.ceil((sample - WINDOW) / HOP))


def _plan(rng: np.random.Generator) -> list[tuple[str, int, int]]:
    """Return name, first sample and number of samples of each sound of one clip, in order."""
    k = rng.integers(4, 7)
    names = [
        "trigger" if rng.random() < 0.2 else str(rng.choice(list(DISTRACTORS))) for _ in range(k)
    ]
    lengths = rng.uniform(_SHORTEST, _LONGEST, size=k)
    free = SECONDS - _SHORTEST - lengths.sum() - _GAP * k  # the end is kept for the labels
    cuts = np.sort(rng.uniform(0, free, size=k))
    starts = cuts + np.concatenate([[0], np.cumsum(lengths + _GAP)[:-1]])
    return [
        (name, int(start * HZ), int(length * HZ))
        for name, start, length in zip(names, starts, lengths, strict=True)
    ]


def _play(name: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return the n samples of one sound."""
    loudness = rng.uniform(0.15, 0.5)
    moved = np.exp(rng.uniform(-0.2, 0.2))  # the pitch as a whole
    shape = TRIGGER if name == "trigger" else DISTRACTORS[name]
    time = np.arange(n) / n
    swell = np.sin(math.pi * time) ** 0.5
    if not shape:
        return loudness / 2 * swell * rng.standard_normal(n)
    height = np.interp(time, np.linspace(0, 1, len(shape)), shape)
    pitch = moved * _LOW * (_HIGH / _LOW) ** height  # even steps to the ear
    phase = 2 * math.pi * (pitch.cumsum() / HZ + rng.random())
    return loudness * swell * np.sin(phase)


def log_mel(waveforms: np.ndarray) -> np.ndarray:
    """Return the log-mel spectrogram `(B, T, 24)` of waveforms `(B, N)` sampled at 8 kHz.

    Frame t sees the samples from 128 t to 128 t + 255, times a Hann window w. Its power at the
    k-th of 129 frequencies, k * 31.25 Hz, is |sum_n w_n x_n exp(-2 pi i k n / 256)|^2. Band m sums
    the power with the weights of row m of `mel_filters()`; given back is ln(band + 1e-3).
    T = 1 + (N - 256) // 128, and no frame sees beyond the clip. The dtype of a float stays.

    Raises ValueError for anything but `(B, N)` with N of 256 or more.
    """
    waveforms = np.asarray(waveforms)
    if waveforms.ndim != 2 or waveforms.shape[1] < WINDOW:
        raise ValueError(
            f"waveforms must be (B, N) with at least {WINDOW} samples; "
            f"their shape is {waveforms.shape}."
        )
    dtype = waveforms.dtype if np.issubdtype(waveforms.dtype, np.floating) else np.float64
    # One period of the window: its last zero would stand where the next period begins.
    window = (0.5 - 0.5 * np.cos(2 * math.pi * np.arange(WINDOW) / WINDOW)).astype(dtype)
    filters = mel_filters().T.astype(dtype)
    T = 1 + (waveforms.shape[1] - WINDOW) // HOP
    spectrograms = np.empty((len(waveforms), T, BANDS), dtype=dtype)
    for out, waveform in zip(spectrograms, waveforms, strict=True):  # one clip stays in the cache
        frames = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW)[::HOP]
        spectrum = np.fft.rfft(frames * window)
        out[:] = np.log((spectrum.real**2 + spectrum.imag**2) @ filters + 1e-3)
    return spectrograms


def mel_filters() -> np.ndarray:
    """Return the weights `(24, 129)` of each frequency in each band.

    The mel scale, m(f) = 2595 log10(1 + f / 700) (O'Shaughnessy, 1987), grows as the ear hears
    pitch. 26 points lie evenly on it from 100 Hz to 4,000 Hz; band m is a triangle over f that
    rises from 0 at point m to 1 at point m + 1 and falls to 0 at point m + 2.
    """
    mel = np.linspace(_to_mel(100.0), _to_mel(HZ / 2), BANDS + 2)
    points = 700 * (10 ** (mel / 2595) - 1)
    frequencies = np.arange(WINDOW // 2 + 1) * HZ / WINDOW
    left, top, right = (points[i : i + BANDS, None] for i in range(3))
    rising = (frequencies - left) / (top - left)
    falling = (right - frequencies) / (right - top)
    return np.maximum(0, np.minimum(rising, falling))


def _to_mel(f: float) -> float:
    return 2595 * math.log10(1 + f / 700)
