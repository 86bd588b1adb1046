"""The stops of one execution that are kept with its checkpoint until they are done.

Most drivers find what runs for an execution themselves. Only the checkpoint knows about work elsewhere, and a
cancelled task is no longer in it: so the data needed to stop it is stored beside the checkpoint, from the
very commit that cancels the task to the first one after it has been stopped, or to the execution's settling.
This costs no extra write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.checkpoint.parts import STOPS, stop_id
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask


class KeptStops:
    __slots__ = ("_done", "_stored")

    def __init__(self) -> None:
        self._stored: dict[PartId, EncodedPart] = {}
        self._done: set[PartId] = set()

    def take_up(self, parts: Mapping[PartId, EncodedPart]) -> list[CancelTask]:
        """Returns the stored stops, which must be made, perhaps again. Raises NewerVersion."""
        self._stored = {name: part for name, part in parts.items() if name.startswith(STOPS)}
        self._done = set()
        return checkpoints.kept_stops(self._stored)

    def made(self, task: TaskId) -> None:
        """The task no longer runs; its stop, if kept, is no longer needed."""
        if stop_id(task) in self._stored:
            self._done.add(stop_id(task))

    def parts(self, new: Iterable[CancelTask], *, whole: bool) -> dict[PartId, EncodedPart | None]:
        """The parts for a write that includes these new stops; ``whole``: the parts for all stops."""
        said: dict[PartId, EncodedPart | None] = dict.fromkeys(self._done) if not whole else {}
        if whole:
            said |= {name: part for name, part in self._stored.items() if name not in self._done}
        return said | {stop_id(stop.task): checkpoints.encode_stop(stop) for stop in new}

    def written(self, parts: Mapping[PartId, EncodedPart | None], *, whole: bool) -> None:
        if whole:
            self._stored.clear()
        for name, part in parts.items():
            if part is not None and name.startswith(STOPS):
                self._stored[name] = part
            elif part is None:
                self._stored.pop(name, None)
        self._done &= self._stored.keys()
