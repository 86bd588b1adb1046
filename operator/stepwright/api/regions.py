"""The region of a request: the one that it is signed for, since on AWS each region has its own things."""

from __future__ import annotations

import re
from typing import Final

from stepwright.catalog.arns import Place

_REGION: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")

_MOST: Final = 64
"""Places kept: there are fewer regions, and made-up names may be endless."""


class Regions:
    """``region`` is that of requests that are not signed, or for no region; if ``fixed``, of all requests."""

    def __init__(self, region: str, *, fixed: bool) -> None:
        self._region = region
        self._fixed = fixed
        self._places: dict[tuple[str, str], Place] = {}

    def of(self, account: str, named: str | None) -> Place:
        """The account's place in the region that a request names, by its signature, true or not, or otherwise."""
        region = self._region if self._fixed or named is None else named
        found = self._places.get((account, region))
        if found is None:
            if region != self._region and _REGION.fullmatch(region) is None:
                return self.of(account, None)
            found = Place(account, region)
            if len(self._places) < _MOST:
                self._places[account, region] = found
        return found
