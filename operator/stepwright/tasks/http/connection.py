"""What a Connection says about HTTP, read from ``spec.http`` of the custom resource, whose schema was checked before.

Secrets are named here, never held: ``authentication`` reads them for one request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stepwright.tasks.calls.connection_parts import (
    BadConnection,
    Given,
    SecretKey,
    givens,
    network,
    optional,
    secret,
    url,
)
from stepwright.tasks.calls.policy import Policy
from stepwright.tasks.calls.target import Target
from stepwright.tasks.calls.trust import Tls

SECONDS: Final = 60
"""How long a whole answer may take, as on AWS, where the Connection does not say."""

LONGEST_SECONDS: Final = 900


@dataclass(frozen=True, slots=True)
class Basic:
    username: str | SecretKey
    password: SecretKey


@dataclass(frozen=True, slots=True)
class ApiKey:
    header: str
    value: SecretKey


@dataclass(frozen=True, slots=True)
class Bearer:
    token: SecretKey


@dataclass(frozen=True, slots=True)
class OAuth:
    """https://datatracker.ietf.org/doc/html/rfc6749#section-4.4. ``in_body``: the client names itself in the body, not in
    the header Authorization."""

    token_url: Target
    client_id: str | SecretKey
    client_secret: SecretKey
    scopes: Sequence[str]
    parameters: Sequence[Given]
    in_body: bool


@dataclass(frozen=True, slots=True)
class AccountToken:
    audience: str


Authentication = Basic | ApiKey | Bearer | OAuth | AccountToken


@dataclass(frozen=True, slots=True)
class HttpConnection:
    """``idempotency_header``: by which the other side knows a repeated request; None if it does not."""

    policy: Policy
    authentication: Authentication | None
    tls: Tls
    headers: Sequence[Given]
    query: Sequence[Given]
    body: Sequence[Given]
    idempotency_header: str | None
    seconds: float


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> HttpConnection:
    """``loopback``: whether this machine is the user's own, so that ``allow`` may name it. Raises BadConnection."""
    http = spec.get("http")
    if not isinstance(http, Mapping):
        raise BadConnection("spec.http is missing: the Connection is for something else than HTTP.")
    authentication, tls = _authentication(http.get("auth") or {})
    given = http.get("tls") or {}
    return HttpConnection(
        policy=Policy(
            tuple(url(text, f"spec.http.allow.{at}") for at, text in enumerate(http.get("allow") or ())),
            tuple(
                network(text, f"spec.http.networks.{at}")
                for at, text in enumerate(http.get("networks") or ())
            ),
            loopback,
        ),
        authentication=authentication,
        tls=Tls(optional(given, "ca"), tls.certificate, tls.key, given.get("serverName") or None),
        headers=givens(http, "headers", "spec.http"),
        query=givens(http, "query", "spec.http"),
        body=givens(http, "body", "spec.http"),
        idempotency_header=(http.get("idempotency") or {}).get("header"),
        seconds=float(http.get("timeoutSeconds") or SECONDS),
    )


def _authentication(auth: Mapping[str, Any]) -> tuple[Authentication | None, Tls]:
    tls = Tls()
    if (mtls := auth.get("mtls")) is not None:
        tls = Tls(certificate=secret(mtls["certificateFrom"]), key=secret(mtls["keyFrom"]))
    kinds = [name for name in auth if name != "mtls" and auth[name] is not None]
    if len(kinds) > 1:
        raise BadConnection(f"spec.http.auth names {' and '.join(sorted(kinds))}; one of them at most.")
    if not kinds:
        return None, tls
    given = auth[kinds[0]]
    match kinds[0]:
        case "basic":
            return Basic(_either(given, "username"), secret(given["passwordFrom"])), tls
        case "apiKey":
            return ApiKey(given["header"], secret(given["valueFrom"])), tls
        case "bearer":
            return Bearer(secret(given["tokenFrom"])), tls
        case "oauthClientCredentials":
            return _oauth(given), tls
        case "serviceAccountToken":
            return AccountToken(given["audience"]), tls
        case other:
            raise BadConnection(f"spec.http.auth has no kind {other!r}.")


def _oauth(given: Mapping[str, Any]) -> OAuth:
    return OAuth(
        url(given["tokenUrl"], "spec.http.auth.oauthClientCredentials.tokenUrl"),
        _either(given, "clientId"),
        secret(given["clientSecretFrom"]),
        tuple(given.get("scopes") or ()),
        givens(given, "parameters", "spec.http"),
        given.get("clientAuthentication") == "Body",
    )


def _either(given: Mapping[str, Any], name: str) -> str | SecretKey:
    found = optional(given, name)
    if found is None:
        raise BadConnection(f"spec.http.auth: {name} or {name}From is missing.")
    return found
