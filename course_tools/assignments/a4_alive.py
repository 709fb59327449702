"""Part 5 of A4: whether an initialisation keeps gradients alive, by what it does, and if not why.

No formula is asked for. The parameters that come back are put to work: inputs from N(0, 1), the
state from zero, `STEPS` steps. The gain over k steps is how much of a nudge of the state at the
start is found again k steps later, the root mean square over all directions of both; it is also
what a gradient keeps on its way back, since both go through the same matrix. It is typical (a
geometric mean) for the sequences tried.

An identity, an orthogonal matrix, one that is orthogonal only together with the leak: each passes
where the rest is in keeping. Where the gain dies, the cause is found by taking suspects out one by
one: the first without which it lives is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_tools.assignments.a4_reference import NAMES
from course_utils.checks import Case
from course_utils.checks.rooms import Callee, Reply

STEPS, LEAST, MOST = 50, 0.1, 10.0
LAGS = (5, 10, 20, 35, STEPS)
FELT, FOUND = 0.01, 0.02
"""The least that inputs move states and outputs, and that the fed back output moves the state; and
the least share of a nudge of the first input that is found again in the last state."""
FINE = "fine"


def cases(rng: np.random.Generator) -> Iterable[Case]:
    def case(leaks, D: int, H: int, O: int, leak, weight: float) -> Case:
        arguments = {"D": D, "H": H, "O": O, "leak": leak, "seed": int(rng.integers(10**6))}
        aside = {"x": rng.normal(size=(12, STEPS, D)), "y": rng.normal(size=(12, O))}
        return Case(f"D={D}, H={H}, O={O}, {leaks}", arguments, weight, aside)

    spread = rng.permutation(np.linspace(0.2, 1, 32))
    yield case("leaks from 0.2 to 1", 4, 32, 3, spread, 6)
    yield case("every leak 1", 5, 40, 2, np.ones(40), 3)
    rate = round(float(rng.uniform(0.35, 0.6)), 2)
    yield case(f"every leak {rate}", 3, 36, 2, np.full(36, rate), 3)
    yield case("leaks from 0.2 to 1", 6, 48, 4, rng.permutation(np.linspace(0.2, 1, 48)), 2)


@dataclass(frozen=True)
class Asked:
    """The student's `initialise`, asked three times: twice with one seed, once with the next."""

    callee: Callee

    def call(self, arguments: dict[str, Any], keep: tuple[int, ...] = ()) -> Reply:
        replies = [
            self.callee.call({**arguments, "seed": arguments["seed"] + more}) for more in (0, 0, 1)
        ]
        failed = [reply for reply in replies if reply.failure is not None]
        if failed:
            return failed[0]
        return Reply(tuple(reply.value for reply in replies), changed=replies[0].changed)


# --- what the parameters do -------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """What parameters do: the gain after 1 to STEPS steps, the share of the first input's effect on
    the first state that is found in the last, the spread of the last states and outputs over the
    sequences, how far y_{t-1} moves h_t, and how much the units are alike."""

    gain: np.ndarray
    found: float
    moved: float
    answered: float
    heard: float
    alike: float

    def lives(self, k: int = STEPS) -> bool:
        return bool(np.all((self.gain[:k] >= LEAST) & (self.gain[:k] <= MOST)))


def measure(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> Measured:
    """Run x (B, T, D) through the cell from zero; `y` (B, O) are outputs to be fed back."""
    p = {name: np.asarray(value, dtype=np.float64) for name, value in params.items()}
    a, W_yh = p["leak"], p["W_yh"]
    B, H = len(x), len(a)
    h, total = np.zeros((B, H)), np.broadcast_to(np.eye(H), (B, H, H))
    kept, ways, gain, entered = np.diag(1 - a), p["W_hh"] + p["W_hy"] @ W_yh, [], None
    sizes: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for x_t in np.moveaxis(x, 1, 0):
            y_prev = h @ p["W_hy"] + p["b_y"]
            new = np.tanh(x_t @ p["W_xh"] + h @ p["W_hh"] + y_prev @ W_yh + p["b_h"])
            gate = (a * (1 - new**2))[:, None, :]
            J = kept + ways * gate
            total = total @ J
            entered = p["W_xh"] * gate if entered is None else entered @ J
            sizes.append(np.linalg.norm(entered, axis=(1, 2)))
            h = (1 - a) * h + a * new
            gain.append(np.exp(np.mean(np.log(np.linalg.norm(total, axis=(1, 2)) / np.sqrt(H)))))
        found = np.exp(np.mean(np.log(sizes[-1] / sizes[0])))
    nudged = a * (np.tanh(y @ W_yh + p["b_h"]) - np.tanh(p["b_h"]))
    spread, outputs = h.std(axis=0), (h @ p["W_hy"]).std(axis=0)
    return Measured(
        np.nan_to_num(np.array(gain), posinf=1e300),
        float(np.nan_to_num(found)),
        float(spread.mean()),
        float(outputs.mean()),
        float(np.sqrt(np.mean(nudged**2))),
        _alike(h, spread),
    )


def deceived() -> bool:
    """Whether what cannot live is measured as alive: somebody wrote, say, `np.linalg.norm = ...`.

    A recurrent matrix of zeros forgets in one step, where the leak is 1.
    """
    shapes = {"W_xh": (2, 3), "W_hh": (3, 3), "W_yh": (1, 3), "b_h": 3, "W_hy": (3, 1), "b_y": 1}
    dead = {name: np.zeros(shape) for name, shape in shapes.items()} | {"leak": np.ones(3)}
    found = measure(dead, np.ones((1, STEPS, 2)), np.ones((1, 1)))
    return found.lives(1) or found.moved >= FELT or found.heard >= FELT


def _alike(h: np.ndarray, spread: np.ndarray) -> float:
    """The mean absolute correlation of two units over the sequences."""
    if not spread.all():
        return 0.0
    standard = (h - h.mean(axis=0)) / spread
    correlations = np.abs(standard.T @ standard) / len(h)
    H = len(spread)
    return float((correlations.sum() - H) / (H * H - H))


# --- read -------------------------------------------------------------------------------------


def read(known: dict[str, Any], value: Any) -> tuple[str, ...]:
    """Return a sentence, or FINE, for each of LAGS, for in and out, for the feedback, the seed."""
    params, again, other = (checked(known, returned) for returned in value)
    found = measure(params, known["x"], known["y"])
    lives = [_alive(found, k) for k in LAGS]
    return (*lives, _felt(found), _heard(found), _drawn(params, again, other))


def checked(known: dict[str, Any], params: Any) -> dict[str, np.ndarray]:
    """Return the parameters; raise ValueError with a sentence where they are none."""
    D, H, O = (known[name] for name in "DHO")
    shapes = {"W_xh": (D, H), "W_hh": (H, H), "W_yh": (O, H), "b_h": (H,), "leak": (H,)}
    shapes |= {"W_hy": (H, O), "b_y": (O,)}
    if not isinstance(params, dict) or set(params) != set(NAMES):
        came = f"the keys {list(params)}" if isinstance(params, dict) else type(params).__name__
        raise ValueError(f"return a dict with the keys {', '.join(NAMES)}; yours gave {came}")
    for name, shape in shapes.items():
        array = params[name]
        if not isinstance(array, np.ndarray) or array.shape != shape:
            raise ValueError(f'params["{name}"] should be an array of shape {shape}')
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ValueError(f'params["{name}"] should hold floating, finite numbers')
    if not np.allclose(params["leak"], known["leak"]):
        raise ValueError('params["leak"] is not the `leak` that was given')
    return params


def _alive(found: Measured, k: int) -> str:
    if found.moved < FELT:
        return f"Inputs hardly move the state (by {found.moved:.1g}): nothing is there to remember."
    if found.lives(k):
        if found.found >= FOUND or not found.lives():
            return FINE
        return (
            "Gradients live, but not where inputs enter: of a nudge of the first input "
            f"{found.found:.1g} is found again in the last state; asked for is {FOUND:g}."
        )
    wrong = np.flatnonzero((found.gain[:k] < LEAST) | (found.gain[:k] > MOST))
    first, last = int(wrong[0]) + 1, found.gain[k - 1]
    return (
        f"A nudge of the state is {found.gain[first - 1]:.2g} times what it was after {first} "
        f"steps, and {last:.2g} times after {k}; asked for is between {LEAST:g} and {MOST:g}."
    )


def _felt(found: Measured) -> str:
    if found.moved < FELT:
        return f"Inputs move the states by {found.moved:.1g} only; asked for is {FELT:g} at least."
    if found.answered < FELT:
        return f"The outputs spread by {found.answered:.1g} only; asked for is {FELT:g} at least."
    if found.alike > 0.999:
        return "All units do the same: they start as copies of each other and will stay so."
    return FINE


def _heard(found: Measured) -> str:
    if found.heard < FELT:
        return f"The old output moves the state by {found.heard:.1g} only, not by {FELT:g}."
    return FINE


def _drawn(params: dict, again: dict, other: dict) -> str:
    if not all(np.array_equal(params[name], again[name]) for name in NAMES):
        return "The same seed gave other numbers the second time."
    if all(np.array_equal(params[name], other[name]) for name in NAMES):
        return "Another seed gave the same numbers."
    return FINE


# --- why --------------------------------------------------------------------------------------


def cause(known: dict[str, Any], value: Any) -> str:
    """Return the name of what is wrong with what `Asked` brought, or nothing."""
    try:
        said = read(known, value)
    except ValueError as error:
        return "leak replaced" if "was given" in str(error) else ""
    params = value[0]
    found = measure(params, known["x"], known["y"])
    if found.moved < FELT:
        freed = {**params, "b_h": 0 * params["b_h"], "b_y": 0 * params["b_y"]}
        stuck = measure(freed, known["x"], known["y"]).moved >= FELT
        return "biases saturate the tanh" if stuck else "inputs do not reach the state"
    if not found.lives():
        return _why_not_alive(params, known, found)
    if found.found < FOUND:
        return "what lasts hears nothing"
    if said[-3] != FINE:
        return "all units alike" if found.answered >= FELT else "outputs silent"
    if said[-2] != FINE:
        return "feedback switched off"
    if said[-1] != FINE:
        return "seed ignored" if "Another" in said[-1] else "seed not used"
    return ""


def _why_not_alive(params: dict, known: dict[str, Any], found: Measured) -> str:
    suspects = {
        "feedback not reckoned with": {"W_yh": 0 * params["W_yh"]},
        "biases saturate the tanh": {"b_h": 0 * params["b_h"], "b_y": 0 * params["b_y"]},
        "inputs saturate the tanh": {"W_xh": 0.02 * params["W_xh"] / params["W_xh"].std()},
    }
    for name, without in suspects.items():
        if measure({**params, **without}, known["x"], known["y"]).lives():
            return name
    H, a = len(params["leak"]), params["leak"]
    ways = params["W_hh"] + params["W_hy"] @ params["W_yh"]
    steep = np.linalg.matrix_power(np.diag(1 - a) + ways * a, STEPS)  # as if every slope were 1
    gain = np.linalg.norm(steep) / np.sqrt(H)
    if gain > MOST:
        return "recurrence too strong"
    return "recurrence too weak" if gain < LEAST else ""
