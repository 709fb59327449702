"""Models `model(x, lengths) -> y (B, K)` for the reader's test: some keep padding out, some not.

x is (B, T, 3). Each right model gives for a row of a padded batch what it gives for that row alone.
"""

from __future__ import annotations

import numpy as np

from course_utils.checks.batching.both_ways import last_of, run_pass
from course_utils.checks.batching.turned import turned

_rng = np.random.default_rng(70)
AHEAD = (_rng.normal(size=(3, 3)), _rng.normal(size=(3, 3)) / 2, _rng.uniform(0.2, 0.8, 3))
BACK = (_rng.normal(size=(3, 3)), _rng.normal(size=(3, 3)) / 2, _rng.uniform(0.2, 0.8, 3))


def _real(x, lengths):
    return (np.arange(x.shape[1]) < np.asarray(lengths)[:, None])[..., None]


def _states(x):
    return run_pass(x, AHEAD)


def _last_real(x, lengths):
    return last_of(_states(x), lengths)


def _both(x, lengths):
    back = turned(run_pass(turned(x, lengths), BACK), lengths)
    return np.concatenate([_last_real(x, lengths), back[:, 0]], axis=1)


def _kept(x, lengths):
    return np.where(_real(x, lengths), _states(x), 0.0)


def _in_float32(x, lengths):
    """Right but for rounding, which depends on the number of steps as it does in libraries."""
    mean = _kept(x, lengths).sum(axis=1) / np.asarray(lengths)[:, None]
    return (mean * (1 + 1e-7 * x.shape[1])).astype(np.float32)


RIGHT = {
    "last real state": _last_real,
    "mean over the real steps": lambda x, n: _kept(x, n).sum(axis=1) / np.asarray(n)[:, None],
    "maximum over the real steps": lambda x, n: np.where(_real(x, n), _states(x), -np.inf).max(1),
    "both ways": _both,
    "mean, in float32": _in_float32,
}


def _sorted(x, lengths):
    order = np.argsort(-np.asarray(lengths), kind="stable")
    return _last_real(x[order], np.asarray(lengths)[order])


def _from_the_padding(x, lengths):
    back = np.where(_real(x, lengths), run_pass(x[:, ::-1], BACK)[:, ::-1], 0.0)
    return back.sum(axis=1) / np.asarray(lengths)[:, None]


def _one_step_too_far(x, lengths):
    return _states(x)[np.arange(len(x)), np.minimum(lengths, x.shape[1] - 1)]


def _standardised(x, lengths):
    """Subtracts the mean of all places of the batch first, padding included."""
    return _last_real(x - x.mean(axis=(0, 1)), lengths)


def _soft_attention(x, lengths):
    score = np.exp(_states(x)[..., :1])
    return (_kept(x, lengths) * score).sum(axis=1) / score.sum(axis=1)


WRONG = {
    "state after the padding": lambda x, n: _states(x)[:, -1],
    "mean over all steps": lambda x, n: _states(x).mean(axis=1),
    "real steps added, divided by T": lambda x, n: _kept(x, n).sum(axis=1) / x.shape[1],
    "inputs added, divided by the length": lambda x, n: x.sum(axis=1) / np.asarray(n)[:, None],
    "maximum over all steps": lambda x, n: _states(x).max(axis=1),
    "largest input, padding too": lambda x, n: np.maximum(x.max(axis=1), 0.0),
    "backward pass from the padding": _from_the_padding,
    "one step too far": _one_step_too_far,
    "rows sorted by length, not put back": _sorted,
    "standardised with the padding": _standardised,
    "attention to the padding": _soft_attention,
}
MODELS = {**RIGHT, **WRONG}
