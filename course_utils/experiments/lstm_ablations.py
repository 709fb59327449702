"""What is each part of the LSTM good for? Forget biases and missing gates on the agreement task."""

from __future__ import annotations

from typing import Any

from torch import nn

from course_utils.data import AgreementGrammar
from course_utils.experiments.agreement import MAX_PHRASES, examine, train_agreement
from course_utils.experiments.core import Experiment
from course_utils.models import GatedVariant, recurrent

EVERY = 50  # updates between two looks at the longest distance


def run(seed: int, cell: str, steps: int = 2500, **switches: Any) -> dict[str, Any]:
    """Train one cell on 0 to 20 phrases between noun and verb and test it at every number.

    `cell` is "rnn" or "lstm", torch's own, or "variant", a GatedVariant; `switches` go to it.
    Returns `accuracy` for 0 to 20 phrases, `excess`, nats a token above the grammar's entropy, and
    `longest`, the accuracy at 20 phrases before the first update and after every 50th.
    """
    grammar, longest = AgreementGrammar(MAX_PHRASES), []

    def make_cell(D: int, H: int) -> nn.Module:
        if cell == "variant":
            return GatedVariant(D, H, **switches)
        return recurrent(cell, D, H, **switches)

    def watch(step: int, model: nn.Module) -> None:
        if step % EVERY == 0:
            longest.append(examine(model, grammar, MAX_PHRASES)[0])

    found = train_agreement(make_cell, seed, steps=steps, watch=watch)
    return {"accuracy": found["accuracy"], "excess": found["excess"], "longest": longest}


EXPERIMENT = Experiment(
    name="lstm_ablations",
    question="Which start of the forget gate, and which gates, does the agreement task need?",
    run=run,
    settings={
        "tanh RNN": {"cell": "rnn"},
        "LSTM, forget bias 0": {"cell": "lstm", "forget_bias": 0.0},
        "LSTM, forget bias 1": {"cell": "lstm", "forget_bias": 1.0},
        "LSTM, forget bias 2": {"cell": "lstm", "forget_bias": 2.0},
        "LSTM, forget bias 5": {"cell": "lstm", "forget_bias": 5.0},
        "all gates, written out": {"cell": "variant"},
        "no forget gate": {"cell": "variant", "forget_gate": False},
        "no output gate": {"cell": "variant", "output_gate": False},
        "coupled gates": {"cell": "variant", "coupled": True},
        "peepholes": {"cell": "variant", "peepholes": True},
        "coupled gates, twice as long": {"cell": "variant", "coupled": True, "steps": 5000},
    },
    seeds=range(3),
    sample=("LSTM, forget bias 5", 0),
    tolerance={"accuracy": 0.05, "excess": 0.01},
)
