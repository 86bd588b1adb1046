"""``batch:submitJob.sync`` as a Job: made from what SubmitJob is given, and described as DescribeJobs describes jobs.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html, API_JobDetail.html and, for what containers are told,
https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from stepwright.tasks.aws.mapped import containers
from stepwright.tasks.aws.mapped.containers import Object, Overrides

SERVICE: Final = "batch"
DEFINITION: Final = "jobDefinition"
TOLD: Final = "JobDetail"

MOST_AT_ONCE: Final = 100
"""Pods of an array job, unless its template says more (``parallelism``)."""

_NOT_MAPPED: Final = (
    *("dependsOn", "nodeOverrides", "eksPropertiesOverride", "ecsPropertiesOverride"),
    "consumableResourcePropertiesOverride",
)
_PARAMETER: Final = re.compile(r"Ref::([\w.-]+)")
_JOB_UID: Final = "metadata.labels['batch.kubernetes.io/controller-uid']"
_INDEX: Final = "metadata.annotations['batch.kubernetes.io/job-completion-index']"


def job(template: Mapping[str, Any], given: Mapping[str, Any]) -> Object:
    containers.require_none_of(given, _NOT_MAPPED)
    retries, overrides = given.get("retryStrategy") or {}, given.get("containerOverrides") or {}
    containers.require_none_of(retries, ("evaluateOnExit",))
    made = containers.whole_job(template)
    spec, main = made["spec"], containers.main_of(made)
    asked = containers.required(overrides.get("resourceRequirements") or ())
    own = Overrides(
        command=overrides.get("command"),
        environment={
            "AWS_BATCH_JQ_NAME": str(given["jobQueue"]).rpartition("/")[2],
            **containers.environment(overrides.get("environment") or ()),
        },
        cpu=asked.get("VCPU") or _text(overrides.get("vcpus")),
        memory=asked.get("MEMORY") or _text(overrides.get("memory")),
        gpus=asked.get("GPU"),
    )
    containers.override(main, own)
    main["env"].append(_of_pod("AWS_BATCH_JOB_ID", _JOB_UID))
    _substitute(main, given.get("parameters") or {})
    if (seconds := (given.get("timeout") or {}).get("attemptDurationSeconds")) is not None:
        containers.pod_of(made)["activeDeadlineSeconds"] = seconds
    size = (given.get("arrayProperties") or {}).get("size")
    if size is not None:
        _make_array(spec, main, size)
    limit = "backoffLimit" if size is None else "backoffLimitPerIndex"
    if (attempts := retries.get("attempts")) is not None:
        spec[limit] = attempts - 1
    spec.setdefault(limit, 0)
    return made


def arn(place: str, uid: str, given: Mapping[str, Any]) -> str:  # noqa: ARG001
    return f"arn:aws:batch:{place}:job/{uid}"


def begun(job_arn: str, uid: str, given: Mapping[str, Any]) -> Object:
    """SubmitJob's answer."""
    return {"jobArn": job_arn, "jobId": uid, "jobName": given["jobName"]}


def uid_of(submitted: Mapping[str, Any]) -> tuple[str, str] | None:
    job_arn, uid = submitted.get("JobArn"), submitted.get("JobId")
    return (job_arn, uid) if isinstance(job_arn, str) and isinstance(uid, str) else None


def told(
    job_arn: str, uid: str, given: Mapping[str, Any], described: Mapping[str, Any], *, failed: str | None
) -> Object:
    pods = containers.ended(described)
    mains = [_main(pod) for pod in pods if pod]
    attempts = [
        {
            "container": {"exitCode": one.exit_code, "reason": one.reason, "logStreamName": one.pod},
            "startedAt": _millis(one.started),
            "stoppedAt": _millis(one.stopped),
            "statusReason": _reason(one),
        }
        for one in mains
    ]
    detail: Object = {
        **begun(job_arn, uid, given),
        "jobQueue": given["jobQueue"],
        "jobDefinition": given["jobDefinition"],
        "status": "SUCCEEDED" if failed is None else "FAILED",
        "statusReason": _reason(mains[-1]) if mains else failed,
        "attempts": attempts,
        "createdAt": _millis(containers.moment((described.get("metadata") or {}).get("creationTimestamp"))),
        "startedAt": _millis(containers.moment((described.get("status") or {}).get("startTime"))),
        "stoppedAt": _millis(containers.last_transition(described)),
        "dependsOn": [],
        "parameters": given.get("parameters") or {},
        "retryStrategy": {
            "attempts": (given.get("retryStrategy") or {}).get("attempts", 1),
            "evaluateOnExit": [],
        },
        "timeout": given.get("timeout"),
        "tags": given.get("tags") or {},
    }
    if described.get("spec"):
        detail["container"] = _container(described, mains)
    if (size := (given.get("arrayProperties") or {}).get("size")) is not None:
        status = described.get("status") or {}
        summary = {"SUCCEEDED": status.get("succeeded", 0), "FAILED": size - status.get("succeeded", 0)}
        detail["arrayProperties"] = {"size": size, "statusSummary": summary}
    return detail


def _of_pod(name: str, field: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}


def _make_array(spec: Object, main: Object, size: int) -> None:
    main["env"].append({"name": "AWS_BATCH_JOB_ARRAY_SIZE", "value": str(size)})
    main["env"].append(_of_pod("AWS_BATCH_JOB_ARRAY_INDEX", _INDEX))
    spec |= {"completionMode": "Indexed", "completions": size}
    spec.setdefault("parallelism", min(size, MOST_AT_ONCE))
    spec.pop("backoffLimit", None)


def _substitute(main: Object, parameters: Mapping[str, str]) -> None:
    """``Ref::name`` in a command is a parameter; what no parameter is meant by stays, as on AWS."""
    for name in ("command", "args"):
        if name in main:
            main[name] = [
                _PARAMETER.sub(lambda found: _meant(parameters, found), word) for word in main[name]
            ]


def _meant(parameters: Mapping[str, str], found: re.Match[str]) -> str:
    return containers.literal(parameters[found[1]]) if found[1] in parameters else found[0]


def _main(pod: list[containers.Ended]) -> containers.Ended:
    return next((each for each in pod if each.name == containers.MAIN), pod[0])


def _reason(one: containers.Ended) -> str:
    if one.reason == "DeadlineExceeded":
        return "Job attempt duration exceeded timeout"
    return "Essential container in task exited"


def _container(described: Mapping[str, Any], mains: list[containers.Ended]) -> Object:
    main = containers.main_of(dict(described))
    last = mains[-1] if mains else None
    return {
        "image": main.get("image"),
        "command": list(map(containers.read_literal, main.get("args") or main.get("command") or [])),
        "environment": [
            {"name": entry["name"], "value": containers.read_literal(entry["value"])}
            for entry in main.get("env") or ()
            if "value" in entry
        ],
        "exitCode": None if last is None else last.exit_code,
        "reason": None if last is None else last.reason,
        "logStreamName": None if last is None else last.pod,
        "mountPoints": [],
        "ulimits": [],
        "volumes": [],
        "networkInterfaces": [],
        "resourceRequirements": [],
    }


def _millis(moment: Any) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
