"""StartSyncExecution and TestState by SDKs of other languages, which put ``sync-`` before the endpoint's name."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.processes.dev import DevProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_PROGRAMS: Final = Path(__file__).parent / "sdks"
_NODE_SDK: Final = "@aws-sdk/client-sfn@3.1164.0"
_SAID: Final = 'SUCCEEDED {"n": 1} SUCCEEDED {"n": 1}'


def made(program: str, command: list[str], folder: Path) -> None:
    """Make what a test runs, or skip the test where its language, or its SDK, is not to be had."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"the SDK cannot be had: {' '.join(command)}: {ran.stderr[-500:]}")


def call(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    kept = {name: value for name, value in os.environ.items() if name.upper() not in proxies}
    return subprocess.run(
        command, env={**kept, **environment}, capture_output=True, text=True, check=False, timeout=300
    )


def says(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout.strip()


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("sdks") / "data", "--host-name", "stepwright") as process:
        yield process


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(_PROGRAMS / "sync.mjs", folder)
    made("npm", ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", _NODE_SDK], folder)
    return ["node", str(folder / "sync.mjs")]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    program = tmp_path_factory.mktemp("go") / "sdks"
    made("go", ["go", "build", "-o", str(program), "."], _PROGRAMS)
    return [str(program)]


@pytest.fixture
def with_aliases(tmp_path: Path) -> list[str]:
    """Before a command: it knows the server by two names, as a container of a compose file or a pod does."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost stepwright sync-stepwright\n")
    script = f'mount --bind {hosts} /etc/hosts && exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    if shutil.which("unshare") is None or call([*command, "true"]).returncode:
        pytest.skip("names cannot be given here: unshare is missing, or not allowed")
    return command


def test_javascript_without_the_prefix(named: DevProcess, node: list[str]) -> None:
    assert says(call([*node, named.url, "js", '{"disableHostPrefix": true}'])) == _SAID
    refused = call([*node, named.url, "js", "{}"])
    assert "sync-127.0.0.1" in refused.stderr


def test_javascript_where_the_server_has_both_names(
    named: DevProcess, node: list[str], with_aliases: list[str]
) -> None:
    assert says(call([*with_aliases, *node, f"http://stepwright:{named.port}", "js-alias", "{}"])) == _SAID


def test_go_where_the_server_is_its_proxy(named: DevProcess, go: list[str]) -> None:
    assert says(call([*go, "http://stepfunctions.local", "go-proxy"], HTTP_PROXY=named.url)) == _SAID
    assert "sync-127.0.0.1" in call([*go, named.url, "go"]).stderr


def test_go_where_the_server_has_both_names(
    named: DevProcess, go: list[str], with_aliases: list[str]
) -> None:
    assert says(call([*with_aliases, *go, f"http://stepwright:{named.port}", "go-alias"])) == _SAID
