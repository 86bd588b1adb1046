"""The warehouse keeps the contract of all integrations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar, get_args

import pytest
from played_warehouse import KEY, PlayedWarehouse, played
from stepwright_warehouse import DRIVER, calls

from stepwright.integrations import Json
from stepwright.integrations.testing import Contract, Fault, OtherSide


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "SECONDS", 1)
    monkeypatch.setattr(calls, "POLL_SECONDS", 0.05)


class _Kept(Contract):
    driver = DRIVER
    errors = calls.ERRORS
    faults = frozenset(get_args(Fault))
    parameters: ClassVar[dict[str, Json]]

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        async with played(fault) as warehouse:
            yield self._side(warehouse)

    def _side(self, warehouse: PlayedWarehouse) -> OtherSide:
        return OtherSide(
            {"Connection": "main", **self.parameters},
            warehouse.effects,
            connections={
                "main": {
                    "integration": {
                        "name": "warehouse",
                        "values": [
                            {"name": "host", "value": "127.0.0.1"},
                            {"name": "port", "value": str(warehouse.port)},
                            {
                                "name": "key",
                                "valueFrom": {"secretKeyRef": {"name": "warehouse", "key": "key"}},
                            },
                        ],
                    }
                }
            },
            secrets={"warehouse/key": KEY},
            running=warehouse.running,
            end=warehouse.end,
        )


class TestReserve(_Kept):
    resource = "warehouse:reserve"
    parameters: ClassVar[dict[str, Json]] = {"Item": "chair", "Count": 4}
    wrong = (
        {"Connection": "main", "Item": "chair"},
        {"Connection": "main", "Item": "chair", "Count": 0},
        {"Connection": "main", "Item": "chair", "Count": 1, "Colour": "red"},
        {"Connection": "Main!", "Item": "chair", "Count": 1},
    )


class TestPack(_Kept):
    resource = "warehouse:pack.sync"
    parameters: ClassVar[dict[str, Json]] = {"Reservation": 7}
    wrong = ({"Connection": "main", "Reservation": "7"},)
