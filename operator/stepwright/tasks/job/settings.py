"""What a state machine says for all of its Jobs: accounts and ``taskDefaults`` of its spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stepwright.tasks.accounts import service_account

PRIVILEGED: Final = "privileged"
BASELINE: Final = "baseline"
"""What task pods may do if neither the state machine nor the installation says otherwise."""
RESTRICTED: Final = "restricted"
DEFAULT_TTL_SECONDS = 3600
DEFAULT_GRACE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Settings:
    """``service_account``: as whom the Job is created; ``task_service_account``: as whom its pods run."""

    service_account: str | None = None
    task_service_account: str | None = None
    image: str | None = None
    image_pull_policy: str | None = None
    image_pull_secrets: list[Any] = field(default_factory=list)
    resources: Mapping[str, Any] | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: list[Any] = field(default_factory=list)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    pod_security: str = BASELINE
    """privileged, baseline, restricted."""
    security_context: Mapping[str, Any] = field(default_factory=dict)
    pod_security_context: Mapping[str, Any] = field(default_factory=dict)
    pod: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the pod, by their names: what a pod template says itself wins."""
    topology_spread_constraints: list[Any] = field(default_factory=list)
    active_deadline_seconds: int | None = None
    empty_dir_size_limit: Any = None
    log_in_cause: bool = True
    ttl_seconds: int = DEFAULT_TTL_SECONDS
    pending_grace_seconds: float = DEFAULT_GRACE_SECONDS


_POD: Final = ("hostUsers", "runtimeClassName", "priorityClassName", "affinity", "enableServiceLinks")


def read(settings: Mapping[str, Any], pod_security: str = BASELINE) -> Settings:
    """From ``ExecutionRef.settings``, whose keys are those of StateMachine.spec and checked by its schema.

    ``pod_security``: the default if the state machine does not say.
    """
    defaults = settings.get("taskDefaults") or {}

    def or_else(name: str, default: Any) -> Any:
        value = defaults.get(name)
        return default if value is None else value

    return Settings(
        service_account=service_account(settings),
        task_service_account=settings.get("taskServiceAccountName") or None,
        image=defaults.get("image") or None,
        image_pull_policy=defaults.get("imagePullPolicy") or None,
        image_pull_secrets=or_else("imagePullSecrets", []),
        resources=defaults.get("resources"),
        node_selector=or_else("nodeSelector", {}),
        tolerations=or_else("tolerations", []),
        labels=or_else("labels", {}),
        annotations=or_else("annotations", {}),
        pod_security=or_else("podSecurity", pod_security),
        security_context=or_else("securityContext", {}),
        pod_security_context=or_else("podSecurityContext", {}),
        pod={name: defaults[name] for name in _POD if defaults.get(name) is not None},
        topology_spread_constraints=or_else("topologySpreadConstraints", []),
        active_deadline_seconds=defaults.get("activeDeadlineSeconds"),
        empty_dir_size_limit=defaults.get("emptyDirSizeLimit"),
        log_in_cause=or_else("logInCause", True),
        ttl_seconds=or_else("ttlSecondsAfterFinished", DEFAULT_TTL_SECONDS),
        pending_grace_seconds=or_else("pendingGraceSeconds", DEFAULT_GRACE_SECONDS),
    )


def alike(settings: Mapping[str, Any], own: Settings) -> list[Settings]:
    """What an operator with another default for ``pod_security`` may have read from the same settings; 0.1.0
    had none and set nothing."""
    if (settings.get("taskDefaults") or {}).get("podSecurity") is not None:
        return []
    others = (PRIVILEGED, BASELINE, RESTRICTED)
    return [replace(own, pod_security=other) for other in others if other != own.pod_security]
