"""HTTP tasks as their users write them: what is sent, what comes back, and what is refused at creation."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from stepwright.asl.definition import check
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.tasks import table
from stepwright.tasks.calls.integration import Again, CallFailed
from stepwright.tasks.http import forms
from stepwright.tasks.http.forms import ArrayFormat
from tests.tasks.http.calling import SECRETS, Kept, asked, call, connection, failure, integration, secret
from tests.tasks.http.tls_server import Certificates, Exchange, TlsServer


async def test_the_result_has_aws_shape_with_headers_in_alphabetical_order(
    server: TlsServer, certificates: Certificates
) -> None:
    result = await call(connection([server], certificates), f"{server.url}/ok")

    assert jsontext.dump(result) == (
        '{"Headers":{"Content-Length":["12"],"Content-Type":["application/json"]},'
        '"ResponseBody":{"ok":true},"StatusCode":200,"StatusText":"OK"}'
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [("/text", '{"ok": true}'), ("/latin", "Zürich"), ("/empty", ""), ("/not-json", "<html>")],
)
async def test_a_body_that_is_no_json_is_a_text(
    path: str, body: str, server: TlsServer, certificates: Certificates
) -> None:
    assert (await call(connection([server], certificates), server.url + path))["ResponseBody"] == body


async def test_headers_query_and_body_are_sent_as_they_are_given(
    server: TlsServer, certificates: Certificates
) -> None:
    await call(
        connection([server], certificates),
        f"{server.url}/echo?a=1",
        "POST",
        Headers={"X-Number": 7, "X-List": ["a", "b"], "Accept": "text/*"},
        QueryParameters={"q": "x y&z", "n": 3, "list": ["a", "b"]},
        RequestBody={"price": 1.0, "name": "Zürich"},
    )

    sent = server.seen[0]
    assert (sent.method, sent.query) == ("POST", "a=1&q=x+y%26z&n=3&list=a&list=b")
    assert sent.header("X-Number") == "7"
    assert sent.header("X-List") == "a, b"
    assert sent.header("Accept") == "text/*"
    assert sent.header("Content-Type") == "application/json"
    assert json.loads(sent.body) == {"price": 1.0, "name": "Zürich"}


@pytest.mark.parametrize(("body", "sent"), [("plain", b"plain"), ({"a": None}, b'{"a":null}'), ([1], b"[1]")])
async def test_a_text_is_sent_as_it_is(
    body: Json, sent: bytes, server: TlsServer, certificates: Certificates
) -> None:
    await call(connection([server], certificates), f"{server.url}/echo", "PUT", RequestBody=body)

    assert server.seen[0].body == sent


LISTS: dict[ArrayFormat, str] = {
    "INDICES": "a%5B0%5D=1&a%5B1%5D=x+y",
    "REPEAT": "a=1&a=x+y",
    "COMMAS": "a=1,x+y",
    "BRACKETS": "a%5B%5D=1&a%5B%5D=x+y",
}


@pytest.mark.parametrize("lists", LISTS)
async def test_a_form_has_its_lists_as_the_task_says(
    lists: ArrayFormat, server: TlsServer, certificates: Certificates
) -> None:
    await call(
        connection([server], certificates),
        f"{server.url}/echo",
        "POST",
        RequestBody={"a": [1, "x y"], "b": {"c": True}, "d": None},
        Transform={"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": lists}},
    )

    assert server.seen[0].header("Content-Type") == "application/x-www-form-urlencoded"
    assert server.seen[0].body.decode() == LISTS[lists] + "&b%5Bc%5D=true&d="


def test_lists_in_a_form_have_indices_unless_the_task_says() -> None:
    assert forms.encoded({"array": ["a", {"b": [1]}]}) == "array%5B0%5D=a&array%5B1%5D%5Bb%5D%5B0%5D=1"


AUTH: dict[str, tuple[dict[str, Any], str, str]] = {
    "basic": (
        {"basic": {"username": "shop", "passwordFrom": secret("password")}},
        "Authorization",
        "Basic " + base64.b64encode(b"shop:canary-password").decode(),
    ),
    "apiKey": (
        {"apiKey": {"header": "X-Api-Key", "valueFrom": secret("api-key")}},
        "X-Api-Key",
        "canary-key",
    ),
    "bearer": ({"bearer": {"tokenFrom": secret("token")}}, "Authorization", "Bearer canary-token"),
    "serviceAccountToken": (
        {"serviceAccountToken": {"audience": "shop.example"}},
        "Authorization",
        "Bearer canary-token-for-shop.example",
    ),
}


@pytest.mark.parametrize("kind", AUTH)
async def test_credentials_are_sent_and_are_in_no_result_of_a_server_that_tells_them(
    kind: str, server: TlsServer, certificates: Certificates
) -> None:
    auth, header, value = AUTH[kind]
    result = await call(
        connection(
            [server], certificates, auth=auth, headers=[{"name": "X-Own", "valueFrom": secret("header")}]
        ),
        f"{server.url}/echo",
    )

    assert server.seen[0].header(header) == value
    assert server.seen[0].header("X-Own") == "canary-header"
    assert "canary" not in jsontext.dump(result)
    assert value.rpartition(" ")[2] not in jsontext.dump(result)
    assert "***" in jsontext.dump(result)


async def test_what_the_connection_gives_stands_in_place_of_what_the_task_gives(
    server: TlsServer, certificates: Certificates
) -> None:
    kept = connection(
        [server],
        certificates,
        headers=[{"name": "x-version", "value": "2"}],
        query=[{"name": "key", "valueFrom": secret("api-key")}],
        body=[{"name": "account", "value": "shop"}],
    )

    result = await call(
        kept,
        f"{server.url}/echo",
        "POST",
        Headers={"X-Version": "1"},
        QueryParameters={"key": "mine", "a": "b"},
        RequestBody={"account": "other", "amount": 1},
    )

    sent = server.seen[0]
    assert [value for name, value in sent.headers if name.lower() == "x-version"] == ["2"]
    assert parse_qs(sent.query) == {"a": ["b"], "key": ["canary-key"]}
    assert json.loads(sent.body) == {"account": "shop", "amount": 1}
    assert "canary" not in jsontext.dump(result)


async def tokens(exchange: Exchange) -> None:
    await exchange.answer(
        body=b'{"access_token": "canary-issued", "token_type": "Bearer", "expires_in": 3600}'
    )


OAUTH = {
    "clientId": "shop",
    "clientSecretFrom": secret("client-secret"),
    "scopes": ["read", "write"],
    "parameters": [{"name": "audience", "value": "https://api.example.test"}],
}


async def test_a_token_is_got_once_and_used_until_it_lapses(
    server: TlsServer, certificates: Certificates
) -> None:
    server.behaviours["/token"] = tokens
    oauth = {**OAUTH, "tokenUrl": f"{server.url}/token"}
    kept = connection([server], certificates, auth={"oauthClientCredentials": oauth})
    http = integration(kept)
    first = (await http.begin(asked(f"{server.url}/echo"))).value
    await http.begin(asked(f"{server.url}/echo"))
    await http.close()

    token, *calls = server.seen
    assert [exchange.path for exchange in server.seen] == ["/token", "/echo", "/echo"]
    assert token.header("Authorization") == "Basic " + base64.b64encode(b"shop:canary-client+secret").decode()
    assert parse_qs(token.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["read write"],
        "audience": ["https://api.example.test"],
    }
    assert {call.header("Authorization") for call in calls} == {"Bearer canary-issued"}
    assert "canary" not in jsontext.dump(first)


async def test_a_token_that_is_refused_is_renewed_once(server: TlsServer, certificates: Certificates) -> None:
    server.behaviours["/token"] = tokens
    oauth = {**OAUTH, "tokenUrl": f"{server.url}/token", "clientAuthentication": "Body"}
    kept = connection([server], certificates, auth={"oauthClientCredentials": oauth})

    failed = await failure(kept, f"{server.url}/unauthorized")

    assert failed.error == "States.Http.StatusCode.401"
    assert [exchange.path for exchange in server.seen] == [
        "/token",
        "/unauthorized",
        "/token",
        "/unauthorized",
    ]
    assert parse_qs(server.seen[0].body.decode())["client_secret"] == ["canary-client secret"]


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("/not-found", "answers 404."),
        ("/ok", "answers 200."),
        ("/close", "was lost: Server disconnected."),
        ("/large", "answers too much."),
        ("/image", "answers 200."),
    ],
)
async def test_a_token_that_cannot_be_got_is_told_and_nothing_is_called(
    path: str, cause: str, server: TlsServer, certificates: Certificates
) -> None:
    oauth = {**OAUTH, "tokenUrl": f"{server.url}{path}"}
    kept = connection([server], certificates, auth={"oauthClientCredentials": oauth})

    failed = await failure(kept, f"{server.url}/echo")

    assert failed.error == "Events.ConnectionResource.InvalidConnectionState"
    assert failed.cause.startswith("No token could be obtained: ")
    assert failed.cause.endswith(cause)
    assert [exchange.path for exchange in server.seen] == [path]


async def test_a_secret_is_read_anew_for_each_request_and_its_lack_is_told(
    server: TlsServer, certificates: Certificates
) -> None:
    kept = connection([server], certificates, auth={"bearer": {"tokenFrom": secret("token")}})
    http = integration(kept)
    await http.begin(asked(f"{server.url}/ok"))
    kept.secrets["token"] = "canary-other"
    await http.begin(asked(f"{server.url}/ok"))
    del kept.secrets["token"]
    with pytest.raises(CallFailed) as failed:
        await http.begin(asked(f"{server.url}/ok"))
    await http.close()

    assert [exchange.header("Authorization") for exchange in server.seen] == [
        "Bearer canary-token",
        "Bearer canary-other",
    ]
    assert failed.value.error == "Events.ConnectionResource.InvalidConnectionState"
    assert failed.value.cause == "The Secret shop has no key token."


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "ü", "a\x00b"])
async def test_a_secret_cannot_smuggle_headers_and_is_not_told(
    value: str, server: TlsServer, certificates: Certificates
) -> None:
    kept = connection([server], certificates, auth={"bearer": {"tokenFrom": secret("token")}})
    kept.secrets["token"] = value

    failed = await failure(kept, f"{server.url}/ok")

    assert failed.error == "Events.ConnectionResource.InvalidConnectionState"
    assert failed.cause == "The key token of the Secret shop has characters that no header may have."
    assert server.seen == []


async def test_a_connection_that_is_not_there_is_told() -> None:
    config: Json = {"ConnectionArn": "other"}

    failed = await failure(Kept({"http": {"allow": []}}), "https://a.test/", InvocationConfig=config)

    assert (failed.error, failed.cause) == (
        "Events.ConnectionResource.ResourceNotFound",
        "There is no Connection 'other'.",
    )


@pytest.mark.parametrize(
    "http",
    [{"allow": ["https://a.test/?x"]}, {"allow": ["a.test"]}, {"allow": [], "networks": ["10.0.0.1/8"]}],
)
async def test_a_connection_that_says_what_cannot_be_is_told(http: dict[str, Any]) -> None:
    failed = await failure(Kept({"http": http}), "https://a.test/")

    assert failed.error == "Events.ConnectionResource.InvalidConnectionState"
    assert failed.cause.startswith("spec.http.")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_what_may_be_repeated_by_its_meaning_is_made_again(method: str) -> None:
    assert integration(Kept({})).again(asked("https://a.test/", method)) is Again.HARMLESS


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_post_is_made_again_only_where_the_other_side_knows_a_repeat(
    method: str, server: TlsServer, certificates: Certificates
) -> None:
    request = asked(f"{server.url}/echo", method)
    lax, strict = (
        connection([server], certificates),
        connection([server], certificates, idempotency={"header": "Idempotency-Key"}),
    )

    with pytest.raises(CallFailed) as failed:
        await integration(lax).find(request)
    assert failed.value.error == "States.Http.Socket"
    http = integration(strict)
    assert await http.find(request) is None
    await http.begin(request)
    await http.begin(request)
    await http.close()
    keys = [exchange.header("Idempotency-Key") for exchange in server.seen]
    assert keys[0] is not None
    assert keys[0] == keys[1]


async def test_no_secret_is_in_a_cause(server: TlsServer, certificates: Certificates) -> None:
    async def tell(exchange: Exchange) -> None:
        told = {"you said": exchange.header("Authorization"), exchange.query: [exchange.header("X-Own")]}
        await exchange.answer(
            "403 Forbidden", json.dumps(told).encode(), X_Told=exchange.header("X-Own") or ""
        )

    server.behaviours["/tell"] = tell
    kept = connection(
        [server],
        certificates,
        auth={"basic": {"username": "shop", "passwordFrom": secret("password")}},
        headers=[{"name": "X-Own", "valueFrom": secret("header")}],
        query=[{"name": "key", "valueFrom": secret("api-key")}],
    )

    failed = await failure(kept, f"{server.url}/tell")

    assert failed.error == "States.Http.StatusCode.403"
    assert server.seen[0].header("X-Own") == SECRETS["header"]
    assert "canary" not in failed.cause
    assert base64.b64encode(b"shop:canary-password").decode() not in failed.cause


def definition(**parameters: Json) -> str:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Parameters": parameters,
        "End": True,
    }
    return json.dumps({"StartAt": "Call", "States": {"Call": state}})


GOOD: dict[str, Json] = {
    "ApiEndpoint": "https://api.example.com/v1/",
    "Method": "GET",
    "InvocationConfig": {"ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/shop/1"},
}

REFUSED: dict[str, tuple[dict[str, Json], str]] = {
    "no endpoint": ({"ApiEndpoint": None}, "ApiEndpoint must be a text"),
    "another method": (
        {"Method": "TRACE"},
        "Method must be one of GET, POST, PUT, DELETE, PATCH, OPTIONS, HEAD",
    ),
    "a misspelt field": (
        {"QueryParameter": {}},
        "The field 'QueryParameter' is not supported by arn:aws:states:::http:invoke; is 'QueryParameters' meant?",
    ),
    "the header Host": ({"Headers": {"Host": "evil"}}, "The header 'Host' cannot be set by a state machine"),
    "a header by path": ({"Headers": {"Via.$": "$.x"}}, "The header 'Via' cannot be set by a state machine"),
    "AWS's header": (
        {"Headers": {"X-Amz-Date": "x"}},
        "The header 'X-Amz-Date' cannot be set by a state machine",
    ),
    "a forwarded header": (
        {"Headers": {"x_forwarded_for": "x"}},
        "The header 'x_forwarded_for' cannot be set by a state machine",
    ),
    "credentials": (
        {"Headers": {"authorization": "x"}},
        "The header 'authorization' cannot be set by a state machine",
    ),
    "a line break": ({"Headers": {"X": "a\r\nb"}}, "The header 'X' has characters that no header may have"),
    "a name that is not valid": ({"Headers": {"a b": "x"}}, "Headers has a name that is not valid: 'a b'"),
    "headers that are not valid": ({"Headers": ["X"]}, "Headers must be an object"),
    "an encoding": (
        {"Transform": {"RequestBodyEncoding": "XML"}},
        "RequestBodyEncoding must be NONE or URL_ENCODED",
    ),
    "a list format": (
        {"Transform": {"RequestEncodingOptions": {"ArrayFormat": "TREE"}}},
        "ArrayFormat must be one of INDICES, REPEAT, COMMAS, BRACKETS",
    ),
    "an endpoint that is not valid": (
        {"ApiEndpoint": "gopher://x/"},
        "ApiEndpoint has the scheme gopher; only https and http are called",
    ),
    "a user in the endpoint": (
        {"ApiEndpoint": "https://a@b/"},
        "ApiEndpoint has a user or a password before its host",
    ),
    "a connection that is not valid": (
        {"InvocationConfig": {"ConnectionArn": "arn:aws:lambda:x"}},
        "ConnectionArn must be the ARN of a connection (arn:aws:events:REGION:ACCOUNT:connection/NAME/ID), or its name",
    ),
    "a connection without its ARN": (
        {"InvocationConfig": {}},
        "InvocationConfig must be an object with ConnectionArn",
    ),
}


def found(text: str, spec: dict[str, Any] | None = None) -> list[str]:
    return [
        one.message
        for one in check(text, task_check=table.check_for(spec or {}))
        if one.code == "SCHEMA_VALIDATION_FAILED"
    ]


@pytest.mark.parametrize("case", REFUSED)
def test_a_definition_is_refused_with_what_is_wrong(case: str) -> None:
    changed, message = REFUSED[case]

    assert found(definition(**{**GOOD, **changed})) == [message]


@pytest.mark.parametrize("name", ["ApiEndpoint", "Method", "InvocationConfig"])
def test_what_is_missing_is_told(name: str) -> None:
    given = {key: value for key, value in GOOD.items() if key != name}

    assert [message.split(" is ")[0] for message in found(definition(**given))] == [f"The field '{name}'"]


def test_what_only_data_says_is_left_to_run_time() -> None:
    given: dict[str, Json] = {
        "ApiEndpoint.$": "$.url",
        "Method.$": "$.method",
        "Authentication": {"ConnectionArn": "${Connection}"},
        "Headers": {"X-Trace.$": "$.trace"},
        "QueryParameters.$": "$.query",
        "RequestBody.$": "$",
    }

    assert found(definition(**given)) == []
    assert found(definition(**GOOD)) == []


def test_a_state_machine_says_which_connections_it_uses() -> None:
    text = definition(**GOOD)

    assert found(text, {"connections": ["shop"]}) == []
    (message,) = found(text, {"connections": ["other"]})
    assert message == (
        "spec.connections of the state machine does not name the Connection 'shop': whoever writes the state machine must "
        "say that it uses it, and may use it"
    )
    assert len(found(text, {"type": "Standard"})) == 1


@pytest.mark.parametrize("case", [name for name in REFUSED if name != "an endpoint that is not valid"])
async def test_what_is_wrong_at_run_time_is_the_tasks_error(case: str) -> None:
    changed: Any
    changed, message = REFUSED[case]
    if case in ("a header by path", "a user in the endpoint"):
        return

    failed = await failure(
        Kept({"http": {"allow": ["https://api.example.com/"]}}), "https://api.example.com/v1/", **changed
    )

    assert failed.error == "States.Runtime"
    assert (
        failed.cause
        == f"The Parameters of arn:aws:states:::http:invoke could not be used to start the Task: [{message}]"
    )
