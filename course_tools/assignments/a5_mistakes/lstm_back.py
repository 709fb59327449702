"""One step of A5's LSTM backward, wrong: each known mistake exchanges a formula."""

from __future__ import annotations

from course_tools.assignments.a5_reference import lstm_back, lstm_step_backward
from course_utils.checks import Mistake
from course_utils.checks.core import variants
from course_utils.checks.gated.formulas import beside, blocks


def _into_dc(dh_t, dc_t, *given):
    right = lstm_step_backward(dh_t, dc_t, *given)
    dc_t += 1
    return right


def _returned(change):
    return lambda *given: change(*lstm_step_backward(*given))


def _grads(change):
    return _returned(lambda dx, dh, dc, g: (dx, dh, dc, {n: change(n, a) for n, a in g.items()}))


def _slopes(slope):
    """Both gates' slopes replaced: slope(gate, its sum)."""
    return {
        "da_o": lambda v: v.dh_t * v.tanh_c * slope(v.o, v.a_o),
        "da_f": lambda v: v.df * slope(v.f, v.a_f),
    }


_ALL = (
    "c_t has four readers: whoever sent dc_t, the tanh in h_t, the output gate's peephole, c_t+1."
)

LSTM_BACK_MISTAKES = (
    # --- what arrives at c_t
    Mistake(
        "dc through h forgotten",
        "What arrives at h_t does not reach c_t.",
        "h_t = o * tanh(c_t): add dh_t * o * (1 - tanh(c_t)**2).",
        lstm_back(dc=lambda v: v.dc_t + v.da_o * v.p_o),
    ),
    Mistake(
        "output gate's peephole forgotten on the way back",
        "c_t also acts on the output gate, through `p_o`; this way back is missing.",
        "Add da_o * p_o to what arrives at c_t, with da_o the gradient inside the output gate.",
        lstm_back(dc=lambda v: v.dc_t + v.dh_t * v.o * (1 - v.tanh_c**2)),
    ),
    Mistake(
        "forget gate's peephole forgotten on the way back",
        "c_prev also acts on the forget gate, through `p_f`; this way back is missing.",
        "dc_prev = dc * f + da_f * p_f.",
        lstm_back(dc_prev=lambda v: v.dc * v.f),
    ),
    Mistake(
        "no peephole on the way back",
        "The peepholes are missing on the way back, both of them.",
        "p_o leads from the output gate to c_t, p_f from the forget gate to c_prev.",
        lstm_back(
            dc=lambda v: v.dc_t + v.dh_t * v.o * (1 - v.tanh_c**2), dc_prev=lambda v: v.dc * v.f
        ),
    ),
    Mistake(
        "output gate's peephole leads to c_prev",
        "The output gate's peephole leads to `c_prev`; it looked at c_t.",
        "Add da_o * p_o to what arrives at c_t, before anything goes on from there.",
        lstm_back(
            dc=lambda v: v.dc_t + v.dh_t * v.o * (1 - v.tanh_c**2),
            dc_prev=lambda v: v.dc * v.f + v.da_f * v.p_f + v.da_o * v.p_o,
        ),
    ),
    *variants(
        "a peephole's factor forgotten",
        "A peephole's way back lacks its factor `p_f` or `p_o`.",
        "Forward p_o * c_t, so backward da_o * p_o; forward p_f * c_prev, so backward da_f * p_f.",
        lstm_back(dc=lambda v: v.dc_t + v.dh_t * v.o * (1 - v.tanh_c**2) + v.da_o),
        lstm_back(dc_prev=lambda v: v.dc * v.f + v.da_f),
    ),
    *variants(
        "a peephole's way back without the gate's slope",
        "A peephole's way back lacks the gate's slope; the peephole stands inside its sigmoid.",
        "da_o * p_o and da_f * p_f, where da is the gradient of the sum inside.",
        lstm_back(
            dc=lambda v: v.dc_t + v.dh_t * v.o * (1 - v.tanh_c**2) + v.dh_t * v.tanh_c * v.p_o
        ),
        lstm_back(dc_prev=lambda v: v.dc * v.f + v.df * v.p_f),
    ),
    *variants(
        "a gate wrong when computed again",
        "The way back is one of other gates: computed again, one of them does not look at its "
        "cell state.",
        "The forget gate sees p_f * c_prev, the output gate p_o * c_t, here as in `lstm_step`.",
        lstm_back(a_o=lambda v: blocks(v.a, 3)[2]),
        lstm_back(a_o=lambda v: blocks(v.a, 3)[2] + v.p_o * v.c_prev),
        lstm_back(a_f=lambda v: blocks(v.a, 3)[0]),
    ),
    Mistake(
        "dc_t ignored",
        "What arrives at c_t itself is not used.",
        "Add all up: dc_t, what comes through h_t, what comes through the output gate.",
        lstm_back(dc=lambda v: v.dh_t * v.o * (1 - v.tanh_c**2) + v.da_o * v.p_o),
    ),
    Mistake(
        "c for tanh(c) in the slope",
        "The slope of the tanh on the output is taken as 1 - c_t².",
        "1 - tanh(c_t)**2.",
        lstm_back(dc=lambda v: v.dc_t + v.dh_t * v.o * (1 - v.c_t**2) + v.da_o * v.p_o),
    ),
    Mistake(
        "slope of the output's tanh omitted",
        "On the way from h_t to c_t the slope of the tanh is missing.",
        "dh_t * o * (1 - tanh(c_t)**2).",
        lstm_back(dc=lambda v: v.dc_t + v.dh_t * v.o + v.da_o * v.p_o),
    ),
    Mistake(
        "o forgotten on the way to c",
        "On the way from h_t to c_t the factor `o` is missing.",
        "dh_t * o * (1 - tanh(c_t)**2).",
        lstm_back(dc=lambda v: v.dc_t + v.dh_t * (1 - v.tanh_c**2) + v.da_o * v.p_o),
    ),
    # --- the coupling
    Mistake(
        "coupling forgotten on the way back",
        "The forget gate's gradient is dc * c_prev; f also stands in 1 - f, so it is "
        "dc * (c_prev - g).",
        "c_t = f * c_prev + (1 - f) * g: collect what f is multiplied by.",
        lstm_back(df=lambda v: v.dc * v.c_prev),
    ),
    Mistake(
        "forget gate through 1 - f only",
        "The forget gate's gradient is -dc * g; f also multiplies c_prev.",
        "c_t = f * c_prev + (1 - f) * g: collect what f is multiplied by.",
        lstm_back(df=lambda v: -v.dc * v.g),
    ),
    Mistake(
        "coupling with the wrong sign",
        "The two parts of the forget gate's gradient are added; 1 - f brings a minus.",
        "dc * (c_prev - g).",
        lstm_back(df=lambda v: v.dc * (v.c_prev + v.g)),
    ),
    Mistake(
        "candidate scaled by f",
        "The candidate's gradient is scaled by f; it entered with 1 - f.",
        "dg = dc * (1 - f).",
        lstm_back(da_g=lambda v: v.dc * v.f * (1 - v.g**2)),
    ),
    Mistake(
        "candidate not scaled",
        "The candidate's gradient lacks the factor 1 - f.",
        "dg = dc * (1 - f).",
        lstm_back(da_g=lambda v: v.dc * (1 - v.g**2)),
    ),
    Mistake(
        "dc_prev not scaled by f",
        "`dc_prev` lacks the factor f: the old cell state was multiplied by it.",
        "dc_prev = dc * f + da_f * p_f.",
        lstm_back(dc_prev=lambda v: v.dc + v.da_f * v.p_f),
    ),
    Mistake(
        "dc_prev from dc_t alone",
        "`dc_prev` starts from `dc_t`, not from all that arrives at c_t.",
        "dc_prev = dc * f + da_f * p_f, with dc the sum of all.",
        lstm_back(dc_prev=lambda v: v.dc_t * v.f + v.da_f * v.p_f),
    ),
    # --- the slopes
    Mistake(
        "gates' slopes at the sums",
        "The slope of the sigmoid is taken at the sum inside: a (1 - a).",
        "With s = sigmoid(a) the slope is s * (1 - s).",
        lstm_back(**_slopes(lambda s, a: a * (1 - a))),
    ),
    Mistake(
        "gates' slopes omitted",
        "The slopes of the sigmoids are missing.",
        "With s = sigmoid(a) the slope is s * (1 - s).",
        lstm_back(**_slopes(lambda s, a: 1)),
    ),
    Mistake(
        "tanh's slope for the gates",
        "The gates have the slope of a tanh, 1 - s²; they are sigmoids.",
        "With s = sigmoid(a) the slope is s * (1 - s).",
        lstm_back(**_slopes(lambda s, a: 1 - s**2)),
    ),
    Mistake(
        "candidate's slope omitted",
        "The slope of the candidate's tanh is missing.",
        "1 - g**2.",
        lstm_back(da_g=lambda v: v.dc * v.i),
    ),
    Mistake(
        "candidate's slope g (1 - g)",
        "The candidate has the slope of a sigmoid; it is a tanh.",
        "1 - g**2.",
        lstm_back(da_g=lambda v: v.dc * v.i * v.g * (1 - v.g)),
    ),
    Mistake(
        "output gate from c, not from tanh(c)",
        "The output gate's gradient is dh_t * c_t; it multiplied tanh(c_t).",
        "do = dh_t * tanh(c_t).",
        lstm_back(da_o=lambda v: v.dh_t * v.c_t * v.o * (1 - v.o)),
    ),
    # --- the parameters
    Mistake(
        "p_o from c_prev",
        "The gradient of `p_o` uses `c_prev`; the output gate looked at c_t.",
        "The sum over the batch of da_o * c_t.",
        lstm_back(dp_o=lambda v: (v.da_o * v.c_prev).sum(axis=0)),
    ),
    Mistake(
        "p_f from c_t",
        "The gradient of `p_f` uses `c_t`; the forget gate looked at c_prev.",
        "The sum over the batch of da_f * c_prev.",
        lstm_back(dp_f=lambda v: (v.da_f * v.c_t).sum(axis=0)),
    ),
    Mistake(
        "peepholes do not learn",
        "The gradients of the peepholes are zero; they are parameters too.",
        "Sums over the batch: da_f * c_prev for p_f, da_o * c_t for p_o.",
        lstm_back(dp_f=lambda v: 0 * v.p_f, dp_o=lambda v: 0 * v.p_o),
    ),
    Mistake(
        "peepholes not summed over the batch",
        "The gradients of the peepholes are not summed over the batch.",
        "All sequences share one p_f: `.sum(axis=0)`.",
        lstm_back(dp_f=lambda v: v.da_f * v.c_prev, dp_o=lambda v: v.da_o * v.c_t),
    ),
    Mistake(
        "peepholes entry missing",
        "`grads` has no entries for the peepholes: they are parameters too.",
        "One entry for each name in `params`.",
        _returned(lambda dx, dh, dc, g: (dx, dh, dc, {n: g[n] for n in ("W_xh", "W_hh", "b")})),
    ),
    *(
        Mistake(
            f"dh_prev from the {name} only",
            f"`dh_prev` comes through the {name} only; all three blocks saw h_prev.",
            "One product for all: `da @ W_hh.T`, with the three blocks side by side.",
            lstm_back(dh_prev=lambda v, k=k: blocks(v.da, 3)[k] @ blocks(v.W_hh, 3)[k].T),
        )
        for k, name in enumerate(("forget gate", "candidate", "output gate"))
    ),
    *variants(
        "blocks in another order on the way back",
        "The blocks of the gradient are set side by side in another order than f, g, o.",
        "The weights' blocks stand in the order f, g, o; so do those of the gradient.",
        lstm_back(da=lambda v: beside(v.da_g, v.da_f, v.da_o)),
        lstm_back(da=lambda v: beside(v.da_o, v.da_g, v.da_f)),
        lstm_back(da=lambda v: beside(v.da_f, v.da_o, v.da_g)),
    ),
    Mistake(
        "h_t for h_prev in dW_hh",
        "The gradient of `W_hh` uses h_t; the state that was multiplied is `h_prev`.",
        "`h_prev.T @ da`.",
        lstm_back(dW_hh=lambda v: v.h_t.T @ v.da),
    ),
    Mistake(
        "bias averaged over the batch",
        "The gradient of `b` is averaged over the batch; it is a sum.",
        "`.sum(axis=0)`, not `.mean(axis=0)`.",
        lstm_back(db=lambda v: v.da.mean(axis=0)),
    ),
    Mistake(
        "averaged over the batch",
        "The gradients of the parameters are averaged over the batch; they are sums.",
        "Whether the loss is an average, the loss decides.",
        lambda *given: _averaged(*given),
    ),
    # --- what is returned
    Mistake(
        "results in the wrong order",
        "The results are in another order than asked for.",
        "`return dx_t, dh_prev, dc_prev, grads`.",
        _returned(lambda dx, dh, dc, g: (dx, dc, dh, g)),
    ),
    Mistake(
        "dc_t changed in place",
        "`dc_t` was overwritten: it belongs to the caller.",
        "`dc_t += ...` changes the caller's array. Write `dc = dc_t + ...`.",
        _into_dc,
    ),
)


def _averaged(dh_t, *given):
    B = len(dh_t)
    return _grads(lambda name, a: a / B)(dh_t, *given)
