"""What stands in for AWS in a cluster may have a certificate of an authority of its own, which the Connection names."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.assembly.test_aws_by_connections import KEY, Scene, connection, scene
from tests.tasks.http.tls_server import Certificates, issue


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"QueueUrls": ["q"]}'
        self.send_response_only(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(params=["server"])
def url(certificates: Certificates, request: pytest.FixtureRequest) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = certificates.context(request.param).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def believing(url: str, **tls: Any) -> Scene:
    return scene(connection(url, credentials=KEY, tls=tls))


FROM = {"secretKeyRef": {"name": "authority", "key": "ca.crt"}}


async def test_an_authority_of_the_connection_is_believed(url: str, certificates: Certificates) -> None:
    authority = certificates.text("ca.crt")
    kept = connection(url, credentials=KEY, tls={"caFrom": FROM})
    kept.secrets["ca.crt"] = authority

    assert await believing(url, ca=authority).call() == {"QueueUrls": ["q"]}
    assert await scene(kept).call() == {"QueueUrls": ["q"]}


async def test_without_it_the_server_is_not_called(url: str) -> None:
    error, cause = await believing(url).failure()

    assert error == "Sqs.SdkClientException"
    assert "CERTIFICATE_VERIFY_FAILED" in cause


async def test_no_other_authority_is_believed_beside_it(url: str, tmp_path: Path) -> None:
    error, cause = await believing(url, ca=issue(tmp_path).text("ca.crt")).failure()

    assert error == "Sqs.SdkClientException"
    assert "CERTIFICATE_VERIFY_FAILED" in cause


@pytest.mark.parametrize("url", ["other"], indirect=True)
async def test_a_certificate_for_another_host_is_none(url: str, certificates: Certificates) -> None:
    error, cause = await believing(url, ca=certificates.text("ca.crt")).failure()

    assert error == "Sqs.SdkClientException"
    assert "Hostname mismatch" in cause or "doesn't match" in cause


async def test_what_is_no_certificate_and_a_key_that_is_not_there_are_told(url: str) -> None:
    error, cause = await believing(url, ca="no certificate").failure()
    assert (error, "cannot be used: they must be PEM" in cause) == ("States.Permissions", True)

    absent = {"secretKeyRef": {"name": "authority", "key": "absent"}}
    assert await believing(url, caFrom=absent).failure() == (
        "States.Permissions",
        "The Secret authority has no key absent.",
    )
