"""The pod template of a task: what the author gave, the state machine's defaults, and the container contract.

The contract: the input is a file (never env or args, where the kubelet rewrites ``$(VAR)`` and ``$$``), the
output is the termination message, and the pod has no more rights than the state machine grants. What the
author gave is kept unchanged; anything that would break the contract is refused with its place, never
silently changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from stepwright.tasks.job import confinement, names
from stepwright.tasks.job.errors import refused
from stepwright.tasks.job.parameters import Parameters
from stepwright.tasks.job.settings import Settings

T = TypeVar("T")

MAIN: Final = "main"
INPUT_FOLDER: Final = "/stepwright"
INPUT_FILE: Final = f"{INPUT_FOLDER}/input.json"
OUTPUT_FILE: Final = "/dev/termination-log"
INPUT_VOLUME: Final = "stepwright-input"
ENV_PREFIX: Final = "STEPWRIGHT_"

LARGEST_ANNOTATED_INPUT_BYTES: Final = 32 * 1024
"""A larger input goes into a Secret: all annotations of a pod together may have 256 KiB, and the template is
in the Job and again in each pod, both of which every watcher receives with each change of status."""


def build(
    parameters: Parameters,
    settings: Settings,
    input_text: str,
    secret: str | None,
    labels: Mapping[str, str],
    *,
    whole_job: bool,
) -> dict[str, Any]:
    """``secret``: the Secret that is to hold the input, None if an annotation does. ``labels``: Stepwright's
    own.

    ``whole_job``: the template comes from a whole Job, whose author decides on restarts inside the pod.
    Raises StateError (Job.Refused).
    """
    template, where = _given(parameters)
    spec = as_object(template.get("spec"), f"{where}.spec")
    containers = _list(spec.get("containers"), f"{where}.spec.containers")
    if not containers:
        raise refused(f"{where}.spec.containers is empty: a task needs a container.")
    spec["containers"] = containers = [
        as_object(container, f"{where}.spec.containers[{index}]")
        for index, container in enumerate(containers)
    ]
    main = main_container(containers)
    main.setdefault("name", MAIN)
    _complete_container(main, settings, where)
    _complete_spec(spec, settings, where, whole_job=whole_job)
    by_contract = parameters.output != "job"
    if by_contract:
        _take_output(main)
        _give_input(spec, main, secret, where)
    metadata = as_object(template.get("metadata"), f"{where}.metadata")
    given_labels = without_own_names(metadata.get("labels"), f"{where}.metadata.labels")
    given_annotations = without_own_names(metadata.get("annotations"), f"{where}.metadata.annotations")
    annotations = {
        **settings.annotations,
        **given_annotations,
        **without_own_names(parameters.annotations, "annotations"),
    }
    if by_contract and secret is None:
        annotations[names.INPUT] = input_text
    return {
        "metadata": {
            "labels": {
                **settings.labels,
                **given_labels,
                **without_own_names(parameters.labels, "labels"),
                **labels,
            },
            "annotations": annotations,
        },
        "spec": spec,
    }


def main_container(containers: list[dict[str, Any]]) -> dict[str, Any]:
    """The one called ``main``, else the first."""
    return next((container for container in containers if container.get("name") == MAIN), containers[0])


def _given(parameters: Parameters) -> tuple[dict[str, Any], str]:
    """A copy of the template as the author gave it, and the name of its place."""
    if parameters.job is not None:
        spec = as_object(parameters.job.get("spec"), "job.spec")
        return copy_of(as_object(spec.get("template"), "job.spec.template")), "job.spec.template"
    if parameters.pod_template is not None:
        return copy_of(dict(parameters.pod_template)), "podTemplate"
    container = {"name": MAIN, **copy_of(dict(parameters.container or {}))}
    return {"spec": {"containers": [container]}}, "Parameters"


def _complete_container(main: dict[str, Any], settings: Settings, where: str) -> None:
    if not main.get("image"):
        if settings.image is None:
            raise refused(
                f"No image is given: name one in {where}, or in spec.taskDefaults.image of the state machine."
            )
        main["image"] = settings.image
    if settings.image_pull_policy is not None:
        main.setdefault("imagePullPolicy", settings.image_pull_policy)
    if settings.resources is not None:
        main.setdefault("resources", settings.resources)


def _take_output(main: dict[str, Any]) -> None:
    for field, ours in (("terminationMessagePath", OUTPUT_FILE), ("terminationMessagePolicy", "File")):
        if main.setdefault(field, ours) != ours:
            raise refused(
                f"{field} of container {main['name']} must be {ours}: the task's output is read there. Leave it out."
            )


def _complete_spec(spec: dict[str, Any], settings: Settings, where: str, *, whole_job: bool) -> None:
    restart = spec.setdefault("restartPolicy", "Never")
    if restart != "Never" and not (whole_job and restart == "OnFailure"):
        raise refused(f"{where}.spec.restartPolicy must be Never: its Retry says whether a task runs again.")
    _decide_account(spec, settings, where)
    selector = as_object(spec.get("nodeSelector"), f"{where}.spec.nodeSelector")
    if settings.node_selector or selector:
        spec["nodeSelector"] = {**settings.node_selector, **selector}
    for field, defaults in (
        ("tolerations", settings.tolerations),
        ("imagePullSecrets", settings.image_pull_secrets),
        ("topologySpreadConstraints", settings.topology_spread_constraints),
    ):
        given = _list(spec.get(field), f"{where}.spec.{field}")
        if defaults or given:
            spec[field] = [*given, *(item for item in defaults if item not in given)]
    for field, value in settings.pod.items():
        spec.setdefault(field, value)
    _limit_empty_dirs(spec, settings, where)
    confinement.confine(spec, _all_containers(spec, where), settings, where, as_object)


def _all_containers(spec: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    first = _list(spec.get("initContainers"), f"{where}.spec.initContainers")
    return [container for container in (*first, *spec["containers"]) if isinstance(container, dict)]


def _limit_empty_dirs(spec: Mapping[str, Any], settings: Settings, where: str) -> None:
    if settings.empty_dir_size_limit is None:
        return
    for volume in _list(spec.get("volumes"), f"{where}.spec.volumes"):
        if isinstance(volume, dict) and isinstance(volume.get("emptyDir"), dict):
            volume["emptyDir"].setdefault("sizeLimit", settings.empty_dir_size_limit)


def _decide_account(spec: dict[str, Any], settings: Settings, where: str) -> None:
    """Otherwise whoever may create Jobs could run pods as anyone, and read that account's token."""
    allowed = settings.task_service_account
    for field in ("serviceAccountName", "serviceAccount"):
        named = spec.pop(field, None)
        if named and named != (allowed or "default"):
            raise refused(
                f"{where}.spec.{field} names {named!r}, but the state machine's tasks run as "
                f"{allowed or 'default'!r}: set spec.taskServiceAccountName of the state machine."
            )
    if allowed is not None:
        spec["serviceAccountName"] = allowed
        spec.setdefault("automountServiceAccountToken", False)
        return
    asked = "mounts the token of the account 'default', which the state machine does not grant: set "
    asked += "spec.taskServiceAccountName of the state machine."
    if spec.setdefault("automountServiceAccountToken", False) is not False:
        raise refused(f"{where}.spec.automountServiceAccountToken {asked}")
    for volume in _list(spec.get("volumes"), f"{where}.spec.volumes"):
        projected = volume.get("projected") if isinstance(volume, dict) else None
        sources = projected.get("sources") if isinstance(projected, dict) else None
        if isinstance(sources, list) and any(
            isinstance(source, dict) and "serviceAccountToken" in source for source in sources
        ):
            raise refused(f"{where}.spec.volumes: the volume {volume.get('name')!r} {asked}")


def _give_input(spec: dict[str, Any], main: dict[str, Any], secret: str | None, where: str) -> None:
    name = main["name"]
    environment = _list(main.get("env"), f"env of container {name}")
    for variable in environment:
        if isinstance(variable, dict) and str(variable.get("name", "")).startswith(ENV_PREFIX):
            raise refused(f"env of container {name} sets {variable['name']}: {ENV_PREFIX}* is Stepwright's.")
    # First, so that the author's own variables can refer to them.
    main["env"] = [
        {"name": ENV_PREFIX + "INPUT_FILE", "value": INPUT_FILE},
        {"name": ENV_PREFIX + "OUTPUT_FILE", "value": OUTPUT_FILE},
        *environment,
    ]
    mounts = _list(main.get("volumeMounts"), f"volumeMounts of container {name}")
    for mount in mounts:
        path = str(mount.get("mountPath", "")) if isinstance(mount, dict) else ""
        if path.rstrip("/") == INPUT_FOLDER or path.startswith(f"{INPUT_FOLDER}/"):
            raise refused(f"volumeMounts of container {name} uses {path}: the task's input is there.")
    main["volumeMounts"] = [*mounts, {"name": INPUT_VOLUME, "mountPath": INPUT_FOLDER, "readOnly": True}]
    volumes = _list(spec.get("volumes"), f"{where}.spec.volumes")
    if any(isinstance(volume, dict) and volume.get("name") == INPUT_VOLUME for volume in volumes):
        raise refused(f"{where}.spec.volumes has a volume {INPUT_VOLUME!r}: that name is Stepwright's.")
    file = INPUT_FILE.rpartition("/")[2]
    source: dict[str, Any]
    if secret is None:
        field = {"fieldPath": f"metadata.annotations['{names.INPUT}']"}
        source = {"downwardAPI": {"items": [{"path": file, "fieldRef": field}]}}
    else:
        # A pod waits for a missing Secret: the Job comes first, so that it can own the Secret.
        source = {"secret": {"secretName": secret, "items": [{"key": file, "path": file}]}}
    spec["volumes"] = [*volumes, {"name": INPUT_VOLUME, **source}]


def without_own_names(given: Any, where: str) -> dict[str, str]:
    """Labels or annotations of the author, none of them in Stepwright's name."""
    mapping = as_object(given, where)
    for name in mapping:
        if name.startswith(names.PREFIX):
            raise refused(f"{where} sets {name}: {names.PREFIX}* is Stepwright's.")
    return mapping


def copy_of(value: T) -> T:
    """A deep copy of a JSON value. ``copy.deepcopy`` also checks for cycles and takes five times as long."""
    parts: Any = value
    if isinstance(parts, dict):
        parts = {name: copy_of(part) for name, part in parts.items()}
    elif isinstance(parts, list):
        parts = [copy_of(part) for part in parts]
    return parts  # type: ignore[no-any-return] # of the same type


def as_object(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refused(f"{where} must be an object.")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise refused(f"{where} must be a list.")
    return value
