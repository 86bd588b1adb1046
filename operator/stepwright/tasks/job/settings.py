"""What a state machine says for all of its Jobs: accounts and ``taskDefaults`` of its spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    ttl_seconds: int = DEFAULT_TTL_SECONDS
    pending_grace_seconds: float = DEFAULT_GRACE_SECONDS


def read(settings: Mapping[str, Any]) -> Settings:
    """From ``ExecutionRef.settings``, whose keys are those of StateMachine.spec and checked by its schema."""
    defaults = settings.get("taskDefaults") or {}

    def or_else(name: str, default: Any) -> Any:
        value = defaults.get(name)
        return default if value is None else value

    return Settings(
        service_account=settings.get("serviceAccountName") or None,
        task_service_account=settings.get("taskServiceAccountName") or None,
        image=defaults.get("image") or None,
        image_pull_policy=defaults.get("imagePullPolicy") or None,
        image_pull_secrets=or_else("imagePullSecrets", []),
        resources=defaults.get("resources"),
        node_selector=or_else("nodeSelector", {}),
        tolerations=or_else("tolerations", []),
        labels=or_else("labels", {}),
        annotations=or_else("annotations", {}),
        ttl_seconds=or_else("ttlSecondsAfterFinished", DEFAULT_TTL_SECONDS),
        pending_grace_seconds=or_else("pendingGraceSeconds", DEFAULT_GRACE_SECONDS),
    )
