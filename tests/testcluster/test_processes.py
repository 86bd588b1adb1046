"""Servers that are ended, and started again at once."""

from __future__ import annotations

import platform
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.testcluster import processes
from tests.testcluster.ports import free_port

#: Its first thread ends, which makes it a zombie, while another one listens.
HEADLESS = """
import ctypes, socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[sys.argv[2]], 0)
"""


@pytest.mark.skipif(platform.system() != "Linux", reason="servers are started on Linux only")
def test_a_server_that_has_ended_leaves_its_port_to_the_next_one(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", HEADLESS, str(port), platform.machine()]
    server = processes.start("headless", command, tmp_path / "log")
    deadline = time.monotonic() + 60
    while server.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not server.alive, "its first thread was to end"
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))

    processes.end(server)

    with socket.create_server(("127.0.0.1", port)):
        pass
