"""LSTM and GRU with switches, as loops: what a gate is good for is seen by taking it away."""

import torch
from torch import Tensor, nn

from course_utils.layers.shapes import check_shapes


class GatedVariant(nn.Module):
    """An LSTM layer from which gates can be taken, tied together, or shown the memory cell.

    With σ(a) = 1 / (1 + e^-a), and * element by element, the full cell is
        i = σ(x_t W_xi + h_{t-1} W_hi + b_i)        g = tanh(x_t W_xg + h_{t-1} W_hg + b_g)
        f = σ(x_t W_xf + h_{t-1} W_hf + b_f)        c_t = f * c_{t-1} + i * g
        o = σ(x_t W_xo + h_{t-1} W_ho + b_o)        h_t = o * tanh(c_t)
    and the switches change it so:
        forget_gate=False    f = 1: the cell of 1997, which adds and never forgets
        output_gate=False    o = 1
        coupled=True         i = 1 - f: what enters takes the room of what is forgotten
        peepholes=True       the gates see the memory: i adds c_{t-1} * p_i inside its σ, f adds
                             c_{t-1} * p_f, o adds c_t * p_o: it opens on the memory just written
    A gate that is not there has no weights either. The others keep the order i, f, g, o: with k
    of them W_xh is `(D, kH)`, W_hh `(H, kH)`, b `(kH,)`; a peephole is a vector `(H,)`. All start
    uniform in ±1/√H, but the forget gates' biases at `forget_bias` and the peepholes at zero.

    Raises ValueError for a coupled cell without its forget gate.
    Sources: Hochreiter and Schmidhuber (1997), Long short-term memory; Gers, Schmidhuber and
    Cummins (2000), Learning to forget; Gers and Schmidhuber (2000), Recurrent nets that time and
    count (peepholes, each on the c named here); Greff et al. (2017), LSTM: a search space odyssey
    (these ablations).

    A loop in Python: it takes 2.4 to 2.8 times as long as torch's LSTM on one thread of a CPU,
    forward and backward, and as long as that one without the library oneDNN.
    """

    def __init__(
        self,
        D: int,
        H: int,
        forget_gate: bool = True,
        output_gate: bool = True,
        coupled: bool = False,
        peepholes: bool = False,
        forget_bias: float = 1.0,
    ) -> None:
        super().__init__()
        if coupled and not forget_gate:
            raise ValueError("Coupled gates have i = 1 - f: that needs the forget gate.")
        self.coupled = coupled
        present = {"i": not coupled, "f": forget_gate, "g": True, "o": output_gate}
        self.blocks = "".join(name for name, there in present.items() if there)
        k = len(self.blocks)
        self.W_xh = uniform(D, k * H, H=H)
        self.W_hh = uniform(H, k * H, H=H)
        self.b = uniform(k * H, H=H)
        if forget_gate:
            at = self.blocks.index("f") * H
            nn.init.constant_(self.b.data[at : at + H], forget_bias)
        seeing = self.blocks.replace("g", "") if peepholes else ""
        self.peepholes = nn.ParameterDict({name: torch.zeros(H) for name in seeing})

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return (h, (h_T, c_T)), as torch's LSTM does, for x `(B, T, D)`.

        Shapes: h `(B, T, H)`; the state, zero where none is given, a pair of `(1, B, H)`.
        Raises ValueError where a shape does not fit.
        """
        _, _, H, B, T = check_shapes("DK, HK, BTD", W_xh=self.W_xh, W_hh=self.W_hh, x=x)
        h = first_state("h", state and state[0], x, H)
        c = first_state("c", state and state[1], x, H)
        hs = []
        for a_t in (x @ self.W_xh + self.b).unbind(1):  # all input products before the loop
            h, c = self.step(a_t, h, c)
            hs.append(h)
        return torch.stack(hs, 1) if T else x.new_zeros(B, 0, H), (h[None], c[None])

    def step(self, a_t: Tensor, h_prev: Tensor, c_prev: Tensor) -> tuple[Tensor, Tensor]:
        """Return (h_t, c_t), both `(B, H)`; a_t `(B, kH)` is x_t W_xh + b."""
        blocks = torch.addmm(a_t, h_prev, self.W_hh).chunk(len(self.blocks), 1)
        a = dict(zip(self.blocks, blocks, strict=True))

        def gate(name: str, c: Tensor) -> Tensor | float:
            if name not in a:
                return 1.0
            seen = a[name]
            if name in self.peepholes:
                seen = seen + c * self.peepholes[name]
            return torch.sigmoid(seen)

        f = gate("f", c_prev)
        i = 1 - f if self.coupled else gate("i", c_prev)
        c_t = f * c_prev + i * torch.tanh(a["g"])
        return gate("o", c_t) * torch.tanh(c_t), c_t


class GRUVariant(nn.Module):
    """A GRU layer whose reset gate acts after the product with W_hn, or before it.

    The equations, the order r, z, n and all shapes are those of `layers.gru_forward`:
        n = tanh(x_t W_xn + b_n + r * (h_{t-1} W_hn + b_hn))      reset="after", as torch has it
        n = tanh(x_t W_xn + b_n + (r * h_{t-1}) W_hn)             reset="before", as published
    b_hn exists with "after" alone: before the product it would merely add to b_n. All numbers
    start uniform in ±1/√H.

    Raises ValueError where reset is neither "after" nor "before".
    Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder for
    statistical machine translation.
    """

    def __init__(self, D: int, H: int, reset: str = "after") -> None:
        super().__init__()
        if reset not in ("after", "before"):
            raise ValueError(f'reset is {reset!r}; expected "after" or "before".')
        self.reset = reset
        self.W_xh = uniform(D, 3 * H, H=H)
        self.W_hh = uniform(H, 3 * H, H=H)
        self.b = uniform(3 * H, H=H)
        if reset == "after":
            self.b_hn = uniform(H, H=H)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return (h, h_T), as torch's GRU does, for x `(B, T, D)`.

        Shapes: h `(B, T, H)`; the state, zero where none is given, `(1, B, H)`.
        Raises ValueError where a shape does not fit.
        """
        _, _, H, B, T = check_shapes("DK, HK, BTD", W_xh=self.W_xh, W_hh=self.W_hh, x=x)
        h = first_state("h", state, x, H)
        W_gates, W_n = self.W_hh.split((2 * H, H), 1)
        hs = []
        for x_t in (x @ self.W_xh + self.b).unbind(1):  # all input products before the loop
            if self.reset == "after":
                product = h @ self.W_hh
                r, z = torch.sigmoid(x_t[:, : 2 * H] + product[:, : 2 * H]).chunk(2, 1)
                n = torch.tanh(x_t[:, 2 * H :] + r * (product[:, 2 * H :] + self.b_hn))
            else:
                r, z = torch.sigmoid(x_t[:, : 2 * H] + h @ W_gates).chunk(2, 1)
                n = torch.tanh(x_t[:, 2 * H :] + (r * h) @ W_n)
            h = n + z * (h - n)
            hs.append(h)
        return torch.stack(hs, 1) if T else x.new_zeros(B, 0, H), h[None]


def uniform(*shape: int, H: int) -> nn.Parameter:
    """Return weights as torch starts those of its recurrent layers: uniform in ±1/√H."""
    return nn.Parameter(torch.empty(shape).uniform_(-(H**-0.5), H**-0.5))


def first_state(name: str, state: Tensor | None, x: Tensor, H: int) -> Tensor:
    """Return the state `(B, H)` before the first step: zero, or what a caller gave as `(1, B, H)`.

    Raises ValueError where that does not fit.
    """
    B = len(x)
    if state is None:
        return x.new_zeros(B, H)
    if state.shape != (1, B, H):
        raise ValueError(
            f"{name} has the shape {tuple(state.shape)}; expected (1, B, H) = (1, {B}, {H})."
        )
    return state[0]
