"""Where calls go that tasks of one's own process make of AWS's services: where one's SDKs would make them."""

from __future__ import annotations

import pytest

from stepwright.assembly import connections
from stepwright.assembly.connections import OfEnvironment, ServicesOfEnvironment
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import NoConnection
from tests.tasks.aws_calls import REF

ANYBODY = Caller("123456789012", role_arn="arn:aws:iam::123456789012:role/r", session="x")
LACKING = "AWS_ENDPOINT_URL_LAMBDA names no endpoint, and there are no credentials for AWS."


@pytest.fixture(autouse=True)
def nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ENDPOINT_URL_LAMBDA", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


async def signed_for(region: str | None) -> tuple[str, str]:
    """The URL of a connection to Lambda, and key and scope of what is signed for it."""
    found = await OfEnvironment().find("lambda", region, ANYBODY)
    headers = await found.signed(f"{found.url}/x", {}, b"{}")
    credential = headers["Authorization"].partition("Credential=")[2].partition(",")[0].split("/")
    return found.url, "/".join((credential[0], *credential[2:4]))


async def test_what_stands_in_for_a_service_is_called_there_also_without_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:3001/")

    assert connections.lacking("lambda") is None
    assert await signed_for("eu-west-1") == ("http://127.0.0.1:3001", "stepwright/eu-west-1/lambda")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("asked", "variables", "url", "region"),
    [
        ("eu-west-1", {}, "https://lambda.eu-west-1.amazonaws.com", "eu-west-1"),
        ("cn-north-1", {}, "https://lambda.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        (None, {}, "https://lambda.us-east-1.amazonaws.com", "us-east-1"),
        (None, {"AWS_DEFAULT_REGION": "eu-north-1"}, "https://lambda.eu-north-1.amazonaws.com", "eu-north-1"),
        (
            None,
            {"AWS_REGION": "sa-east-1", "AWS_DEFAULT_REGION": "eu-north-1"},
            "https://lambda.sa-east-1.amazonaws.com",
            "sa-east-1",
        ),
        ("evil.example/x", {}, "https://lambda.us-east-1.amazonaws.com", "us-east-1"),
        (None, {"AWS_REGION": "evil.example/x"}, "https://lambda.us-east-1.amazonaws.com", "us-east-1"),
    ],
    ids=[
        "a region",
        "in China",
        "none",
        "the default",
        "the region before the default",
        "not one",
        "none set",
    ],
)
async def test_a_service_of_aws_is_called_in_the_region_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, asked: str | None, variables: dict[str, str], url: str, region: str
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)

    assert connections.lacking("lambda") is None
    assert await signed_for(asked) == (url, f"AKIDEXAMPLE/{region}/lambda")


async def test_without_an_endpoint_and_credentials_there_is_no_connection() -> None:
    with pytest.raises(NoConnection, match=LACKING):
        await OfEnvironment().find("lambda", "eu-west-1", ANYBODY)

    assert connections.lacking("lambda") == LACKING


async def test_an_endpoint_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "localhost:3001")
    sentence = "AWS_ENDPOINT_URL_LAMBDA is not an http or https URL: localhost:3001"

    with pytest.raises(NoConnection, match=sentence):
        await OfEnvironment().find("lambda", None, ANYBODY)

    assert connections.lacking("lambda") == sentence


@pytest.mark.usefixtures("credentials")
async def test_without_leave_nothing_is_called_with_the_users_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither Lambda nor any other service, neither at AWS nor at what stands in for it."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    by_default = ServicesOfEnvironment(calls="emulator")
    only = "names no endpoint, and AWS itself is called with your credentials only if you say so"
    with pytest.raises(NoConnection, match=f"AWS_ENDPOINT_URL_LAMBDA {only}"):
        await OfEnvironment("emulator").find("lambda", None, ANYBODY)
    with pytest.raises(NoConnection, match=f"AWS_ENDPOINT_URL_SQS {only}"):
        await by_default.use(REF, None, lambda client_of: client_of("sqs"))
    assert only in (connections.lacking("lambda", "emulator") or "")

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    found = await OfEnvironment("emulator").find("lambda", None, ANYBODY)
    headers = await found.signed(f"{found.url}/x", {}, b"{}")
    client = await by_default.use(REF, None, lambda client_of: client_of("sqs"))
    assert "Credential=stepwright/" in headers["Authorization"]
    assert client._client._request_signer._credentials.access_key == "stepwright"  # type: ignore[attr-defined]
    await by_default.close()


async def test_where_aws_is_off_not_even_what_stands_in_for_it_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:3001")

    with pytest.raises(NoConnection, match="--aws off"):
        await OfEnvironment("off").find("lambda", None, ANYBODY)
