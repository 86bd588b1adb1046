"""HTTP tasks in a cluster: Connections whose Secrets are read as their account, and who may use them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.on_cluster import acting
from tests.on_cluster.installed_chart import person
from tests.on_cluster.kubectl import Kube, Object, condition, machine, one, output, phase
from tests.on_cluster.town import ALL, STEPWRIGHT, Town
from tests.processes.account import OperatorAccount
from tests.processes.operators import OperatorProcess
from tests.tasks.http.tls_server import TlsServer, in_a_thread, issue

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

CANARY = "canary-of-the-secret"


@pytest.fixture
def server(kube: Kube, tmp_path: Path) -> Iterator[TlsServer]:
    address = kube.cluster.host_address
    if address is None:
        pytest.skip("the cluster does not say at which address it reaches this machine")
    certificates = issue(tmp_path, address)
    with in_a_thread(TlsServer(certificates.context(), address=address)) as server:
        kube.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "shop"},
                "data": {
                    "token": base64.b64encode(CANARY.encode()).decode(),
                    "ca": base64.b64encode(certificates.text("ca.crt").encode()).decode(),
                },
            }
        )
        yield server


@pytest.fixture
def at_work(kube: Kube, own_operator: OperatorProcess, operator_account: OperatorAccount) -> Kube:
    """With an operator that may act as the account ``billing``, which may read the Secret ``shop``."""
    person(kube, "billing", ("", "secrets:shop", "get"), ("", "serviceaccounts/token", "create"))
    own_operator.start()
    acting.let_act_as(kube, operator_account.user, "billing")
    return kube


def secret(key: str) -> Object:
    return {"secretKeyRef": {"name": "shop", "key": key}}


def connection(name: str, *allow: str, account: str | None = "billing", **http: Any) -> Object:
    spec: Object = {"http": {"allow": list(allow), **http}}
    if account is not None:
        spec["serviceAccountName"] = account
    return {"apiVersion": "stepwright.dev/v1", "kind": "Connection", "metadata": {"name": name}, "spec": spec}


def call(url: str, name: str = "shop", **more: Any) -> Object:
    given = {"ApiEndpoint": url, "Method": "POST", "InvocationConfig": {"ConnectionArn": name}, **more}
    return one({"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": given, "End": True})


BEARER = {"bearer": {"tokenFrom": secret("token")}}


def test_an_api_is_called_with_a_secret_that_is_read_as_the_connections_account_and_told_nowhere(
    server: TlsServer, at_work: Kube, own_operator: OperatorProcess
) -> None:
    at_work.apply(connection("shop", f"{server.url}/", auth=BEARER, tls={"caFrom": secret("ca")}))
    ready = at_work.until("conn", "shop", lambda found: condition(found, "Ready").get("status") == "True")
    at_work.machine("calls", call(f"{server.url}/echo", RequestBody={"n": 1}), connections=["shop"])
    at_work.start("calls", "calls")
    ended = at_work.ended("calls")

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    assert condition(ready, "Ready")["reason"] == "Usable"
    said = output(ended)["ResponseBody"]
    assert (json.loads(said["body"]), said["headers"]["Authorization"]) == ({"n": 1}, "Bearer ***")
    assert server.seen[0].header("Authorization") == f"Bearer {CANARY}"
    everything = at_work(
        "get",
        "executions,statemachines,executionhistories,connections,events,controllerrevisions",
        "-o",
        "yaml",
    )
    assert CANARY not in everything
    assert CANARY not in own_operator.log_path.read_text()


def test_what_is_lacking_is_said_in_the_tasks_error(server: TlsServer, at_work: Kube) -> None:
    ca: Any = {"tls": {"caFrom": secret("ca")}}
    at_work.apply(
        connection("shop", f"{server.url}/", **ca),
        connection(
            "other",
            f"{server.url}/",
            auth={"bearer": {"tokenFrom": {"secretKeyRef": {"name": "private", "key": "k"}}}},
        ),
        connection("nobody", f"{server.url}/", account="stranger", auth=BEARER),
        connection("alone", f"{server.url}/", account=None, auth=BEARER),
        connection("inside", "http://kubernetes.default.svc.evil.test/", "http://127.0.0.1/", account=None),
    )
    all_of_them = ["shop", "other", "nobody", "alone", "inside", "missing"]
    cases = {
        "not-named": (call(f"{server.url}/ok"), ["other"], "States.Runtime", ""),
        "not-there": (call(f"{server.url}/ok", "missing"), all_of_them, "Events.ConnectionResource.ResourceNotFound", "There is no Connection missing"),
        "may-not-read": (call(f"{server.url}/ok", "other"), all_of_them, "Events.ConnectionResource.InvalidConnectionState", "The Secret private cannot be read as billing: "),
        "may-not-act": (call(f"{server.url}/ok", "nobody"), all_of_them, "Events.ConnectionResource.InvalidConnectionState", "The Secret shop cannot be read as stranger: "),
        "no-account": (call(f"{server.url}/ok", "alone"), all_of_them, "Events.ConnectionResource.InvalidConnectionState", "The Connection alone names no serviceAccountName"),
        "this-machine": (call("http://127.0.0.1/", "inside"), all_of_them, "States.Permissions", "The host 127.0.0.1 may not be connected to at 127.0.0.1"),
        "elsewhere": (call("https://example.org/"), all_of_them, "States.Permissions", "https://example.org/ is not allowed"),
    }  # fmt: skip
    # From data the definition cannot be refused for it.
    by_data = call(f"{server.url}/ok")
    by_data["States"]["Only"]["Parameters"]["InvocationConfig"] = {"ConnectionArn.$": "$.name"}
    cases["not-named"] = (
        by_data,
        ["other"],
        "Events.ConnectionResource.AccessDenied",
        "The state machine does not name",
    )
    for name, (definition, connections, _, _) in cases.items():
        at_work.machine(name, definition, connections=connections)
        at_work.start(name, name, input={"name": "shop"})
    for name, (_, _, error, cause) in cases.items():
        status = at_work.ended(name)["status"]
        assert (name, status["error"]) == (name, error), status["cause"]
        assert status["cause"].startswith(cause), status["cause"]
    assert server.seen == []
    alone = at_work.until("conn", "alone", lambda found: condition(found, "Ready"))
    assert condition(alone, "Ready")["reason"] == "NoAccount"


def test_a_state_machine_that_does_not_name_its_connection_is_not_ready(at_work: Kube) -> None:
    at_work.machine("unnamed", call("https://example.org/"))
    found = at_work.until("sm", "unnamed", lambda found: condition(found, "Stalled").get("status") == "True")

    assert "spec.connections of the state machine does not name the Connection 'shop'" in json.dumps(
        found["status"]
    )


def test_who_writes_a_state_machine_may_use_its_connections_and_who_writes_these_their_accounts(
    town: Town,
) -> None:
    machines = (STEPWRIGHT, "statemachines", ALL)
    user = person(town.kube, "user-of-shop", machines, (STEPWRIGHT, "connections:shop", "use"))
    keeper = person(
        town.kube, "keeper", (STEPWRIGHT, "connections", ALL), ("", "serviceaccounts:robot", "use")
    )
    body = machine("uses-shop", call("https://example.org/"), connections=["shop"])
    two = machine("uses-two", call("https://example.org/"), connections=["shop", "bank"])

    assert "may not use the Connection shop in" in town.author.create(body)
    assert "may not use the Connection bank in" in user.create(two)
    user("create", "--dry-run=server", "-f", "-", input=yaml.safe_dump(body))
    # As many as there may be cost no more than a policy may.
    most = machine("uses-most", call("https://example.org/"), connections=["shop"] * 8)
    user("create", "--dry-run=server", "-f", "-", input=yaml.safe_dump(most))
    assert "may not use the ServiceAccount powerless" in keeper.create(
        connection("reads", "https://example.org/", account="powerless")
    )
    keeper(
        "create",
        "--dry-run=server",
        "-f",
        "-",
        input=yaml.safe_dump(connection("reads", "https://example.org/", account="robot")),
    )
    assert "forbidden" in user.create(connection("reads", "https://example.org/", account=None)).lower()
