"""Experiments: rows and seeds kept in a file, made once, made again when their settings change."""

from __future__ import annotations

import json

import numpy as np
import pytest

from course_utils import cli
from course_utils.errors import CourseError
from course_utils.experiments import Experiment, core, results


def noise(seed: int, shift: float, length: int) -> dict:
    values = shift + np.random.default_rng(seed).normal(size=length)
    return {"mean": float(values.mean()), "values": values.tolist()}


def experiment(**changes) -> Experiment:
    settings = {"low": {"shift": 0.0, "length": 3}, "high": {"shift": 5.0, "length": 3}}
    wanted = {"settings": settings, "seeds": (0, 1), "sample": ("low", 0)} | changes
    return Experiment("noise", "How loud is it?", noise, **wanted)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The course's folder is an empty one, and its only experiment is `experiment()`."""
    monkeypatch.setattr(core, "root", lambda: tmp_path)
    monkeypatch.setattr(core, "all_experiments", lambda: {"noise": experiment()})
    return tmp_path / "results" / "noise.json"


def test_the_verb_makes_the_file_that_the_lesson_reads(here, capsys):
    assert cli.main(["experiments"]) == 0
    assert "noise.json: 4 runs made" in capsys.readouterr().out
    found = results("noise")
    assert found.rows == ["low", "high"]
    expected = [noise(seed, 5.0, 3)["values"] for seed in (0, 1)]
    np.testing.assert_allclose(found["high"]["values"], expected, rtol=1e-5)  # six digits are kept
    assert found["high"]["mean"].shape == found.seconds("high").shape == (2,)
    assert found.made.startswith("4 runs, 0.0 minutes of CPU in all, on ")


def test_what_is_there_is_not_made_again(here, capsys):
    cli.main(["experiments", "noise"])
    before = here.read_bytes()
    assert cli.main(["experiments"]) == 0
    assert "noise.json: 0 runs made" in capsys.readouterr().out
    assert here.read_bytes() == before
    assert cli.main(["experiments", "--again"]) == 0
    assert "noise.json: 4 runs made" in capsys.readouterr().out


def test_it_goes_on_where_it_was_stopped(here):
    cli.main(["experiments"])
    content = json.loads(here.read_text(encoding="utf-8"))
    del content["rows"]["high"]["seeds"]["1"]
    assert experiment().missing(experiment().still_true(content)) == [("high", 1)]


def test_rows_whose_settings_changed_are_missing(here):
    cli.main(["experiments"])
    content = core.read(here)
    changed = experiment(settings={"low": {"shift": 1.0, "length": 3}, "new": {"shift": 0.0}})
    kept = changed.still_true(content)
    assert changed.missing(kept) == [(row, seed) for row in ("low", "new") for seed in (0, 1)]
    assert list(kept["rows"]) == ["low", "new"]  # and "high", no longer asked for, is gone


def test_again_computes_here_and_writes_nothing(here):
    found = results("noise", again=True)["low"]["mean"][1]
    assert found == pytest.approx(noise(1, 0.0, 3)["mean"], rel=1e-5)
    assert not here.exists()


@pytest.mark.parametrize("text", ["", "[]", '{"rows": {"low": {"seeds": {"0": {}}}}}', "{"])
def test_a_broken_file_is_told_and_left_alone(here, text, capsys):
    here.parent.mkdir()
    here.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=r"noise\.json is broken: get it again, or delete it"):
        results("noise")["low"]
    assert cli.main(["experiments"]) == 2
    assert here.read_text(encoding="utf-8") == text


def test_a_missing_file_and_an_unknown_name_are_told(here):
    with pytest.raises(CourseError, match=r"noise\.json is missing: .*`course experiments noise`"):
        results("noise")
    with pytest.raises(CourseError, match="There is no experiment 'nose': choose one of noise"):
        results("nose", again=True)


@pytest.mark.parametrize("name", core.all_experiments())
def test_the_kept_numbers_are_whole_and_of_these_settings(name):
    wanted = core.find(name)
    content = core.read(wanted.path)
    assert wanted.still_true(content) == content
    assert wanted.missing(content) == []
    row, seed = wanted.sample
    assert set(wanted.tolerance) <= set(results(name)[row])
    assert wanted.tolerance and seed in wanted.seeds


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", core.all_experiments())
def test_a_sample_gives_the_kept_numbers_again(name):
    wanted = core.find(name)
    row, seed = wanted.sample
    kept = results(name)[row]
    measures = wanted.once(row, seed)["measures"]
    for measure, tolerance in wanted.tolerance.items():
        expected = kept[measure][list(wanted.seeds).index(seed)]
        np.testing.assert_allclose(measures[measure], expected, rtol=0, atol=tolerance)
