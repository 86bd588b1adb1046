"""The Parameters or Arguments of a Job task, read at run time and checked in definitions.

``k8s:job`` takes names spelled as in the Kubernetes API. ``arn:aws:states:::eks:runJob.sync`` takes AWS's names
(https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html), of which ``Job`` holds the whole Job, which runs
as it is; what names an EKS cluster is accepted and means this cluster.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.step import StartTask
from stepwright.tasks.calls.fields import OBJECT, TEXT, Field, Fields, choice, mapping, text
from stepwright.tasks.job import described
from stepwright.tasks.job.described import NO_LOGS, LogOptions
from stepwright.tasks.job.errors import refused

K8S_JOB: Final = parse_resource("k8s:job")
EKS_RUN_JOB: Final = parse_resource("arn:aws:states:::eks:runJob.sync")
CONTAINERS: Final = parse_resource("k8s:job/containers")
"""What tasks of other integrations are to this driver, which no definition can name: ``Job`` runs as it is, and the result
describes its pods' containers, too."""

_CODE: Final = "SCHEMA_VALIDATION_FAILED"  # AWS's code for an invalid field


@dataclass(frozen=True, slots=True)
class Parameters:
    """``job``, ``pod_template`` and the fields of the single container exclude one another."""

    input: Json
    output: Literal["file", "stdout", "job"] = "file"
    """``job``: the Job itself is the result, and its containers are given nothing (``described``)."""
    logs: LogOptions = NO_LOGS
    pods: bool = False
    """Whether the result describes the Job's pods."""
    container: Mapping[str, Any] | None = None
    """image, imagePullPolicy, command, args, env, resources as given."""
    pod_template: Mapping[str, Any] | None = None
    job: Mapping[str, Any] | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    namespace: str | None = None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_env(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and isinstance(item.get("name"), str)
        and isinstance(item.get("value", ""), str)
        and item.keys() <= {"name", "value", "valueFrom"}
        for item in value
    )


_TEXT: Final = text()
_TEXTS: Final = Field("a list of texts", _is_texts, schema={"type": "array", "items": TEXT})
_TEXT_MAP: Final = Field(
    "an object whose values are texts", _is_text_map, schema={"type": "object", "additionalProperties": TEXT}
)
_OBJECT: Final = mapping()
_ANYTHING: Final = Field("any value", lambda _: True)

_CONTAINER: Final[Mapping[str, Field]] = {
    "image": _TEXT,
    "imagePullPolicy": choice("Always", "IfNotPresent", "Never"),
    "command": _TEXTS,
    "args": _TEXTS,
    "env": Field(
        "a list of objects with name and value or valueFrom, value being a text",
        _is_env,
        schema={"type": "array", "items": OBJECT},
    ),
    "resources": _OBJECT,
}
_K8S: Final[Mapping[str, Field]] = {
    **_CONTAINER,
    "labels": _TEXT_MAP,
    "annotations": _TEXT_MAP,
    "podTemplate": _OBJECT,
    "job": _OBJECT,
    "input": _ANYTHING,
    "output": choice("file", "stdout"),
}
_WHOLE: Final = ("podTemplate", "job", "Job")
_EKS: Final[Mapping[str, Field]] = {
    "ClusterName": _TEXT,
    "CertificateAuthority": _TEXT,
    "Endpoint": _TEXT,
    "Namespace": _TEXT,
    "LogOptions": Field(
        "an object with RetrieveLogs, RawLogs and LogParameters, as AWS has them",
        lambda value: described.problem(value) is None,
        schema=OBJECT,
    ),
    "Job": replace(_OBJECT, required=True),
}
_OF_CONTAINERS: Final[Mapping[str, Field]] = {"Job": _OBJECT, "labels": _TEXT_MAP, "annotations": _TEXT_MAP}


def read(task: StartTask) -> Parameters:
    """The parameters of a task about to start. Raises StateError (Job.Refused) naming what is wrong."""
    given = task.parameters if task.has_parameters else {}
    if not isinstance(given, dict):
        raise refused(f"Parameters must be an object, but {_kind(given)} was given.")
    shapes = _EKS if task.resource == EKS_RUN_JOB else _OF_CONTAINERS if task.resource == CONTAINERS else _K8S
    for name, value in given.items():
        if name not in shapes:
            raise refused(_unknown(name, task.resource, shapes))
        if not shapes[name].fits(value):
            raise refused(f"Parameter {name} must be {shapes[name].words}, but {_kind(value)} was given.")
    if (problem := _exclusion(given)) is not None:
        raise refused(problem)
    if task.resource in (EKS_RUN_JOB, CONTAINERS):
        if "Job" not in given:
            raise refused("Parameter Job is missing: the Job to run.")
        return Parameters(
            input=task.input,
            output="job",
            job=_get(given, "Job"),
            namespace=_get(given, "Namespace"),
            logs=described.log_options(_get(given, "LogOptions") or {}),
            pods=task.resource == CONTAINERS,
            labels=_get(given, "labels"),
            annotations=_get(given, "annotations"),
        )
    return Parameters(
        input=given.get("input", task.input),
        output=_get(given, "output") or "file",
        container={name: given[name] for name in _CONTAINER if name in given},
        pod_template=_get(given, "podTemplate"),
        job=_get(given, "job"),
        labels=_get(given, "labels"),
        annotations=_get(given, "annotations"),
    )


def serves(resource: Resource) -> bool:
    return resource in (K8S_JOB, EKS_RUN_JOB)


def schema(resource: Resource) -> dict[str, Any]:
    """Of the parameters, as JSON Schema."""
    return Fields(_EKS if resource == EKS_RUN_JOB else _K8S).schema()


def check_for(spec: Mapping[str, Any]) -> TaskCheck:
    """The check of tasks with the Resources served here, for a StateMachine's ``spec``: its defaults may
    provide what a task leaves out."""
    defaults = spec.get("taskDefaults")
    has_image = isinstance(defaults, Mapping) and bool(defaults.get("image"))
    return partial(check, default_image=has_image)


def check(
    resource: Resource, state: Mapping[str, Json], pointer: Pointer, *, default_image: bool = False
) -> Iterable[Diagnostic]:
    """What is wrong with a Task state of a definition. Values known only at run time (``image.$``, ``{% %}``)
    are checked then."""
    if not serves(resource):
        return
    for name in ("HeartbeatSeconds", "HeartbeatSecondsPath"):
        if name in state:
            yield _error(
                f"{name} needs an API through which the container sends heartbeats, and Stepwright does not serve "
                f"one yet: without it every task would fail. Leave it out; TimeoutSeconds limits the whole task.",
                f"{pointer}/{name}",
            )
    member = "Arguments" if "Arguments" in state else "Parameters"
    given = state.get(member, {})
    where = f"{pointer}/{member}"
    if isinstance(given, str) and given.startswith("{%"):
        return
    if not isinstance(given, dict):
        yield _error(f"{member} of {resource} must be an object, not {_kind(given)}", where)
        return
    yield from _check_members(given, resource, where)
    names = {name.removesuffix(".$") for name in given}
    if resource == EKS_RUN_JOB:
        if "Job" not in names:
            yield _error("Job is missing: the Job to run", where if member in state else pointer)
    elif not default_image and not names & {"image", "podTemplate", "job"}:
        yield Diagnostic(
            "WARNING",
            _CODE,
            "no image, podTemplate or job is given: the task runs only where taskDefaults.image of the state "
            "machine names an image",
            Pointer(where if member in state else pointer),
        )


def _check_members(given: Mapping[str, Json], resource: Resource, where: str) -> Iterator[Diagnostic]:
    shapes = _EKS if resource == EKS_RUN_JOB else _K8S
    for name, value in given.items():
        at = f"{where}/{name.replace('~', '~0').replace('/', '~1')}"
        plain = name.removesuffix(".$")
        if plain not in shapes:
            yield _error(_unknown(plain, resource, shapes), at)
        elif plain == name and not _is_open(value) and not shapes[name].fits(value):
            yield _error(f"{name} must be {shapes[name].words}, not {_kind(value)}", at)
        if plain in _WHOLE and (name != plain or (isinstance(value, str) and _is_open(value))):
            yield Diagnostic(
                "WARNING",
                _CODE,
                f"{plain} comes from data: whoever can start executions decides what runs, and which Secrets of the "
                f"namespace it reads. Write down what does not change, and take only values from data",
                Pointer(at),
            )
    problem = _exclusion({name.removesuffix(".$"): value for name, value in given.items()})
    if problem is not None:
        yield _error(problem, where)


def _is_open(value: Json) -> bool:
    """Whether some of it is known only at run time."""
    if isinstance(value, str):
        return value.startswith("{%")
    if isinstance(value, list):
        return any(_is_open(item) for item in value)
    if isinstance(value, dict):
        return any(name.endswith(".$") or _is_open(item) for name, item in value.items())
    return False


def _exclusion(given: Mapping[str, Any]) -> str | None:
    whole = [name for name in ("job", "podTemplate") if name in given]
    parts = [name for name in _CONTAINER if name in given]
    if len(whole) > 1 or (whole and parts):
        others = ", ".join([*whole[1:], *parts])
        return f"{whole[0]} says all about its containers, so {others} must stand inside it"
    return None


def _unknown(name: str, resource: Resource, shapes: Mapping[str, Field]) -> str:
    near = difflib.get_close_matches(name, shapes, n=1, cutoff=0.5) or [
        known for known in shapes if known.lower() == name.lower()
    ]
    hint = f"; is {near[0]!r} meant?" if near else f"; it takes {', '.join(shapes)}"
    return f"{resource} has no parameter {name!r}{hint}"


def _get(given: Mapping[str, Json], name: str) -> Any:
    return given.get(name)


def _kind(value: Any) -> str:
    """A value in an error: short texts as they are, everything else by type."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return repr(value) if len(value) <= 40 else f"a text of {len(value)} characters"
    names = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _error(message: str, pointer: str) -> Diagnostic:
    return Diagnostic("ERROR", _CODE, message, Pointer(pointer))
