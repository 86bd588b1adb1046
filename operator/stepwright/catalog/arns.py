"""The ARNs of what there is: made, and taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple


class Arn(NamedTuple):
    """``arn:aws:states:us-east-1:123456789012:execution:order:order-7``: ``kind`` is ``execution``, ``names`` what
    follows it."""

    partition: str
    service: str
    region: str
    account: str
    kind: str
    names: tuple[str, ...]


def parse(text: str) -> Arn | None:
    """None if it is not an ARN with a kind and a name."""
    parts = text.split(":")
    if len(parts) < 7 or parts[0] != "arn":
        return None
    return Arn(parts[1], parts[2], parts[3], parts[4], parts[5], tuple(parts[6:]))


def account_of(text: str) -> str:
    """Whose something is, by its ARN; empty where that is not an ARN."""
    parts = text.split(":", 5)
    return parts[4] if len(parts) > 5 else ""


def unqualified(text: str) -> tuple[str, str | None]:
    """The ARN of a state machine, and the version's number or the alias' name where one followed it."""
    parts = text.split(":")
    return ":".join(parts[:7]), parts[7] if len(parts) > 7 else None


def machine_name(text: str) -> str:
    """Of the state machine that an ARN names; with a Map's label where it is of a Map's part."""
    return text.split(":")[6]


def unlabelled(text: str) -> tuple[str, str | None]:
    """The ARN of a state machine, and the label of a distributed Map in it where one followed it."""
    arn, slash, label = text.partition("/")
    return arn, label if slash else None


_PARTITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cn-": "aws-cn",
        "us-gov-": "aws-us-gov",
        "us-iso-": "aws-iso",
        "us-isob-": "aws-iso-b",
        "eu-isoe-": "aws-iso-e",
        "us-isof-": "aws-iso-f",
        "eusc-": "aws-eusc",
    }
)
"""By what the names of their regions begin with. Source: botocore's partitions.json."""


@lru_cache(maxsize=64)
def _partition(region: str) -> str:
    return next((partition for prefix, partition in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def place_of(text: str) -> Place:
    """Where an ARN that was given out here says that it is."""
    parts = text.split(":")
    return Place(parts[4], parts[3])


@dataclass(frozen=True, slots=True)
class Place:
    """Whose everything here is: the account and region in ARNs."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        return _partition(self.region)

    @property
    def _prefix(self) -> str:
        return f"arn:{self.partition}:states:{self.region}:{self.account}"

    @property
    def state_machines(self) -> str:
        """What the ARNs of all state machines here begin with."""
        return self.state_machine("")

    @property
    def activities(self) -> str:
        return self.activity("")

    def state_machine(self, name: str) -> str:
        return f"{self._prefix}:stateMachine:{name}"

    def execution(self, machine: str, name: str) -> str:
        return f"{self._prefix}:execution:{machine}:{name}"

    def map_run(self, machine: str, label: str, run: str) -> str:
        return f"{self._prefix}:mapRun:{machine}/{label}:{run}"

    def express(self, machine: str, name: str, run: str) -> str:
        """``run`` tells executions of the same name apart, which Express allows."""
        return f"{self._prefix}:express:{machine}:{name}:{run}"

    def activity(self, name: str) -> str:
        return f"{self._prefix}:activity:{name}"
