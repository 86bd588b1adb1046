"""From the parameters of a Job task to what is run for it: what the kubelet would do, as far as one machine can."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from stepwright.asl.json_types import Json
from stepwright.asl.step import StartTask
from stepwright.tasks.job import parameters, template
from stepwright.tasks.job import settings as job_settings
from stepwright.tasks.job.described import NO_LOGS, LogOptions
from stepwright.tasks.job.errors import refused
from stepwright.tasks.processes.containers import Image

_REFERENCE: Final = re.compile(r"\$(\$|\(([-._a-zA-Z][-._a-zA-Z0-9]*)\))")


@dataclass(frozen=True, slots=True)
class Command:
    """``environment`` is added to that of Stepwright itself; ``output`` says where to look for the result.
    ``image``: it runs in a container of this image; ``words`` are then not used."""

    words: list[str]
    environment: Mapping[str, str]
    input: Json
    output: Literal["file", "stdout", "job"]
    image: Image | None = None
    job: Mapping[str, Any] | None = None
    """What is described as the result, if ``output`` says so."""
    logs: LogOptions = NO_LOGS
    indexes: int | None = None
    """It runs once for each, one after the other; None: once, without an index."""


def read(task: StartTask, settings: Mapping[str, Any], *, containers: bool) -> Command:
    """``settings``: what the state machine says for all of its tasks. ``containers``: whether they are
    available; then a task that names an image runs in one. Raises StateError (Job.Refused)."""
    given = parameters.read(task)
    container = _container(given)
    environment = _environment(container.get("env") or ())
    command, args = (
        [_expanded(word, environment) for word in container.get(name) or ()] for name in ("command", "args")
    )
    defaults = job_settings.read(settings)
    name = container.get("image") or defaults.image
    image = None
    if containers and name:
        policy = container.get("imagePullPolicy") or defaults.image_pull_policy
        image = Image(_image_name(name), command, args, _text(policy), _text(container.get("workingDir")))
        if _indexes(given) is not None:
            raise refused(
                "An Indexed Job runs in a cluster, or here as processes, but not in containers of Docker or Podman."
            )
    elif not command:
        raise refused(
            "Without a container a task runs as a process of this machine, which takes a command: what an image runs "
            "by itself is known only to the image. Give `command`."
        )
    return Command(
        [*command, *args],
        environment,
        given.input,
        given.output,
        image,
        given.job,
        given.logs,
        _indexes(given),
    )


def _indexes(given: parameters.Parameters) -> int | None:
    """Those of an Indexed Job."""
    spec = (given.job or {}).get("spec") or {}
    if spec.get("completionMode") != "Indexed":
        return None
    completions = spec.get("completions")
    if not isinstance(completions, int) or isinstance(completions, bool) or completions < 0:
        raise refused("job.spec.completions of an Indexed Job must be a whole number, 0 or more.")
    return completions


def _image_name(given: Any) -> str:
    """It may come from data, and must not become an option of the command."""
    if not isinstance(given, str) or given.startswith("-"):
        raise refused(f"The name of an image is a text that does not begin with a dash, not {given!r}.")
    return given


def _text(given: Any) -> str | None:
    return None if given is None else str(given)


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
                f"The environment variable {variable.get('name')} comes from the cluster (valueFrom), and there is none here."
            )
        environment[variable["name"]] = _expanded(variable.get("value", ""), environment)
    return environment


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    """``$(NAME)`` is what the variable holds, ``$$`` a dollar sign, as in a pod."""

    def put(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else environment.get(found[2], found[0])

    return _REFERENCE.sub(put, text)
