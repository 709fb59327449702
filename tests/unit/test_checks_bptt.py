"""The checks of the way back through time: right is right, a known mistake is wrong and named."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from course_utils import layers
from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG, bptt
from course_utils.checks.bptt import cases, oracle, reference
from course_utils.checks.bptt.chunk_mistakes import CHUNK_MISTAKES, CHUNK_ONLY
from course_utils.checks.bptt.logit_mistakes import dlogits
from course_utils.checks.bptt.numeric_mistakes import numeric
from course_utils.checks.bptt.pair import PAIR
from course_utils.checks.bptt.pair_mistakes import forward_with_cache, from_cache
from course_utils.checks.naming import same, split
from course_utils.checks.rooms import as_callee, fingerprint

# --- legitimate ways -----------------------------------------------------------------------------


def collected(dh, x, h0, h, W_xh, W_hh):
    """Lists filled on the way back, one product for each weight at the end."""
    before = np.concatenate([h0[:, None], h], axis=1)[:, :-1]
    das, later = [], np.zeros_like(h0)
    for t in range(x.shape[1])[::-1]:
        da = (later + dh[:, t]) * (1 - h[:, t] * h[:, t])
        das.append(da)
        later = da @ W_hh.T
    da = np.stack(das[::-1], axis=1) if das else np.zeros_like(dh)
    dW_xh = np.einsum("btd,bth->dh", x, da)
    dW_hh = np.einsum("bti,btj->ij", before, da)
    return np.einsum("bth,dh->btd", da, W_xh), later, dW_xh, dW_hh, np.einsum("bth->h", da)


def by_jacobians(dh, x, h0, h, W_xh, W_hh):
    """The double sum of the derivation: each loss's gradient through products of Jacobians."""
    T = x.shape[1]
    da = np.zeros_like(h)
    for t in range(T):
        reach = dh[:, t]
        for s in range(t, -1, -1):
            da[:, s] += reach * (1 - h[:, s] ** 2)
            reach = (reach * (1 - h[:, s] ** 2)) @ W_hh.T
    before = np.concatenate([h0[:, None], h], axis=1)[:, :-1]
    dW_xh = sum((x[:, t].T @ da[:, t] for t in range(T)), 0 * W_xh)
    dW_hh = sum((before[:, t].T @ da[:, t] for t in range(T)), 0 * W_hh)
    dh0 = da[:, 0] @ W_hh.T if T else 0 * h0
    return da @ W_xh.T, dh0, dW_xh, dW_hh, da.sum(axis=(0, 1))


def in_float32(*arguments):
    return collected(*(a.astype(np.float32) for a in arguments))


def as_a_list(*arguments):
    return list(collected(*arguments))


def one_step(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = np.einsum("bh,bh->bh", dh_t, 1 - h_t**2)
    return (
        W_xh.dot(da.T).T,
        W_hh.dot(da.T).T,
        x_t.T.dot(da),
        h_prev.T.dot(da),
        np.ones(len(da)) @ da,
    )


def cut(dh, x, h0, h, W_xh, W_hh, k):
    """Truncation inside one loop over all steps."""
    return reference.backward(
        dh, x, h0, h, W_xh, W_hh, carry=lambda later, to, t, T: to * 0 if t and t % k == 0 else to
    )


def paired_logits(logits, targets, mask):
    B, T, V = logits.shape
    flat = logits.reshape(-1, V)
    p = np.exp(flat - np.logaddexp.reduce(flat, axis=1, keepdims=True))
    p[np.arange(B * T), targets.ravel()] -= 1
    return (p * (mask.ravel() / mask.sum())[:, None]).reshape(B, T, V)


def fresh_copies(f, array, eps):
    gradient = np.zeros(array.shape)
    for i in range(array.size):
        push = np.zeros(array.size)
        push[i] = eps
        push = push.reshape(array.shape)
        gradient.ravel()[i] = (f(array + push) - f(array - push)) / eps / 2
    return gradient


HONEST = [
    (bptt.rnn_step_backward, one_step),
    (bptt.rnn_step_backward, reference.step_backward),
    (bptt.rnn_backward, reference.backward),
    (bptt.rnn_backward, collected),
    (bptt.rnn_backward, by_jacobians),
    (bptt.rnn_backward, in_float32),
    (bptt.rnn_backward, as_a_list),
    (bptt.truncated_backward, reference.truncated),
    (bptt.truncated_backward, cut),
    (bptt.perplexity, lambda p, mask: np.exp(-(np.log(p) * mask).sum() / mask.sum())),
    (bptt.perplexity, lambda p, mask: 2 ** -np.average(np.log2(p), weights=mask)),
    (bptt.logits_gradient, dlogits),
    (bptt.logits_gradient, paired_logits),
    (bptt.numeric_gradient, numeric),
    (bptt.numeric_gradient, fresh_copies),
]
CHECKS = list({id(check): check for check, _ in HONEST}.values())


@pytest.mark.parametrize(("check", "function"), HONEST)
@pytest.mark.parametrize("seed", [None, 1])
def test_every_honest_way_is_right(check, function, seed):
    report = check(function, seed=seed)
    assert report.state == RIGHT, report
    assert report.points(20) == 20


class Kept:
    """A cache that is an object of the learner's own."""

    def __init__(self, *arrays):
        self.arrays = arrays


def with_an_object(*arguments):
    h, cache = forward_with_cache(*arguments)
    return h, Kept(*cache)


PAIRS = [
    (layers.rnn_forward, layers.rnn_backward),
    (forward_with_cache, from_cache(collected)),
    (with_an_object, lambda dh, cache: collected(dh, *cache.arrays)),
    (
        lambda *a: (
            forward_with_cache(*a)[0],
            dict(zip("xphwu", forward_with_cache(*a)[1], strict=True)),
        ),
        lambda dh, c: by_jacobians(dh, c["x"], c["p"], c["h"], c["w"], c["u"]),
    ),
]


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
@pytest.mark.parametrize("seed", [None, 1])
def test_any_cache_is_legitimate(forward, backward, seed):
    report = bptt.forward_and_backward(forward, backward, seed=seed)
    assert report.state == RIGHT, report


def test_declared_conventions():
    def time_major(dh, x, h0, h, W_xh, W_hh):
        dx, *rest = collected(
            *(a.swapaxes(0, 1) for a in (dh, x)), h0, h.swapaxes(0, 1), W_xh, W_hh
        )
        return dx.swapaxes(0, 1), *rest

    def out_in(dh, x, h0, h, W_xh, W_hh):
        dx, dh0, dW_xh, dW_hh, db = collected(dh, x, h0, h, W_xh.T, W_hh.T)
        return dx, dh0, dW_xh.T, dW_hh.T, db

    assert bptt.rnn_backward(time_major).state == WRONG
    assert bptt.rnn_backward(time_major, batch_first=False).state == RIGHT
    assert bptt.rnn_backward(out_in).state == WRONG
    assert bptt.rnn_backward(out_in, weights="out_in").state == RIGHT
    assert bptt.rnn_backward(collected, batch_first=True, weights="in_out").state == RIGHT
    assert bptt.rnn_backward(lambda *a: None, weights="out_in").state == WRONG
    with pytest.raises(TypeError, match="sideways"):
        bptt.rnn_backward(collected, weights="sideways")


# --- the oracle, by another road -----------------------------------------------------------------


@pytest.mark.parametrize("k", [None, 2])
def test_the_oracle_agrees_with_differences_of_the_loss(k):
    """With the states at the borders held fixed, truncation is a plain gradient too."""
    given = cases.draw(np.random.default_rng(0), *cases.SIZES)
    names = ("x", "h0", "W_xh", "W_hh", "b_h")
    held = reference.forward(*(given[name] for name in names))

    def loss(x, h0, *weights):
        total = 0.0
        for a in range(0, x.shape[1], k or x.shape[1]):
            b = a + (k or x.shape[1])
            h = reference.forward(x[:, a:b], held[:, a - 1] if a else h0, *weights)
            total += np.sum(h * given["dh"][:, a:b])
        return total

    got = oracle.through_time(**given, k=k)
    for i, name in enumerate(names):
        moved = [given[n] for n in names]

        def f(array, i=i, moved=moved):
            return loss(*moved[:i], array, *moved[i + 1 :])

        assert np.allclose(got[i], numeric(f, given[name], 1e-5), atol=1e-8), name


# --- known mistakes ------------------------------------------------------------------------------

# Pairs and chunks are judged by the same mistakes as the way back on its own: some are tried.
IN_A_PAIR = list({m.name: m for m in PAIR.mistakes}.values())
KNOWN = [
    *((bptt.rnn_step_backward, m, s) for m in bptt.rnn_step_backward.mistakes for s in (None, 1)),
    *((bptt.rnn_backward, m, None) for m in bptt.rnn_backward.mistakes),
    *((bptt.rnn_backward, m, 1) for m in list({m.name: m for m in bptt.CATALOGUE}.values())[::3]),
    *((bptt.truncated_backward, m, s) for m in CHUNK_ONLY for s in (None, 1)),
    *((bptt.truncated_backward, m, None) for m in CHUNK_MISTAKES[len(CHUNK_ONLY) :: 2]),
    *((PAIR, m, None) for m in IN_A_PAIR[:2] + IN_A_PAIR[2::12]),
    *((PAIR, m, 1) for m in PAIR.mistakes if "cache" in m.name or "buffer" in m.name),
    *(
        (check, m, s)
        for check in (bptt.perplexity, bptt.logits_gradient, bptt.numeric_gradient)
        for m in check.mistakes
        for s in (None, 1)
    ),
]


@pytest.mark.parametrize(("check", "mistake", "seed"), KNOWN, ids=lambda v: getattr(v, "name", ""))
def test_every_known_mistake_is_rejected_and_named(check, mistake, seed):
    report = check(mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake.name
    assert mistake.says in str(report) and mistake.hint in str(report)
    assert report.points(20) < 20


@pytest.mark.parametrize("check", [*CHECKS, PAIR], ids=lambda check: check.title)
def test_mistakes_alike_on_every_input_share_their_words(check):
    cases = check.draw(3)
    alike = defaultdict(list)
    for mistake in check.mistakes:
        reply = as_callee(mistake.wrong).call(cases[0].arguments)
        values = [] if reply.failure else split(reply.value, len(check.outputs))
        looks = [(np.shape(value), f"{np.sum(np.abs(value)):.3e}") for value in values]
        alike[str((looks, reply.changed))].append(mistake)
    for group in (group for group in alike.values() if len(group) > 1):
        replies = [[as_callee(m.wrong).call(c.arguments) for c in cases] for m in group]
        for i, mistake in enumerate(group):
            for j in range(i):
                pairs = zip(replies[i], replies[j], strict=True)
                if all(same(a, b, len(check.outputs)) for a, b in pairs):
                    assert (mistake.name, mistake.says) == (group[j].name, group[j].says)


@pytest.mark.parametrize("check", [*CHECKS, PAIR], ids=lambda check: check.title)
def test_a_name_has_one_text(check):
    texts = {(mistake.name, mistake.says, mistake.hint) for mistake in check.mistakes}
    assert len(texts) == len({mistake.name for mistake in check.mistakes})
    assert all(text.endswith((".", ")")) for _, *both in texts for text in both)


# --- what is not attempted, or nonsense ----------------------------------------------------------


def untouched(*arguments):
    raise NotImplementedError("your turn")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_a_stub_is_not_attempted(check):
    assert check(untouched).state == NOT_ATTEMPTED
    assert check(untouched).points(20) == 0


@pytest.mark.parametrize(
    "pair",
    [(untouched, untouched), (layers.rnn_forward, untouched), (untouched, layers.rnn_backward)],
)
def test_a_pair_with_a_stub_is_not_attempted(pair):
    assert bptt.forward_and_backward(*pair).state == NOT_ATTEMPTED


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
@pytest.mark.parametrize("value", [None, "text", [], {}, object(), [[1, 2], [3]], np.zeros(3)])
def test_nonsense_is_wrong_and_said_in_words(check, value):
    report = check(lambda *arguments: value)
    assert report.state == WRONG
    assert len(report.message) > 20
    assert report.points(20) == 0


@pytest.mark.parametrize(("check", "function"), [*HONEST, (PAIR, PAIR.mistakes[0].wrong)])
def test_a_check_draws_no_global_random_number(check, function):
    import torch

    def states():
        return fingerprint([torch.get_rng_state().numpy(), np.random.get_state()[1]])

    before = states()
    check(function)
    assert states() == before


@pytest.mark.parametrize("check", [*CHECKS, PAIR], ids=lambda check: check.title)
def test_seeds_draw_other_inputs_and_repeat_themselves(check):
    def prints(seed):
        return [fingerprint(case.arguments) for case in check.draw(seed)]

    assert prints(1) == prints(1) != prints(2)
    assert prints(None) == prints(None)


@pytest.mark.parametrize("kind", [tuple, list])
@pytest.mark.parametrize("check", [bptt.rnn_backward, bptt.truncated_backward])
def test_an_output_too_many_is_told_and_earns_nothing(check, kind):
    right = reference.backward if check is bptt.rnn_backward else reference.truncated
    report = check(lambda *a: kind([*right(*a), 0]))
    assert report.message.startswith("You returned 6 values; 5 are asked for: `return dx, dh0,")
    assert report.mistake is None and report.points(20) == 0
