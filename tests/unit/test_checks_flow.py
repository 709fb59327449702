"""The checks of lesson 04: right is right, a known mistake is wrong and named."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from course_utils import training
from course_utils.checks import NOT_ATTEMPTED, RIGHT, WRONG, flow
from course_utils.checks.flow.clinic import PLACE_MISTAKES
from course_utils.checks.flow.trainee import Trainee, flat
from course_utils.checks.naming import same
from course_utils.checks.rooms import as_callee, fingerprint
from course_utils.data import AgreementGrammar

CHECKS = [value for value in vars(flow).values() if hasattr(value, "mistakes")]


# --- legitimate ways -----------------------------------------------------------------------------


def by_loop(h, W_hh):
    product = np.eye(len(W_hh), dtype=h.dtype)
    for state in h:
        product = product @ (W_hh @ np.diag(1 - state**2))
    return product


def by_multi_dot(h, W_hh):
    """Backwards and transposed, as a gradient travels; transposed once more at the end."""
    back = np.eye(len(W_hh))
    for state in h[::-1]:
        back = (back * (1 - state**2)) @ W_hh.T
    return back.T


def lags(h, W_hh):
    return [np.linalg.norm(by_loop(h[len(h) - k :], W_hh), 2) for k in range(1, len(h) + 1)]


def lags_by_svd(h, W_hh):
    product, found = np.eye(len(W_hh)), np.zeros(len(h))
    for k, state in enumerate(h[::-1]):
        product = (W_hh * (1 - state**2)) @ product
        found[k] = np.linalg.svd(product)[1].max()
    return found


def power(W, v, n):
    for _ in range(n):
        v = (v @ W) @ W.T
        v = v / np.linalg.norm(v)
    return np.linalg.norm(v @ W)


def power_with_root(W, v, n):
    for _ in range(n):
        v = v / np.linalg.norm(v)
        v = v @ (W @ W.T)
    return np.sqrt(np.linalg.norm(v))


def clip(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads]))
    if norm > max_norm:
        return tuple(g * (max_norm / norm) for g in grads), norm
    return tuple(grads), norm


def clip_like_torch(grads, max_norm):
    """torch adds 1e-6 to the norm before it divides."""
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    return [g * min(1.0, max_norm / (norm + 1e-6)) for g in grads], norm


def angle(grads, limit):
    a = np.concatenate([g.ravel() for g in grads])
    b = np.clip(a, -limit, limit)
    return np.degrees(np.arccos(min(1.0, a @ b / np.linalg.norm(a) / np.linalg.norm(b))))


def orthogonal(A, rho):
    Q, R = np.linalg.qr(A)
    return rho * Q * np.sign(np.diag(R))


def by_cholesky(A, rho):
    """A^T A = R^T R, and Q = A R^-1."""
    R = np.linalg.cholesky((A.T @ A).astype(np.float64)).T
    return rho * A @ np.linalg.inv(R)


def accuracy(logits, verb, right, wrong):
    rows = np.arange(len(verb))
    a, b = logits[rows, verb - 1, right], logits[rows, verb - 1, wrong]
    return np.where(a == b, 0.5, a > b).mean()


def accuracy_by_sign(logits, verb, right, wrong):
    before = logits[np.arange(len(verb)), verb - 1]
    gap = np.take_along_axis(before, np.stack([right, wrong], axis=1), axis=1)
    return float((1 + np.sign(gap[:, 0] - gap[:, 1])).mean() / 2)


def clipped(make, max_norm, n):
    import torch

    model, optimizer, loss = make()
    for _ in range(n):
        loss().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        optimizer.zero_grad()
    return torch.cat([p.detach().flatten() for p in model.parameters()]).numpy()


HONEST = [
    (flow.state_jacobian, by_loop),
    (flow.state_jacobian, by_multi_dot),
    (flow.norm_by_lag, lags),
    (flow.norm_by_lag, lags_by_svd),
    (flow.largest_singular_value, power),
    (flow.largest_singular_value, power_with_root),
    (flow.clip_by_global_norm, clip),
    (flow.clip_by_global_norm, clip_like_torch),
    (flow.clip_by_global_norm, training.clip_by_global_norm),
    (flow.value_clipping_angle, angle),
    (flow.orthogonal_start, orthogonal),
    (flow.orthogonal_start, by_cholesky),
    (flow.agreement_accuracy, accuracy),
    (flow.agreement_accuracy, accuracy_by_sign),
    (flow.clipped_training, clipped),
]


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(("check", "function"), HONEST)
def test_every_honest_way_is_right(check, function, seed):
    report = check(function, seed=seed)
    assert report.state == RIGHT, report
    assert report.points(20) == 20


def test_all_checks_are_tried():
    assert {check.title for check in CHECKS} == {check.title for check, _ in HONEST}


# --- known mistakes ------------------------------------------------------------------------------

KNOWN = [(check, m, seed) for check in CHECKS for m in check.mistakes for seed in (None, 1)]


@pytest.mark.parametrize(("check", "mistake", "seed"), KNOWN, ids=lambda v: getattr(v, "name", ""))
def test_every_known_mistake_is_rejected_and_named(check, mistake, seed):
    report = check(mistake.wrong, seed=seed)
    assert report.state == WRONG
    assert report.mistake is not None and report.mistake.name == mistake.name
    assert mistake.says in str(report) and mistake.hint in str(report)
    assert report.points(20) < 20


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_a_name_has_one_text_and_what_is_alike_one_name(check):
    texts = {(mistake.name, mistake.says, mistake.hint) for mistake in check.mistakes}
    assert len(texts) == len({mistake.name for mistake in check.mistakes})
    assert all(text.endswith((".", ")")) for _, *both in texts for text in both)

    cases, alike = check.draw(3), defaultdict(list)
    for mistake in check.mistakes:
        replies = [check._ask(as_callee(mistake.wrong), case) for case in cases]
        for name, others in alike.items():
            for theirs in others:
                pairs = zip(replies, theirs, strict=True)
                outputs = len(check.outputs)
                assert name == mistake.name or not all(same(a, b, outputs) for a, b in pairs), name
        alike[mistake.name].append(replies)


# The rows of the mistakes catalogue on clipping, with the names under which a check knows them.
CLIPPING_ROWS = {
    "clip after step": flow.clipped_training,
    "clip before backward": flow.clipped_training,
    "per tensor": flow.clip_by_global_norm,
    "element-wise": flow.clip_by_global_norm,
    "always rescaling": flow.clip_by_global_norm,
    "no zero_grad": flow.clipped_training,
}


@pytest.mark.parametrize("row", CLIPPING_ROWS)
def test_the_catalogue_on_clipping_is_covered(row):
    name = "clipping that no step sees" if row.startswith("clip ") else row
    assert name in {mistake.name for mistake in CLIPPING_ROWS[row].mistakes}


# --- what is not attempted, or nonsense ----------------------------------------------------------


def untouched(*arguments):
    raise NotImplementedError("your turn")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_a_stub_is_not_attempted(check):
    assert check(untouched).state == NOT_ATTEMPTED
    assert check(untouched).points(20) == 0


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
@pytest.mark.parametrize("value", [None, "text", [], {}, object(), [[1, 2], [3]], np.zeros(3)])
def test_nonsense_is_wrong_and_said_in_words(check, value):
    report = check(lambda *arguments: value)
    assert report.state == WRONG
    assert len(report.message) > 20
    assert report.points(20) == 0


@pytest.mark.parametrize(("check", "function"), HONEST)
def test_a_check_draws_no_global_random_number(check, function):
    import torch

    def states():
        return fingerprint([torch.get_rng_state().numpy(), np.random.get_state()[1]])

    before = states()
    check(function)
    assert states() == before


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_seeds_draw_other_inputs_and_repeat_themselves(check):
    def prints(seed):
        return [fingerprint(case.arguments) for case in check.draw(seed)]

    assert prints(1) == prints(1) != prints(2)
    assert prints(None) == prints(None)


# --- the clinic's patient ------------------------------------------------------------------------


def test_the_patient_moves_by_the_unclipped_gradient_and_is_named():
    log = flow.their_training(flow.PATIENT, 1.0, 20)
    moved, reported = (np.array([entry[name] for entry in log]) for name in ("moved", "reported"))
    np.testing.assert_allclose(moved, reported, rtol=1e-6)
    assert max(reported) > 5
    assert all(entry["afterwards"] <= 1.0001 for entry in log)
    assert flow.their_illness() == PLACE_MISTAKES[0].says


def test_a_trainee_is_the_same_at_each_call():
    first, second = Trainee(3)(), Trainee(3)()
    np.testing.assert_array_equal(flat(first[0]), flat(second[0]))
    assert first[2]().item() == second[2]().item()


# --- the exercise's score is the grammar's -------------------------------------------------------


def test_the_score_is_that_of_the_grammar():
    grammar, rng = AgreementGrammar(3), np.random.default_rng(0)
    sentences = grammar.sample(50, rng)
    ids, _ = grammar.encode(sentences)
    logits = rng.normal(size=(*ids.shape, len(grammar.vocab)))
    verb = np.array([s.verb for s in sentences])
    words = [
        grammar.vocab.encode([getattr(s, name) for s in sentences]) for name in ("right", "wrong")
    ]
    found = accuracy(logits, verb, *map(np.array, words))
    assert found == pytest.approx(grammar.agreement(logits, sentences).mean())
