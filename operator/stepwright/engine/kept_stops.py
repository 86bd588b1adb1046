"""The stops of one execution that are kept with its checkpoint until they are done.

Most drivers find what runs for an execution themselves. Of what runs elsewhere only the checkpoint knows, and a task that
is cancelled has gone from there: so what is needed to stop it stands beside the checkpoint, from the very commit that
cancels the task to the next one after it has been stopped, or to the execution's settling. None of that costs a write.
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
        """Those that are stored are to be made, be it once more. Raises NewerVersion."""
        self._stored = {name: part for name, part in parts.items() if name.startswith(STOPS)}
        self._done = set()
        return checkpoints.kept_stops(self._stored)

    def made(self, task: TaskId) -> None:
        """Nothing of the task runs any more; a stop of it need not be kept, if it was."""
        if stop_id(task) in self._stored:
            self._done.add(stop_id(task))

    def parts(self, new: Iterable[CancelTask], *, whole: bool) -> dict[PartId, EncodedPart | None]:
        """What a write says about them that reports these new ones; ``whole``: of all that there are."""
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
