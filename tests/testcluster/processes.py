"""Starting a server so that it outlives us, and ending exactly that server later, from any process.

A process is known by its id and its start time together: an id alone may by then belong to somebody else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable


@dataclass(frozen=True)
class Process:
    """One server we started, with all that is needed to end it or to start it again."""

    name: str
    pid: int
    start_time: str
    command: list[str]
    log: str

    @property
    def alive(self) -> bool:
        return start_time(self.pid) == self.start_time


def start_time(pid: int) -> str | None:
    """Clock ticks from boot to the start of the process; None where it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold spaces and parentheses itself.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def start(name: str, command: list[str], log: Path) -> Process:
    # They talk to this machine alone; a proxy of the environment would send them out and nowhere.
    env = {
        variable: value for variable, value in os.environ.items() if not variable.lower().endswith("_proxy")
    }
    with log.open("ab") as output:
        # A session of its own: Ctrl-C on the test run must not take the cluster from under its clean-up.
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, start_new_session=True
        )
    began = start_time(child.pid)
    if began is None:
        raise ClusterUnavailable(f"{name} ended at once; its log says: {tail(log)}")
    child.returncode = 0  # Nobody waits for it through this object, so it should not warn about that.
    return Process(name, child.pid, began, command, str(log))


def end(process: Process, grace_seconds: float = 3) -> None:
    """SIGTERM, then SIGKILL after the grace; returns when the process is gone, and with it all that it had open."""
    for number, patience in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0)):
        if not _is_there(process):
            break
        os.kill(process.pid, number)
        deadline = time.monotonic() + patience
        while _is_there(process) and time.monotonic() < deadline:
            time.sleep(0.02)
    reap(process.pid)


def _is_there(process: Process) -> bool:
    """Whether any of its threads is: the first may be dead while others still hold files and ports."""
    if process.alive:
        return True
    try:
        threads = list(Path(f"/proc/{process.pid}/task").iterdir())
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[19] == process.start_time and len(threads) > 1


def reap(pid: int) -> None:
    """Collect our own dead child, so that it does not stay in the process table; others' are init's."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def tail(log: Path | str, size_bytes: int = 1500) -> str:
    path = Path(log)
    return path.read_bytes()[-size_bytes:].decode(errors="replace").strip() if path.exists() else "(no log)"
