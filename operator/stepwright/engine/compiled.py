"""Definitions compiled, the most recently used ones kept in memory: each revision once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial
from typing import Final

from stepwright.asl import definition
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.machine import Machine
from stepwright.engine.beside import Beside
from stepwright.engine.ports import Refused

MOST: Final = 1_000

MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""The total length of their definitions. Compiled they take up to fifty times as much memory; one may have 1
MiB."""


class CompiledMachines:
    """By revision, whose definition never changes."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._known: OrderedDict[str, tuple[Machine, int]] = OrderedDict()
        self._free = MOST_CHARACTERS
        self._compiling: dict[str, asyncio.Task[Machine]] = {}

    async def get(self, revision: str, text: str) -> Machine:
        """Raises Refused."""
        known = self._known.get(revision)
        if known is not None:
            self._known.move_to_end(revision)
            return known[0]
        compiling = self._compiling.get(revision)
        if compiling is None:
            compiling = asyncio.create_task(self._compile(revision, text))
            compiling.add_done_callback(lambda _: self._compiling.pop(revision))
            self._compiling[revision] = compiling
        # Others may wait for the same.
        return await asyncio.shield(compiling)

    async def _compile(self, revision: str, text: str) -> Machine:
        compile = partial(definition.compile_definition, text)
        try:
            machine, _ = await self._beside.unless_short(len(text), compile)
        except InvalidDefinition as error:
            raise Refused(f"the definition is not valid in this version of Stepwright: {error}") from error
        self._known[revision] = machine, len(text)
        self._free -= len(text)
        while self._free < 0 or len(self._known) > MOST:
            _, (_, length) = self._known.popitem(last=False)
            self._free += length
        return machine
