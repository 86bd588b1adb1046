"""The file of a login provider: read whole, or refused with what is wrong and where."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from stepwright.cli import login_provider
from stepwright.console.oidc.settings import OidcSettings

GIVEN = """
issuer: https://login.example
clientId: stepwright
redirectUri: https://states.example/console/api/v1/oidc/callback
"""


def read(folder: Path, text: str) -> OidcSettings | None:
    file = folder / "provider.yaml"
    file.write_text(text)
    return login_provider.read(file)


def test_files_that_it_names_are_beside_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    settings = read(tmp_path, f"{GIVEN}clientSecretFile: secret\nusernameClaim: email\nscopes: [openid]\n")

    assert settings == OidcSettings(
        "https://login.example",
        "stepwright",
        "https://states.example/console/api/v1/oidc/callback",
        "s3cret",
        scopes=("openid",),
        username_claim="email",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Expected `object`"),
        ("issuer: [", "provider.yaml"),
        (f"{GIVEN}clientID: x", "unknown field `clientID`"),
        (f"{GIVEN}clientSecretFile: none", "No such file"),
        (GIVEN.replace("https://login", "http://login"), "must be an https address"),
        (f"{GIVEN}scopes: [email]", "lack openid"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        read(tmp_path, text)
