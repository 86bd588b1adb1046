"""What a task's user sees of whatever a server does wrong: one error with one cause, whatever was already read."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from stepwright.asl.json_types import Json
from stepwright.tasks.calls.integration import CallFailed
from tests.tasks.http.calling import Kept, asked, call, connection, failure, integration
from tests.tasks.http.tls_server import Certificates, TlsServer


async def refusal(kept: Kept, url: str, method: str = "GET", **more: Json) -> tuple[str, str]:
    failed = await failure(kept, url, method, **more)
    return failed.error, failed.cause


SOCKET = "States.Http.Socket"
TOO_LARGE = (
    "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service limit."
)
HERE = "https://localhost:PORT"

FAULTS = {
    "/reset": (SOCKET, f"The connection to {HERE} was lost: "),
    "/short": (SOCKET, f"The connection to {HERE} was lost: "),
    "/close": (SOCKET, f"The connection to {HERE} was lost: Server disconnected."),
    "/garbage": (SOCKET, f"{HERE} answers what is not HTTP."),
    "/wrong-chunk": (SOCKET, ""),
    "/two-lengths": (SOCKET, f"{HERE} answers what is not HTTP."),
    "/huge-header": (SOCKET, f"{HERE} answers what is not HTTP."),
    "/many-headers": (SOCKET, f"{HERE} answers what is not HTTP."),
    "/endless-headers": (SOCKET, f"{HERE} answers what is not HTTP."),
    "/large": ("States.DataLimitExceeded", TOO_LARGE),
    "/too-large": ("States.DataLimitExceeded", TOO_LARGE),
    "/endless": ("States.DataLimitExceeded", TOO_LARGE),
    "/bomb": ("States.DataLimitExceeded", TOO_LARGE),
    "/bomb-deflate": ("States.DataLimitExceeded", TOO_LARGE),
    "/not-packed": ("States.Runtime", "The answer is not compressed as its Content-Encoding says."),
    "/half-packed": ("States.Runtime", "The answer is not compressed as its Content-Encoding says."),
    "/brotli": ("States.Runtime", "The answer has the Content-Encoding 'br', which was not asked for."),
    "/image": ("States.Runtime", "The answer is image/png; a task's result is text or JSON."),
    "/not-utf-8": (
        "States.Runtime",
        "The answer is not text in the character set that its Content-Type names.",
    ),
}


@pytest.mark.parametrize("path", FAULTS)
async def test_a_fault_of_the_server_is_the_tasks_error(
    path: str, server: TlsServer, certificates: Certificates
) -> None:
    error, cause = await refusal(connection([server], certificates), server.url + path)

    expected, beginning = FAULTS[path]
    assert (error, cause.startswith(beginning.replace("PORT", str(server.port)))) == (expected, True), cause
    assert len(server.seen) == 1


@pytest.mark.parametrize("path", ["/stall", "/half", "/drip", "/drip-headers"])
async def test_a_server_that_does_not_finish_is_given_up(
    path: str, server: TlsServer, certificates: Certificates
) -> None:
    kept = connection([server], certificates, timeoutSeconds=1)

    error, cause = await refusal(kept, server.url + path)

    assert (error, cause) == (SOCKET, f"{server.url} has not answered within 1 seconds.")


async def test_a_server_that_accepts_and_never_speaks_is_given_up() -> None:
    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            writer.transport.abort()

    silent = await asyncio.start_server(never, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    kept = Kept({"http": {"allow": [f"https://localhost:{port}/"], "timeoutSeconds": 1}})

    assert await refusal(kept, f"https://localhost:{port}/") == (
        SOCKET,
        f"https://localhost:{port} has not answered within 1 seconds.",
    )
    silent.close()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Nobody listens there, and nobody else can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


async def test_a_server_that_refuses_is_told(closed_port: int) -> None:
    url = f"https://127.0.0.1:{closed_port}"

    assert await refusal(Kept({"http": {"allow": [f"{url}/"]}}), f"{url}/") == (
        SOCKET,
        f"{url} cannot be connected to: Connect call failed ('127.0.0.1', {closed_port}).",
    )


async def test_a_certificate_of_an_unknown_authority_is_not_believed(server: TlsServer) -> None:
    kept = Kept({"http": {"allow": [f"{server.url}/"]}})

    error, cause = await refusal(kept, f"{server.url}/ok")

    assert (error, server.seen) == (SOCKET, [])
    assert cause.startswith(f"The certificate of {server.url} is not valid: ")


async def test_a_certificate_of_another_host_is_not_believed(certificates: Certificates) -> None:
    async with TlsServer(certificates.context("other")) as server:
        error, cause = await refusal(connection([server], certificates), f"{server.url}/ok")

        assert (error, server.seen) == (SOCKET, [])
        assert cause == (
            f"The certificate of {server.url} is not valid: "
            "Hostname mismatch, certificate is not valid for 'localhost'."
        )

        named = connection(
            [server],
            certificates,
            tls={"ca": certificates.text("ca.crt"), "serverName": "other.example.test"},
        )
        assert await call(named, f"{server.url}/ok") is not None


async def test_a_server_without_tls_is_not_spoken_to_in_the_clear() -> None:
    async with TlsServer(None) as plain:
        url = plain.url.replace("http:", "https:")
        kept = Kept({"http": {"allow": [f"{url}/"], "timeoutSeconds": 1}})

        error, _ = await refusal(kept, f"{url}/ok")

        assert (error, plain.seen) == (SOCKET, [])


async def test_a_redirect_to_the_metadata_service_is_an_error_and_is_not_followed(
    server: TlsServer, certificates: Certificates
) -> None:
    error, cause = await refusal(connection([server], certificates), f"{server.url}/redirect")

    assert error == "States.Http.StatusCode.302"
    assert json.loads(cause)["Headers"]["Location"] == ["http://169.254.169.254/latest/meta-data/"]
    assert server.connections == 1


async def test_an_answer_of_http_1_0_is_an_answer(server: TlsServer, certificates: Certificates) -> None:
    result = await call(connection([server], certificates), f"{server.url}/http10")

    assert isinstance(result, dict)
    assert result["ResponseBody"] == {"old": True}


async def test_the_largest_answer_is_read_and_gzip_though_not_asked_for(
    server: TlsServer, certificates: Certificates
) -> None:
    kept = connection([server], certificates)

    largest = await call(kept, f"{server.url}/largest")
    packed = await call(kept, f"{server.url}/gzip")

    assert isinstance(largest, dict)
    assert isinstance(packed, dict)
    assert len(str(largest["ResponseBody"])) == 262_144
    assert packed["ResponseBody"] == {"packed": True}
    assert server.seen[0].header("Accept-Encoding") == "identity"


async def test_a_long_answer_of_a_failure_is_cut(server: TlsServer, certificates: Certificates) -> None:
    error, cause = await refusal(connection([server], certificates), f"{server.url}/large-error")

    assert error == "States.Http.StatusCode.500"
    assert len(json.loads(cause)["ResponseBody"]) == 262_144


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/not-found", 404, {"message": "no such charge"}),
        ("/busy", 503, "later"),
        ("/throttled", 429, {"ok": False, "error": "ratelimited"}),
        ("/error-image", 500, None),
        ("/unauthorized", 401, {}),
    ],
)
async def test_a_status_that_is_no_success_is_an_error_with_the_whole_answer(
    path: str, status: int, body: Json, server: TlsServer, certificates: Certificates
) -> None:
    error, cause = await refusal(connection([server], certificates), server.url + path)

    assert error == f"States.Http.StatusCode.{status}"
    assert json.loads(cause).get("ResponseBody") == body
    assert json.loads(cause)["StatusCode"] == status


async def test_a_server_that_throttles_is_asked_once_and_says_when_to_come_again(
    server: TlsServer, certificates: Certificates
) -> None:
    """As chats do. The state's Retry decides, as on AWS."""
    _, cause = await refusal(connection([server], certificates), f"{server.url}/throttled", "POST")

    assert json.loads(cause)["Headers"]["Retry-After"] == ["30"]
    assert len(server.seen) == 1


async def test_a_name_that_does_not_resolve_is_told() -> None:
    def lookup(host: str, port: int) -> list[object]:  # noqa: ARG001
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    kept = Kept({"http": {"allow": ["https://api.example.test/"]}})
    with pytest.raises(CallFailed) as failed:
        await integration(kept, lookup).begin(asked("https://api.example.test/"))

    assert (failed.value.error, failed.value.cause) == (
        SOCKET,
        "The name api.example.test cannot be resolved: Name or service not known.",
    )


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1"]
)
async def test_a_name_that_points_inwards_gets_no_packet(
    address: str, server: TlsServer, certificates: Certificates
) -> None:
    url = f"https://api.example.test:{server.port}"
    kept = connection([], certificates, allow=[f"{url}/"])

    with pytest.raises(CallFailed) as failed:
        await integration(kept, lambda _host, _port: [ip_address(address)]).begin(asked(f"{url}/ok"))

    assert failed.value.error == "States.Permissions"
    assert failed.value.cause.startswith("The host api.example.test may not be connected to at ")
    assert server.connections == 0


async def test_the_address_that_was_judged_is_connected_to_and_no_second_answer_is_asked_for(
    server: TlsServer, certificates: Certificates
) -> None:
    """Rebinding: a name that is public when it is judged, and this machine's when it is connected to."""
    answers = [[ip_address("127.0.0.1")], [ip_address("169.254.169.254")]]
    looked_up: list[str] = []

    def lookup(host: str, port: int) -> list[object]:  # noqa: ARG001
        looked_up.append(host)
        return [*answers[len(looked_up) - 1]]

    http = integration(connection([server], certificates), lookup)
    await http.begin(asked(f"{server.url}/ok"))
    await http.close()

    assert looked_up == ["localhost"]
    assert server.names == ["localhost"]
    assert server.seen[0].header("Host") == f"localhost:{server.port}"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:PORT/ok",
        "https://api.example.test@localhost:PORT/ok",
        "https://localhost:PORT\\@api.example.test/ok",
        "http://localhost:PORT/ok",
        "https://localhost:PORT/../ok",
    ],
)
async def test_what_is_not_allowed_is_not_connected_to(
    url: str, server: TlsServer, certificates: Certificates
) -> None:
    error, _ = await refusal(connection([server], certificates), url.replace("PORT", str(server.port)))

    assert (error, server.connections) == ("States.Permissions", 0)


async def test_proxies_of_the_environment_and_netrc_are_not_used(
    server: TlsServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password canary-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with TlsServer(None) as proxy:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await call(connection([server], certificates), f"{server.url}/ok")

        assert (len(server.seen), proxy.connections) == (1, 0)
        assert server.seen[0].header("Authorization") is None


async def test_cookies_are_not_kept(server: TlsServer, certificates: Certificates) -> None:
    async def give(exchange: object) -> None:
        await exchange.answer(body=b"{}", Set_Cookie="session=1")  # type: ignore[attr-defined]

    server.behaviours["/give"] = give
    kept = connection([server], certificates)
    http = integration(kept)
    await http.begin(asked(f"{server.url}/give"))
    await http.begin(asked(f"{server.url}/ok"))
    await http.close()

    assert server.seen[1].header("Cookie") is None


@asynccontextmanager
async def both(certificates: Certificates) -> AsyncIterator[tuple[TlsServer, TlsServer]]:
    async with (
        TlsServer(certificates.context(clients=True)) as strict,
        TlsServer(certificates.context()) as lax,
    ):
        yield strict, lax


async def test_a_client_certificate_is_shown_and_without_it_a_strict_server_refuses(
    certificates: Certificates,
) -> None:
    mtls = {"certificateFrom": {"secretKeyRef": {"name": "shop", "key": "crt"}},
            "keyFrom": {"secretKeyRef": {"name": "shop", "key": "key"}}}  # fmt: skip
    async with both(certificates) as (strict, lax):
        shown = connection([strict, lax], certificates, auth={"mtls": mtls})
        shown.secrets |= {"crt": certificates.text("client.crt"), "key": certificates.text("client.key")}

        assert await call(shown, f"{strict.url}/ok")
        error, cause = await refusal(connection([strict], certificates), f"{strict.url}/ok")
        assert error == SOCKET
        assert cause.startswith(f"The connection to {strict.url} was lost: ")
        shown.secrets["key"] = "canary-key"
        error, cause = await refusal(shown, f"{strict.url}/ok")
        assert (error, cause) == (
            "States.Runtime",
            "The certificates or the key of the Connection cannot be used: they must be PEM.",
        )
