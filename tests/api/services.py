"""A service of which a test says what it needs; to ask it for anything else is an error."""

from __future__ import annotations

from typing import Any

from stepwright.api.service import Service
from stepwright.assembly.access import Unrestricted
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller

ACCOUNT = "123456789012"


def service(**given: Any) -> Service:
    absent: dict[str, Any] = dict.fromkeys(Service.__struct_fields__)
    del absent["beside"]
    always = {
        "access": Unrestricted(),
        "caller": Caller(ACCOUNT),
        "place": Place(ACCOUNT, "us-east-1"),
    }
    return Service(**{**absent, **always, **given})
