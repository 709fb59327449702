"""One step of A5's GRU backward, wrong: each known mistake exchanges a formula."""

from __future__ import annotations

from course_tools.assignments.a5_reference import gru_back, gru_step_backward
from course_utils.checks import Mistake
from course_utils.checks.core import variants
from course_utils.checks.gated.formulas import beside, blocks


def _returned(change):
    return lambda *given: change(*gru_step_backward(*given))


def _averaged(dh_t, *given):
    dx, dh, grads = gru_step_backward(dh_t, *given)
    return dx, dh, {name: value / len(dh_t) for name, value in grads.items()}


def _into_dh(dh_t, *given):
    right = gru_step_backward(dh_t, *given)
    dh_t *= 2
    return right


_WAYS = (
    "Three ways lead to h_prev: kept, dh_t * (1 - z); through s, ds * r; through r, da_r @ W_hr.T."
)

GRU_BACK_MISTAKES = (
    # --- the ways to h_prev
    Mistake(
        "kept share forgotten",
        "The way past the gates is missing: h_prev is kept with the share 1 - z.",
        _WAYS,
        gru_back(dh_prev=lambda v: v.ds * v.r + v.da_r @ v.W_r.T),
    ),
    Mistake(
        "kept share inverted",
        "On the way past the gates it is 1 - z, not z.",
        _WAYS,
        gru_back(dh_prev=lambda v: v.dh_t * v.z + v.ds * v.r + v.da_r @ v.W_r.T),
    ),
    Mistake(
        "way through s forgotten",
        "The way through the reset state is missing: s = r * h_prev.",
        _WAYS,
        gru_back(dh_prev=lambda v: v.dh_t * (1 - v.z) + v.da_r @ v.W_r.T),
    ),
    Mistake(
        "r forgotten on the way through s",
        "On the way through the reset state the factor r is missing.",
        _WAYS,
        gru_back(dh_prev=lambda v: v.dh_t * (1 - v.z) + v.ds + v.da_r @ v.W_r.T),
    ),
    Mistake(
        "way through r forgotten",
        "The way through the reset gate is missing: r was made of h_prev too.",
        _WAYS,
        gru_back(dh_prev=lambda v: v.dh_t * (1 - v.z) + v.ds * v.r),
    ),
    # --- the ways to s
    Mistake(
        "way from z to s forgotten",
        "What arrives at z does not reach the reset state; z was made of it.",
        "ds = da_z @ W_hz.T + da_n @ W_hn.T.",
        gru_back(ds=lambda v: v.da_n @ v.W_n.T),
    ),
    Mistake(
        "way from n to s forgotten",
        "What arrives at n does not reach the reset state; n was made of it.",
        "ds = da_z @ W_hz.T + da_n @ W_hn.T.",
        gru_back(ds=lambda v: v.da_z @ v.W_z.T),
    ),
    Mistake(
        "z's way leads to h_prev",
        "What arrives at z is led to h_prev directly; z saw the reset state.",
        "ds = da_z @ W_hz.T + da_n @ W_hn.T; from s it goes on to r and h_prev.",
        gru_back(
            ds=lambda v: v.da_n @ v.W_n.T,
            dh_prev=lambda v: v.dh_t * (1 - v.z) + v.ds * v.r + v.da_r @ v.W_r.T + v.da_z @ v.W_z.T,
        ),
    ),
    *variants(
        "not transposed",
        "On the way back to the state a block of `W_hh` is not transposed.",
        "Forward `s @ W_hn`, so backward `da_n @ W_hn.T`: the shapes hide it, the blocks are "
        "square.",
        gru_back(ds=lambda v: v.da_z @ v.W_z + v.da_n @ v.W_n),
        gru_back(ds=lambda v: v.da_z @ v.W_z.T + v.da_n @ v.W_n),
        gru_back(ds=lambda v: v.da_z @ v.W_z + v.da_n @ v.W_n.T),
        gru_back(dh_prev=lambda v: v.dh_t * (1 - v.z) + v.ds * v.r + v.da_r @ v.W_r),
    ),
    Mistake(
        "z and n lead to h_prev too",
        "What arrives at z and n reaches h_prev twice: through s, and past it.",
        _WAYS,
        gru_back(dh_prev=lambda v: v.dh_t * (1 - v.z) + v.ds * v.r + v.da @ v.W_hh.T),
    ),
    Mistake(
        "z without its slope on the way to s",
        "On the way from z to the reset state the slope of z is missing.",
        "ds = da_z @ W_hz.T + da_n @ W_hn.T, where da_z holds z * (1 - z).",
        gru_back(ds=lambda v: v.dh_t * (v.n - v.h_prev) @ v.W_z.T + v.da_n @ v.W_n.T),
    ),
    Mistake(
        "z wrong when computed again",
        "The way back is one of another z: computed again, it sees h_prev, not the reset state.",
        "z = sigmoid(x_t W_xz + s W_hz + b_z), here as in `gru_step`.",
        gru_back(a_z=lambda v: blocks(v.u, 3)[1] + v.h_prev @ v.W_z),
    ),
    # --- the gates
    Mistake(
        "z's gradient without the old state",
        "The gradient of z is dh_t * n; 1 - z also multiplies h_prev.",
        "dz = dh_t * (n - h_prev).",
        gru_back(da_z=lambda v: v.dh_t * v.n * v.z * (1 - v.z)),
    ),
    Mistake(
        "z's gradient with the wrong sign",
        "The gradient of z has the wrong sign: more z, more of n and less of h_prev.",
        "dz = dh_t * (n - h_prev).",
        gru_back(da_z=lambda v: v.dh_t * (v.h_prev - v.n) * v.z * (1 - v.z)),
    ),
    Mistake(
        "z's slope omitted",
        "The slope of the gate z is missing.",
        "z * (1 - z).",
        gru_back(da_z=lambda v: v.dh_t * (v.n - v.h_prev)),
    ),
    Mistake(
        "r's slope omitted",
        "The slope of the gate r is missing.",
        "r * (1 - r).",
        gru_back(da_r=lambda v: v.ds * v.h_prev),
    ),
    Mistake(
        "candidate's slope omitted",
        "The slope of the candidate's tanh is missing.",
        "1 - n**2.",
        gru_back(da_n=lambda v: v.dh_t * v.z),
    ),
    Mistake(
        "candidate's slope n (1 - n)",
        "The candidate has the slope of a sigmoid; it is a tanh.",
        "1 - n**2.",
        gru_back(da_n=lambda v: v.dh_t * v.z * v.n * (1 - v.n)),
    ),
    Mistake(
        "slopes at the sums",
        "The slope of z is taken at the sum inside: a (1 - a).",
        "z * (1 - z), with z the gate itself.",
        gru_back(da_z=lambda v: v.dh_t * (v.n - v.h_prev) * v.a_z * (1 - v.a_z)),
    ),
    Mistake(
        "candidate scaled by 1 - z",
        "The candidate's gradient is scaled by 1 - z; it entered with z.",
        "dn = dh_t * z.",
        gru_back(da_n=lambda v: v.dh_t * (1 - v.z) * (1 - v.n**2)),
    ),
    Mistake(
        "reset gate from s",
        "The reset gate's gradient is ds * s; r multiplied h_prev.",
        "dr = ds * h_prev.",
        gru_back(da_r=lambda v: v.ds * v.s * v.r * (1 - v.r)),
    ),
    # --- the parameters
    Mistake(
        "h_prev for s in dW_hh",
        "The gradient of `W_hh` uses h_prev for all blocks; those of z and n were multiplied by s.",
        "h_prev.T @ da_r, s.T @ da_z, s.T @ da_n, side by side.",
        gru_back(dW_hh=lambda v: v.h_prev.T @ v.da),
    ),
    Mistake(
        "s for h_prev in dW_hh",
        "The gradient of `W_hh` uses s for all blocks; that of r was multiplied by h_prev.",
        "h_prev.T @ da_r, s.T @ da_z, s.T @ da_n, side by side.",
        gru_back(dW_hh=lambda v: v.s.T @ v.da),
    ),
    Mistake(
        "h_prev for s in z's block",
        "In the gradient of `W_hh` the block of z uses h_prev; it was multiplied by s.",
        "h_prev.T @ da_r, s.T @ da_z, s.T @ da_n, side by side.",
        gru_back(dW_hh=lambda v: beside(v.h_prev.T @ v.da_r, v.h_prev.T @ v.da_z, v.s.T @ v.da_n)),
    ),
    Mistake(
        "bias averaged over the batch",
        "The gradient of `b` is averaged over the batch; it is a sum.",
        "`.sum(axis=0)`, not `.mean(axis=0)`.",
        gru_back(db=lambda v: v.da.mean(axis=0)),
    ),
    Mistake(
        "averaged over the batch",
        "The gradients of the parameters are averaged over the batch; they are sums.",
        "Whether the loss is an average, the loss decides.",
        _averaged,
    ),
    *variants(
        "blocks in another order on the way back",
        "The blocks of the gradient are set side by side in another order than r, z, n.",
        "The weights' blocks stand in the order r, z, n; so do those of the gradient.",
        gru_back(da=lambda v: beside(v.da_z, v.da_r, v.da_n)),
        gru_back(da=lambda v: beside(v.da_n, v.da_z, v.da_r)),
    ),
    # --- what is returned
    Mistake(
        "results in the wrong order",
        "The results are in another order than asked for.",
        "`return dx_t, dh_prev, grads`.",
        _returned(lambda dx, dh, grads: (dh, dx, grads)),
    ),
    Mistake(
        "dh_t changed in place",
        "`dh_t` was overwritten: it belongs to the caller.",
        "`dh_t *= ...` changes the caller's array. Build a new one.",
        _into_dh,
    ),
)
