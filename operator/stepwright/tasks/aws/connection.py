"""What a Connection says about AWS, read from ``spec.aws`` of the custom resource, whose schema was checked before.

Secrets are named here, never held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from stepwright.asl.failure.errors import PERMISSIONS
from stepwright.catalog.ports import ConnectionObject, ConnectionObjects, NoObject
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.connection_parts import BadConnection, SecretKey, network, optional, secret, url
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.calls.target import Target

RUN_JOBS: Final = ("batch", "ecs")
"""Services whose tasks may run as Jobs."""

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
    beyond these. ``authorities``: certificates in PEM, or where they are, of
    those that are trusted for these endpoints. ``jobs``: by service (``batch``, ``ecs``) and definition the TaskTemplates that stand for it."""

    region: str
    endpoint: Target | None
    endpoints: Mapping[str, Target]
    authorities: str | SecretKey | None
    networks: tuple[IPv4Network | IPv6Network, ...]
    credentials: AccessKey | WebIdentity | None
    roles: frozenset[str]
    jobs: Mapping[str, Mapping[str, str]]

    def endpoint_of(self, service: str) -> Target | None:
        """None: AWS's own."""
        return self.endpoints.get(service, self.endpoint)


def is_for_aws(spec: Mapping[str, Any]) -> bool:
    return isinstance(spec.get("aws"), Mapping)


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> AwsConnection:  # noqa: ARG001
    """Those for AWS are for clusters: on its user's own machine AWS is called as that user's environment says. Raises BadConnection."""
    aws = spec["aws"]
    endpoint, services = aws.get("endpointUrl"), aws.get("services") or {}
    called = {name: given["endpointUrl"] for name, given in services.items() if given.get("endpointUrl")}
    credentials = _credentials(aws.get("credentials") or {})
    if credentials is None and (endpoint is not None or called):
        raise BadConnection(
            "spec.aws names an endpoint and no credentials: those of state machines' own accounts are shown to AWS alone."
        )
    return AwsConnection(
        aws["region"],
        None if endpoint is None else url(endpoint, "spec.aws.endpointUrl"),
        {name: url(text, f"spec.aws.services.{name}.endpointUrl") for name, text in called.items()},
        optional(aws.get("tls") or {}, "ca"),
        tuple(network(text, f"spec.aws.networks.{at}") for at, text in enumerate(aws.get("networks") or ())),
        credentials,
        frozenset(aws.get("roles") or ()),
        _jobs(services),
    )


def _jobs(services: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    jobs = {name: given["jobs"] for name, given in services.items() if given.get("jobs")}
    for name in jobs:
        if name not in RUN_JOBS:
            raise BadConnection(
                f"spec.aws.services.{name}.jobs: only {' and '.join(RUN_JOBS)} have definitions of jobs."
            )
    return jobs


async def of_execution(
    ref: ExecutionRef, connections: ConnectionObjects
) -> tuple[ConnectionObject, AwsConnection]:
    """The one for AWS of those that the state machine names. Raises CallFailed, Unavailable."""
    found: dict[str, ConnectionObject] = {}
    missing: NoObject | None = None
    for name in ref.settings.get("connections") or ():
        try:
            named = await connections.find(ref, name)
        except NoObject as lacking:
            missing = lacking
        else:
            if is_for_aws(named.spec):
                found[name] = named
    if len(found) != 1:
        raise CallFailed(PERMISSIONS, _none_of_one(tuple(found), missing))
    (one,) = found.values()
    try:
        return one, read(one.spec)
    except BadConnection as bad:
        raise CallFailed(PERMISSIONS, str(bad)) from bad


def _none_of_one(found: Sequence[str], missing: NoObject | None) -> str:
    if found:
        return f"The state machine names more than one Connection for AWS: {' and '.join(found)}."
    if missing is not None:
        return missing.cause
    return "The state machine names no Connection for AWS in spec.connections, so nobody says where AWS is called and as whom."


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
