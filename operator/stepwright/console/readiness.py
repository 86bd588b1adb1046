"""Whether state machines are ready where no operator looks at them: by checking their definitions."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import Final

from stepwright.asl import definition
from stepwright.asl.definition import NO_DRIVER
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.catalog.records import StateMachine, Unready
from stepwright.engine.beside import Beside
from stepwright.files.serving import Serving

MOST_REMEMBERED: Final = 5_000


class CheckedDefinitions:
    """Implements ``ports.Readiness``. A revision never changes, so each is checked once, and whoever asks about many and gives up
    finds more of them checked the next time."""

    def __init__(self, serving: Serving, beside: Beside) -> None:
        self._serving: Final = serving
        self._beside: Final = beside
        self._known: Final = OrderedDict[str, Unready | None]()

    async def of(self, machine: StateMachine) -> Unready | None:
        revision = machine.revision.id
        if revision not in self._known:
            found = await self._beside.call(partial(self._check, machine))
            self._known[revision] = found
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return self._known.get(revision)

    def _check(self, machine: StateMachine) -> Unready | None:
        """What keeps it from running at all, or a task of it; what is only doubtful is for its editor."""
        found: tuple[Diagnostic, ...]
        try:
            _, found = definition.compile_definition(
                machine.revision.definition,
                express=machine.type == "EXPRESS",
                task_check=self._serving.task_check({}),
                installation=self._serving.installation,
            )
        except InvalidDefinition as error:
            found = error.diagnostics
        grave = [each for each in found if each.severity == "ERROR" or each.code == NO_DRIVER]
        if not grave:
            return None
        first, more = grave[0], len(grave) - 1
        message = f"{first.message} (and {more} more)" if more else first.message
        return Unready(first.code, message, machine.revision.created, first.pointer)
