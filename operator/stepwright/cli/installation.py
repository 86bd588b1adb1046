"""Whether another project's code may have replaced this one's.

This one is distributed as ``stepwright-asl``; PyPI's ``stepwright`` is a web scraper, which has the import
name ``stepwright``, too. If both are installed, each has overwritten files of the other.
"""

from __future__ import annotations

from importlib import metadata
from typing import Final

OWN: Final = "stepwright-asl"
OTHER: Final = "stepwright"

_COMMAND: Final = "stepwright.cli:main"


def problem() -> str | None:
    """A sentence on what is wrong, and what to do; None if nothing is."""
    try:
        other = metadata.distribution(OTHER)
    except metadata.PackageNotFoundError:
        return None
    if any(entry.value == _COMMAND for entry in other.entry_points):
        return None  # this project itself, installed under its earlier name
    return (
        f"the distribution '{OTHER}' {other.version} is installed here, too. It is another project with the same "
        f"import name, and each has overwritten files of the other. Do this: pip uninstall {OTHER} {OWN} && "
        f"pip install {OWN}"
    )
