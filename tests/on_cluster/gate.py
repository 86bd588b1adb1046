"""Something that pods wait for until a test lets them go on: no test needs to guess how long they must be busy."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from tests.testcluster import Cluster


class Gate:
    """A port of this machine that takes connections once it is open. ``waits`` is the shell command for pods."""

    def __init__(self, cluster: Cluster) -> None:
        self._door = socket.socket()
        self._door.bind((cluster.host_address or "127.0.0.1", 0))
        host, port = self._door.getsockname()
        # Where pods do not reach this machine they are busy for long enough.
        reach = f"until timeout 2 wget -q -O /dev/null http://{host}:{port}/; do sleep 1; done"
        self.waits = reach if cluster.host_address else "sleep 30"

    def open(self) -> None:
        self._door.listen(128)
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            with caller:
                caller.recv(4096)
                caller.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # it was never opened
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
