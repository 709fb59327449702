"""What the students of the tests hand in for A1: honest variants and mistakes.

Sources are text, as students write them; none of them can see course_tools.
"""

from __future__ import annotations

from classroom import HandIn, untouched, write_all

NAMES = {
    "features": "make_features",
    "windows": "make_windows",
    "parts": "assign_parts",
    "scale": "scale",
    "fit": "fit_markov",
    "loss": "mean_nats",
}
PARTS = tuple(NAMES)
VISIBLE = {"features": 4, "windows": 5, "parts": 2, "scale": 3, "fit": 3, "loss": 2}
HIDDEN = {"features": 14, "windows": 20, "parts": 8, "scale": 9, "fit": 9, "loss": 6}
POINTS = {part: VISIBLE[part] + HIDDEN[part] for part in PARTS}
FULL = sum(POINTS.values())

# --- three honest variants, and one that computes in float32 ---------------------------------

LOOPS = {
    "features": """
import math


def make_features(dates, temperature, wet):
    rows = []
    spell = 0
    for t in range(len(dates)):
        day = dates[t].item()
        leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
        angle = 2 * math.pi * (day.timetuple().tm_yday - 1) / (366 if leap else 365)
        change = 0.0
        if t > 0 and not np.isnan(temperature[t]) and not np.isnan(temperature[t - 1]):
            change = temperature[t] - temperature[t - 1]
        if wet[t] == 1:
            spell = spell + 1
        if wet[t] == 0:
            spell = 0
        rows.append([math.sin(angle), math.cos(angle), change, spell])
    return np.array(rows)
""",
    "windows": """
def make_windows(series, target, station, lags, horizon, stride):
    x, y, index = [], [], []
    wait = 0
    for today in range(len(series)):
        oldest, goal = today - max(lags), today + horizon
        if oldest < 0 or goal >= len(series) or station[oldest] != station[goal]:
            wait = 0
            continue
        if wait == 0:
            x.append([list(series[today - lag]) for lag in reversed(sorted(lags))])
            y.append(target[goal])
            index.append(goal)
            wait = stride
        wait -= 1
    return np.array(x).reshape(len(x), len(lags), series.shape[1]), np.array(y), np.array(index)
""",
    "parts": """
def assign_parts(day, reach, borders):
    parts = []
    for last in day:
        first = last - reach
        if last < borders[0]:
            parts.append(0)
        elif first >= borders[0] and last < borders[1]:
            parts.append(1)
        elif first >= borders[1]:
            parts.append(2)
        else:
            parts.append(-1)
    return parts
""",
    "scale": """
def scale(x, part):
    z = np.zeros(x.shape)
    for d in range(x.shape[2]):
        values = [v for v in x[part == 0][:, :, d].ravel() if not np.isnan(v)]
        deviation = 1 if min(values) == max(values) else np.std(values)
        z[:, :, d] = (x[:, :, d] - np.mean(values)) / deviation
    z[np.isnan(z)] = 0
    return z
""",
    "fit": """
def fit_markov(states, station, S, order, alpha):
    if order == 0:
        P = np.zeros(S)
        for k in states:
            P[k] += 1
        return (P + alpha) / (len(states) + alpha * S)
    if order == 1:
        P = np.zeros((S, S))
        for t in range(1, len(states)):
            if station[t] == station[t - 1]:
                P[states[t - 1], states[t]] += 1
        return (P + alpha) / (P.sum(axis=1)[:, None] + alpha * S)
    P = np.zeros((S, S, S))
    for t in range(2, len(states)):
        if station[t] == station[t - 2]:
            P[states[t - 2], states[t - 1], states[t]] += 1
    return (P + alpha) / (P.sum(axis=2)[:, :, None] + alpha * S)
""",
    "loss": """
def mean_nats(states, station, P0, P1, P2):
    losses = []
    for name in set(station):
        own = states[station == name]
        for t in range(len(own)):
            if t == 0:
                losses.append(-np.log(P0[own[0]]))
            elif t == 1:
                losses.append(-np.log(P1[own[0], own[1]]))
            else:
                losses.append(-np.log(P2[own[t - 2], own[t - 1], own[t]]))
    return np.mean(losses)
""",
}

ARRAYS = {
    "features": """
def make_features(dates, temperature, wet):
    year = dates.astype("datetime64[Y]")
    d = (dates - year.astype("datetime64[D]")).astype(float)
    n = ((year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")).astype(float)
    z = np.exp(2j * np.pi * d / n)
    before = np.concatenate([[np.nan], temperature[:-1]])
    total = np.cumsum(np.nan_to_num(wet))
    reset = np.maximum.accumulate(np.where(wet == 0, total, 0))
    return np.column_stack([z.imag, z.real, np.nan_to_num(temperature - before), total - reset])
""",
    "windows": """
def make_windows(series, target, station, lags, horizon, stride):
    lags = -np.sort(-np.asarray(lags))
    t = np.arange(len(series))
    first = np.searchsorted(t[1:][np.diff(station) != 0], t, side="right")
    begin = np.array([t[first == k][0] for k in first], dtype=int)
    ok = (t - lags[0] >= begin) & ((t - lags[0] - begin) % stride == 0)
    ok &= np.array([g < len(t) and first[g] == f for g, f in zip(t + horizon, first)], dtype=bool)
    index = t[ok] + horizon
    return np.take(series, t[ok][:, None] - lags[None, :], axis=0), np.take(target, index), index
""",
    "parts": """
def assign_parts(day, reach, borders):
    a, b = borders
    part = np.full(len(day), -1)
    part[day < a] = 0
    part[(day - reach >= a) & (day < b)] = 1
    part[day - reach >= b] = 2
    return part
""",
    "scale": """
def scale(x, part):
    flat = x[part == 0].reshape(-1, x.shape[2])
    mean = np.nanmean(flat, axis=0)
    deviation = np.sqrt(np.nanmean((flat - mean) ** 2, axis=0))
    deviation[np.nanmax(flat, axis=0) - np.nanmin(flat, axis=0) == 0] = 1
    return np.nan_to_num((x - mean) / deviation, nan=0.0)
""",
    "fit": """
def fit_markov(states, station, S, order, alpha):
    counts = np.zeros(S ** (order + 1))
    n = len(states) - order
    if n > 0:
        key = sum(states[m : m + n] * S ** (order - m) for m in range(order + 1))
        counts += np.bincount(key[station[:n] == station[order:]], minlength=len(counts))
    counts = counts.reshape([S] * (order + 1)) + alpha
    return counts / np.sum(counts, axis=-1)[..., None]
""",
    "loss": """
def mean_nats(states, station, P0, P1, P2):
    p = P0[states]
    one = station[1:] == station[:-1]
    p[1:] = np.where(one, P1[states[:-1], states[1:]], p[1:])
    two = station[2:] == station[:-2]
    p[2:] = np.where(two, P2[states[:-2], states[1:-1], states[2:]], p[2:])
    return float(-np.log(p).sum() / p.size)
""",
}

RECURSIVE = {
    "features": """
def make_features(dates, temperature, wet):
    def season(day):
        year = day.astype("datetime64[Y]")
        return (day - year) / ((year + 1).astype("datetime64[D]") - year)

    def spell(t):
        while t >= 0 and np.isnan(wet[t]):
            t -= 1
        if t < 0 or wet[t] == 0:
            return 0
        return 1 + spell(t - 1)

    turn = 2 * np.pi * np.array([season(day) for day in dates])
    change = np.zeros(len(dates))
    change[1:] = temperature[1:] - temperature[:-1]
    change[np.isnan(change)] = 0
    spells = [spell(t) for t in range(len(dates))]
    return np.vstack([np.sin(turn), np.cos(turn), change, spells]).T
""",
    "windows": """
def make_windows(series, target, station, lags, horizon, stride):
    far, names = max(lags), []
    for name in station:
        if name not in names:
            names.append(name)
    pairs = []
    for name in names:
        own = [t for t in range(len(station)) if station[t] == name]
        pairs += [(t, t + horizon) for t in own[far : len(own) - horizon : stride]]
    x = np.empty((len(pairs), len(lags), series.shape[1]), dtype=series.dtype)
    for i, (today, _) in enumerate(pairs):
        for l, lag in enumerate(sorted(lags)[::-1]):
            x[i, l] = series[today - lag]
    index = np.array([goal for _, goal in pairs], dtype=int)
    return [x, target[index], index]
""",
    "parts": """
def assign_parts(day, reach, borders):
    ends = [-10**9, *borders, 10**9]
    part = -np.ones(len(day))
    for k in range(3):
        inside = (day - reach >= ends[k]) & (day < ends[k + 1])
        part = np.where(inside, k, part)
    return part
""",
    "scale": """
def scale(x, part):
    train = np.ma.masked_invalid(x[part == 0])
    mean = train.mean(axis=(0, 1)).filled(0)
    spread = np.where(np.ptp(train, axis=(0, 1)) == 0, 1, train.std(axis=(0, 1)).filled(1))
    z = (np.ma.masked_invalid(x) - mean) / spread
    return z.filled(0)
""",
    "fit": """
def fit_markov(states, station, S, order, alpha):
    P = np.full([S] * (order + 1), alpha, dtype=float)
    good = [t for t in range(order, len(states)) if len(set(station[t - order : t + 1])) == 1]
    np.add.at(P, tuple(states[[t - order + m for t in good]] for m in range(order + 1)), 1)
    P /= P.sum(-1, keepdims=True)
    return P
""",
    "loss": """
def mean_nats(states, station, P0, P1, P2):
    total, run, before = 0, [], None
    for k, name in zip(states, station):
        run = run + [k] if name == before else [k]
        before = name
        total += np.log([P0, P1, P2][min(len(run), 3) - 1][tuple(run[-3:])])
    return -total / len(states)
""",
}

FLOAT32 = {
    "features": """
def make_features(dates, temperature, wet):
    year = dates.astype("datetime64[Y]")
    share = (dates - year) / ((year + 1).astype("datetime64[D]") - year)
    out = np.zeros((len(dates), 4), dtype=np.float32)
    out[:, 0], out[:, 1] = np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)
    for t in range(len(dates)):
        change = temperature[t] - temperature[t - 1] if t else 0
        out[t, 2] = 0 if np.isnan(change) else change
        before = out[t - 1, 3] if t else 0
        out[t, 3] = before if np.isnan(wet[t]) else (before + 1) * wet[t]
    return out
""",
    "scale": """
def scale(x, part):
    x = x.astype(np.float32)
    seen = x[part == 0]
    mean, deviation = np.nanmean(seen, axis=(0, 1)), np.nanstd(seen, axis=(0, 1))
    same = np.nanmin(seen, axis=(0, 1)) == np.nanmax(seen, axis=(0, 1))
    z = (x - mean) / np.where(same, np.float32(1), deviation)
    return np.where(np.isnan(z), np.float32(0), z)
""",
    "loss": """
def mean_nats(states, station, P0, P1, P2):
    p = np.empty(len(states), dtype=np.float32)
    for t, k in enumerate(states):
        back = min(2, sum(1 for m in (1, 2) if t >= m and station[t - m] == station[t]))
        past = states[t - back : t]
        p[t] = (P0, P1, P2)[back][(*past, k)]
    return -np.log(p).mean()
""",
}

# Lists wherever the text allows them: all but Part 1, in loops without a single array.
LISTS = {
    "windows": """
def make_windows(series, target, station, lags, horizon, stride):
    x, y, index = [], [], []
    for today in range(max(lags), len(station) - horizon):
        goal = today + horizon
        if station[today - max(lags)] != station[goal]:
            continue
        if index and station[index[-1]] == station[goal] and goal < index[-1] + stride:
            continue
        x.append([list(series[today - lag]) for lag in sorted(lags)[::-1]])
        y.append(target[goal])
        index.append(goal)
    return x or np.zeros((0, len(lags), series.shape[1])), y, index
""",
    "parts": LOOPS["parts"],
    "scale": """
def scale(x, part):
    z = x.tolist()
    for d in range(x.shape[2]):
        known = [v for row in x[part == 0] for v in row[:, d] if not np.isnan(v)]
        mean = sum(known) / len(known)
        deviation = (sum((v - mean) ** 2 for v in known) / len(known)) ** 0.5
        if min(known) == max(known):
            deviation = 1
        for window in z:
            for day in window:
                day[d] = 0 if np.isnan(day[d]) else (day[d] - mean) / deviation
    return z
""",
    "fit": """
def fit_markov(states, station, S, order, alpha):
    P = np.full((S,) * (order + 1), alpha)
    for t in range(order, len(states)):
        if len(set(station[t - order : t + 1].tolist())) == 1:
            P[tuple(states[t - order : t + 1])] += 1
    return (P / P.sum(-1)[..., None]).tolist()
""",
}

# --- three mistakes of the catalogue, as a student would make them ---------------------------

CROSSED = """
def make_windows(series, target, station, lags, horizon, stride):
    today = np.arange(max(lags), len(series) - horizon, stride)
    index = today + horizon
    return series[today[:, None] - np.array(sorted(lags))[::-1]], target[index], index
"""

SCALED_BY_ALL = """
def scale(x, part):
    mean, deviation = np.nanmean(x, axis=(0, 1)), np.nanstd(x, axis=(0, 1))
    same = np.nanmin(x, axis=(0, 1)) == np.nanmax(x, axis=(0, 1))
    return np.nan_to_num((x - mean) / np.where(same, 1, deviation))
"""

SMOOTHED_LATE = """
def fit_markov(states, station, S, order, alpha):
    counts = np.zeros((S,) * (order + 1))
    for t in range(order, len(states)):
        if station[t - order] == station[t]:
            counts[tuple(states[t - order : t + 1])] += 1
    whole = counts.sum(axis=-1, keepdims=True)
    P = counts / np.where(whole == 0, 1, whole) + alpha
    return P / P.sum(axis=-1, keepdims=True)
"""

CLASS: dict[str, HandIn] = {
    "s001": write_all({}),
    "s002": untouched,
    "s003": write_all(LOOPS),
    "s004": write_all({"windows": CROSSED, "scale": SCALED_BY_ALL, "fit": SMOOTHED_LATE}),
}
