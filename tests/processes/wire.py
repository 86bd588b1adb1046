"""The connection between one operator and the API server: cut, blocked or dead for a while, for it alone."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import yaml

_CHUNK_BYTES: Final = 65_536


class Wire:
    """A relay on this machine, and a kubeconfig that leads to it."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        [cluster] = [entry["cluster"] for entry in config["clusters"]]
        server = urlsplit(cluster["server"])
        assert server.hostname is not None
        self._server = (server.hostname, server.port or 443)
        self._door = socket.create_server(("127.0.0.1", 0))
        # An address that certificates of local clusters are made for, too.
        cluster["server"] = f"https://127.0.0.1:{self._door.getsockname()[1]}"
        self.kubeconfig = folder / "kubeconfig-of-the-wire"
        self.kubeconfig.write_text(yaml.safe_dump(config))
        self._blocked = threading.Event()
        self._flows = threading.Event()
        self._flows.set()
        self._over = threading.Event()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self.connections = 0

    def cut(self) -> None:
        """End all connections; new ones are taken."""
        for pair in tuple(self._pairs):
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def block(self) -> None:
        """End all connections and take no new ones, until ``mend``."""
        self._blocked.set()
        self.cut()

    def freeze(self) -> None:
        """Let nothing through in either direction, and say so to nobody, until ``mend``."""
        self._flows.clear()

    def mend(self) -> None:
        self._blocked.clear()
        self._flows.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.mend()
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.cut()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            try:
                if self._blocked.is_set():
                    raise ConnectionRefusedError
                far = socket.create_connection(self._server, timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self.connections += 1
            threading.Thread(target=self._relay, args=(near, far), daemon=True).start()

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        pair = (near, far)
        self._pairs.add(pair)
        with near, far, selectors.DefaultSelector() as waiting, contextlib.suppress(OSError):
            waiting.register(near, selectors.EVENT_READ, far)
            waiting.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in waiting.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(_CHUNK_BYTES)
                    self._flows.wait()
                    if not data:
                        self._pairs.discard(pair)
                        return
                    key.data.sendall(data)
        self._pairs.discard(pair)
