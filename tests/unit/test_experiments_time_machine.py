"""The Time Machine's experiment: the split, the nets, and what is chosen without the test text."""

import numpy as np
import pytest
import torch

from course_utils.data import load_text
from course_utils.errors import CourseError
from course_utils.experiments import time_machine as tm
from course_utils.language import best_weights, kneser_ney

MANUAL = "manual"


@pytest.fixture(autouse=True)
def smoke(monkeypatch):
    monkeypatch.setenv("COURSE_SMOKE", "1")


def test_the_text_is_letters_and_single_spaces():
    ids = tm.characters(MANUAL)
    text = "".join(tm.LETTERS[i] for i in ids)
    assert len(text) == tm.TRAIN + tm.TEST and "  " not in text
    words = "".join(c if c.isascii() and c.isalpha() else " " for c in load_text(MANUAL).text)
    assert " ".join(words.lower().split()).startswith(text.strip())


def test_without_the_text_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(tm, "load_text", lambda name: load_text(MANUAL))
    with pytest.raises(CourseError, match="COURSE_DATA"):
        tm.characters()


def test_the_counts_are_made_twice_and_the_test_text_is_in_neither():
    ids = tm.characters(MANUAL)
    found = tm.run(0, "kneser-ney", order=3, text=MANUAL)
    chosen = kneser_ney(ids[:8500], 27, 3).probabilities(ids[8500:10_000])
    test = kneser_ney(ids[:10_000], 27, 3).probabilities(ids[10_000:])
    assert found["chosen"] == pytest.approx(np.exp(-np.log(chosen).mean()))
    assert found["test"] == pytest.approx(np.exp(-np.log(test).mean()))


def test_a_net_reads_no_character_before_it_predicts_it():
    model, text = tm.RegularisedLSTM(H=8, E=4), tm.characters(MANUAL)[:20]
    changed = np.append(text[:10], (text[10:] + 1) % tm.V)
    before, after = tm.probabilities(model.eval(), text), tm.probabilities(model, changed)
    np.testing.assert_array_equal(before[:10], after[:10])
    logits, state = model(torch.tensor([[tm.HIDDEN, *text[:4]]]))
    more, _ = model(torch.tensor(text[None, 4:-1]), state)
    whole = torch.cat([logits, more], dim=1).log_softmax(-1)[0, np.arange(20), text].exp()
    np.testing.assert_allclose(before, whole.detach().numpy(), rtol=1e-5)


def test_the_nets_of_different_seeds_differ_and_the_mixture_is_chosen_before_the_test():
    settings = {"model": "lstm", "text": MANUAL, "net": {"H": 8, "E": 4}}
    found, again = tm.run(1, **settings), tm.run(1, **settings)
    assert found == again and found["test"] != tm.run(2, **settings)["test"]
    assert found["chosen with 6-gram"] <= found["chosen"]
    ids = tm.characters(MANUAL)
    net = tm.probabilities(tm.lstm(ids[:8500], 1, settings["net"], {}), ids[8500:10_000])
    counts = kneser_ney(ids[:8500], 27, 6).probabilities(ids[8500:10_000])
    assert found["weight beside 6-gram"] == pytest.approx(best_weights([net, counts])[0])


def test_several_nets_are_averaged():
    settings = {"model": "lstm", "text": MANUAL, "net": {"H": 8, "E": 4}}
    ids = tm.characters(MANUAL)
    each = [tm.probabilities(tm.lstm(ids[:8500], k, settings["net"], {}), ids[8500:10_000])
            for k in (2, 3)]  # fmt: skip
    found = tm.run(1, nets=2, **settings)["chosen"]
    assert found == pytest.approx(np.exp(-np.log(np.mean(each, axis=0)).mean()))
