"""As whom tasks of a cluster call AWS: never as the operator.

A Connection has keys in a Secret, or a role that its ServiceAccount assumes by web identity; without either it is the role of the
state machine's own ServiceAccount. From there a task may act as a role that its state names, if the Connection lists it. Secrets
and annotations are read anew for each use; sessions are kept in memory until they lapse.
Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html and API_AssumeRole.html
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from stepwright.asl.failure.errors import PERMISSIONS
from stepwright.aws.calling import Client, MayNotConnect, NoAnswer, ServiceRefused
from stepwright.aws.clients import Keys, Signed
from stepwright.aws.threads import Threads
from stepwright.catalog import arns
from stepwright.catalog.ports import ConnectionObject
from stepwright.engine.ports import Clock, ExecutionRef
from stepwright.tasks.accounts import service_account
from stepwright.tasks.aws import failures
from stepwright.tasks.aws.connection import AUDIENCE, AccessKey, AwsConnection, WebIdentity
from stepwright.tasks.calls.integration import CallFailed

SESSION_SECONDS: Final = 3600
EARLIER_MILLIS: Final = 5 * 60 * 1000
"""Sessions are renewed so long before they lapse."""
KEPT: Final = 1024
THREADS: Final = 8
"""In which STS is called; not those of tasks, which wait for what comes of it."""

_NOT_IN_A_NAME: Final = re.compile(r"[^\w+=,.@-]", re.ASCII)


class Accounts(Protocol):
    """Implemented by ``cluster.service_accounts``. Both raise NoObject, Unavailable."""

    async def role(self, namespace: str, account: str) -> str | None: ...

    async def token(self, namespace: str, account: str, audience: str) -> str: ...


Sts: TypeAlias = Callable[[Keys | Signed], Client]
"""A client of STS, as a Connection has it, whose requests are signed so. It is called in a thread."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A task of ``ref`` calls by this Connection, perhaps as a ``role`` that its state names."""

    ref: ExecutionRef
    connection: ConnectionObject
    aws: AwsConnection
    role: str | None
    sts: Sts


@dataclass(frozen=True, slots=True, repr=False)
class _Session:
    keys: Keys
    until: int


class Identities:
    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._threads = Threads(THREADS, "call of STS")
        self._sessions: OrderedDict[bytes, asyncio.Future[_Session]] = OrderedDict()

    def close(self) -> None:
        self._threads.close()

    async def keys(self, asked: Asked, *, renewed: bool = False) -> Keys:
        """``renewed``: what there was has just been refused. Raises CallFailed, NoObject, NoAnswer, Unavailable."""
        role = asked.role
        if role is not None and role not in asked.aws.roles:
            raise denied(
                f"The Connection does not list the role {role} in spec.aws.roles, so no task acts as it."
            )
        own = await self._own(asked, renewed=renewed)
        if role is None:
            return own
        ref = asked.ref
        machine = arns.place_of(ref.arn).state_machine(ref.state_machine)
        request = {
            "RoleArn": role,
            "RoleSessionName": _name(ref.namespace, ref.state_machine),
            # As Step Functions sends it, so that a role's owner can say which state machines are trusted.
            "ExternalId": machine,
        }
        key = (asked.connection.identity, own.id, own.secret, own.token, role, machine)
        return await self._session(
            key, lambda: self._assumed(asked, own, "AssumeRole", request), renewed=renewed
        )

    async def _own(self, asked: Asked, *, renewed: bool) -> Keys:
        match asked.aws.credentials:
            case AccessKey() as given:
                return await _of_secret(asked.connection, given)
            case WebIdentity(role, audience):
                namespace, account = asked.ref.namespace, ""

                async def token() -> str:
                    return await asked.connection.token(audience)

            case None:
                namespace, account = asked.ref.namespace, _account(asked.ref)
                role = await self._annotated(namespace, account)

                async def token() -> str:
                    return await self._accounts.token(namespace, account, AUDIENCE)

        async def assumed() -> _Session:
            request = {
                "RoleArn": role,
                "RoleSessionName": _name(namespace, account),
                "WebIdentityToken": await token(),
            }
            return await self._assumed(asked, Signed.NOT, "AssumeRoleWithWebIdentity", request)

        key = (asked.connection.identity, namespace, account, role)
        return await self._session(key, assumed, renewed=renewed)

    async def _annotated(self, namespace: str, account: str) -> str:
        role = await self._accounts.role(namespace, account)
        if role is None:
            raise denied(
                f"The ServiceAccount {account} has no role at AWS: its annotation eks.amazonaws.com/role-arn would name it."
            )
        return role

    async def _session(
        self, key: tuple[object, ...], assumed: Callable[[], Awaitable[_Session]], *, renewed: bool
    ) -> Keys:
        """The one that is kept, or a new one; who asks meanwhile waits for the same."""
        digest = hashlib.sha256(repr(key).encode("utf-8", "replace")).digest()
        known = self._sessions.get(digest)
        if known is not None and known.done() and (renewed or not self._is_good(known)):
            known = None
        if known is None:
            known = self._sessions[digest] = asyncio.ensure_future(assumed())
            if len(self._sessions) > KEPT:
                self._sessions.popitem(last=False)
        self._sessions.move_to_end(digest)
        return (await asyncio.shield(known)).keys

    def _is_good(self, known: asyncio.Future[_Session]) -> bool:
        if known.cancelled() or known.exception() is not None:
            return False
        return known.result().until - EARLIER_MILLIS > self._clock.now()

    async def _assumed(
        self, asked: Asked, signed: Keys | Signed, operation: str, request: Mapping[str, object]
    ) -> _Session:
        given = {**request, "DurationSeconds": SESSION_SECONDS}
        begun = self._clock.now()
        try:
            said = await self._threads.run(lambda: asked.sts(signed).call(operation, given))
        except ServiceRefused as refused:
            if failures.passes(refused):
                raise NoAnswer(f"STS does not answer {operation}: {refused.code}") from refused
            raise denied(
                f"STS refuses {operation} of {request['RoleArn']}: {refused.code}: {refused.message}"
            ) from refused
        except NoAnswer as none:
            raise NoAnswer(f"STS does not answer {operation}: {none}") from none
        except MayNotConnect as forbidden:
            raise denied(str(forbidden)) from forbidden
        made = said.members["Credentials"]
        keys = Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        return _Session(keys, begun + SESSION_SECONDS * 1000)


async def _of_secret(connection: ConnectionObject, key: AccessKey) -> Keys:
    async def of(name: str, at: str) -> str:
        return (await connection.secret(name, at)).strip()

    token = key.session_token
    return Keys(
        await of(key.id.name, key.id.key),
        await of(key.secret.name, key.secret.key),
        None if token is None else await of(token.name, token.key),
    )


def _account(ref: ExecutionRef) -> str:
    account = service_account(ref.settings)
    if account is None:
        raise denied(
            "There are no credentials for AWS: the Connection has none, and the state machine names no serviceAccountName whose "
            "role they would be."
        )
    return account


def denied(cause: str) -> CallFailed:
    return CallFailed(PERMISSIONS, cause)


def _name(*parts: str) -> str:
    """Of a session, as CloudTrail shows it."""
    return _NOT_IN_A_NAME.sub("-", ".".join(("stepwright", *filter(None, parts))))[:64]
