"""Single calls of AWS's services, as tasks make them, without an engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.asl.step import StartTask
from stepwright.assembly.connections import ServicesOfEnvironment
from stepwright.aws import environment, models, sessions
from stepwright.aws.calling import Client
from stepwright.aws.clients import Clients, Way
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.aws.integration import AwsServices
from stepwright.tasks.calls.integration import Call
from tests.tasks.start_tasks import start_task

REGION: Final = "us-east-1"
REF: Final = ExecutionRef(
    Uid("43e358d5-0000-4000-8000-000000000000"),
    "local",
    "x",
    "orders",
    arn=f"arn:aws:states:{REGION}:123456789012:execution:orders:x",
    role_arn="arn:aws:iam::123456789012:role/orders",
)


def task(resource: str, parameters: Json, number: int = 5) -> StartTask:
    return start_task(parse(f"arn:aws:states:::{resource}"), parameters, number)


def use_endpoint(
    monkeypatch: pytest.MonkeyPatch, url: str, credentials: Mapping[str, str] | None = None
) -> None:
    """Where this process calls AWS's services, and with nothing else that it has from its user."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    own = {
        "AWS_ENDPOINT_URL": url,
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in (own | dict(credentials or {})).items():
        monkeypatch.setenv(name, value)


async def called(resource: str, parameters: Json, number: int = 5) -> Json:
    """The result of a task with this Resource, without what precedes the service. Raises CallFailed."""
    aws = AwsServices(ServicesOfEnvironment(), SystemClock())
    try:
        answered = await aws.begin(Call(REF, task(resource, parameters, number)))
    finally:
        await aws.close()
    return answered.value


def client_of(service: str) -> Client:
    """As this process calls a service, by botocore's name of it."""
    url = environment.stand_in(models.service(service).metadata["serviceId"])
    return Clients(sessions.of_user).client(service, Way(REGION, url))
