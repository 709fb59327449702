"""Monthly prices of five companies' stocks, 2000 to 2010."""

from dataclasses import dataclass

import numpy as np

from course_utils.data.weather import vega_rows

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Stocks:
    """Prices `(months, D)` in US dollars, NaN before a company was listed; column d: `names[d]`."""

    dates: np.ndarray  # (months,) datetime64[M], one after the other without a gap
    prices: np.ndarray  # (months, D) float64
    names: tuple[str, ...]


def load_stocks() -> Stocks:
    """Return 123 monthly prices, January 2000 to March 2010, from the file in `vega_datasets`.

    The file gives prices adjusted for later splits and dividends, not what was paid on the day.

    Raises CourseError where the package `vega_datasets`, which brings the file, is missing.
    """
    rows = vega_rows("stocks.csv")
    names = tuple(dict.fromkeys(row["symbol"] for row in rows))
    # Names of months are looked up here: strptime would read them in the reader's language.
    found = {}
    for row in rows:
        month, _, year = row["date"].split()
        date = np.datetime64(f"{year}-{_MONTHS.index(month) + 1:02}")
        found[date, row["symbol"]] = float(row["price"])
    dates = np.array(sorted({date for date, _ in found}))
    prices = np.array([[found.get((date, name), np.nan) for name in names] for date in dates])
    return Stocks(dates, prices, names)
