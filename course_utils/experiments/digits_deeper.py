"""Handwritten digits read by row and by pixel: one way, both ways, stacked, at equal parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from course_utils.data import digit_pixels, digit_rows
from course_utils.experiments.core import Experiment
from course_utils.models import SequenceClassifier, parameters
from course_utils.training import fit


def run(
    seed: int,
    *,
    read_by: str,
    H: int,
    epochs: int,
    cell: str = "gru",
    layers: int = 1,
    bidirectional: bool = False,
) -> dict[str, Any]:
    """Train on four fifths of the 1,797 images, drawn by the seed; accuracy on the last fifth."""
    read = {"row": digit_rows, "pixel": digit_pixels}[read_by]
    (x, y), (x_test, y_test) = read(seed=seed)
    model = SequenceClassifier(x.shape[2], H, 10, cell, layers, bidirectional=bidirectional)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    loss = nn.functional.cross_entropy
    fit(
        model,
        loss,
        (x, y),
        optimizer=optimizer,
        epochs=epochs,
        batch_size=64,
        seed=seed,
        clip_norm=1.0,
        progress=False,
    )
    with torch.no_grad():
        said = model(torch.from_numpy(x_test)).argmax(dim=1)
    return {
        "accuracy": float((said == torch.from_numpy(y_test)).float().mean()),
        "parameters": parameters(model),
    }


ROWS, PIXELS = {"read_by": "row", "epochs": 25}, {"read_by": "pixel", "epochs": 20}

EXPERIMENT = Experiment(
    name="digits_deeper",
    question="Does it help to read digits both ways, in two layers, or pixel by pixel?",
    run=run,
    settings={
        "rows, one way": {**ROWS, "H": 48},
        "rows, both ways": {**ROWS, "H": 32, "bidirectional": True},
        "rows, two layers": {**ROWS, "H": 29, "layers": 2},
        "pixels, one way": {**PIXELS, "H": 48},
        "pixels, both ways": {**PIXELS, "H": 33, "bidirectional": True},
        "pixels, tanh RNN": {**PIXELS, "H": 84, "cell": "rnn"},
    },
    seeds=range(3),
    sample=("rows, one way", 0),
    tolerance={"accuracy": 0.03},
)
