"""``stepwright server`` as a process that is told to end: it serves until nobody sends it anything any more."""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from stepwright.cluster.resources.kinds import EXECUTION
from tests.kube.server import kubeconfig
from tests.processes.server import ServerProcess


class Nothing(BaseHTTPRequestHandler):
    """An API server that has no executions, and nobody's tokens."""

    def do_GET(self) -> None:
        columns = [{"name": column.name} for column in EXECUTION.columns]
        body = {"metadata": {"resourceVersion": "1"}, "columnDefinitions": columns, "rows": []}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def is_ready(server: ServerProcess) -> bool:
    try:
        with urllib.request.urlopen(server.health("/readyz"), timeout=5):
            return True
    except urllib.error.HTTPError as error:
        assert (error.code, error.read()) == (503, b"ending")
        error.close()
        return False


def answered(server: ServerProcess) -> str:
    try:
        server.client("").list_state_machines()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    raise AssertionError("nobody may do that")


def test_a_server_that_ends_is_not_ready_at_once_and_serves_for_a_while(
    tmp_path: Path, api_server: str
) -> None:
    server = ServerProcess(kubeconfig(tmp_path, api_server), tmp_path, "--namespace=shop")
    server.start()
    try:
        assert is_ready(server)
        server.send(signal.SIGTERM)
        until = time.monotonic() + 30
        while is_ready(server):
            assert time.monotonic() < until
            time.sleep(0.02)
        assert answered(server) == "UnrecognizedClientException"
        assert server.wait(60) == 0, server.log_tail()
    finally:
        server.kill()
    assert "Traceback" not in server.log_path.read_text()
