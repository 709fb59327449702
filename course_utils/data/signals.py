"""Signals to look at, every one of them made: a heartbeat, sung vowels, a strand of DNA."""

import math

import numpy as np

# The five waves of a beat: the phase in radians (the R wave is at 0, a beat is 2 pi long) and the
# width in radians are those of McSharry et al. (2003, table I); the heights in mV are typical ones.
_WAVES = {
    "P": (-math.pi / 3, 0.25, 0.15),
    "Q": (-math.pi / 12, 0.10, -0.10),
    "R": (0.0, 0.10, 1.00),
    "S": (math.pi / 12, 0.10, -0.25),
    "T": (math.pi / 2, 0.40, 0.30),
}

# The first three resonances of the vocal tract (Hz), means over men, from Peterson and Barney
# (1952); each is about 80 Hz wide here.
_FORMANTS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240)}
_BANDWIDTH = 80.0


def heartbeat(
    seconds: float = 4.0, bpm: float = 70.0, hz: int = 250, noise: float = 0.02, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return a made electrocardiogram: times (s) and voltages (mV), both `(seconds * hz,)`.

    Each beat is a sum of five bell curves, the waves P, Q, R, S and T: the idea of McSharry,
    Clifford, Tarassenko and Smith (2003), without their differential equation. `bpm` is the mean
    number of beats a minute; the length of a beat varies by 5 %. `noise` (mV) and the lengths are
    drawn from `seed`, `hz` is the sampling rate. It is good for plots, not for medicine.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * hz)) / hz
    voltage = noise * rng.standard_normal(len(time))
    r_wave = -30 / bpm  # half a beat before the beginning
    while r_wave < seconds + 60 / bpm:  # one beat more, whose P wave may be in sight
        length = 60 / bpm * (1 + 0.05 * rng.standard_normal())
        for phase, width, height in _WAVES.values():
            centre, spread = (length / (2 * math.pi) * radians for radians in (phase, width))
            voltage += height * np.exp(-(((time - r_wave - centre) / spread) ** 2) / 2)
        r_wave += length
    return time, voltage


def vowels(
    spoken: str = "aiu", pitch: float = 120.0, seconds_each: float = 0.3, hz: int = 8000
) -> tuple[np.ndarray, np.ndarray]:
    """Return made vowels one after the other: times (s) and a waveform in [-1, 1], both `(n,)`.

    The vocal cords give all multiples of `pitch` (Hz), the k-th with the strength 1/k; the mouth
    lets those near its resonances pass, and where these lie makes the vowel, "a", "i" or "u"
    (frequencies from Peterson and Barney 1952). `hz` is the sampling rate; nothing is random.

    Raises ValueError for any other letter.
    """
    if unknown := sorted(set(spoken) - set(_FORMANTS)):
        raise ValueError(f"The vowels are {', '.join(_FORMANTS)}; {unknown[0]!r} is not one.")
    n = round(seconds_each * hz)
    time = np.arange(n) / hz
    harmonics = pitch * np.arange(1, math.ceil(hz / 2 / pitch))  # below half of the sampling rate
    waves = np.sin(2 * math.pi * harmonics[:, None] * time)
    swell = np.sin(math.pi * np.arange(n) / n) ** 0.5  # silence, vowel, silence
    parts = [swell * ((pitch / harmonics * _passes(harmonics, v)) @ waves) for v in spoken]
    sound = np.concatenate([part / np.abs(part).max() for part in parts]) if parts else np.zeros(0)
    return np.arange(len(sound)) / hz, sound


def _passes(frequencies: np.ndarray, vowel: str) -> np.ndarray:
    """Return how much of each frequency (Hz) the mouth lets pass: a sum of resonance curves."""
    offset = frequencies[:, None] - np.array(_FORMANTS[vowel])
    return (1 / (1 + (offset / (_BANDWIDTH / 2)) ** 2)).sum(axis=1)


def dna(n: int, seed: int = 0) -> str:
    """Return n random letters A, C, G, T, 41 % of them C or G as in the human genome.

    Each letter is drawn alone. Real DNA has an order, and that is what a sequence model is for.
    """
    shares = [0.295, 0.205, 0.205, 0.295]
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), size=n, p=shares))
