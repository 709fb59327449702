"""A drawing of the GRU: one step, with its reset after the product with W_hn or before it."""

from .figure import Figure, show
from .style import INK, rc_settings
from .wires import GATE, SHAPE, STATE, box, circle, line

RAIL, SHARE, CANDIDATE, SUM, PRODUCT = 5.5, 4.5, 3.35, 2.15, 0.55  # heights
Z, N, R = 2.0, 5.7, 11.5  # columns of the update gate, the candidate and the reset gate
MEMORY = 8.5  # column of what the reset gate acts on


def gru_diagram(
    reset: str = "after", *, caption: str | None = None, alt: str | None = None
) -> Figure:
    """Draw one step of the GRU: the state's rail, the two gates, the candidate.

    A circle with a cross multiplies entry by entry, one with a plus adds.
    Raises ValueError where reset is neither "after" nor "before".
    """
    if reset not in ("after", "before"):
        raise ValueError(f'reset is {reset!r}; expected "after" or "before".')

    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(rc_settings()):
        fig = Canvas(figsize=(10.4, 6.2))
        axes = fig.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-0.3, 13.4), ylim=(-1.2, 6.4), aspect="equal")
        _rail(axes)
        _shares(axes)
        _linear(axes, reset)
        _candidate(axes, reset)
        return show(fig, alt=alt or _alt(reset), caption=caption or _caption(reset))


def _rail(axes) -> None:
    """Draw the state on its way: times z, plus what is written."""
    line(axes, [(0.0, RAIL), (Z - 0.28, RAIL)], STATE, 4)
    line(axes, [(Z + 0.28, RAIL), (N - 0.28, RAIL)], STATE, 4)
    line(axes, [(N + 0.28, RAIL), (13.1, RAIL)], STATE, 4)
    circle(axes, (Z, RAIL), "×")
    circle(axes, (N, RAIL), "+")
    axes.text(0.0, RAIL + 0.45, "$h_{t-1}$", fontsize=17, ha="left", va="center")
    axes.text(0.9, RAIL - 0.35, "(B, H)", **SHAPE)
    axes.text(13.1, RAIL + 0.45, "$h_t$", fontsize=17, ha="right", va="center")
    axes.text(12.5, RAIL - 0.35, "(B, H)", **SHAPE)


def _shares(axes) -> None:
    """Draw z as the share of the old state and 1 - z as that of the candidate."""
    box(axes, (Z, SUM), (1.3, 0.9), r"$\sigma$", GATE, "update")
    line(axes, [(Z, SUM + 0.45), (Z, RAIL - 0.28)])
    axes.text(Z + 0.14, SUM + 0.75, "$z_t$", fontsize=15, ha="left", va="center")
    line(axes, [(Z, SHARE), (Z + 1.35, SHARE)])
    box(axes, (Z + 1.9, SHARE), (1.1, 0.6), "$1 - z_t$", INK)
    line(axes, [(Z + 2.45, SHARE), (N - 0.28, SHARE)])
    circle(axes, (N, SHARE), "×")
    line(axes, [(N, CANDIDATE + 0.45), (N, SHARE - 0.28)])
    line(axes, [(N, SHARE + 0.28), (N, RAIL - 0.28)])


def _linear(axes, reset: str) -> None:
    """Draw the row of products at the bottom, and which of them needs what."""
    memory = "$h_{t-1}W_{hn} + b_{hn}$" if reset == "after" else "$h_{t-1}$"
    for x, width, words in (
        (Z, 3.2, "$x_tW_{xz} + h_{t-1}W_{hz} + b_z$"),
        (N, 1.9, "$x_tW_{xn} + b_n$"),
        (MEMORY, 2.3 if reset == "after" else 1.0, memory),
        (R, 3.2, "$x_tW_{xr} + h_{t-1}W_{hr} + b_r$"),
    ):
        box(axes, (x, PRODUCT), (width, 0.75), "", INK)
        axes.text(x, PRODUCT, words, fontsize=13, ha="center", va="center")
        axes.text(x, PRODUCT - 0.62, "(B, H)", **SHAPE)
    axes.text(
        6.5, -0.85, "$x_t$ is (B, D); weights of $x_t$ are (D, H), of $h_{t-1}$ (H, H)", **SHAPE
    )
    line(axes, [(Z, PRODUCT + 0.38), (Z, SUM - 0.45)])
    line(axes, [(N, PRODUCT + 0.38), (N, SUM - 0.28)])
    line(axes, [(MEMORY, PRODUCT + 0.38), (MEMORY, SUM - 0.28)])
    line(axes, [(R, PRODUCT + 0.38), (R, SUM - 0.45)])


def _candidate(axes, reset: str) -> None:
    """Draw how the reset gate lets the memory into the candidate."""
    box(axes, (R, SUM), (1.3, 0.9), r"$\sigma$", GATE, "reset")
    axes.text(R - 1.0, SUM + 0.28, "$r_t$", fontsize=15, ha="center", va="center")
    line(axes, [(R - 0.65, SUM), (MEMORY + 0.28, SUM)])
    circle(axes, (MEMORY, SUM), "×")
    if reset == "after":
        line(axes, [(MEMORY - 0.28, SUM), (N + 0.28, SUM)])
    else:
        line(axes, [(MEMORY - 0.28, SUM), (MEMORY - 0.75, SUM)])
        box(axes, (MEMORY - 1.2, SUM), (0.9, 0.66), "$W_{hn}$", INK)
        line(axes, [(MEMORY - 1.65, SUM), (N + 0.28, SUM)])
    circle(axes, (N, SUM), "+")
    line(axes, [(N, SUM + 0.28), (N, CANDIDATE - 0.45)])
    box(axes, (N, CANDIDATE), (1.5, 0.9), r"$\tanh$", INK, "candidate")
    axes.text(N + 0.14, CANDIDATE + 0.66, "$n_t$", fontsize=15, ha="left", va="center")


def _alt(reset: str) -> str:
    memory = (
        "the product of h_(t-1) with W_hn, plus b_hn, is multiplied by r and added to the input's "
        "part"
        if reset == "after"
        else "h_(t-1) is multiplied by r, then by W_hn, and added to the input's part"
    )
    return (
        "One step of a GRU. On top the state runs from left to right: h_(t-1) is multiplied by the "
        "update gate z, then 1 - z times the candidate n is added, which gives h_t. Below, the "
        f"candidate: {memory}; the sum passes a tanh. Both gates are sigmoids of products with x_t "
        "and h_(t-1)."
    )


def _caption(reset: str) -> str:
    place = "the product with W_hn" if reset == "after" else "the state, before W_hn"
    return (
        "One step. The thick line is the state, the only thing carried: on its way from h_(t-1) to "
        f"h_t it meets one product, with z, and one sum. The reset gate acts on {place}."
    )
