"""The kind TaskTemplate: what stands for a function, called by name from the Task states of its namespace."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from stepwright.cluster.resources.model import Conditions, Name, ObjectMeta, Observed, Written, rules
from stepwright.cluster.resources.pod_security import Verbatim
from stepwright.cluster.resources.task_defaults import Annotation, Label, ResourceRequirements

_FUNCTION_NAME = r"^[a-zA-Z0-9_-]{1,140}$"

FunctionName = Annotated[str, Field(min_length=1, max_length=140, pattern=_FUNCTION_NAME)]
"""The name of a Lambda function, without what precedes and follows it in an ARN."""

Port = Annotated[
    int | str,
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "maxLength": 15,
        }
    ),
]
"""A port of a Service, by its number or its name."""


Words = Annotated[list[Annotated[str, Field(max_length=32768)]], Field(max_length=256)]


class Lambda(Written):
    """Which Lambda functions it stands for."""

    names: Annotated[list[FunctionName], Field(max_length=32)] | None = None
    """Names of functions, as in their ARNs. Beside these it stands for the function that has its own name, in small letters
    and with - for _."""
    qualifiers: Annotated[dict[str, Name], Field(max_length=32)] | None = None
    """The TaskTemplate that stands for a version or an alias of these functions, by its name; this one stands for all
    others."""


class HttpService(Written):
    """A Service in this namespace, called at its cluster IP."""

    name: Name
    """The Service's name."""
    port: Port | None = None
    """The Service's port, by number or name; may be left out if there is only one."""
    path: Annotated[str, Field(max_length=1024, pattern=r"^/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$")] = "/"
    """With the protocol json, the path to which payloads are posted; with lambda, what precedes /2015-03-31."""


class Http(Written):
    """Calls go to a Service by HTTP."""

    service: HttpService
    """A Service in this namespace, called at its cluster IP."""
    protocol: Literal["lambda", "json"] = "lambda"
    """lambda: Lambda's Invoke API, as images built on AWS's Lambda bases speak it. json: the payload is posted, and the
    answer is the result."""
    function_name: FunctionName = "function"
    """With the protocol lambda, the name in the path; AWS's images know only function."""
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 900
    """How long a call may take."""
    connect_seconds: Annotated[int, Field(ge=0, le=3000)] = 30
    """How long a call waits for a pod to take it: one that starts, or the first of a Deployment that had none."""
    on_lost_answer: Literal["Repeat", "Fail"] = "Repeat"
    """What becomes of a call if the operator ended while it was under way. Repeat: it is made again, with the same
    Idempotency-Key. Fail: the task fails with Lambda.SdkClientException."""


_OF_A_CONTAINER = " || ".join(
    f"has(self.{field})" for field in ("image", "imagePullPolicy", "command", "args", "env", "resources")
)


class EnvVar(Written):
    """An environment variable, as in a container."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Its name."""
    value: Annotated[str, Field(max_length=32768)] | None = None
    """Its value."""
    value_from: Verbatim | None = None
    """Where its value is kept."""


class Job(Written):
    """A Job runs for each call. The fields are the parameters of k8s:job."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("!has(self.job) || !has(self.podTemplate)", "give either podTemplate or job"),
            (
                f"!(has(self.job) || has(self.podTemplate)) || !({_OF_A_CONTAINER})",
                "podTemplate and job say all about their containers: what else is said of these must stand inside",
            ),
        )
    )

    image: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """The container's image; by default taskDefaults.image of the state machine that calls."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When the image is pulled, as in a container."""
    command: Words | None = None
    """What runs instead of the image's entrypoint."""
    args: Words | None = None
    """The command's arguments."""
    env: Annotated[list[EnvVar], Field(max_length=256)] | None = None
    """Environment variables of the container."""
    resources: ResourceRequirements | None = None
    """Compute resources of the container."""
    labels: Annotated[dict[str, Label], Field(max_length=32)] | None = None
    """Labels of the Job and its pods."""
    annotations: Annotated[dict[str, Annotation], Field(max_length=32)] | None = None
    """Annotations of the pods."""
    pod_template: Verbatim | None = None
    """A whole pod template (metadata, spec) instead of the fields of one container."""
    job: Verbatim | None = None
    """A whole Job (metadata, spec) instead."""
    output: Literal["file", "stdout"] = "file"
    """Where the answer is: in the file that $STEPWRIGHT_OUTPUT_FILE names, or in the last line of stdout."""


class Worker(Written):
    """Workers ask for the calls: processes that run anywhere and need no Service."""

    timeout_seconds: Annotated[int, Field(ge=1, le=604_800)] = 900
    """How long a worker may take for a task, from its claim. How long a task waits for a worker is up to the state
    (TimeoutSeconds)."""
    heartbeat_seconds: Annotated[int, Field(ge=3, le=3600)] = 60
    """How long a worker that has a task may be silent; then the task fails with Lambda.SdkClientException."""


class TaskTemplateSpec(Written):
    """What is called, and under which names."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "[has(self.http), has(self.job), has(self.worker)].filter(given, given).size() == 1",
                "give one of http, job and worker",
            ),
            ("has(self.http) || !has(self.maxConcurrency)", "maxConcurrency is for http"),
        )
    )

    lambda_: Annotated[Lambda | None, Field(alias="lambda")] = None
    """Which Lambda functions it stands for."""
    http: Http | None = None
    """Calls go to a Service by HTTP."""
    job: Job | None = None
    """A Job runs for each call. The fields are the parameters of k8s:job."""
    worker: Worker | None = None
    """Workers ask for the calls: processes that run anywhere and need no Service."""
    max_concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many calls each operator makes at once; further ones wait their turn. By default 64."""


class TaskTemplateStatus(Observed):
    """What the operator found out about this template."""

    observed_generation: int = 0
    """The metadata.generation that the rest of the status describes."""
    conditions: Conditions
    """Ready says whether tasks can call it."""


class TaskTemplate(Observed):
    """What runs in place of a function: tasks call it as k8s:task/NAME, or by the Lambda function that it stands for."""

    model_config = ConfigDict(title="TaskTemplate")

    api_version: Literal["stepwright.dev/v1"]
    kind: Literal["TaskTemplate"]
    metadata: ObjectMeta
    spec: TaskTemplateSpec
    """What is called, and under which names."""
    status: Annotated[
        TaskTemplateStatus,
        Field(json_schema_extra={"default": {"observedGeneration": 0}}),
    ] = Field(default_factory=lambda: TaskTemplateStatus(conditions=[]))
    """What the operator found out about this template."""
