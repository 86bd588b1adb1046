"""Requests signed by botocore itself, where the server asks for a key."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from stepwright.api import signatures
from stepwright.api.admission import CONTENT_TYPE
from stepwright.api.errors import ApiError
from stepwright.api.signatures import Key, Signed
from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from tests.api.test_state_machines import refusal
from tests.processes.dev import DevProcess

SECRET = "it's a/secret+key="
CALLER = Caller("123456789012", "AKID")
KEYS = {"AKID": Key(SECRET, CALLER)}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    data = tmp_path_factory.mktemp("closed") / "data"
    file = data.with_name("keys")
    file.write_text(f"# of the team\nother:secret\n\nAKID:{SECRET}\n")
    environment = {"STEPWRIGHT_ACCESS_KEYS": "third:secret fourth:more"}
    with DevProcess(data, "--access-key-file", str(file), environment=environment) as process:
        yield process


def client(dev: DevProcess, key: str, secret: str) -> Any:
    return boto3.client(
        "stepfunctions",
        endpoint_url=dev.url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_a_request_signed_with_the_key_is_served(closed: DevProcess) -> None:
    assert client(closed, "AKID", SECRET).list_state_machines()["stateMachines"] == []


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [("AKID", "another", "InvalidSignatureException"), ("nobody", "any", "UnrecognizedClientException")],
)
def test_another_key_is_refused(closed: DevProcess, key: str, secret: str, code: str) -> None:
    with pytest.raises(ClientError) as error:
        client(closed, key, secret).list_state_machines()

    assert refusal(error)[0] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_request_that_is_not_signed_is_refused(closed: DevProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", closed.port, timeout=20)
    headers = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": CONTENT_TYPE}
    connection.request("POST", "/", b"{}", headers)
    response = connection.getresponse()

    assert (response.status, response.headers["x-amzn-ErrorType"]) == (
        403,
        "MissingAuthenticationTokenException",
    )
    connection.close()


@pytest.mark.parametrize(("key", "secret"), [("other", "secret"), ("third", "secret"), ("fourth", "more")])
def test_keys_are_taken_from_the_file_and_the_environment(closed: DevProcess, key: str, secret: str) -> None:
    assert client(closed, key, secret).list_state_machines()["stateMachines"] == []


def test_a_body_is_not_waited_for_where_no_key_is_named(closed: DevProcess) -> None:
    with socket.create_connection(("127.0.0.1", closed.port), timeout=20) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.StartExecution\r\n"
            b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: 8388608\r\n\r\n{"
        )

        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["--access-key-file", "{file}"], {}, "an access key is written ID:SECRET"),
        ([], {"STEPWRIGHT_ACCESS_KEYS": "AKID"}, "an access key is written ID:SECRET"),
        (["--access-key", "AKID:secret"], {}, "every user of this machine can read"),
        (["--access-key-file", "{file}-missing"], {}, "cannot be read"),
        (["--host", "0.0.0.0"], {}, "requires a key"),
    ],
)
def test_keys_that_cannot_be_used_or_would_be_shown_are_a_usage_error(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], message: str
) -> None:
    file = tmp_path / "keys"
    file.write_text("AKID\n")
    given = [argument.format(file=file) for argument in arguments]
    process = DevProcess(tmp_path / "data", *given, environment={"COLUMNS": "1000", **environment})

    with pytest.raises(AssertionError, match=message):
        process.start()
    process.kill()


# --- What a signature covers ------------------------------------------------------------------------------------------


def signed(**changed: Any) -> Signed:
    """A request as botocore signs it now, then changed."""
    request = AWSRequest(
        "POST",
        "http://127.0.0.1:8083/a%20path?b=2&a=1%2F",
        data=b'{"a": 1}',
        headers={
            "X-Amz-Target": "AWSStepFunctions.ListStateMachines",
            "Host": "127.0.0.1:8083",
            "Content-Type": CONTENT_TYPE,
        },
    )
    SigV4Auth(Credentials("AKID", SECRET), "states", "us-east-1").add_auth(request)
    fields: dict[str, Any] = {
        "method": "POST",
        "path": "/a%20path",
        "query": "b=2&a=1%2F",
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": b'{"a": 1}',
    }
    for name, value in changed.items():
        fields[name] = fields[name] | value if isinstance(value, dict) else value
    return Signed(**fields)


def check(request: Signed, later_seconds: int = 0) -> Caller:
    return signatures.check(request, KEYS, Millis(int((time.time() + later_seconds) * 1000)))


def test_an_unchanged_request_is_that_of_whoever_has_the_key_for_15_minutes() -> None:
    assert check(signed()) == CALLER
    assert check(signed(), later_seconds=14 * 60) == CALLER
    with pytest.raises(ApiError, match="Signature expired"):
        check(signed(), later_seconds=16 * 60)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda: signed(body=b'{"a": 2}'), id="body"),
        pytest.param(lambda: signed(path="/"), id="path"),
        pytest.param(lambda: signed(query="a=1"), id="query"),
        pytest.param(lambda: signed(method="GET"), id="method"),
        pytest.param(
            lambda: signed(headers={"x-amz-target": "AWSStepFunctions.DeleteStateMachine"}), id="target"
        ),
        pytest.param(lambda: signed(headers={"host": "elsewhere"}), id="host"),
        pytest.param(lambda: signed(headers={"content-type": "text/plain"}), id="content type"),
        pytest.param(lambda: signed(headers={"x-amz-security-token": "x"}), id="a token that is not signed"),
        pytest.param(lambda: signed(path="/\udc80"), id="path that is not UTF-8"),
        pytest.param(lambda: signed(headers={"x-amz-target": "\udc80"}), id="header that is not UTF-8"),
    ],
)
def test_a_request_changed_on_its_way_is_refused(changed: Callable[[], Signed]) -> None:
    with pytest.raises(ApiError) as error:
        check(changed())

    assert error.value.code == "InvalidSignatureException"


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-target"])
def test_a_signature_that_leaves_out_what_decides_is_refused(name: str) -> None:
    request = signed()
    header = request.headers["authorization"].replace(f";{name}", "").replace(f"={name};", "=")

    with pytest.raises(ApiError, match=f"The signature does not cover the headers {name}") as error:
        check(signed(headers={"authorization": header}))

    assert error.value.code == "InvalidSignatureException"


def test_a_content_type_may_be_left_out_of_the_signature_as_older_sdks_for_javascript_do() -> None:
    request = AWSRequest("POST", "http://127.0.0.1:8083/", data=b"{}", headers={"X-Amz-Target": "a.B"})
    SigV4Auth(Credentials("AKID", SECRET), "states", "us-east-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers |= {"host": "127.0.0.1:8083", "content-type": CONTENT_TYPE}

    check(Signed("POST", "/", "", headers, b"{}"))


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=AKID", "AWS4-HMAC-SHA256 " + "x" * 9_999]
)
def test_a_header_of_another_form_is_refused(header: str) -> None:
    with pytest.raises(ApiError) as error:
        check(signed(headers={"authorization": header}))

    assert error.value.code == "IncompleteSignatureException"
