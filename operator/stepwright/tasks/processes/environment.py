"""The part of Stepwright's own environment that a task's process sees: what a program needs to run at all.

Not keys: the shell that starts Stepwright has those of clouds, registries and repositories, and any author of
a definition would get them. ``--env`` names further variables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

_ALWAYS: Final = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TERM", "TZ", "LANG", "LANGUAGE"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "XDG_RUNTIME_DIR"),
    }
)
_LOCALE: Final = "LC_"

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class BadVariable(ValueError):  # noqa: N818 - it names what is bad
    """The sentence says why."""


def of_tasks(wanted: Iterable[str] = (), given: Mapping[str, str] | None = None) -> dict[str, str]:
    """``wanted``: ``NAME`` is passed on, ``NAME=VALUE`` is set, ``*`` passes on everything. ``given``: the
    present environment. Raises BadVariable for one that is not set or has no name."""
    given = os.environ if given is None else given
    environment = {
        name: value for name, value in given.items() if name in _ALWAYS or name.startswith(_LOCALE)
    }
    for variable in wanted:
        if variable == "*":
            environment |= given
            continue
        name, equals, value = variable.partition("=")
        if _NAME.fullmatch(name) is None:
            raise BadVariable("a variable is written NAME, NAME=VALUE or *")
        if not equals and name not in given:
            raise BadVariable(f"{name} is not set")
        environment[name] = value if equals else given[name]
    return environment
