"""Servers that tests start leave nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.processes.dev import ROOT
from tests.testcluster.processes import start_time

RUN = """
import sys, time
from pathlib import Path
from tests.processes.logged_server import started

with started([sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    time.sleep(600)
"""


def test_a_server_ends_with_a_test_run_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        assert start_time(pid) is not None
        run.send_signal(signal.SIGKILL)

    until = time.monotonic() + 60
    while start_time(pid) is not None and time.monotonic() < until:
        time.sleep(0.02)
    assert start_time(pid) is None
