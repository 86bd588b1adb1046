"""What an installation says of its login provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """As the API server's own ``--oidc-*``: with the same claims and prefixes people are the same to both. ``redirect_uri``: where the
    provider sends people back to, exactly as it knows it. Without a ``client_secret`` this is a public client. ``authorities``: in
    PEM, of the provider's certificate; None: those of the system.
    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#configuring-the-api-server
    """

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str | None = None
    scopes: Sequence[str] = ("openid", "profile", "email", "groups")
    username_claim: str = "sub"
    username_prefix: str = "oidc:"
    groups_claim: str = "groups"
    groups_prefix: str = "oidc:"
    authorities: str | None = None

    @property
    def problem(self) -> str | None:
        """Why nobody could log in with this."""
        for name, url in (("issuer", self.issuer), ("redirect URI", self.redirect_uri)):
            if not _is_secure(url):
                return f"the {name} of the login provider must be an https address, not {url!r}"
        if not self.client_id:
            return "the login provider knows this server by a client id, which is missing"
        return "the scopes lack openid" if "openid" not in self.scopes else None


def _is_secure(url: str) -> bool:
    """Nobody but this machine reads what goes to a loopback address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def is_of(issuer: str, url: str) -> bool:
    """Whether an address that a provider names may be asked: over TLS, unless the provider itself is on this machine."""
    return _is_secure(url) and (url.startswith("https:") or issuer.startswith("http:"))
