"""After installation the course needs no network: shown where there is none but loopback."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from course_utils.lessons import all_lessons

pytestmark = [pytest.mark.needs("namespaces"), pytest.mark.slow, pytest.mark.timeout(600)]

PRELUDE = """
import fcntl, os, re, socket, struct, subprocess, sys, time, urllib.request

# A new network namespace holds loopback, switched off (SIOCSIFFLAGS, IFF_UP), and on some kernels
# unconnected tunnels.
assert "lo" in [name for _, name in socket.if_nameindex()]
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
try:
    socket.create_connection(("198.51.100.1", 80), timeout=2)
except OSError:
    pass
else:
    raise SystemExit("this room has a way out")
"""


def offline(program: str) -> subprocess.CompletedProcess:
    """Run the Python `program` in a network namespace of its own."""
    room = ["unshare", "--user", "--map-root-user", "--net"]
    program = PRELUDE + textwrap.dedent(program)
    return subprocess.run([*room, sys.executable, "-c", program], capture_output=True, text=True)


def test_a_lesson_runs(one_lesson):
    done = offline(f"sys.exit(subprocess.call([*{one_lesson!r}, 'run']))")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[1].endswith("ok")


def test_lab_serves(one_lesson):
    """JupyterLab prints its address and serves its page, the lesson, and a kernel."""
    lesson = all_lessons()[0].name
    done = offline(
        f"""
        lab = subprocess.Popen(
            [*{one_lesson!r}, "lab", "--no-browser", "--port", "8765"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        try:
            for line in lab.stdout:
                print(line, end="")
                found = re.search("http://127.*/lab/tree/work/{lesson}[?](token=[0-9a-f]+)", line)
                if found:
                    break
            token = found[1]
            for _ in range(300):  # the address is printed a moment before it answers
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", 8765)) == 0:
                        break
                time.sleep(0.1)

            def ask(path, method="GET"):
                request = urllib.request.Request(
                    f"http://127.0.0.1:8765/{{path}}?{{token}}", method=method
                )
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, answer.read().decode()

            status, page = ask("lab/tree/work/{lesson}")
            assert status == 200 and "jupyter-config-data" in page
            assert "@jupyter/nbgrader:formgrader" in page.partition("disabledExtensions")[2]
            status, notebook = ask("api/contents/work/{lesson}")
            assert status == 200 and '"cells"' in notebook
            notices = "lab/api/settings/@jupyterlab/apputils-extension:notification"
            status, settings = ask(notices)
            assert status == 200 and '"default": "false"' in settings
            status, kernel = ask("api/kernels", method="POST")
            assert status == 201 and '"python3"' in kernel
        finally:
            lab.terminate()
            lab.wait(30)
        """
    )
    assert done.returncode == 0, done.stdout + done.stderr
