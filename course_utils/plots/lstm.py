"""Drawings of the LSTM: one step with its gates, and the steps in a row with what they carry."""

from .figure import Figure, show
from .style import INK, rc_settings
from .wires import CELL, GATE, SHAPE, STATE, box, circle, line


def lstm_diagram(*, caption: str | None = None, alt: str | None = None) -> Figure:
    """Draw one step of the LSTM: four blocks from one product, three of them gates, and the cell.

    Shapes stand beside the edges; a circle with a cross multiplies entry by entry, one with a plus
    adds.
    """
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(rc_settings()):
        fig = Canvas(figsize=(10.0, 6.4))
        axes = fig.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-0.2, 12.2), ylim=(-1.55, 6.4), aspect="equal")
        rail, write, read, gates, product = 5.3, 4.1, 3.45, 2.5, 0.55  # heights
        at = {"f": 2.7, "i": 4.8, "g": 6.6, "o": 8.7}

        box(axes, (5.7, product), (8.2, 0.8), r"$x_t W_{xh} + h_{t-1} W_{hh} + b$", INK)
        axes.text(10.0, product, "(B, 4H)", **{**SHAPE, "ha": "left"})
        for name, x in at.items():
            line(axes, [(x, product + 0.4), (x, gates - 0.5)])
            squash = r"$\tanh$" if name == "g" else r"$\sigma$"
            words = {"f": "keep", "i": "write", "g": "candidate", "o": "read"}[name]
            box(axes, (x, gates), (1.3, 0.9), squash, INK if name == "g" else GATE, words)
            # g's letter stands where its line is; the others' to the right of theirs.
            axes.text(x + 0.14, gates + 0.72, f"${name}_t$", fontsize=15, ha="left", va="center")
        line(axes, [(3.4, -1.0), (3.4, product - 0.4)])
        line(axes, [(0.2, product), (1.6, product)], STATE, 3)
        axes.text(3.4, -1.25, "$x_t$", fontsize=17, ha="center", va="center")
        axes.text(3.55, -0.5, "(B, D)", **{**SHAPE, "ha": "left"})
        axes.text(
            5.7, -0.35, "$W_{xh}$ (D, 4H), $W_{hh}$ (H, 4H), $b$ (4H)", **{**SHAPE, "ha": "left"}
        )
        axes.text(0.15, product + 0.45, "$h_{t-1}$", fontsize=17, ha="left", va="center")
        axes.text(0.75, product - 0.35, "(B, H)", **SHAPE)

        line(axes, [(0.2, rail), (at["f"] - 0.28, rail)], CELL, 4)
        line(axes, [(at["f"] + 0.28, rail), (at["i"] + 0.62, rail)], CELL, 4)
        line(axes, [(at["i"] + 1.18, rail), (11.7, rail)], CELL, 4)
        circle(axes, (at["f"], rail), "×")
        circle(axes, (at["i"] + 0.9, rail), "+")
        line(axes, [(at["f"], gates + 0.45), (at["f"], rail - 0.28)])
        circle(axes, (at["i"] + 0.9, write), "×")
        line(axes, [(at["i"], gates + 0.45), (at["i"], write), (at["i"] + 0.62, write)])
        line(axes, [(at["g"], gates + 0.45), (at["g"], write), (at["i"] + 1.18, write)])
        line(axes, [(at["i"] + 0.9, write + 0.28), (at["i"] + 0.9, rail - 0.28)])
        axes.text(0.15, rail + 0.45, "$c_{t-1}$", fontsize=17, ha="left", va="center")
        axes.text(1.1, rail - 0.35, "(B, H)", **SHAPE)
        axes.text(11.75, rail + 0.45, "$c_t$", fontsize=17, ha="right", va="center")
        axes.text(11.2, rail - 0.35, "(B, H)", **SHAPE)

        out = 10.4
        line(axes, [(out, rail), (out, write + 0.63)], CELL, 1.8)
        box(axes, (out, write + 0.3), (1.1, 0.66), r"$\tanh$", INK)
        line(axes, [(out, write - 0.03), (out, read + 0.28)])
        circle(axes, (out, read), "×")
        line(axes, [(at["o"], gates + 0.45), (at["o"], read), (out - 0.28, read)])
        line(axes, [(out + 0.28, read), (11.7, read)], STATE, 3)
        axes.text(11.75, read + 0.45, "$h_t$", fontsize=17, ha="right", va="center")
        axes.text(11.2, read - 0.35, "(B, H)", **SHAPE)
        return show(
            fig,
            alt=alt
            or "One step of an LSTM. Below, the input x_t and the last state h_(t-1) enter one "
            "product of width 4H. It feeds four blocks: the gates f, i and o through a sigmoid, "
            "the candidate g through a tanh. Above, the cell runs from left to right: c_(t-1) is "
            "multiplied by f, then i times g is added, which gives c_t. On the right c_t passes a "
            "tanh and is multiplied by o, which gives h_t.",
            caption=caption
            or "One step. The thick line on top is the cell: on its way from c_(t-1) to c_t it "
            "meets one product, with f, and one sum, and no weight matrix and no squashing.",
        )


def lstm_unrolled(T: int = 3, *, caption: str | None = None, alt: str | None = None) -> Figure:
    """Draw T steps of an LSTM in a row: the rail of c on top, the rail of h through the weights.

    Raises ValueError unless T is from 1 to 4: with more steps the words would not fit.
    """
    if not 1 <= T <= 4:
        raise ValueError(f"T is {T}: draw from 1 to 4 steps.")

    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(rc_settings()):
        fig = Canvas(figsize=(2.4 + 2.5 * T, 4.2))
        axes = fig.subplots()
        axes.set_axis_off()
        pitch, rail, net = 3.6, 2.5, 0.6
        axes.set(xlim=(-0.7, T * pitch + 2.7), ylim=(-1.5, 3.3), aspect="equal")
        for step, x in enumerate(range(0, T + 1)):
            at = x * pitch
            axes.text(at + 1.8 * (step > 0), rail + 0.42, f"$c_{step}$", fontsize=16, ha="center")
            axes.text(at + 1.8 * (step > 0), net - 0.62, f"$h_{step}$", fontsize=16, ha="center")
        line(axes, [(-0.5, rail), (pitch - 0.98, rail)], CELL, 4)
        line(axes, [(-0.5, net), (pitch - 0.92, net)], STATE, 3)
        axes.text(0.0, rail - 0.36, "(B, H)", **SHAPE)
        axes.text(0.0, net + 0.32, "(B, H)", **SHAPE)
        for t in range(1, T + 1):
            x = t * pitch
            end = (t + 1) * pitch - 0.98 if t < T else x + 2.5
            circle(axes, (x - 0.7, rail), "×")
            circle(axes, (x + 0.1, rail), "+")
            line(axes, [(x - 0.42, rail), (x - 0.18, rail)], CELL, 4)
            line(axes, [(x + 0.38, rail), (end, rail)], CELL, 4)
            box(axes, (x, net), (1.8, 0.9), r"$i,\,f,\,g,\,o$", GATE)
            line(axes, [(x - 0.7, net + 0.45), (x - 0.7, rail - 0.28)])
            axes.text(x - 0.78, 1.42, f"$f_{t}$", fontsize=14, ha="right")
            line(axes, [(x + 0.1, net + 0.45), (x + 0.1, rail - 0.28)])
            axes.text(x + 0.04, 1.42, f"$i_{t} g_{t}$", fontsize=14, ha="right")
            # out of the cell, through tanh and the read gate, back down to the rail of h
            line(axes, [(x + 1.4, rail), (x + 1.4, net + 0.28)], CELL, 1.8)
            axes.text(x + 1.5, 1.42, "tanh", fontsize=13, ha="left")
            line(axes, [(x + 0.9, net), (x + 1.12, net)])
            axes.text(x + 1.08, net + 0.54, f"$o_{t}$", fontsize=14, ha="center")
            circle(axes, (x + 1.4, net), "×")
            line(axes, [(x + 1.68, net), (end + 0.06, net)], STATE, 3)
            line(axes, [(x, -0.85), (x, net - 0.48)])
            axes.text(x, -1.2, f"$x_{t}$", fontsize=16, ha="center")
            axes.text(x + 0.1, -0.4, "(B, D)", **{**SHAPE, "ha": "left"})
        return show(
            fig,
            alt=alt
            or f"An LSTM unrolled over {T} step{'s' * (T > 1)}. Two lines run from left to right: "
            "on top the cell, from c_0 through a product with f and a sum at every step; below it "
            "the state, from h_0 into a box with the four blocks at every step. From each box "
            "arrows rise to the cell, and from the cell an arrow comes down through tanh, right of "
            "the box, is multiplied by the gate o and leaves as the next state.",
            caption=caption
            or "Two things are carried. The cell c (thick, above) passes from step to step by a "
            "product and a sum; the state h (below) passes through the weights of every step.",
        )
