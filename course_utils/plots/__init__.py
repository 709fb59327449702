"""Figures of the course: one style, diagrams of networks, heat maps, curves, sliders."""

from .backward import backward_diagram
from .curves import bars_with_spread, curves
from .diagrams import folded_diagram, unrolled_diagram
from .figure import Figure, show
from .gru import gru_diagram
from .heatmap import diverging_map, heatmap_through_time
from .lstm import lstm_diagram, lstm_unrolled
from .slider import slider_curves
from .style import COLORS, LINESTYLES, MARKERS, use_style
from .zoo import zoo

__all__ = [
    "COLORS",
    "LINESTYLES",
    "MARKERS",
    "Figure",
    "backward_diagram",
    "bars_with_spread",
    "curves",
    "diverging_map",
    "folded_diagram",
    "gru_diagram",
    "heatmap_through_time",
    "lstm_diagram",
    "lstm_unrolled",
    "show",
    "slider_curves",
    "unrolled_diagram",
    "use_style",
    "zoo",
]
