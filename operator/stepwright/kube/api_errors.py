"""How the API server refuses or fails, as one class per kind of answer.

Everything above this layer catches these classes and never looks at status codes. Source of reasons and shapes:
https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go
(StatusReason, StatusDetails); the oddities noted below were seen on a real API server.
"""
# ruff: noqa: N818 - the classes are named after what the API server says, in its own words

from __future__ import annotations

import msgspec

from stepwright.kube.decoders import decoder


class Cause(msgspec.Struct):
    """One finding of the API server about a field of the object."""

    reason: str = ""
    message: str = ""
    field: str = ""


class Details(msgspec.Struct):
    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: list[Cause] = msgspec.field(default_factory=list)
    retryAfterSeconds: int = 0  # noqa: N815 - the field's name on the wire


class Status(msgspec.Struct):
    """The object that the API server answers with instead of a result."""

    status: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


class ApiError(Exception):
    """A request that was answered with an error. ``message`` is the API server's own sentence."""

    def __init__(self, status: int, reason: str, message: str, details: Details | None = None) -> None:
        super().__init__(f"{message} ({status} {reason})" if reason else f"{message} ({status})")
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details or Details()


class NotFound(ApiError):
    """The object, its namespace or its kind does not exist (``details.kind`` says which)."""


class AlreadyExists(ApiError):
    """An object of that name exists."""


class Conflict(ApiError):
    """Somebody else changed the object (or the quota that counts it) at the same time: read it again."""


class Invalid(ApiError):
    """The object breaks the schema or the validation rules; also the answer to a failed JSON Patch ``test``
    (422)."""


class BadRequest(ApiError):
    """The request itself is malformed. An admission webhook may answer this, too."""


class Unauthorized(ApiError):
    """The credentials are not accepted, even after being read again."""


class Expired(ApiError):
    """A resourceVersion or continue token that the server no longer has (410): list again."""


class TooLarge(ApiError):
    """Permanent: no retry makes the object smaller. A 413, or the 500 that reports etcd's limit."""


class AnswerTooLong(ApiError):
    """The answer has more bytes than are ever read into memory: ask for less of it."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "AnswerTooLong", message)


class Forbidden(ApiError):
    """RBAC, a quota, an admission policy or the end of a namespace forbids it."""

    @property
    def quota_exceeded(self) -> bool:
        """A ResourceQuota is used up. The API server has no separate reason for this, only the sentence."""
        return "exceeded quota:" in self.message

    @property
    def namespace_terminating(self) -> bool:
        return any(cause.reason == "NamespaceTerminating" for cause in self.details.causes)

    @property
    def may_not_impersonate(self) -> bool:
        """The caller lacks the verb ``impersonate``; the impersonated account's rights were not even
        checked."""
        return "cannot impersonate resource" in self.message

    @property
    def by_rbac(self) -> bool:
        """The authorizer refused, rather than an admission plugin or policy."""
        return ' is forbidden: User "' in self.message and " cannot " in self.message


class TooManyRequests(ApiError):
    """Try later: the server limits its clients, or (for evictions) a PodDisruptionBudget does."""

    def __init__(
        self, status: int, reason: str, message: str, details: Details | None = None, retry_after: float = 1
    ) -> None:
        super().__init__(status, reason, message, details)
        self.retry_after = retry_after


class Unreachable(ApiError):
    """No answer that counts: connection lost, time-out, 5xx. ``status`` is 0 if none was received.

    ``outcome_unknown``: a write may have landed all the same; check before repeating it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str = "Unreachable",
        details: Details | None = None,
        outcome_unknown: bool,
    ) -> None:
        super().__init__(status, reason, message, details)
        self.outcome_unknown = outcome_unknown


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: Expired,
    413: TooLarge,
    422: Invalid,
}

# etcd's and gRPC's limits come through the API server as plain 500s.
_TOO_LARGE = ("request is too large", "message larger than max", "Request entity too large")


def from_response(
    status: int, body: bytes, retry_after: str | None = None, *, write: bool = False
) -> ApiError:
    """The error that an answer with this HTTP status and body means."""
    try:
        parsed = decoder(Status).decode(body)
    except msgspec.DecodeError:
        # A proxy or the authenticator answers in plain text.
        parsed = Status(message=body[:1000].decode(errors="replace").strip() or f"HTTP status {status}")
    message, reason, details = parsed.message or f"HTTP status {status}", parsed.reason, parsed.details
    if status == 429:
        seconds = _seconds(retry_after) or (details.retryAfterSeconds if details else 0) or 1
        return TooManyRequests(status, reason, message, details, seconds)
    if status == 413 or (status == 500 and any(text in message for text in _TOO_LARGE)):
        return TooLarge(status, reason, message, details)
    if status >= 500:
        return Unreachable(message, status=status, reason=reason, details=details, outcome_unknown=write)
    if status == 409:
        kind = AlreadyExists if reason == "AlreadyExists" else Conflict
        return kind(status, reason, message, details)
    return _BY_STATUS.get(status, ApiError)(status, reason, message, details)


def from_status(status: Status) -> ApiError:
    """The error that a Status object in a stream (an ERROR event of a watch) means."""
    return from_response(status.code, msgspec.json.encode(status))


def _seconds(retry_after: str | None) -> float:
    try:
        return max(float(retry_after or 0), 0)
    except ValueError:  # an HTTP date; no API server sends one
        return 0
