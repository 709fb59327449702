"""What the students of the tests hand in for A3: honest variants and mistakes.

Sources are text, as students write them; none of them can see course_tools.
"""

from __future__ import annotations

from classroom import HandIn, untouched, write_all

PARTS = ("check", "step", "sequence", "truncated")
VISIBLE = {"check": 3, "step": 5, "sequence": 6, "truncated": 3}
HIDDEN = {"check": 12, "step": 20, "sequence": 24, "truncated": 12}
POINTS = {part: VISIBLE[part] + HIDDEN[part] for part in PARTS}
FULL = sum(POINTS.values())

# --- three honest variants, and one that computes in float32 ---------------------------------

ROWS = {
    "check": """
def gradient_check(name, claimed, dh, dy, x, h0, y0, params, lengths, eps):
    def wide(a):
        return a.astype(float)

    def loss(where, shift):
        p = {key: wide(value) for key, value in params.items()}
        p |= {"x": wide(x), "h0": wide(h0), "y0": wide(y0)}
        p[name][where] += shift
        h, y = leaky_states(p["x"], p["h0"], p["y0"], p, lengths)
        total = 0.0
        for b, n in enumerate(lengths):
            total += (wide(dh)[b, :n] * h[b, :n]).sum() + (wide(dy)[b, :n] * y[b, :n]).sum()
        return total

    numeric = np.empty(claimed.shape)
    for where, _ in np.ndenumerate(claimed):
        numeric[where] = (loss(where, eps) - loss(where, -eps)) / (2 * eps)
    top = max(abs(float(v)) for v in [*numeric.ravel(), *claimed.ravel()])
    gap = max(abs(float(v)) for v in (numeric - claimed).ravel())
    return [numeric, gap / top if top else 0]
""",
    "step": """
def leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
    p, leak = params, params["leak"]
    grads = {name: np.zeros_like(value) for name, value in p.items()}
    back = []
    for dh, dy, x, h, y, h_new in zip(dh_t, dy_t, x_t, h_prev, y_prev, h_t):
        new = (h_new - (1 - leak) * h) / leak  # h_t tells what entered
        dh = dh + p["W_hy"] @ dy
        da = leak * dh * (1 - new) * (1 + new)
        for name, v in (("W_xh", x), ("W_hh", h), ("W_yh", y)):
            grads[name] += np.outer(v, da)
        grads["b_h"] += da
        grads["leak"] += dh * new - dh * h
        grads["W_hy"] += np.outer(h_new, dy)
        grads["b_y"] += dy
        back.append((p["W_xh"] @ da, dh - leak * dh + p["W_hh"] @ da, p["W_yh"] @ da))
    dx, dh, dy = (np.stack(part) for part in zip(*back))
    return dx, dh, dy, grads
""",
    "sequence": """
def leaky_forward(x, h0, y0, params, lengths):
    h, y = leaky_states(x, h0, y0, params, lengths)
    tape = []
    for b, n in enumerate(lengths):
        H, Y = [h0[b], *h[b, :n]], [y0[b], *y[b, :n]]
        tape.append([(x[b, t], H[t], Y[t], H[t + 1]) for t in range(n)])
    return h, y, {"tape": tape, "params": params, "shapes": (x.shape, h0, y0)}


def leaky_backward(dh, dy, cache):
    shape, h0, y0 = cache["shapes"]
    dx, dh0, dy0 = np.zeros(shape, h0.dtype), 0 * h0, 0 * y0
    grads = {name: 0 * value for name, value in cache["params"].items()}
    for b, steps in enumerate(cache["tape"]):
        gh, gy = dh0[b], dy0[b]
        for t in range(len(steps) - 1, -1, -1):
            ends = (dh[b, t] + gh)[None], (dy[b, t] + gy)[None]
            step = [v[None] for v in steps[t]]
            gx, gh, gy, g = leaky_step_backward(*ends, *step, cache["params"])
            dx[b, t], gh, gy = gx[0], gh[0], gy[0]
            grads = {name: grads[name] + g[name] for name in grads}
        dh0[b], dy0[b] = gh, gy
    return [dx, dh0, dy0, grads]
""",
    "truncated": """
def leaky_backward_truncated(dh, dy, x, h0, y0, params, lengths, k):
    h, y = leaky_states(x, h0, y0, params, lengths)
    on = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]
    dx, gh, gy = 0 * x, 0 * h0, 0 * y0
    grads = {name: 0 * value for name, value in params.items()}
    for t in range(x.shape[1] - 1, -1, -1):
        before = (h[:, t - 1], y[:, t - 1]) if t else (h0, y0)
        ends = np.where(on[:, t], dh[:, t] + gh, 0), np.where(on[:, t], dy[:, t] + gy, 0)
        dx[:, t], gh, gy, g = leaky_step_backward(*ends, x[:, t], *before, h[:, t], params)
        if t and t % k == 0:
            gh, gy = 0 * gh, 0 * gy
        grads = {name: grads[name] + g[name] for name in grads}
    return dx, gh, gy, grads
""",
}

CLOSURE = {
    "step": """
def leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
    # The output feeds on h_t, so that all three ways are one product with stacked weights.
    inside = np.concatenate([x_t, h_prev, y_prev], axis=1)
    weights = np.concatenate([params["W_xh"], params["W_hh"], params["W_yh"]])
    new = np.tanh(np.einsum("bi,ij->bj", inside, weights) + params["b_h"])
    arrived = dh_t + np.einsum("bo,ho->bh", dy_t, params["W_hy"])
    da = np.einsum("j,bj,bj->bj", params["leak"], arrived, 1 / np.cosh(np.arctanh(new)) ** 2)
    sizes = np.cumsum([x_t.shape[1], h_prev.shape[1]])
    dx, dh, dy = np.split(np.einsum("bj,ij->bi", da, weights), sizes, axis=1)
    parts = np.split(np.einsum("bi,bj->ij", inside, da), sizes, axis=0)
    grads = dict(zip(("W_xh", "W_hh", "W_yh"), parts))
    grads["b_h"] = np.einsum("bj->j", da)
    grads["leak"] = np.einsum("bj,bj->j", arrived, new) - np.einsum("bj,bj->j", arrived, h_prev)
    grads["W_hy"] = np.einsum("bh,bo->ho", h_t, dy_t)
    grads["b_y"] = np.einsum("bo->o", dy_t)
    return dx, dh + arrived * (1 - params["leak"]), dy, grads
""",
    "sequence": """
def leaky_forward(x, h0, y0, params, lengths):
    h, y = leaky_states(x, h0, y0, params, lengths)
    T = x.shape[1]
    H, Y = np.concatenate([h0[:, None], h], 1), np.concatenate([y0[:, None], y], 1)

    def back(dh, dy):
        dx, grads = np.zeros(x.shape, h.dtype), {n: np.zeros_like(v) for n, v in params.items()}
        gh, gy = np.zeros_like(h0), np.zeros_like(y0)
        for t in range(T)[::-1]:
            on = np.flatnonzero(t < lengths)  # the rows that are still running
            ends = dh[on, t] + gh[on], dy[on, t] + gy[on]
            given = x[on, t], H[on, t], Y[on, t], H[on, t + 1], params
            dx[on, t], gh[on], gy[on], g = leaky_step_backward(*ends, *given)
            for name in g:
                grads[name] += g[name]
        return dx, gh, gy, grads

    return h, y, back


def leaky_backward(dh, dy, cache):
    return cache(dh, dy)
""",
}

FLOAT32 = {
    "step": """
def leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
    dh_t, dy_t, x, h, y, h_t = (
        a.astype(np.float32) for a in (dh_t, dy_t, x_t, h_prev, y_prev, h_t)
    )
    p = {name: value.astype(np.float32) for name, value in params.items()}
    new = np.tanh(x @ p["W_xh"] + h @ p["W_hh"] + y @ p["W_yh"] + p["b_h"])
    dh = dh_t + dy_t @ p["W_hy"].T
    da = dh * p["leak"] * (1 - new * new)
    g = {"W_xh": x.T @ da, "W_hh": h.T @ da, "W_yh": y.T @ da, "b_h": da.sum(0)}
    g |= {"leak": (dh * (new - h)).sum(0), "W_hy": h_t.T @ dy_t, "b_y": dy_t.sum(0)}
    return da @ p["W_xh"].T, dh * (1 - p["leak"]) + da @ p["W_hh"].T, da @ p["W_yh"].T, g
""",
    "sequence": """
def leaky_forward(x, h0, y0, params, lengths):
    return *leaky_states(x, h0, y0, params, lengths), (x, h0, y0, params, lengths)


def leaky_backward(dh, dy, cache):
    x, h0, y0, params, lengths = cache
    h, y = leaky_states(x, h0, y0, params, lengths)
    gh, gy = np.zeros(h0.shape, np.float32), np.zeros(y0.shape, np.float32)
    dx = np.zeros(x.shape, np.float32)
    grads = {name: np.zeros(value.shape, np.float32) for name, value in params.items()}
    for t in reversed(range(x.shape[1])):
        on = (t < lengths)[:, None]
        before = (h0, y0) if t == 0 else (h[:, t - 1], y[:, t - 1])
        ends = np.where(on, dh[:, t] + gh, 0), np.where(on, dy[:, t] + gy, 0)
        x_t = np.where(on, x[:, t], 0)
        dx[:, t], gh, gy, g = leaky_step_backward(*ends, x_t, *before, h[:, t], params)
        for name in grads:
            grads[name] += g[name]
    return dx, gh, gy, grads
""",
}

# --- mistakes of the catalogue, as a student would make them ----------------------------------

ONE_SIDED = """
def gradient_check(name, claimed, dh, dy, x, h0, y0, params, lengths, eps):
    given = {"x": x, "h0": h0, "y0": y0, **params}
    given = {key: value.astype(float) for key, value in given.items()}

    def loss():
        h, y = leaky_states(given["x"], given["h0"], given["y0"], given, lengths)
        return (dh * h).sum() + (dy * y).sum()

    here, numeric = loss(), np.zeros(claimed.shape)
    for index in np.ndindex(numeric.shape):
        kept = given[name][index]
        given[name][index] = kept + eps
        numeric[index] = (loss() - here) / eps
        given[name][index] = kept
    top = max(abs(numeric).max(), abs(claimed).max())
    return numeric, abs(numeric - claimed).max() / top if top else 0.0
"""

SLOPE_AT_H = """
def leaky_step_backward(dh_t, dy_t, x_t, h_prev, y_prev, h_t, params):
    p = params
    new = np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + y_prev @ p["W_yh"] + p["b_h"])
    dh = dh_t + dy_t @ p["W_hy"].T
    da = dh * p["leak"] * (1 - h_t**2)
    g = {"W_xh": x_t.T @ da, "W_hh": h_prev.T @ da, "W_yh": y_prev.T @ da, "b_h": da.sum(0)}
    g |= {"leak": (dh * (new - h_prev)).sum(0), "W_hy": h_t.T @ dy_t, "b_y": dy_t.sum(0)}
    return da @ p["W_xh"].T, dh * (1 - p["leak"]) + da @ p["W_hh"].T, da @ p["W_yh"].T, g
"""

PADDING_COUNTED = """
def leaky_forward(x, h0, y0, params, lengths):
    h, y = leaky_states(x, h0, y0, params, lengths)
    return h, y, (x, h0, y0, h, y, params)


def leaky_backward(dh, dy, cache):
    x, h0, y0, h, y, params = cache
    gh, gy, dx = np.zeros_like(h0), np.zeros_like(y0), np.zeros_like(x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(x.shape[1])):
        before = (h0, y0) if t == 0 else (h[:, t - 1], y[:, t - 1])
        ends = dh[:, t] + gh, dy[:, t] + gy
        dx[:, t], gh, gy, g = leaky_step_backward(*ends, x[:, t], *before, h[:, t], params)
        for name in grads:
            grads[name] += g[name]
    return dx, gh, gy, grads
"""

STATE_RESET = """
def leaky_backward_truncated(dh, dy, x, h0, y0, params, lengths, k):
    dx, grads = np.zeros_like(x), {name: np.zeros_like(v) for name, v in params.items()}
    dh0, dy0 = np.zeros_like(h0), np.zeros_like(y0)
    for first in range(0, x.shape[1], k):
        part = slice(first, first + k)
        left = np.clip(lengths - first, 0, x[:, part].shape[1])
        start = (h0, y0) if first == 0 else (np.zeros_like(h0), np.zeros_like(y0))
        cache = leaky_forward(x[:, part], *start, params, left)[2]
        dx[:, part], gh, gy, g = leaky_backward(dh[:, part], dy[:, part], cache)
        for name in grads:
            grads[name] += g[name]
        if first == 0:
            dh0, dy0 = gh, gy
    return dx, dh0, dy0, grads
"""

CLASS: dict[str, HandIn] = {
    "s001": write_all({}),
    "s002": untouched,
    "s003": write_all(
        {
            "check": ONE_SIDED,
            "step": SLOPE_AT_H,
            "sequence": PADDING_COUNTED,
            "truncated": STATE_RESET,
        }
    ),
}
