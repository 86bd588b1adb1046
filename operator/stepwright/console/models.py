"""What the console's API takes and answers. ``console/src/api/generated/console.ts`` is made of these
(``console.typescript``): what has a default here may be absent there.

Times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct


class Model(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An object."""


class Row(Struct, frozen=True, rename="camel", array_like=True):
    """An array, as there are many of them."""


class Problem(Model, frozen=True):
    """The body of every answer that is an error."""

    code: str
    """For programs: one of AWS's, or one of those in docs/console.md."""
    message: str
    pointer: str | None = None
    """Where in what was sent, as a JSON pointer."""


# --- Who asks ---------------------------------------------------------------------------------------------------------


class Credentials(Model, frozen=True):
    """The body of ``POST v1/session``: an access key as SDKs have it."""

    access_key_id: str
    secret_access_key: str


class Right(Model, frozen=True):
    """Whether a person may perform an operation of AWS's API on anything of a tenant."""

    allowed: bool
    reason: str | None = None
    """Why not, for people."""


class Tenant(Model, frozen=True):
    """Whose state machines and executions: a namespace, which is an account in ARNs."""

    name: str
    account: str
    rights: Mapping[str, Right]
    """By operation: those that the console has buttons for."""


class Features(Model, frozen=True):
    """Which parts of the API this server has."""

    executions: bool = False
    """``v1/executions`` and what is below it."""
    stream: bool = False
    logs: bool = False
    definitions: bool = False
    expressions: bool = False
    fields: bool = False
    resources: bool = False
    blueprints: bool = False
    metrics: bool = False
    files: bool = False


class Limits(Model, frozen=True):
    """Bounds that pages have to know."""

    body_bytes: int
    """Of a request to ``v1/aws``."""
    idle_minutes: int | None = None
    """After how much time without a request a person has to log in again."""


class Me(Model, frozen=True):
    """``GET v1/me``. Without a ``person`` one has to log in as ``login`` says, and nothing else is served until then."""

    person: str | None
    login: Literal["accessKey"] | None
    token: str
    """To be sent in the header X-Stepwright-Console with everything that changes something."""
    tenants: list[Tenant]
    region: str
    """Where things are that no ARN names."""
    features: Features
    limits: Limits
    version: str
