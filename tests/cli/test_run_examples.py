"""The examples that run without a cluster do what their pages say, with the servers that these name."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.processes import kafka, nats_server, postgres, rabbitmq
from tests.processes.logged_server import started
from tests.testcluster.ports import free_port

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(
    folder: Path, given: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    (definition,) = folder.glob("*.asl.yaml")
    connections = (
        ("--connections", str(folder / "connections.yaml")) if (folder / "connections.yaml").exists() else ()
    )
    return subprocess.run(
        [sys.executable, "-m", "stepwright.cli", "run", str(definition), *connections, "--input", given],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def output(told: subprocess.CompletedProcess[str]) -> str:
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout.strip()


def page(name: str) -> tuple[str, str]:
    """What it says, and the input of its run."""
    said = (EXAMPLES / name / "README.md").read_text()
    given = re.search(r"--input '([^']+)'", said)
    assert given is not None
    return said, given[1]


@pytest.fixture
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    """The example's folder, in which a port of this test stands in place of its own; and that port."""
    name, port = request.param
    own = free_port()
    for file in (EXAMPLES / name).glob("*.yaml"):
        (tmp_path / file.name).write_text(re.sub(rf"\b{port}\b", str(own), file.read_text()))
    return tmp_path, own


def of(name: str, port: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("copied", [(name, port)], indirect=True, ids=[name])


@contextmanager
def listening(folder: Path, port: int, *command: str) -> Iterator[None]:
    """Python's module, as a server."""
    options: Any = {"env": {**os.environ, "PYTHONUNBUFFERED": "1"}}
    with started([sys.executable, "-m", *command], folder, options):
        while True:
            try:
                socket.create_connection(("localhost", port), timeout=60).close()
                break
            except OSError:
                time.sleep(0.05)
        yield


def at(folder: Path, kind: str, **place: Any) -> None:
    """The Connection leads there."""
    connection = yaml.safe_load((folder / "connections.yaml").read_text())
    connection["spec"][kind] |= place
    (folder / "connections.yaml").write_text(yaml.safe_dump(connection))


@of("sql", 5432)
def test_an_order_is_taken_out_of_a_database(copied: tuple[Path, int]) -> None:
    folder, _ = copied
    said, given = page("sql")
    with postgres.serving() as database:
        at(folder, "sql", port=database.port)
        first, second, third = [
            run(folder, given, {"STEPWRIGHT_SECRET_STOCK_PASSWORD": postgres.PASSWORD}) for _ in range(3)
        ]

    assert f"The first run prints `{output(first)}`, the second one `{output(second)}`" in said
    assert third.returncode == 1
    assert "Order.TooFew: Only 2 are left." in third.stderr


@of("mail", 2525)
def test_a_mail_is_told_of_by_the_server_that_gets_it(copied: tuple[Path, int]) -> None:
    folder, port = copied
    said, given = page("mail")
    assert "python -m aiosmtpd --nosetuid --listen localhost:2525 &" in said
    with listening(folder, port, "aiosmtpd", "--nosetuid", "--listen", f"localhost:{port}"):
        told = run(folder, given)

    assert f"It prints `{output(told)}`" in said
    assert "Your chair is on its way." in (folder / "log").read_text()


@contextmanager
def beside(folder: Path, script: str, url: str) -> Iterator[Callable[[], list[str]]]:
    """The example's own program, which says when it is ready. Gives what it has printed since."""

    def printed() -> list[str]:
        return (folder / "log").read_text().splitlines()

    options: Any = {"env": {**os.environ, "PYTHONUNBUFFERED": "1"}}
    with started([sys.executable, str(EXAMPLES / script), url], folder, options) as program:
        while "ready" not in printed():
            assert program.poll() is None, printed()
            time.sleep(0.05)
        yield lambda: printed()[printed().index("ready") + 1 :]


def until_printed(printed: Callable[[], list[str]], count: int) -> list[Any]:
    while len(lines := printed()) < count:
        time.sleep(0.05)
    return [json.loads(line) for line in lines]


@of("nats", 4222)
def test_an_order_is_priced_and_announced_over_nats(copied: tuple[Path, int]) -> None:
    folder, _ = copied
    said, given = page("nats")
    with nats_server.serving(tls=False, guarded=False) as server:
        url = f"nats://{server.address}:{server.port}"
        at(folder, "nats", host=server.address, port=server.port)
        with beside(folder, "nats/shop.py", url) as printed:
            told = output(run(folder, given))
            assert until_printed(printed, 1) == [json.loads(told)]
            moon = run(folder, json.dumps({"order": 8, "item": "moon"}))

    assert f"It prints `{told}`" in said
    assert "Order.Unknown: Nobody sells this." in moon.stderr


@of("amqp", 5672)
def test_an_order_is_left_in_a_queue_of_rabbitmq(copied: tuple[Path, int]) -> None:
    folder, _ = copied
    said, given = page("amqp")
    user, secret = rabbitmq.USER, {"STEPWRIGHT_SECRET_RABBIT_PASSWORD": rabbitmq.PASSWORD}
    with rabbitmq.serving() as server:
        place = {"host": server.address, "port": server.plain_port, "virtualHost": rabbitmq.VIRTUAL_HOST}
        connection = yaml.safe_load((folder / "connections.yaml").read_text())
        auth = connection["spec"]["amqp"]["auth"] | {"username": user}
        at(folder, "amqp", **place, auth=auth)
        unheard = output(run(folder, given, secret))
        url = f"amqp://{user}:{quote(rabbitmq.PASSWORD)}@{server.address}:{server.plain_port}/{rabbitmq.VIRTUAL_HOST}"
        with beside(folder, "amqp/packer.py", url) as printed:
            heard = output(run(folder, given, secret))
            assert until_printed(printed, 1) == [json.loads(given)]

    assert f"It prints `{heard}`" in said
    assert f"the run prints `{unheard}`" in said


@of("kafka", 9092)
def test_an_order_is_recorded_in_a_topic_of_kafka(copied: tuple[Path, int]) -> None:
    folder, _ = copied
    said, given = page("kafka")
    with kafka.serving() as broker:
        at(folder, "kafka", host=broker.address, port=broker.plain_port)
        with beside(folder, "kafka/reader.py", f"{broker.address}:{broker.plain_port}") as printed:
            first, second = [output(run(folder, given)) for _ in range(2)]
            assert until_printed(printed, 2) == [json.loads(given)] * 2

    assert f"The first run prints `{first}`, the second one `{second}`" in said


@of("http", 8000)
def test_a_price_is_converted_at_the_rate_of_a_server(copied: tuple[Path, int]) -> None:
    folder, port = copied
    said, given = page("http")
    assert "python3 -m http.server --directory examples/http 8000 &" in said
    with listening(folder, port, "http.server", "--directory", str(EXAMPLES / "http"), str(port)):
        told = run(folder, given)

    assert f"It prints `{output(told)}`" in said


@of("aws", 5000)
def test_an_order_is_kept_once(copied: tuple[Path, int]) -> None:
    folder, port = copied
    said, given = page("aws")
    assert "moto_server --port 5000 &" in said
    variables = re.search(r"^export (.*)$", said, re.MULTILINE)
    assert variables is not None
    environment = dict(each.split("=", 1) for each in variables[1].replace(":5000", f":{port}").split())
    with listening(folder, port, "moto.server", "--port", str(port)):
        first, second = [run(folder, given, environment) for _ in range(2)]

    assert f"The first run prints `{output(first)}`, and each one after it `{output(second)}`" in said
