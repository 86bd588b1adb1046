"""ServiceAccounts in the place of AWS's roles: which one a role's ARN means, and how one is shown.

It means the account of the state machine's namespace that names the ARN in an annotation, as EKS has it, or else the one that is
called like the last part of it. ``role/stepwright`` means none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final

import msgspec

from stepwright.catalog.arns import Place
from stepwright.cluster.catalog.asking import refusal
from stepwright.cluster.resources.model import DNS_NAME
from stepwright.engine.ports import Refused
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of

NOBODY: Final = "stepwright"
ANNOTATIONS: Final = ("stepwright.dev/role-arn", "eks.amazonaws.com/role-arn")

_PAGE_SIZE: Final = 500


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    annotations: Mapping[str, str] = {}


class _Account(msgspec.Struct, frozen=True):
    metadata: _Metadata


def shown(place: Place, account: str | None, given: str | None) -> str:
    """``given``: the ARN that the account was named by, if it was."""
    return given or f"arn:{place.partition}:iam::{place.account}:role/{account or NOBODY}"


async def account_of(api: Api, namespace: str, role_arn: str) -> str | None:
    """The account that a role means there; it may not exist yet. Raises Refused where no account can have that name, Unavailable."""
    path = path_of("v1", "serviceaccounts", namespace)
    try:
        async with aclosing(lists.pages(api, path, page_size=_PAGE_SIZE)) as pages:
            async for page, _ in pages:
                for item in page:
                    metadata = msgspec.json.decode(item, type=_Account).metadata
                    if any(metadata.annotations.get(name) == role_arn for name in ANNOTATIONS):
                        return metadata.name
    except ApiError as error:
        raise refusal(error) from error
    name = role_arn.rpartition("/")[2]
    if name == NOBODY:
        return None
    lower = name.lower()
    if len(lower) > 253 or re.fullmatch(DNS_NAME, lower) is None:
        raise Refused(
            f"No ServiceAccount can be called {name!r}: give one of the namespace the annotation {ANNOTATIONS[0]}: {role_arn}"
        )
    return lower
