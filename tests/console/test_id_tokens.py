"""Whose an ID token is: only one of the provider, for this login, of somebody who is nobody else."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from stepwright.asl.signals import Millis
from stepwright.console.oidc import id_tokens
from stepwright.console.oidc.id_tokens import NobodyKnown
from stepwright.console.oidc.provider import CodeRefused, NoProvider, Provider
from stepwright.console.oidc.settings import OidcSettings
from stepwright.console.sealed_sessions import Person
from tests.kube.server import Answer, says
from tests.kube.server import serving as api_serving

SETTINGS = OidcSettings(
    "https://id.example", "stepwright", "https://steps.example/console/api/v1/oidc/callback"
)
NOW = 1_800_000_000
RSA = RSAKey.generate_key(2048, {"kid": "r"})
EC = ECKey.generate_key("P-256", {"kid": "e"})


class Keys:
    """In the place of a provider: the second set is there once somebody asks for an unknown key."""

    def __init__(self, *sets: list[Any]) -> None:
        self._sets = [KeySet(keys) for keys in sets]
        self.asked: list[bool] = []

    async def keys(self, *, unknown: bool = False) -> KeySet:
        self.asked.append(unknown)
        return self._sets[min(unknown, len(self._sets) - 1)]


def token(key: Any = RSA, alg: str = "RS256", *, kid: str | None = None, **claims: Any) -> str:
    said: dict[str, Any] = {
        "iss": SETTINGS.issuer,
        "aud": "stepwright",
        "sub": "ana",
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": "n",
        "groups": ["buyers"],
    }
    told = {name: value for name, value in {**said, **claims}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid or key.kid}, told, key, algorithms=[alg])


async def person(text: str, keys: Keys | None = None, **settings: Any) -> Person:
    provider = cast(Provider, keys or Keys([RSA, EC]))
    return await id_tokens.person(text, "n", replace(SETTINGS, **settings), provider, Millis(NOW * 1000))


async def test_a_token_of_the_provider_names_somebody_and_their_groups() -> None:
    found = await person(token())
    assert (found.name, found.groups) == ("oidc:ana", ("system:authenticated", "oidc:buyers"))
    found = await person(token(EC, "ES256", groups="one", aud=["stepwright", "other"], azp="stepwright"))
    assert found.groups == ("system:authenticated", "oidc:one")
    mail = token(email="ana@example.com", email_verified=True, groups=None)
    assert (await person(mail, username_claim="email", username_prefix="")).name == "ana@example.com"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://evil.example"}, "of another issuer"),
        ({"iss": None}, "of another issuer"),
        ({"aud": "other"}, "for another client"),
        ({"aud": None}, "for another client"),
        ({"aud": ["stepwright", "other"]}, "was given to another client"),
        ({"azp": "other"}, "was given to another client"),
        ({"exp": NOW - 61}, "has expired"),
        ({"exp": None}, "has expired"),
        ({"exp": "never"}, "has expired"),
        ({"iat": NOW + 61}, "from the future"),
        ({"nonce": "other"}, "of another login"),
        ({"nonce": None}, "of another login"),
        ({"sub": None}, "no claim 'sub'"),
        ({"sub": " "}, "no claim 'sub'"),
        ({"sub": 7}, "no claim 'sub'"),
        ({"groups": {"a": 1}}, "not a list of groups"),
        ({"groups": [1]}, "not a list of groups"),
        ({"groups": ["g"] * 201}, "there are 201 groups"),
        ({"sub": "ana\nlogged in person=ben"}, "characters that cannot be shown"),
        ({"groups": ["buyers", "\x1b[2J"]}, "characters that cannot be shown"),
    ],
)
async def test_what_is_not_for_this_login_is_of_nobody(claims: dict[str, Any], words: str) -> None:
    with pytest.raises(NobodyKnown, match=words):
        await person(token(**claims))


async def test_nobody_becomes_what_kubernetes_keeps_for_itself() -> None:
    for claims in ({"groups": ["system:masters"]}, {"sub": "system:admin"}):
        said = token(**claims)
        assert "oidc:system:" in "".join([(await person(said)).name, *(await person(said)).groups])
        with pytest.raises(NobodyKnown, match="keeps for itself"):
            await person(said, groups_prefix="", username_prefix="")
    with pytest.raises(NobodyKnown, match="has not verified"):
        await person(token(email="ana@example.com"), username_claim="email")


async def test_only_signatures_of_the_providers_keys_count() -> None:
    good = token()
    payload = good.split(".")[1]
    # What anybody can make: without a signature, and signed by the public key as if it was a secret.
    unsigned = _encoded(b'{"alg":"none","kid":"r"}') + f".{payload}."
    signed = _encoded(b'{"alg":"HS256","kid":"r"}') + f".{payload}"
    mac = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
    forged = f"{signed}.{_encoded(mac)}"
    other = RSAKey.generate_key(2048, {"kid": "r"})
    changed = good[:-2] + ("AA" if good[-2:] != "AA" else "BB")
    for text in (
        forged,
        unsigned,
        token(other),
        changed,
        "",
        "a.b.c",
        "x" * 70_000,
        good + "x" * 10,
        "é.é.é",
    ):
        with pytest.raises(NobodyKnown):
            await person(text)


def _encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


async def test_a_new_key_of_the_provider_is_found() -> None:
    new = RSAKey.generate_key(2048, {"kid": "new"})
    keys = Keys([RSA], [RSA, new])
    assert (await person(token(new), keys)).name == "oidc:ana"
    assert keys.asked == [False, True]
    with pytest.raises(NobodyKnown):
        await person(token(new), Keys([RSA]))


# --- The provider itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(200, {"issuer": "https://evil.example"}), "something else than expected"),
        (says(500, {}), "has answered with 500"),
        (says(302, {}, Location="http://127.0.0.1:1/"), "has answered with 302"),
        (says(200, "<html>"), "something else than expected"),
        (says(200, "x" * 300_000), "more than 262,144 bytes"),
    ],
)
async def test_a_provider_that_answers_something_else_is_not_believed(
    tmp_path: Path, answer: Answer, words: str
) -> None:
    async with api_serving(tmp_path, answer) as (_, api):
        issuer = api._who.host
        with pytest.raises(NoProvider, match=words):
            await Provider(replace(SETTINGS, issuer=issuer)).metadata()


async def test_a_provider_of_another_name_or_without_tls_is_not_believed(tmp_path: Path) -> None:
    def discovered(issuer: str, **more: str) -> Answer:
        said = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
        }
        return says(200, {**said, **more})

    async with api_serving(tmp_path, discovered("https://evil.example")) as (server, api):
        issuer = api._who.host
        provider = Provider(replace(SETTINGS, issuer=issuer))
        with pytest.raises(NoProvider, match="and not of"):
            await provider.metadata()
        server.answers = [discovered(issuer, token_endpoint="http://evil.example/token")]
        with pytest.raises(NoProvider, match="not asked over TLS"):
            await provider.metadata()
        server.answers = [discovered(issuer), says(400, {"error": "invalid_grant"})]
        with pytest.raises(CodeRefused):
            await provider.id_token("code", "verifier")
        server.answers = [says(200, {"access_token": "x"})]
        with pytest.raises(NoProvider, match="without an ID token"):
            await provider.id_token("code", "verifier")
        server.answers = [
            says(200, {"keys": [{"kty": "oct", "k": "x", "kid": "1"}, {"kty": "RSA", "kid": "2"}]})
        ]
        with pytest.raises(NoProvider, match="keys that cannot be read"):
            await provider.keys()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"issuer": "http://id.example"}, "issuer of the login provider must be an https address"),
        ({"issuer": "https://"}, "must be an https address"),
        ({"redirect_uri": "http://steps.example/x"}, "redirect URI of the login provider must be"),
        ({"client_id": ""}, "client id, which is missing"),
        ({"scopes": ("email",)}, "the scopes lack openid"),
    ],
)
def test_settings_that_let_nobody_in_are_refused_at_once(settings: dict[str, Any], words: str) -> None:
    assert SETTINGS.problem is None
    problem = replace(SETTINGS, **settings).problem
    assert problem is not None
    assert words in problem
