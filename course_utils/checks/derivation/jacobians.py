"""The Jacobians of three steps, and the three parts of one loss's gradient for W_hh.

Only the loss at t = 3 counts, and `dh_3`, its gradient at h_3 (a row), is given.
J_t[i, j] = ∂h_t[j] / ∂h_{t-1}[i], so J_t = W_hh diag(1 - h_t²) and a row goes back as
dh_{t-1} = dh_t J_tᵀ. `part_k` is what the use of W_hh at step k adds to the gradient: the
immediate derivative at step k, carried on to the loss at step 3.
"""

from __future__ import annotations

import numpy as np

from course_utils.checks.derivation.rules import STEPS
from course_utils.checks.derivation.sheet import Arrays, Derivation, Line, Slip
from course_utils.checks.derivation.three_steps import D, H, draw_weights


def _draw(rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """Return what the reader may use, and the value of each line by autograd."""
    import torch

    drawn = draw_weights(rng)
    tensors = {n: torch.tensor(drawn[n]) for n in ("x_1", "x_2", "x_3", "W_xh", "b_h")}
    tensors["h_0"] = torch.tensor(drawn["h_0"], requires_grad=True)
    # One leaf for each use of W_hh: autograd then keeps the three parts apart.
    uses = {t: torch.tensor(drawn["W_hh"], requires_grad=True) for t in STEPS}
    for t in STEPS:
        a = tensors[f"x_{t}"] @ tensors["W_xh"] + tensors[f"h_{t - 1}"] @ uses[t] + tensors["b_h"]
        tensors |= {f"a_{t}": a, f"h_{t}": torch.tanh(a)}
    dh_3 = rng.uniform(0.2, 0.9, (1, H)) * rng.choice([-1.0, 1.0], (1, H))
    loss = (tensors["h_3"] * torch.tensor(dh_3)).sum()
    parts = torch.autograd.grad(loss, list(uses.values()), retain_graph=True)
    truth = {f"part_{t}": part.numpy() for t, part in zip(STEPS, parts, strict=True)}
    truth["dL3_dW_hh"] = sum(truth.values())

    def jacobian(above: str, below: str) -> np.ndarray:
        rows = [
            torch.autograd.grad(tensors[above][0, j], tensors[below], retain_graph=True)[0][0]
            for j in range(H)
        ]
        return torch.stack(rows, dim=1).numpy()  # [i, j]: what i below does to j above

    truth |= {f"J_{t}": jacobian(f"h_{t}", f"h_{t - 1}") for t in STEPS}
    truth["dh3_dh0"] = jacobian("h_3", "h_0")
    given = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    given |= {"W_hh": drawn["W_hh"], "dh_3": dh_3}
    return given, truth


def _jacobian(t: int) -> Line:
    turned = "J_t[i, j] asks what unit i of the step before does to unit j of this one."
    slope = f"Unit j of `h_{t}` has the slope `1 - h_{t}[j]**2`, and it scales column j."
    slips = [
        Slip(
            f"diag(1 - h_{t}**2) @ W_hh.T",
            "This is the transpose: its rows belong to the later state, as in many textbooks.",
            turned,
        ),
        Slip(
            f"diag(1 - h_{t}**2) @ W_hh",
            "The slopes stand on the wrong side of `W_hh`: they scale its rows, not its columns.",
            slope,
        ),
        Slip(f"W_hh.T @ diag(1 - h_{t}**2)", "`W_hh` should not be transposed here.", turned),
        Slip("W_hh", "The slope of tanh is missing.", slope),
        Slip("W_hh.T", "The slope of tanh is missing, and `W_hh` is transposed.", slope),
        Slip(f"diag(1 - h_{t}**2)", "`W_hh` is missing.", slope),
        Slip(
            f"W_hh @ diag(1 - h_{t - 1}**2)",
            f"The slope is taken one step too early, at `h_{t - 1}`.",
            slope,
        ),
        Slip(
            f"W_hh @ diag(1 - a_{t}**2)",
            f"The slope is written with `h_{t}`; here `a_{t}` stands in its place.",
            slope,
        ),
        Slip(f"W_hh @ diag(1 - h_{t})", "The slope of tanh is `1 - h**2`, not `1 - h`.", slope),
        Slip(
            f"W_hh @ diag((1 - h_{t})**2)",
            "The bracket is squared; the slope of tanh is `1 - h**2`.",
            slope,
        ),
    ]
    return Line(f"J_{t}", "(H, H)", f"W_hh @ diag(1 - h_{t}**2)", slips)


def _product() -> Line:
    hint = "From `h_0` the change passes step 1 first: its Jacobian stands on the left."
    slips = [
        Slip("J_3 @ J_2 @ J_1", "The Jacobians stand in the reverse order.", hint),
        Slip("J_3.T @ J_2.T @ J_1.T", "This is the transpose of what is asked for.", hint),
        Slip("J_2 @ J_3", "`J_1` is missing: this is ∂h_3/∂h_1.", hint),
        Slip("J_1 @ J_2", "`J_3` is missing: this is ∂h_2/∂h_0.", hint),
        Slip("J_1 + J_2 + J_3", "Steps in a row multiply; here they are added.", hint),
        Slip("J_1 * J_2 * J_3", "`*` multiplies entry by entry; a chain of maps needs `@`.", hint),
        Slip("W_hh @ W_hh @ W_hh", "The slopes of tanh are missing.", hint),
    ]
    return Line("dh3_dh0", "(H, H)", "J_1 @ J_2 @ J_3", slips)


def _part(k: int) -> Line:
    """The part of the use at step k: back to h_k by Jacobians, through tanh, times h_{k-1}."""

    def part(arriving: str, slope: str = f" * (1 - h_{k}**2)", state: str = f"h_{k - 1}") -> str:
        return f"{state}.T @ (({arriving}){slope})"

    back = {3: "dh_3", 2: "dh_3 @ J_3.T", 1: "dh_3 @ J_3.T @ J_2.T"}[k]
    da_3 = "(dh_3 * (1 - h_3**2))"
    hint = f"`a_{k}` holds `h_{k - 1} @ W_hh`: three factors, `h_{k - 1}`, the slope, the gradient."
    slips = [
        Slip(part(back, slope=""), f"The slope of tanh at step {k} is missing.", hint),
        Slip(
            part(back, state=f"h_{k}"),
            f"`h_{k}` stands where `h_{k - 1}` was multiplied by `W_hh`.",
            hint,
        ),
        Slip(
            f"(({back}) * (1 - h_{k}**2)).T @ h_{k - 1}",
            "The outer product stands the wrong way round: this is the transpose.",
            hint,
        ),
    ]
    if k < 3:
        road = f"From `h_3` back to `h_{k}` a row is multiplied by the transposed Jacobians."
        slips += [
            Slip(part("dh_3"), f"The way back from `h_3` to `h_{k}` is missing.", road),
            Slip(part(back.replace(".T", "")), "The Jacobians should be transposed here.", road),
            Slip(
                part(back.replace("dh_3", da_3)),
                "The slope of tanh at step 3 is counted twice: it is in `J_3` already.",
                road,
            ),
        ]
    if k == 1:
        slips += [
            Slip(part("dh_3 @ J_2.T @ J_3.T"), "The Jacobians stand in the reverse order.", road),
            Slip(part("dh_3 @ J_2 @ J_3"), "The Jacobians should be transposed and turned.", road),
            Slip(part("dh_3 @ J_3.T"), "`J_2` is missing on the way back.", road),
            Slip(part("dh_3 @ J_2.T"), "`J_3` is missing on the way back.", road),
            Slip(
                part(f"(({da_3} @ J_3.T) * (1 - h_2**2)) @ J_2.T"),
                "The slopes of tanh at steps 3 and 2 are counted twice: `J_3` and `J_2` hold them.",
                road,
            ),
            Slip(
                part("dh_3 @ J_3.T @ J_2.T @ J_1.T"),
                "One Jacobian too many: this has gone back to `h_0`.",
                road,
            ),
        ]
    if k == 2:
        slips += [
            Slip(
                part("dh_3 @ J_3.T @ J_2.T"),
                "One Jacobian too many: this has gone back to `h_1`.",
                road,
            ),
            Slip(part("dh_3 @ J_2.T"), "The step from `h_3` back to `h_2` is `J_3`.", road),
        ]
    if k == 3:
        slips.append(
            Slip(
                part("dh_3 @ J_3.T"),
                "One Jacobian too many: this has gone back to `h_2`.",
                "The use at step 3 lies directly below `h_3`.",
            )
        )
    return Line(f"part_{k}", "(H, H)", part(back).replace("((dh_3)", "(dh_3"), slips)


def _whole() -> Line:
    hint = "`W_hh` was used three times on the way to the loss; the three parts add up."
    slips = [
        Slip(
            "part_3",
            "This is the immediate derivative at step 3 alone, as if `h_2` did not depend on "
            "`W_hh`.",
            hint,
        ),
        Slip(
            "part_1",
            "This is the single chain back to step 1; the uses at steps 2 and 3 are missing.",
            hint,
        ),
        Slip("part_2", "Only the use at step 2 is counted.", hint),
        *(
            Slip(f"part_{i} + part_{j}", f"The use at step {k} is not counted.", hint)
            for i, j, k in ((2, 3, 1), (1, 3, 2), (1, 2, 3))
        ),
        Slip("(part_1 + part_2 + part_3) / 3", "This is the mean; the parts add up.", hint),
        Slip("part_1 @ part_2 @ part_3", "Uses of one matrix add up; here they multiply.", hint),
    ]
    return Line("dL3_dW_hh", "(H, H)", "part_1 + part_2 + part_3", slips)


LINES = (
    *(_jacobian(t) for t in STEPS),
    _product(),
    *(_part(k) for k in (3, 2, 1)),
    _whole(),
)

jacobians = Derivation(
    "Jacobians, and the three uses of W_hh",
    LINES,
    _draw,
    f"random arrays with D = {D}, H = {H}",
)
