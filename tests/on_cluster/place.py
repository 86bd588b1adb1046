"""Where the Jobs of a test's tasks run, and tasks that end well, fail, or never end there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.on_cluster.kubectl import IMAGE

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """``defaults``: the state machine's taskDefaults. The others are fields of a Task state of Resource k8s:job.

    ``fails`` ends with Job.Failed after about a second.
    """

    name: str
    defaults: Object
    succeeds: Object
    fails: Object
    never_ends: Object


def _script(text: str) -> Object:
    return {"image": IMAGE, "command": ["sh", "-c", text]}


def _held_back(**job: Any) -> Object:
    """A Job whose pod no scheduler looks at."""
    pod = {
        "schedulingGates": [{"name": "stepwright.dev/held-back"}],
        "restartPolicy": "Never",
        "containers": [{"name": "main", "image": IMAGE}],
    }
    return {"job": {"spec": {**job, "template": {"spec": pod}}}}


REAL = Place(
    "real node",
    {},
    succeeds=_script("echo '{}' > /dev/termination-log"),
    fails=_script("sleep 1; exit 3"),
    never_ends=_script("trap 'exit 0' TERM; sleep 1000000 & wait"),
)
# Pods on KWOK's node end well in milliseconds. Those that shall not are kept from it.
KWOK = Place(
    "KWOK node",
    {
        "nodeSelector": {"type": "kwok"},
        "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}],
    },
    succeeds=_script("never run"),
    fails=_held_back(activeDeadlineSeconds=1),
    never_ends=_held_back(),
)
