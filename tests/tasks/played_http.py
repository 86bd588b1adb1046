"""An HTTP server in this process that does what it is asked, or is wrong in one of the ways that integrations meet."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from stepwright.integrations.testing import Fault
from tests.tasks.faulty_servers import NONSENSE
from tests.tasks.relays import DRIP_SECONDS
from tests.testcluster.ports import free_port

Answer = tuple[int, dict[str, str], Any]
"""Status, headers, and what is sent as JSON."""

_PIECE: Final = b" " * 65_536


@contextmanager
def serving(
    answer: Callable[[dict[str, str], bytes], Answer], fault: Fault | None, refusals: Mapping[Fault, Answer]
) -> Iterator[str]:
    """Its URL. ``answer``: to the headers, by small letters, and the body of a request, which it sees only where there is no
    ``fault``. ``refusals``: what is answered instead, by faults that are said in words."""
    if fault == "down":
        yield f"http://127.0.0.1:{free_port()}"
        return
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.close_connection = fault is not None
            match fault:
                case "silent":
                    over.wait(60)
                case "broken":
                    self.wfile.write(NONSENSE)
                case "huge":
                    self._endless(_PIECE, 0)
                case "slow":
                    self._endless(b" ", DRIP_SECONDS)
                case "throttling" | "refusing" | "expired":
                    self._send(*refusals[fault])
                case _:
                    self._send(*answer({name.lower(): value for name, value in self.headers.items()}, body))

        def _send(self, status: int, headers: dict[str, str], said: Any) -> None:
            content = json.dumps(said).encode()
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def _endless(self, piece: bytes, pause: float) -> None:
            self.send_response_only(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            try:
                while not over.wait(pause):
                    self.wfile.write(piece)
            except OSError:
                pass  # nobody reads any more

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
