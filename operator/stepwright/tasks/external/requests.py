"""What is asked of the API server about ExternalTasks, as Stepwright's own account."""

from __future__ import annotations

from typing import Any

import msgspec

from stepwright.asl.failure.errors import StateError
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from stepwright.kube import api_errors
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, Forbidden, Invalid, NotFound
from stepwright.kube.decoders import decoder
from stepwright.kube.paths import path_of
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.external import register
from stepwright.tasks.external.register import Answer, Answered, Reason, Register

Whole = tuple[Register, Answer]


class _ExecutionStatus(msgspec.Struct, frozen=True, gc=False):
    settled: bool = False


class _Execution(msgspec.Struct, frozen=True, gc=False):
    metadata: register.Metadata
    status: _ExecutionStatus = _ExecutionStatus()


class Requests:
    """All raise Unavailable. What changes something is sent only while this process carries the execution."""

    def __init__(self, api: Api, accounts: Accounts) -> None:
        self._api = api
        self._accounts = accounts

    async def create(self, ref: ExecutionRef, manifest: dict[str, Any]) -> Register | None:
        """None: an object of that name is there already. Raises StateError."""
        try:
            made: Register = await self._accounts.own(ref).create(
                register.path(ref.namespace), manifest, into=Register
            )
        except AlreadyExists:
            return None
        except ApiError as error:
            raise _as_failure(error, ref) from error
        return made

    async def read(self, namespace: str, name: str) -> Whole | None:
        """None: there is none."""
        try:
            return whole(await self._api.request("GET", register.path(namespace, name)))
        except NotFound:
            return None
        except ApiError as error:
            raise Unavailable(f"cannot read ExternalTask {namespace}/{name}: {error}") from error

    async def close(self, ref: ExecutionRef, seen: Register, reason: Reason) -> Register | None:
        """The closed one. None: something has happened to it since it was seen, or it is gone."""
        name = seen.metadata.name
        path = register.path(ref.namespace, name, "status")
        try:
            closed: Register = await self._accounts.own(ref).patch(
                path, register.closing(seen, reason), into=Register
            )
        except (Invalid, NotFound, api_errors.Conflict):
            return None
        except ApiError as error:
            raise Unavailable(f"cannot close ExternalTask {ref.namespace}/{name}: {error}") from error
        return closed

    async def delete(self, ref: ExecutionRef, seen: Register) -> None:
        path = register.path(ref.namespace, seen.metadata.name)
        try:
            await self._accounts.own(ref).delete(path, {"preconditions": {"uid": seen.metadata.uid}})
        except (NotFound, api_errors.Conflict):
            return
        except ApiError as error:
            raise Unavailable(f"cannot delete ExternalTask {path}: {error}") from error

    async def is_settled(self, namespace: str, name: str, uid: Uid) -> bool:
        """Whether that execution is settled or gone: nothing is wanted of it any more."""
        try:
            found: _Execution = await self._api.get(
                path_of(register.API_VERSION, "executions", namespace, name), into=_Execution
            )
        except NotFound:
            return True
        except ApiError as error:
            raise Unavailable(f"cannot read Execution {namespace}/{name}: {error}") from error
        return found.metadata.uid != uid or found.status.settled


def whole(text: bytes | msgspec.Raw) -> Whole:
    """An object with its answer. Raises Unavailable if it cannot be read."""
    try:
        seen: Register = decoder(Register).decode(text)
        answered: Answered = decoder(Answered).decode(text)
    except msgspec.DecodeError as error:
        raise Unavailable(f"an ExternalTask cannot be read: {error}") from error
    return seen, answered.status.answer


def _as_failure(error: ApiError, ref: ExecutionRef) -> StateError:
    """What a refusal means for the task. Raises Unavailable if the same request may succeed later."""
    if isinstance(
        error,
        api_errors.Unreachable | api_errors.TooManyRequests | api_errors.Unauthorized | api_errors.Conflict,
    ):
        raise Unavailable(f"cannot create externaltasks in namespace {ref.namespace} now: {error}") from error
    if isinstance(error, Forbidden) and error.quota_exceeded:
        cause = f"A quota of namespace {ref.namespace} is used up: {error.message}"
        return StateError(register.QUOTA_EXCEEDED, cause)
    if isinstance(error, api_errors.TooLarge):
        return StateError(register.TOO_LARGE, error.message)
    # A right, the namespace or the CRD is missing, or a rule forbids it.
    return StateError(register.REFUSED, f"Kubernetes has refused to create the ExternalTask: {error.message}")
