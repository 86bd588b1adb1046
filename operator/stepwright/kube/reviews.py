"""Who holds a token, and what somebody may do: the API server says both.

https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/,
https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from stepwright.kube.api import Api
from stepwright.kube.paths import path_of

_AUTHENTICATION: Final = "authentication.k8s.io/v1"
_AUTHORIZATION: Final = "authorization.k8s.io/v1"
_TOKENS: Final = path_of(_AUTHENTICATION, "tokenreviews")
_ACCESS: Final = path_of(_AUTHORIZATION, "subjectaccessreviews")


class User(msgspec.Struct, frozen=True):
    """As the API server knows somebody."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] | None = None
    extra: Mapping[str, tuple[str, ...]] | None = None


class _Reviewed(msgspec.Struct, frozen=True):
    authenticated: bool = False
    user: User | None = None
    audiences: tuple[str, ...] = ()


class _TokenReview(msgspec.Struct, frozen=True):
    status: _Reviewed = _Reviewed()


class Decision(msgspec.Struct, frozen=True):
    """``reason``: the authorizer's words, if it has any."""

    allowed: bool = False
    reason: str = ""


class _AccessReview(msgspec.Struct, frozen=True):
    status: Decision = Decision()


async def holder(api: Api, token: str, audiences: Sequence[str] = ()) -> User | None:
    """Whose a token is that was made for one of the audiences (none: for the API server); None if it is not valid for any. Raises
    ApiError."""
    spec: dict[str, Any] = {"token": token}
    if audiences:
        spec["audiences"] = list(audiences)
    body = {"apiVersion": _AUTHENTICATION, "kind": "TokenReview", "spec": spec}
    review: _TokenReview = await api.create(_TOKENS, body, into=_TokenReview)
    status = review.status
    # An authenticator that knows nothing of audiences names none: then the token may have been made for anybody.
    if not status.authenticated or (audiences and not set(audiences) & set(status.audiences)):
        return None
    return status.user


async def decision(api: Api, user: User, attributes: Mapping[str, Any]) -> Decision:
    """``attributes``: ``resourceAttributes`` or ``nonResourceAttributes``, with what these say. Raises ApiError."""
    spec: dict[str, Any] = {
        "user": user.username,
        "uid": user.uid,
        "groups": user.groups or (),
        "extra": user.extra or {},
        **attributes,
    }
    body = {"apiVersion": _AUTHORIZATION, "kind": "SubjectAccessReview", "spec": spec}
    review: _AccessReview = await api.create(_ACCESS, body, into=_AccessReview)
    return review.status
