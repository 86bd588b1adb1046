"""Who is let in: programs that mean this server. A web page is kept out by what its browser says of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from stepwright.api.admission import CONTENT_TYPE
from tests.api.test_bad_requests import LIST
from tests.api.test_rubbish import answers, code, statuses
from tests.processes.dev import DevProcess

OWN: Mapping[str, str] = {"Host": "localhost:8083", "Content-Type": CONTENT_TYPE, "X-Amz-Target": LIST}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("named") / "data", "--host-name", "Stepwright") as process:
        yield process


def sent(headers: Mapping[str, str | None], target: str = "/", method: str = "POST") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Content-Length: 2"]
    lines += [f"{name}: {value}" for name, value in {**OWN, **headers}.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n{}").encode()


SERVED = (200, None)
DENIED = (403, "AccessDeniedException")
WRONG_TYPE = (415, "UnsupportedMediaTypeException")

HEADERS: Mapping[str, tuple[Mapping[str, str | None], tuple[int, str | None]]] = {
    # Names
    "127.0.0.1": ({"Host": "127.0.0.1:8083"}, SERVED),
    "localhost": ({"Host": "localhost"}, SERVED),
    "localhost with a dot": ({"Host": "LOCALHOST.:1"}, SERVED),
    "[::1]": ({"Host": "[::1]:8083"}, SERVED),
    "[::1] without a port": ({"Host": "[::1]"}, SERVED),
    "sync-localhost": ({"Host": "sync-localhost:8083"}, SERVED),
    "a name that was given": ({"Host": "stepwright:8083"}, SERVED),
    "the same for synchronous calls": ({"Host": "sync-stepwright:8083"}, SERVED),
    "a rebound name": ({"Host": "evil.example:8083"}, DENIED),
    "a name that begins alike": ({"Host": "localhost.evil.example"}, DENIED),
    "a name that ends alike": ({"Host": "evil.localhost"}, DENIED),
    "another address": ({"Host": "10.0.0.1:8083"}, DENIED),
    "an address that resolves alike": ({"Host": "127.0.0.1.nip.io"}, DENIED),
    "no name": ({"Host": ""}, DENIED),
    "no Host": ({"Host": None}, (400, None)),
    # Browsers
    "a page": ({"Origin": "http://evil.example"}, DENIED),
    "a page of this machine": ({"Origin": "http://localhost:3000"}, DENIED),
    "a page that is ours by its name": ({"Origin": "http://localhost:8083"}, DENIED),
    "a page without an origin": ({"Origin": "null"}, DENIED),
    "cross-site": ({"Sec-Fetch-Site": "cross-site"}, DENIED),
    "same-site": ({"Sec-Fetch-Site": "same-site"}, DENIED),
    "same-origin": ({"Sec-Fetch-Site": "same-origin"}, DENIED),
    "typed by hand": ({"Sec-Fetch-Site": "none"}, DENIED),
    "Node's fetch": ({"Sec-Fetch-Mode": "cors"}, SERVED),
    # Types
    "with a character set": ({"Content-Type": f"{CONTENT_TYPE}; charset=utf-8"}, SERVED),
    "no type": ({"Content-Type": None}, WRONG_TYPE),
    "text, as pages may send": ({"Content-Type": "text/plain"}, WRONG_TYPE),
    "a form's parts": ({"Content-Type": "multipart/form-data"}, WRONG_TYPE),
    "our type behind another": ({"Content-Type": f"text/plain, {CONTENT_TYPE}"}, WRONG_TYPE),
}


@pytest.mark.parametrize(("headers", "answer"), HEADERS.values(), ids=HEADERS.keys())
def test_a_request_is_served_or_refused_by_its_headers(
    named: DevProcess, headers: Mapping[str, str | None], answer: tuple[int, str | None]
) -> None:
    got = answers(named, sent(headers))

    assert (statuses(got)[0], code(got)) == answer


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "HEAD"])
def test_a_browser_that_asks_first_is_refused(named: DevProcess, method: str) -> None:
    asking = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}

    got = answers(named, sent(asking, method=method))

    assert statuses(got) == [403]
    assert b"access-control" not in got.lower()


def test_two_hosts_are_none(named: DevProcess) -> None:
    got = answers(named, sent({}).replace(b"Host:", b"Host: localhost\r\nHost:"))

    assert statuses(got)[0] in (400, 403)


def test_whoever_names_it_as_proxy_may_call_it_anything(named: DevProcess) -> None:
    got = answers(named, sent({"Host": "states.example"}, target="http://states.example/"))

    assert statuses(got) == [200]


def test_a_page_behind_the_proxy_is_a_page(named: DevProcess) -> None:
    page = {"Host": "evil.example", "Origin": "http://evil.example"}

    assert statuses(answers(named, sent(page, target="http://evil.example/"))) == [403]


def test_clients_that_are_told_of_a_proxy_work_unmodified(named: DevProcess) -> None:
    """With the prefix that they put before the endpoint's name for synchronous calls."""
    client = boto3.client(
        "stepfunctions",
        endpoint_url="http://states.example",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(proxies={"http": named.url}),
    )
    definition = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
    role = "arn:aws:iam::123456789012:role/any"
    arn = client.create_state_machine(name="proxied", type="EXPRESS", roleArn=role, definition=definition)

    answer = client.start_sync_execution(stateMachineArn=arn["stateMachineArn"], input='{"n": 1}')

    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"n": 1}')
    client.close()


def test_both_loopbacks_are_listened_on(named: DevProcess) -> None:
    try:
        with socket.create_connection(("::1", named.port), timeout=20) as connection:
            connection.sendall(sent({"Host": f"[::1]:{named.port}"}))
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    except OSError as error:
        pytest.skip(f"this machine has no ::1: {error}")


def test_what_is_kept_is_for_its_owner_alone(named: DevProcess) -> None:
    answers(named, sent({}))

    folder: Path = named.data
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in [folder, *folder.rglob("*")]} == {
        path.name: "0o0" for path in [folder, *folder.rglob("*")]
    }


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    dev = DevProcess(tmp_path / "data")
    with dev:
        pass
    for file in dev.data.iterdir():
        file.chmod(0o644)
    with dev:
        modes = {path.name: oct(path.stat().st_mode & 0o077) for path in dev.data.iterdir()}

    assert modes == dict.fromkeys(modes, "0o0")


def test_tasks_do_not_run_as_processes_where_that_is_switched_off(tmp_path: Path) -> None:
    from tests.tasks.processes.test_processes import run

    task = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"command": ["true"]}, "End": True}
    with DevProcess(tmp_path / "data", "--no-processes") as dev:
        answer = run(dev, {"StartAt": "A", "States": {"A": task}})

    assert (answer["status"], answer["error"]) == ("FAILED", "Job.Refused")
    assert "--no-processes" in answer["cause"]
