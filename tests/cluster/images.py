"""The images a cluster gets: sandbox, busybox for tasks, a Python base, and the operator's own."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import archives

PAUSE = "localhost/pause:1"
BUSYBOX_TAGS = ["localhost/busybox:1.37", "docker.io/library/busybox:1.37"]


def task_images() -> list[Path]:
    """Archives that every node has from the start: pods' sandbox, and busybox under the names examples use."""
    # A sandbox has only to stay; containerd ends it with SIGKILL. The number is the longest sleep there is.
    return [archives.busybox([PAUSE], ["sleep", "2147483647"]), archives.busybox(BUSYBOX_TAGS, ["sh"])]
