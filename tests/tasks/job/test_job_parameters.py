"""What may stand in Parameters, at run time and in definitions."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.asl.resource import parse as parse_resource
from stepwright.tasks.job import EKS_RUN_JOB, K8S_JOB, check, parameters
from stepwright.tasks.job.described import LogOptions
from tests.tasks.job.running import task

REFUSED: list[tuple[str, Json, str]] = [
    ("no object", ["x"], "Parameters must be an object, but a list was given."),
    ("unknown key", {"imag": "x"}, "k8s:job has no parameter 'imag'; is 'image' meant?"),
    ("snake case", {"pod_template": {}}, "k8s:job has no parameter 'pod_template'; is 'podTemplate' meant?"),
    (
        "far off",
        {"zzz": 1},
        (
            "k8s:job has no parameter 'zzz'; it takes image, imagePullPolicy, command, args, env, resources, labels, "
            "annotations, podTemplate, job, input, output"
        ),
    ),
    (
        "command as text",
        {"command": "charge"},
        "Parameter command must be a list of texts, but 'charge' was given.",
    ),
    ("number in args", {"args": [1]}, "Parameter args must be a list of texts, but a list was given."),
    ("empty image", {"image": ""}, "Parameter image must be a text, but '' was given."),
    ("null image", {"image": None}, "Parameter image must be a text, but null was given."),
    (
        "number in env",
        {"env": [{"name": "N", "value": 1}]},
        (
            "Parameter env must be a list of objects with name and value or valueFrom, value being a text, "
            "but a list was given."
        ),
    ),
    ("output", {"output": "stderr"}, "Parameter output must be file or stdout, but 'stderr' was given."),
    (
        "image beside podTemplate",
        {"podTemplate": {}, "image": "x"},
        "podTemplate says all about its containers, so image must stand inside it",
    ),
    (
        "job and podTemplate",
        {"podTemplate": {}, "job": {}},
        "job says all about its containers, so podTemplate must stand inside it",
    ),
]


@pytest.mark.parametrize(
    ("given", "cause"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_wrong_parameters_are_refused(given: Json, cause: str) -> None:
    with pytest.raises(StateError) as caught:
        parameters.read(task(given))

    assert (caught.value.error, caught.value.cause) == ("Job.Refused", cause)


def test_without_input_the_states_input_counts() -> None:
    assert parameters.read(task({"image": "x"}, {"a": 1})).input == {"a": 1}
    assert parameters.read(task({"image": "x", "input": None}, {"a": 1})).input is None


def test_a_task_without_parameters_takes_its_input_for_input_only() -> None:
    this = task(None, {"image": "someone's data"})

    assert parameters.read(this).container == {}


def test_run_job_takes_awss_names() -> None:
    job: Json = {"spec": {"template": {}}}
    options: Json = {"RetrieveLogs": True, "LogParameters": {"tailLines": ["20"]}}
    given: Json = {
        "ClusterName": "c",
        "Endpoint": "e",
        "Namespace": "shop",
        "LogOptions": options,
        "Job": job,
    }

    read = parameters.read(task(given, 1, resource=EKS_RUN_JOB))

    assert (read.job, read.namespace, read.output) == (job, "shop", "job")
    assert read.logs == LogOptions(True, False, {"tailLines": 20})


@pytest.mark.parametrize(
    "options",
    [
        {"RetrieveLogs": "yes"},
        {"Retrieve": True},
        {"LogParameters": {"follow": ["true"]}},
        {"LogParameters": {"tailLines": 5}},
    ],
)
def test_options_of_logs_are_checked(options: Json) -> None:
    with pytest.raises(StateError, match="Parameter LogOptions must be an object with RetrieveLogs"):
        parameters.read(task({"Job": {}, "LogOptions": options}, resource=EKS_RUN_JOB))


def test_run_job_needs_its_job() -> None:
    with pytest.raises(StateError, match="Parameter Job is missing"):
        parameters.read(task({"ClusterName": "c"}, resource=EKS_RUN_JOB))


def findings(state: dict[str, Any], resource: Resource = K8S_JOB) -> list[tuple[str, str, str]]:
    found = check(resource, {"Type": "Task", "End": True, **state}, Pointer("/States/Ship"))
    return [(diagnostic.severity, diagnostic.pointer, diagnostic.message) for diagnostic in found]


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("plain", {"Parameters": {"image": "x", "command": ["y"]}}),
    ("image from a path", {"Parameters": {"image.$": "$.image", "args.$": "$.args"}}),
    ("path in the middle", {"Parameters": {"image": "x", "env": [{"name": "N", "value.$": "$.n"}]}}),
    (
        "JSONata",
        {"Arguments": {"image": "{% $states.input.image %}", "command": "{% $c %}", "args": ["{% $a %}"]}},
    ),
    ("JSONata for all", {"Arguments": "{% $states.input %}"}),
    ("template", {"Parameters": {"podTemplate": {"spec": {}}, "input.$": "$", "output": "stdout"}}),
]


@pytest.mark.parametrize("state", [case[1] for case in GOOD], ids=[case[0] for case in GOOD])
def test_good_definitions_pass(state: dict[str, Any]) -> None:
    assert findings(state) == []


NO_IMAGE = (
    "no image, podTemplate or job is given: the task runs only where taskDefaults.image of the state machine names "
    "an image"
)


def test_a_missing_image_is_a_warning() -> None:
    assert findings({}) == [("WARNING", "/States/Ship", NO_IMAGE)]
    assert findings({"Parameters": {"command": ["x"]}}) == [("WARNING", "/States/Ship/Parameters", NO_IMAGE)]


@pytest.mark.parametrize(
    ("given", "member"),
    [
        ({"Parameters": {"podTemplate.$": "$.pod"}}, "Parameters/podTemplate.$"),
        ({"Parameters": {"job.$": "$.job"}}, "Parameters/job.$"),
        ({"Arguments": {"job": "{% $states.input.job %}"}}, "Arguments/job"),
    ],
)
def test_a_pod_that_comes_from_data_is_a_warning(given: dict[str, Any], member: str) -> None:
    [(severity, pointer, message)] = findings(given)

    assert (severity, pointer) == ("WARNING", f"/States/Ship/{member}")
    assert message.startswith(
        f"{member.partition('/')[2].removesuffix('.$')} comes from data: whoever can start executions decides what "
        f"runs, and which Secrets of the namespace it reads."
    )


def test_every_problem_is_found_at_its_place() -> None:
    given = {"image": 1, "comand.$": "$.c", "env": [{"name": "A", "value": 2}]}

    assert findings({"Parameters": given}) == [
        ("ERROR", "/States/Ship/Parameters/image", "image must be a text, not a number"),
        (
            "ERROR",
            "/States/Ship/Parameters/comand.$",
            "k8s:job has no parameter 'comand'; is 'command' meant?",
        ),
        (
            "ERROR",
            "/States/Ship/Parameters/env",
            "env must be a list of objects with name and value or valueFrom, value being a text, not a list",
        ),
    ]


@pytest.mark.parametrize("name", ["HeartbeatSeconds", "HeartbeatSecondsPath"])
def test_heartbeats_are_refused_with_the_reason(name: str) -> None:
    [(severity, pointer, message)] = findings({"Parameters": {"image": "x"}, name: 10})

    assert (severity, pointer) == ("ERROR", f"/States/Ship/{name}")
    assert "needs an API through which the container sends heartbeats" in message


@pytest.mark.parametrize(
    "resource", ["arn:aws:states:::eks:runJob.sync", "arn:aws-cn:states:::eks:runJob.sync"]
)
def test_run_job_is_checked_by_awss_names(resource: str) -> None:
    state = {"Resource": resource, "Parameters": {"ClusterName": "c", "job": {}}}

    assert findings(state, parse_resource(resource)) == [
        (
            "ERROR",
            "/States/Ship/Parameters/job",
            "arn:aws:states:::eks:runJob.sync has no parameter 'job'; is 'Job' meant?",
        ),
        ("ERROR", "/States/Ship/Parameters", "Job is missing: the Job to run"),
    ]
