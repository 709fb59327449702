"""One set of versions: constraints.txt, environment.yml and pyproject.toml agree."""

from __future__ import annotations

import re
import tomllib

from course_utils.doctor import pins
from course_utils.lessons import root

PROJECT = tomllib.loads((root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def conda() -> str:
    return (root() / "environment.yml").read_text(encoding="utf-8")


def test_every_line_of_constraints_is_a_pin_without_a_local_version():
    lines = (root() / "constraints.txt").read_text(encoding="utf-8").splitlines()
    strange = [x for x in lines if x and x[0] != "#" and not re.fullmatch(r"[\w.-]+==[\d.]+", x)]
    assert strange == []
    assert len(pins()) > 100


def test_every_direct_dependency_is_pinned():
    assert [name for name in DIRECT if normal(name) not in pins()] == []


def test_conda_installs_the_same_versions():
    found = re.findall(r"- ([\w.-]+)==([\w.]+)", conda())
    assert {normal(name): version for name, version in found} == {
        normal(name): pins()[normal(name)] for name in DIRECT
    }
    assert "--constraint constraints.txt" in conda()
    assert "--editable ." in conda()


def test_conda_takes_the_same_pythons():
    assert f"python {PROJECT['requires-python']}" in conda()
