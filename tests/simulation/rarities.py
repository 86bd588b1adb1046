"""What happens in few seeds: each of these costs time or needs room that most seeds are better without.

They are drawn from a row of their own, so a seed that has none is as it would be without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from stepwright.controllers import member_lease
from stepwright.controllers.member_lease import LABEL, PREFIX
from tests.on_cluster.rights import Right

LARGE_OBJECT_BYTES = 300_000
"""How large an object may be in a seed with large ones: a little more than an input may have."""
_ROOM_BYTES = (0, 50, 300, 600, 900, 2_000, 8_000, 36_000, 39_000)
"""What is left beside a large Execution; with the last ones its input is of a length that is allowed."""

AUTHORS_ONE_IN = 4
"""Of so many seeds one has the controller of StateMachines: it costs such a seed half as much again."""

REMOTE_ONE_IN = 6

CHILDREN_ONE_IN = 4
"""Of those that have neither the controller of StateMachines nor work outside of the cluster."""

MAPS_ONE_IN = 4
"""Of those that have none of these."""

WORKERS_ONE_IN = 8
"""Of those that have nothing rare at all."""

_USED = frozenset(
    (resource, verb)
    for resource, verbs in (
        ("executions", "create get list watch patch delete"),
        ("executions/status", "patch"),
        ("executionhistories", "create get"),
        ("jobs", "create delete get list patch watch"),
        ("pods", "list watch"),
        ("pods/log", "get"),
        ("secrets", "create"),
        ("leases", "create delete list update"),
    )
    for verb in verbs.split()
)

_USED_FOR_STATE_MACHINES = frozenset(
    (resource, verb)
    for resource, verbs in (
        ("statemachines", "get list watch patch"),
        ("statemachines/status", "patch"),
        ("controllerrevisions", "create get list delete"),
    )
    for verb in verbs.split()
)


Upgrade = Literal["forth", "back"]


@dataclass(frozen=True)
class Rarities:
    restores: int = 0
    """How often etcd is restored to what it was some seconds before, under operators that run on."""
    large: int = 0
    """How many Executions are created that are nearly as large as an object may be."""
    installations: int = 1
    """How many serve the namespace, each with its Leases in another one."""
    foreign_leases: int = 0
    """How many Leases are laid among the operators' that are nobody's."""
    rights: int = 0
    """How often a right of the operators is taken away for a while."""
    hours_off: bool = False
    """Whether machines are hours off the API server's time until somebody puts them right."""
    authors: bool = False
    """Whether people write StateMachines, well and badly, for the controller of StateMachines to look after."""
    remote: bool = False
    """Whether tasks have something run outside of the cluster, where nobody can list it, beside Jobs."""
    children: bool = False
    """Whether tasks start executions, beside those that are Jobs."""
    maps: bool = False
    """Whether there are Maps that run in shards."""
    workers: bool = False
    """Whether workers take all tasks. Nothing else that is rare is in such a seed."""
    upgrade: Upgrade | None = None
    """Whether operators of the version before are replaced by such of this one, or the other way round. Nothing else that
    is rare is in such a seed."""

    @classmethod
    def of(cls, random: Random) -> Rarities:
        def rarely(value: int, one_in: int = 20) -> int:
            return value if random.randrange(one_in) == 0 else 0

        restores, large, second = rarely(random.choice((1, 1, 2))), rarely(1), rarely(1)
        leases, rights = rarely(random.choice((1, 3))), rarely(random.choice((1, 2, 4)))
        hours_off, authors = bool(rarely(1)), bool(rarely(1, AUTHORS_ONE_IN))
        if rarely(1):
            return cls(upgrade=random.choice(("forth", "back")))
        remote = bool(rarely(1, REMOTE_ONE_IN)) and not authors
        children = bool(rarely(1, CHILDREN_ONE_IN)) and not (authors or remote)
        maps = bool(rarely(1, MAPS_ONE_IN)) and not (authors or remote or children)
        rare = cls(restores, large, 1 + second, leases, rights, hours_off, authors, remote, children, maps)
        return cls(workers=True) if not rare.kinds() and rarely(1, WORKERS_ONE_IN) else rare

    def kinds(self) -> list[str]:
        """Which of them the seed has."""
        found = {
            "restores": self.restores,
            "large executions": self.large,
            "second installations": self.installations - 1,
            "foreign Leases": self.foreign_leases,
            "rights taken away": self.rights,
            "hours of skew": self.hours_off,
            "state machines changed": self.authors,
            "work outside of the cluster": self.remote,
            "executions started by tasks": self.children,
            "Maps in shards": self.maps,
        }
        return [kind for kind, count in found.items() if count]


def large_spec(random: Random, machine: str, largest_bytes: int) -> dict[str, Any]:
    """Of an Execution beside which an object of ``largest_bytes`` has little room, or none."""
    spec: dict[str, Any] = {"stateMachineRef": {"name": machine}}
    length = largest_bytes - 400 - random.choice(_ROOM_BYTES)
    if random.randrange(2):
        spec["input"] = {"a": [1], "b": 1, "t": "x" * length}
    else:
        spec["inputJson"] = '{"t":"' + "x" * length + '"}'
    return spec


def foreign_lease(random: Random, number: int, now: int) -> dict[str, Any]:
    """One that looks like a member's and is renewed by nobody, whatever it says of itself."""
    name = f"{PREFIX}foreign{number}"
    body = member_lease.manifest(
        name,
        "somebody",
        duration_seconds=random.choice((1, 6, 86_400 * 365)),
        view=random.choice(((name,), (name, f"{PREFIX}nobody"), ())),
        renewal=1,
        stored=None,
        now=now,  # type: ignore[arg-type] # a moment is a number
    )
    match random.randrange(4):
        case 0:
            body["spec"] = {}
        case 1:
            body["metadata"] |= {"name": f"foreign{number}", "labels": {LABEL: "something else"}}
        case 2:
            body["metadata"]["annotations"][member_lease.STEPPING] = "default/e0/m0/"
    return body


def right_to_take(random: Random, rights: Iterable[Right], *, authors: bool) -> Right:
    """One whose loss shows in seconds: of what operators ask for in each such seed."""
    used = _USED | _USED_FOR_STATE_MACHINES if authors else _USED
    return random.choice([right for right in sorted(rights) if (right.resource, right.verb) in used])
