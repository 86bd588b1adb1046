"""Which parts of the language ``stepwright dev`` runs, and the sentences for those it does not: an
``asl.definition.Installation``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource
from stepwright.engine.ports import TaskDriver


@dataclass(frozen=True, slots=True)
class Drivers:
    drivers: Sequence[TaskDriver]

    def lacks_resource(self, resource: Resource) -> str | None:
        if any(driver.serves(resource) for driver in self.drivers):
            return None
        return f"Nothing that stepwright dev runs serves '{resource}', so executions that reach it fail"

    def lacks_map_field(self, name: str) -> str | None:
        resource = ITEM_READER if name == "ItemReader" else RESULT_WRITER
        if any(driver.serves(resource) for driver in self.drivers):
            return None
        return f"stepwright dev does not serve the {name} of a Map, so executions that reach it fail"

    def lacks_express(self) -> str | None:
        return None
