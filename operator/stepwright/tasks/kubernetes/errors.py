"""What the API server's refusals mean for a task: ``Kubernetes.`` and the reason that it gives."""

from __future__ import annotations

from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED
from stepwright.engine.ports import Unavailable
from stepwright.kube import api_errors as api
from stepwright.tasks.calls.integration import AnswerLost, CallFailed, RefusedForNow

PREFIX: Final = "Kubernetes."
LOST: Final = f"{PREFIX}ConnectionLost"
LOST_BY_CALL: Final = "EKS.SdkClientException"
"""As AWS calls a connection that was lost."""
NOT_FOUND: Final = f"{PREFIX}NotFound"
WAIT_FAILED: Final = f"{PREFIX}WaitFailed"

_OF_STATUS: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
"""For answers without a reason, which come from something on the way."""


def of(error: api.ApiError, account: str) -> Exception:
    """What to raise for an answer to a request that was made as this account (``shop/orders``)."""
    if isinstance(error, api.Unreachable):
        if not error.status:
            return (AnswerLost if error.outcome_unknown else Unavailable)(error.message)
        return RefusedForNow(_failure(error), landed=error.outcome_unknown)
    if isinstance(error, api.TooManyRequests | api.Unauthorized):
        return RefusedForNow(_failure(error), landed=False)
    if isinstance(error, api.AnswerTooLong):
        return too_large(error.message)
    if isinstance(error, api.Forbidden) and error.may_not_impersonate:
        namespace, _, name = account.partition("/")
        return CallFailed(
            f"{PREFIX}Forbidden",
            f"Stepwright may not act as ServiceAccount {account}, which the state machine names in serviceAccountName: allow "
            f"Stepwright's own account the verb impersonate on serviceaccounts, resourceNames [{name}], by a Role in namespace "
            f"{namespace} (chart value impersonate). Kubernetes says: {error.message}",
        )
    return _failure(error)


def too_large(what: str) -> CallFailed:
    return CallFailed(
        DATA_LIMIT_EXCEEDED,
        f"{what}: a result may have 262,144 bytes. Ask for less of it: select names the paths that are kept, labelSelector "
        "and limit the objects of a list.",
    )


def _failure(error: api.ApiError) -> CallFailed:
    reason = error.reason or _OF_STATUS.get(error.status, f"Status{error.status}")
    return CallFailed(f"{PREFIX}{reason}", error.message)
