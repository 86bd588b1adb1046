"""Where AWS's services are, as its SDKs read it from the environment of a process.

``AWS_ENDPOINT_URL_LAMBDA`` and the like name what stands in for a service, ``AWS_ENDPOINT_URL`` what stands in for all others;
without these it is AWS's own, in the region that ``AWS_REGION`` or ``AWS_DEFAULT_REGION`` names. Who calls is ``aws.signing``'s.
Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

from __future__ import annotations

import os
import re
from typing import Final

_DEFAULT_REGION: Final = "us-east-1"
_FOR_ALL: Final = "AWS_ENDPOINT_URL"

_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
"""It becomes part of a host's name."""

_URL: Final = re.compile(r"https?://[^/?#\s]+(/[^?#\s]*)?")


class BadEndpoint(ValueError):  # noqa: N818 - it names what was found
    """The environment names an endpoint that is not valid. The sentence says which."""


def variable(service: str) -> str:
    """``AWS_ENDPOINT_URL_SECRETS_MANAGER`` for the service id ``Secrets Manager``."""
    return f"{_FOR_ALL}_{service.upper().replace(' ', '_')}"


def stand_in(service: str) -> str | None:
    """The URL of what stands in for a service, by its service id; None where nothing does. Raises BadEndpoint."""
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    named = next((name for name in (variable(service), _FOR_ALL) if os.environ.get(name)), None)
    if named is None:
        return None
    url = os.environ[named]
    if _URL.fullmatch(url) is None:
        raise BadEndpoint(f"{named} is not an http or https URL: {url}")
    return url


def of_aws(service: str, region: str) -> str:
    """The URL of AWS's own. ``region``: one that ``is_region``."""
    return f"https://{service}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def region() -> str:
    """That of calls which name none."""
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return named if named is not None and is_region(named) else _DEFAULT_REGION


def is_region(text: str) -> bool:
    return _REGION.fullmatch(text) is not None
