"""What a StateMachine's text alone shows."""

from __future__ import annotations

from typing import Final

import msgspec

from stepwright.cluster.resources.state_machine import DEFINITION_CHARACTERS
from stepwright.kube.depth import decoded
from stepwright.kube.sizes import least_bytes


def unfit(text: bytes) -> str | None:
    """Why the definition cannot run, judged only by its length, without decoding. The schema limits
    definitions given as text."""
    given = bytes(decoded(_given, text).spec.definition)
    size = least_bytes(given)
    if given.startswith(b'"') or size <= DEFINITION_CHARACTERS:
        return None
    return (
        f"The definition has {size:,} bytes, more than the {DEFINITION_CHARACTERS:,} (1 MiB) that are allowed"
    )


class _Spec(msgspec.Struct):
    definition: msgspec.Raw = msgspec.Raw()


class _Given(msgspec.Struct):
    spec: _Spec


_given: Final = msgspec.json.Decoder(_Given).decode
