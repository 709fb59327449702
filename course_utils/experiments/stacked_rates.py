"""Does stacking help, if each stack may choose its learning rate?

The stacks of `stacked_layers`, each trained at several learning rates. A rate is chosen on
validation text; the test text, that of `stacked_layers`, judges.
"""

from __future__ import annotations

from course_utils.experiments import characters
from course_utils.experiments.core import Experiment
from course_utils.experiments.stacked_layers import Stack

RATES = (4e-3, 1.2e-2, 2e-2, 3.2e-2)
STACKS = {
    "1 layer of 160": {"layers": 1, "H": 160},
    "3 layers of 75": {"layers": 3, "H": 75},
    "3 layers of 75, added": {"layers": 3, "H": 75, "residual": True},
}


def run(
    seed: int, *, layers: int, H: int, lr: float, residual: bool = False, steps: int = 300
) -> dict[str, float]:
    """Return the perplexity of validation text, to choose `lr` by, and of test text, to report."""
    (text, test, validation), V = characters.manual_parts(200_000, 40_000, 20_000)
    model = Stack(V, H, layers, residual)
    characters.train(model, text, steps=steps, seed=seed, lr=lr)
    return {
        "validation": characters.perplexity(model, characters.in_rows(validation, 20)),
        "test": characters.perplexity(model, characters.in_rows(test, 40)),
    }


EXPERIMENT = Experiment(
    name="stacked_rates",
    question="Do stacked layers predict characters better than one, each at its own learning rate?",
    run=run,
    settings={
        f"{name}, rate {lr}": {**stack, "lr": lr} for lr in RATES for name, stack in STACKS.items()
    },
    seeds=range(3),
    sample=("1 layer of 160, rate 0.012", 0),
    tolerance={"validation": 0.15, "test": 0.15},
)
