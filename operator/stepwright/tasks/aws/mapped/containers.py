"""The containers of a Job that stands for one of AWS's: a template's, with what a task overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from stepwright.asl.json_types import Json

Object = dict[str, Any]

MAIN: Final = "main"
_OF_A_CONTAINER: Final = ("image", "imagePullPolicy", "command", "args", "env", "resources")
GPU: Final = "nvidia.com/gpu"


class Unmapped(ValueError):  # noqa: N818 - it names a condition
    """What a task asks for and no Job can do, as a sentence without its stop."""


def require_none_of(given: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if given.get(name):
            shown = name[:1].upper() + name[1:]
            raise Unmapped(
                f"The field '{shown}' means nothing to a Job of this cluster, which stands for this definition"
            )


def whole_job(template: Mapping[str, Any]) -> Object:
    """The Job that ``k8s:job`` would make of a template's parameters, without what is the state machine's."""
    if "job" in template:
        job: Object = deepcopy(template["job"])
    elif "podTemplate" in template:
        job = {"spec": {"template": deepcopy(template["podTemplate"])}}
    else:
        container = {name: deepcopy(template[name]) for name in _OF_A_CONTAINER if name in template}
        job = {"spec": {"template": {"spec": {"containers": [{"name": MAIN, **container}]}}}}
    spec = job.setdefault("spec", {})
    spec.setdefault("template", {}).setdefault("spec", {}).setdefault("containers", [{"name": MAIN}])
    return job


def pod_of(job: Object) -> Object:
    spec: Object = job["spec"]["template"]["spec"]
    return spec


def main_of(job: Object) -> Object:
    """The one called ``main``, else the first."""
    containers = pod_of(job)["containers"]
    return next((each for each in containers if each.get("name") == MAIN), containers[0])


@dataclass(frozen=True, slots=True)
class Overrides:
    """Of one container. ``cpu``: in CPUs; ``memory``, ``reserved``: in MiB, the most that it may have, and what is kept for it."""

    command: list[str] | None = None
    environment: Mapping[str, str] | None = None
    cpu: str | None = None
    memory: str | None = None
    reserved: str | None = None
    gpus: str | None = None


def override(container: Object, given: Overrides) -> None:
    """``command`` stands in place of the container's ``args``, as it does of an image's CMD."""
    if given.command is not None:
        container["args"] = list(map(literal, given.command))
    if given.environment:
        kept = [entry for entry in container.get("env") or () if entry.get("name") not in given.environment]
        own = [{"name": name, "value": literal(value)} for name, value in given.environment.items()]
        container["env"] = [*kept, *own]
    if (given.cpu, given.memory, given.reserved, given.gpus) != (None, None, None, None):
        _override_resources(container.setdefault("resources", {}), given)


def _override_resources(resources: Object, given: Overrides) -> None:
    asked, most = resources.setdefault("requests", {}), resources.setdefault("limits", {})
    if given.cpu is not None:
        asked["cpu"] = given.cpu
        most.pop("cpu", None)
    if given.memory is not None:
        most["memory"] = f"{given.memory}Mi"
        asked["memory"] = f"{given.reserved or given.memory}Mi"
    elif given.reserved is not None:
        asked["memory"] = f"{given.reserved}Mi"
    if given.gpus is not None:
        most[GPU] = given.gpus
        asked.pop(GPU, None)


def literal(text: str) -> str:
    """Kubernetes would read ``$(NAME)`` and ``$$`` in it."""
    return text.replace("$", "$$")


def read_literal(text: str) -> str:
    return text.replace("$$", "$")


def required(resources: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """``{"VCPU": "2"}`` of a list of ResourceRequirements. Raises Unmapped."""
    found = {each["type"]: str(each["value"]) for each in resources}
    for kind in found.keys() - {"VCPU", "MEMORY", "GPU"}:
        raise Unmapped(f"A Job of this cluster has no resource of the type {kind}")
    return found


def environment(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {entry["name"]: entry.get("value", "") for entry in given}


# --- What a Job has come to -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ended:
    """One container of one pod."""

    pod: str
    name: str
    exit_code: int | None
    reason: str | None
    started: datetime | None
    stopped: datetime | None


def ended(described: Mapping[str, Any]) -> list[list[Ended]]:
    """The containers of each pod, the oldest pod first. ``described``: what the driver of Jobs says about a Job."""
    return [
        [
            Ended(
                pod["name"],
                container["name"],
                container.get("exitCode"),
                pod.get("reason") or _reason(container),
                moment(container.get("startedAt")),
                moment(container.get("finishedAt")),
            )
            for container in pod["containers"]
        ]
        for pod in described.get("pods") or ()
    ]


def _reason(container: Mapping[str, Any]) -> str | None:
    """AWS has none for a container that has just ended."""
    reason = container.get("reason")
    return None if reason in ("Completed", "Error") else reason


def why_failed(described: Mapping[str, Any]) -> str:
    conditions = (described.get("status") or {}).get("conditions") or ()
    failed: Mapping[str, Any] = next((each for each in conditions if each.get("type") == "Failed"), {})
    return f"{failed.get('reason') or 'Failed'}: {failed.get('message') or 'the Job has failed'}"


def moment(text: Json) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def last_transition(described: Mapping[str, Any]) -> datetime | None:
    """When the Job has ended."""
    status = described.get("status") or {}
    ends = [each for each in status.get("conditions") or () if each.get("type") in ("Complete", "Failed")]
    return moment(status.get("completionTime") or (ends[0].get("lastTransitionTime") if ends else None))
