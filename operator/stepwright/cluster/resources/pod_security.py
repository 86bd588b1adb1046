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
    """Capabilities to add."""
    drop: Annotated[list[Capability], Field(max_length=64)] | None = None
    """Capabilities to drop; ALL for all."""


class Identity(Written):
    """Which user a container runs as, and what confines it."""

    run_as_user: UserId | None = None
    """The user id; by default the image's."""
    run_as_group: UserId | None = None
    """The group id; by default the image's."""
    run_as_non_root: bool | None = None
    """The kubelet refuses to start a container that would run as root."""
    seccomp_profile: Profile | None = None
    """The system calls that are allowed."""
    app_armor_profile: Profile | None = None
    """The AppArmor profile."""
    se_linux_options: SeLinuxOptions | None = None
    """The SELinux context."""


class ContainerSecurityContext(Identity):
    """The security context of each container, for fields that the container does not set itself."""

    allow_privilege_escalation: bool | None = None
    """Whether a process may gain more rights than its parent."""
    capabilities: Capabilities | None = None
    """Capabilities beyond or below those of the container runtime."""
    privileged: bool | None = None
    """Whether it has root's rights on its node."""
    proc_mount: Literal["Default", "Unmasked"] | None = None
    """How /proc is mounted."""
    read_only_root_filesystem: bool | None = None
    """Whether the image's files are read-only."""


class PodSecurityContext(Identity):
    """The security context of the pods, for fields that they do not set themselves."""

    fs_group: UserId | None = None
    """The group that owns the volumes."""
    fs_group_change_policy: Literal["OnRootMismatch", "Always"] | None = None
    """When the owner of a volume's files is changed."""
    supplemental_groups: Annotated[list[UserId], Field(max_length=64)] | None = None
    """Additional groups of each process."""
    supplemental_groups_policy: Literal["Merge", "Strict"] | None = None
    """Whether the image's groups count, too."""
