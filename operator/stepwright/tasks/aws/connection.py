"""What a Connection says about AWS, read from ``spec.aws`` of the custom resource, whose schema was checked before.

Secrets are named here, never held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from stepwright.tasks.calls.connection_parts import BadConnection, SecretKey, network, secret, url
from stepwright.tasks.calls.target import Target

AUDIENCE: Final = "sts.amazonaws.com"
"""Whom a ServiceAccount's token is for, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    id: SecretKey
    secret: SecretKey
    session_token: SecretKey | None


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """A role that the Connection's ServiceAccount may assume."""

    role: str
    audience: str


@dataclass(frozen=True, slots=True)
class AwsConnection:
    """``endpoint``: of what stands in for all services, ``endpoints`` for single ones, by their names in ``aws-sdk`` Resources.
    ``credentials``: None: those of the state machine's ServiceAccount. ``roles``: the ARNs of those that tasks may act as
    beyond these."""

    region: str
    endpoint: Target | None
    endpoints: Mapping[str, Target]
    networks: tuple[IPv4Network | IPv6Network, ...]
    credentials: AccessKey | WebIdentity | None
    roles: frozenset[str]

    def endpoint_of(self, service: str) -> Target | None:
        """None: AWS's own."""
        return self.endpoints.get(service, self.endpoint)


def is_for_aws(spec: Mapping[str, Any]) -> bool:
    return isinstance(spec.get("aws"), Mapping)


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> AwsConnection:  # noqa: ARG001
    """Those for AWS are for clusters: on its user's own machine AWS is called as that user's environment says. Raises BadConnection."""
    aws = spec["aws"]
    endpoint, services = aws.get("endpointUrl"), aws.get("services") or {}
    credentials = _credentials(aws.get("credentials") or {})
    if credentials is None and (endpoint is not None or services):
        raise BadConnection(
            "spec.aws names an endpoint and no credentials: those of state machines' own accounts are shown to AWS alone."
        )
    return AwsConnection(
        aws["region"],
        None if endpoint is None else url(endpoint, "spec.aws.endpointUrl"),
        {
            name: url(given["endpointUrl"], f"spec.aws.services.{name}.endpointUrl")
            for name, given in services.items()
        },
        tuple(network(text, f"spec.aws.networks.{at}") for at, text in enumerate(aws.get("networks") or ())),
        credentials,
        frozenset(aws.get("roles") or ()),
    )


def _credentials(given: Mapping[str, Any]) -> AccessKey | WebIdentity | None:
    match {name: value for name, value in given.items() if value is not None}:
        case {"accessKey": key, **others} if not others:
            token = key.get("sessionTokenFrom")
            return AccessKey(
                secret(key["accessKeyIdFrom"]),
                secret(key["secretAccessKeyFrom"]),
                None if token is None else secret(token),
            )
        case {"webIdentity": identity, **others} if not others:
            return WebIdentity(identity["roleArn"], identity.get("audience") or AUDIENCE)
        case {} if not given:
            return None
    raise BadConnection("spec.aws.credentials must have either accessKey or webIdentity.")
