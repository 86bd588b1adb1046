"""What a Connection says to an integration that somebody else ships: ``spec.integration`` of the custom resource, whose schema was
checked before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stepwright.tasks.calls.connection_parts import BadConnection, Given, givens

KIND: Final = "integration"


@dataclass(frozen=True, slots=True)
class OwnConnection:
    integration: str
    values: Sequence[Given]


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> OwnConnection:  # noqa: ARG001
    """Raises BadConnection."""
    own = spec.get(KIND)
    if not isinstance(own, Mapping):
        raise BadConnection(
            "spec.integration is missing: the Connection is for something else than an integration of others."
        )
    values = givens(own, "values", f"spec.{KIND}")
    names = [each.name for each in values]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadConnection(f"spec.{KIND}.values names {twice!r} twice.")
    return OwnConnection(own["name"], values)
