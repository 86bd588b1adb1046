"""Bad input gets a clear error and loses nothing, as a user sees it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stepwright.asl.definition.limits import NESTING
from tests.on_cluster.kubectl import IMAGE, Kube, Object, condition, execution, job, machine, one, output
from tests.processes.account import OperatorAccount
from tests.processes.operators import ROOT, OperatorProcess
from tests.testcluster import Cluster

pytestmark = pytest.mark.cluster

PASS = one({"Type": "Pass", "End": True})


def checked(kube: Kube, name: str) -> Object:
    """The machine once the operator has looked at its newest spec."""
    return kube.until(
        "sm", name, lambda sm: sm["status"].get("observedGeneration") == sm["metadata"]["generation"]
    )


def refused(kube: Kube, definition: Object | str, **spec: Any) -> tuple[list[tuple[str, str]], str]:
    """What is wrong with a definition: the diagnostics' messages with their pointers, the condition's sentence."""
    kube.machine("bad", definition, **spec)
    found = checked(kube, "bad")
    ready, stalled = condition(found, "Ready"), condition(found, "Stalled")
    assert (ready["status"], stalled["status"]) == ("False", "True")
    assert ready["reason"] == "InvalidDefinition"
    assert "revision" not in found["status"]
    listed = [(entry["message"], entry["pointer"]) for entry in found["status"]["diagnostics"]]
    return listed, ready["message"]


# --- Definitions -----------------------------------------------------------------------------------------------------


def test_every_problem_of_a_definition_is_listed_at_its_place(stepwright: Kube) -> None:
    wrong = {
        "StartAt": "First",
        "Colour": "red",
        "States": {
            "First": {"Type": "Pass", "Next": "Nowhere", "Secnds": 3},
            "Ship": {
                "Type": "Task",
                "Resource": "k8s:job",
                "Parameters": {"image": IMAGE, "imgae": ""},
                "End": True,
            },
            "Lost": {"Type": "Wait", "Next": "Ship"},
        },
    }
    listed, sentence = refused(stepwright, wrong)

    assert listed == [
        ("Field 'Colour' is not supported", ""),
        ("Field 'Secnds' is not supported", "/States/First"),
        (
            "One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]",
            "/States/Lost",
        ),
        ("k8s:job has no parameter 'imgae'; is 'image' meant?", "/States/Ship/Parameters/imgae"),
        ("Missing 'Next' target: Nowhere", "/States/First/Next"),
        ('State "Lost" is not reachable.', "/States/Lost"),
        ('State "Ship" is not reachable.', "/States/Ship"),
    ]
    assert sentence == (
        "The definition cannot run: Field 'Colour' is not supported at /; "
        "Field 'Secnds' is not supported at /States/First; "
        "One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/Lost; "
        "k8s:job has no parameter 'imgae'; is 'image' meant? at /States/Ship/Parameters/imgae; "
        "Missing 'Next' target: Nowhere at /States/First/Next; "
        'State "Lost" is not reachable at /States/Lost; State "Ship" is not reachable at /States/Ship'
    )


def test_problems_of_a_text_are_told_with_line_and_column(stepwright: Kube) -> None:
    text = '{\n "StartAt": "A",\n "States": {\n  "A": {"Type": "Pass", "Nxt": "A", "End": true}\n }\n}'
    _, sentence = refused(stepwright, text)

    assert sentence == (
        "The definition cannot run: Field 'Nxt' is not supported; did you mean 'Next'? at /States/A "
        "(line 4, column 25)"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            '{"StartAt": "A", }', "trailing comma in object at / (line 1, column 18)", id="trailing comma"
        ),
        pytest.param("", "Definition must be a valid JSON object at /", id="nothing"),
        pytest.param("no JSON", "invalid character at / (line 1, column 5)", id="no JSON"),
        pytest.param(
            json.dumps(PASS)[:-5] + ', "Result": ' + "[" * 10_000 + "]" * 10_000 + "}}}",
            f"A definition must not nest deeper than {NESTING} levels at /",
            id="10,000 levels",
        ),
        pytest.param(
            '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1e999, "End": true}}}',
            "a number is too large for a floating point number at / (line 1, column 1)",
            id="a number beyond all floats",
        ),
        pytest.param(
            json.dumps(one({"Type": "Wait", "Seconds": 10**30, "End": True})),
            "The value of 'Seconds' should be between 0 and 99999999 at /States/Only/Seconds "
            "(line 1, column 57)",
            id="a wait of 10^30 seconds",
        ),
    ],
)
def test_a_text_that_is_no_definition_is_refused(stepwright: Kube, text: str, sentence: str) -> None:
    assert refused(stepwright, text)[1] == f"The definition cannot run: {sentence}"


@pytest.mark.parametrize("levels", [200, 500, 1_200, 9_000])
def test_objects_that_nest_deeply_harm_nobody_else(stepwright: Kube, levels: int) -> None:
    deep = "[" * levels + "]" * levels  # put in and looked at as text: Python cannot parse it either
    bad = json.dumps(machine("bad", one({"Type": "Pass", "Result": "DEEP", "End": True})))
    stepwright("create", "-f", "-", input=bad.replace('"DEEP"', deep))
    execution_text = json.dumps(execution("deep", "fine", input="DEEP"))
    stepwright("create", "-f", "-", input=execution_text.replace('"DEEP"', deep))
    stepwright("wait", "--for=condition=Stalled", "sm/bad", "--timeout=10s")
    ended = stepwright.run("fine", PASS, input={"still": "here"})
    stepwright("wait", "--for=condition=Complete", "exec/deep", "--timeout=10s")

    assert output(ended) == {"still": "here"}
    message = '{.status.conditions[?(@.type=="Ready")].message}'
    assert stepwright("get", "sm", "bad", "-o", f"jsonpath={message}") == (
        f"The definition cannot run: A definition must not nest deeper than {NESTING} levels at /"
    )
    result = stepwright("get", "exec", "deep", "-o", "jsonpath={.status.error}{.status.output}")
    cause = stepwright("get", "exec", "deep", "-o", "jsonpath={.status.cause}")
    if levels > 400:
        assert result == "InvalidExecutionInput"
        assert cause == "spec.input nests deeper than the 400 levels that are allowed"
    else:
        assert result == deep


def test_a_resource_without_a_driver_says_so_at_its_place(stepwright: Kube) -> None:
    activity = "arn:aws:states:us-east-1:123456789012:activity:pack"
    pack = {"Type": "Task", "Resource": activity, "End": True}
    stepwright.apply(machine("pack", one(pack)), execution("pack-1", "pack"))
    found = checked(stepwright, "pack")

    assert condition(found, "Ready")["reason"] == "NoDriver"
    assert condition(found, "Ready")["message"] == (
        "The definition is valid, but this version of Stepwright cannot run it: "
        f"No driver serves '{activity}', so executions cannot start"
    )
    assert found["status"]["diagnostics"] == [
        {
            "severity": "WARNING",
            "code": "NO_DRIVER",
            "message": f"No driver serves '{activity}', so executions cannot start",
            "pointer": "/States/Only/Resource",
        }
    ]
    stepwright.until(
        "execution", "pack-1", lambda found: condition(found, "Ready").get("reason") == "StateMachineNotReady"
    )


def test_express_is_not_served_yet_and_its_own_rules_are_told(stepwright: Kube) -> None:
    stepwright.machine("quick", PASS, type="Express")
    assert condition(checked(stepwright, "quick"), "Ready")["message"] == (
        "The definition is valid, but this version of Stepwright cannot run it: "
        "Express executions are not served yet, so none can start; use the type Standard"
    )

    run_job = {"Type": "Task", "Resource": "arn:aws:states:::eks:runJob.sync", "End": True}
    _, sentence = refused(stepwright, one(run_job), type="Express")
    assert "Express state machine does not support '.sync' service integration" in sentence


def test_placeholders_are_replaced_and_what_has_no_value_stays(stepwright: Kube) -> None:
    definition = one({"Type": "Pass", "Result": "${Greeting} ${Name}, ${Name} ${f} ${Number}", "End": True})
    values = {"Greeting": 'Say "hi",', "Name": "Ada", "Number": 5}
    stepwright.machine("greet", definition, definitionSubstitutions=values)
    stepwright.start("greet-1", "greet")
    assert output(stepwright.ended("greet-1")) == 'Say "hi", Ada, Ada ${f} 5'

    _, sentence = refused(stepwright, definition, definitionSubstitutions={"Name": 1.5})
    assert sentence == (
        "The definition cannot run: The substitution for 'Name' must be a text, a whole number, true or false, not float"
        " at /"
    )


def test_an_object_and_its_text_are_the_same_definition(stepwright: Kube) -> None:
    stepwright.apply(
        machine("object", PASS),
        machine("text", json.dumps(PASS)),
        execution("object-1", "object", input={"a": 1}),
        execution("text-1", "text", input={"a": 1}),
    )

    assert stepwright.ended("object-1")["status"]["output"] == '{"a":1}'
    assert stepwright.ended("text-1")["status"]["output"] == '{"a":1}'


def test_what_the_schema_refuses_never_arrives(stepwright: Kube) -> None:
    misspelt = machine("m", PASS)
    misspelt["spec"]["definitoin"] = misspelt["spec"].pop("definition")

    assert 'unknown field "spec.definitoin"' in stepwright.refused(misspelt)
    assert "spec.definition: Required value" in stepwright(
        "create", "--validate=false", "-f", "-", input=json.dumps(misspelt), check=False
    )
    assert "Unsupported value" in stepwright.refused(machine("m", PASS, type="Fast"))
    assert "should match" in stepwright.refused(execution("e", "No_Such.Name"))


# --- Executions ------------------------------------------------------------------------------------------------------


def test_a_choice_without_match_fails(stepwright: Kube) -> None:
    rule = {"Variable": "$.kind", "StringEquals": "book", "Next": "Done"}
    choose = {"Type": "Choice", "Choices": [rule]}
    done = {"Type": "Succeed"}
    definition = {"StartAt": "Choose", "States": {"Choose": choose, "Done": done}}
    ended = stepwright.run("choose", definition, input={"kind": "toy"})

    assert ended["status"]["error"] == "States.Runtime"
    assert "Choose" in ended["status"]["cause"]


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        pytest.param(
            {"input": {}, "inputJson": "{}"},
            "spec.input and spec.inputJson are both given: give one of them",
            id="both",
        ),
        pytest.param(
            {"inputJson": '{"half": '},
            "spec.inputJson is not JSON: the text ends in the middle of a value at line 1, column 10",
            id="half a JSON",
        ),
        pytest.param(
            {"inputJson": "[1e999]"},
            "spec.inputJson is not JSON: a number is too large for a floating point number "
            "at line 1, column 1",
            id="a number beyond all floats",
        ),
        pytest.param(
            {"inputJson": "[" + "9" * 5_000 + "]"},
            "spec.inputJson is not JSON: an integer has more than 4300 digits at line 1, column 1",
            id="an integer of 5,000 digits",
        ),
        pytest.param(
            {"inputJson": "[" * 10_000 + "]" * 10_000},
            "spec.inputJson nests deeper than the 400 levels that are allowed",
            id="10,000 levels",
        ),
        pytest.param(
            {"input": {"text": "x" * 262_144}},
            "spec.input has 262,155 bytes, more than the 262,144 (256 KiB) that are allowed",
            id="over 256 KiB",
        ),
        pytest.param(
            {"inputJson": json.dumps("é" * 131_072, ensure_ascii=False)},
            "spec.inputJson has 262,146 bytes, more than the 262,144 (256 KiB) that are allowed",
            id="over 256 KiB in bytes, not in characters",
        ),
    ],
)
def test_bad_input_fails_the_execution_before_it_starts(
    kube: Kube, request: pytest.FixtureRequest, spec: Object, cause: str
) -> None:
    made = {**execution("bad", "fine"), "spec": {**execution("bad", "fine")["spec"], **spec}}
    said = kube("create", "-f", "-", input=json.dumps(made), check=False)
    if " created" not in said:  # an admission policy has said it first
        assert "both" in said
        assert "both" in cause
        return
    stepwright: Kube = request.getfixturevalue("stepwright")
    stepwright.machine("fine", PASS)
    ended = stepwright.ended("bad")

    assert ended["status"]["phase"] == "Failed"
    assert (ended["status"]["error"], ended["status"]["cause"]) == ("InvalidExecutionInput", cause)
    assert condition(ended, "Complete")["reason"] == "Failed"
    assert condition(ended, "Stalled")["reason"] == "InvalidInput"
    assert condition(ended, "Stalled")["message"] == (
        f"The execution cannot start with its input: InvalidExecutionInput: {cause}"
    )
    assert ended["status"]["observedGeneration"] == ended["metadata"]["generation"]


def test_more_than_256_kib_as_text_is_refused_by_kubectl(stepwright: Kube) -> None:
    huge = json.dumps(execution("huge", "fine", inputJson=json.dumps("x" * 262_144)))

    assert "Too long: may not be more than 262144 bytes" in stepwright(
        "create", "-f", "-", input=huge, check=False
    )
    assert "metadata.annotations: Too long" in stepwright("apply", "-f", "-", input=huge, check=False)
    assert not stepwright.exists("execution", "huge")


@pytest.mark.parametrize("name", ["a" * 253, ".".join(["b" * 40] * 6)[:253], "c." * 100 + "c"])
def test_long_names_of_executions_and_state_machines_work(stepwright: Kube, name: str) -> None:
    work = job('echo 1 > "$STEPWRIGHT_OUTPUT_FILE"')
    ended = stepwright.run(name, one(work))

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    made = stepwright.get("job", ended["status"]["transitions"][0]["job"])
    assert len(made["metadata"]["name"]) <= 63
    assert len(made["metadata"]["labels"]["stepwright.dev/execution"]) <= 63


def test_states_may_be_named_as_people_like(stepwright: Kube) -> None:
    name = "Prüfe die Größe: 大きい? / ~1 " + "x" * 50
    work = {**job('echo 1 > "$STEPWRIGHT_OUTPUT_FILE"'), "End": True}
    ended = stepwright.run("named", {"StartAt": name, "States": {name: work}})

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    transition = ended["status"]["transitions"][0]
    assert transition["state"] == name
    annotations = stepwright.get("job", transition["job"])["metadata"]["annotations"]
    assert annotations["stepwright.dev/state"] == name


def test_names_that_kubernetes_refuses_are_refused_at_once(stepwright: Kube) -> None:
    assert "Invalid value" in stepwright.refused(execution("Order_7", "m"))
    assert "Invalid value" in stepwright.refused(execution("x" * 254, "m"))
    assert "Invalid value" in stepwright.refused(machine("Ümlaut", PASS))


# --- Tasks -----------------------------------------------------------------------------------------------------------


def caught(state: Object) -> Object:
    """A definition that answers with what the state failed with."""
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}]
    return {
        "StartAt": "Try",
        "States": {"Try": {**state, "Catch": catch}, "Caught": {"Type": "Pass", "End": True}},
    }


def test_an_image_that_is_not_there_fails_after_the_grace_period(stepwright: Kube) -> None:
    missing = job("true", parameters={"image": "localhost/no-such-image:1"})
    stepwright.machine("m", caught(missing), taskDefaults={"pendingGraceSeconds": 1})
    stepwright.start("e", "m")
    found = output(stepwright.ended("e"))

    assert found["Error"] == "Job.ImagePullFailed"
    assert "localhost/no-such-image:1" in found["Cause"]


def test_half_a_json_is_an_error_and_never_a_guess(stepwright: Kube) -> None:
    found = output(stepwright.run("half", caught(job("printf '{\"a\": 1' > $STEPWRIGHT_OUTPUT_FILE"))))

    assert found["Error"] == "Job.OutputInvalid"
    assert found["Cause"].endswith(
        "(7 bytes) is not JSON: the text ends in the middle of a value at line 1, column 8."
    )


def test_a_quota_that_refuses_the_job_can_be_caught(stepwright: Kube) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
    stepwright.apply({**quota, "spec": {"hard": {"count/jobs.batch": "0"}}})
    stepwright.until("quota", "none", lambda found: (found.get("status") or {}).get("hard"))
    found = output(stepwright.run("m", caught(job("true"))))

    assert found["Error"] == "Job.QuotaExceeded"
    assert found["Cause"].startswith(f"A quota of namespace {stepwright.namespace} is used up: ")
    assert "exceeded quota: none" in found["Cause"]


def test_a_definition_that_cannot_be_recorded_says_so_and_is_tried_again(stepwright: Kube) -> None:
    """Its executions used to say that there was no such state machine."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
    stepwright.apply({**quota, "spec": {"hard": {"count/controllerrevisions.apps": "0"}}})
    stepwright.until("quota", "none", lambda found: (found.get("status") or {}).get("hard"))
    stepwright.apply(machine("m", PASS), execution("e", "m"))
    delayed = stepwright.until("sm", "m", lambda sm: condition(sm, "Ready").get("reason") == "Delayed")
    # The operator may hear of the execution before it hears of the state machine.
    waiting = stepwright.until(
        "execution", "e", lambda found: condition(found, "Ready").get("reason") == "StateMachineNotReady"
    )

    assert condition(delayed, "Reconciling")["status"] == "True"
    sentence = "The definition could not be recorded and is tried again: controllerrevisions.apps "
    assert condition(delayed, "Ready")["message"].startswith(sentence)
    assert "exceeded quota: none" in condition(delayed, "Ready")["message"]
    assert sentence in condition(waiting, "Ready")["message"]
    stepwright("delete", "quota", "none")
    assert stepwright.ended("e")["status"]["phase"] == "Succeeded"
    assert condition(stepwright.get("sm", "m"), "Ready")["status"] == "True"


# --- What goes away underneath ---------------------------------------------------------------------------------------


def test_a_deleted_state_machine_waits_for_its_running_execution_and_takes_no_new_one(
    stepwright: Kube,
) -> None:
    stepwright.apply(machine("m", one({"Type": "Wait", "Seconds": 5, "End": True})), execution("e", "m"))
    stepwright.until("execution", "e", lambda found: found["status"].get("phase") == "Running")
    stepwright("delete", "sm", "m", "--wait=false")
    draining = stepwright.until("sm", "m", lambda sm: condition(sm, "Ready").get("reason") == "Draining")
    stepwright.start("late", "m")
    stepwright.until(
        "execution", "late", lambda found: condition(found, "Ready").get("reason") == "StateMachineNotReady"
    )

    assert condition(draining, "Ready")["message"] == (
        "The state machine is being deleted and waits for its executions to end."
    )
    assert stepwright.ended("e")["status"]["phase"] == "Succeeded"
    stepwright("wait", "--for=delete", "sm/m", "--timeout=10s")
    stepwright.until(
        "execution", "late", lambda found: condition(found, "Ready")["reason"] == "WaitingForStateMachine"
    )


def test_a_revision_deleted_by_hand_fails_its_execution_plainly_after_a_restart(
    kube: Kube, own_operator: OperatorProcess
) -> None:
    own_operator.start()
    kube.apply(machine("m", one(job("sleep 600"))), execution("e", "m"))
    running = kube.until("execution", "e", lambda found: found["status"].get("currentState") == "Only")
    kube("wait", "--for=create", "job", "-l", "stepwright.dev/execution=e", "--timeout=10s")
    own_operator.kill()
    revision = running["status"]["stateMachine"]["revision"]
    kube("delete", "controllerrevision", revision)
    kube("delete", "sm", "m", "--wait=false")
    own_operator.start()
    ended = kube.ended("e")

    assert ended["status"]["error"] == "States.Runtime"
    assert ended["status"]["cause"] == (
        f"The execution cannot go on: the ControllerRevision {kube.namespace}/{revision} of its definition "
        "no longer exists."
    )
    assert ended["status"]["settled"] is True
    assert ended["status"]["transitions"][0]["outcome"] == "Failed"
    history = kube.history("e")
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert history[-1]["type"] == "ExecutionFailed"
    assert kube.list("jobs") == []
    kube("wait", "--for=delete", "sm/m", "--timeout=15s")


@pytest.fixture
def second(installed: Cluster) -> Iterator[Kube]:
    """A second namespace, to be deleted."""
    name = f"test-{os.urandom(5).hex()}"
    installed.kubectl("create", "namespace", name)
    yield Kube(installed, name)
    installed.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def test_a_namespace_deleted_in_the_middle_goes_away_and_the_operator_works_on(
    kube: Kube,
    second: Kube,
    operator_account: OperatorAccount,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    if os.environ.get("STEPWRIGHT_TEST_OPERATOR") != "own":
        request.getfixturevalue("shared_operator").stop()
    watched = (f"--namespace={kube.namespace}", f"--namespace={second.namespace}")
    log_path = tmp_path / "operator.log"
    process = OperatorProcess(
        kube.cluster, log_path, *watched, lease_namespace=kube.namespace, account=operator_account
    )
    with process as operator:
        retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 9}]
        work = {**job("sleep 2"), "Retry": retry}
        second.apply(machine("work", one(work)), execution("work-1", "work"), execution("waiting", "none"))
        second.apply(machine("wait", one({"Type": "Wait", "Seconds": 600, "End": True})))
        second.start("wait-1", "wait")
        second.until("execution", "work-1", lambda found: found["status"].get("currentState"), seconds=10)
        second("wait", "--for=create", "job", "-l", "stepwright.dev/execution=work-1", "--timeout=20s")
        kube.cluster.kubectl("delete", "namespace", second.namespace, "--timeout=60s")

        assert operator.alive
        kube.machine("m", PASS)
        kube.start("e", "m")
        assert kube.ended("e")["status"]["phase"] == "Succeeded"
        kube("delete", "sm", "m")


# --- Hands off -------------------------------------------------------------------------------------------------------


def _as_editor(kube: Kube) -> Callable[..., str]:
    """kubectl as somebody with what the chart adds to the role ``edit``, in this namespace."""
    documents = yaml.safe_load_all((ROOT / "deploy" / "rbac.yaml").read_text())
    label = "rbac.authorization.k8s.io/aggregate-to-edit"
    rules = [
        rule
        for found in documents
        if found["kind"] == "ClusterRole" and (found["metadata"].get("labels") or {}).get(label) == "true"
        for rule in found["rules"]
    ]
    group = "rbac.authorization.k8s.io"
    metadata = {"name": "editors"}
    kube.apply(
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "editors"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": "eva"}],
        },
    )
    deadline = time.monotonic() + 60
    while "yes" not in kube("auth", "can-i", "create", "executions.stepwright.dev", "--as=eva", check=False):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return lambda *arguments, **options: kube(*arguments, "--as=eva", check=False, **options)


def test_an_editor_starts_and_stops_executions_but_cannot_write_their_status(stepwright: Kube) -> None:
    eva = _as_editor(stepwright)
    wait = one({"Type": "Wait", "Seconds": 600, "End": True})
    for made in (machine("m", wait), execution("e", "m")):
        assert "created" in eva("create", "-f", "-", input=json.dumps(made))
    stepwright.until("execution", "e", lambda found: found["status"].get("phase") == "Running")
    forged = '{"status": {"phase": "Succeeded", "output": "1"}}'

    answer = eva("patch", "execution", "e", "--subresource=status", "--type=merge", "-p", forged)
    assert 'User "eva" cannot patch resource "executions/status"' in answer
    answer = eva("patch", "sm", "m", "--subresource=status", "--type=merge", "-p", forged)
    assert 'User "eva" cannot patch resource "statemachines/status"' in answer
    answer = eva("delete", "executionhistories", "--all")
    assert "cannot list resource" in answer or "No resources found" in answer or "forbidden" in answer
    # What is not the status subresource leaves the status as it is.
    eva("patch", "execution", "e", "--type=merge", "-p", forged)
    assert stepwright.get("execution", "e")["status"]["phase"] == "Running"
    assert "patched" in eva("patch", "execution", "e", "--type=merge", "-p", '{"spec": {"stop": {}}}')
    assert stepwright.ended("e")["status"]["phase"] == "Aborted"
