"""Requests signed by botocore itself, where the server asks for a key."""

from __future__ import annotations

import http.client
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
from stepwright.api.errors import ApiError
from stepwright.api.signatures import Signed
from stepwright.asl.signals import Millis
from tests.api.test_state_machines import refusal
from tests.dev_process import DevProcess

KEYS = {"AKID": "it's a/secret+key="}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    data = tmp_path_factory.mktemp("closed") / "data"
    with DevProcess(data, "--access-key", "other:secret", "--access-key", f"AKID:{KEYS['AKID']}") as process:
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
    assert client(closed, "AKID", KEYS["AKID"]).list_state_machines()["stateMachines"] == []


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
    connection.request("POST", "/", b"{}", {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"})
    response = connection.getresponse()

    assert (response.status, response.headers["x-amzn-ErrorType"]) == (
        403,
        "MissingAuthenticationTokenException",
    )
    connection.close()


def test_a_key_without_a_secret_is_a_usage_error(tmp_path: Path) -> None:
    process = DevProcess(tmp_path / "data", "--access-key", "AKID")

    with pytest.raises(AssertionError, match="an access key is written ID:SECRET"):
        process.start()
    process.kill()


# --- What a signature covers ------------------------------------------------------------------------------------------


def signed(**changed: Any) -> Signed:
    """A request as botocore signs it now, then changed."""
    request = AWSRequest(
        "POST",
        "http://127.0.0.1:8083/a%20path?b=2&a=1%2F",
        data=b'{"a": 1}',
        headers={"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Host": "127.0.0.1:8083"},
    )
    SigV4Auth(Credentials("AKID", KEYS["AKID"]), "states", "us-east-1").add_auth(request)
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


def check(request: Signed, later_seconds: int = 0) -> None:
    signatures.check(request, KEYS, Millis(int((time.time() + later_seconds) * 1000)))


def test_an_unchanged_request_is_accepted_for_15_minutes() -> None:
    check(signed())
    check(signed(), later_seconds=14 * 60)
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
    ],
)
def test_a_request_changed_on_its_way_is_refused(changed: Callable[[], Signed]) -> None:
    with pytest.raises(ApiError) as error:
        check(changed())

    assert error.value.code == "InvalidSignatureException"


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=AKID", "AWS4-HMAC-SHA256 " + "x" * 9_999]
)
def test_a_header_of_another_form_is_refused(header: str) -> None:
    with pytest.raises(ApiError) as error:
        check(signed(headers={"authorization": header}))

    assert error.value.code == "IncompleteSignatureException"
