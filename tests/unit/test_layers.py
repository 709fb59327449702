"""The layers against independent oracles: torch's autograd, finite differences, properties."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_utils import layers
from course_utils.layers.shapes import check_shapes

B, T, D, H, V = 3, 5, 4, 6, 7
RNN_NAMES = ("x", "h0", "W_xh", "W_hh", "b_h")


def normal(seed: int, *shape: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def rnn_arguments(B=B, T=T, D=D, H=H, dtype=np.float64, seed=0) -> list[np.ndarray]:
    """Inputs that decide: unit scale, no zeros, no symmetry (x, h0, W_xh, W_hh, b_h)."""
    shapes = ((B, T, D), (B, H), (D, H), (H, H), (H,))
    return [normal(seed + i, *shape, dtype=dtype) for i, shape in enumerate(shapes)]


def torch_rnn(x, h0, W_xh, W_hh, b_h, dh):
    """h and the gradients by torch.nn.RNN and autograd, in our layout."""
    rnn = torch.nn.RNN(x.shape[2], h0.shape[1], batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor(W_xh.T))
        rnn.weight_hh_l0.copy_(torch.tensor(W_hh.T))
        rnn.bias_ih_l0.copy_(torch.tensor(b_h))
        rnn.bias_hh_l0.zero_()
    x, h0 = torch.tensor(x, requires_grad=True), torch.tensor(h0, requires_grad=True)
    h, _ = rnn(x, h0[None])
    h.backward(torch.tensor(dh))
    weights = (rnn.weight_ih_l0.grad.T, rnn.weight_hh_l0.grad.T, rnn.bias_ih_l0.grad)
    return h.detach().numpy(), [g.numpy() for g in (x.grad, h0.grad, *weights)]


SIZES = [(3, 5, 4, 6), (1, 1, 1, 1), (1, 7, 2, 3), (4, 1, 3, 2), (2, 40, 5, 3)]


@pytest.mark.parametrize("sizes", SIZES)
def test_rnn_equals_torch(sizes):
    arguments = rnn_arguments(*sizes)
    dh = normal(9, sizes[0], sizes[1], sizes[3])
    h, cache = layers.rnn_forward(*arguments)
    expected_h, expected_gradients = torch_rnn(*arguments, dh)
    assert_allclose(h, expected_h, rtol=0, atol=1e-12)
    for name, got, expected in zip(
        RNN_NAMES, layers.rnn_backward(dh, cache), expected_gradients, strict=True
    ):
        assert_allclose(got, expected, rtol=1e-10, atol=1e-13, err_msg=f"d{name}")


@pytest.mark.parametrize("which", range(5), ids=RNN_NAMES)
def test_rnn_gradient_equals_central_differences(which):
    arguments, dh, step = rnn_arguments(), normal(9, B, T, H), 1e-6
    _, cache = layers.rnn_forward(*arguments)
    gradient = layers.rnn_backward(dh, cache)[which]
    argument = arguments[which]
    numeric = np.empty_like(argument)
    for index in np.ndindex(argument.shape):
        kept = argument[index]
        losses = []
        for shift in (step, -step):
            argument[index] = kept + shift
            losses.append(np.sum(layers.rnn_forward(*arguments)[0] * dh))
        argument[index] = kept
        numeric[index] = (losses[0] - losses[1]) / (2 * step)
    assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


def test_rnn_step_repeated_equals_the_sequence():
    x, h0, *weights = rnn_arguments()
    h, _ = layers.rnn_forward(x, h0, *weights)
    h_t = h0
    for t in range(T):
        h_t = layers.rnn_step_forward(x[:, t], h_t, *weights)
        assert_allclose(h[:, t], h_t, rtol=0, atol=1e-14)


sizes = st.tuples(st.integers(1, 4), st.integers(2, 8), st.integers(1, 4), st.integers(1, 4))
seeds = st.integers(0, 2**31)


@given(sizes, seeds, st.data())
def test_rnn_is_causal(sizes, seed, data):
    x, *rest = rnn_arguments(*sizes, seed=seed)
    t = data.draw(st.integers(0, sizes[1] - 1))
    changed = x.copy()
    changed[:, t] += 1.0
    h, h_changed = (layers.rnn_forward(inputs, *rest)[0] for inputs in (x, changed))
    assert_array_equal(h_changed[:, :t], h[:, :t])
    assert np.any(h_changed[:, t] != h[:, t])


@given(sizes, seeds, st.data())
def test_two_chunks_with_the_state_carried_equal_one_pass(sizes, seed, data):
    x, h0, *weights = rnn_arguments(*sizes, seed=seed)
    cut = data.draw(st.integers(0, sizes[1]))
    dh = normal(9, sizes[0], sizes[1], sizes[3])
    h, cache = layers.rnn_forward(x, h0, *weights)
    first, first_cache = layers.rnn_forward(x[:, :cut], h0, *weights)
    carried = first[:, -1] if cut else h0
    second, second_cache = layers.rnn_forward(x[:, cut:], carried, *weights)
    assert_allclose(np.concatenate([first, second], axis=1), h, rtol=0, atol=1e-12)

    dx, dh0, *d_weights = layers.rnn_backward(dh, cache)
    dx2, d_carried, *d_weights2 = layers.rnn_backward(dh[:, cut:], second_cache)
    if cut:
        dh_first = dh[:, :cut].copy()
        dh_first[:, -1] += d_carried
        dx1, d_carried, *d_weights1 = layers.rnn_backward(dh_first, first_cache)
        dx2 = np.concatenate([dx1, dx2], axis=1)
        d_weights2 = [a + b for a, b in zip(d_weights1, d_weights2, strict=True)]
    for whole, chunks in zip((dx, dh0, *d_weights), (dx2, d_carried, *d_weights2), strict=True):
        assert_allclose(chunks, whole, rtol=1e-9, atol=1e-10)


@given(sizes, seeds, st.randoms(use_true_random=False))
def test_rnn_treats_every_sequence_of_the_batch_alike(sizes, seed, random):
    x, h0, *weights = rnn_arguments(*sizes, seed=seed)
    dh = normal(9, sizes[0], sizes[1], sizes[3])
    order = random.sample(range(sizes[0]), sizes[0])
    h, cache = layers.rnn_forward(x, h0, *weights)
    dx, dh0, *d_weights = layers.rnn_backward(dh, cache)
    h_moved, cache = layers.rnn_forward(x[order], h0[order], *weights)
    dx_moved, dh0_moved, *d_weights_moved = layers.rnn_backward(dh[order], cache)
    assert_allclose(h_moved, h[order], rtol=0, atol=1e-12)
    assert_allclose(dx_moved, dx[order], rtol=1e-9, atol=1e-10)
    assert_allclose(dh0_moved, dh0[order], rtol=1e-9, atol=1e-10)
    for moved, kept in zip(d_weights_moved, d_weights, strict=True):
        assert_allclose(moved, kept, rtol=1e-9, atol=1e-10)  # a sum has no order


@pytest.mark.parametrize("sizes", [(3, 0, 4, 6), (0, 5, 4, 6)], ids=["T=0", "B=0"])
def test_rnn_on_nothing_gives_nothing(sizes):
    B, T, _, H = sizes
    arguments = rnn_arguments(*sizes)
    h, cache = layers.rnn_forward(*arguments)
    assert h.shape == (B, T, H)
    for gradient, argument in zip(layers.rnn_backward(h, cache), arguments, strict=True):
        assert_array_equal(gradient, np.zeros_like(argument))


def test_rnn_reads_arrays_that_are_not_contiguous():
    x, h0, *weights = rnn_arguments()
    dh = normal(9, B, T, H)
    h, cache = layers.rnn_forward(x, h0, *weights)
    h_strided, cache_strided = layers.rnn_forward(
        np.asfortranarray(x), np.asfortranarray(h0), *(np.asfortranarray(w) for w in weights)
    )
    assert_allclose(h_strided, h, rtol=0, atol=1e-14)
    for got, expected in zip(
        layers.rnn_backward(np.asfortranarray(dh), cache_strided),
        layers.rnn_backward(dh, cache),
        strict=True,
    ):
        assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("leading", [(), (3,), (3, 5), (2, 0), (2, 3, 5)])
def test_linear_equals_torch(leading):
    x, W, b, dout = normal(0, *leading, D), normal(1, D, V), normal(2, V), normal(3, *leading, V)
    out, cache = layers.linear_forward(x, W, b)
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, W, b)]
    expected = tensors[0] @ tensors[1] + tensors[2]
    expected.backward(torch.tensor(dout))
    assert_allclose(out, expected.detach().numpy(), rtol=1e-12, atol=1e-13)
    for got, tensor in zip(layers.linear_backward(dout, cache), tensors, strict=True):
        assert_allclose(got, tensor.grad.numpy(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("shape", [(), (4,), (B, T), (2, 0), (50, 40)])
def test_embedding_equals_torch_also_where_ids_repeat(shape):
    ids = np.asarray(np.random.default_rng(0).integers(0, V, shape))
    W_emb, dout = normal(1, V + 2, D), normal(2, *shape, D)
    out, cache = layers.embedding_forward(ids, W_emb)
    weights = torch.tensor(W_emb, requires_grad=True)
    expected = torch.nn.functional.embedding(torch.tensor(ids), weights)
    expected.backward(torch.tensor(dout))
    assert_array_equal(out, expected.detach().numpy())
    assert_allclose(
        layers.embedding_backward(dout, cache), weights.grad.numpy(), rtol=1e-10, atol=1e-12
    )


@given(st.integers(0, 2**31), st.floats(-1e4, 1e4))
def test_softmax_is_a_distribution_and_ignores_a_shift(seed, shift):
    logits = 10 * normal(seed, B, T, V)
    p = layers.softmax(logits)
    assert_allclose(p, torch.softmax(torch.tensor(logits), -1).numpy(), rtol=1e-12)
    assert_allclose(p.sum(axis=-1), 1, rtol=1e-14)
    assert_allclose(layers.softmax(logits + shift), p, rtol=1e-9)


def test_huge_logits_neither_overflow_nor_lose_the_loss():
    logits = np.array([[1e4, 0.0, -1e4], [-np.inf, 0.0, 0.0]])
    with np.errstate(all="raise", under="ignore"):
        assert_array_equal(layers.softmax(logits), [[1, 0, 0], [0, 0.5, 0.5]])
        loss, dlogits = layers.softmax_cross_entropy(logits, np.array([2, 1]))
    assert loss == pytest.approx((2e4 + np.log(2)) / 2, rel=1e-15)
    assert_array_equal(dlogits, [[0.5, 0, -0.5], [0, -0.25, 0.25]])


@pytest.mark.parametrize("masked", [False, True])
def test_cross_entropy_equals_torch(masked):
    rng = np.random.default_rng(0)
    logits, targets = 3 * normal(1, B, T, V), rng.integers(0, V, (B, T))
    mask = rng.random((B, T)) < 0.6 if masked else None
    if masked:
        assert 0 < mask.sum() < B * T
        targets[~mask] = -100
    loss, dlogits = layers.softmax_cross_entropy(logits, targets, mask)
    tensor = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(
        tensor.reshape(-1, V), torch.tensor(targets.reshape(-1)), ignore_index=-100
    )
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    assert_allclose(dlogits, tensor.grad.numpy(), rtol=1e-10, atol=1e-15)


def test_cross_entropy_of_equal_scores_is_ln_V():
    loss, dlogits = layers.softmax_cross_entropy(np.zeros((2, V), int), np.array([0, 1]))
    assert loss == pytest.approx(np.log(V), rel=1e-15)
    assert dlogits[0, 1] == pytest.approx(1 / V / 2)


def test_what_stands_where_the_mask_is_false_never_matters():
    logits, targets = normal(0, 1, 3, V), np.array([[1, 2, 3]])
    mask = np.array([[1.0, 1.0, 0.0]])  # numbers serve as well as booleans
    loss, dlogits = layers.softmax_cross_entropy(logits, targets, mask)
    spoilt, targets[0, 2] = logits.copy(), 99
    spoilt[0, 2] = np.nan
    spoilt_loss, spoilt_dlogits = layers.softmax_cross_entropy(spoilt, targets, mask)
    short_loss, short_dlogits = layers.softmax_cross_entropy(logits[:, :2], targets[:, :2])
    assert loss == spoilt_loss == short_loss
    assert_array_equal(spoilt_dlogits, dlogits)
    assert_array_equal(dlogits[:, :2], short_dlogits)
    assert_array_equal(dlogits[:, 2], np.zeros((1, V)))


@pytest.mark.parametrize("tokens", [0, 4])
def test_where_no_token_counts_loss_and_gradient_are_zero(tokens):
    logits, targets = normal(0, B, tokens, V), np.zeros((B, tokens), int)
    mask = np.zeros((B, tokens), bool)
    loss, dlogits = layers.softmax_cross_entropy(logits, targets, mask)
    assert loss == 0.0
    assert_array_equal(dlogits, np.zeros_like(logits))


def inputs_of_every_layer(dtype: type) -> dict[str, np.ndarray]:
    inputs = dict(zip(RNN_NAMES, rnn_arguments(dtype=dtype), strict=True))
    ids = np.arange(B * T).reshape(B, T) % V
    shapes = {"dh": (B, T, H), "W": (D, V), "b": (V,), "dout": (B, T, V), "W_emb": (V, D)}
    shapes |= {"d_emb": (B, T, D)}
    floats = {name: normal(9, *shape, dtype=dtype) for name, shape in shapes.items()}
    return inputs | floats | {"ids": ids, "mask": ids > 1}


def run_every_layer(x, h0, W_xh, W_hh, b_h, dh, W, b, dout, W_emb, d_emb, ids, mask):
    h, cache = layers.rnn_forward(x, h0, W_xh, W_hh, b_h)
    out, linear_cache = layers.linear_forward(x, W, b)
    emb, embedding_cache = layers.embedding_forward(ids, W_emb)
    return [
        layers.rnn_step_forward(x[:, 0], h0, W_xh, W_hh, b_h),
        *(h, out, emb),
        *layers.rnn_backward(dh, cache),
        *layers.linear_backward(dout, linear_cache),
        layers.embedding_backward(d_emb, embedding_cache),
        layers.softmax(dout),
        layers.softmax_cross_entropy(dout, ids, mask)[1],
    ]


def test_no_argument_is_changed():
    inputs = inputs_of_every_layer(np.float64)
    before = {name: array.copy() for name, array in inputs.items()}
    run_every_layer(**inputs)
    for name, array in inputs.items():
        assert_array_equal(array, before[name], err_msg=name)


def test_float32_stays_float32_and_is_close_to_float64():
    results = run_every_layer(**inputs_of_every_layer(np.float32))
    exact = run_every_layer(**inputs_of_every_layer(np.float64))
    for got, expected in zip(results, exact, strict=True):
        assert (got.dtype, expected.dtype) == (np.float32, np.float64)
        assert_allclose(got, expected, rtol=2e-4, atol=2e-4)


def spoil(*arrays: np.ndarray) -> None:
    for array in arrays:
        array[...] = 0 if array.dtype.kind == "i" else np.nan


def test_a_cache_shares_no_memory_with_arguments_or_outputs():
    arguments, dh = rnn_arguments(), normal(9, B, T, H)
    h, cache = layers.rnn_forward(*arguments)
    expected = layers.rnn_backward(dh, cache)
    kept = [gradient.copy() for gradient in expected]
    spoil(*arguments, h, *expected)
    for got, gradient in zip(layers.rnn_backward(dh, cache), kept, strict=True):
        assert_array_equal(got, gradient)

    x, W, b, dout = normal(0, B, D), normal(1, D, V), normal(2, V), normal(3, B, V)
    out, cache = layers.linear_forward(x, W, b)
    kept = [gradient.copy() for gradient in layers.linear_backward(dout, cache)]
    spoil(x, W, b, out)
    for got, gradient in zip(layers.linear_backward(dout, cache), kept, strict=True):
        assert_array_equal(got, gradient)

    ids, W_emb, dout = np.array([3, 1, 3]), normal(1, V, D), normal(3, 3, D)
    out, cache = layers.embedding_forward(ids, W_emb)
    kept = layers.embedding_backward(dout, cache).copy()
    spoil(ids, W_emb, out)
    assert_array_equal(layers.embedding_backward(dout, cache), kept)


def rnn_with(**changed: np.ndarray):
    return layers.rnn_forward(**(dict(zip(RNN_NAMES, rnn_arguments(), strict=True)) | changed))


ones = np.ones
BAD_INPUT = {
    "x has the shape (3, 4); expected (B, T, D).": lambda: rnn_with(x=ones((3, 4))),
    "h0 has the shape (5, 6); expected (B, H) = (3, H).": lambda: rnn_with(h0=ones((5, 6))),
    "W_xh has the shape (6, 4); expected (D, H) = (4, 6).": lambda: rnn_with(W_xh=ones((6, 4))),
    "W_hh has the shape (6, 5); expected (H, H) = (6, 6).": lambda: rnn_with(W_hh=ones((6, 5))),
    "b_h has the shape (1, 6); expected (H,) = (6,).": lambda: rnn_with(b_h=ones((1, 6))),
    "x_t has the shape (3, 5, 4); expected (B, D).": lambda: layers.rnn_step_forward(
        *rnn_arguments()
    ),
    "dh has the shape (3, 6); expected (B, T, H) = (3, 5, 6).": lambda: layers.rnn_backward(
        ones((3, 6)), rnn_with()[1]
    ),
    "x, h0, W_xh, W_hh and b_h all have the dtype int64; expected floats for the weights.": (
        lambda: layers.rnn_forward(
            *(ones(shape, int) for shape in ((3, 5, 4), (3, 6), (4, 6), (6, 6), 6))
        )
    ),
    "W has the shape (5, 2); expected (D, K) = (4, K).": lambda: layers.linear_forward(
        ones((3, 4)), ones((5, 2)), ones(2)
    ),
    "x has the shape (); expected (..., D).": lambda: layers.linear_forward(
        np.array(1.0), ones((5, 2)), ones(2)
    ),
    "dout has the shape (3, 2); expected (..., K) = (3, 5, 2).": lambda: layers.linear_backward(
        ones((3, 2)), layers.linear_forward(ones((3, 5, 4)), ones((4, 2)), ones(2))[1]
    ),
    "dout has the shape (3, 2); expected (..., E) = (3, 4).": lambda: layers.embedding_backward(
        ones((3, 2)), layers.embedding_forward(ones(3, int), ones((5, 4)))[1]
    ),
    "W_emb has the shape (5,); expected (V, E).": lambda: layers.embedding_forward(
        ones(3, int), ones(5)
    ),
    "ids has the dtype float64; expected integers.": lambda: layers.embedding_forward(
        ones(3), ones((5, 4))
    ),
    "ids holds -1; expected 0 to 4, the rows of W_emb.": lambda: layers.embedding_forward(
        np.array([0, -1]), ones((5, 4))
    ),
    "ids holds 5; expected 0 to 4, the rows of W_emb.": lambda: layers.embedding_forward(
        np.array([[0, 5]]), ones((5, 4))
    ),
    "targets has the shape (3,); expected (...) = (2, 3).": lambda: layers.softmax_cross_entropy(
        ones((2, 3, 4)), ones(3, int)
    ),
    "mask has the shape (2,); expected (...) = (2, 3).": lambda: layers.softmax_cross_entropy(
        ones((2, 3, 4)), ones((2, 3), int), ones(2, bool)
    ),
    "targets has the dtype float64; expected integers.": lambda: layers.softmax_cross_entropy(
        ones((2, 4)), ones(2)
    ),
    "targets holds 4; expected 0 to 3, the classes.": lambda: layers.softmax_cross_entropy(
        ones((2, 4)), np.array([0, 4])
    ),
    "targets holds -1; expected 0 to 3, the classes.": lambda: layers.softmax_cross_entropy(
        ones((2, 4)), np.array([0, -1])
    ),
}


@pytest.mark.parametrize("sentence", BAD_INPUT)
def test_bad_input_gets_one_sentence(sentence):
    with pytest.raises(ValueError) as caught:
        BAD_INPUT[sentence]()
    assert str(caught.value) == sentence


def test_importing_the_layers_loads_numpy_alone():
    heavy = "{'torch', 'matplotlib', 'pandas', 'scipy'}"
    code = f"import sys, course_utils.layers; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_shape_message_gives_only_sizes_settled_by_earlier_arguments():
    with pytest.raises(
        ValueError, match=r"^b has the shape \(3, 4\); expected \(H, B\) = \(H, 2\)\.$"
    ):
        check_shapes("B, HB", a=ones(2), b=ones((3, 4)))
