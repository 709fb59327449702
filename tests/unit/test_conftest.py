"""A capability that is missing skips by name; where CI is set, a skipped test is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = """
import pytest

@pytest.mark.needs("chromium")
def test_in_a_browser():
    pass

def test_anywhere():
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_a_skipped_test_fails_where_ci_is_set(tmp_path, ci, code):
    text = Path(__file__).parent.with_name("conftest.py").read_text(encoding="utf-8")
    text += '\nCAPABILITIES["chromium"] = lambda: False\n'
    (tmp_path / "conftest.py").write_text(text, encoding="utf-8")
    (tmp_path / "test_one.py").write_text(SKIPS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "CI": ci},
    )
    assert "chromium is missing" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout
    assert ("no test may be skipped" in done.stdout) == bool(ci)
    assert done.returncode == code
