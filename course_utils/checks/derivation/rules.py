"""The lines of a backward pass over three steps, each with the slips that are made there."""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.checks.derivation.sheet import Line, Slip

STEPS = (1, 2, 3)


def do(t: int) -> Line:
    """The gradient at the logits o_t: through the cross-entropy and the softmax."""
    slips = [
        Slip(
            f"y_{t} - p_{t}",
            "The sign is turned.",
            "A higher logit of the right word lowers the loss: there the gradient is negative.",
        ),
        Slip(
            f"p_{t}",
            f"The one-hot `y_{t}` is missing: this pushes every word down, the right one too.",
            "Which word came is in the gradient through -log of its probability.",
        ),
        Slip(
            f"-y_{t} / p_{t}",
            f"This is the gradient with respect to `p_{t}`, one step short of `o_{t}`.",
            "Go back through the softmax too.",
        ),
        *(
            Slip(
                f"(p_{t} - y_{t}) * {slope}",
                "The slope of the softmax is counted twice: it is in `p - y` already.",
                "Softmax and cross-entropy together have a short gradient.",
            )
            for slope in (f"p_{t} * (1 - p_{t})", f"p_{t}")
        ),
        Slip(
            f"(p_{t} - y_{t}) / 3",
            "This belongs to the mean of the three losses; here the loss is their sum.",
        ),
    ]
    return Line(f"do_{t}", "(1, V)", f"p_{t} - y_{t}", slips)


def da(t: int) -> Line:
    """The gradient at a_t: through the tanh of each unit."""
    before = f"h_{t - 1}"
    slopes = {
        f"(1 - h_{t})": "The slope of tanh is `1 - h**2`, not `1 - h`.",
        f"(1 - h_{t})**2": "The bracket is squared; the slope of tanh is `1 - h**2`.",
        f"h_{t}**2": "The slope of tanh is `1 - h**2`, not `h**2`.",
        f"(1 - a_{t}**2)": f"The slope is written with `h_{t}`; here `a_{t}` stands in its place.",
        f"(1 - tanh(h_{t})**2)": f"`h_{t}` is tanh of `a_{t}` already: here tanh is taken twice.",
        f"(1 - {before}**2)": f"The slope is taken one step too early, at `{before}`.",
        f"tanh(a_{t})": "This multiplies by tanh, not by its slope.",
        f"h_{t} * (1 - h_{t})": "`h * (1 - h)` is the slope of the sigmoid, not of tanh.",
    }
    hint = f"`h_{t}` = tanh(`a_{t}`), and the slope of tanh is 1 - tanh². Each unit has its own."
    slips = [
        Slip(f"dh_{t}", f"The slope of tanh between `a_{t}` and `h_{t}` is missing.", hint),
        *(Slip(f"dh_{t} * {slope}", says, hint) for slope, says in slopes.items()),
        Slip(
            f"dh_{t} @ W_hh.T",
            f"This goes through `W_hh`, which lies beyond `a_{t}`, and leaves out the slope.",
            hint,
        ),
        Slip(
            f"dh_{t} * (1 - h_{t}**2) @ W_hh.T",
            f"This goes one step too far: through `W_hh` it has reached `{before}`.",
            hint,
        ),
    ]
    return Line(f"da_{t}", "(1, H)", f"dh_{t} * (1 - h_{t}**2)", slips)


def dh(t: int) -> Line:
    """The gradient at h_t: through the output of its own step, and through the next state."""
    own, later = f"do_{t} @ W_hy.T", f"da_{t + 1} @ W_hh.T"
    parts = {1: [own, later], 2: [own, later], 3: [own], 0: [later]}[t]
    answer = " + ".join(parts)
    slips = []
    if t > 0:
        slips.append(
            Slip(
                f"({answer}) * (1 - h_{t}**2)",
                f"This goes one step too far: with the slope of tanh it is `da_{t}`.",
                f"Stop at `h_{t}`.",
            )
        )
    if len(parts) == 2:
        both = f"`h_{t}` is used twice: for `o_{t}` and for `a_{t + 1}`. Both paths add up."
        slips += [
            Slip(own, f"One path is missing: the part through `h_{t + 1}`.", both),
            Slip(later, f"One path is missing: the part through `o_{t}`.", both),
            Slip(f"{own} - {later}", "The two paths are subtracted; they add up.", both),
        ]
    if t == 1:
        slips.append(
            Slip(
                f"{answer} + da_3 @ W_hh.T",
                "One path too many: `a_3` is made from `h_2`, and `da_2` holds what came through.",
                both,
            )
        )
    if t < 3:
        start = f"{own} + " if t else ""
        arrived = f"What arrives from step {t + 1} comes from `a_{t + 1}` back through `W_hh`."
        slips += [
            Slip(start + f"da_{t + 1} @ W_hh", "`W_hh` should be transposed here.", arrived),
            Slip(
                start + f"dh_{t + 1} @ W_hh.T",
                f"The slope of tanh at step {t + 1} is missing: `dh` stands for `da`.",
                arrived,
            ),
            Slip(
                start + f"dh_{t + 1} @ W_hh",
                f"`W_hh` should be transposed, and `dh_{t + 1}` should be `da_{t + 1}`.",
                arrived,
            ),
            Slip(start + f"da_{t + 1}", "`W_hh` is missing on the way back.", arrived),
            Slip(
                start + f"dh_{t + 1}",
                f"`W_hh` and the slope of tanh at step {t + 1} are missing on the way back.",
                arrived,
            ),
        ]
    if t == 0:
        slips.append(
            Slip(
                f"{later} * (1 - h_0**2)",
                "There is no tanh at `h_0`: it was given, not computed.",
                "The gradient stops at `h_0`.",
            )
        )
    return Line(f"dh_{t}", "(1, H)", answer, slips)


def parameter(name: str, shape: str, left: str, right: str, shift: int = 0) -> Line:
    """A parameter's gradient: the sum over times of left_{t-shift}.T @ right_t, or of right_t."""

    def total(term: str, times: Sequence[int] = STEPS, shift: int = shift) -> str:
        return " + ".join(term.format(s=t - shift, t=t) for t in times)

    term = f"{left}_{{s}}.T @ {right}_{{t}}" if left else f"{right}_{{t}}"
    weight = name.removeprefix("d")
    hint = f"`{weight}` is used at t = 1, 2 and 3, and every use adds its part."
    immediate = ": the immediate derivative stands for the whole" if right == "da" else ""
    slips = [
        Slip(
            total(term, [3]),
            f"Only the use of `{weight}` at the last step is counted{immediate}.",
            hint,
        ),
        *(
            Slip(total(term, [t]), f"Only the use of `{weight}` at t = {t} is counted.", hint)
            for t in (1, 2)
        ),
        *(
            Slip(
                total(term, [t for t in STEPS if t != left_out]),
                f"The use of `{weight}` at t = {left_out} is not counted.",
                hint,
            )
            for left_out in STEPS
        ),
        Slip(f"({total(term)}) / 3", "This is the mean over the uses; the parts add up.", hint),
    ]
    if right == "da":
        wrong = total(term.replace("da_", "dh_"))
        says = "`dh` stands where `da` should: the slope of tanh is missing."
        slips.append(Slip(wrong, says, f"`{weight}` is used inside of tanh, to make `a_t`."))
    if left:
        turned = total(f"{right}_{{t}}.T @ {left}_{{s}}")
        says = "The outer products stand the wrong way round: this is the transpose."
        slips.append(Slip(turned, says, f"`{name}` has the shape of `{weight}`: {shape}."))
    if left == "h":
        shifted = total(term, shift=1 - shift)
        meant, typed = ("h_{t-1}", "h_t") if shift else ("h_t", "h_{t-1}")
        says = f"The states are one step off: `{typed}` stands where `{meant}` was multiplied."
        slips.append(Slip(shifted, says, f"Which state did `{weight}` multiply at step t?"))
    if name == "dW_hh":
        first = " + ".join(f"h_0.T @ da_{t}" for t in STEPS)
        says = "`h_0` stands in every part; at step t the state `h_{t-1}` was multiplied."
        slips.append(Slip(first, says, "Which state did `W_hh` multiply at step t?"))
        turned = " + ".join(f"h_{3 - t}.T @ da_{t}" for t in STEPS)
        says = "The states stand in reversed order beside the `da`."
        slips.append(Slip(turned, says, "Which state did `W_hh` multiply at step t?"))
    return Line(name, shape, total(term), slips)
