"""The meaning of an API server's answer for a commit."""

from __future__ import annotations

from stepwright.engine.ports import Denied, Gone, JournalError, Refused, Unavailable
from stepwright.kube.api_errors import ApiError, BadRequest, Forbidden, Invalid, NotFound, TooLarge


def of_write(ref: object, error: ApiError) -> JournalError:
    """The meaning of an API server's answer for a commit."""
    match error:
        case NotFound():
            return Gone(f"Execution {ref} no longer exists")
        case Forbidden() if error.namespace_terminating:
            return Gone(f"the namespace of Execution {ref} is being deleted")
        case Forbidden():
            # A right or a quota that an administrator can grant.
            return Denied(str(error), quota=error.quota_exceeded)
        case TooLarge() | BadRequest() | Invalid():
            return Refused(str(error))
        case _:
            # Conflict, too: a race within the server.
            return Unavailable(str(error))
