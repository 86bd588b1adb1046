"""From the parameters of a Job task to a command line: what the kubelet would do, as far as a process can."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from stepwright.asl.json_types import Json
from stepwright.asl.step import StartTask
from stepwright.tasks.job import parameters, template
from stepwright.tasks.job.errors import refused

_REFERENCE: Final = re.compile(r"\$(\$|\(([-._a-zA-Z][-._a-zA-Z0-9]*)\))")


@dataclass(frozen=True, slots=True)
class Command:
    """``environment`` comes beside that of Stepwright itself; ``output`` says where the result is looked for."""

    words: list[str]
    environment: Mapping[str, str]
    input: Json
    output: Literal["file", "stdout"]


def read(task: StartTask) -> Command:
    """Raises StateError (Job.Refused)."""
    given = parameters.read(task)
    container = _container(given)
    environment = _environment(container.get("env") or ())
    words = [
        _expanded(word, environment)
        for word in [*(container.get("command") or ()), *(container.get("args") or ())]
    ]
    if not container.get("command"):
        raise refused(
            "Without Kubernetes a task runs as a process of this machine, which takes a command: what an image runs "
            "by itself is known only to the image. Give `command`."
        )
    return Command(words, environment, given.input, given.output)


def _container(given: parameters.Parameters) -> Mapping[str, Any]:
    whole = given.pod_template
    if given.job is not None:
        whole = (given.job.get("spec") or {}).get("template")
    if whole is None:
        return given.container or {}
    containers = (whole.get("spec") or {}).get("containers")
    if (
        not isinstance(containers, list)
        or not all(isinstance(one, dict) for one in containers)
        or not containers
    ):
        raise refused("The pod template has no containers: a task needs one.")
    return template.main_container(containers)


def _environment(env: Any) -> dict[str, str]:
    environment: dict[str, str] = {}
    for variable in env:
        if "valueFrom" in variable:
            raise refused(
                f"The environment variable {variable.get('name')} comes from the cluster (valueFrom), and here is none."
            )
        environment[variable["name"]] = _expanded(variable.get("value", ""), environment)
    return environment


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    """``$(NAME)`` is what the variable holds, ``$$`` a dollar sign, as in a pod."""

    def put(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else environment.get(found[2], found[0])

    return _REFERENCE.sub(put, text)
