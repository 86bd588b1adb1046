"""``--login-provider``: a file in YAML that says at which provider of OpenID Connect people log in to the console."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import typer
import yaml

if TYPE_CHECKING:
    from stepwright.console.oidc.settings import OidcSettings

OPTION: Final = "--login-provider"
HELP: Final = "YAML file that names the OpenID Connect provider for logins to the console; docs/server.md lists its fields."


class _Given(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Files are looked for beside this one."""

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret_file: str | None = None
    authorities_file: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email", "groups")
    username_claim: str = "sub"
    username_prefix: str = "oidc:"
    groups_claim: str = "groups"
    groups_prefix: str = "oidc:"


def read(file: Path | None) -> OidcSettings | None:
    """Raises typer.BadParameter."""
    if file is None:
        return None
    from stepwright.console.oidc.settings import OidcSettings  # noqa: PLC0415 - seldom

    try:
        given = msgspec.convert(yaml.safe_load(file.read_text("utf-8")), _Given)
        named = (given.client_secret_file, given.authorities_file)
        secret, authorities = (
            None if name is None else (file.parent / name).read_text("utf-8") for name in named
        )
    except (OSError, yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint=OPTION) from error
    settings = OidcSettings(
        issuer=given.issuer,
        client_id=given.client_id,
        redirect_uri=given.redirect_uri,
        client_secret=None if secret is None else secret.strip(),
        scopes=given.scopes,
        username_claim=given.username_claim,
        username_prefix=given.username_prefix,
        groups_claim=given.groups_claim,
        groups_prefix=given.groups_prefix,
        authorities=authorities,
    )
    if (problem := settings.problem) is not None:
        raise typer.BadParameter(f"{file}: {problem}", param_hint=OPTION)
    return settings
