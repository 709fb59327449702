"""The house style: one palette, one set of matplotlib settings, readable in a lecture room.

Every member of the cycle differs from the others in lightness as well as in hue, and comes with a
line style and a marker of its own, so that a figure survives a grey printer and a colour-blind eye.
The hues follow Okabe and Ito (2008, "Color Universal Design"), darkened until they stand on white.
"""

PAPER = "#FFFFFF"  # figures carry their own background: a dark page shows them as a white card
INK = "#1F1F1F"
FAINT = "#E2E2E2"  # grid lines

COLORS = ("#0A4C8C", "#CC8400", "#B23A0A", "#1A1A1A", "#008C63", "#5F1450")
LINESTYLES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (9, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P")

# For inline SVG, which takes the colour of the page: at least 3:1 against white and against #111.
MIDTONES = {"blue": "#2278B5", "orange": "#D55E00", "green": "#009068", "purple": "#B565A0"}


def rc_settings() -> dict:
    """Return the matplotlib settings of the house, as a dict for `rc_context` or `rcParams`."""
    from matplotlib import cycler

    # Markers stay out of it: on a series of 365 days they would be a thick rope.
    cycle = cycler(color=COLORS) + cycler(linestyle=LINESTYLES)
    return {
        "figure.figsize": (8.0, 4.2),
        "figure.dpi": 100,
        "figure.facecolor": PAPER,
        "figure.constrained_layout.use": True,
        "savefig.facecolor": PAPER,
        # DejaVu comes with matplotlib: the same letters, and the same bytes, on every machine.
        "font.family": "DejaVu Sans",
        "mathtext.fontset": "dejavuserif",
        "font.size": 13,
        "text.color": INK,
        "axes.facecolor": PAPER,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlesize": 14,
        "axes.titlelocation": "left",
        "axes.labelsize": 13,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.prop_cycle": cycle,
        "grid.color": FAINT,
        "grid.linewidth": 0.8,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 12,
        "ytick.labelsize": 12,
        "lines.linewidth": 2.2,
        "lines.markersize": 6,
        "lines.markeredgecolor": PAPER,  # a white rim keeps markers apart where lines meet
        "legend.frameon": False,
        "legend.fontsize": 12,
    }


def use_style() -> None:
    """Give every later matplotlib figure of this session the look of the course."""
    import matplotlib

    matplotlib.rcParams.update(rc_settings())
