"""What the students of the tests hand in for A5: honest variants and mistakes.

Sources are text, as students write them; none of them can see course_tools.
"""

from __future__ import annotations

from classroom import HandIn, untouched, write_all

PARTS = ("lstm", "lstm_back", "sequence", "gru", "gru_back")
VISIBLE = {"lstm": 4, "lstm_back": 4, "sequence": 3, "gru": 3, "gru_back": 3}
HIDDEN = {"lstm": 12, "lstm_back": 18, "sequence": 14, "gru": 8, "gru_back": 16}
POINTS = {part: VISIBLE[part] + HIDDEN[part] for part in PARTS}
FULL = sum(POINTS.values())

# --- honest variants, and one that computes in float32 -----------------------------------------

ROWS = {
    "lstm": """
def lstm_step(x_t, h_prev, c_prev, params):
    H = h_prev.shape[1]
    hs, cs = [], []
    for x, h, c in zip(x_t, h_prev, c_prev):
        a = x @ params["W_xh"] + h @ params["W_hh"] + params["b"]
        f = 1 / (1 + np.exp(-a[:H] - params["p_f"] * c))
        g = np.tanh(a[H : 2 * H])
        new = g + f * (c - g)
        o = 1 / (1 + np.exp(-a[2 * H :] - params["p_o"] * new))
        hs.append(o * np.tanh(new))
        cs.append(new)
    return np.array(hs), np.array(cs)
""",
    "lstm_back": """
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params):
    H = h_prev.shape[1]
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    back = []
    for dh, dc, x, h, c in zip(dh_t, dc_t, x_t, h_prev, c_prev):
        a = x @ params["W_xh"] + h @ params["W_hh"] + params["b"]
        f = 1 / (1 + np.exp(-a[:H] - params["p_f"] * c))
        g = np.tanh(a[H : 2 * H])
        new = f * c + (1 - f) * g
        o = 1 / (1 + np.exp(-a[2 * H :] - params["p_o"] * new))
        t = np.tanh(new)
        inner_o = dh * t * (o - o**2)
        all_c = dc + dh * o / np.cosh(new) ** 2 + params["p_o"] * inner_o
        inner_f = all_c * (c - g) * (f - f**2)
        inner_g = (all_c - all_c * f) * (1 - g) * (1 + g)
        inner = np.hstack([inner_f, inner_g, inner_o])
        grads["W_xh"] += np.outer(x, inner)
        grads["W_hh"] += np.outer(h, inner)
        grads["b"] += inner
        grads["p_f"] += inner_f * c
        grads["p_o"] += inner_o * new
        ways = params["W_xh"] @ inner, params["W_hh"] @ inner
        back.append((*ways, all_c * f + inner_f * params["p_f"]))
    dx, dh, dc = (np.stack(part) for part in zip(*back))
    return [dx, dh, dc, grads]
""",
    "sequence": """
def lstm_there_and_back(dh, dc, x, h0, c0, params):
    T = x.shape[1]
    H, C = [h0], [c0]
    for t in range(T):
        h_t, c_t = lstm_step(x[:, t], H[-1], C[-1], params)
        H.append(h_t)
        C.append(c_t)
    gh, gc, dx = 0 * h0, 0 * c0, 0 * x
    grads = {name: 0 * value for name, value in params.items()}
    for t in range(T - 1, -1, -1):
        step = x[:, t], H[t], C[t], params
        dx[:, t], gh, gc, g = lstm_step_backward(gh + dh[:, t], gc + dc[:, t], *step)
        grads = {name: grads[name] + g[name] for name in grads}
    if T == 0:
        return 0 * dh, 0 * dc, dx, gh, gc, grads
    return np.stack(H[1:], axis=1), np.stack(C[1:], axis=1), dx, gh, gc, grads
""",
    "gru": """
def gru_step(x_t, h_prev, params):
    H = h_prev.shape[1]
    W, U, b = params["W_xh"], params["W_hh"], params["b"]
    r = 1 / (1 + np.exp(-(x_t @ W[:, :H] + h_prev @ U[:, :H] + b[:H])))
    rest = x_t @ W[:, H:] + (r * h_prev) @ U[:, H:] + b[H:]
    z, n = 1 / (1 + np.exp(-rest[:, :H])), np.tanh(rest[:, H:])
    return h_prev + z * (n - h_prev)
""",
    "gru_back": """
def gru_step_backward(dh_t, x_t, h_prev, params):
    H = h_prev.shape[1]
    W, U, b = params["W_xh"], params["W_hh"], params["b"]
    r = 1 / (1 + np.exp(-(x_t @ W[:, :H] + h_prev @ U[:, :H] + b[:H])))
    s = r * h_prev
    rest = x_t @ W[:, H:] + s @ U[:, H:] + b[H:]
    z, n = 1 / (1 + np.exp(-rest[:, :H])), np.tanh(rest[:, H:])
    inner = np.hstack([dh_t * (n - h_prev) * (z - z * z), dh_t * z * (1 - n) * (1 + n)])
    ds = inner @ U[:, H:].T
    inner_r = ds * s * (1 - r)  # h_prev * r * (1 - r)
    dx = inner_r @ W[:, :H].T + inner @ W[:, H:].T
    dh = dh_t - dh_t * z + ds * r + inner_r @ U[:, :H].T
    grads = {"W_xh": np.hstack([x_t.T @ inner_r, x_t.T @ inner])}
    grads["W_hh"] = np.hstack([h_prev.T @ inner_r, s.T @ inner])
    grads["b"] = np.hstack([inner_r.sum(0), inner.sum(0)])
    return dx, dh, grads
""",
}

EINSUM = {
    "lstm": """
def lstm_step(x_t, h_prev, c_prev, params):
    H = h_prev.shape[1]
    weights = np.concatenate([params["W_xh"], params["W_hh"]])
    a = np.einsum("bi,ij->bj", np.concatenate([x_t, h_prev], 1), weights) + params["b"]
    f = sigmoid(a[:, :H] + np.einsum("j,bj->bj", params["p_f"], c_prev))
    c_t = np.einsum("bj,bj->bj", f, c_prev) + np.einsum("bj,bj->bj", 1 - f, np.tanh(a[:, H:-H]))
    return sigmoid(a[:, -H:] + params["p_o"] * c_t) * np.tanh(c_t), c_t
""",
    "lstm_back": """
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params):
    # By a tape of one's own: each line back undoes a line forward, last line first.
    p, H = params, h_prev.shape[1]
    inside = np.concatenate([x_t, h_prev], axis=1)
    weights = np.concatenate([p["W_xh"], p["W_hh"]])
    a = inside @ weights + p["b"]
    f, g = sigmoid(a[:, :H] + p["p_f"] * c_prev), np.tanh(a[:, H : 2 * H])
    i = 1 - f
    c_t = f * c_prev + i * g
    o, t = sigmoid(a[:, 2 * H :] + p["p_o"] * c_t), np.tanh(c_t)
    do, dt = dh_t * t, dh_t * o
    dao = do * o * (1 - o)
    dc = dc_t + dt * (1 - t * t) + dao * p["p_o"]
    df, di, dg = dc * c_prev, dc * g, dc * i
    df = df - di
    daf, dag = df * f * (1 - f), dg * (1 - g * g)
    dc_prev = dc * f + daf * p["p_f"]
    da = np.stack([daf, dag, dao], axis=1).reshape(len(a), 3 * H)
    both = np.einsum("bi,bj->ij", inside, da)
    back = np.einsum("bj,ij->bi", da, weights)
    D = x_t.shape[1]
    grads = {"W_xh": both[:D], "W_hh": both[D:], "b": np.einsum("bj->j", da)}
    grads["p_f"], grads["p_o"] = np.einsum("bj,bj->j", daf, c_prev), np.einsum("bj,bj->j", dao, c_t)
    return back[:, :D], back[:, D:], dc_prev, grads
""",
    "gru": """
def gru_step(x_t, h_prev, params):
    (W_r, W_z, W_n), (U_r, U_z, U_n) = (np.split(params[k], 3, axis=-1) for k in ("W_xh", "W_hh"))
    b_r, b_z, b_n = np.split(params["b"], 3)
    seen = np.einsum("bj,bj->bj", sigmoid(x_t @ W_r + h_prev @ U_r + b_r), h_prev)
    keep = sigmoid(-(x_t @ W_z + seen @ U_z + b_z))  # 1 - z
    return keep * h_prev + (1 - keep) * np.tanh(x_t @ W_n + seen @ U_n + b_n)
""",
}

CACHED = {
    "lstm": """
def _all(x_t, h_prev, c_prev, p):
    a = np.split(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b"], 3, axis=1)
    f, g = sigmoid(a[0] + p["p_f"] * c_prev), np.tanh(a[1])
    c_t = f * c_prev + (1 - f) * g
    return f, g, c_t, sigmoid(a[2] + p["p_o"] * c_t)


def lstm_step(x_t, h_prev, c_prev, params):
    _, _, c_t, o = _all(x_t, h_prev, c_prev, params)
    return (o * np.tanh(c_t), c_t)
""",
    "lstm_back": """
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params):
    f, g, c_t, o = _all(x_t, h_prev, c_prev, params)
    slope = lambda s: s * (1 - s)
    d_o = slope(o) * np.tanh(c_t) * dh_t
    d_c = dc_t + params["p_o"] * d_o + o * dh_t * (1 - np.tanh(c_t) ** 2)
    d_f, d_g = slope(f) * (c_prev - g) * d_c, (1 - f) * (1 - g**2) * d_c
    d = np.concatenate((d_f, d_g, d_o), axis=-1)
    grads = dict(W_xh=x_t.T @ d, W_hh=h_prev.T @ d, b=np.sum(d, 0))
    grads.update(p_f=np.sum(d_f * c_prev, 0), p_o=np.sum(d_o * c_t, 0))
    dc_prev = f * d_c + params["p_f"] * d_f
    return d @ params["W_xh"].T, d @ params["W_hh"].T, dc_prev, grads
""",
}

FLOAT32 = {
    "lstm_back": """
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params):
    low = lambda a: np.asarray(a, dtype=np.float32)
    dh_t, dc_t, x, h, c = (low(a) for a in (dh_t, dc_t, x_t, h_prev, c_prev))
    p = {name: low(value) for name, value in params.items()}
    a_f, a_g, a_o = np.split(x @ p["W_xh"] + h @ p["W_hh"] + p["b"], 3, axis=1)
    f, g = sigmoid(a_f + p["p_f"] * c), np.tanh(a_g)
    new = f * c + (1 - f) * g
    o, t = sigmoid(a_o + p["p_o"] * new), np.tanh(new)
    da_o = dh_t * t * o * (1 - o)
    dc = dc_t + dh_t * o * (1 - t**2) + da_o * p["p_o"]
    da_f, da_g = dc * (c - g) * f * (1 - f), dc * (1 - f) * (1 - g**2)
    da = np.concatenate([da_f, da_g, da_o], axis=1)
    grads = {"W_xh": x.T @ da, "W_hh": h.T @ da, "b": da.sum(0)}
    grads |= {"p_f": (da_f * c).sum(0), "p_o": (da_o * new).sum(0)}
    return da @ p["W_xh"].T, da @ p["W_hh"].T, dc * f + da_f * p["p_f"], grads
""",
    "gru": """
def gru_step(x_t, h_prev, params):
    x, h = x_t.astype(np.float32), h_prev.astype(np.float32)
    p = {name: value.astype(np.float32) for name, value in params.items()}
    H = h.shape[1]
    u, W = x @ p["W_xh"] + p["b"], p["W_hh"]
    s = sigmoid(u[:, :H] + h @ W[:, :H]) * h
    z = sigmoid(u[:, H : 2 * H] + s @ W[:, H : 2 * H])
    return (1 - z) * h + z * np.tanh(u[:, 2 * H :] + s @ W[:, 2 * H :])
""",
}

# --- mistakes of the catalogue, as a student would make them ----------------------------------

OLD_CELL_SEEN = """
def lstm_step(x_t, h_prev, c_prev, params):
    a_f, a_g, a_o = np.split(
        x_t @ params["W_xh"] + h_prev @ params["W_hh"] + params["b"], 3, axis=1
    )
    f, o = sigmoid(a_f + params["p_f"] * c_prev), sigmoid(a_o + params["p_o"] * c_prev)
    c_t = f * c_prev + (1 - f) * np.tanh(a_g)
    return o * np.tanh(c_t), c_t
"""

COUPLING_FORGOTTEN = """
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, params):
    p = params
    a_f, a_g, a_o = np.split(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b"], 3, axis=1)
    f, g = sigmoid(a_f + p["p_f"] * c_prev), np.tanh(a_g)
    c_t = f * c_prev + (1 - f) * g
    o = sigmoid(a_o + p["p_o"] * c_t)
    da_o = dh_t * np.tanh(c_t) * o * (1 - o)
    dc = dc_t + dh_t * o * (1 - np.tanh(c_t) ** 2) + da_o * p["p_o"]
    da_f = dc * c_prev * f * (1 - f)
    da = np.concatenate([da_f, dc * (1 - f) * (1 - g**2), da_o], axis=1)
    grads = {"W_xh": x_t.T @ da, "W_hh": h_prev.T @ da, "b": da.sum(0)}
    grads |= {"p_f": (da_f * c_prev).sum(0), "p_o": (da_o * c_t).sum(0)}
    return da @ p["W_xh"].T, da @ p["W_hh"].T, dc * f + da_f * p["p_f"], grads
"""

CELL_NOT_HANDED_BACK = """
def lstm_there_and_back(dh, dc, x, h0, c0, params):
    B, T, _ = x.shape
    h, c = np.zeros(dh.shape), np.zeros(dc.shape)
    old = h0, c0
    for t in range(T):
        old = lstm_step(x[:, t], *old, params)
        h[:, t], c[:, t] = old
    dx, gh, gc = np.zeros(x.shape), np.zeros(h0.shape), np.zeros(c0.shape)
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    for t in reversed(range(T)):
        before = (h[:, t - 1], c[:, t - 1]) if t else (h0, c0)
        dx[:, t], gh, gc, g = lstm_step_backward(dh[:, t] + gh, dc[:, t], x[:, t], *before, params)
        grads = {name: grads[name] + g[name] for name in grads}
    return h, c, dx, gh, gc, grads
"""

RESET_BEFORE = """
def gru_step(x_t, h_prev, params):
    u_r, u_z, u_n = np.split(x_t @ params["W_xh"] + params["b"], 3, axis=1)
    W_r, W_z, W_n = np.split(params["W_hh"], 3, axis=1)
    r, z = sigmoid(u_r + h_prev @ W_r), sigmoid(u_z + h_prev @ W_z)
    return (1 - z) * h_prev + z * np.tanh(u_n + (r * h_prev) @ W_n)
"""

ONE_WAY_TO_S = """
def gru_step_backward(dh_t, x_t, h_prev, params):
    W_xh, (W_r, W_z, W_n) = params["W_xh"], np.split(params["W_hh"], 3, axis=1)
    u_r, u_z, u_n = np.split(x_t @ W_xh + params["b"], 3, axis=1)
    r = sigmoid(u_r + h_prev @ W_r)
    s = r * h_prev
    z, n = sigmoid(u_z + s @ W_z), np.tanh(u_n + s @ W_n)
    da_z, da_n = dh_t * (n - h_prev) * z * (1 - z), dh_t * z * (1 - n**2)
    ds = da_n @ W_n.T
    da_r = ds * h_prev * r * (1 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dW_hh = np.concatenate([h_prev.T @ da_r, s.T @ da_z, s.T @ da_n], axis=1)
    grads = {"W_xh": x_t.T @ da, "W_hh": dW_hh, "b": da.sum(axis=0)}
    return da @ W_xh.T, dh_t * (1 - z) + ds * r + da_r @ W_r.T, grads
"""

CLASS: dict[str, HandIn] = {
    "s001": write_all({}),
    "s002": untouched,
    "s003": write_all(
        {
            "lstm": OLD_CELL_SEEN,
            "lstm_back": COUPLING_FORGOTTEN,
            "sequence": CELL_NOT_HANDED_BACK,
            "gru": RESET_BEFORE,
            "gru_back": ONE_WAY_TO_S,
        }
    ),
}
