"""What a step says about the child executions of distributed Maps."""

from __future__ import annotations

from stepwright.asl.step import ChildEvent, ChildExecution, HistoryEvent, MapRunStatus


class Children:
    """Made only by steps that have something to say about them."""

    __slots__ = ("counts", "events", "executions", "map_runs", "size")

    def __init__(self) -> None:
        self.events: list[ChildEvent] = []
        self.counts: dict[int, int] = {}
        """How many events the history of a child execution has got, by the number of its root."""
        self.size = 0
        """Of all texts in these events, in bytes. If their histories are not kept, only some of it is stored, and whoever
        stores it counts that."""
        self.executions: dict[str, ChildExecution] = {}
        self.map_runs: dict[str, MapRunStatus] = {}

    def recorded(self, child: str, id: int) -> HistoryEvent | None:
        """The event with this id, by the name of the child execution."""
        events = (written.event for written in reversed(self.events) if written.child == child)
        return next((event for event in events if event["id"] == id), None)
