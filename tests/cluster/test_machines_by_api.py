"""State machines of the AWS API as objects: what a change of one leaves as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import structs

from stepwright.catalog.callers import User
from stepwright.cluster.access import Access
from stepwright.cluster.catalog.asking import Asking
from stepwright.cluster.catalog.machines import Machines
from stepwright.cluster.places import Places, account_of
from tests.kube.server import says, serving

ARN = f"arn:aws:states:us-east-1:{account_of('shop')}:stateMachine:order"
STORED: Mapping[str, Any] = {
    "metadata": {
        "name": "order",
        "namespace": "shop",
        "uid": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "resourceVersion": "7",
    },
    "spec": {"definition": "{}", "logging": {"level": "ALL"}},
}


async def change(folder: Path, **changed: Any) -> dict[str, Any]:
    """The spec of the patch that changes so much of a state machine that somebody has made with kubectl."""
    async with serving(folder, says(200, changed.pop("stored", STORED))) as (server, api):
        places = Places(api, namespaces=["shop"])
        machines = Machines(Asking(api), places, Access(api, places), User("dana"))
        machine = await machines.machine(ARN)
        assert machine is not None
        settings = {**machine.revision.settings, **changed.pop("settings", {})}
        await machines.revise(ARN, structs.replace(machine.revision, settings=settings, **changed))
        assert server.requests[-1].method == "PATCH"
        spec: dict[str, Any] = json.loads(server.bodies[-1])["spec"]
        return spec


async def test_a_new_definition_leaves_what_is_logged_as_somebody_has_set_it(tmp_path: Path) -> None:
    assert await change(tmp_path, definition='{"StartAt": "a"}') == {
        "serviceAccountName": None,
        "definition": '{"StartAt": "a"}',
        "definitionSubstitutions": None,
    }


async def test_a_new_log_group_leaves_the_tracing_that_somebody_has_set(tmp_path: Path) -> None:
    stored = {**STORED, "spec": {**STORED["spec"], "tracing": {"enabled": True}}}
    logging = {"level": "ALL", "includeExecutionData": False, "destinations": [{}]}
    assert await change(tmp_path, stored=stored, settings={"loggingConfiguration": logging}) == {
        "serviceAccountName": None,
        "logging": {"level": "ALL", "includeExecutionData": False},
    }
    assert await change(tmp_path, stored=stored, settings={"tracingConfiguration": {"enabled": False}}) == {
        "serviceAccountName": None,
        "tracing": None,
    }


async def test_what_is_logged_is_changed_by_who_says_so(tmp_path: Path) -> None:
    logging = {"level": "ERROR", "includeExecutionData": False}
    assert await change(tmp_path, settings={"loggingConfiguration": logging}) == {
        "serviceAccountName": None,
        "logging": {"level": "ERROR", "includeExecutionData": False},
    }


async def test_what_is_logged_and_traced_is_told_as_the_object_says_it(tmp_path: Path) -> None:
    group = {
        "cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:orders:*"}
    }
    given = {"loggingConfiguration": {"level": "ERROR", "destinations": [group]}}
    stored = {
        "metadata": {**STORED["metadata"], "annotations": {"stepwright.dev/settings": json.dumps(given)}},
        "spec": {
            "definition": "{}",
            "logging": {"level": "ALL", "includeExecutionData": True},
            "tracing": {"enabled": True},
        },
    }
    async with serving(tmp_path, says(200, stored)) as (_, api):
        places = Places(api, namespaces=["shop"])
        machine = await Machines(Asking(api), places, Access(api, places), User("dana")).machine(ARN)

    assert machine is not None
    assert machine.revision.settings == {
        "loggingConfiguration": {"level": "ALL", "includeExecutionData": True, "destinations": [group]},
        "tracingConfiguration": {"enabled": True},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }
