"""Requests to AWS's services, or to what stands in for them, signed with the credentials that AWS's SDKs would find.

botocore is imported where it is needed first: it takes a good part of a second of the processor.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_VARIABLES: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_STAND_IN: Final = ("stepwright", "stepwright")
"""A key and its secret for stand-ins for AWS, which may read the region from a signature and check nothing
else."""


def configured() -> bool:
    """Whether credentials are set up here, as far as is known without a request."""
    files = (
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    )
    return any(map(os.environ.get, _VARIABLES)) or any(Path(file).expanduser().is_file() for file in files)


class Signing:
    """Of the requests to one service."""

    def __init__(self, service: str, *, own: bool = True) -> None:
        """``own``: whether with the user's credentials, where there are any."""
        self._service = service
        self._own = own
        self._asking = asyncio.Lock()
        self._asked = False
        self._credentials: Any = None

    async def known(self) -> bool:
        """Whether there are credentials."""
        async with self._asking:
            if self._own and not self._asked:
                self._credentials = await asyncio.to_thread(_default_credentials)
                self._asked = True
        return self._credentials is not None

    async def headers(self, url: str, headers: Mapping[str, str], body: bytes, region: str) -> dict[str, str]:
        """Those of a POST, with its signature. Raises ValueError for text that cannot be signed."""
        await self.known()
        return await asyncio.to_thread(self._signed, url, headers, body, region)

    def _signed(self, url: str, headers: Mapping[str, str], body: bytes, region: str) -> dict[str, str]:
        from botocore.auth import SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        # Expired credentials are requested again, which may take a call, so not in the loop.
        found = self._credentials.get_frozen_credentials() if self._credentials else Credentials(*_STAND_IN)
        request = AWSRequest("POST", url, headers=dict(headers), data=body)
        SigV4Auth(found, self._service, region).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}


def _default_credentials() -> Any:
    from botocore.session import Session  # noqa: PLC0415

    return Session().get_credentials()
