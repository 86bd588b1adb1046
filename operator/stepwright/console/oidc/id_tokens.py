"""Who somebody is, by an ID token. https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from stepwright.asl.signals import Millis
from stepwright.console.oidc.provider import Provider
from stepwright.console.oidc.settings import OidcSettings
from stepwright.console.sealed_sessions import Person

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures alone that a public key checks: none that whoever knows that key could make."""

LONGEST_TOKEN: Final = 64 * 1024
SKEW_SECONDS: Final = 60
"""How far the provider's clock may be off."""

_RESERVED: Final = "system:"
"""What names and groups of Kubernetes' own begin with: ``system:masters`` may do everything."""

MOST_GROUPS: Final = 200


class NobodyKnown(Exception):  # noqa: N818 - it names a condition
    """The token is not one for this login. The sentence says why, without the token."""


async def person(token: str, nonce: str, settings: OidcSettings, provider: Provider, now: Millis) -> Person:
    """Raises NobodyKnown, NoProvider."""
    claims = await _checked(token, provider)
    _require(claims, nonce, settings, now // 1000)
    name = claims.get(settings.username_claim)
    if not isinstance(name, str) or not name.strip():
        raise NobodyKnown(f"the ID token has no claim {settings.username_claim!r}, which names people")
    if settings.username_claim == "email" and claims.get("email_verified") is not True:
        raise NobodyKnown("the provider has not verified this address of mail")
    groups = claims.get(settings.groups_claim, [])
    if isinstance(groups, str):
        groups = [groups]
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise NobodyKnown(f"the claim {settings.groups_claim!r} is not a list of groups")
    if len(groups) > MOST_GROUPS:
        raise NobodyKnown(f"there are {len(groups)} groups, and {MOST_GROUPS} at most are taken")
    called = [settings.username_prefix + name, *(settings.groups_prefix + group for group in groups)]
    if not all(one.isprintable() for one in called):
        raise NobodyKnown("a name or a group has characters that cannot be shown, in a log for example")
    if any(one.startswith(_RESERVED) for one in called):
        raise NobodyKnown(f"a name or a group begins with {_RESERVED!r}, which Kubernetes keeps for itself")
    return Person(called[0], groups=("system:authenticated", *called[1:]))


async def _checked(token: str, provider: Provider) -> Mapping[str, Any]:
    if len(token) > LONGEST_TOKEN:
        raise NobodyKnown("the ID token is too long")
    try:
        try:
            return jwt.decode(token, await provider.keys(), ALGORITHMS).claims
        except InvalidKeyIdError:
            return jwt.decode(token, await provider.keys(unknown=True), ALGORITHMS).claims
    except (JoseError, ValueError) as error:
        raise NobodyKnown(f"the ID token is not one of the provider's ({type(error).__name__})") from error


def _require(claims: Mapping[str, Any], nonce: str, settings: OidcSettings, now: int) -> None:
    if claims.get("iss") != settings.issuer:
        raise NobodyKnown("the ID token is of another issuer")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or settings.client_id not in audiences:
        raise NobodyKnown("the ID token is for another client")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != settings.client_id:
        raise NobodyKnown("the ID token was given to another client")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_moment(expires) or expires + SKEW_SECONDS <= now:
        raise NobodyKnown("the ID token has expired")
    if not _is_moment(issued) or issued - SKEW_SECONDS > now:
        raise NobodyKnown("the ID token is from the future: a clock is wrong")
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise NobodyKnown("the ID token is of another login")


def _is_moment(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
