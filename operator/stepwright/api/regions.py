"""Where a request finds itself: in the region that it is signed for, as each region of AWS has things of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from stepwright.api import signatures
from stepwright.api.service import Service
from stepwright.catalog.arns import Place

_REGION: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")

_MOST: Final = 64
"""Services kept: there are fewer regions, and names that are none may come without end."""


class Regions:
    """``service`` is that of requests that are not signed, or for no region; where ``fixed``, of all."""

    def __init__(self, service: Service, *, fixed: bool) -> None:
        self._service = service
        self._fixed = fixed
        self._services: dict[str, Service] = {}

    def of(self, authorization: str | None) -> Service:
        """By what a request's Authorization header says, be it true or not."""
        if self._fixed or authorization is None:
            return self._service
        claimed = signatures.claim(authorization)
        if claimed is None:
            return self._service
        found = self._services.get(claimed.region)
        if found is None:
            if _REGION.fullmatch(claimed.region) is None:
                return self._service
            found = replace(self._service, place=Place(self._service.place.account, claimed.region))
            if len(self._services) < _MOST:
                self._services[claimed.region] = found
        return found
