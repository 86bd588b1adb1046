"""``stepwright server`` on a real API server, by AWS's unmodified SDK: state machines and executions, and who may do what."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.on_cluster import acting
from tests.on_cluster.kubectl import Kube, Object, job, machine, one, phase
from tests.processes.dev import ENDED
from tests.processes.server import AUDIENCE, RULES, ServerAccount, ServerProcess
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

ROLE: Final = "arn:aws:iam::123456789012:role/stepwright"
PASS: Final = one({"Type": "Pass", "End": True})
WAIT: Final = one({"Type": "Wait", "Seconds": 3600, "End": True})
EVERYTHING: Final = (
    ("statemachines", "create,get,list,update,delete,start"),
    ("executions", "create,get,list,update,stop,redrive"),
    ("executionhistories", "get"),
)


@pytest.fixture(scope="module")
def account(installed: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAccount]:
    made = ServerAccount(installed, tmp_path_factory.mktemp("account"))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def server(account: ServerAccount, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(account.kubeconfig(), tmp_path_factory.mktemp("server"), "--console-logs")
    process.start()
    yield process
    process.kill()


class Person:
    """Somebody of a namespace with some rights there, and AWS's client as that one."""

    def __init__(self, kube: Kube, server: ServerProcess, name: str, *rights: tuple[str, str]) -> None:
        acting.account(kube, name, *rights)
        self.kube = kube
        self.user = f"system:serviceaccount:{kube.namespace}:{name}"
        self.token = kube.token(name, AUDIENCE)
        self.client = server.client(self.token)

    def machine(self, name: str, definition: Object = PASS, **more: Any) -> str:
        given = {"name": name, "definition": json.dumps(definition), "roleArn": ROLE, **more}
        arn: str = self.client.create_state_machine(**given)["stateMachineArn"]
        return arn

    def start(self, machine: str, **given: Any) -> str:
        arn: str = self.client.start_execution(stateMachineArn=machine, **given)["executionArn"]
        return arn

    def ended(self, arn: str, seconds: float = 60) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while True:
            told: dict[str, Any] = self.client.describe_execution(executionArn=arn)
            if told["status"] in ENDED:
                return told
            assert time.monotonic() < until, told
            time.sleep(0.05)


@pytest.fixture
def dana(stepwright: Kube, server: ServerProcess) -> Person:
    """Who may do everything in the namespace of the test."""
    return Person(stepwright, server, "dana", *EVERYTHING)


def code(act: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        act(**given)
    return str(refused.value.response["Error"]["Code"])


def told(act: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        act(**given)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


# --- As on AWS --------------------------------------------------------------------------------------------------------


def test_boto3_creates_runs_and_reads_as_on_aws(dana: Person) -> None:
    client = dana.client
    machine = dana.machine("Order_Processing", tags=[{"key": "team", "value": "orders"}])
    account = machine.split(":")[4]
    assert len(account) == 12 and account.isdigit()
    assert machine == f"arn:aws:states:us-east-1:{account}:stateMachine:Order_Processing"
    assert dana.machine("Order_Processing") == machine  # the same again is no error
    assert code(dana.machine, name="Order_Processing", definition=WAIT) == "StateMachineAlreadyExists"
    assert [each["name"] for each in client.list_state_machines()["stateMachines"]] == ["Order_Processing"]

    arn = dana.start(machine, name="Order_7", input='{"n": 1.0}')
    assert arn == f"arn:aws:states:us-east-1:{account}:execution:Order_Processing:Order_7"
    ended = dana.ended(arn)
    assert (ended["status"], ended["input"], ended["output"]) == ("SUCCEEDED", '{"n": 1.0}', '{"n": 1.0}')
    assert (ended["name"], ended["stateMachineArn"]) == ("Order_7", machine)
    events = client.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    runs = client.describe_state_machine_for_execution(executionArn=arn)
    assert json.loads(runs["definition"]) == PASS
    until = time.monotonic() + 30
    while True:  # lists hear of it a moment later
        listed = client.list_executions(stateMachineArn=machine)["executions"]
        if [(each["executionArn"], each["status"]) for each in listed] == [(arn, "SUCCEEDED")]:
            break
        assert time.monotonic() < until, listed
        time.sleep(0.05)
    # What the context object says leads to the same.
    [found] = dana.kube.list("executions")
    object = found["spec"]["stateMachineRef"]["name"]
    context = f"arn:aws:states:kubernetes:{dana.kube.namespace}:execution:{object}:Order_7"
    assert client.describe_execution(executionArn=context)["executionArn"] == arn
    assert found["metadata"]["annotations"]["stepwright.dev/started-by"] == dana.user


def test_a_second_start_of_one_name_is_the_first_or_refused(dana: Person) -> None:
    machine = dana.machine("order", WAIT)
    first = dana.client.start_execution(stateMachineArn=machine, name="one", input="{}")
    assert dana.start(machine, name="one", input="{}") == first["executionArn"]
    assert code(dana.start, machine=machine, name="one", input="[]") == "ExecutionAlreadyExists"
    # One that kubectl has made has its name, too.
    dana.kube.start("by-kubectl", "order")
    assert code(dana.start, machine=machine, name="by-kubectl", input="[]") == "ExecutionAlreadyExists"


def test_an_execution_is_stopped_with_error_and_cause(dana: Person) -> None:
    arn = dana.start(dana.machine("order", WAIT), name="one")
    dana.kube.until("execution", "order.one", lambda found: phase(found) == "Running")
    stopped = dana.client.stop_execution(executionArn=arn, error="No.Stock", cause="sold")
    ended = dana.client.describe_execution(executionArn=arn)

    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "No.Stock", "sold")
    assert ended["stopDate"] == stopped["stopDate"]
    again = dana.client.stop_execution(executionArn=arn, cause="twice")
    assert again["stopDate"] == stopped["stopDate"]
    annotations = dana.kube.get("execution", "order.one")["metadata"]["annotations"]
    assert annotations["stepwright.dev/stopped-by"] == dana.user


def test_an_execution_that_was_stopped_goes_on_once_for_each_request(dana: Person) -> None:
    client = dana.client
    arn = dana.start(dana.machine("order", WAIT), name="one")
    dana.kube.until("execution", "order.one", lambda found: phase(found) == "Running")
    client.stop_execution(executionArn=arn, error="No.Stock")
    assert client.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"

    redriven = client.redrive_execution(executionArn=arn, clientToken="mine")["redriveDate"]

    assert client.redrive_execution(executionArn=arn, clientToken="mine")["redriveDate"] == redriven
    running = client.describe_execution(executionArn=arn)
    assert (running["status"], running["redriveCount"], running["redriveDate"]) == ("RUNNING", 1, redriven)
    assert "stopDate" not in running and "error" not in running
    assert told(client.redrive_execution, executionArn=arn, clientToken="other") == (
        "ExecutionNotRedrivable",
        f"Execution {arn} invalid for redrive as: Execution is RUNNING and cannot be redriven",
    )
    events = client.get_execution_history(executionArn=arn)["events"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    [again] = [event for event in events if event["type"] == "ExecutionRedriven"]
    assert (again["timestamp"], again["executionRedrivenEventDetails"]) == (redriven, {"redriveCount": 1})
    [listed] = client.list_executions(stateMachineArn=running["stateMachineArn"])["executions"]
    assert (listed["status"], listed["redriveCount"]) == ("RUNNING", 1)
    annotations = dana.kube.get("execution", "order.one")["metadata"]["annotations"]
    assert annotations["stepwright.dev/redriven-by"] == dana.user
    client.stop_execution(executionArn=arn)
    assert dana.ended(arn)["status"] == "ABORTED"


def test_map_runs_are_told_and_given_other_bounds_as_on_aws(dana: Person) -> None:
    client = dana.client
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **wait}
    state = {"Type": "Map", "Label": "Each", "MaxConcurrency": 2, "ItemProcessor": processor, "End": True}
    arn = dana.start(dana.machine("Packing", one(state)), name="one", input="[1, 2, 3]")
    until = time.monotonic() + 60
    while not (runs := client.list_map_runs(executionArn=arn)["mapRuns"]):
        assert time.monotonic() < until
        time.sleep(0.05)
    [listed] = runs
    run = listed["mapRunArn"]
    assert run.startswith(arn.partition(":execution:")[0] + ":mapRun:Packing/Each:")
    until = time.monotonic() + 30
    while True:  # the index hears of its execution a moment later
        try:
            found = client.describe_map_run(mapRunArn=run)
            break
        except client.exceptions.ResourceNotFound:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert (found["executionArn"], found["status"], found["maxConcurrency"]) == (arn, "RUNNING", 2)
    assert found["startDate"] == listed["startDate"]
    counts = [(found[of]["total"], found[of]["running"]) for of in ("itemCounts", "executionCounts")]
    assert counts == [(3, 2), (3, 2)]
    events = client.get_execution_history(executionArn=arn)["events"]
    [begun] = [event["mapRunStartedEventDetails"] for event in events if event["type"] == "MapRunStarted"]
    assert client.describe_map_run(mapRunArn=begun["mapRunArn"])["mapRunArn"] == run
    assert code(client.list_executions, mapRunArn=run) == "ValidationException"

    client.update_map_run(mapRunArn=run, maxConcurrency=3, toleratedFailurePercentage=50)
    found = client.describe_map_run(mapRunArn=run)
    assert (found["maxConcurrency"], found["toleratedFailurePercentage"]) == (3, 50)
    until = time.monotonic() + 60
    while client.describe_map_run(mapRunArn=run)["itemCounts"]["running"] < 3:  # the operator has seen it
        assert time.monotonic() < until
        time.sleep(0.05)

    client.stop_execution(executionArn=arn)
    found = client.describe_map_run(mapRunArn=run)
    assert (found["status"], found["itemCounts"]["aborted"], found["maxConcurrency"]) == ("ABORTED", 3, 3)
    assert found["stopDate"] >= found["startDate"]
    assert code(client.describe_map_run, mapRunArn=run[:-1] + "x") == "ResourceNotFound"
    name, message = told(client.update_map_run, mapRunArn=run, maxConcurrency=1)
    assert (name, "is not running" in message) == ("ValidationException", True)


def test_a_long_history_is_read_page_by_page_from_both_ends(dana: Person) -> None:
    again = {"Variable": "$.n", "NumericLessThan": 40, "Next": "Add"}
    states: Object = {
        "Add": {
            "Type": "Pass",
            "Parameters": {"n.$": "States.MathAdd($.n, 1)", "text.$": "$.text"},
            "Next": "Again",
        },
        "Again": {"Type": "Choice", "Choices": [again], "Default": "End"},
        "End": {"Type": "Succeed"},
    }
    machine = dana.machine("count", {"StartAt": "Add", "States": states})
    long = "x" * 9_000  # is kept apart
    arn = dana.start(machine, name="one", input=json.dumps({"n": 0, "text": long}))
    ended = dana.ended(arn)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == {"n": 40, "text": long}

    def ids(**given: Any) -> list[int]:
        pages = dana.client.get_paginator("get_execution_history").paginate(executionArn=arn, **given)
        events = [event for page in pages for event in page["events"]]
        assert all(
            json.loads(event["stateEnteredEventDetails"]["input"])["text"] == long
            for event in events
            if "stateEnteredEventDetails" in event
        )
        return [event["id"] for event in events]

    forwards = ids(maxResults=30)
    assert len(forwards) > 160
    assert forwards == list(range(1, len(forwards) + 1))
    assert ids(maxResults=47, reverseOrder=True) == forwards[::-1]


def test_a_state_machine_is_updated_tagged_and_deleted(dana: Person) -> None:
    client = dana.client
    machine = dana.machine("order")
    before = client.describe_state_machine(stateMachineArn=machine)
    assert (before["status"], before["roleArn"], before["type"]) == ("ACTIVE", ROLE, "STANDARD")
    assert "revisionId" not in before
    changed = client.update_state_machine(stateMachineArn=machine, definition=json.dumps(WAIT))
    after = client.describe_state_machine(stateMachineArn=machine)
    assert json.loads(after["definition"]) == WAIT
    assert changed["revisionId"]
    client.tag_resource(resourceArn=machine, tags=[{"key": "team", "value": "orders"}])
    assert client.list_tags_for_resource(resourceArn=machine)["tags"] == [{"key": "team", "value": "orders"}]
    client.untag_resource(resourceArn=machine, tagKeys=["team"])
    assert client.list_tags_for_resource(resourceArn=machine)["tags"] == []
    client.delete_state_machine(stateMachineArn=machine)
    until = time.monotonic() + 60
    while client.list_state_machines()["stateMachines"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert code(client.describe_state_machine, stateMachineArn=machine) == "StateMachineDoesNotExist"
    client.delete_state_machine(stateMachineArn=machine)


def test_definitions_are_validated_and_states_tried_without_being_created(dana: Person) -> None:
    client = dana.client
    found = client.validate_state_machine_definition(definition='{"StartAt": "A"}')
    assert found["result"] == "FAIL"
    state = json.dumps({"Type": "Pass", "Result": {"ok": True}, "End": True})
    tried = client.test_state(definition=state, input="{}")
    assert (tried["status"], json.loads(tried["output"])) == ("SUCCEEDED", {"ok": True})
    task = json.dumps(
        {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "a", "command": ["b"]}, "End": True}
    )
    assert code(client.test_state, definition=task, input="{}", roleArn=ROLE) == "ValidationException"
    mocked = client.test_state(definition=task, input="{}", mock={"result": '{"done": 1}'})
    assert json.loads(mocked["output"]) == {"done": 1}
    assert dana.kube.list("statemachines") == []


def test_what_comes_later_says_so(dana: Person) -> None:
    machine = dana.machine("order")
    for act, given in (
        (dana.client.publish_state_machine_version, {"stateMachineArn": machine}),
        (dana.client.start_sync_execution, {"stateMachineArn": machine}),
        (dana.client.create_activity, {"name": "pack"}),
        (dana.client.send_task_success, {"taskToken": "t", "output": "{}"}),
    ):
        name, message = told(act, **given)
        assert (name, message.endswith(" in a cluster yet")) == ("UnknownOperationException", True), message
    name, message = told(dana.machine, name="quick", type="EXPRESS")
    assert (name, "Express" in message) == ("ValidationException", True)


# --- Who may ------------------------------------------------------------------------------------------------------------


def test_what_is_forbidden_and_what_is_missing_look_alike(
    dana: Person, server: ServerProcess, new_namespace: Callable[[], str], installed: Cluster
) -> None:
    machine = dana.machine("order")
    execution = dana.start(machine, name="one")
    there = Person(Kube(installed, new_namespace()), server, "dana", *EVERYTHING)
    account = machine.split(":")[4]

    def refusal(text: str) -> str:
        name, message = told(there.client.describe_execution, executionArn=text)
        assert name == "AccessDeniedException"
        return message.replace(text, "ARN")

    missing = execution.replace(":one", ":none")
    unknown = execution.replace(account, "000000000001")
    assert refusal(execution) == refusal(missing) == refusal(unknown)
    assert "get executions.stepwright.dev" in refusal(execution)
    for text in (f"{machine}/../x", f"{machine}%2f..", f"{machine}\u202e", machine.replace(account, "..")):
        name = code(there.client.describe_state_machine, stateMachineArn=text)
        assert name in ("AccessDeniedException", "InvalidArn"), text
    # Nor is a page of one continued by another.
    dana.start(machine, name="two")
    until = time.monotonic() + 30
    while len(dana.client.list_executions(stateMachineArn=machine)["executions"]) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    page = dana.client.list_executions(stateMachineArn=machine, maxResults=1)
    eve = Person(dana.kube, server, "eve", ("executions", "list"), ("statemachines", "get"))
    given = {"stateMachineArn": machine, "maxResults": 1}
    assert len(eve.client.list_executions(**given)["executions"]) == 1
    assert code(eve.client.list_executions, **given, nextToken=page["nextToken"]) == "InvalidToken"


@pytest.mark.parametrize("has", ["create", "start", "both"])
def test_starting_takes_two_rights_one_of_which_is_given_for_one_state_machine_alone(
    dana: Person, server: ServerProcess, has: str
) -> None:
    machine, other = dana.machine("order"), dana.machine("refund")
    rights = [("statemachines", "get"), *([("executions", "create")] if has != "start" else [])]
    clerk = Person(dana.kube, server, "clerk", *rights)
    if has != "create":
        rule = ("--verb=start", "--resource=statemachines.stepwright.dev", "--resource-name=order")
        dana.kube("create", "role", "starts-orders", *rule)
        subject = f"--serviceaccount={dana.kube.namespace}:clerk"
        dana.kube("create", "rolebinding", "starts-orders", "--role=starts-orders", subject)
    page = Page(server)
    page.log_in(clerk.token)
    may = {"may": ["StartExecution"]} if has == "both" else {}
    assert page.ask(f"machines/{quote(machine, safe='')}") == (200, may)
    assert page.ask(f"machines/{quote(other, safe='')}") == (200, {})
    if has == "both":
        assert clerk.start(machine)
    else:
        name, message = told(clerk.start, machine=machine)
        assert (name, "start statemachines.stepwright.dev" in message) == ("AccessDeniedException", True)
    assert code(clerk.start, machine=other) == "AccessDeniedException"
    assert code(clerk.machine, name="mine") == "AccessDeniedException"


def test_nobody_runs_as_an_account_through_the_server_that_they_may_not_use(
    dana: Person,
) -> None:
    kube = dana.kube
    kube("create", "serviceaccount", "payer")
    by_annotation = "arn:aws:iam::000000000001:role/teams/Pay"
    kube("annotate", "serviceaccount", "payer", f"eks.amazonaws.com/role-arn={by_annotation}")
    for role in ("arn:aws:iam::123456789012:role/payer", by_annotation):
        name, message = told(dana.machine, name="pays", roleArn=role)
        assert (name, "ServiceAccount payer" in message) == ("AccessDeniedException", True), message
    # Nor is a definition changed that runs as one.
    kube.machine("pays", PASS, serviceAccountName="payer")
    arn = dana.machine("order").replace(":order", ":pays")
    change = {"stateMachineArn": arn, "definition": json.dumps(WAIT)}
    assert code(dana.client.update_state_machine, **change) == "AccessDeniedException"
    rule = ("--verb=impersonate", "--resource=serviceaccounts", "--resource-name=payer")
    kube("create", "role", "pays", *rule)
    kube("create", "rolebinding", "pays", "--role=pays", f"--serviceaccount={kube.namespace}:dana")
    until = time.monotonic() + 30
    while True:  # what was refused is remembered for a moment
        try:
            dana.client.update_state_machine(**change)
            break
        except ClientError:
            assert time.monotonic() < until
            time.sleep(0.5)
    assert kube.get("statemachine", "pays")["spec"]["serviceAccountName"] == "payer"


def test_only_tokens_that_were_made_for_the_server_are_taken(dana: Person, server: ServerProcess) -> None:
    for_others = dana.kube.token("dana")
    for token in (for_others, "forged", dana.token + "x"):
        name, message = told(server.client(token).list_state_machines)
        assert (name, token in message) == ("UnrecognizedClientException", False)
    admin = yaml.safe_load(dana.kube.cluster.kubeconfig.read_text())["users"][0]["user"]["token"]
    assert code(server.client(admin).list_state_machines) == "UnrecognizedClientException"
    name, message = told(server.client("").list_state_machines)
    assert (name, "Bearer" in message) == ("UnrecognizedClientException", True)
    assert dana.client.list_state_machines()["stateMachines"] == []
    elsewhere = server.client(dana.token, url=f"{server.url}/ns/kube-system")
    assert code(elsewhere.list_state_machines) == "AccessDeniedException"


def test_each_request_is_told_of_in_the_log_and_nothing_that_is_in_it(
    dana: Person, server: ServerProcess
) -> None:
    machine = dana.machine("order", WAIT)
    dana.start(machine, name="one", input='{"marker": "S3CR3T-4711"}')
    assert code(server.client("S3CR3T-4711").list_state_machines) == "UnrecognizedClientException"
    until = time.monotonic() + 30
    while not any(
        line.get("operation") == "StartExecution" for line in server.audited() if line["user"] == dana.user
    ):
        assert time.monotonic() < until, server.log_tail()
        time.sleep(0.1)

    [started] = [
        line
        for line in server.audited()
        if (line["user"], line["operation"]) == (dana.user, "StartExecution")
    ]
    assert (started["resource"], started["allowed"], started["status"]) == (machine, True, 200)
    assert started["source"] == "127.0.0.1"
    assert started["request_id"]
    assert "S3CR3T-4711" not in server.log_path.read_text()
    assert dana.token not in server.log_path.read_text()


# --- The console --------------------------------------------------------------------------------------------------------


class Page:
    """A page of the console, of a browser that keeps its cookie."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._context = ssl.create_default_context(cafile=str(server.certificate))
        self.cookie = ""
        self._proof = ""

    def ask(self, path: str, body: Any = None, method: str = "GET") -> tuple[int, Any]:
        headers = {"Origin": self._server.url, "Sec-Fetch-Site": "same-origin", "Cookie": self.cookie}
        headers |= {"Content-Type": "application/json", "X-Stepwright-Console": self._proof}
        text = None if body is None else json.dumps(body).encode()
        url = f"{self._server.url}/console/api/v1/{path}"
        request = urllib.request.Request(url, text, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=30) as answer:
                status, told, given = answer.status, answer.read(), answer.headers["Set-Cookie"]
                given_type = answer.headers["Content-Type"] or ""
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read())["code"]
        if given:
            self.cookie = given.partition(";")[0]
        if given_type.startswith("text/event-stream"):
            return status, told.decode()
        return status, json.loads(told) if told else None

    def me(self) -> Any:
        _, told = self.ask("me")
        self._proof = told["token"]
        return told

    def log_in(self, token: str) -> tuple[int, Any]:
        self.me()
        return self.ask("session", {"token": token}, "POST")


def test_one_logs_in_to_the_console_with_a_token_and_sees_the_namespaces_that_one_may(
    stepwright: Kube, server: ServerProcess
) -> None:
    but_redrives = [(resource, verbs.removesuffix(",redrive")) for resource, verbs in EVERYTHING]
    dana = Person(stepwright, server, "dana", *but_redrives)
    machine, there = dana.machine("order"), dana.kube.namespace
    arn = dana.start(machine, name="one")
    dana.ended(arn)
    page = Page(server)
    told = page.me()
    assert (told["login"], told["person"], told["tenants"]) == ("token", None, [])
    assert page.ask(f"executions?ns={there}") == (401, "LoginRequired")
    assert page.log_in("forged")[0] == 403
    for_others = dana.kube.token("dana")
    assert page.log_in(for_others)[0] == 403

    assert page.log_in(dana.token) == (204, None)
    told = page.me()
    assert told["person"] == dana.user
    assert "children" not in told["features"]
    [tenant] = told["tenants"]
    assert (tenant["name"], tenant["account"]) == (there, machine.split(":")[4])
    assert tenant["rights"]["StartExecution"] == {"allowed": True}
    refused = tenant["rights"]["RedriveExecution"]
    assert (refused["allowed"], "redrive executions.stepwright.dev" in refused["reason"]) == (False, True)
    until = time.monotonic() + 30
    while [row["arn"] for row in page.ask(f"executions?ns={there}")[1]["rows"]] != [arn]:
        assert time.monotonic() < until
        time.sleep(0.05)
    status, one = page.ask(f"executions/{quote(arn, safe='')}")
    assert (status, one["status"], one["output"]["text"]) == (200, "SUCCEEDED", "{}")
    status, visits = page.ask(f"executions/{quote(arn, safe='')}/visits")
    assert (status, len(visits["rows"])) == (200, 1)
    status, machines = page.ask(f"aws/ListStateMachines?ns={there}", {}, "POST")
    assert (status, [each["stateMachineArn"] for each in machines["stateMachines"]]) == (200, [machine])
    # Nothing of others, whether it is there or not.
    for other in ("kube-system", "none"):
        assert page.ask(f"executions?ns={other}") == (403, "AccessDeniedException")
        assert page.ask(f"aws/ListStateMachines?ns={other}", {}, "POST")[1] == "AccessDeniedException"

    assert page.ask("session", None, "DELETE")[0] == 204
    assert page.ask(f"executions?ns={there}") == (401, "LoginRequired")


def test_the_console_tells_which_state_machines_are_not_ready_and_where_they_are_wrong(
    dana: Person, server: ServerProcess
) -> None:
    there, fine = dana.kube.namespace, dana.machine("fine")
    dana.kube.machine("wrong", one({"Type": "Pass", "Next": "Gone"}))
    page = Page(server)
    page.log_in(dana.token)
    until = time.monotonic() + 60
    while not (listed := page.ask(f"machines?ns={there}")[1])["unready"]:
        assert time.monotonic() < until, listed
        time.sleep(0.1)

    [wrong] = listed["unready"]
    assert (listed["count"], wrong["name"], wrong["unready"]["reason"]) == (2, "wrong", "InvalidDefinition")
    assert "Gone" in wrong["unready"]["message"]
    assert wrong["unready"]["pointer"].startswith("/States/")
    assert "unready" not in page.ask(f"machines/{quote(fine, safe='')}")[1]
    assert page.ask(f"machines/{quote(wrong['arn'], safe='')}")[1]["unready"] == wrong["unready"]
    features = page.me()["features"]
    assert (features["accounts"], "express" in features) == (True, False)
    assert page.ask("machines?ns=kube-system") == (403, "AccessDeniedException")


def test_the_console_tells_what_somebody_changed_of_a_state_machine_that_git_keeps(
    dana: Person, server: ServerProcess
) -> None:
    kube, page = dana.kube, Page(server)
    kept = machine("kept", one({"Type": "Pass", "End": True}))
    kept["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    kube("apply", "--field-manager=argocd-controller", "-f", "-", input=json.dumps(kept))
    page.log_in(dana.token)
    [arn] = [each["stateMachineArn"] for each in dana.client.list_state_machines()["stateMachines"]]
    facts = page.ask(f"machines/{quote(arn, safe='')}")[1]
    assert (facts["managedBy"], "drift" in facts) == ("Argo CD (shop)", False)

    other = json.dumps({"spec": {"definition": one({"Type": "Succeed"})}})
    kube("patch", "statemachine", "kept", "--type=merge", "--field-manager=kubectl-edit", "-p", other)

    drift = page.ask(f"machines/{quote(arn, safe='')}")[1]["drift"]
    assert (drift["fields"], drift["by"]) == (["definition"], "kubectl-edit")
    assert json.loads(drift["applied"]) == kept["spec"]["definition"]


def test_the_dashboard_counts_what_was_started_and_shows_what_somebody_should_look_at(
    dana: Person, server: ServerProcess
) -> None:
    there, fine = dana.kube.namespace, dana.machine("fine")
    wrong = dana.machine("wrong", one({"Type": "Fail", "Error": "Stock.None", "Cause": "sold"}))
    waits = dana.start(dana.machine("patient", WAIT))
    failed = dana.start(wrong)
    for _ in range(2):
        dana.start(fine)
    all_of_them = {"RUNNING": 1, "FAILED": 1, "SUCCEEDED": 2}
    page = Page(server)
    page.log_in(dana.token)
    until = time.monotonic() + 60
    while (counts := page.ask(f"executions/counts?ns={there}")[1])["statuses"] != all_of_them:
        assert time.monotonic() < until, counts
        time.sleep(0.05)

    status, told = page.ask(f"metrics?ns={there}&span=hour")
    assert (status, told["total"]["statuses"]) == (200, all_of_them)
    assert 0 <= told["total"]["p50"] <= told["total"]["p95"] < 60_000
    of_parts = [part["figures"]["statuses"] for part in told["parts"]]
    assert sum(count for each in of_parts for count in each.values()) == 4
    assert told["machines"][0] == {"machine": wrong, "figures": {"statuses": {"FAILED": 1}}}
    assert told["errors"] == counts["errors"] == [{"error": "Stock.None", "count": 1}]
    assert [(row["arn"], row["error"]) for row in told["failed"]] == [(failed, "Stock.None")]
    assert [row["arn"] for row in told["longest"]] == [waits]
    _, of_one = page.ask(f"metrics?ns={there}&span=week&machine={quote(fine, safe='')}")
    assert (of_one["total"]["statuses"], of_one["failed"], of_one["longest"]) == ({"SUCCEEDED": 2}, [], [])
    assert page.ask("metrics?ns=kube-system") == (403, "AccessDeniedException")


def test_the_log_of_a_task_is_shown_to_those_who_may_read_logs_of_pods(
    dana: Person, server: ServerProcess
) -> None:
    arn = dana.start(dana.machine("says", one(job("echo what it has to say"))))
    assert dana.ended(arn)["status"] == "SUCCEEDED"
    page = Page(server)
    page.log_in(dana.token)
    page.me()
    path = f"executions/{quote(arn, safe='')}/visits/2/logs"
    assert page.ask(path) == (403, "AccessDeniedException")
    kube = dana.kube
    kube("create", "role", "logs", "--verb=get", "--resource=pods/log")
    kube("create", "rolebinding", "logs", "--role=logs", f"--serviceaccount={kube.namespace}:dana")
    until = time.monotonic() + 30
    while (answer := page.ask(path))[0] != 200:  # what was refused is remembered for a moment
        assert time.monotonic() < until, answer
        time.sleep(0.5)
    [source] = answer[1]["sources"]
    status, lines = page.ask(f"{path}/{quote(source['id'], safe='')}")
    assert (status, "what it has to say" in lines) == (200, True)


# --- The process --------------------------------------------------------------------------------------------------------


def test_pages_of_browsers_and_other_names_are_refused(server: ServerProcess) -> None:
    trusted = ssl.create_default_context(cafile=str(server.certificate))
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        request = urllib.request.Request(server.url, b"{}", headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, context=trusted, timeout=30)
        refused.value.close()
        assert refused.value.code == 403


def test_the_server_asks_for_what_the_chart_gives_it_and_for_all_of_that(
    dana: Person, server: ServerProcess, account: ServerAccount, audit: Audit
) -> None:
    """The last one: by now it has been asked for all that it does."""
    assert server
    dana.machine("order")
    asked = set()
    for entry in audit.entries(0):
        if entry["user"].get("username") == account.user:
            target = entry["objectRef"]
            forbidden = entry.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"
            assert not forbidden, entry
            resource = "/".join(filter(None, (target["resource"], target.get("subresource"))))
            asked.add((target.get("apiGroup", ""), resource, entry["verb"]))
    given = {
        (group, resource, verb)
        for rules in yaml.safe_load(RULES.read_text()).values()
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert given == asked
