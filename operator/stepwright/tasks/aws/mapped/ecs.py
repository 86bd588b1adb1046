"""``ecs:runTask.sync`` as a Job: made from what RunTask is given, and described as DescribeTasks describes tasks.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html and API_Task.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stepwright.tasks.aws.mapped import containers
from stepwright.tasks.aws.mapped.containers import Object, Overrides, Unmapped

SERVICE: Final = "ecs"
DEFINITION: Final = "taskDefinition"
TOLD: Final = "Task"

_UNITS_OF_A_CPU: Final = 1024


def job(template: Mapping[str, Any], given: Mapping[str, Any]) -> Object:
    containers.require_none_of(given, ("volumeConfigurations",))
    if given.get("count", 1) != 1:
        raise Unmapped("A Job of this cluster stands for one task, so the field 'Count' must be 1")
    overrides = given.get("overrides") or {}
    containers.require_none_of(overrides, ("inferenceAcceleratorOverrides", "ephemeralStorage"))
    made = containers.whole_job(template)
    made["spec"].setdefault("backoffLimit", 0)
    own = containers.pod_of(made)["containers"]
    whole = Overrides(cpu=_cpus(overrides.get("cpu")), memory=overrides.get("memory"))
    containers.override(containers.main_of(made), whole)
    for given_of_one in overrides.get("containerOverrides") or ():
        containers.require_none_of(given_of_one, ("environmentFiles",))
        containers.override(_named(own, given_of_one.get("name")), _overrides(given_of_one))
    return made


def arn(place: str, uid: str, given: Mapping[str, Any]) -> str:
    return f"arn:aws:ecs:{place}:task/{_cluster(given)}/{uid}"


def begun(task_arn: str, uid: str, given: Mapping[str, Any]) -> Object:  # noqa: ARG001
    """RunTask's answer."""
    return {
        "tasks": [{**_task(task_arn, given), "lastStatus": "PROVISIONING", "desiredStatus": "RUNNING"}],
        "failures": [],
    }


def uid_of(submitted: Mapping[str, Any]) -> tuple[str, str] | None:
    tasks = submitted.get("Tasks")
    first = tasks[0] if isinstance(tasks, list) and tasks else None
    task_arn = first.get("TaskArn") if isinstance(first, dict) else None
    return (task_arn, task_arn.rpartition("/")[2]) if isinstance(task_arn, str) else None


def told(
    task_arn: str,
    uid: str,  # noqa: ARG001
    given: Mapping[str, Any],
    described: Mapping[str, Any],
    *,
    failed: str | None,
) -> Object:
    pods = [pod for pod in containers.ended(described) if pod]
    images = {each["name"]: each.get("image") for each in _containers(described)}
    last = pods[-1] if pods else []
    stopped = containers.last_transition(described)
    return {
        **_task(task_arn, given),
        "containers": [
            {
                "containerArn": f"{task_arn.replace(':task/', ':container/')}/{one.name}",
                "taskArn": task_arn,
                "name": one.name,
                "image": images.get(one.name),
                "lastStatus": "STOPPED",
                "exitCode": one.exit_code,
                "reason": one.reason,
            }
            for one in last
        ],
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "createdAt": containers.moment((described.get("metadata") or {}).get("creationTimestamp")),
        "startedAt": min((one.started for one in last if one.started is not None), default=None),
        "stoppedAt": stopped,
        "stoppingAt": stopped,
        "stopCode": "EssentialContainerExited" if last else "TaskFailedToStart",
        "stoppedReason": "Essential container in task exited" if last else failed,
    }


def _task(task_arn: str, given: Mapping[str, Any]) -> Object:
    family = str(given[DEFINITION]).rpartition("/")[2].partition(":")[0]
    cluster = _cluster(given)
    of_place = task_arn.partition(":task/")[0]
    overrides = given.get("overrides") or {}
    return {
        "taskArn": task_arn,
        "clusterArn": f"{of_place}:cluster/{cluster}",
        "taskDefinitionArn": given[DEFINITION],
        "group": given.get("group") or f"family:{family}",
        "launchType": given.get("launchType"),
        "startedBy": given.get("startedBy"),
        "cpu": overrides.get("cpu"),
        "memory": overrides.get("memory"),
        "overrides": {"containerOverrides": overrides.get("containerOverrides") or []},
        "tags": given.get("tags") or [],
    }


def _cluster(given: Mapping[str, Any]) -> str:
    return str(given.get("cluster") or "default").rpartition("/")[2]


def _named(own: list[Object], name: str | None) -> Object:
    """A template with one container need not call it as ECS does."""
    found = next((each for each in own if each.get("name") == name), None)
    if found is None and len(own) > 1:
        raise Unmapped(f"The TaskTemplate has no container with the name '{name}'")
    return own[0] if found is None else found


def _overrides(given: Mapping[str, Any]) -> Overrides:
    asked = containers.required(given.get("resourceRequirements") or ())
    return Overrides(
        command=given.get("command"),
        environment=containers.environment(given.get("environment") or ()),
        cpu=_cpus(given.get("cpu")),
        memory=_text(given.get("memory")),
        reserved=_text(given.get("memoryReservation")),
        gpus=asked.get("GPU"),
    )


def _cpus(units: Any) -> str | None:
    """Of 1,024 units each; Kubernetes counts in thousandths."""
    if units is None:
        return None
    try:
        return f"{round(int(units) * 1000 / _UNITS_OF_A_CPU)}m"
    except ValueError:
        raise Unmapped(f"The value of the field 'Cpu' must be a number of CPU units, not {units}") from None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _containers(described: Mapping[str, Any]) -> list[Object]:
    return containers.pod_of(dict(described))["containers"] if described.get("spec") else []
