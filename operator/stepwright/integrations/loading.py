"""Finds the integrations that installed packages ship, and adds those that were named to the table of drivers.

Being installed is not enough: code that comes along with some dependency runs no tasks. Whoever starts the process names what it
loads, and gets all of it or a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from importlib.metadata import EntryPoint
from typing import Final

from stepwright.asl.resource import parse
from stepwright.integrations.driver import API, Driver
from stepwright.tasks import table

GROUP: Final = "stepwright.integrations"

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_RESERVED: Final = frozenset({"arn", "aws", "file", "http", "https", "k8s", "lambda", "states", "stepwright"})
"""Schemes that mean something already, and what others would be mistaken for."""


class Unusable(Exception):  # noqa: N818 - it names a condition
    """Which integration cannot be loaded, and why, as a whole sentence."""


def load(names: Iterable[str]) -> None:
    """Add these to the table of this process. Raises Unusable, and then has added none."""
    table.add([_driver(name).row for name in dict.fromkeys(names)])


def _driver(name: str) -> Driver:
    if _NAME.fullmatch(name) is None:
        raise Unusable(
            f"The integration {name!r} cannot be loaded: a name has small letters, digits and hyphens, and begins with a letter."
        )
    taken = {parse(example).service for row in table.rows() for example in row.examples}
    if name in _RESERVED | taken:
        raise Unusable(
            f"The integration {name!r} cannot be loaded: Resources that begin so ({name}:...) are taken."
        )
    found = _entry_point(name)
    whose = f"The integration {name!r} of {_package(found)}"
    try:
        driver = found.load()
    except Exception as error:
        raise Unusable(
            f"{whose} cannot be loaded from {found.value}: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(driver, Driver):
        raise Unusable(f"{whose} cannot be loaded: {found.value} is not a stepwright.integrations.Driver.")
    if driver.api != API:
        raise Unusable(
            f"{whose} cannot be loaded: it is made for version {driver.api} of what integrations rely on, and this "
            f"Stepwright has version {API}."
        )
    if driver.name != name:
        raise Unusable(f"{whose} cannot be loaded: its driver calls itself {driver.name!r}.")
    if not driver.resources:
        raise Unusable(f"{whose} cannot be loaded: it serves no Resource.")
    return driver


def _entry_point(name: str) -> EntryPoint:
    found = tuple(metadata.entry_points(group=GROUP))
    named = [each for each in found if each.name == name]
    if not named:
        known = ", ".join(sorted({each.name for each in found})) or "none"
        raise Unusable(
            f"There is no integration {name!r}: of those that installed packages ship (entry points of the group {GROUP}) "
            f"there is {known}."
        )
    if len(named) > 1:
        packages = " and ".join(sorted(map(_package, named)))
        raise Unusable(f"The integration {name!r} cannot be loaded: {packages} both ship one of that name.")
    return named[0]


def _package(found: EntryPoint) -> str:
    return "an unknown package" if found.dist is None else f"{found.dist.name} {found.dist.version}"
