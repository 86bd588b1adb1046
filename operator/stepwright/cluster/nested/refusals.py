"""What an answer of the API server to an account means for the task that asked: a sentence that says which right it lacks."""

from __future__ import annotations

from stepwright.catalog.ports import LimitReached, NotAllowed
from stepwright.engine.ports import ExecutionRef, Refused, Unavailable
from stepwright.kube.api_errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)


def of(error: ApiError, ref: ExecutionRef, account: str, doing: str) -> Exception:
    """``doing``: ``create executions in namespace shop``. ``account``: of the state machine of ``ref``."""
    match error:
        case Unreachable() | TooManyRequests() | Unauthorized() | Conflict():
            return Unavailable(f"cannot {doing} now: {error}")
        case Forbidden() if error.quota_exceeded:
            return LimitReached(f"A quota of the namespace is used up: {error.message}")
        case Forbidden() if error.may_not_impersonate:
            return NotAllowed(
                f"Stepwright may not act as ServiceAccount {ref.namespace}/{account}, which the state machine names in "
                f"serviceAccountName: allow Stepwright's own account the verb impersonate on serviceaccounts, "
                f"resourceNames [{account}], by a Role in namespace {ref.namespace} (chart value impersonate). "
                f"Kubernetes says: {error.message}"
            )
        case Forbidden() if error.by_rbac:
            return NotAllowed(
                f"ServiceAccount {ref.namespace}/{account} may not {doing}: bind it to a Role there with the rights that "
                f"docs/nested.md lists. Kubernetes says: {error.message}"
            )
        case Forbidden():
            return NotAllowed(f"Kubernetes does not let {ref.namespace}/{account} {doing}: {error.message}")
        case NotFound():
            return NotAllowed(f"Nobody can {doing}: {error.message}")
        case _:
            return Refused(f"Kubernetes has refused to {doing}: {error.message}")
