"""What the students of the tests hand in for A4: honest variants and mistakes.

Sources are text, as students write them; none of them can see course_tools.
"""

from __future__ import annotations

from classroom import HandIn, untouched, write_all

PARTS = ("jacobian", "products", "norms", "curve", "clip", "initialise")
VISIBLE = {"jacobian": 4, "products": 2, "norms": 2, "curve": 2, "clip": 3, "initialise": 4}
HIDDEN = {"jacobian": 16, "products": 8, "norms": 10, "curve": 8, "clip": 12, "initialise": 14}
POINTS = {part: VISIBLE[part] + HIDDEN[part] for part in PARTS}
FULL = sum(POINTS.values())

# --- honest variants, and one that computes in float32 -----------------------------------------

ROWS = {
    "jacobian": """
def leaky_jacobian(x_t, h_prev, params):
    p, leak = params, params["leak"]
    H, ways = len(leak), ([], [], [])
    for x, h in zip(x_t, h_prev):
        y = h @ p["W_hy"] + p["b_y"]
        new = np.tanh(x @ p["W_xh"] + h @ p["W_hh"] + y @ p["W_yh"] + p["b_h"])
        D = np.diag(leak * (1 - new) * (1 + new))
        ways[0].append(np.eye(H) - np.diag(leak))
        ways[1].append(p["W_hh"] @ D)
        ways[2].append(p["W_hy"] @ p["W_yh"] @ D)
    return [np.stack(way) for way in ways]
""",
    "products": """
def jacobian_products(J):
    B, N, H, _ = J.shape
    P = [np.array([np.eye(H)] * B)]
    for n in range(N - 1, -1, -1):
        P.append(np.array([J[b, n] @ P[-1][b] for b in range(B)]))
    return np.array(P).swapaxes(0, 1)
""",
    "norms": """
def log_norms(dh, J):
    L = np.empty((len(dh), J.shape[1] + 1))
    for b, g in enumerate(dh):
        exponent = 0.0
        for k in range(J.shape[1] + 1):
            top = np.abs(g).max()
            g, exponent = g / top, exponent + np.log(top)
            L[b, k] = exponent + np.log((g**2).sum()) / 2
            if k < J.shape[1]:
                g = J[b, J.shape[1] - 1 - k] @ g
    return L
""",
    "curve": """
def gradient_curve(dh, x, h0, y0, params):
    T, H = x.shape[1], h0.shape[1]
    h = leaky_states(x, h0, y0, params)[0]
    if T == 1:
        return log_norms(dh, np.zeros((len(x), 0, H, H)))
    J = [sum(leaky_jacobian(x[:, t + 1], h[:, t], params)) for t in range(T - 1)]
    return log_norms(dh, np.stack(J, axis=1))
""",
    "clip": """
def clip_gradients(grads, max_norm):
    entries = [g.ravel().astype(float) for g in grads.values() if g is not None]
    one = np.concatenate(entries)
    if not np.all(np.isfinite(one)):
        return {k: None if g is None else 0 * np.nan_to_num(g) for k, g in grads.items()}, np.inf
    exponent = np.floor(np.log2(max(np.abs(one).max(), 1e-300)))
    norm = np.linalg.norm(one / 2.0**exponent) * 2.0**exponent
    factor = max_norm / norm if norm > max_norm else 1.0
    return {k: None if g is None else g * g.dtype.type(factor) for k, g in grads.items()}, norm
""",
    "initialise": """
def initialise(D, H, O, leak, seed):
    # The identity, with a feedback so small that it may stay.
    np.random.seed(seed)
    return {
        "W_xh": 0.03 * np.random.randn(D, H),
        "W_hh": np.eye(H),
        "W_yh": 0.04 * np.random.randn(O, H),
        "b_h": np.zeros(H),
        "leak": leak,
        "W_hy": np.random.randn(H, O) / H**0.5,
        "b_y": np.zeros(O),
    }
""",
}

EINSUM = {
    "jacobian": """
def leaky_jacobian(x_t, h_prev, params):
    inside = np.concatenate([x_t, h_prev, h_prev @ params["W_hy"] + params["b_y"]], axis=1)
    weights = np.concatenate([params["W_xh"], params["W_hh"], params["W_yh"]])
    slope = 1 / np.cosh(inside @ weights + params["b_h"]) ** 2
    gate = slope * params["leak"]
    fed_back = np.einsum("io,oj,bj->bij", params["W_hy"], params["W_yh"], gate)
    kept = np.tile(np.diag(1 - params["leak"]), (len(x_t), 1, 1))
    return kept, np.einsum("ij,bj->bij", params["W_hh"], gate), fed_back
""",
    "products": """
def jacobian_products(J):
    P = np.empty((J.shape[0], J.shape[1] + 1, *J.shape[2:]), J.dtype)
    P[:, 0] = np.identity(J.shape[2])
    for k in range(J.shape[1]):
        P[:, k + 1] = np.einsum("bij,bjk->bik", J[:, -1 - k], P[:, k])
    return P
""",
    "norms": """
def log_norms(dh, J):
    # The same walk in matrices: scaled now and then, the scale kept aside.
    g, scale, L = dh.copy(), np.zeros(len(dh)), []
    for n in range(J.shape[1], -1, -1):
        if n < J.shape[1]:
            g = (J[:, n] @ g[:, :, None])[:, :, 0]
        size = np.sqrt(np.sum(g * g, axis=1))
        L.append(np.log(size) + scale)
        if size.max() > 1e50 or size.min() < 1e-50:
            g, scale = g / size[:, None], scale + np.log(size)
    return np.array(L).T
""",
    "clip": """
def clip_gradients(grads, max_norm):
    import math

    numbers = [float(v) for g in grads.values() if g is not None for v in np.ravel(g)]
    if not all(math.isfinite(v) for v in numbers):
        return {n: None if g is None else np.zeros(g.shape) for n, g in grads.items()}, math.inf
    norm = math.hypot(*numbers)
    clipped = {}
    for name, g in grads.items():
        too_large = g is not None and norm > max_norm
        clipped[name] = g * (max_norm / norm) if too_large else g if g is None else g + 0
    return clipped, norm
""",
    "initialise": """
def initialise(D, H, O, leak, seed):
    # An orthogonal Jacobian: Q = diag(1 - a) + (W_hh + W_hy W_yh) diag(a).
    rng = np.random.default_rng(seed)
    Q, R = np.linalg.qr(rng.normal(size=(H, H)))
    W_hy, W_yh = rng.normal(size=(H, O)) / np.sqrt(H), 0.1 * rng.normal(size=(O, H)) / np.sqrt(O)
    W_hh = (Q * np.sign(np.diag(R)) - np.diag(1 - leak)) / leak - W_hy @ W_yh
    p = {"W_xh": 0.04 * rng.normal(size=(D, H)) / np.sqrt(D), "W_hh": W_hh, "W_yh": W_yh}
    return p | {"b_h": np.zeros(H), "leak": leak + 0, "W_hy": W_hy, "b_y": np.zeros(O)}
""",
}

SCALED = {
    "norms": """
def log_norms(dh, J):
    L = [np.log(np.linalg.norm(dh, axis=-1))]
    unit = dh / np.linalg.norm(dh, axis=-1, keepdims=True)
    for J_n in np.moveaxis(J, 1, 0)[::-1]:
        unit = np.squeeze(unit[:, None, :] @ J_n.swapaxes(1, 2), axis=1)
        grown = np.linalg.norm(unit, axis=-1)
        L.append(L[-1] + np.log(grown))
        unit = unit / grown[:, None]
    return np.stack(L, axis=-1)
""",
    "initialise": """
def initialise(D, H, O, leak, seed):
    # Random weights, scaled until the Jacobian at rest has the spectral radius 1.
    rng = np.random.default_rng(seed)
    W_hy, W_yh = rng.normal(size=(H, O)) / np.sqrt(H), 0.06 * rng.normal(size=(O, H))
    skew = rng.normal(size=(H, H)) / np.sqrt(H)
    W = np.eye(H) + 0.05 * (skew - skew.T)  # a slow rotation
    J = np.diag(1 - leak) + (W + W_hy @ W_yh) * leak
    W = W / np.abs(np.linalg.eigvals(J)).max()
    p = {"W_xh": rng.uniform(-0.04, 0.04, size=(D, H)), "W_hh": W, "W_yh": W_yh, "W_hy": W_hy}
    return p | {"b_h": np.zeros(H), "b_y": np.zeros(O), "leak": leak}
""",
}

FLOAT32 = {
    "jacobian": """
def leaky_jacobian(x_t, h_prev, params):
    x, h = x_t.astype(np.float32), h_prev.astype(np.float32)
    p = {name: value.astype(np.float32) for name, value in params.items()}
    y = h @ p["W_hy"] + p["b_y"]
    new = np.tanh(x @ p["W_xh"] + h @ p["W_hh"] + y @ p["W_yh"] + p["b_h"])
    gate = (p["leak"] * (1 - new * new))[:, None, :]
    kept = np.zeros((len(x), *p["W_hh"].shape), np.float32) + np.diag(1 - p["leak"])
    return kept, p["W_hh"] * gate, (p["W_hy"] @ p["W_yh"]) * gate
""",
    "norms": """
def log_norms(dh, J):
    g, L = dh.astype(np.float32), []
    total = np.zeros((len(dh), 1), np.float32)
    for k in range(J.shape[1] + 1):
        if k:
            g = np.einsum("bij,bj->bi", J[:, -k].astype(np.float32), g)
        size = np.linalg.norm(g, axis=1, keepdims=True)
        g, total = g / size, total + np.log(size)
        L.append(total)
    return np.concatenate(L, axis=1)
""",
    "initialise": """
def initialise(D, H, O, leak, seed):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(H, H)))[0]
    p = {
        "W_xh": 0.04 * rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": Q,
        "W_yh": 0.08 * rng.normal(size=(O, H)) / np.sqrt(O),
        "b_h": np.zeros(H),
        "leak": leak,
        "W_hy": rng.normal(size=(H, O)) / np.sqrt(H),
        "b_y": np.zeros(O),
    }
    return {name: value.astype(np.float32) for name, value in p.items()}
""",
}

# --- mistakes of the catalogue, as a student would make them ----------------------------------

FEEDBACK_FORGOTTEN = """
def leaky_jacobian(x_t, h_prev, params):
    p = params
    y_prev = h_prev @ p["W_hy"] + p["b_y"]
    n = np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + y_prev @ p["W_yh"] + p["b_h"])
    recurrent = p["W_hh"] * (p["leak"] * (1 - n**2))[:, None, :]
    return np.diag(1 - p["leak"]) + 0 * recurrent, recurrent, 0 * recurrent
"""

ORDER_REVERSED = """
def jacobian_products(J):
    B, N, H, _ = J.shape
    P = np.zeros((B, N + 1, H, H))
    P[:, 0] = np.eye(H)
    for k in range(N):
        P[:, k + 1] = P[:, k] @ J[:, N - 1 - k]
    return P
"""

UNDERFLOW = """
def log_norms(dh, J):
    g, L = dh, [np.log(np.linalg.norm(dh, axis=1))]
    for n in range(J.shape[1] - 1, -1, -1):
        g = np.einsum("bij,bj->bi", J[:, n], g)
        L.append(np.log(np.linalg.norm(g, axis=1)))
    return np.stack(L, axis=1)
"""

WRONG_TIME = """
def gradient_curve(dh, x, h0, y0, params):
    T, H = x.shape[1], h0.shape[1]
    h = leaky_states(x, h0, y0, params)[0]
    J = np.zeros((len(x), T - 1, H, H))
    for t in range(1, T):
        J[:, t - 1] = sum(leaky_jacobian(x[:, t], h[:, t], params))
    return log_norms(dh, J)
"""

PER_TENSOR = """
def clip_gradients(grads, max_norm):
    total, clipped = 0.0, {}
    for name, g in grads.items():
        if g is None:
            clipped[name] = None
            continue
        norm = np.sqrt((g.astype(float) ** 2).sum())
        total += norm**2
        clipped[name] = g * min(1.0, max_norm / norm) if norm > 0 else g.copy()
    if not np.isfinite(total):
        return {k: None if g is None else np.zeros_like(g) for k, g in grads.items()}, np.inf
    return clipped, np.sqrt(total)
"""

USUAL = """
def initialise(D, H, O, leak, seed):
    rng, s = np.random.default_rng(seed), 1 / np.sqrt(H)
    sizes = {"W_xh": (D, H), "W_hh": (H, H), "W_yh": (O, H), "b_h": H, "W_hy": (H, O), "b_y": O}
    return {n: rng.uniform(-s, s, size=size) for n, size in sizes.items()} | {"leak": leak}
"""

CLASS: dict[str, HandIn] = {
    "s001": write_all({}),
    "s002": untouched,
    "s003": write_all(
        {
            "jacobian": FEEDBACK_FORGOTTEN,
            "products": ORDER_REVERSED,
            "norms": UNDERFLOW,
            "curve": WRONG_TIME,
            "clip": PER_TENSOR,
            "initialise": USUAL,
        }
    ),
}
