"""What Connections of all kinds have in common, read from the custom resource, whose schema was checked before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from stepwright.tasks.calls import policy
from stepwright.tasks.calls.target import BadUrl, Target


class BadConnection(ValueError):  # noqa: N818 - it names a condition
    """What is wrong with a Connection and where, as a whole sentence."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """Where a secret is; it is read for one request."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Given:
    """A value, or where it is."""

    name: str
    value: str | SecretKey


def givens(part: Mapping[str, Any], name: str, where: str) -> Sequence[Given]:
    """The list of that name in a part of a Connection. ``where``: as in ``spec.http``. Raises BadConnection."""
    found = []
    for entry in part.get(name) or ():
        value = optional(entry, "value")
        if value is None:
            raise BadConnection(f"{where}.{name}: {entry['name']} has neither value nor valueFrom.")
        found.append(Given(entry["name"], value))
    return tuple(found)


def optional(given: Mapping[str, Any], name: str) -> str | SecretKey | None:
    """``name``, or ``nameFrom``."""
    if given.get(f"{name}From") is not None:
        return secret(given[f"{name}From"])
    return given.get(name)


def secret(given: Mapping[str, Any]) -> SecretKey:
    reference = given["secretKeyRef"]
    return SecretKey(reference["name"], reference["key"])


def url(text: str, where: str) -> Target:
    """``where``: as in ``spec.http.allow.0``. Raises BadConnection."""
    try:
        return policy.prefix(text)
    except BadUrl as bad:
        raise BadConnection(f"{where}: {text!r} {bad}.") from bad


def network(text: str, where: str) -> IPv4Network | IPv6Network:
    """Raises BadConnection."""
    try:
        return ip_network(text)
    except ValueError as bad:
        raise BadConnection(f"{where}: {bad}.") from bad
