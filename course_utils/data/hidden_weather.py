"""Made weather: a hidden Markov model whose best possible forecasts are known exactly."""

import math
from dataclasses import dataclass

import numpy as np

POINTS = 801  # of the grid on which the distribution of a forecast is followed
FAR = 8  # deviations of a normal distribution beyond which 1e-15 of it is left


@dataclass(frozen=True)
class HiddenWeather:
    """Days that are wet or dry, seen only through two poor instruments: everything here is made.

    The state of a day, wet or dry, is hidden. It stays the same over night with the probability
    `stay_wet` or `stay_dry`. Every day the thermometer (°C) and the hygrometer (%) show the mean
    that belongs to the day's state plus normal noise, of the same size in both states. Question:
    will tomorrow be wet? One day's readings tell the states poorly apart, but a spell lasts for
    days, so that who remembers the days before does far better.

    (A normal distribution knows no limit: about 1 wet day in 30,000 shows more than 100 %.)

    Raises ValueError where a day is not more likely than not like the day before, where an
    instrument has no noise, and where the means of the two states are the same.
    """

    stay_wet: float = 0.95
    stay_dry: float = 0.95
    mean_wet: tuple[float, float] = (15.0, 60.0)
    mean_dry: tuple[float, float] = (18.0, 52.0)
    noise: tuple[float, float] = (5.0, 10.0)

    names = ("temperature", "humidity")
    units = ("°C", "%")

    def __post_init__(self) -> None:
        if not (0.5 < self.stay_wet < 1 and 0.5 < self.stay_dry < 1):
            raise ValueError(
                "stay_wet and stay_dry lie between 0.5 and 1; "
                f"they are {self.stay_wet} and {self.stay_dry}."
            )
        if min(self.noise) <= 0 or self.distance == 0:
            raise ValueError("The instruments need some noise, and means that differ.")

    @property
    def share_wet(self) -> float:
        """The share of wet days in the long run, at which as many spells begin as end."""
        return (1 - self.stay_dry) / ((1 - self.stay_dry) + (1 - self.stay_wet))

    @property
    def distance(self) -> float:
        """How far apart the two means lie, measured in deviations of the noise."""
        return math.hypot(*(np.subtract(self.mean_wet, self.mean_dry) / self.noise))

    def sample(self, B: int, T: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return B series of T days: x `(B, T, 2)`, wet `(B, T)` and target `(B, T)`, 0 or 1.

        `x` is temperature (°C) and humidity (%); `target` is 1 where the next day is wet, which
        for the last day is a day not shown. The first day is drawn from the long run.
        """
        rng = np.random.default_rng(seed)
        state = np.empty((B, T + 1), dtype=np.int64)
        state[:, 0] = rng.random(B) < self.share_wet
        for t in range(T):
            state[:, t + 1] = rng.random(B) < self._tomorrow(state[:, t])
        wet, target = state[:, :-1], state[:, 1:]
        mean = np.where(wet[:, :, None], self.mean_wet, self.mean_dry)
        return mean + self.noise * rng.standard_normal((B, T, 2)), wet, target

    def forecast(self, x: np.ndarray, days: int | None = None) -> np.ndarray:
        """Return P(the day after t is wet | the last `days` days up to t), `(B, T)`, exactly.

        `days=None` takes all days from the first on, `days=1` today alone. This is the forward
        algorithm (Baum et al. 1970; Rabiner 1989, section III.A) written for two states. Let p_t
        be the probability that day t is wet given the days before it. Bayes' rule adds the day's
        readings: the odds q / (1 - q) of wet are the odds of p_t times the ratio of the densities
        of x_t, in logarithms

            logit(q_t) = logit(p_t) + evidence(x_t),

        and the night does the rest: p_{t+1} = q_t stay_wet + (1 - q_t) (1 - stay_dry).
        The first p is the share of wet days in the long run.
        """
        if days is not None and days < 1:
            raise ValueError(f"A forecast needs at least one day; days is {days}.")
        evidence = self._evidence(x)
        B, T = evidence.shape
        if days is None:
            p, forecasts = np.full(B, self.share_wet), np.empty((B, T))
            for t in range(T):
                p = forecasts[:, t] = self._tomorrow(_sigmoid(_logit(p) + evidence[:, t]))
            return forecasts
        # All windows at once, oldest day first. A day before the series shows nothing: evidence 0
        # leaves the long run as it is.
        p = np.full((B, T), self.share_wet)
        for ago in reversed(range(min(days, T))):
            seen = np.pad(evidence, ((0, 0), (ago, 0)))[:, :T]
            p = self._tomorrow(_sigmoid(_logit(p) + seen))
        return p

    def best_accuracy(self, days: int | None = None) -> float:
        """Return the accuracy of the best possible forecast from the last `days` days.

        `days=0` says the more frequent weather, `days=1` sees today alone, `days=None` every day
        of an endless past. No model of any kind does better on average. Nothing is simulated, and
        the error is below 1e-9.

        Raises ValueError where the states look so much alike that the grid below is too coarse.

        Given the state, `evidence` is normal with the mean ±d²/2 and the deviation d, d being
        `distance`. So for 0 and 1 days the answer is a formula (`_accuracy_today`). For more, the
        probability p with which a day begins is itself random: its distribution is followed from
        day to day on a grid of logit(p), where p is worth what it says, that is, a share p of the
        days that begin with p turns out wet. The formula is then averaged over that distribution.
        """
        if days is not None and days < 0:
            raise ValueError(f"days cannot be negative; it is {days}.")
        if days == 0:
            return max(self.share_wet, 1 - self.share_wet)
        if days == 1:
            return float(self._accuracy_today(self.share_wet))

        grid, night = self._grid()
        accuracy = self._accuracy_today(self._tomorrow(_sigmoid(grid)))
        if days is None:
            share = _unchanged_by(night)
        else:
            share = self._seen(_logit(self.share_wet), self.share_wet, grid)
            share /= share.sum()
            for _ in range(days - 2):
                share = share @ night
        return float(share @ accuracy)

    def _tomorrow(self, wet_today):
        """Return P(wet tomorrow) from P(wet today), any shape."""
        return wet_today * self.stay_wet + (1 - wet_today) * (1 - self.stay_dry)

    def _evidence(self, x: np.ndarray) -> np.ndarray:
        """Return log(density of x if wet / density of x if dry): `(B, T, 2)` to `(B, T)`.

        With equal noise the squares of x cancel and a weighted sum of the readings is left: a
        logistic regression of one day's readings can represent it.
        """
        wet, dry, noise = map(np.asarray, (self.mean_wet, self.mean_dry, self.noise))
        weights = (wet - dry) / noise**2
        return (np.asarray(x) - (wet + dry) / 2) @ weights

    def _accuracy_today(self, p):
        """Return the best accuracy for tomorrow when today began with p and is then seen.

        The better guess is "wet" where today is believed wet with more than b, at which tomorrow
        is open: b stay_wet + (1 - b)(1 - stay_dry) = 1/2. In evidence: more than logit b - logit p.
        """
        b = (self.stay_dry - 0.5) / (self.stay_wet + self.stay_dry - 1)
        d, limit = self.distance, _logit(b) - _logit(p)
        says_wet_if_wet = _normal_cdf((d * d / 2 - limit) / d)
        says_wet_if_dry = _normal_cdf((-d * d / 2 - limit) / d)
        if_wet = says_wet_if_wet * self.stay_wet + (1 - says_wet_if_wet) * (1 - self.stay_wet)
        if_dry = says_wet_if_dry * (1 - self.stay_dry) + (1 - says_wet_if_dry) * self.stay_dry
        return p * if_wet + (1 - p) * if_dry

    def _seen(self, before, p, after):
        """Return the density of logit q at `after` when the day began with p, logit `before`."""
        d = self.distance
        z = (after - before) / d
        bells = np.exp(-((z - d / 2) ** 2) / 2), np.exp(-((z + d / 2) ** 2) / 2)
        return p * bells[0] + (1 - p) * bells[1]

    def _grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Return logits q `(n,)`, and the shares `(n, n)` of the next day's q for each q today."""
        d = self.distance
        farthest = max(_logit(self.stay_wet), _logit(self.stay_dry)) + d * d / 2 + FAR * d
        grid, step = np.linspace(-farthest, farthest, POINTS, retstep=True)
        if step > 0.8 * d:  # sums over a bell curve are then wrong in the 13th digit, and soon more
            raise ValueError(
                f"The means are only {d:.2g} deviations of the noise apart, too little to be "
                "followed on the grid; take means that differ more, or less noise."
            )
        p = self._tomorrow(_sigmoid(grid))[:, None]
        night = self._seen(_logit(p), p, grid)
        return grid, night / night.sum(axis=1, keepdims=True)


def _unchanged_by(night: np.ndarray) -> np.ndarray:
    """Return the shares `(n,)` that one more night `(n, n)` leaves as they are."""
    balance = night.T - np.eye(len(night))
    balance[-1] = 1  # one equation follows from the others; in its place: the shares sum to 1
    return np.linalg.solve(balance, np.eye(len(night))[-1])


def _logit(p):
    return np.log(p) - np.log1p(-p)


def _sigmoid(logit):
    return np.exp(-np.logaddexp(0, -logit))


def _normal_cdf(z):
    return 0.5 * np.vectorize(math.erfc)(-np.asarray(z) / math.sqrt(2))
