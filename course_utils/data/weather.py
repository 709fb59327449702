"""Seattle's daily weather, 2012 to 2015, and how a series becomes samples for a network."""

import csv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from course_utils.errors import CourseError

COLUMNS = {"precipitation": "mm", "temp_max": "°C", "temp_min": "°C", "wind": "m/s"}


@dataclass(frozen=True)
class Weather:
    """Daily records: `features` is `(days, D)`, column d is `names[d]` measured in `units[d]`."""

    dates: np.ndarray  # (days,) datetime64[D], one after the other without a gap
    features: np.ndarray  # (days, D) float64
    names: tuple[str, ...]
    units: tuple[str, ...]
    wet: np.ndarray  # (days,) bool: some precipitation was measured
    labels: np.ndarray  # (days,) str: the file's own word for the day, not to be trusted


def load_weather() -> Weather:
    """Return 1,461 days of Seattle's weather (NOAA records, public domain).

    Wet or dry is taken from the precipitation. The file's own column of labels is kept in `labels`
    as a lesson about data, not as a target: its meaning drifts (5 days of "fog" in 2012, 151 in
    2014), so that a model of it learns how the file was made, not the weather.

    Raises CourseError where the package `vega_datasets`, which brings the file, is missing.
    """
    rows = vega_rows("seattle-weather.csv")
    features = np.array([[float(row[name]) for name in COLUMNS] for row in rows])
    return Weather(
        dates=np.array([row["date"].replace("/", "-") for row in rows], dtype="datetime64[D]"),
        features=features,
        names=tuple(COLUMNS),
        units=tuple(COLUMNS.values()),
        wet=features[:, 0] > 0,
        labels=np.array([row["weather"] for row in rows]),
    )


def vega_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table that the package `vega_datasets` brings, column name to text.

    Raises CourseError where the package is missing.
    """
    # The package is located, not imported: importing it would load pandas for one small table.
    package = find_spec("vega_datasets")
    # A folder that a package left behind when it was removed is found too, without an origin.
    path = Path(package.origin).parent / "_data" / name if package and package.origin else None
    if path is None or not path.is_file():
        raise CourseError(
            f"The records in {name} are missing; install the package vega_datasets, "
            "which contains them."
        )
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def windows(series: np.ndarray, length: int, horizon: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into `x (samples, length, D)` and the row `horizon` steps after each window.

    A series `(time, D)` gives targets `(samples, D)`; a series `(time,)` counts as one feature, its
    targets are `(samples,)`. Row i of `x` is `series[i : i + length]`.

    Raises ValueError where the series is too short for one window and its target.
    """
    series = np.asarray(series)
    if length < 1 or horizon < 1:
        raise ValueError(f"length and horizon must be at least 1; they are {length} and {horizon}.")
    samples = len(series) - length - horizon + 1
    if samples < 1:
        raise ValueError(
            f"A window of {length} steps and a target {horizon} later need "
            f"{length + horizon} steps; the series has {len(series)}."
        )
    rows = np.arange(samples)[:, None] + np.arange(length)
    columns = series[:, None] if series.ndim == 1 else series
    return columns[rows], series[length + horizon - 1 :].copy()


def standardise(train: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the arrays `(..., D)` with the mean 0 and the deviation 1 that `train` then has.

    The statistics come from `train` alone: those of held-out data would leak the future into the
    training. A feature that never changes in `train` is only centred.
    """
    axes = tuple(range(np.ndim(train) - 1))
    mean, deviation = np.mean(train, axis=axes), np.std(train, axis=axes)
    # Rounding gives a column of 0.1 the deviation 1.4e-17, so the values themselves are compared.
    constant = np.min(train, axis=axes) == np.max(train, axis=axes)
    deviation = np.where(constant, 1, deviation)
    return tuple((array - mean) / deviation for array in (train, *others))
