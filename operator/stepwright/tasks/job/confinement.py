"""What task pods may do: the defaults of Pod Security, where a task and its state machine say nothing.

https://kubernetes.io/docs/concepts/security/pod-security-standards/. ``baseline`` here removes more than the
standard of that name demands: everything that nearly every program can do without. ``restricted`` adds what
depends on the image: no root.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stepwright.tasks.job.settings import Settings

AsObject = Callable[[Any, str], dict[str, Any]]


def confine(
    spec: dict[str, Any],
    containers: list[dict[str, Any]],
    settings: Settings,
    where: str,
    as_object: AsObject,
) -> None:
    """Complete the security contexts of a pod and its containers, field by field."""
    pod = {
        **settings.pod_security_context,
        **as_object(spec.get("securityContext"), f"{where}.spec.securityContext"),
    }
    confined = settings.pod_security != "privileged" and not _is_windows(spec)
    if confined:
        pod.setdefault("seccompProfile", {"type": "RuntimeDefault"})
        if settings.pod_security == "restricted":
            pod.setdefault("runAsNonRoot", True)
    if pod:
        spec["securityContext"] = pod
    for container in containers:
        at = f"securityContext of container {container.get('name')}"
        own = {**settings.security_context, **as_object(container.get("securityContext"), at)}
        if confined:
            _confine_container(own, as_object(own.get("capabilities"), f"{at}.capabilities"))
        if own:
            container["securityContext"] = own


def _confine_container(own: dict[str, Any], capabilities: Mapping[str, Any]) -> None:
    if own.get("privileged"):
        return  # it has every privilege
    added = capabilities.get("add") or ()
    own["capabilities"] = {"drop": ["ALL"], **capabilities}
    if (
        "SYS_ADMIN" not in added and "CAP_SYS_ADMIN" not in added
    ):  # with it the API server accepts nothing but true
        own.setdefault("allowPrivilegeEscalation", False)


def _is_windows(spec: Mapping[str, Any]) -> bool:
    """The API server accepts none of this for such pods."""
    system = spec.get("os")
    return isinstance(system, dict) and system.get("name") == "windows"
