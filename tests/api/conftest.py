"""One server for all tests of the API; each makes state machines of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.processes.dev import ROLE, DevProcess

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3600, "End": True}}}

_numbers = itertools.count()


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("dev") / "data") as process:
        yield process


@pytest.fixture
def sfn(dev: DevProcess) -> Iterator[Any]:
    client = dev.client()
    yield client
    client.close()


@pytest.fixture
def create(sfn: Any) -> Callable[..., str]:
    """Creates a state machine of a definition; its ARN."""

    def made(definition: Any = PASS, **arguments: Any) -> str:
        arguments = {"name": f"machine-{next(_numbers)}", "roleArn": ROLE, **arguments}
        answer = sfn.create_state_machine(definition=json.dumps(definition), **arguments)
        arn: str = answer["stateMachineArn"]
        return arn

    return made
