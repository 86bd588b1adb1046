"""Which parts of the language a cluster runs, and the sentences for those it does not: an
``asl.definition.Installation``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource

_NO_TOKENS: Final = "answers to task tokens do not reach executions in a cluster yet"


@dataclass(frozen=True, slots=True)
class Cluster:
    """``serves``: whether one of the operator's drivers runs tasks of a Resource."""

    serves: Callable[[Resource], bool]

    def lacks_resource(self, resource: Resource) -> str | None:
        if self.serves(resource):
            return None
        why = f": {_NO_TOKENS}" if resource.waits_for_token else ""
        return f"No driver serves '{resource}'{why}, so executions cannot start"

    def lacks_map_field(self, name: str) -> str | None:
        if self.serves(ITEM_READER if name == "ItemReader" else RESULT_WRITER):
            return None
        return f"No driver serves the {name} of a Map, so executions cannot start"

    def lacks_express(self) -> str | None:
        return "Express executions are not served yet, so none can start; use the type Standard"
