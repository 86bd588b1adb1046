"""Rows in all the orders in which they are asked for: of a namespace, and of each state machine there."""

from __future__ import annotations

from collections import Counter

from stepwright.asl.step import Status
from stepwright.cluster.execution_index.ordered import Key, Ordered, Place, by_latest, by_name, by_start
from stepwright.cluster.execution_index.row import Row


class Group:
    """Rows of one state machine, or of a whole namespace: by status, in the order of their start, and how many have which error. It
    has what there are rows for alone: each of many may be of a state machine of its own."""

    __slots__ = ("by_start", "errors")

    def __init__(self) -> None:
        self.by_start: dict[Status, Ordered[Place]] = {}
        self.errors: dict[Status, Counter[str]] = {}

    def add(self, row: Row) -> None:
        _add(self.by_start, row, by_start)
        if row.error is not None:
            self.errors.setdefault(row.status, Counter())[row.error] += 1

    def remove(self, row: Row) -> None:
        _remove(self.by_start, row)
        if row.error is not None:
            errors = self.errors[row.status]
            errors[row.error] -= 1
            if not errors[row.error]:
                del errors[row.error]
            if not errors:
                del self.errors[row.status]

    def replace(self, new: Row) -> None:
        """The row of an execution whose places stay as they are."""
        self.by_start[new.status].replace(new)

    def may_have(self, status: Status, error: str | None) -> bool:
        """Whether there is a row with this status and this error. None: whatever its error is."""
        return status in self.by_start and (error is None or error in self.errors.get(status, ()))

    @property
    def is_empty(self) -> bool:
        return not self.by_start


class Machine(Group):
    """Also in the order of AWS's lists."""

    __slots__ = ("by_latest",)

    def __init__(self) -> None:
        super().__init__()
        self.by_latest: dict[Status, Ordered[Place]] = {}

    def add(self, row: Row) -> None:
        super().add(row)
        _add(self.by_latest, row, by_latest)

    def remove(self, row: Row) -> None:
        super().remove(row)
        _remove(self.by_latest, row)

    def replace(self, new: Row) -> None:
        super().replace(new)
        self.by_latest[new.status].replace(new)


class Namespace(Group):
    __slots__ = ("by_name", "machines")

    def __init__(self) -> None:
        super().__init__()
        self.machines: dict[str, Machine] = {}
        self.by_name = Ordered(by_name)

    def add(self, row: Row) -> None:
        super().add(row)
        self.machines.setdefault(row.machine, Machine()).add(row)
        self.by_name.add(row)

    def remove(self, row: Row) -> None:
        super().remove(row)
        machine = self.machines[row.machine]
        machine.remove(row)
        if machine.is_empty:
            del self.machines[row.machine]
        self.by_name.remove(row)

    def replace(self, new: Row) -> None:
        super().replace(new)
        self.machines[new.machine].replace(new)
        self.by_name.replace(new)


def _add(lists: dict[Status, Ordered[Place]], row: Row, key: Key) -> None:
    found = lists.get(row.status)
    if found is None:
        found = lists[row.status] = Ordered(key)
    found.add(row)


def _remove(lists: dict[Status, Ordered[Place]], row: Row) -> None:
    found = lists[row.status]
    found.remove(row)
    if not len(found):
        del lists[row.status]
