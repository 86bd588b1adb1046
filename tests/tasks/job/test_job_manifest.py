"""The Job of a task: the container contract, defaults, and what is refused."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskId
from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.job import EKS_RUN_JOB, manifest, names, parameters, settings
from tests.tasks.job.running import task

UID = Uid("7f3c2d1e-0000-4000-8000-000000000001")


def build(this: StartTask, **spec: Any) -> manifest.Manifest:
    ref = ExecutionRef(UID, "shop", "order-7", "order", spec)
    return manifest.build(ref, this, parameters.read(this), settings.read(spec))


def pod(this: StartTask, **spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = build(this, **spec).job["spec"]["template"]["spec"]
    return found


def test_the_whole_job_of_a_simple_task() -> None:
    this = task(
        {
            "image": "charge:1",
            "command": ["charge"],
            "env": [{"name": "A", "value": "$(B)"}],
            "labels": {"team": "x"},
        },
        {"orderId": 7},
        task=TaskId(5),
        state="Charge it!",
        path="Both[0]/Charge it!",
    )
    made = build(this)
    labels = {
        "team": "x",
        "stepwright.dev/execution-uid": UID,
        "stepwright.dev/execution": "order-7",
        "stepwright.dev/state-machine": "order",
        "stepwright.dev/state": names.label_value("Charge it!"),
    }

    assert made.job == {
        "metadata": {
            "name": names.job_name(ExecutionRef(UID, "shop", "order-7", "order"), TaskId(5)),
            "labels": labels,
            "annotations": {
                "stepwright.dev/token": f"{UID}-5",
                "stepwright.dev/execution": "order-7",
                "stepwright.dev/state": "Charge it!",
                "stepwright.dev/path": "Both[0]/Charge it!",
            },
            "ownerReferences": [
                {
                    "apiVersion": "stepwright.dev/v1",
                    "kind": "Execution",
                    "name": "order-7",
                    "uid": UID,
                    "controller": True,
                }
            ],
        },
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": labels, "annotations": {"stepwright.dev/input": '{"orderId":7}'}},
                "spec": {
                    "containers": [
                        {
                            "name": "main",
                            "image": "charge:1",
                            "command": ["charge"],
                            "env": [
                                {"name": "STEPWRIGHT_INPUT_FILE", "value": "/stepwright/input.json"},
                                {"name": "STEPWRIGHT_OUTPUT_FILE", "value": "/dev/termination-log"},
                                {"name": "A", "value": "$(B)"},
                            ],
                            "terminationMessagePath": "/dev/termination-log",
                            "terminationMessagePolicy": "File",
                            "volumeMounts": [
                                {"name": "stepwright-input", "mountPath": "/stepwright", "readOnly": True}
                            ],
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                            },
                        }
                    ],
                    "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": False,
                    "volumes": [
                        {
                            "name": "stepwright-input",
                            "downwardAPI": {
                                "items": [
                                    {
                                        "path": "input.json",
                                        "fieldRef": {
                                            "fieldPath": "metadata.annotations['stepwright.dev/input']"
                                        },
                                    }
                                ]
                            },
                        }
                    ],
                },
            },
            "podFailurePolicy": {
                "rules": [
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
                ]
            },
            "podReplacementPolicy": "Failed",
        },
    }
    assert made.ttl_seconds == 3600
    assert made.secret("j") is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(json_values, st.booleans())
def test_input_is_kept_byte_for_byte(value: Json, large: bool) -> None:
    value = ["x" * 40_000, value] if large else [value]
    text = jsontext.dump(value)
    made = build(task({"image": "x"}, value))
    annotations = made.job["spec"]["template"]["metadata"]["annotations"]

    if len(text.encode()) <= 32 * 1024:
        assert annotations[names.INPUT] == text
    else:
        secret = made.secret("job-uid")
        assert secret is not None
        assert base64.b64decode(secret["data"]["input.json"]).decode() == text
        assert names.INPUT not in annotations


def test_a_large_input_is_a_secret_of_the_job() -> None:
    made = build(task({"image": "x"}, "x" * 40_000))

    secret = made.secret("job-uid")
    assert secret is not None
    assert secret["metadata"]["ownerReferences"] == [
        {"apiVersion": "batch/v1", "kind": "Job", "name": made.name, "uid": "job-uid"}
    ]
    volumes = made.job["spec"]["template"]["spec"]["volumes"]
    items = [{"key": "input.json", "path": "input.json"}]
    assert volumes == [
        {"name": "stepwright-input", "secret": {"secretName": secret["metadata"]["name"], "items": items}}
    ]


DEFAULTS: dict[str, Any] = {
    "image": "default:1",
    "imagePullPolicy": "IfNotPresent",
    "imagePullSecrets": [{"name": "registry"}],
    "resources": {"limits": {"memory": "1Gi"}},
    "nodeSelector": {"disk": "ssd", "zone": "a"},
    "tolerations": [{"key": "batch", "operator": "Exists"}],
    "labels": {"team": "shop", "tier": "1"},
    "annotations": {"note": "default"},
    "ttlSecondsAfterFinished": 60,
}


def test_defaults_fill_what_the_task_leaves_open() -> None:
    made = build(task({"labels": {"tier": "2"}}), taskDefaults=DEFAULTS)
    template = made.job["spec"]["template"]
    main = template["spec"]["containers"][0]

    assert (main["image"], main["imagePullPolicy"], main["resources"]) == (
        "default:1",
        "IfNotPresent",
        {"limits": {"memory": "1Gi"}},
    )
    assert template["spec"]["nodeSelector"] == {"disk": "ssd", "zone": "a"}
    assert template["spec"]["tolerations"] == DEFAULTS["tolerations"]
    assert template["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    for labels in (template["metadata"]["labels"], made.job["metadata"]["labels"]):
        assert {"team": "shop", "tier": "2"}.items() <= labels.items()
    assert template["metadata"]["annotations"]["note"] == "default"
    assert made.ttl_seconds == 60


def test_what_the_task_says_itself_wins() -> None:
    spec = {
        "nodeSelector": {"zone": "b"},
        "tolerations": [{"key": "own"}],
        "containers": [{"image": "own:1", "resources": {}}],
    }
    found = pod(task({"podTemplate": {"spec": spec}}), taskDefaults=DEFAULTS)

    assert found["nodeSelector"] == {"disk": "ssd", "zone": "b"}
    assert found["tolerations"] == [{"key": "own"}, {"key": "batch", "operator": "Exists"}]
    assert (found["containers"][0]["image"], found["containers"][0]["resources"]) == ("own:1", {})


def test_the_main_container_is_main_else_the_first() -> None:
    def with_input(*containers: str) -> list[bool]:
        given = [{"name": name, "image": "x"} for name in containers]
        found = pod(task({"podTemplate": {"spec": {"containers": given}}}))
        return ["volumeMounts" in container for container in found["containers"]]

    assert with_input("a", "b") == [True, False]
    assert with_input("a", "main") == [False, True]


def test_task_pods_run_as_the_account_of_the_state_machine() -> None:
    found = pod(task({"image": "x"}), taskServiceAccountName="worker")

    assert (found["serviceAccountName"], found["automountServiceAccountToken"]) == ("worker", False)


def test_the_token_of_the_named_account_is_mounted_where_asked_for() -> None:
    spec = {
        "serviceAccountName": "worker",
        "automountServiceAccountToken": True,
        "containers": [{"image": "x"}],
    }
    found = pod(task({"podTemplate": {"spec": spec}}), taskServiceAccountName="worker")

    assert (found["serviceAccountName"], found["automountServiceAccountToken"]) == ("worker", True)


def test_a_whole_job_keeps_its_own_rules() -> None:
    spec = {
        "backoffLimit": 2,
        "completions": 3,
        "ttlSecondsAfterFinished": 5,
        "activeDeadlineSeconds": 9,
        "podFailurePolicy": {
            "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}]
        },
        "template": {"spec": {"containers": [{"image": "x"}]}},
    }
    given = {"metadata": {"name": "dropped", "labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": spec}
    this = task({"job": given})
    before = copy.deepcopy(this.parameters)
    made = build(this)
    job = made.job["spec"]

    assert (job["backoffLimit"], job["completions"], job["activeDeadlineSeconds"]) == (2, 3, 9)
    assert "ttlSecondsAfterFinished" not in job
    assert made.ttl_seconds == 5
    assert made.job["metadata"]["annotations"]["stepwright.dev/ttl-seconds"] == "5"
    assert [rule["action"] for rule in job["podFailurePolicy"]["rules"]] == ["Ignore", "FailJob"]
    assert made.job["metadata"]["labels"]["a"] == "b"
    assert made.job["metadata"]["annotations"]["c"] == "d"
    assert made.job["metadata"]["name"] == made.name
    assert this.parameters == before


def template(**spec: Any) -> dict[str, Any]:
    return {"podTemplate": {"spec": {"containers": [{"image": "x"}], **spec}}}


def container(**fields: Any) -> dict[str, Any]:
    return {"podTemplate": {"spec": {"containers": [{"image": "x", **fields}]}}}


def job(**fields: Any) -> dict[str, Any]:
    return {"job": {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}, **fields}}}


def test_a_limit_for_each_index_is_the_only_one() -> None:
    """The Job's own limit of 0 ended all indexes with the first failure."""
    spec = job(completions=3, completionMode="Indexed", backoffLimitPerIndex=1)

    assert "backoffLimit" not in build(task(spec)).job["spec"]


def test_the_last_lines_of_100_indexes_are_read() -> None:
    build(task({**job(completions=100, completionMode="Indexed"), "output": "stdout"}))


def test_a_whole_job_may_restart_its_containers() -> None:
    template = {"spec": {"restartPolicy": "OnFailure", "containers": [{"image": "x"}]}}
    job = build(task({"job": {"spec": {"template": template}}})).job["spec"]

    # The API server takes podFailurePolicy only with restartPolicy Never.
    assert "podFailurePolicy" not in job
    assert "podReplacementPolicy" not in job


TOKEN = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
GRANT = (
    "mounts the token of the account 'default', which the state machine does not grant: set "
    "spec.taskServiceAccountName of the state machine."
)
REFUSED: list[tuple[str, Any, str]] = [
    (
        "no image",
        {"command": ["x"]},
        "No image is given: name one in Parameters, or in spec.taskDefaults.image of the state machine.",
    ),
    (
        "no containers",
        {"podTemplate": {}},
        "podTemplate.spec.containers is empty: a task needs a container.",
    ),
    (
        "containers no list",
        {"podTemplate": {"spec": {"containers": {}}}},
        "podTemplate.spec.containers must be a list.",
    ),
    (
        "container no object",
        {"podTemplate": {"spec": {"containers": ["x"]}}},
        "podTemplate.spec.containers[0] must be an object.",
    ),
    (
        "another account",
        template(serviceAccountName="admin"),
        (
            "podTemplate.spec.serviceAccountName names 'admin', but the state machine's tasks run as 'default': set "
            "spec.taskServiceAccountName of the state machine."
        ),
    ),
    (
        "another account, old name",
        template(serviceAccount="admin"),
        (
            "podTemplate.spec.serviceAccount names 'admin', but the state machine's tasks run as 'default': set "
            "spec.taskServiceAccountName of the state machine."
        ),
    ),
    (
        "the token of default",
        template(automountServiceAccountToken=True),
        f"podTemplate.spec.automountServiceAccountToken {GRANT}",
    ),
    (
        "the token of default, projected",
        template(volumes=[{"name": "t", **TOKEN}]),
        f"podTemplate.spec.volumes: the volume 't' {GRANT}",
    ),
    (
        "restarts",
        template(restartPolicy="OnFailure"),
        "podTemplate.spec.restartPolicy must be Never: its Retry says whether a task runs again.",
    ),
    (
        "fallback to logs",
        container(terminationMessagePolicy="FallbackToLogsOnError"),
        "terminationMessagePolicy of container main must be File: the task's output is read there. Leave it out.",
    ),
    (
        "own environment",
        {"image": "x", "env": [{"name": "STEPWRIGHT_INPUT_FILE", "value": "/x"}]},
        "env of container main sets STEPWRIGHT_INPUT_FILE: STEPWRIGHT_* is Stepwright's.",
    ),
    (
        "own folder",
        container(volumeMounts=[{"name": "v", "mountPath": "/stepwright/x"}]),
        "volumeMounts of container main uses /stepwright/x: the task's input is there.",
    ),
    (
        "own volume",
        template(volumes=[{"name": "stepwright-input", "emptyDir": {}}]),
        "podTemplate.spec.volumes has a volume 'stepwright-input': that name is Stepwright's.",
    ),
    (
        "own label",
        {"image": "x", "labels": {"stepwright.dev/execution-uid": "1"}},
        "labels sets stepwright.dev/execution-uid: stepwright.dev/* is Stepwright's.",
    ),
    ("kind", {"job": {"kind": "CronJob"}}, "job.kind must be 'Job'."),
    ("member", {"job": {"spce": {}}}, "job has no member 'spce'; it has apiVersion, kind, metadata, spec."),
    (
        "owner",
        {"job": {**job()["job"], "metadata": {"ownerReferences": []}}},
        "job.metadata.ownerReferences cannot be given: Stepwright decides on it. Leave it out.",
    ),
    (
        "namespace",
        {"job": {**job()["job"], "metadata": {"namespace": "kube-system"}}},
        "The Job names the namespace 'kube-system', but Jobs run in that of their execution, 'shop'.",
    ),
    (
        "selector",
        job(manualSelector=True),
        "job.spec.manualSelector cannot be given: a task's Job is run by Kubernetes' own controller.",
    ),
    (
        "ttl",
        job(ttlSecondsAfterFinished="1h"),
        "job.spec.ttlSecondsAfterFinished must be a whole number of seconds, 0 or more.",
    ),
    (
        "stdout of several",
        {**job(completions=2), "output": "stdout"},
        "output: stdout needs a Job with one completion, or an Indexed one: with several there is no last line.",
    ),
    (
        "stdout of many indexes",
        {**job(completions=101, completionMode="Indexed"), "output": "stdout"},
        (
            "output: stdout is read for up to 100 indexes, but the Job has 101 completions: let them write to "
            "$STEPWRIGHT_OUTPUT_FILE."
        ),
    ),
]


@pytest.mark.parametrize(
    ("given", "cause"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_breaks_the_contract_is_refused(given: Json, cause: str) -> None:
    with pytest.raises(StateError) as caught:
        build(task(given))

    assert (caught.value.error, caught.value.cause) == ("Job.Refused", cause)


def test_a_token_in_the_authors_annotations_is_refused() -> None:
    given = {"job": {**job()["job"], "metadata": {"annotations": {"stepwright.dev/token": "1"}}}}

    with pytest.raises(StateError, match=r"job\.metadata\.annotations sets stepwright\.dev/token"):
        build(task(given))


def test_run_job_in_another_namespace_is_refused() -> None:
    given = {"Namespace": "prod", "Job": job()["job"]}

    with pytest.raises(StateError, match=r"names the namespace 'prod'"):
        build(task(given, resource=EKS_RUN_JOB))


def test_naming_the_default_account_is_naming_none() -> None:
    assert "serviceAccountName" not in pod(task(template(serviceAccountName="default")))
