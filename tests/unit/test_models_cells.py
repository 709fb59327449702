"""Recurrent layers and their variants against the NumPy layers, written-out steps and counts."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from course_utils import layers
from course_utils.models import GatedVariant, GRUVariant, parameters, recurrent
from course_utils.models.cells import CELLS, weights

B, T, D, H = 3, 5, 4, 6
SWITCHES = [
    dict(zip(("forget_gate", "output_gate", "coupled"), values, strict=True))
    for values in itertools.product((True, False), repeat=3)
    if values[0] or not values[2]
]


def normal(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(shape).normal(size=shape))


def with_unit_weights(net: torch.nn.Module) -> torch.nn.Module:
    """Give a layer weights so large that no gate is near one half, in float64."""
    net.double()
    generator = torch.Generator().manual_seed(0)
    for p in net.parameters():
        p.data.normal_(generator=generator)
    return net


def as_lstm(net: GatedVariant) -> tuple[np.ndarray, ...]:
    """Return W_xh, W_hh, b of the full LSTM that does what a variant without peepholes does.

    Its sigmoids have these arguments: 1 - σ(a) = σ(-a) for coupled gates, and for a gate that is
    missing 1,000, where σ is 1.
    """

    def blocks(W: torch.Tensor, constant: float) -> np.ndarray:
        there = dict(
            zip(
                net.blocks,
                W.detach().numpy().reshape(-1, len(net.blocks), H).swapaxes(0, 1),
                strict=True,
            )
        )
        one = np.full_like(there["g"], constant)
        f = there.get("f", one)
        i = -f if net.coupled else there["i"]
        return np.concatenate([i, f, there["g"], there.get("o", one)], axis=1)

    return blocks(net.W_xh, 0.0), blocks(net.W_hh, 0.0), blocks(net.b, 1000.0)[0]


def by_hand(net: GatedVariant, x: np.ndarray, h: np.ndarray, c: np.ndarray, p: dict) -> list:
    """Return h_1 ... h_T of a full cell with peepholes, gate by gate."""

    def sigmoid(a: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-a))

    W_xi, W_xf, W_xg, W_xo = np.split(net.W_xh.detach().numpy(), 4, axis=1)
    W_hi, W_hf, W_hg, W_ho = np.split(net.W_hh.detach().numpy(), 4, axis=1)
    b_i, b_f, b_g, b_o = np.split(net.b.detach().numpy(), 4)
    hs = []
    for t in range(x.shape[1]):
        i = sigmoid(x[:, t] @ W_xi + h @ W_hi + b_i + p["i"] * c)
        f = sigmoid(x[:, t] @ W_xf + h @ W_hf + b_f + p["f"] * c)
        g = np.tanh(x[:, t] @ W_xg + h @ W_hg + b_g)
        c = f * c + i * g
        o = sigmoid(x[:, t] @ W_xo + h @ W_ho + b_o + p["o"] * c)
        h = o * np.tanh(c)
        hs.append(h)
    return hs


# --- recurrent -------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("ways", [1, 2])
def test_recurrent_has_the_shapes_and_the_count_that_it_promises(cell, ways):
    net = recurrent(cell, D, H, layers=2, bidirectional=ways == 2)
    h, state = net(torch.zeros(B, T, D))
    assert h.shape == (B, T, ways * H)
    for part in state if cell == "lstm" else (state,):
        assert part.shape == (2 * ways, B, H)
    blocks = {"lstm": 4, "gru": 3}.get(cell, 1)
    one_way = (D * H + H * H + 2 * H) + (ways * H * H + H * H + 2 * H)  # torch has two biases
    assert parameters(net) == ways * blocks * one_way


def test_orthogonal_weights_keep_all_lengths():
    for _, W_hh, _, _ in weights(recurrent("orthogonal", D, H, layers=2, bidirectional=True)):
        assert_close(W_hh @ W_hh.T, torch.eye(H))


def test_an_irnn_without_input_keeps_its_state():
    net = recurrent("irnn", D, H, layers=2)
    h0 = normal(2, B, H).float().abs()
    h, h_T = net(torch.zeros(B, T, D), h0 * torch.tensor([1.0, 0.0])[:, None, None])
    assert_close(h_T[0], h0[0], rtol=0, atol=0)
    assert h.abs().max() < 1  # the second layer adds up small inputs
    for W_ih, _, b_ih, b_hh in weights(net):
        assert 0.002 < W_ih.std() < 0.03
        assert not b_ih.any() and not b_hh.any()


@pytest.mark.parametrize("bias", [0.0, 2.0])
def test_both_biases_of_a_forget_gate_add_up_to_the_one_asked_for(bias):
    net = recurrent("lstm", D, H, layers=2, bidirectional=True, forget_bias=bias)
    found = list(weights(net))
    assert len(found) == 4
    for _, _, b_ih, b_hh in found:
        assert_close((b_ih + b_hh)[H : 2 * H], torch.full((H,), bias))
        assert (b_ih + b_hh)[:H].std() > 0.1  # the other gates as torch has them


def test_recurrent_says_what_is_wrong():
    with pytest.raises(ValueError, match="cell is 'LSTM'; expected one of rnn, orthogonal"):
        recurrent("LSTM", D, H)
    with pytest.raises(ValueError, match="with one layer there is no place for it"):
        recurrent("gru", D, H, dropout=0.5)
    assert recurrent("gru", D, H, layers=2, dropout=0.5).dropout == 0.5


# --- variants of the LSTM --------------------------------------------------------------------


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_every_variant_is_some_lstm_of_the_numpy_layers(switches):
    """Forward, and the gradients of x and of the first state, which every weight takes part in."""
    net = with_unit_weights(GatedVariant(D, H, **switches))
    x, dh = normal(B, T, D).requires_grad_(), normal(B, T, H)
    h0, c0 = normal(1, B, H).requires_grad_(), (2 * normal(1, B, H).flip(2)).requires_grad_()
    h, (h_T, c_T) = net(x, (h0, c0))
    dx, dh0, dc0 = torch.autograd.grad((h * dh).sum() + c_T.sum(), (x, h0, c0))

    numbers = [a.detach().numpy() for a in (x, h0[0], c0[0])]
    expected_h, expected_c_T, cache = layers.lstm_forward(*numbers, *as_lstm(net))
    expected = layers.lstm_backward(dh.numpy(), np.ones((B, H)), cache)
    for found, right in zip(
        (h, h_T[0], c_T[0]), (expected_h, expected_h[:, -1], expected_c_T), strict=True
    ):
        assert_close(found, torch.from_numpy(right))
    for found, right in zip((dx, dh0[0], dc0[0]), expected[:3], strict=True):
        assert_close(found, torch.from_numpy(right))


def test_all_gradients_of_the_full_variant_are_those_of_the_numpy_layer():
    net = with_unit_weights(GatedVariant(D, H))
    x, dh, zeros = normal(B, T, D), normal(B, T, H), np.zeros((B, H))
    (net(x)[0] * dh).sum().backward()
    numbers = (W.detach().numpy() for W in (net.W_xh, net.W_hh, net.b))
    *_, cache = layers.lstm_forward(x.numpy(), zeros, zeros, *numbers)
    for W, right in zip(
        (net.W_xh, net.W_hh, net.b),
        layers.lstm_backward(dh.numpy(), zeros, cache)[3:],
        strict=False,
    ):
        assert_close(W.grad, torch.from_numpy(right))


def test_peepholes_are_those_written_out():
    net = with_unit_weights(GatedVariant(D, H, peepholes=True))
    x, h0, c0 = normal(B, T, D), normal(1, B, H), normal(1, B, H) * 2
    p = {name: vector.detach().numpy() for name, vector in net.peepholes.items()}
    assert sorted(p) == ["f", "i", "o"]
    h, _ = net(x, (h0, c0))
    expected = by_hand(net, x.numpy(), h0[0].numpy(), c0[0].numpy(), p)
    assert_close(h, torch.from_numpy(np.stack(expected, 1)))


@pytest.mark.parametrize(("gate", "sees"), [("i", "before"), ("f", "before"), ("o", "now")])
def test_which_memory_a_peephole_sees(gate, sees):
    """Where c_0 = 0, a gate that looks at c_{t-1} has nothing to see in the first step."""
    net = with_unit_weights(GatedVariant(D, H, peepholes=True))
    x = normal(B, T, D)
    before, _ = net(x)
    net.peepholes[gate].data += 1
    after, _ = net(x)
    assert torch.equal(before[:, 0], after[:, 0]) == (sees == "before")
    assert not torch.allclose(before[:, 1], after[:, 1])


def test_peepholes_start_closed_and_belong_to_gates_that_are_there():
    torch.manual_seed(0)
    plain = GatedVariant(D, H)
    torch.manual_seed(0)
    peeping = GatedVariant(D, H, peepholes=True)
    x = normal(B, T, D).float()
    assert_close(plain(x)[0], peeping(x)[0], rtol=0, atol=0)
    bare = GatedVariant(D, H, coupled=True, output_gate=False, peepholes=True)
    assert list(bare.peepholes) == ["f"]


@pytest.mark.parametrize("peepholes", [False, True])
@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_a_gate_that_is_missing_has_no_weights(switches, peepholes):
    gates = 3 - (not switches["forget_gate"]) - (not switches["output_gate"]) - switches["coupled"]
    expected = (gates + 1) * (D * H + H * H + H) + peepholes * gates * H
    assert parameters(GatedVariant(D, H, peepholes=peepholes, **switches)) == expected


@pytest.mark.parametrize("switches", [s for s in SWITCHES if s["forget_gate"]], ids=str)
def test_the_forget_bias_is_in_the_forget_gate(switches):
    net = GatedVariant(D, H, forget_bias=3.0, **switches)
    at = net.blocks.index("f") * H
    forget = torch.arange(len(net.b)) // H == at // H
    assert torch.equal(net.b == 3.0, forget)
    assert (net.b[~forget].abs() <= H**-0.5).all()


def test_without_forgetting_the_direct_path_carries_the_gradient_whole():
    """∂c_T/∂c_0 along the memory alone is Π f = 1; nothing flows through h where W_hh = 0."""
    net = GatedVariant(D, H, forget_gate=False)
    net.W_hh.data.zero_()
    c0 = normal(1, B, H).float().requires_grad_()
    _, (_, c_T) = net(normal(B, 50, D).float(), (torch.zeros(1, B, H), c0))
    assert_close(torch.autograd.grad(c_T.sum(), c0)[0], torch.ones(1, B, H))


def test_coupled_gates_need_a_forget_gate():
    with pytest.raises(ValueError, match="needs the forget gate"):
        GatedVariant(D, H, forget_gate=False, coupled=True)


# --- variants of the GRU ---------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["after", "before"])
def test_both_places_of_the_reset_are_those_of_the_numpy_layer(reset):
    net = with_unit_weights(GRUVariant(D, H, reset))
    x, h0, dh = normal(B, T, D).requires_grad_(), normal(1, B, H).requires_grad_(), normal(B, T, H)
    h, h_T = net(x, h0)
    (h * dh).sum().backward()
    b_hn = net.b_hn.detach().numpy() if reset == "after" else np.zeros(H)
    numbers = [a.detach().numpy() for a in (x, h0[0], net.W_xh, net.W_hh, net.b)]
    expected, cache = layers.gru_forward(*numbers, b_hn, reset)
    assert_close(h, torch.from_numpy(expected))
    assert_close(h_T[0], h[:, -1])
    names = [x, h0, net.W_xh, net.W_hh, net.b, *([net.b_hn] if reset == "after" else [])]
    gradients = layers.gru_backward(dh.numpy(), cache)[: len(names)]
    for a, right in zip(names, gradients, strict=True):
        assert_close(a.grad.reshape(right.shape), torch.from_numpy(right))


def test_reset_after_is_torchs_own_gru():
    theirs, ours = torch.nn.GRU(D, H, batch_first=True).double(), GRUVariant(D, H).double()
    with_unit_weights(theirs)
    ((W_ih, W_hh, b_ih, b_hh),) = weights(theirs)
    ours.W_xh.data, ours.W_hh.data = W_ih.data.T, W_hh.data.T
    ours.b.data, ours.b_hn.data = b_ih.data.clone(), b_hh.data[2 * H :]
    ours.b.data[: 2 * H] += b_hh.data[: 2 * H]
    x, h0 = normal(B, T, D), normal(1, B, H)
    for mine, expected in zip(ours(x, h0), theirs(x, h0), strict=True):
        assert_close(mine, expected)


def test_the_counts_of_the_gru():
    block = D * H + H * H + H
    assert parameters(GRUVariant(D, H, "after")) == 3 * block + H
    assert parameters(GRUVariant(D, H, "before")) == 3 * block


# --- all of them -----------------------------------------------------------------------------

VARIANTS = [
    lambda D, H: GatedVariant(D, H),
    lambda D, H: GatedVariant(D, H, coupled=True, peepholes=True),
    lambda D, H: GatedVariant(D, H, forget_gate=False, output_gate=False),
    lambda D, H: GRUVariant(D, H, "after"),
    lambda D, H: GRUVariant(D, H, "before"),
]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(VARIANTS), st.integers(1, 3), st.integers(0, 6), st.data())
def test_two_halves_with_the_state_carried_are_one_pass(make, B, T, data):
    cut = data.draw(st.integers(0, T))
    net = with_unit_weights(make(D, H))
    x = normal(B, T, D)
    whole, end = net(x)
    first, state = net(x[:, :cut])
    second, end_of_second = net(x[:, cut:], state)
    assert_close(torch.cat([first, second], 1), whole)
    for mine, expected in zip(end_of_second, end, strict=True):
        assert_close(mine, expected)


@pytest.mark.parametrize("make", VARIANTS)
def test_shapes_that_do_not_fit_are_named(make):
    net = make(D, H)
    with pytest.raises(ValueError, match=r"x has the shape \(3, 5\); expected \(B, T, D\)"):
        net(torch.zeros(B, T))
    state = torch.zeros(1, B + 1, H)
    if isinstance(net, GatedVariant):
        state = (state, state)
    with pytest.raises(ValueError, match=r"h has the shape \(1, 4, 6\); expected \(1, B, H\)"):
        net(torch.zeros(B, T, D), state)
