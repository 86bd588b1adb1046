"""What proves to the other side who calls: read for one request, as the Connection says, and forgotten after it.

Only OAuth's tokens are kept, in memory until they expire, each for the very Connection and credentials that it was obtained with:
credentials are read anew for each request, so whoever may not read them any more uses no token of theirs either.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_plus

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog.ports.connection_objects import NoObject
from stepwright.engine.ports import Clock
from stepwright.tasks.calls import headers
from stepwright.tasks.calls.connection_parts import Given, SecretKey
from stepwright.tasks.calls.named_connections import INVALID
from stepwright.tasks.calls.policy import NotAllowed, Policy
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.trust import Trust
from stepwright.tasks.http import forms
from stepwright.tasks.http.client import Answer, Client, NoAnswer, Request, TooLarge, Unusable
from stepwright.tasks.http.connection import (
    AccountToken,
    ApiKey,
    Basic,
    Bearer,
    HttpConnection,
    OAuth,
)

_EARLIER_MILLIS: Final = 30_000
"""How long before they expire tokens are renewed."""
_LIFE_SECONDS: Final = 300
"""Of a token about which the server does not say."""
_TOKENS_KEPT: Final = 1024


async def for_header(given: str | SecretKey, secrets: Secrets) -> str:
    """Raises NoObject, Unavailable."""
    value = (await secrets.of(given)).strip(
        "\r\n"
    )  # as `kubectl create secret --from-file` leaves it at the end
    if not headers.is_value(value):
        where = "A value" if isinstance(given, str) else f"The key {given.key} of the Secret {given.name}"
        raise NoObject(INVALID, f"{where} has characters that no header may have.")
    return value


@dataclass(slots=True)
class _Token:
    value: str
    until: int


@dataclass(slots=True)
class Authenticator:
    client: Client
    clock: Clock
    _tokens: OrderedDict[bytes, asyncio.Future[_Token]] = field(default_factory=OrderedDict)

    async def header(
        self, connection: HttpConnection, secrets: Secrets, trust: Trust, *, renewed: bool = False
    ) -> tuple[str, str] | None:
        """The header that says who calls. ``renewed``: the other side has just refused it. Raises NoObject, Unavailable."""
        match connection.authentication:
            case None:
                return None
            case Basic(username, password):
                pair = f"{await secrets.of(username)}:{await secrets.of(password)}"
                encoded = base64.b64encode(pair.encode()).decode()
                secrets.keep(encoded)
                return "Authorization", f"Basic {encoded}"
            case ApiKey(header, value):
                return header, await for_header(value, secrets)
            case Bearer(token):
                return "Authorization", f"Bearer {await for_header(token, secrets)}"
            case AccountToken(audience):
                found = await secrets.connection.token(audience)
                secrets.keep(found)
                return "Authorization", f"Bearer {found}"
            case OAuth() as oauth:
                found = await self._token(oauth, connection.policy, secrets, trust, renewed=renewed)
                secrets.keep(found)
                return "Authorization", f"Bearer {found}"

    def renews(self, connection: HttpConnection) -> bool:
        """Whether what was refused may be out of date."""
        return isinstance(connection.authentication, OAuth)

    async def _token(
        self, oauth: OAuth, policy: Policy, secrets: Secrets, trust: Trust, *, renewed: bool
    ) -> str:
        client_id, secret = await secrets.of(oauth.client_id), (await secrets.of(oauth.client_secret)).strip()
        parameters = await given(oauth.parameters, secrets)
        named = (secrets.connection.identity, client_id, secret, parameters)
        key = hashlib.sha256(repr(named).encode("utf-8", "replace")).digest()
        known = self._tokens.get(key)
        if known is not None and known.done() and (renewed or not self._good(known)):
            known = None
        if known is None:
            within = Policy((oauth.token_url,), policy.networks, policy.loopback)
            request = _token_request(oauth, client_id, secret, parameters)
            known = self._tokens[key] = asyncio.ensure_future(self._fetch(request, within, trust))
            if len(self._tokens) > _TOKENS_KEPT:
                self._tokens.popitem(last=False)
        # Others wait for it, too.
        return (await asyncio.shield(known)).value

    def _good(self, known: asyncio.Future[_Token]) -> bool:
        if known.cancelled() or known.exception() is not None:
            return False
        return known.result().until - _EARLIER_MILLIS > self.clock.now()

    async def _fetch(self, request: Request, within: Policy, trust: Trust) -> _Token:
        asked = self.clock.now()
        try:
            answer = await self.client.send(request, within, trust, 30)
        except (NotAllowed, NoAnswer, Unusable) as error:
            raise NoObject(INVALID, f"No token could be obtained: {error}") from error
        except TooLarge as error:
            raise NoObject(
                INVALID, f"No token could be obtained: {request.target.shown} answers too much."
            ) from error
        said = _said(answer)
        token = said.get("access_token")
        if answer.status != 200 or not isinstance(token, str) or not token or not headers.is_value(token):
            code = said.get("error")
            why = f" ({code[:80]})" if isinstance(code, str) and code.isidentifier() else ""
            raise NoObject(
                INVALID, f"No token could be obtained: {request.target.shown} answers {answer.status}{why}."
            )
        life = said.get("expires_in")
        seconds = int(life) if isinstance(life, int | float) and life > 0 else _LIFE_SECONDS
        return _Token(token, asked + min(seconds, 86_400) * 1000)


async def given(parts: Sequence[Given], secrets: Secrets) -> tuple[tuple[str, str], ...]:
    return tuple([(part.name, await secrets.of(part.value)) for part in parts])


def _token_request(
    oauth: OAuth, client_id: str, secret: str, parameters: Sequence[tuple[str, str]]
) -> Request:
    form: dict[str, Json] = {"grant_type": "client_credentials"}
    if oauth.scopes:
        form["scope"] = " ".join(oauth.scopes)
    headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
    if oauth.in_body:
        form |= {"client_id": client_id, "client_secret": secret}
    else:
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
    form |= dict(parameters)
    return Request("POST", oauth.token_url, headers, forms.encoded(form).encode())


def _said(answer: Answer) -> Mapping[str, Json]:
    try:
        said = jsontext.parse(answer.body)
    except InvalidJson:
        return {}
    return said if isinstance(said, Mapping) else {}
