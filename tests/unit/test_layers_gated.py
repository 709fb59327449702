"""LSTM and GRU against torch's layers, written-out autograd, finite differences, properties."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import layers
from course_utils.layers.shapes import check_shapes

CELLS = ("lstm", "gru after", "gru before")
SIZES = (3, 5, 4, 6)  # B, T, D, H
NAMES = {
    "lstm": ("x", "h0", "c0", "W_xh", "W_hh", "b"),
    "gru": ("x", "h0", "W_xh", "W_hh", "b", "b_hn"),
}


def normal(seed: int, *shape: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def arguments_of(cell, sizes=SIZES, seed=0, dtype=np.float64) -> dict[str, np.ndarray]:
    B, T, D, H = sizes
    k = 4 if cell == "lstm" else 3
    shapes = {"x": (B, T, D), "h0": (B, H), "c0": (B, H), "W_xh": (D, k * H)}
    shapes |= {"W_hh": (H, k * H), "b": (k * H,), "b_hn": (H,)}
    names = NAMES[cell.split()[0]]
    return {name: normal(seed + i, *shapes[name], dtype=dtype) for i, name in enumerate(names)}


def upstream(cell, sizes=SIZES, dtype=np.float64) -> list[np.ndarray]:
    """What arrives from above: dh, and for the LSTM dc_T as well."""
    B, T, _, H = sizes
    dh, dc_T = normal(90, B, T, H, dtype=dtype), normal(91, B, H, dtype=dtype)
    return [dh, dc_T] if cell == "lstm" else [dh]


def forward(cell, arguments) -> tuple[list[np.ndarray], tuple]:
    """Return the outputs, ([h, c_T] or [h]), and the cache."""
    if cell == "lstm":
        *outputs, cache = layers.lstm_forward(**arguments)
    else:
        *outputs, cache = layers.gru_forward(**arguments, reset=cell.split()[1])
    return outputs, cache


def backward(cell, d_outputs, cache) -> dict[str, np.ndarray]:
    run = layers.lstm_backward if cell == "lstm" else layers.gru_backward
    gradients = run(*d_outputs, cache)
    return dict(zip(NAMES[cell.split()[0]], gradients, strict=True))


def forward_and_backward(cell, arguments, d_outputs):
    outputs, cache = forward(cell, arguments)
    return outputs, backward(cell, d_outputs, cache)


def compare(got, expected, rtol=1e-9, atol=1e-11):
    assert got.keys() == expected.keys()
    for name in got:
        assert_allclose(got[name], expected[name], rtol=rtol, atol=atol, err_msg=name)


def torch_layer(cell, arguments, d_outputs):
    """Outputs and gradients by torch.nn.LSTM or torch.nn.GRU, in our layout."""
    a = {name: torch.tensor(array, requires_grad=True) for name, array in arguments.items()}
    kind = torch.nn.LSTM if cell == "lstm" else torch.nn.GRU
    D, H = arguments["x"].shape[2], arguments["h0"].shape[1]
    b_hh = torch.zeros_like(a["b"])
    if cell != "lstm":
        b_hh = torch.cat([b_hh[: 2 * H], a["b_hn"]])
    parameters = {"weight_ih_l0": a["W_xh"].T, "weight_hh_l0": a["W_hh"].T}
    parameters |= {"bias_ih_l0": a["b"], "bias_hh_l0": b_hh}
    state = (a["h0"][None], a["c0"][None]) if cell == "lstm" else a["h0"][None]
    layer = kind(D, H, batch_first=True, dtype=torch.float64)
    h, last = torch.func.functional_call(layer, parameters, (a["x"], state))
    outputs = [h, last[1][0]] if cell == "lstm" else [h]
    torch.autograd.backward(outputs, [torch.tensor(d) for d in d_outputs])
    return [o.detach().numpy() for o in outputs], {n: t.grad.numpy() for n, t in a.items()}


def torch_reset_before(arguments, d_outputs):
    """The equations written out once more, one weight matrix a gate, differentiated by torch."""
    a = {name: torch.tensor(array, requires_grad=True) for name, array in arguments.items()}
    W_xr, W_xz, W_xn = a["W_xh"].chunk(3, dim=1)
    W_hr, W_hz, W_hn = a["W_hh"].chunk(3, dim=1)
    b_r, b_z, b_n = a["b"].chunk(3)
    h_t, h = a["h0"], []
    for x_t in a["x"].unbind(1):
        r = torch.sigmoid(x_t @ W_xr + h_t @ W_hr + b_r)
        z = torch.sigmoid(x_t @ W_xz + h_t @ W_hz + b_z)
        n = torch.tanh(x_t @ W_xn + b_n + (r * h_t) @ W_hn)
        h_t = (1 - z) * n + z * h_t
        h.append(h_t)
    h = torch.stack(h, dim=1)
    h.backward(torch.tensor(d_outputs[0]))
    gradients = {name: tensor.grad for name, tensor in a.items()}
    assert gradients["b_hn"] is None  # the equations do not hold it
    gradients["b_hn"] = torch.zeros_like(a["b_hn"])
    return [h.detach().numpy()], {name: g.numpy() for name, g in gradients.items()}


@pytest.mark.parametrize("sizes", [SIZES, (1, 1, 1, 1), (1, 7, 2, 3), (4, 1, 3, 2), (2, 40, 5, 3)])
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_gradients_equal_torch(cell, sizes):
    arguments, d_outputs = arguments_of(cell, sizes), upstream(cell, sizes)
    outputs, gradients = forward_and_backward(cell, arguments, d_outputs)
    if cell == "gru before":
        expected_outputs, expected = torch_reset_before(arguments, d_outputs)
    else:
        expected_outputs, expected = torch_layer(cell, arguments, d_outputs)
    for got, output in zip(outputs, expected_outputs, strict=True):
        assert_allclose(got, output, rtol=0, atol=1e-12)
    compare(gradients, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_equal_central_differences(cell):
    sizes, step = (2, 3, 2, 3), 1e-6
    arguments, d_outputs = arguments_of(cell, sizes), upstream(cell, sizes)
    gradients = forward_and_backward(cell, arguments, d_outputs)[1]

    def loss() -> float:
        outputs, _ = forward(cell, arguments)
        return sum(np.sum(out * d) for out, d in zip(outputs, d_outputs, strict=True))

    for name, argument in arguments.items():
        numeric = np.empty_like(argument)
        for index in np.ndindex(argument.shape):
            kept = argument[index]
            argument[index] = kept + step
            above = loss()
            argument[index] = kept - step
            numeric[index] = (above - loss()) / (2 * step)
            argument[index] = kept
        assert_allclose(gradients[name], numeric, rtol=1e-6, atol=1e-8, err_msg=name)


def test_the_two_resets_are_two_layers_unless_nothing_is_recurrent():
    arguments = arguments_of("gru after")
    arguments["b_hn"][:] = 0
    after, before = (forward(cell, arguments)[0][0] for cell in ("gru after", "gru before"))
    assert np.abs(after - before).max() > 0.1
    arguments["W_hh"][:] = 0
    after, before = (forward(cell, arguments)[0][0] for cell in ("gru after", "gru before"))
    assert_allclose(after, before, rtol=0, atol=1e-14)


def test_lstm_step_repeated_equals_the_sequence():
    arguments = arguments_of("lstm")
    (h, c_T), _ = forward("lstm", arguments)
    x, h_t, c_t, *weights = arguments.values()
    for t in range(x.shape[1]):
        h_t, c_t = layers.lstm_step_forward(x[:, t], h_t, c_t, *weights)
        assert_allclose(h[:, t], h_t, rtol=0, atol=1e-13)
    assert_allclose(c_T, c_t, rtol=0, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS[1:])
def test_gru_step_repeated_equals_the_sequence(cell):
    arguments = arguments_of(cell)
    (h,), _ = forward(cell, arguments)
    x, h_t, *weights = arguments.values()
    for t in range(x.shape[1]):
        h_t = layers.gru_step_forward(x[:, t], h_t, *weights, reset=cell.split()[1])
        assert_allclose(h[:, t], h_t, rtol=0, atol=1e-13)


def test_the_gru_step_equals_torch_s_cell():
    x, h0, W_xh, W_hh, b, b_hn = arguments_of("gru after").values()
    cell = torch.nn.utils.skip_init(torch.nn.GRUCell, 4, 6, dtype=torch.float64)
    parameters = {"weight_ih": W_xh.T, "weight_hh": W_hh.T, "bias_ih": b}
    parameters |= {"bias_hh": np.concatenate([np.zeros(12), b_hn])}
    parameters = {name: torch.tensor(array) for name, array in parameters.items()}
    given = torch.tensor(x[:, 0]), torch.tensor(h0)
    expected = torch.func.functional_call(cell, parameters, given)
    got = layers.gru_step_forward(x[:, 0], h0, W_xh, W_hh, b, b_hn)
    assert_allclose(got, expected.numpy(), rtol=0, atol=1e-14)


any_sizes = st.tuples(st.integers(1, 4), st.integers(0, 6), st.integers(1, 4), st.integers(1, 4))
seeds = st.integers(0, 2**31)
cells = st.sampled_from(CELLS)


@given(cells, any_sizes, seeds)
def test_every_gradient_has_the_shape_of_its_argument(cell, sizes, seed):
    arguments, d_outputs = arguments_of(cell, sizes, seed), upstream(cell, sizes)
    outputs, gradients = forward_and_backward(cell, arguments, d_outputs)
    assert [out.shape for out in outputs] == [d.shape for d in d_outputs]
    assert {name: g.shape for name, g in gradients.items()} == {
        name: a.shape for name, a in arguments.items()
    }
    bound = max(1, np.abs(arguments["h0"]).max())  # h is a blend of values within it
    assert np.all(np.abs(outputs[0]) <= bound + 1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_no_steps_leave_the_state_as_it_is(cell):
    arguments, d_outputs = arguments_of(cell, (3, 0, 4, 6)), upstream(cell, (3, 0, 4, 6))
    outputs, gradients = forward_and_backward(cell, arguments, d_outputs)
    assert outputs[0].shape == (3, 0, 6)
    if cell == "lstm":
        assert_array_equal(outputs[1], arguments["c0"])
        assert_array_equal(gradients.pop("c0"), d_outputs[1])
    assert not any(np.any(gradient) for gradient in gradients.values())


@given(cells, any_sizes, seeds, st.data())
def test_two_chunks_with_the_state_carried_equal_one_pass(cell, sizes, seed, data):
    cut = data.draw(st.integers(0, sizes[1]))
    arguments, d_outputs = arguments_of(cell, sizes, seed), upstream(cell, sizes)
    outputs, whole = forward_and_backward(cell, arguments, d_outputs)
    dh, *dc_T = d_outputs

    first_arguments = arguments | {"x": arguments["x"][:, :cut]}
    (h, *c_cut), first_cache = forward(cell, first_arguments)
    carried = {"h0": h[:, -1] if cut else arguments["h0"]}
    if cell == "lstm":
        carried["c0"] = c_cut[0]
    second_arguments = arguments | carried | {"x": arguments["x"][:, cut:]}
    (h_second, *c_T), second_cache = forward(cell, second_arguments)
    joined = [np.concatenate([h, h_second], axis=1), *c_T]
    for got, expected in zip(joined, outputs, strict=True):
        assert_allclose(got, expected, rtol=0, atol=1e-12)

    second = backward(cell, [dh[:, cut:], *dc_T], second_cache)
    dh_first = dh[:, :cut].copy()
    if cut:
        dh_first[:, -1] += second["h0"]
    d_carried = [second["c0"]] if cell == "lstm" else []
    first = backward(cell, [dh_first, *d_carried], first_cache)
    summed = {name: first[name] + second[name] for name in first if name[0] in "Wb"}
    summed["x"] = np.concatenate([first["x"], second["x"]], axis=1)
    summed["h0"] = first["h0"] if cut else second["h0"]
    if cell == "lstm":
        summed["c0"] = first["c0"]
    compare(summed, whole)


@given(cells, any_sizes, seeds, st.randoms(use_true_random=False))
def test_every_sequence_of_the_batch_is_treated_alike(cell, sizes, seed, random):
    order = random.sample(range(sizes[0]), sizes[0])
    arguments, d_outputs = arguments_of(cell, sizes, seed), upstream(cell, sizes)
    outputs, gradients = forward_and_backward(cell, arguments, d_outputs)

    def move(arrays: dict) -> dict:
        return {n: a[order] if n in ("x", "h0", "c0") else a for n, a in arrays.items()}

    moved_outputs, moved = forward_and_backward(
        cell, move(arguments), [d[order] for d in d_outputs]
    )
    for got, expected in zip(moved_outputs, outputs, strict=True):
        assert_allclose(got, expected[order], rtol=0, atol=1e-12)
    compare(moved, move(gradients))


@pytest.mark.parametrize("cell", CELLS)
def test_float32_stays_float32_and_is_close_to_float64(cell):
    results = []
    for dtype in (np.float32, np.float64):
        arguments, d_outputs = arguments_of(cell, dtype=dtype), upstream(cell)  # dh is float64
        outputs, gradients = forward_and_backward(cell, arguments, d_outputs)
        results.append([*outputs, *gradients.values()])
        assert {array.dtype for array in results[-1]} == {np.dtype(dtype)}
    for got, expected in zip(*results, strict=True):
        assert_allclose(got, expected, rtol=2e-4, atol=2e-4)


def test_the_steps_keep_float32():
    x, *rest = arguments_of("lstm", dtype=np.float32).values()
    h_t, c_t = layers.lstm_step_forward(x[:, 0], *rest)
    assert h_t.dtype == c_t.dtype == np.float32
    x, *rest = arguments_of("gru", dtype=np.float32).values()
    for reset in ("after", "before"):
        assert layers.gru_step_forward(x[:, 0], *rest, reset=reset).dtype == np.float32


@pytest.mark.parametrize("cell", CELLS)
def test_huge_inputs_saturate_without_a_warning(cell):
    arguments = arguments_of(cell)
    arguments["x"] *= 1e6
    with np.errstate(all="raise", under="ignore"):
        _, gradients = forward_and_backward(cell, arguments, upstream(cell))
    assert all(np.all(np.isfinite(gradient)) for gradient in gradients.values())


@pytest.mark.parametrize("cell", CELLS)
def test_a_cache_shares_no_memory_and_serves_twice(cell):
    arguments, d_outputs = arguments_of(cell), upstream(cell)
    outputs, cache = forward(cell, arguments)
    arrays = [part for part in cache if isinstance(part, np.ndarray)]
    for array in (*arguments.values(), *outputs):
        assert not any(np.shares_memory(array, part) for part in arrays)
    first = backward(cell, d_outputs, cache)
    kept = {name: gradient.copy() for name, gradient in first.items()}
    for array in (*arguments.values(), *outputs, *first.values()):
        array[...] = np.nan
    second = backward(cell, d_outputs, cache)
    for name, gradient in kept.items():
        assert_array_equal(second[name], gradient, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_no_argument_is_changed(cell):
    arguments, d_outputs = arguments_of(cell), upstream(cell)
    before = [array.copy() for array in (*arguments.values(), *d_outputs)]
    forward_and_backward(cell, arguments, d_outputs)
    for array, kept in zip((*arguments.values(), *d_outputs), before, strict=True):
        assert_array_equal(array, kept)


@pytest.mark.parametrize("cell", CELLS)
def test_arrays_that_are_not_contiguous_serve_as_well(cell):
    arguments, d_outputs = arguments_of(cell), upstream(cell)
    expected = forward_and_backward(cell, arguments, d_outputs)[1]
    strided = {name: np.asfortranarray(array) for name, array in arguments.items()}
    d_strided = [np.asfortranarray(array) for array in d_outputs]
    compare(forward_and_backward(cell, strided, d_strided)[1], expected)


ones = np.ones
BAD_SHAPES = {
    "x has the shape (3, 4); expected (B, T, D).": ("lstm", {"x": ones((3, 4))}),
    "c0 has the shape (5, 6); expected (B, H) = (3, 6).": ("lstm", {"c0": ones((5, 6))}),
    "W_xh has the shape (4, 18); expected (D, 4H) = (4, 24).": ("lstm", {"W_xh": ones((4, 18))}),
    "W_hh has the shape (24, 6); expected (H, 4H) = (6, 24).": ("lstm", {"W_hh": ones((24, 6))}),
    "b has the shape (6,); expected (4H,) = (24,).": ("lstm", {"b": ones(6)}),
    "W_xh has the shape (4, 24); expected (D, 3H) = (4, 18).": ("gru", {"W_xh": ones((4, 24))}),
    "W_hh has the shape (6, 6); expected (H, 3H) = (6, 18).": ("gru", {"W_hh": ones((6, 6))}),
    "b_hn has the shape (18,); expected (H,) = (6,).": ("gru", {"b_hn": ones(18)}),
    'reset is \'never\'; expected "after" or "before".': ("gru", {"reset": "never"}),
}


@pytest.mark.parametrize("sentence", BAD_SHAPES)
def test_bad_input_gets_one_sentence(sentence):
    cell, changed = BAD_SHAPES[sentence]
    run = layers.lstm_forward if cell == "lstm" else layers.gru_forward
    with pytest.raises(ValueError) as caught:
        run(**(arguments_of(cell) | changed))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("cell", CELLS)
def test_a_gradient_of_the_wrong_shape_gets_one_sentence(cell):
    _, cache = forward(cell, arguments_of(cell))
    with pytest.raises(ValueError) as caught:
        backward(cell, [ones((3, 6)), ones((3, 6))][: len(upstream(cell))], cache)
    assert str(caught.value) == "dh has the shape (3, 6); expected (B, T, H) = (3, 5, 6)."


def test_the_lstm_says_which_gradient_or_step_argument_does_not_fit():
    _, cache = forward("lstm", arguments_of("lstm"))
    with pytest.raises(ValueError) as caught:
        layers.lstm_backward(ones((3, 5, 6)), ones((3, 5, 6)), cache)
    assert str(caught.value) == "dc_T has the shape (3, 5, 6); expected (B, H) = (3, 6)."
    with pytest.raises(ValueError) as caught:
        layers.lstm_step_forward(
            **{
                "x_t" if n == "x" else n.replace("0", "_prev"): a
                for n, a in arguments_of("lstm").items()
            }
        )
    assert str(caught.value) == "x_t has the shape (3, 5, 4); expected (B, D)."


def test_the_gru_step_says_what_does_not_fit():
    given = list(arguments_of("gru").values())
    with pytest.raises(ValueError) as caught:
        layers.gru_step_forward(*given)
    assert str(caught.value) == "x_t has the shape (3, 5, 4); expected (B, D)."
    with pytest.raises(ValueError, match="reset is 'never'"):
        layers.gru_step_forward(given[0][:, 0], *given[1:], reset="never")


@pytest.mark.parametrize("cell", CELLS)
def test_bits_for_x_are_welcome_and_whole_numbers_throughout_get_one_sentence(cell):
    arguments = arguments_of(cell)
    bits = (arguments["x"] > 0).astype(np.int64)
    got = forward(cell, arguments | {"x": bits})[0][0]
    assert_array_equal(got, forward(cell, arguments | {"x": bits.astype(np.float64)})[0][0])
    with pytest.raises(ValueError) as caught:
        forward(cell, {name: array.astype(np.int64) for name, array in arguments.items()})
    names = " and ".join(", ".join(arguments).rsplit(", ", 1))
    expected = f"{names} all have the dtype int64; expected floats for the weights."
    assert str(caught.value) == expected


def test_blocks_of_a_size_are_one_axis_and_no_size_of_their_own():
    assert check_shapes("BH, 3H", a=ones((2, 5)), b=ones(15)) == (2, 5)
