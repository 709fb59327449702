"""What the students of the tests hand in for A2: solutions, variants, mistakes, broken files.

Sources are text, as students write them; none of them can see course_tools.
"""

from __future__ import annotations

import copy
import json

from classroom import HandIn, untouched, write_all

PARTS = ("step", "forward", "many_to_one", "count")
VISIBLE = {"step": 5, "forward": 6, "many_to_one": 4, "count": 2}
HIDDEN = {"step": 20, "forward": 24, "many_to_one": 16, "count": 8}
POINTS = {part: VISIBLE[part] + HIDDEN[part] for part in PARTS}
FULL = sum(POINTS.values())


# --- three honest variants, and one that computes in float32 ---------------------------------

LOOPS = {
    "step": """
def leaky_step(x_t, h_prev, y_prev, params):
    rows = []
    for x, h, y in zip(x_t, h_prev, y_prev):
        new = np.tanh(x @ params["W_xh"] + h @ params["W_hh"] + y @ params["W_yh"] + params["b_h"])
        rows.append(h + params["leak"] * (new - h))
    h_t = np.array(rows)
    return h_t, h_t @ params["W_hy"] + params["b_y"]
""",
    "forward": """
def leaky_forward(x, h0, y0, params):
    h = np.empty((x.shape[0], x.shape[1], h0.shape[1]))
    y = np.empty((x.shape[0], x.shape[1], y0.shape[1]))
    for t in range(x.shape[1]):
        before = (h0, y0) if t == 0 else (h[:, t - 1], y[:, t - 1])
        h[:, t], y[:, t] = leaky_step(x[:, t], *before, params)
    return h, y, None
""",
    "many_to_one": """
def many_to_one(h, h0, lengths, W_hc, b_c):
    p = []
    for b, n in enumerate(lengths):
        state = h[b, n - 1] if n > 0 else h0[b]
        logits = state @ W_hc + b_c
        e = np.exp(logits - max(logits))
        p.append(e / sum(e))
    return np.array(p)
""",
    "count": """
def count_parameters(D, H, O, C):
    shapes = [(D, H), (H, H), (O, H), (H,), (H,), (H, O), (O,), (H, C), (C,)]
    return sum(int(np.prod(shape)) for shape in shapes)
""",
}

EINSUM = {
    "step": """
def leaky_step(x_t, h_prev, y_prev, params):
    everything = np.concatenate([x_t, h_prev, y_prev], axis=1)
    weights = np.concatenate([params["W_xh"], params["W_hh"], params["W_yh"]])
    new = np.tanh(np.einsum("bi,ij->bj", everything, weights) + params["b_h"])
    h_t = np.einsum("j,bj->bj", 1 - params["leak"], h_prev) + params["leak"] * new
    return h_t, np.einsum("bj,jk->bk", h_t, params["W_hy"]) + params["b_y"]
""",
    "forward": """
class Tape:
    pass


def leaky_forward(x, h0, y0, params):
    drive = np.einsum("btd,dh->bth", x, params["W_xh"]) + params["b_h"]
    tape = Tape()
    tape.h, tape.y = [h0], [y0]
    for t in range(x.shape[1]):
        inside = drive[:, t] + tape.h[-1] @ params["W_hh"] + tape.y[-1] @ params["W_yh"]
        new = np.tanh(inside)
        tape.h.append((1 - params["leak"]) * tape.h[-1] + params["leak"] * new)
        tape.y.append(tape.h[-1] @ params["W_hy"] + params["b_y"])
    return np.stack(tape.h, axis=1)[:, 1:], np.stack(tape.y, axis=1)[:, 1:], tape
""",
    "many_to_one": """
def many_to_one(h, h0, lengths, W_hc, b_c):
    steps = np.arange(1, h.shape[1] + 1)
    chosen = (lengths[:, None] == steps).astype(h.dtype)
    state = np.einsum("bt,bth->bh", chosen, h) + (lengths == 0)[:, None] * h0
    logits = state @ W_hc + b_c
    logits = logits - np.max(logits, axis=-1)[:, None]
    return np.exp(logits) / np.exp(logits).sum(-1)[:, None]
""",
    "count": "count_parameters = lambda D, H, O, C: H * (D + H + 2 * O + C + 2) + O + C",
}

STACKED = {
    "step": """
def leaky_step(x_t, h_prev, y_prev, params):
    pairs = (x_t, "W_xh"), (h_prev, "W_hh"), (y_prev, "W_yh")
    new = np.tanh(sum(a @ params[name] for a, name in pairs) + params["b_h"])
    h_t = new + (1 - params["leak"]) * (h_prev - new)
    return [h_t, h_t @ params["W_hy"] + params["b_y"]]
""",
    "forward": """
def leaky_forward(x, h0, y0, params):
    steps, cache = [], []
    state = (h0, y0)
    for x_t in x.transpose(1, 0, 2):
        cache.append((x_t, *state))
        state = leaky_step(x_t, *state, params)
        steps.append(state)
    if not steps:
        return np.zeros((len(x), 0, h0.shape[1])), np.zeros((len(x), 0, y0.shape[1])), cache
    h, y = zip(*steps)
    return np.stack(h, axis=1), np.stack(y, axis=1), cache
""",
    "many_to_one": """
def many_to_one(h, h0, lengths, W_hc, b_c):
    last = [h0[b] if n == 0 else h[b][n - 1] for b, n in enumerate(lengths)]
    logits = np.stack(last) @ W_hc + b_c
    top = logits.max(axis=1, keepdims=True)
    return np.exp(logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True)))
""",
    "count": """
def count_parameters(D, H, O, C):
    return (D + H + O + 2) * H + (H + 1) * (O + C)
""",
}

FLOAT32 = {
    "step": """
def leaky_step(x_t, h_prev, y_prev, params):
    x, h, y = (a.astype(np.float32) for a in (x_t, h_prev, y_prev))
    p = {name: value.astype(np.float32) for name, value in params.items()}
    new = np.tanh(x @ p["W_xh"] + h @ p["W_hh"] + y @ p["W_yh"] + p["b_h"])
    h_t = (1 - p["leak"]) * h + p["leak"] * new
    return h_t, h_t @ p["W_hy"] + p["b_y"]
""",
    "forward": """
def leaky_forward(x, h0, y0, params):
    h = np.zeros((*x.shape[:2], h0.shape[1]), np.float32)
    y = np.zeros((*x.shape[:2], y0.shape[1]), np.float32)
    state = h0, y0
    for t in range(x.shape[1]):
        state = leaky_step(x[:, t], *state, params)
        h[:, t], y[:, t] = state
    return h, y, (x, h0, y0)
""",
}

# --- three mistakes of the catalogue, as a student would make them ---------------------------

LEAK_INVERTED = """
def leaky_step(x_t, h_prev, y_prev, params):
    total = x_t @ params["W_xh"] + h_prev @ params["W_hh"] + y_prev @ params["W_yh"]
    new = np.tanh(total + params["b_h"])
    h_t = params["leak"] * h_prev + (1 - params["leak"]) * new
    return h_t, h_t @ params["W_hy"] + params["b_y"]
"""

Y_NEVER_ADVANCED = """
def leaky_forward(x, h0, y0, params):
    hs, ys, h = [], [], h0
    for t in range(x.shape[1]):
        h, y = leaky_step(x[:, t], h, y0, params)
        hs.append(h)
        ys.append(y)
    if not hs:
        return np.zeros((len(x), 0, h0.shape[1])), np.zeros((len(x), 0, y0.shape[1])), None
    return np.stack(hs, 1), np.stack(ys, 1), (x, hs)
"""

PADDING_READ = """
def many_to_one(h, h0, lengths, W_hc, b_c):
    last = h[:, -1] if h.shape[1] else h0
    logits = last @ W_hc + b_c
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""


# --- what goes wrong besides -----------------------------------------------------------------


def _warns(book, folder):
    """A right solution that also prints a warning on stderr at every call."""
    book.solve()
    text = book.cell("step").source
    careless = '"""\n    with np.errstate(all="warn"):\n        np.log(np.zeros(1))\n'
    book.write("step", text.replace('"""\n', careless, 1))
    book.save(folder)


def _duplicated(book, folder):
    """The solution of Part 1 and its hidden test stand twice."""
    book.solve()
    for grade_id in ("step", "step_hidden"):
        twin = copy.deepcopy(book.cell(grade_id))
        twin["id"] += "-again"
        book.notebook.cells.insert(book.index(grade_id), twin)
    book.save(folder)


def _future_schema(book, folder):
    book.solve().cell("step").metadata.nbgrader["schema_version"] = 99
    book.save(folder)


def _half_a_file(book, folder):
    book.solve().save(folder)
    file = folder / "A2.ipynb"
    file.write_text(file.read_text(encoding="utf-8")[:5000], encoding="utf-8")


def _process_ended(book, folder):
    """Python ends after Part 2: what was earned before stays, the rest never ran."""
    book.solve().insert("many_to_one", "print.__self__.__import__('os')._exit(0)")
    book.save(folder)


def _tests_deleted(book, folder):
    """All tests, the set-up and one solution are gone; their neighbours too."""
    book.solve()
    gone = [
        "setup",
        "count",
        *(f"{part}_{kind}" for part in PARTS for kind in ("visible", "hidden")),
    ]
    for grade_id in gone:
        book.notebook.cells.remove(book.cell(grade_id))
    book.save(folder)


def _stray_import(book, folder):
    """A scratch cell plots something: not allowed, not run, and nothing is lost by it."""
    book.solve().insert("many_to_one", "import matplotlib.pyplot as plt\nplt.plot([1, 2])")
    book.save(folder)


def _tests_weakened(book, folder):
    """The untouched stub with its tests rewritten and their points raised."""
    for part in PARTS:
        cell = book.cell(f"{part}_hidden")
        cell.source, cell.metadata.nbgrader["points"] = "100", 100
        book.cell(f"{part}_visible").source = f"{VISIBLE[part]}"
    book.save(folder)


def _no_notebook(book, folder):
    book.solve().save(folder)
    (folder / "A2.ipynb").rename(folder / "my homework.ipynb")


def _not_a_notebook(book, folder):
    folder.mkdir(parents=True)
    (folder / "A2.ipynb").write_text(json.dumps({"cells": "none"}), encoding="utf-8")


CLASS: dict[str, HandIn] = {
    "s001": write_all({}),
    "s002": untouched,
    "s003": write_all(LOOPS),
    "s004": _half_a_file,
    "s005": write_all(EINSUM),
    "s006": _future_schema,
    "s007": write_all(STACKED),
    "s008": _process_ended,
    "s009": write_all(FLOAT32),
    "s010": _duplicated,
    "s011": write_all({"step": LEAK_INVERTED}),
    "s012": write_all({"forward": Y_NEVER_ADVANCED}),
    "s013": write_all({"many_to_one": PADDING_READ}),
    "s014": _warns,
    "s015": _tests_deleted,
    "s016": _stray_import,
    "s017": _tests_weakened,
    "s018": _no_notebook,
    "s019": _not_a_notebook,
}
"""Who hands in what; broken ones stand among right ones."""

SCORES = {
    "s001": FULL,
    "s002": 0,
    "s003": FULL,
    "s005": FULL,
    "s007": FULL,
    "s008": POINTS["step"] + POINTS["forward"],
    "s009": FULL,
    "s010": FULL,
    "s011": FULL - VISIBLE["step"] - HIDDEN["step"] / 2,  # the output is read rightly
    "s012": FULL - POINTS["forward"],
    "s013": FULL - POINTS["many_to_one"],
    "s014": FULL,
    "s015": FULL - POINTS["count"],
    "s016": FULL,
    "s017": 0,
}
BROKEN = ("s004", "s006", "s018", "s019")
