"""The way back drawn over the way forward: which gradient runs along which arrow."""

from .figure import Figure, show
from .style import COLORS, INK, rc_settings

BACK = COLORS[2]
PITCH, RISE = 3.6, 2.5  # distances between columns and rows
MOST = 4


def backward_diagram(T: int = 3, *, alt: str | None = None, caption: str | None = None) -> Figure:
    """Draw a recurrent network unrolled over T steps with its gradients running back.

    Thin solid arrows are the forward pass, thick dashed ones the backward pass; beside each of
    these stands what it carries. A box holds a quantity, its gradient, and their common shape.
    Raises ValueError unless T is from 1 to 4: with more steps the words would not fit.
    """
    if not 1 <= T <= MOST:
        raise ValueError(f"T is {T}: draw from 1 to {MOST} steps.")

    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(rc_settings()):
        fig = Canvas(figsize=(1.6 + 2.6 * T, 5.4))
        axes = fig.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-0.8, T * PITCH + 1.3), ylim=(-0.7, 2 * RISE + 0.7))
        _box(axes, 0, RISE, "$h_0$", "$dh_0$", "(B, H)")
        for t in range(1, T + 1):
            x = t * PITCH
            _box(axes, x, 0, f"$x_{t}$", f"$dx_{t}$", "(B, D)")
            _box(axes, x, RISE, f"$h_{t}$", f"$dh_{t}$", "(B, H)")
            _box(axes, x, 2 * RISE, f"$o_{t}$", f"$do_{t}$", "(B, V)")
            _both_ways(axes, (x, 0), (x, RISE), "$W_{xh}$", f"$da_{t}W_{{xh}}^T$")
            _both_ways(axes, (x, RISE), (x, 2 * RISE), "$W_{hy}$", f"$do_{t}W_{{hy}}^T$")
            before = ((t - 1) * PITCH, RISE)
            _both_ways(axes, before, (x, RISE), "$W_{hh}$", f"$da_{t}W_{{hh}}^T$")
        return show(
            fig,
            alt=alt
            or f"An unrolled recurrent network of {T} step{'s' * (T > 1)}. Forward arrows lead "
            "from each input to its state, from state to state and from each state to its output. "
            "Beside each runs a dashed arrow the other way, labelled with the gradient that it "
            "carries.",
            caption=caption
            or "Forward, thin: two arrows meet in each state after h0. Backward, dashed: where "
            "a state has an output above it and a step after it, the gradients of both are added.",
        )


def _box(axes, x: float, y: float, value: str, gradient: str, shape: str) -> None:
    """Write a quantity and, in the colour of the way back, its gradient; below both their shape."""
    from matplotlib.patches import FancyBboxPatch

    look = {"boxstyle": "round,pad=0.06", "fc": "#F4F4F4", "ec": INK}
    axes.add_patch(FancyBboxPatch((x - 0.55, y - 0.4), 1.1, 0.8, **look))
    axes.text(x - 0.28, y + 0.14, value, ha="center", va="center", fontsize=15)
    axes.text(x + 0.26, y + 0.14, gradient, ha="center", va="center", fontsize=15, color=BACK)
    axes.text(x, y - 0.24, shape, ha="center", va="center", fontsize=11)


def _both_ways(axes, start, end, weight: str, carried: str) -> None:
    """Draw the forward arrow from start to end with its weight, and the way back beside it."""
    (x0, y0), (x1, y1) = start, end
    up = x0 == x1
    dx, dy = (0.0, 0.48) if up else (0.63, 0.0)  # from a box's centre to its edge
    side = (0.16, 0.0) if up else (0.0, 0.16)  # half the distance between the two ways
    lanes = [  # each way: tail, head
        ((x0 + dx - side[0], y0 + dy + side[1]), (x1 - dx - side[0], y1 - dy + side[1])),
        ((x1 - dx + side[0], y1 - dy - side[1]), (x0 + dx + side[0], y0 + dy - side[1])),
    ]
    for (tail, head), color, width, style in zip(
        lanes, (INK, BACK), (1.4, 2.6), ("-", (0, (4, 2))), strict=True
    ):
        # The line ends before the tip, and the head is drawn solid: a dashed head looks torn.
        neck = [h - 0.1 * (h > t) + 0.1 * (h < t) for t, h in zip(tail, head, strict=True)]
        axes.plot(*zip(tail, neck, strict=True), color=color, lw=width, ls=style, marker="")
        arrow = {"arrowstyle": "-|>", "color": color, "lw": 0.1, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", head, neck, arrowprops={**arrow, "mutation_scale": 14 + 2 * width})
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if up:
        axes.text(x - 0.28, y, weight, ha="right", va="center", fontsize=14)
        axes.text(x + 0.3, y, carried, ha="left", va="center", fontsize=14, color=BACK)
    else:
        axes.text(x, y + 0.28, weight, ha="center", va="bottom", fontsize=14)
        axes.text(x, y - 0.3, carried, ha="center", va="top", fontsize=14, color=BACK)
