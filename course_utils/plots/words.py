"""Alternative texts and captions that the diagrams write about themselves."""

from .pen import WIDTHS, Pen

SUMMARY = {
    "one-to-one": "one input gives one output, without recurrence",
    "one-to-many": "one input starts it and every step writes an output",
    "many-to-one": "every step reads an input and only the last step writes an output",
    "many-to-many": "every step reads an input and writes an output",
}


def unrolled_words(
    T: int, kind: str, T_out: int, feedback: str | None, highlight, pen: Pen
) -> tuple[str, str]:
    """Return alternative text and caption of an unrolled diagram as `pen` draws it."""
    letter = pen.letter
    x, h, y = (letter(name) for name in "xhy")
    state = f"{letter('W_hh')} leads from each {h} to the next"
    if kind == "one-to-one":
        caption = f"One to one: {SUMMARY[kind]}."
        alt = (
            f"Diagram of a network with a single step: {x}_1 goes through {letter('W_xh')} "
            f"to {h}_1, and {h}_1 through {letter('W_hy')} to {y}_1."
        )
    elif kind == "encoder-decoder":
        s = letter("s")
        caption = f"Encoder and decoder: {count(T, 'input')} in, {count(T_out, 'output')} out."
        alt = (
            f"Diagram of an encoder and a decoder. The encoder reads {x}_1 to {x}_{T} into states "
            f"{h}_1 to {h}_{T}; {state}. The last state {h}_{T} goes to the decoder, whose "
            f"states {s}_1 to {s}_{T_out} write {y}_1 to {y}_{T_out}."
        )
    else:
        name = kind.replace("-", " ").capitalize()
        caption = f"{name}: {SUMMARY[kind]}. Unrolled over {count(T, 'step')}."
        alt = (
            f"Diagram of a recurrent network unrolled over {count(T, 'step')}, time running from "
            f"left to right: {SUMMARY[kind]}. {letter('W_xh')} leads from {x} to {h}"
            f"{'' if feedback == 'output' else ', ' + state}, {letter('W_hy')} leads from {h} "
            f"to {y}; the same weights serve every step."
        )
    target = "s" if kind == "encoder-decoder" else "h"
    weight = letter(f"W_y{target}")
    if feedback == "output":
        caption += " The output is fed back in place of the state (Jordan)."
        alt += f" Each output {y} goes through {weight} into the next state, which gets no"
        alt += " earlier state."
    elif feedback == "both":
        caption += " The output is fed back as well as the state."
        alt += f" Each output {y} also goes through {weight} into the next state."
    if highlight:
        i, j = highlight
        caption += f" Thick: every path by which {x}{below(i)} reaches {y}{below(j)}."
        alt += f" Every path from {x}_{i} to {y}_{j} is drawn thick."
    for name, noun in (("x", "inputs"), ("y", "outputs")):
        if name in pen.labels and not isinstance(pen.labels[name], str):
            alt += f" The {noun} are: {', '.join(word for word in pen.labels[name] if word)}."
    return alt + shapes(pen, target), caption


def folded_words(feedback: str | None, pen: Pen) -> tuple[str, str]:
    """Return alternative text and caption of a folded diagram as `pen` draws it."""
    letter = pen.letter
    x, h, y = (letter(name) for name in "xhy")
    caption = "The network folded: one cell, used at every step. The square is a delay of one step."
    alt = f"Diagram of one recurrent cell: {x}_t goes through {letter('W_xh')} into {h}_t, "
    alt += f"{h}_t through {letter('W_hy')} into {y}_t."
    if feedback != "output":
        alt += f" A loop with a delay of one step leads from {h}_t through {letter('W_hh')}"
        alt += f" back into {h}."
    if feedback:
        alt += f" A loop with a delay of one step leads from {y}_t through {letter('W_yh')}"
        alt += f" back into {h}."
    if feedback == "output":
        caption += " Its output is fed back in place of its state (Jordan)."
    elif feedback == "both":
        caption += " Its output is fed back as well as its state."
    return alt + shapes(pen, "h"), caption


def shapes(pen: Pen, last: str) -> str:
    """Return a sentence with the shapes that `pen` writes, or nothing; `last` writes outputs."""
    if not pen.shapes:
        return ""
    letters = dict.fromkeys(("x", "h", last, "y"))
    nodes = [f"{pen.letter(name)} {pen.shape('B', WIDTHS[name])}" for name in letters]
    return f" Shapes: {', '.join(nodes)}; each weight leads from the width before to the one after."


def below(step: int) -> str:
    """Return a step as a subscript in Unicode, for captions: x₁₂."""
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(step))


def count(n: int, noun: str) -> str:
    """Return `1 step`, `4 steps`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
