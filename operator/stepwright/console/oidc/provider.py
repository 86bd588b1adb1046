"""What is asked of a login provider: where things are there, its keys, and the token for a code."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus

import aiohttp
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stepwright.console.oidc.settings import OidcSettings, is_of

S = TypeVar("S", bound=msgspec.Struct)

LARGEST_ANSWER_BYTES: Final = 256 * 1024
SECONDS: Final = 10.0
DISCOVERED_SECONDS: Final = 3_600.0
"""For how long its addresses and its keys count before they are asked for again."""
KEYS_AT_MOST_EVERY_SECONDS: Final = 10.0
"""A key that is not known may be a new one, or made up."""


class NoProvider(Exception):  # noqa: N818 - it names a condition
    """The provider does not answer, or not as it should. The sentence is for the log and for people."""


class CodeRefused(Exception):  # noqa: N818
    """The provider gives no token for this code."""


class Metadata(msgspec.Struct, frozen=True):
    """https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata"""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    end_session_endpoint: str | None = None
    """Where one logs out there. https://openid.net/specs/openid-connect-rpinitiated-1_0.html"""


class _Tokens(msgspec.Struct):
    id_token: str = ""


class _Keys(msgspec.Struct):
    keys: list[dict[str, Any]]


class Provider:
    def __init__(self, settings: OidcSettings) -> None:
        self._settings: Final = settings
        tls = ssl.create_default_context(cadata=settings.authorities) if settings.authorities else True
        self._tls: Final[ssl.SSLContext | bool] = tls
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._asking = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Raises NoProvider."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._metadata is None or now - self._metadata[0] > DISCOVERED_SECONDS:
                self._metadata = now, await self._discovered()
            return self._metadata[1]

    async def keys(self, *, unknown: bool = False) -> KeySet:
        """``unknown``: a token names a key that was not among those given before. Raises NoProvider."""
        metadata = await self.metadata()
        async with self._asking:
            now = asyncio.get_running_loop().time()
            lasts = KEYS_AT_MOST_EVERY_SECONDS if unknown else DISCOVERED_SECONDS
            if self._keys is None or now - self._keys[0] > lasts:
                self._keys = now, await self._key_set(metadata.jwks_uri)
            return self._keys[1]

    async def id_token(self, code: str, verifier: str) -> str:
        """Raises NoProvider, CodeRefused."""
        metadata, settings = await self.metadata(), self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.redirect_uri,
            "code_verifier": verifier,
        }
        headers: dict[str, str] = {}
        if settings.client_secret is None:
            form["client_id"] = settings.client_id
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            headers["Authorization"] = _basic(settings.client_id, settings.client_secret)
        else:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        status, answer = await self._ask("POST", metadata.token_endpoint, form, headers)
        if 400 <= status < 500:
            raise CodeRefused
        token = _read(status, answer, _Tokens, metadata.token_endpoint).id_token
        if not token:
            raise NoProvider("the login provider has answered without an ID token")
        return token

    async def _discovered(self) -> Metadata:
        issuer = self._settings.issuer
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = _read(*await self._ask("GET", url), Metadata, url)
        if metadata.issuer != issuer:
            raise NoProvider(f"{url} is of the issuer {metadata.issuer!r}, and not of {issuer!r}")
        named = [metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri]
        if metadata.end_session_endpoint is not None:
            named.append(metadata.end_session_endpoint)
        for address in named:
            if not is_of(issuer, address):
                raise NoProvider(f"{url} names {address!r}, which is not asked over TLS")
        return metadata

    async def _key_set(self, url: str) -> KeySet:
        found = _read(*await self._ask("GET", url), _Keys, url)
        usable = [key for key in found.keys if key.get("kty") in ("RSA", "EC", "OKP")]
        try:
            return KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, KeyError) as error:
            raise NoProvider(f"{url} has keys that cannot be read ({type(error).__name__})") from error

    async def _ask(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, bytes]:
        """Raises NoProvider. No redirect is followed: it would lead codes and secrets elsewhere."""
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.request(
                    method,
                    url,
                    data=form,
                    headers={"Accept": "application/json", **headers},
                    ssl=self._tls,
                    allow_redirects=False,
                ) as response,
            ):
                answer = await response.content.read(LARGEST_ANSWER_BYTES)
                if not response.content.at_eof():
                    raise NoProvider(f"{url} has answered with more than {LARGEST_ANSWER_BYTES:,} bytes")
                return response.status, answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoProvider(f"{url} does not answer: {str(error) or type(error).__name__}") from error


def _basic(client_id: str, secret: str) -> str:
    """Both are form-encoded first: https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1"""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _read(status: int, answer: bytes, into: type[S], url: str) -> S:
    if status != 200:
        raise NoProvider(f"{url} has answered with {status}")
    try:
        return msgspec.json.decode(answer, type=into)
    except msgspec.DecodeError as error:
        raise NoProvider(f"{url} has answered with something else than expected: {error}") from error
