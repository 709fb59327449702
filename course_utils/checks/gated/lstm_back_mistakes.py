"""What learners get wrong in one step of the LSTM's way back, each with the words that name it."""

from __future__ import annotations

from collections.abc import Callable

from course_utils.checks.bptt.step_mistakes import order_mistakes
from course_utils.checks.core import Mistake, variants
from course_utils.checks.gated.formulas import beside, blocks
from course_utils.checks.gated.lstm_reference import step_back
from course_utils.checks.gated.lstm_slope_mistakes import SLOPE_MISTAKES, sigmoid_slope, tanh_slope
from course_utils.checks.gated.orders import listed, other_orders
from course_utils.checks.gated.share_mistakes import share_mistakes

GATES = (
    *variants(
        "c_t for c_{t-1}",
        "The forget gate's gradient is made with c_t, the cell *after* the step.",
        "f multiplied the cell before: da_f = `dc * c_prev * f * (1 - f)`.",
        step_back(da_f=lambda s: s.dc_all * s.c * sigmoid_slope(s.f)),
        step_back(da_f=lambda s: s.dc_all * s.tanh_c * sigmoid_slope(s.f)),
    ),
    Mistake(
        "h_{t-1} for c_{t-1}",
        "The forget gate's gradient is made with `h_prev`.",
        "f multiplied the cell before: da_f = `dc * c_prev * f * (1 - f)`.",
        step_back(da_f=lambda s: s.dc_all * s.h_prev * sigmoid_slope(s.f)),
    ),
    *variants(
        "a gate without its partner",
        "What arrives at a gate lacks the factor that the gate multiplied.",
        "c_t = f * c_prev + i * g: i met g, g met i, f met c_prev. h_t = o * tanh(c_t): o met "
        "tanh(c_t).",
        step_back(da_i=lambda s: s.dc_all * sigmoid_slope(s.i)),
        step_back(da_f=lambda s: s.dc_all * sigmoid_slope(s.f)),
        step_back(da_g=lambda s: s.dc_all * tanh_slope(s.g)),
        step_back(da_o=lambda s: s.dh * sigmoid_slope(s.o)),
    ),
    Mistake(
        "partners of i and g exchanged",
        "The gradient of i is made with i, and g's with g: each gets the *other* as its factor.",
        "c_t = f * c_prev + i * g: da_i holds g, da_g holds i.",
        step_back(
            da_i=lambda s: s.dc_all * s.i * sigmoid_slope(s.i),
            da_g=lambda s: s.dc_all * s.g * tanh_slope(s.g),
        ),
    ),
    *variants(
        "dc_t for all that arrives at c",
        "A gate's gradient is made with `dc_later` as it came: what comes through h_t is missing.",
        "`dc_t = dc_later + dh_t * o * (1 - np.tanh(c_t) ** 2)`, and every line below uses dc_t.",
        step_back(
            da_i=lambda s: s.dc * s.g * sigmoid_slope(s.i),
            da_f=lambda s: s.dc * s.c_prev * sigmoid_slope(s.f),
            da_g=lambda s: s.dc * s.i * tanh_slope(s.g),
        ),
        step_back(da_i=lambda s: s.dc * s.g * sigmoid_slope(s.i)),
        step_back(da_f=lambda s: s.dc * s.c_prev * sigmoid_slope(s.f)),
        step_back(da_g=lambda s: s.dc * s.i * tanh_slope(s.g)),
    ),
    *variants(
        "dc for dh at the output gate",
        "The output gate's gradient is made with c's gradient; o receives h's.",
        "h_t = o * tanh(c_t): da_o = `dh_t * np.tanh(c_t) * o * (1 - o)`.",
        step_back(da_o=lambda s: s.dc_all * s.tanh_c * sigmoid_slope(s.o)),
        step_back(da_o=lambda s: s.dc * s.tanh_c * sigmoid_slope(s.o)),
    ),
)

CARRIED = (
    Mistake(
        "dc_next not times f",
        "`dc_prev` is what arrived at c_t: the forget gate is missing.",
        "c_t = f * c_prev + i * g, so dc_prev = `dc_t * f`.",
        step_back(dc_prev=lambda s: s.dc_all),
    ),
    Mistake(
        "dc_prev without what comes through h",
        "`dc_prev` is f times `dc_later` as it came; what comes through h_t goes on as well.",
        "`dc_t = dc_later + dh_t * o * (1 - np.tanh(c_t) ** 2)`, and dc_prev = `dc_t * f`.",
        step_back(dc_prev=lambda s: s.dc * s.f),
    ),
    *variants(
        "c_next for dc_prev",
        "`dc_prev` is made of a cell, where a gradient belongs.",
        "dc_prev = `dc_t * f`, with dc all that arrives at c_t.",
        step_back(dc_prev=lambda s: s.c * s.f),
        step_back(dc_prev=lambda s: s.c_prev * s.f),
        step_back(dc_prev=lambda s: s.c),
    ),
    *variants(
        "another gate for f",
        "`dc_prev` is dc times another gate than f.",
        "c_t = f * c_prev + i * g, so dc_prev = `dc_t * f`.",
        step_back(dc_prev=lambda s: s.dc_all * s.i),
        step_back(dc_prev=lambda s: s.dc_all * s.o),
        step_back(dc_prev=lambda s: s.dc_all * s.g),
        step_back(dc_prev=lambda s: s.dc_all * (1 - s.f)),
    ),
    Mistake(
        "dc_prev zero",
        "`dc_prev` is zero: nothing goes back along the cell.",
        "That way is what the LSTM is for: dc_prev = `dc_t * f`.",
        step_back(dc_prev=lambda s: 0 * s.dc),
    ),
    *variants(
        "dh_prev from one gate only",
        "`dh_prev` goes through the weights of some gates only; h_{t-1} entered all four.",
        "dh_prev = `da @ W_hh.T`, with da (B, 4H), all four side by side.",
        *(step_back(dh_prev=lambda s, k=k: _through(s, [k])) for k in range(4)),
        *(
            step_back(dh_prev=lambda s, k=k: _through(s, [j for j in range(4) if j != k]))
            for k in range(4)
        ),
    ),
)


def _through(s, which: list[int]):
    """Return the gradient of h_{t-1} through the weights of some gates."""
    das, weights = blocks(s.da, 4), blocks(s.W_hh, 4)
    return sum(das[k] @ weights[k].T for k in which)


WEIGHTS = (
    Mistake(
        "h_t for h_{t-1} in dW_hh",
        "Only `dW_hh` is wrong: it is made with h_t, the state after the step.",
        "`W_hh` was multiplied by the state *before* the step: `h_prev.T @ da`.",
        step_back(dW_hh=lambda s: (s.o * s.tanh_c).T @ s.da),
    ),
    Mistake(
        "W_hh not transposed",
        "The gradient goes back through the blocks of `W_hh`; each needs its `.T`.",
        "Each block is square, so its shape hides the error: `da @ W_hh.T`.",
        step_back(
            dh_prev=lambda s: sum(
                da @ W for da, W in zip(blocks(s.da, 4), blocks(s.W_hh, 4), strict=True)
            )
        ),
    ),
    *variants(
        "a cell in dW_hh",
        "Only `dW_hh` is wrong: it is made with a cell; `W_hh` met the state.",
        "`h_prev.T @ da`.",
        step_back(dW_hh=lambda s: s.c_prev.T @ s.da),
        step_back(dW_hh=lambda s: s.c.T @ s.da),
    ),
    Mistake(
        "dh_t handed on beside the step",
        "What arrived at h_t is handed on as it is, beside what went through the step.",
        "h_{t-1} enters step t through the gates only: dh_prev = `da @ W_hh.T`.",
        step_back(dh_prev=lambda s: s.da @ s.W_hh.T + s.dh),
    ),
)


def _written(order: tuple[str, ...]) -> Callable:
    """Return the patch that sets the four da side by side in another order."""
    return lambda s: beside(*(getattr(s, f"da_{letter}") for letter in order))


def _read(order: tuple[str, ...]) -> dict[str, Callable]:
    """Return the patch that reads `gates` in another order."""
    return {letter: lambda s, k=k: blocks(s.gates, 4)[k] for k, letter in enumerate(order)}


BLOCKS = tuple(
    mistake
    for order, name in other_orders("ifgo")
    for mistake in (
        Mistake(
            f"da: {name}",
            f"The four gradients stand side by side in the order {listed(order)}.",
            "The blocks of `W_xh`, `W_hh` and b stand in the order i, f, g, o.",
            step_back(da=_written(order)),
        ),
        *variants(
            f"gates: {name}",
            f"`gates` is read in the order {listed(order)}.",
            "Its blocks stand in the order i, f, g, o: `i, f, g, o = np.split(gates, 4, axis=1)`.",
            step_back(**_read(order)),
            step_back(**_read(order), da=_written(order)),
        ),
    )
)


def _in_place(names: str) -> Callable:
    """Return the step that writes into the gradients it was given; its results are right."""

    def wrong(dh_t, dc_t, *rest):
        right = step_back()(dh_t, dc_t, *rest)
        if "c" in names:
            dc_t += 1
        if "h" in names:
            dh_t += 1
        return right

    return wrong


RETURNED = "dx_t, dh_prev, dc_prev, dW_xh, dW_hh, db"

BACK_MISTAKES = (
    *SLOPE_MISTAKES,
    *GATES,
    *CARRIED,
    *share_mistakes(step_back, 4, weights=3),
    *WEIGHTS,
    *BLOCKS,
    *order_mistakes(
        step_back(),
        RETURNED,
        (
            ("the cell's gradient before the state's", (0, 2, 1, 3, 4, 5)),
            ("weights first", (3, 4, 5, 0, 1, 2)),
            ("dW_xh and dW_hh exchanged", (0, 1, 2, 4, 3, 5)),
            ("the input's gradient after the states'", (1, 2, 0, 3, 4, 5)),
        ),
    ),
    *variants(
        "dout mutated",
        "`dh_t` or `dc_later` was overwritten on the way.",
        "`dc_later += ...` writes into the caller's array. Make a new one: "
        "`dc_t = dc_later + dh_t * o * (1 - np.tanh(c_t) ** 2)`.",
        _in_place("c"),
        _in_place("h"),
        _in_place("ch"),
    ),
)
