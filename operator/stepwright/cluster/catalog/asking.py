"""Asks the API server as Stepwright itself, for somebody whose right to it was decided upon before."""

from __future__ import annotations

from typing import Any, Final

from stepwright.catalog.ports import LimitReached, NotAllowed
from stepwright.engine.ports import JournalError, Refused, Unavailable
from stepwright.kube.api import MERGE_PATCH, Api
from stepwright.kube.api_errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
)

REQUESTED_BY: Final = "stepwright.dev/requested-by"
"""Annotation of StateMachines: for whom the server has written them last."""


class Asking:
    def __init__(self, api: Api) -> None:
        self.api: Final = api

    async def get(self, path: str, into: Any) -> Any:
        """None if it is not there. Raises what ``refusal`` gives."""
        try:
            return await self.api.get(path, into=into)
        except NotFound:
            return None
        except ApiError as error:
            raise refusal(error) from error

    async def merge(self, path: str, patch: Any, into: Any) -> Any:
        """Likewise."""
        try:
            return await self.api.patch(path, patch, MERGE_PATCH, into=into)
        except NotFound:
            return None
        except ApiError as error:
            raise refusal(error) from error

    async def delete(self, path: str) -> None:
        """It may be gone already."""
        try:
            await self.api.delete(path)
        except NotFound:
            pass
        except ApiError as error:
            raise refusal(error) from error


def refusal(error: ApiError) -> JournalError | LimitReached | NotAllowed:
    """What an answer of the API server means for whoever has asked for it."""
    match error:
        case Forbidden() if error.quota_exceeded:
            return LimitReached(f"A quota of the namespace is used up: {error.message}")
        case Forbidden() if error.by_rbac:
            return Unavailable(
                f"Stepwright's server itself lacks a right that its installation must give it: {error.message}"
            )
        case Forbidden():
            return NotAllowed(f"The cluster does not allow it: {error.message}")
        case BadRequest() | Invalid() | TooLarge():
            return Refused(error.message)
        case Conflict():
            return Unavailable(f"it was changed by another request at the same time: {error.message}")
        case _:
            return Unavailable(f"the API server cannot do it now: {error.message}")
