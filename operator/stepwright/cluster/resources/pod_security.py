"""What ``spec.taskDefaults`` says about the rights of task pods. Names and limits are those of the pod
API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from stepwright.cluster.resources.model import Written

Text = Annotated[str, Field(max_length=253)]
Capability = Annotated[str, Field(max_length=63)]
UserId = Annotated[int, Field(ge=0, le=2_147_483_647)]

Verbatim = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True, "maxProperties": 16}),
]
"""A part of a pod as Kubernetes knows it, checked when the Job is created."""

PodSecurity = Literal["privileged", "baseline", "restricted"]


class Profile(Written):
    """A seccomp or AppArmor profile."""

    type: Literal["RuntimeDefault", "Localhost", "Unconfined"]
    """Whose profile it is."""
    localhost_profile: Text | None = None
    """Its name on the node, for Localhost."""


class SeLinuxOptions(Written):
    """The SELinux context."""

    level: Text | None = None
    """Its level."""
    role: Text | None = None
    """Its role."""
    type: Text | None = None
    """Its type."""
    user: Text | None = None
    """Its user."""


class Capabilities(Written):
    """Capabilities beyond or below those of the container runtime."""

    add: Annotated[list[Capability], Field(max_length=64)] | None = None
    """Those that are added."""
    drop: Annotated[list[Capability], Field(max_length=64)] | None = None
    """Those that are taken away; ALL for all."""


class Identity(Written):
    """As whom a container runs, and what confines it."""

    run_as_user: UserId | None = None
    """The user id; that of the image if not given."""
    run_as_group: UserId | None = None
    """The group id; that of the image if not given."""
    run_as_non_root: bool | None = None
    """The kubelet refuses to start a container that would run as root."""
    seccomp_profile: Profile | None = None
    """The system calls that are let through."""
    app_armor_profile: Profile | None = None
    """The AppArmor profile."""
    se_linux_options: SeLinuxOptions | None = None
    """The SELinux context."""


class ContainerSecurityContext(Identity):
    """The security context of each container that has none of its own, field by field."""

    allow_privilege_escalation: bool | None = None
    """Whether a process may gain more rights than its parent."""
    capabilities: Capabilities | None = None
    """Capabilities beyond or below those of the container runtime."""
    privileged: bool | None = None
    """Whether it is root of its node."""
    proc_mount: Literal["Default", "Unmasked"] | None = None
    """How /proc is mounted."""
    read_only_root_filesystem: bool | None = None
    """Whether the image's files cannot be written."""


class PodSecurityContext(Identity):
    """The security context of the pods, where they have none of their own, field by field."""

    fs_group: UserId | None = None
    """The group that owns the volumes."""
    fs_group_change_policy: Literal["OnRootMismatch", "Always"] | None = None
    """When the owner of a volume's files is changed."""
    supplemental_groups: Annotated[list[UserId], Field(max_length=64)] | None = None
    """More groups of each process."""
    supplemental_groups_policy: Literal["Merge", "Strict"] | None = None
    """Whether the image's groups count, too."""
