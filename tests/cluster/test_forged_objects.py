"""What others could have written in the operator's place is judged by its content, not by its name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stepwright.cluster import revisions, seal
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.stored import Pinned, of
from stepwright.engine.ports import Refused
from tests.kube.server import says, serving

MACHINE: dict[str, Any] = {
    "apiVersion": "stepwright.dev/v1",
    "kind": "StateMachine",
    "metadata": {"name": "order", "namespace": "shop", "uid": "u-1"},
}
HONEST = {
    "definition": '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
    "settings": {"taskDefaults": {"x": 1.5}},
}
FORGED = {**HONEST, "settings": {"serviceAccountName": "admin"}}


async def test_a_revision_of_the_right_content_is_taken(tmp_path: Path) -> None:
    made = revisions.manifest(MACHINE, HONEST, 1)
    async with serving(tmp_path, says(200, made)) as (_, api):
        found = await Revisions(api).get("shop", made["metadata"]["name"])

    assert found.settings == HONEST["settings"]


@pytest.mark.parametrize("owner", ["u-1", "u-2"])
async def test_a_revision_under_another_ones_name_is_refused(tmp_path: Path, owner: str) -> None:
    name = revisions.manifest(MACHINE, HONEST, 1)["metadata"]["name"]
    forged = revisions.manifest(MACHINE, FORGED, 1)
    forged["metadata"]["name"] = name
    forged["metadata"]["ownerReferences"][0]["uid"] = owner
    async with serving(tmp_path, says(200, forged)) as (_, api):
        with pytest.raises(Refused) as caught:
            await Revisions(api).get("shop", name)

    assert str(caught.value) == (
        f"the ControllerRevision shop/{name} does not hold what its name says: it was not made by Stepwright"
    )


async def test_a_payload_under_another_ones_name_is_refused(tmp_path: Path) -> None:
    digest = hashlib.sha256(b'"what was stored"').hexdigest()
    made = revisions.manifest(MACHINE, HONEST, 1)
    revision = made["metadata"]["name"]
    execution: dict[str, Any] = {
        "metadata": {"name": "order-7", "namespace": "shop", "uid": "e-1"},
        "spec": {"stateMachineRef": {"name": "order"}},
        "status": {
            "phase": "Running",
            "seq": 3,
            "checkpoint": {"data": msgspec.json.encode({"input": {"$payload": digest}}).decode()},
        },
    }
    execution["status"]["seal"] = str(seal.of("e-1", execution["status"]))
    async with serving(tmp_path, says(200, made), says(200, {"payload": '"forged"'})) as (_, api):
        journal = ClusterJournal(api, Revisions(api))
        with pytest.raises(Refused) as caught:
            await journal.open(of(execution), Pinned("order", "u-1", revision))

    assert str(caught.value) == (
        f"ExecutionHistory shop/e-1-p-{digest[:32]} does not hold what its name says: it was not made by Stepwright"
    )
