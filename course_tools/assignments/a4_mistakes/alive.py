"""Initialisations of A4 under which gradients die, explode, or have nothing to carry."""

from __future__ import annotations

import numpy as np

from course_tools.assignments.a4_reference import initialise
from course_utils.checks import Mistake


def _with(change):
    """The reference with `change(params, rng)` put in."""

    def wrong(D, H, O, leak, seed):
        params = initialise(D, H, O, leak, seed)
        return params | change(params, np.random.default_rng(seed + 1))

    return wrong


def uniform(D, H, O, leak, seed):
    """All weights and biases uniform within ±1 / √H, as torch's recurrent layers start."""
    rng, most = np.random.default_rng(seed), 1 / np.sqrt(H)
    shapes = {"W_xh": (D, H), "W_hh": (H, H), "W_yh": (O, H), "b_h": H, "W_hy": (H, O), "b_y": O}
    params = {name: rng.uniform(-most, most, size=shape) for name, shape in shapes.items()}
    return params | {"leak": leak}


def _recurrent(make):
    return _with(lambda p, rng: {"W_hh": make(rng, *p["W_hh"].shape) - p["W_hy"] @ p["W_yh"]})


def _alike(p, rng):
    ones = {name: np.full_like(p[name], 0.05) for name in ("W_xh", "W_yh", "W_hy")}
    rank_one = ones["W_hy"] @ ones["W_yh"]
    return {
        **ones,
        "W_xh": p["W_xh"][:, :1] + 0 * p["W_xh"],
        "W_hh": np.eye(*rank_one.shape) - rank_one,
    }


def divided(D, H, O, leak, seed):
    """Half of the units last and hear nothing, the other half hear and forget at once."""
    params, half = initialise(D, H, O, leak, seed), np.arange(H) < H // 2
    params["W_xh"] = 4 * params["W_xh"] * ~half
    params["W_yh"], params["W_hy"] = params["W_yh"] * ~half, params["W_hy"] * ~half[:, None]
    return params | {"W_hh": np.diag(half.astype(float))}


def _entropy(D, H, O, leak, seed):
    return initialise(D, H, O, leak, None)


INITIALISE_MISTAKES = (
    Mistake(
        "recurrence too weak",
        "The state's way through the cell shrinks: `W_hh + W_hy @ W_yh`, together with the leak, "
        "is too small, even if every slope were 1.",
        "Write J with all slopes 1: diag(1 - a) + (W_hh + W_hy W_yh) diag(a). What makes it keep "
        "lengths?",
        uniform,
    ),
    Mistake(
        "recurrence too strong",
        "The state's way through the cell grows: `W_hh + W_hy @ W_yh` is too large. Either the "
        "gradient explodes, or the state grows until the tanh is flat.",
        "N(0, 1) has a spectral radius of √H. Write J with all slopes 1: what makes it keep "
        "lengths?",
        _recurrent(lambda rng, H, _: rng.normal(size=(H, H))),
    ),
    Mistake(
        "inputs saturate the tanh",
        "`W_xh` is too large: inputs push the tanh to where it is flat. With a small `W_xh` your "
        "gradients would live.",
        "The slope 1 - n² is lost at every step, and to the 50th power. Smaller inputs keep it "
        "near 1.",
        _with(lambda p, rng: {"W_xh": rng.normal(size=p["W_xh"].shape)}),
    ),
    Mistake(
        "biases saturate the tanh",
        "The biases push the tanh to where it is flat. Without them your gradients would live.",
        "Start biases at zero.",
        _with(lambda p, rng: {"b_h": p["b_h"] + 1.5 * rng.choice([-1, 1], size=len(p["b_h"]))}),
    ),
    Mistake(
        "feedback not reckoned with",
        "Without `W_yh` your gradients would live: the feedback adds `W_hy @ W_yh` to `W_hh`.",
        "Make the feedback small, or take its way out of W_hh: W_hh = ... - W_hy @ W_yh.",
        _with(
            lambda p, rng: {
                "W_hh": np.eye(len(p["leak"])),
                "W_yh": rng.normal(size=p["W_yh"].shape),
            }
        ),
    ),
    Mistake(
        "inputs do not reach the state",
        "Inputs hardly move the state. A gradient that lives but has nothing to tell is no use.",
        "Small is not zero: the states should spread by a hundredth at least.",
        _with(lambda p, rng: {"W_xh": 0 * p["W_xh"]}),
    ),
    Mistake(
        "what lasts hears nothing",
        "Gradients live in units that no input reaches; the units that inputs reach forget.",
        "What enters must be kept: the same units have to hear and to last.",
        divided,
    ),
    Mistake(
        "outputs silent",
        "The outputs hardly depend on the state.",
        "W_hy of standard deviation 1 / √H gives outputs of the size of the states.",
        _with(lambda p, rng: {"W_hy": 0 * p["W_hy"], "W_hh": np.eye(len(p["leak"]))}),
    ),
    Mistake(
        "feedback switched off",
        "The old output does not act on the state: `W_yh` is zero or nearly so.",
        "This cell hears itself. Keep W_yh, and take its way into account.",
        _with(lambda p, rng: {"W_yh": 0 * p["W_yh"], "W_hh": np.eye(len(p["leak"]))}),
    ),
    Mistake(
        "all units alike",
        "All units start as copies of each other. They get equal gradients and stay copies.",
        "Draw W_xh at random: this breaks the symmetry.",
        _with(_alike),
    ),
    Mistake(
        "leak replaced",
        "The leak is given; it is not yours to choose.",
        'params["leak"] is the `leak` that the function is given.',
        _with(lambda p, rng: {"leak": 0 * p["leak"] + 1e-3}),
    ),
    Mistake(
        "seed ignored",
        "Another seed gives the same numbers.",
        "`rng = np.random.default_rng(seed)`.",
        lambda D, H, O, leak, seed: initialise(D, H, O, leak, 0),
    ),
    Mistake(
        "seed not used",
        "The same seed gives other numbers the second time.",
        "`rng = np.random.default_rng(seed)`: without the seed it is drawn from the clock.",
        _entropy,
    ),
)
"""What is wrong is found by what the parameters do (`a4_alive.cause`); each stands for many."""
