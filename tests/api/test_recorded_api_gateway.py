"""Recorded executions that call APIs at API Gateway, against ``stepwright dev`` and a server that is what their APIs were."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.data import conformance
from tests.processes.dev import DevProcess
from tests.processes.dev import ended as until_end

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(conformance.folder() is None, reason=conformance.WHY_SKIPPED),
]

RECORDS: Final = [record for record in conformance.records("services") if record["needs"] == ["apigateway"]]
ROLE: Final = "arn:aws:iam::123456789012:role/r"
HOST: Final = "abc123.execute-api.us-east-1.amazonaws.com"
SAID: Final = ("ResponseBody", "StatusCode", "StatusText")


class Api(BaseHTTPRequestHandler):
    """As the records have made it: a function that gives back what it is given, and one that answers ``{}``."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        called = urlsplit(self.path)
        query = ", ".join(f"{name}={value}" for name, value in sorted(parse_qsl(called.query)))
        match called.path:
            case "/sfn-apigw-api/get_constant":
                self._answer(200, b"{}")
            case "/sfn-apigw-api/id_func":
                event = json.loads(given)
                said = event if not query else {"body": event, "queryStringParameters": f"{{{query}}}"}
                self._answer(200, json.dumps(said).encode())  # as a function in Python writes it
            case _:
                self._answer(403, b'{"message":"Missing Authentication Token"}')

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {"AWS_ENDPOINT_URL_EXECUTE_API": f"http://127.0.0.1:{server.server_address[1]}"}
    folder: Path = tmp_path_factory.mktemp("dev")
    with DevProcess(folder, environment=environment) as dev:
        yield dev
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("record", RECORDS, ids=[record["id"] for record in RECORDS])
def test_an_execution_ends_as_it_did_on_aws(dev: DevProcess, record: dict[str, Any]) -> None:
    given, expected = {**record["input"], "ApiEndpoint": HOST}, record["expected"]

    sfn = dev.client()
    name = record["id"].rpartition("::")[2].translate(str.maketrans(dict.fromkeys('[]"#', "-")))
    made = sfn.create_state_machine(name=name, definition=json.dumps(record["definition"]), roleArn=ROLE)
    begun = sfn.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(given))
    ended = until_end(sfn, begun["executionArn"])

    assert ended["status"] == expected["status"], ended.get("cause")
    if expected["status"] == "SUCCEEDED":
        output, recorded = json.loads(ended["output"]), expected["output"]
        assert [output[name] for name in SAID] == [recorded[name] for name in SAID]
        assert output["Headers"]["Content-Length"] == recorded["Headers"]["Content-Length"]
        assert list(output) == sorted(recorded)
    elif expected["error"] == "States.Runtime":
        assert ended["error"] == "States.Runtime"
        beginning, end = expected["cause"].split("<json-input:1>")
        assert ended["cause"].startswith(beginning)
        assert ended["cause"].endswith(end)
        told = sfn.get_execution_history(executionArn=begun["executionArn"])["events"]
        assert [event["type"] for event in told] == [event["type"] for event in expected["history"]]
    else:
        assert (ended["error"], json.loads(ended["cause"])) == (expected["error"], expected["cause"])


def test_there_are_records() -> None:
    assert len(RECORDS) > 5
