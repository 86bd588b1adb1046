"""Each test of a port's contract runs with each store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.stores import STORES, Store


@pytest.fixture(params=STORES)
async def store(request: Any, tmp_path: Path) -> AsyncIterator[Store]:
    async with STORES[request.param](tmp_path) as made:
        yield made
