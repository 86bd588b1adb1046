"""Which published state machines an operator accepts: with a Connection for AWS and for each that they name, an account, and a
TaskTemplate for each function, which is looked for only when it is called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, cast

import pytest

from stepwright.asl.diagnostics import Diagnostic
from stepwright.controllers.checking import Checking, Runnable
from stepwright.engine.looking_through import at_once
from stepwright.engine.ports import TaskDriver
from stepwright.tasks import table
from tests.data import conformance, published

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(conformance.folder() is None, reason=conformance.WHY_SKIPPED),
]

NOT_SERVED: Final = {
    "aws-sdk:sfn:startSyncExecution": "no Express executions run in a cluster yet",
    "aws-sdk:sfn:sendTaskSuccess": "answers to task tokens do not reach a cluster yet",
}
"""What cannot run in a cluster, and why, by Resource."""

ACCEPTED: Final = 137
"""At least so many of the 163 with tasks."""

INVALID: Final = "shared-fallback-state-jsonata/statemachine/statemachine.asl.json"
"""AWS refuses it, too: ``QueryLanguage`` stands among its states."""


class OfCluster:
    """The drivers of an operator, as far as a definition's check asks them."""

    serves = staticmethod(partial(table.runs, process="operator"))


async def told(id: str) -> tuple[Diagnostic, ...] | None:
    """Why an operator refuses it; None if it accepts."""
    definition = published.definition(id)
    of_http = re.findall(r"connection/([^/\"]+)", json.dumps(definition))
    connections = {"aws", *(name.lower().replace("_", "-") for name in of_http)}
    spec = {"serviceAccountName": "orders", "connections": sorted(connections), "definition": definition}
    driver = cast(TaskDriver, OfCluster())
    checking = Checking([driver], lambda spec, _: table.check_for(spec, "operator"), at_once)
    verdict = await checking.check(spec, "shop")
    return None if isinstance(verdict, Runnable) else verdict.found


def unserved(found: tuple[Diagnostic, ...]) -> Iterator[str]:
    for diagnostic in found:
        if diagnostic.code == "NO_DRIVER":
            named = re.search(r"No driver serves 'arn:\w+:states:::([\w:.-]+)'", diagnostic.message)
            yield named[1] if named else diagnostic.message
        elif diagnostic.severity == "ERROR":
            yield f"{diagnostic.code}: {diagnostic.message}"


def has_tasks(value: Any) -> bool:
    return '"Task"' in (text := json.dumps(value)) or '"ItemReader"' in text


async def test_a_cluster_refuses_published_definitions_for_known_reasons_alone() -> None:
    refused: dict[str, set[str]] = {}
    with_tasks = [
        id for id in published.ids() if has_tasks(published.definition(id)) and not id.endswith(INVALID)
    ]
    for id in with_tasks:
        if (found := await told(id)) is not None:
            refused[id] = set(unserved(found))

    callbacks = {id for id, why in refused.items() if any(one.endswith(".waitForTaskToken") for one in why)}
    others = {id: why for id, why in refused.items() if id not in callbacks}
    print(
        f"{len(with_tasks) - len(refused)} of {len(with_tasks)} with tasks are accepted; {len(callbacks)} are refused as they "
        f"wait for answers to task tokens, {len(others)} for what else is not served"
    )
    for id, why in others.items():
        print(f"{id}: {', '.join(sorted(why))}")
    lacking = {one for why in refused.values() for one in why if not one.endswith(".waitForTaskToken")}
    assert lacking <= set(NOT_SERVED)
    assert len(with_tasks) - len(refused) >= ACCEPTED
