"""``apigateway:invoke``: tasks call APIs at API Gateway, played by a server that stands in for it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from stepwright.aws import bounded, clients, sessions
from stepwright.aws.calling import MayNotConnect
from stepwright.aws.clients import Clients, Keys, Way
from stepwright.tasks.aws.integration import AwsServices
from stepwright.tasks.calls.integration import Again, Call, CallFailed
from tests.engine.virtual_loop import VirtualClock
from tests.tasks.aws_calls import REF, called, task, use_endpoint
from tests.tasks.played_services import Played
from tests.testcluster.ports import free_port

HOST = "abc123.execute-api.us-east-1.amazonaws.com"
INVOKE = "apigateway:invoke"


@dataclass
class Api:
    """What it was asked, and what it answers: once ``pause`` is over, and so many bytes less than it said."""

    status: int = 200
    body: bytes = b"{}"
    media: str = "application/json"
    pause: threading.Event | None = None
    lacks: int = 0
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    played = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            played.asked.append((self.command, self.path, headers, body))
            if played.pause is not None:
                played.pause.wait(60)
            self.close_connection = played.lacks > 0
            self.send_response_only(played.status)
            self.send_header("x-amzn-RequestId", "r-1")
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
            self.send_header("Content-Type", played.media)
            self.send_header("Content-Length", str(len(played.body) + played.lacks))
            with contextlib.suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(played.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    use_endpoint(
        monkeypatch,
        "http://elsewhere.invalid",
        {"AWS_ENDPOINT_URL_EXECUTE_API": f"http://127.0.0.1:{server.server_address[1]}"},
    )
    yield played
    server.shutdown()
    server.server_close()


async def failed(**parameters: Any) -> tuple[str, str]:
    with pytest.raises(CallFailed) as raised:
        await called(INVOKE, {"ApiEndpoint": HOST, "Method": "GET", **parameters})
    return raised.value.error, raised.value.cause


async def test_an_api_answers_with_status_headers_and_body(api: Api) -> None:
    api.body = b'{"pets": [1]}'
    given: Any = {
        "ApiEndpoint": HOST,
        "Method": "POST",
        "Stage": "prod",
        "Path": "/pets/a b",
        "Headers": {"custom_header": ["one", "two"]},
        "QueryParameters": {"kind": ["cat", "dog"], "q": ["a&b"]},
        "RequestBody": {"name": "Rex", "owner": None, "tags": ["x"]},
    }

    answer: Any = await called(INVOKE, given)

    assert list(answer) == ["Headers", "ResponseBody", "StatusCode", "StatusText"]
    assert answer["Headers"] == {
        "Content-Length": ["13"],
        "Content-Type": ["application/json"],
        "Set-Cookie": ["a=1", "b=2"],
        "x-amzn-RequestId": ["r-1"],
    }
    assert (answer["ResponseBody"], answer["StatusCode"], answer["StatusText"]) == ({"pets": [1]}, 200, "OK")
    ((method, path, headers, body),) = api.asked
    assert (method, path) == ("POST", "/prod/pets/a%20b?kind=cat&kind=dog&q=a%26b")
    assert headers["host"] == HOST
    assert headers["custom_header"] == "one, two"
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers
    assert json.loads(body) == {"name": "Rex", "tags": ["x"]}


async def test_a_text_is_sent_as_json_as_recorded(api: Api) -> None:
    await called(INVOKE, {"ApiEndpoint": HOST, "Method": "POST", "RequestBody": "HelloWorld"})
    with_nulls: Any = {"RequestBody": {"a": None}, "AllowNullValues": True}
    await called(INVOKE, {"ApiEndpoint": HOST, "Method": "POST", **with_nulls})

    assert [body for *_, body in api.asked] == [b'"HelloWorld"', b'{"a":null}']


async def test_a_body_that_is_no_json_is_a_text(api: Api) -> None:
    api.body, api.media = "grün".encode("latin-1"), "text/plain; charset=ISO-8859-1"

    answer: Any = await called(INVOKE, {"ApiEndpoint": HOST, "Method": "GET"})

    assert answer["ResponseBody"] == "grün"


async def test_any_status_but_2xx_fails_the_task_with_the_body(api: Api) -> None:
    api.status, api.body = 403, b'{"message":"Missing Authentication Token"}'
    assert await failed() == ("ApiGateway.403", '{"message":"Missing Authentication Token"}')
    api.status = 302  # nothing is followed
    assert (await failed())[0] == "ApiGateway.302"
    api.status = 500  # nor made again
    assert (await failed())[0] == "ApiGateway.500"
    assert len(api.asked) == 3


@pytest.mark.parametrize("auth", ["IAM_ROLE", "RESOURCE_POLICY"])
async def test_a_request_is_signed_for_the_region_of_the_api(
    api: Api, monkeypatch: pytest.MonkeyPatch, auth: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    host = "abc123.execute-api.us-east-2.amazonaws.com"
    given: Any = {"Stage": "prod", "Path": "@connections/abc=", "RequestBody": {"a": 1}, "AuthType": auth}

    await called(INVOKE, {"ApiEndpoint": host, "Method": "POST", **given})

    ((_, path, headers, _),) = api.asked
    assert path == "/prod/@connections/abc="
    assert "Credential=AKIDEXAMPLE/" in headers["authorization"]
    assert "/us-east-2/execute-api/aws4_request" in headers["authorization"]
    assert "host" in headers["authorization"].partition("SignedHeaders=")[2]


async def test_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    where = f"127.0.0.1:{free_port()}"
    use_endpoint(monkeypatch, f"http://{where}")

    assert await failed() == (
        "ApiGateway.SdkClientException",
        f"Unable to execute HTTP request: Connect to {where} failed: Connection refused",
    )


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"Headers": {"custom_header": "one"}}, "The value of the field 'Headers' has an invalid format"),
        ({"QueryParameters": {"q": "a"}}, "The value of the field 'QueryParameters' has an invalid format"),
        ({"Headers": {"Host": ["other"]}}, "The header 'Host' cannot be set by a state machine"),
        ({"Headers": {"X_Amz_Security_Token": ["t"]}}, "The header 'X_Amz_Security_Token' cannot be set"),
        ({"Headers": {"a": ["b\r\nHost: c"]}}, "The header 'a' has characters that no header may have"),
        ({"Path": "a/../../b"}, "The URL of Stage and Path has . or .. as a part of its path"),
        ({"Path": "a/%2e%2e/b"}, "The URL of Stage and Path has . or .. as a part of its path"),
        ({"Method": "TRACE"}, "Method must be one of GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS"),
        ({"AuthType": "IAM_AUTH"}, "AuthType must be one of NO_AUTH, IAM_ROLE, RESOURCE_POLICY"),
        ({"ApiEndpoint": "https://a.example.com"}, "ApiEndpoint must be the host of an API"),
        ({"ApiEndpoint": "u@a.example.com"}, "ApiEndpoint must be the host of an API"),
        ({"Url": "x"}, "The field 'Url' is not supported by Step Functions"),
    ],
)
async def test_what_cannot_be_asked_is_not(given: Any, why: str) -> None:
    error, cause = await failed(**given)

    assert error == "States.Runtime"
    assert f"could not be used to start the Task: [{why}" in cause


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "abc.execute-api.us-east-1.amazonaws.com.evil.example",
        "a.b.execute-api.us-east-1.amazonaws.com",
        "abc.execute-api.evil.example#.amazonaws.com",
        "169.254.169.254",
        "abc.execute-api.us-east-1.amazonaws.com:8080",
    ],
)
def test_where_nothing_stands_in_for_aws_only_its_apis_are_called(host: str) -> None:
    client = Clients(sessions.of_nobody).client("execute-api", Way("us-east-1", None, Keys("k", "s")))

    with pytest.raises(MayNotConnect, match="is not a host of API Gateway"):
        client.call("Invoke", {"ApiEndpoint": host, "Method": "GET"})


@pytest.mark.parametrize(("method", "again"), [("GET", Again.REPEAT), ("PUT", Again.REPEAT), ("POST", Again.FAIL), ("PATCH", Again.FAIL)])  # fmt: skip
def test_after_a_kill_only_what_may_be_repeated_is(method: str, again: Again) -> None:
    aws = AwsServices(Played(), VirtualClock())
    call = Call(REF, task(INVOKE, {"ApiEndpoint": HOST, "Method": method}))

    assert aws.again(call) is again
    assert aws.lost(call).error == "ApiGateway.SdkClientException"


async def test_an_answer_that_does_not_come_or_breaks_off_is_no_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ANSWER_SECONDS", 0.2)
    api.pause = threading.Event()
    assert await failed() == (
        "ApiGateway.SdkClientException",
        "Unable to execute HTTP request: Read timed out",
    )
    api.pause.set()
    api.lacks = 10

    error, cause = await failed()

    assert error == "ApiGateway.SdkClientException"
    assert cause.endswith("failed to respond")
    assert len(api.asked) == 2  # each was made once


async def test_an_answer_that_no_task_could_use_is_not_read_to_its_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "LARGEST_BYTES", 1000)
    api.body = b" " * 2000

    assert (await failed())[0] == "States.DataLimitExceeded"
