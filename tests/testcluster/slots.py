"""Which of the clusters that may be on this machine at the same time: each has a slot, and all its names come from that.

Slot 0 is the one that people get who ask for none. A process has one slot, that of its environment.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable

#: Environment variable that says which.
SLOT = "STEPWRIGHT_CLUSTER_SLOT"

_FOLDER = re.compile(r"stepwright-cluster-\d+(?:-slot(\d+))?")
_MOST = 8


@dataclass(frozen=True)
class Slot:
    """``number`` from 0."""

    number: int

    @property
    def folder_name(self) -> str:
        return f"stepwright-cluster-{os.getuid()}" + (f"-slot{self.number}" if self.number else "")

    @property
    def bridge(self) -> str:
        return f"stepwright{self.number}"

    @property
    def host_end(self) -> str:
        """Of the cable between the bridge and the node. The kernel takes 15 letters."""
        return f"stepwright{self.number or ''}-n1"

    @property
    def cgroup_root(self) -> str:
        """Below which the kubelet makes the groups of its pods."""
        return f"/stepwright-slot{self.number}" if self.number else "/"

    @property
    def cgroups(self) -> str:
        """The topmost of those groups, as it is called in each hierarchy of this machine."""
        return f"stepwright-slot{self.number}" if self.number else "kubepods"

    @property
    def kind_name(self) -> str:
        return "stepwright-test" + (f"-{self.number}" if self.number else "")


def slot() -> Slot:
    """The one of this process. Raises ClusterUnavailable where the environment names none that there is."""
    given = os.environ.get(SLOT) or "0"
    if not given.isdecimal() or int(given) >= _MOST:
        raise ClusterUnavailable(f"{SLOT} is a number from 0 to {_MOST - 1}, not {given!r}")
    return Slot(int(given))


def of_folder(folder: Path) -> int | None:
    """The slot of a cluster whose run folder this is, anybody's; None where it is not a run folder."""
    match = _FOLDER.fullmatch(folder.name)
    return int(match[1] or 0) if match else None
