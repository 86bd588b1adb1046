"""Executions recorded at AWS, a tenth of all that was recorded, as Executions of a cluster: outputs and histories are AWS's."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import Any, Final

import pytest

from stepwright.cluster import arns
from tests.data import conformance, recorded_api, recorded_executions
from tests.data.recorded_executions import Record
from tests.on_cluster.functions_served import behind, template
from tests.on_cluster.kubectl import ENDED, Kube, Object, execution, machine, phase

needs_the_data = pytest.mark.skipif(conformance.folder() is None, reason=conformance.WHY_SKIPPED)
pytestmark = [pytest.mark.cluster, pytest.mark.conformance, pytest.mark.timeout(900), needs_the_data]

SEED: Final = 14
DRAWN: Final = 100
SERVED: Final = {"lambda"}
"""What records may need: the functions are the data's runner's, behind TaskTemplates."""
STATUS: Final = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "TimedOut": "TIMED_OUT",
    "Aborted": "ABORTED",
}


def drawn() -> list[Record]:
    """Standard executions that call nothing but functions, and that end by themselves."""
    possible = [
        record
        for record in recorded_executions.all_of_them()
        if record["type"] == "STANDARD"
        and set(record["needs"]) <= SERVED
        and record["expected"]["status"] not in ("ABORTED", "RUNNING")
        and record["id"] not in recorded_api.exceptional()
    ]
    return random.Random(SEED).sample(sorted(possible, key=lambda record: record["id"]), DRAWN)


@pytest.fixture
def functions(kube: Kube) -> Iterator[Any]:
    """The runner's Lambda, behind the Service `lambda`."""
    address = kube.cluster.host_address
    if address is None:
        pytest.skip("the cluster does not say at which address it reaches this machine")

    class Reachable(conformance.runner().Lambda):  # type: ignore[misc]
        """Where the operator reaches it, instead of 127.0.0.1."""

        def server_bind(self) -> None:
            self.server_address = (address, 0)
            ThreadingHTTPServer.server_bind(self)

    server = Reachable(0, world(kube), {})
    behind(kube, "lambda", server)
    yield server
    server.shutdown()
    server.server_close()


def world(kube: Kube) -> dict[str, Any]:
    return {
        "partition": "aws",
        "region": arns.REGION,
        "account": kube.namespace,
        "role": arns.role(kube.namespace, None),
        "all": True,
        "lambda": True,
    }


def test_recorded_executions_go_in_a_cluster_as_they_did_at_aws(stepwright: Kube, functions: Any) -> None:
    comparison = conformance.runner()
    begun: dict[str, tuple[Record, Any]] = {}
    for record in drawn():
        names = comparison.Names(record, world(stepwright))
        for function, behaviour in (record.get("lambda_sources") or {}).items():
            own = names.fill(function)
            functions.functions[own] = behaviour
            stepwright.apply(template(own, {"name": "lambda"}, http={"functionName": own}))
        stepwright.apply(*begin(record, names))
        begun[recorded_executions.name(record, names)] = record, names

    ended = all_ended(stepwright, begun.keys())

    found = {}
    for name, (record, names) in begun.items():
        status = ended[name]["status"]
        observed = {key: status[key] for key in ("output", "error", "cause") if key in status}
        if "outputRef" in status:
            observed["output"] = stepwright.get("executionhistory", status["outputRef"]["name"])["payload"]
        observed |= {"status": STATUS[phase(ended[name])], "history": stepwright.history(name)}
        matcher = comparison.Matcher(record, names)
        differs = recorded_executions.differences(record, matcher, names, observed)
        if differs["output"] or differs["history"]:
            found[record["id"]] = [*differs["output"], *differs["history"]][:3]
    assert found == {}, json.dumps(found, indent=1, default=str)


def begin(record: Record, names: Any) -> tuple[Object, Object]:
    name = names.fill("<ArnPart_0idx>")
    given = recorded_executions.given(record, names, datetime.now(UTC))
    return (
        machine(name, recorded_executions.definition(record, names)),
        execution(recorded_executions.name(record, names), name, inputJson=given),
    )


def all_ended(kube: Kube, names: Any, seconds: float = 600) -> dict[str, Object]:
    until = time.monotonic() + seconds
    while True:
        found = {one["metadata"]["name"]: one for one in kube.list("execution")}
        missing = [name for name in names if phase(found[name]) not in ENDED]
        if not missing:
            return found
        assert time.monotonic() < until, f"{missing} have not ended"
        time.sleep(1)
